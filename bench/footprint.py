"""What the platform costs while it does nothing: time until ready, idle memory, CPU of a command, size on disk.

    python bench/footprint.py [--no-install]

Each figure stands beside its limit; the exit code is 1 when one is missed.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from lab import bancada, platform, report, row, status

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 5
# The limits are the project's own, for a quiet machine with two cores.
LIMITS = {
    "ready_s": 1.0,
    "idle_pss_mib": 150.0,
    "help_cpu_s": 0.15,
    "import_sdk_cpu_s": 0.3,
    "install_mib": 200.0,
}
UNITS = {
    "ready_s": "s",
    "idle_pss_mib": "MiB",
    "help_cpu_s": "s CPU",
    "import_sdk_cpu_s": "s CPU",
    "install_mib": "MiB",
}


def cpu_seconds(*arguments: str) -> float:
    """Return the least CPU time of some runs of Python with these arguments; the first, which compiles, is left out."""
    seconds: list[float] = []
    for _ in range(ROUNDS + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(seconds[1:])


def ready_seconds(home: Path) -> float:
    """Return the median time of `up --detach`, from the command to its return, over some starts of one home."""
    seconds: list[float] = []
    for _ in range(ROUNDS):
        bancada("down", home=home)
        started = time.monotonic()
        bancada("up", "--detach", home=home)
        seconds.append(time.monotonic() - started)
    return statistics.median(seconds)


def idle_mib(home: Path) -> float:
    """Return the PSS of server and gateway, some seconds after the start."""
    time.sleep(3)
    memory = status(home)["memory"]
    return float(memory["server_mib"] or 0) + float(memory["gateway_mib"] or 0)


def install_mib() -> float:
    """Return how much room the package takes with everything that it needs, installed by pip without byte-code."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=False)
        python = str(Path(folder) / "bin" / "python")
        before = size_bytes(Path(folder))
        command = [sys.executable, "-m", "pip"] if has_pip() else ["python3", "-m", "pip"]
        options = ["--quiet", "--no-compile", "--disable-pip-version-check"]
        subprocess.run([*command, "--python", python, "install", *options, str(ROOT)], check=True)
        return (size_bytes(Path(folder)) - before) / 2**20


def has_pip() -> bool:
    """Tell whether the running Python has pip (the one of `make` has not)."""
    return subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def size_bytes(folder: Path) -> int:
    """Return the size of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def main() -> None:
    """Measure and compare."""
    parser = argparse.ArgumentParser(description="What the platform costs while it does nothing.")
    parser.add_argument("--no-install", action="store_true", help="leave the size of an installation out")
    arguments = parser.parse_args()
    values = {
        "help_cpu_s": cpu_seconds("-m", "bancada.cli", "--help"),
        "import_sdk_cpu_s": cpu_seconds("-c", "import bancada.ml"),
    }
    with platform() as home:
        values["idle_pss_mib"] = idle_mib(home)
        values["ready_s"] = ready_seconds(home)
    if not arguments.no_install:
        values["install_mib"] = install_mib()
    row("", "measured", "limit", "")
    missed = [name for name, value in values.items() if value > LIMITS[name]]
    for name, value in values.items():
        row(f"{name} ({UNITS[name]})", value, LIMITS[name], "MISSED" if name in missed else "ok")
    report(values)
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
