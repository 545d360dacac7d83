"""What a pair holds on each leg, by its own fills: lots, and cash.

Every fill is booked at once, by cumulative quantity; its cash when the trade's
price is known. Nothing is rounded: lots and tick-lots are integers, so the
books can be compared with the venue's to the unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from domain.orders import Order


class LegBook(Struct, frozen=True, array_like=True, tag=True):
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


def rolled(book: LegBook, day: str) -> LegBook:
    """The book on a new trading day: today's lots become yesterday's."""
    if day == book.day:
        return book
    return LegBook(book.net, 0, book.cash, book.bought, book.sold, day)


def booked(book: LegBook, before: Order | None, after: Order) -> LegBook:
    """The book after an order moved from `before` to `after`."""
    qty = after.cum_qty - (before.cum_qty if before is not None else 0)
    cash = _cash(after) - (_cash(before) if before is not None else 0)
    if not qty and not cash:
        return book
    lots = qty * after.side
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
    net = book.net + lots
    today = book.today if abs(book.today) <= abs(net) and book.today * net >= 0 else net
    return LegBook(net, today, cash, book.bought + bought, book.sold + sold, book.day)


def _today(book: LegBook, offset: str, lots: int, undone: bool) -> int:
    """Today's lots after a fill of `lots`, or after one was taken off.

    A close takes today's lots before older ones, but for close yesterday;
    never more of them than there are, and never more than are held.
    """
    net = book.net + lots
    today = book.today
    if offset in ("O", "N") or undone:
        today += 0 if offset == "Y" else lots
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
