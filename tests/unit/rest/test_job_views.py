"""What the routes of the table of jobs and of a job's page ask of the platform, and how they answer."""

from __future__ import annotations

import asyncio
import struct
from array import array

import pytest

from bancada.engine.job_news import JobNews
from bancada.engine.job_rows import TableQuery
from bancada.errors import Invalid
from bancada.store.series import Points

LAB = "/api/v1/workspaces/lab"


def test_the_table_is_asked_with_every_word_of_the_query(call, platform):
    platform.answers["job_tables.rows"] = {"items": [], "total": 0, "offset": 40}
    answer = call(
        "GET",
        f"{LAB}/jobs/rows?filter=metrics.a%3E1&search=big+one&order_by=metrics.a&scope=all&limit=20&offset=40"
        "&list_view_type=All&columns=metrics.a,params.b&parent_job_name=p",
    )
    assert answer.json() == {"items": [], "total": 0, "offset": 40}
    assert platform.calls[-1][1] == (
        "lab",
        TableQuery(
            filter="metrics.a>1",
            search="big one",
            order_by="metrics.a",
            parent="p",
            scope="all",
            archived=None,
            columns=["metrics.a", "params.b"],
            limit=20,
            offset=40,
        ),
    )


@pytest.mark.parametrize(
    ("path", "named"),
    [("rows?scope=some", "scope"), ("rows?offset=-1", "offset"), ("j/metrics/m/points?x=y", "x")],
)
def test_a_word_that_is_none_is_named(call, path, named):
    answer = call("GET", f"{LAB}/jobs/{path}")
    assert answer.status == 400
    assert answer.json()["error"]["details"]["problems"][0]["path"] == named


def test_points_come_as_json_or_packed(call, platform):
    points = Points(array("d", [0.0, 1.0]), array("d", [5.5, 6.5]), array("d", [0.25, float("nan")]))
    platform.answers |= {"jobs.row": None, "charts.points": (points, 9)}
    answer = call("GET", f"{LAB}/jobs/one/metrics/train/loss/points?most=10&x=time")
    assert answer.json() == {"steps": [0, 1], "times": [5.5, 6.5], "values": [0.25, "nan"], "total": 9}
    assert platform.calls[-1][1:] == (("lab", "one", "train/loss"), {"most": 10, "axis": "time"})
    packed = call("GET", f"{LAB}/jobs/one/metrics/train/loss/points?form=binary")
    assert packed.headers["content-type"] == "application/octet-stream"
    assert packed.headers["x-total"] == "9"
    assert struct.unpack("<5d", packed.body[:40]) == (0.0, 5.5, 0.25, 1.0, 6.5)
    assert len(packed.body) == 48


def test_names_to_compare_are_a_list(call, platform):
    assert call("POST", f"{LAB}/jobs/compare", {"names": "a"}).status == 400
    platform.answers["job_tables.compare"] = Invalid("none")
    assert call("POST", f"{LAB}/jobs/compare", {"names": ["a"]}).status == 400
    assert platform.calls[-1][1] == ("lab", ["a"])


def test_a_tag_of_null_reaches_the_platform(call, platform, make_document):
    platform.answers["jobs.update"] = make_document(name="one")
    assert call("PATCH", f"{LAB}/jobs/one", {"tags": {"a": None}}).status == 200
    assert platform.calls[-1][1][2] == {"tags": {"a": None}}


METRICS_OF_A_AND_B = 'event: metrics\ndata: {"jobs": ["a", "b"]}\n\n'
FILES_OF_B = 'event: files\ndata: {"jobs": ["b"]}\n\n'


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("metrics=true", METRICS_OF_A_AND_B),
        ("files=true", FILES_OF_B),
        ("metrics=true&files=true", FILES_OF_B + METRICS_OF_A_AND_B),
    ],
)
def test_what_jobs_log_is_told_between_events_and_without_an_id(call, platform, stopping, query, told):
    news = JobNews()
    looks = iter(range(100))

    def events(workspace, after, limit):
        look = next(looks)
        if look == 0:
            news.on_metric("lab", "b", ("loss",))
            news.on_metric("lab", "a", ("loss",))
            news.on_metric("lab", "a", ("acc",))
            news.on_metric("other", "c", ("loss",))
            news.on_file("lab", "b")
            news.on_file("lab", "b")
            news.on_file("other", "a")
        if look == 1:
            stopping.set()
        return []

    platform.answers.update({"platform.events": events, "platform.last_event": 3, "workspaces.get": None})
    platform.answers["job_news.watch"] = news.watch
    assert call("GET", f"{LAB}/events?{query}").body.decode() == f"retry: 1000\n\n{told}"


def test_a_stream_that_did_not_ask_hears_of_no_metric_and_no_file(call, platform, stopping):
    def events(workspace, after, limit):
        stopping.set()
        return []

    platform.answers.update({"platform.events": events, "platform.last_event": 3, "workspaces.get": None})
    assert call("GET", f"{LAB}/events").body.decode() == "retry: 1000\n\n"
    assert not [one for one in platform.calls if one[0] == "job_news.watch"]


def test_what_is_heard_in_a_pause_is_told_once_after_it():
    async def watch():
        news, at = JobNews(), [100.0]
        with news.watch("lab", ["metrics", "files"]) as heard:
            heard._clock = lambda: at[0]
            assert heard.take() == {}
            news.on_metric("lab", "a", ("m",))
            assert heard.take() == {"metrics": ["a"]}
            news.on_metric("lab", "b", ("m",))
            at[0] += 0.4
            news.on_metric("lab", "c", ("m",))
            news.on_file("lab", "c")
            assert heard.take() == {}
            at[0] += 0.2
            await asyncio.wait_for(heard.wait(), 60)
            assert heard.take() == {"files": ["c"], "metrics": ["b", "c"]}
            assert heard.take() == {}
        news.on_metric("lab", "d", ("m",))
        assert heard.take() == {}
        at[0] += 10
        assert heard.take() == {}

    asyncio.run(watch())
