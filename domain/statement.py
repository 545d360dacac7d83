"""A statement by daily settlement 盯市: an account's days, by its trades.

    variation   what the settlement price has made of the day: the lots that
                were held at the settlement before, and the day's own trades
                = value at settlement - value at the one before + cash of the trades
    closing     opening + variation - fees

The same money as by trade (逐笔), told by day: over all days the variations sum
to realised + floating at the last settlement. A trade is of the day that its
venue says; a bust or a correction changes that day. The present day is marked
at the present price, and not settled yet. Spot is paid for and delivered: its
money moves in one currency, the asset in another, and nothing is marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from domain.ledger import Ledger, LegLedger
from domain.money import scaled, text_of
from domain.profit import price_of
from domain.terms import LegTerms

Key = tuple[str, str]
"""(venue, symbol)"""


class SymbolDay(Struct):
    """One symbol's day: what was traded, and at what it was settled.

    Units: lots, ticks; `flow` in the leg's units of flow, fees scaled.
    """

    bought: int = 0
    sold: int = 0
    trades: int = 0
    flow: int = 0
    fees: dict[str, int] = field(default_factory=dict)


class Symbol(Struct):
    """A symbol over its days. `elsewhere`: flow of what no trade on record made."""

    terms: LegTerms
    days: dict[str, SymbolDay] = field(default_factory=dict)
    settled: dict[str, int] = field(default_factory=dict)
    elsewhere: int = 0
    moved: int = 0
    """Lots that no trade on record has moved, signed."""
    last_day: str = ""

    @property
    def net(self) -> int:
        """Signed lots held after all days."""
        return self.moved + sum(day.bought - day.sold for day in self.days.values())


def gathered(ledgers: Iterable[Ledger]) -> dict[Key, Symbol]:
    """Every trade of all pairs, by symbol and day."""
    found: dict[Key, Symbol] = {}
    for ledger in ledgers:
        for index, (terms, leg) in enumerate(zip(ledger.terms, ledger.legs, strict=True)):
            symbol = found.setdefault((terms.venue, terms.symbol), Symbol(terms))
            _take(symbol, ledger, index, leg)
    return found


def _take(symbol: Symbol, ledger: Ledger, index: int, leg: LegLedger) -> None:
    symbol.last_day = max(symbol.last_day, leg.day)
    symbol.settled |= leg.settled
    flow = net = 0
    for cl_ord_id, trades in ledger.booked.items():
        sent = ledger.sent[cl_ord_id]
        if sent.leg != index:
            continue
        for key, done in trades.items():
            day = symbol.days.setdefault(key.partition("/")[0] if "/" in key else leg.day, SymbolDay())
            moved = symbol.terms.flow(sent.side, done.px, done.qty)
            day.trades += 1
            day.flow += moved
            day.bought, day.sold = (day.bought + done.qty, day.sold) if sent.side > 0 else (day.bought, day.sold + done.qty)
            for currency, _, amount in done.fees:
                day.fees[currency] = day.fees.get(currency, 0) + amount
            flow, net = flow + moved, net + sent.side * done.qty
    symbol.elsewhere += leg.cash - flow
    symbol.moved += leg.net - net


def statement(
    ledgers: Iterable[Ledger],
    marks: Mapping[Key, int | None],
    told: Mapping[tuple[str, str], int],
    opening: Mapping[tuple[str, str], int],
    others: Iterable[tuple[str, str]] = (),
    symbols: Mapping[Key, Symbol] | None = None,
) -> list[dict[str, Any]]:
    """A row for each account, currency and trading day, oldest first.

    `marks`: present prices, ticks; `told`: settlement prices by (symbol, day)
    that a person gives, before those on record; `opening`: scaled money by
    (venue, currency) before the first day; `others`: (venue, day) on which
    somebody else has traded there; `symbols`: what was gathered of the ledgers
    already. Money is text, null where no settlement price of a held symbol is known.
    """
    symbols = gathered(ledgers) if symbols is None else symbols
    days = sorted({(key[0], day) for key, one in symbols.items() for day in {*one.days, *one.settled, one.last_day} if day} | set(others))
    held = {key: one.moved for key, one in symbols.items()}
    worth: dict[Key, int | None] = {key: -one.elsewhere for key, one in symbols.items()}
    balances: dict[tuple[str, str], int | None] = dict(opening)
    rows: list[dict[str, Any]] = []
    for venue, day in days:
        by_currency: dict[str, _Row] = {}
        for key, one in symbols.items():
            if key[0] == venue:
                _settle(by_currency, one, day, held, worth, marks, told)
        for currency, row in sorted(by_currency.items()):
            before = balances.get((venue, currency), 0)
            after = None if before is None or row.variation is None else before + row.variation - row.fees
            balances[venue, currency] = after
            rows.append(row.shown(venue, currency, day, before, after))
    return rows


class _Row(Struct):
    """One currency's day of an account, being summed. Scaled money."""

    variation: int | None = 0
    fees: int = 0
    trades: int = 0
    settled: bool = True
    symbols: list[dict[str, Any]] = field(default_factory=list)

    def shown(self, venue: str, currency: str, day: str, before: int | None, after: int | None) -> dict[str, Any]:
        return {
            "venue": venue,
            "currency": currency,
            "day": day,
            "opening": _text(before),
            "trades": self.trades,
            "variation": _text(self.variation),
            "fees": text_of(self.fees),
            "closing": _text(after),
            "settled": self.settled,
            "symbols": self.symbols,
        }


def _text(amount: int | None) -> str | None:
    return None if amount is None else text_of(amount)


def _settle(
    rows: dict[str, _Row],
    one: Symbol,
    day: str,
    held: dict[Key, int],
    worth: dict[Key, int | None],
    marks: Mapping[Key, int | None],
    told: Mapping[tuple[str, str], int],
) -> None:
    """One symbol's day into its currencies' rows."""
    terms = one.terms
    key = (terms.venue, terms.symbol)
    done = one.days.get(day, SymbolDay())
    before, net = held[key], held[key] + done.bought - done.sold
    if not (before or net or done.trades):
        return
    is_settled = day < one.last_day
    px = told.get((terms.symbol, day), one.settled.get(day) if is_settled else marks.get(key))
    is_spot = terms.kind == "spot"
    value = 0 if not net or is_spot else None if px is None else terms.mark(net, px)
    row = rows.setdefault(terms.currency, _Row())
    variation = None if value is None or worth[key] is None else terms.money(value - worth[key] + done.flow)
    if variation is None or row.variation is None:
        row.variation = None
    else:
        row.variation += variation
    if is_spot and terms.base:
        delivered = rows.setdefault(terms.base, _Row(settled=is_settled))
        if delivered.variation is not None:
            delivered.variation += scaled((net - before) * terms.lot)
    held[key], worth[key] = net, value
    row.trades += done.trades
    row.settled = row.settled and is_settled
    for currency, amount in done.fees.items():
        rows.setdefault(currency, _Row(settled=is_settled)).fees += amount
    row.symbols.append(
        {
            "symbol": terms.symbol,
            "bought": done.bought,
            "sold": done.sold,
            "net": net,
            "settle_px": None if px is None else price_of(px, terms),
            "variation": _text(variation),
            "fees": text_of(done.fees.get(terms.currency, 0)),
        }
    )
