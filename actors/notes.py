"""Messages between a pair, its repair children and its operators."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from domain.books import LegBook
from domain.exposures import Exposure
from domain.mandates import LegMarket, Mandate
from domain.market import Instrument
from domain.orders import OrderDenied, OrderSubmitted
from domain.pairspec import PairSpec

ORDERS_LANE = 1


class RepairTold(Struct, frozen=True):
    """To a child: this mandate is yours; `cause` is the record that gave it.

    `seen`: the leg as the decision saw it, for the first order. `first`: that
    order, where it left with the decision; `denied`: that it could not leave.
    """

    lane: ClassVar[int] = ORDERS_LANE

    mandate: Mandate
    seen: LegMarket
    books: tuple[LegBook, ...]
    opens: bool
    cause: int
    first: OrderSubmitted | None = None
    denied: tuple[OrderDenied, ...] = ()


class RepairFacts(Struct, frozen=True):
    """From a child: what has happened to its orders; recorded as `seq`."""

    lane: ClassVar[int] = ORDERS_LANE

    hedge_id: str
    facts: tuple[Any, ...]
    seq: int


class RepairRevoked(Struct, frozen=True):
    """To a child: send no more under this mandate; return it when settled."""

    lane: ClassVar[int] = ORDERS_LANE

    mandate_id: str


class HedgeSettled(Struct, frozen=True):
    """To the treasury: a hedge on these venues has ended."""

    lane: ClassVar[int] = ORDERS_LANE

    hedge_id: str
    venues: tuple[str, ...]


class Tick(Struct, frozen=True):
    """A timer of a trader's own."""

    lane: ClassVar[int] = 2

    what: str = ""


class Operate(Struct, frozen=True):
    """An operator's word to a pair: `verb` with its arguments.

    `booked`: what was done by hand: (leg, signed lots, price in ticks or None).
    """

    lane: ClassVar[int] = 0

    verb: str
    operator: str
    reason: str = ""
    hedge: str = ""
    booked: tuple[tuple[int, int, int | None], ...] = ()
    exposure: Exposure | None = None
    units: int = 0
    """The most pair units of a hedge by hand; 0: as configured, or all that is held."""
    side: str = ""
    """Of a hedge that is opened by hand: buy or sell the pair."""
    order: str = ""


class ExposureNews(Struct, frozen=True):
    """To a cover pair: a record of its exposure came, or one that can't be read."""

    lane: ClassVar[int] = ORDERS_LANE

    exposure: Exposure | None
    problem: str = ""


ACCOUNT = "node/account"
TREASURY = "node/treasury"


class LookAgain(Struct, frozen=True):
    """To the account: a pair may book now what it could not before."""

    lane: ClassVar[int] = ORDERS_LANE


class OutsideLoss(Struct, frozen=True):
    """To a pair: lots of a leg that the account no longer has.

    `fills`: (lots, price in ticks or None); `origin`: X or L.
    """

    lane: ClassVar[int] = ORDERS_LANE

    leg: int
    fills: tuple[tuple[int, int | None], ...]
    origin: str
    cause: int


class SpecsChanged(Struct, frozen=True):
    """To whoever looks at all pairs: these are they from now on.

    `fx`: the quoted rates that money may be converted by.
    """

    lane: ClassVar[int] = 0

    specs: tuple[PairSpec, ...]
    fx: tuple[Instrument, ...] = ()


class Show(Struct, frozen=True):
    """Asks a trader for what it shows of itself."""

    lane: ClassVar[int] = 0
