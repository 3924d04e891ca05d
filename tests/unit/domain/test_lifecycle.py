"""Statuses: the table of moves is closed, final means final, and MLflow's words map there and back."""

from __future__ import annotations

from typing import get_args

import pytest

from bancada.domain.lifecycle import (
    FINAL,
    MOVES,
    STATUSES,
    JobStatus,
    ensure_move,
    from_mlflow,
    is_legal,
    to_mlflow,
)
from bancada.domain.tracking import better
from bancada.errors import Conflict


def test_every_status_is_in_the_table_and_leads_only_to_statuses() -> None:
    assert set(STATUSES) == set(get_args(JobStatus))
    assert all(after in MOVES for moves in MOVES.values() for after in moves)


def test_every_job_can_end_and_be_stopped() -> None:
    for status in set(STATUSES) - FINAL:
        assert is_legal(status, "Failed")
        assert is_legal(status, "Canceled")


def test_final_jobs_move_only_when_extended() -> None:
    for status in FINAL:
        assert not any(is_legal(status, after) for after in STATUSES)
        assert is_legal(status, "Queued", extend=True)


def test_an_illegal_move_says_which() -> None:
    with pytest.raises(Conflict, match="`j` is Completed and cannot become Running"):
        ensure_move("j", "Completed", "Running")


def test_final_statuses_go_to_mlflow_and_back() -> None:
    assert {from_mlflow(to_mlflow(status)) for status in FINAL} == set(FINAL)
    assert to_mlflow("CancelRequested") == "RUNNING"


def test_nan_is_worse_than_anything() -> None:
    assert better("maximize", 2, 1)
    assert better("minimize", 1, 2)
    assert better("maximize", -1e9, float("nan"))
    assert not better("minimize", float("nan"), 1e9)
    assert not better("maximize", 1, 1)
