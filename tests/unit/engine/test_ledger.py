"""The ledger: slots, order, reasons."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bancada.engine.ledger import Ledger


def test_a_job_waits_with_position_and_reason_when_all_cores_are_busy():
    ledger = Ledger(cores=2)
    assert ledger.ask(("w", "a"), "c", 4, (1.0, 0)).granted
    assert ledger.ask(("w", "b"), "c", 4, (2.0, 0)).granted
    third = ledger.ask(("w", "c"), "c", 4, (3.0, 0))
    fourth = ledger.ask(("w", "d"), "c", 4, (4.0, 0))
    assert (third.granted, third.position, fourth.position) == (False, 1, 2)
    assert "2 cores" in third.reason


def test_a_cluster_has_no_more_slots_than_instances_and_holds_nobody_else_up():
    ledger = Ledger(cores=4)
    assert ledger.ask(("w", "a"), "small", 1, (1.0, 0)).granted
    blocked = ledger.ask(("w", "b"), "small", 1, (2.0, 0))
    assert not blocked.granted
    assert "cluster `small` has 1 instance(s)" in blocked.reason
    assert ledger.ask(("w", "c"), "big", 4, (3.0, 0)).granted


def test_a_freed_slot_goes_to_who_waited_longest():
    ledger = Ledger(cores=1)
    ledger.ask(("w", "a"), "c", 1, (1.0, 0))
    ledger.ask(("w", "late"), "c", 1, (9.0, 0))
    ledger.ask(("w", "early"), "c", 1, (2.0, 0))
    assert ledger.free(("w", "a")) == [("w", "early")]
    assert not ledger.ask(("w", "late"), "c", 1, (9.0, 0)).granted
    assert ledger.ask(("w", "early"), "c", 1, (2.0, 0)).granted


def test_a_slot_offered_to_somebody_who_leaves_is_offered_to_the_next():
    ledger = Ledger(cores=1)
    ledger.ask(("w", "a"), "c", 1, (1.0, 0))
    for name, at in (("b", 2.0), ("d", 3.0)):
        ledger.ask(("w", name), "c", 1, (at, 0))
    assert ledger.free(("w", "a")) == [("w", "b")]
    assert ledger.free(("w", "b")) == [("w", "d")]


def test_who_waits_for_something_else_stands_in_nobodys_way():
    ledger = Ledger(cores=1)
    ledger.ask(("w", "a"), "c", 1, (1.0, 0))
    for name, at in (("b", 2.0), ("d", 3.0)):
        ledger.ask(("w", name), "c", 1, (at, 0))
    assert ledger.withdraw(("w", "b")) == []
    assert ledger.free(("w", "a")) == [("w", "d")]
    assert ledger.withdraw(("w", "nobody")) == []


def test_a_job_of_many_processes_takes_the_cores_that_nobody_waits_for():
    ledger = Ledger(cores=4)
    ledger.ask(("w", "script"), "c", 4, (1.0, 0))
    wide = ledger.ask(("w", "automl"), "c", 4, (2.0, 0), cores=8)
    assert (wide.granted, wide.cores) == (True, 3)
    # It is told the same again, and others wait with its name.
    assert ledger.ask(("w", "automl"), "c", 4, (2.0, 0), cores=8).cores == 3
    late = ledger.ask(("w", "late"), "c", 4, (3.0, 0))
    assert (late.granted, late.reason) == (False, "all 4 cores of this machine are busy (`automl` has 3)")
    assert ledger.usage == {"cores": 4, "in_use": 4, "waiting": 1}
    assert ledger.load_of("w", "c") == (2, 1)
    assert ledger.free(("w", "automl")) == [("w", "late")]


def test_a_job_of_many_processes_leaves_a_core_to_each_who_waits_and_never_waits_for_all():
    ledger = Ledger(cores=3)
    ledger.hold(("w", "adopted"), "c", 2)
    assert ledger.usage["in_use"] == 2
    # One core is free: that is enough.
    assert ledger.ask(("w", "automl"), "c", 3, (1.0, 0), cores=3).cores == 1
    assert not ledger.ask(("w", "a"), "c", 3, (2.0, 0)).granted
    assert not ledger.ask(("w", "second"), "c", 3, (3.0, 0), cores=3).granted
    ledger.free(("w", "adopted"))
    assert ledger.ask(("w", "second"), "c", 3, (3.0, 0), cores=3).cores == 1
    assert ledger.ask(("w", "a"), "c", 3, (2.0, 0)).granted


@given(
    cores=st.integers(1, 4),
    moves=st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["x", "y"]), st.booleans()), max_size=60),
)
def test_slots_are_never_overdrawn_and_every_waiter_is_served_in_the_end(
    cores: int, moves: list[tuple[str, str, bool]]
):
    ledger = Ledger(cores=cores)
    wanting: dict[str, str] = {}
    asked_at: dict[str, float] = {}
    held: set[str] = set()
    for at, (name, cluster, leaves) in enumerate(moves):
        if leaves:
            held.discard(name)
            wanting.pop(name, None)
            ledger.free(("w", name))
        elif name not in held and name not in wanting:
            wanting[name] = cluster
            asked_at[name] = float(at)
        for waiter in list(wanting):
            if ledger.ask(("w", waiter), wanting[waiter], 2, (asked_at[waiter], 0)).granted:
                held.add(waiter)
                del wanting[waiter]
        assert len(held) <= cores
        assert ledger.usage["in_use"] == len(held)
    while held:
        ledger.free(("w", held.pop()))
        for waiter in list(wanting):
            if ledger.ask(("w", waiter), wanting[waiter], 2, (asked_at[waiter], 0)).granted:
                held.add(waiter)
                del wanting[waiter]
    assert not wanting
