"""One hedge's stages with the time between them, from its story alone.

An order's stages, each by the clock that stamped it:

    exchange, gateway_in, received     what it was decided on: a quote, a report
    decided, made, journaled, sent     the node: the turn, the frame, the record
    gateway_out                        the gateway has handed it to the venue
    acknowledged, filled               each at the exchange, the gateway, the node

A stage without a stamp says why. A stamp that would have an effect before its
cause shows a clock that is off, by at least that much.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from journal.readable import DECISION
from journal.stages import CAUSES, EXCHANGE, GATEWAY, NODE, OrderTimes, Stage, orders_of
from journal.story import Entry, Story

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
    "HedgeSentBack": "operator",
    "HedgeClaimed": "operator",
    "HedgeReopened": "",
    "HedgeEnded": "outcome",
}
"""What happened to the hedge as a whole, and which field says more of it."""

NOT_AFTER = {"filled_exchange": ("acknowledged_gateway", "acknowledged"), "filled_gateway": ("acknowledged",)}
"""Stages that stand before another in the table, and are no cause of it."""

US = 1_000
STEP_US = 1_000.0
"""By so much the node's wall clock may leave its monotonic one in a hedge."""


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
    sent_ns = {seq: at_ns for entry in story.entries for seq, at_ns in [entry.body.get("sent") or (0, 0)]}
    orders = [each for entry in story.entries for each in orders_of(entry, by_seq, repairs_us, sent_ns)]
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
            before = [each for each in counted if _is_before(each, stage)]
            stage.step_us = stage.at_us - before[-1].at_us if before else None
            counted.append(stage)


def _is_before(earlier: Stage, stage: Stage) -> bool:
    """Whether a step is told from it; the frame may be there before `sent`, which is of all frames."""
    return earlier.stage not in NOT_AFTER.get(stage.stage, ()) and (earlier.stage != "sent" or earlier.at_us <= stage.at_us)
