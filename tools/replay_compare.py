"""Where a run of processes differs from the virtual one, and why.

Both run the same code on the same rows. What can differ is time: as processes
a frame takes its own while, and at n times the pace each of its milliseconds
is n of the recording's. Hedges are matched by what fired them and when; for
each that differs the cause is looked for in what both runs have on record. A
cause that is not found is called `unexplained`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tools.replay_hedges import Fired, Told
from tools.replay_spread import Survey

NS_PER_S, NS_PER_MS = 1_000_000_000, 1_000_000
MATCH_REAL_NS = 250 * NS_PER_MS
"""How late, by the clock on the wall, a process may be and mean the same."""

COOLDOWN_SLACK_NS = 20 * NS_PER_MS
OTHER_ROWS, MOVED_ON, NOT_UP, BUSY, TOO_SHORT, FOLLOWS, UNEXPLAINED = (
    "other_rows", "moved_on", "not_up", "busy", "too_short", "follows", "unexplained",
)  # fmt: skip
BUYS = ("buy_open", "buy_close")


def differences(virtual: Told, real: Told, survey: Survey, speed: float) -> list[dict[str, Any]]:
    """Each hedge of one pair that is not the same in both runs; `at_s`: its moment, ns."""
    rows: list[dict[str, Any]] = []
    pairs, missed, extra = matched(virtual.hedges, real.hedges, int(MATCH_REAL_NS * speed))
    for ours, theirs in pairs:
        rows += compared(ours, theirs, speed)
    rows += [_row(each, None, *_why_missed(each, real, survey, speed)) for each in missed]
    rows += [_row(None, each, *_why_extra(each, virtual, survey)) for each in extra]
    return rows


def in_order(rows: list[dict[str, Any]], first_ns: int) -> list[dict[str, Any]]:
    """All pairs' differences by time, `at_s` since `first_ns` of the recording."""
    return [{**row, "at_s": round((row["at_s"] - first_ns) / NS_PER_S, 3)} for row in sorted(rows, key=lambda row: row["at_s"])]


def matched(
    virtual: Sequence[Fired], real: Sequence[Fired], within_ns: int
) -> tuple[list[tuple[Fired, Fired]], list[Fired], list[Fired]]:
    """Pairs of the same trigger near in time; what is left of each side."""
    left = list(real)
    pairs: list[tuple[Fired, Fired]] = []
    missed: list[Fired] = []
    for ours in virtual:
        near = [each for each in left if each.trigger == ours.trigger and abs(each.at_ns - ours.at_ns) <= within_ns]
        if not near:
            missed.append(ours)
            continue
        best = min(near, key=lambda each: (each.touches != ours.touches, abs(each.at_ns - ours.at_ns)))
        left.remove(best)
        pairs.append((ours, best))
    return pairs, missed, left


def compared(ours: Fired, theirs: Fired, speed: float) -> list[dict[str, Any]]:
    """The same firing in both runs: decided and filled alike, or why not."""
    late_ms = (theirs.at_ns - ours.at_ns) / NS_PER_MS
    if (ours.touches, ours.units) != (theirs.touches, theirs.units):
        what = f"decided on other books: {_decided(ours)} / {_decided(theirs)}"
        why = f"{late_ms:+.1f} ms of the recording, {late_ms / speed:+.1f} ms of the clock: other rows were the last"
        return [_row(ours, theirs, what, OTHER_ROWS, why)]
    if (ours.state, ours.covered, ours.filled, ours.paid) != (theirs.state, theirs.covered, theirs.filled, theirs.paid):
        what = f"same decision, filled otherwise: {_filled(ours)} / {_filled(theirs)}"
        why = f"the way to the venue is {speed:g} times longer in the recording's time: its book had moved on"
        return [_row(ours, theirs, what, MOVED_ON, why)]
    return []


def _why_missed(ours: Fired, real: Told, survey: Survey, speed: float) -> tuple[str, str, str]:
    """Why the processes did not fire where the virtual run did."""
    what = f"fired in the virtual run alone: {_decided(ours)}"
    if ours.at_ns < real.ready_ns:
        return what, NOT_UP, "the node was not up yet"
    if ours.at_ns > real.ended_ns - MATCH_REAL_NS * speed:
        return what, NOT_UP, "the node had been told to stop"
    busy = _busy(ours, real.hedges)
    if busy is not None:
        return what, BUSY, f"the pair was busy with {busy.hedge_id} or cooling down after it"
    held_ns = _held_ns(survey, ours)
    if held_ns is not None and held_ns < MATCH_REAL_NS * speed:
        ms = held_ns / NS_PER_MS
        return what, TOO_SHORT, f"the trigger held {ms:.1f} ms of the recording, {ms / speed:.2f} ms of the clock"
    kind, why = _position(ours, real.hedges)
    if kind == UNEXPLAINED and held_ns is None:  # it fired there, and no moment's last row meets it
        return what, TOO_SHORT, "the trigger was met between two rows of one moment alone: for no time of the recording"
    return what, kind, why


def _why_extra(theirs: Fired, virtual: Told, survey: Survey) -> tuple[str, str, str]:
    """Why the virtual run did not fire where the processes did."""
    what = f"fired in the run of processes alone: {_decided(theirs)}"
    busy = _busy(theirs, virtual.hedges)
    if busy is not None:
        return what, BUSY, f"the virtual pair was busy with {busy.hedge_id} or cooling down after it"
    kind, why = _position(theirs, virtual.hedges)
    if kind == UNEXPLAINED and _held_ns(survey, theirs) is None:
        return what, OTHER_ROWS, "the legs' rows came in another order: in the recording's, the trigger was not met then"
    return what, kind, why


def _held_ns(survey: Survey, hedge: Fired) -> int | None:
    """How long the trigger held that fired a hedge; None: it was not met then."""
    tally = survey.events.get(hedge.trigger)
    return None if tally is None else tally.held_at(hedge.at_ns)


def _position(hedge: Fired, others: Sequence[Fired]) -> tuple[str, str]:
    """Another position by then: it follows from an earlier difference."""
    units = sum(each.covered * (1 if each.trigger in BUYS else -1) for each in others if each.at_ns < hedge.at_ns)
    closes = hedge.trigger.endswith("close")
    if closes and units == 0:
        return FOLLOWS, "that run had nothing to close: it follows from an earlier difference"
    if not closes and units != 0:
        return FOLLOWS, f"that run held {units} units then: what it had room for follows from an earlier difference"
    return UNEXPLAINED, "none was found"


def _busy(hedge: Fired, others: Sequence[Fired]) -> Fired | None:
    """The other run's hedge that kept its pair from firing then."""
    for each in others:
        if each.at_ns - COOLDOWN_SLACK_NS <= hedge.at_ns <= each.free_ns + COOLDOWN_SLACK_NS:
            return each
    return None


def _decided(hedge: Fired) -> str:
    return f"{hedge.trigger} {hedge.units} at {'/'.join(map(str, hedge.touches))}"


def _filled(hedge: Fired) -> str:
    paid = "/".join(f"{paid / qty:.2f}" if qty else "-" for paid, qty in zip(hedge.paid, hedge.filled, strict=True))
    return f"{hedge.state} {hedge.covered}, {'/'.join(map(str, hedge.filled))} lots at {paid}"


def _row(ours: Fired | None, theirs: Fired | None, what: str, kind: str, why: str) -> dict[str, Any]:
    either = ours or theirs
    return {
        "at_s": 0 if either is None else either.at_ns,
        "virtual": "" if ours is None else ours.hedge_id,
        "processes": "" if theirs is None else theirs.hedge_id,
        "kind": kind,
        "what": what,
        "cause": why,
    }
