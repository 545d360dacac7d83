"""What the traders of one shard share: ports, direct calls in the lane.

Journal, risk table, book claims and venue links; made by the composition
root, owned by nobody here. `memories` keep each trader's last adopted state,
which is what its journal says, so that a raised actor goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.link import Purpose, VenueLink
from domain.breaker import Breaker
from domain.claims import BookClaims
from domain.closable import Closable
from domain.controls import Hold
from domain.ledgers import Ledgers
from domain.margin import MarginTable
from domain.market import Quote
from domain.pairs import Pair
from domain.ports import Clock, Journal
from domain.positions import Told
from domain.record_state import RecordState
from domain.risk import RiskTable


class Desk:
    """Thread: the lane's alone."""

    def __init__(
        self,
        clock: Clock,
        journal: Journal,
        node_epoch: int,
        alert: Callable[..., None],
    ) -> None:
        self.clock = clock
        self.journal = journal
        self.node_epoch = node_epoch
        self.alert = alert
        self.risk = RiskTable()
        self.claims = BookClaims()
        self.closable = Closable()
        self.breaker = Breaker()
        self.ledgers = Ledgers()
        self.margin = MarginTable()
        self.links: dict[str, VenueLink] = {}
        self.memories: dict[str, Any] = {}
        self.retired: dict[str, Pair] = {}
        """Pairs on record that do not run any more, as they ended: their orders are known."""
        self.controls: Any = None
        self.holds: dict[str, Hold] = {}
        """What is barred, by pair; those that are free are not in it."""
        self.revoked: set[str] = set()
        """Mandates that their pairs want back: their children begin nothing new, from that moment on."""
        self.holders: dict[tuple[str, str], tuple[tuple[str, int], ...]] = {}
        """Which pairs' legs trade an account's symbol: (pair, leg)."""
        self.positions: dict[tuple[str, str], Told] = {}
        """What venues last said that their accounts hold, by (venue, symbol)."""
        self.stopping = False
        self.journal_failed = ""
        self.record_state = RecordState.WELL

    def quote(self, key: tuple[str, str]) -> Quote | None:
        """The last quote of (venue, symbol), whatever its age."""
        link = self.links.get(key[0])
        return None if link is None else link.feed.latest.get(key[1])

    def pair(self, name: str) -> Pair | None:
        """A pair as on record, also one that does not run any more."""
        memory = self.memories.get(name)
        return self.retired.get(name) if memory is None else memory.pair

    def can_repair(self, key: tuple[str, str]) -> bool:
        """Whether a repair order could leave for this instrument now."""
        return self.links[key[0]].why_not(Purpose.REPAIR, key[1]) == ""
