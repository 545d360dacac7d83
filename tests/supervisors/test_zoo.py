"""Supervisors against a zoo of bad actors, on the simulation by seeds."""

from __future__ import annotations

import pytest

from actors.base import Actor
from actors.deaths import Cause
from actors.mailbox import Lane
from actors.runtime import Runtime, StartFailed
from actors.simulated import SimulatedDispatcher
from supervisors.engine import GaveUp, Supervisor
from supervisors.spec import AutoShutdown, Backoff, ChildSpec, GivingUp, Restart, Strategy, SupervisorSpec

MS = 1_000_000
SECOND = 1_000 * MS
SEEDS = range(5)


class Poke:
    lane = Lane.ORDERS


class Quit:
    lane = Lane.ORDERS


class Good(Actor):
    """Writes down its starts and stops; crashes when poked."""

    HANDLERS = {Poke: "on_poke", Quit: "on_quit"}

    def __init__(self, runtime, name, diary):
        super().__init__(runtime, name)
        self.diary = diary

    def on_start(self):
        self.diary.append(f"+{self.name}")

    def on_stop(self):
        self.diary.append(f"-{self.name}")

    def on_poke(self, _message):
        raise ValueError("poked")

    def on_quit(self, _message):
        self.exit()


class FailsInInit(Good):
    def __init__(self, runtime, name, diary):
        diary.append(f"!{name}")
        raise ValueError("init")


class FailsOnStart(Good):
    def on_start(self):
        self.diary.append(f"!{self.name}")
        raise ValueError("start")


class FailsOnSecondStart(Good):
    def on_start(self):
        if self.epoch == 2:
            self.diary.append(f"!{self.name}")
            raise ValueError("start")
        super().on_start()


class RaisesBaseException(Good):
    def on_poke(self, _message):
        raise KeyboardInterrupt


class IgnoresStop(Good):
    def on_stop_asked(self, _reason):
        return False


class FailsOnStop(Good):
    def on_stop(self):
        super().on_stop()
        raise ValueError("stop")


class Floods(Good):
    """Tells its neighbour more than a lane holds."""

    def on_poke(self, _message):
        for _ in range(20_000):
            self.tell("b", Noise())


class Noise:
    lane = Lane.ORDERS


class Deaf(Good):
    HANDLERS = {Noise: "on_noise"}

    def on_noise(self, _message):
        pass


def make(seed, diary, classes=(Good, Good, Good), child=None, **spec):
    simulated = SimulatedDispatcher(seed)
    runtime = Runtime(simulated, simulated.clock)
    children = tuple(
        ChildSpec(name=name, start=(cls, (diary,)), **(child or {})) for name, cls in zip("abc", classes, strict=False)
    )
    spec.setdefault("intensity", 3)
    runtime.spawn(Supervisor, "sup", SupervisorSpec(children=children, **spec))
    return simulated, runtime


def poke(simulated, runtime, name, message=None):
    runtime.tell(name, message or Poke())
    simulated.run_idle()


def alive(runtime):
    return "".join(name for name in "abc" if runtime.alive(name))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("strategy", "written"),
    [
        (Strategy.ONE_FOR_ONE, ["+b"]),
        (Strategy.ONE_FOR_ALL, ["-c", "-a", "+a", "+b", "+c"]),
        (Strategy.REST_FOR_ONE, ["-c", "+b", "+c"]),
    ],
)
@pytest.mark.parametrize("bad", [Good, RaisesBaseException, FailsOnStop])
def test_a_crash_restarts_its_group_stopped_in_reverse_started_in_order(seed, strategy, written, bad):
    diary = []
    simulated, runtime = make(seed, diary, (bad, bad, bad), strategy=strategy)
    assert diary == ["+a", "+b", "+c"]
    diary.clear()
    poke(simulated, runtime, "b")
    assert diary == written
    assert alive(runtime) == "abc"


@pytest.mark.parametrize("seed", SEEDS)
def test_stop_ends_children_in_reverse_order(seed):
    diary = []
    simulated, runtime = make(seed, diary)
    runtime.stop("sup")
    simulated.run_idle()
    assert diary == ["+a", "+b", "+c", "-c", "-b", "-a"]
    assert runtime.mailbox("sup").last_reason.cause is Cause.SHUTDOWN


@pytest.mark.parametrize("bad", [FailsInInit, FailsOnStart])
def test_a_start_failure_at_boot_stops_the_others_and_fails_the_supervisor(bad):
    diary = []
    with pytest.raises(StartFailed, match="sup did not start"):
        make(1, diary, (Good, bad, Good))
    assert diary == ["+a", "!b", "-a"]


def test_a_start_failure_at_boot_is_tried_again_with_a_backoff():
    diary = []
    simulated, runtime = make(1, diary, (Good, FailsOnStart, Good), intensity=None, backoff=Backoff(first_ms=100))
    assert alive(runtime) == "ac"
    simulated.advance(SECOND)
    assert diary.count("!b") == 4  # at 0, 100, 300, 700 ms, jitter apart


def test_start_failures_are_no_long_lives_however_long_the_machine_is_up():
    diary = []
    simulated, _runtime = make(1, diary, (FailsOnStart,), intensity=None, backoff=Backoff(100, 10_000, 2.0, 0.0, reset_ms=150))
    simulated.advance(3 * SECOND)
    assert diary.count("!a") == 5  # at 0, 100, 300, 700, 1500 ms


def test_a_start_failure_at_restart_counts_and_is_tried_again():
    diary = []
    simulated, runtime = make(1, diary, (FailsOnSecondStart,))
    poke(simulated, runtime, "a")
    simulated.advance(MS)
    assert diary == ["+a", "!a", "+a"]
    assert len(runtime.mailbox("sup").actor.histories[""]) == 2


@pytest.mark.parametrize("seed", SEEDS)
def test_one_restart_too_many_is_escalated(seed):
    diary = []
    simulated, runtime = make(seed, diary, intensity=2)
    for _ in range(3):
        poke(simulated, runtime, "b")
    reason = runtime.mailbox("sup").last_reason
    assert reason.cause is Cause.CRASH
    assert isinstance(reason.error, GaveUp)
    assert alive(runtime) == ""
    assert diary[-2:] == ["-c", "-a"]


def test_crashes_that_are_far_apart_never_escalate():
    simulated, runtime = make(1, [], intensity=1, period_ms=1_000)
    for _ in range(20):
        poke(simulated, runtime, "a")
        simulated.advance(SECOND)
    assert alive(runtime) == "abc"


def test_giving_up_can_drop_the_child_and_keep_the_others():
    simulated, runtime = make(1, [], intensity=1, giving_up=GivingUp.DROP)
    for _ in range(2):
        poke(simulated, runtime, "b")
    assert alive(runtime) == "ac"
    assert runtime.alive("sup")


def test_a_child_that_may_not_be_given_up_is_held_and_tried_again():
    asked = []
    hook = lambda name, reason: asked.append((name, reason.cause)) or False  # noqa: E731
    simulated, runtime = make(1, [], intensity=0, may_give_up=hook, hold_ms=500)
    poke(simulated, runtime, "b")
    assert (alive(runtime), asked) == ("ac", [("b", Cause.CRASH)])
    simulated.advance(500 * MS)
    assert alive(runtime) == "abc"


@pytest.mark.parametrize(
    ("restart", "message", "left"),
    [
        (Restart.PERMANENT, Quit, "abc"),
        (Restart.TRANSIENT, Quit, "ac"),
        (Restart.TRANSIENT, Poke, "abc"),
        (Restart.TEMPORARY, Poke, "ac"),
    ],
)
def test_restart_kinds_decide_who_comes_back(restart, message, left):
    simulated, runtime = make(1, [], child={"restart": restart})
    poke(simulated, runtime, "b", message())
    assert alive(runtime) == left


def test_a_child_that_ignores_stop_is_killed_when_its_time_is_up():
    diary = []
    simulated, runtime = make(1, diary, (Good, IgnoresStop, Good), child={"shutdown_ms": 300})
    runtime.stop("sup")
    simulated.advance(299 * MS)
    assert alive(runtime) == "ab"
    simulated.advance(MS)
    assert alive(runtime) == ""
    assert diary[-2:] == ["-c", "-a"]
    assert runtime.mailbox("b").last_reason.cause is Cause.KILLED


def test_a_flooded_child_is_restarted_and_its_flooder_lives():
    diary = []
    simulated, runtime = make(1, diary, (Floods, Deaf, Good))
    poke(simulated, runtime, "a")
    assert diary[-1] == "+b"
    assert alive(runtime) == "abc"
    assert runtime.mailbox("a").epoch == 1


def test_the_backoff_grows_and_starts_anew_after_a_long_life():
    simulated, runtime = make(1, [], (Good,), intensity=None, backoff=Backoff(100, 10_000, 2.0, 0.0, 5_000))
    waits = []
    for _ in range(3):
        poke(simulated, runtime, "a")
        died_ns = simulated.clock.mono_ns()
        simulated.run(lambda: runtime.alive("a"))
        waits.append((simulated.clock.mono_ns() - died_ns) // MS)
    simulated.advance(6 * SECOND)
    poke(simulated, runtime, "a")
    assert waits == [100, 200, 400]
    assert runtime.mailbox("sup").actor.children[0].attempt == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_an_earlier_childs_crash_during_a_backoff_keeps_the_starting_order(seed):
    diary = []
    simulated, runtime = make(
        seed, diary, strategy=Strategy.REST_FOR_ONE, intensity=None, backoff=Backoff(100, 1_000, 2.0, 0.0)
    )
    poke(simulated, runtime, "c")
    simulated.advance(50 * MS)
    diary.clear()
    poke(simulated, runtime, "a")
    simulated.advance(SECOND)
    assert diary == ["-b", "+a", "+b", "+c"]


@pytest.mark.parametrize("seed", SEEDS)
def test_two_crashes_at_once_end_with_everybody_alive(seed):
    for strategy in Strategy:
        simulated, runtime = make(seed, [], strategy=strategy)
        runtime.tell("a", Poke())
        runtime.tell("c", Poke())
        simulated.run_idle()
        assert alive(runtime) == "abc"


def test_a_significant_childs_end_ends_its_supervisor():
    child = {"significant": True, "restart": Restart.TRANSIENT}
    simulated, runtime = make(1, [], child=child, auto_shutdown=AutoShutdown.ANY)
    poke(simulated, runtime, "b", Quit())
    assert (alive(runtime), runtime.alive("sup")) == ("", False)
    simulated, runtime = make(1, [], child=child, auto_shutdown=AutoShutdown.ALL)
    for name in "ab":
        poke(simulated, runtime, name, Quit())
    assert (alive(runtime), runtime.alive("sup")) == ("c", True)
    poke(simulated, runtime, "c", Quit())
    assert not runtime.alive("sup")


def test_children_can_be_added_and_dropped_while_running():
    diary = []
    simulated, runtime = make(1, diary, (Good,))
    sup = runtime.mailbox("sup").actor
    assert sup.add_child(ChildSpec(name="b", start=(Good, (diary,)))) == ""
    assert "used already" in sup.add_child(ChildSpec(name="b", start=(Good, (diary,))))
    assert "did not start" in sup.add_child(ChildSpec(name="c", start=(FailsOnStart, (diary,))))
    poke(simulated, runtime, "b")
    assert alive(runtime) == "ab"
    sup.drop_child("b")
    simulated.run_idle()
    assert (alive(runtime), [row["name"] for row in sup.rows()]) == ("a", ["a"])


def test_a_dead_supervisor_leaves_no_child_behind():
    for how in ("kill", "crash"):
        simulated, runtime = make(1, [], intensity=3)
        sup = runtime.mailbox("sup").actor
        if how == "kill":
            runtime.kill("sup")
        else:
            runtime.crash(sup, None, ValueError("bug"))
        simulated.run_idle()
        assert alive(runtime) == ""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_nested_supervisors_giving_up_is_its_parents_matter(seed):
    simulated, diary = SimulatedDispatcher(seed), []
    runtime = Runtime(simulated, simulated.clock)
    inner = SupervisorSpec(children=(ChildSpec(name="a", start=(Good, (diary,))),), intensity=0)
    outer = SupervisorSpec(
        children=(
            ChildSpec(name="inner", start=(Supervisor, (inner,)), shutdown_ms=None),
            ChildSpec(name="b", start=(Good, (diary,))),
        ),
        strategy=Strategy.REST_FOR_ONE,
        intensity=1,
    )
    runtime.spawn(Supervisor, "outer", outer)
    poke(simulated, runtime, "a")
    assert diary == ["+a", "+b", "-b", "+a", "+b"]
    assert runtime.mailbox("inner").epoch == 2
    runtime.stop("outer")
    simulated.run_idle()
    assert diary[-2:] == ["-b", "-a"]
    assert runtime.mailbox("inner").actor is None
