"""Real environments from the package index: the walk-through's, the curated ones and the one of the old walk-through.

Each runs the steps of the training script that break first: autolog, a forest in a pipeline, `log_model`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bancada.executors.environments import BuildOptions, BuiltEnvironment, EnvironmentRequest, build, curated
from bancada.executors.interpreters import installed
from bancada.executors.uv_process import child_variables
from bancada.settings import load_settings

pytestmark = pytest.mark.slow

HEART = Path(__file__).parents[2] / "examples" / "heart" / "conda.yaml"
OLD = """
name: sklearn-env
channels: [conda-forge]
dependencies:
  - python=3.8
  - pip
  - scikit-learn=0.24.2
  - pandas
  - matplotlib
  - pip:
      - mlflow== 1.26.1
"""
SCRIPT = """
import joblib, mlflow, mlflow.sklearn, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

mlflow.start_run()
mlflow.sklearn.autolog()
x = pd.DataFrame({"age": [float(30 + i % 40) for i in range(60)], "cp": [i % 4 for i in range(60)]})
y = [int(i % 40 > 20) for i in range(60)]
columns = ColumnTransformer([("s", StandardScaler(), ["age"]), ("o", OneHotEncoder(), ["cp"])])
model = Pipeline([("prep", columns), ("clf", RandomForestClassifier(n_estimators=10))]).fit(x, y)
mlflow.sklearn.log_model(sk_model=model, artifact_path="heart")
mlflow.sklearn.save_model(sk_model=model, path="heart/trained_model")
mlflow.log_metric("Score", model.score(x, y))
mlflow.end_run()
print("params", len(mlflow.search_runs().filter(like="params.").columns) > 3)
print("classes", joblib.load("heart/trained_model/model.pkl").predict(x).max())
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache without environments that shares the downloads of this machine's cache."""
    monkeypatch.setenv("UV_CACHE_DIR", str(load_settings().cache / "uv"))
    return tmp_path / "cache"


def made(request: EnvironmentRequest, cache: Path) -> BuiltEnvironment:
    said: list[str] = []
    built = build(request, cache, said.append, BuildOptions(download_python=False))
    assert any(line.startswith("Importing") for line in said)
    return built


def train(environment: BuiltEnvironment, folder: Path) -> str:
    script = folder / "train.py"
    script.write_text(SCRIPT, encoding="utf-8")
    variables = {
        "MLFLOW_TRACKING_URI": (folder / "mlruns").as_uri(),
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT": "0",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_PYTHON_REFRESH": "quiet",
        "MPLBACKEND": "Agg",
    }
    ended = subprocess.run(
        [environment.interpreter, script], cwd=folder, env=child_variables(variables), capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_walkthroughs_environment_saves_a_forest(cache: Path, tmp_path: Path) -> None:
    conda = yaml.safe_load(HEART.read_text(encoding="utf-8"))
    built = made(EnvironmentRequest("sklearn-env", "1", conda), cache)
    assert built.packages["mlflow-skinny"] == "3.13.0"
    assert "mlflow.sklearn" in built.preload
    assert not [line for line in built.warnings if "fails" in line]
    assert train(built, tmp_path).splitlines() == ["params True", "classes 1"]


def test_the_curated_environment_saves_a_forest(cache: Path, tmp_path: Path) -> None:
    built = made(curated()["sklearn-1.5"], cache)
    assert built.python == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert built.warnings == ()
    assert train(built, tmp_path).splitlines() == ["params True", "classes 1"]


def test_the_minimal_environment_is_built_and_holds_pip(cache: Path) -> None:
    built = made(curated()["minimal"], cache)
    assert "pip" in built.packages
    assert built.preload == ()
    assert len(built.packages) < 6


def test_the_old_walkthroughs_environment_saves_a_forest(cache: Path, tmp_path: Path) -> None:
    if not any(one.minor == (3, 8) for one in installed(cache)):
        pytest.skip("no Python 3.8 on this machine; the old walk-through's environment is tested where there is one")
    built = made(EnvironmentRequest("sklearn-env", "1", yaml.safe_load(OLD)), cache)
    assert (built.python, built.packages["scikit-learn"], built.packages["mlflow"]) == ("3.8", "0.24.2", "1.26.1")
    # scipy 1.9 has no `pinv2`, which this scikit-learn imports: the open packages must be of its time.
    assert tuple(int(part) for part in built.packages["scipy"].split(".")[:2]) < (1, 9)
    assert train(built, tmp_path).splitlines() == ["params True", "classes 1"]
