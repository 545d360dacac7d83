"""The main job against foreign gateways: open, complete, take back, close."""

import pytest


def statuses(world, leg):
    return [order.status.value for order in world.hedge.legs[leg].orders]


def test_hedge_opens_and_closes_when_both_venues_fill(world):
    world.opens()
    assert world.ends().status == "DONE"
    assert (world.a.net, world.b.net) == (-1, 1)
    world.until(lambda: world.pair.status == "HOLDING", "the pair holds")
    world.closes()
    assert world.ends().status == "DONE"
    assert world.net == (0, 0)
    assert len(world.a.got("D")) == len(world.b.got("D")) == 2


def test_both_orders_leave_in_the_turn_of_the_quote(world, foreign):
    world.opens(foreign.hold, foreign.hold)
    a, b = (v.got("D") for v in world.venues)
    assert len(a) == len(b) == 1
    assert abs(a[0][9] - b[0][9]) < 20_000_000  # node_ns
    for venue in world.venues:
        venue.trade_of(venue.working[0], 1)
    assert world.ends().status == "DONE"


def test_open_is_replenished_when_b_is_rejected_once(world, foreign):
    world.opens(b=foreign.reject())
    assert world.ends().status == "DONE"
    assert statuses(world, 1) == ["REJECTED", "FILLED"]
    assert world.net == (-1, 1)


def test_open_is_taken_back_when_b_is_rejected_for_ever(world, foreign):
    world.b.always = foreign.reject()
    world.opens()
    assert world.ends().status == "NONE"
    assert world.net == (0, 0)
    assert len(world.b.got("D")) == 3  # its own, and two with the same refusal
    assert len(world.a.got("D")) == 2


def test_orders_stay_under_the_caps_when_each_refusal_differs(world, foreign):
    world.b.script.extend(foreign.reject(f"CODE_{n}") for n in range(50))
    world.opens()
    assert world.ends().status == "NONE"
    assert len(world.b.got("D")) == 4  # its own and max_replenish_orders
    assert len(world.a.got("D")) == 2
    assert world.pair.status == "COOLDOWN"


def test_rollback_stops_at_the_cap_and_is_told(make_world, foreign):
    world = make_world(policy="rollback_first", naked_budget_ms=3000)
    world.a.script.append(foreign.fill)
    world.a.script.extend(foreign.reject(f"CODE_{n}") for n in range(50))
    world.may_be_naked = True
    world.b.always = foreign.reject()
    world.opens()
    world.until(lambda: world.hedge.status == "STRANDED", "stranded")
    world.laps(60)
    assert world.hedge.stranded_why == "CAP"
    assert sum(len(v.got("D")) for v in world.venues) <= 12
    world.until(world.alert_lines, "told")


def test_a_failed_open_rests_before_the_next(world, foreign):
    world.b.always = foreign.reject()
    world.opens()
    world.ends()
    sent = len(world.a.frames)
    world.fire()
    world.laps(60)
    assert [m for m in world.a.frames[sent:] if m[0] == "D"] == []


@pytest.mark.parametrize(("policy", "net"), [("replenish_first", 2), ("rollback_first", 0)])
def test_legs_are_aligned_when_a_fills_two_of_five_and_b_none(make_world, foreign, policy, net):
    world = make_world(units=5, max_units=5, policy=policy)
    world.opens(foreign.part(2), foreign.part(0))
    assert world.ends().status == ("PART" if net else "NONE")
    assert world.net == (-net, net)


@pytest.mark.parametrize(("policy", "units"), [("replenish_first", 3), ("rollback_first", 1)])
def test_legs_are_aligned_when_both_fill_unequal_parts(make_world, foreign, policy, units):
    world = make_world(units=5, max_units=5, policy=policy)
    world.opens(foreign.part(3), foreign.part(1))
    assert world.ends().status == "PART"
    assert world.net == (-units, units)


def test_resting_rest_does_not_keep_b_naked(make_world, foreign):
    """A fills 2 of 5 and rests on; B is aligned to 2 at once, then to the end."""
    world = make_world(units=5, max_units=5)
    world.opens(foreign.hold_new, foreign.hold_new)
    order = world.a.working[0]
    world.a.trade_of(order, 2)
    world.b.cancel(world.b.working[0])
    world.ends()
    assert world.net == (-2, 2)


def test_ratio_is_completed_when_a_fills_two_of_three(make_world, foreign):
    world = make_world(lots=(3, 2), policy="replenish_first")
    world.opens(foreign.part(2))
    assert world.ends().status == "DONE"
    assert world.net == (-3, 2)


def test_ratio_is_taken_back_on_both_legs_when_a_stays_short(make_world, foreign):
    world = make_world(lots=(3, 2))
    world.a.script.extend([foreign.part(2), foreign.reject(), foreign.reject()])
    world.opens()
    assert world.ends().status == "NONE"
    assert world.net == (0, 0)


def test_close_is_replenished_and_never_taken_back(make_world, foreign):
    world = make_world(policy="rollback_first")
    world.holds()
    world.closes(b=foreign.reject())
    assert world.ends().status == "DONE"
    assert world.net == (0, 0)
    assert [m[3] for m in world.a.got("D")] == ["2", "1"]  # sold once, bought back once


def test_close_is_stranded_and_told_when_b_refuses_for_ever(world, foreign):
    world.holds()
    world.b.always = foreign.reject()
    world.may_be_naked = True
    world.closes()
    world.until(lambda: world.hedge.status == "STRANDED", "stranded")
    world.until(world.alert_lines, "the alert is in the file")
    sent = len(world.b.got("D"))
    world.laps(100)
    assert world.alerts() == ["STRANDED"]
    assert world.alert_lines()[0]["hedge"] == world.hedge.hedge_id
    assert len(world.a.got("D")) == 2
    assert len(world.b.got("D")) == sent <= 2 + 3
    assert world.net == (0, 1)


def test_stranded_close_goes_on_when_the_market_opens_again(world, foreign):
    world.holds()
    world.b.script.append(foreign.reject())
    world.a.script.append(foreign.hold)
    world.closes()
    world.b.set_status(2)
    world.until(lambda: world.node.desk.quote(("B", "B.X")).status == 2, "halted")
    world.a.trade_of(world.a.working[0], 1)
    world.until(lambda: world.hedge.status == "STRANDED", "stranded")
    assert world.hedge.stranded_why == "MARKET"
    sent = len(world.b.got("D"))
    world.laps(250)
    assert len(world.b.got("D")) == sent
    world.b.set_status(17)
    assert world.ends().status == "DONE"


def test_no_tick_is_needed_for_a_repair(world, foreign):
    world.a.script.append(foreign.fill)
    world.b.script.extend([foreign.hold])
    world.opens()
    for venue in world.venues:
        venue.repeats = False
    told = [v.feed_seq for v in world.venues]
    order = world.b.working[0]
    order.status = "8"
    world.b.report(order, "8", reason=99, text="NO")
    assert world.ends().status == "DONE"
    assert [v.feed_seq for v in world.venues] == told


@pytest.mark.parametrize("reason", [4, 8])
def test_denied_first_order_is_replenished(world, foreign, reason):
    world.opens(b=foreign.deny(reason))
    assert world.ends().status == "DONE"
    assert statuses(world, 1) == ["DENIED", "FILLED"]


def test_denied_repairs_do_not_use_up_the_ladder(make_world, foreign):
    world = make_world(naked_budget_ms=3000)
    world.b.script.extend([foreign.reject(), *[foreign.deny(8)] * 4])
    world.opens()
    assert world.ends().status == "DONE"
    assert statuses(world, 1) == ["REJECTED", *["DENIED"] * 4, "FILLED"]
    assert world.hedge.repairs == ("replenish",)


def test_repairs_denied_for_ever_are_taken_back(world, foreign):
    world.b.always = foreign.deny(8)
    world.opens()
    assert world.ends().status == "NONE"
    assert world.net == (0, 0)
    assert len(world.a.got("D")) == 2
