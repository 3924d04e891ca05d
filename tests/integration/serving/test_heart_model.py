"""The walk-through's model behind the gateway, in an environment with scikit-learn."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from serving_world import ServingWorld, call

from bancada.engine.router import DeploymentRoutes

pytestmark = pytest.mark.slow

HEART = Path(__file__).parents[3] / "examples" / "heart"

TRAIN = """
import json, sys
from pathlib import Path
import joblib, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

heart, target = Path(sys.argv[1]), Path(sys.argv[2])
rows = pd.read_csv(heart / "heart.csv", index_col=0)
columns = ColumnTransformer(
    [("scale", StandardScaler(), ["age", "trtbps", "chol", "thalachh", "oldpeak"]),
     ("encode", OneHotEncoder(handle_unknown="ignore"), ["cp", "restecg"])], n_jobs=2)
forest = RandomForestClassifier(n_estimators=50, random_state=0, n_jobs=-1)
model = Pipeline([("columns", columns), ("forest", forest)])
model.fit(rows.drop(columns="output"), rows["output"])
target.mkdir(parents=True)
joblib.dump(model, target / "model.pkl")
test = pd.read_csv(heart / "heart.test.csv", index_col=0).drop(columns="output")
print(json.dumps({"labels": model.predict(test).tolist(), "rows": json.loads(test.to_json(orient="records")),
                  "probabilities": model.predict_proba(test).tolist()}))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an interpreter with scikit-learn and pandas."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        pytest.skip("needs uv")
    folder = tmp_path_factory.mktemp("sklearn") / "env"
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder], check=True)
    made = subprocess.run(
        [uv, "pip", "install", "-q", "--python", folder / "bin" / "python", "scikit-learn<1.9", "pandas<3"],
        capture_output=True,
        text=True,
    )
    if made.returncode:
        pytest.skip(f"scikit-learn cannot be installed here: {made.stderr[-300:]}")
    return folder / "bin" / "python"


def test_the_walk_throughs_script_answers_as_the_model_does(world: ServingWorld, tmp_path: Path, python: Path) -> None:
    model = tmp_path / "model"
    made = subprocess.run([python, "-c", TRAIN, HEART, model / "heart"], check=True, capture_output=True, text=True)
    truth = json.loads(made.stdout)
    source = (HEART / "src" / "score.py").read_text()
    variables = {"AZUREML_MODEL_DIR": str(model)}
    replica = world.replica(source, interpreter=python, **variables)
    sure = source.replace("model.predict(rows)", "model.predict_proba(rows)")
    other = world.replica(sure, interpreter=python, **variables)
    gateway = world.gateway()
    world.publish(
        {"blue": DeploymentRoutes([replica.socket]), "sure": DeploymentRoutes([other.socket])}, traffic={"blue": 100}
    )
    body = json.dumps({"data": truth["rows"]})
    answer = call(gateway.score_url(), body)
    assert (answer.status, answer.value) == (200, truth["labels"])
    with open(HEART / "heart.test.csv", newline="") as stream:
        outputs = [int(row["output"]) for row in csv.DictReader(stream)]
    assert (outputs.count(0), outputs.count(1)) == (13, 18)
    right = sum(given == said for given, said in zip(outputs, answer.value, strict=True))
    assert right / len(outputs) >= 0.65
    # One thread instead of many changes no bit.
    picked = call(gateway.score_url(), body, headers={"azureml-model-deployment": "sure"})
    assert picked.value == truth["probabilities"]
    changed = replica.wait_ready()["n_jobs"]
    assert set(changed) == {"model.columns__n_jobs", "model.forest__n_jobs"}


def test_a_missing_model_is_told_with_its_place(world: ServingWorld, tmp_path: Path, python: Path) -> None:
    replica = world.replica(
        (HEART / "src" / "score.py").read_text(), interpreter=python, wait=False, AZUREML_MODEL_DIR=str(tmp_path)
    )
    failure = replica.failure()
    assert failure["file"] == "score.py"
    assert failure["message"].startswith("FileNotFoundError")
