"""The routing table: what the router builds is what the gateway reads; keys; mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bancada.engine.router import DeploymentRoutes, EndpointRoutes, build_table, check_traffic, publish
from bancada.errors import Invalid
from bancada.faces.gateway.table import RoutingTable, TableError, is_authorized, parse_table, read_table
from bancada.ids import token_hash

names = st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True)


@st.composite
def shares(draw: st.DrawFn) -> dict[str, int]:
    """Shares that add up to 100, or to nothing."""
    some = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=len(some) - 1, max_size=len(some) - 1)))
    parts = [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    return dict(zip(some, parts, strict=True)) if draw(st.booleans()) else dict.fromkeys(some, 0)


deployments = st.builds(
    DeploymentRoutes,
    replicas=st.lists(names.map(lambda name: f"/tmp/{name}.sock"), max_size=3, unique=True),
    max_concurrent_requests_per_instance=st.integers(1, 100),
    request_timeout_ms=st.integers(1, 180_000),
    max_queue_wait_ms=st.integers(0, 180_000),
    instance_count=st.integers(0, 5),
    retry=st.booleans(),
)


@given(shares(), st.data(), st.lists(st.text(min_size=1), max_size=2))
def test_what_is_built_is_read_back(traffic: dict[str, int], data: st.DataObject, keys: list[str]) -> None:
    inside = {name: data.draw(deployments) for name in traffic}
    table = build_table({"ws/ep": EndpointRoutes(keys=keys, traffic=traffic, deployments=inside)})
    read = parse_table(json.loads(json.dumps(table))).endpoints["ws/ep"]
    assert (read.workspace, read.name) == ("ws", "ep")
    assert read.traffic == {name: share for name, share in traffic.items() if share}
    assert read.keys == tuple(token_hash(key).encode() for key in keys)
    for name, asked in inside.items():
        got = read.deployments[name]
        assert got.replicas == tuple(asked.replicas)
        assert got.instances == (asked.instance_count or max(1, len(asked.replicas)))
        assert got.limit == 2 * got.instances * asked.max_concurrent_requests_per_instance
        assert got.request_timeout_s == asked.request_timeout_ms / 1000
        assert got.max_queue_wait_s == asked.max_queue_wait_ms / 1000
        assert got.retry == asked.retry


@given(shares())
def test_shares_that_add_up_are_accepted(traffic: dict[str, int]) -> None:
    assert check_traffic(traffic, {}, traffic) == []


@pytest.mark.parametrize(
    ("traffic", "mirror", "part"),
    [
        ({"blue": 90}, {}, "add up to 90"),
        ({"blue": 60, "green": 60}, {}, "add up to 120"),
        ({"blue": 150, "green": -50}, {}, "150 is no percentage"),
        ({"blue": 100}, {"green": 60}, "at most 50 %"),
        ({}, {"blue": 10, "green": 10}, "to one deployment"),
        ({"blue": 100}, {"blue": 10}, "has live traffic already"),
        ({"bleu": 100}, {}, "did you mean `blue`"),
        ({"blue": 100}, {"yellow": 5}, "it has blue, green"),
    ],
)
def test_shares_that_cannot_be_are_explained(traffic: dict[str, int], mirror: dict[str, int], part: str) -> None:
    assert part in " ".join(one.message for one in check_traffic(traffic, mirror, ["blue", "green"]))


def test_all_mistakes_are_told_at_once() -> None:
    wrong = DeploymentRoutes(request_timeout_ms=200_000, max_concurrent_requests_per_instance=0)
    with pytest.raises(Invalid) as caught:
        build_table({"ws/ep": EndpointRoutes(traffic={"blue": 50}, deployments={"blue": wrong})})
    assert len(caught.value.problems) == 3


def test_traffic_to_a_deployment_that_is_away_stays_its_own() -> None:
    """Its share is answered 503; the others do not get more than was asked for."""
    routes = EndpointRoutes(traffic={"blue": 50, "gone": 50}, deployments={"blue": DeploymentRoutes(["/s"])})
    read = parse_table(build_table({"ws/ep": routes})).endpoints["ws/ep"]
    assert read.traffic == {"blue": 50, "gone": 50}
    assert read.deployments["gone"].replicas == ()


def test_empty_keys_let_nobody_in() -> None:
    read = parse_table(build_table({"ws/ep": EndpointRoutes(keys=("", ""))})).endpoints["ws/ep"]
    assert read.keys == ()
    assert not is_authorized(b"Bearer ", read.keys)


@pytest.mark.parametrize("header", [b"Bearer key", b"bearer key", b"BEARER  key "])
def test_the_right_key_is_accepted(header: bytes) -> None:
    hashes = [token_hash(one).encode() for one in ("other", "key")]
    assert is_authorized(header, hashes)


@pytest.mark.parametrize(
    "header", [None, b"", b"key", b"Basic key", b"Bearer", b"Bearer Key", b"Bearer key2", b"Bearer \xff"]
)
def test_any_other_is_not(header: bytes | None) -> None:
    assert not is_authorized(header, [token_hash("key").encode()])


def test_no_file_is_an_empty_table_and_a_broken_one_an_error(tmp_path: Path) -> None:
    path = tmp_path / "routes.json"
    assert read_table(path) == RoutingTable()
    for text in ("{", "[]", "{}", '{"version": 1, "endpoints": {"no-slash": {}}}'):
        path.write_text(text)
        with pytest.raises(TableError):
            read_table(path)
    path.write_text('{"version": 1, "endpoints": {"a/b": {"new": 1, "traffic": {"x": 100}}}, "later": true}')
    assert read_table(path).endpoints["a/b"].traffic == {}


def test_versions_go_up_and_nobody_there_is_no_error(tmp_path: Path) -> None:
    table = build_table({})
    assert publish(tmp_path, tmp_path, table) is False
    assert publish(tmp_path, tmp_path, table) is False
    assert json.loads((tmp_path / "gateway" / "routes.json").read_text())["version"] == 2
    assert [one.name for one in (tmp_path / "gateway").iterdir()] == ["routes.json"]
