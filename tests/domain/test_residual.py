"""What lots leave over: kept, hedged when it is a lot, and given back."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import ledger, pairs, residual
from domain.books import LegBook
from domain.hedges import RESIDUAL, HedgeOpened, HedgeStatus
from domain.legs import LegPlan
from domain.market import Instrument, quote_of
from domain.orders import OrderExpired, OrderFilled, OrderFilledLate, OrderPartiallyFilled, OrderSubmitted
from domain.pairspec import LegSpec, PairSpec
from domain.prices import LegPrice, PriceFormula
from domain.sizing import GRAMS_PER_TROY_OUNCE
from domain.terms import terms_of
from domain.triggers import Trigger

AU = Instrument("S", "au", Decimal("0.02"), Decimal(1), Decimal(1000), "CNY", offset_mode="octy")
GC = Instrument("C", "GC", Decimal("0.1"), Decimal(1), Decimal(100), "USD")
HELD = (Fraction(1000), 100 * GRAMS_PER_TROY_OUNCE)
LEGS = (
    LegSpec("S", "au", 3, AU, LegPrice(PriceFormula(AU.tick_size), 3)),
    LegSpec("C", "GC", -1, GC, LegPrice(PriceFormula(GC.tick_size), -1)),
)
SPEC = PairSpec("au", "CNY", LEGS, Trigger(buy_open=1), units=5, max_position_units=20, held=HELD, residual_leg=0)
QUOTE = quote_of(("S", "au"), [23_000, 2], [23_001, 2])
FLAT = pairs.new("au", SPEC.lots)


def holding(units, odd=(0, 0)):
    books = (LegBook(3 * units + odd[0]), LegBook(-units + odd[1]))
    return replace(FLAT, books=books, odd=odd, status=pairs.P.HOLDING)


@pytest.mark.parametrize(
    ("units", "odd", "left", "lots"),
    [
        (1, (0, 0), "-110.34768", 0),
        (9, (0, 0), "-993.12912", 0),
        (10, (0, 0), "-1103.4768", 1),  # ten units short of a lot: one more is bought
        (10, (1, 0), "-103.4768", 0),
        (0, (1, 0), "1000", -1),  # the units have gone: it comes back
        (-19, (0, 0), "2096.60592", -2),
    ],
)
def test_gold_of_3_to_1_leaves_110_grams_a_unit_and_a_lot_at_ten(units, odd, left, lots):
    pair = holding(units, odd)
    assert residual.left_over(pair, HELD) == Fraction(left)
    assert residual.due(pair, SPEC) == lots
    assert (pair.units, pair.naked) == (units, (0, 0))


def test_no_less_than_the_venues_least_lots_leaves():
    few = replace(SPEC, legs=(replace(LEGS[0], instrument=replace(AU, min_lots=2)), LEGS[1]))
    assert residual.due(holding(10), few) == 0
    assert residual.due(holding(19), few) == 2


def planned(pair, lots, quote=QUOTE):
    return residual.plan(pair, SPEC, lots, quote, 36, 7, (1.0, 7.1))


def test_residuals_hedge_is_one_leg_of_its_own():
    opened = planned(holding(19), 2)
    assert (opened.kind, opened.direction, opened.units, opened.trigger, len(opened.legs)) == ("open", 1, 2, RESIDUAL, 1)
    assert [(o.cl_ord_id, o.side, o.qty, o.px, o.offset) for o in opened.orders] == [("au.10.1.0h1", 1, 2, 23_003, "O")]
    closing = planned(holding(0, (1, 0)), -1)
    assert (closing.kind, closing.orders[0].offset) == ("close", "Y")
    assert planned(holding(19), 2, quote_of(("S", "au"), [23_000, 2], [])) == "LIQUIDITY"


def played(pair, opened, *facts):
    pair = pairs.evolve(pair, opened)
    for fact in facts:
        pair = pairs.evolve(pair, fact, opened.hedge_id)
    return pair


def test_its_lots_are_no_units_and_never_naked_filled_in_part_or_late():
    opened = planned(holding(19), 2)
    ref = opened.orders[0].cl_ord_id
    pair = played(holding(19), opened, OrderFilled(ref, 2, ("t", 2, 23_001), None))
    assert (pair.units, pair.naked, pair.odd, pair.books[0].net) == (19, (0, 0), (2, 0), 59)
    part = played(holding(19), opened, OrderPartiallyFilled(ref, 1, ("t", 1, 23_001), None), OrderExpired(ref, 1))
    assert (part.units, part.naked, part.odd) == (19, (0, 0), (1, 0))
    late = played(part, replace(opened, hedge_id="x", orders=()) )  if False else pairs.evolve(part, OrderFilledLate(ref, 2, ("u", 1, 23_001), None), opened.hedge_id)
    assert (late.naked, late.odd, late.hedge.status) == ((0, 0), (2, 0), HedgeStatus.WORKING)


@given(st.integers(-200, 200), st.integers(-9, 9))
def test_after_its_hedge_less_than_a_lot_is_left(units, odd):
    pair = holding(units, (odd, 0))
    lots = residual.due(pair, SPEC)
    after = holding(units, (odd + lots, 0))
    assert abs(residual.left_over(after, HELD)) < 1000
    assert residual.due(after, SPEC) == 0


SPOT = Instrument("S", "BTC", Decimal("0.01"), Decimal("0.001"), Decimal(1), "USDT", kind="spot", base="BTC")
PERP = Instrument("P", "BTCUSDT", Decimal("0.1"), Decimal("0.001"), Decimal(1), "USDT")
COINS = PairSpec(
    "btc", "USDT",
    (LegSpec("S", "BTC", 10, SPOT, LegPrice(PriceFormula(SPOT.tick_size), 10), inventory_lots=2),
     LegSpec("P", "BTCUSDT", -10, PERP, LegPrice(PriceFormula(PERP.tick_size), -10))),
    Trigger(buy_open=1), units=5, max_position_units=20, held=(Fraction(1, 1000),) * 2, residual_leg=0,
)  # fmt: skip


def bought_coins(fee, units=1):
    """(the pair, its ledger): units of 10 lots bought spot, with a fee in coin, and sold ahead."""
    money = ledger.new("btc", "USDT", tuple(terms_of(leg.instrument) for leg in COINS.legs))
    plan = LegPlan(0, "S", "BTC", 1, 10, 10 * units, 6_000_000)
    sent = OrderSubmitted("btc.1.1.0h1", 0, "h", 1, 10 * units, 6_000_000, "3", "N", 0)
    money.take([HedgeOpened("btc.1.1", "open", 1, units, (plan,), (sent,), 0.0, 0, "t", (1.0, 1.0))])
    money.take([OrderFilled("btc.1.1.0h1", 10 * units, ("t", 10 * units, 6_000_000), fee, "BTC")])
    return replace(pairs.new("btc", COINS.lots), books=(LegBook(10 * units), LegBook(-10 * units)), status=pairs.P.HOLDING), money


def test_fee_taken_in_coin_is_missing_from_what_was_received():
    # 0.010 BTC less 0.1 %: 0.00999 are there, and the perpetual is 0.00001 too short
    pair, money = bought_coins("0.00001")
    taken = residual.fee_lots(money, COINS)
    assert taken == (Fraction(1, 100), 0)
    assert residual.left_over(pair, COINS.held, taken) == Fraction(-1, 100_000)
    assert residual.due(pair, COINS, taken) == 0


def test_fees_in_coin_that_have_grown_to_a_lot_are_bought_back():
    pair, money = bought_coins("0.0011", units=11)
    assert residual.due(pair, COINS, residual.fee_lots(money, COINS)) == 1
    assert residual.due(pair, COINS) == 0  # by count alone nothing is missing


def test_spot_is_not_sold_beyond_what_was_received():
    pair, money = bought_coins("0.0021", units=2)  # 20 lots and 2 of the inventory, less 2.1
    order = OrderSubmitted("btc.1.2.0h1", 0, "h", -1, 20, 6_000_000, "3", "N", 0)
    plan = LegPlan(0, "S", "BTC", -1, 20, 20, 6_000_000)
    opened = HedgeOpened("btc.1.2", "close", -1, 1, (plan,), (order,), 0.0, 0, "t")
    why = residual.why_not_delivered(opened, pair, COINS, lambda: residual.fee_lots(money, COINS))
    assert why == "INVENTORY: symbol=BTC qty=20 there=19 fees_in_kind=2.1 lots"
    fewer = replace(opened, orders=(replace(order, qty=19),))
    assert residual.why_not_delivered(fewer, pair, COINS, lambda: residual.fee_lots(money, COINS)) == ""
    assert residual.why_not_delivered(opened, pair, COINS, tuple) == ""


def test_pair_without_spot_has_no_fees_in_kind():
    assert residual.fee_lots(None, SPEC) == ()
