"""Triggers fire on what can be traded, once, and on nothing unknown."""

from math import inf, nan

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvariantViolation
from domain.market import BUY, SELL
from domain.triggers import DIRECTION, EVENTS, Arming, Trigger, fired, of_leg, reached

BTC = Trigger(sell_open=30.0, buy_close=18.0, max_units=2)
BOTH = Trigger(buy_open=-10.0, sell_close=0.0, sell_open=10.0, buy_close=0.0, hysteresis=2.0, cooldown_ns=100)


def test_sell_open_and_its_close_are_the_recordings():
    assert reached(BTC, buy=36.0, sell=30.0, position_units=0) == "sell_open"
    assert reached(BTC, buy=36.0, sell=29.99, position_units=0) == ""
    assert reached(BTC, buy=18.0, sell=12.0, position_units=-2) == "buy_close"
    assert reached(BTC, buy=36.0, sell=31.0, position_units=-1) == "sell_open"
    assert reached(BTC, buy=36.0, sell=31.0, position_units=-2) == ""


def test_close_goes_before_open_and_never_flips():
    assert reached(BOTH, buy=1.0, sell=11.0, position_units=1) == "sell_close"
    assert reached(msgspec.structs.replace(BOTH, sell_close=nan), buy=11.0, sell=11.0, position_units=1) == ""


def test_unknown_prices_fire_and_arm_nothing():
    arming = Arming(BOTH)
    for position in (-1, 0, 1):
        assert fired(BOTH, arming, nan, nan, position, 10) == ""
    assert not any(arming.armed.values())


def test_hysteresis_starts_disarmed_and_arms_on_the_way_back():
    arming = Arming(BOTH)
    assert fired(BOTH, arming, 12.0, 11.0, 0, 0) == ""
    assert fired(BOTH, arming, 10.0, 9.0, 0, 0) == ""
    assert fired(BOTH, arming, 12.0, 11.0, 0, 0) == ""
    assert fired(BOTH, arming, 9.0, 8.0, 0, 0) == ""
    assert fired(BOTH, arming, 12.0, 11.0, 0, 0) == "sell_open"
    arming.spend(BOTH, "sell_open", 0)
    assert fired(BOTH, arming, 12.0, 11.0, 0, 500) == ""


def test_without_hysteresis_it_fires_on_the_level_paced_by_cooldown():
    trigger = Trigger(sell_open=30.0, cooldown_ns=100)
    arming = Arming(trigger)
    assert fired(trigger, arming, 36.0, 31.0, 0, 0) == "sell_open"
    arming.spend(trigger, "sell_open", 0)
    assert fired(trigger, arming, 36.0, 31.0, 0, 99) == ""
    assert fired(trigger, arming, 36.0, 31.0, 0, 100) == "sell_open"


def test_hold_keeps_the_later_bound():
    arming = Arming(BTC)
    arming.hold_until(50)
    arming.hold_until(20)
    assert arming.ready_mono_ns == 50


def test_touch_on_a_sold_leg_is_written_in_its_own_price():
    seen = of_leg(Trigger(kind="touch", buy_open=450.0, sell_close=440.0), sign=-1)
    assert reached(seen, buy=-450.0, sell=-451.0, position_units=0) == "buy_open"
    assert reached(seen, buy=-449.0, sell=-451.0, position_units=0) == ""
    assert reached(seen, buy=-439.0, sell=-440.0, position_units=1) == "sell_close"
    with pytest.raises(InvariantViolation, match="no single leg"):
        of_leg(BTC, 1)


def test_edge_is_the_threshold_less_fair():
    assert BTC.edge("sell_open") == 30.0
    assert msgspec.structs.replace(BTC, fair=24.0).edge("buy_close") == 6.0
    assert BTC.edge("buy_close") == 0.0


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"kind": "x", "buy_open": 1.0}, "kind"),
        ({}, "no threshold"),
        ({"buy_open": 1.0, "sell_close": 1.0}, "sell_close"),
        ({"sell_open": 1.0, "buy_close": 2.0}, "sell_open"),
        ({"sell_open": 1.0, "hysteresis": nan}, "hysteresis"),
        ({"sell_open": 1.0, "hysteresis": inf}, "hysteresis"),
        ({"sell_open": 1.0, "min_units": 2}, "min_units"),
    ],
)
def test_a_senseless_trigger_says_so(fields, word):
    assert word in Trigger(**fields).problem()
    assert BTC.problem() == BOTH.problem() == ""


prices = st.floats(allow_nan=True, allow_infinity=True)


@given(prices, prices, st.integers(-3, 3))
def test_what_fires_holds_and_never_grows_beyond_max(buy, sell, position):
    event = reached(BOTH, buy, sell, position)
    if event:
        value = buy if DIRECTION[event] == BUY else sell
        limit = BOTH.threshold(event)
        assert value <= limit if DIRECTION[event] == BUY else value >= limit
        after = position + (1 if DIRECTION[event] == BUY else -1)
        assert abs(after) <= max(BOTH.max_units, abs(position))
        assert event in EVENTS


@given(st.lists(st.tuples(st.floats(-40, 40), st.integers(0, 60)), max_size=40))
@settings(max_examples=50, deadline=None)
def test_two_firings_are_a_cooldown_and_a_retreat_apart(steps):
    arming, now, last = Arming(BOTH), 0, None
    retreated = {}
    for mid, pause in steps:
        now += pause
        for event in EVENTS:
            value = mid + 1 if DIRECTION[event] == BUY else mid - 1
            back = (value - BOTH.threshold(event)) * (1 if DIRECTION[event] == BUY else -1)
            retreated[event] = retreated.get(event, False) or back >= BOTH.hysteresis
        event = fired(BOTH, arming, mid + 1, mid - 1, 0, now)
        if event:
            assert retreated[event]
            assert last is None or now - last >= BOTH.cooldown_ns
            arming.spend(BOTH, event, now)
            retreated[event] = False
            last = now


def test_directions_are_the_tables():
    assert DIRECTION == {"buy_open": BUY, "sell_open": SELL, "sell_close": SELL, "buy_close": BUY}


def test_no_edge_is_made_of_a_price_or_ratio_that_has_no_fair_value():
    for kind in ("touch", "ratio", "formula"):
        assert msgspec.structs.replace(BTC, kind=kind).edge("sell_open") == 0.0
        assert msgspec.structs.replace(BTC, kind=kind, fair=24.0).edge("sell_open") == 6.0
