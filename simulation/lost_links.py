"""A lost link: what was out there is in doubt at once.

From records alone: where a venue's link is recorded as lost, each order of a
hedge proper that is live there is UNKNOWN in the same instant. What a repair
child works on is its own to doubt.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulation.seen import RecordedOrder
from simulation.settings import NAMES

LOST = frozenset(("LinkLost", "SessionLost", "NotAuthorised"))
LIVE = frozenset(("SUBMITTED", "PENDING_NEW", "NEW", "PARTIALLY_FILLED", "PENDING_CANCEL"))


class LostLinks:
    """`records`: the judge's orders, by id. Units: virtual monotonic ns."""

    def __init__(self, records: dict[str, RecordedOrder], broken: Callable[[str, str], None]) -> None:
        self._records, self._broken = records, broken
        self._owed: dict[str, int] = {}
        """Orders that are to be in doubt, and since when."""

    def venue(self, told: dict[str, Any], now_ns: int) -> None:
        """A record of a venue's actor."""
        if LOST.isdisjoint(fact[0] for fact in told["facts"]):
            return
        name = told["actor"].rpartition("/")[2]
        for ref, order in self._records.items():
            if order.state in LIVE and NAMES[order.intent[1]] == name and _is_of_hedge(ref):
                self._owed.setdefault(ref, now_ns)

    def step(self, now_ns: int) -> None:
        """After each turn: whoever was told has had its turn within the instant."""
        for ref, since_ns in list(self._owed.items()):
            if self._records[ref].state not in LIVE:
                del self._owed[ref]
            elif now_ns > since_ns:
                del self._owed[ref]
                self._broken("DOUBT", f"{ref} was out as its link was lost, and is still {self._records[ref].state}")

    @property
    def owes(self) -> bool:
        return bool(self._owed)

    def forget(self) -> None:
        """The node is dead, or its thread gets no core: the next turn decides anew."""
        self._owed.clear()


def _is_of_hedge(ref: str) -> bool:
    return ref.rpartition(".")[2].lstrip("0123456789").startswith("h")
