"""The environment in which exact equivalents are compared with the libraries' own objects."""

from __future__ import annotations

from pathlib import Path

from bancada.executors.environments import EnvironmentRequest, build
from bancada.settings import load_settings

__all__ = ["exact_python"]

PACKAGES = [
    "mlflow-skinny==3.13.0",
    "scikit-learn==1.7.2",
    "numpy==1.26.4",
    "pandas==2.2.3",
    "cloudpickle==3.1.2",
    "lightgbm==4.6.0",
    "xgboost-cpu==3.0.5",
]


def exact_python() -> Path:
    """Return the interpreter of the built environment."""
    conda = {"dependencies": ["python=3.11", "pip", {"pip": PACKAGES}]}
    request = EnvironmentRequest(name="exact", version="1", conda=conda)
    return Path(build(request, load_settings({}).cache, print).interpreter)
