"""What the venues' truth and our journal say of a demo, side by side.

Each pair is judged by its own hedges; a position that one pair alone trades
is judged as the venue holds it, so that what no hedge explains counts too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from actors.recovery import Recovered
from config.load import load_checked
from config.pairspecs import pair_spec
from config.schema import Config, Pair
from domain.ids import hedge_pair
from exchange.truth import read as truth_lines
from journal.verify import verify
from tools.demo_truth import HedgeTruth, Truth, loose_of, naked_of, order_names, row_of, sums_of, truth_from
from tools.errors import ToolError
from tools.money_books import accounts_of, compared
from tools.replay_books import compare, journal_fills
from tools.replay_hedges import folded, signed_lots
from tools.shard_places import node_dirs

Lots = dict[str, int]
"""Lots of each leg in a unit that is bought, by `venue/symbol`."""


def summary_of(run: Any) -> dict[str, Any]:
    """All that a demo's checks look at, and its hedges one by one."""
    journals = [place / "journal" for place in node_dirs(run.node_dir)]
    for journal in journals:
        if not journal.is_dir():
            raise ToolError(f"the node left no journal in {journal}: see {run.log_of('node')}")
    config = load_checked(run.config)
    lots = {pair.name: lots_of(pair) for pair in config.pair}
    names = order_names(run.node_dir / "gateways", {leg.venue for pair in config.pair for leg in pair.legs})
    truth = truth_from(truth_lines(run.truth), names)
    books = compare({key: fill for journal in journals for key, fill in journal_fills(journal).items()}, truth.books)
    reports = [verify(journal) for journal in journals]
    recovered = folded_all(config, journals)
    money, apart = compared(recovered.ledgers, accounts_of(truth_lines(run.truth)))
    rows = [row_of(hedge, lots[hedge_pair(hedge.hedge)]) for hedge in truth.hedges.values()]
    naked = {name: naked_of_pair(name, truth, lots) for name in lots}
    problems = [*truth.unnamed, *books.problems, *positions_apart(truth.positions, ours_of(recovered, lots), books.positions)]
    open_qty, uncovered = uncovered_of(config, truth, run)
    return {
        **sums_of(rows),
        "naked_qty": sum(naked.values()),
        "uncovered_qty": open_qty,
        "working": books.working,
        "fills": books.fills,
        "orders": books.orders,
        "rejected": books.rejected,
        "positions": truth.positions,
        "books_equal": not problems,
        "money_equal": bool(money) and not apart,
        "journal_verified": all(report.ok for report in reports),
        "journal_records": sum(report.records for report in reports),
        "money": money,
        "pairs": [pair_row(name, rows, naked[name]) for name in lots],
        "problems": [*problems, *apart, *naked_said(rows, naked), *uncovered, *(problem.what for report in reports for problem in report.problems)],
        "hedge_list": rows,
    }


def folded_all(config: Config, journals: list[Path]) -> Recovered:
    """The same of several nodes' journals, each with pairs of its own."""
    found, *others = (folded(config, journal) for journal in journals)
    for more in others:
        found.pairs.update(more.pairs)
        found.ledgers.past += more.ledgers.every()
    return found


def lots_of(pair: Pair) -> Lots:
    """Lots of each leg in a unit that is bought, by `venue/symbol`."""
    return {f"{leg.venue}/{leg.symbol}": qty for leg, qty in zip(pair.legs, signed_lots(pair), strict=True)}


def naked_of_pair(name: str, truth: Truth, lots: Mapping[str, Lots]) -> int:
    """Lots of a pair's legs that no other leg covers, and of its hedges."""
    own = [hedge for hedge in truth.hedges.values() if hedge_pair(hedge.hedge) == name]
    traders = Counter(place for each in lots.values() for place in each)
    filled = net_of(own)
    held = {place: truth.positions.get(place, 0) if traders[place] == 1 else filled.get(place, 0) for place in lots[name]}
    return naked_of(held, lots[name]) + loose_of(own, lots[name])


def net_of(hedges: Iterable[HedgeTruth]) -> dict[str, int]:
    """What these hedges' orders have filled, signed, by place."""
    net: dict[str, int] = {}
    for hedge in hedges:
        for place, qty in hedge.net.items():
            net[place] = net.get(place, 0) + qty
    return net


def naked_said(rows: Iterable[Mapping[str, Any]], naked: Mapping[str, int]) -> list[str]:
    """The naked hedges of pairs that are naked; another may have made one good."""
    return [
        f"{row['hedge']}: {row['naked_qty']} lots naked"
        for row in rows
        if row["naked_qty"] and naked[hedge_pair(row["hedge"])]
    ]


def ours_of(recovered: Recovered, lots: Mapping[str, Lots]) -> dict[str, int]:
    """What our books hold, by place, over all pairs."""
    ours: dict[str, int] = {}
    for name, places in lots.items():
        pair = recovered.pairs.get(name)
        for index, place in enumerate(places):
            ours[place] = ours.get(place, 0) + (pair.books[index].net if pair is not None else 0)
    return ours


def positions_apart(venue: Lots, ours: Lots, fills: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Where the venue's positions are not our books', or not its trades'."""
    found = [
        f"{place}: the venue holds {venue.get(place, 0)} lots, our book {qty}"
        for place, qty in ours.items()
        if venue.get(place, 0) != qty
    ]
    found += [
        f"{place}: the venue holds {venue.get(place, 0)} lots, its trades make {told['venue']}"
        for place, told in fills.items()
        if venue.get(place, 0) != told["venue"]
    ]
    return found


def uncovered_of(config: Config, truth: Truth, run: Any) -> tuple[int, list[str]]:
    """Whole lots of the covers' exposures that no position covers."""
    open_qty, said = 0, []
    for pair in config.pair:
        if pair.kind != "cover":
            continue
        spec = pair_spec(config, pair, sends_orders=False).cover
        place = next(iter(lots_of(pair)))
        held = truth.positions.get(place, 0)
        lots = int(abs(-spec.ratio * run.stock.tons - held * spec.per_lot) / spec.per_lot)
        open_qty += lots
        if lots:
            said.append(f"{pair.name}: {run.stock.tons} {spec.unit} held elsewhere, {held} lots of {place}: {lots} lots uncovered")
    return open_qty, said


def pair_row(name: str, rows: Iterable[Mapping[str, Any]], naked_qty: int) -> dict[str, Any]:
    """One pair's line in the summary."""
    own = [row for row in rows if hedge_pair(row["hedge"]) == name]
    return {"pair": name, **sums_of(own), "naked_qty": naked_qty}
