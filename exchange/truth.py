"""The truth log: what really happened at the venues, in the venues' words.

JSON lines, append-only, written and flushed before any client is told. The
engine never reads it; a checker does. Lines, by their "t": start, order (each
state of each client order), trade (both sides), position (after each client
trade), money (the account's, after it), status, day. `summarise` adds a log up; `truth_of` says the same from
the venues' books as they stand, and the two must agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from exchange.codes import BUY, CANCELED, EXPIRED, FILLED, REJECTED, WORKING
from exchange.errors import ExchangeError
from exchange.instruments import from_minor
from exchange.values import DayEvent, Event, Order, OrderEvent, StatusEvent, TradeEvent, TroubleEvent
from exchange.venue import Venue
from exchange.world import World

ENDED = {FILLED: "filled", CANCELED: "canceled", REJECTED: "rejected", EXPIRED: "expired"}


class TruthLog:
    """Appends events to a file. Close it to be sure of the last line."""

    def __init__(self, path: Path) -> None:
        try:
            self._file: IO[str] = path.open("a", encoding="utf-8")
        except OSError as error:
            raise ExchangeError(f"truth log {path}: {error.strerror}; give a file that can be written") from error

    def start(self, world: World, seed: int) -> None:
        """The first line of a run: its venues and accounts."""
        venues = {
            name: {"trading_day": venue.trading_day, "accounts": _accounts(venue), "symbols": list(venue.listings)}
            for name, venue in world.venues.items()
        }
        self._write({"t": "start", "ns": world.start_ns, "seed": seed, "venues": venues})

    def record(self, world: World, events: Iterable[Event]) -> None:
        """Append what happened, and flush."""
        for event in events:
            for line in lines_of(world, event):
                self._write(line)
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")


def lines_of(world: World, event: Event) -> Iterator[dict[str, Any]]:
    """An event as lines of the log."""
    if isinstance(event, OrderEvent):
        yield {"t": "order", "venue": event.venue, **_order_fields(event.order)}
    elif isinstance(event, TradeEvent):
        yield {"t": "trade", **_trade_fields(event)}
        if not event.house:
            yield _position_line(world.venues[event.venue], event)
            yield from _money_lines(world.venues[event.venue], event)
    elif isinstance(event, StatusEvent):
        yield {"t": "status", "venue": event.venue, "symbol": event.symbol, "status": event.status, "ns": event.exch_ns}
    elif isinstance(event, TroubleEvent):
        fields = msgspec.structs.asdict(event)
        yield {"t": "trouble", "ns": fields.pop("exch_ns"), **fields}
    elif isinstance(event, DayEvent):
        yield {"t": "day", "venue": event.venue, "trading_day": event.trading_day, "ns": event.exch_ns}


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a truth log; a torn last line is left out."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                yield json.loads(line)


def summarise(lines: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Per venue and account: orders, trades, what was bought and sold, what
    still works. Only the last run in the file is told.
    """
    states: dict[tuple[str, str], dict[str, Any]] = {}
    trades: list[dict[str, Any]] = []
    found: dict[str, Any] = {}
    for line in lines:
        if line["t"] == "start":
            found = {venue: {who: _empty() for who in told["accounts"]} for venue, told in line["venues"].items()}
            states, trades = {}, []
        elif line["t"] == "order":
            states[line["venue"], line["order_id"]] = line
        elif line["t"] == "trade" and not line["house"]:
            trades.append(line)
    for order in states.values():
        _add_order(found[order["venue"]][order["account"]], order)
    for trade in trades:
        _add_trade(found[trade["venue"]][trade["account"]], trade)
    return found


def truth_of(world: World, venue: str = "") -> dict[str, Any]:
    """The same summary from the books in memory, with money and troubles.

    Raises: ExchangeError for a venue that there isn't.
    """
    if venue and venue not in world.venues:
        raise ExchangeError(f"no venue {venue!r}; there are: {', '.join(world.venues)}")
    return {name: _of_venue(found) for name, found in world.venues.items() if venue in {"", name}}


def _of_venue(venue: Venue) -> dict[str, Any]:
    found = {}
    for name in _accounts(venue):
        told = found[name] = _empty()
        for day in venue.days.values():
            for order in day.orders.values():
                if order.account == name:
                    _add_order(told, _order_fields(order))
                    for trade in venue.trades(order):
                        _add_trade(told, _trade_fields(trade))
        told["money"] = {
            one.currency: {"equity": one.text(one.equity), "fees": one.text(one.fees), "margin": one.text(one.margin_used)}
            for one in venue.accounts[name].balances(venue.reference, venue.mark)
        }
        told["troubles_struck"] = dict(venue.troubles.struck)
    return found


def _accounts(venue: Venue) -> list[str]:
    return [name for name, account in venue.accounts.items() if not account.house]


def _empty() -> dict[str, Any]:
    counts = dict.fromkeys(("orders", "filled", "canceled", "rejected", "expired", "trades", "busted", "corrected"), 0)
    return {**counts, "working": [], "symbols": {}}


def _add_order(told: dict[str, Any], order: dict[str, Any]) -> None:
    told["orders"] += 1
    if order["status"] in WORKING:
        told["working"].append({key: order[key] for key in ("order_id", "session", "client_ref", "symbol", "side", "leaves_qty")})
    else:
        told[ENDED[order["status"]]] += 1


def _add_trade(told: dict[str, Any], trade: dict[str, Any]) -> None:
    told[{"F": "trades", "H": "busted", "G": "corrected"}[trade["exec_type"]]] += 1
    side = "bought" if trade["side"] == BUY else "sold"
    symbol = told["symbols"].setdefault(
        trade["symbol"], {"bought_qty": 0, "sold_qty": 0, "net_qty": 0, "bought_px_qty": 0, "sold_px_qty": 0}
    )
    if trade["exec_type"] != "H":
        symbol[f"{side}_qty"] += trade["qty"]
        symbol[f"{side}_px_qty"] += trade["qty"] * trade["px"]
    symbol[f"{side}_qty"] -= trade["was_qty"]
    symbol[f"{side}_px_qty"] -= trade["was_qty"] * trade["was_px"]
    symbol["net_qty"] = symbol["bought_qty"] - symbol["sold_qty"]


def _order_fields(order: Order) -> dict[str, Any]:
    return {
        "account": order.account,
        "session": order.session,
        "client_ref": order.client_ref,
        "order_id": order.order_id,
        "symbol": order.symbol,
        "side": order.side,
        "offset": order.offset,
        "qty": order.qty,
        "px": order.px,
        "tif": order.tif,
        "origin": order.origin,
        "status": order.status,
        "cum_qty": order.cum_qty,
        "leaves_qty": order.leaves_qty,
        "code": order.code,
        "text": order.text,
        "trading_day": order.trading_day,
        "ns": order.changed_ns,
    }


def _trade_fields(trade: TradeEvent) -> dict[str, Any]:
    return {
        "venue": trade.venue,
        "account": trade.account,
        "session": trade.session,
        "client_ref": trade.client_ref,
        "order_id": trade.order_id,
        "trade_id": trade.trade_id,
        "exec_type": trade.exec_type,
        "trade_ref": trade.trade_ref,
        "was_qty": trade.was_qty,
        "was_px": trade.was_px,
        "origin": trade.origin,
        "symbol": trade.symbol,
        "side": trade.side,
        "offset": trade.offset,
        "qty": trade.qty,
        "px": trade.px,
        "fee": from_minor(trade.fee, trade.fee_digits),
        "fee_currency": trade.fee_currency,
        "trading_day": trade.trading_day,
        "maker": trade.maker,
        "house": trade.house,
        "ns": trade.exch_ns,
    }


def _position_line(venue: Venue, trade: TradeEvent) -> dict[str, Any]:
    position = venue.accounts[trade.account].position(trade.symbol)
    return {
        "t": "position",
        "venue": trade.venue,
        "account": trade.account,
        "symbol": trade.symbol,
        "long_qty": position.long.qty,
        "short_qty": position.short.qty,
        "long_today": position.long.today,
        "short_today": position.short.today,
        "ns": trade.exch_ns,
    }


def _money_lines(venue: Venue, trade: TradeEvent) -> Iterator[dict[str, Any]]:
    """The account in each currency, and at which prices it is marked."""
    account = venue.accounts[trade.account]
    marks = {symbol: venue.mark(symbol) for symbol, position in account.positions.items() if position.net}
    for one in account.balances(venue.reference, venue.mark):
        yield {
            "t": "money",
            "venue": trade.venue,
            "account": trade.account,
            "currency": one.currency,
            "deposit": one.text(account.deposits.get(one.currency, 0)),
            "cash": one.text(account.cash.get(one.currency, 0)),
            "equity": one.text(one.equity),
            "fees": one.text(one.fees),
            "margin": one.text(one.margin_used),
            "marks": marks,
            "ns": trade.exch_ns,
        }
