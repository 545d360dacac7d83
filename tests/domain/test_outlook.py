"""What a repair sees: older quotes, locked markets, closed ones; ids."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.costs import LegMoney
from domain.ids import MAX_ID, MAX_PAIR_NAME, base36, hedge_id, order_id
from domain.market import quote_of
from domain.outlook import Outlook
from tests.domain.test_firing import FLAT, NS, QUOTES, SPEC

KEY = QUOTES[0].key


def outlook(first, *, older=None, now_ns=NS, can=True):
    quotes, last = (first, QUOTES[1]), (older, QUOTES[1])
    return Outlook(SPEC, quotes, last, (can, True).__getitem__, FLAT.books, True, (1.0, 1.0), now_ns)


def test_a_quote_that_counts_is_met_at_its_touch():
    seen = outlook(QUOTES[0])
    assert (seen.leg(0, 1).opposing, seen.leg(0, -1).opposing, seen.leg(0, 1).can_trade) == (100, 99, True)


def test_a_stale_quote_is_used_for_as_long_as_a_repair_may():
    open_still = replace(QUOTES[0], status_mono_ns=10 * NS)
    assert outlook(open_still, now_ns=10 * NS).leg(0, 1).opposing == 100
    assert outlook(replace(open_still, status_mono_ns=12 * NS), now_ns=12 * NS).leg(0, 1).opposing is None


def test_where_a_side_is_gone_the_last_that_counted_is_used():
    gone = quote_of(KEY, (99, 7), (), recv_mono_ns=NS)
    assert outlook(gone, older=QUOTES[0]).leg(0, 1).opposing == 100
    assert outlook(gone).leg(0, 1).opposing is None


def test_a_crossed_book_prices_nothing():
    assert outlook(quote_of(KEY, (101, 7), (100, 7), recv_mono_ns=NS)).leg(0, 1).opposing is None


@pytest.mark.parametrize(("quote", "can"), [(None, True), (replace(QUOTES[0], status=18), True), (replace(QUOTES[0], status_mono_ns=-9 * NS), True), (QUOTES[0], False)])
def test_a_market_that_is_closed_unknown_or_cut_off_cannot_trade(quote, can):
    assert not outlook(quote, can=can).leg(0, 1).can_trade


def test_a_market_locked_at_its_limit_trades_one_way_only():
    up = quote_of(KEY, (110, 50), (), recv_mono_ns=NS, limit_down=90, limit_up=110)
    seen = outlook(up, older=QUOTES[0])
    assert (seen.leg(0, 1).can_trade, seen.leg(0, -1).can_trade) == (False, True)
    thin = replace(up, bid_px=109, bids=(109, 50))
    assert outlook(thin, older=QUOTES[0]).leg(0, 1).can_trade


def test_ids_are_functions_of_meaning_and_fit_the_protocol():
    assert (base36(0), base36(35), base36(36)) == ("0", "z", "10")
    longest = order_id(hedge_id("x" * MAX_PAIR_NAME, 2**62, 99_999), 9, "p", 99) + ".c5"
    assert len(longest) <= MAX_ID
    assert hedge_id("cu", 1, 2) != hedge_id("cu", 2, 1)


STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, NS // 2, 2 * NS, 4 * NS]),  # time that passes
        st.sampled_from(["same", "again", "dearer", "crossed", "gone", "locked", "closed"]),
        st.booleans(),  # whether an order could leave
        st.sampled_from([1.0, 7.0]),  # FX
        st.sampled_from([1, 3, 60]),  # lots
    ),
    max_size=12,
)


def changed(quote, how, now_ns):
    fresh = {"recv_mono_ns": now_ns, "changed_mono_ns": now_ns, "status_mono_ns": now_ns}
    books = {"dearer": (104, 105), "crossed": (101, 100), "again": (99, 100)}
    if how in books:
        bid, ask = books[how]
        return replace(quote, bid_px=bid, bids=(bid, 50), bid_qty=50, ask_px=ask, asks=(ask, 50), ask_qty=50, **fresh)
    if how == "gone":
        return replace(quote, ask_px=None, asks=(), ask_qty=0, **fresh)
    if how == "locked":
        return replace(quote, bid_px=110, bids=(110, 50), ask_px=None, asks=(), ask_qty=0, limit_up=110, **fresh)
    return replace(quote, status=18, **fresh) if how == "closed" else quote


@settings(deadline=None)
@given(STEPS)
@example([(0, "same", True, 1.0, 1), (4 * NS, "same", True, 1.0, 1)])  # it is too old by now
@example([(0, "same", True, 1.0, 1), (0, "same", True, 7.0, 1), (0, "same", True, 7.0, 3)])
def test_what_was_kept_says_what_a_new_look_says(steps):
    kept, quotes, last, now_ns = {}, list(QUOTES), list(QUOTES), NS
    for passed_ns, how, can, rate, lots in steps:
        now_ns += passed_ns
        quotes[0] = changed(quotes[0], how, now_ns)
        args = (SPEC, quotes, last, (can, True).__getitem__, FLAT.books, True, (rate, 1.0), now_ns)
        moneys = [LegMoney(leg.instrument) for leg in SPEC.legs]
        before, anew = Outlook(*args, moneys, kept), Outlook(*args, moneys)
        for side in (1, -1):
            assert before.leg(0, side) == anew.leg(0, side)
            assert repr(before.cost(0, side, lots, 100, side < 0)) == repr(anew.cost(0, side, lots, 100, side < 0))
