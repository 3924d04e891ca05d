"""What a deployment does next, from what is."""

from __future__ import annotations

from dataclasses import replace

from bancada.engine.handlers import deployment as decide
from bancada.engine.handlers.deployment import DeploymentView, GoLive, Remove, ReplicaView, StartReplica, StopReplica
from bancada.engine.handlers.views import BuildView
from bancada.engine.load import Load, Reading, needed_replicas

LIVE = DeploymentView("blue", wanted=1, generation=2, live=2, build=BuildView("ready"), replicas=(), endpoint="heart")


def replica(name: str, state: decide.ReplicaState = "ready", generation: int = 2, hangs: bool = False) -> ReplicaView:
    return ReplicaView(name, generation, state, hangs=hangs)


def test_what_is_missing_is_started_and_what_is_too_much_ends_newest_first():
    assert decide.advance(replace(LIVE, wanted=3, replicas=(replica("a"),)), 0.0) == [StartReplica(), StartReplica()]
    three = (replica("a"), replica("b"), replica("c"))
    assert decide.advance(replace(LIVE, wanted=1, replicas=three), 0.0) == [StopReplica("b"), StopReplica("c")]
    starting = (replica("a", "starting"), replica("b"))
    assert decide.advance(replace(LIVE, replicas=starting), 0.0) == [StopReplica("a")]


def test_a_replica_on_its_way_out_counts_for_nothing():
    view = replace(LIVE, replicas=(replica("a", "leaving"), replica("b")))
    assert decide.advance(view, 0.0) == []
    assert decide.advance(replace(view, deleting=True), 0.0) == [StopReplica("b")]
    assert decide.advance(replace(LIVE, deleting=True, replicas=(replica("a", "leaving"),)), 0.0) == []
    assert decide.advance(replace(LIVE, deleting=True), 0.0) == [Remove()]


def test_a_hanging_replica_ends_and_another_takes_its_place():
    view = replace(LIVE, replicas=(replica("a", hangs=True),))
    assert decide.advance(view, 0.0) == [StopReplica("a", hangs=True), StartReplica()]


def test_a_change_of_size_is_said_when_it_is_done():
    view = replace(LIVE, wanted=2, unsaid=True, replicas=(replica("a"),))
    assert decide.advance(view, 0.0) == [StartReplica()]
    both = (replica("a"), replica("b"))
    assert decide.advance(replace(view, replicas=both), 0.0) == [GoLive()]
    assert decide.advance(replace(view, wanted=1, replicas=both), 0.0) == [GoLive()]


def test_a_new_generation_has_a_replica_even_where_none_is_wanted():
    fresh = replace(LIVE, wanted=0, generation=3, unsaid=True, replicas=(replica("a"),))
    assert decide.advance(fresh, 0.0) == [StartReplica()]
    asleep = replace(LIVE, wanted=0, replicas=(replica("a"),))
    assert decide.advance(asleep, 0.0) == [StopReplica("a")]


def test_a_replacement_that_cannot_start_does_not_end_those_that_serve():
    broken = ReplicaView("b", 2, "failed", {"message": "no memory"})
    view = replace(LIVE, wanted=2, replicas=(replica("a"), broken), deaths=(0.0,))
    assert decide.advance(view, 10.0) == [StartReplica()]
    given_up = decide.advance(replace(view, deaths=(1.0,) * 6), 10.0)
    assert isinstance(given_up[0], decide.Fail)
    assert "no memory" in given_up[0].error["message"]
    assert "`bancada online-deployment get-logs -n blue -e heart`" in given_up[0].error["message"]


def test_load_is_the_mean_number_in_flight_over_the_target():
    first = Reading(at=0.0, latency_s=0.0, busy=0, waiting=0)
    assert needed_replicas(first, Reading(1.0, 0.5, busy=1, waiting=0), 70) == 1
    assert needed_replicas(first, Reading(1.0, 1.4, busy=1, waiting=0), 70) == 2
    assert needed_replicas(first, Reading(1.0, 0.0, busy=1, waiting=4), 70) == 8
    assert needed_replicas(first, Reading(1.0, 0.0, busy=0, waiting=0), 70) == 0
    assert needed_replicas(first, Reading(1.0, 64.0, busy=1, waiting=0, capacity=64), 70) == 2


def test_size_goes_up_at_once_and_down_after_a_calm_minute():
    load, size = Load(), 1
    spent = 0.0
    sizes: list[int] = []
    for second in range(100):
        spent += 2.0 if 5 <= second < 10 else 0.1
        size = load.wanted(Reading(float(second), spent, busy=0, waiting=0), 70, (1, 4), size)
        sizes.append(size)
    assert sizes[4:6] == [1, 3]
    assert set(sizes[5:65]) == {3}
    assert sizes[75] == 1
