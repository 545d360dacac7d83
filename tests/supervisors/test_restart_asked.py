"""An operator's restart of a child: its group, its time, no limit."""

import pytest

from actors.deaths import Cause, Reason
from supervisors.spec import Backoff, GivingUp, Strategy
from tests.supervisors.test_zoo import MS, SECOND, SEEDS, IgnoresStop, alive, make, poke


def ask_restart(simulated, runtime, name):
    problem = runtime.mailbox("sup").actor.restart_child(name, Reason(Cause.OPERATOR))
    simulated.run_idle()
    return problem


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("strategy", "written"),
    [
        (Strategy.ONE_FOR_ONE, ["-b", "+b"]),
        (Strategy.ONE_FOR_ALL, ["-c", "-b", "-a", "+a", "+b", "+c"]),
        (Strategy.REST_FOR_ONE, ["-c", "-b", "+b", "+c"]),
    ],
)
def test_a_restart_that_is_asked_for_takes_its_group_and_counts_for_no_limit(seed, strategy, written):
    diary = []
    simulated, runtime = make(seed, diary, strategy=strategy, intensity=0)
    diary.clear()
    assert ask_restart(simulated, runtime, "b") == ""
    assert (diary, alive(runtime)) == (written, "abc")
    assert (runtime.mailbox("b").last_reason.cause, runtime.mailbox("b").last_error) == (Cause.OPERATOR, None)
    runtime.stop("sup")
    simulated.run_idle()
    assert runtime.mailbox("b").last_reason.cause is Cause.SHUTDOWN


def test_a_restart_that_is_asked_for_kills_what_does_not_stop():
    simulated, runtime = make(1, [], (IgnoresStop,), child={"shutdown_ms": 10})
    assert ask_restart(simulated, runtime, "a") == ""
    assert "just now" in ask_restart(simulated, runtime, "a")
    simulated.advance(20 * MS)
    assert (runtime.mailbox("a").last_reason.cause, runtime.mailbox("a").epoch) == (Cause.KILLED, 2)


def test_a_restart_that_is_asked_for_ends_the_wait_and_the_giving_up():
    backoff = Backoff(first_ms=1_000, most_ms=1_000)
    simulated, runtime = make(1, [], backoff=backoff, intensity=1, giving_up=GivingUp.DROP)
    poke(simulated, runtime, "a")
    assert alive(runtime) == "bc"
    ask_restart(simulated, runtime, "a")
    assert alive(runtime) == "abc"
    simulated.advance(5 * SECOND)
    assert runtime.mailbox("a").epoch == 2
    poke(simulated, runtime, "a")
    simulated.advance(2 * SECOND)
    poke(simulated, runtime, "a")
    assert ask_restart(simulated, runtime, "a") == ""
    assert alive(runtime) == "abc"


def test_a_restart_of_nobody_says_so():
    simulated, runtime = make(1, [])
    assert "no child 'x'" in ask_restart(simulated, runtime, "x")
