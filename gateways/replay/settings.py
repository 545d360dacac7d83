"""What a replay gateway is told when it starts; checked, then passed on."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from domain.errors import ConfigError
from gateways.replay.account import Terms
from gateways.replay.pacing import Start
from wire.instrument import InstrumentDef


class Played(Struct, frozen=True):
    """One recording played as one instrument, and the account's terms in it."""

    definition: InstrumentDef
    path: Path
    inventory: int = 0
    fee_rate: Decimal = Decimal(0)
    margin_rate: Decimal = Decimal(0)

    @property
    def terms(self) -> Terms:
        """The account's terms in the instrument."""
        return Terms(self.definition, self.inventory, self.fee_rate, self.margin_rate)

    @property
    def sizes(self) -> tuple[Decimal, Decimal]:
        """Tick and lot, as the reader takes them."""
        return Decimal(self.definition.tick_size), Decimal(self.definition.lot_size)


class Settings(Struct, frozen=True):
    """A replay gateway: what it plays, from when, how fast, until when.

    Units: `end_ns` is a moment of the recording (None: to its last row),
    `cash` money of the account.
    """

    venue: str
    played: tuple[Played, ...]
    start: Start
    truth_path: Path
    cash: Decimal
    end_ns: int | None = None

    def __post_init__(self) -> None:
        symbols = [each.definition.symbol for each in self.played]
        if not symbols or len(set(symbols)) != len(symbols):
            raise ConfigError(self.venue, "played", symbols, "one recording or more, each of its own symbol")


class Span(Struct, frozen=True):
    """The first and last moment of a recording, and its rows."""

    first_ns: int
    last_ns: int
    rows: int
