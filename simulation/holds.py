"""MARGIN: what a hedge takes of its accounts is held for it.

And for as long as it must be. Held is what the engine says of its own table; how much, and until when, is
reckoned here: each lot that opens takes its venue's margin, and nothing is
given back before the venue has told its money anew, asked for it after the
hedge had ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.money import SCALE
from simulation.account import MARGIN_A_LOT
from simulation.agenda import MS

CENT = SCALE // 100
ASK, ANSWER = "BB", "BA"
RAISED_NS = 2000 * MS
"""A pair that crashed is raised again within so long."""


class Ended:
    """A hedge that has ended: when, the venues that still hold for it, and those that have told their money since."""

    __slots__ = ("at_ns", "freed", "holding")

    def __init__(self, at_ns: int) -> None:
        self.at_ns = at_ns
        self.holding: set[str] | None = None
        self.freed: set[str] = set()


class Holds:
    """`broken(invariant, what)`: the judge's; `table`: what each hedge holds, by its id. Units: virtual ns."""

    def __init__(self, broken: Callable[[str, str], None]) -> None:
        self.broken = broken
        self.table: Callable[[], Mapping[str, Any]] = dict
        self.is_due = False
        """Whether `step` has something to look at."""
        self._begun: dict[str, tuple[int, dict[str, int]]] = {}
        self._ended: dict[str, Ended] = {}
        self._asked: dict[tuple[str, str], int] = {}

    def opened(self, hedge: str, lots: dict[str, int], now_ns: int) -> None:
        """An open begins: its lots by venue."""
        self._begun[hedge] = now_ns, lots
        self.is_due = True

    def ended(self, hedge: str, now_ns: int) -> None:
        """What it holds is held on to, until the venues have told."""
        self._ended[hedge] = Ended(now_ns)
        self.is_due = True

    def goes_on(self, hedge: str) -> None:
        """It is opened again."""
        self._ended.pop(hedge, None)

    def sent(self, venue: str, m: list[Any], now_ns: int) -> None:
        """A frame left that is no order."""
        if m[0] == ASK:
            self._asked[venue, m[1]] = now_ns

    def told(self, venue: str, m: list[Any]) -> None:
        """The node read a frame."""
        if m[0] != ANSWER or not m[-1]:
            return
        asked_ns = self._asked.get((venue, m[1]), -1)
        for each in self._ended.values():
            if each.at_ns <= asked_ns:
                each.freed.add(venue)
        self.is_due = True

    def step(self, now_ns: int) -> None:
        """After a turn in which a hedge began or ended, or money was told."""
        table = self.table()
        for hedge, (at_ns, lots) in list(self._begun.items()):
            held = _held(table.get(hedge))
            if not held and now_ns < at_ns + RAISED_NS:
                continue  # its pair may have crashed over it, and reserves as it is raised again
            del self._begun[hedge]
            for venue, count in lots.items():
                least = count * MARGIN_A_LOT[venue] * CENT
                if held.get(venue, 0) < least:
                    self.broken("MARGIN", f"{hedge}: {held.get(venue, 0)} are held at {venue} for {count} lots, which take {least}")
        self.is_due = bool(self._begun)
        for hedge, each in list(self._ended.items()):
            holding = set(_held(table.get(hedge)))
            early = (each.holding or set()) - holding - each.freed
            if early:
                self.broken("MARGIN", f"{hedge} has ended, and {sorted(early)} gave back what it held without telling its money since")
            each.holding = holding
            if not holding:
                del self._ended[hedge]

    def forget(self) -> None:
        """The node is dead; the next one reckons anew."""
        self._begun.clear()
        self._ended.clear()
        self._asked.clear()


def _held(entry: Any) -> dict[str, int]:
    sums: dict[str, int] = {}
    for funds, amount in () if entry is None else entry.sums:
        sums[funds.venue] = sums.get(funds.venue, 0) + amount
    return sums
