"""The instrument map of a `d` message as a typed value, and back.

Numbers of a definition are decimal strings on the wire and stay strings here:
whoever computes converts them once. Unknown keys are ignored.

Source: docs/en/gateway-protocol.md, "capabilities"; FIX SecurityDefinition (d).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from domain.errors import WireError
from wire.messages import Decimal, TradingDay

Kind = Literal["linear", "inverse", "spot", "fx", "index"]
OffsetMode = Literal["net", "oc", "octy"]
SymbolKey = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00]+\Z")]
Lots = Annotated[int, Meta(ge=0)] | Decimal
MAX_KEYS = 64


class InstrumentDef(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One instrument as its gateway announces it."""

    symbol: SymbolKey
    tick_size: Decimal
    lot_size: Decimal
    multiplier: Decimal
    currency: str
    kind: Kind
    offset_mode: OffsetMode
    tifs: str
    market_orders: bool
    tradable: bool
    base: str | None = None
    min_lots: Lots | None = None
    max_lots: Lots | None = None
    expiry: TradingDay | None = None
    last_open_day: TradingDay | None = None
    margin_rate_long: Decimal | None = None
    margin_rate_short: Decimal | None = None
    margin_lot_long: Decimal | None = None
    margin_lot_short: Decimal | None = None
    fee_rate_open: Decimal | None = None
    fee_rate_close: Decimal | None = None
    fee_rate_close_today: Decimal | None = None
    fee_lot_open: Decimal | None = None
    fee_lot_close: Decimal | None = None
    fee_lot_close_today: Decimal | None = None

    @property
    def min_lots_int(self) -> int:
        """Smallest order in whole lots; 1 where the gateway doesn't say."""
        return 1 if self.min_lots is None else _whole(self.min_lots, "min_lots")

    @property
    def max_lots_int(self) -> int | None:
        """Largest order in whole lots; None where the gateway doesn't say."""
        return None if self.max_lots is None else _whole(self.max_lots, "max_lots")


def instrument_of(fields: dict[str, Any]) -> InstrumentDef:
    """The typed definition of an instrument map. Raises: WireError."""
    if len(fields) > MAX_KEYS:
        raise WireError(f"instrument: {len(fields)} keys, at most {MAX_KEYS}")
    try:
        found = msgspec.convert(fields, InstrumentDef)
    except msgspec.ValidationError as error:
        raise WireError(f"instrument {fields.get('symbol')!r}: {error}") from error
    if not (_positive(found.tick_size) and _positive(found.lot_size) and _positive(found.multiplier)):
        raise WireError(f"instrument {found.symbol}: tick_size, lot_size and multiplier must be above 0")
    found.min_lots_int, found.max_lots_int  # noqa: B018 (both raise on a broken lot)
    return found


def map_of(definition: InstrumentDef) -> dict[str, Any]:
    """The map of a definition as it goes on the wire; absent keys left out."""
    return {key: value for key, value in msgspec.structs.asdict(definition).items() if value is not None}


def _positive(number: str) -> bool:
    return not number.startswith("-") and number.strip("0.") != ""


def _whole(lots: int | str, key: str) -> int:
    if isinstance(lots, int):
        return lots
    whole, _, rest = lots.partition(".")
    if lots.startswith("-") or rest.strip("0"):
        raise WireError(f"instrument: {key} must be whole lots, not {lots}")
    return int(whole)
