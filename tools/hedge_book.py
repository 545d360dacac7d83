"""All hedges of a journal, folded in this process; the node is not asked.

A node keeps a pair's last hedges at hand; here are all, with the FX rates that
their decisions saw and the wall times of their records.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from actors.hedge_show import Terms, hedge_map, terms_of
from actors.recovery import CHANGE
from domain import hedges
from domain.hedges import Hedge, HedgeFact, HedgeOpened
from domain.mandates import MandateGiven, MandateReturned, MandateRevoked
from domain.market import Instrument
from domain.orders import OrderFact
from journal.format import Record
from journal.reader import read
from wire.codec import unpack
from wire.records import Decision, decode_decision

START, DECISION = "start", "decision"
NO_TERMS = Terms("")
_OF_A_HEDGE = (HedgeFact, OrderFact, MandateGiven, MandateRevoked, MandateReturned)


class Kept(msgspec.Struct):
    """One hedge, and what its cost is told from."""

    hedge: Hedge
    pair: str
    opened_wall_ns: int
    terms: Terms


class HedgeBook:
    """Every hedge on record, in the order in which they opened."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.terms: dict[str, Terms] = {}
        self.instruments: dict[tuple[str, str], Instrument] = {}
        self.mono_ns = 0

    def take(self, record: Record) -> None:
        """One record; those that are of no hedge pass by."""
        self.mono_ns = record.mono_ns
        if record.kind in (START, CHANGE):
            started = unpack(record.body)
            terms, instruments = terms_of(started if isinstance(started, dict) else {})
            self.terms.update(terms)
            self.instruments.update(instruments)
        elif record.kind == DECISION:
            self._decided(decode_decision(record.body), record.wall_ns)

    def _decided(self, decision: Decision, wall_ns: int) -> None:
        for fact in decision.facts:
            if isinstance(fact, HedgeOpened):
                terms = self.terms.get(decision.pair, NO_TERMS)
                if decision.saw is not None:
                    terms = Terms(terms.currency, tuple(decision.saw.rates))
                self.kept[fact.hedge_id] = Kept(hedges.opened(fact), decision.pair, wall_ns, terms)
            elif isinstance(fact, _OF_A_HEDGE):
                kept = self._kept_for(decision, fact)
                if kept is not None:
                    kept.hedge = hedges.evolve(kept.hedge, fact)

    def _kept_for(self, decision: Decision, fact: Any) -> Kept | None:
        if decision.hedge is not None:
            return self.kept.get(decision.hedge)
        ref = getattr(fact, "cl_ord_id", "")
        return self.kept.get(ref.rpartition(".")[0])

    def rows(self, pair: str | None = None) -> list[dict[str, Any]]:
        """Every hedge, or one pair's, oldest first."""
        return [self._row(each) for each in self.kept.values() if pair is None or each.pair == pair]

    def row(self, hedge_id: str) -> dict[str, Any] | None:
        """One hedge, None where it is not on record."""
        kept = self.kept.get(hedge_id)
        return None if kept is None else self._row(kept)

    def _row(self, kept: Kept) -> dict[str, Any]:
        return hedge_map(kept.hedge, kept.pair, self.mono_ns, kept.opened_wall_ns, kept.terms, self.instruments)


def book_of(records: Iterable[Record]) -> HedgeBook:
    """The hedges of these records."""
    book = HedgeBook()
    for record in records:
        book.take(record)
    return book


def book_in(directory: Path | str) -> HedgeBook:
    """The hedges of a journal. Raises: JournalError."""
    return book_of(read(directory))


def rows_in(places: Iterable[Path], pair: str | None = None) -> list[dict[str, Any]]:
    """Every hedge of these nodes, or one pair's, by the time of opening."""
    rows = [row for place in places for row in book_in(place / "journal").rows(pair)]
    return sorted(rows, key=lambda row: row["times"]["opened"] or "")


def row_in(places: Iterable[Path], hedge_id: str | None) -> dict[str, Any] | None:
    """One hedge of these nodes; without an id the one that opened last."""
    if hedge_id is None:
        return next(reversed(rows_in(places)), None)
    return next((row for place in places if (row := book_in(place / "journal").row(hedge_id)) is not None), None)
