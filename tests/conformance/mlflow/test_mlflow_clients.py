"""What scripts do with a real client works against our server, unchanged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bancada.ids import token_hash
from bancada.store import attempts, experiments, jobs, runs, trees
from bancada.store.database import Database
from bancada.store.jobs import JobRow

pytestmark = pytest.mark.slow

SCRIPTS = (
    *("tracking.py", "search.py", "registry.py"),
    *("models.py", "boosting.py", "evaluate.py", "system_metrics.py"),
)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_runs_with_a_real_client(run_script: Callable[..., str], name: str) -> None:
    assert "ok" in run_script(name)


def test_a_big_file_goes_in_parts_where_the_client_asks(run_script: Callable[..., str], server: Any) -> None:
    printed = run_script("in_parts.py")
    assert "ok" in printed
    # MLflow's own server has parts only where its files lie in an object store; clients then send the file whole.
    assert server.home is None or "parts [1, 1, 2, 3]" in printed


@pytest.mark.parametrize("other", ["", "other"])
def test_a_script_in_a_job_resumes_its_run(run_script: Callable[..., str], server: Any, other: str) -> None:
    """Also when it calls `set_experiment` with another name than the job's: see `engine/tracking/clashes.py`."""
    if server.home is None:
        pytest.skip("only our server has jobs")
    import uuid

    job, foreign = f"job_{uuid.uuid4().hex[:8]}", f"foreign_{uuid.uuid4().hex[:8]}"
    database = Database.open(server.database)

    def prepare(tx: Any) -> str:
        experiment = experiments.ensure(tx, "ws", "mine")
        for name in (job, foreign):
            row = JobRow("ws", name, "command", {}, "Running", experiment, name, created_at=1.0, attempt=1)
            jobs.insert(tx, row)
        attempts.insert(tx, "ws", job, 1, "/nowhere", token_hash(f"token-{job}"))
        return experiment

    own = database.write(prepare)
    run_script(
        "in_job.py",
        MLFLOW_TRACKING_TOKEN=f"token-{job}",
        MLFLOW_RUN_ID=job,
        MLFLOW_EXPERIMENT_ID=own,
        FOREIGN_RUN=foreign,
        OTHER_EXPERIMENT=f"{other}-{job}" if other else "",
    )

    def look(tx: Any) -> tuple[Any, Any, Any, Any]:
        run = runs.find(tx, "ws", job)
        assert run is not None
        data = runs.data_of(tx, [run])[run.key]
        return run, data, runs.children(tx, "ws", job), trees.list_(tx, "ws", f"runs/{job}")

    run, data, children, files = database.read(look)
    database.close()
    assert (run.status, run.reported_status) == ("Running", "FINISHED")
    assert {one.key: one.value for one in data.metrics} == {"Score": 0.5}
    assert [one.path for one in files] == ["a.txt"]
    assert len(children) == 3, "nested, second, and the one of the script that the script started"
    tags = {one.key: one.value for one in data.tags}
    assert tags.get("bancada.ignored_experiment") == (f"{other}-{job}" if other else None)
