"""What the journal keeps of a decision: bytes out by msgpack, in by type.

A decision's body is a map: actor, pair, hedge, facts, commands (venue and
frame, as sent), what was seen, and by when the frames of the actor's record
before had left. Facts are arrays, their name first; reading
gives back the domain's own classes, so replay folds `evolve` over them.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgpack
import msgspec
from msgspec import Struct, to_builtins

from domain import books, exposures, hedges, late, mandates, orders, pairs
from domain.errors import WireError

Fact = (
    orders.OrderSubmitted
    | orders.OrderDenied
    | orders.OrderPending
    | orders.OrderAccepted
    | orders.OrderPartiallyFilled
    | orders.OrderFilled
    | orders.TradeBooked
    | orders.OrderFilledLate
    | orders.CancelSubmitted
    | orders.MassCancelSubmitted
    | orders.CancelRejected
    | orders.OrderCanceled
    | orders.OrderExpired
    | orders.OrderRejected
    | orders.OrderUnknown
    | orders.OrderQueried
    | orders.OrderAbsent
    | orders.TradeBusted
    | orders.TradeCorrected
    | orders.TradeRestated
    | orders.TradeUpheld
    | mandates.MandateGiven
    | mandates.MandateRevoked
    | mandates.MandateReturned
    | hedges.HedgeOpened
    | hedges.HedgeSettling
    | hedges.HedgeExposed
    | hedges.HedgeAimed
    | hedges.HedgeLeft
    | hedges.HedgeImbalanced
    | hedges.RepairChosen
    | hedges.HedgeStranded
    | hedges.HedgeRetried
    | hedges.HedgeEnded
    | hedges.HedgeHandedOver
    | hedges.HedgeClaimed
    | hedges.HedgeSentBack
    | hedges.HedgeReleased
    | hedges.OutsideFilled
    | hedges.HedgeReopened
    | pairs.PairReady
    | pairs.PairFrozen
    | pairs.PairReleased
    | pairs.ModeSet
    | pairs.DayRolled
    | exposures.ExposureTold
    | exposures.ExposureWaits
    | pairs.LotsRead
    | books.LegBook
    | late.LateTruthJoined
)
"""Every fact that a decision may hold."""

FACTS = {fact.__name__: fact for fact in Fact.__args__}


class SeenLeg(Struct, array_like=True):
    """A leg's quote at a decision. Units: ticks, lots, ns; age by receipt.

    `lag_ns`: what of the age it lay between gateway and node; None on records
    that are older than this field.
    """

    symbol: str
    bid_px: int | None
    bid_qty: int
    ask_px: int | None
    ask_qty: int
    age_ns: int
    exch_ns: int | None
    gw_ns: int
    lag_ns: int | None = None


class Saw(Struct, array_like=True):
    """What a decision was made from. `buy`, `sell`: the pair's prices.

    `threshold`: of the event that fired, NaN where none did; `rates`: FX by leg.
    """

    event: str
    buy: float
    sell: float
    threshold: float
    rates: list[float]
    legs: list[SeenLeg]


class Decision(Struct):
    """A decision's body, typed. `hedge`: the hedge that its facts are of.

    `sent`: which record's frames its actor had sent last, and by when (monotonic ns).
    """

    actor: str
    pair: str
    hedge: str | None
    facts: list[Fact]
    commands: list[tuple[str, bytes]] = []
    saw: Saw | None = None
    sent: tuple[int, int] | None = None


_packer = msgpack.Packer()
_pack = _packer.pack
_reader = msgspec.msgpack.Decoder(Decision)


def encode_decision(
    actor: str,
    pair: str,
    hedge: str | None,
    facts: tuple,
    commands: Sequence = (),
    saw: tuple | None = None,
    sent: tuple[int, int] | None = None,
) -> bytes:
    """The body of a decision record."""
    body = {"actor": actor, "pair": pair, "hedge": hedge, "facts": to_builtins(facts), "commands": commands, "saw": saw}
    if sent is not None:
        body["sent"] = sent
    return _pack(body)


def decode_decision(body: bytes) -> Decision:
    """The decision that `encode_decision` wrote. Raises: WireError."""
    try:
        return _reader.decode(body)
    except (msgspec.MsgspecError, ValueError) as error:
        raise WireError(f"a decision can't be read: {error}") from error
