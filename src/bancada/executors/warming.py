"""Imports a new environment's packages once: byte code for later starts, and what is worth importing ahead.

Not for templates, which use what is recorded here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bancada.executors import import_probe
from bancada.executors.uv_process import Log, child_variables, run_reported

__all__ = ["Warmed", "preload_modules", "warm"]

# Distribution → the modules of it that scripts import and that are slow to import. In the order of importing.
_SLOW: Mapping[str, tuple[str, ...]] = {
    "numpy": ("numpy",),
    "pandas": ("pandas",),
    "scipy": ("scipy",),
    "scikit-learn": (
        "sklearn",
        "sklearn.ensemble",
        "sklearn.pipeline",
        "sklearn.compose",
        "sklearn.preprocessing",
        "sklearn.model_selection",
        "sklearn.metrics",
    ),
    "mlflow": ("mlflow",),
    "mlflow-skinny": ("mlflow",),
    "matplotlib": ("matplotlib", "matplotlib.pyplot"),
    "lightgbm": ("lightgbm",),
    "xgboost": ("xgboost",),
}
# A flavour of MLflow needs its library beside it.
_FLAVOURS = (({"mlflow", "mlflow-skinny"}, "scikit-learn", "mlflow.sklearn"),)
# Importing everything takes 6 s on a quiet machine; longer than this, and an import is stuck.
_LIMIT_S = 300.0
# A module that takes the interpreter down is left out and the rest tried again, so often.
_MOST_CRASHES = 4


@dataclass(frozen=True)
class Warmed:
    """What one import of everything told."""

    packages: Mapping[str, str]
    preload: tuple[str, ...]
    warnings: tuple[str, ...]
    seconds: float


def preload_modules(installed: Collection[str]) -> tuple[str, ...]:
    """Return the modules that a template should import ahead, given the installed distributions."""
    modules = [module for name, found in _SLOW.items() if name in installed for module in found]
    for trackers, library, module in _FLAVOURS:
        if trackers & set(installed) and library in installed:
            modules.append(module)
    return tuple(dict.fromkeys(modules))


def warm(
    interpreter: Path, installed: Collection[str], asked: Sequence[str], *, log: Log, held: Sequence[int] = ()
) -> Warmed:
    """Import the slow modules and those of the `asked` distributions in one process, with byte code on.

    A module that fails is a warning, not an error: it may need what only a job has.
    """
    worth = preload_modules(installed)
    answer_path = interpreter.parent.parent / "imports.json"
    crashed: list[str] = []
    while True:
        modules = [module for module in worth if module not in crashed]
        distributions = [] if len(crashed) > _MOST_CRASHES else [one for one in asked if one not in _SLOW]
        question = {"modules": modules, "distributions": distributions, "skipped": crashed, "limit_s": _LIMIT_S}
        answer_path.write_text(json.dumps(question), encoding="utf-8")
        last = _run_probe(interpreter, answer_path, log, held)
        answer: dict[str, Any] = json.loads(answer_path.read_text(encoding="utf-8"))
        if "packages" in answer or last is None or len(crashed) > _MOST_CRASHES:
            break
        crashed.append(last)
    answer_path.unlink()
    return _warmed(answer, worth, asked, crashed)


def _run_probe(interpreter: Path, answer: Path, log: Log, held: Sequence[int]) -> str | None:
    """Run the probe; return the module whose import was under way when it ended, None when it ended well."""
    current: list[str] = []

    def on_line(line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "import":
            current[:] = [rest]
        elif word == "imported" and current and rest.startswith(f"{current[0]} "):
            current.clear()
            module, _, seconds = rest.partition(" ")
            if float(seconds) >= 0.5:
                log(f"Imported {module} ({float(seconds):.1f} s).")

    outcome = run_reported(
        [str(interpreter), "-I", import_probe.__file__, str(answer)],
        child_variables({"MPLBACKEND": "Agg", "GIT_PYTHON_REFRESH": "quiet", "MLFLOW_DISABLE_TELEMETRY": "true"}),
        on_line=on_line,
        on_silence=lambda seconds: log(f"… still importing {' '.join(current)} ({seconds:.0f} s)"),
        held=held,
        timeout_s=_LIMIT_S + 10.0,
    )
    return current[0] if current and outcome.code != 0 else None


def _warmed(answer: Mapping[str, Any], worth: Sequence[str], asked: Sequence[str], crashed: Sequence[str]) -> Warmed:
    failed: dict[str, str] = dict.fromkeys(crashed, "the interpreter crashed or hung")
    failed |= answer.get("failed", {})
    imported = set(answer.get("imported", []))
    # Packages ship modules beside their own that need something else; only the expected ones are worth a word.
    expected = {*worth, *crashed, *(name.replace("-", "_") for name in asked)}
    return Warmed(
        packages=answer.get("packages", {}),
        preload=tuple(module for module in worth if module in imported),
        warnings=tuple(
            f"`import {module}` fails in this environment ({why})."
            for module, why in failed.items()
            if module in expected
        ),
        seconds=float(answer.get("seconds", 0.0)),
    )
