"""The curated environments, and the names under which Azure ML's users know them. Not for users' own ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from bancada.executors.environment_values import EnvironmentRequest

__all__ = ["AUTOML", "MINIMAL", "curated", "curated_request"]

MINIMAL = "minimal"
AUTOML = "automl"

# What Azure's `sklearn-1.5` holds, with the same conditions where they have wheels: pandas 1.5 (examples call
# `DataFrame.append`, which pandas 2 has not) has none for Python 3.12, numpy 1 none for 3.13. scikit-learn stays
# below 1.8, which is what Azure's Python 3.10 makes of `~=1.5`.
# MLflow: the client alone, as on Azure; a job reaches its server by HTTP and needs no server, SQL or Arrow of its
# own (250 MB less). 3.13 is the last one that saves forests (3.14 and later refuse them: skops format).
_SKLEARN_1_5 = (
    "scikit-learn~=1.5,<1.8",
    "pandas~=1.5.3; python_version < '3.12'",
    "pandas~=2.2; python_version >= '3.12'",
    "numpy~=1.22; python_version < '3.13'",
    "numpy~=2.1; python_version >= '3.13'",
    "scipy~=1.10",
    "joblib~=1.2",
    "matplotlib~=3.8",
    "mlflow-skinny==3.13.*",
)
# What AutoML computes with: the engine is copied into the job, its libraries are here and not in the server. Pins as of
# November 2026. XGBoost without its GPU half, which is 300 MB; pyarrow reads Parquet.
_AUTOML = (
    "numpy~=2.1",
    "pandas~=2.2",
    "scipy~=1.14",
    "scikit-learn~=1.5,<1.8",
    "lightgbm~=4.5",
    "catboost~=1.2",
    "xgboost-cpu~=3.0",
    "pyarrow>=18",
    "matplotlib~=3.8",
    "mlflow-skinny==3.13.*",
)
_PIP_LISTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    # name: (Python, packages). An open Python is the one that Bancada itself runs on: always there, no download.
    "sklearn-1.5": ("python>=3.10", _SKLEARN_1_5),
    AUTOML: ("python>=3.11", _AUTOML),
    MINIMAL: ("python>=3.8", ()),
}
_REGISTRY = re.compile(
    r"^azureml://registries/[^/]+/environments/(?P<name>[^/]+)(?:/(?:versions|labels)/(?P<version>[^/]+))?/?$"
)
_IMAGE = re.compile(r"^mcr\.microsoft\.com/azureml/curated/(?P<name>[^:@]+)(?:[:@].*)?$")
_REFERENCE = re.compile(r"^(?:azureml:)?(?P<name>[^:@/]+)(?:[:@](?P<version>[^:@/]+))?$")


@cache
def curated() -> Mapping[str, EnvironmentRequest]:
    """Return the curated environments by name."""
    return {
        name: EnvironmentRequest(
            name=name,
            version="1",
            conda={"name": name, "dependencies": [python, "pip", {"pip": list(lines)}]},
        )
        for name, (python, lines) in _PIP_LISTS.items()
    }


def curated_request(reference: str) -> EnvironmentRequest | None:
    """Return the curated environment that a reference or an image means; None when it means none.

    Known are `sklearn-1.5`, `azureml:sklearn-1.5`, `…@latest`, `…:3`, `AzureML-sklearn-1.5-ubuntu20.04-py38-cpu`,
    `azureml://registries/azureml/environments/sklearn-1.5/versions/7` (or `labels/latest`) and
    `mcr.microsoft.com/azureml/curated/sklearn-1.5:7`. Each version means the one that there is.
    """
    for pattern in (_REGISTRY, _IMAGE, _REFERENCE):
        found = pattern.match(reference.strip())
        if found:
            return _by_name(found["name"])
    return None


def _by_name(name: str) -> EnvironmentRequest | None:
    # `AzureML-AutoML` is `ai-ml-automl` in Azure's newer lists.
    bare = re.sub(r"^(AzureML-|ai-ml-(?=automl))", "", name, flags=re.IGNORECASE)
    for known, request in curated().items():
        # Azure appends the image's base: `-ubuntu20.04-py38-cpu`, `-py312-inference`.
        if re.fullmatch(rf"{re.escape(known)}(-(ubuntu|py\d|cpu|inference).*)?", bare, re.IGNORECASE):
            return request
    return None
