"""What a pair holds on each leg, by its own fills: lots, and cash.

Every fill is booked at once, by cumulative quantity; its cash when the trade's
price is known. Nothing is rounded: lots and tick-lots are integers, so the
books can be compared with the venue's to the unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from domain.market import LOCK, UNLOCK
from domain.orders import Order

_TWO_SIDED = frozenset((LOCK, UNLOCK))


class Sides(Struct, frozen=True, array_like=True):
    """Lots of both sides, where a lock may hold long and short at once; none below 0."""

    long_old: int = 0
    long_today: int = 0
    short_old: int = 0
    short_today: int = 0

    @property
    def long(self) -> int:
        return self.long_old + self.long_today

    @property
    def short(self) -> int:
        return self.short_old + self.short_today

    @property
    def is_locked(self) -> bool:
        return self.long > 0 and self.short > 0


class LegBook(Struct, frozen=True, array_like=True, tag=True, gc=False):
    """`net`: signed lots. `today`: signed lots of it opened this trading day.

    `cash`: tick-lots received less paid, over all trades ever booked; with
    `net` lots at a price px the result is cash + net x px ticks.
    """

    net: int = 0
    today: int = 0
    cash: int = 0
    bought: int = 0
    sold: int = 0
    day: str = ""
    sides: Sides | None = None
    """Both sides, once a lock has held them; None: what `net` and `today` say."""


def sides_of(book: LegBook) -> Sides:
    """Long and short lots, whichever way the book keeps them."""
    if book.sides is not None:
        return book.sides
    today = abs(book.today)
    old = abs(book.net) - today
    return Sides(old, today, 0, 0) if book.net > 0 else Sides(0, 0, old, today)


def split_of(book: LegBook, side: int) -> tuple[int, int]:
    """(yesterday's, today's) lots that an order of `side` would close."""
    sides = book.sides
    if sides is not None:
        return (sides.short_old, sides.short_today) if side > 0 else (sides.long_old, sides.long_today)
    today = max(0, -side * book.today)
    return max(0, -side * book.net - today), today


def rolled(book: LegBook, day: str) -> LegBook:
    """The book on a new trading day: today's lots become yesterday's."""
    if day == book.day:
        return book
    sides = book.sides
    if sides is not None:
        sides = Sides(sides.long, 0, sides.short, 0)
    return LegBook(book.net, 0, book.cash, book.bought, book.sold, day, sides)


def read(book: LegBook, today: int, side: int) -> LegBook:
    """The book with today's lots as a venue has them, of what `side` closes."""
    sides = book.sides
    if sides is None or not side:
        return replace(book, today=today)
    if side > 0:
        sides = Sides(sides.long_old, sides.long_today, sides.short - abs(today), abs(today))
    else:
        sides = Sides(sides.long - abs(today), abs(today), sides.short_old, sides.short_today)
    return _with(book, sides)


def booked(book: LegBook, before: Order | None, after: Order) -> LegBook:
    """The book after an order moved from `before` to `after`."""
    qty = after.cum_qty - (before.cum_qty if before is not None else 0)
    cash = _cash(after) - (_cash(before) if before is not None else 0)
    if not qty and not cash:
        return book
    lots = qty * after.side
    if book.sides is not None or after.offset in _TWO_SIDED:
        traded = LegBook(
            book.net, book.today, book.cash + cash,
            book.bought + (qty if after.side > 0 else 0), book.sold + (qty if after.side < 0 else 0), book.day, book.sides,
        )  # fmt: skip
        return _with(traded, _moved(sides_of(book), after.offset, after.side, qty))
    today = _today(book, after.offset, lots, undone=qty < 0)
    bought = book.bought + (qty if after.side > 0 else 0)
    sold = book.sold + (qty if after.side < 0 else 0)
    return LegBook(book.net + lots, today, book.cash + cash, bought, sold, book.day)


def caught_up(book: LegBook, orders: Iterable[tuple[Order | None, Order]]) -> LegBook:
    """The book with what it has not heard yet: (as it knows them, as they are)."""
    for before, after in orders:
        book = booked(book, before, after)
    return book


def taken(book: LegBook, lots: int, px: int | None) -> LegBook:
    """The book after signed lots were traded by somebody else, or by hand.

    Without a price the cash stays as it is.
    """
    bought, sold = max(0, lots), max(0, -lots)
    cash = book.cash - (lots * px if px is not None else 0)
    if book.sides is not None and lots:
        traded = LegBook(book.net, book.today, cash, book.bought + bought, book.sold + sold, book.day, book.sides)
        return _with(traded, _moved(book.sides, "C", 1 if lots > 0 else -1, abs(lots)))
    net = book.net + lots
    today = book.today if abs(book.today) <= abs(net) and book.today * net >= 0 else net
    return LegBook(net, today, cash, book.bought + bought, book.sold + sold, book.day)


def _moved(sides: Sides, offset: str, side: int, qty: int) -> Sides:
    """Both sides after `qty` lots of an order, or (below 0) after they were taken off.

    What a close does not find on the other side has opened on its own.
    """
    held = [[sides.long_old, sides.long_today], [sides.short_old, sides.short_today]]
    own, other = (held[0], held[1]) if side > 0 else (held[1], held[0])
    opens, old_first = offset in ("O", "N", LOCK), offset in ("Y", UNLOCK)
    if qty < 0 and not opens:
        other[0 if old_first else 1] -= qty
    elif qty < 0:
        other[1] += _take(own, -qty, 1)
    elif opens:
        own[1] += qty
    else:
        own[1] += _take(other, qty, 0 if old_first else 1)
    return Sides(*held[0], *held[1])


def _take(lots: list[int], qty: int, first: int) -> int:
    """Take lots from [old, today], those at `first` before; what was not there."""
    for place in (first, 1 - first):
        taken = min(qty, lots[place])
        lots[place] -= taken
        qty -= taken
    return qty


def _with(book: LegBook, sides: Sides) -> LegBook:
    """The book that holds these: from its first lock on, both sides are kept apart."""
    net = sides.long - sides.short
    today = min(sides.long_today, net) if net > 0 else max(-sides.short_today, net)
    return LegBook(net, today, book.cash, book.bought, book.sold, book.day, sides)


def _today(book: LegBook, offset: str, lots: int, undone: bool) -> int:
    """Today's lots after a fill of `lots`, or after one was taken off.

    A close takes today's lots before older ones, but for close yesterday;
    never more of them than there are, and never more than are held: what fills
    beyond that is today's of the other side.
    """
    net = book.net + lots
    today = book.today
    if offset in ("O", "N") or undone:
        today += 0 if offset == "Y" else lots
    elif offset in ("T", "C") and net * lots > 0:  # more than was held: what is beyond it has opened
        today = net if book.net * lots < 0 else today + lots
    elif offset in ("T", "C") and today * lots < 0:
        today += lots if abs(today) >= abs(lots) else -today
    return max(min(today, net), 0) if net > 0 else min(max(today, net), 0)


def _cash(order: Order) -> int:
    return -order.side * sum(qty * px for _, qty, px in order.trades)


def units_of(nets: Sequence[int], lots: Sequence[int]) -> int:
    """Whole pair units that all legs hold; signed, + when bought.

    A leg of 0 lots is sized by the price of each decision: the others say.
    """
    units = None
    for net, lot in zip(nets, lots, strict=True):
        if not lot:
            continue
        share = net // lot if net * lot >= 0 else 0
        if net < 0 < lot or lot < 0 < net:
            share = -(abs(net) // abs(lot))
        if units is None:
            units = share
        elif units * share <= 0:
            return 0
        else:
            units = min(units, share) if units > 0 else max(units, share)
    return units or 0
