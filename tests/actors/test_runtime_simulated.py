"""The simulation: virtual time, an order drawn from the seed."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import pytest

from actors.base import Actor
from actors.mailbox import Lane
from actors.runtime import Runtime
from actors.simulated import SimulatedDispatcher, below
from domain.errors import InvariantViolation

SECOND = 1_000_000_000


class Ball:
    lane = Lane.ORDERS

    def __init__(self, hops):
        self.hops = hops


class Player(Actor):
    """Passes balls on; writes down who had which."""

    HANDLERS = {Ball: "on_ball"}

    def __init__(self, runtime, name, history, others):
        super().__init__(runtime, name)
        self.history, self.others = history, others

    def on_ball(self, ball):
        self.history.append((self.name, ball.hops, self.clock.mono_ns()))
        if ball.hops:
            self.tell(self.others[ball.hops % len(self.others)], Ball(ball.hops - 1))
            self.after_ns(ball.hops * 1_000, Ball(0))


def play(seed):
    simulated = SimulatedDispatcher(seed)
    runtime, history = Runtime(simulated, simulated.clock), []
    names = [f"player/{n}" for n in range(6)]
    for name in names:
        runtime.spawn(Player, name, history, names)
        runtime.tell(name, Ball(9))
    simulated.advance(SECOND)
    return history


def test_the_same_seed_gives_the_same_order():
    assert play(3) == play(3)


def test_a_draw_is_what_random_would_draw():
    draw, chance = below(Random(7)), Random(7)
    for many in (1, 2, 3, 5, 64, 65, 1_000, 1, 7):
        assert [draw(many) for _ in range(50)] == [chance.randrange(many) for _ in range(50)]


def test_another_seed_gives_another_order_of_the_same_messages():
    assert play(3) != play(4)
    assert sorted(play(3)) == sorted(play(4))


@pytest.mark.slow
def test_the_order_does_not_depend_on_the_hash_seed():
    code = (
        "import sys; sys.path.insert(0, '.'); import runpy;"
        f"m = runpy.run_path({__file__!r}); print(m['play'](5))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 1_000


def test_time_jumps_to_the_next_timer():
    simulated = SimulatedDispatcher(1)
    runtime, history = Runtime(simulated, simulated.clock), []
    runtime.spawn(Player, "a", history, ["a"])
    runtime.mailbox("a").actor.after_ns(3_600 * SECOND, Ball(0))
    simulated.run(lambda: bool(history))
    assert history == [("a", 0, 3_600 * SECOND)]


def test_advance_stops_at_its_time_and_not_before():
    simulated = SimulatedDispatcher(1)
    runtime, history = Runtime(simulated, simulated.clock), []
    runtime.spawn(Player, "a", history, ["a"])
    runtime.mailbox("a").actor.after_ns(2 * SECOND, Ball(0))
    simulated.advance(SECOND)
    assert (history, simulated.clock.mono_ns()) == ([], SECOND)
    simulated.advance(SECOND)
    assert history == [("a", 0, 2 * SECOND)]


def test_a_run_that_could_never_end_is_an_error():
    simulated = SimulatedDispatcher(1)
    Runtime(simulated, simulated.clock)
    with pytest.raises(InvariantViolation, match="never end"):
        simulated.run(lambda: False)


def test_a_signalled_source_is_read_once():
    simulated = SimulatedDispatcher(1)
    Runtime(simulated, simulated.clock)
    reads = []
    simulated.add_source("wire", lambda: reads.append(1))
    simulated.signal("wire")
    simulated.signal("wire")
    simulated.run_idle()
    assert reads == [1]
    simulated.remove_source("wire")
    simulated.signal("wire")
    simulated.run_idle()
    assert reads == [1]
