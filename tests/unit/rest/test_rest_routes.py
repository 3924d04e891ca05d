"""What routes pass to the platform, and how they show what it answers."""

from __future__ import annotations

import json

import pytest

from bancada.errors import NotFound
from bancada.store.artifacts import Blob
from bancada.store.events import Event

LAB = "/api/v1/workspaces/lab"


def test_a_document_carries_its_revision_as_etag_only(call, platform, make_document):
    platform.answers["jobs.get"] = make_document(7, name="one", status="Running")
    answer = call("GET", f"{LAB}/jobs/one")
    assert answer.json() == {"name": "one", "status": "Running"}
    assert answer.headers["etag"] == '"7"'


def test_a_page_has_items_and_the_next_cursor(call, platform, make_document):
    platform.answers["jobs.page"] = ([make_document(name="b"), make_document(name="a")], "c1")
    answer = call("GET", f"{LAB}/jobs?limit=2&cursor=c0&list_view_type=All&parent_job_name=p")
    assert answer.json() == {"items": [{"name": "b"}, {"name": "a"}], "next": "c1"}
    assert platform.calls[-1][2] == {"parent": "p", "archived": None, "limit": 2, "cursor": "c0"}


@pytest.mark.parametrize(
    ("query", "path"), [("limit=none", "limit"), ("limit=0", "limit"), ("list_view_type=Some", "list_view_type")]
)
def test_a_wrong_word_of_the_query_is_named(call, query, path):
    answer = call("GET", f"{LAB}/jobs?{query}")
    assert answer.status == 400
    assert answer.json()["error"]["details"]["problems"][0]["path"] == path


def test_a_name_that_differs_between_body_and_address_is_an_error(call):
    answer = call("PUT", f"{LAB}/models/heart/versions/2", {"name": "hart", "version": 3})
    assert answer.status == 400
    assert [one["path"] for one in answer.json()["error"]["details"]["problems"]] == ["name", "version"]


def test_a_version_may_come_as_a_number(call, platform, make_document):
    platform.answers["assets.create"] = make_document(name="heart")
    assert call("PUT", f"{LAB}/models/heart/versions/2", {"version": 2}).status == 200
    key, args, _ = platform.calls[-1]
    assert (key, args[1], args[4], args[5]) == ("assets.create", "models", "heart", "2")


def test_a_long_poll_waits_only_when_the_caller_knows_a_revision(call, platform, make_document):
    platform.answers["jobs.get"] = make_document(name="one")
    call("GET", f"{LAB}/jobs/one?wait_s=20")
    assert not [one for one in platform.calls if one[0] == "wait"]
    call("GET", f"{LAB}/jobs/one?wait_s=20&revision=3")
    assert ("wait", ("lab", "jobs", "one", 3, 20.0), {}) in platform.calls


def test_a_long_poll_is_cut_at_a_minute(call, platform, make_document):
    platform.answers["serving.get_deployment"] = make_document(name="blue")
    call("GET", f"{LAB}/online-endpoints/e/deployments/blue?wait_s=9999&revision=1")
    assert ("wait", ("lab", "online-deployments", "e/blue", 1, 60.0), {}) in platform.calls


def test_a_log_answers_as_soon_as_there_is_more(call, platform):
    looks = iter([(b"", 5, "Running"), (b"", 5, "Running"), (b"more", 9, "Running")])
    platform.answers["jobs.log"] = lambda *_: next(looks)
    answer = call("GET", f"{LAB}/jobs/one/logs?offset=5&wait_s=5")
    assert answer.body == b"more"
    assert (answer.headers["x-next-offset"], answer.headers["x-job-status"]) == ("9", "Running")


def test_a_log_does_not_wait_for_a_job_that_has_ended(call, platform):
    platform.answers["jobs.log"] = (b"", 5, "Completed")
    assert call("GET", f"{LAB}/jobs/one/logs?offset=5&wait_s=60").headers["x-job-status"] == "Completed"


def test_a_file_is_never_run_by_the_browser(call, platform, tmp_path):
    (tmp_path / "report.html").write_text("<script>1</script>")
    platform.answers["jobs.open_file"] = tmp_path / "report.html"
    answer = call("GET", f"{LAB}/jobs/one/files/out/report.html")
    assert answer.body == b"<script>1</script>"
    assert answer.headers["content-disposition"] == 'attachment; filename="report.html"'
    assert answer.headers["content-security-policy"] == "sandbox"
    assert platform.calls[-1][1] == ("lab", "one", "out/report.html", None)


def test_a_blob_arrives_whole(call, platform):
    platform.answers["uploads.put_blob"] = lambda ws, digest, chunks: Blob(digest, len(b"".join(chunks)))
    chunks = [bytes([index]) * 600_000 for index in range(5)]
    answer = call("PUT", f"{LAB}/blobs/{'a' * 64}", chunks=chunks)
    assert answer.json() == {"digest": "a" * 64, "size": 3_000_000}


def test_a_tree_with_wrong_files_names_all_of_them(call):
    answer = call("POST", f"{LAB}/trees", {"files": [{"path": "a", "digest": 3}, "x"]})
    paths = [one["path"] for one in answer.json()["error"]["details"]["problems"]]
    assert paths == ["files[0].digest", "files[0].size", "files[1].path", "files[1].digest", "files[1].size"]


def test_listing_the_versions_of_a_missing_name_says_what_there_is(call, platform):
    platform.answers["assets.page"] = ([], None)
    platform.answers["assets.get"] = NotFound.of("model", "hart", existing=["heart"])
    answer = call("GET", f"{LAB}/models/hart/versions")
    assert answer.status == 404
    assert "Did you mean `heart`?" in answer.json()["error"]["message"]


def test_events_come_in_order_and_resume_after_the_last_one(call, platform, stopping):
    def events(workspace, after, limit):
        found = [Event(seq, 1.0, "lab", "job", f"j{seq}", "Queued", "owner", {}) for seq in (6, 7) if seq > after]
        if not found:
            stopping.set()
            platform.changes.announce()
        return found

    platform.answers.update({"platform.events": events, "workspaces.get": None})
    answer = call("GET", f"{LAB}/events", headers={"last-event-id": "6"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = answer.body.decode().splitlines()
    assert "id: 7" in lines
    assert "id: 6" not in lines
    assert json.loads(next(one for one in lines if one.startswith("data: "))[6:])["name"] == "j7"


def test_shutdown_names_the_jobs_that_run_and_stops_when_told_what_to_do(call, server):
    server.jobs = ["sweep_1"]
    asked = call("POST", "/api/v1/shutdown", {})
    assert asked.status == 409
    assert asked.json()["error"]["details"]["jobs"] == ["sweep_1"]
    assert server.stopped_with is None
    assert call("POST", "/api/v1/shutdown", {"jobs": "requeue"}).status == 202
    assert server.stopped_with == "requeue"


def test_shutdown_without_jobs_needs_no_answer(call, server):
    assert call("POST", "/api/v1/shutdown").status == 202
    assert server.stopped_with == "leave"


def test_shutdown_knows_its_words(call):
    assert call("POST", "/api/v1/shutdown", {"jobs": "explode"}).status == 400


def test_a_number_that_json_has_not_is_given_by_its_name(call, platform):
    platform.answers.update({"jobs.get": None, "jobs.summary": {"metrics": {"loss": float("nan")}}})
    assert call("GET", f"{LAB}/jobs/one/summary").json() == {"metrics": {"loss": "nan"}}


@pytest.mark.parametrize("query", ["/logs?offset=nan", "/logs?offset=-1", "?revision=inf", "?revision=1e999"])
def test_a_number_that_cannot_be_is_an_error_of_the_client(call, query):
    answer = call("GET", f"{LAB}/jobs/j{query}")
    assert (answer.status, answer.json()["error"]["code"]) == (400, "invalid")


def test_an_offset_beyond_any_file_is_cut(call, platform):
    platform.answers["jobs.log"] = (b"", 7, "Completed")
    call("GET", "/api/v1/workspaces/lab/jobs/j/logs?offset=1e300")
    assert platform.calls[-1][1][-1] == 2**62
