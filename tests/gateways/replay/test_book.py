from hypothesis import given
from hypothesis import strategies as st

from gateways.replay.book import BUY, DAY, FOK, IOC, SELL, Book, Fill

PX = st.integers(95, 105)
LEVEL = st.tuples(PX, st.integers(1, 50))
SIDE = st.sampled_from([BUY, SELL])
QUOTES = st.tuples(st.just("quote"), LEVEL, LEVEL)
ORDERS = st.tuples(st.just("order"), SIDE, st.integers(1, 60), PX, st.sampled_from([DAY, IOC, FOK]))
STEPS = st.lists(st.one_of(QUOTES, ORDERS), max_size=40)


def book_with(bids=(99, 10), asks=(101, 10)) -> Book:
    book = Book()
    book.quote(bids, asks)
    return book


def test_taker_meets_the_recorded_opposing_touch_at_its_price():
    assert book_with().enter("a", BUY, 4, 105, IOC) == ([Fill("a", 4, 101)], 0)


def test_taker_outside_the_touch_gets_nothing():
    assert book_with().enter("a", BUY, 4, 100, IOC) == ([], 0)


def test_taker_without_a_price_takes_what_there_is_and_never_works():
    assert book_with().enter("a", SELL, 14, None, DAY) == ([Fill("a", 10, 99)], 0)


def test_taker_walks_more_levels_where_the_recording_has_them():
    book = book_with(asks=(101, 3, 102, 9))
    assert book.enter("a", BUY, 5, 102, IOC)[0] == [Fill("a", 3, 101), Fill("a", 2, 102)]


def test_level_is_used_up_until_it_changes():
    book = book_with()
    book.enter("a", BUY, 10, 101, IOC)
    book.quote((98, 7), (101, 10))
    assert book.enter("b", BUY, 1, 101, IOC) == ([], 0)
    book.quote((98, 7), (101, 11))
    assert book.available(BUY, 101) == 11


def test_level_that_went_and_came_back_is_a_new_one():
    book = book_with()
    book.enter("a", BUY, 10, 101, IOC)
    book.quote((99, 10), (102, 10))
    book.quote((99, 10), (101, 10))
    assert book.available(BUY, 101) == 10


def test_fill_or_kill_fills_whole_or_not_at_all():
    book = book_with()
    assert book.enter("a", BUY, 11, 101, FOK) == ([], 0)
    assert book.enter("b", BUY, 10, 101, FOK) == ([Fill("b", 10, 101)], 0)


def test_day_order_takes_then_rests_then_fills_at_its_price_when_reached():
    book = book_with()
    assert book.enter("a", BUY, 12, 101, DAY) == ([Fill("a", 10, 101)], 2)
    assert book.quote((99, 10), (102, 10)) == []
    assert book.quote((99, 10), (100, 1)) == [Fill("a", 1, 101)]
    assert book.quote((99, 11), (100, 1)) == []
    assert book.quote((99, 11), (100, 5)) == [Fill("a", 1, 101)]


def test_better_resters_fill_first_then_older_ones():
    book = book_with()
    for name, px in (("late", 98), ("first", 99), ("second", 99)):
        book.enter(name, BUY, 2, px, DAY)
    assert [fill.order_id for fill in book.quote((97, 1), (98, 5))] == ["first", "second", "late"]


def test_cancel_takes_out_what_is_left_once():
    book = book_with()
    book.enter("a", BUY, 12, 101, DAY)
    assert (book.cancel("a"), book.cancel("a")) == (2, 0)
    assert book.quote((99, 10), (101, 99)) == []


@given(STEPS)
def test_book_never_gives_more_than_was_asked_nor_than_was_recorded(steps):
    book, asked, filled, placed = Book(), {}, {}, {}
    left: dict[str, tuple[tuple[int, ...], int]] = {BUY: ((), 0), SELL: ((), 0)}
    for number, step in enumerate(steps):
        if step[0] == "quote":
            for side, level in ((SELL, step[1]), (BUY, step[2])):
                if level != left[side][0]:
                    left[side] = (level, level[1])
            fills = book.quote(step[1], step[2])
        else:
            order_id, (_, side, qty, px, tif) = str(number), step
            asked[order_id], placed[order_id] = qty, (side, px)
            fills, works = book.enter(order_id, side, qty, px, tif)
            assert tif == DAY or not works
            assert tif != FOK or sum(fill.qty for fill in fills) in {0, qty}
        for fill in fills:
            side, px = placed[fill.order_id]
            assert fill.qty > 0
            assert fill.px <= px if side == BUY else fill.px >= px
            filled[fill.order_id] = filled.get(fill.order_id, 0) + fill.qty
            left[side] = (left[side][0], left[side][1] - fill.qty)
        assert all(filled[order_id] <= asked[order_id] for order_id in filled)
        assert all(qty >= 0 for _, qty in left.values())
