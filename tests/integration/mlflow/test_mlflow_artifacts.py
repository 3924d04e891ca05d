"""The artifact proxy, and how the face answers what it does not know."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

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


def test_multipart_and_presigned_are_declined_so_that_clients_fall_back(client: Any) -> None:
    declined = client.request(
        "POST",
        "/api/2.0/mlflow-artifacts/mpu/create/runs/r/artifacts",
        content=b'{"path": "x", "num_parts": 2}',
        headers={"content-type": "application/json"},
    )
    assert declined.error == (501, "NOT_IMPLEMENTED")
    assert declined.json["message"].startswith("Multipart upload is not supported for the current artifact repository")
    assert client.request("GET", "/api/2.0/mlflow-artifacts/presigned/runs/r/artifacts/x").status == 501
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
