"""When a pair wants to open or close, from what its view watches.

    event             fires when           with a position of
    buy_open    买开  buy  <= threshold    0 .. max_units - 1
    sell_open   卖开  sell >= threshold    0 .. -(max_units - 1)
    sell_close  卖平  sell >= threshold    above 0: what was bought is sold
    buy_close   买平  buy  <= threshold    below 0: what was sold is bought back

The first word is what is done to the pair, as a futures desk says it.
`buy` and `sell` are a view's (prices.py): a spread, a ratio, or one leg's own
touch. An absent threshold is NaN, and so is an unknown price: neither is ever
met. With a hysteresis an event that has been spent must see its value go back
that far beyond the threshold before it fires again, and starts disarmed, so
that a restart does not act on what it did not see come. Without one it fires
on the level, paced by the cooldown alone.
"""

from __future__ import annotations

from math import inf, nan

import msgspec

from domain.errors import require
from domain.market import BUY, SELL

SPREAD = "spread"
TOUCH = "touch"
RATIO = "ratio"
FORMULA = "formula"
KINDS = (SPREAD, TOUCH, RATIO, FORMULA)

NOTHING = ""
BUY_OPEN = "buy_open"
SELL_OPEN = "sell_open"
SELL_CLOSE = "sell_close"
BUY_CLOSE = "buy_close"
EVENTS = (BUY_OPEN, SELL_OPEN, SELL_CLOSE, BUY_CLOSE)

DIRECTION = {BUY_OPEN: BUY, SELL_OPEN: SELL, SELL_CLOSE: SELL, BUY_CLOSE: BUY}
"""The way in which the pair is traded by each event."""

IS_OPEN = {BUY_OPEN: True, SELL_OPEN: True, SELL_CLOSE: False, BUY_CLOSE: False}


class Trigger(msgspec.Struct, frozen=True, gc=False):
    """Thresholds on one watched value; NaN where there is none.

    Units: thresholds and hysteresis in the view's unit, max_units in pair
    units. `fair` is the value at which the pair has no edge.
    """

    kind: str = SPREAD
    buy_open: float = nan
    sell_close: float = nan
    sell_open: float = nan
    buy_close: float = nan
    hysteresis: float = 0.0
    cooldown_ns: int = 0
    max_units: int = 1
    min_units: int = 1
    fair: float = 0.0

    def problem(self) -> str:
        """Empty, or what is wrong; a touch trigger is asked after `of_leg`."""
        if self.kind not in KINDS:
            return f"kind {self.kind!r} is none of {', '.join(KINDS)}"
        if not 0.0 <= self.hysteresis < inf:
            return f"hysteresis {self.hysteresis} is not a number from 0"
        if not (self.cooldown_ns >= 0 and 1 <= self.min_units <= self.max_units):
            return "needs cooldown_ns >= 0 and 1 <= min_units <= max_units"
        for low, high in (("buy_open", "sell_close"), ("buy_close", "sell_open"), ("buy_open", "sell_open")):
            below, above = getattr(self, low), getattr(self, high)
            if below >= above:
                return f"{low} {below} must be below {high} {above}"
        if all(getattr(self, event) != getattr(self, event) for event in EVENTS):
            return f"has no threshold: give one of {', '.join(EVENTS)}"
        return ""

    def threshold(self, event: str) -> float:
        """The threshold of an event."""
        return getattr(self, event)

    def edge(self, event: str) -> float:
        """What the threshold met is better than fair, a unit; never below 0.

        A price or a ratio of 0 is no fair value: left at 0, there is no edge.
        """
        if self.kind != SPREAD and self.fair == 0.0:
            return 0.0
        away = self.threshold(event) - self.fair
        edge = away if DIRECTION[event] == SELL else -away
        return max(0.0, edge)


def of_leg(trigger: Trigger, sign: int) -> Trigger:
    """A touch trigger's thresholds as the TouchView of that leg sees them.

    Written in the leg's own price: `buy_open = 450` on a leg that is sold when
    the pair is bought means a bid of 450 or more. The view has the sign.
    """
    require(trigger.kind == TOUCH, f"a {trigger.kind} trigger watches no single leg")
    names = (*EVENTS, "fair")
    return msgspec.structs.replace(trigger, **{name: sign * getattr(trigger, name) for name in names})


class Arming:
    """Which events may fire, and from when on; a view, never journaled."""

    __slots__ = ("armed", "ready_mono_ns")

    def __init__(self, trigger: Trigger, ready_mono_ns: int = 0) -> None:
        self.armed = dict.fromkeys(EVENTS, trigger.hysteresis == 0.0)
        self.ready_mono_ns = ready_mono_ns

    def spend(self, trigger: Trigger, event: str, now_mono_ns: int) -> None:
        """The event's hedge has left: disarm it, begin the cooldown."""
        if trigger.hysteresis > 0.0:
            self.armed[event] = False
        self.hold_until(now_mono_ns + trigger.cooldown_ns)

    def hold_until(self, mono_ns: int) -> None:
        """Fire nothing before `mono_ns`; a later bound stays."""
        self.ready_mono_ns = max(self.ready_mono_ns, mono_ns)


def reached(trigger: Trigger, buy: float, sell: float, position_units: int) -> str:
    """The event whose threshold is met, arming and cooldown aside.

    A close goes before an open. The hot path: called on each quote.
    """
    if position_units > 0:
        if sell >= trigger.sell_close:
            return SELL_CLOSE
        if buy <= trigger.buy_open and position_units < trigger.max_units:
            return BUY_OPEN
        return NOTHING
    if position_units < 0:
        if buy <= trigger.buy_close:
            return BUY_CLOSE
        if sell >= trigger.sell_open and -position_units < trigger.max_units:
            return SELL_OPEN
        return NOTHING
    if buy <= trigger.buy_open:
        return BUY_OPEN
    if sell >= trigger.sell_open:
        return SELL_OPEN
    return NOTHING


def fired(trigger: Trigger, arming: Arming, buy: float, sell: float, position_units: int, now_mono_ns: int) -> str:
    """The event that fires now, or "".

    Only quotes that count may be shown to it, since it arms on what it sees.
    It fires again and again until the caller spends the event.
    """
    if trigger.hysteresis > 0.0:
        _rearm(trigger, arming.armed, buy, sell)
    event = reached(trigger, buy, sell, position_units)
    if event and now_mono_ns >= arming.ready_mono_ns and arming.armed[event]:
        return event
    return NOTHING


def _rearm(trigger: Trigger, armed: dict[str, bool], buy: float, sell: float) -> None:
    """Arm what has gone back by the hysteresis; NaN arms nothing."""
    back = trigger.hysteresis
    if buy >= trigger.buy_open + back:
        armed[BUY_OPEN] = True
    if buy >= trigger.buy_close + back:
        armed[BUY_CLOSE] = True
    if sell <= trigger.sell_open - back:
        armed[SELL_OPEN] = True
    if sell <= trigger.sell_close - back:
        armed[SELL_CLOSE] = True
