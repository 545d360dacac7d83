"""What comes late is true all the same: it re-opens the hedge."""

import pytest


def reversed_lots(venue, side):
    return sum(o.traded for o in venue.orders.values() if o.side == side)


def test_late_fill_after_canceled_is_reversed(world, foreign):
    world.opens(b=foreign.part(0))
    hedge = world.ends()
    assert hedge.status == "DONE"
    first = world.b.orders[hedge.legs[1].orders[0].cl_ord_id]
    world.b.trade_of(first, 1)
    world.until(lambda: world.b.net == 2 or len(world.b.got("D")) == 3, "seen")
    world.until(lambda: len(world.b.got("D")) == 3, "reversed")
    assert world.ends().status == "DONE"
    assert (world.net, world.b.net) == ((-1, 1), 1)
    assert len(world.a.got("D")) == 1


def test_late_fill_after_a_rollback_is_repaired(make_world, foreign):
    world = make_world(policy="rollback_first")
    world.opens(b=foreign.part(0))
    hedge = world.ends()
    assert hedge.status == "NONE"
    world.b.trade_of(next(iter(world.b.orders.values())), 1)
    world.until(lambda: len(world.facts("HedgeReopened")) == 1, "re-opened")
    assert world.ends().status == "NONE"
    assert world.net == (0, 0)


def test_overfill_is_reversed(world, foreign):
    world.opens(b=foreign.ghost)
    world.until(lambda: len(world.b.got("D")) == 2, "reversed")
    assert world.ends().status == "DONE"
    assert world.net == (-1, 1)
    assert reversed_lots(world.b, "2") == 1


@pytest.mark.parametrize(("policy", "net"), [("replenish_first", 1), ("rollback_first", 0)])
def test_bust_after_the_end_is_repaired(make_world, foreign, policy, net):
    world = make_world(policy=policy)
    world.opens()
    world.ends()
    world.b.bust(next(iter(world.b.orders.values())))
    world.until(lambda: world.pair.hedge is not None or len(world.hedge.repairs) == 1, "re-opened")
    assert world.ends().status == ("DONE" if net else "NONE")
    assert world.net == (-net, net)


def test_bust_while_the_other_leg_works_is_repaired(world, foreign):
    world.opens(b=foreign.hold)
    world.until(lambda: world.pair.books[0].net, "A has filled")
    world.a.bust(next(iter(world.a.orders.values())))
    world.until(lambda: world.pair.books[0].net == 0, "A's trade is off")
    world.b.trade_of(world.b.working[0], 1)
    world.ends()
    assert world.net in ((-1, 1), (0, 0))


@pytest.mark.parametrize(("lots", "ticks"), [(1, 0), (-1, 0), (0, 2)], ids=["up", "down", "price"])
@pytest.mark.parametrize("down", [False, True], ids=["living", "restarted"])
def test_restated_trade_is_told_and_what_its_order_counts_is_followed(make_world, lots, ticks, down):
    world = make_world(units=2, max_units=2)
    world.opens()
    world.ends()
    order = next(iter(world.b.orders.values()))
    _, qty, px, _ = order.trades[0]
    if down:
        world.stop()
    world.b.restate(order, qty + lots, px + ticks)
    if down:
        world.start()
    world.until(lambda: world.facts("TradeCorrected"), "taken from the answer", 6)
    world.until(lambda: world.pair.hedge is None and not any(world.pair.naked), "repaired", 6)
    assert world.alerts().count("TRADE_RESTATED") == 1
    assert world.facts("TradeCorrected")[0].trade[1:] == (qty + lots, px + ticks)
    assert world.net == (world.a.net, world.b.net)


@pytest.fixture
def late_in_flight(make_world, foreign):
    """A late fill of the first hedge while the second waits for leg B."""
    world = make_world(max_units=2)
    world.opens(b=foreign.part(0))
    first = world.ends()
    world.until(lambda: world.pair.status == "HOLDING", "ready")
    world.opens(b=foreign.hold)
    second = world.hedge.hedge_id
    world.b.trade_of(world.b.orders[first.legs[1].orders[0].cl_ord_id], 1)
    world.until(lambda: world.pair.books[1].net == 2, "the late fill is booked")
    return world, first.hedge_id, second


def test_late_fill_joins_the_hedge_in_flight_which_repairs_it(late_in_flight):
    world, first, second = late_in_flight
    assert world.facts("LateTruthJoined")[-1].lots == (0, 1)
    assert (world.hedge.hedge_id, world.hedge.joined) == (second, (first,))
    assert world.hedge.status == "SETTLING"
    world.b.trade_of(world.b.working[0], 1)
    assert world.ends().hedge_id == second
    old = next(hedge for hedge in world.pair.past if hedge.hedge_id == first)
    assert (old.status, old.passed_to) == ("DONE", (second,))
    assert (world.pair.naked, world.facts("HedgeReopened")) == ((0, 0), [])
    assert world.net == (-2, 2)


def test_late_fill_that_the_hedge_in_flight_lacks_is_what_it_needs(late_in_flight):
    world, _, _ = late_in_flight
    sent = len(world.b.got("D"))
    world.b.cancel(world.b.working[0])
    assert world.ends().status == "DONE"
    assert len(world.b.got("D")) == sent
    assert world.net == (-2, 2)


def test_late_fill_of_a_close_is_reversed_without_another_open(world, foreign):
    world.holds()
    world.closes(b=foreign.part(0))
    hedge = world.ends()
    assert hedge.status == "DONE"
    world.b.trade_of(world.b.orders[hedge.legs[1].orders[0].cl_ord_id], 1)
    world.until(lambda: world.pair.books[1].net == -1, "booked")
    world.until(lambda: world.pair.hedge is None and world.pair.naked == (0, 0), "whole again")
    assert world.net == (0, 0)


def test_same_trade_told_again_later_changes_nothing(world):
    world.opens()
    world.ends()
    order = next(iter(world.b.orders.values()))
    seen = world.node.desk.links["B"].sequence.seen
    world.b.tell(order)
    world.until(lambda: world.node.desk.links["B"].sequence.seen == seen + 2, "heard")
    assert world.pair.hedge is None
    assert len(world.b.got("D")) == 1


def test_outside_trades_change_no_pair(world):
    world.opens()
    world.ends()
    venue = world.b
    fields = list(venue.report(next(iter(venue.orders.values())), "F", last=(3, 1_001), exec_id="x1", tell=False))
    fields[2] = None
    fields[20] = "X"
    venue.reply(__import__("msgpack").packb(fields))
    world.until(lambda: world.node.desk.links["B"].sequence.seen == venue.seq, "heard")
    assert world.net == (-1, 1)
    assert world.pair.hedge is None


def test_late_truth_behind_a_stranded_hedge_is_told(make_world, foreign):
    world = make_world(max_units=2)
    world.opens(b=foreign.part(0))
    first = world.ends()
    world.until(lambda: world.pair.status == "HOLDING", "ready")
    world.b.always = foreign.reject()
    world.closes()
    world.until(lambda: world.hedge.status == "STRANDED", "stranded")
    retries = world.hedge.retries
    world.b.trade_of(world.b.orders[first.legs[1].orders[0].cl_ord_id], 1)
    world.until(lambda: "LATE_TRUTH" in world.alerts(), "told")
    world.until(lambda: world.hedge.status == "STRANDED" and world.hedge.retries == retries + 1, "it was evidence")
    world.may_be_naked = True
