"""The cover pair: keeps an exposure held elsewhere covered by its leg.

An exposure's record is adopted in the turn in which it comes; a hedge in
flight is made smaller where it now wants less, and what follows of that
follows in the same turn. Once a second it looks by itself, since a market that
is closed sends no quotes.
"""

from __future__ import annotations

from typing import Any, ClassVar

from actors.controls import KIND
from actors.cover_view import CoverView
from actors.notes import ExposureNews, Operate, Tick
from actors.pair import PairActor
from domain import cover
from domain.exposures import Exposure, ExposureTold
from wire.codec import pack

LOOK_NS = 1_000_000_000
UNCOVERED_NS = 2_000_000_000
"""Outside its band for so long without a hedge that could leave: it is told, once."""
LOOK = "cover"
QUIET_REASONS = ("", "OBSERVE")


class CoverActor(PairActor):
    """Thread: the lane."""

    HANDLERS: ClassVar[dict[type, str]] = {ExposureNews: "on_exposure"}

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.view = CoverView(self.spec, self.desk)
        self._uncovered_ns: int | None = None
        self._is_told = False
        self._told = ""

    def on_start(self) -> None:
        """As any pair; then look each second."""
        super().on_start()
        self.after_ns(LOOK_NS, Tick(LOOK))

    def on_tick(self, tick: Tick) -> None:
        """The look of each second, or a hedge's own times."""
        if tick.what != LOOK:
            super().on_tick(tick)
            return
        self.after_ns(LOOK_NS, Tick(LOOK))
        self._look()

    # ------------------------------------------------ the exposure

    def on_exposure(self, news: ExposureNews) -> None:
        """A record of the exposure came from a file or a feed."""
        if self.desk.journal.lost:
            return  # it can't be recorded, and the next node is told anew
        if news.exposure is None:
            self._complain(news.problem)
        else:
            self._take(news.exposure)

    def _take(self, told: Exposure, operator: str = "") -> str:
        """Adopt it and all that follows; why it was dropped, or ""."""
        fact = cover.decide(self.pair, told, self.spec.cover, self.clock.wall_ns())
        if isinstance(fact, str):
            if not operator and ("not newer" not in fact or cover.is_at_odds(self.pair, told)):
                self._complain(fact)
            return fact
        self._told = ""
        if operator:
            fact = ExposureTold(told, operator)  # a person's own word needs no other
        seq = self._own(fact)
        if isinstance(fact, ExposureTold):
            self._aim(seq)
            return ""
        known = self.pair.exposure
        moved = {"before": None if known is None else known.qty, "exposure": told.qty, "version": told.version}
        self.desk.alert("critical", "EXPOSURE_STEP", pair=self.name, **moved, cause=seq)
        return ""

    def _aim(self, cause: int) -> None:
        """A hedge in flight wants no more than the exposure now does."""
        hedge = self.pair.hedge
        if hedge is not None:
            facts = cover.aimed(self.pair, hedge, self.spec.cover, self.clock.mono_ns())
            if facts:
                self._follow(hedge.hedge_id, facts, cause)
                self._arm()
        self._look()

    def _complain(self, problem: str) -> None:
        """A record that can't be used is told once."""
        if problem != self._told:
            self._told = problem
            self.desk.alert("warning", "EXPOSURE_BAD", pair=self.name, problem=problem[:400])

    # ------------------------------------------------ looking

    def _look(self) -> None:
        event = self.view.due(self.pair)
        if event:
            self._fire(event, self.clock.mono_ns())
        elif self.pair.hedge is None:
            self._uncovered_ns, self._is_told = None, False
            if self.view.reason == cover.EXPOSURE_STALE:
                self._complain(cover.EXPOSURE_STALE)

    def _fire(self, event: str, now_ns: int) -> None:
        super()._fire(event, now_ns)
        if self.pair.hedge is not None or self.view.reason in QUIET_REASONS:
            return
        if self._uncovered_ns is None:
            self._uncovered_ns = now_ns
        elif not self._is_told and now_ns >= self._uncovered_ns + UNCOVERED_NS:
            self._is_told = True
            shown = self.view.show_cover(self.pair)
            told = {key: shown[key] for key in ("exposure", "held", "left", "unit")}
            self.desk.alert("warning", cover.UNCOVERED, pair=self.name, why=self.view.reason, **told)

    # ------------------------------------------------ people

    def on_operate(self, word: Operate) -> dict[str, Any]:
        """A person's word on the exposure, or any that a pair knows."""
        if self.desk.journal.lost:
            return super().on_operate(word)
        if word.verb == "exposure_set":
            seq = self._said(word, word.exposure)
            why = self._take(word.exposure, word.operator)
            return {"error": why} if why else {"seq": seq, **self.view.show_cover(self.pair)}
        if word.verb != "exposure_accept":
            return super().on_operate(word)
        if self.pair.waiting is None:
            return {"error": "no exposure waits for a person"}
        seq = self._said(word, self.pair.waiting)
        self._aim(self._own(ExposureTold(self.pair.waiting, word.operator)))
        return {"seq": seq, **self.view.show_cover(self.pair)}

    def _said(self, word: Operate, about: Exposure) -> int:
        """The person's word, on record before what it does."""
        body = {
            "actor": self.name,
            "verb": word.verb.replace("_", " "),
            "pair": self.name,
            "exposure": about.qty,
            "version": about.version,
            "operator": word.operator,
            "reason": word.reason,
        }
        return self.desk.journal.append(KIND, pack(body))
