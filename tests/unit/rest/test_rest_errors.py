"""Every route has one form of error, whatever goes wrong."""

from __future__ import annotations

import logging
import re

import pytest

from bancada.errors import Invalid, Problem
from bancada.faces.rest import OPERATIONS, PREFIX
from bancada.faces.rest.operations import Operation

# These answer without asking the part of the platform that a test makes fail.
SERVER_ONLY = {"post_session_codes", "post_shutdown"}


def address(operation: Operation) -> str:
    values = {"digest": "a" * 64}
    path = re.sub(r"{(\w+)(:path)?}", lambda found: values.get(found[1], found[1]), operation.path)
    return PREFIX + path.replace("/ws/", "/lab/").removesuffix("/ws") + ("/lab" if path.endswith("/ws") else "")


def takes_json(operation: Operation) -> bool:
    return operation.body is not None and "binary" not in str(operation.body)


def is_one_error(answer) -> bool:
    error = answer.json()["error"]
    return set(error) == {"code", "message", "details"} and bool(error["code"]) and bool(error["message"])


def every(*, where=lambda operation: True):
    chosen = [one for one in OPERATIONS if where(one)]
    return pytest.mark.parametrize("operation", chosen, ids=[one.operation_id for one in chosen])


def test_operation_ids_are_unique():
    ids = [one.operation_id for one in OPERATIONS]
    assert sorted(ids) == sorted(set(ids))


@every()
def test_without_a_token_every_route_answers_401_in_the_one_form(call, operation):
    call.token = None
    answer = call(operation.method, address(operation), {})
    assert answer.status == 401
    assert answer.json()["error"]["code"] == "unauthenticated"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert is_one_error(answer)


@every(where=lambda one: one.operation_id not in SERVER_ONLY)
def test_an_error_of_the_platform_keeps_its_code_and_status(call, platform, operation):
    body = {"name": "name"} if operation.operation_id == "put_workspaces_ws" else {"files": [], "tree": "t"}
    answer = call(operation.method, address(operation), body)
    assert (answer.status, answer.json()["error"]["code"]) in {(404, "thing.not_found"), (400, "invalid")}
    assert is_one_error(answer)


@every(where=lambda one: one.operation_id not in SERVER_ONLY)
def test_a_fault_of_ours_shows_an_id_and_the_log_has_the_rest(call, platform, operation, caplog):
    platform.otherwise = RuntimeError("the secret inside")
    body = {"tree": "t", "files": [], "names": ["one"], "yaml": "type: command"}
    if operation.operation_id in ("put_workspaces_ws", "patch_workspaces_ws"):
        body = {"name": "lab"}
    with caplog.at_level(logging.ERROR):
        answer = call(operation.method, address(operation), body)
    assert answer.status == 500, answer.body
    assert answer.json()["error"]["code"] == "internal"
    error_id = answer.json()["error"]["details"]["error_id"]
    assert b"secret" not in answer.body
    assert b"Traceback" not in answer.body
    assert error_id in caplog.text
    assert "the secret inside" in caplog.text


@every(where=takes_json)
@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"name: heart\n", "It begins with `name: heart`"),
        (b'{"a": 1', "at line 1, column 8"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[1]", "a JSON array"),
        (b"3", "a JSON number"),
    ],
)
def test_a_body_that_is_no_json_object_is_one_clear_error(call, operation, text, found):
    answer = call(operation.method, address(operation), raw=text)
    assert answer.status == 400
    assert answer.json()["error"]["code"] == "invalid"
    assert found in answer.json()["error"]["message"]


def test_an_unknown_route_and_a_wrong_method_have_the_same_form(call):
    missing = call("GET", "/api/v1/nothing")
    assert (missing.status, missing.json()["error"]["code"]) == (404, "route.not_found")
    wrong = call("DELETE", "/api/v1/status")
    assert wrong.status == 405
    assert is_one_error(wrong)
    assert "DELETE" in wrong.json()["error"]["message"]


def test_all_problems_of_a_body_travel_at_once(call, platform):
    problems = [Problem("command", "is required, but missing."), Problem("inputs", "expected a mapping.")]
    platform.answers["jobs.submit"] = Invalid.of(problems)
    answer = call("POST", "/api/v1/workspaces/lab/jobs", {})
    assert answer.status == 400
    assert [one["path"] for one in answer.json()["error"]["details"]["problems"]] == ["command", "inputs"]


def test_a_full_disk_says_so(call, platform):
    platform.otherwise = OSError(28, "No space left on device")
    answer = call("GET", "/api/v1/workspaces/lab")
    assert answer.status == 507
    assert answer.json()["error"]["code"] == "storage.full"


def test_a_body_that_is_too_large_is_refused_while_it_comes(call, monkeypatch):
    monkeypatch.setattr("bancada.faces.http.MAX_JSON_BYTES", 10)
    answer = call("POST", "/api/v1/workspaces/lab/jobs", chunks=[b"12345678", b"9012"])
    assert answer.status == 413
