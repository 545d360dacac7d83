"""One hedge's stages with the time between them, from its story alone.

An order's stages, each by the clock that stamped it:

    exchange, gateway_in, received     what it was decided on: a quote, a report
    decided, made, journaled, sent     the node: the turn, the frame, the record
    gateway_out                        the gateway has handed it to the venue
    acknowledged, filled               each at the exchange, the gateway, the node

Nothing stamps the moment of sending, so that it is always unknown: it lies
between `journaled` and `gateway_out`. A stamp that would have an effect
before its cause shows a clock that is off, by at least that much.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from journal.readable import DECISION, REPORT
from journal.story import Entry, Story

EXCHANGE, GATEWAY, NODE = "exchange", "gateway", "node"
STAGES = (
    ("exchange", EXCHANGE), ("gateway_in", GATEWAY), ("received", NODE), ("decided", NODE), ("made", NODE), ("journaled", NODE),
    ("sent", NODE), ("gateway_out", GATEWAY), ("acknowledged_exchange", EXCHANGE), ("acknowledged_gateway", GATEWAY),
    ("acknowledged", NODE), ("filled_exchange", EXCHANGE), ("filled_gateway", GATEWAY), ("filled", NODE),
)  # fmt: skip
"""Every stage, in the order of cause, with the clock that stamps it."""

MILESTONES = {
    "HedgeOpened": "kind",
    "HedgeExposed": "",
    "HedgeAimed": "units",
    "HedgeLeft": "lots",
    "HedgeSettling": "why",
    "HedgeImbalanced": "naked",
    "RepairChosen": "choice",
    "HedgeStranded": "why",
    "HedgeRetried": "why",
    "HedgeHandedOver": "operator",
    "HedgeReopened": "",
    "HedgeEnded": "outcome",
}
"""What happened to the hedge as a whole, and which field says more of it."""

CAUSES = ("exchange", "gateway_in")
"""Stages of what an order was decided on; by the clocks of that venue."""

NOT_AFTER = {"filled_exchange": ("acknowledged_gateway", "acknowledged"), "filled_gateway": ("acknowledged",)}
"""Stages that stand before another in the table, and are no cause of it."""

US = 1_000
STEP_US = 1_000.0
"""By so much the node's wall clock may leave its monotonic one in a hedge."""

ORDER_STATUS = "I"


class Stage(Struct):
    """One stage. `at_us` None: unknown; `step_us` since the last that counts.

    `off`: its clock is known to be off, so that no step is told from it.
    """

    stage: str
    clock: str
    at_us: float | None = None
    step_us: float | None = None
    off: bool = False


class OrderTimes(Struct):
    """One order's stages. `because`: the report that it answers, 0 for a quote.

    `because_venue`: whose report or quote it was.
    """

    cl_ord_id: str
    venue: str
    symbol: str
    side: str
    qty: int
    cum_qty: int
    repair: bool
    because: int
    because_venue: str
    stages: list[Stage]


class Milestone(Struct):
    """Something that happened to the whole hedge, and when it was on record."""

    what: str
    more: str
    seq: int
    at_us: float


class ClockOff(Struct):
    """A clock that can't be right beside the node's, or beside itself.

    `venue` "" for the node's own; `off`: ahead, behind or stepped.
    """

    venue: str
    clock: str
    off: str
    at_least_us: float


class Timeline(Struct):
    """The whole of it. `repaired_us`: from the first repair to a good end."""

    hedge: str
    pair: str
    started_ns: int
    duration_us: float
    outcome: str
    repaired_us: float | None
    milestones: list[Milestone]
    clocks: list[ClockOff]
    orders: list[OrderTimes]


def timeline(story: Story) -> Timeline:
    """The hedge's stages, as far as there is a stamp for them."""
    by_seq = {entry.seq: entry for entry in story.entries}
    marks = list(_milestones(story.entries))
    repairs_us = [each.at_us for each in marks if each.what == "RepairChosen"]
    orders = [each for entry in story.entries for each in _orders(entry, by_seq, repairs_us)]
    clocks = [*_node_steps(story.entries), *_clocks_off(orders)]
    _mark_off(orders, clocks)
    ended = [each for each in marks if each.what == "HedgeEnded"]
    return Timeline(
        story.hedge,
        story.pair,
        story.started_ns,
        story.duration_us,
        ended[-1].more if ended else "",
        ended[-1].at_us - repairs_us[0] if ended and repairs_us and ended[-1].at_us >= repairs_us[0] else None,
        marks,
        clocks,
        orders,
    )


def _milestones(entries: Iterable[Entry]) -> Iterator[Milestone]:
    for entry in entries:
        for fact in entry.body.get("facts") or ():
            what = fact.get("type") if isinstance(fact, dict) else None
            if entry.kind == DECISION and what in MILESTONES:
                more = fact.get(MILESTONES[what])
                yield Milestone(what, "" if more is None else str(more), entry.seq, entry.at_us)


# ------------------------------------------------ one order


def _orders(entry: Entry, by_seq: dict[int, Entry], repairs_us: list[float]) -> Iterator[OrderTimes]:
    """The orders that a decision sent, with all that is stamped of them."""
    if entry.kind != DECISION:
        return
    for command in entry.body.get("commands") or ():
        if not isinstance(command, dict) or command.get("msg_type") != "D":
            continue
        reports = [each for each in by_seq.values() if _is_about(each, command["clord_id"])]
        submitted = next(_named(entry.body.get("facts"), command["clord_id"]), {})
        because = _because(entry, by_seq)
        found = {
            **(_asked_by(because) if because is not None else _quoted(entry, command["symbol"], submitted)),
            "decided": _by_mono(entry, submitted.get("at_ns")),
            "made": _by_wall(entry, command.get("node_ns")),
            "journaled": entry.at_us,
            **_reported(reports),
        }
        yield OrderTimes(
            command["clord_id"],
            command.get("venue") or "",
            command["symbol"],
            command["side"],
            command["qty"],
            max((each.body["message"].get("cum_qty") or 0 for each in reports), default=0),
            any(entry.at_us >= at_us for at_us in repairs_us),
            0 if because is None else because.seq,
            (command.get("venue") if because is None else because.body.get("venue")) or "",
            [Stage(name, clock, found.get(name)) for name, clock in STAGES],
        )


def _is_about(entry: Entry, cl_ord_id: str) -> bool:
    message = entry.body.get("message") or {}
    key = {"8": "clord_id", "j": "ref_id"}.get(message.get("msg_type"))
    return entry.kind == REPORT and key is not None and message.get(key) == cl_ord_id


def _named(value: Any, cl_ord_id: str) -> Iterator[dict[str, Any]]:
    """The intent of that order, wherever it stands among the facts."""
    if isinstance(value, dict):
        if value.get("cl_ord_id") == cl_ord_id and value.get("at_ns"):
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _named(each, cl_ord_id)


def _because(entry: Entry, by_seq: dict[int, Entry]) -> Entry | None:
    """The report that the decision answers, at once or by way of others."""
    seen = by_seq.get(entry.parent)
    while seen is not None and seen.kind != REPORT:
        seen = by_seq.get(seen.parent)
    return seen


def _asked_by(report: Entry) -> dict[str, float | None]:
    message = report.body.get("message") or {}
    return {
        "exchange": _by_wall(report, message.get("exch_ns")),
        "gateway_in": _by_wall(report, message.get("gw_ns")),
        "received": report.at_us,
    }


def _quoted(entry: Entry, symbol: str, submitted: dict[str, Any]) -> dict[str, float | None]:
    """The quote of the order's own leg. `lag_ns` is not on older records."""
    legs = (entry.body.get("saw") or {}).get("legs") or []
    same = [leg for leg in legs if leg.get("symbol") == symbol]
    place = submitted.get("leg", -1)
    leg = same[0] if len(same) == 1 else legs[place] if 0 <= place < len(legs) and legs[place] in same else None
    if leg is None:
        return {}
    at_ns, age_ns, lag_ns = submitted.get("at_ns"), leg.get("age_ns"), leg.get("lag_ns")
    known = None not in (at_ns, age_ns, lag_ns)
    return {
        "exchange": _by_wall(entry, leg.get("exch_ns")),
        "gateway_in": _by_wall(entry, leg.get("gw_ns")),
        "received": _by_mono(entry, at_ns - age_ns + lag_ns) if known else None,
    }


def _reported(reports: list[Entry]) -> dict[str, float | None]:
    """Out of the gateway, acknowledged, and the last of its fills.

    What was sent again, or told in answer to a question, has no time of its own.
    """
    found: dict[str, float | None] = {}
    for entry in reports:
        message = entry.body["message"]
        kind = message.get("exec_type")
        if message.get("poss_resend") or kind == ORDER_STATUS:
            continue
        if kind == "A":
            found.setdefault("gateway_out", _by_wall(entry, message.get("gw_ns")))
        elif "acknowledged" not in found:
            found.update(_thrice("acknowledged", entry, message))
        if kind == "F":
            found.update(_thrice("filled", entry, message))
    return found


def _thrice(name: str, entry: Entry, message: dict[str, Any]) -> dict[str, float | None]:
    return {
        f"{name}_exchange": _by_wall(entry, message.get("exch_ns")),
        f"{name}_gateway": _by_wall(entry, message.get("gw_ns")),
        name: entry.at_us,
    }


def _by_wall(entry: Entry, wall_ns: int | None) -> float | None:
    """A stamp of any wall clock, beside the record that holds it."""
    return None if not wall_ns else entry.at_us + (wall_ns - entry.wall_ns) / US


def _by_mono(entry: Entry, mono_ns: int | None) -> float | None:
    return None if not mono_ns else entry.at_us + (mono_ns - entry.mono_ns) / US


# ------------------------------------------------ clocks


def _node_steps(entries: list[Entry]) -> Iterator[ClockOff]:
    """Whether the node's wall clock was set while the hedge ran."""
    first = entries[0]
    most = 0.0
    for entry in entries:
        if entry.mono_ns >= first.mono_ns:  # else the machine was booted between
            by_wall = (entry.wall_ns - first.wall_ns) / US
            most = max(most, abs(by_wall - (entry.mono_ns - first.mono_ns) / US))
    if most > STEP_US:
        yield ClockOff("", NODE, "stepped", round(most, 1))


def _clocks_off(orders: list[OrderTimes]) -> Iterator[ClockOff]:
    """Clocks by which something was before its cause, or after its effect."""
    worst: dict[tuple[str, str, str], float] = {}
    for order in orders:
        for clock, off, at_least_us in _impossible({each.stage: each.at_us for each in order.stages}, quoted=order.because == 0):
            key = (order.venue, clock, off)
            worst[key] = max(worst.get(key, 0.0), at_least_us)
    for (venue, clock, off), at_least_us in sorted(worst.items()):
        yield ClockOff(venue, clock, off, round(at_least_us, 1))


def _impossible(at: dict[str, float | None], *, quoted: bool) -> Iterator[tuple[str, str, float]]:
    """Clock, which way it is off, and by how much at least; beside the node's.

    A report that caused an order may be another venue's: it proves nothing
    of this one's clocks.
    """
    pairs = [("journaled", "gateway_out", GATEWAY)]
    for kind in ("acknowledged", "filled"):
        pairs += [("journaled", f"{kind}_gateway", GATEWAY), ("journaled", f"{kind}_exchange", EXCHANGE)]
        pairs += [(f"{kind}_gateway", kind, GATEWAY), (f"{kind}_exchange", kind, EXCHANGE)]
    if quoted:
        known = "received" if at.get("received") is not None else "decided"
        pairs += [("gateway_in", known, GATEWAY), ("exchange", known, EXCHANGE)]
    for earlier, later, clock in pairs:
        first, then = at.get(earlier), at.get(later)
        if first is not None and then is not None and then < first:
            yield clock, "ahead" if later in ("received", "decided", "acknowledged", "filled") else "behind", first - then


def _mark_off(orders: list[OrderTimes], clocks: list[ClockOff]) -> None:
    """Mark what such a clock stamped; then the steps between the rest."""
    off = {(each.venue, each.clock) for each in clocks if each.venue}
    for order in orders:
        counted: list[Stage] = []
        for stage in order.stages:
            venue = order.because_venue if stage.stage in CAUSES else order.venue
            stage.off = (venue, stage.clock) in off and stage.at_us is not None
            if stage.at_us is None or stage.off:
                continue
            before = [each for each in counted if each.stage not in NOT_AFTER.get(stage.stage, ())]
            stage.step_us = stage.at_us - before[-1].at_us if before else None
            counted.append(stage)
