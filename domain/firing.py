"""From a trigger that fired to a hedge: gates, size, orders; or a reason.

The gates ask of every leg whether its quote counts and its venue is open; the
executable price for the size must meet the limit, whatever the trigger
watched. What stops a hedge has a name, which the board shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from domain import guards
from domain.books import LegBook
from domain.hedges import HedgeOpened
from domain.ids import hedge_id, order_id
from domain.legs import LegPlan
from domain.market import Quote
from domain.orders import OrderSubmitted
from domain.pairs import Mode, Pair
from domain.pairspec import LegSpec, PairSpec
from domain.prices import tradable_units
from domain.sizing import hedge_units
from domain.triggers import DIRECTION, IS_OPEN

VENUE_DOWN = "VENUE_DOWN"
SUSPENDED = "SUSPENDED"
INVENTORY = "INVENTORY"
OFFSET = "CLOSE_SPLIT"


class Seen(Struct, frozen=True, array_like=True):
    """What a decision saw of a leg. Units: ticks, lots, ns of age."""

    symbol: str
    bid_px: int | None
    bid_qty: int
    ask_px: int | None
    ask_qty: int
    age_ns: int
    exch_ns: int | None
    gw_ns: int


def seen(quote: Quote | None, symbol: str, now_ns: int) -> tuple:
    """The leg's quote as the record keeps it."""
    if quote is None:
        return (symbol, None, 0, None, 0, -1, None, 0)
    age = now_ns - quote.recv_mono_ns + quote.lag_ns
    return (
        symbol,
        quote.bid_px,
        quote.bid_qty,
        quote.ask_px,
        quote.ask_qty,
        age,
        quote.exch_ns,
        quote.gw_ns,
    )


def why_closed(pair: Pair, spec: PairSpec, opens: bool) -> str:
    """What the pair's own state has against a hedge, or ""."""
    if pair.mode in (Mode.PAUSED, Mode.HALTED) or (opens and pair.mode is not Mode.ACTIVE):
        return SUSPENDED
    if opens and pair.hedge_count >= spec.max_hedges:
        return "MAX_HEDGES"
    return ""


def why_not_quoted(
    spec: PairSpec, quotes: Sequence[Quote | None], direction: int, now_ns: int
) -> str:
    """The first reason for which a leg's quote does not count, or ""."""
    for leg, quote in zip(spec.legs, quotes, strict=True):
        buys = (leg.lots > 0) == (direction > 0)
        why = guards.why_not(quote, not buys, buys, now_ns, leg.quote_limits)
        if why:
            return why
    return ""


def size(
    pair: Pair, spec: PairSpec, quotes: Sequence[Quote | None], direction: int, opens: bool, risk_units: int
) -> tuple[int, str]:
    """Units to trade now and what bound them; 0 with the reason."""
    tradable = tradable_units(quotes, spec.lots, direction)
    held = abs(pair.units)
    room = spec.max_position_units - held if opens else held
    return hedge_units(spec.units, tradable, room, risk_units, 1 if not opens else spec.trigger.min_units)


def meets(spec: PairSpec, event: str, value: float) -> bool:
    """Whether the executable value for the size meets the threshold."""
    limit = spec.trigger.threshold(event)
    return value <= limit if DIRECTION[event] > 0 else value >= limit


def plan(
    pair: Pair, spec: PairSpec, event: str, units: int, quotes: Sequence[Quote], node_epoch: int, now_ns: int
) -> HedgeOpened | str:
    """The hedge with its orders, priced at touch plus payup; or why not."""
    direction, opens = DIRECTION[event], IS_OPEN[event]
    ref = hedge_id(pair.name, node_epoch, pair.hedge_count + 1)
    plans, orders = [], []
    for index, (leg, quote) in enumerate(zip(spec.legs, quotes, strict=True)):
        side = direction if leg.lots > 0 else -direction
        per_unit = abs(leg.lots)
        qty = units * per_unit
        touch = quote.touch_px(side)
        px = _limited(touch + side * leg.payup_ticks, quote)
        split = offsets(leg, pair.books[index], side, qty, opens)
        if isinstance(split, str):
            return split
        plans.append(LegPlan(index, leg.venue, leg.symbol, side, per_unit, qty, touch))
        for count, (offset, lots) in enumerate(split, 1):
            orders.append(
                OrderSubmitted(
                    order_id(ref, index, "h", count), index, "h", side, lots, px, leg.tif, offset, now_ns
                )
            )
    edge = spec.trigger.edge(event) * spec.unit_size
    kind = "open" if opens else "close"
    return HedgeOpened(ref, kind, direction, units, tuple(plans), tuple(orders), edge, now_ns, event)


def _limited(px: int, quote: Quote) -> int:
    if quote.limit_up is not None and px > quote.limit_up:
        px = quote.limit_up
    if quote.limit_down is not None and px < quote.limit_down:
        px = quote.limit_down
    return px


def offsets(leg: LegSpec, book: LegBook, side: int, qty: int, opens: bool) -> tuple[tuple[str, int], ...] | str:
    """How an order is told to the venue: (offset, lots), one or two.

    A close on a venue that keeps today's and yesterday's lots apart is split,
    yesterday's first; one that finds too few lots is a reason, never an open.
    """
    mode = leg.instrument.offset_mode
    if mode == "net":
        short = leg.instrument.kind == "spot" and side < 0 and book.net + leg.inventory_lots < qty
        return INVENTORY if short else (("N", qty),)
    if opens:
        return (("O", qty),)
    held = -side * book.net
    if held < qty:
        return OFFSET
    if mode == "oc":
        return (("C", qty),)
    today = max(0, -side * book.today)
    old = max(0, held - today)
    first = min(old, qty)
    return tuple((offset, lots) for offset, lots in (("Y", first), ("T", qty - first)) if lots)


def repair_offset(leg: LegSpec, book: LegBook, side: int, qty: int, opens: bool, reverses: bool) -> str:
    """The offset of a repair: a reversal takes back what was just done."""
    mode = leg.instrument.offset_mode
    if mode == "net":
        return "N"
    if opens != reverses:
        return "O"
    if mode == "oc":
        return "C"
    if reverses:
        return "T"
    today = max(0, -side * book.today)
    held = max(0, -side * book.net)
    return "Y" if held - today >= qty else "T"


Gate = Callable[[], str]
