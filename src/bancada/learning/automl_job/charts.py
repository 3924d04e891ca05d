"""Draws Azure's charts from the engine's data as pictures. Not for computing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

__all__ = ["draw"]

Axes = Any  # matplotlib has no strict types


def draw(name: str, chart: Mapping[str, Any], file: Path) -> bool:
    """Write a chart as a PNG; tell whether there is a picture of this kind."""
    if name not in _PICTURES:
        return False
    import_module("matplotlib").use("Agg")
    pyplot: Any = import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(figsize=(6, 5), dpi=110)
    _PICTURES[name](axes, chart["data"])
    axes.set_title(name.replace("_", " "))
    figure.tight_layout()
    figure.savefig(file)
    pyplot.close(figure)
    return True


def _confusion(axes: Axes, data: Mapping[str, Any]) -> None:
    labels, matrix = data["class_labels"], data["matrix"]
    axes.imshow(matrix, cmap="Blues")
    axes.set_xticks(range(len(labels)), labels, rotation=45)
    axes.set_yticks(range(len(labels)), labels)
    most = max(max(row) for row in matrix)
    if len(labels) <= 20:
        for y, row in enumerate(matrix):
            for x, count in enumerate(row):
                axes.text(x, y, str(count), ha="center", va="center", color="white" if count > most / 2 else "black")
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")


def _curves(x: str, y: str) -> Callable[[Axes, Mapping[str, Any]], None]:
    def draw_curves(axes: Axes, data: Mapping[str, Any]) -> None:
        for label, curve in list(data.items())[:10]:
            axes.plot(curve[x], curve[y], label=str(label))
        axes.set_xlabel(x.replace("_", " "))
        axes.set_ylabel(y.replace("_", " "))
        axes.legend(fontsize=8)

    return draw_curves


def _residuals(axes: Axes, data: Mapping[str, Any]) -> None:
    edges, counts = data["bin_edges"], data["bin_counts"]
    widths = [right - left for left, right in pairwise(edges)]
    axes.bar(edges[:-1], counts, width=widths, align="edge", edgecolor="white")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel("predicted minus true")
    axes.set_ylabel("rows")


def _predicted_true(axes: Axes, data: Mapping[str, Any]) -> None:
    centers = data["bin_centers"]
    axes.errorbar(centers, data["bin_averages"], yerr=data["bin_errors"], marker="o", capsize=3, label="predicted")
    axes.plot([min(centers), max(centers)], [min(centers), max(centers)], color="black", linestyle=":", label="ideal")
    axes.set_xlabel("true")
    axes.set_ylabel("predicted")
    axes.legend(fontsize=8)


_PICTURES: dict[str, Callable[[Axes, Mapping[str, Any]], None]] = {
    "confusion_matrix": _confusion,
    "roc_curve": _curves("false_positive_rate", "true_positive_rate"),
    "precision_recall_curve": _curves("recall", "precision"),
    "lift_curve": _curves("population", "lift"),
    "cumulative_gains_curve": _curves("population", "gain"),
    "calibration_curve": _curves("predicted", "observed"),
    "residuals": _residuals,
    "predicted_true": _predicted_true,
}
