"""The faults by number and kind, and which order states each can meet.

A cell is a fault and the state, on record, of an order that it meets. Where a
cell can't be met, by what fault and state mean, its reason stands here; every
other one must be, twenty times in a gate run. Seeds are aimed at the cells in turn.
"""

from __future__ import annotations

from typing import Any, NamedTuple

STATES = ("SUBMITTED", "PENDING_NEW", "NEW", "PARTIALLY_FILLED", "PENDING_CANCEL", "UNKNOWN")
LEAST = 20
"""Hits of each cell in a gate run."""
FATE, CANCEL, REPORT, QUOTE, QUESTION, LINK, MARKET, NODE, WORD = (
    "fate", "cancel", "report", "quote", "question", "link", "market", "node", "word",
)  # fmt: skip
RUN = 10_000
"""Seeds of a gate run."""
UNREACHABLE: dict[tuple[str, str], str] = {
    **{(FATE, state): "nothing is told of an order before its gateway is handed it, and there its fate is drawn" for state in ("PENDING_NEW", "NEW", "PARTIALLY_FILLED")},
    (FATE, "UNKNOWN"): "in doubt before its gateway is handed it: by a lost link, with which it is lost too, or once its time is over, when its gateway refuses it",
    (CANCEL, "SUBMITTED"): "a cancel is on record before it leaves, and nothing makes its order SUBMITTED again",
    (CANCEL, "PENDING_NEW"): "a cancel is on record before it leaves, and nothing makes its order PENDING_NEW again",
}
"""By kind: the states that it can't meet by what they mean, and why."""


class Kind(NamedTuple):
    """`number`: of the list F1 to F36. `drawn`: a rate, or a moment."""

    number: str
    kind: str


FAULTS: dict[str, Kind] = {
    "lost": Kind("F1", FATE),
    "vanish": Kind("F1", FATE),
    "silent": Kind("F2 F6", FATE),
    "say_lost": Kind("F2 F6", REPORT),
    "say_twice": Kind("F3", REPORT),
    "frame_twice": Kind("F3", REPORT),
    "trade_first": Kind("F4", FATE),
    "late_fill": Kind("F4", FATE),
    "cancel_then_fill": Kind("F4", CANCEL),
    "say_late": Kind("F5", REPORT),
    "untold": Kind("F6", FATE),
    "reject": Kind("F7", FATE),
    "refused_yet_filled": Kind("F7", FATE),
    "part": Kind("F8", FATE),
    "empty": Kind("F8", FATE),
    "rest": Kind("F8", FATE),
    "crumbs": Kind("F8", FATE),
    "overfill": Kind("F8", FATE),
    "thin": Kind("F8", QUOTE),
    "fill_on_cancel": Kind("F9", CANCEL),
    "cancel_refused": Kind("F10", CANCEL),
    "cancel_swallowed": Kind("F10", CANCEL),
    "mass_cancel_swallowed": Kind("F10", QUESTION),
    "gateway_killed": Kind("F11", LINK),
    "gateway_hung": Kind("F12", LINK),
    "gateway_slow": Kind("F13", LINK),
    "link_clogged": Kind("F14", LINK),
    "link_cut": Kind("F14", LINK),
    "session_dropped": Kind("F15", LINK),
    "replays_all": Kind("F16", LINK),
    "replays_nothing": Kind("F16", LINK),
    "gap": Kind("F17", REPORT),
    "throttled": Kind("F18", MARKET),
    "deny": Kind("F18", FATE),
    "market_halted": Kind("F19", MARKET),
    "limit_locked": Kind("F20", MARKET),
    "margin_short": Kind("F21", MARKET),
    "days_mismatched": Kind("F22", MARKET),
    "busted": Kind("F23", FATE),
    "corrected": Kind("F23", FATE),
    "crossed": Kind("F24", QUOTE),
    "one_sided": Kind("F24", QUOTE),
    "quotes_frozen": Kind("F24", MARKET),
    "feed_frozen": Kind("F24", LINK),
    "wall_stepped": Kind("F25", NODE),
    "wall_drifts": Kind("F25", NODE),
    "node_killed": Kind("F26", NODE),
    "torn_tail": Kind("F27", NODE),
    "journal_damaged": Kind("F27", NODE),
    "disk_failed": Kind("F28", NODE),
    "disks_failed": Kind("F28", NODE),
    "disk_full": Kind("F28", NODE),
    "fsync_stalled": Kind("F28", NODE),
    "junk": Kind("F29", REPORT),
    "lane_stalled": Kind("F30", NODE),
    "flooded": Kind("F30", LINK),
    "no_descriptors": Kind("F31", NODE),
    "second_node": Kind("F32", NODE),
    "node_copied": Kind("F32", LINK),
    "outside_trade": Kind("F33", MARKET),
    "day_rolled": Kind("F34", MARKET),
    "delisted": Kind("F34", MARKET),
    "kill_word": Kind("F35", WORD),
    "mode_word": Kind("F35", WORD),
    "limits_changed": Kind("F35", NODE),
    "alerts_dead": Kind("F36", NODE),
    "alerts_stuck": Kind("F36", NODE),
    "reader_hung": Kind("F36", NODE),
    "by_hand": Kind("F35", WORD),
    "deaf": Kind("F6", QUESTION),
    "venue_deaf": Kind("F6", LINK),
}
NOT_AIMED = frozenset(("replays_all", "replays_nothing", "journal_damaged", "torn_tail", "by_hand"))
"""They follow something else, a logon, a start, a kill on a record, or are a person's: often enough without an aim."""


def why_not(fault: str, state: str) -> str:
    """Why this cell can't be met, or ""."""
    return UNREACHABLE.get((FAULTS[fault].kind, state), "")


def cells() -> list[tuple[str, str]]:
    """Every cell that a gate run must meet."""
    return [(fault, state) for fault in FAULTS for state in STATES if not why_not(fault, state)]


def aims() -> list[tuple[str, str]]:
    """The cells that seeds are aimed at: all but those that every order passes through, and what follows something else."""
    return [(fault, state) for fault, state in cells() if fault not in NOT_AIMED and (FAULTS[fault].kind, state) != (FATE, "SUBMITTED")]


def told(matrix: dict[str, dict[str, int]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Each cell: how often it was met, and why it can't be, "" where it can."""
    return {
        fault: {state: {"hits": matrix.get(fault, {}).get(state, 0), "unreachable": why_not(fault, state)} for state in STATES}
        for fault in FAULTS
    }


def met_though_unreachable(matrix: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Cells whose reason is wrong."""
    every = ((fault, {state: count for state, count in matrix.get(fault, {}).items() if why_not(fault, state)}) for fault in FAULTS)
    return {fault: states for fault, states in every if states}


def short_in_a_gate_run(matrix: dict[str, dict[str, int]], seeds: int) -> dict[str, dict[str, int]]:
    """The cells that so many seeds have met too rarely for twenty times in a gate run of seeds like them, with their counts."""
    least = LEAST * min(seeds, RUN) / RUN
    return _below(matrix, least)


def missed(matrix: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """The cells that were met less than twenty times, with their counts."""
    return _below(matrix, LEAST)


def _below(matrix: dict[str, dict[str, int]], least: float) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for fault, state in cells():
        count = matrix.get(fault, {}).get(state, 0)
        if count < least:
            found.setdefault(fault, {})[state] = count
    return found


def by_number(faults: dict[str, int]) -> dict[str, int]:
    """How often each fault of the list F1 to F36 struck; one that is of two counts for both."""
    found: dict[str, int] = {}
    for fault, count in faults.items():
        for number in FAULTS[fault].number.split() if fault in FAULTS else ():
            found[number] = found.get(number, 0) + count
    return dict(sorted(found.items(), key=lambda item: int(item[0][1:])))


def rows(matrix: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """The matrix as a table: a fault a row, an order's state a column; `-`: can't be met."""
    found = []
    for fault in sorted(FAULTS):
        states = matrix.get(fault, {})
        counts = {state: states.get(state, 0) or ("-" if why_not(fault, state) else 0) for state in STATES}
        found.append({"fault": fault, "number": FAULTS[fault].number, **counts, "ENDED": states.get("ENDED", 0), "NO_ORDER": states.get("NONE", 0)})
    return found
