"""The pair machine: what a pair holds, and whether it may fire.

    IDLE -> OPENING -> COOLDOWN -> HOLDING -> CLOSING -> COOLDOWN -> IDLE

One hedge is in flight at a time. Hedges that ended are kept, because late
truth may re-open one. FROZEN needs a person. The mode (ACTIVE, REDUCING,
PAUSED, HALTED) bounds what may fire, whatever the state.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain import books, hedges, legs, orders, sized
from domain.books import LegBook
from domain.errors import IllegalTransition
from domain.exposures import Exposure, ExposureTold, ExposureWaits
from domain.hedges import (
    RESIDUAL,
    Hedge,
    HedgeEnded,
    HedgeFact,
    HedgeHandedOver,
    HedgeLeft,
    HedgeOpened,
    HedgeReleased,
    HedgeReopened,
    HedgeStatus,
    HedgeStranded,
    OutsideFilled,
)
from domain.late import LateTruthJoined, passed_on, taken_over
from domain.mandates import MandateGiven, MandateReturned, MandateRevoked
from domain.orders import Order, OrderFact


class PairStatus(StrEnum):
    IDLE = "IDLE"
    OPENING = "OPENING"
    CLOSING = "CLOSING"
    HOLDING = "HOLDING"
    COOLDOWN = "COOLDOWN"
    FROZEN = "FROZEN"


class Mode(StrEnum):
    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    PAUSED = "PAUSED"
    HALTED = "HALTED"


P = PairStatus
MAX_PAST_HEDGES = 1000
"""Ended hedges that a pair keeps at hand for late truth."""


class PairReady(Struct, frozen=True, array_like=True, tag=True):
    """The cooldown is over."""

    at_ns: int


class PairFrozen(Struct, frozen=True, array_like=True, tag=True):
    why: str


class PairReleased(Struct, frozen=True, array_like=True, tag=True):
    operator: str
    reason: str


class ModeSet(Struct, frozen=True, array_like=True, tag=True):
    mode: Mode
    operator: str
    reason: str


class DayRolled(Struct, frozen=True, array_like=True, tag=True):
    """The trading day of a leg's venue is a new one.

    `px`: the last price of the day before, in ticks; None where none is known.
    """

    leg: int
    day: str
    px: int | None = None


class LotsRead(Struct, frozen=True, array_like=True, tag=True):
    """A close was refused: today's lots of a leg are as the venue has them.

    `today`: signed lots of what the pair holds that were opened today; of both
    sides (locked) of what an order of `side` closes.
    """

    leg: int
    today: int
    why: str
    side: int = 0


OPEN, CLOSE, ENDED, HANDED_OVER, REOPENED_OPEN, REOPENED_CLOSE = (
    "open",
    "close",
    "ended",
    "handed over",
    "reopened open",
    "reopened close",
)
READY_FLAT, READY_HOLDING, FREEZE, RELEASE = "ready flat", "ready holding", "freeze", "release"
RELEASE_OPEN, RELEASE_CLOSE = "release in an open", "release in a close"
EFFECTS = (
    *(OPEN, CLOSE, ENDED, HANDED_OVER, REOPENED_OPEN, REOPENED_CLOSE),
    *(READY_FLAT, READY_HOLDING, FREEZE, RELEASE, RELEASE_OPEN, RELEASE_CLOSE),
)
TERMINAL = ()

_QUIET = (P.IDLE, P.HOLDING, P.COOLDOWN)
TRANSITIONS: dict[tuple[PairStatus, str], PairStatus] = {
    (P.IDLE, OPEN): P.OPENING,
    (P.HOLDING, OPEN): P.OPENING,
    (P.IDLE, CLOSE): P.CLOSING,  # a cover: a late fill of an ended hedge opens none again
    (P.HOLDING, CLOSE): P.CLOSING,
    (P.COOLDOWN, CLOSE): P.CLOSING,
    (P.FROZEN, CLOSE): P.FROZEN,
    (P.OPENING, ENDED): P.COOLDOWN,
    (P.CLOSING, ENDED): P.COOLDOWN,
    (P.FROZEN, ENDED): P.FROZEN,
    (P.OPENING, HANDED_OVER): P.FROZEN,
    (P.CLOSING, HANDED_OVER): P.FROZEN,
    (P.FROZEN, HANDED_OVER): P.FROZEN,
    **{(s, REOPENED_OPEN): P.OPENING for s in _QUIET},
    **{(s, REOPENED_CLOSE): P.CLOSING for s in _QUIET},
    (P.FROZEN, REOPENED_OPEN): P.FROZEN,
    (P.FROZEN, REOPENED_CLOSE): P.FROZEN,
    (P.COOLDOWN, READY_FLAT): P.IDLE,
    (P.COOLDOWN, READY_HOLDING): P.HOLDING,
    **{(s, FREEZE): P.FROZEN for s in P},
    (P.FROZEN, RELEASE): P.COOLDOWN,
    (P.FROZEN, RELEASE_OPEN): P.OPENING,
    (P.FROZEN, RELEASE_CLOSE): P.CLOSING,
}


class Pair(Struct, frozen=True, gc=False):
    """`lots`: signed lots of each leg in a unit, as when the pair is bought."""

    name: str
    lots: tuple[int, ...]
    status: PairStatus = P.IDLE
    mode: Mode = Mode.ACTIVE
    books: tuple[LegBook, ...] = ()
    hedge: Hedge | None = None
    past: tuple[Hedge, ...] = ()
    hedge_count: int = 0
    failures: int = 0
    exposure: Exposure | None = None
    waiting: Exposure | None = None
    odd: tuple[int, ...] = ()
    """Lots that hedges of residuals hold beside the units, signed."""

    @property
    def units(self) -> int:
        """Pair units held, signed; what one leg has alone is not in it."""
        if 0 in self.lots:
            return sized.units(self)
        return books.units_of(sized.nets(self), self.lots)

    @property
    def naked(self) -> tuple[int, ...]:
        """Signed lots of each leg that no other leg covers."""
        if 0 in self.lots:
            return sized.naked(self)
        units = self.units
        return tuple(net - units * lots for net, lots in zip(sized.nets(self), self.lots, strict=True))


def new(name: str, lots: tuple[int, ...]) -> Pair:
    """A pair that has never traded."""
    return Pair(name, lots, books=tuple(LegBook() for _ in lots))


def place_of(pair: Pair, cl_ord_id: str | None) -> tuple[Hedge | None, Order | None]:
    """The order of that id and its hedge, the one in flight or a past one."""
    hedge = pair.hedge
    if hedge is not None:
        for leg in hedge.legs:
            for order in leg.orders:
                if order.cl_ord_id == cl_ord_id:
                    return hedge, order
    named = (cl_ord_id or "").rpartition(".")[0]
    for past in reversed(pair.past):
        if past.hedge_id == named:  # named first: a venue may tell a whole day's orders again
            order = hedges.order_of(past, cl_ord_id)
            return (None, None) if order is None else (past, order)
    return None, None


def hedge_of(pair: Pair, cl_ord_id: str) -> Hedge | None:
    """The hedge that sent this order: the one in flight, or a past one."""
    return place_of(pair, cl_ord_id)[0]


def find(pair: Pair, hedge_id: str) -> Hedge | None:
    """The hedge of that id: the one in flight, or a past one."""
    hedge = pair.hedge
    if hedge is not None and hedge.hedge_id == hedge_id:
        return hedge
    for hedge in pair.past:
        if hedge.hedge_id == hedge_id:
            return hedge
    return None


def grafted(pair: Pair, hedge: Hedge, facts: tuple) -> Pair:
    """The pair after `facts` that have made its hedge in flight `hedge`.

    The same as folding them by `evolve`, without doing so twice: what only
    moves the hedge itself is taken over, the rest is folded.
    """
    for fact in facts:
        if fact.__class__ in _TELLING:
            break
    else:
        return replace(pair, hedge=hedge)
    for fact in facts:
        pair = evolve(pair, fact, hedge.hedge_id)
    return pair


def evolve(pair: Pair, fact: object, hedge_id: str | None = None) -> Pair:
    """The pair after the fact; `hedge_id` says which hedge it is about.

    Raises: IllegalTransition, with the pair unchanged.
    """
    kind = fact.__class__
    if kind is HedgeOpened:
        hedge = hedges.opened(fact)
        return replace(pair, status=_to(pair, fact.kind), hedge=hedge, hedge_count=pair.hedge_count + 1)
    change = _OWN.get(kind)
    if change is not None:
        return change(pair, fact)
    hedge = pair.hedge
    if hedge is not None and hedge.hedge_id == hedge_id and isinstance(fact, OrderFact):
        after = _ordered(pair, hedge, fact)
        if after is not None:
            return after
    if isinstance(fact, (OrderFact, HedgeFact, MandateGiven, MandateRevoked, MandateReturned)):
        return _hedged(pair, fact, hedge_id)
    raise IllegalTransition(f"pair {pair.name}: {kind.__name__} is no fact of a pair")


def _ordered(pair: Pair, hedge: Hedge, fact: OrderFact) -> Pair | None:
    """A fact of an order of the hedge in flight: most facts are.

    The same as `_hedged`, in one look; None for an order that begins.
    """
    ident = fact.cl_ord_id
    for index, leg in enumerate(hedge.legs):
        for place, order in enumerate(leg.orders):
            if order.cl_ord_id != ident:
                continue
            changed = legs.ordered(leg, place, fact)
            now = changed.orders[place]
            after = replace(hedge, legs=(*hedge.legs[:index], changed, *hedge.legs[index + 1 :]))
            if hedge.trigger == RESIDUAL:
                return None
            if now.cum_qty == order.cum_qty and len(now.trades) == len(order.trades):
                return replace(pair, hedge=after)
            at = leg.plan.index
            booked = (*pair.books[:at], books.booked(pair.books[at], order, now), *pair.books[at + 1 :])
            return replace(pair, hedge=after, books=booked)
    return None


def _ready(pair: Pair, _fact: PairReady) -> Pair:
    flat = not any(b.net for b in pair.books)
    return replace(pair, status=_to(pair, READY_FLAT if flat else READY_HOLDING))


def _released(pair: Pair, _fact: PairReleased) -> Pair:
    effect = RELEASE
    if pair.hedge is not None:
        effect = RELEASE_OPEN if pair.hedge.kind == "open" else RELEASE_CLOSE
    return replace(pair, status=_to(pair, effect), failures=0)


def _lots_read(pair: Pair, fact: LotsRead) -> Pair:
    changed = tuple(books.read(b, fact.today, fact.side) if i == fact.leg else b for i, b in enumerate(pair.books))
    return replace(pair, books=changed)


def _rolled(pair: Pair, fact: DayRolled) -> Pair:
    changed = tuple(books.rolled(b, fact.day) if i == fact.leg else b for i, b in enumerate(pair.books))
    return replace(pair, books=changed)


def _joined(pair: Pair, fact: LateTruthJoined) -> Pair:
    hedge, old = pair.hedge, find(pair, fact.hedge_id)
    if hedge is None or old is None or hedge is old or hedge.hedge_id != fact.into:
        raise IllegalTransition(f"pair {pair.name}: {fact.hedge_id} can't join {fact.into}, which is not in flight")
    past = tuple(passed_on(old, fact) if each is old else each for each in pair.past)
    return replace(pair, hedge=taken_over(hedge, fact), past=past)


_OWN = {
    LateTruthJoined: _joined,
    PairReady: _ready,
    PairFrozen: lambda pair, fact: replace(pair, status=_to(pair, FREEZE)),
    PairReleased: _released,
    ModeSet: lambda pair, fact: replace(pair, mode=fact.mode),
    DayRolled: _rolled,
    ExposureTold: lambda pair, fact: replace(pair, exposure=fact.exposure, waiting=None),
    ExposureWaits: lambda pair, fact: replace(pair, waiting=fact.exposure),
    LotsRead: _lots_read,
}


def _to(pair: Pair, effect: str) -> PairStatus:
    to = TRANSITIONS.get((pair.status, effect))
    if to is None:
        raise IllegalTransition(f"pair {pair.name}: {effect} in {pair.status}")
    return to


def _hedged(pair: Pair, fact: HedgeFact | OrderFact | MandateGiven | MandateRevoked | MandateReturned, hedge_id: str | None) -> Pair:
    hedge = pair.hedge
    if hedge is None or hedge.hedge_id != hedge_id:
        hedge = _find(pair, fact, hedge_id)
    if hedge is None:
        raise IllegalTransition(f"pair {pair.name}: {type(fact).__name__} of a hedge that it does not have")
    after = hedges.evolve(hedge, fact)
    if hedge is pair.hedge and fact.__class__ not in _TELLING:
        if fact.__class__ in _BOOKING:
            return replace(pair, hedge=after, **sized.kept(pair, hedge, _booked(pair, hedge, after, fact.cl_ord_id)))
        return replace(pair, hedge=after)
    changes: dict[str, object] = {}
    if isinstance(fact, OrderFact):
        changes |= sized.kept(pair, hedge, _booked(pair, hedge, after, fact.cl_ord_id))
    elif isinstance(fact, HedgeReleased):
        changes |= sized.kept(pair, hedge, _taken(pair, fact.booked))
    elif isinstance(fact, HedgeLeft):
        changes["odd"] = sized.left(pair, hedge, fact.lots)
    elif isinstance(fact, OutsideFilled):
        side = hedge.legs[fact.leg].plan.side
        changes["books"] = _taken(pair, ((fact.leg, side * fact.qty, fact.px),))
    current = pair.hedge is not None and pair.hedge.hedge_id == hedge.hedge_id
    if isinstance(fact, (HedgeEnded, HedgeHandedOver)):
        changes["status"] = _to(pair, ENDED if isinstance(fact, HedgeEnded) else HANDED_OVER)
        changes["hedge"] = None
        changes["past"] = (*pair.past, after)[-MAX_PAST_HEDGES:]
        changes["failures"] = 0 if isinstance(fact, HedgeEnded) and fact.outcome is not HedgeStatus.NONE else pair.failures + 1
    elif isinstance(fact, HedgeReopened):
        if pair.hedge is not None:
            raise IllegalTransition(f"pair {pair.name}: {hedge.hedge_id} reopened while another hedge is in flight")
        changes["status"] = _to(pair, REOPENED_OPEN if hedge.kind == "open" else REOPENED_CLOSE)
        changes["hedge"] = after
        changes["past"] = tuple(h for h in pair.past if h.hedge_id != hedge.hedge_id)
    elif current:
        changes["hedge"] = after
        if isinstance(fact, HedgeStranded):
            changes["failures"] = pair.failures + 1
    else:
        changes["past"] = tuple(after if h.hedge_id == after.hedge_id else h for h in pair.past)
    return replace(pair, **changes)


_TELLING = frozenset((HedgeEnded, HedgeHandedOver, HedgeLeft, HedgeReleased, HedgeReopened, HedgeStranded, OutsideFilled))
"""Facts of a hedge that change more of its pair than the hedge."""

_BOOKING = frozenset(
    (
        *(orders.OrderPartiallyFilled, orders.OrderFilled, orders.OrderFilledLate, orders.TradeBooked),
        *(orders.OrderCanceled, orders.OrderExpired, orders.OrderRejected, orders.TradeBusted, orders.TradeCorrected),
    )
)
"""Facts of an order that may move lots or cash."""


def _find(pair: Pair, fact: object, hedge_id: str | None) -> Hedge | None:
    if hedge_id is None:
        return hedge_of(pair, fact.cl_ord_id) if isinstance(fact, OrderFact) else pair.hedge
    return find(pair, hedge_id)


def _taken(pair: Pair, done: tuple[tuple[int, int, int | None], ...]) -> tuple[LegBook, ...]:
    """The books after trades that are no orders of ours: (leg, lots, px)."""
    changed = list(pair.books)
    for leg, lots, px in done:
        changed[leg] = books.taken(changed[leg], lots, px)
    return tuple(changed)


def unreleased(pair: Pair) -> Hedge | None:
    """A hedge that a person has taken over and not yet given back."""
    return next((h for h in reversed(pair.past) if h.status is HedgeStatus.HANDED_OVER and not h.released), None)


def _booked(pair: Pair, before: Hedge, after: Hedge, cl_ord_id: str) -> tuple[LegBook, ...]:
    was = hedges.order_of(before, cl_ord_id)
    now = hedges.order_of(after, cl_ord_id)
    if was is not None and was.cum_qty == now.cum_qty and len(was.trades) == len(now.trades):
        return pair.books
    return tuple(books.booked(b, was, now) if i == now.leg else b for i, b in enumerate(pair.books))
