"""What one run of a desk came to, pair by pair: from the venues' truth.

Fills, orders and what was naked for how long are the exchange's own log's;
what a repair cost is told from the journal's hedges, against the touch of
their decisions, with the fees that the market charges, in the pair's currency.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from config.pairspecs import pair_spec
from config.schema import Config, Pair
from domain.costs import LegMoney
from domain.hedges import RESIDUAL
from domain.ids import hedge_pair
from domain.market import FeeSchedule
from exchange.codes import BUY, REJECTED
from journal.reader import read
from journal.verify import verify
from tools.demo_books import lots_of, positions_apart
from tools.demo_truth import ORDER_NAME, order_names, truth_from
from tools.hedge_book import HedgeBook, Kept
from tools.replay_books import compare, journal_fills
from tools.try_naked import CoverNakedness, Episode, Nakedness, SizedNakedness
from wire.codec import unpack

FOR_REPAIR = ("p", "b")
FINAL = ("DONE", "PART", "NONE")
MOST_POINTS = 400


Place = tuple[str, str]
"""(venue, symbol)"""


def measured(config: Config, folder: Path, run: Any, spec: Any) -> list[dict[str, Any]]:
    """A row for each pair of a run that is over. `folder`: its own, with journal and gateways; `spec`: the market."""
    journal, truth = folder / "node" / "journal", run.exchange.truth
    book, alerts = HedgeBook(), Counter[str]()
    for record in read(journal):
        book.take(record)
        if record.kind == "alert":
            alerts[unpack(record.body)["code"]] += 1
    charged = fees_of(spec)
    book.instruments = {key: replace(each, fees=charged[key]) for key, each in book.instruments.items()}
    names = order_names(folder / "gateways", {leg.venue for pair in config.pair for leg in pair.legs})
    whole = truth_from(truth, names)
    books = compare(journal_fills(journal), whole.books)
    coins = {f"{told.venue}/{told.symbol}" for told in config.instrument if told.kind == "spot"}
    held = {place: told for place, told in books.positions.items() if place not in coins}  # coins are money there, and no position
    problems = [*whole.unnamed, *books.problems, *positions_apart(whole.positions, {}, held)]
    report = verify(journal)
    told = {holder.holding.pair: holder.told for holder in run.holders}
    rows = []
    for pair in config.pair:
        kept = [each for each in book.kept.values() if each.pair == pair.name]
        values = reference_values(config, pair, run.exchange.world.venues) | values_of(kept, book)
        naked = naked_of(config, pair, kept, values)
        row = _pair_row(pair, kept, book, _changes(pair, kept, truth, names), naked, told.get(pair.name, ()), run.exchange.agenda.wall_ns)
        rows.append({**row, "alerts": dict(alerts), "books_equal": not problems, "problems": problems[:5], "journal_verified": report.ok})
    return rows


def fees_of(spec: Any) -> dict[Place, FeeSchedule]:
    """What the market charges, whatever the configuration says of it."""
    from exchange.config import definition_of

    found = {}
    for venue in spec.venue:
        for one in venue.instrument:
            told = definition_of(one)
            found[venue.name, one.symbol] = FeeSchedule(**{f"{what}_{by}": Fraction(told[f"fee_{by}_{what}"]) for what in ("open", "close", "close_today") for by in ("rate", "lot")})
    return found


def naked_of(config: Config, pair: Pair, kept: Sequence[Kept], values: Mapping[str, float]) -> Nakedness | CoverNakedness:
    """How the pair's nakedness is counted."""
    lots = lots_of(pair)
    if pair.kind == "cover":
        return CoverNakedness(next(iter(lots)), pair_spec(config, pair, sends_orders=False).cover, values)
    return SizedNakedness(lots, values, ratios_of(lots, kept)) if 0 in lots.values() else Nakedness(lots, values)


def ratios_of(lots: Mapping[str, int], kept: Sequence[Kept]) -> dict[str, dict[str, Fraction]]:
    """By hedge: signed lots of each leg of 0 `lots` beside one lot of the first that has some."""
    found = {}
    for each in kept:
        plans = {f"{leg.plan.venue}/{leg.plan.symbol}": leg.plan for leg in each.hedge.legs}
        anchor = next((plans[place] for place, lot in lots.items() if lot and place in plans), None)
        if anchor is not None:
            found[each.hedge.hedge_id] = {
                place: Fraction(plans[place].side * plans[place].per_unit, anchor.side * anchor.per_unit) for place, lot in lots.items() if not lot and place in plans
            }
    return found


class Trades:
    """What the venues say of a pair's orders: trades in their order, and how each order ended."""

    def __init__(self) -> None:
        self.orders: dict[str, str] = {}
        self.trades: list[tuple[int, str, int, str]] = []


def _changes(pair: Pair, kept: Sequence[Kept], truth: Iterable[Mapping[str, Any]], names: Mapping[Any, str]) -> Trades:
    found = Trades()
    odd = {each.hedge.hedge_id for each in kept if each.hedge.trigger == RESIDUAL}  # its lots are no unit's
    for line in truth:
        if line["t"] not in ("order", "trade") or line.get("house"):
            continue
        told = ORDER_NAME.match(names.get((line["venue"], line["client_ref"]), ""))
        if told is None or hedge_pair(told["hedge"]) != pair.name:
            continue
        if line["t"] == "order":
            found.orders[f"{line['venue']} {line['order_id']}"] = line["status"]
        elif told["hedge"] not in odd:
            qty = (0 if line["exec_type"] == "H" else line["qty"]) - line.get("was_qty", 0)
            found.trades.append((line["ns"], f"{line['venue']}/{line['symbol']}", qty if line["side"] == BUY else -qty, told["hedge"]))
    return found


def _pair_row(
    pair: Pair, kept: Sequence[Kept], book: HedgeBook, told: Trades, naked: Nakedness | CoverNakedness, held: Sequence[tuple[int, str]], end_ns: int
) -> dict[str, Any]:
    left_to_tell = list(held)
    for ns, *trade in told.trades:
        while left_to_tell and left_to_tell[0][0] <= ns:
            naked.told(*left_to_tell.pop(0))
        naked.take(ns, *trade)
    for each in left_to_tell:
        naked.told(*each)
    left = naked.end(end_ns)
    rows = [_hedge_row(each, book) for each in kept]
    worst = max(naked.episodes, key=lambda each: each.value_s, default=None)
    return {
        "pair": pair.name,
        "currency": pair.currency,
        "hedges": len(rows),
        "outcomes": dict(Counter(row["state"] if row["state"] in FINAL else "STRANDED" for row in rows)),
        "orders": len(told.orders),
        "refused": sum(status == REJECTED for status in told.orders.values()),
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


def reference_values(config: Config, pair: Pair, venues: Mapping[str, Any]) -> dict[str, float]:
    """What a lot of each place is worth by the venues' references: where no decision has told it."""
    ticks = {(told.venue, told.symbol): float(told.tick_size) for told in config.instrument}
    found = {}
    for leg in pair_spec(config, pair, sends_orders=False).legs:
        rate = leg.fixed_fx if leg.fx is None else venues[leg.fx.key[0]].reference(leg.fx.key[1]) * ticks[leg.fx.key]
        found["/".join(leg.key)] = LegMoney(leg.instrument, rate).turnover(venues[leg.venue].reference(leg.symbol), 1)
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
