"""Data of Azure's charts, from predictions for rows that the model has not seen. No pictures: those are drawn by faces.

Each chart is plain data under Azure's names of artifacts: `schema_type`, `schema_version`, `data`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .arrays import Codes, Floats

__all__ = ["classification_charts", "regression_charts"]

# Points of a curve: enough for a screen.
_POINTS = 101
_BINS = 10
_RESIDUAL_BINS = 40


def classification_charts(truth: Codes, predicted: Floats, decided: Codes, labels: Sequence[Any]) -> dict[str, Any]:
    """Return confusion matrix, ROC, precision-recall, lift, cumulative gains and calibration, by class."""
    names = [str(label) for label in labels]
    table = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(table, (truth, decided), 1)
    curves = {name: _curves(truth == code, predicted[:, code]) for code, name in enumerate(names)}
    found = {"confusion_matrix": _chart("confusion_matrix", {"class_labels": names, "matrix": table.tolist()})}
    for kind in ("roc_curve", "precision_recall_curve", "lift_curve", "cumulative_gains_curve", "calibration_curve"):
        found[kind] = _chart(kind, {name: curve[kind] for name, curve in curves.items() if curve})
    return found


def regression_charts(truth: Floats, predicted: Floats) -> dict[str, Any]:
    """Return the histogram of residuals (predicted minus true), and predictions against the truth in bins of it."""
    residuals = predicted - truth
    counts, edges = np.histogram(residuals, bins=min(_RESIDUAL_BINS, max(5, len(truth) // 5)))
    data = {
        "bin_edges": edges.tolist(),
        "bin_counts": counts.tolist(),
        "mean": float(residuals.mean()),
        "stddev": float(residuals.std()),
        "res_count": len(residuals),
    }
    return {"residuals": _chart("residuals", data), "predicted_true": _chart("predictions", _against(truth, predicted))}


def _chart(kind: str, data: Any) -> dict[str, Any]:
    return {"schema_type": kind, "schema_version": "1.0.0", "data": data}


def _against(truth: Floats, predicted: Floats) -> dict[str, list[float]]:
    low, high = float(truth.min()), float(truth.max())
    edges: Floats = np.linspace(low, high, 2 * _BINS + 1)
    inside = np.clip(np.searchsorted(edges, truth, side="right") - 1, 0, len(edges) - 2)
    counts = np.bincount(inside, minlength=len(edges) - 1)
    taken = np.flatnonzero(counts)
    return {
        "bin_edges": edges.tolist(),
        "bin_counts": counts.tolist(),
        "bin_centers": [float(one) for one in ((edges[:-1] + edges[1:]) / 2)[taken]],
        "bin_averages": [float(predicted[inside == one].mean()) for one in taken],
        "bin_errors": [float(predicted[inside == one].std()) for one in taken],
    }


def _curves(real: Any, score: Floats) -> dict[str, dict[str, list[float]]]:
    """Return all curves of one class against the rest; nothing when it does not occur, or nothing else does."""
    if not real.any() or real.all():
        return {}
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.r_[np.diff(score[order]) < 0, True])
    hits = np.r_[0, np.cumsum(real[order])[ends]].astype(np.float64)
    seen = np.r_[0, ends + 1].astype(np.float64)
    misses = seen - hits
    recall, share = hits / hits[-1], seen / len(real)
    precision = np.r_[1.0, hits[1:] / seen[1:]]
    lift = np.r_[np.nan, recall[1:] / share[1:]]
    grid = np.linspace(0, 1, _POINTS)
    return {
        "roc_curve": {
            "false_positive_rate": grid.tolist(),
            "true_positive_rate": _at(grid, misses / misses[-1], recall),
        },
        "precision_recall_curve": {"recall": grid.tolist(), "precision": _at(grid, recall, precision)},
        "lift_curve": {"population": grid[1:].tolist(), "lift": _at(grid[1:], share[1:], lift[1:])},
        "cumulative_gains_curve": {"population": grid.tolist(), "gain": _at(grid, share, recall)},
        "calibration_curve": _calibration(real, score),
    }


def _at(grid: Floats, x: Floats, y: Floats) -> list[float]:
    """Return y at the grid; where x stands still, the last of its values."""
    keep = np.r_[np.diff(x) > 0, True]
    return np.interp(grid, x[keep], y[keep]).tolist()


def _calibration(real: Any, score: Floats) -> dict[str, list[float]]:
    inside = np.clip((score * _BINS).astype(np.int64), 0, _BINS - 1)
    counts = np.bincount(inside, minlength=_BINS)
    taken = np.flatnonzero(counts)
    return {
        "predicted": [float(score[inside == one].mean()) for one in taken],
        "observed": [float(real[inside == one].mean()) for one in taken],
        "count": counts[taken].tolist(),
    }
