"""A quote counts, or says by name why not."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.guards import FxLimits, QuoteLimits, fx_why_not, usable_for_repair, why_not
from domain.market import quote_of
from domain.units import NS_PER_S

NOW = 1_000 * NS_PER_S
LIMITS = QuoteLimits()
GOOD = quote_of(("v", "s"), [100, 2], [101, 3], recv_mono_ns=NOW, limit_down=90, limit_up=110)


def changed(**fields):
    return msgspec.structs.replace(GOOD, **fields)


def test_a_good_quote_counts():
    assert why_not(GOOD, need_bid=True, need_ask=True, now_mono_ns=NOW, limits=LIMITS) == ""


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"recv_mono_ns": NOW - 4 * NS_PER_S}, "LEG_STALE"),
        ({"changed_mono_ns": NOW - 3 * NS_PER_S}, "LEG_STALE"),
        ({"lag_ns": 3 * NS_PER_S + 1}, "LEG_STALE"),
        ({"lag_ns": -1}, "LEG_STALE"),
        ({"recv_mono_ns": NOW + 1}, "LEG_STALE"),
        ({"lag_ns": float("nan")}, "LEG_STALE"),
        ({"status": 2}, "SESSION_CLOSED"),
        ({"status": None}, "SESSION_CLOSED"),
        ({"status_mono_ns": NOW - 3 * NS_PER_S - 1}, "SESSION_CLOSED"),
        ({"bid_px": 101}, "LEG_CROSSED"),
        ({"bid_px": 105}, "LEG_CROSSED"),
        ({"bid_px": None, "bid_qty": 0}, "LIQUIDITY"),
        ({"bid_px": float("nan")}, "LIQUIDITY"),
        ({"ask_qty": 0}, "LIQUIDITY"),
        ({"ask_px": None, "ask_qty": 0, "bid_px": 110}, "LEG_LIMIT_LOCKED"),
        ({"bid_px": None, "bid_qty": 0, "ask_px": 90}, "LEG_LIMIT_LOCKED"),
        ({"limit_up": 100}, "LEG_LIMIT_LOCKED"),
        ({"limit_down": 101}, "LEG_LIMIT_LOCKED"),
    ],
)
def test_a_bad_quote_says_why(fields, reason):
    assert why_not(changed(**fields), need_bid=True, need_ask=True, now_mono_ns=NOW, limits=LIMITS) == reason


def test_no_quote_is_stale():
    assert why_not(None, need_bid=False, need_ask=False, now_mono_ns=NOW, limits=LIMITS) == "LEG_STALE"


def test_a_side_that_is_not_needed_may_be_missing():
    quote = changed(ask_px=None, ask_qty=0, bid_px=110)
    assert why_not(quote, need_bid=True, need_ask=False, now_mono_ns=NOW, limits=LIMITS) == ""


def test_a_reference_price_needs_no_session():
    quote = changed(status=None)
    assert why_not(quote, True, True, NOW, QuoteLimits(needs_open=False)) == ""


anything = st.one_of(st.none(), st.integers(-5, 205), st.floats())


@given(anything, anything, st.integers(-1, 3), st.integers(-1, 3), anything, anything)
def test_what_counts_is_sane_whatever_came(bid, ask, bid_qty, ask_qty, down, up):
    if isinstance(down, float) or isinstance(up, float):
        down = up = None
    quote = changed(bid_px=bid, ask_px=ask, bid_qty=bid_qty, ask_qty=ask_qty, limit_down=down, limit_up=up)
    if why_not(quote, True, True, NOW, LIMITS) == "":
        assert bid < ask
        assert bid_qty > 0
        assert ask_qty > 0
        assert down is None or bid >= down
        assert up is None or ask <= up


def test_fx_is_judged_by_age_and_jump():
    limits = FxLimits(max_jump=0.01)
    assert fx_why_not(GOOD, 0.0, 7.1, NOW, limits) == ""
    assert fx_why_not(GOOD, 7.1, 7.15, NOW, limits) == ""
    assert fx_why_not(GOOD, 7.1, 7.2, NOW, limits) == "FX_JUMP"
    assert fx_why_not(GOOD, 7.1, float("nan"), NOW, limits) == "FX_STALE"
    assert fx_why_not(GOOD, 7.1, 7.1, NOW + 4 * NS_PER_S, limits) == "FX_STALE"
    repeated = msgspec.structs.replace(GOOD, recv_mono_ns=NOW, changed_mono_ns=NOW - 60 * NS_PER_S - GOOD.lag_ns)
    assert fx_why_not(repeated, 7.1, 7.1, NOW, limits) == ""
    assert fx_why_not(repeated, 7.1, 7.1, NOW + 1, limits) == "FX_STALE"  # heard of just now, the same for a minute
    assert fx_why_not(None, 7.1, 7.1, NOW, limits) == "FX_STALE"


def test_a_repair_may_use_an_older_quote():
    assert usable_for_repair(GOOD, NOW + 10 * NS_PER_S, 10 * NS_PER_S)
    assert not usable_for_repair(GOOD, NOW + 10 * NS_PER_S + 1, 10 * NS_PER_S)
    assert not usable_for_repair(None, NOW, 10 * NS_PER_S)
