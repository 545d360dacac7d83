"""A close that was refused: the venue is asked what can be closed.

The hedge waits for the answer, a moment at most; then what is left is planned
anew from it. Nothing that was to reduce is ever sent as an open.
"""

from __future__ import annotations

from typing import Any

from actors.notes import Tick
from actors.pair_hand import PairHand
from actors.venue import AskAgain
from domain import pairs
from domain.books import split_of
from domain.closable import CLOSING, read_today
from domain.orders import OrderRejected
from domain.pairs import LotsRead
from domain.venue_news import Position, PositionsTold
from domain.venues import POSITIONS

LOTS_WAIT_NS = 500_000_000
"""How long a refused close waits for the venue's positions."""


class PairLots(PairHand):
    """The part of a pair that re-reads its lots. Thread: the lane."""

    def want_lots(self, facts: tuple) -> None:
        """Ask where one of these facts is a close's refusal. Before it is followed."""
        for fact in facts:
            if fact.__class__ is OrderRejected:
                order = pairs.place_of(self.memory.pair, fact.cl_ord_id)[1]
                if order is not None and order.offset in CLOSING:
                    self._ask_lots(order.leg, order.side)

    def _ask_lots(self, index: int, side: int) -> None:
        leg = self.spec.legs[index]
        wanted = self.view.lots_wanted
        if index in wanted or leg.instrument.offset_mode != "octy":
            return
        if not self.desk.links[leg.venue].capabilities.get("positions"):
            return
        if not wanted:
            self.after_ns(LOTS_WAIT_NS, Tick("lots"))
        wanted[index] = side
        self.tell(f"venue/{leg.venue}", AskAgain(POSITIONS))

    def on_positions(self, told: PositionsTold) -> None:
        """The venue's answer: today's lots are as it has them; go on."""
        wanted = self.view.lots_wanted
        if wanted and self.comes_again(told):
            return
        found = [index for index in wanted if self.spec.legs[index].venue == told.venue]
        rows = {row.symbol: row for row in told.positions}
        for index in found:
            side = wanted.pop(index)
            book, row = self.memory.pair.books[index], rows.get(self.spec.legs[index].symbol)
            if row is None or (not book.net and book.sides is None):
                continue
            for each in (side,) if book.sides is None else (side, -side):
                self._read(index, row, each)
        if found and not wanted:
            self._go_on()

    def _read(self, index: int, row: Position, side: int) -> None:
        """Today's lots of what `side` closes, where the venue has others; a lock holds the other side too."""
        book = self.memory.pair.books[index]
        today = read_today(book, row, side)
        known = book.today if book.sides is None else -side * split_of(book, side)[1]
        if today != known:
            self._own(LotsRead(index, today, "close refused", 0 if book.sides is None else side))

    def on_lots_tick(self) -> None:
        """No answer in time: on with what is known."""
        if self.view.lots_wanted:
            self.view.lots_wanted.clear()
            self._go_on()

    def _go_on(self) -> None:
        hedge: Any = self.memory.pair.hedge
        if hedge is not None:
            self._follow(hedge.hedge_id, (), 0)
            self._arm()
