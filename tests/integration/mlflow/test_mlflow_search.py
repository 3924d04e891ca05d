"""Search over the raw protocol, and SQL against the same clauses decided in memory."""

from __future__ import annotations

import asyncio
import json
import math
import random
import threading
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bancada.domain.tracking import Metric, Param, Tag
from bancada.engine.tracking import Tracking
from bancada.ids import FixedClock
from bancada.store import experiments, points, runs, search
from bancada.store.database import Database
from bancada.store.filters import Clause, Order, holds

LIVING = frozenset({0})


def ids(found: Any) -> list[str]:
    return [one["info"]["run_id"] for one in found.get("runs", [])]


def find(client: Any, text: str = "", order: list[str] | None = None, **more: Any) -> list[str]:
    return ids(client.ok("runs/search", experiment_ids=["0"], filter=text, order_by=order or [], **more))


# -------------------------------------------------------------------------------- over the protocol


def test_newest_start_comes_first_and_pages_join(client: Any) -> None:
    made = [client.run(start_time=1_700_000_000_000 + number) for number in range(25)]
    assert find(client) == made[::-1]
    seen: list[str] = []
    token = ""
    while True:
        page = client.ok("runs/search", experiment_ids=["0"], max_results=7, page_token=token)
        seen += ids(page)
        token = page.get("next_page_token", "")
        if not token:
            break
    assert seen == made[::-1]
    assert find(client, "start_time >= 1700000000023") == made[:-3:-1]
    assert find(client, order=["attributes.start_time ASC"])[:2] == made[:2]
    assert client.post("runs/search", experiment_ids=["0"], page_token="nonsense").error[0] == 400
    assert client.post("runs/search", experiment_ids=["0"], max_results=50_001).error[0] == 400
    assert client.ok("runs/search", experiment_ids=["99"]) == {"runs": []}


def test_a_metric_orders_with_nan_after_numbers_and_missing_last(client: Any) -> None:
    values = {"low": -5, "high": 7, "nan": "NaN", "inf": "Infinity", "none": None}
    made: dict[str, str] = {}
    for number, (name, value) in enumerate(values.items()):
        made[name] = client.run(start_time=1_700_000_000_000 + number)
        if value is not None:
            client.ok("runs/log-metric", run_id=made[name], key="m", value=value, timestamp=1)
    names = {run: name for name, run in made.items()}
    up = [names[run] for run in find(client, order=["metrics.m ASC"])]
    down = [names[run] for run in find(client, order=["metrics.m DESC"])]
    assert up == ["low", "high", "inf", "nan", "none"]
    assert down == ["inf", "high", "low", "nan", "none"]
    paged: list[str] = []
    token = ""
    for _ in range(10):
        page = client.ok(
            "runs/search", experiment_ids=["0"], order_by=["metrics.m DESC"], max_results=2, page_token=token
        )
        paged += [names[run] for run in ids(page)]
        token = page.get("next_page_token", "")
        if not token:
            break
    assert paged == down
    assert [names[run] for run in find(client, "metrics.m > -10", ["metrics.m"])] == ["low", "high", "inf"]
    assert {names[run] for run in find(client, "metrics.m != 7")} == {"low", "nan", "inf"}


def test_filters_of_every_entity(client: Any) -> None:
    first = client.run(run_name="First", user_id="ana", tags=[{"key": "team", "value": "Red"}])
    second = client.run(run_name="second", tags=[{"key": "my tag", "value": "x"}])
    client.ok("runs/log-parameter", run_id=first, key="depth", value="4")
    client.ok("runs/log-parameter", run_id=second, key="depth", value="10")
    dataset = {"name": "iris", "digest": "d1", "source_type": "local", "source": "{}"}
    used = [{"tags": [{"key": "mlflow.data.context", "value": "train"}], "dataset": dataset}]
    client.ok("runs/log-inputs", run_id=first, datasets=used)
    client.ok("runs/update", run_id=second, status="FINISHED", end_time=1_800_000_000_000)
    cases = {
        "params.depth = '4'": [first],
        "params.depth != '4'": [second],
        "params.depth LIKE '1%'": [second],
        "tags.team = 'Red'": [first],
        "tags.team LIKE 'r%'": [],
        "tags.team ILIKE 'r%'": [first],
        "tags.`my tag` = 'x'": [second],
        "tags.team IS NULL": [second],
        "tags.team IS NOT NULL and params.depth IS NOT NULL": [first],
        "attributes.run_name = 'First'": [first],
        "tags.mlflow.runName ILIKE 'SEC%'": [second],
        "attributes.status = 'FINISHED'": [second],
        "user_id = 'ana'": [first],
        f"run_id IN ('{first}', 'x')": [first],
        f"run_id NOT IN ('{first}')": [second],
        f"artifact_uri LIKE '%{second}%'": [second],
        "end_time > 1700000000000": [second],
        "datasets.name = 'iris'": [first],
        "dataset.digest IN ('d1', 'd2')": [first],
        "datasets.context = 'train'": [first],
        "datasets.context != 'train'": [],
        "params.depth = '4' AND tags.team = 'Blue'": [],
        r"params.depth LIKE '4\%'": [],
    }
    for text, expected in cases.items():
        assert find(client, text) == expected, text
    refused = client.post("runs/search", experiment_ids=["0"], filter="metrics.a > 'x'")
    assert refused.error == (400, "INVALID_PARAMETER_VALUE")
    assert client.post("runs/search", experiment_ids=["0"], order_by=["params.a", "params.a DESC"]).status == 400


def test_experiments_are_found_renamed_deleted_and_restored(client: Any, clock: FixedClock) -> None:
    made: list[str] = []
    for name in ("alpha", "beta", "gamma"):
        clock.advance(1)
        team = [{"key": "team", "value": name[0]}]
        made.append(client.ok("experiments/create", name=name, tags=team)["experiment_id"])
    assert made == ["1", "2", "3"]

    def names(**fields: Any) -> list[str]:
        found = client.ok("experiments/search", max_results=fields.pop("max_results", 100), **fields)
        return [one["name"] for one in found["experiments"]]

    assert names(filter="name LIKE '%a'") == ["gamma", "beta", "alpha"]
    assert names(filter="tags.team = 'b'") == ["beta"]
    assert names(filter="tags.team IS NULL") == ["Default"]
    assert names(order_by=["name DESC"])[:2] == ["gamma", "beta"]
    assert names(order_by=["experiment_id ASC"])[:2] == ["Default", "alpha"]
    assert names(filter="experiment_id = '1' AND name LIKE 'a%'") == ["alpha"]
    assert names(filter="experiment_id NOT IN ('0', '2')") == ["gamma", "alpha"]
    assert client.post("experiments/search", max_results=5, order_by=["tags.team"]).error[0] == 400
    assert client.get("experiments/get", experiment_id="alpha").error == (400, "INVALID_PARAMETER_VALUE")
    page = client.ok("experiments/search", max_results=1)
    assert client.ok("experiments/search", max_results=1, page_token=page["next_page_token"])["experiments"]
    run = client.run(experiment_id="2")
    client.ok("experiments/delete", experiment_id="2")
    assert names(view_type="DELETED_ONLY") == ["beta"]
    assert client.read(run)["info"]["lifecycle_stage"] == "deleted"
    assert client.post("runs/create", experiment_id="2").error == (400, "INVALID_PARAMETER_VALUE")
    assert client.post("experiments/create", name="beta").error == (400, "RESOURCE_ALREADY_EXISTS")
    assert client.post("experiments/update", experiment_id="2", new_name="x").error == (409, "INVALID_STATE")
    client.ok("experiments/restore", experiment_id="2")
    assert client.read(run)["info"]["lifecycle_stage"] == "active"
    client.ok("experiments/update", experiment_id="2", new_name="beta2")
    assert client.get("experiments/get-by-name", experiment_name="beta").error == (404, "RESOURCE_DOES_NOT_EXIST")
    client.ok("experiments/set-experiment-tag", experiment_id="2", key="k", value="v")
    shown = client.ok("experiments/get", "GET", experiment_id="2")["experiment"]
    assert {one["key"]: one["value"] for one in shown["tags"]} == {"team": "b", "k": "v"}
    client.ok("experiments/delete-experiment-tag", experiment_id="2", key="k")
    assert client.post("experiments/delete-experiment-tag", experiment_id="2", key="k").status == 404
    assert client.post("experiments/create", name="").error == (400, "INVALID_PARAMETER_VALUE")
    assert client.post("experiments/search", max_results=0).status == 400


def test_a_users_artifact_location_is_kept(client: Any) -> None:
    made = client.ok("experiments/create", name="far", artifact_location="s3://bucket/x")["experiment_id"]
    run = client.run(experiment_id=made)
    assert client.read(run)["info"]["artifact_uri"] == f"s3://bucket/x/{run}/artifacts"
    found = client.ok("runs/search", experiment_ids=[made], filter="artifact_uri LIKE 's3://%'")
    assert ids(found) == [run]
    for bad in ("runs:/1/x", "s3://bucket/x#part", "https://host/x;part"):
        refused = client.post("experiments/create", name="bad", artifact_location=bad)
        assert refused.error == (400, "INVALID_PARAMETER_VALUE"), bad


# -------------------------------------------------------------------------------- SQL against memory

KEYS = ["a", "b c", "d'"]
TEXTS = ["x", "X", "xy", "%", "_", "x\\y", "", "4", "it's"]
VALUES = [0.0, 1.0, -1.5, math.nan, math.inf, -math.inf]
RUN_COUNT = 40


def fill(database: Database, *, is_split: bool = False) -> list[tuple[str, dict[str, Any]]]:
    """Make runs with every kind of value, in one experiment or two; return what each has, newest start first."""
    chance = random.Random(5)
    made: list[tuple[str, dict[str, Any]]] = []

    def act(tx: Any) -> None:
        other = experiments.ensure(tx, "w", "other")
        for number in range(RUN_COUNT):
            name = f"run{number:03d}"
            run = runs.create_plain(
                tx,
                "w",
                name=name,
                experiment_id=other if is_split and number % 3 == 0 else "0",
                display_name=chance.choice(TEXTS),
                user_name="",
                parent=None,
                start=1000.0 + chance.randrange(10),
                now=1.0,
            )
            has: dict[str, Any] = {"start": run.start, "run_name": run.display_name}
            for key in KEYS:
                if chance.random() < 0.7:
                    has["metric", key] = chance.choice(VALUES)
                    points.write(tx, run.key, run.experiment, [Metric(key, has["metric", key])])
                if chance.random() < 0.7:
                    has["parameter", key] = chance.choice(TEXTS)
                    runs.add_params(tx, run, [Param(key, has["parameter", key])])
                if chance.random() < 0.7:
                    has["tag", key] = chance.choice(TEXTS)
                    runs.set_tags(tx, run, [Tag(key, has["tag", key])])
            made.append((name, has))

    database.write(act)
    return sorted(made, key=lambda one: (-one[1]["start"], one[0]))


def decided(clause: Clause, has: dict[str, Any]) -> bool:
    found = has["run_name"] if clause.entity == "attribute" else has.get((clause.entity, clause.key))
    return holds(clause, found)


def ordered(found: list[tuple[str, dict[str, Any]]], orders: list[Order]) -> list[str]:
    for order in reversed(orders):

        def rank(one: tuple[str, dict[str, Any]], order: Order = order) -> int:
            value = one[1].get((order.entity, order.key))
            return 2 if value is None else int(isinstance(value, float) and math.isnan(value))

        def value(one: tuple[str, dict[str, Any]], order: Order = order) -> Any:
            return one[1].get((order.entity, order.key))

        groups: list[list[tuple[str, dict[str, Any]]]] = [[one for one in found if rank(one) == at] for at in range(3)]
        groups[0].sort(key=value, reverse=not order.ascending)
        found = [one for group in groups for one in group]
    return [name for name, _ in found]


metric_clauses = st.builds(
    Clause,
    st.just("metric"),
    st.sampled_from(KEYS),
    st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
    st.sampled_from([0.0, 1.0, -1.5, 0.5]),
)
text_clauses = st.builds(
    Clause,
    st.sampled_from(["parameter", "tag"]),
    st.sampled_from(KEYS),
    st.sampled_from(["=", "!=", "LIKE", "ILIKE"]),
    st.sampled_from([*TEXTS, "x%", "%X%", "_", "%\\%"]),
)
null_clauses = st.builds(
    Clause,
    st.sampled_from(["parameter", "tag"]),
    st.sampled_from(KEYS),
    st.sampled_from(["IS NULL", "IS NOT NULL"]),
    st.none(),
)
name_clauses = st.builds(
    Clause, st.just("attribute"), st.just("run_name"), st.sampled_from(["=", "ILIKE"]), st.sampled_from(TEXTS)
)
any_clauses = st.lists(metric_clauses | text_clauses | null_clauses | name_clauses, max_size=3)
any_orders = st.lists(
    st.builds(Order, st.sampled_from(["metric", "parameter", "tag"]), st.sampled_from(KEYS), st.booleans()),
    max_size=3,
    unique_by=lambda order: (order.entity, order.key),
)


@pytest.mark.parametrize(("few", "is_split"), [(0, False), (2000, False), (0, True), (2000, True)])
def test_sql_finds_and_orders_as_memory_does(
    database: Database, few: int, is_split: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_FEW_MATCHES", few)
    made = fill(database, is_split=is_split)
    wanted = [str(number) for number in range(9)]  # those that do not exist are left out

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(any_clauses, any_orders, st.integers(1, 50))
    def check(clauses: list[Clause], orders: list[Order], limit: int) -> None:
        def pages(tx: Any) -> list[str]:
            keys = experiments.keys_of(tx, "w", wanted)
            found: list[int] = []
            token: str | None = None
            while True:
                page = search.runs(tx, keys, clauses, orders, view=LIVING, limit=limit, token=token)
                assert len(page.keys) <= limit
                found += page.keys
                token = page.next_token
                if token is None:
                    return [one.name for one in runs.by_keys(tx, found)]

        expected = ordered([one for one in made if all(decided(each, one[1]) for each in clauses)], orders)
        assert database.read(pages) == expected

    check()


class Watched:
    """A transaction that notes the plans of the searches that it runs."""

    def __init__(self, tx: Any, seen: list[str]) -> None:
        self._tx = tx
        self._seen = seen
        self.dialect = tx.dialect

    def execute(self, sql: str, params: Any = ()) -> Any:
        """Run one statement."""
        if sql.startswith("SELECT j.id"):
            self._seen.append(" | ".join(row[3] for row in self._tx.execute("EXPLAIN QUERY PLAN " + sql, params)))
        return self._tx.execute(sql, params)


def test_a_search_ordered_by_a_metric_walks_its_index(database: Database) -> None:
    if database.dialect != "sqlite":
        return  # the plan that is read here is SQLite's
    fill(database)
    seen: list[str] = []

    def ask(tx: Any) -> None:
        keys = experiments.keys_of(tx, "w", ["0"])
        search.runs(Watched(tx, seen), keys, [], [Order("metric", "a", ascending=False)], view=LIVING, limit=3)  # type: ignore[arg-type]
        search.runs(Watched(tx, seen), keys, [], [], view=LIVING, limit=3)  # type: ignore[arg-type]

    database.read(ask)
    assert "metrics_by_value" in seen[0]
    assert "jobs_by_start" in seen[-1]
    for plan in (seen[0], seen[-1]):
        # SQLite's words for "only ties are sorted"; a whole sort is "FOR ORDER BY".
        assert "FOR ORDER BY" not in plan


def test_a_search_of_several_experiments_walks_the_index_of_each(database: Database) -> None:
    if database.dialect != "sqlite":
        return  # the plan that is read here is SQLite's
    fill(database, is_split=True)
    seen: list[str] = []

    def ask(tx: Any) -> None:
        keys = experiments.keys_of(tx, "w", [str(number) for number in range(9)])
        assert len(keys) == 2
        for orders in ([Order("metric", "a", ascending=False)], []):
            seen.clear()
            search.runs(Watched(tx, seen), keys, [], orders, view=LIVING, limit=3)  # type: ignore[arg-type]
            index = "metrics_by_value" if orders else "jobs_by_start"
            assert seen[0].count(index) == 2
            # One sort: of the few that the two walks found.
            assert seen[0].count("FOR ORDER BY") == 1

    database.read(ask)


def test_eight_searches_at_once_are_read_two_at_a_time_where_they_share_a_processor(
    client: Any, tracking: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = client.run()
    met, now, most, wanted = threading.Condition(), 0, 0, 2 if tracking.reads_are_local else 3
    perform = tracking.perform

    def watched(caller: Any, operation: Any) -> Any:
        nonlocal now, most
        if operation.kind != "scan":
            return perform(caller, operation)
        with met:
            now, most = now + 1, max(most, now + 1)
            met.notify_all()
            met.wait_for(lambda: most >= wanted, timeout=30)
        try:
            time.sleep(0.05)  # in which one more could come
            return perform(caller, operation)
        finally:
            with met:
                now -= 1

    monkeypatch.setattr(tracking, "perform", watched)
    body = json.dumps({"experiment_ids": ["0"]}).encode()
    path, kind = "/api/2.0/mlflow/runs/search", {"content-type": "application/json"}

    async def together() -> list[Any]:
        return await asyncio.gather(*(client._send("POST", path, body, kind) for _ in range(8)))

    answers = asyncio.run(together())
    assert [[one["info"]["run_id"] for one in answer.json["runs"]] for answer in answers] == [[run]] * 8
    # A database elsewhere is waited for, and may be asked by all at once.
    assert most == 2 if tracking.reads_are_local else most >= 3
