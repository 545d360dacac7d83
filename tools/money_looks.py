"""What a node answers about money: accounts, positions, sums of profit.

Thread: the lane. Sums over all pairs are made a few pairs at a beat, so that
a thousand of them never hold a turn up.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import Any

from actors.answering import page, text_arg
from domain.controls import symbol_scope
from domain.market import Instrument
from domain.money import scaled, text_of
from domain.positions import position_rows
from domain.profit import mark_of, total_of
from domain.statement import gathered, statement
from wire.inspection import BAD_REQUEST, NO_SUCH, Unanswerable

PAIRS_A_BEAT = 8


class MoneyLooks:
    """Reads ledgers, accounts and what the venues said of positions."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self._listed: list[tuple[str, str]] = []
        """What the first page of positions found, in order: the pages after it don't sort again."""
        self._next = 0
        self._profits: dict[str, tuple[str, int | None]] = {}
        self._known: dict[str, int] = {}
        self._unknown: dict[str, int] = {}
        """By currency: the sum of those that are known, and how many are not."""

    def look(self) -> None:
        """Reckon the profit of the next few pairs."""
        desk = self.node.desk
        names = self.node.specs
        for _ in range(min(PAIRS_A_BEAT, len(names))):
            name = names[self._next % len(names)].name
            self._next += 1
            actor, ledger = self.node.pair_actor(name), desk.ledgers.of.get(name)
            if actor is not None and ledger is not None:
                profit = total_of(ledger, actor.view.quotes, actor.view.rates)
                self._count(name, ledger.currency, None if profit is None else scaled(profit))

    def _count(self, name: str, currency: str, profit: int | None) -> None:
        """One pair's profit in place of what was counted of it before."""
        for sign, (of, amount) in ((-1, self._profits.get(name, (currency, 0))), (1, (currency, profit))):
            self._known[of] = self._known.get(of, 0) + sign * (amount or 0)
            self._unknown[of] = self._unknown.get(of, 0) + sign * (amount is None)
        self._profits[name] = (currency, profit)

    def totals(self) -> dict[str, str | None]:
        """Profit by the pairs' currencies, of those too that were removed; null where one is not known."""
        there = self.node.by_name
        if len(self._profits) < len(there):
            self.node.desk.ledgers.settle()
            self.look()
        return {currency: None if self._unknown[currency] else text_of(amount) for currency, amount in self._known.items()}

    def accounts(self) -> list[dict[str, Any]]:
        """Every account's money that hedges are held against."""
        return [
            {
                "venue": funds.venue,
                "currency": funds.currency,
                "equity": _text(funds.equity),
                "available": _text(funds.available),
                "reserved": text_of(funds.held),
                "free": _text(funds.free),
                "budget": _text(funds.budget),
                "stale": funds.stale,
            }
            for funds in self.node.desk.margin.funds.values()
            if funds.equity is not None or funds.budget is not None or funds.margined
        ]

    def positions(self, args: dict[str, Any]) -> dict[str, Any]:
        """Ours by fills against the venue's, by account, symbol and pair."""
        return page(self._following(args.get("after")), self.node.clock)

    def statement(self, args: dict[str, Any]) -> dict[str, Any]:
        """Every account's trading days by settlement; the last one at the present price.

        Raises: Unanswerable.
        """
        desk = self.node.desk
        ledgers = desk.ledgers.every()
        told = {(symbol, day): whole_ticks(self._instrument(symbol), px) for symbol, day, px in words(args, "settle")}
        opening = {(venue, currency): scaled(amount) for venue, currency, amount in words(args, "opening")}
        symbols = gathered(ledgers)
        marks = {key: mark_of(desk.quote(key), one.net) for key, one in symbols.items() if key[0] in desk.links}
        rows = statement(ledgers, marks, told, opening, [(venue, day) for venue, day in words(args, "days", 2)], symbols)
        last = {(row["venue"], row["currency"]): row for row in rows}
        for funds in desk.margin.funds.values():
            row = last.get((funds.venue, funds.currency))
            if row is not None:
                row["venue_equity"] = _text(funds.equity)
        for row in rows:
            row["place"] = f"{row['venue']}/{row['currency']}/{row['day']}"
            row.setdefault("venue_equity", None)
            if row["venue_equity"] is not None and row["closing"] is not None:
                row["elsewhere"] = text_of(scaled(row["venue_equity"]) - scaled(row["closing"]))
            else:
                row["elsewhere"] = None
        after = args.get("after")
        places = [row["place"] for row in rows]
        return page(iter(rows[places.index(after) + 1 if after in places else 0 :]), self.node.clock)

    def _instrument(self, symbol: str) -> Instrument:
        found = next((leg.instrument for spec in self.node.specs for leg in spec.legs if leg.symbol == symbol), None)
        if found is None:
            raise Unanswerable(NO_SUCH, f"no symbol {symbol!r} in any pair")
        return found

    def positions_of(self, key: tuple[str, str]) -> Iterator[dict[str, Any]]:
        """The rows of one account's symbol: its own, then its pairs'."""
        desk, node = self.node.desk, self.node
        desk.ledgers.settle()
        word = desk.controls.state.accepted.get(symbol_scope(key))
        legs = [(name, index) for name, index in desk.holders.get(key, ()) if node.pair(name) is not None]
        nets = any(node.by_name[name].legs[index].instrument.offset_mode == "net" for name, index in legs)
        holders = [(node.pair(name), index, desk.ledgers.of[name]) for name, index in legs]
        accepted = (0, 0) if word is None else (word.long, word.short)
        return position_rows(key, holders, desk.positions.get(key), accepted, node.clock.mono_ns(), nets=nets)

    def _following(self, after: Any) -> Iterator[dict[str, Any]]:
        """The rows after that place; all of them where nothing is there."""
        desk = self.node.desk
        if not isinstance(after, str) or not self._listed:
            self._listed = sorted({*desk.holders, *desk.positions})
        keys, begin, skips = self._listed, 0, False
        for key in _keys_of(after) if isinstance(after, str) else ():
            place = bisect_left(keys, key)
            if keys[place : place + 1] == [key]:
                begin, skips = place, True
        for key in islice(keys, begin, None):
            for row in self.positions_of(key):
                if not skips:
                    yield row
                skips = skips and row["place"] != after
            skips = False


def _keys_of(place: str) -> Iterator[tuple[str, str]]:
    """What a row's place may be of: VENUE/SYMBOL, or VENUE/SYMBOL/PAIR/LEG."""
    venue, _, symbol = place.partition("/")
    yield venue, symbol
    yield venue, symbol.rsplit("/", 2)[0]


def words(args: dict[str, Any], key: str, count: int = 3) -> list[list[str]]:
    """Lines of so many words, tabs between. Raises: Unanswerable."""
    found = [line.split("\t") for line in text_arg(args, key, "").splitlines()]
    if any(len(line) != count for line in found):
        raise Unanswerable(BAD_REQUEST, f"{key}: lines of {count} words, tabs between")
    return found


def whole_ticks(told: Instrument, px: str) -> int:
    """A price as ticks. Raises: Unanswerable where it is none."""
    try:
        ticks = Fraction(px) / Fraction(told.tick_size)
    except (ValueError, ZeroDivisionError):
        ticks = Fraction(1, 2)
    if ticks.denominator != 1:
        raise Unanswerable(BAD_REQUEST, f"{px!r} is no price of {told.symbol}: its tick is {told.tick_size}")
    return ticks.numerator


def _text(amount: int | None) -> str | None:
    return None if amount is None else text_of(amount)
