"""`make demo` and the README's walk-through, for real: platform, environment, sweep, endpoint, report."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEART = ROOT / "examples" / "heart"
DEMO = [sys.executable, str(HEART / "demo.py")]
# Building the environment for the first time downloads 200 MB.
LONGEST_S = 900

pytestmark = pytest.mark.slow


def variables(temporary: Path, **more: str) -> dict[str, str]:
    """Return the variables for a command whose temporary files lie in a folder of the test."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("BANCADA_") or name == "BANCADA_CACHE"
    }
    # Short: sockets lie below it, and their paths have 108 bytes at most.
    return {**kept, "TMPDIR": str(temporary), **more}


@pytest.fixture
def temporary() -> Generator[Path]:
    """Yield a short-named temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="bcd-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def processes_below(folder: Path) -> dict[int, str]:
    """Return the processes whose command line, variables or working folder name a folder, without ourselves."""
    needle, found = os.fsencode(folder), dict[int, str]()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes()
            signs = line + (entry / "environ").read_bytes() + os.fsencode((entry / "cwd").readlink())
        except OSError:
            continue
        if needle in signs and int(entry.name) != os.getpid():
            found[int(entry.name)] = line.replace(b"\0", b" ").decode(errors="replace")
    return found


def left_below(folder: Path) -> dict[int, str]:
    """Return those of them that stay: what was told to end is gone a moment later."""
    deadline = time.monotonic() + 20.0
    while (found := processes_below(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def accuracy(report: str) -> float:
    """Return the accuracy of a classification report."""
    found = re.search(r"accuracy\s+([\d.]+)\s+31", report)
    assert found, report[-3000:]
    return float(found[1])


def test_demo_ends_with_the_report_and_leaves_nothing(temporary: Path) -> None:
    done = subprocess.run(
        [*DEMO, "--trials", "4", "--concurrent", "2"],
        env=variables(temporary),
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Trial 4 of 4" in done.stdout
    assert re.search(r"\b0 .*\b13\n", done.stdout)
    assert re.search(r"\b1 .*\b18\n", done.stdout)
    assert accuracy(done.stdout) >= 0.65
    assert "Deleted: workspace heart-ws" in done.stdout
    assert left_below(temporary) == {}
    assert [path.name for path in temporary.glob("bancada-demo-*")] == []


def start_demo(temporary: Path) -> subprocess.Popen[str]:
    """Start the demo and return it when a trial has ended and the next one runs."""
    demo = subprocess.Popen(
        [*DEMO, "--trials", "25"],
        env=variables(temporary),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert demo.stdout is not None
    for line in demo.stdout:
        if line.startswith("Trial 1 of 25"):
            break
    return demo


def trials_at_work(temporary: Path) -> int:
    """Return how many processes have an attempt's folder as their current one."""
    found = 0
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            found += re.match(rf"{temporary}/.*/work/.*/code$", str((entry / "cwd").readlink())) is not None
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_demo_leaves_no_process(temporary: Path, eventually: Any, number: signal.Signals) -> None:
    demo = start_demo(temporary)
    try:
        eventually(lambda: trials_at_work(temporary) > 0)
        demo.send_signal(number)
        rest, _ = demo.communicate(timeout=300)
        assert demo.returncode == 130, rest
        assert left_below(temporary) == {}
    finally:
        demo.kill()
        demo.wait()


def test_demo_whose_terminal_is_gone_leaves_no_process(temporary: Path, eventually: Any) -> None:
    demo = start_demo(temporary)
    try:
        eventually(lambda: trials_at_work(temporary) > 0)
        assert demo.stdout is not None
        demo.stdout.close()
        demo.send_signal(signal.SIGHUP)
        assert demo.wait(300) == 130
        assert left_below(temporary) == {}
    finally:
        demo.kill()
        demo.wait()


def test_walk_through_of_the_readme_runs(platform: Any) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found
    platform.up()
    done = subprocess.run(
        [sys.executable, "-c", found[1]],
        env=platform.variables,
        cwd=HEART,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert re.search(r"\[[01], ?[01]\]", done.stdout.splitlines()[-1])


def test_walk_through_as_yaml_and_commands_runs(platform: Any, tmp_path: Path) -> None:
    # A copy with fewer trials, so that the test is short.
    folder = tmp_path / "heart"
    shutil.copytree(HEART, folder)
    job = (folder / "job.yml").read_text(encoding="utf-8")
    (folder / "job.yml").write_text(job.replace("max_total_trials: 25", "max_total_trials: 3"), encoding="utf-8")
    platform.up()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "run.sh"],
        env={**platform.variables, "PATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert len(re.findall(r"[01]", done.stdout.splitlines()[-1])) == 31


def test_notebook_runs(platform: Any) -> None:
    cells = json.loads((HEART / "walkthrough.ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    # Two trials instead of 25: the test is about the cells.
    search = "env_builder.launch_hyperparam_search"
    fewer = f"import env_builder, functools\n{search} = functools.partial({search}, max_total_trials=2)"
    platform.up()
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([fewer, *code])],
        env=platform.variables,
        cwd=HEART,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert accuracy(done.stdout) > 0.5
