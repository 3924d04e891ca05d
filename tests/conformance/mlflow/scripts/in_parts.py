"""Big files in parts, up and down, where the client asks for them; prints how many parts went."""

# Runs in the client's environment, where there is no pytest.
# ruff: noqa: SIM115

import os
import uuid

import mlflow
from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository

os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"] = "true"
os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = "1"
os.environ["MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE"] = str(5 * 1024**2)
# Newer clients only.
os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"] = "true"
os.environ["MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE"] = str(5 * 1024**2)

sent = []
plain = HttpArtifactRepository._upload_part


def counted(*given, **named):
    part = plain(*given, **named)
    sent.append(part.part_number)
    return part


HttpArtifactRepository._upload_part = staticmethod(counted)
content = os.urandom(12 * 1024**2)
with open("big ü.bin", "wb") as file:
    file.write(content)
with open("small.txt", "w") as file:
    file.write("small")
mlflow.set_experiment(f"multipart-{uuid.uuid4().hex[:8]}")
with mlflow.start_run() as run:
    mlflow.log_artifact("big ü.bin", "deep/er")
    mlflow.log_artifact("small.txt")
found = mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/deep/er/big ü.bin", dst_path="down")
assert open(found, "rb").read() == content
found = mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/small.txt", dst_path="down")
assert open(found).read() == "small"
print("ok", mlflow.__version__, "parts", sorted(sent))
