"""The nouns `data`, `environment` and `model`: versioned assets."""

from __future__ import annotations

from typing import Any

import click

from bancada.cli.flags import name_flag, verb, version_flag
from bancada.cli.nouns import Shape, group_of, make_noun
from bancada.cli.session import Session

__all__ = ["data", "environment", "model"]

COLUMNS = ("name", "version", "type", "description", "creation_context.created_at")
DESCRIPTION = {"description": "What it is."}

DATA = Shape(
    kind="data",
    group="data",
    loader="load_data",
    columns=COLUMNS,
    fields={
        "path": "File or folder: local (uploaded), https:// or azureml://.",
        "type": "uri_file, uri_folder or mltable.",
        **DESCRIPTION,
    },
    example="--name heart --path ./heart.csv --type uri_file",
)
ENVIRONMENT = Shape(
    kind="environments",
    group="environments",
    loader="load_environment",
    columns=("name", "version", "image", "description", "creation_context.created_at"),
    fields={"image": "Docker image; its conda file decides.", "conda_file": "Conda YAML file.", **DESCRIPTION},
    example="--name sklearn-env --conda-file conda.yaml",
)
MODEL = Shape(
    kind="models",
    group="models",
    loader="load_model",
    columns=COLUMNS,
    fields={
        "path": "Local file or folder, azureml://jobs/…/outputs/…, runs:/… or azureml://datastores/….",
        "type": "custom_model, mlflow_model or triton_model.",
        "stage": "Stage of the model.",
        **DESCRIPTION,
    },
    example="--name heart --path azureml://jobs/JOB/outputs/artifacts/paths/model/ --type custom_model",
)

data = make_noun(DATA)
environment = make_noun(ENVIRONMENT)
model = make_noun(MODEL)


@verb(
    model,
    "download",
    name_flag("model"),
    version_flag("Version; the latest without it."),
    click.option("-p", "--download-path", type=click.Path(), default=".", show_default=True, help="Into here."),
    examples=("bancada model download -n heart -v 1 -p ./model",),
)
def download(session: Session, *, name: str, version: str | None, download_path: str) -> Any:
    """Download a model's files into the folder NAME below the given one."""
    models = group_of(session, MODEL)
    chosen = version or models.get(name, label="latest").version
    with session.progress(f"Downloading the model `{name}`, version {chosen} …"):
        models.download(name, str(chosen), download_path)
