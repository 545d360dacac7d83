"""Positions: long and short, today's and yesterday's lots apart.

A position nets (offset N: what it has of the other side goes first), or is
opened and closed by the order's own word (O, C, T, Y). Yesterday's lots are
closed before today's where the order doesn't say which.
"""

from __future__ import annotations

import msgspec

from exchange.codes import BUY, CLOSE, CLOSE_TODAY, CLOSE_YESTERDAY, NONE, OPEN, SELL
from exchange.instruments import CLOSING, CLOSING_TODAY, OPENING


class Lots(msgspec.Struct):
    """The lots of one side (long or short) of a position."""

    today: int = 0
    old: int = 0

    @property
    def qty(self) -> int:
        return self.today + self.old


class Free(msgspec.Struct, frozen=True):
    """Lots of one side that no working order is about to close."""

    qty: int
    today: int

    @property
    def old(self) -> int:
        return self.qty - self.today


class Position(msgspec.Struct):
    """An account's lots in one symbol."""

    long: Lots = msgspec.field(default_factory=Lots)
    short: Lots = msgspec.field(default_factory=Lots)

    @property
    def net(self) -> int:
        return self.long.qty - self.short.qty

    def closable(self, side: str) -> Lots:
        """What an order of `side` would close."""
        return self.short if side == BUY else self.long

    def apply(self, side: str, offset: str, qty: int) -> list[tuple[str, int]]:
        """Book a trade; say which lots opened, closed, closed today's."""
        opened = self.long if side == BUY else self.short
        held = self.closable(side)
        if offset == OPEN:
            old = today = 0
        elif offset == CLOSE_TODAY:
            old, today = 0, qty
        elif offset == CLOSE_YESTERDAY:
            old, today = qty, 0
        else:
            old = min(qty, held.old)
            today = qty - old if offset == CLOSE else min(qty - old, held.today)
        held.old -= old
        held.today -= today
        rest = qty - old - today
        opened.today += rest
        parts = ((OPENING, rest), (CLOSING, old), (CLOSING_TODAY if offset != NONE else CLOSING, today))
        return [(what, lots) for what, lots in parts if lots]

    def undo(self, side: str, offset: str, qty: int) -> bool:
        """Take a trade back; False, and nothing done, where its lots are gone."""
        if offset == NONE:
            self.apply(SELL if side == BUY else BUY, NONE, qty)
            return True
        if offset != OPEN:
            held = self.closable(side)
            if offset == CLOSE_YESTERDAY:
                held.old += qty
            else:
                held.today += qty
            return True
        opened = self.long if side == BUY else self.short
        if opened.qty < qty:
            return False
        today = min(qty, opened.today)
        opened.today -= today
        opened.old -= qty - today
        return True

    def roll(self) -> None:
        """A new trading day: today's lots become yesterday's."""
        for lots in (self.long, self.short):
            lots.old += lots.today
            lots.today = 0


def free_of(lots: Lots, working: list[tuple[str, int]]) -> Free:
    """What `working` closes, as (offset, lots left), leave unfrozen."""
    frozen_today = sum(qty for offset, qty in working if offset == CLOSE_TODAY)
    frozen_old = sum(qty for offset, qty in working if offset == CLOSE_YESTERDAY)
    either = sum(qty for offset, qty in working if offset == CLOSE)
    old = lots.old - frozen_old
    today = lots.today - frozen_today - max(0, either - old)
    return Free(qty=lots.qty - frozen_today - frozen_old - either, today=today)
