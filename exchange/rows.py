"""What the core knows, as messages of the session protocol."""

from __future__ import annotations

from typing import Any

from exchange.account import Account, Balance
from exchange.codes import BUY, SELL
from exchange.config import InstrumentSpec, definition_of
from exchange.instruments import Instrument, from_minor
from exchange.values import Order, TradeEvent
from exchange.venue import Listing
from wire.exchange import AccountRow, Book, InstrumentInfo, OrderReport, PositionRow, Status, TradeReport


def instruments_told(specs: list[InstrumentSpec]) -> list[InstrumentInfo]:
    """A venue's instruments, the last one marked."""
    maps: list[dict[str, Any]] = [definition_of(spec) for spec in specs]
    return [InstrumentInfo(one, number == len(maps)) for number, one in enumerate(maps, 1)]


def book_of(symbol: str, listing: Listing, depth: int, now: int) -> Book:
    """A snapshot of a symbol's book as it is now."""
    book = listing.book
    return Book(symbol, now, book.sides[BUY].flat(depth), book.sides[SELL].flat(depth), book.last, book.volume)


def status_of(symbol: str, listing: Listing, now: int) -> Status:
    """A symbol's trading status and limits."""
    limits = listing.limits or (None, None)
    return Status(symbol, now, listing.status, limits[0], limits[1])


def order_report(order: Order, seq: int, req_id: str = "", *, again: bool = False) -> OrderReport:
    """An order as it stands; seq 0 in an answer to a query."""
    return OrderReport(
        seq=seq,
        req_id=req_id,
        trading_day=order.trading_day,
        session=order.session,
        client_ref=order.client_ref,
        order_id=order.order_id,
        symbol=order.symbol,
        side=order.side,
        offset=order.offset,
        qty=order.qty,
        px=order.px,
        tif=order.tif,
        status=order.status,
        cum_qty=order.cum_qty,
        leaves_qty=order.leaves_qty,
        reason=order.reason,
        code=order.code,
        text=order.text,
        exch_ns=order.changed_ns,
        poss_resend=again,
    )


def trade_report(trade: TradeEvent, seq: int, req_id: str = "", *, again: bool = False) -> TradeReport:
    """A trade; seq 0 in an answer to a query."""
    return TradeReport(
        seq=seq,
        req_id=req_id,
        trading_day=trade.trading_day,
        session=trade.session,
        client_ref=trade.client_ref,
        order_id=trade.order_id,
        trade_id=trade.trade_id,
        exec_type=trade.exec_type,
        trade_ref=trade.trade_ref,
        symbol=trade.symbol,
        side=trade.side,
        offset=trade.offset,
        qty=trade.qty,
        px=trade.px,
        fee=from_minor(trade.fee, trade.fee_digits),
        fee_currency=trade.fee_currency,
        exch_ns=trade.exch_ns,
        origin=trade.origin,
        poss_resend=again,
    )


def position_row(req_id: str, account: Account, instrument: Instrument) -> PositionRow:
    """An account's lots in a symbol; of a spot one, what it holds."""
    symbol = instrument.symbol
    if instrument.is_spot:
        held = account.cash.get(instrument.base, 0) // instrument.base_qty(1)
        selling = sum(o.leaves_qty for o in account.working.values() if o.symbol == symbol and o.side == SELL)
        return PositionRow(req_id, symbol, held, 0, 0, 0, max(0, held - selling), 0, 0, 0)
    position = account.position(symbol)
    long_free, short_free = account.free(symbol, SELL), account.free(symbol, BUY)
    return PositionRow(
        req_id=req_id,
        symbol=symbol,
        long_qty=position.long.qty,
        short_qty=position.short.qty,
        long_today=position.long.today,
        short_today=position.short.today,
        long_free=long_free.qty,
        short_free=short_free.qty,
        long_free_today=long_free.today,
        short_free_today=short_free.today,
    )


def account_row(req_id: str, balance: Balance) -> AccountRow:
    """An account in one currency."""
    return AccountRow(
        req_id=req_id,
        currency=balance.currency,
        equity=balance.text(balance.equity),
        available=balance.text(balance.available),
        margin_used=balance.text(balance.margin_used),
        fees=balance.text(balance.fees),
    )
