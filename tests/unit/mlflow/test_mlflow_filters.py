"""The filter language: parse∘print is the identity, what is refused is refused with a reason."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bancada.errors import Invalid
from bancada.store.filters import (
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    MOST_CLAUSES,
    MOST_ORDERS,
    REGISTERED_MODELS,
    RUNS,
    Clause,
    Order,
    Subject,
    holds,
    parse_filter,
    parse_order,
    parse_orders,
    print_filter,
    print_order,
)

SUBJECTS: dict[str, Subject] = {
    "runs": RUNS,
    "experiments": EXPERIMENTS,
    "registered_models": REGISTERED_MODELS,
    "model_versions": MODEL_VERSIONS,
    "logged_models": LOGGED_MODELS,
}
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
KEYS = TEXTS.filter(lambda text: text.strip() != "")
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def clauses(draw: st.DrawFn, name: str) -> Clause:
    """Any clause that a subject allows."""
    subject = SUBJECTS[name]
    entity = draw(st.sampled_from(["attribute", *subject.entities]))
    if entity == "attribute":
        key = draw(st.sampled_from(sorted(subject.text | subject.numbers)))
        numeric = key in subject.numbers
        listed = {"IN", "NOT IN"} if key in subject.listed else set[str]()
        operators = {"=", "!=", "<", "<=", ">", ">="} if numeric else {"=", "!=", "LIKE", "ILIKE"} | listed
    else:
        key = draw(st.sampled_from(["name", "digest", "context"])) if entity == "dataset" else draw(KEYS)
        numeric = entity == "metric"
        operators = set(subject.entities[entity])
    operator = draw(st.sampled_from(sorted(operators)))
    if operator.startswith("IS"):
        return Clause(entity, key, operator, None)
    if operator.endswith("IN"):
        return Clause(entity, key, operator, tuple(draw(st.lists(TEXTS, min_size=1, max_size=4))))
    return Clause(entity, key, operator, draw(NUMBERS) if numeric else draw(TEXTS))


@pytest.mark.parametrize("name", SUBJECTS)
def test_what_is_printed_parses_to_the_same_clauses(name: str) -> None:
    @given(st.lists(clauses(name), max_size=4))
    def check(found: list[Clause]) -> None:
        assert list(parse_filter(print_filter(found), name)) == found

    check()


@given(st.sampled_from(["metric", "parameter", "tag"]), KEYS, st.booleans())
def test_what_is_printed_parses_to_the_same_order(entity: str, key: str, ascending: bool) -> None:
    order = Order(entity, key, ascending)  # type: ignore[arg-type]
    assert parse_order(print_order(order), "runs") == order


@given(st.text(max_size=60), st.sampled_from(sorted(SUBJECTS)))
def test_any_text_parses_or_is_refused_with_our_error(text: str, name: str) -> None:
    for parse in (parse_filter, parse_order):
        with contextlib.suppress(Invalid):
            parse(text, name)


ACCEPTED: list[tuple[str, str, list[Clause]]] = [
    ("runs", "", []),
    ("runs", "   ", []),
    ("runs", "metrics.acc > 0.5", [Clause("metric", "acc", ">", 0.5)]),
    ("runs", "metric.acc>=-1e-3", [Clause("metric", "acc", ">=", -0.001)]),
    ("runs", "metrics.a.b.c = 1", [Clause("metric", "a.b.c", "=", 1.0)]),
    ("runs", 'metrics."my metric" < 1', [Clause("metric", "my metric", "<", 1.0)]),
    ("runs", "metrics.`my metric` != .5", [Clause("metric", "my metric", "!=", 0.5)]),
    (
        "runs",
        "params.m = 'x' and tags.t LIKE '%a_'",
        [Clause("parameter", "m", "=", "x"), Clause("tag", "t", "LIKE", "%a_")],
    ),
    ("runs", 'param.m ilike "X%"', [Clause("parameter", "m", "ILIKE", "X%")]),
    ("runs", "tags.mlflow.source.name = 't'", [Clause("tag", "mlflow.source.name", "=", "t")]),
    ("runs", "tags.`mlflow.runName`='r'", [Clause("tag", "mlflow.runName", "=", "r")]),
    (
        "runs",
        "tags.x is null AND params.y IS NOT NULL",
        [Clause("tag", "x", "IS NULL", None), Clause("parameter", "y", "IS NOT NULL", None)],
    ),
    ("runs", "attributes.status = 'RUNNING'", [Clause("attribute", "status", "=", "RUNNING")]),
    ("runs", "run.status != 'RUNNING'", [Clause("attribute", "status", "!=", "RUNNING")]),
    ("runs", 'status = "FINISHED"', [Clause("attribute", "status", "=", "FINISHED")]),
    ("runs", "attr.`run name` = 'r'", [Clause("attribute", "run_name", "=", "r")]),
    ("runs", "created > 1700000000000", [Clause("attribute", "start_time", ">", 1.7e12)]),
    ("runs", "run_id IN ('a', \"b\")", [Clause("attribute", "run_id", "IN", ("a", "b"))]),
    ("runs", "attributes.run_id not in ('a')", [Clause("attribute", "run_id", "NOT IN", ("a",))]),
    # As Python prints a tuple of one.
    ("runs", f"run_id IN {('a',)}", [Clause("attribute", "run_id", "IN", ("a",))]),
    (
        "runs",
        "dataset.name = 'iris' AND datasets.context IN ('train','eval')",
        [Clause("dataset", "name", "=", "iris"), Clause("dataset", "context", "IN", ("train", "eval"))],
    ),
    ("runs", "params.q = 'it''s'", [Clause("parameter", "q", "=", "it's")]),
    ("runs", "params.and = 'AND'", [Clause("parameter", "and", "=", "AND")]),
    (
        "experiments",
        "name LIKE 'heart%' AND tags.team = 'x'",
        [Clause("attribute", "name", "LIKE", "heart%"), Clause("tag", "team", "=", "x")],
    ),
    ("experiments", "experiment_id = '1'", [Clause("attribute", "experiment_id", "=", "1")]),
    ("experiments", "creation_time >= 5", [Clause("attribute", "creation_time", ">=", 5.0)]),
    ("registered_models", "name ILIKE '%f%'", [Clause("attribute", "name", "ILIKE", "%f%")]),
    ("registered_models", "name IN ('f', 'g')", [Clause("attribute", "name", "IN", ("f", "g"))]),
    (
        "model_versions",
        "name='forest' and version_number > 2",
        [Clause("attribute", "name", "=", "forest"), Clause("attribute", "version_number", ">", 2.0)],
    ),
    ("model_versions", "run_id IN ('r1')", [Clause("attribute", "run_id", "IN", ("r1",))]),
    ("model_versions", "name IN ('a', 'b')", [Clause("attribute", "name", "IN", ("a", "b"))]),
    (
        "logged_models",
        "creation_time > 1 AND metrics.f1 > 0.9",
        [Clause("attribute", "creation_timestamp", ">", 1.0), Clause("metric", "f1", ">", 0.9)],
    ),
]


@pytest.mark.parametrize(("name", "text", "expected"), ACCEPTED)
def test_a_filter_means_what_mlflow_means_by_it(name: str, text: str, expected: list[Clause]) -> None:
    assert list(parse_filter(text, name)) == expected


REFUSED: list[tuple[str, str, str]] = [
    ("runs", "metrics.acc > 'x'", "numeric value"),
    ("runs", "metrics.acc LIKE 'x'", "Invalid comparator"),
    ("runs", "params.p > 'x'", "Invalid comparator"),
    ("runs", "params.p = x", "quoted string"),
    ("runs", "params.p = 1", "quoted string"),
    ("runs", "metrics.a > 1 OR metrics.b > 2", "joined by AND"),
    ("runs", "metrics.a > 1 AND", "ends where"),
    ("runs", "metrics.a", "ends where"),
    ("runs", "metric.a >", "ends where"),
    ("runs", "foo.a = 1", "Invalid entity type 'foo'"),
    ("runs", "metrik.a = 1", "Did you mean 'metric'"),
    ("runs", "attributes.stattus = 'x'", "Did you mean 'status'"),
    ("runs", "status IN ('a')", "Invalid comparator"),
    ("runs", "run_id IN ()", "non-empty list"),
    ("runs", "run_id IN (,)", "non-empty list"),
    ("runs", "run_id IN ('a' 'b')", "Expected `,` or `)`"),
    ("runs", "run_id IN ('a',", "ends where"),
    ("runs", "run_id IN (1)", "non-empty list"),
    ("runs", "run_id IN 'a'", "list of quoted"),
    ("runs", "dataset.foo = 'x'", "Invalid dataset key"),
    ("runs", "metrics.a IS NULL", "Invalid comparator"),
    ("runs", "tags.a = 'x", "cannot read"),
    ("runs", "= 3", "Expected a name"),
    ("runs", "metrics.a = 1; DROP TABLE jobs", "cannot read"),
    ("experiments", "metrics.a > 1", "Invalid entity type"),
    ("experiments", "experiment_id > '1'", "Invalid comparator"),
    ("registered_models", "run_id = 'x'", "Invalid attribute key"),
    ("model_versions", "source_path IN ('x')", "Invalid comparator"),
]


@pytest.mark.parametrize(("name", "text", "reason"), REFUSED)
def test_a_bad_filter_is_refused_with_its_reason(name: str, text: str, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_filter(text, name)
    assert reason in caught.value.message


def test_orders_read_names_and_directions() -> None:
    assert parse_order("metrics.acc DESC", "runs") == Order("metric", "acc", ascending=False)
    assert parse_order("params.`a b`", "runs") == Order("parameter", "a b", ascending=True)
    assert parse_order("attributes.start_time asc", "runs") == Order("attribute", "start_time", ascending=True)
    assert parse_order("Created desc", "runs") == Order("attribute", "start_time", ascending=False)
    assert parse_order("timestamp DESC", "registered_models") == Order("attribute", "timestamp", ascending=False)
    for bad in ("metrics.a UP", "metrics.a DESC DESC", "", "foo.x", "attributes.nothing"):
        with pytest.raises(Invalid):
            parse_order(bad, "runs")


@pytest.mark.parametrize(
    ("name", "text"), [("runs", "datasets.name"), ("experiments", "tags.team"), ("registered_models", "tags.team DESC")]
)
def test_what_nothing_is_ordered_by_is_refused(name: str, text: str) -> None:
    with pytest.raises(Invalid, match="Invalid order_by entity"):
        parse_order(text, name)


def test_clauses_are_decided_like_sql_decides_them() -> None:
    assert holds(Clause("tag", "t", "LIKE", "a%_"), "abc")
    assert not holds(Clause("tag", "t", "LIKE", "a_"), "abc")
    assert holds(Clause("tag", "t", "ILIKE", "A%"), "abc")
    assert holds(Clause("tag", "t", "LIKE", "a.c%"), "a.c")
    assert not holds(Clause("tag", "t", "LIKE", "a.c"), "abc")
    assert holds(Clause("tag", "t", "IS NULL", None), None)
    assert not holds(Clause("tag", "t", "!=", "x"), None)
    assert holds(Clause("metric", "m", ">", 1.0), math.inf)


def test_more_than_a_database_takes_is_refused_before_it_is_asked() -> None:
    assert len(parse_filter(" AND ".join(["metrics.m > 0"] * MOST_CLAUSES), "runs")) == MOST_CLAUSES
    with pytest.raises(Invalid, match="clauses"):
        parse_filter(" AND ".join(["metrics.m > 0"] * (MOST_CLAUSES + 1)), "runs")
    with pytest.raises(Invalid, match="keys"):
        parse_orders([f"metrics.m{at}" for at in range(MOST_ORDERS + 1)], "jobs")
