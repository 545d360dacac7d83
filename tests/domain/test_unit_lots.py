"""Lots that the decision's price sizes, and what a pair of them holds."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import pairs, unit_lots
from domain.books import LegBook
from domain.firing import aim_of
from domain.hedges import HedgeOpened
from domain.legs import LegPlan
from domain.market import Instrument, quote_of
from domain.orders import OrderFilled, OrderSubmitted
from domain.pairspec import LegSpec, PairSpec
from domain.prices import LegPrice, PriceFormula
from domain.triggers import Trigger

SPOT = Instrument("S", "BTC", Decimal("0.01"), Decimal("0.001"), Decimal(1), "USD", kind="spot", base="BTC")
PERP = Instrument("P", "BTCUSD", Decimal("0.5"), Decimal(1), Decimal(100), "USD", kind="inverse", base="BTC")


def spec(lots=10):
    legs = (
        LegSpec("S", "BTC", lots, SPOT, LegPrice(PriceFormula(SPOT.tick_size), lots)),
        LegSpec("P", "BTCUSD", -1, PERP, LegPrice(PriceFormula(PERP.tick_size), -1), sized=True),
    )
    return PairSpec("b", "USD", legs, Trigger(buy_open=-30, sell_close=10), unit_exposure=Fraction(lots, 1000))


def quotes(px=60_000):
    return (
        quote_of(("S", "BTC"), [px * 100 - 50, 900], [px * 100 + 50, 900]),
        quote_of(("P", "BTCUSD"), [px * 2, 5000], [px * 2 + 1, 5000]),
    )


@pytest.mark.parametrize(("px", "lots"), [(60_000, 6), (60_050, 6), (55_000, 6), (54_999, 5), (65_001, 7), (120_000, 12)])
def test_inverse_leg_holds_as_much_base_as_the_unit_at_the_decisions_price(px, lots):
    # 0.010 BTC x 60,000 = 600 USD, 6 contracts of 100; at 55,000 it is 5.5, and half goes to the even one
    aim = unit_lots.opening(aim_of(spec(), "buy_open"), spec(), quotes(px))
    assert aim.per_unit == (10, lots)
    assert unit_lots.now(spec(), quotes(px))[0] == 10


def test_unit_that_is_less_than_half_a_contract_is_a_reason():
    few = replace(spec(1), unit_exposure=Fraction(1, 2000))
    assert unit_lots.opening(aim_of(few, "buy_open"), few, quotes()) == "LOT_TOO_LARGE"
    assert unit_lots.now(spec(), (None, None)) == (10, 0)


@pytest.mark.parametrize(
    ("nets", "units", "held", "per_unit", "closes"),
    [
        ((50, -30), 2, 5, (10, 6), 2),
        ((50, -31), 2, 5, (10, 6), 2),
        ((50, -30), 5, 5, (10, 6), 5),  # all of it, as it is
        ((50, -31), 5, 5, (50, 31), 1),  # all of it, though it does not divide
    ],
)
def test_close_takes_its_share_and_the_last_takes_all(nets, units, held, per_unit, closes):
    aim, found = unit_lots.closing(aim_of(spec(), "sell_close"), spec(), nets, units, held)
    assert (aim.per_unit, found) == (per_unit, closes)


@given(st.integers(1, 40), st.integers(1, 4000), st.data())
def test_closing_all_leaves_no_lot_of_any_leg(held, inverse, data):
    units = data.draw(st.integers(1, held))
    found = unit_lots.closing(aim_of(spec(), "sell_close"), spec(), (10 * held, -inverse), units, held)
    if isinstance(found, str):
        return
    aim, closes = found
    taken = [lots * closes for lots in aim.per_unit]
    assert taken[0] == 10 * units
    assert taken[1] <= inverse + held
    if units == held:
        assert taken[1] == inverse


def opened(kind, units, per_unit, ref="b.1.1"):
    sides = (1, -1) if kind == "open" else (-1, 1)
    legs = tuple(LegPlan(i, v, s, side, n, n * units, 100) for i, (v, s, side, n) in enumerate(zip("SP", ("BTC", "BTCUSD"), sides, per_unit, strict=True)))
    orders = tuple(OrderSubmitted(f"{ref}.{leg.index}h1", leg.index, "h", leg.side, leg.target, 100, "3", "N", 0) for leg in legs)
    return HedgeOpened(ref, kind, sides[0], units, legs, orders, 0.0, 0, "buy_open")


def test_units_are_those_of_the_fixed_leg_and_what_one_leg_has_alone_is_naked():
    pair = pairs.new("b", spec().lots)
    assert pair.lots == (10, 0)
    pair = pairs.evolve(pair, opened("open", 2, (10, 6)))
    pair = pairs.evolve(pair, OrderFilled("b.1.1.0h1", 20, ("t", 20, 100), None), "b.1.1")
    assert (pair.units, pair.naked) == (0, (20, 0))
    pair = pairs.evolve(pair, OrderFilled("b.1.1.1h1", 12, ("u", 12, 100), None), "b.1.1")
    assert (pair.units, pair.naked) == (2, (0, 0))


def test_lots_of_the_sized_leg_without_a_unit_are_naked():
    pair = replace(pairs.new("b", (10, 0)), books=(LegBook(0), LegBook(-3)))
    assert (pair.units, pair.naked) == (0, (0, -3))
    assert replace(pair, books=(LegBook(10), LegBook(-7))).naked == (0, 0)


@given(st.integers(20_000, 150_000), st.integers(20_000, 150_000))
def test_spot_against_an_inverse_contract_is_worth_the_same_at_every_price(opened, now):
    # 1 BTC bought, contracts of 100 USD for as much sold: their profit in coin makes up for what the spot gains
    contracts = round(Fraction(opened, 100))
    coins = contracts * 100 * (Fraction(1, now) - Fraction(1, opened))
    spot_gain, coin_gain = Fraction(now - opened), coins * now
    rounding = abs(Fraction(opened) - contracts * 100)  # at the decision, never more than half a contract
    assert rounding <= 50
    assert abs(spot_gain + coin_gain) <= rounding * Fraction(abs(now - opened), opened) + Fraction(1, 10**9)


@given(st.integers(1, 10**9), st.integers(1, 10**6), st.integers(1, 10**7))
def test_sized_lots_are_nearest_at_any_price_and_size(lots, per_lot, px_ticks):
    leg = replace(LegSpec("P", "BTCUSD", -1, PERP, LegPrice(PriceFormula(PERP.tick_size), -1), sized=True))
    unit = Fraction(lots * per_lot, 10**6)
    found = unit_lots.lots_at(leg, unit, px_ticks)
    money = unit * px_ticks * Fraction(PERP.tick_size)
    assert abs(found * 100 - money) <= 50
