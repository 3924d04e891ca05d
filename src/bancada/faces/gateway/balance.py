"""The live side of a deployment: which replica gets which request, and how long the others wait.

Everything here runs in the event loop's thread, so nothing is locked.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any, Protocol

from bancada.faces.gateway.answers import Refusal, refuse, seen_status
from bancada.faces.gateway.collecting import Collecting, Ticket
from bancada.faces.gateway.links import Link, is_final
from bancada.faces.gateway.metrics import DeploymentMetrics
from bancada.faces.gateway.table import DeploymentRoute

__all__ = ["Exchange", "Nobody", "Pool", "Sink", "TrafficDeck", "least_busy"]

logger = logging.getLogger("bancada.gateway")

# The loop's timers count whole milliseconds.
_TICK_S = 0.002

_numbers = itertools.count(1)


class Sink(Protocol):
    """Where an exchange's answer goes."""

    def answer(self, exchange: Exchange, header: Mapping[str, Any], body: bytes) -> None:
        """Take a frame of the answer; the last one when `is_final(header)`."""
        ...

    def refuse(self, exchange: Exchange, refusal: Refusal) -> None:
        """Take an answer of the gateway's own."""
        ...


class Nobody:
    """Takes the answers to mirrored requests."""

    def answer(self, exchange: Exchange, header: Mapping[str, Any], body: bytes) -> None:
        """Forget it."""

    def refuse(self, exchange: Exchange, refusal: Refusal) -> None:
        """Forget it."""


class Exchange:
    """One request on its way through the gateway."""

    __slots__ = (
        "admitted",
        "arrived",
        "body",
        "collected",
        "deadline",
        "done",
        "fields",
        "link",
        "number",
        "pool",
        "retried",
        "sink",
        "status",
        "timer",
    )

    def __init__(self, pool: Pool, fields: dict[str, Any], body: bytes, sink: Sink, now: float) -> None:
        self.number = next(_numbers)
        self.pool = pool
        self.fields = fields  # method, path, query, headers
        self.body = body
        self.sink = sink
        self.arrived = now
        self.deadline = now + pool.route.request_timeout_s
        # Counts among the requests being worked on: nothing but the deadline limits its wait.
        self.admitted = False
        self.retried = False  # its first replica died
        self.done = False  # the client has its answer, or is gone
        # What the client sees, once an answer has begun: from then on it cannot be sent again.
        self.status = 0
        self.link: Link | None = None
        self.collected: Ticket | None = None  # its request was kept, and its answer shall be
        self.timer: asyncio.TimerHandle | None = None

    def header(self) -> dict[str, Any]:
        """Return the frame's header, with the time that is left now."""
        left_ms = max(0.0, (self.deadline - monotonic()) * 1000)
        return {"id": self.number, **self.fields, "timeout_ms": round(left_ms, 1)}


class TrafficDeck:
    """Picks deployments in the proportions of an endpoint's traffic.

    A shuffled deck of 100 cards instead of a throw of dice for each request: after every 100 requests the
    shares are exact, and yet a client that alternates between two kinds of requests does not send one kind to
    one deployment.
    """

    def __init__(self, traffic: Mapping[str, int], seed: int | None = None) -> None:
        self._cards = [name for name, share in traffic.items() for _ in range(share)]
        self._left: list[str] = []
        self._random = random.Random(seed)

    def draw(self) -> str | None:
        """Return the next deployment's name; None when no deployment has a positive weight."""
        if not self._left:
            if not self._cards:
                return None
            self._left = self._cards[:]
            self._random.shuffle(self._left)
        return self._left.pop()


def least_busy(links: Iterable[Link], *, alone: bool = False) -> Link | None:
    """Return the usable link with room that has least to do and had fewest requests; None when all work.

    A replica works on one request at a time, so what is sent ahead would only wait behind it while another
    one may come free; one that answers several together says in its hello how many. With `alone` only a link
    with nothing outstanding will do. Links that are going are taken only when no other is usable.
    """
    best: Link | None = None
    stays = False
    for link in links:
        if not link.usable:
            continue
        if not link.is_going and not stays:
            best, stays = None, True
        if link.is_going and stays:
            continue
        fits = not link.outstanding if alone else link.has_room
        if fits and (best is None or _load(link) < _load(best)):
            best = link
    return best


def _load(link: Link) -> tuple[int, int]:
    return len(link.outstanding), link.sent_count


class Pool:
    """The replicas of one deployment and the requests that wait for them."""

    def __init__(
        self,
        route: DeploymentRoute,
        names: Mapping[str, str],
        loop: asyncio.AbstractEventLoop,
        connect: Callable[[str, Pool, asyncio.AbstractEventLoop], Link] = Link,
        collecting: Collecting | None = None,
    ) -> None:
        self.route = route
        self.names = dict(names)  # workspace, endpoint, deployment
        self.loop = loop
        self.collecting = collecting
        self.metrics = DeploymentMetrics()
        self.links: dict[str, Link] = {}
        self.waiting: deque[Exchange] = deque()
        self.in_flight = 0
        self._admitted = 0
        self._connect = connect
        self.update(route)

    def update(self, route: DeploymentRoute) -> list[Link]:
        """Take the settings and replicas of a new table; return the links that are new."""
        self.route = route
        fresh: list[Link] = []
        for path in route.replicas:
            if path in self.links:
                self.links[path].retiring = False
            else:
                self.links[path] = self._connect(path, self, self.loop)
                fresh.append(self.links[path])
        for path, link in list(self.links.items()):
            if path not in route.replicas:
                link.retiring = True
                self._let_go_if_idle(link)
        self._admit()
        return fresh

    def close(self) -> None:
        """Let go of the replicas: the deployment is gone. What is on its way is finished first."""
        for link in list(self.links.values()):
            link.retiring = True
            self._let_go_if_idle(link)

    @property
    def usable(self) -> int:
        """How many replicas can be sent requests."""
        return sum(1 for link in self.links.values() if link.usable)

    def submit(self, fields: dict[str, Any], body: bytes, sink: Sink) -> Exchange | Refusal:
        """Take a request: send it at once, let it wait, or refuse it when too many are in flight."""
        if self.in_flight >= self.route.limit:
            self.metrics.answers[429] += 1
            return refuse("TooManyRequests", {"limit": self.route.limit, **self.names})
        exchange = Exchange(self, fields, body, sink, monotonic())
        if self.route.collect is not None and self.collecting is not None:
            exchange.collected = self.collecting.begin(self.route.collect, fields, body)
        self.in_flight += 1
        if self._admitted < self.route.slots:
            exchange.admitted = True
            self._admitted += 1
        link = None if self.waiting else least_busy(self.links.values())
        if link is not None:
            self._send(exchange, link)
            self._arm(exchange, exchange.deadline)
        else:
            self.waiting.append(exchange)
            self._arm(exchange, exchange.arrived + self.route.max_queue_wait_s)
        return exchange

    def abandon(self, exchange: Exchange) -> None:
        """Forget a request whose client is gone. A replica that works on it stays busy until it answers."""
        if not exchange.done:
            self._finish(exchange, 499)

    def _send(self, exchange: Exchange, link: Link) -> None:
        if not exchange.retried:
            self.metrics.queue.observe(monotonic() - exchange.arrived)
        exchange.link = link
        link.is_alone = exchange.retried
        link.send(exchange)

    def _arm(self, exchange: Exchange, at: float) -> None:
        if exchange.timer is not None:
            exchange.timer.cancel()
        delay_s = min(at, exchange.deadline) - monotonic()
        exchange.timer = self.loop.call_later(max(0.0, delay_s), self._ring, exchange)

    def _ring(self, exchange: Exchange) -> None:
        """Decide what the passing of time means for a request: it may wait on, or it has waited too long."""
        if exchange.done:
            return
        late = monotonic() >= exchange.deadline - _TICK_S
        if exchange.link is None and not (late and self.usable):
            if not self.usable:
                self._refuse(exchange, "NoReplica")
                return
            if not exchange.admitted:
                self._refuse(exchange, "QueueTimeout", limit_ms=round(self.route.max_queue_wait_s * 1000))
                return
        if late and exchange.status:
            self._cut_off(exchange)
        elif late:
            self._refuse(exchange, "RequestTimeout", limit_ms=round(self.route.request_timeout_s * 1000))
        else:
            self._arm(exchange, exchange.deadline)

    def _cut_off(self, exchange: Exchange) -> None:
        self._finish(exchange, exchange.status)
        exchange.sink.answer(exchange, {"body_type": "abort"}, b"")

    def _refuse(self, exchange: Exchange, code: str, **facts: object) -> None:
        refusal = refuse(code, {**self.names, **facts})
        self._finish(exchange, refusal.status)
        exchange.sink.refuse(exchange, refusal)

    def _finish(self, exchange: Exchange, status: int) -> None:
        exchange.done = True
        if exchange.timer is not None:
            exchange.timer.cancel()
        if exchange.link is None and exchange in self.waiting:
            self.waiting.remove(exchange)
        self.in_flight -= 1
        if exchange.admitted:
            self._admitted -= 1
            self._admit()
        self.metrics.answers[status] += 1
        self.metrics.latency.observe(monotonic() - exchange.arrived)

    def _admit(self) -> None:
        if self._admitted >= self.route.slots:
            return
        for exchange in self.waiting:
            if not exchange.admitted:
                exchange.admitted = True
                self._admitted += 1
                if self._admitted >= self.route.slots:
                    return

    def _dispatch(self) -> None:
        while self.waiting:
            link = least_busy(self.links.values(), alone=self.waiting[0].retried)
            if link is None:
                break
            exchange = self.waiting.popleft()
            self._send(exchange, link)
            self._arm(exchange, exchange.deadline)
        for link in [one for one in self.links.values() if one.is_going]:
            self._let_go_if_idle(link)

    def _let_go_if_idle(self, link: Link) -> None:
        """End the connection to a replica that is going, unless requests wait that nobody else can serve."""
        others = any(one.usable and not one.is_going for one in self.links.values())
        if link.outstanding or (link.usable and self.waiting and not others):
            return
        if link.retiring:
            self.links.pop(link.path, None)
            link.close()
        else:
            link.hang_up()

    def link_ready(self, link: Link) -> None:
        """Send what waits to a replica that has come."""
        self._dispatch()

    def link_leaving(self, link: Link) -> None:
        """Let a draining replica go as soon as it is not needed."""
        self._let_go_if_idle(link)

    def link_answered(self, link: Link, sent: Exchange, header: Mapping[str, Any], body: bytes) -> None:
        """Pass a frame on and give the replica the next request."""
        if "status" in header:
            sent.status = seen_status(header["status"])
        if is_final(header):
            # The replica first: it shall not stand idle while we write to the client.
            self._dispatch()
            if not sent.done:
                self._finish(sent, sent.status)
                sent.sink.answer(sent, header, body)
                if sent.collected is not None and self.collecting is not None and "status" in header:
                    self.collecting.response(sent.collected, header["status"], body)
        elif not sent.done:
            sent.sink.answer(sent, header, body)

    def link_lost(self, link: Link, lost: Sequence[Exchange], *, said_bye: bool, begun: bool = True) -> None:
        """Send the requests of a dead replica once to another one; as often as need be what none had begun."""
        if not said_bye and not link.retiring:
            self.metrics.replicas_lost += 1
            logger.warning("replica %s of %s is gone with %d requests", link.path, self.names, len(lost))
        if link.retiring:
            self.links.pop(link.path, None)
            link.close()
        for exchange in reversed(lost):
            if not exchange.done:
                self._again(exchange, begun)
        if not self.usable:
            for exchange in self.waiting:  # nobody is there to serve them: from now on their wait is bounded
                self._arm(exchange, monotonic() + self.route.max_queue_wait_s)
        self._dispatch()

    def _again(self, exchange: Exchange, begun: bool) -> None:
        if exchange.status:
            self._cut_off(exchange)
        elif not begun:
            exchange.link = None
            self.waiting.appendleft(exchange)
        elif exchange.retried or not self.route.retry:
            again = ", and so did a second one" if exchange.retried else ""
            self._refuse(exchange, "ReplicaLost", again=again)
        else:
            exchange.retried = True
            exchange.link = None
            self.metrics.retried += 1
            self.waiting.appendleft(exchange)
