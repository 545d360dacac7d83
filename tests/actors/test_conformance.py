"""One contract for actors, run on all three dispatchers."""

from __future__ import annotations

import msgspec
import pykka
import pytest

from actors import mailbox
from actors.base import Actor
from actors.deaths import FENCED, HUNG, KILLED, SHUTDOWN, Cause, Down
from actors.lane import LaneDispatcher
from actors.mailbox import Lane
from actors.pinned import PinnedDispatcher
from actors.runtime import Runtime, StartFailed
from actors.simulated import SimulatedDispatcher
from domain.errors import InvariantViolation
from system.clock import SystemClock

MS = 1_000_000


class Order(msgspec.Struct, frozen=True):
    n: int
    lane = Lane.ORDERS


class Command(msgspec.Struct, frozen=True):
    n: int


class Control(msgspec.Struct, frozen=True):
    n: int
    lane = Lane.CONTROL


class Quote(msgspec.Struct, frozen=True):
    key: str
    n: int
    lane = Lane.QUOTES


class Tick(msgspec.Struct, frozen=True):
    n: int


class SetTimer(msgspec.Struct, frozen=True):
    delay_ms: int
    n: int


class CancelTimer(msgspec.Struct, frozen=True):
    pass


class Raise(msgspec.Struct, frozen=True):
    error: type[BaseException]
    lane = Lane.ORDERS


class Finish(msgspec.Struct, frozen=True):
    pass


class Read(msgspec.Struct, frozen=True):
    pass


class Burst(msgspec.Struct, frozen=True):
    """Tells its receiver to tell itself all of these within one turn."""

    messages: tuple


class Probe(Actor):
    """Notes all that it gets."""

    HANDLERS = {
        Order: "note",
        Command: "note",
        Control: "note",
        Quote: "note",
        Tick: "note",
        Down: "note",
        SetTimer: "set_timer",
        CancelTimer: "cancel_timer",
        Raise: "fail",
        Finish: "finish",
        Read: "read",
        Burst: "burst",
    }

    def __init__(self, runtime, name, hooks=None):
        super().__init__(runtime, name)
        self.seen = []
        self.hooks = hooks if hooks is not None else []
        self.timer = None

    def on_start(self):
        self.hooks.append("start")

    def on_stop(self):
        self.hooks.append("stop")

    def on_failure(self, _kind, value, _traceback):
        self.hooks.append(repr(value))

    def note(self, message):
        self.seen.append(message)
        return len(self.seen)

    def set_timer(self, message):
        self.timer = self.after_ns(message.delay_ms * MS, Tick(message.n))

    def cancel_timer(self, _message):
        self.timer.cancel()

    def fail(self, message):
        raise message.error("on purpose")

    def finish(self, _message):
        self.exit()

    def read(self, _message):
        return list(self.seen)

    def burst(self, message):
        for each in message.messages:
            self.tell(self.name, each)


class BadStart(Probe):
    def on_start(self):
        raise ValueError("no start")


class BadInit(Probe):
    def __init__(self, runtime, name):
        raise ValueError("no init")


@pytest.fixture(params=["lane", "pinned", "simulated"])
def runtime(request):
    clock = SystemClock()
    made = {"lane": lambda: LaneDispatcher(clock), "pinned": lambda: PinnedDispatcher(clock)}
    dispatcher = made.get(request.param, lambda: SimulatedDispatcher(7))()
    runtime = Runtime(dispatcher, dispatcher.clock)
    yield runtime
    for name in list(runtime.boxes):
        runtime.kill(name)
    if request.param == "lane":
        dispatcher.close()
    assert runtime.blocking.join(2) if hasattr(runtime.blocking, "join") else True


def settle(runtime, done, timeout_s=2.0):
    """Work, or wait for the threads that do, until `done()`."""
    dispatcher = runtime.dispatcher
    if hasattr(dispatcher, "pump"):
        dispatcher.pump(done, int(timeout_s * 1e9))
    else:
        until_ns = runtime.clock.mono_ns() + int(timeout_s * 1e9)
        wait = pykka.ThreadingFuture()
        while not done() and runtime.clock.mono_ns() < until_ns:
            with pytest.raises(pykka.Timeout):
                wait.get(timeout=0.001)
    assert done()


def seen(runtime, name="probe"):
    return runtime.ask(name, Read(), 2)


def down(runtime, name="probe"):
    settle(runtime, lambda: not runtime.alive(name))
    return runtime.mailbox(name).last_reason


def test_messages_of_one_sender_keep_their_order_within_a_lane(runtime):
    runtime.spawn(Probe, "probe")
    for n in range(100):
        runtime.tell("probe", Command(n))
    assert seen(runtime) == [Command(n) for n in range(100)]


def test_lanes_are_served_control_first_quotes_last(runtime):
    runtime.spawn(Probe, "probe")
    quote, command, order, control = Quote("a", 1), Command(2), Order(3), Control(4)
    runtime.tell("probe", Burst((quote, command, order, control)))
    settle(runtime, lambda: len(runtime.mailbox("probe").actor.seen) == 4)
    assert seen(runtime) == [control, order, command, quote]


def test_a_due_timer_comes_before_commands_and_after_orders(runtime):
    runtime.spawn(Probe, "probe")
    actor = runtime.mailbox("probe").actor
    runtime.tell("probe", SetTimer(0, 9))
    settle(runtime, lambda: actor.seen)
    assert seen(runtime) == [Tick(9)]


def test_quotes_of_one_key_are_conflated_to_the_latest(runtime):
    runtime.spawn(Probe, "probe")
    runtime.tell("probe", Burst((Quote("a", 1), Quote("b", 2), Quote("a", 3))))
    settle(runtime, lambda: len(runtime.mailbox("probe").actor.seen) == 2)
    assert seen(runtime) == [Quote("a", 3), Quote("b", 2)]


def test_a_full_order_lane_crashes_its_owner_not_the_sender(runtime, monkeypatch):
    monkeypatch.setattr(mailbox, "_BOUNDS", (8, 8, 8, 8))
    runtime.spawn(Probe, "sender")
    runtime.spawn(Probe, "probe")
    runtime.tell("probe", Burst(tuple(Order(n) for n in range(9))))
    assert isinstance(down(runtime).error, mailbox.MailboxOverflow)
    assert runtime.alive("sender")
    assert len(runtime.mailbox("probe").orders) == 8


def test_more_quote_keys_than_the_bound_are_dropped_and_counted(runtime, monkeypatch):
    monkeypatch.setattr(mailbox, "QUOTE_KEYS_MOST", 2)
    runtime.spawn(Probe, "probe")
    runtime.tell("probe", Burst((Quote("a", 1), Quote("b", 1), Quote("c", 1))))
    settle(runtime, lambda: len(runtime.mailbox("probe").actor.seen) == 2)
    assert runtime.dead_letter_count == 1


def test_ask_answers_what_the_handler_returned(runtime):
    runtime.spawn(Probe, "probe")
    assert runtime.ask("probe", Command(1), 2) == 1


def test_pykkas_own_ref_reaches_the_actor(runtime):
    runtime.spawn(Probe, "probe")
    ref = runtime.mailbox("probe").actor.actor_ref
    ref.tell(Command(1))
    assert seen(runtime) == [Command(1)]
    assert ref.is_alive()


def test_an_exception_in_ask_goes_to_the_asker_and_crashes_the_actor(runtime):
    runtime.spawn(Probe, "probe")
    with pytest.raises(ValueError, match="on purpose"):
        runtime.ask("probe", Raise(ValueError), 2)
    reason = down(runtime)
    assert reason.cause is Cause.CRASH
    assert reason.message.message == Raise(ValueError)


def test_ask_of_a_dead_name_raises_at_once(runtime):
    runtime.spawn(Probe, "probe")
    runtime.tell("probe", Finish())
    down(runtime)
    with pytest.raises(pykka.ActorDeadError):
        runtime.ask("probe", Read(), 2)


def test_an_ask_that_waits_when_its_actor_dies_is_answered(runtime):
    runtime.spawn(Probe, "probe")
    reply = pykka.ThreadingFuture()
    box = runtime.mailbox("probe")
    runtime.tell("probe", Burst((mailbox.Ask(Read(), reply), Raise(ValueError))))
    down(runtime)
    with pytest.raises(pykka.ActorDeadError):
        reply.get(timeout=2)
    assert box.actor is None


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError])
def test_any_exception_ends_only_its_own_actor(runtime, error):
    hooks = []
    runtime.spawn(Probe, "probe", hooks)
    runtime.spawn(Probe, "other")
    runtime.tell("probe", Raise(error))
    assert down(runtime).cause is Cause.CRASH
    settle(runtime, lambda: len(hooks) == 2)
    assert hooks == ["start", repr(error("on purpose"))]
    assert runtime.ask("other", Command(1), 2) == 1


def test_orders_wait_in_the_mailbox_while_the_owner_is_raised_again(runtime):
    runtime.spawn(Probe, "probe")
    runtime.tell("probe", Raise(ValueError))
    down(runtime)
    runtime.tell("probe", Order(1))
    runtime.tell("probe", Command(2))
    settle(runtime, lambda: len(runtime.mailbox("probe").orders) == 1)
    runtime.spawn(Probe, "probe")
    assert seen(runtime) == [Order(1)]


def test_orders_behind_the_fatal_one_reach_the_next_incarnation(runtime):
    runtime.spawn(Probe, "probe")
    runtime.tell("probe", Burst((Order(1), Raise(ValueError), Order(2), Command(3))))
    down(runtime)
    runtime.spawn(Probe, "probe")
    assert seen(runtime) == [Order(2)]


def test_a_restarted_actor_is_reached_by_name_and_not_by_a_stale_address(runtime):
    first = runtime.spawn(Probe, "probe")
    by_name = runtime.address("probe")
    runtime.tell("probe", Finish())
    down(runtime)
    second = runtime.spawn(Probe, "probe")
    first.tell(Command(1))
    by_name.tell(Command(2))
    second.tell(Command(3))
    assert seen(runtime) == [Command(2), Command(3)]
    assert (first.epoch, second.epoch) == (1, 2)
    assert not first.alive()


def test_a_stale_actor_can_tell_and_time_nothing(runtime):
    runtime.spawn(Probe, "probe")
    runtime.spawn(Probe, "other")
    stale = runtime.mailbox("probe").actor
    runtime.kill("probe")
    stale.tell("other", Command(1))
    stale.after_ns(0, Tick(1))
    assert seen(runtime, "other") == []


def test_a_name_in_use_is_refused(runtime):
    runtime.spawn(Probe, "probe")
    with pytest.raises(InvariantViolation, match="running already"):
        runtime.spawn(Probe, "probe")


def test_init_that_raises_is_seen_by_the_spawner(runtime):
    with pytest.raises(StartFailed, match="no init") as caught:
        runtime.spawn(BadInit, "probe")
    assert caught.value.reason.cause is Cause.START_FAILED
    assert not runtime.alive("probe")


def test_on_start_that_raises_is_seen(runtime):
    with pytest.raises(StartFailed, match="no start") as caught:
        runtime.spawn(BadStart, "probe")
    assert isinstance(caught.value.reason.error, ValueError)
    assert not runtime.alive("probe")
    assert runtime.mailbox("probe").last_reason.cause is Cause.START_FAILED


def test_a_blocking_actor_that_does_not_start_is_seen_by_a_spawner_that_may_wait(runtime):
    class Blocks(BadStart):
        PINNED = True

    with pytest.raises(StartFailed, match="no start"):
        runtime.spawn(Blocks, "probe")
    assert not runtime.alive("probe")


@pytest.mark.parametrize(
    ("message", "ends", "as_what"),
    [(Raise(ValueError), True, Cause.DEPENDENCY), (Finish(), False, None), (mailbox.Stop(SHUTDOWN), True, Cause.SHUTDOWN)],
)
def test_a_link_passes_an_end_on_but_for_a_normal_one(runtime, message, ends, as_what):
    hooks = []
    runtime.spawn(Probe, "one")
    runtime.spawn(Probe, "probe", hooks)
    runtime.link("one", "probe")
    runtime.tell("one", message)
    down(runtime, "one")
    if ends:
        reason = down(runtime)
        assert (reason.cause, hooks) == (as_what, ["start", "stop"])
        assert as_what is not Cause.DEPENDENCY or "one: crash" in str(reason.error)
    assert ends or seen(runtime) == []


def test_a_link_works_both_ways_once_and_not_for_the_next_incarnation(runtime):
    runtime.spawn(Probe, "one")
    runtime.spawn(Probe, "probe")
    runtime.link("one", "probe")
    runtime.tell("probe", Raise(ValueError))
    assert down(runtime, "one").cause is Cause.DEPENDENCY
    runtime.spawn(Probe, "one")
    runtime.spawn(Probe, "probe")
    runtime.tell("probe", Raise(ValueError))
    down(runtime)
    assert seen(runtime, "one") == []


def test_a_link_to_the_dead_ends_at_once_and_a_link_taken_back_never(runtime):
    runtime.spawn(Probe, "one")
    runtime.spawn(Probe, "probe")
    runtime.link("one", "probe")
    runtime.monitor("probe", "one")
    runtime.unlink("one", "probe")
    runtime.tell("probe", Raise(ValueError))
    down(runtime)
    settle(runtime, lambda: runtime.mailbox("one").actor.seen)
    assert [type(message) for message in seen(runtime, "one")] == [Down]  # the monitor stayed
    runtime.link("one", "probe")
    assert down(runtime, "one").cause is Cause.DEPENDENCY


class Waiter(Probe):
    """Puts orders and commands off until it is told to go on."""

    def note(self, message):
        if message == Control(1):
            self.ready = True
            self.unstash()
        elif getattr(self, "ready", False):
            self.seen.append(message)
        else:
            self.stash(message)


def test_what_was_put_off_comes_first_and_in_its_order(runtime):
    runtime.spawn(Waiter, "probe")
    runtime.tell("probe", Burst((Order(1), Command(1), Order(2), Command(2))))
    settle(runtime, lambda: len(runtime.mailbox("probe").stashed or ()) == 4)
    runtime.tell("probe", Burst((Order(3), Command(3), Control(1))))
    settle(runtime, lambda: len(runtime.mailbox("probe").actor.seen) == 6)
    assert seen(runtime) == [Order(1), Order(2), Order(3), Command(1), Command(2), Command(3)]


def test_orders_put_off_outlive_a_crash_and_commands_do_not(runtime):
    runtime.spawn(Waiter, "probe")
    runtime.tell("probe", Burst((Order(1), Command(1), Order(2))))
    settle(runtime, lambda: len(runtime.mailbox("probe").stashed or ()) == 3)
    runtime.tell("probe", Raise(ValueError))
    down(runtime)
    runtime.spawn(Probe, "probe")
    assert seen(runtime) == [Order(1), Order(2)]
    assert ("probe", "Command") in runtime.dead_letters


def test_putting_off_too_much_or_a_quote_ends_its_actor(runtime, monkeypatch):
    monkeypatch.setattr(mailbox, "STASH_MOST", 3)
    runtime.spawn(Waiter, "probe")
    runtime.tell("probe", Burst(tuple(Order(n) for n in range(4))))
    assert isinstance(down(runtime).error, mailbox.MailboxOverflow)
    runtime.mailbox("probe").orders.clear()
    runtime.spawn(Waiter, "probe")
    runtime.tell("probe", Quote("a", 1))
    assert isinstance(down(runtime).error, InvariantViolation)


@pytest.mark.parametrize("reason", [KILLED, HUNG, FENCED])
def test_a_name_that_is_taken_away_says_why_and_its_actor_is_stale(runtime, reason):
    runtime.spawn(Probe, "watcher")
    runtime.spawn(Probe, "probe")
    stale = runtime.mailbox("probe").actor
    runtime.monitor("probe", "watcher")
    runtime.kill("probe", reason)
    stale.tell("watcher", Order(1))
    watcher = runtime.mailbox("watcher").actor
    settle(runtime, lambda: watcher.seen)
    (notice,) = seen(runtime, "watcher")
    assert (notice.reason.cause, stale.hooks) == (reason.cause, ["start"])  # without its on_stop


def test_the_third_crash_on_one_message_puts_it_aside(runtime):
    class Again(Probe):
        AGAIN = frozenset({Raise})

    message, aside = Raise(ValueError), []
    runtime.on_quarantine = lambda name, what, error: aside.append((name, what, type(error)))
    for _ in range(3):
        runtime.spawn(Again, "probe")
        if runtime.mailbox("probe").epoch == 1:
            runtime.tell("probe", Burst((message, Order(1))))
        down(runtime)
    runtime.spawn(Again, "probe")
    assert seen(runtime) == [Order(1)]
    assert aside == [("probe", message, ValueError)]
    assert [(name, what) for name, what, _ in runtime.quarantined] == [("probe", message)]


def test_a_monitor_fires_exactly_once(runtime):
    runtime.spawn(Probe, "watcher")
    runtime.spawn(Probe, "probe")
    runtime.monitor("probe", "watcher")
    runtime.monitor("probe", "watcher")
    runtime.tell("probe", Raise(ValueError))
    watcher = runtime.mailbox("watcher").actor
    settle(runtime, lambda: watcher.seen)
    runtime.spawn(Probe, "probe")
    runtime.tell("probe", Finish())
    down(runtime)
    (notice,) = seen(runtime, "watcher")
    assert (notice.name, notice.epoch, notice.reason.cause) == ("probe", 1, Cause.CRASH)


def test_a_monitor_on_the_dead_fires_at_once(runtime):
    runtime.spawn(Probe, "watcher")
    runtime.spawn(Probe, "probe")
    runtime.tell("probe", Finish())
    down(runtime)
    runtime.monitor("probe", "watcher")
    runtime.monitor("nobody", "watcher")
    causes = [notice.reason.cause for notice in seen(runtime, "watcher")]
    assert causes == [Cause.NORMAL, Cause.UNKNOWN_NAME]


def test_a_restarted_watcher_does_not_get_its_predecessors_notices(runtime):
    runtime.spawn(Probe, "watcher")
    runtime.spawn(Probe, "probe")
    runtime.monitor("probe", "watcher")
    runtime.tell("watcher", Finish())
    down(runtime, "watcher")
    runtime.spawn(Probe, "watcher")
    runtime.tell("probe", Finish())
    down(runtime)
    assert seen(runtime, "watcher") == []


def test_a_death_notice_comes_after_all_that_the_dead_actor_sent(runtime):
    class Reporter(Probe):
        def note(self, message):
            self.tell("watcher", message)
            if message.n == 2:
                raise ValueError("after the last report")

    runtime.spawn(Probe, "watcher")
    runtime.spawn(Reporter, "probe")
    runtime.monitor("probe", "watcher")
    runtime.tell("probe", Order(1))
    runtime.tell("probe", Order(2))
    settle(runtime, lambda: len(runtime.mailbox("watcher").actor.seen) == 3)
    kinds = [type(message) for message in seen(runtime, "watcher")]
    assert kinds == [Order, Order, Down]


def test_timers_fire_in_the_order_of_their_due_times(runtime):
    runtime.spawn(Probe, "probe")
    runtime.tell("probe", SetTimer(8, 1))
    runtime.tell("probe", SetTimer(2, 2))
    runtime.tell("probe", SetTimer(4, 3))
    settle(runtime, lambda: len(runtime.mailbox("probe").actor.seen) == 3)
    assert seen(runtime) == [Tick(2), Tick(3), Tick(1)]


def test_a_cancelled_timer_never_fires(runtime):
    runtime.spawn(Probe, "probe")
    runtime.tell("probe", SetTimer(20, 1))
    runtime.tell("probe", CancelTimer())
    runtime.tell("probe", SetTimer(22, 2))
    settle(runtime, lambda: runtime.mailbox("probe").actor.seen)
    assert seen(runtime) == [Tick(2)]


def test_a_timer_cancelled_after_it_came_due_is_not_delivered(runtime):
    class Canceller(Probe):
        def burst(self, _message):
            handle = self.after_ns(0, Tick(1))
            self.box.executor.timers.fire(self.clock.mono_ns())
            handle.cancel()

    runtime.spawn(Canceller, "probe")
    runtime.tell("probe", Burst(()))
    assert seen(runtime) == []
    assert runtime.mailbox("probe").depths()["timers"] == 0


def test_a_timer_does_not_outlive_its_incarnation(runtime):
    runtime.spawn(Probe, "probe")
    runtime.tell("probe", SetTimer(2, 1))
    runtime.tell("probe", Finish())
    down(runtime)
    runtime.spawn(Probe, "probe")
    runtime.tell("probe", SetTimer(4, 2))
    settle(runtime, lambda: runtime.mailbox("probe").actor.seen)
    assert seen(runtime) == [Tick(2)]


def test_stop_runs_on_stop_and_ends_as_shutdown(runtime):
    hooks = []
    runtime.spawn(Probe, "probe", hooks)
    runtime.stop("probe")
    assert down(runtime).cause is Cause.SHUTDOWN
    assert hooks == ["start", "stop"]


def test_exit_ends_normally_and_nothing_more_is_handled(runtime):
    runtime.spawn(Probe, "probe")
    actor = runtime.mailbox("probe").actor
    runtime.tell("probe", Burst((Finish(), Command(1))))
    assert down(runtime).cause is Cause.NORMAL
    assert actor.seen == []


def test_an_unknown_message_is_a_dead_letter(runtime):
    runtime.spawn(Probe, "probe")
    runtime.tell("probe", "what is this")
    assert seen(runtime) == []
    assert list(runtime.dead_letters) == [("probe", "str")]


def test_pykka_registry_forgets_the_dead(runtime):
    runtime.spawn(Probe, "probe")
    urn = runtime.mailbox("probe").actor.actor_urn
    assert pykka.ActorRegistry.get_by_urn(urn) is not None
    runtime.kill("probe")
    assert pykka.ActorRegistry.get_by_urn(urn) is None


def test_snapshot_shows_class_epoch_and_depths(runtime):
    runtime.spawn(Probe, "probe")
    runtime.ask("probe", Read(), 2)
    (row,) = runtime.snapshot()
    assert (row["path"], row["class"], row["alive"], row["epoch"], row["restarts"]) == ("probe", "Probe", True, 1, 0)
    assert row["mailbox"] == dict.fromkeys(("control", "orders", "timers", "commands", "quotes"), 0)
