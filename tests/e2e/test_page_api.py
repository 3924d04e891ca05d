"""What a page needs of the server, asked as a browser asks: a cookie instead of a token, over real HTTP."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from typing import Any

import pytest

CSV = b"age,output\n" + b"".join(b"%d,%d\n" % (30 + at % 40, at % 2) for at in range(100))


class Browser:
    """A page's requests: the session's cookie, the origin that a browser sends, no token."""

    def __init__(self, platform: Any) -> None:
        server = platform.home.server()
        assert server is not None
        self.url = server.url
        token = platform.home.owner_token()
        request = urllib.request.Request(f"{self.url}/session", json.dumps({"token": token}).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=120) as answer:
            self.cookie = answer.headers["Set-Cookie"].partition(";")[0]

    def ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
    ) -> tuple[int, bytes]:
        headers = {"Cookie": self.cookie, "Origin": self.url, "Sec-Fetch-Site": "same-origin", "Content-Type": kind}
        request = urllib.request.Request(f"{self.url}/api/v1/workspaces/default/{path}", body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def json(self, method: str, path: str, body: Any = None) -> Any:
        status, content = self.ask(method, path, None if body is None else json.dumps(body).encode())
        assert status < 300, (path, status, content)
        return json.loads(content)

    def settled(self, path: str, *underway: str) -> Any:
        """Ask, each time as long as the server makes one wait, until the state is another one."""
        found: Any = {}
        for _ in range(20):
            if (found := self.json("GET", path))["state"] not in underway:
                break
        return found


@pytest.fixture
def browser(running: Any) -> Browser:
    return Browser(running)


def test_a_page_uploads_a_file_and_looks_at_it(browser: Browser):
    files = {"heart.csv": CSV, "notes/read me.txt": "olá".encode()}
    announced = {
        "files": [
            {"path": path, "digest": hashlib.sha256(data).hexdigest(), "size": len(data)}
            for path, data in files.items()
        ]
    }
    first = browser.json("POST", "trees", announced)
    assert len(first["missing"]) == 2
    for data in files.values():
        status, content = browser.ask("PUT", f"blobs/{hashlib.sha256(data).hexdigest()}", data, "text/csv")
        assert status == 200, content
    assert browser.ask("PUT", f"blobs/{'0' * 64}", b"other bytes", "application/octet-stream")[0] == 400
    second = browser.json("POST", "trees", announced)
    assert (second["tree"], second["missing"]) == (first["tree"], [])
    tree = f"azureml:trees/{first['tree']}"

    # A data asset of one file and of the folder, a code asset, a path of a datastore: all from the same tree.
    browser.json("POST", "data/heart", {"path": f"{tree}/heart.csv", "type": "uri_file"})
    browser.json("POST", "data/folder", {"path": tree, "type": "uri_folder"})
    browser.json("POST", "codes/code", {"path": tree})
    assert browser.json("POST", "datastores/workspaceblobstore/paths/in/here", {"tree": first["tree"]})["path"]
    listed = browser.json("GET", "datastores/workspaceblobstore/paths?prefix=in/here")["items"]
    assert [one["path"] for one in listed] == ["in/here/heart.csv", "in/here/notes/read me.txt"]

    head = browser.json("GET", "data/heart/versions/1/preview?rows=2")
    assert (head["rows"], head["rows_total"]) == ([["30", "0"], ["31", "1"]], 100)
    assert browser.ask("GET", "data/folder/versions/1/files/notes/read%20me.txt") == (200, "olá".encode())
    assert browser.ask("GET", "data/folder/versions/1/files/..%2f..%2ftoken")[0] in (400, 404)
    profile = browser.settled("data/heart/versions/1/profile?target=output&wait_s=30", "computing")
    assert (profile["state"], profile["rows"]) == ("ready", 100)
    assert browser.ask("GET", "data/heart/versions/1/preview?header=perhaps")[0] == 400
    assert [one["name"] for one in browser.json("GET", "data/rows?search=hea")["items"]] == ["heart"]


def test_a_page_sees_the_workspace_at_a_glance(browser: Browser):
    summary = browser.json("GET", "summary")
    assert summary["jobs"] == {"running": 0, "queued": 0, "completed": 0, "failed": 0, "canceled": 0}
    usage = browser.settled("usage?wait_s=30", "computing")
    assert usage["state"] == "ready"
    browser.json("PUT", "computes/small", {"name": "small", "type": "amlcompute", "max_instances": 2})
    assert browser.json("GET", "computes/rows")["items"][0]["state"] == "idle"
    assert browser.json("GET", "computes/small/state")["queued"] == 0
    assert browser.json("GET", "models/rows")["total"] == 0
    conda = {"name": "e", "dependencies": ["python>=3.10"]}
    browser.json("POST", "environments/e", {"conda_file": conda, "image": "i"})
    assert browser.json("GET", "environments/e/versions/1/build")["state"] in ("absent", "ready")
    browser.json("POST", "environments/e/versions/1/build")
    assert browser.settled("environments/e/versions/1/build?wait_s=30", "building")["state"] == "ready"
    assert browser.ask("GET", "environments/e/versions/1/build/log?offset=0&wait_s=1")[0] == 200
    browser.json("PUT", "online-endpoints/heart", {"name": "heart", "auth_mode": "key"})
    answer = browser.json("POST", "online-endpoints/heart/invoke", {"data": []})
    assert answer["status"] in (404, 503)
    assert browser.ask("GET", "online-endpoints/heart/deployments/blue/history")[0] == 404


def test_a_missing_sample_is_no_error_where_none_is_needed(browser: Browser):
    script = b"def init(): pass\n\n\ndef run(raw_data): return 1\n"
    digest = hashlib.sha256(script).hexdigest()
    announced = {"files": [{"path": "score.py", "digest": digest, "size": len(script)}]}
    browser.json("POST", "trees", announced)
    assert browser.ask("PUT", f"blobs/{digest}", script)[0] == 200
    code = f"azureml:trees/{browser.json('POST', 'trees', announced)['tree']}"
    browser.json("PUT", "online-endpoints/bare", {"auth_mode": "key"})
    body = {
        "environment": "azureml:minimal@latest",
        "code_configuration": {"code": code, "scoring_script": "score.py"},
    }
    browser.json("PUT", "online-endpoints/bare/deployments/blue", body)
    sample = "online-endpoints/bare/deployments/blue/sample"
    assert browser.ask("GET", sample)[0] == 404
    assert browser.ask("GET", f"{sample}?optional=true") == (204, b"")
    # What is missing is the deployment here, and that is an error in any case.
    assert browser.ask("GET", "online-endpoints/bare/deployments/green/sample?optional=true")[0] == 404


def test_an_invocation_is_bounded(browser: Browser):
    browser.json("PUT", "online-endpoints/heart", {"name": "heart", "auth_mode": "key"})
    assert browser.ask("POST", "online-endpoints/heart/invoke", b"x" * (17 << 20))[0] == 413


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("data/my%20data!/versions/1", {"type": "uri_file", "path": "https://example.org/t.csv"}),
        ("environments/my%20data!/versions/1", {"image": "x"}),
        ("jobs/my%20data!", {"type": "command", "command": "echo", "environment": "azureml:minimal:1"}),
        ("computes/my%20data!", {"type": "amlcompute"}),
        ("datastores/my%20data!", {"type": "file", "path": "."}),
        ("online-endpoints/my%20data!", {"auth_mode": "key"}),
        ("online-endpoints/heart/deployments/my%20data!", {"model": "azureml:m:1"}),
    ],
)
def test_a_name_in_the_address_follows_the_rule_of_its_kind(browser, path, body):
    status, answer = browser.ask("PUT", path, json.dumps(body).encode())
    assert status == 400
    problem = json.loads(answer)["error"]["details"]["problems"][0]
    assert problem["path"] == "name"
    assert problem["message"].startswith("`my data!` is not a valid name: ")
