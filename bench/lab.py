"""What the measurements share: a platform in a temporary home, a stock MLflow server, CPU time of a process tree."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bancada.settings import load_settings

__all__ = [
    "HEART",
    "bancada",
    "free_port",
    "mlflow_server",
    "platform",
    "report",
    "row",
    "status",
    "uv_environment",
    "variables",
]

HEART = Path(__file__).resolve().parents[1] / "examples" / "heart"
# A stock MLflow server needs 12 to 25 s to answer on a quiet machine.
SERVER_WAIT_S = 180.0


def bancada(*arguments: str, home: Path) -> str:
    """Run a command of the platform in a home and return what it prints."""
    command = [sys.executable, "-m", "bancada.cli", *arguments]
    done = subprocess.run(command, env=variables(home), check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr}")
    return done.stdout


def variables(home: Path) -> dict[str, str]:
    """Return the variables under which clients find the platform of a home."""
    kept = {name: value for name, value in os.environ.items() if name not in ("BANCADA_URL", "BANCADA_TOKEN")}
    return {**kept, "BANCADA_HOME": str(home)}


@contextlib.contextmanager
def platform() -> Generator[Path]:
    """Run a platform on free ports; yields its home, which is removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="bancada-bench-"))
    try:
        bancada("up", "--detach", "--port", "0", "--gateway-port", "0", home=home)
        yield home
    finally:
        with contextlib.suppress(SystemExit):
            bancada("down", "--jobs", "cancel", home=home)
        shutil.rmtree(home, ignore_errors=True)


def status(home: Path) -> dict[str, Any]:
    """Return what `bancada status` knows."""
    return json.loads(bancada("status", "-o", "json", home=home))


def uv_environment(name: str, requirements: Sequence[str]) -> Path:
    """Make (once) an environment in the cache for the other side of a comparison; return its bin folder."""
    folder = load_settings().cache / "bench" / name
    done = folder / "requirements.txt"
    wanted = "\n".join(requirements)
    if not done.exists() or done.read_text(encoding="utf-8") != wanted:
        print(f"Installing {wanted.replace(chr(10), ', ')} for the comparison ...", flush=True)
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}") or "uv"
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", "3.11", str(folder)], check=True)
        target = str(folder / "bin" / "python")
        subprocess.run([uv, "pip", "install", "--quiet", "--python", target, *requirements], check=True)
        done.write_text(wanted, encoding="utf-8")
    return folder / "bin"


@contextlib.contextmanager
def mlflow_server(bin_folder: Path, *options: str) -> Generator[str]:
    """Run a stock MLflow server with SQLite; yields its address when it answers."""
    with tempfile.TemporaryDirectory(prefix="mlflow-bench-") as folder:
        port = free_port()
        command = [str(bin_folder / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port)]
        command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
        command += ["--default-artifact-root", "mlflow-artifacts:/", "--artifacts-destination", f"{folder}/files"]
        environment = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
        with open(f"{folder}/log", "wb") as log:
            process = subprocess.Popen(
                [*command, *options], env=environment, stdout=log, stderr=log, cwd=folder, start_new_session=True
            )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/health", process)
            yield url
        finally:
            end_group(process)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until an address answers."""
    deadline = time.monotonic() + SERVER_WAIT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"The server of {url} ended with exit code {process.returncode}.")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        time.sleep(0.1)
    raise SystemExit(f"{url} did not answer within {SERVER_WAIT_S:.0f} s.")


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and the group that it leads."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 15)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def row(*cells: Any, widths: Sequence[int] = (40, 15, 12, 12, 13)) -> None:
    """Print one line of a table: the first column to the left, the others to the right."""
    shown = [f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells]
    first, *others = [*shown, *[""] * (len(widths) - len(shown))]
    parts = [f"{one:>{width}}" for one, width in zip(others, widths[1:], strict=False)]
    print(f"{first:<{widths[0]}}", *parts, flush=True)


def report(values: Mapping[str, Any]) -> None:
    """Print the measurements once more as one line of JSON, for scripts."""
    print(json.dumps(dict(values)), flush=True)
