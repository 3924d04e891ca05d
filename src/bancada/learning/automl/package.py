"""This folder as a package of its own, `bancada_automl`: for environments and saved models without Bancada.

All imports inside the folder are relative, so that a copy works under any name. A model that was trained under the name
`bancada.learning.automl` is pickled under the copy's name, and then needs nothing of Bancada where it is loaded.
"""

from __future__ import annotations

import io
import pickle
import shutil
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

__all__ = ["NAME", "copy_to", "dumps"]

NAME = "bancada_automl"


def copy_to(folder: Path) -> Path:
    """Copy this folder's sources to `folder/bancada_automl`; return that path."""
    target = Path(folder) / NAME
    source = Path(__file__).resolve().parent
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    return target


def dumps(value: Any) -> bytes:
    """Return a pickle in which everything of this folder is found under the copy's name."""
    buffer = io.BytesIO()
    _Renaming(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return buffer.getvalue()


class _Renaming(pickle.Pickler):
    def reducer_override(self, obj: Any, /) -> Any:
        """Write classes and functions of ours as attributes of the renamed modules."""
        own = __package__ or ""
        if isinstance(obj, ModuleType) and (obj.__name__ == own or obj.__name__.startswith(f"{own}.")):
            return import_module, (NAME + obj.__name__.removeprefix(own),)
        if isinstance(obj, (type, FunctionType)) and str(obj.__module__).startswith(f"{own}.") and own != NAME:
            return getattr, (import_module(obj.__module__), obj.__qualname__)
        return NotImplemented
