"""The ring of looks at the gateway: figures are those between two looks."""

from __future__ import annotations

from typing import Any

import pytest

from bancada.engine.load_history import LoadHistory


def said(requests: int, errors: int = 0, slow: int = 0, **more: Any) -> dict[str, Any]:
    answers = {"200": requests - errors, "500": errors}
    buckets = [[0.01, requests - slow], [0.1, slow], [None, 0]]
    one = {"workspace": "w", "endpoint": "ep", "deployment": "blue", "answers": answers, "in_flight": 1, "replicas": 2}
    return {"deployments": [{**one, "latency": {"buckets_s": buckets}, **more}]}


def history(*looks: tuple[float, dict[str, Any]], since: float = 0.0) -> Any:
    made = LoadHistory()
    for at, state in looks:
        made.note(at, state)
    return made.of("w", "ep", "blue", since)


def test_figures_are_those_of_the_interval():
    found = history((100.0, said(10)), (105.0, said(30, errors=2)), (110.0, said(30, errors=2)))
    assert found["times"] == [105.0, 110.0]
    assert found["requests"] == [20, 0]
    assert found["errors"] == [2, 0]
    assert found["in_flight"] == [1, 1]
    assert found["replicas"] == [2, 2]
    assert found["p50_ms"] == [5.0, None]


def test_quantiles_are_linear_in_their_bucket():
    found = history((100.0, said(0)), (105.0, said(10, slow=10)))
    assert found["p50_ms"] == [pytest.approx(55.0)]
    assert found["p95_ms"] == [pytest.approx(95.5)]


def test_looks_that_come_each_second_are_kept_each_five():
    found = history(*((100.0 + at, said(at)) for at in range(26)))
    assert found["times"] == [105.0, 110.0, 115.0, 120.0, 125.0]
    assert sum(found["requests"]) == 25


def test_a_gateway_that_was_started_again_counts_from_zero():
    assert history((100.0, said(500)), (105.0, said(7)))["requests"] == [7]


def test_a_time_without_looks_is_a_gap_and_not_one_long_interval():
    found = history((100.0, said(1)), (105.0, said(2)), (500.0, said(900)), (505.0, said(901)))
    assert found["times"] == [105.0, 505.0]
    assert found["requests"] == [1, 1]


def test_an_hour_is_kept_and_what_was_asked_for_is_given():
    found = history(*((100.0 + 5 * at, said(at)) for at in range(2000)))
    assert len(found["times"]) == 720
    assert len(history(*((5.0 * at, said(at)) for at in range(100)), since=450.0)["times"]) == 10


def test_of_a_deployment_that_nobody_saw_there_is_nothing():
    assert LoadHistory().of("w", "ep", "green", 0.0)["times"] == []
