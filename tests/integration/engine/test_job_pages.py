"""What a page of real jobs shows: phases, code, environment, texts, differences, and the table around them."""

from __future__ import annotations

import io

import pytest
from engine_bench import WORKSPACE

from bancada.domain.tracking import Metric
from bancada.engine.job_rows import TableQuery
from bancada.errors import AlreadyExists, Invalid, NotFound
from bancada.ml import load_job
from bancada.store import experiments, runs, tracking

WAIT = "import pathlib, time\nwhile not pathlib.Path('{}').exists():\n    time.sleep(0.02)\n"


def phases(bench, name):
    return bench.platform.job_sources.timeline(WORKSPACE, name)["phases"]


def test_a_job_that_waited_for_the_machine_says_so_afterwards(one_core_bench, tmp_path):
    bench, go = one_core_bench, tmp_path / "go"
    first = bench.submit(WAIT.format(go))
    bench.wait(first, "Running")
    second = bench.submit("print(1)")
    bench.until(lambda: bench.job(second).get("status_reason"), bool)
    told = bench.platform.job_sources.timeline(WORKSPACE, second)
    assert told["queue_position"] == 1
    assert told["phases"][-1]["reason"] == "all 1 cores of this machine are busy"
    rows = bench.platform.job_tables.rows(WORKSPACE, TableQuery(filter="status = 'Queued'"))
    assert [(one["name"], one["queue_position"]) for one in rows["items"]] == [(second, 1)]
    go.touch()
    bench.wait(second, "Completed")
    found = phases(bench, second)
    assert [one["phase"] for one in found if one["phase"] != "Preparing"][-4:] == [
        "Queued",
        "Staging",
        "Running",
        "Finalizing",
    ]
    assert "all 1 cores of this machine are busy" in [one.get("reason") for one in found]
    assert all("ended_at" in one and one["seconds"] >= 0 for one in found)
    ended = [one["ended_at"] for one in found]
    assert ended[:-1] == [one["started_at"] for one in found[1:]]
    assert ended[-1] == bench.job(second)["ended_at"]


def test_an_ended_job_tells_what_it_used(bench):
    name = bench.submit("print(sum(range(10**6)))\n")
    bench.wait(name, "Completed")
    used = bench.platform.job_sources.timeline(WORKSPACE, name)["used"]
    assert used["cpu_seconds"] > 0
    assert used["wall_seconds"] > 0
    assert used["peak_memory_bytes"] > 1_000_000


def test_an_archived_job_says_that_it_is(bench):
    name = bench.submit("print(1)")
    bench.wait(name, "Completed")
    assert "archived" not in bench.job(name)
    bench.platform.jobs.archive(WORKSPACE, name, True, "me")
    assert bench.job(name)["archived"] is True


def test_code_environment_and_texts_are_those_of_the_job(bench):
    name = bench.submit("print(1)\n", display_name="shown", tags={"team": "blue"}, inputs={"n": 3})
    bench.wait(name, "Completed")
    sources = bench.platform.job_sources
    assert sources.code(WORKSPACE, name) == {"items": [{"path": "a.py", "size": 9}]}
    assert sources.code_file(WORKSPACE, name, "a.py").read_text() == "print(1)\n"
    with pytest.raises(NotFound, match=r"a\.py"):
        sources.code_file(WORKSPACE, name, "b.py")
    environment = sources.environment(WORKSPACE, name)
    assert environment["state"] == "ready"
    assert environment["reference"].startswith("azureml:minimal:")
    assert environment["python"].startswith("3.")
    assert environment["size_bytes"] > 0
    written = {"automl.best_score": "0.9", "automl_best_child_run_id": "x", "bancada.ignored_experiment": "y"}
    bench.core.db.write(lambda tx: tracking.set_tags(tx, WORKSPACE, name, written))
    job = load_job(io.StringIO(sources.specification(WORKSPACE, name)["yaml"]))
    again = bench.platform.jobs.submit(WORKSPACE, job.document(read_only=False), "owner").body
    assert (again["display_name"], again["inputs"], again["tags"]) == ("shown", {"n": 3}, {"team": "blue"})
    bench.wait(again["name"], "Completed")


def test_a_trial_and_its_sweep_are_told_apart(bench):
    sweep = {
        "type": "sweep",
        "trial": {
            "command": "python a.py ${{search_space.depth}}",
            "code": bench.upload({"a.py": "print(1)"}),
            "environment": "azureml:minimal@latest",
        },
        "search_space": {"depth": {"type": "choice", "values": [1, 2]}},
        "sampling_algorithm": "grid",
        "objective": {"goal": "maximize", "primary_metric": "Score"},
        "limits": {"max_total_trials": 2, "max_concurrent_trials": 1},
        "early_termination": {"type": "median_stopping", "evaluation_interval": 1},
    }
    name = str(bench.platform.jobs.submit(WORKSPACE, sweep, "owner").body["name"])
    bench.wait(name)
    tables, sources = bench.platform.job_tables, bench.platform.job_sources
    [row] = tables.rows(WORKSPACE, TableQuery())["items"]
    assert (row["name"], row["type"], row["children"]) == (name, "sweep", 2)
    trials = tables.rows(WORKSPACE, TableQuery(parent=name, order_by="name"))["items"]
    assert [(one["name"], one["parent_job_name"], one["children"]) for one in trials] == [
        (f"{name}_0", name, 0),
        (f"{name}_1", name, 0),
    ]
    assert tables.rows(WORKSPACE, TableQuery(scope="all"))["total"] == 3
    of_sweep = load_job(io.StringIO(sources.specification(WORKSPACE, name)["yaml"]))
    assert of_sweep.search_space["depth"].values == [1, 2]
    of_trial = load_job(io.StringIO(sources.specification(WORKSPACE, f"{name}_0")["yaml"]))
    assert (of_trial.type, of_trial.parent_job_name, of_trial.tags) == ("command", None, {})
    again = bench.platform.jobs.submit(WORKSPACE, of_trial.document(read_only=False), "owner").body["name"]
    assert bench.wait(again)["status"] == "Completed"
    assert phases(bench, name)[-1]["phase"] == "Running"
    assert sources.code(WORKSPACE, name) == sources.code(WORKSPACE, f"{name}_1")


def test_a_run_that_no_job_made_has_its_page(bench):
    def make(tx):
        experiment = experiments.ensure(tx, WORKSPACE, "plain")
        fields = {"display_name": "plain one", "user_name": "ana", "parent": None, "start": 5.0, "now": 6.0}
        runs.create_plain(tx, WORKSPACE, name="run1", experiment_id=experiment, **fields)

    bench.core.db.write(make)
    [row] = bench.platform.job_tables.rows(WORKSPACE, TableQuery(filter="type = 'base'"))["items"]
    assert (row["name"], row["experiment_name"], row["status"]) == ("run1", "plain", "Running")
    assert row["started_at"] == "1970-01-01T00:00:05.000000Z"
    assert [one["phase"] for one in phases(bench, "run1")] == ["Running"]
    sources = bench.platform.job_sources
    assert sources.code(WORKSPACE, "run1") == {"items": []}
    assert sources.environment(WORKSPACE, "run1")["state"] == "absent"
    assert sources.difference(WORKSPACE, "run1", "run1")["code"] == []
    with pytest.raises(Invalid, match="no job made"):
        sources.specification(WORKSPACE, "run1")


def test_two_jobs_differ_in_what_was_changed(bench):
    one = bench.submit("x = 1\n", inputs={"n": 1, "m": 1})
    two = bench.submit("x = 2\n", inputs={"n": 2, "m": 1}, limits={"timeout": 60})
    found = bench.platform.job_sources.difference(WORKSPACE, one, two)
    assert found["spec"] == [{"path": "limits.timeout", "to": 60}]
    assert found["inputs"] == [{"path": "n", "from": 1, "to": 2}]
    assert [(change["path"], change["change"]) for change in found["code"]] == [("a.py", "changed")]
    assert "-x = 1\n+x = 2\n" in found["code"][0]["diff"]
    assert (found["params"], found["packages"]) == ([], [])
    with pytest.raises(NotFound):
        bench.platform.job_sources.difference(WORKSPACE, one, "none")


def test_a_tag_of_null_goes_and_the_others_stay(bench):
    name = bench.submit("print(1)", tags={"a": "1", "b": "2"})
    bench.platform.jobs.update(WORKSPACE, name, {"tags": {"a": None, "c": 3}}, "owner")
    assert bench.job(name)["tags"] == {"b": "2", "c": "3"}
    bench.platform.jobs.update(WORKSPACE, name, {"tags": {"a": None}}, "owner")
    assert bench.job(name)["tags"] == {"b": "2", "c": "3"}


def test_a_description_is_found_and_shown_to_mlflow(bench):
    name = bench.submit("print(1)", description="Lighthouse")
    other = bench.submit("print(1)")
    bench.platform.jobs.update(WORKSPACE, other, {"description": "A dark house"}, "owner")

    def found(words):
        rows = bench.platform.job_tables.rows(WORKSPACE, TableQuery(search=words))["items"]
        return {one["name"] for one in rows}

    assert found("lighthouse") == {name}
    assert found("house") == {name, other}
    assert found("dark house") == {other}


def test_the_table_fills_in_only_the_columns_asked_for_and_compares_all(bench):
    one, two = bench.submit("print(1)"), bench.submit("print(1)")
    for name, value in ((one, 1.0), (two, 2.0)):
        metrics = [Metric("acc", value, 1, 0), Metric("same", 1.0, 1, 0)]
        bench.core.db.write(
            lambda tx, name=name, metrics=metrics: tracking.log_batch(
                tx, WORKSPACE, name, metrics=metrics, params={"lr": name}, tags={"t": "x"}
            )
        )
    query = TableQuery(filter="metrics.acc > 0", order_by="metrics.acc DESC", columns=["metrics.acc", "tags.t"])
    found = bench.platform.job_tables.rows(WORKSPACE, query)
    assert (found["total"], found["offset"]) == (2, 0)
    assert [(row["name"], row["metrics"], row["params"], row["tags"]) for row in found["items"]] == [
        (two, {"acc": 2.0}, {}, {"t": "x"}),
        (one, {"acc": 1.0}, {}, {"t": "x"}),
    ]
    compared = bench.platform.job_tables.compare(WORKSPACE, [one, two])
    assert compared["differing"] == {"params": ["lr"], "metrics": ["acc"], "tags": []}
    assert [row["name"] for row in compared["jobs"]] == [one, two]
    assert compared["jobs"][0]["params"] == {"lr": one}
    columns = bench.platform.job_tables.columns(WORKSPACE, "a")
    assert columns["metrics"] == [{"key": "acc", "runs": 2}, {"key": "same", "runs": 2}]
    assert columns["total"] == {"metrics": 2, "params": 0, "tags": 0}
    assert [row["key"] for row in bench.platform.charts.metrics(WORKSPACE, one)["items"]] == ["acc", "same"]


@pytest.mark.parametrize(
    "query",
    [
        TableQuery(filter="metrics.acc >"),
        TableQuery(filter="nothing.acc > 1"),
        TableQuery(order_by="metrics.acc SIDEWAYS"),
        # So many keys ended the whole server.
        TableQuery(order_by=",".join(f"metrics.m{at}" for at in range(40))),
        TableQuery(filter=" AND ".join(["metrics.m > 0"] * 2000)),
        TableQuery(columns=["acc"]),
    ],
)
def test_what_cannot_be_read_is_refused(bench, query):
    with pytest.raises(Invalid):
        bench.platform.job_tables.rows(WORKSPACE, query)


def test_words_of_the_address_are_no_names_of_jobs(bench):
    with pytest.raises(Invalid, match="rows"):
        bench.submit("print(1)", name="rows")
    name = bench.submit("print(1)", name="row")
    with pytest.raises(AlreadyExists):
        bench.submit("print(1)", name=name)
