"""What a cover pair sees: its exposure beside its one leg's quotes."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from actors.pair_view import PairView
from domain import cover
from domain.hedges import COVER, HedgeOpened
from domain.market import Quote
from domain.pairs import Pair, PairStatus

_QUIET = (PairStatus.IDLE, PairStatus.HOLDING)


class CoverView(PairView):
    """Fires when what is not covered has left its band. Thread: the lane."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._watches_touch = True  # there is no threshold to meet
        self._due_for: Pair | None = None
        self._due = ""

    def take(self, quote: Quote, pair: Pair) -> str:
        """Take a quote in; the event that is due, or ""."""
        index = self._index.get(quote.key)
        if index is None:
            self._take_fx(quote)
        else:
            self.price.on_quote(index, quote)
        return self.due(pair)

    def due(self, pair: Pair) -> str:
        """The event that brings it back into its band, worked out once for each state."""
        if pair.status not in _QUIET or self.desk.stopping:
            return ""
        if pair is not self._due_for:
            self._due_for = pair
            self._due, self.most_units = cover.event_of(pair, self.spec.cover)
        if not self._due:
            self.reason = cover.why_not(pair, self.spec.cover, self.desk.clock.wall_ns())
        return self._due

    def gate(self, event: str, pair: Pair, now_ns: int) -> HedgeOpened | str:
        """The hedge that may leave now, or the name of what stops it."""
        why = cover.why_not(pair, self.spec.cover, self.desk.clock.wall_ns())
        opened = why or super().gate(event, pair, now_ns)
        return opened if opened.__class__ is str else replace(opened, trigger=COVER, edge=0.0)

    def show_cover(self, pair: Pair) -> dict[str, Any]:
        """What is held elsewhere and here. Units: the exposure's; ms of age."""
        spec = self.spec.cover
        off = cover.left(pair, spec, pair.units)
        now_ns = self.desk.clock.wall_ns()
        waiting = pair.waiting
        known = pair.exposure
        return {
            "exposure": None if known is None else known.qty,
            "version": None if known is None else known.version,
            "source": None if known is None else known.source,
            "age_ms": None if known is None else (now_ns - known.as_of_ns) // 1_000_000,
            "unit": spec.unit,
            "ratio": str(spec.ratio),
            "per_lot": float(spec.per_lot),
            "goal": None if known is None else float(-spec.ratio * cover.exact(known.qty)),
            "held": float(pair.units * spec.per_lot),
            "left": float(off),
            "lots": cover.wanted_lots(off, spec),
            "band": None if spec.band is None else float(spec.band),
            "waiting": None if waiting is None else {"exposure": waiting.qty, "version": waiting.version},
        }
