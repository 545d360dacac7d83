"""One recorded book, traded against by orders that it never knew.

Theory. The recording can't react, so what we take is only remembered: each
level holds a `taken` quantity beside the recorded one, and offers the
difference. A level that changes in the recording (another quantity, or gone
and back) is a new level, with nothing taken from it.

- A taker meets the recorded opposing levels up to its limit, best first, at
  their prices.
- What a day order did not take rests. It fills at its own price when the
  opposite touch reaches it, by what the level that reached it offers; better
  prices first, then older orders. Nobody is ahead of it in a queue: the
  recording does not say who was, so a replay is kinder to resters than the
  market was.

No I/O, no clock: a pure value machine, which the tests drive by properties.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from domain.errors import require

BUY, SELL = "1", "2"
DAY, IOC, FOK = "0", "3", "4"


class Fill(Struct, frozen=True, gc=False):
    """A part of an order that traded."""

    order_id: str
    qty: int
    px: int


class Rester(Struct, gc=False):
    """An order that works, and what is left of it."""

    order_id: str
    side: str
    px: int
    leaves_qty: int


class _Side:
    """The recorded levels of one side and what was taken from each."""

    def __init__(self, *, rising: bool) -> None:
        self.rising = rising
        self._levels: tuple[int, ...] = ()
        self._taken: dict[int, int] = {}

    def change(self, levels: tuple[int, ...]) -> bool:
        """Adopt recorded levels; whether they differ from the last."""
        if levels == self._levels:
            return False
        if self._taken:
            same = set(_pairs(levels)) & set(_pairs(self._levels))
            self._taken = {px: qty for px, qty in self._taken.items() if any(px == at for at, _ in same)}
        self._levels = levels
        return True

    def offered(self, limit_px: int | None) -> Iterator[tuple[int, int]]:
        """(px, qty) that can still be taken within the limit, best first."""
        for px, qty in _pairs(self._levels):
            if limit_px is not None and (px > limit_px if self.rising else px < limit_px):
                return
            left = qty - self._taken.get(px, 0)
            if left > 0:
                yield px, left

    def take(self, px: int, qty: int) -> None:
        """Remember that `qty` of the level at `px` is ours."""
        self._taken[px] = self._taken.get(px, 0) + qty


def _pairs(levels: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    return zip(levels[::2], levels[1::2], strict=True)


class Book:
    """The book of one symbol, and the orders of ours that rest in it."""

    def __init__(self) -> None:
        self._bids = _Side(rising=False)
        self._asks = _Side(rising=True)
        self._resting: list[Rester] = []

    def available(self, side: str, limit_px: int | None) -> int:
        """Lots that an order of `side` could take now within the limit."""
        return sum(qty for _, qty in self._opposite(side).offered(limit_px))

    def enter(self, order_id: str, side: str, qty: int, px: int | None, tif: str) -> tuple[list[Fill], int]:
        """What an order takes at once, and how much of it then works.

        An IOC or a FOK never works on; neither does a market order.
        """
        require(qty > 0, f"{order_id}: an order of {qty} lots")
        if tif == FOK and self.available(side, px) < qty:
            return [], 0
        fills = self._take(order_id, side, qty, px)
        left = qty - sum(fill.qty for fill in fills)
        if tif != DAY or px is None or not left:
            return fills, 0
        self._resting.append(Rester(order_id, side, px, left))
        return fills, left

    def quote(self, bids: tuple[int, ...], asks: tuple[int, ...]) -> list[Fill]:
        """Adopt the recorded book; the fills of orders that it reached."""
        bids_changed, asks_changed = self._bids.change(bids), self._asks.change(asks)
        if not self._resting or not (bids_changed or asks_changed):
            return []
        return self._reach(BUY, asks_changed) + self._reach(SELL, bids_changed)

    def cancel(self, order_id: str) -> int:
        """Take an order out; the lots that it still had, 0 where none works."""
        for place, rester in enumerate(self._resting):
            if rester.order_id == order_id:
                del self._resting[place]
                return rester.leaves_qty
        return 0

    def _opposite(self, side: str) -> _Side:
        return self._asks if side == BUY else self._bids

    def _take(self, order_id: str, side: str, qty: int, px: int | None) -> list[Fill]:
        """Fills of a taker at the recorded prices."""
        opposite, fills = self._opposite(side), []
        for level_px, offered in list(opposite.offered(px)):
            taken = min(qty, offered)
            opposite.take(level_px, taken)
            fills.append(Fill(order_id, taken, level_px))
            qty -= taken
            if not qty:
                break
        return fills

    def _reach(self, side: str, changed: bool) -> list[Fill]:
        """Fills of the resters of `side` whose price the other side reached."""
        if not changed:
            return []
        opposite, fills = self._opposite(side), []
        mine = [rester for rester in self._resting if rester.side == side]
        for rester in sorted(mine, key=lambda rester: -rester.px if side == BUY else rester.px):
            for level_px, offered in list(opposite.offered(rester.px)):
                taken = min(rester.leaves_qty, offered)
                opposite.take(level_px, taken)
                rester.leaves_qty -= taken
                fills.append(Fill(rester.order_id, taken, rester.px))
                if not rester.leaves_qty:
                    break
        self._resting = [rester for rester in self._resting if rester.leaves_qty]
        return fills
