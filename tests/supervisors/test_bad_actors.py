"""The zoo: each bad actor under each strategy on each dispatcher, by table."""

from __future__ import annotations

import gc
import weakref
from typing import NamedTuple

import pykka
import pytest

from actors.deaths import HUNG
from actors.mailbox import MailboxOverflow
from actors.runtime import StartFailed
from actors.timers import COMPACT_ABOVE
from supervisors.engine import GaveUp, Supervisor
from supervisors.spec import ChildSpec, Strategy, SupervisorSpec

from . import zoo
from .zoo import Fail, Poke, close, deaths, epochs, make_runtime, settle, supervise

ONE, ALL, REST = Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE

ONE_THREAD = "its thread is everybody's: whoever watches the process from outside ends it (tests/tools/test_node_watch.py)"
ENDS_IN_ORDER = "its thread is everybody's: nothing else happens before it comes back"


class Row(NamedTuple):
    """What becomes of a, b, c; of what b died; what the diary holds after the start."""

    lives: str
    deaths: list[str]
    diary: str


CRASHES = {
    ONE: Row("a1 b2 c1", ["crash"], "+b"),
    ALL: Row("a2 b2 c2", ["crash"], "-c -a +a +b +c"),
    REST: Row("a1 b2 c2", ["crash"], "-c +b +c"),
}
FAILS_AGAIN = {  # at its restart too: one more restart, with its group
    ONE: Row("a1 b3 c1", ["crash", "start_failed"], "!b +b"),
    ALL: Row("a3 b3 c2", ["crash", "start_failed"], "-c -a +a !b -a +a +b +c"),
    REST: Row("a1 b3 c2", ["crash", "start_failed"], "-c !b +b +c"),
}
TABLE = {
    # the bad one: by what (poked so often), under each strategy
    (zoo.Good, 1): {each: Row("a1 b1 c1", [], "") for each in Strategy},
    (zoo.FailsOnNth, zoo.NTH - 1): {each: Row("a1 b1 c1", [], "") for each in Strategy},
    (zoo.FailsOnNth, zoo.NTH): CRASHES,
    (zoo.RaisesBaseException, 1): CRASHES,
    (zoo.Leaks, 1): CRASHES,
    (zoo.FailsInInit, 1): FAILS_AGAIN,
    (zoo.FailsOnStart, 1): FAILS_AGAIN,
}
NEIGHBOUR_FAILS = {
    # a crashes: b is asked to stop where its group is started again, and does not
    zoo.IgnoresStop: {
        ONE: Row("a2 b1 c1", [], "+a"),
        ALL: Row("a2 b2 c2", ["killed"], "-c +a +b +c"),
        REST: Row("a2 b2 c2", ["killed"], "-c +a +b +c"),
    },
    zoo.FailsOnStop: {
        ONE: Row("a2 b1 c1", [], "+a"),
        ALL: Row("a2 b2 c2", ["crash"], "-c -b +a +b +c"),
        REST: Row("a2 b2 c2", ["crash"], "-c -b +a +b +c"),
    },
    zoo.Good: {
        ONE: Row("a2 b1 c1", [], "+a"),
        ALL: Row("a2 b2 c2", ["dependency"], "-c -b +a +b +c"),
        REST: Row("a2 b2 c2", ["dependency"], "-c -b +a +b +c"),
    },
}
HANGING = {
    # b is in its first message; a crashes
    ONE: Row("a2 b1 c1", [], "+a"),
    ALL: Row("a2 b2 c2", ["killed"], "-c +a +b +c"),
    REST: Row("a2 b2 c2", ["killed"], "-c +a +b +c"),
}
FOUND_HUNG = {
    # somebody finds it so, and takes its name away
    ONE: Row("a1 b2 c1", ["hung"], "+b"),
    ALL: Row("a2 b2 c2", ["hung"], "-c -a +a +b +c"),
    REST: Row("a1 b2 c2", ["hung"], "-c +b +c"),
}
WHERE = {
    # where it can be met; else why not
    zoo.Hangs: {"lane": ONE_THREAD, "pinned": "", "simulated": ENDS_IN_ORDER},
    zoo.Spins: {"lane": ONE_THREAD, "pinned": "", "simulated": ENDS_IN_ORDER},
}
FLOODED = {
    # c is flooded by b: it crashes, its flooder lives unless its group is started again
    ONE: ("a1 b1 c2", [], "+c"),
    ALL: ("a2 b2 c2", ["dependency"], "-b -a +a +b +c"),
    REST: ("a1 b1 c2", [], "+c"),
}
BOOT = {
    # who fails at boot: what was started before is stopped, the supervisor's own start fails
    zoo.FailsInInit: "+a !b -a",
    zoo.FailsOnStart: "+a !b -a",
}
KINDS = ("lane", "pinned", "simulated")


@pytest.fixture(params=KINDS)
def runtime(request):
    made = make_runtime(request.param)
    yield made
    close(made)


def rows(table):
    return [pytest.param(key, strategy, row, id=f"{name_of(key)}-{strategy.value}") for key, told in table.items() for strategy, row in told.items()]


def name_of(key):
    return key.__name__ if isinstance(key, type) else f"{key[0].__name__}-{key[1]}"


def outcome(runtime, diary, row):
    """Wait for the end of what was begun, and compare all of it."""
    settle(runtime, lambda: (epochs(runtime), " ".join(diary)) == (row.lives, row.diary))
    settle(runtime, lambda: deaths(runtime) == row.deaths)
    assert (epochs(runtime), deaths(runtime), " ".join(diary)) == row
    assert runtime.mailbox("sup").epoch == 1


def begun(runtime, bad, strategy, neighbour=zoo.Good):
    diary = supervise(runtime, bad, neighbour, strategy=strategy)
    settle(runtime, lambda: diary == ["+a", "+b", "+c"])
    diary.clear()
    return diary


@pytest.mark.parametrize(("key", "strategy", "row"), rows(TABLE))
def test_a_bad_actor_ends_as_its_row_says(runtime, key, strategy, row):
    bad, times = key
    diary = begun(runtime, bad, strategy)
    for _ in range(times):
        runtime.tell("b", Poke())
    runtime.ask("b" if not row.deaths else "sup", zoo.Noise(), 4)
    outcome(runtime, diary, row)


@pytest.mark.parametrize(("bad", "strategy", "row"), rows(NEIGHBOUR_FAILS))
def test_a_bad_actor_ends_as_its_row_says_when_a_neighbour_fails(runtime, bad, strategy, row):
    diary = begun(runtime, bad, strategy)
    runtime.tell("a", Fail())
    outcome(runtime, diary, row)


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("bad", [zoo.Hangs, zoo.Spins])
@pytest.mark.parametrize("found", [False, True], ids=["a-fails", "found-hung"])
def test_one_that_does_not_come_back_is_abandoned(runtime, bad, strategy, found):
    if WHERE[bad][runtime.dispatcher.kind]:
        assert runtime.dispatcher.kind in ("lane", "simulated")
        assert not runtime.dispatcher.abandons  # the reason: nobody can take a message from that thread
        return
    diary = begun(runtime, bad, strategy)
    stale = runtime.mailbox("b").actor
    runtime.tell("b", Poke())
    assert bad.entered.wait(4)
    if found:
        runtime.kill("b", HUNG)
    else:
        runtime.tell("a", Fail())
    outcome(runtime, diary, (FOUND_HUNG if found else HANGING)[strategy])
    assert stale.live is (strategy is ONE and not found)


@pytest.mark.parametrize("strategy", Strategy)
def test_a_flooded_neighbour_ends_and_the_flooder_is_not_held_up(runtime, strategy):
    lives, died, written = FLOODED[strategy]
    diary = begun(runtime, zoo.Floods, strategy, zoo.Busy)
    if runtime.dispatcher.kind == "pinned":  # else it would keep up
        runtime.tell("c", Poke())
        assert zoo.Busy.entered.wait(4)
    runtime.tell("b", Poke())
    if runtime.dispatcher.kind == "pinned":
        runtime.ask("b", zoo.Noise(), 4)  # comes after it: the flood is out
        zoo.Busy.released.set()
    settle(runtime, lambda: (epochs(runtime), " ".join(diary)) == (lives, written))
    assert isinstance(next(v["reason"].error for _, e, v in runtime.events if e == "actor_down" and v["actor"] == "c"), MailboxOverflow)
    assert deaths(runtime) == died


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize(("bad", "written"), BOOT.items())
def test_one_that_fails_at_boot_takes_its_supervisors_start_with_it(runtime, bad, written, strategy):
    at_boot, diary = type("AtBoot", (bad,), {"FAILS_AT": 1}), []
    children = tuple(ChildSpec(name, (cls, (diary,))) for name, cls in zip("abc", (zoo.Good, at_boot, zoo.Good), strict=True))
    with pytest.raises(StartFailed, match=r"sup did not start.*b did not start"):
        runtime.spawn(Supervisor, "sup", SupervisorSpec(children=children, strategy=strategy))
    assert not runtime.alive("sup")
    settle(runtime, lambda: " ".join(diary) == written)  # a thread of its own is not waited for
    assert not any(runtime.alive(name) for name in "abc")


@pytest.mark.parametrize("strategy", Strategy)
def test_one_crash_too_many_ends_the_supervisor_with_all_its_children(runtime, strategy):
    diary = supervise(runtime, zoo.RaisesBaseException, strategy=strategy, intensity=1)
    for life in (1, 2):
        settle(runtime, lambda life=life: runtime.mailbox("b").actor is not None and runtime.mailbox("b").epoch == life)
        settle(runtime, lambda: all(runtime.alive(name) for name in "abc"))
        runtime.tell("b", Poke())
    settle(runtime, lambda: not runtime.alive("sup"))
    assert isinstance(runtime.mailbox("sup").last_reason.error, GaveUp)
    assert epochs(runtime) == "a- b- c-"
    assert diary[-2:] == ["-c", "-a"]


def test_the_time_for_all_together_ends_a_stop_that_would_take_longer(runtime):
    diary = supervise(runtime, zoo.IgnoresStop, zoo.IgnoresStop, stop_ms=60)
    settle(runtime, lambda: len(diary) == 3)
    sup = runtime.mailbox("sup").actor
    for child in sup.children:
        child.spec = ChildSpec(child.name, child.spec.start, shutdown_ms=60_000)
    runtime.stop("sup")
    settle(runtime, lambda: not runtime.alive("sup"))
    assert [deaths(runtime, name) for name in "abc"] == [["killed"], ["killed"], ["killed"]]
    assert runtime.mailbox("sup").last_reason.cause.value == "shutdown"
    assert "stop_overdue" in [event for _, event, _ in runtime.events]


def test_nothing_of_a_leaking_actor_outlives_its_lives(runtime):
    diary = supervise(runtime, zoo.Leaks, intensity=1_000)
    settle(runtime, lambda: len(diary) == 3)
    before, lives = len(pykka.ActorRegistry.get_all()), []
    for life in range(1, 31):
        settle(runtime, lambda life=life: runtime.alive("b") and runtime.mailbox("b").epoch == life)
        lives.append(weakref.ref(runtime.mailbox("b").actor))
        runtime.tell("b", Poke())
    settle(runtime, lambda: runtime.alive("b") and runtime.mailbox("b").epoch == 31)
    runtime.events.clear()  # the log's: it keeps what each died of until it is written
    gc.collect()
    assert sum(each() is not None for each in lives) <= 1 + -(-COMPACT_ABOVE // zoo.Leaks.TIMERS)
    assert len(pykka.ActorRegistry.get_all()) == before
    assert [each.name for each in runtime.mailbox("a").watchers] == ["sup", "b"]  # one of all lives
    assert len(runtime.mailbox("b").executor.timers.heap) <= COMPACT_ABOVE
    assert not getattr(runtime.dispatcher, "_sources", None)
