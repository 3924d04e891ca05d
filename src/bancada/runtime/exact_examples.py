"""Rows that came with a model: its input example, and rows registered for the gate. Standard library only, 3.8+."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Dict, Iterator, List, cast

__all__ = ["REGISTERED", "registered_rows"]

# Beside the model: {"columns": […], "data": [[…], …]}, for example a sample of what it was trained on.
REGISTERED = "registered_rows.json"
_NAMES = (REGISTERED, "input_example.json")
# As deep as MLflow's layout goes below AZUREML_MODEL_DIR, and not through the whole of a big folder.
_DEPTH, _FOLDERS = 3, 200
_MOST_ROWS = 5000


def registered_rows(folder: str) -> List[Any]:
    """Return frames of the rows that lie in a model's folder; none without pandas."""
    pandas: Any = sys.modules.get("pandas")
    if pandas is None or not folder or not os.path.isdir(folder):
        return []
    found: List[Any] = []
    for path in _files(folder):
        try:
            with open(path, encoding="utf-8") as stream:
                document: Any = json.load(stream)
            split = cast("Dict[str, Any]", document)
            found.append(pandas.DataFrame(split["data"][:_MOST_ROWS], columns=[str(one) for one in split["columns"]]))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # no table: nothing to try the model on
    return [one for one in found if len(one)]


def _files(folder: str) -> Iterator[str]:
    top = folder.rstrip(os.sep).count(os.sep)
    for seen, (place, folders, files) in enumerate(os.walk(folder)):
        if seen >= _FOLDERS:
            return
        if place.count(os.sep) - top >= _DEPTH:
            folders.clear()
        for name in _NAMES:
            if name in files:
                yield os.path.join(place, name)
