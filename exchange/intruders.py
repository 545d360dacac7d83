"""Orders that no session of ours sent: the broker's, and somebody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange.admission import check_fields, check_price
from exchange.codes import BUY, CANCELED, CLOSE, CLOSE_TODAY, CLOSE_YESTERDAY, DAY, IOC, NONE, OFFSETS_OF_MODE, SELL
from exchange.errors import Refusal, TroubleError
from exchange.positions import Lots
from exchange.session import RULES, check_order
from exchange.trouble import Armed
from exchange.values import Order

if TYPE_CHECKING:
    from exchange.account import Account
    from exchange.venue import Venue

BROKER = "~broker"
OTHER = "~other"
FORCED = Refusal(99, 0, "forced liquidation")


def liquidate(venue: Venue, armed: Armed, now: int) -> None:
    """The broker cancels an account's orders in a symbol, then closes it.

    Raises: TroubleError where there is nothing to close, or no market.
    """
    done = False
    for account in venue.clients(armed.account):
        for symbol in list(account.positions):
            if armed.symbol in ("", symbol):
                done = _liquidate_symbol(venue, account, symbol, armed, now) or done
    if not done:
        raise TroubleError("no position to liquidate: none meets the aim, or its symbol doesn't trade now; see `sim truth`")


def _liquidate_symbol(venue: Venue, account: Account, symbol: str, armed: Armed, now: int) -> bool:
    listing = venue.listings[symbol]
    wanted = [
        (side, lots)
        for side, lots in _closing(account, symbol, listing.instrument.offset_mode)
        if armed.side in ("", side) and lots.qty > 0
    ]
    if not wanted or not RULES[listing.status].matches:
        return False
    for order in [one for one in account.working.values() if one.symbol == symbol]:
        listing.book.remove(order)
        venue.end(order, CANCELED, now, FORCED)
    for side, lots in wanted:
        left = armed.qty or lots.qty
        for offset, held in _parts(lots, listing.instrument.offset_mode):
            qty = min(left, held)
            left -= qty
            if qty:
                order = _order(venue, account.name, BROKER, symbol, side, offset, qty, None, IOC, now)
                order.origin = "L"
                venue.place(now, order)
    return True


def outside_order(venue: Venue, armed: Armed, now: int) -> None:
    """Another session's order on the account. Raises: TroubleError."""
    accounts = venue.clients(armed.account)
    if len(accounts) != 1:
        raise TroubleError(f"outside_order needs an account; there are: {', '.join(one.name for one in accounts) or 'none'}")
    listing = venue.listings[armed.symbol]
    offset = armed.offset or OFFSETS_OF_MODE[listing.instrument.offset_mode][0]
    tif = IOC if armed.px is None else DAY
    order = _order(venue, accounts[0].name, OTHER, armed.symbol, armed.side, offset, armed.qty, armed.px, tif, now)
    try:
        check_fields(listing, order)
        check_order(listing.status, tif)
        if order.px is not None:
            check_price(listing, order)
        accounts[0].check(listing.instrument, order, venue.reference, venue.mark)
    except Refusal as why:
        raise TroubleError(f"the venue refuses such an order: {why}") from why
    venue.place(now, order)


def _closing(account: Account, symbol: str, mode: str) -> list[tuple[str, Lots]]:
    """What would close the position: the order's side, and the lots."""
    position = account.position(symbol)
    if mode == "net":
        net = position.net
        return [(SELL if net > 0 else BUY, Lots(today=abs(net)))]
    return [(SELL, position.long), (BUY, position.short)]


def _parts(lots: Lots, mode: str) -> list[tuple[str, int]]:
    if mode == "octy":
        return [(CLOSE_YESTERDAY, lots.old), (CLOSE_TODAY, lots.today)]
    return [(NONE if mode == "net" else CLOSE, lots.qty)]


def _order(
    venue: Venue, account: str, session: str, symbol: str, side: str, offset: str, qty: int, px: int | None, tif: str, now: int
) -> Order:
    return Order("", account, session, "", symbol, side, offset, qty, px, tif, now, venue.trading_day, changed_ns=now)
