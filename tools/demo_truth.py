"""What the venues of a demo say happened, hedge by hedge.

Fills, refusals, positions and working orders are the truth log's, which the
exchange wrote before it told anybody. Whose order it was is said by each
gateway's own file (the id that it was given, and what it called it at the
venue). Nothing here asks the node or its journal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from domain.books import units_of
from exchange.codes import BUY, REJECTED, WORKING
from gateways.store import Store
from tools.replay_books import Amendment, Fill, Key, VenueBook, amended

ORDER_NAME = re.compile(r"^(?P<hedge>.+)\.\d+(?P<letter>[hpb])\d+$")
REPLENISH, ROLLBACK = "p", "b"

Named = tuple[str, str]
"""(venue, the venue's name for an order)"""


class HedgeTruth(Struct):
    """One hedge as its orders fared at the venues. Units: lots, signed."""

    hedge: str
    orders: int = 0
    refused: int = 0
    net: dict[str, int] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)  # lots by what the order was for


class Truth(Struct):
    """All venues of one run; `unnamed`: orders that no gateway knows."""

    hedges: dict[str, HedgeTruth]
    books: list[VenueBook]
    positions: dict[str, int]
    unnamed: list[str]


def order_names(gateways: Path, venues: Iterable[str]) -> dict[Named, str]:
    """Client order ids by what the gateways, now ended, called them."""
    names: dict[Named, str] = {}
    for venue in venues:
        for kind, *values in Store(gateways / venue).read():
            if kind == "order":
                _, _, clord_id, _, fields = values
                names[venue, fields["venue_ref"]] = clord_id
    return names


def truth_from(lines: Iterable[dict[str, Any]], names: Mapping[Named, str]) -> Truth:
    """Add up a truth log; only the last run in it is told."""
    last: dict[Named, dict[str, Any]] = {}
    trades: list[dict[str, Any]] = []
    positions: dict[str, int] = {}
    for line in lines:
        if line["t"] == "start":
            last, trades, positions = {}, [], {}
        elif line["t"] == "order":
            last[line["venue"], line["order_id"]] = line
        elif line["t"] == "trade" and not line["house"]:
            trades.append(line)
        elif line["t"] == "position":
            positions[f"{line['venue']}/{line['symbol']}"] = line["long_qty"] - line["short_qty"]
    found = Truth({}, [], positions, [])
    for order in last.values():
        _add_order(found, order, names)
    for trade in trades:
        _add_trade(found, trade, names)
    found.books = [_book(venue, last, trades) for venue in sorted({venue for venue, _ in last})]
    return found


def _add_order(found: Truth, order: dict[str, Any], names: Mapping[Named, str]) -> None:
    hedge, _ = _hedge_of(found, order, names)
    if hedge is None:
        found.unnamed.append(f"{order['venue']}: order {order['order_id']}")
        return
    hedge.orders += 1
    hedge.refused += order["status"] == REJECTED


def _add_trade(found: Truth, trade: dict[str, Any], names: Mapping[Named, str]) -> None:
    hedge, letter = _hedge_of(found, trade, names)
    if hedge is None:
        return
    place = f"{trade['venue']}/{trade['symbol']}"
    qty = (0 if _is_bust(trade) else trade["qty"]) - trade.get("was_qty", 0)
    hedge.net[place] = hedge.net.get(place, 0) + (qty if trade["side"] == BUY else -qty)
    hedge.filled[letter] = hedge.filled.get(letter, 0) + qty


def _is_bust(trade: dict[str, Any]) -> bool:
    return trade.get("exec_type") == "H"


def _hedge_of(found: Truth, line: dict[str, Any], names: Mapping[Named, str]) -> tuple[HedgeTruth | None, str]:
    """The hedge of an order's line, and what the order was for."""
    told = ORDER_NAME.match(names.get((line["venue"], line["client_ref"]), ""))
    if told is None:
        return None, ""
    name = told["hedge"]
    return found.hedges.setdefault(name, HedgeTruth(name)), told["letter"]


def _book(venue: str, last: Mapping[Named, dict[str, Any]], trades: Iterable[dict[str, Any]]) -> VenueBook:
    orders = [order for (where, _), order in last.items() if where == venue]
    told = {(venue, one["trading_day"], one["trade_id"]): one for one in trades if one["venue"] == venue}
    fills: dict[Key, Fill] = {
        key: Fill(one["order_id"], one["symbol"], one["side"], one["qty"], one["px"])
        for key, one in told.items()
        if not one.get("trade_ref")
    }
    changes = {
        key: Amendment(one["trade_ref"], 0 if _is_bust(one) else one["qty"], one["px"])
        for key, one in told.items()
        if one.get("trade_ref")
    }
    amended(fills, changes)
    working = [order["order_id"] for order in orders if order["status"] in WORKING]
    return VenueBook(fills, working, len(orders), sum(order["status"] == REJECTED for order in orders))


def naked_of(net: Mapping[str, int], lots: Mapping[str, int]) -> int:
    """Lots that no other leg covers, of a pair with these lots a unit."""
    held = tuple(net.get(place, 0) for place in lots)
    units = units_of(held, tuple(lots.values()))
    return sum(abs(qty - units * lot) for qty, lot in zip(held, lots.values(), strict=True))


def loose_of(hedges: Iterable[HedgeTruth], lots: Mapping[str, int]) -> int:
    """Lots naked in hedges that are not whole, taken together.

    Late truth about an ended hedge is repaired by the one in flight: each of
    the two is short of what the other has too much of.
    """
    together: dict[str, int] = {}
    for hedge in hedges:
        if naked_of(hedge.net, lots):
            for place, qty in hedge.net.items():
                together[place] = together.get(place, 0) + qty
    return naked_of(together, lots)


def row_of(hedge: HedgeTruth, lots: Mapping[str, int]) -> dict[str, Any]:
    """One hedge for the summary. Units: pair units and lots."""
    held = tuple(hedge.net.get(place, 0) for place in lots)
    return {
        "hedge": hedge.hedge,
        "units": units_of(held, tuple(lots.values())),
        "naked_qty": naked_of(hedge.net, lots),
        "orders": hedge.orders,
        "refused": hedge.refused,
        "replenished_qty": hedge.filled.get(REPLENISH, 0),
        "rolled_back_qty": hedge.filled.get(ROLLBACK, 0),
    }


def sums_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many hedges fired, ended whole, were completed or taken back."""
    rows = list(rows)
    clean = [row for row in rows if not row["naked_qty"]]
    return {
        "fired": len(rows),
        "hedges": sum(bool(row["units"]) for row in clean),
        "replenished": sum(bool(row["units"] and row["replenished_qty"]) for row in clean),
        "rolled_back": sum(bool(row["rolled_back_qty"]) for row in clean),
    }
