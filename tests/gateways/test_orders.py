"""Orders: whatever order the venue's words come in, the sums are right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateways.adapter import OrderState, TradeState, VenueOrder
from gateways.orders import Order, OrderTable

QTY = 10


def order():
    return Order(VenueOrder("v1", "S", "1", QTY, 100, "0", "O"), "20260106", "n1", "a", 5)


def state(ord_status, cum_qty):
    return OrderState(
        venue_ref="v1", order_id="o1", symbol="S", side="1", qty=QTY, ord_status=ord_status, cum_qty=cum_qty,
        trading_day="20260106",
    )  # fmt: skip


def trade(exec_id, qty, exec_type="F", exec_ref=None, **more):
    return TradeState(
        **(
            {
                "venue_ref": "v1",
                "order_id": "o1",
                "exec_id": exec_id,
                "exec_type": exec_type,
                "exec_ref": exec_ref,
                "symbol": "S",
                "side": "1",
                "qty": qty,
                "px": 100,
                "trading_day": "20260106",
            }
            | more
        )
    )


WORDS = [
    state("0", 0), trade("t1", 4), state("1", 4), trade("t2", 3), state("1", 7), state("4", 7),
]  # fmt: skip


@given(st.permutations(WORDS * 2))
def test_order_ends_the_same_however_its_words_are_ordered_and_repeated(words):
    one = order()
    highest = 0
    for word in words:
        _ = one.on_state(word) if isinstance(word, OrderState) else one.on_trade(word)
        assert one.cum_qty >= highest
        highest = one.cum_qty
        assert one.leaves_qty in (0, QTY - one.cum_qty)
    assert (one.ord_status, one.cum_qty, one.leaves_qty, one.complete) == ("4", 7, 0, True)
    assert [told.exec_id for told in sorted(one.trades, key=lambda told: told.exec_id)] == ["t1", "t2"]


@given(st.permutations([trade("t1", 4), trade("t2", 3), trade("b1", 4, "H", "t1"), trade("c1", 2, "G", "t2")]))
def test_corrections_hold_whichever_comes_first(words):
    one = order()
    for word in words:
        one.on_trade(word)
    assert (one.cum_qty, one.ord_status) == (2, "1")


def test_busted_quantity_never_works_again():
    one = order()
    one.on_trade(trade("t1", 10))
    assert (one.ord_status, one.leaves_qty) == ("2", 0)
    one.on_trade(trade("b1", 10, "H", "t1"))
    assert (one.ord_status, one.cum_qty, one.leaves_qty) == ("2", 0, 0)


def test_same_trade_id_of_another_day_or_kind_is_another_trade():
    one = order()
    one.on_trade(trade("t1", 1))
    assert one.on_trade(trade("t1", 1)) == []
    assert len(one.on_trade(trade("t1", 1, trading_day="20260107"))) == 1
    assert len(one.on_trade(trade("t1", 1, "H", "t1"))) == 1


def test_sides_of_a_self_trade_share_an_id_and_are_two_trades():
    table = OrderTable()
    buy, sell = (
        table.add(Order(VenueOrder(ref, "S", side, QTY, 100, "0", "O"), "20260106", "n1", ref, 5))
        for ref, side in (("v1", "1"), ("v2", "2"))
    )
    for told in (trade("t1", 1), trade("t1", 1, venue_ref="v2", side="2")):
        assert len(table.of_trade(told).on_trade(told)) == 1
    assert (buy.cum_qty, sell.cum_qty) == (1, 1)
