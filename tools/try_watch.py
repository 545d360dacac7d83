"""What a run's pairs saw, and why they stood still.

Looked at ten times a second. Nothing of it is in a journal: a pair's view is of its moment. It tells a pair
whose triggers the market never met from one that something held back.
"""

from __future__ import annotations

from collections import Counter
from math import isfinite
from typing import Any

from domain.pairs import Mode, PairStatus

EVERY_MS = 100
COOLED, FROZEN, HELD, DOWN = "COOLDOWN", "FROZEN", "HELD", "DOWN"


class Seen:
    """One pair's. `low`: at which it could have been bought best; `high`: sold best."""

    def __init__(self) -> None:
        self.low = self.high = self.reason = None
        self.levels: dict[str, float] = {}
        self.still_ms: Counter[str] = Counter()
        self.holds: Counter[str] = Counter()
        self._before: tuple[Any, dict[str, int]] = (None, {})

    def look(self, actor: Any) -> None:
        """The pair as it is now; None: it is down."""
        if actor is None:
            self.still_ms[DOWN] += EVERY_MS
            return
        view, pair = actor.view, actor.memory.pair
        price, trigger = view.price, actor.spec.trigger
        if isfinite(price.buy) and isfinite(price.sell):
            self.low = price.buy if self.low is None else min(self.low, price.buy)
            self.high = price.sell if self.high is None else max(self.high, price.sell)
        self.levels = {name: level for name in ("buy_open", "sell_open") if isfinite(level := trigger.threshold(name))}
        waits = f"EXPOSURE_STEP: {pair.waiting.qty} waits for a person" if pair.waiting is not None else ""
        self.reason = waits or view.standing(pair) or self.reason
        self._count(view)
        still = FROZEN if pair.status is PairStatus.FROZEN else HELD if pair.mode is not Mode.ACTIVE else COOLED if pair.failures and pair.status is PairStatus.COOLDOWN else ""
        if still:
            self.still_ms[still] += EVERY_MS

    def _count(self, view: Any) -> None:
        known, before = self._before
        now = dict(view.holds)
        self.holds.update({name: count - (before.get(name, 0) if known is view else 0) for name, count in now.items()})
        self._before = (view, now)

    def row(self) -> dict[str, Any]:
        """Units: the trigger's own; s."""
        holds = {name: count for name, count in self.holds.most_common() if count}
        still = {why: ms / 1000 for why, ms in self.still_ms.items()}
        return {"low": self.low, "high": self.high, "levels": self.levels, "holds": holds, "reason": self.reason or "", "still_s": still}


class Watch:
    """Looks until `ends`. `run`: a DeskRun that has been started."""

    def __init__(self, run: Any, pairs: list[str]) -> None:
        self._run = run
        self._seen = {name: Seen() for name in pairs}
        self._next = run.agenda.after(EVERY_MS * 1_000_000, self._look)

    def _look(self) -> None:
        node = self._run.node
        for name, seen in self._seen.items():
            seen.look(None if node is None else node.pair_actor(name))
        self._next = self._run.agenda.after(EVERY_MS * 1_000_000, self._look)

    def ends(self) -> dict[str, dict[str, Any]]:
        """Each pair's row; nothing is looked at any more."""
        self._next.cancel()
        return {name: seen.row() for name, seen in self._seen.items()}
