"""What one run of a desk came to, pair by pair: from the venues' truth.

Fills, orders and what was naked for how long are the exchange's own log's;
what a repair cost is told from the journal's hedges, against the touch of
their decisions, in the pair's currency.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from config.schema import Config, Pair
from domain.books import units_of
from domain.costs import LegMoney
from domain.ids import hedge_pair
from exchange.codes import BUY, REJECTED
from journal.reader import read
from journal.verify import verify
from tools.demo_books import lots_of, positions_apart
from tools.demo_truth import ORDER_NAME, order_names, truth_from
from tools.hedge_book import HedgeBook, Kept
from tools.replay_books import compare, journal_fills
from wire.codec import unpack

NS = 1_000_000_000
FOR_REPAIR = ("p", "b")
FINAL = ("DONE", "PART", "NONE")
MOST_POINTS = 400


class Episode(Struct):
    """A time without a pause in which a pair was naked. Units: ns, lots, money.

    `value_s`: naked value times seconds, in the pair's currency; `points`:
    (ns, value) at each change.
    """

    from_ns: int
    to_ns: int
    lots: dict[str, int]
    value: float
    value_s: float
    hedge: str
    points: list[tuple[int, float]]

    @property
    def ms(self) -> float:
        return (self.to_ns - self.from_ns) / 1e6


class Nakedness:
    """One pair's legs over time, by the venues' trades of its orders.

    `values`: of a lot of each place, in the pair's currency.
    """

    def __init__(self, lots: Mapping[str, int], values: Mapping[str, float]) -> None:
        self._lots, self._values = dict(lots), values
        self.net: dict[str, int] = dict.fromkeys(lots, 0)
        self.episodes: list[Episode] = []
        self._open: Episode | None = None
        self._since = (0, 0.0)

    def take(self, ns: int, place: str, qty: int, hedge: str) -> None:
        """Signed lots of a trade, or of one that is undone."""
        self._pass(ns)
        self.net[place] = self.net.get(place, 0) + qty
        naked, value = self._now()
        if any(naked.values()):
            if self._open is None:
                self._open = Episode(ns, ns, {}, 0.0, 0.0, hedge, [])
            episode = self._open
            episode.value = max(episode.value, value)
            episode.lots = {name: max(episode.lots.get(name, 0), lots) for name, lots in naked.items()}
            episode.points.append((ns, value))
            self._since = (ns, value)
        elif self._open is not None:
            self._open.points.append((ns, 0.0))
            self.episodes.append(self._open)
            self._open = None

    def end(self, ns: int) -> Episode | None:
        """The run is over: what is naked still, None where nothing is."""
        self._pass(ns)
        if self._open is not None:
            self._open.points.append((ns, self._since[1]))
            self.episodes.append(self._open)
        return self._open

    def _now(self) -> tuple[dict[str, int], float]:
        held = tuple(self.net[place] for place in self._lots)
        units = units_of(held, tuple(self._lots.values()))
        naked = {place: abs(qty - units * lot) for (place, lot), qty in zip(self._lots.items(), held, strict=True)}
        return naked, sum(lots * self._values.get(place, 0.0) for place, lots in naked.items())

    def _pass(self, ns: int) -> None:
        if self._open is not None:
            since_ns, value = self._since
            self._open.value_s += value * (ns - since_ns) / NS
            self._open.to_ns = ns
            self._since = (ns, value)


def measured(config: Config, folder: Path, truth: Sequence[Mapping[str, Any]], end_ns: int) -> list[dict[str, Any]]:
    """A row for each pair. `folder`: the run's, with journal and gateways."""
    journal = folder / "node" / "journal"
    book, alerts = HedgeBook(), Counter[str]()
    for record in read(journal):
        book.take(record)
        if record.kind == "alert":
            alerts[unpack(record.body)["code"]] += 1
    names = order_names(folder / "gateways", {leg.venue for pair in config.pair for leg in pair.legs})
    whole = truth_from(truth, names)
    books = compare(journal_fills(journal), whole.books)
    coins = {f"{told.venue}/{told.symbol}" for told in config.instrument if told.kind == "spot"}
    held = {place: told for place, told in books.positions.items() if place not in coins}  # coins are money there, and no position
    problems = [*whole.unnamed, *books.problems, *positions_apart(whole.positions, {}, held)]
    report = verify(journal)
    rows = []
    for pair in config.pair:
        row = _pair_row(pair, book, truth, names, end_ns)
        rows.append({**row, "alerts": dict(alerts), "books_equal": not problems, "problems": problems[:5], "journal_verified": report.ok})
    return rows


def _pair_row(pair: Pair, book: HedgeBook, truth: Iterable[Mapping[str, Any]], names: Mapping[Any, str], end_ns: int) -> dict[str, Any]:
    kept = [each for each in book.kept.values() if each.pair == pair.name]
    naked = Nakedness(lots_of(pair), values_of(kept, book))
    orders: dict[str, str] = {}
    for line in truth:
        if line["t"] not in ("order", "trade") or line.get("house"):
            continue
        told = ORDER_NAME.match(names.get((line["venue"], line["client_ref"]), ""))
        if told is None or hedge_pair(told["hedge"]) != pair.name:
            continue
        if line["t"] == "order":
            orders[f"{line['venue']} {line['order_id']}"] = line["status"]
        else:
            qty = (0 if line["exec_type"] == "H" else line["qty"]) - line.get("was_qty", 0)
            naked.take(line["ns"], f"{line['venue']}/{line['symbol']}", qty if line["side"] == BUY else -qty, told["hedge"])
    left = naked.end(end_ns)
    rows = [_hedge_row(each, book) for each in kept]
    worst = max(naked.episodes, key=lambda each: each.value_s, default=None)
    return {
        "pair": pair.name,
        "currency": pair.currency,
        "hedges": len(rows),
        "outcomes": dict(Counter(row["state"] if row["state"] in FINAL else "STRANDED" for row in rows)),
        "orders": len(orders),
        "refused": sum(status == REJECTED for status in orders.values()),
        "repaired": sum(bool(row["repairs"]) for row in rows),
        "naked_lots": {place: max((each.lots.get(place, 0) for each in naked.episodes), default=0) for place in naked.net},
        "naked_value": round(max((each.value for each in naked.episodes), default=0.0), 2),
        "naked_value_s": round(sum(each.value_s for each in naked.episodes), 2),
        "naked_ms": [round(each.ms, 3) for each in naked.episodes],
        "longest_ms": round(max((each.ms for each in naked.episodes), default=0.0), 3),
        "naked_at_end": {} if left is None else {place: lots for place, lots in left.lots.items() if lots},
        "repair_cost": round(sum(row["repair_cost"] for row in rows), 2),
        "cost": round(sum(row["cost"] for row in rows), 2),
        "costs": [row["repair_cost"] for row in rows if row["repairs"]],
        "stranded_why": dict(Counter(row["stranded_why"] for row in rows if row["stranded_why"])),
        "worst": None if worst is None else _worst(worst),
        "hedge_list": rows,
    }


def _worst(episode: Episode) -> dict[str, Any]:
    points = episode.points[:MOST_POINTS]
    return {
        "hedge": episode.hedge,
        "ms": round(episode.ms, 3),
        "value": round(episode.value, 2),
        "value_s": round(episode.value_s, 2),
        "lots": episode.lots,
        "points": [[round((ns - episode.from_ns) / 1e6, 3), round(value, 2)] for ns, value in points],
    }


def values_of(kept: Iterable[Kept], book: HedgeBook) -> dict[str, float]:
    """What a lot of each place is worth, by the touch and rate of the first decision that has both."""
    found: dict[str, float] = {}
    for each in kept:
        for leg in each.hedge.legs:
            plan = leg.plan
            instrument = book.instruments.get((plan.venue, plan.symbol))
            if instrument is None or plan.index >= len(each.terms.rates):
                continue
            found.setdefault(f"{plan.venue}/{plan.symbol}", LegMoney(instrument, each.terms.rates[plan.index]).turnover(plan.touch_px, 1))
    return found


def _hedge_row(kept: Kept, book: HedgeBook) -> dict[str, Any]:
    row = book.row(kept.hedge.hedge_id) or {}
    return {
        "hedge": kept.hedge.hedge_id,
        "kind": row["kind"],
        "state": row["state"],
        "qty": row["qty"],
        "orders": row["orders_sent"],
        "repairs": row["repairs"],
        "stranded_why": row["stranded_why"],
        "repair_cost": round(repair_cost(kept, book), 2),
        "cost": round(row["cost"]["total"] or 0.0, 2),
    }


def repair_cost(kept: Kept, book: HedgeBook) -> float:
    """What its repairs' trades cost beside the touches of its decision, fees included.

    Units: the pair's currency; more than nothing is a loss.
    """
    total = 0.0
    for leg in kept.hedge.legs:
        plan = leg.plan
        instrument = book.instruments.get((plan.venue, plan.symbol))
        if instrument is None or plan.index >= len(kept.terms.rates):
            continue
        money = LegMoney(instrument, kept.terms.rates[plan.index])
        for order in leg.orders:
            letter = ORDER_NAME.match(order.cl_ord_id)
            if letter is None or letter["letter"] not in FOR_REPAIR:
                continue
            for _, qty, px in order.trades:
                total += (px - plan.touch_px) * order.side * qty * money.tick_value(px) + money.fees(px, qty, order.offset)
    return total
