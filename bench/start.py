"""How long from "start this" to the user's first line, and to the end of the user's imports.

    python bench/start.py [--interpreter PATH] [--imports numpy,pandas,…] [--runs 15]

Three ways to start the same script, in turn, so that the machine's mood hits all alike:

    fork   a process that has the libraries imported forks and runs the script: the least that warm can cost
    warm   the local executor, from a template: keeper, launch folder, log, everything put right
    cold   the local executor, a fresh interpreter that imports for itself

Medians in milliseconds, and ratios within this run; absolute figures belong to the machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bancada.executors import Launch
from bancada.executors.local import LocalExecutor

SCRIPT = """
import time
first_line = time.time()
{imports}
imported = time.time()
import json, os
with open("times.tmp", "w") as file:
    json.dump([first_line, imported], file)
os.rename("times.tmp", "times.json")
"""

FORK = """
import os, sys
{imports}
import gc, runpy
gc.collect(); gc.freeze()
print("ready", flush=True)
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        os.chdir(line.strip())
        runpy.run_path("script.py", run_name="__main__")
        os._exit(0)
    os.waitpid(pid, 0)
    print("done", flush=True)
"""


class Bench:
    """One home, one code folder, and the three ways."""

    def __init__(self, home: Path, interpreter: Path, modules: list[str]) -> None:
        self.home = home
        self.interpreter = interpreter
        self.modules = modules
        self.imports = "\n".join(f"import {name}" for name in modules)
        self.code = home / "code"
        self.code.mkdir()
        (self.code / "script.py").write_text(SCRIPT.format(imports=self.imports), encoding="utf-8")
        self.executor = LocalExecutor(home)
        self.count = 0
        words = [str(interpreter), "-c", FORK.format(imports=self.imports)]
        self.forker = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def prepare(self) -> float:
        """Wait until both warm ways are; return how long the template took."""
        assert self.forker.stdout is not None
        self.forker.stdout.readline()
        began = time.monotonic()
        self.executor.preheat(self.launch(warm=True))
        self.measured(lambda: self.execute(warm=True))
        return time.monotonic() - began

    def launch(self, *, warm: bool) -> Launch:
        """Return the next launch."""
        self.count += 1
        name = f"job.{self.count}"
        return Launch(
            id=name,
            folder=self.home / "launches" / name,
            argv=("python", "script.py"),
            shell=None,
            interpreter=self.interpreter,
            environment_key="bench",
            cwd=self.code,
            variables={},
            log=self.home / "logs" / f"{name}.txt",
            warm=warm,
            preload=tuple(self.modules),
        )

    def execute(self, *, warm: bool) -> None:
        """Start a launch and wait for its end."""
        launch = self.launch(warm=warm)
        over = threading.Event()
        self.executor.start(launch)
        self.executor.watch(launch.folder, lambda _: over.set())
        over.wait()
        process = json.loads((launch.folder / "process.json").read_text())
        ended = self.executor.state(launch.folder)[1]
        if process["is_warm"] is not warm or ended is None or ended.code != 0:
            raise SystemExit(f"{launch.id}: warm={process['is_warm']}, {ended}: {launch.log.read_text()}")

    def fork(self) -> None:
        """Have the bare process fork."""
        assert self.forker.stdin is not None
        assert self.forker.stdout is not None
        self.forker.stdin.write(f"{self.code}\n")
        self.forker.stdin.flush()
        self.forker.stdout.readline()

    def measured(self, way: Callable[[], None]) -> tuple[float, float, float]:
        """Return milliseconds from the request to the first line, the imports' end, and the process' end."""
        began = time.time()
        way()
        ended = time.time()
        first_line, imported = json.loads((self.code / "times.json").read_text())
        return (first_line - began) * 1000, (imported - began) * 1000, (ended - began) * 1000

    def close(self) -> None:
        """End everything."""
        self.forker.communicate()
        self.executor.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interpreter", type=Path, default=Path(sys.executable))
    parser.add_argument("--imports", default="json,email.parser,http.client,logging.config,decimal,unittest.mock")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--cold-runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        bench = Bench(Path(home), options.interpreter.absolute(), options.imports.split(","))
        try:
            warm_up_s = bench.prepare()
            ways: dict[str, Callable[[], None]] = {
                "fork": bench.fork,
                "warm": lambda: bench.execute(warm=True),
                "cold": lambda: bench.execute(warm=False),
            }
            seen: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
            for number in range(options.runs):
                for name, way in ways.items():
                    if name != "cold" or number < options.cold_runs:
                        seen[name].append(bench.measured(way))
            show(seen, warm_up_s)
        finally:
            bench.close()


def show(seen: dict[str, list[tuple[float, float, float]]], warm_up_s: float) -> None:
    """Print medians and ratios."""
    medians = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in seen.items()}
    print(f"{'ms, median':12}{'first line':>12}{'imports done':>14}{'ended':>10}{'runs':>6}")
    for name, (first_line, imported, ended) in medians.items():
        print(f"{name:12}{first_line:12.1f}{imported:14.1f}{ended:10.1f}{len(seen[name]):6}")
    above = medians["warm"][1] - medians["fork"][1]
    print(f"warm above a bare fork, imports done: {above:.1f} ms (goal: at most 50)")
    print(f"cold / warm, imports done: {medians['cold'][1] / medians['warm'][1]:.0f} times")
    print(f"cold / warm, ended: {medians['cold'][2] / medians['warm'][2]:.0f} times")
    print(f"the template was ready after {warm_up_s:.1f} s")


if __name__ == "__main__":
    main()
