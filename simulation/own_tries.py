"""AGAIN: what a node tries again by itself is a close, seldom, and told.

By the records: only a close that was STRANDED for refusals, its cap or a
price, at most three times; or one whose time went by with denied orders, at
most twelve. Never sooner than its quotes were well for two seconds, each later
one ten seconds after it was stranded; never under a kill, and never while an
order of it is in doubt. A person is told of each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulation.agenda import MS

OWN, LET = "again: ", "denied: "
CAUSES = ("REFUSED", "CAP", "PRICE")
TIMED_OUT = ("BUDGET", "UNKNOWN")
MOST, MOST_DENIED = 3, 12
SOONEST_NS, LATER_NS = 2000 * MS, 10_000 * MS


class OwnTries:
    """`broken(invariant, what)`: the judge's."""

    def __init__(self, broken: Callable[[str, str], None]) -> None:
        self.broken = broken
        self.stranded: dict[str, tuple[str, int]] = {}
        """Why and when, by hedge."""
        self.tries: dict[str, int] = {}
        self.denied: dict[str, int] = {}
        """Tries of what was denied, which are none of its retries."""
        self.untold: dict[str, int] = {}

    def strands(self, hedge: str, why: str, now_ns: int) -> None:
        """It is STRANDED, by the records."""
        self.stranded[hedge] = why, now_ns

    def tried(self, hedge: str, word: str, kind: str, now_ns: int, doubts: list[str], kills: Any) -> None:
        """It is tried again: `kills` that hold for its pair, `doubts`: its orders that are UNKNOWN."""
        is_denied = word.startswith(LET)
        if not word.startswith(OWN) and not is_denied:
            return
        why, at_ns = self.stranded.get(hedge, ("", now_ns))
        tries = self.denied if is_denied else self.tries
        tries[hedge] = count = tries.get(hedge, 0) + 1
        self.untold[hedge] = now_ns
        waited_ns = now_ns - at_ns
        may = why in TIMED_OUT if is_denied else kind == "close" and why in CAUSES
        for wrong, what in (
            (not may, f"a {kind} that was stranded for {why}"),
            (count > (MOST_DENIED if is_denied else MOST), f"the {count}th time"),
            (waited_ns < (SOONEST_NS if count == 1 else LATER_NS), f"{waited_ns // MS} ms after it was stranded, try {count}"),
            (bool(doubts), f"while {doubts} are in doubt"),
            (bool(kills), f"under {kills}"),
        ):
            if wrong:
                self.broken("AGAIN", f"{hedge} is tried again by itself: {what}")

    def told(self, hedge: str) -> None:
        """A person was told of a try."""
        self.untold.pop(hedge, None)

    def step(self, now_ns: int) -> None:
        """After each turn."""
        for hedge in [hedge for hedge, at_ns in self.untold.items() if at_ns < now_ns]:
            del self.untold[hedge]
            self.broken("AGAIN", f"{hedge} was tried again by itself, and nobody was told")

    def killed(self) -> None:
        """The node died: what it has not told yet nobody can ask of it."""
        self.untold.clear()

