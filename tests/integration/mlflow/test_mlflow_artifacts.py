"""The artifact proxy, and how the face answers what it does not know."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from bancada.engine.tracking import Tracking
from bancada.store import trees
from bancada.store.database import Database

PROXY = "/api/2.0/mlflow-artifacts/artifacts"


def test_files_are_uploaded_listed_downloaded_and_deleted(client: Any) -> None:
    run = client.run()
    root = f"runs/{run}/artifacts"
    assert client.put(f"{root}/a.txt", b"one").json == {}
    client.put(f"{root}/folder/b c.txt", b"two")
    client.put(f"{root}/folder/deep/ü.bin", b"")
    client.put(f"{root}/a.txt", b"three")
    listed = client.ok("artifacts/list", "GET", run_id=run)
    assert listed["root_uri"] == f"mlflow-artifacts:/{root}"
    assert listed["files"] == [
        {"path": "a.txt", "is_dir": False, "file_size": 5},
        {"path": "folder", "is_dir": True},
    ]
    below = client.ok("artifacts/list", "GET", run_id=run, path="folder")["files"]
    assert [one["path"] for one in below] == ["folder/b c.txt", "folder/deep"]
    proxied = client.request("GET", f"{PROXY}?path={root}/folder").json["files"]
    assert [one["path"] for one in proxied] == ["b c.txt", "deep"]
    assert client.ok("artifacts/list", "GET", run_id=run, path="nowhere") == {"root_uri": f"mlflow-artifacts:/{root}"}
    got = client.request("GET", f"{PROXY}/{root}/a.txt")
    assert (got.status, got.body) == (200, b"three")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert client.request("GET", f"/get-artifact?run_uuid={run}&path=folder/b%20c.txt").body == b"two"
    assert client.request("GET", f"{PROXY}/{root}/none").error == (404, "RESOURCE_DOES_NOT_EXIST")
    assert client.request("DELETE", f"{PROXY}/{root}/folder").status == 200
    assert client.request("DELETE", f"{PROXY}/{root}/folder").error == (404, "RESOURCE_DOES_NOT_EXIST")
    assert [one["path"] for one in client.ok("artifacts/list", "GET", run_id=run)["files"]] == ["a.txt"]


def test_listeners_hear_whose_files_changed_once_they_did(client: Any, tracking: Tracking) -> None:
    heard: list[tuple[str, str]] = []

    def listen(workspace: str, run: str) -> None:
        heard.append((workspace, run))
        raise RuntimeError("a listener's own trouble")

    tracking.on_file.append(listen)
    run = client.run()
    assert client.put(f"runs/{run}/artifacts/a.txt", b"one").status == 200
    assert client.put("runs/none/artifacts/a.txt", b"one").status == 404
    assert client.put("loose.txt", b"of no run").status == 200
    assert heard == [("w", run)]
    model = client.ok("logged-models", experiment_id="0", name="m", source_run_id=run)["model"]["info"]["model_id"]
    client.put(f"logged-models/{model}/artifacts/MLmodel", b"flavors: {}")
    assert client.request("DELETE", f"{PROXY}/runs/{run}/artifacts/a.txt").status == 200
    assert heard == [("w", run)] * 3
    # Which file is a table is told by a tag, after the file; other tags are no news of files.
    client.ok("runs/set-tag", run_id=run, key="mlflow.loggedArtifacts", value='[{"path": "t.json", "type": "table"}]')
    client.ok("runs/set-tag", run_id=run, key="mine", value="1")
    assert heard == [("w", run)] * 4


def test_a_big_file_is_streamed_and_parts_of_it_are_served(client: Any, tmp_path: Path) -> None:
    run = client.run()
    content = os.urandom(3_500_001)
    assert client.put(f"runs/{run}/artifacts/big.bin", content).status == 200
    assert client.request("GET", f"{PROXY}/runs/{run}/artifacts/big.bin").body == content
    part = client.request("GET", f"{PROXY}/runs/{run}/artifacts/big.bin", headers={"range": "bytes=100-199"})
    assert (part.status, part.body) == (206, content[100:200])
    left = [path for path in (tmp_path / "workspaces").rglob("*") if ".incoming" in str(path) and path.is_file()]
    assert left == [], "no temporary file stays"


def test_a_file_above_the_limit_is_refused(client: Any, tmp_path: Path) -> None:
    run = client.run()
    refused = client.put(f"runs/{run}/artifacts/big.bin", b"x", **{"content-length": "10000001"})
    assert refused.error == (400, "INVALID_PARAMETER_VALUE")
    lying = client.put(f"runs/{run}/artifacts/big.bin", b"x" * 10_000_001, **{"content-length": ""})
    assert lying.status == 400
    assert not any(path.is_file() for path in (tmp_path / "workspaces").rglob("*"))


def test_the_web_pages_upload_names_run_and_path(client: Any) -> None:
    run = client.run()
    sent = client.request("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=x/y.txt", content=b"hi")
    assert sent.status == 200
    assert client.request("GET", f"{PROXY}/runs/{run}/artifacts/x/y.txt").body == b"hi"


def test_no_path_leaves_its_run(client: Any, submit: Callable[..., Any], database: Database) -> None:
    job = submit("job")
    client.put(f"runs/{client.run()}/artifacts/secret.txt", b"secret")
    for path in (
        "runs/job/artifacts/../../other/artifacts/x",
        "runs/job/artifacts/%2e%2e/x",
        "runs/job/artifacts/a\\b",
        "runs/job/artifacts/..",
        "../../../etc/passwd",
        "runs/job",
    ):
        for method in ("PUT", "GET", "DELETE"):
            response = job.request(method, f"{PROXY}/{path}", content=b"x" if method == "PUT" else b"")
            assert 400 <= response.status < 405, (method, path, response.status)
    assert job.get("artifacts/list", run_id="job", path="../other").error == (400, "INVALID_PARAMETER_VALUE")
    assert job.put("runs/job/artifacts", b"x").error == (400, "INVALID_PARAMETER_VALUE"), "that is no file"
    assert job.put("elsewhere/x", b"x").error == (403, "PERMISSION_DENIED")
    assert database.read(lambda tx: trees.roots(tx, "w", "runs/job")) == []


def test_a_file_and_a_folder_cannot_have_one_name(client: Any) -> None:
    run = client.run()
    client.put(f"runs/{run}/artifacts/a", b"file")
    assert 400 <= client.put(f"runs/{run}/artifacts/a/b", b"below").status < 500


def parts_of(client: Any, action: str, folder: str, **fields: Any) -> Any:
    content, kind = json.dumps(fields).encode(), {"content-type": "application/json", "host": "here:1"}
    return client.request("POST", f"/api/2.0/mlflow-artifacts/mpu/{action}/{folder}", content=content, headers=kind)


def put_part(client: Any, part: dict[str, Any], content: bytes) -> Any:
    """Send a part as clients do: to the address and with the headers that they were given."""
    address = unquote(part["url"]).removeprefix(f"http://here:1/mlflow/{client.workspace}")
    headers = {name.lower(): value for name, value in part["headers"].items()}
    return replace(client, token="").request("PUT", address, content=content, headers=headers)


def test_a_file_comes_in_parts(client: Any) -> None:
    folder = f"runs/{client.run()}/artifacts/deep ü"
    pieces = [b"a" * 3_000_000, b"b" * 2_000_000, b"c"]
    made = parts_of(client, "create", folder, path="C:\\models\\big.bin", num_parts=3).json
    assert [one["part_number"] for one in made["credentials"]] == [1, 2, 3]
    sent = [put_part(client, *both) for both in zip(made["credentials"], pieces, strict=True)]
    assert [one.status for one in sent] == [200, 200, 200]
    parts = [{"part_number": number, "etag": one.headers["etag"]} for number, one in enumerate(sent, 1)]
    assert client.request("GET", f"/api/2.0/mlflow-artifacts/artifacts/{folder}/big.bin").status == 404
    done = parts_of(client, "complete", folder, path="big.bin", upload_id=made["upload_id"], parts=parts[::-1])
    assert done.status == 200, done.body
    found = client.request("GET", f"/api/2.0/mlflow-artifacts/artifacts/{folder}/big.bin")
    assert found.body == b"".join(pieces)
    last = [{**parts[2], "part_number": 1}]
    again = parts_of(client, "complete", folder, path="one.bin", upload_id="u", parts=last)
    assert again.status == 200
    assert client.request("GET", f"/api/2.0/mlflow-artifacts/artifacts/{folder}/one.bin").body == b"c"
    assert parts_of(client, "abort", folder, path="big.bin", upload_id="u").status == 200


def test_parts_are_refused_that_make_no_file(client: Any, submit: Callable[..., Any]) -> None:
    folder = f"runs/{client.run()}/artifacts"
    unknown = [{"part_number": 1, "etag": "0" * 64}]
    for fields in ({"parts": unknown}, {"parts": [{"part_number": 1, "etag": "x"}]}, {"parts": [{"etag": "x"}]}):
        refused = parts_of(client, "complete", folder, path="x", upload_id="u", **fields)
        assert refused.error == (400, "INVALID_PARAMETER_VALUE"), fields
    assert parts_of(client, "create", folder, path="x", num_parts=10_001).status == 400
    assert parts_of(client, "create", folder, num_parts=1).status == 400
    assert parts_of(client, "create", f"{folder}/..", path="x", num_parts=1).status == 400
    assert parts_of(client, "create", "runs/none/artifacts", path="x", num_parts=1).status == 404
    job = submit("job")
    (part,) = parts_of(client, "create", folder, path="x", num_parts=1).json["credentials"]
    foreign = {**part, "headers": {"Authorization": f"Bearer {job.token}"}}
    assert put_part(job, foreign, b"x").error == (403, "PERMISSION_DENIED")
    for action in ("create", "complete", "abort"):
        assert parts_of(job, action, folder, path="x", num_parts=1, parts=[]).error == (403, "PERMISSION_DENIED")


def test_a_file_is_not_completed_while_a_part_of_it_is_missing(client: Any) -> None:
    run = client.run()
    folder = f"runs/{run}/artifacts"
    made = parts_of(client, "create", folder, path="x", num_parts=3).json
    sent = [put_part(client, part, bytes([65 + at])) for at, part in enumerate(made["credentials"])]
    one, two, three = ({"part_number": at, "etag": part.headers["etag"]} for at, part in enumerate(sent, 1))
    for parts, said in (
        ([one, three], "there is no part 2"),
        ([one, two], "there is no part 3"),
        ([], "there is no part 1, 2, 3"),
        ([one, two, three, {**three, "part_number": 4}], "it has no part 4"),
        ([one, two, two, three], "named twice is part 2"),
        ([{**one, "part_number": 0}, two, three], "there is no part 1"),
        ([{**one, "part_number": at} for at in range(1, 10_002)], "at most 10000 parts"),
    ):
        refused = parts_of(client, "complete", folder, path="x", upload_id=made["upload_id"], parts=parts)
        assert refused.error == (400, "INVALID_PARAMETER_VALUE"), parts
        assert said in refused.json["message"]
    # An id that is not one of ours says nothing of the last part; a gap is one all the same.
    assert parts_of(client, "complete", folder, path="x", upload_id="u", parts=[one, three]).status == 400
    assert client.ok("artifacts/list", "GET", run_id=run).get("files", []) == []
    whole = [three, one, two]
    assert parts_of(client, "complete", folder, path="x", upload_id=made["upload_id"], parts=whole).status == 200
    assert client.request("GET", f"{PROXY}/{folder}/x").body == b"ABC"


def test_a_file_in_parts_has_the_limit_of_any_other(client: Any) -> None:
    folder = f"runs/{client.run()}/artifacts"
    made = parts_of(client, "create", folder, path="x", num_parts=2).json["credentials"]
    sent = [put_part(client, part, bytes([at]) * 6_000_000) for at, part in enumerate(made)]
    parts = [{"part_number": number, "etag": one.headers["etag"]} for number, one in enumerate(sent, 1)]
    refused = parts_of(client, "complete", folder, path="x", upload_id="u", parts=parts)
    assert refused.error == (400, "INVALID_PARAMETER_VALUE")
    assert "max_upload_gib" in refused.json["message"]
    assert client.ok("artifacts/list", "GET", run_id=folder.split("/")[1]).get("files", []) == []


def test_a_download_in_parts_is_told_where_ranges_are_served(client: Any) -> None:
    run = client.run()
    client.put(f"runs/{run}/artifacts/a b.bin", bytes(range(100)))
    path = f"/api/2.0/mlflow-artifacts/presigned/runs/{run}/artifacts"
    found = client.request("GET", f"{path}/a b.bin", headers={"host": "here:1"}).json
    assert found["file_size"] == 100
    assert found["headers"] == {"Authorization": f"Bearer {client.token}"}
    assert found["url"].endswith("/a%20b.bin")
    address = unquote(found["url"]).removeprefix(f"http://here:1/mlflow/{client.workspace}")
    some = client.request("GET", address, headers={"range": "bytes=10-19"})
    assert (some.status, some.body) == (206, bytes(range(10, 20)))
    assert client.request("GET", f"{path}/none").error == (404, "RESOURCE_DOES_NOT_EXIST")
    assert client.post("artifacts/presigned-upload-url", run_id="r", path="x").status == 501


# -------------------------------------------------------------------------------- the face as a whole


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/3.0/mlflow/traces/search"),
        ("GET", "/api/2.0/mlflow/traces/tr-1"),
        ("POST", "/graphql"),
        ("GET", "/graphql"),
        ("GET", "/api/2.0/mlflow/gateway/routes"),
        ("POST", "/api/2.0/mlflow/runs/get"),
        ("POST", "/"),
        ("GET", "/nothing"),
        ("PUT", "/api/2.0/mlflow/runs/create"),
        ("OPTIONS", "/api/2.0/mlflow/runs/create"),
        ("GET", "/api/2.0/mlflow/prompts"),
    ],
)
def test_what_is_not_there_is_answered_in_mlflows_form(client: Any, method: str, path: str) -> None:
    assert client.request(method, path).error == (404, "ENDPOINT_NOT_FOUND")


def test_twin_prefixes_answer_alike(client: Any) -> None:
    run = client.run()
    for prefix in ("api/2.0", "ajax-api/2.0", "api/3.0", "ajax-api/3.0"):
        assert client.request("GET", f"/{prefix}/mlflow/runs/get?run_id={run}").status == 200


def test_health_and_version_need_no_token(client: Any) -> None:
    nobody = type(client)(client.app, token="")
    health, version = nobody.request("GET", "/health"), nobody.request("GET", "/version")
    assert (health.status, health.body) == (200, b"OK")
    assert version.body.decode().split(".")[0] == "3"
    assert client.request("GET", "/api/3.0/mlflow/server-info").json["workspaces_enabled"] is False


def test_the_address_that_clients_print_leads_to_the_page(client: Any) -> None:
    nobody = type(client)(client.app, token="")
    for path in ("", "/"):
        answer = nobody.request("GET", path)
        assert (answer.status, answer.headers["location"]) == (307, f"/?workspace={client.workspace}")


def test_an_address_without_a_workspace_is_told_the_right_one(client: Any) -> None:
    lost = replace(client, workspace="api")
    answer = lost.request("GET", "/2.0/mlflow/experiments/search")
    assert answer.error == (404, "ENDPOINT_NOT_FOUND")
    assert "/mlflow/<workspace>" in answer.json["message"]


def test_without_a_token_the_variable_for_it_is_named(client: Any) -> None:
    for token in ("", "nobody's"):
        answer = replace(client, token=token).request("POST", "/api/2.0/mlflow/experiments/search", content=b"{}")
        assert answer.error == (401, "UNAUTHENTICATED")
        assert "MLFLOW_TRACKING_TOKEN" in answer.json["message"]


def test_bad_bodies_are_told_so(client: Any) -> None:
    for content, kind in ((b"{", "application/json"), (b"[]", "application/json"), (b"{}", "text/plain")):
        answer = client.request("POST", "/api/2.0/mlflow/runs/create", content=content, headers={"content-type": kind})
        assert answer.error == (400, "BAD_REQUEST")


def test_an_unexpected_failure_is_internal_and_names_its_log_entry(
    client: Any, tracking: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(tracking.runs, "get", fail)
    answer = client.get("runs/get", run_id="x")
    assert answer.error == (500, "INTERNAL_ERROR")
    assert b"secret detail" not in answer.body
    assert "secret detail" in caplog.text
