"""What troubles do at a venue: stray fills, amended trades, locks, lines.

Each function takes the venue, what was armed and `now`. Nothing here is done
by halves: what the books can't bear (lots that are closed already) is left
undone and recorded as missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from exchange.codes import BUY, CANCELED, FILLED, IOC, NEW, NONE, OTHER_SIDE, PARTIAL, SELL, WORKING
from exchange.errors import TroubleError
from exchange.intruders import liquidate, outside_order
from exchange.kinds import NOW
from exchange.listing import BadQuote, Listing
from exchange.session import AUCTION, CLOSED, HALT, READY
from exchange.trouble import MS, Armed, event_of
from exchange.values import HOUSE, LineEvent, Order, Telling, TradeEvent

if TYPE_CHECKING:
    from exchange.venue import Venue

Undo = Callable[[int], None]
STATUSES = {"halt": HALT, "close": CLOSED, "auction": AUCTION, "open": READY}
LOCK_QTY = 100_000


def begin(venue: Venue, armed: Armed, now: int) -> None:
    """Do a trouble of NOW; the others wait for their order.

    Raises: TroubleError where there is nothing to do it to.
    """
    if armed.point != NOW:
        return
    if armed.kind in STATUSES:
        undo = _set_status(venue, armed, now)
    else:
        undo = _ACTS[armed.kind](venue, armed, now)
    venue.troubles.begun(armed, undo)
    if armed.kind not in ("bust", "correct"):  # they name their order themselves
        text = f"for {armed.for_ms} ms" if armed.for_ms else ""
        venue.events.append(event_of(venue.name, armed, now, text=text))
    if undo is not None and armed.for_ms:
        venue.agenda.plan(armed.until_ns, lambda later: venue.troubles.end(armed.number, later))


def telling_of(met: Iterable[Armed]) -> Telling | None:
    """How the reports of an order come that met these."""
    fields: dict[str, str | bool | int] = {}
    for armed in met:
        if armed.kind == "lose_ack":
            fields.setdefault("lose", "ack")
        elif armed.kind == "lose_report":
            fields["lose"] = armed.how
        elif armed.kind == "gap":
            fields["gap"] = True
        elif armed.kind == "repeat":
            fields |= {"again": armed.times, "again_ms": armed.ms}
        else:
            which = {"all": ("orders_ms", "trades_ms"), "fill_first": ("orders_ms",), "orders": ("orders_ms",)}
            for key in which.get(armed.how, ("trades_ms",)):
                fields[key] = max(armed.ms, fields.get(key, 0))
    return Telling(**fields) if fields else None


# ---------------------------------------------------------------- fills outside the book


def fill_off_book(venue: Venue, order: Order, qty: int, now: int) -> int:
    """Trade with the house beside the book; how many lots it could be.

    The order is not in the book. A closing one trades no more than there is.
    """
    listing = venue.listings[order.symbol]
    room = venue.accounts[order.account].room(listing.instrument, order)
    qty = qty if room is None else min(qty, room)
    if qty <= 0:
        return 0
    px = listing.mark if order.px is None else order.px
    order.cum_qty += qty
    if order.status in WORKING:
        order.status = PARTIAL if order.open_qty else FILLED
    counter = _counter(order, qty, px, now)
    trade_id = venue.next_trade_id()
    venue.book_trade(counter, trade_id, qty, px, now, maker=True)
    venue.book_trade(order, trade_id, qty, px, now, maker=False)
    return qty


def _counter(order: Order, qty: int, px: int, now: int) -> Order:
    """The house as the other side, as if its order had just been filled."""
    side = OTHER_SIDE[order.side]
    return Order(
        "", HOUSE, "", "", order.symbol, side, NONE, qty, px, IOC, now, order.trading_day, house=True, status=FILLED, cum_qty=qty
    )


def fill_later(venue: Venue, met: Armed, order: Order, left: int, now: int) -> None:
    """An order that was canceled trades all the same, `ms` later."""

    def fill(later: int) -> None:
        if not fill_off_book(venue, order, min(met.qty or left, left), later):
            missed(venue, met, later, order, "its lots are closed already")

    venue.agenda.plan(now + met.ms * MS, fill)


# ---------------------------------------------------------------- trades taken back and corrected


def amend_later(venue: Venue, met: Armed, trade: TradeEvent, now: int) -> None:
    """Bust or correct a trade, `ms` later."""

    def change(later: int) -> None:
        try:
            amend(venue, met, trade, later)
        except TroubleError as error:
            missed(venue, met, later, venue.order_of(trade), str(error))

    venue.agenda.plan(now + met.ms * MS, change)


def amend(venue: Venue, met: Armed, trade: TradeEvent, now: int) -> None:
    """H or G of a trade, in the books and on record. Raises: TroubleError."""
    order = venue.order_of(trade)
    stands = standing(venue, trade)
    if order is None or stands is None:
        raise TroubleError(f"trade {trade.trade_id} was taken back already")
    now = max(now, order.changed_ns + 1)  # so that its time tells which states are of before it
    was_qty, was_px, fee = stands
    qty, px = (0, was_px) if met.kind == "bust" else (met.qty or was_qty, was_px if met.px is None else met.px)
    if qty > was_qty:
        raise TroubleError(f"trade {trade.trade_id} is {was_qty} lots; a correction can't make it {qty}")
    account, instrument = venue.accounts[trade.account], venue.listings[trade.symbol].instrument
    if not account.unbook_trade(instrument, trade.side, trade.offset, was_px, was_qty, fee):
        raise TroubleError(f"trade {trade.trade_id}: its lots are closed already")
    new_fee = account.book_trade(instrument, trade.side, trade.offset, px, qty) if qty else 0
    house = venue.accounts[HOUSE]
    house.book_trade(instrument, trade.side, NONE, was_px, was_qty)
    if qty:
        house.book_trade(instrument, OTHER_SIDE[trade.side], NONE, px, qty)
    order.cum_qty -= was_qty - qty
    order.gone += was_qty - qty
    order.changed_ns = now
    if order.status in WORKING:
        order.status = PARTIAL if order.cum_qty else NEW
    change = msgspec.structs.replace(
        trade,
        trade_id=venue.next_trade_id(),
        exec_type="H" if met.kind == "bust" else "G",
        trade_ref=trade.trade_id,
        qty=qty or was_qty,
        px=px,
        fee=new_fee,
        was_qty=was_qty,
        was_px=was_px,
        exch_ns=now,
        trading_day=venue.trading_day,
        telling=None,
    )
    venue.days[order.trading_day].trades[order.order_id].append(change)
    venue.events += [change, _house_side(change)]
    venue.tell(order)


def standing(venue: Venue, trade: TradeEvent) -> tuple[int, int, int] | None:
    """A trade's qty, px and fee as they now are; None: it was taken back."""
    found: tuple[int, int, int] | None = (trade.qty, trade.px, trade.fee)
    order = venue.order_of(trade)
    for one in venue.trades(order) if order else ():
        if one.trade_ref == trade.trade_id:
            found = None if one.exec_type == "H" else (one.qty, one.px, one.fee)
    return found


def _house_side(change: TradeEvent) -> TradeEvent:
    side = OTHER_SIDE[change.side]
    return msgspec.structs.replace(
        change, account=HOUSE, session="", client_ref="", order_id="", side=side, offset=NONE, fee=0, house=True
    )


def _amend_now(venue: Venue, armed: Armed, now: int) -> None:
    for trade in venue.newest_trades():
        order = venue.order_of(trade)
        named = armed.trade_id in ("", trade.trade_id)
        if order is not None and named and armed.meets(order) and standing(venue, trade) is not None:
            if armed.ms:
                amend_later(venue, armed, trade, now)
            else:
                amend(venue, armed, trade, now)
            venue.events.append(event_of(venue.name, armed, now, order, f"trade {trade.trade_id}"))
            return
    raise TroubleError(f"no trade to {armed.kind}: none that stands meets the aim; see `sim truth`, or arm the next one")


# ---------------------------------------------------------------- markets


def _set_status(venue: Venue, armed: Armed, now: int) -> Undo | None:
    status = STATUSES[armed.kind]
    before = {name: one.status for name, one in venue.listings.items() if armed.symbol in ("", name) and one.status != status}
    if not before:
        raise TroubleError(f"{armed.symbol or venue.name} is in that state already (FIX status {status})")
    venue.set_status(now, armed.symbol, status)

    def undo(later: int) -> None:
        for name, was in before.items():
            if venue.listings[name].status == status:
                venue.set_status(later, name, was)

    if armed.kind != "open":
        return undo
    venue.troubles.forget(frozenset(STATUSES), armed.symbol)
    return None


def _new_day(venue: Venue, _armed: Armed, now: int) -> None:
    day = datetime.strptime(venue.trading_day, "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1)
    venue.roll(now, day.strftime("%Y%m%d"))


def _lock(venue: Venue, armed: Armed, now: int) -> Undo:
    found = {n: one for n, one in venue.listings.items() if armed.symbol in ("", n) and one.limits and not one.locked}
    if not found:
        raise TroubleError(f"{armed.symbol or venue.name} has no day's limits (band) to lock at, or is locked already")
    side = BUY if armed.how == "up" else SELL
    orders: dict[str, Order | None] = {}
    for name, listing in found.items():
        listing.locked = side
        for order in _house_orders(listing, OTHER_SIDE[side]):
            venue.house_cancel(now, order)
        orders[name] = venue.house_order(now, name, side, LOCK_QTY, listing.limits[1 if side == BUY else 0])

    def undo(later: int) -> None:
        for name, order in orders.items():
            venue.listings[name].locked = ""
            if order is not None:
                venue.house_cancel(later, order)

    return undo


def _house_orders(listing: Listing, side: str) -> list[Order]:
    levels = list(listing.book.sides[side].levels())
    return [order for level in levels for order in level.orders.values() if order.house]


def _bad_quote(venue: Venue, armed: Armed, _now: int) -> Undo:
    found = [one for name, one in venue.listings.items() if armed.symbol in ("", name)]
    for listing in found:
        listing.bad_quote = BadQuote(armed.how, armed.side)
        listing.book.changes += 1

    def undo(_later: int) -> None:
        for listing in found:
            listing.bad_quote = None
            listing.book.changes += 1

    return undo


# ---------------------------------------------------------------- lines


def _drop(venue: Venue, armed: Armed, now: int) -> Undo:
    venue.events.append(LineEvent(venue.name, armed.account, "drop", now))
    if armed.how == "cancel":
        for account in venue.clients(armed.account):
            for order in list(account.working.values()):
                venue.listings[order.symbol].book.remove(order)
                venue.end(order, CANCELED, now)
    return lambda later: venue.events.append(LineEvent(venue.name, armed.account, "back", later))


def _silent(venue: Venue, armed: Armed, now: int) -> Undo:
    venue.events.append(LineEvent(venue.name, armed.account, "silent", now, armed.how))
    return lambda later: venue.events.append(LineEvent(venue.name, armed.account, "speak", later, armed.how))


def missed(venue: Venue, armed: Armed, now: int, order: Order | None, why: str) -> None:
    """On record: the trouble found nothing to do."""
    venue.events.append(msgspec.structs.replace(event_of(venue.name, armed, now, order, why), missed=True))


_ACTS: dict[str, Callable[[Venue, Armed, int], Undo | None]] = {
    "bust": _amend_now,
    "correct": _amend_now,
    "lock_limit": _lock,
    "new_day": _new_day,
    "bad_quote": _bad_quote,
    "drop_session": _drop,
    "silent": _silent,
    "liquidate": liquidate,
    "outside_order": outside_order,
}
