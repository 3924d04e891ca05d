"""The queue: nothing is lost, nothing is held twice, whoever lost a lease is refused."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

import bancada
from bancada.store import events, queue
from bancada.store.database import Database, Tx
from bancada.store.queue import Claim, Subject

Open = Callable[[str], Database]


def job(name: str) -> Subject:
    return Subject("w", "job", name)


def put(database: Database, name: str, due_at: float = 0.0, priority: int = 0) -> None:
    database.write(lambda tx: queue.put(tx, job(name), due_at=due_at, priority=priority))


def claim(database: Database, now: float, limit: int = 100, owner: str = "me", lease_s: float = 10.0) -> list[Claim]:
    return database.write(lambda tx: queue.claim(tx, owner, lease_s, now, limit))


def names(claims: list[Claim]) -> list[str]:
    return [one.subject.name for one in claims]


def test_claims_go_by_priority_and_then_by_time(database: Database) -> None:
    for name, due_at, priority in [
        ("late", 5, 0),
        ("early", 1, 0),
        ("urgent", 7, 3),
        ("low", 0, -1),
        ("future", 50, 9),
    ]:
        put(database, name, due_at, priority)
    assert names(claim(database, now=10, limit=3)) == ["urgent", "early", "late"]
    assert names(claim(database, now=10)) == ["low"]
    assert names(claim(database, now=50)) == ["future"]


def test_a_subject_is_due_when_its_time_has_come_and_not_before(database: Database) -> None:
    put(database, "a", due_at=5)
    assert claim(database, now=4.999) == []
    assert names(claim(database, now=5)) == ["a"]


def test_waking_brings_a_subject_forward_and_never_back(database: Database) -> None:
    put(database, "a", due_at=50, priority=2)
    put(database, "a", due_at=5)
    put(database, "a", due_at=70)
    assert database.read(queue.next_due) == 5
    put(database, "urgent", due_at=5, priority=1)
    assert names(claim(database, now=5)) == ["a", "urgent"]


def test_what_is_done_leaves_the_queue(database: Database) -> None:
    put(database, "a")
    assert database.write(lambda tx: queue.done(tx, queue.claim(tx, "me", 10, 0, 1)[0]))
    assert database.read(queue.count) == 0
    assert database.read(queue.next_due) is None


def test_what_was_woken_while_somebody_had_it_stays_for_that_time(database: Database) -> None:
    put(database, "a", due_at=1)
    (first,) = claim(database, now=2)
    put(database, "a", due_at=30)
    put(database, "a", due_at=20)
    assert database.write(lambda tx: queue.done(tx, first))
    assert database.read(queue.next_due) == 20
    (second,) = claim(database, now=20)
    assert second.token > first.token
    assert second.claims == 2


def test_what_is_put_back_is_due_later_or_when_it_was_woken_for(database: Database) -> None:
    put(database, "a")
    (first,) = claim(database, now=1)
    assert database.write(lambda tx: queue.release(tx, first, 40))
    assert database.read(queue.next_due) == 40
    (second,) = claim(database, now=40)
    put(database, "a", due_at=45)
    assert database.write(lambda tx: queue.release(tx, second, 90))
    assert database.read(queue.next_due) == 45


def test_a_lease_that_ended_frees_the_subject_and_fences_off_its_holder(database: Database) -> None:
    put(database, "a")
    (stale,) = claim(database, now=0, lease_s=10)
    assert database.write(lambda tx: queue.requeue_expired(tx, 9.9)) == 0
    assert database.read(queue.next_due) == 10
    assert database.write(lambda tx: queue.requeue_expired(tx, 10)) == 1
    (fresh,) = claim(database, now=10)
    assert fresh.token > stale.token
    assert not database.write(lambda tx: queue.done(tx, stale))
    assert not database.write(lambda tx: queue.release(tx, stale, 99))
    assert not database.write(lambda tx: queue.renew(tx, stale, 99, 10))
    assert database.write(lambda tx: queue.done(tx, fresh))


def test_a_renewed_lease_is_kept(database: Database) -> None:
    put(database, "a")
    (held,) = claim(database, now=0, lease_s=10)
    assert database.write(lambda tx: queue.renew(tx, held, 10, 8))
    assert database.write(lambda tx: queue.requeue_expired(tx, 12)) == 0
    assert database.write(lambda tx: queue.done(tx, held))


def test_a_new_server_takes_everyones_leases_away(database: Database) -> None:
    put(database, "a")
    (stale,) = claim(database, now=0, lease_s=1000)
    assert database.write(lambda tx: queue.requeue_expired(tx, 5, everyone=True)) == 1
    assert names(claim(database, now=5)) == ["a"]
    assert not database.write(lambda tx: queue.done(tx, stale))


def test_a_subject_that_comes_back_gets_no_old_number(database: Database) -> None:
    put(database, "a")
    (stale,) = claim(database, now=0)
    assert database.write(lambda tx: queue.remove(tx, job("a")))
    put(database, "a")
    (fresh,) = claim(database, now=0)
    assert not database.write(lambda tx: queue.done(tx, stale))
    assert database.write(lambda tx: queue.done(tx, fresh))


def test_putting_something_in_the_queue_wakes_the_listeners(database: Database) -> None:
    heard: list[int] = []
    database.on_commit(heard.append)
    put(database, "a")
    claim(database, now=1)
    database.write(lambda tx: None)
    assert len(heard) == 1


def test_many_workers_share_the_queue_without_meeting(
    database: Database, database_url: str, open_database: Open
) -> None:
    sides = [database, open_database(database_url)]
    for number in range(200):
        put(database, str(number))
    taken: list[str] = []

    def work(owner: int) -> None:
        side = sides[owner % 2]
        while claims := claim(side, now=1, limit=3, owner=str(owner)):
            taken.extend(names(claims))
            for one in claims:
                assert side.write(lambda tx, held=one: queue.done(tx, held))

    threads = [threading.Thread(target=work, args=(owner,)) for owner in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken, key=int) == [str(number) for number in range(200)]
    assert database.read(queue.count) == 0


# A worker that claims one subject at a time, works for a moment, and says what it finished in the event log.
_WORKER = """
import os, sys, time
from bancada.store import events, queue
from bancada.store.database import Database

database = Database.open(sys.argv[1])
while True:
    def claim(tx):
        queue.requeue_expired(tx, time.time())
        return queue.claim(tx, str(os.getpid()), 0.5, time.time(), 1)
    claims = database.write(claim)
    if not claims:
        time.sleep(0.01)
        continue
    time.sleep(0.01)
    def finish(tx):
        if queue.done(tx, claims[0]):
            events.append(tx, "w", "job", claims[0].subject.name, "Done", "worker", {"claims": claims[0].claims})
    database.write(finish)
"""


def test_workers_killed_in_the_middle_lose_nothing_and_finish_nothing_twice(
    database: Database, database_url: str
) -> None:
    count = 0

    def put_more(most: int) -> None:
        """Fill up what waits: on a loaded machine the workers may be faster than who kills them."""
        nonlocal count
        while count < len(finished()) + most:
            put(database, str(count))
            count += 1

    environment = {**os.environ, "PYTHONPATH": str(Path(bancada.__file__).parents[1])}

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", _WORKER, database_url], env=environment)

    def finished() -> list[events.Event]:
        return database.read(lambda tx: events.after(tx, 0))

    def held_by(pid: int) -> bool:
        return bool(database.read(lambda tx: tx.one("SELECT 1 FROM queue WHERE owner = ?", (str(pid),))))

    put_more(60)
    workers = [start(), start()]
    chosen = random.Random(7)
    killed_at_work = 0
    deadline = time.monotonic() + 180
    try:
        while (killed_at_work < 4 or len(finished()) < count) and time.monotonic() < deadline:
            time.sleep(0.01)
            at = chosen.randrange(2)
            if killed_at_work < 4:
                put_more(20)
            if killed_at_work < 4 and held_by(workers[at].pid):
                workers[at].send_signal(signal.SIGSTOP)
                # Stopped while it has a subject: it dies in the middle of its work.
                if held_by(workers[at].pid):
                    killed_at_work += 1
                    workers[at].kill()
                    workers[at].wait()
                    workers[at] = start()
                else:
                    workers[at].send_signal(signal.SIGCONT)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    done = finished()
    assert killed_at_work == 4
    assert sorted(int(event.name) for event in done) == list(range(count))
    # The victims' subjects were claimed again: the kills did hit work.
    assert sum(event.data["claims"] for event in done) >= count + 1
    assert database.read(queue.count) == 0


@dataclass
class Model:
    """What the queue must know of a subject."""

    due_at: float
    priority: int
    token: int | None = None
    lease_until: float = 0.0
    woken_for: float | None = None


class QueueMachine(RuleBasedStateMachine):
    """Any order of puts, claims, ends and passing time, compared with a dictionary."""

    database: Database
    claims = Bundle("claims")
    subjects = st.sampled_from("abcde")
    delays = st.sampled_from([0.0, 1.0, 5.0, 30.0])

    @initialize()
    def empty(self) -> None:
        def clear(tx: Tx) -> None:
            tx.execute("DELETE FROM queue")

        self.database.write(clear)
        self.model: dict[str, Model] = {}
        self.now = 1000.0
        self.greatest = 0

    @rule(name=subjects, delay=delays, priority=st.integers(-1, 2))
    def put(self, name: str, delay: float, priority: int) -> None:
        due_at = self.now + delay
        put(self.database, name, due_at, priority)
        known = self.model.get(name)
        if known is None:
            self.model[name] = Model(due_at, priority)
            return
        known.priority = max(known.priority, priority)
        if known.token is None:
            known.due_at = min(known.due_at, due_at)
        else:
            known.woken_for = min(due_at, due_at if known.woken_for is None else known.woken_for)

    @rule(target=claims, limit=st.integers(1, 4), lease_s=st.sampled_from([2.0, 20.0]))
    def claim(self, limit: int, lease_s: float) -> object:
        ready = [name for name, one in self.model.items() if one.token is None and one.due_at <= self.now]
        taken = claim(self.database, self.now, limit, lease_s=lease_s)
        assert len(taken) == min(limit, len(ready))
        assert set(names(taken)) <= set(ready)
        order = [(-self.model[name].priority, self.model[name].due_at) for name in names(taken)]
        assert order == sorted(order)
        left = [self.model[name] for name in ready if name not in names(taken)]
        assert all((-one.priority, one.due_at) >= order[-1] for one in left if order)
        for one in taken:
            assert one.token > self.greatest
            self.greatest = one.token
            held = self.model[one.subject.name]
            held.token, held.lease_until, held.woken_for = one.token, self.now + lease_s, None
        return multiple(*taken)

    def holds(self, one: Claim) -> bool:
        known = self.model.get(one.subject.name)
        return known is not None and known.token == one.token

    @rule(one=consumes(claims))
    def done(self, one: Claim) -> None:
        held = self.holds(one)
        assert self.database.write(lambda tx: queue.done(tx, one)) == held
        if held:
            known = self.model.pop(one.subject.name)
            if known.woken_for is not None:
                self.model[one.subject.name] = Model(known.woken_for, known.priority)

    @rule(one=consumes(claims), delay=delays)
    def release(self, one: Claim, delay: float) -> None:
        held, due_at = self.holds(one), self.now + delay
        assert self.database.write(lambda tx: queue.release(tx, one, due_at)) == held
        if held:
            known = self.model[one.subject.name]
            due_at = min(due_at, due_at if known.woken_for is None else known.woken_for)
            self.model[one.subject.name] = Model(due_at, known.priority)

    @rule(one=claims)
    def renew(self, one: Claim) -> None:
        held = self.holds(one)
        assert self.database.write(lambda tx: queue.renew(tx, one, 10, self.now)) == held
        if held:
            self.model[one.subject.name].lease_until = self.now + 10

    @rule(seconds=st.sampled_from([0.5, 3.0, 25.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(everyone=st.booleans())
    def expire(self, everyone: bool) -> None:
        ended = [
            name
            for name, one in self.model.items()
            if one.token is not None and (everyone or one.lease_until <= self.now)
        ]
        assert self.database.write(lambda tx: queue.requeue_expired(tx, self.now, everyone=everyone)) == len(ended)
        for name in ended:
            known = self.model[name]
            due_at = known.due_at if known.woken_for is None else known.woken_for
            self.model[name] = Model(min(due_at, self.now), known.priority)

    @precondition(lambda self: hasattr(self, "model"))
    @invariant()
    def nothing_is_lost_or_made_up(self) -> None:
        times = [one.due_at if one.token is None else one.lease_until for one in self.model.values()]
        found = self.database.read(lambda tx: (queue.count(tx), queue.next_due(tx)))
        assert found == (len(self.model), min(times) if times else None)


def test_the_queue_is_a_dictionary_with_leases(database: Database) -> None:
    class Machine(QueueMachine):
        pass

    Machine.database = database

    quick = settings(
        max_examples=60 if database.dialect == "sqlite" else 15,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Machine, settings=quick)
