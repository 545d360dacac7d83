"""The hedge machine: one firing of a pair, from trigger to a final state.

    WORKING       the legs' orders are out
    SETTLING      cancel what works, learn what was filled
    IMBALANCED    everything settled, something uncovered: decide
    REPLENISHING  a child completes what is missing
    ROLLING_BACK  a child takes back what nothing covers
    STRANDED      naked, and somebody has been told
    DONE / PART / NONE / HANDED_OVER    final, until late truth re-opens it

m is the most units that all legs cover; balanced means nothing beyond m on
any leg and nothing working, unknown or mandated. `evolve` is the table;
`advance` decides what follows, over and over, until nothing does.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain import legs
from domain.costs import RepairCost
from domain.errors import IllegalTransition
from domain.legs import Leg, LegPlan, LegStatus
from domain.mandates import MandateGiven, MandateReturned, MandateRevoked
from domain.orders import OrderFact, OrderSubmitted, OrdStatus, born


class HedgeStatus(StrEnum):
    WORKING = "WORKING"
    SETTLING = "SETTLING"
    IMBALANCED = "IMBALANCED"
    REPLENISHING = "REPLENISHING"
    ROLLING_BACK = "ROLLING_BACK"
    STRANDED = "STRANDED"
    DONE = "DONE"
    PART = "PART"
    NONE = "NONE"
    HANDED_OVER = "HANDED_OVER"


COVER = "cover"
"""The trigger of a hedge with one leg, whose other side is held elsewhere."""

RESIDUAL = "residual"
"""The trigger of a hedge with one leg, of what the pair's lots have left over."""

LET = "denied: "  # so begins why one is retried that was denied: nothing had left, so it costs no retry
DOUBT_ENDED = "doubt ended"  # why one is retried that silence had stopped: it costs no retry, and adds no orders
H = HedgeStatus
TERMINAL = (H.DONE, H.PART, H.NONE, H.HANDED_OVER)
REPAIRING = (H.REPLENISHING, H.ROLLING_BACK)


# ------------------------------------------------------------------ facts


class HedgeFact(Struct, frozen=True, array_like=True):
    """Something that happened to the hedge as a whole."""


class HedgeOpened(HedgeFact, tag=True):
    """Triggered, through the gates, its orders about to leave.

    `kind`: open or close; `direction`: +1 the pair is bought, -1 sold;
    `edge`: the threshold met less `fair`, per pair unit, in its currency;
    `rates`: what 1 of each leg's currency was in the pair's.
    """

    hedge_id: str
    kind: str
    direction: int
    units: int
    legs: tuple[LegPlan, ...]
    orders: tuple[OrderSubmitted, ...]
    edge: float
    at_ns: int
    trigger: str
    rates: tuple[float, ...] = ()
    first: int = -1
    """The leg that goes first, its orders alone in `orders`; -1: all at once."""


class HedgeExposed(HedgeFact, tag=True):
    """One leg after the other: the first has its first fill."""

    at_ns: int


class HedgeAimed(HedgeFact, tag=True):
    """A cover's exposure, of that version, wants fewer lots than it began for."""

    units: int
    version: int
    at_ns: int


class HedgeSettling(HedgeFact, tag=True):
    why: str
    at_ns: int


class HedgeImbalanced(HedgeFact, tag=True):
    """`naked`: lots of each leg beyond what all legs cover."""

    units: int
    naked: tuple[int, ...]


class HedgeLeft(HedgeFact, tag=True):
    """Lots of each leg, by its target, that are too few for an order of its venue.

    They leave the hedge for the pair's residual ledger.
    """

    lots: tuple[int, ...]
    at_ns: int


class RepairChosen(HedgeFact, tag=True):
    """`choice`: replenish or rollback; both with their costs, and what bars one.

    Units: the pair's currency.
    """

    choice: str
    to_units: int
    replenish: RepairCost
    rollback: RepairCost
    replenish_barred: str
    rollback_barred: str
    reason: str


class HedgeStranded(HedgeFact, tag=True):
    """`why`: MARKET, CAP, PRICE, LOTS, REFUSED, UNKNOWN, BUDGET, CLOSE, EXTERNAL, FROZEN or GIVEN_UP."""

    why: str
    naked: tuple[int, ...]
    at_ns: int


class HedgeRetried(HedgeFact, tag=True):
    why: str
    at_ns: int


class HedgeEnded(HedgeFact, tag=True):
    outcome: HedgeStatus
    units: int
    at_ns: int


class HedgeHandedOver(HedgeFact, tag=True):
    operator: str
    reason: str


class HedgeClaimed(HedgeFact, tag=True):
    """A person takes a STRANDED one over: as soon as its repairs have given their legs back."""

    operator: str
    reason: str


class HedgeSentBack(HedgeFact, tag=True):
    """A person wants an open taken back, whatever completing it would cost: for good, its late truth too.

    One that is STRANDED is tried again by it.
    """

    operator: str
    reason: str
    at_ns: int


class HedgeReleased(HedgeFact, tag=True):
    """A person gives it back. `booked`: what was done by hand, by leg:
    (leg, signed lots, price in ticks or None).
    """

    operator: str
    reason: str
    booked: tuple[tuple[int, int, int | None], ...]


class OutsideFilled(HedgeFact, tag=True):
    """A trade that nobody here sent took lots of a leg: towards its target.

    `origin`: X another session of the account, L broker or exchange.
    """

    leg: int
    qty: int
    px: int | None
    origin: str
    at_ns: int


class HedgeReopened(HedgeFact, tag=True):
    """Late truth: a final state is no longer true."""

    why: str
    at_ns: int


TRANSITIONS: dict[tuple[HedgeStatus, type], HedgeStatus | None] = {
    (H.WORKING, HedgeExposed): H.WORKING,
    **{(s, HedgeAimed): s for s in (H.WORKING, H.SETTLING, H.IMBALANCED, *REPAIRING, H.STRANDED)},
    **{(s, HedgeSentBack): s for s in (H.WORKING, H.SETTLING, H.IMBALANCED, *REPAIRING)},
    (H.STRANDED, HedgeSentBack): H.SETTLING,
    (H.WORKING, HedgeSettling): H.SETTLING,
    (H.WORKING, HedgeEnded): None,
    (H.WORKING, OutsideFilled): H.WORKING,
    (H.SETTLING, HedgeEnded): None,
    (H.SETTLING, HedgeImbalanced): H.IMBALANCED,
    (H.SETTLING, HedgeStranded): H.STRANDED,
    (H.IMBALANCED, RepairChosen): None,
    (H.IMBALANCED, HedgeEnded): None,
    (H.IMBALANCED, HedgeLeft): H.IMBALANCED,
    (H.IMBALANCED, HedgeStranded): H.STRANDED,
    (H.REPLENISHING, HedgeSettling): H.SETTLING,
    (H.REPLENISHING, HedgeImbalanced): H.IMBALANCED,
    (H.REPLENISHING, HedgeEnded): None,
    (H.ROLLING_BACK, HedgeSettling): H.SETTLING,
    (H.ROLLING_BACK, HedgeImbalanced): H.IMBALANCED,
    (H.ROLLING_BACK, HedgeEnded): None,
    (H.STRANDED, HedgeRetried): H.SETTLING,
    (H.STRANDED, HedgeClaimed): H.STRANDED,
    (H.STRANDED, HedgeHandedOver): H.HANDED_OVER,
    (H.DONE, HedgeReopened): H.SETTLING,
    (H.PART, HedgeReopened): H.SETTLING,
    (H.NONE, HedgeReopened): H.SETTLING,
    (H.HANDED_OVER, HedgeReopened): H.SETTLING,
    (H.HANDED_OVER, HedgeReleased): H.HANDED_OVER,
}
"""None: the fact names the state itself (its outcome, its choice)."""

OUTCOMES = (H.DONE, H.PART, H.NONE)
CHOICES = {"replenish": H.REPLENISHING, "rollback": H.ROLLING_BACK}
NAMED: dict[type, tuple[HedgeStatus, ...]] = {HedgeEnded: OUTCOMES, RepairChosen: REPAIRING}
"""The states that such a fact may name."""


class Hedge(Struct, frozen=True):
    hedge_id: str
    kind: str
    direction: int
    units: int
    legs: tuple[Leg, ...]
    edge: float
    opened_ns: int
    trigger: str
    status: HedgeStatus = H.WORKING
    settling_ns: int = 0
    naked_ns: int = 0
    stranded_why: str = ""
    why: str = ""
    retries: int = 0
    repairs: tuple[str, ...] = ()
    ended_ns: int = 0
    released: bool = False
    first: int = -1
    joined: tuple[str, ...] = ()
    """Ended hedges whose late truth this one has taken over."""
    passed_to: tuple[str, ...] = ()
    """Hedges that have taken over late truth of this one."""
    sent_back: bool = False
    """A person has had it taken back."""
    claimed: tuple[str, ...] = ()
    """Who takes it over, and why, while it waits for its repairs' legs."""
    denials: int = 0
    """Retries that it had because it was denied: they are none of `retries`."""

    @property
    def covered(self) -> int:
        """m: the most units that all legs cover; a cover's other side is there."""
        if self.trigger == COVER:
            return self.units
        m = None
        for leg in self.legs:
            units = leg.net // leg.plan.per_unit
            if m is None or units < m:
                m = units
        return m if m > 0 else 0

    @property
    def reached(self) -> int:
        """The units that would cover everything filled, at most `units`."""
        m = self.units if self.trigger == COVER else 0
        for leg in self.legs:
            units = -(-leg.net // leg.plan.per_unit)
            if units > m:
                m = units
        return m if m < self.units else self.units

    @property
    def naked(self) -> tuple[int, ...]:
        """Lots of each leg beyond what all legs cover; signed by target."""
        m = self.covered
        return tuple([leg.net - m * leg.plan.per_unit for leg in self.legs])

    @property
    def settled(self) -> bool:
        """Nothing working, unknown or under a mandate."""
        for leg in self.legs:
            if not leg.settled:
                return False
        return True

    @property
    def unknown(self) -> bool:
        for leg in self.legs:
            if leg.unknown:
                return True
        return False

    @property
    def orders_sent(self) -> int:
        """Orders of all legs that left us; a denied one did not."""
        sent = 0
        for leg in self.legs:
            for order in leg.orders:
                sent += order.status is not OrdStatus.DENIED
        return sent

    @property
    def final(self) -> bool:
        return self.status in TERMINAL

    @property
    def denied(self) -> bool:
        """Whether the last order since it was tried last was denied: on this side of its venue."""
        last = None
        for leg in self.legs:
            for order in leg.orders:
                if order.sent_ns >= self.naked_ns and (last is None or order.sent_ns >= last.sent_ns):
                    last = order
        return last is not None and last.status is OrdStatus.DENIED


def opened(fact: HedgeOpened) -> Hedge:
    """The hedge that a firing begins, its orders already intended."""
    by_leg = []
    for plan in fact.legs:
        sent = []
        for order in fact.orders:
            if order.leg == plan.index:
                sent.append(born(order))
        status = legs.TRANSITIONS[LegStatus.IDLE, legs.SENT] if sent else LegStatus.IDLE
        by_leg.append(Leg(plan, status, tuple(sent)))
    return Hedge(
        fact.hedge_id, fact.kind, fact.direction, fact.units, tuple(by_leg), fact.edge, fact.at_ns, fact.trigger,
        first=fact.first,
    )  # fmt: skip


def evolve(hedge: Hedge, fact: HedgeFact | OrderFact | MandateGiven | MandateRevoked | MandateReturned) -> Hedge:
    """The hedge after the fact.

    Raises: IllegalTransition, with the hedge unchanged.
    """
    kind = fact.__class__
    change = _CHANGES.get(kind)
    if change is None:
        return replace(hedge, legs=_legs_after(hedge, fact))
    key = (hedge.status, kind)
    if key not in TRANSITIONS:
        raise IllegalTransition(f"hedge {hedge.hedge_id}: {kind.__name__} in {hedge.status}")
    return change(hedge, fact, TRANSITIONS[key])


def _settling(hedge: Hedge, fact: HedgeSettling, to: HedgeStatus) -> Hedge:
    naked_ns, why = hedge.naked_ns or fact.at_ns, hedge.why or fact.why
    return replace(hedge, status=to, settling_ns=fact.at_ns, naked_ns=naked_ns, why=why)


def _aimed(hedge: Hedge, fact: HedgeAimed, to: HedgeStatus) -> Hedge:
    changed = [replace(leg, plan=replace(leg.plan, target=fact.units * leg.plan.per_unit)) for leg in hedge.legs]
    return replace(hedge, status=to, units=fact.units, legs=tuple(changed))


def _retried(hedge: Hedge, fact: HedgeRetried, to: HedgeStatus) -> Hedge:
    at, denied = fact.at_ns, fact.why.startswith(LET)
    retries, denials = hedge.retries + (fact.why != DOUBT_ENDED and not denied), hedge.denials + denied
    return replace(hedge, status=to, settling_ns=at, naked_ns=at, retries=retries, denials=denials, stranded_why="", claimed=())


def _sent_back(hedge: Hedge, fact: HedgeSentBack, to: HedgeStatus) -> Hedge:
    if hedge.status is H.STRANDED:
        hedge = _retried(hedge, HedgeRetried(f"operator {fact.operator}", fact.at_ns), to)
    return replace(hedge, status=to, sent_back=True)


def _left(hedge: Hedge, fact: HedgeLeft, to: HedgeStatus) -> Hedge:
    changed = [replace(leg, net=leg.net - lots) for leg, lots in zip(hedge.legs, fact.lots, strict=True)]
    return replace(hedge, status=to, legs=tuple(changed))


def _taken(hedge: Hedge, fact: OutsideFilled, to: HedgeStatus) -> Hedge:
    changed = [replace(leg, net=leg.net + fact.qty) if leg.plan.index == fact.leg else leg for leg in hedge.legs]
    return replace(hedge, status=to, legs=tuple(changed))


_CHANGES = {
    HedgeAimed: _aimed,
    HedgeExposed: lambda h, f, to: replace(h, status=to, naked_ns=f.at_ns),
    HedgeSettling: _settling,
    HedgeLeft: _left,
    HedgeImbalanced: lambda h, _, to: replace(h, status=to),
    RepairChosen: lambda h, f, _: replace(h, status=CHOICES[f.choice], repairs=(*h.repairs, f.choice)),
    HedgeStranded: lambda h, f, to: replace(h, status=to, stranded_why=f.why),
    HedgeRetried: _retried,
    HedgeEnded: lambda h, f, _: replace(h, status=f.outcome, ended_ns=f.at_ns, naked_ns=0),
    HedgeHandedOver: lambda h, _, to: replace(h, status=to),
    HedgeSentBack: _sent_back,
    HedgeClaimed: lambda h, f, to: replace(h, status=to, claimed=(f.operator, f.reason)),
    HedgeReleased: lambda h, _, to: replace(h, status=to, released=True),
    OutsideFilled: _taken,
    HedgeReopened: lambda h, f, to: replace(h, status=to, settling_ns=f.at_ns, naked_ns=f.at_ns, why=f.why),
}
"""What each fact of the hedge as a whole changes; all others are a leg's."""


def _legs_after(hedge: Hedge, fact: OrderFact | MandateGiven | MandateRevoked | MandateReturned) -> tuple[Leg, ...]:
    index = fact.mandate.leg if fact.__class__ is MandateGiven else _leg_of(hedge, fact)
    if index is None:
        raise IllegalTransition(f"hedge {hedge.hedge_id}: {type(fact).__name__} for an order that it does not have")
    changed = []
    for leg in hedge.legs:
        changed.append(legs.evolve(leg, fact) if leg.plan.index == index else leg)
    return tuple(changed)


def _leg_of(hedge: Hedge, fact: OrderFact | MandateRevoked | MandateReturned) -> int | None:
    kind = fact.__class__
    if kind is OrderSubmitted or kind is MandateReturned or kind is MandateRevoked:
        return fact.leg
    ident = fact.cl_ord_id
    for leg in hedge.legs:
        for order in leg.orders:
            if order.cl_ord_id == ident:
                return leg.plan.index
    return None


def order_of(hedge: Hedge, cl_ord_id: str):
    """The order of that id, or None."""
    for leg in hedge.legs:
        for order in leg.orders:
            if order.cl_ord_id == cl_ord_id:
                return order
    return None


def outcome(hedge: Hedge) -> HedgeStatus:
    """The final state that a balanced hedge, or any cover, is in."""
    m = hedge.legs[0].net if hedge.trigger == COVER else hedge.covered
    if m >= hedge.units:
        return H.DONE
    return H.PART if m else H.NONE
