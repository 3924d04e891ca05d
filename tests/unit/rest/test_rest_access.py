"""Who may ask what: tokens, the page's cookie, Host and Origin, and what a job's own token opens."""

from __future__ import annotations

import base64

import pytest
from starlette.routing import Match, Route

from bancada.faces.access import Hosts, PageSession, SessionCodes
from bancada.faces.rest import OPERATIONS

LAB = "/api/v1/workspaces/lab"
STATUS = "/api/v1/session-codes"


@pytest.mark.parametrize("token", ["wrong", "", "owner-token2"])
def test_a_wrong_token_is_refused(call, token):
    assert call("POST", STATUS, headers={"authorization": f"Bearer {token}"}).status == 401


def test_mlflow_clients_may_send_the_token_as_a_password(call):
    good = base64.b64encode(b"me:owner-token").decode()
    assert call("POST", STATUS, headers={"authorization": f"Basic {good}"}).status == 201
    assert call("POST", STATUS, headers={"authorization": "Basic %%%"}).status == 401


@pytest.mark.parametrize("host", ["127.0.0.1:7280", "localhost:7280", "lab.localhost", "[::1]:7280", "192.168.1.7"])
def test_own_names_and_addresses_are_served(call, host):
    assert call("POST", STATUS, headers={"host": host}).status == 201


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:7280", "localhost.evil.example", "[zz", "a]"])
def test_a_foreign_name_that_points_here_is_refused(call, host):
    answer = call("POST", STATUS, headers={"host": host})
    assert (answer.status, answer.json()["error"]["code"]) == (403, "forbidden")


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:8888", "null", "http://[zz", ""])
def test_pages_of_other_origins_are_refused(call, origin):
    assert call("POST", STATUS, headers={"origin": origin}).status == 403


def test_a_configured_name_is_served():
    assert Hosts.of("bancada.lan").allows("bancada.lan:7280")


def test_the_cookie_opens_the_api_only_for_our_own_page(call):
    session = PageSession("owner-token")
    call.token = None
    cookie = {"cookie": f"other=1; {session.cookie_name}={session.cookie_value}"}
    assert call("POST", STATUS, headers={**cookie, "origin": "http://127.0.0.1:7280"}).status == 201
    assert call("POST", STATUS, headers={**cookie, "sec-fetch-site": "cross-site"}).status == 401
    assert call("POST", STATUS, headers={"cookie": f"{session.cookie_name}=wrong"}).status == 401


def test_a_new_token_ends_old_sessions():
    old, new = PageSession("a"), PageSession("b")
    assert old.cookie_value != new.cookie_value
    assert old.cookie_name != new.cookie_name


def test_a_code_opens_the_page_once(visit, server):
    code = server.codes.make()
    answer = visit("POST", "/session", {"code": code})
    assert answer.status == 204
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=strict" in answer.headers["set-cookie"]
    again = visit("POST", "/session", {"code": code})
    assert again.status == 401
    assert "set-cookie" not in again.headers


def test_a_code_grows_old():
    now = [0.0]
    codes = SessionCodes(now=lambda: now[0])
    code = codes.make()
    now[0] = 3601.0
    with pytest.raises(Exception, match="too old"):
        codes.take(code)


def test_the_owners_token_opens_the_page_and_a_jobs_does_not(visit, job_token):
    assert visit("POST", "/session", {"token": "owner-token"}).status == 204
    assert visit("POST", "/session", {"token": job_token}).status == 403
    assert visit("POST", "/session", {"token": "wrong"}).status == 401


READ_BY_JOBS = (
    *("jobs", "jobs/rows", "jobs/j", "jobs/j/trials", "jobs/j/logs", "jobs/j/files", "jobs/j/metrics", "jobs/j/code"),
    *(f"{kind}{rest}" for kind in ("data", "environments", "models") for rest in ("", "/a", "/a/versions/1")),
    *("data/a/versions/1/files", "models/a/versions/1/files", "models/a/versions/1/details"),
    *("datastores/d", "datastores/d/paths", "computes/c", "online-endpoints/e", "online-endpoints/e/deployments/d"),
)
READ_BY_OWNERS = (
    *("usage", "summary", "events", "models/rows", "data/rows", "computes/rows", "computes/c/state"),
    *("data/a/versions/1/preview", "data/a/versions/1/profile"),
    *(f"online-endpoints/e/deployments/d/{one}" for one in ("logs", "sample", "metrics", "history")),
)


def test_a_job_reads_what_it_works_with_and_not_what_watches_over_the_platform():
    def may_call(path: str) -> bool:
        scope = {"type": "http", "method": "GET", "path": f"/workspaces/lab/{path}"}
        found = next(
            one
            for one in OPERATIONS
            if Route(one.path, lambda _: None, methods=[one.method]).matches(scope)[0] is Match.FULL
        )
        return found.jobs_may_call

    assert {path: may_call(path) for path in READ_BY_JOBS} == dict.fromkeys(READ_BY_JOBS, True)
    assert {path: may_call(path) for path in READ_BY_OWNERS} == dict.fromkeys(READ_BY_OWNERS, False)


def test_what_is_closed_to_a_job_says_whose_it_is(call, job_token):
    call.token = job_token
    for path in READ_BY_OWNERS:
        answer = call("GET", f"{LAB}/{path}")
        assert (answer.status, "owner's token" in answer.json()["error"]["message"]) == (403, True), path


def test_a_job_reads_its_workspace_and_registers_models_but_no_more(call, platform, job_token, make_document):
    call.token = job_token
    platform.otherwise = make_document(name="x")
    assert call("GET", f"{LAB}/jobs/trial").status == 200
    assert call("POST", f"{LAB}/models/heart", {}).status == 200
    for method, path in (
        ("GET", "/api/v1/workspaces/other/jobs/x"),
        ("GET", "/api/v1/workspaces"),
        ("POST", "/api/v1/shutdown"),
        ("POST", f"{LAB}/jobs"),
        ("POST", f"{LAB}/online-endpoints/e/keys"),
        ("DELETE", LAB),
        ("DELETE", f"{LAB}/models/heart"),
    ):
        assert call(method, path, {}).status == 403, (method, path)
