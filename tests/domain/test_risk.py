"""Limits hold as if every live and unknown order fills."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.claims import BookClaims
from domain.errors import InvariantViolation
from domain.market import BUY, SELL, quote_of
from domain.risk import Limits, RiskTable, own_resting

KEY = ("shfe", "SHFE.cu2612")
QUOTE = quote_of(KEY, [100, 5], [101, 5], limit_down=90, limit_up=110)
LIMITS = Limits(order_lots=5, price_collar_ticks=3, position_lots=10)


@pytest.fixture
def table():
    table = RiskTable()
    table.add(KEY, LIMITS)
    return table


def code(text):
    return text.partition(":")[0]


def test_an_order_inside_all_limits_may_leave(table):
    assert table.check_order(KEY, BUY, 5, 104, QUOTE) == ""
    assert table.check_order(KEY, SELL, 5, 97, QUOTE) == ""


@pytest.mark.parametrize(
    ("side", "qty", "px", "quote", "expected"),
    [
        (BUY, 6, 101, QUOTE, "QUANTITY_EXCEEDS_MAXIMUM"),
        (BUY, 0, 101, QUOTE, "QUANTITY_BELOW_MINIMUM"),
        (BUY, 1, 105, QUOTE, "PRICE_COLLAR"),
        (SELL, 1, 96, QUOTE, "PRICE_COLLAR"),
        (BUY, 1, None, QUOTE, "PRICE_COLLAR"),
        (BUY, 1, 101, None, "PRICE_COLLAR"),
        (BUY, 1, 101, quote_of(KEY, [], []), "PRICE_COLLAR"),
        (BUY, 1, 89, QUOTE, "PRICE_BAND"),
        (BUY, 1, 111, quote_of(KEY, [109, 1], [], limit_up=110), "PRICE_BAND"),
    ],
)
def test_an_order_outside_a_limit_says_which(table, side, qty, px, quote, expected):
    assert code(table.check_order(KEY, side, qty, px, quote)) == expected


def test_a_reason_reads_code_then_values(table):
    assert table.check_order(KEY, BUY, 6, 101, QUOTE) == "QUANTITY_EXCEEDS_MAXIMUM: qty=6 max=5"


def test_an_unknown_symbol_is_refused_not_let_through(table):
    assert code(table.check_order(("x", "y"), BUY, 1, 1, QUOTE)) == "INSTRUMENT_NOT_FOUND"


def test_position_counts_live_orders_as_filled(table):
    table.claim(KEY, "a", BUY, 5, 101, rests=False)
    table.claim(KEY, "b", BUY, 4, 101, rests=False)
    assert code(table.check_order(KEY, BUY, 2, 101, QUOTE)) == "POSITION_LIMIT"
    table.book_fill(KEY, "b", BUY, 1)
    assert code(table.check_order(KEY, BUY, 2, 101, QUOTE)) == "POSITION_LIMIT"
    table.release(KEY, "b")
    assert table.check_order(KEY, BUY, 2, 101, QUOTE) == ""


def test_what_reduces_is_bound_by_exposure_and_band_alone(table):
    table.set_position(KEY, -10)
    assert code(table.check_order(KEY, SELL, 9, 100, QUOTE)) == "QUANTITY_EXCEEDS_MAXIMUM"
    assert table.check_order(KEY, SELL, 9, 100, QUOTE, reduces_lots=9) == ""
    assert code(table.check_order(KEY, SELL, 9, 100, QUOTE, reduces_lots=8)) == "REDUCE_ONLY_WOULD_INCREASE_POSITION"
    assert code(table.check_order(KEY, SELL, 9, 90, QUOTE, reduces_lots=9)) == "PRICE_COLLAR"


def test_an_order_never_meets_an_own_resting_one(table):
    table.claim(KEY, "mine", SELL, 2, 102, rests=True)
    assert code(table.check_order(KEY, BUY, 1, 102, QUOTE)) == "SELF_TRADE"
    assert code(table.check_order(KEY, BUY, 1, 102, QUOTE, reduces_lots=1)) == "SELF_TRADE"
    assert own_resting(table.row(KEY), BUY, 103) == ["mine"]
    assert table.check_order(KEY, BUY, 1, 101, QUOTE) == ""
    assert table.check_order(KEY, SELL, 1, 100, QUOTE) == ""
    table.release(KEY, "mine")
    assert table.check_order(KEY, BUY, 1, 102, QUOTE) == ""


def test_an_ioc_order_rests_nowhere(table):
    table.claim(KEY, "mine", SELL, 2, 101, rests=False)
    assert table.check_order(KEY, BUY, 1, 102, QUOTE) == ""


def test_late_fill_overfill_and_bust_move_the_position(table):
    table.claim(KEY, "a", BUY, 2, 101, rests=False)
    table.book_fill(KEY, "a", BUY, 3)
    row = table.row(KEY)
    assert (row.position, row.buying) == (3, 0)
    table.release(KEY, "a")
    table.book_fill(KEY, "a", BUY, 1)
    table.book_fill(KEY, "a", BUY, -2)
    assert (row.position, row.buying) == (2, 0)


def test_a_claim_twice_is_our_bug(table):
    table.claim(KEY, "a", BUY, 1, 101, rests=False)
    with pytest.raises(InvariantViolation, match="claimed twice"):
        table.claim(KEY, "a", BUY, 1, 101, rests=False)
    with pytest.raises(InvariantViolation, match="two different sets"):
        table.add(KEY, msgspec.structs.replace(LIMITS, order_lots=1))


steps = st.tuples(
    st.sampled_from(["order", "fill", "end"]), st.sampled_from([BUY, SELL]), st.integers(1, 5), st.integers(0, 9)
)


@given(st.lists(steps, max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_sequence_of_orders_and_fills_passes_the_limit(sequence):
    table = RiskTable()
    row = table.add(KEY, LIMITS)
    made = 0
    for kind, side, qty, pick in sequence:
        live = list(row.live)
        if kind == "order" and table.check_order(KEY, side, qty, 100 if side == SELL else 101, QUOTE) == "":
            table.claim(KEY, f"o{made}", side, qty, None, rests=False)
            made += 1
        elif kind == "fill" and live:
            order = row.live[live[pick % len(live)]]
            table.book_fill(KEY, live[pick % len(live)], order.side, min(qty, order.left))
        elif kind == "end" and live:
            table.release(KEY, live[pick % len(live)])
        assert row.buying == sum(o.left for o in row.live.values() if o.side == BUY)
        assert row.selling == sum(o.left for o in row.live.values() if o.side == SELL)
        assert row.position + row.buying <= LIMITS.position_lots
        assert row.position - row.selling >= -LIMITS.position_lots


def test_claims_hold_for_their_book_and_against_others():
    claims = BookClaims()
    claims.claim(QUOTE, BUY, 2, "h1")
    claims.claim(QUOTE, BUY, 1, "h2")
    assert claims.claimed(QUOTE, BUY) == 3
    assert claims.claimed(QUOTE, BUY, owner="h1") == 1
    assert claims.claimed(QUOTE, SELL) == 0
    repeated = msgspec.structs.replace(QUOTE, changed_mono_ns=9, recv_mono_ns=9, lag_ns=3)
    assert claims.claimed(repeated, BUY) == 3  # told again it has no more than before
    assert claims.on_books([repeated], [BUY]) == [3]
    assert claims.claimed(msgspec.structs.replace(QUOTE, gw_ns=9), BUY) == 0
