"""Margin of both sides, reserved before the first order: by hand."""

from decimal import Decimal
from fractions import Fraction

import pytest

from domain.margin import MARGIN, STALE, UNKNOWN, Funds, MarginTable, Rates, need_of, rates_of, room, sums_of
from domain.market import FeeSchedule, Instrument, quote_of
from domain.money import scaled

CU = Instrument(
    "SHFE", "cu", Decimal(10), Decimal(1), Decimal(5), "CNY", offset_mode="octy",
    margin_rate_long=Decimal("0.10"), margin_rate_short=Decimal("0.12"),
    fees=FeeSchedule(open_rate=Decimal("0.00005"), close_rate=Decimal("0.00005"), close_today_rate=Decimal("0.0001")),
)  # fmt: skip
HG = Instrument("COMEX", "HG", Decimal("0.05"), Decimal(1), Decimal(250), "USD", margin_lot_long=Decimal(7500), margin_lot_short=Decimal(7500))
SPOT = Instrument("BIN", "BTC", Decimal("0.01"), Decimal("0.001"), Decimal(1), "USDT", kind="spot", base="BTC")
QUOTES = (quote_of(("SHFE", "cu"), (7520, 50), (7521, 50)), quote_of(("COMEX", "HG"), (9040, 50), (9041, 50)))


def told(table, venue, currency, available, asked_ns=0, asof_ns=0):
    table.told(venue, [(currency, available, available)], asked_ns, asof_ns)


def needs_of(table, cu_side):
    """9 lots of Shanghai against 4 of New York, payup 2, slippage cap 20."""
    cu = need_of(table.of("SHFE", "CNY"), 0, cu_side, 9, CU, rates_of(CU), 2, 20)
    hg = need_of(table.of("COMEX", "USD"), 1, -cu_side, 4, HG, rates_of(HG), 2, 20)
    return (cu, hg)


def test_both_sides_are_reckoned_at_their_worst_with_fees_in_and_out():
    table = MarginTable()
    sums = {funds.venue: amount for funds, amount in sums_of(needs_of(table, -1), QUOTES)}
    # Shanghai, sold at 75,200: at worst 75,420; x 5 t x 9 x (0.12 + 0.00005 + 0.0001) = 407,777.19...
    shanghai = Fraction(75_420 * 5 * 9) * (Fraction("0.12") + Fraction("0.00005") + Fraction("0.0001"))
    # and 42 ticks of 50 CNY a lot for slippage and the way back
    assert sums["SHFE"] == scaled(shanghai + 42 * 50 * 9)
    # New York: 4 x 7,500 USD, and 42 ticks of 12.50 USD a lot
    assert sums["COMEX"] == scaled(4 * 7500 + 42 * Fraction("12.5") * 4)


def test_long_and_short_have_rates_of_their_own():
    table = MarginTable()
    (bought,), (sold,) = (sums_of(needs_of(table, side)[:1], QUOTES) for side in (1, -1))
    assert bought[1] < sold[1]


def test_the_days_reference_counts_where_it_is_worse_than_the_touch():
    table = MarginTable()
    fallen = quote_of(("SHFE", "cu"), (7000, 50), (7001, 50), limit_down=6900, limit_up=8100)
    need = needs_of(table, 1)[0]
    assert need.at(fallen) == need.fixed + 7500 * need.slope


def test_size_is_what_the_poorer_account_has_room_for():
    table = MarginTable()
    told(table, "SHFE", "CNY", "50000000")
    told(table, "COMEX", "USD", "100000")
    units, why = room(sums_of(needs_of(table, -1), QUOTES), 5)
    # 100,000 / 32,100 = 3
    assert units == 3 and why.startswith(f"{MARGIN}: venue=COMEX currency=USD free=100000.00 unit=32100.00")


def test_what_a_hedge_holds_no_other_may_count():
    table = MarginTable()
    told(table, "SHFE", "CNY", "50000000")
    told(table, "COMEX", "USD", "100000")
    sums = sums_of(needs_of(table, -1), QUOTES)
    table.reserve("h1", sums, 2)
    assert room(sums, 5)[0] == 1
    told(table, "COMEX", "USD", "36000", asked_ns=5)  # the venue counts it too by now: never neither
    assert room(sums, 5)[0] == 0


def test_it_is_given_back_when_the_venue_has_said_anew_after_the_end():
    table = MarginTable()
    told(table, "SHFE", "CNY", "50000000")
    told(table, "COMEX", "USD", "100000")
    sums = sums_of(needs_of(table, -1), QUOTES)
    table.reserve("h1", sums, 3)
    assert table.ended("h1", 100, 1000)
    told(table, "COMEX", "USD", "3700", asked_ns=99, asof_ns=2000)  # asked for before the end
    assert table.of("COMEX", "USD").held
    told(table, "COMEX", "USD", "3700", asked_ns=101, asof_ns=999)  # the gateway's books are from before it
    assert table.of("COMEX", "USD").held
    told(table, "COMEX", "USD", "10000", asked_ns=101, asof_ns=1000)
    assert (table.of("COMEX", "USD").held, table.of("COMEX", "USD").free) == (0, scaled(10000))
    assert "h1" in table.held  # Shanghai has not said yet
    told(table, "SHFE", "CNY", "49000000", asked_ns=101, asof_ns=1000)
    assert not table.held


def test_a_hedge_that_late_truth_reopens_holds_on():
    table = MarginTable()
    told(table, "COMEX", "USD", "100000")
    sums = sums_of(needs_of(table, -1)[1:], QUOTES)
    table.reserve("h1", sums, 1)
    table.ended("h1", 100, 1000)
    table.reopened("h1")
    told(table, "COMEX", "USD", "100000", asked_ns=500, asof_ns=5000)
    assert table.of("COMEX", "USD").held == sums[0][1]


@pytest.mark.parametrize(("stale", "word"), [(False, UNKNOWN), (True, STALE)])
def test_money_that_is_not_known_opens_nothing(stale, word):
    table = MarginTable()
    if stale:
        told(table, "SHFE", "CNY", "50000000")
        table.stale("SHFE")
    units, why = room(sums_of(needs_of(table, -1)[:1], QUOTES), 5)
    assert (units, why.partition(":")[0]) == (0, word)


def test_a_budget_stands_in_for_it_and_a_person_may_answer_for_it():
    funds = Funds("SHFE", "CNY", budget=scaled(1_000_000))
    assert funds.free == scaled(1_000_000)
    funds.used = scaled(400_000)
    funds.reckon()
    assert funds.free == scaled(600_000)
    asks = [(Funds("SHFE", "CNY", unchecked=True), scaled(1))]
    assert room(asks, 5) == (5, "")


def test_a_budget_bounds_what_the_venue_has_free_too():
    funds = Funds("SHFE", "CNY", budget=scaled(1000))
    funds.available = scaled(5000)
    funds.reckon()
    assert funds.free == scaled(1000)


def test_spot_pays_all_of_what_it_buys_and_nothing_for_what_it_sells():
    funds = Funds("BIN", "USDT")
    bought = need_of(funds, 0, 1, 5, SPOT, Rates(), 0, 0)
    assert bought.of(5_500_000) == scaled(5 * Fraction("0.001") * 55_000)
    assert need_of(funds, 0, -1, 5, SPOT, Rates(), 0, 0) is None


def test_spot_where_nobody_tells_money_is_left_to_the_venue():
    funds = Funds("BIN", "USDT")
    need = need_of(funds, 0, 1, 5, SPOT, Rates(), 0, 0)
    assert room([(need.funds, need.of(5_500_000))], 3) == (3, "")


def test_what_asks_for_no_margin_needs_none():
    assert need_of(Funds("V", "USD"), 0, 1, 1, Instrument("V", "S", Decimal(1), Decimal(1), Decimal(1), "USD"), Rates(), 2, 20) is None
