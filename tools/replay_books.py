"""Our books against the replay venues' own: fill by fill, lot by lot.

Ours are read from the journal's `report` records, the frames as they came;
theirs from the truth log that each venue wrote before it told anybody. The two
files share no code but the codec.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from domain.errors import VenueError, WireError
from gateways.replay.truth import OrderEnded, OrderPlaced, OrderTraded, read_truth
from journal.reader import read
from wire.codec import decode_from_gateway, unpack
from wire.messages import ExecutionReport

BUY = "1"
Key = tuple[str, str, str]
"""(venue, trading day, exec_id): what a trade is known by."""


class Fill(Struct, frozen=True):
    """One trade as one side has it booked."""

    order_id: str
    symbol: str
    side: str
    qty: int
    px: int


class Amendment(Struct, frozen=True):
    """A G or H: the trade `exec_ref` is now `qty` (0: taken back) at `px`."""

    exec_ref: str
    qty: int
    px: int


class VenueBook(Struct):
    """What a venue wrote down: its trades, and orders that never ended."""

    fills: dict[Key, Fill]
    working: list[str]
    orders: int
    rejected: int


class Comparison(Struct, frozen=True):
    """Both books side by side; `problems` in words, none where equal."""

    fills: int
    orders: int
    rejected: int
    working: int
    positions: dict[str, dict[str, int]]
    problems: list[str]

    @property
    def equal(self) -> bool:
        """Whether every fill and every position agrees."""
        return not self.problems


def journal_fills(directory: Path) -> dict[Key, Fill]:
    """Every trade that the journal holds a report of, as it now stands."""
    fills: dict[Key, Fill] = {}
    amendments: dict[Key, Amendment] = {}
    for record in read(directory):
        booked = _booked_of(unpack(record.body)) if record.kind == "report" else None
        if booked is None:
            continue
        key, told = booked
        if isinstance(told, Fill):
            fills.setdefault(key, told)
        else:
            amendments.setdefault(key, told)
    return amended(fills, amendments)


def amended(fills: dict[Key, Fill], amendments: dict[Key, Amendment]) -> dict[Key, Fill]:
    """The trades as corrections and busts, in their order, leave them."""
    places = {(venue, exec_id): (venue, day, exec_id) for venue, day, exec_id in fills}
    for (venue, _, _), told in amendments.items():
        key = places.get((venue, told.exec_ref))
        if key is not None:
            fills[key] = replace(fills[key], qty=told.qty, px=told.px)
    return fills


def _booked_of(body: dict[str, Any]) -> tuple[Key, Fill | Amendment] | None:
    """The trade that a recorded frame tells, None where it tells none."""
    try:
        told = decode_from_gateway(body["frame"])
    except WireError:
        return None
    if not isinstance(told, ExecutionReport) or told.exec_type not in ("F", "G", "H"):
        return None
    key = (body["venue"], told.trading_day, told.exec_id or "")
    if told.exec_type != "F":
        return key, Amendment(told.exec_ref or "", told.last_qty if told.exec_type == "G" else 0, told.last_px or 0)
    return key, Fill(told.order_id or "", told.symbol or "", told.side or "", told.last_qty, told.last_px or 0)


def venue_book(venue: str, path: Path) -> VenueBook:
    """The venue's own book from its truth log. Raises: VenueError."""
    left: dict[str, int] = {}
    fills: dict[Key, Fill] = {}
    rejected = 0
    for record in read_truth(path):
        if isinstance(record, OrderPlaced):
            left[record.order_id] = record.qty
        elif isinstance(record, OrderTraded):
            left[record.order_id] -= record.qty
            key = (venue, record.trading_day, record.exec_id)
            if key in fills:
                raise VenueError(f"{path}: trade {record.exec_id} stands there twice")
            fills[key] = Fill(record.order_id, record.symbol, record.side, record.qty, record.px)
        elif isinstance(record, OrderEnded):
            left[record.order_id] = 0
            rejected += record.ord_status == "8"
    return VenueBook(fills, [order_id for order_id, qty in left.items() if qty], len(left), rejected)


def compare(ours: dict[Key, Fill], theirs: Iterable[VenueBook]) -> Comparison:
    """Hold our fills against the venues' books."""
    books = list(theirs)
    truth = {key: fill for book in books for key, fill in book.fills.items()}
    problems = [f"{_named(key)}: the venue has it, our journal does not" for key in truth.keys() - ours.keys()]
    problems += [f"{_named(key)}: our journal has it, the venue does not" for key in ours.keys() - truth.keys()]
    for key in truth.keys() & ours.keys():
        if truth[key] != ours[key]:
            problems.append(f"{_named(key)}: the venue has {truth[key]}, our journal {ours[key]}")
    mine, venues = positions_of(ours), positions_of(truth)
    return Comparison(
        fills=len(truth),
        orders=sum(book.orders for book in books),
        rejected=sum(book.rejected for book in books),
        working=sum(len(book.working) for book in books),
        positions={name: {"journal": mine.get(name, 0), "venue": venues.get(name, 0)} for name in mine | venues},
        problems=sorted(problems),
    )


def positions_of(fills: dict[Key, Fill]) -> dict[str, int]:
    """Net lots traded, by `venue/symbol`."""
    net: dict[str, int] = {}
    for (venue, _, _), fill in fills.items():
        name = f"{venue}/{fill.symbol}"
        net[name] = net.get(name, 0) + (fill.qty if fill.side == BUY else -fill.qty)
    return net


def _named(key: Key) -> str:
    venue, trading_day, exec_id = key
    return f"trade {exec_id} of {venue} on {trading_day}"
