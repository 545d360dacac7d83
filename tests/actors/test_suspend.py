"""A suspended actor gets its control lane alone, on every dispatcher."""

from actors.deaths import Cause, Reason
from actors.mailbox import Lane
from tests.actors.test_conformance import MS, Command, Control, Order, Probe, Quote, down, runtime, seen, settle  # noqa: F401  a fixture

LONG_NS = 3_600_000_000_000


def suspend(runtime, for_ns=LONG_NS):  # noqa: F811
    runtime.suspend("probe", runtime.clock.mono_ns() + for_ns)


def noted(runtime):  # noqa: F811
    return runtime.mailbox("probe").actor.seen


def test_suspended_actor_gets_control_alone_and_the_rest_once_it_is_resumed(runtime):  # noqa: F811
    runtime.spawn(Probe, "probe")
    suspend(runtime)
    for message in (Command(1), Order(2), Control(3)):
        runtime.tell("probe", message)
    settle(runtime, lambda: noted(runtime))
    assert noted(runtime) == [Control(3)]
    assert list(runtime.suspended()) == ["probe"]
    assert runtime.resume("probe") is True
    assert seen(runtime) == [Control(3), Order(2), Command(1)]
    assert runtime.resume("probe") is False
    assert runtime.suspended() == {}


def test_suspension_ends_when_its_time_is_over(runtime):  # noqa: F811
    runtime.spawn(Probe, "probe")
    suspend(runtime, MS)
    runtime.tell("probe", Command(1))
    settle(runtime, lambda: runtime.clock.mono_ns() >= runtime.suspended()["probe"])
    runtime.resume_due()
    assert seen(runtime) == [Command(1)]


def test_suspended_actor_can_be_stopped(runtime):  # noqa: F811
    runtime.spawn(Probe, "probe")
    suspend(runtime)
    runtime.stop("probe")
    assert down(runtime).cause is Cause.SHUTDOWN
    assert runtime.suspended() == {}


def test_raised_actor_is_not_suspended_and_has_the_orders_that_waited(runtime):  # noqa: F811
    runtime.spawn(Probe, "probe")
    suspend(runtime)
    runtime.tell("probe", Order(1))
    runtime.kill("probe", Reason(Cause.OPERATOR))
    runtime.spawn(Probe, "probe")
    assert seen(runtime) == [Order(1)]


def test_suspended_actors_error_in_control_is_its_own_crash(runtime):  # noqa: F811
    class Fails(Probe):
        def note(self, message):
            raise ValueError("no")

    runtime.spawn(Fails, "probe")
    suspend(runtime)
    runtime.tell("probe", Control(1))
    assert down(runtime).cause is Cause.CRASH


def test_quotes_of_a_suspended_actor_are_conflated(runtime):  # noqa: F811
    runtime.spawn(Probe, "probe")
    suspend(runtime)
    for n in range(10):
        runtime.tell("probe", Quote("key", n))
    runtime.tell("probe", Control(0))
    settle(runtime, lambda: noted(runtime))
    assert runtime.mailbox("probe").depths()[Lane.QUOTES.name.lower()] == 1
