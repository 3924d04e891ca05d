"""Logged models and the registry over the raw protocol; a registered model is a model of ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bancada.ids import FixedClock
from bancada.store import events, logged_models, registry, resources, trees
from bancada.store.artifacts import ArtifactStore
from bancada.store.database import Database

Submit = Callable[..., Any]


def logged(client: Any, **fields: Any) -> dict[str, Any]:
    return client.ok("logged-models", **{"experiment_id": "0", "name": "m", **fields})["model"]


# -------------------------------------------------------------------------------- logged models


def test_a_logged_model_is_made_uploaded_and_ready(client: Any) -> None:
    run = client.run()
    made = logged(client, source_run_id=run, model_type="sklearn", params=[{"key": "p", "value": "1"}])
    model_id = made["info"]["model_id"]
    assert model_id.startswith("m-")
    assert len(model_id) == 34
    assert made["info"]["status"] == "LOGGED_MODEL_PENDING"
    assert made["info"]["artifact_uri"] == f"mlflow-artifacts:/logged-models/{model_id}/artifacts"
    assert client.put(f"logged-models/{model_id}/artifacts/MLmodel", b"flavors: {}").status == 200
    done = client.ok(f"logged-models/{model_id}", "PATCH", model_id=model_id, status="LOGGED_MODEL_READY")["model"]
    assert done["info"]["status"] == "LOGGED_MODEL_READY"
    client.ok(f"logged-models/{model_id}/tags", "PATCH", tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    client.ok(f"logged-models/{model_id}/tags/a", "DELETE")
    client.ok(f"logged-models/{model_id}/params", params=[{"key": "q", "value": "2"}])
    shown = client.ok(f"logged-models/{model_id}", "GET")["model"]
    assert shown["info"]["tags"] == [{"key": "b", "value": "2"}]
    assert shown["data"]["params"] == [{"key": "p", "value": "1"}, {"key": "q", "value": "2"}]
    listed = client.ok(f"logged-models/{model_id}/artifacts/directories", "GET")
    assert listed["files"] == [{"path": "MLmodel", "is_dir": False, "file_size": 11}]
    file = client.request(
        "GET", f"/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files?artifact_file_path=MLmodel"
    )
    assert file.body == b"flavors: {}"
    client.ok(f"logged-models/{model_id}", "DELETE")
    assert client.get(f"logged-models/{model_id}").error == (404, "RESOURCE_DOES_NOT_EXIST")
    assert client.ok(f"logged-models/{model_id}", "GET", allow_deleted="true")["model"]
    assert client.post("logged-models", experiment_id="0", name="a/b").error == (400, "INVALID_PARAMETER_VALUE")


def test_logged_models_are_searched_by_metric_and_data_set(client: Any, clock: FixedClock) -> None:
    run = client.run()
    made: list[str] = []
    for number in range(3):
        clock.advance(1)
        made.append(logged(client, name=f"m{number}", source_run_id=run)["info"]["model_id"])
        for digest, value in (("d1", number), ("d2", -number)):
            point = {"key": "f1", "value": value, "timestamp": 1, "step": 1}
            client.ok(
                "runs/log-metric", run_id=run, model_id=made[-1], dataset_name="iris", dataset_digest=digest, **point
            )

    def find(**fields: Any) -> list[str]:
        found = client.ok("logged-models/search", experiment_ids=["0"], **fields)
        return [one["info"]["name"] for one in found.get("models", [])]

    assert find() == ["m2", "m1", "m0"]
    assert find(filter="metrics.f1 > 1") == ["m2"]
    assert find(filter="name IN ('m0', 'm1') AND creation_timestamp > 5") == ["m1", "m0"]
    on_d2 = [{"dataset_name": "iris", "dataset_digest": "d2"}]
    assert find(filter="metrics.f1 < 0", datasets=on_d2) == ["m2", "m1"]
    assert find(datasets=[{"dataset_name": "other"}]) == []
    by = {"field_name": "metrics.f1", "ascending": True, "dataset_name": "iris", "dataset_digest": "d1"}
    assert find(order_by=[by]) == ["m0", "m1", "m2"]
    assert find(order_by=[{"field_name": "name", "ascending": True}]) == ["m0", "m1", "m2"]
    assert find(filter="model_type != 'x' AND name != 'm1'") == ["m2", "m0"], "no type is another type"
    page = client.ok("logged-models/search", experiment_ids=["0"], max_results=2)
    rest = client.ok("logged-models/search", experiment_ids=["0"], max_results=2, page_token=page["next_page_token"])
    assert [len(page["models"]), len(rest["models"])] == [2, 1]
    shown = client.ok(f"logged-models/{made[2]}", "GET")["model"]["data"]["metrics"]
    assert {(one["dataset_digest"], one["value"], one["run_id"]) for one in shown} == {
        ("d1", 2.0, run),
        ("d2", -2.0, run),
    }
    bad = client.post("logged-models/search", experiment_ids=["0"], order_by=[{"field_name": "params.x"}])
    assert bad.error == (400, "INVALID_PARAMETER_VALUE")


def test_a_script_finds_the_model_that_its_run_made(client: Any, submit: Submit, database: Database) -> None:
    job, other = submit("job"), submit("other")
    made = logged(job, name="model")["info"]
    assert made["source_run_id"] == "job", "outside of a run it belongs to the job"
    assert other.put(f"logged-models/{made['model_id']}/artifacts/x", b"x").error == (403, "PERMISSION_DENIED")
    assert job.put(f"logged-models/{made['model_id']}/artifacts/x", b"x").status == 200
    assert database.read(lambda tx: logged_models.newest_named(tx, "w", "job", "model")) == made["model_id"]
    assert database.read(lambda tx: logged_models.newest_named(tx, "w", "job", "none")) is None


# -------------------------------------------------------------------------------- registry


def test_a_prompt_is_refused_as_what_is_not_there(client: Any) -> None:
    prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    assert client.post("registered-models/create", name="p", tags=prompt).error == (404, "ENDPOINT_NOT_FOUND")
    plain = [{"key": "mlflow.prompt.is_prompt", "value": "false"}]
    client.ok("registered-models/create", name="p", tags=plain)


def upload_model(client: Any, run: str, path: str = "forest") -> None:
    for name, content in (("MLmodel", b"flavors: {}"), ("model.pkl", b"pickle"), ("data/x.txt", b"x")):
        assert client.put(f"runs/{run}/artifacts/{path}/{name}", content).status == 200


def test_a_registered_version_is_a_model_of_ours(
    client: Any, submit: Submit, database: Database, tmp_path: Any
) -> None:
    job = submit("job")
    upload_model(job, "job")
    job.ok("registered-models/create", name="heart")
    assert job.post("registered-models/create", name="heart").error == (400, "RESOURCE_ALREADY_EXISTS")
    uri = "mlflow-artifacts:/runs/job/artifacts/forest"
    made = job.ok("model-versions/create", name="heart", source=uri, run_id="job", tags=[{"key": "t", "value": "1"}])
    version = made["model_version"]
    assert (version["version"], version["status"], version["current_stage"]) == ("1", "READY", "None")
    assert (version["source"], version["run_id"]) == (uri, "job")
    row = database.read(lambda tx: resources.get(tx, "w", "models", "heart", "1"))
    assert row is not None
    assert row.doc["type"] == "mlflow_model"
    assert row.doc["path"] == "azureml://jobs/job/outputs/artifacts/paths/forest"
    assert row.doc["job_name"] == "job"
    assert row.doc["tags"] == {"t": "1"}
    assert row.doc["properties"] == {"bancada.folder": "forest"}
    files = database.read(lambda tx: trees.walk(tx, "w", "models/heart/1"))
    assert [one.path for one in files] == ["MLmodel", "data/x.txt", "model.pkl"]
    assert ArtifactStore(tmp_path).path("w", files[0].digest).read_bytes() == b"flavors: {}"
    happened = [(one.kind, one.name, one.what) for one in database.read(lambda tx: events.after(tx, 0, "w"))]
    assert ("models", "heart", "created") in happened
    place = client.ok("model-versions/get-download-uri", "GET", name="heart", version="1")["artifact_uri"]
    assert place == "mlflow-artifacts:/models/heart/1"
    listed = client.request("GET", "/api/2.0/mlflow-artifacts/artifacts?path=models/heart/1").json["files"]
    assert [one["path"] for one in listed] == ["MLmodel", "data", "model.pkl"]
    assert job.put("models/heart/1/MLmodel", b"changed").error == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize(
    "source",
    [
        "runs:/{run}/forest",
        "mlflow-artifacts:/runs/{run}/artifacts/forest",
        "mlflow-artifacts://127.0.0.1:7280/runs/{run}/artifacts/forest",
        "http://127.0.0.1:7280/mlflow/w/api/2.0/mlflow-artifacts/artifacts/runs/{run}/artifacts/forest",
        "models:/first/1",
        "models:/first@best",
        "models:/{model_id}",
        "runs:/{run}/logged",
    ],
)
def test_versions_are_made_from_every_kind_of_source(client: Any, database: Database, source: str) -> None:
    run = client.run()
    upload_model(client, run)
    model_id = logged(client, name="logged", source_run_id=run)["info"]["model_id"]
    client.put(f"logged-models/{model_id}/artifacts/MLmodel", b"flavors: {}")
    client.put(f"logged-models/{model_id}/artifacts/model.pkl", b"pickle")
    client.ok(f"logged-models/{model_id}", "PATCH", status="LOGGED_MODEL_READY")
    client.ok("registered-models/create", name="first")
    client.ok("model-versions/create", name="first", source=f"runs:/{run}/forest")
    client.ok("registered-models/alias", name="first", alias="best", version="1")
    client.ok("registered-models/create", name="heart")
    made = client.ok("model-versions/create", name="heart", source=source.format(run=run, model_id=model_id))
    assert made["model_version"]["run_id"] == run
    paths = [one.path for one in database.read(lambda tx: trees.walk(tx, "w", "models/heart/1"))]
    assert {"MLmodel", "model.pkl"} <= set(paths)
    row = database.read(lambda tx: resources.get(tx, "w", "models", "heart", "1"))
    assert row is not None
    is_logged = "logged" in source or "model_id" in source
    assert row.doc["properties"]["bancada.folder"] == ("logged" if is_logged else "forest")
    if "model_id" in source:
        tags = client.ok(f"logged-models/{model_id}", "GET")["model"]["info"]["tags"]
        noted = {one["key"]: one["value"] for one in tags}["mlflow.modelVersions"]
        assert json.loads(noted) == [{"name": "heart", "version": "1"}]


@pytest.mark.parametrize(
    "source", ["/etc/passwd", "file:///etc/passwd", "./model", "mlflow-artifacts:/runs/../../x", "s3:/b/../x"]
)
def test_a_source_that_leads_elsewhere_on_the_machine_is_refused(client: Any, source: str) -> None:
    client.ok("registered-models/create", name="heart")
    refused = client.post("model-versions/create", name="heart", source=source)
    assert refused.error == (400, "INVALID_PARAMETER_VALUE")


def test_sources_that_do_not_exist_are_404_and_far_ones_are_kept(client: Any) -> None:
    client.ok("registered-models/create", name="heart")
    for source in ("runs:/nope/x", "models:/m-1", "models:/nope/1"):
        assert client.post("model-versions/create", name="heart", source=source).status == 404
    client.ok("model-versions/create", name="heart", source="s3://bucket/model")
    place = client.ok("model-versions/get-download-uri", "GET", name="heart", version="1")
    assert place == {"artifact_uri": "s3://bucket/model"}
    assert client.post("model-versions/create", name="unknown", source="s3://b/m").status == 404


def test_names_have_tags_descriptions_aliases_and_new_names(client: Any, database: Database) -> None:
    client.ok("registered-models/create", name="a", description="first", tags=[{"key": "k", "value": "v"}])
    client.ok("model-versions/create", name="a", source="s3://b/1")
    client.ok("model-versions/create", name="a", source="s3://b/2")
    client.ok("registered-models/set-tag", name="a", key="l", value="w")
    client.ok("registered-models/delete-tag", "DELETE", name="a", key="k")
    client.ok("registered-models/update", "PATCH", name="a", description="second")
    client.ok("registered-models/alias", name="a", alias="best", version="1")
    shown = client.ok("registered-models/get", "GET", name="a")["registered_model"]
    assert (shown["description"], shown["tags"]) == ("second", [{"key": "l", "value": "w"}])
    assert shown["aliases"] == [{"alias": "best", "version": "1"}]
    assert [one["version"] for one in shown["latest_versions"]] == ["2"]
    assert client.ok("registered-models/alias", "GET", name="a", alias="best")["model_version"]["aliases"] == ["best"]
    client.ok("registered-models/alias", name="a", alias="best", version="2")
    assert client.ok("registered-models/alias", "GET", name="a", alias="best")["model_version"]["version"] == "2"
    assert client.get("registered-models/alias", name="a", alias="none").error == (400, "INVALID_PARAMETER_VALUE")
    assert client.post("registered-models/alias", name="a", alias="x", version="9").status == 404
    assert client.post("registered-models/alias", name="a", alias="latest", version="1").status == 400
    client.ok("registered-models/rename", name="a", new_name="b")
    assert client.get("registered-models/get", name="a").error == (404, "RESOURCE_DOES_NOT_EXIST")
    moved = client.ok("registered-models/get", "GET", name="b")["registered_model"]
    assert (moved["tags"], moved["aliases"]) == ([{"key": "l", "value": "w"}], [{"alias": "best", "version": "2"}])
    client.ok("registered-models/alias", "DELETE", name="b", alias="best")
    client.ok("registered-models/create", name="c")
    assert client.post("registered-models/rename", name="c", new_name="b").error == (400, "RESOURCE_ALREADY_EXISTS")
    client.ok("registered-models/delete", "DELETE", name="b")
    assert database.read(lambda tx: resources.versions(tx, "w", "models", "b")) == []
    for bad in ("a/b", "a:b", " ", ".."):
        assert client.post("registered-models/create", name=bad).error == (400, "INVALID_PARAMETER_VALUE")


def test_versions_have_tags_stages_and_numbers_that_never_come_again(client: Any) -> None:
    client.ok("registered-models/create", name="a")
    for number in range(3):
        client.ok("model-versions/create", name="a", source=f"s3://b/{number}")
    client.ok("model-versions/update", "PATCH", name="a", version="1", description="text")
    client.ok("model-versions/set-tag", name="a", version="1", key="k", value="v")
    shown = client.ok("model-versions/get", "GET", name="a", version="1")["model_version"]
    assert (shown["description"], shown["tags"]) == ("text", [{"key": "k", "value": "v"}])
    client.ok("model-versions/delete-tag", "DELETE", name="a", version="1", key="k")
    client.ok(
        "model-versions/transition-stage", name="a", version="1", stage="production", archive_existing_versions=False
    )
    moved = client.ok(
        "model-versions/transition-stage", name="a", version="2", stage="Production", archive_existing_versions=True
    )
    assert moved["model_version"]["current_stage"] == "Production"
    stages = {
        one["version"]: one["current_stage"]
        for one in client.ok("model-versions/search", "GET", filter="name='a'")["model_versions"]
    }
    assert stages == {"1": "Archived", "2": "Production", "3": "None"}
    latest = client.ok("registered-models/get-latest-versions", name="a", stages=["Production"])["model_versions"]
    assert [one["version"] for one in latest] == ["2"]
    assert len(client.ok("registered-models/get-latest-versions", "GET", name="a")["model_versions"]) == 3
    assert client.post("model-versions/transition-stage", name="a", version="1", stage="Gold").status == 400
    client.ok("registered-models/alias", name="a", alias="x", version="3")
    client.ok("model-versions/delete", "DELETE", name="a", version="3")
    assert client.get("model-versions/get", name="a", version="3").error == (404, "RESOURCE_DOES_NOT_EXIST")
    assert client.get("registered-models/alias", name="a", alias="x").status == 400
    assert client.ok("model-versions/create", name="a", source="s3://b/9")["model_version"]["version"] == "4"


def test_names_and_versions_are_searched(client: Any, database: Database, clock: FixedClock) -> None:
    for name in ("heart", "iris", "House"):
        clock.advance(1)
        client.ok("registered-models/create", name=name, tags=[{"key": "t", "value": name}])
        for number in range(2):
            clock.advance(1)
            client.ok("model-versions/create", name=name, source=f"s3://b/{number}", run_id=f"r{number}")
    # What the SDK registers is found as well.
    doc = {"name": "sdk", "version": "7", "type": "custom_model", "tags": {"a": "b"}}
    database.write(lambda tx: resources.put(tx, resources.Row("w", "models", "sdk", "7", doc, created_at=1.0)))

    def names(**query: Any) -> list[str]:
        return [
            one["name"] for one in client.ok("registered-models/search", "GET", **query).get("registered_models", [])
        ]

    assert names() == ["House", "heart", "iris", "sdk"]
    assert names(filter="name LIKE 'h%'") == ["heart"]
    assert names(filter="name ILIKE 'h%'") == ["House", "heart"]
    assert names(filter="tags.t = 'iris'") == ["iris"]
    assert names(order_by=["timestamp DESC"]) == ["House", "iris", "heart", "sdk"]
    page = client.ok("registered-models/search", "GET", max_results=3)
    assert names(max_results=3, page_token=page["next_page_token"]) == ["sdk"]

    def versions(**query: Any) -> list[str]:
        found = client.ok("model-versions/search", "GET", **query).get("model_versions", [])
        return [f"{one['name']}:{one['version']}" for one in found]

    assert versions(filter="name = 'heart'") == ["heart:2", "heart:1"]
    assert versions(filter="run_id IN ('r1')") == ["House:2", "iris:2", "heart:2"]
    assert versions(filter="version_number > 1 AND name LIKE '%'", order_by=["name ASC"]) == [
        "House:2",
        "heart:2",
        "iris:2",
        "sdk:7",
    ]
    assert versions(filter="source_path = 's3://b/0' AND name='iris'") == ["iris:1"]
    assert versions(filter="tags.a = 'b'") == ["sdk:7"]
    shown = client.ok("model-versions/get", "GET", name="sdk", version="7")["model_version"]
    assert shown["source"] == "mlflow-artifacts:/models/sdk/7"
    assert database.read(lambda tx: registry.find_name(tx, "w", "sdk")) is not None
    assert client.get("registered-models/search", filter="run_id = 'x'").error == (400, "INVALID_PARAMETER_VALUE")
