"""Matching against a plain model: a list searched from the start each time."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.book import Book
from exchange.codes import BUY, DAY, FOK, IOC, SELL
from exchange.matching import auction_price, match, uncross
from exchange.values import Order

SIDES = st.sampled_from([BUY, SELL])
ORDERS = st.tuples(SIDES, st.integers(-3, 6), st.integers(1, 9), st.sampled_from([DAY, DAY, IOC, FOK]))
STEPS = st.lists(ORDERS | st.integers(0, 30), max_size=40)


def order(number, side, px, qty, tif=DAY, cap=None):
    return Order(str(number), "a", "s", str(number), "X", side, "N", qty, px, tif, number, "20260105", cap=cap)


class Model:
    """What a book does, said as simply as can be."""

    def __init__(self):
        self.resting = []
        self.trades = []

    def take(self, number, side, px, qty, tif):
        sign = 1 if side == BUY else -1
        meets = [one for one in self.resting if one["side"] != side and sign * one["px"] <= sign * px]
        meets.sort(key=lambda one: (sign * one["px"], one["number"]))
        if tif == FOK and sum(one["left"] for one in meets) < qty:
            return
        for one in meets:
            traded = min(qty, one["left"])
            if traded:
                one["left"] -= traded
                qty -= traded
                self.trades.append((one["number"], number, traded, one["px"]))
        self.resting = [one for one in self.resting if one["left"]]
        if qty and tif == DAY:
            self.resting.append({"number": number, "side": side, "px": px, "left": qty})

    def cancel(self, number):
        self.resting = [one for one in self.resting if one["number"] != number]


def run(steps):
    book, model, trades, orders = Book(), Model(), [], []
    for step in steps:
        if isinstance(step, int):
            model.cancel(step)
            if step < len(orders) and orders[step].open_qty and orders[step].tif == DAY:
                book.remove(orders[step])
                orders[step].tif = "gone"
            continue
        taker = order(len(orders), *step)
        model.take(len(orders), *step)
        match(book, taker, lambda m, t, qty, px: trades.append((int(m.order_id), int(t.order_id), qty, px)))
        if taker.open_qty and taker.tif == DAY:
            book.add(taker)
        orders.append(taker)
    return book, model, trades, orders


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_matching_trades_as_the_plain_model_when_orders_come_in_any_order(steps):
    book, model, trades, _ = run(steps)
    assert trades == model.trades
    for side in (BUY, SELL):
        expected = {}
        for one in model.resting:
            if one["side"] == side:
                expected[one["px"]] = expected.get(one["px"], 0) + one["left"]
        flat = book.sides[side].flat(100)
        assert dict(zip(flat[::2], flat[1::2], strict=True)) == expected
        assert flat[::2] == sorted(expected, reverse=side == BUY)


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_matching_conserves_quantity_and_never_leaves_a_crossed_book(steps):
    book, _, trades, orders = run(steps)
    bid, ask = book.sides[BUY].best(), book.sides[SELL].best()
    assert bid is None or ask is None or bid.px < ask.px
    assert book.volume == sum(qty for _, _, qty, _ in trades)
    for one in orders:
        assert 0 <= one.cum_qty <= one.qty
        assert one.tif != FOK or one.cum_qty in {0, one.qty}


def test_taker_is_filled_up_to_its_cap_when_one_is_set():
    book = Book()
    book.add(order(1, SELL, 10, 5))
    taker = order(2, BUY, 10, 5, IOC, cap=2)
    match(book, taker, lambda *_: None)
    assert taker.cum_qty == 2
    assert book.sides[SELL].flat(1) == [10, 3]


def test_fok_trades_nothing_when_its_cap_is_below_its_quantity():
    book = Book()
    book.add(order(1, SELL, 10, 5))
    taker = order(2, BUY, 10, 5, FOK, cap=4)
    match(book, taker, lambda *_: None)
    assert taker.cum_qty == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(SIDES, st.integers(0, 8), st.integers(1, 9)), max_size=20))
def test_auction_trades_the_most_at_one_price_when_it_ends(found):
    book, trades = Book(), []
    for number, (side, px, qty) in enumerate(found):
        book.add(order(number, side, px, qty))

    def volume_at(at):
        bought = sum(qty for side, px, qty in found if side == BUY and px >= at)
        return min(bought, sum(qty for side, px, qty in found if side == SELL and px <= at))

    best = max(volume_at(at) for at in range(9))
    px = auction_price(book)
    uncross(book, lambda _m, _t, qty, at: trades.append((qty, at)))
    assert sum(qty for qty, _ in trades) == best
    assert {at for _, at in trades} <= {px}
    bid, ask = book.sides[BUY].best(), book.sides[SELL].best()
    assert bid is None or ask is None or bid.px < ask.px
