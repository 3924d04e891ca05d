"""Saves the best model as an MLflow model that loads where there is no Bancada. Not for choosing or sending it."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Sequence
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from .served import ServedModel

__all__ = ["MODEL_PATH", "save_model"]

MODEL_PATH = "outputs/mlflow-model"
_EXAMPLE_ROWS = 2
_SIGNATURE_ROWS = 200
# What every model needs, and what only models of one library need: distribution by module.
_ALWAYS = ("numpy", "pandas", "scikit-learn", "lightgbm")
_SOMETIMES = {"CatBoost": "catboost", "XGBoost": "xgboost-cpu"}


def save_model(
    model: Any, table: Any, folder: Path, *, run: str, code: Sequence[Path], algorithms: Sequence[str]
) -> str:
    """Write the model into `folder`, which must not exist; return what MLflow's pages read of it, as JSON.

    table: rows of the training data, for example and signature. code: the folders that the model's pickle needs.
    algorithms: the names of its members' algorithms, which decide about requirements.
    """
    flavor: Any = import_module("mlflow.sklearn")
    models: Any = import_module("mlflow.models")
    features = table[[name for name in model.feature_names if name in table.columns]]
    # Its advice (skops, integers) is for people who choose; here the choice is made.
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=UserWarning, module="mlflow")
    described = models.Model(artifact_path=MODEL_PATH, run_id=run)
    served = ServedModel(model)
    head = features.head(_SIGNATURE_ROWS)
    flavor.save_model(
        served,
        str(folder),
        code_paths=[str(one) for one in code],
        signature=models.infer_signature(head, model.predict(head)),
        input_example=features.head(_EXAMPLE_ROWS),
        pip_requirements=_requirements(algorithms),
        mlflow_model=described,
        serialization_format=flavor.SERIALIZATION_FORMAT_CLOUDPICKLE,
    )
    kept = ("run_id", "artifact_path", "utc_time_created", "model_uuid", "mlflow_version", "flavors")
    return json.dumps([{name: one for name, one in described.to_dict().items() if name in kept}], default=str)


def _requirements(algorithms: Sequence[str]) -> list[str]:
    """Return the exact versions that the model was trained with; its code runs with no others for sure."""
    wanted = [*_ALWAYS, *(name for mark, name in _SOMETIMES.items() if any(mark in one for one in algorithms))]
    return [f"{name}=={metadata.version(name)}" for name in ("mlflow-skinny", *wanted)]
