"""What is not known is asked for, and counts as live until it is proven."""

import time

import pytest

from actors.lane import LaneDispatcher
from tools.machine import RealMachine


def test_silent_order_is_cancelled_and_asked_for_and_the_answer_settles_it(world, foreign):
    world.opens(b=foreign.silent())
    assert world.ends().status == "DONE"
    assert len(world.b.got("D")) == 1
    assert len(world.b.got("F")) == 1
    assert len(world.b.got("H")) >= 1


def test_order_that_works_in_silence_is_cancelled_before_it_is_sent_again(world, foreign):
    world.opens(b=foreign.silent(0, then="0"))
    assert world.ends().status == "DONE"
    assert [o.status.value for o in world.hedge.legs[1].orders] == ["CANCELED", "FILLED"]


def test_lost_order_is_sent_again_only_after_proof(world, foreign):
    world.b.query_as = foreign.cannot_say
    world.opens(b=foreign.lost)
    world.until(lambda: len(world.b.got("H")) >= 3, "the ladder asks on")
    assert len(world.b.got("D")) == 1
    world.b.query_as = foreign.query_honestly
    assert world.ends().status == "DONE"
    assert [o.status.value for o in world.hedge.legs[1].orders] == ["ABSENT", "FILLED"]


def test_unknown_order_is_stranded_told_and_settled_by_evidence(make_world, foreign):
    world = make_world(naked_budget_ms=300)
    world.b.query_as = foreign.swallow
    world.b.cancel_as = foreign.swallow
    world.opens(b=foreign.silent(0, then="0"))
    world.until(lambda: world.hedge.status == "STRANDED", "stranded")
    assert world.hedge.stranded_why == "UNKNOWN"
    world.until(world.alert_lines, "told")
    world.laps(100)
    assert len(world.b.got("D")) == len(world.a.got("D")) == 1
    world.b.trade_of(world.b.working[0], 1)
    assert world.ends().status == "DONE"


def test_cancels_of_an_unknown_order_are_bounded_and_queries_go_on(make_world, foreign):
    world = make_world(query_every_ms=40, query_ladder_ms=[30, 60])
    world.b.query_as = foreign.cannot_say
    world.b.cancel_as = world.b.mass_cancel_as = foreign.swallow
    world.opens(b=foreign.silent(0, then="0"))
    world.until(lambda: len(world.b.got("H")) >= 9, "asked nine times")
    assert len(world.b.got("F")) <= 5
    assert [m[2:4] for m in world.b.got("q")] == [["B.X", "own"]]
    assert len({m[1] for m in world.b.got("F")}) == len(world.b.got("F"))
    world.b.query_as, world.b.cancel_as = foreign.query_honestly, foreign.cancel_honestly
    world.b.cancel(world.b.working[0])
    world.ends()


def test_silence_of_both_legs_needs_no_repair(world, foreign):
    world.opens(foreign.silent(), foreign.silent())
    assert world.ends().status == "DONE"
    assert len(world.a.got("D")) == len(world.b.got("D")) == 1


def test_silent_repair_is_never_sent_twice(world, foreign):
    world.b.script.extend([foreign.reject(), foreign.silent()])
    world.opens()
    assert world.ends().status == "DONE"
    assert len(world.b.got("D")) == 2
    assert world.net == (-1, 1)


def test_silent_rollback_is_never_sent_twice(make_world, foreign):
    world = make_world(policy="rollback_first")
    world.a.script.extend([foreign.fill, foreign.silent()])
    world.opens(b=foreign.reject())
    assert world.ends().status == "NONE"
    assert len(world.a.got("D")) == 2
    assert world.net == (0, 0)


def test_strange_exec_type_is_no_step_and_is_asked_for(world, foreign):
    world.opens(b=foreign.strange)
    assert world.ends().status == "DONE"
    world.until(lambda: world.b.got("H"), "asked for")
    assert len(world.b.got("D")) == 1


@pytest.mark.parametrize("cancel", ["refuse_cancel", "fill_on_cancel", "swallow"])
def test_repair_that_rests_past_its_time_is_settled_before_anything_else(world, foreign, cancel):
    world.b.cancel_as = getattr(foreign, cancel)
    world.b.script.extend([foreign.reject(), foreign.hold_new])
    world.opens()
    world.until(lambda: world.b.got("F"), "cancelled after its time")
    world.laps(30)
    assert len(world.b.got("D")) == 2
    if world.b.working:
        world.b.trade_of(world.b.working[0], 1)
    assert world.ends().status == "DONE"
    assert len(world.b.got("D")) == 2


def test_reports_lost_on_the_way_are_fetched_by_a_logon(world, foreign):
    world.opens(b=foreign.hold)
    logons = len(world.b.got("A"))
    world.b.trade_of(world.b.working[0], 1, tell=False)
    assert world.ends().status == "DONE"
    assert len(world.b.got("A")) + len(world.b.got("H")) > logons


@pytest.mark.parametrize("script", ["trade_first", "cum_first", "twice"])
def test_unusual_order_of_reports_changes_nothing(world, foreign, script):
    world.opens(getattr(foreign, script), getattr(foreign, script))
    assert world.ends().status == "DONE"
    assert world.net == (-1, 1)
    assert len(world.a.got("D")) == len(world.b.got("D")) == 1


def test_mass_cancel_ends_an_order_whose_cancels_are_swallowed(make_world, foreign):
    world = make_world(query_every_ms=40, query_ladder_ms=[30, 60])
    world.b.cancel_as = foreign.swallow
    world.opens(b=foreign.silent(0, then="0"))
    assert world.ends().status == "DONE"
    assert len(world.b.got("q")) == 1


@pytest.mark.slow
def test_missing_trade_is_asked_for(world, foreign):
    world.opens(b=foreign.cum_first)
    world.ends()
    order = next(iter(world.b.orders.values()))
    world.until(lambda: world.b.got("H"), "the trade that the count ran ahead of is asked for")
    assert world.b.got("H")[0][2] == order.ref


class AheadClock:
    """The machine's time before it was started again."""

    wall_ns = staticmethod(time.time_ns)

    @staticmethod
    def mono_ns():
        return time.monotonic_ns() + 10**15


def test_order_from_before_a_reboot_is_asked_for(make_world, foreign):
    """Monotonic time begins anew with the machine; the journal's does not."""
    world = make_world(start=False)
    machine = RealMachine()
    machine.clock = AheadClock()
    machine.lane = LaneDispatcher(machine.clock)
    world.start(machine)
    world.b.query_as = foreign.swallow
    world.opens(b=foreign.lost)
    world.stop()
    world.b.query_as = foreign.query_honestly
    world.start()
    assert world.ends().status in ("DONE", "NONE")
