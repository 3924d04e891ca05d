"""Images to models without a script: base64 in a column, which the model gets as bytes or as text."""

from __future__ import annotations

import base64
import json
import os
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from exact_world import exact_python
from serving_world import ServingWorld, call

from bancada.engine.router import DeploymentRoutes

pytestmark = pytest.mark.slow

SAVE = """
import base64, struct, sys
import mlflow.pyfunc, pandas as pd
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, Schema

class Sizes(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        images = [base64.b64decode(one) if isinstance(one, str) else one for one in model_input["image"]]
        return pd.DataFrame([struct.unpack(">II", one[16:24]) for one in images], columns=["width", "height"])

for kind in ("binary", "string"):
    signature = ModelSignature(inputs=Schema([ColSpec(kind, "image")]))
    mlflow.pyfunc.save_model(sys.argv[1] + "/" + kind, python_model=Sizes(), signature=signature, pip_requirements=[])
"""


def png(width: int, height: int) -> bytes:
    """Return a whole PNG file of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x10\x20\x30" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    variables = {**os.environ, "MLFLOW_TRACKING_URI": (folder / "runs").as_uri(), "MLFLOW_ALLOW_FILE_STORE": "true"}
    words = [exact_python(), "-W", "ignore", "-c", SAVE, str(folder)]
    subprocess.run(words, check=True, timeout=900, capture_output=True, cwd=folder, env=variables)
    return folder


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ServingWorld]:
    found = ServingWorld(tmp_path)
    yield found
    found.close()


@pytest.mark.parametrize("kind", ["binary", "string"])
def test_images_come_as_base64(models: Path, world: ServingWorld, kind: str):
    model = str(models / kind)
    variables = {"BANCADA_SCORING_PROGRAM": "mlflow", "AZUREML_MODEL_DIR": model, "HOME": str(models)}
    replica = world.replica("", interpreter=exact_python(), **variables)
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes([replica.socket], request_timeout_ms=30_000)})
    images = [png(3, 2), png(50, 70)]
    broken = [base64.encodebytes(one).decode() for one in images]  # in lines, as Azure's examples send it
    whole = [base64.b64encode(one).decode() for one in images]
    sizes = [{"width": 3, "height": 2}, {"width": 50, "height": 70}]
    for data in (whole, broken, [[one] for one in whole]):
        answer = call(gateway.score_url(), json.dumps({"input_data": {"columns": ["image"], "data": data}}))
        assert (answer.status, answer.value) == (200, sizes), answer.body
    if kind == "binary":
        answer = call(gateway.score_url(), json.dumps({"input_data": {"columns": ["image"], "data": ["no image!"]}}))
        assert answer.headers["ms-azureml-model-error-statuscode"] == "400"
        assert "`image` has a value that is not base64" in answer.value["message"]
