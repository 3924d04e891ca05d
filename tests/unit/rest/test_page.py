"""The Studio's files: history routing, caching, compression, and nothing but its own files."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bancada.faces import page
from bancada.faces.access import PageSession

BROWSER = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "studio_files"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Bancada</title>")
    script = "console.log(1);" * 200
    (folder / "assets" / "index-abc123.js").write_text(script)
    (folder / "assets" / "index-abc123.js.gz").write_bytes(gzip.compress(script.encode()))
    (folder / "stamp.txt").write_text("x")
    (tmp_path / "secret.html").write_text("secret")
    monkeypatch.setattr(page, "FOLDER", folder)
    return folder


def test_an_address_of_the_page_gives_the_page(built, visit):
    for path in ("/", "/workspaces/lab/jobs/calm_fig_1", "/workspaces/lab/jobs/a.b"):
        answer = visit("GET", path, headers=BROWSER)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert answer.headers["cache-control"] == "no-cache"


def test_a_program_that_asks_for_what_is_not_there_hears_so(built, visit):
    assert visit("GET", "/nothing").status == 404
    assert visit("GET", "/assets/gone-1.js", headers={"accept": "*/*"}).status == 404
    assert visit("POST", "/workspaces", headers=BROWSER).status == 405


def test_the_page_asks_whether_it_changed(built, visit):
    answer = visit("GET", "/")
    assert b"owner-token" not in answer.body
    same = visit("GET", "/", headers={"if-none-match": answer.headers["etag"]})
    assert (same.status, same.body) == (304, b"")


def test_no_foreign_script_runs_in_the_page(built, visit):
    policy = visit("GET", "/").headers["content-security-policy"]
    parts = dict(one.strip().split(" ", 1) for one in policy.split(";"))
    assert (parts["default-src"], parts["script-src"]) == ("'self'", "'self'")
    assert parts["frame-ancestors"] == "'none'"


def test_files_named_by_their_content_are_kept_for_ever_and_sent_compressed(built, visit):
    plain = visit("GET", "/assets/index-abc123.js")
    assert "immutable" in plain.headers["cache-control"]
    assert plain.headers["content-type"].startswith("text/javascript")
    packed = visit("GET", "/assets/index-abc123.js", headers={"accept-encoding": "br, gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["content-type"] == plain.headers["content-type"]


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip", True),
        ("GZIP;q=0.5", True),
        ("br;q=1.0, x-gzip", True),
        ("*", True),
        ("deflate, *;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip; Q=0.000, br", False),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("identity", False),
        ("notgzip", False),
        ("", False),
    ],
)
def test_a_file_is_sent_compressed_only_to_whom_takes_it(built, visit, accepted, is_packed):
    answer = visit("GET", "/assets/index-abc123.js", headers={"accept-encoding": accepted})
    assert (answer.status, answer.headers.get("content-encoding") == "gzip") == (200, is_packed)


@pytest.mark.parametrize(
    "path", ["/stamp.txt", "/../secret.html", "/%2e%2e/secret.html", "/assets/../../secret.html", "/page.py"]
)
def test_nothing_but_the_files_of_the_page_is_served(built, visit, path):
    assert visit("GET", path).status == 404


def test_a_page_that_is_built_again_is_shown_by_a_running_server(built, visit):
    assert visit("GET", "/assets/new-1.js").status == 404
    (built / "assets" / "new-1.js").write_text("1")
    (built / "index.html").write_text("<!doctype html>new")
    assert visit("GET", "/assets/new-1.js").status == 200


def test_an_installation_without_the_page_says_how_to_build_it(visit, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "FOLDER", tmp_path / "absent")
    answer = visit("GET", "/")
    assert answer.status == 200
    assert b"studio/build.py" in answer.body


def test_the_page_learns_whether_its_cookie_opens_the_door(visit):
    session = PageSession("owner-token")
    good = {"cookie": f"{session.cookie_name}={session.cookie_value}"}
    assert visit("GET", "/session", headers=good).json() == {"open": True}
    assert visit("GET", "/session", headers={"cookie": f"{session.cookie_name}=x"}).json() == {"open": False}
    assert visit("GET", "/session").json() == {"open": False}


def test_the_page_is_told_with_its_first_answer_whether_its_cookie_opens_the_door(built, visit):
    (built / "index.html").write_text('<!doctype html><html lang="en"><title>Bancada</title></html>')
    session = PageSession("owner-token")
    good = {"cookie": f"{session.cookie_name}={session.cookie_value}", **BROWSER}
    inside, outside = visit("GET", "/workspaces/lab/jobs", headers=good), visit("GET", "/", headers=BROWSER)
    assert b'<html data-session="open" lang="en">' in inside.body
    assert b'<html data-session="closed" lang="en">' in outside.body
    assert inside.headers["etag"] != outside.headers["etag"]
    assert "Cookie" in inside.headers["vary"]
    packed = visit("GET", "/", headers={**good, "accept-encoding": "gzip"})
    assert gzip.decompress(packed.body) == inside.body
