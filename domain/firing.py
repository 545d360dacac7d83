"""From a trigger that fired to a hedge: gates, size, orders; or a reason.

The gates ask of every leg whether its quote counts and its venue is open; the
executable price for the size must meet the limit, whatever the trigger
watched. What stops a hedge has a name, which the board shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from domain import guards
from domain.alike import shared
from domain.books import LegBook, split_of
from domain.hedges import HedgeOpened
from domain.ids import hedge_id
from domain.legs import LegPlan
from domain.market import LOCK, UNLOCK, Quote, depth
from domain.orders import OrderSubmitted
from domain.pairs import Mode, Pair
from domain.pairspec import BY_LIQUIDITY, LegSpec, PairSpec
from domain.triggers import DIRECTION, IS_OPEN

SUSPENDED = "SUSPENDED"
INVENTORY = "INVENTORY"
OFFSET = "CLOSE_SPLIT"


def why_closed(pair: Pair, spec: PairSpec, opens: bool) -> str:
    """What the pair's own state has against a hedge, or ""."""
    if pair.mode in (Mode.PAUSED, Mode.HALTED) or (opens and pair.mode is not Mode.ACTIVE):
        return SUSPENDED
    if opens and pair.hedge_count >= spec.max_hedges:
        return "MAX_HEDGES"
    return ""


class Aim(Struct, frozen=True, gc=False):
    """One event of one pair, made ready at load.

    `sides`: +1, -1 of each leg; `per_unit`: lots; `needs`: (bid, ask) that
    an order of the leg takes.
    """

    event: str
    direction: int
    opens: bool
    sides: tuple[int, ...]
    per_unit: tuple[int, ...]
    needs: tuple[tuple[bool, bool], ...]
    edge: float
    threshold: float


def aim_of(spec: PairSpec, event: str) -> Aim:
    """What an event means for the legs."""
    direction = DIRECTION[event]
    sides = tuple(direction if leg.lots > 0 else -direction for leg in spec.legs)
    return Aim(
        event,
        direction,
        IS_OPEN[event],
        shared(sides),
        shared(tuple(abs(leg.lots) for leg in spec.legs)),
        shared(tuple((side < 0, side > 0) for side in sides)),
        spec.trigger.edge(event) * spec.unit_size,
        spec.trigger.threshold(event),
    )


def why_not_quoted(aim: Aim, legs: Sequence[LegSpec], quotes: Sequence[Quote | None], now_ns: int) -> str:
    """The first reason for which a leg's quote does not count, or ""."""
    for index, leg in enumerate(legs):
        bid, ask = aim.needs[index]
        why = guards.why_not(quotes[index], bid, ask, now_ns, leg.quote_limits)
        if why:
            return why
    return ""


def size(
    held: int, spec: PairSpec, aim: Aim, quotes: Sequence[Quote], claimed: Sequence[int] | None = None
) -> tuple[int, str]:
    """Units to trade now and what bound them; 0 with the reason.

    The least of configured, what the books hold at the touch (or within the
    payup), less what was `claimed` of them, and the position's room; what a
    venue's risk limits leave is asked of the orders themselves.
    """
    units, why = spec.units, "CONFIGURED"
    for index, side in enumerate(aim.sides):
        quote = quotes[index]
        there = quote.ask_qty if side > 0 else quote.bid_qty
        if spec.counts_payup:
            there = depth(quote.levels(side), quote.touch_px(side) + side * spec.legs[index].payup_ticks, side)
        if claimed is not None:
            there -= claimed[index]
        there //= aim.per_unit[index]
        if there < units:
            units, why = there, "LIQUIDITY"
    room = spec.max_position_units - abs(held) if aim.opens else abs(held)
    if room < units:
        units, why = room, "STAGE_LIMIT"
    least = spec.trigger.min_units if aim.opens else 1
    return (units, why) if units >= least else (0, why)


def meets(spec: PairSpec, event: str, value: float) -> bool:
    """Whether the executable value for the size meets the threshold."""
    limit = spec.trigger.threshold(event)
    return value <= limit if DIRECTION[event] > 0 else value >= limit


def plan(
    pair: Pair,
    spec: PairSpec,
    aim: Aim,
    units: int,
    quotes: Sequence[Quote],
    node_epoch: int,
    now_ns: int,
    rates: Sequence[float] = (),
    there: Sequence[tuple[int, int] | None] = (),
    *,
    locks: bool = True,
) -> HedgeOpened | str:
    """The hedge with its orders, priced at touch plus payup; or why not.

    `locks`: the accounts have room for what a lock opens.
    """
    ref = hedge_id(pair.name, node_epoch, pair.hedge_count + 1)
    opens = aim.opens
    plans, orders = [], []
    for index, leg in enumerate(spec.legs):
        quote, side, per_unit = quotes[index], aim.sides[index], aim.per_unit[index]
        qty = units * per_unit
        touch = quote.ask_px if side > 0 else quote.bid_px
        px = touch + side * leg.payup_ticks
        if quote.limit_up is not None or quote.limit_down is not None:
            px = limited(px, quote)
        if leg.instrument.offset_mode == "net" and leg.instrument.kind != "spot":
            split = (("N", qty),)
        else:
            split = offsets(leg, pair.books[index], side, qty, opens, there[index] if there else None, locks=locks)
            if split.__class__ is str:
                return split
        plans.append(LegPlan(index, leg.venue, leg.symbol, side, per_unit, qty, touch))
        count = 1
        for offset, lots in split:
            ident = f"{ref}.{index}h{count}"
            orders.append(OrderSubmitted(ident, index, "h", side, lots, px, leg.tif, offset, now_ns))
            count += 1
    kind = "open" if opens else "close"
    return HedgeOpened(
        ref, kind, aim.direction, units, tuple(plans), tuple(orders), aim.edge, now_ns, aim.event, tuple(rates)
    )


def in_turn(opened: HedgeOpened, spec: PairSpec, quotes: Sequence[Quote]) -> HedgeOpened:
    """The same hedge, of which the less liquid leg goes first."""
    first = spec.first_leg
    if first == BY_LIQUIDITY:
        covers = [quotes[plan.index].touch_qty(plan.side) / plan.target for plan in opened.legs]
        first = covers.index(min(covers))
    return replace(opened, orders=tuple(order for order in opened.orders if order.leg == first), first=first)


def limited(px: int, quote: Quote) -> int:
    """The price inside the day's limits."""
    if quote.limit_up is not None and px > quote.limit_up:
        px = quote.limit_up
    if quote.limit_down is not None and px < quote.limit_down:
        px = quote.limit_down
    return px


def offsets(
    leg: LegSpec, book: LegBook, side: int, qty: int, opens: bool, there: tuple[int, int] | None = None, *, locks: bool = True
) -> tuple[tuple[str, int], ...] | str:
    """How an order is told to the venue: (offset, lots), one or two.

    A close on a venue that keeps today's and yesterday's lots apart is split,
    yesterday's first; one that finds too few lots is a reason, never an open.
    `there`: (yesterday's, today's) lots of the pair's that the account has free.
    A leg that `locks` closes none of today's: its close opens the other side,
    and what opens later takes older lots off that side first.
    """
    mode = leg.instrument.offset_mode
    if mode == "net":
        short = leg.instrument.kind == "spot" and side < 0 and book.net + leg.inventory_lots < qty
        return INVENTORY if short else (("N", qty),)
    if opens and (book.sides is None or not leg.locks):
        return (("O", qty),)
    held = -side * book.net
    if held < qty and not opens:
        return OFFSET
    if mode == "oc" and not leg.locks:
        return (("C", qty),)
    old, today = there if there is not None else split_of(book, side)
    if opens:
        return _parts(UNLOCK, _older(mode, old, today), "O", qty)
    if old + today < qty:
        return OFFSET
    if leg.locks and locks:
        return _parts("Y" if mode == "octy" else "C", _older(mode, old, today), LOCK, qty)
    return _parts("Y", old, "T", qty) if mode == "octy" else (("C", qty),)


def _older(mode: str, old: int, today: int) -> int:
    """Lots that can be closed with none of today's: where days are not apart, only without any."""
    return old if mode == "octy" or not today else 0


def _parts(first: str, most: int, then: str, qty: int) -> tuple[tuple[str, int], ...]:
    """At most so many lots under the first offset, the rest under the other."""
    lots = min(most, qty)
    return tuple((offset, part) for offset, part in ((first, lots), (then, qty - lots)) if part)


def closable_lots(leg: LegSpec, book: LegBook, side: int) -> int:
    """Lots of the pair's own that an order of this side closes."""
    held = max(0, -side * book.net)
    return max(0, book.net + leg.inventory_lots) if leg.instrument.kind == "spot" and side < 0 else held


def repair_offset(leg: LegSpec, book: LegBook, side: int, qty: int, opens: bool, reverses: bool) -> str:
    """The offset of a repair: a reversal takes today's lots where it can."""
    mode = leg.instrument.offset_mode
    if mode == "net":
        return "N"
    if opens != reverses:
        return LOCK if leg.locks and side * book.net < 0 else "O"
    if reverses and side * book.net >= 0:
        return "O"  # a later hedge has closed what this one takes back: nothing is there to be closed
    if mode == "oc":
        return "C"
    old, today = split_of(book, side)
    if reverses and today >= qty:
        return "T"
    return "Y" if old >= qty else "T"


def as_held(order: OrderSubmitted, leg: LegSpec, book: LegBook, opens: bool, reverses: bool) -> OrderSubmitted | str:
    """A later try under a mandate: as many lots, under the offset, as are held now.

    Days roll, an answer of the venue or late truth moves lots while it is out.
    A close of which nothing is held any more is "gone": it never opens.
    """
    if order.offset == "N":
        return order
    if not opens and not reverses and not closable_lots(leg, book, order.side):
        return "gone"
    lots = repair_lots(leg, book, order.side, order.qty, opens, reverses)
    offset = repair_offset(leg, book, order.side, lots, opens, reverses)
    return order if (lots, offset) == (order.qty, order.offset) else replace(order, qty=lots, offset=offset)


def repair_lots(leg: LegSpec, book: LegBook, side: int, qty: int, opens: bool, reverses: bool) -> int:
    """The lots of a repair that `repair_offset` covers with one offset.

    What is held may be less, where a later hedge has closed some of it, or lie
    partly in today's lots and partly in older ones: the rest follows by itself.
    """
    held = max(0, -side * book.net)
    if opens != reverses or not held:
        return qty
    if leg.instrument.offset_mode == "oc":
        return min(qty, held)
    old, today = split_of(book, side)
    if today >= qty or old >= qty:
        return qty
    return (today or old) if reverses else (old or today)
