"""Models: the same thing as an MLflow registered model's version."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from bancada.domain.fields import ANY_CASE, READ_ONLY, ContentPath, JsonMap, ModelName
from bancada.domain.shared import Asset

__all__ = ["FOLDER_PROPERTY", "Model"]

# A property that the server sets: the name of the folder that a model was registered from. It stands under
# AZUREML_MODEL_DIR and in a download, because scripts open `<name>/model.pkl`.
FOLDER_PROPERTY = "bancada.folder"


class Model(Asset):
    """A model. path: local, a job's output, `runs:/…`, `models:/…` or a datastore path.

    A model made from a folder keeps the folder's name under `AZUREML_MODEL_DIR`.
    """

    name: ModelName | None = Field(default=None)
    type: Annotated[Literal["custom_model", "mlflow_model", "triton_model"], ANY_CASE] = Field(default="custom_model")
    path: ContentPath | None = Field(default=None)
    stage: str | None = Field(default=None)
    utc_time_created: datetime | None = Field(default=None, json_schema_extra=READ_ONLY)
    flavors: JsonMap | None = Field(default=None)
    job_name: str | None = Field(default=None, json_schema_extra=READ_ONLY)
    aliases: list[str] | None = Field(default=None, json_schema_extra=READ_ONLY)
    intellectual_property: JsonMap | None = Field(default=None, json_schema_extra=READ_ONLY)
    system_metadata: JsonMap | None = Field(default=None)
    default_deployment_template: JsonMap | None = Field(default=None)
    allowed_deployment_templates: list[JsonMap] | None = Field(default=None)

    def new_name_problem(self) -> str | None:
        """Return None: a new model may have any name that one may have."""
        return None
