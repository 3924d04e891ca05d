"""Runs over the raw protocol: life, logging, idempotence, histories, and what job and run share."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bancada.domain.tracking import Metric
from bancada.engine.tracking import Tracking
from bancada.ids import FixedClock
from bancada.store import events, jobs, runs
from bancada.store import tracking as of_runs
from bancada.store.database import Database

Submit = Callable[..., Any]


def metrics(client: Any, run_id: str) -> dict[str, Any]:
    return {one["key"]: one["value"] for one in client.read(run_id)["data"].get("metrics", [])}


def tags(client: Any, run_id: str) -> dict[str, str]:
    return {one["key"]: one["value"] for one in client.read(run_id)["data"].get("tags", [])}


def history(client: Any, run_id: str, key: str) -> list[tuple[int, Any]]:
    found = client.ok("metrics/get-history", "GET", run_id=run_id, metric_key=key)
    return [(one["step"], one["value"]) for one in found.get("metrics", [])]


# -------------------------------------------------------------------------------- life


def test_a_run_begins_is_named_and_ends(client: Any) -> None:
    made = client.ok(
        "runs/create", experiment_id="0", start_time="1700000000123", user_id="ana", tags=[{"key": "k", "value": "v"}]
    )
    info = made["run"]["info"]
    assert info["status"] == "RUNNING"
    assert info["run_id"] == info["run_uuid"]
    assert len(info["run_id"]) == 32
    assert info["start_time"] == 1700000000123
    assert info["artifact_uri"] == f"mlflow-artifacts:/runs/{info['run_id']}/artifacts"
    assert info["lifecycle_stage"] == "active"
    assert info["user_id"] == "ana"
    assert info["run_name"].count("-") == 2
    assert tags(client, info["run_id"]) == {"k": "v", "mlflow.runName": info["run_name"]}
    ended = client.ok("runs/update", run_id=info["run_id"], status="FINISHED", end_time=1700000005000, run_name="done")
    assert (ended["run_info"]["status"], ended["run_info"]["end_time"]) == ("FINISHED", 1700000005000)
    assert tags(client, info["run_id"])["mlflow.runName"] == "done"
    client.ok("runs/set-tag", run_id=info["run_id"], key="mlflow.runName", value="again")
    assert client.read(info["run_id"])["info"]["run_name"] == "again"


def test_name_and_name_tag_must_agree(client: Any) -> None:
    tag = [{"key": "mlflow.runName", "value": "b"}]
    assert client.post("runs/create", experiment_id="0", run_name="a", tags=tag).error == (
        400,
        "INVALID_PARAMETER_VALUE",
    )
    made = client.ok("runs/create", experiment_id="0", tags=tag)
    assert made["run"]["info"]["run_name"] == "b"


def test_an_unknown_experiment_or_run_is_404(client: Any) -> None:
    assert client.post("runs/create", experiment_id="77").error == (404, "RESOURCE_DOES_NOT_EXIST")
    assert client.get("runs/get", run_id="nope").error == (404, "RESOURCE_DOES_NOT_EXIST")
    assert client.get("runs/get").error == (400, "INVALID_PARAMETER_VALUE")
    assert client.post("runs/log-metric", run_id="nope", key="a", value=1, timestamp=1).status == 404


def test_a_deleted_run_takes_nothing_until_it_is_restored(client: Any) -> None:
    run = client.run()
    client.ok("runs/delete", run_id=run)
    assert client.read(run)["info"]["lifecycle_stage"] == "deleted"
    refused = client.post("runs/log-metric", run_id=run, key="a", value=1, timestamp=1)
    assert refused.error == (400, "INVALID_PARAMETER_VALUE")
    assert client.ok("runs/search", experiment_ids=["0"]).get("runs", []) == []
    assert len(client.ok("runs/search", experiment_ids=["0"], run_view_type="DELETED_ONLY")["runs"]) == 1
    client.ok("runs/restore", run_id=run)
    client.ok("runs/log-metric", run_id=run, key="a", value=1, timestamp=1)


# -------------------------------------------------------------------------------- logging


def test_a_point_that_is_sent_twice_is_stored_once(client: Any) -> None:
    run = client.run()
    point = {"run_id": run, "key": "loss", "value": 0.5, "timestamp": 1700000000000, "step": 3}
    for _ in range(3):
        client.ok("runs/log-metric", **point)
    client.ok("runs/log-metric", **{**point, "value": 0.25})
    client.ok(
        "runs/log-batch", run_id=run, metrics=[{key: point[key] for key in ("key", "value", "timestamp", "step")}]
    )
    assert history(client, run, "loss") == [(3, 0.25), (3, 0.5)]


def test_the_latest_value_has_the_greatest_step_then_time_then_value(client: Any) -> None:
    run = client.run()
    for step, timestamp, value in [(5, 10, 1.0), (4, 99, 9.0), (5, 10, 2.0), (5, 9, 8.0)]:
        client.ok("runs/log-metric", run_id=run, key="a", value=value, timestamp=timestamp, step=step)
    assert metrics(client, run) == {"a": 2.0}


@pytest.mark.parametrize("sent", ["NaN", "Infinity", "-Infinity"])
def test_what_json_cannot_say_comes_back_as_it_went_in(client: Any, sent: str) -> None:
    run = client.run()
    client.ok("runs/log-metric", run_id=run, key="a", value=sent, timestamp=1)
    client.ok("runs/log-batch", run_id=run, metrics=[{"key": "b", "value": sent, "timestamp": "1", "step": "2"}])
    assert metrics(client, run) == {"a": sent, "b": sent}
    assert history(client, run, "b") == [(2, sent)]
    literal = json.dumps({"run_id": run, "key": "c", "value": float(sent), "timestamp": 1}).encode()
    kind = {"content-type": "application/json"}
    assert client.request("POST", "/api/2.0/mlflow/runs/log-metric", content=literal, headers=kind).status == 200
    assert metrics(client, run)["c"] == sent


def test_params_never_change(client: Any) -> None:
    run = client.run()
    client.ok("runs/log-parameter", run_id=run, key="p", value="1")
    client.ok("runs/log-parameter", run_id=run, key="p", value="1")
    assert client.post("runs/log-parameter", run_id=run, key="p", value="2").error == (400, "INVALID_PARAMETER_VALUE")
    batch = {"params": [{"key": "p", "value": "3"}], "metrics": [{"key": "m", "value": 1, "timestamp": 1}]}
    assert client.post("runs/log-batch", run_id=run, **batch).status == 400
    assert metrics(client, run) == {}, "a refused batch leaves nothing"
    client.ok("runs/log-parameter", run_id=run, key="empty", value="")
    assert client.read(run)["data"]["params"] == [{"key": "empty", "value": ""}, {"key": "p", "value": "1"}]


def test_a_batch_of_a_thousand_points(client: Any) -> None:
    run = client.run()
    points = [
        {"key": f"k{number % 7}", "value": number / 10, "timestamp": number, "step": number} for number in range(1000)
    ]
    client.ok("runs/log-batch", run_id=run, metrics=points)
    client.ok("runs/log-batch", run_id=run, metrics=points)
    assert sum(len(history(client, run, f"k{key}")) for key in range(7)) == 1000
    assert metrics(client, run)["k5"] == 99.9, "the last of every seventh, 999 / 10"
    assert client.post("runs/log-batch", run_id=run, metrics=[*points, points[0]]).status == 400


def test_bad_requests_say_which_field(client: Any) -> None:
    run = client.run()
    refused = client.post("runs/log-metric", run_id=run, key="a", timestamp=1)
    assert refused.json["message"].startswith("Missing value for required parameter 'value'")
    refused = client.post(
        "runs/log-batch", run_id=run, metrics=[{"key": "a", "value": 1, "timestamp": 1}, {"key": "b"}]
    )
    assert "metrics[1].value" in refused.json["message"]
    assert client.post("runs/log-metric", run_id=run, key="../a", value=1, timestamp=1).status == 400
    assert client.post("runs/update", run_id=run, status="DONE").status == 400


def test_tags_are_set_and_deleted(client: Any) -> None:
    run = client.run()
    client.ok("runs/set-tag", run_id=run, key="a", value="1")
    client.ok("runs/log-batch", run_id=run, tags=[{"key": "a", "value": "2"}, {"key": "b", "value": "x"}])
    assert {key: tags(client, run)[key] for key in "ab"} == {"a": "2", "b": "x"}
    client.ok("runs/delete-tag", run_id=run, key="a")
    assert client.post("runs/delete-tag", run_id=run, key="a").error == (404, "RESOURCE_DOES_NOT_EXIST")


def test_mlflow_2_keeps_models_in_a_tag(client: Any) -> None:
    run = client.run()
    model = {
        "artifact_path": "m",
        "run_id": run,
        "utc_time_created": "now",
        "flavors": {"sklearn": {"pickled_model": "model.pkl", "config": {"big": 1}}},
        "signature": {"inputs": "[]"},
    }
    client.ok("runs/log-model", run_id=run, model_json=json.dumps(model))
    client.ok("runs/log-model", run_id=run, model_json=json.dumps({**model, "artifact_path": "n"}))
    noted = json.loads(tags(client, run)["mlflow.log-model.history"])
    assert [one["artifact_path"] for one in noted] == ["m", "n"]
    assert noted[0]["flavors"] == {"sklearn": {"pickled_model": "model.pkl"}}
    assert client.post("runs/log-model", run_id=run, model_json="{").status == 400
    assert client.post("runs/log-model", run_id=run, model_json="{}").status == 400


def test_data_sets_are_noted_once_with_their_context(client: Any) -> None:
    run = client.run()
    dataset = {"name": "iris", "digest": "d1", "source_type": "local", "source": "{}", "schema": "{}"}
    given = [{"tags": [{"key": "mlflow.data.context", "value": "train"}], "dataset": dataset}]
    client.ok("runs/log-inputs", run_id=run, datasets=given)
    client.ok("runs/log-inputs", run_id=run, datasets=given)
    client.ok("runs/log-inputs", run_id=run, models=[{"model_id": "m-1"}])
    client.ok("runs/outputs", run_id=run, models=[{"model_id": "m-2", "step": 4}])
    shown = client.read(run)
    assert shown["inputs"]["dataset_inputs"] == [{"tags": given[0]["tags"], "dataset": dataset}]
    assert shown["inputs"]["model_inputs"] == [{"model_id": "m-1"}]
    assert shown["outputs"]["model_outputs"] == [{"model_id": "m-2", "step": 4}]
    summaries = client.ok("experiments/search-datasets", experiment_ids=["0"])["dataset_summaries"]
    assert summaries == [{"experiment_id": "0", "name": "iris", "digest": "d1", "context": "train"}]
    assert client.post("runs/log-inputs", run_id=run, datasets=[{"dataset": {"name": "x"}}]).status == 400
    for tag in ({"key": "k" * 256, "value": "v"}, {"key": "k", "value": "v" * 501}):
        assert client.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": [tag]}]).status == 400


# -------------------------------------------------------------------------------- histories


def test_a_long_history_comes_in_pages(client: Any) -> None:
    run = client.run()
    for start in range(0, 3000, 1000):
        points = [
            {"key": "a", "value": float(step), "timestamp": step, "step": step} for step in range(start, start + 1000)
        ]
        client.ok("runs/log-batch", run_id=run, metrics=points)
    seen: list[int] = []
    token = ""
    while True:
        page = client.ok("metrics/get-history", "GET", run_id=run, metric_key="a", max_results=700, page_token=token)
        seen += [one["step"] for one in page["metrics"]]
        token = page.get("next_page_token", "")
        if not token:
            break
    assert seen == list(range(3000))
    assert client.ok("metrics/get-history", "GET", run_id=run, metric_key="none") == {"metrics": []}


def test_a_history_is_in_the_order_of_time_also_over_pages(client: Any) -> None:
    run = client.run()
    # Steps 0 to 9, and from a checkpoint 5 to 14 again, later.
    logged = [(step, step) for step in range(10)] + [(step, 95 + step) for step in range(5, 15)]
    points = [{"key": "a", "value": float(time), "timestamp": time, "step": step} for step, time in logged]
    client.ok("runs/log-batch", run_id=run, metrics=points[::-1])
    assert [step for step, _ in history(client, run, "a")] == [step for step, _ in logged]
    seen, token = [], ""
    while True:
        page = client.ok("metrics/get-history", "GET", run_id=run, metric_key="a", max_results=3, page_token=token)
        seen += [(one["step"], one["timestamp"]) for one in page["metrics"]]
        token = page.get("next_page_token", "")
        if not token:
            break
    assert seen == logged
    bulk = client.ok("metrics/get-history-bulk", "GET", run_id=[run], metric_key="a", max_results=12)["metrics"]
    assert [(one["step"], one["timestamp"]) for one in bulk] == logged[:12]


def test_a_chart_gets_the_same_steps_of_every_run(client: Any) -> None:
    first, second = client.run(), client.run()
    for run, count in ((first, 1000), (second, 400)):
        points = [{"key": "a", "value": float(step), "timestamp": step, "step": step} for step in range(count)]
        client.ok("runs/log-batch", run_id=run, metrics=points)
    found = client.ok(
        "metrics/get-history-bulk-interval", "GET", run_ids=[first, second], metric_key="a", max_results=10
    )["metrics"]
    steps = {run: [one["step"] for one in found if one["run_id"] == run] for run in (first, second)}
    assert steps[first] == [0, 100, 200, 300, 399, 400, 500, 600, 700, 800, 900, 999]
    assert steps[second] == [0, 100, 200, 300, 399]
    some = client.ok(
        "metrics/get-history-bulk-interval", "GET", run_ids=[first], metric_key="a", start_step=5, end_step=8
    )["metrics"]
    assert [one["step"] for one in some] == [5, 6, 7, 8]
    bad = client.get("metrics/get-history-bulk-interval", run_ids=[first], metric_key="a", start_step=5)
    assert bad.error == (400, "INVALID_PARAMETER_VALUE")
    bulk = client.ok("metrics/get-history-bulk", "GET", run_id=[second, first], metric_key="a", max_results=450)
    assert len(bulk["metrics"]) == 450


def test_a_chart_of_uneven_and_of_single_steps(client: Any) -> None:
    run = client.run()
    points = [{"key": "a", "value": 1.0, "timestamp": number, "step": 0} for number in range(50)]
    points += [{"key": "a", "value": 2.0, "timestamp": 99, "step": 10**12}]
    client.ok("runs/log-batch", run_id=run, metrics=points)
    found = client.ok("metrics/get-history-bulk-interval", "GET", run_ids=[run], metric_key="a", max_results=5)
    assert {one["step"] for one in found["metrics"]} == {0, 10**12}
    assert len(found["metrics"]) == 51


# -------------------------------------------------------------------------------- a job is a run


def test_a_script_in_a_job_resumes_the_jobs_run(client: Any, submit: Submit, database: Database) -> None:
    job = submit("epic_queen_1")
    assert job.read("epic_queen_1")["info"]["status"] == "RUNNING"
    job.ok("runs/update", run_id="epic_queen_1", status="RUNNING", run_name=None)
    job.ok("runs/log-metric", run_id="epic_queen_1", key="Score", value=0.9, timestamp=1)
    job.ok("runs/update", run_id="epic_queen_1", status="FINISHED", end_time=5)
    assert client.read("epic_queen_1")["info"]["status"] == "FINISHED"
    row = database.read(lambda tx: jobs.get(tx, "w", "epic_queen_1"))
    assert row is not None
    assert (row.status, row.reported_status) == ("Running", "FINISHED"), "only the worker moves a job"
    database.write(lambda tx: jobs.update(tx, replace(row, status="Failed"), row.revision))
    assert client.read("epic_queen_1")["info"]["status"] == "FAILED"
    found = client.ok("runs/search", experiment_ids=["0"], filter="attributes.status = 'FAILED'")["runs"]
    assert [one["info"]["run_id"] for one in found] == ["epic_queen_1"]


def test_runs_that_a_script_makes_lie_under_its_job(client: Any, submit: Submit, database: Database) -> None:
    job = submit("parent")
    nested = job.run(tags=[{"key": "mlflow.parentRunId", "value": "parent"}])
    second = job.run()
    deeper = job.run(tags=[{"key": "mlflow.parentRunId", "value": nested}])
    job.ok("runs/log-metric", run_id=deeper, key="a", value=1, timestamp=1)
    assert tags(client, deeper)["mlflow.parentRunId"] == nested
    children = database.read(lambda tx: runs.children(tx, "w", "parent"))
    assert [one.name for one in children] == [nested, second]
    found = client.ok("runs/search", experiment_ids=["0"], filter="tags.`mlflow.parentRunId` = 'parent'")["runs"]
    assert {one["info"]["run_id"] for one in found} == {nested, second}
    plain = client.run(tags=[{"key": "mlflow.parentRunId", "value": "elsewhere"}])
    assert tags(client, plain)["mlflow.parentRunId"] == "elsewhere"


def test_what_a_dead_jobs_script_began_can_be_ended(client: Any, submit: Submit, database: Database) -> None:
    job = submit("job")
    nested = job.run(tags=[{"key": "mlflow.parentRunId", "value": "job"}])
    deeper = job.run(tags=[{"key": "mlflow.parentRunId", "value": nested}])
    done = job.run()
    job.ok("runs/update", run_id=done, status="FINISHED", end_time=1)
    assert database.write(lambda tx: runs.close_below(tx, "w", "job", "Failed", now=9.0)) == 2
    statuses = [client.read(run)["info"]["status"] for run in ("job", nested, deeper, done)]
    assert statuses == ["RUNNING", "FAILED", "FAILED", "FINISHED"]
    assert client.read(nested)["info"]["end_time"] == 9000


def test_a_job_writes_to_its_own_runs_only(client: Any, submit: Submit) -> None:
    one, other, free = submit("one"), submit("other"), client.run()
    for run in ("other", free):
        refused = one.post("runs/log-metric", run_id=run, key="a", value=1, timestamp=1)
        assert refused.error == (403, "PERMISSION_DENIED")
        assert one.put(f"runs/{run}/artifacts/x", b"x").error == (403, "PERMISSION_DENIED")
    assert one.read("other")["info"]["run_id"] == "other", "reading is free"
    for path, fields in [
        ("experiments/delete", {"experiment_id": "0"}),
        ("registered-models/delete", {"name": "m"}),
    ]:
        assert one.post(path, "DELETE" if "models" in path else "POST", **fields).error == (403, "PERMISSION_DENIED")
    assert other.post("runs/log-metric", run_id="other", key="a", value=1, timestamp=1).status == 200


def test_a_stale_attempt_is_refused_at_once(submit: Submit) -> None:
    first = submit("job")
    first.ok("runs/log-metric", run_id="job", key="a", value=1, timestamp=1)
    second = submit("job", attempt=2)
    # The first token was just used, so who it belongs to is still remembered: the write itself must refuse.
    assert first.post("runs/log-metric", run_id="job", key="a", value=2, timestamp=2).error == (
        409,
        "RESOURCE_CONFLICT",
    )
    assert first.put("runs/job/artifacts/x", b"x").error == (409, "RESOURCE_CONFLICT")
    second.ok("runs/log-metric", run_id="job", key="a", value=3, timestamp=3)


def test_wrong_tokens_and_other_workspaces_are_refused(client: Any, submit: Submit, tracking: Tracking) -> None:
    job = submit("job")
    nobody = type(client)(client.app, token="wrong")
    assert nobody.get("runs/get", run_id="job").error == (401, "UNAUTHENTICATED")
    assert type(client)(client.app, token="").get("runs/get", run_id="job").status == 401
    job.workspace = "elsewhere"
    assert job.get("runs/get", run_id="job").error == (403, "PERMISSION_DENIED")
    basic = {"authorization": "Basic dXNlcjpvd25lci10b2tlbg=="}  # user:owner-token
    assert client.request("GET", "/api/2.0/mlflow/runs/get?run_id=job", headers=basic).status == 200


def test_the_jobs_experiment_wins_over_the_scripts(
    client: Any, submit: Submit, database: Database, clock: FixedClock
) -> None:
    mine = client.ok("experiments/create", name="mine")["experiment_id"]
    job = submit("job", experiment_id=mine)
    # What `set_experiment("other"); start_run()` sends when MLFLOW_RUN_ID is set.
    assert job.get("experiments/get-by-name", experiment_name="other").status == 404
    other = job.ok("experiments/create", name="other")["experiment_id"]
    assert job.read("job")["info"]["experiment_id"] == other, "the client compares this with what it looked up"
    assert client.read("job")["info"]["experiment_id"] == mine, "nobody else is told so"
    job.ok("runs/update", run_id="job", status="RUNNING")
    assert job.read("job")["info"]["experiment_id"] == mine
    assert tags(client, "job")["bancada.ignored_experiment"] == "other"
    warnings = [one for one in database.read(lambda tx: events.after(tx, 0, "w")) if one.what == "warning"]
    assert [(one.name, one.data["code"]) for one in warnings] == [("job", "experiment_clash")]
    assert "`other`" in warnings[0].data["message"]
    assert "`mine`" in warnings[0].data["message"]


def test_an_experiment_that_agrees_is_no_clash(client: Any, submit: Submit) -> None:
    mine = client.ok("experiments/create", name="mine")["experiment_id"]
    job = submit("job", experiment_id=mine)
    job.ok("experiments/get-by-name", "GET", experiment_name="mine")
    job.ok("runs/update", run_id="job", status="RUNNING")
    assert "bancada.ignored_experiment" not in tags(client, "job")


def test_listeners_hear_of_metrics_after_the_commit(client: Any, tracking: Tracking, database: Database) -> None:
    heard: list[tuple[str, str, tuple[str, ...]]] = []

    def listen(workspace: str, run: str, keys: tuple[str, ...]) -> None:
        heard.append((workspace, run, keys))
        raise RuntimeError("a listener's trouble is not the client's")

    tracking.on_metric.append(listen)
    run = client.run()
    client.ok("runs/log-metric", run_id=run, key="a", value=1, timestamp=1)
    batch = [{"key": key, "value": 1, "timestamp": 1} for key in ("a", "b", "a")]
    client.ok("runs/log-batch", run_id=run, metrics=batch, params=[{"key": "p", "value": "1"}])
    client.ok("runs/log-parameter", run_id=run, key="q", value="1")
    assert heard == [("w", run, ("a",)), ("w", run, ("a", "b"))]


def test_the_engine_reads_what_was_logged(client: Any, database: Database) -> None:
    run = client.run()
    database.write(lambda tx: of_runs.log_batch(tx, "w", run, metrics=[Metric("a", math.inf)], params={"p": "1"}))
    database.write(lambda tx: of_runs.set_tags(tx, "w", run, {"t": "x", "mlflow.runName": "named"}))
    found, params, tagged = database.read(lambda tx: of_runs.run_summary(tx, "w", run))
    assert (found, params, tagged) == ({"a": math.inf}, {"p": "1"}, {"t": "x", "mlflow.runName": "named"})
