"""A trace notes what an actor is given, ends by itself, and leaves no trace."""

import pytest

from actors.runtime import Runtime
from actors.simulated import SimulatedDispatcher
from actors.trace import LEASE_NS, Trace
from tests.actors.test_conformance import MS, Command, Order, Probe, Raise

LONG_NS = 60_000 * MS


@pytest.fixture
def rig():
    lane = SimulatedDispatcher(1)
    runtime = Runtime(lane, lane.clock)
    runtime.spawn(Probe, "probe")
    return runtime


def trace(runtime, most=10, for_ns=LONG_NS, **more):
    return Trace(runtime.mailbox("probe").actor, most, runtime.clock.mono_ns() + for_ns, **more)


def give(runtime, *messages):
    for message in messages:
        runtime.tell("probe", message)
    runtime.dispatcher.run_idle()


def messages(trace, after=0):
    return [noted.message for _, noted in trace.since(after)]


def test_trace_notes_messages_with_their_lanes_in_their_order(rig):
    made = trace(rig)
    give(rig, Command(1), Order(2))
    assert [(number, noted.lane, noted.message) for number, noted in made.since(0)] == [(1, "orders", Order(2)), (2, "commands", Command(1))]
    assert messages(made, 1) == [Command(1)]
    assert rig.mailbox("probe").actor.seen == [Order(2), Command(1)]


def test_trace_ends_with_its_last_message_and_takes_nothing_more(rig):
    made = trace(rig, most=2)
    give(rig, Command(1), Command(2), Command(3))
    assert (messages(made), made.ended) == ([Command(1), Command(2)], "it has its messages")
    assert "routes" not in vars(rig.mailbox("probe").actor)
    assert rig.mailbox("probe").actor.seen == [Command(1), Command(2), Command(3)]


def test_trace_ends_by_its_time_when_a_message_comes_and_when_none_does(rig):
    made = trace(rig, for_ns=MS)
    rig.clock.advance(MS)
    give(rig, Command(1))
    assert (messages(made), made.ended) == ([], "its time is over")
    second = trace(rig, for_ns=MS)
    rig.clock.advance(MS)
    second.look(rig.clock.mono_ns())
    assert second.ended == "its time is over"


def test_trace_ends_without_its_reader_and_with_its_actor(rig):
    made = trace(rig)
    rig.clock.advance(LEASE_NS)
    made.look(rig.clock.mono_ns())
    assert made.ended == "nobody reads it"
    second = trace(rig)
    rig.kill("probe")
    second.look(rig.clock.mono_ns())
    assert second.ended == "the actor has ended"


@pytest.mark.parametrize("wanted", [{"lanes": frozenset({"orders"})}, {"kinds": frozenset({"Order"})}])
def test_trace_notes_what_is_wanted_alone(rig, wanted):
    made = trace(rig, **wanted)
    give(rig, Command(1), Order(2))
    assert messages(made) == [Order(2)]
    assert len(rig.mailbox("probe").actor.seen) == 2


def test_trace_notes_the_error_that_ended_the_actor(rig):
    made = trace(rig)
    give(rig, Raise(ValueError))
    ((_, noted),) = made.since(0)
    assert isinstance(noted.error, ValueError)
    assert not rig.alive("probe")


def test_traced_actor_is_still_asked(rig):
    made = trace(rig)
    assert rig.ask("probe", Command(1), 1) == 1
    assert messages(made) == [Command(1)]
