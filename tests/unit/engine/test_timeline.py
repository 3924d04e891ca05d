"""A job's events as phases, each with its time and its reason."""

from __future__ import annotations

from bancada.engine.timeline import timeline
from bancada.store.events import Event
from bancada.store.jobs import JobRow


def row(status, **values):
    base = {"type": "command", "spec": {}, "experiment_id": "0", "display_name": "j", "created_at": 0.0}
    return JobRow(workspace="w", name="j", status=status, **{**base, **values})


def events(*told):
    return [Event(seq, float(at), "w", "job", "j", what, "worker", data) for seq, (at, what, data) in enumerate(told)]


def shown(found):
    return [(one["phase"], one.get("seconds"), one.get("reason")) for one in found["phases"]]


def test_a_job_is_told_from_its_queue_to_its_outputs():
    told = events(
        (0, "Queued", {"type": "command"}),
        (1, "Preparing", {"reason": "building environment `e`"}),
        (5, "Queued", {"reason": "all 2 cores of this machine are busy"}),
        (6, "waiting", {"reason": "cluster `c` has 1 instance(s), all busy"}),
        (6.5, "updated", {"fields": ["tags"]}),
        (8, "Starting", {"attempt": 1}),
        (9, "Running", {"attempt": 1}),
        (20, "Completed", {}),
    )
    found = timeline(row("Completed", attempt=1, ended_at=20.0), told, process_ended_at=19.5)
    assert shown(found) == [
        ("Queued", 1.0, None),
        ("Preparing", 4.0, "building environment `e`"),
        ("Queued", 1.0, "all 2 cores of this machine are busy"),
        ("Queued", 2.0, "cluster `c` has 1 instance(s), all busy"),
        ("Staging", 1.0, None),
        ("Running", 10.5, None),
        ("Finalizing", 0.5, "keeping outputs"),
    ]
    assert found["attempts"] == 1
    assert found["phases"][0]["started_at"] == "1970-01-01T00:00:00.000000Z"


def test_what_has_not_ended_has_no_end():
    told = events((0, "Queued", {}), (0, "waiting", {"reason": "busy"}))
    found = timeline(row("Queued", state={"reason": "busy", "position": 3}), told)
    assert shown(found) == [("Queued", None, "busy")]
    assert (found["queue_position"], found["status_reason"]) == (3, "busy")


def test_a_lost_attempt_shows_in_the_next_one():
    told = events(
        (0, "Queued", {}),
        (1, "Starting", {"attempt": 1}),
        (2, "Running", {"attempt": 1}),
        (5, "Starting", {"attempt": 2}),
        (6, "Running", {"attempt": 2}),
        (7, "CancelRequested", {}),
        (8, "Canceled", {}),
    )
    found = timeline(row("Canceled", attempt=2, ended_at=8.0), told, process_ended_at=7.9)
    assert shown(found) == [
        ("Queued", 1.0, None),
        ("Staging", 1.0, None),
        ("Running", 3.0, None),
        ("Staging", 1.0, "attempt 2"),
        ("Running", 1.0, "attempt 2"),
        ("Canceling", 1.0, None),
    ]


def test_a_sweep_that_goes_on_did_nothing_between():
    told = events(
        (0, "Queued", {}), (1, "Running", {}), (5, "Completed", {}), (50, "Queued", {"extended_to": 9}),
        (51, "Running", {}),
    )  # fmt: skip
    found = timeline(row("Running"), told)
    assert shown(found) == [
        ("Queued", 1.0, None),
        ("Running", 4.0, None),
        ("Queued", 1.0, "extended to 9 trials"),
        ("Running", None, None),
    ]


def test_a_run_that_no_job_made_ran():
    found = timeline(row("Completed", type=None, reported_start=5.0, started_at=6.0, ended_at=9.0), [])
    assert shown(found) == [("Running", 4.0, None)]
