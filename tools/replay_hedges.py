"""The hedges of a replay, told from its journal; and what was left naked.

The node is gone by then: its facts are folded as a starting node would fold
them. What is naked is counted twice, from the venues' own books and from the
node's, and the two must agree.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from actors.pair_show import show_hedge
from actors.recovery import fold
from config import schema
from config.values import defaults_of
from domain import pairs
from domain.books import units_of
from domain.hedges import Hedge
from domain.ledgers import Ledgers
from domain.pairs import Pair
from domain.units import NS_PER_MS
from gateways.replay.pacing import Start
from journal.reader import read
from tools.replay_books import Comparison
from tools.replay_config import FAILURE_COOLDOWN_MS

FILLED_STATES = ("DONE", "PART")


def folded(config: schema.Config, journal: Path) -> Pair:
    """The pair as the journal's facts leave it."""
    return refolded(config, journal)[0]


def refolded(config: schema.Config, journal: Path) -> tuple[Pair, Ledgers]:
    """The pair as the journal's facts leave it, and the ledgers of all."""
    pair = config.pair[0]
    lots = signed_lots(pair)
    found = fold(read(journal), {pair.name: lots})
    return found.pairs.get(pair.name) or pairs.new(pair.name, lots), found.ledgers


def signed_lots(pair: schema.Pair) -> tuple[int, ...]:
    """Lots of each leg in a unit that is bought; 0 where each hedge sizes them."""
    return tuple((leg.lots or 0) * (1 if leg.side == "buy" else -1) for leg in pair.legs)


def hedge_rows(pair: Pair) -> list[dict[str, Any]]:
    """The hedges that the pair still has at hand, oldest first."""
    hedges = [*pair.past, *([pair.hedge] if pair.hedge is not None else [])]
    shown = [show_hedge(hedge, hedge.ended_ns or hedge.opened_ns) for hedge in hedges]
    keys = ("hedge", "kind", "state", "qty", "covered", "orders_sent", "repairs", "took_ms")
    return [{key: row[key] for key in keys} for row in shown]


class Fired(Struct, frozen=True):
    """One hedge of a replay, by the recording's time.

    Shape: `touches` the touch of each leg at the decision, `paid` what its
    fills came to in ticks x lots; `free_ns`: when its pair was free again.
    """

    hedge_id: str
    trigger: str
    units: int
    covered: int
    state: str
    touches: tuple[int, ...]
    filled: tuple[int, ...]
    paid: tuple[int, ...]
    at_ns: int
    free_ns: int
    repairs: int


class Told(Struct, frozen=True):
    """A run's hedges, and when its pair could first trade."""

    hedges: tuple[Fired, ...]
    ready_ns: int
    ended_ns: int


def told_of(config: schema.Config, journal: Path, start: Start) -> Told:
    """The hedges of a run, each at its moment of the recording."""
    pair = folded(config, journal)
    wall_less_mono_ns, stop_ns, ready_ns = 0, 0, 0
    for record in read(journal):
        wall_less_mono_ns = wall_less_mono_ns or record.wall_ns - record.mono_ns
        stop_ns = record.wall_ns
        ready_ns = ready_ns or (record.wall_ns if record.kind == "decision" else 0)

    def recorded(wall_ns: int) -> int:
        return start.recording_ns + int((wall_ns - start.wall_ns) * start.speed)

    def fired(hedge: Hedge) -> Fired:
        return Fired(
            hedge.hedge_id,
            hedge.trigger,
            hedge.units,
            hedge.covered,
            str(hedge.status),
            tuple(leg.plan.touch_px for leg in hedge.legs),
            tuple(leg.net for leg in hedge.legs),
            tuple(sum(qty * px for order in leg.orders for _, qty, px in order.trades) for leg in hedge.legs),
            recorded(hedge.opened_ns + wall_less_mono_ns),
            recorded((hedge.ended_ns or hedge.opened_ns) + wall_less_mono_ns) + _rest_ns(config, hedge),
            len(hedge.repairs),
        )

    hedges = [*pair.past, *([pair.hedge] if pair.hedge is not None else [])]
    return Told(tuple(fired(hedge) for hedge in hedges), recorded(ready_ns), recorded(stop_ns))


def _rest_ns(config: schema.Config, hedge: Hedge) -> int:
    """How long a pair rests after a hedge, in the recording's time."""
    if hedge.covered:
        return defaults_of(config, config.pair[0]).cooldown_ms * NS_PER_MS
    return FAILURE_COOLDOWN_MS * NS_PER_MS


def summary(pair: Pair, told: schema.Pair, books: Comparison) -> tuple[dict[str, Any], list[str]]:
    """Counts and what is naked; and where our book is not the venues'."""
    rows = hedge_rows(pair)
    states = [row["state"] for row in rows]
    lots = signed_lots(told)
    names = [f"{leg.venue}/{leg.symbol}" for leg in told.legs]
    venue = tuple(books.positions.get(name, {}).get("venue", 0) for name in names)
    ours = tuple(book.net for book in pair.books)
    problems = [
        f"{name}: the venue holds {theirs} lots, our book {mine}"
        for name, theirs, mine in zip(names, venue, ours, strict=True)
        if theirs != mine
    ]
    units = units_of(venue, lots)
    naked = [abs(net - units * per_unit) for net, per_unit in zip(venue, lots, strict=True)]
    if 0 in lots:  # what a sized leg should hold is what its hedges covered: our book says, and must be the venues'
        naked = [abs(each) for each in pair.naked]
    counts = {
        "hedges": sum(state in FILLED_STATES for state in states),
        "fired": pair.hedge_count,
        "opened": sum(row["kind"] == "open" and row["state"] in FILLED_STATES for row in rows),
        "closed": sum(row["kind"] == "close" and row["state"] in FILLED_STATES for row in rows),
        "states": {state: states.count(state) for state in sorted(set(states))},
        "repairs": {kind: sum(kind in row["repairs"] for row in rows) for kind in ("replenish", "rollback")},
        "units": units,
        "naked_qty": sum(naked),
    }
    return counts, problems
