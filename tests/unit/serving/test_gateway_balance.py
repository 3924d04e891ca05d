"""Traffic shares, least busy replicas, limits, waits and retries, with replicas that exist only on paper."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bancada.faces.gateway.answers import Refusal
from bancada.faces.gateway.balance import Exchange, Pool, TrafficDeck, least_busy
from bancada.faces.gateway.table import DeploymentRoute

NAMES = {"workspace": "ws", "endpoint": "ep", "deployment": "blue"}


class PaperLink:
    """A link whose replica is played by the test."""

    def __init__(self, path: str, owner: Pool, loop: asyncio.AbstractEventLoop) -> None:
        self.path, self.owner = path, owner
        self.usable, self.retiring, self.leaving, self.closed = False, False, False, False
        self.outstanding: dict[int, Exchange] = {}
        self.sent_count = 0
        self.capacity, self.is_alone = 1, False
        self.settled = loop.create_future()

    @property
    def is_going(self) -> bool:
        return self.retiring or self.leaving

    @property
    def has_room(self) -> bool:
        return not self.outstanding or (len(self.outstanding) < self.capacity and not self.is_alone)

    def say_bye(self) -> None:
        self.leaving = True
        self.owner.link_leaving(self)  # type: ignore[arg-type]

    def hang_up(self) -> None:
        self.die()

    def ready(self) -> None:
        self.usable, self.leaving = True, False
        self.owner.link_ready(self)  # type: ignore[arg-type]

    def send(self, sent: Exchange) -> None:
        self.outstanding[sent.number] = sent
        self.sent_count += 1

    def answer(self, status: int = 200) -> None:
        number, sent = next(iter(self.outstanding.items()))
        del self.outstanding[number]
        self.owner.link_answered(self, sent, {"id": number, "status": status, "body_type": "whole"}, b"")  # type: ignore[arg-type]

    def die(self, *, begun: bool = True) -> None:
        lost, self.outstanding = list(self.outstanding.values()), {}
        self.is_alone = False
        said_bye, self.usable, self.leaving = self.leaving, False, False
        self.owner.link_lost(self, lost, said_bye=said_bye, begun=begun)  # type: ignore[arg-type]

    def close(self) -> None:
        self.closed, self.usable = True, False


class Paper:
    """Takes answers; one for each request."""

    def __init__(self) -> None:
        self.status: int | str | None = None

    def answer(self, exchange: Exchange, header: Mapping[str, Any], body: bytes) -> None:
        assert self.status is None
        self.status = header.get("status", header["body_type"])

    def refuse(self, exchange: Exchange, refusal: Refusal) -> None:
        assert self.status is None
        self.status = refusal.status


def route(replicas: int = 1, **facts: Any) -> DeploymentRoute:
    """Return a deployment with replicas `0`, `1` …"""
    known: dict[str, Any] = {
        "instances": max(1, replicas), "max_concurrent": 1, "request_timeout_s": 5.0, "max_queue_wait_s": 0.05,
    }  # fmt: skip
    return DeploymentRoute("blue", tuple(str(number) for number in range(replicas)), **{**known, **facts})


def paper_pool(given_route: DeploymentRoute, *, ready: bool = True) -> tuple[Pool, list[PaperLink]]:
    """Return a pool on paper."""
    pool = Pool(given_route, NAMES, asyncio.get_running_loop(), PaperLink)  # type: ignore[arg-type]
    links: list[Any] = list(pool.links.values())
    for link in links if ready else []:
        link.ready()
    return pool, links


def ask(pool: Pool) -> tuple[Exchange | Refusal, Paper]:
    """Submit one request."""
    sink = Paper()
    return pool.submit({"method": "POST"}, b"", sink), sink


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run a test inside an event loop."""
    asyncio.run(test())  # type: ignore[arg-type]


# ---------------------------------------------------------------------- traffic


@given(st.lists(st.integers(1, 100), min_size=1, max_size=5), st.integers(1, 5), st.integers())
def test_shares_are_exact_after_each_whole_deck(weights: list[int], decks: int, seed: int) -> None:
    traffic = {f"d{number}": weight for number, weight in enumerate(weights)}
    deck = TrafficDeck(traffic, seed)
    drawn = Counter(deck.draw() for _ in range(decks * sum(weights)))
    assert drawn == {name: decks * weight for name, weight in traffic.items()}


@given(st.integers(1, 99), st.integers())
def test_no_share_is_ever_far_off(share: int, seed: int) -> None:
    deck, drawn = TrafficDeck({"blue": share, "green": 100 - share}, seed), Counter[str | None]()
    for count in range(1, 301):
        drawn[deck.draw()] += 1
        assert abs(drawn["blue"] - count * share / 100) <= 50


def test_the_order_follows_no_pattern() -> None:
    """A client that alternates between two kinds of requests must not send one kind to one deployment."""
    deck = TrafficDeck({"blue": 50, "green": 50}, seed=1)
    drawn = [deck.draw() for _ in range(2000)]
    assert 400 < Counter(drawn[::2])["blue"] < 600


def test_nothing_is_drawn_without_a_positive_weight() -> None:
    assert TrafficDeck({}).draw() is None
    assert TrafficDeck({"blue": 0}).draw() is None


# ---------------------------------------------------------------------- replicas


class Busy:
    """As much of a link as choosing one looks at."""

    def __init__(self, usable: bool, retiring: bool, outstanding: int, sent_count: int) -> None:
        self.usable, self.is_going, self.sent_count = usable, retiring, sent_count
        self.outstanding = dict.fromkeys(range(outstanding))
        self.has_room = not self.outstanding


busy_links = st.lists(st.builds(Busy, st.booleans(), st.booleans(), st.integers(0, 2), st.integers(0, 3)), max_size=6)


@given(busy_links)
def test_the_least_busy_replica_is_an_idle_one_that_stays(links: list[Any]) -> None:
    chosen: Any = least_busy(links)
    usable = [link for link in links if link.usable]
    candidates = [link for link in usable if not link.is_going] or usable
    idle = [link for link in candidates if not link.outstanding]
    if not idle:
        assert chosen is None
    else:
        assert chosen in idle
        assert chosen.sent_count == min(link.sent_count for link in idle)


@given(st.integers(1, 4), st.integers(1, 3), st.lists(st.sampled_from(["ask", "answer", "die", "ready"]), max_size=80))
def test_limits_hold_and_every_request_is_answered_once(replicas: int, concurrent: int, moves: list[str]) -> None:
    async def scenario() -> None:
        given_route = route(replicas, max_concurrent=concurrent, max_queue_wait_s=60.0, request_timeout_s=60.0)
        pool, links = paper_pool(given_route)
        sinks: list[Paper] = []
        for number, move in enumerate(moves):
            link = links[number % replicas]
            if move == "ask":
                taken, sink = ask(pool)
                if isinstance(taken, Refusal):
                    assert taken.status == 429
                    assert sum(1 for one in sinks if one.status is None) == given_route.limit
                else:
                    sinks.append(sink)
            elif move == "answer" and link.outstanding:
                link.answer()
            elif move == "die" and link.usable:
                link.die()
            elif move == "ready" and not link.usable:
                link.ready()
            open_requests = [one for one in sinks if one.status is None]
            assert pool.in_flight == len(open_requests) <= given_route.limit
            assert all(len(one.outstanding) <= 1 for one in links)
            # Nobody waits while a replica is idle.
            assert not pool.waiting or all(one.outstanding for one in links if one.usable)
        for link in links:
            if not link.usable:
                link.ready()
        while any(link.outstanding for link in links):
            for link in links:
                if link.outstanding:
                    link.answer()
        assert pool.in_flight == len(pool.waiting) == 0
        assert {one.status for one in sinks} <= {200, 502}

    run(scenario)


def test_requests_above_the_slots_wait_at_most_the_queue_time() -> None:
    async def scenario() -> None:
        pool, (link,) = paper_pool(route())
        _, first = ask(pool)
        _, second = ask(pool)
        await asyncio.sleep(0.1)
        assert (first.status, second.status) == (None, 503)
        assert pool.in_flight == 1
        _, third = ask(pool)
        link.answer()
        link.answer()
        assert (first.status, third.status) == (200, 200)

    run(scenario)


def test_an_admitted_request_waits_for_a_replica_until_its_deadline() -> None:
    async def scenario() -> None:
        pool, _ = paper_pool(route(max_concurrent=2, request_timeout_s=2.0))
        _, first = ask(pool)
        _, second = ask(pool)
        await asyncio.sleep(0.1)
        assert (first.status, second.status) == (None, None)
        while pool.in_flight:
            await asyncio.sleep(0.05)
        assert (first.status, second.status) == (408, 408)

    run(scenario)


def test_a_waiting_request_moves_up_when_one_before_it_is_done() -> None:
    async def scenario() -> None:
        pool, (link,) = paper_pool(route(max_concurrent=2))
        sinks = [ask(pool)[1] for _ in range(3)]
        link.answer()  # the second is sent, and the third counts as being worked on from now on
        await asyncio.sleep(0.1)
        assert [one.status for one in sinks] == [200, None, None]

    run(scenario)


def test_a_late_answer_is_forgotten_and_frees_the_replica() -> None:
    async def scenario() -> None:
        pool, (link,) = paper_pool(route(request_timeout_s=0.05))
        _, first = ask(pool)
        await asyncio.sleep(0.1)
        assert first.status == 408
        assert link.outstanding
        link.answer()
        assert first.status == 408
        _, second = ask(pool)
        link.answer()
        assert second.status == 200
        assert pool.metrics.answers == {408: 1, 200: 1}

    run(scenario)


def test_without_any_replica_even_an_admitted_request_gives_up() -> None:
    async def scenario() -> None:
        pool, _ = paper_pool(route(), ready=False)
        _, sink = ask(pool)
        await asyncio.sleep(0.1)
        assert sink.status == 503

    run(scenario)


def test_a_request_whose_only_replica_died_waits_for_the_next_one() -> None:
    async def scenario() -> None:
        pool, (link,) = paper_pool(route())
        _, sink = ask(pool)
        link.die()
        link.ready()
        link.answer()
        assert sink.status == 200
        _, other = ask(pool)
        link.die()
        await asyncio.sleep(0.1)
        assert other.status == 503
        assert pool.metrics.retried == 2

    run(scenario)


def test_a_request_is_sent_again_once_and_not_at_all_where_that_is_unsafe() -> None:
    async def scenario() -> None:
        pool, links = paper_pool(route(3))
        _, sink = ask(pool)
        for _ in range(2):
            next(link for link in links if link.outstanding).die()
        assert sink.status == 502
        careful, (link,) = paper_pool(route(retry=False))
        _, sink = ask(careful)
        link.die()
        assert sink.status == 502

    run(scenario)


def test_a_request_that_no_replica_had_begun_is_sent_on_until_one_does() -> None:
    async def scenario() -> None:
        pool, links = paper_pool(route(4, retry=False))
        _, sink = ask(pool)
        for _ in range(3):
            next(link for link in links if link.outstanding).die(begun=False)
        next(link for link in links if link.outstanding).answer()
        assert sink.status == 200
        assert pool.metrics.retried == 0

    run(scenario)


def test_a_stream_that_began_is_cut_off_and_not_sent_again() -> None:
    async def scenario() -> None:
        pool, (first, _) = paper_pool(route(2))
        taken, sink = ask(pool)
        assert isinstance(taken, Exchange)
        part = {"id": taken.number, "status": 200, "body_type": "part"}
        pool.link_answered(first, taken, part, b"")  # type: ignore[arg-type]
        assert sink.status == 200
        sink.status = None
        first.die()
        assert sink.status == "abort"
        assert pool.in_flight == 0

    run(scenario)


def test_a_client_that_went_away_is_forgotten_but_its_replica_stays_busy() -> None:
    async def scenario() -> None:
        pool, (link,) = paper_pool(route(max_concurrent=2))
        gone, sink = ask(pool)
        waits, other = ask(pool)
        assert isinstance(gone, Exchange)
        assert isinstance(waits, Exchange)
        pool.abandon(gone)
        pool.abandon(waits)
        assert (pool.in_flight, len(pool.waiting), len(link.outstanding)) == (0, 0, 1)
        link.answer()
        assert (sink.status, other.status) == (None, None)

    run(scenario)


def test_replicas_that_leave_the_table_finish_what_they_have() -> None:
    async def scenario() -> None:
        pool, links = paper_pool(route(2, max_concurrent=4))
        busy, idle = links
        _, sink = ask(pool)
        pool.update(DeploymentRoute("blue", ("new",), 1, 4, 5.0, 0.05))
        assert (busy.closed, idle.closed) == (False, True)
        new: Any = pool.links["new"]
        _, waits = ask(pool)  # the new one is not there yet: the old one goes on serving
        busy.answer()
        busy.answer()
        assert (sink.status, waits.status) == (200, 200)
        new.ready()
        ask(pool)
        assert new.outstanding
        pool.close()
        new.answer()
        assert list(pool.links) == []

    run(scenario)


def test_a_replica_that_drains_serves_those_who_wait_when_nobody_else_can() -> None:
    async def scenario() -> None:
        pool, (first, second) = paper_pool(route(2, max_concurrent=4))
        sinks = [ask(pool)[1] for _ in range(5)]
        first.say_bye()
        first.answer()
        assert not first.usable  # hung up on: the other one serves who waits
        second.say_bye()
        for _ in range(4):
            second.answer()
        assert {one.status for one in sinks} == {200}
        assert not second.usable
        assert pool.metrics.replicas_lost == 0

    run(scenario)


def test_a_new_limit_counts_at_once() -> None:
    async def scenario() -> None:
        pool, _ = paper_pool(route())
        for _ in range(2):
            ask(pool)
        assert isinstance(ask(pool)[0], Refusal)
        pool.update(route(max_concurrent=8))
        assert isinstance(ask(pool)[0], Exchange)
        await asyncio.sleep(0.1)
        assert pool.in_flight == 3  # nobody waits as "too many" any more

    run(scenario)


@pytest.mark.parametrize("status", [200, 201, 404, 500])
def test_what_clients_see_is_what_is_counted(status: int) -> None:
    async def scenario() -> None:
        pool, (link,) = paper_pool(route())
        ask(pool)
        link.answer(status)
        assert pool.metrics.answers == {200 if status == 200 else 424: 1}

    run(scenario)
