"""What an AutoML job leaves: the best model, charts, guard rails, explanations, code. Not for computing them."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any, cast

from .charts import draw
from .client import Tracking
from .model import MODEL_PATH, save_model

__all__ = ["CHARTS", "Extras", "publish_charts", "publish_checks", "publish_model", "publish_reports"]

_LOCAL_ROWS = 100  # rows that are explained one by one
# All charts of one candidate in one file: there may be hundreds of candidates, and each file costs the server a commit.
CHARTS = "charts.json"


@dataclass(frozen=True)
class Extras:
    """What takes seconds, and is left out where there is no time for it: explanations of rows, pictures of charts."""

    # The explanation of the first so many rows, or of fewer; None without time for one.
    explain_rows: Callable[[int], Any]
    has_time: Callable[[], bool]


def publish_checks(tracking: Tracking, columns: Sequence[Any], rails: Sequence[Any]) -> None:
    """Write the types of the columns and the guard rails to the job's run: before the first model is there."""
    with tempfile.TemporaryDirectory() as scratch:
        _write(Path(scratch) / "outputs" / "column_types.json", columns)
        _write(Path(scratch) / "outputs" / "guardrails.json", rails)
        tracking.upload(tracking.job, Path(scratch))


def publish_charts(tracking: Tracking, run: str, charts: Mapping[str, Any]) -> None:
    """Write a candidate's charts to its run."""
    if not charts:
        return
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / CHARTS
        file.write_text(json.dumps(_rounded(_plain(charts)), separators=(",", ":")), encoding="utf-8")
        tracking.upload(run, file)


def publish_model(
    tracking: Tracking,
    run: str,
    model: Any,
    table: Any,
    code: Sequence[Path],
    algorithms: Sequence[str],
    copies: Sequence[Path] = (),
) -> None:
    """Save the model as an MLflow model among the artifacts of the best candidate's run, and in `copies`.

    copies: folders of the job's outputs of type mlflow_model.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "mlflow-model"
        history = save_model(model, table, folder, run=run, code=code, algorithms=algorithms)
        tracking.upload(run, folder, MODEL_PATH)
        tracking.log(run, tags={"mlflow.log-model.history": history})
        for copy in copies:
            shutil.copytree(folder, copy, dirs_exist_ok=True)


def publish_reports(tracking: Tracking, run: str, result: Any, extras: Extras, say: Callable[[str], None]) -> None:
    """Write charts and explanations to the best candidate's run, what concerns the whole job to the job's own."""
    with tempfile.TemporaryDirectory() as scratch:
        own, child = Path(scratch) / "job", Path(scratch) / "child"
        _job_files(own, result)
        _child_files(child, result)
        _explain(child, result, extras, say)
        _draw(child, result, extras.has_time, say)
        tracking.upload(tracking.job, own)
        tracking.upload(run, child)
    if result.test_metrics:
        metrics = {f"test_{key}": float(value) for key, value in result.test_metrics.items()}
        tracking.log(run, metrics=metrics)
        tracking.log(tracking.job, metrics=metrics)


def _job_files(folder: Path, result: Any) -> None:
    outputs = folder / "outputs"
    _write(outputs / "featurization_summary.json", result.transformations)
    _write(outputs / "leaderboard.json", result.leaderboard)
    _write(outputs / "learning_curve.json", result.learning_curve)
    _write(outputs / "summary.json", {"reason": result.reason, "elapsed_s": result.elapsed_s})
    (outputs / "generated_code").mkdir()
    (outputs / "generated_code" / "script.py").write_text(result.code, encoding="utf-8")


def _child_files(folder: Path, result: Any) -> None:
    for name, chart in result.charts.items():
        _write(folder / "charts" / f"{name}.json", chart)
    _write(folder / "outputs" / "generated_code" / "ensemble.json", dict(result.ensemble))
    (folder / "outputs" / "generated_code" / "script.py").write_text(result.code, encoding="utf-8")
    if result.explanation is not None:
        _write(folder / "explanations" / "global.json", result.explanation)


def _explain(folder: Path, result: Any, extras: Extras, say: Callable[[str], None]) -> None:
    if result.explanation is None:
        return
    try:
        found = extras.explain_rows(_LOCAL_ROWS) if extras.has_time() else None
        if found is None:
            say("There was no time to explain rows one by one.")
        else:
            _write(folder / "explanations" / "local.json", _rounded(_plain(found)))
    except Exception as reason:  # the model is there, and so is the global view
        say(f"Rows could not be explained one by one: {reason}")


def _draw(folder: Path, result: Any, has_time: Callable[[], bool], say: Callable[[str], None]) -> None:
    for name, chart in result.charts.items():
        if not has_time():
            say("There was no time to draw all charts as pictures; their data are there.")
            return
        try:
            draw(name, chart, folder / "charts" / f"{name}.png")
        except Exception as reason:  # a picture is not worth the job; its data are there
            say(f"The chart {name} could not be drawn: {reason}")


def _rounded(value: Any) -> Any:
    """Return plain values with six significant digits: what a page draws, at a third of the size."""
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_rounded(one) for one in cast("list[Any]", value)]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _write(file: Path, value: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(_plain(value), indent=1), encoding="utf-8")


def _plain(value: Any) -> Any:
    """Return a value that JSON knows: dataclasses as objects, numpy's values as Python's, NaN as nothing."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in cast("Sequence[Any]", value)]
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if value is None or isinstance(value, (str, int)):
        return value
    as_python: Any = getattr(value, "tolist", None)
    return str(value) if as_python is None else _plain(as_python())
