"""What a replay gateway is told when it starts; checked, then passed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from domain.errors import ConfigError
from gateways.replay.account import Terms
from gateways.replay.mapping import HOUSE, MADE, FileMap
from gateways.replay.pacing import Start
from gateways.replay.reader import read_rows
from gateways.replay.rows import Row
from gateways.replay.times import day_in
from wire.instrument import InstrumentDef

DayOf = Callable[[int], tuple[str, bool]]
"""A venue's trading day (YYYYMMDD) at a wall time in ns, and whether its session runs then."""


def utc_day(wall_ns: int) -> tuple[str, bool]:
    """A continuous venue's: the date in UTC."""
    return day_in(wall_ns), True


class Played(Struct, frozen=True):
    """One recording played as one instrument, and the account's terms in it."""

    terms: Terms
    path: Path | tuple[Path, ...]
    told: FileMap = HOUSE
    kept: list[Row] | None = None
    """The recording as somebody has read it already."""

    @property
    def made(self) -> bool:
        """Whether its book is made, not recorded; also one recorded of such a venue."""
        return self.told.made is not None or self.told.venue.startswith(MADE)

    @property
    def depth(self) -> int:
        """Levels of its book."""
        return 1 if self.told.book is None else len(self.told.book.bids)

    @property
    def has_statuses(self) -> bool:
        """Whether its market's status is told, by hours or by rows."""
        return self.told.session is not None or self.told.status is not None

    def rows(self) -> Iterator[Row]:
        """The recording from its first row. Raises: ConfigError."""
        if self.kept is not None:
            return iter(self.kept)
        return read_rows(self.path, *self.sizes, self.told)

    @property
    def definition(self) -> InstrumentDef:
        """The instrument, as it is announced."""
        return self.terms.definition

    @property
    def sizes(self) -> tuple[Decimal, Decimal]:
        """Tick and lot, as the reader takes them."""
        return Decimal(self.definition.tick_size), Decimal(self.definition.lot_size)


class Settings(Struct, frozen=True):
    """A replay gateway: what it plays, from when, how fast, until when.

    Units: `end_ns` is a moment of the recording (None: to its last row),
    `cash` money of the account. A trading day begins with the first row or
    change of status that lies in a session of it.
    """

    venue: str
    played: tuple[Played, ...]
    start: Start
    truth_path: Path
    cash: Decimal
    end_ns: int | None = None
    day_of: DayOf = utc_day

    def __post_init__(self) -> None:
        symbols = [each.definition.symbol for each in self.played]
        if not symbols or len(set(symbols)) != len(symbols):
            raise ConfigError(self.venue, "played", symbols, "one recording or more, each of its own symbol")
        currencies = sorted({each.terms.currency for each in self.traded})
        if len(currencies) > 1:
            raise ConfigError(self.venue, "currency", currencies, "one currency in all that is traded at a replay venue")

    @property
    def traded(self) -> tuple[Played, ...]:
        """Its instruments without those that are quoted alone, as rates are."""
        return tuple(each for each in self.played if each.definition.tradable) or self.played[:1]


class Span(Struct):
    """The first and last moment of a recording, and its rows."""

    first_ns: int
    last_ns: int
    rows: int
