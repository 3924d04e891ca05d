"""Make `.venv`, with this package installed from its sources, for `make demo` and `make test`.

    python3 scripts/setup.py [--extra test]

Needs Python 3.11 or newer and pip, nothing else. Does nothing when the environment is as it should be; says
what it does, with a dot every two seconds, otherwise.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "studio"))
import build as studio  # noqa: E402

FOLDER = ROOT / ".venv"
OLDEST = (3, 11)
DOT_EVERY_S = 2.0  # silence of five seconds looks like a fault
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")


def main() -> None:
    """Make or complete the environment."""
    parser = argparse.ArgumentParser(description="Make .venv with this package installed from its sources.")
    parser.add_argument("--extra", default="", help="extra of pyproject.toml to install too (test)")
    extra = parser.parse_args().extra
    use_new_enough_python()
    if is_fresh(extra):
        return
    started = time.monotonic()
    # Measured on two busy cores with near registries: 96 s with the test extra, some 20 s of them for the web page's
    # packages. The network decides.
    length = "one to three minutes" if extra else "half a minute to two"
    print(f"Setting up {FOLDER} (once; {length}, as fast as packages come) ...", flush=True)
    if not python().exists():
        # Without pip: it is slow to copy, Debian leaves it out, and the outer pip installs into the folder as well.
        venv.create(FOLDER, with_pip=False, clear=True, symlinks=os.name != "nt")
    install(f"{ROOT}[{extra}]" if extra else str(ROOT))
    stamp().write_text("\n".join(sorted({*installed(), wanted(extra)})), encoding="utf-8")
    print(f"Setting up {FOLDER} took {time.monotonic() - started:.0f} s.", flush=True)


def use_new_enough_python() -> None:
    """Go on under a newer Python of this machine when this one is too old."""
    if sys.version_info >= OLDEST:
        return
    for name in NEWER:
        path = shutil.which(name)
        if path and subprocess.run([path, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
            os.execv(path, [path, *sys.argv])
    raise SystemExit(f"Python 3.11 or newer with pip is needed; this is {sys.version.split()[0]}.")


def python() -> Path:
    """Return the environment's interpreter."""
    return FOLDER / "bin" / "python"


def stamp() -> Path:
    """Return the file that says what was installed."""
    return FOLDER / "bancada.installed"


def wanted(extra: str) -> str:
    """Return a mark of what should be installed: it changes with pyproject.toml."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    return f"{digest} {extra}".strip()


def installed() -> list[str]:
    """Return the marks of what was installed."""
    return stamp().read_text(encoding="utf-8").splitlines() if stamp().exists() else []


def is_fresh(extra: str) -> bool:
    """Tell whether everything is there, for a moved or half-made folder too."""
    if wanted(extra) not in installed():
        return False
    # The build hook makes the page; with the test extra, `scripts/check.sh` does, sooner.
    if not extra and os.environ.get("BANCADA_STUDIO") != "skip" and not studio.is_fresh():
        return False
    probe = subprocess.run([python(), "-c", "import bancada"], capture_output=True, check=False)
    return probe.returncode == 0


def install(target: str) -> None:
    """Install the package, editable, with pip of the Python that runs this."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python()),
        "install",
        "--disable-pip-version-check",
        "--quiet",
    ]
    if run_with_dots([*command, "--editable", target]) != 0:
        raise SystemExit("Installing failed; pip says why above. Without pip: python3 -m ensurepip.")


def run_with_dots(command: list[str]) -> int:
    """Run a command that is silent for long, with a dot every few seconds; return its exit code."""
    # A session of its own: Ctrl-C reaches us alone, and we end it without its words about that.
    process = subprocess.Popen(command, start_new_session=True)
    has_dots = False
    try:
        while True:
            try:
                return process.wait(DOT_EVERY_S)
            except subprocess.TimeoutExpired:
                print(".", end="", flush=True)
                has_dots = True
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise
    finally:
        if has_dots:
            print(flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nStopped; run it again to finish.", file=sys.stderr)
        sys.exit(130)
