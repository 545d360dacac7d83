"""What a paper gateway is told when it starts; checked, then passed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from domain.errors import ConfigError
from gateways.replay.account import Terms
from system.curve import CurveKeys


class Settings(Struct, frozen=True):
    """A paper gateway: whose feed it reads, and the account that it keeps.

    `source`: the feed's endpoint, the only one that it connects to; `day_of`:
    the venue's trading day at a wall time in ns, YYYYMMDD; `curve`: the keys
    with which the feed is reached.
    """

    venue: str
    source: str
    terms: tuple[Terms, ...]
    cash: Mapping[str, Decimal]
    truth_path: Path
    day_of: Callable[[int], str]
    curve: CurveKeys | None = None

    def __post_init__(self) -> None:
        if not self.terms:
            raise ConfigError(self.venue, "instrument", None, "an instrument of this venue")
