"""What a saved model says it needs: our answer in the process against MLflow's own, which starts an interpreter."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import bancada.runtime

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parent / "scripts" / "requirements.py"


def test_requirements_are_mlflows_own_with_exact_versions_and_no_interpreter_is_started(
    client_python: Path, tmp_path: Path
):
    shutil.copytree(bancada.runtime.__path__[0], tmp_path / "bancada_runtime")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "PYTHON"))}
    command = [str(client_python), "-W", "ignore", str(SCRIPT), str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=plain, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    for kind, stock in found["stock"].items():
        ours = found["ours"][kind]
        # joblib looks for psutil and goes without it: MLflow notes whatever was imported, needed or not.
        assert {line for line in stock if not line.startswith("psutil==")} <= set(ours), kind
        # pandas reads and writes Arrow where it is installed: MLflow notes it or not, by who imported pandas first.
        assert {line.split("==")[0] for line in set(ours) - set(stock)} <= {"pyarrow", "cloudpickle"}, kind
        assert all("==" in line for line in ours), kind
        names = {line.split("==")[0] for line in ours}
        assert {"mlflow", "pandas", "numpy", "scipy"} <= names, kind
        assert names & {"scikit-learn", "lightgbm", "xgboost", "xgboost-cpu"}, kind
    assert found["left_to_mlflow"] == 2
