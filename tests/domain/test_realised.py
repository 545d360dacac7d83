"""What a hedge has cost, by hand: slippage in ticks and money, fees."""

from decimal import Decimal

from msgspec.structs import replace

from domain.hedges import Hedge
from domain.legs import Leg, LegPlan
from domain.market import FeeSchedule, Instrument
from domain.orders import Order, OrdStatus
from domain.realised import cost_of

GOLD = Instrument("SHFE", "au", Decimal("0.02"), Decimal(1), Decimal(1000), "CNY")
COMEX = Instrument("CME", "GC", Decimal("0.1"), Decimal(1), Decimal(100), "USD", fees=FeeSchedule(open_lot=Decimal("1.5")))
KNOWN = {GOLD.key: GOLD, COMEX.key: COMEX}


def order(leg, side, px, qty, letter="h", **more):
    ref = f"P.1.1.{leg}{letter}1"
    trades = ((f"d/{px}", qty, px),)
    return Order(ref, leg, letter, side, qty, px, "3", "O", 1, OrdStatus.FILLED, qty, trades, **more)


def hedge(*orders):
    plans = (LegPlan(0, "SHFE", "au", 1, 3, 3, 100), LegPlan(1, "CME", "GC", -1, 1, 1, 500))
    legs = tuple(Leg(plan, orders=tuple(o for o in orders if o.leg == plan.index)) for plan in plans)
    return Hedge("P.1.1", "open", 1, 1, legs, 0.0, 1, "spread")


def test_slippage_is_against_the_touch_of_the_decision_in_ticks_and_money():
    cost = cost_of(hedge(order(0, 1, 102, 3), order(1, -1, 499, 1)), KNOWN, "CNY", (1.0, 7.0))
    shanghai, new_york = cost["legs"]
    assert (shanghai["slippage_tick_lots"], shanghai["slippage_ticks"], shanghai["slippage"]) == (6, 2.0, 120.0)
    assert (new_york["slippage_tick_lots"], new_york["slippage"]) == (1, 70.0)
    assert (cost["slippage"], cost["currency"]) == (190.0, "CNY")


def test_a_leg_taken_back_has_cost_what_lies_between_its_fills():
    taken_back = hedge(order(0, 1, 102, 3), order(0, -1, 97, 3, "b"))
    leg = cost_of(taken_back, KNOWN, "CNY", (1.0, 7.0))["legs"][0]
    assert (leg["slippage_tick_lots"], leg["lots"]) == (15, 6)


def test_fees_are_the_venues_where_it_tells_them_else_the_schedules():
    told = cost_of(hedge(order(0, 1, 100, 3, fees=(("t1", "12.5"), ("t2", "0.5"))), order(1, -1, 500, 1)), KNOWN, "CNY", (1.0, 7.0))
    assert [(leg["fees"], leg["fees_by"]) for leg in told["legs"]] == [(13.0, "venue"), (10.5, "schedule")]
    assert (told["fees"], told["total"]) == (23.5, 23.5)


def test_what_is_not_known_is_none_never_nought():
    fired = hedge(order(0, 1, 102, 3), order(1, -1, 499, 1))
    without_rate = cost_of(fired, KNOWN, "CNY", (1.0, float("nan")))
    assert (without_rate["legs"][1]["slippage"], without_rate["slippage"], without_rate["total"]) == (None, None, None)
    unknown = cost_of(fired, {}, "", ())
    assert unknown["legs"][0]["slippage_tick_lots"] == 6
    assert (unknown["slippage"], unknown["fees"]) == (None, None)


def test_a_busted_trade_costs_nothing():
    busted = replace(order(0, 1, 102, 3), trades=(("d/102", 0, 102),))
    leg = cost_of(hedge(busted), KNOWN, "CNY", (1.0, 7.0))["legs"][0]
    assert (leg["slippage_tick_lots"], leg["slippage_ticks"]) == (0, None)
