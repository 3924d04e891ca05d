"""The walk-through from nothing: starts the platform in a temporary home, runs walkthrough.py, stops it again.

    python demo.py [arguments of walkthrough.py]

`make demo` calls this. Whatever happens, Ctrl-C included, no process is left and the temporary home is removed.
Built environments stay in the cache (`BANCADA_CACHE`), so that the second time is quick.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
# Longest time that the platform gets to stop by itself: it gives jobs and requests their grace time.
STOP_S = 60


def say(text):
    """Print a line; a terminal that is gone must not keep the platform from being stopped."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


def main(script=FOLDER / "walkthrough.py"):
    """Run the demo; return the walk-through's exit code. The x-ray example's demo gives a script of its own."""
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    started = time.monotonic()
    home = tempfile.mkdtemp(prefix="bancada-demo-")
    environment = {**os.environ, "BANCADA_HOME": home, "PYTHONUNBUFFERED": "1"}
    for name in ("BANCADA_URL", "BANCADA_TOKEN", "BANCADA_WORKSPACE"):
        environment.pop(name, None)
    code = 130
    try:
        run(environment, "-m", "bancada.cli", "up", "--detach", "--port", "0", "--gateway-port", "0")
        code = run(environment, str(script), *sys.argv[1:], must=False)
        if code:
            show_log(home)
    except KeyboardInterrupt:
        say("\nStopping ...")
    finally:
        stop(environment, home)
    say(f"Demo: {time.monotonic() - started:.0f} s in all, exit code {code}.")
    return code


def interrupt(number, frame):
    """Treat a request to end as Ctrl-C."""
    raise KeyboardInterrupt


def run(environment, *arguments, must=True):
    """Run Python with arguments and return its exit code; with `must`, leave when that is not 0."""
    # A session of its own: a Ctrl-C at the terminal comes here alone, not to the child as well.
    process = subprocess.Popen([sys.executable, *arguments], env=environment, start_new_session=True)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait(STOP_S)
        raise
    if code and must:
        raise SystemExit(code)
    return code


def show_log(home):
    """Print the end of the server's log, which is removed with the home."""
    log = Path(home) / "logs" / "server.log"
    if log.exists():
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:]
        say("\n".join([f"--- last lines of {log}", *lines]))


def stop(environment, home):
    """Stop the platform, end what is left of it, remove the home. A second Ctrl-C does not keep it from that."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    command = [sys.executable, "-m", "bancada.cli", "down", "--jobs", "cancel"]
    try:
        done = subprocess.run(
            command, env=environment, timeout=STOP_S, capture_output=True, text=True, start_new_session=True
        )
        say((done.stderr or done.stdout).strip())
    except subprocess.TimeoutExpired:
        say("The platform did not stop in time.")
    for pid in processes_of(home):
        say(f"Ending process {pid}, which was left over.")
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(home, ignore_errors=True)


def processes_of(home):
    """Return the ids of processes that belong to this home: by command line, variables or working folder (Linux)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            signs = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            signs += os.fsencode(os.readlink(entry / "cwd"))
        except OSError:
            continue
        if os.fsencode(home) in signs and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


if __name__ == "__main__":
    sys.exit(main())
