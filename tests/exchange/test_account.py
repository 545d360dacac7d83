"""Money: sums that must cancel to the unit, and orders that can't be paid."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.codes import WORKING
from exchange.instruments import Tariff

MODES = {"net": "N", "oc": "OC", "octy": "OTY"}
STEPS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.sampled_from("12"),
        st.integers(1, 9),
        st.integers(990, 1010),
        st.sampled_from("034"),
        st.integers(0, 2),
    ),
    max_size=30,
)


def check_sums(venue, currency):
    accounts = venue.accounts.values()
    cash = sum(one.cash.get(currency, 0) for one in accounts)
    fees = sum(one.fees.get(currency, 0) for one in accounts)
    assert cash + fees == sum(one.deposits.get(currency, 0) for one in accounts)
    assert sum(one.position("X.a").net for one in accounts) == 0
    for one in accounts:
        assert all(isinstance(amount, int) for amount in [*one.cash.values(), *one.fees.values()])
        for lots in (one.position("X.a").long, one.position("X.a").short):
            assert lots.today >= 0
            assert lots.old >= 0
        for side in "12":
            free = one.free("X.a", side)
            assert free.qty >= free.today >= 0


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(list(MODES)), STEPS, st.integers(0, 30))
def test_money_and_lots_cancel_over_all_accounts_when_anything_trades(make_venue, place, mode, steps, roll_at):
    venue = make_venue(offset_mode=mode)
    venue.house_order(1, "X.a", "2", 20, 1003)
    for number, (account, side, qty, px, tif, offset) in enumerate(steps):
        if number == roll_at:
            venue.roll(1, "20260106")
        place(venue, account, side, qty, px, tif, MODES[mode][offset % len(MODES[mode])])
        check_sums(venue, "CNY")
    equity = sum(one.balance("CNY", venue.reference, venue.mark).equity for one in venue.accounts.values())
    fees = sum(one.fees.get("CNY", 0) for one in venue.accounts.values())
    assert equity + fees == 2 * 10**10


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_inverse_money_cancels_when_values_are_rounded(make_venue, place, steps):
    venue = make_venue(
        deposits={"a": {"BTC": 10**12}, "b": {"BTC": 10**12}},
        kind="inverse",
        currency="USD",
        base="BTC",
        lot_size=Fraction(100),
        tick_size=Fraction(1, 2),
        fees={"open": Tariff(Fraction(5, 10000))},
    )
    for account, side, qty, px, tif, _ in steps:
        place(venue, account, side, qty, px, tif)
        check_sums(venue, "BTC")


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_available_money_is_never_negative_when_orders_only_open(make_venue, place, steps):
    venue = make_venue(deposits={"a": {"CNY": 8 * 10**6}, "b": {"CNY": 8 * 10**6}})
    for account, side, qty, px, tif, _ in steps:
        before = venue.accounts[account].position("X.a").net
        order = place(venue, account, side, qty, px, tif)
        balance = venue.accounts[account].balance("CNY", venue.reference, venue.mark)
        if order.status in WORKING and order.cum_qty == 0 and before == 0:
            assert balance.available >= 0


def test_order_is_refused_31_when_money_is_short(make_venue, place):
    venue = make_venue(deposits={"a": {"CNY": 10**6}})
    taken = place(venue, qty=1)
    refused = place(venue, qty=2)
    assert taken.status == "0"
    assert (refused.status, refused.reason, refused.code) == ("8", 99, 31)


def test_money_comes_back_when_a_working_order_is_cancelled(make_venue, place):
    venue = make_venue(deposits={"a": {"CNY": 10**6}})
    order = place(venue, qty=1)
    frozen = venue.accounts["a"].balance("CNY", venue.reference, venue.mark)
    assert frozen.frozen == 500_000 + 600
    venue.cancel(2, "a", "s", order.client_ref)
    assert venue.accounts["a"].balance("CNY", venue.reference, venue.mark).available == 10**6


@pytest.mark.parametrize(
    ("mode", "offset", "qty", "code"),
    [("oc", "C", 4, 30), ("octy", "T", 3, 50), ("octy", "Y", 2, 51)],
)
def test_over_close_is_refused_by_its_own_code(make_venue, place, mode, offset, qty, code):
    venue = make_venue(offset_mode=mode)
    venue.house_order(1, "X.a", "2", 9, 1000)
    place(venue, qty=1, offset="O")
    venue.roll(1, "20260106")
    venue.house_order(1, "X.a", "2", 9, 1000)
    place(venue, qty=2, offset="O")
    assert place(venue, side="2", qty=qty, px=1001, offset=offset).code == code
    assert place(venue, side="2", qty=qty - 1, px=1001, offset=offset).status == "0"
    assert place(venue, side="2", qty=1, px=1001, offset=offset).code == code


def test_reducing_order_is_taken_when_money_is_short(make_venue, place):
    venue = make_venue(deposits={"a": {"CNY": 510_000}})
    venue.house_order(1, "X.a", "2", 1, 1000)
    assert place(venue).status == "2"
    venue.house_order(1, "X.a", "1", 5, 980)
    venue.house_order(1, "X.a", "2", 1, 980, "3")
    assert venue.accounts["a"].balance("CNY", venue.reference, venue.mark).available < 0
    assert place(venue, side="1", qty=1, px=970).code == 31
    assert place(venue, side="2", qty=1, px=980, tif="3").status == "2"


def test_spot_can_sell_no_more_than_it_holds(make_venue, place):
    venue = make_venue(
        deposits={"a": {"USDT": 10**12, "BTC": 3 * 10**5}},
        kind="spot",
        currency="USDT",
        base="BTC",
        lot_size=Fraction(1, 1000),
        tick_size=Fraction(1, 100),
        digits=8,
        tick_value=1000,
        fees={},
    )
    assert place(venue, side="2", qty=3).status == "0"
    assert place(venue, side="2", qty=1).code == 31


def test_fee_is_by_rate_and_by_lot(make_instrument):
    instrument = make_instrument(fees={"open": Tariff(Fraction(1, 10000), 100)})
    assert instrument.fee("open", 1000, 3) == 1500 + 300


def test_locked_position_asks_for_both_sides_or_for_the_larger(make_venue):
    for larger_side, lots in ((False, 5), (True, 3)):
        venue = make_venue(offset_mode="oc", larger_side=larger_side)
        account = venue.accounts["a"]
        account.position("X.a").long.today, account.position("X.a").short.today = 3, 2
        # 5 t x 10,000 CNY x 10 % a lot, in cents
        assert account.balance("CNY", venue.reference, venue.mark).margin_used == lots * 5_000 * 100
