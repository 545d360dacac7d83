"""How this run's hedges ended, counted as they do.

A pair keeps its last hedges alone, and late truth may re-open one: what is at
hand is counted anew at each look, what has left it stays counted as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from domain.hedges import Hedge
from domain.ids import base36
from domain.pairs import Pair

REPAIRED = {"replenish": "replenished", "rollback": "rolled_back"}
ENDS = ("done", "part", "none", "handed_over")
OUTCOMES = (*ENDS, *REPAIRED.values(), "uncounted")
NOTHING = dict.fromkeys(OUTCOMES, 0)
BEAT_NS = 100_000_000
"""Often enough for 640 hedges a second of one pair."""


class Tally:
    """Looks at pairs each BEAT_NS; what was missed is told as `uncounted`.

    Thread: one.
    """

    def __init__(self, node_epoch: int) -> None:
        self._epoch = base36(node_epoch)
        self._gone: dict[str, Counter[str]] = {}
        self._at_hand: dict[str, dict[str, tuple[str, ...]]] = {}
        self._seen: dict[str, Any] = {}
        self._earlier: dict[str, int] = {}
        self._counted: dict[str, dict[str, int]] = {}
        """By outcome, of the pairs that have any."""

    def look_at(self, pairs: Iterable[Pair]) -> None:
        """`look`, at all of them."""
        seen = self._seen
        for pair in pairs:
            if seen.get(pair.name) is not pair.past:
                self.look(pair)

    def sums(self, pairs: Iterable[Pair]) -> dict[str, int]:
        """`counts`, of all of them together."""
        found = dict.fromkeys(OUTCOMES, 0)
        for pair in pairs:
            self.look(pair)
            for word, count in self._counted.get(pair.name, {}).items():
                found[word] += count
        return found

    def look(self, pair: Pair) -> None:
        """Take in what has ended since the last look."""
        name, past = pair.name, pair.past
        if self._seen.get(name) is past:
            return
        self._seen[name] = past
        if not past and name not in self._at_hand:
            self._earlier.setdefault(name, pair.hedge_count - self._in_flight(pair))
            return
        now = {h.hedge_id: words_of(h) for h in past if self._ours(h)}
        open_id = pair.hedge.hedge_id if pair.hedge is not None else ""
        if name not in self._earlier:
            self._earlier[name] = pair.hedge_count - len(now) - self._in_flight(pair)
        gone = self._gone.setdefault(name, Counter())
        for hedge_id, words in self._at_hand.get(name, {}).items():
            if hedge_id not in now and hedge_id != open_id:
                gone.update(words)
        self._at_hand[name] = now
        found = Counter(gone)
        for words in now.values():
            found.update(words)
        fired = pair.hedge_count - self._earlier[name] - self._in_flight(pair)
        found["uncounted"] = max(0, fired - sum(found[word] for word in ENDS))
        self._counted[name] = {word: count for word, count in found.items() if count}

    def counts(self, pair: Pair) -> dict[str, int]:
        """Hedges of this run by outcome; `replenished` and `rolled_back` too."""
        self.look(pair)
        return {**NOTHING, **self._counted.get(pair.name, NOTHING)}

    def _in_flight(self, pair: Pair) -> int:
        return int(pair.hedge is not None and self._ours(pair.hedge))

    def _ours(self, hedge: Hedge) -> bool:
        return hedge.hedge_id.rsplit(".", 2)[1] == self._epoch


def words_of(hedge: Hedge) -> tuple[str, ...]:
    """What an ended hedge counts as: its outcome, and its last repair."""
    outcome = str(hedge.status).lower()
    return (outcome, REPAIRED[hedge.repairs[-1]]) if hedge.repairs else (outcome,)
