"""What completing and going back would cost, by hand."""

from decimal import Decimal
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.costs import LegMoney, complete_cost, order_cost, reverse_cost, time_penalty
from domain.market import BUY, SELL, FeeSchedule, Instrument

FEES = FeeSchedule(
    open_rate=Decimal("0.00005"), close_rate=Decimal("0.00005"), close_today_rate=Decimal("0.0001"), open_lot=Decimal(1)
)
CU = Instrument("shfe", "SHFE.cu2612", Decimal(10), Decimal(1), Decimal(5), "CNY", offset_mode="octy", fees=FEES)
HG = Instrument("comex", "COMEX.HGZ26", Decimal("0.05"), Decimal(1), Decimal(250), "USD")
PERP = Instrument("bn", "BTCUSD_PERP", Decimal("0.1"), Decimal(1), Decimal(100), "BTC", kind="inverse")


def test_a_tick_of_a_lot_in_the_pairs_currency():
    assert LegMoney(CU).tick_value(8000) == 50.0
    # 0.05 c/lb x 25,000 lb = 12.50 USD, at 7.10
    assert LegMoney(HG, 7.10).tick_value(9000) == pytest.approx(88.75)
    # 100 USD at 50,000: 0.002 BTC; 0.1 USD on it
    assert LegMoney(PERP).tick_value(500_000) == pytest.approx(0.0002)
    assert isnan(LegMoney(PERP).tick_value(0))


def test_fees_by_turnover_and_by_lot_and_by_offset():
    money = LegMoney(CU)
    assert money.fees(8000, 2, "O") == pytest.approx(80_000 * 10 * 0.00005 + 2)
    assert money.fees(8000, 2, "T") == pytest.approx(80_000 * 10 * 0.0001)
    assert money.fees(8000, 2, "Y") == money.fees(8000, 2, "C") == pytest.approx(40.0)
    assert money.fees(-8000, 1, "C") > 0


def test_completing_copper_is_as_worked_by_hand():
    # 3 lots bought at 8001, 8001, 8003 against a touch of 8000: 5 ticks x 50
    cost = order_cost(LegMoney(CU), 0, BUY, 3, 8000, [8001, 2, 8003, 9], None, "C")
    assert cost.expected_px == pytest.approx((8001 * 2 + 8003) / 3)
    assert cost.slippage == pytest.approx(250.0)
    assert cost.fees == pytest.approx(24_005 * 50 * 0.00005)
    assert cost.total == pytest.approx(cost.slippage + cost.fees)


def test_going_back_sells_what_was_bought():
    cost = order_cost(LegMoney(CU), 0, SELL, 1, 8001, [7999, 5], None, "T")
    assert cost.slippage == pytest.approx(100.0)
    back = reverse_cost([cost], time_penalty=7.0)
    assert back.total == pytest.approx(107.0 + 79_990 * 5 * 0.0001)
    assert (back.choice, back.edge) == ("rollback", 0.0)


def test_the_edge_of_the_units_won_is_taken_off():
    cost = order_cost(LegMoney(HG, 7.0), 1, SELL, 4, 9000, [8998, 9], None, "N")
    best = complete_cost([cost], 4500.0, 2, time_penalty(10.0, 500_000_000))
    assert best.total == pytest.approx(2 * 87.5 * 4 - 100 * 45 * 2 + 5.0)
    assert best.edge == 9000.0


def test_lots_beyond_the_book_cost_the_worst_price():
    cost = order_cost(LegMoney(CU), 0, BUY, 3, 8000, [8001, 1], 8020, "C")
    assert (cost.book_lots, cost.expected_px) == (1, pytest.approx((8001 + 2 * 8020) / 3))
    empty = order_cost(LegMoney(CU), 0, BUY, 3, 8000, [], 8020, "C")
    assert (empty.book_lots, empty.expected_px) == (0, 8020.0)
    assert isnan(order_cost(LegMoney(CU), 0, BUY, 3, 8000, [8001, 1], None, "C").total)


@given(st.integers(1, 9), st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=1, max_size=10))
def test_cost_never_falls_as_the_quantity_grows(qty, steps):
    px, levels = 8000, []
    for step, lots in steps:
        px += step
        levels += [px, lots]
    less = order_cost(LegMoney(CU), 0, BUY, qty, 8000, levels, px + 9, "O")
    more = order_cost(LegMoney(CU), 0, BUY, qty + 1, 8000, levels, px + 9, "O")
    assert 0 <= less.total <= more.total


@given(st.integers(7900, 8100), st.integers(1, 9))
def test_buying_dear_and_selling_cheap_cost_the_same(px, qty):
    money = LegMoney(HG, 7.0)
    buy = order_cost(money, 0, BUY, qty, 8000, [px, 99], None, "N")
    sell = order_cost(money, 0, SELL, qty, 8000, [16_000 - px, 99], None, "N")
    assert buy.total == pytest.approx(sell.total)
