"""Counts and times in Prometheus's text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bancada.faces.gateway.metrics import DeploymentMetrics, Histogram, prometheus_text


@given(st.lists(st.floats(0, 1000)))
def test_a_histogram_counts_everything_once(values: list[float]) -> None:
    histogram = Histogram()
    for value in values:
        histogram.observe(value)
    lines = list(histogram.lines("x", 'a="b"'))
    buckets = [int(line.rsplit(" ", 1)[1]) for line in lines if "_bucket" in line]
    assert buckets == sorted(buckets)
    assert buckets[-1] == histogram.count == len(values)
    for line in lines:
        if "_bucket" in line and "+Inf" not in line:
            bound = float(line.split('le="')[1].split('"')[0])
            assert int(line.rsplit(" ", 1)[1]) == sum(1 for value in values if value <= bound)


def test_the_text_has_each_family_once() -> None:
    metrics = DeploymentMetrics()
    metrics.answers[200] += 2
    metrics.answers[424] += 1
    rows = [({"deployment": name}, metrics, {"in_flight": 1, "waiting": 0, "replicas": 2}) for name in ("a", "b")]
    text = prometheus_text(rows, {401: 3})
    assert text.count("# TYPE bancada_requests_total counter") == 1
    assert 'bancada_requests_total{deployment="b",code="424"} 1' in text
    assert 'bancada_replicas{deployment="a"} 2' in text
    assert 'bancada_refused_total{code="401"} 3' in text
    for line in text.splitlines():
        assert line.startswith("#") or len(line.rsplit(" ", 1)) == 2
