"""Garbage is collected when idle, and the collector is given back."""

from __future__ import annotations

import gc

from actors.garbage import AT_LATEST_NS, EVERY_NS, FULL_EVERY, SETTLING, IdleCollector
from actors.lane import LaneDispatcher
from actors.runtime import Runtime
from actors.simulated import VirtualClock
from system.clock import SystemClock


def test_it_collects_when_idle_or_long_overdue():
    clock = VirtualClock()
    with IdleCollector(clock) as collector:
        assert not gc.isenabled()
        clock.advance(EVERY_NS)
        collector.due(clock.mono_ns(), idle=False)
        assert collector.collections == 0
        collector.due(clock.mono_ns(), idle=True)
        assert (collector.collections, collector.due_ns) == (1, 2 * EVERY_NS)
        clock.advance(EVERY_NS + AT_LATEST_NS)
        collector.due(clock.mono_ns(), idle=False)
        assert collector.collections == 2
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_the_lane_runs_it_and_gives_it_back():
    lane = LaneDispatcher(SystemClock())
    Runtime(lane, lane.clock)
    answers = iter((False, False, True))
    lane.wake()
    lane.run_collected(lambda: next(answers) or lane.wake())
    assert lane.garbage is None
    assert gc.isenabled()
    lane.close()


def test_oldest_generation_is_collected_now_and_then(monkeypatch):
    asked = []
    monkeypatch.setattr("actors.garbage.gc.collect", lambda generation=2: asked.append(generation))
    clock = VirtualClock(mono_ns=0)
    with IdleCollector(clock) as collector:
        for turn in range(1, FULL_EVERY + 1):
            collector.due(turn * EVERY_NS, idle=True)
    assert asked[1:].count(2) == 1
    assert asked[1:].count(1) == FULL_EVERY - 1


def test_what_a_start_has_freed_is_given_back_and_later_memory_stays(monkeypatch):
    given = []
    monkeypatch.setattr("actors.garbage.gc.collect", lambda _generation=2: None)
    monkeypatch.setattr("actors.garbage.give_back", lambda: given.append(collector.collections))
    collector = IdleCollector(VirtualClock(mono_ns=0))
    with collector:
        for _ in range(FULL_EVERY):
            collector.due(0, idle=True)
    assert given == [*range(SETTLING + 1), FULL_EVERY]
