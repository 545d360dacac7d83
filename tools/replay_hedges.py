"""The hedges of a replay, told from its journal; and what was left naked.

The node is gone by then: its facts are folded as a starting node would fold
them. What is naked is counted in the pairs' books, which must hold together
what the venues' own books hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from actors.pair_show import show_hedge
from actors.recovery import Recovered, fold
from config import schema
from config.values import defaults_of
from domain import pairs
from domain.hedges import Hedge
from domain.pairs import Pair
from domain.units import NS_PER_MS
from gateways.replay.pacing import Start
from journal.reader import read
from tools.assess_measure import sampled
from tools.replay_config import FAILURE_COOLDOWN_MS
from tools.replay_spread import Survey
from tools.walk import Look

FILLED_STATES = ("DONE", "PART")


def folded(config: schema.Config, journal: Path) -> Recovered:
    """Pairs and ledgers as the journal's facts leave them."""
    return fold(read(journal), {pair.name: signed_lots(pair) for pair in config.pair})


def pair_in(found: Recovered, told: schema.Pair) -> Pair:
    """One pair of it; as new where it never did anything."""
    return found.pairs.get(told.name) or pairs.new(told.name, signed_lots(told))


def signed_lots(pair: schema.Pair) -> tuple[int, ...]:
    """Lots of each leg in a unit that is bought; 0 where each hedge sizes them."""
    return tuple((leg.lots or 0) * (1 if leg.side == "buy" else -1) for leg in pair.legs)


def hedge_rows(pair: Pair) -> list[dict[str, Any]]:
    """The hedges that the pair still has at hand, oldest first."""
    shown = [show_hedge(hedge, hedge.ended_ns or hedge.opened_ns) for hedge in hedges_of(pair)]
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


def told_of(config: schema.Config, told: schema.Pair, found: Recovered, journal: Path, start: Start) -> Told:
    """The hedges of one pair in a run, each at its moment of the recording."""
    wall_less_mono_ns, stop_ns, ready_ns = 0, 0, 0
    for record in read(journal):
        wall_less_mono_ns = wall_less_mono_ns or record.wall_ns - record.mono_ns
        stop_ns = record.wall_ns
        ready_ns = ready_ns or (record.wall_ns if record.kind == "decision" else 0)

    def recorded(wall_ns: int) -> int:
        return start.recording_ns + int((wall_ns - start.wall_ns) * start.speed)

    def fired(hedge: Hedge) -> Fired:
        at_ns, ended_ns = hedge.opened_ns + wall_less_mono_ns, (hedge.ended_ns or hedge.opened_ns) + wall_less_mono_ns
        return fired_of(hedge, recorded(at_ns), recorded(ended_ns) + _rest_ns(config, told, hedge))

    return Told(tuple(fired(hedge) for hedge in hedges_of(pair_in(found, told))), recorded(ready_ns), recorded(stop_ns))


def hedges_of(pair: Pair) -> list[Hedge]:
    """The hedges that the pair still has at hand, oldest first."""
    return [*pair.past, *([pair.hedge] if pair.hedge is not None else [])]


def fired_of(hedge: Hedge, at_ns: int = 0, free_ns: int = 0) -> Fired:
    """One hedge, with its moments of the recording."""
    return Fired(
        hedge.hedge_id,
        hedge.trigger,
        hedge.units,
        hedge.covered,
        str(hedge.status),
        tuple(leg.plan.touch_px for leg in hedge.legs),
        tuple(leg.net for leg in hedge.legs),
        tuple(sum(qty * px for order in leg.orders for _, qty, px in order.trades) for leg in hedge.legs),
        at_ns,
        free_ns,
        len(hedge.repairs),
    )


def _rest_ns(config: schema.Config, told: schema.Pair, hedge: Hedge) -> int:
    """How long a pair rests after a hedge, in the recording's time."""
    if hedge.covered:
        return defaults_of(config, told).cooldown_ms * NS_PER_MS
    return FAILURE_COOLDOWN_MS * NS_PER_MS


def counts_of(pair: Pair) -> dict[str, Any]:
    """What one pair did, by its own book; what is naked."""
    rows = hedge_rows(pair)
    states = [row["state"] for row in rows]
    return {
        "hedges": sum(state in FILLED_STATES for state in states),
        "fired": pair.hedge_count,
        "opened": sum(row["kind"] == "open" and row["state"] in FILLED_STATES for row in rows),
        "closed": sum(row["kind"] == "close" and row["state"] in FILLED_STATES for row in rows),
        "states": {state: states.count(state) for state in sorted(set(states))},
        "repairs": {kind: sum(kind in row["repairs"] for row in rows) for kind in ("replenish", "rollback")},
        "units": pair.units,
        "naked_qty": sum(abs(each) for each in pair.naked),
    }


def sums_of(counts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The same over all pairs; units only where there is one pair, since each has its own."""
    found: dict[str, Any] = {}
    for key in ("hedges", "fired", "opened", "closed", "naked_qty"):
        found[key] = sum(each[key] for each in counts)
    for key in ("states", "repairs"):
        found[key] = dict(sum((Counter(each[key]) for each in counts), Counter()))
        found[key].update({name: 0 for each in counts for name in each[key] if name not in found[key]})
    return {**found, "units": counts[0]["units"] if len(counts) == 1 else None}


def positions_apart(found: Recovered, config: schema.Config, positions: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Where the venues hold other lots than the books of all pairs together."""
    ours: Counter[str] = Counter()
    for told in config.pair:
        for leg, book in zip(told.legs, pair_in(found, told).books, strict=True):
            ours[f"{leg.venue}/{leg.symbol}"] += book.net
    venue = {name: positions.get(name, {}).get("venue", 0) for name in ours}
    return [f"{name}: the venue holds {venue[name]} lots, our books {mine}" for name, mine in ours.items() if venue[name] != mine]


def got_of(pair: Pair, look: Look, survey: Survey) -> list[dict[str, Any]]:
    """What came of each event of the trigger: how often it was met, fired, and at what slippage.

    Slippage is how much worse what was paid was than the touch at the decision,
    in the value's unit: for a formula with a quoted rate at the last one.
    """
    rows = []
    for event, tally in survey.events.items():
        hedges = [fired_of(hedge) for hedge in hedges_of(pair) if hedge.trigger == event]
        whole = [each for each in hedges if each.covered == each.units and not each.repairs]
        direction = look.aims[event].direction
        slips = [slippage_of(each, look, direction) for each in hedges if all(each.filled)]
        rows.append({"event": event, **tally.met(), "fired": len(hedges), "whole": len(whole), "slippage": sampled(slips)})
    return rows


def slippage_of(hedge: Fired, look: Look, direction: int) -> float:
    """How much worse its fills were than the touch, in the value's unit."""
    paid = [abs(paid / filled) for paid, filled in zip(hedge.paid, hedge.filled, strict=True)]
    return (look.view.at(paid) - look.view.at(hedge.touches)) * direction + 0.0
