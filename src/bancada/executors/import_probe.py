"""Imports an environment's packages once, inside it, and tells what it found. Run as a file; standard library only.

`python -I import_probe.py <answer.json>` with `{"modules": [], "distributions": [], "skipped": [], "limit_s": 300}` in
`<answer.json>`: the modules to import, the distributions whose top-level modules are imported after them, and what
took an earlier run down. Each import is announced on
stderr (so that after a crash the culprit is known) and the file is replaced by
`{"packages": {name: version}, "imported": [...], "failed": {module: reason}, "seconds": s}`.
Imports run with byte code on: that is what later starts profit from.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from importlib import metadata

__all__ = ["main"]

# Top-level folders that packages ship by mistake, and modules whose import does something.
_NEVER = {"tests", "test", "testing", "docs", "doc", "examples", "example", "bin", "scripts", "benchmarks", "setup",
          "antigravity", "this"}  # fmt: skip


def main(path: str) -> None:
    """Read what to import from `path`, import it, and write the answer to the same file."""
    with open(path, encoding="utf-8") as file:
        asked = json.load(file)
    # An import that hangs ends with us, also when nobody is left to end us: we hold the build's lock.
    signal.alarm(int(asked["limit_s"]))
    started = time.perf_counter()
    packages = _packages()  # before imports, some of which put folders with more packages on the path
    imported: list[str] = []
    failed: dict[str, str] = {}
    for module in asked["modules"] + _top_level(asked["distributions"]):
        if module in imported or module in failed or module in asked["skipped"]:
            continue
        reason = _import(module)
        if reason is None:
            imported.append(module)
        else:
            failed[module] = reason
    answer = {"packages": packages, "imported": imported, "failed": failed,
              "seconds": time.perf_counter() - started}  # fmt: skip
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(answer, file)
    os.replace(path + ".part", path)
    # Not sys.exit: threads that imports have started must not hold the build back.
    os._exit(0)


def _import(module: str) -> str | None:
    sys.stderr.write(f"import {module}\n")
    sys.stderr.flush()
    before = time.perf_counter()
    try:
        importlib.import_module(module)
    except BaseException as reason:  # SystemExit too: a package must not end the probe
        lines = str(reason).strip().splitlines() or [""]
        return f"{type(reason).__name__}: {lines[0][:200]}"
    sys.stderr.write(f"imported {module} {time.perf_counter() - before:.2f}\n")
    sys.stderr.flush()
    return None


def _top_level(distributions: list[str]) -> list[str]:
    found: list[str] = []
    for name in distributions:
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # left out by its marker
        listed = (distribution.read_text("top_level.txt") or "").split()
        found += [one for one in listed or _from_files(distribution) if _is_worth(one)]
    return found


def _from_files(distribution: metadata.Distribution) -> list[str]:
    parts = [str(file).split("/") for file in distribution.files or [] if str(file).endswith(".py")]
    return sorted({one[0] if len(one) > 1 else one[0][:-3] for one in parts})


def _is_worth(module: str) -> bool:
    return module.isidentifier() and not module.startswith("_") and module not in _NEVER


def _packages() -> dict[str, str]:
    pairs = [(one.metadata["Name"], one.version) for one in metadata.distributions()]
    return {name.lower().replace("_", "-").replace(".", "-"): version for name, version in pairs if name}


if __name__ == "__main__":
    main(sys.argv[1])
