"""Orders refused, denied, blocked: T01, T02, T26 to T28, T30, T48, T51, T53."""

import pytest

from simulation import fates
from simulation.agenda import MS
from simulation.settings import RICH

CAP = 12


def test_t01_leg_refused_for_ever_is_taken_back_within_the_cap(scene):
    s = scene()
    s.b.always = fates.reject()
    s.opens()
    assert s.ends() == "NONE"
    assert s.position == (0, 0)
    assert len(s.orders(s.b)) <= 3  # its own, and two with the same refusal
    assert len(s.orders(s.a)) + len(s.orders(s.b)) <= CAP


def test_t01_orders_that_expire_empty_end_at_the_cap(scene):
    s = scene(units=2, max_units=2, defaults={"max_orders_per_hedge": 7})
    s.opens(fates.meet, fates.part(0))
    s.a.always = s.b.always = fates.part(0)
    s.strands()
    s.run(3000)
    assert len(s.orders(s.a)) + len(s.orders(s.b)) <= 7
    s.may_be_naked = True


def test_t01_repair_leaves_at_the_very_instant_of_the_refusal(scene):
    s = scene()
    s.opens(b=fates.reject())
    first = s.orders(s.b)[0]
    assert s.until(lambda: s.judge.knowledge.orders[first].done, 1000 * MS)
    if s.judge.knowledge.orders[s.orders(s.a)[0]].done:
        told_ns = s.agenda.now_ns
        assert s.until(lambda: len(s.orders(s.a)) + len(s.orders(s.b)) == 3, 50 * MS)
        assert s.agenda.now_ns - told_ns < 50 * MS
    s.ends()


@pytest.mark.parametrize("reason", [4, 8])
def test_t02_flow_control_is_met_with_patience_not_with_a_hammer(scene, reason):
    s = scene()
    s.b.always = fates.deny(reason)
    s.opens()
    assert s.ends() in ("NONE", "DONE")
    assert s.frames("D") < 40
    assert s.position == (0, 0)


@pytest.mark.parametrize("fate", [fates.reject(), fates.deny(8)])
def test_t02_venue_that_refuses_everything_is_left_alone_and_told(scene, fate):
    s = scene()
    s.b.always = fate
    assert s.fires(for_ms=20_000) <= 8  # its failures alone would let it try a dozen times and more
    assert "VENUE_REFUSES" in s.judge.alerts
    assert s.view.reason.startswith("VENUE_REFUSES B")
    s.b.always = fates.meet
    assert s.until(lambda: s.pair.units != 0, 60_000 * MS)
    assert not s.node.desk.breaker.rows


def test_pair_that_fails_so_often_in_a_row_is_off_and_told(scene):
    s = scene(defaults={"max_failures": 2, "failure_cooldown_ms": 100, "failure_cooldown_max_ms": 100})
    s.b.always = fates.deny(8)
    for failures in (1, 2):
        s.opens()
        assert s.ends() == "NONE"
        assert (s.pair.failures, s.pair.status == "FROZEN") == (failures, failures == 2)
    assert s.judge.alerts.count("PAIR_OFF") == 1
    s.b.always = fates.meet
    assert s.fires(for_ms=3000) == 0


def test_t02_order_that_cannot_leave_is_denied_and_never_kept_for_later(scene):
    s = scene()
    s.mid = RICH
    s.trades["B"].down_until_ns = s.agenda.now_ns + 400 * MS
    s.run(400)
    s.trades["B"].cut()
    s.run(3000)
    assert s.pair.naked == (0, 0)
    assert s.position[0] == -s.position[1]


def test_t26_size_below_the_venues_minimum_is_found_before_the_first_order(scene):
    s = scene()
    s.b.gateway.definition = {**s.b.gateway.definition, "min_lots": 5}
    s.b.gateway.kill(20 * MS)
    s.run(1500)
    assert s.fires() == 0
    assert s.frames("D") == 0


def test_t27_no_order_on_one_side_while_the_other_cannot_trade(scene):
    s = scene(units=1, max_units=3)
    s.b.gateway.kill(4000 * MS)
    s.run(400)
    assert s.fires(for_ms=2000) == 0
    assert s.orders(s.a) == []


def test_t28_exhausted_retries_end_with_a_person_not_with_a_dropped_leg(scene):
    s = scene()
    s.holds()
    s.b.always = fates.reject()
    s.closes()
    assert s.strands() in ("REFUSED", "CAP", "CLOSE")
    sent = len(s.orders(s.b))
    s.run(8_000)  # then by itself, seldom: T72
    assert len(s.orders(s.b)) == sent
    assert s.pair.hedge.status == "STRANDED"
    assert s.pair.naked == (0, 1)
    s.may_be_naked = True


def test_t28_close_outlasts_a_venue_that_refuses_for_a_second(scene):
    s = scene()
    s.holds()
    s.b.always = fates.reject()
    s.closes()
    s.run(1000)
    assert s.pair.hedge.status == "REPLENISHING"
    assert len(s.orders(s.b)) <= 4  # its opening's, its own, and tries that are spread over the budget
    s.b.always = fates.meet
    assert s.ends() == "DONE"


def test_t28_close_outlasts_a_book_that_gives_nothing_for_a_second(scene):
    s = scene()
    s.holds()
    s.b.always = fates.part(0)
    s.closes()
    s.run(600)
    assert s.pair.hedge.status == "REPLENISHING"
    tries = sorted(s.b.orders[ref].handed_ns for ref in s.orders(s.b, "p"))
    assert len(tries) >= 2
    assert all(after - before >= 100 * MS for before, after in zip(tries, tries[1:], strict=False))
    s.b.always = fates.meet
    assert s.ends() == "DONE"
    assert "STRANDED" not in s.judge.alerts


def test_t02_refused_reversals_are_spread_over_the_budget(scene):
    s = scene(policy="rollback_first")
    s.b.always = fates.reject()
    s.a.script.append(fates.meet)
    s.a.always = fates.reject()
    s.opens()
    s.run(600)
    assert 2 <= len(s.orders(s.a, "b")) <= 6
    s.a.always = fates.meet
    assert s.ends() == "NONE"


def test_t30_fill_after_a_refusal_makes_no_second_position(scene):
    s = scene()
    s.opens(b=fates.refused_yet_filled())
    s.ends()
    s.run(3000)
    assert s.position in ((-1, 1), (0, 0))
    assert s.pair.naked == (0, 0)


@pytest.mark.parametrize("ms", range(200, 216))
def test_t30_refusal_and_fill_read_at_one_instant_send_nothing_more(scene, ms):
    s = scene(policy="replenish_first")
    s.trades["B"].down.clogged_ns = s.agenda.now_ns + ms * MS
    s.opens(b=fates.refused_yet_filled(0))
    assert s.ends() in ("DONE", "NONE")
    assert s.position in ((-1, 1), (0, 0))
    assert s.judge.violations == []


def test_t48_refused_close_is_tried_again_as_a_close_never_as_an_open(scene):
    s = scene(offset_mode="oc")
    s.holds()
    s.b.script.extend([fates.reject("平仓量超过持仓量"), fates.reject("CLOSE_EXCEEDS")])
    s.closes()
    assert s.ends() == "DONE"
    closing = [order for venue in (s.a, s.b) for order in list(venue.orders.values())[1:]]
    assert {order.offset for order in closing} == {"C"}


@pytest.mark.parametrize("which", ["a", "b"])
def test_t51_locked_limit_lets_nothing_open_and_counts_no_retries(scene, which):
    s = scene()
    venue = getattr(s, which)
    s.mid = RICH - 8
    s.run(300)
    s.quotes = False
    venue.limits = (venue.bid, venue.ask)
    if which == "a":
        venue.quote(None, venue.ask)
    else:
        venue.quote(venue.bid, None)
    venue.gateway.publish_status()
    s.run(800)
    assert s.frames("D") == 0
    assert s.judge.alerts == []


def test_t51_leg_that_locks_in_mid_hedge_strands_and_goes_on_when_it_unlocks(scene):
    s = scene()
    s.holds()
    s.b.script.append(fates.part(0))
    s.closes(a=fates.meet)
    s.quotes = False
    s.b.quote(None, s.b.ask)
    s.b.limits = (s.b.ask, s.b.ask + 100)
    s.b.gateway.publish_status()
    s.run(4000)
    sent = len(s.orders(s.b))
    assert sent <= 3
    s.run(4000)
    assert len(s.orders(s.b)) <= sent + 1
    s.b.limits = (None, None)
    s.quotes = True
    s.requote()
    s.b.gateway.publish_status()
    assert s.ends() == "DONE"


def test_t53_limits_never_stand_in_the_way_of_a_repair(scene):
    s = scene(units=2, max_units=2, position_lots=2)
    s.b.script.extend([fates.part(1), fates.part(0), fates.part(0)])
    s.opens()
    assert s.ends() in ("DONE", "PART", "NONE")
    assert s.position[0] == -s.position[1]


def test_t53_taking_back_needs_no_room_under_the_position_limit(scene):
    s = scene(units=2, max_units=2, position_lots=2, policy="rollback_first")
    s.b.always = fates.reject()
    s.opens()
    assert s.ends() == "NONE"
    assert s.position == (0, 0)


def test_t53_taking_back_an_overfill_is_not_bound_by_the_orders_size(scene):
    s = scene(units=2, max_units=2, order_lots=2)
    s.opens(b=fates.overfill(3))
    s.ends()
    s.run(3000)
    assert s.position == (-2, 2)
