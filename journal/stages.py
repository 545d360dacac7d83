"""One order's stages, each by the clock that stamped it; or why none did.

`sent` is taken when all frames of the decision have left, and told by the next
record of its actor: no order waits for it. Units: us since the hedge's first
record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from journal.readable import DECISION, REPORT
from journal.story import Entry

EXCHANGE, GATEWAY, NODE = "exchange", "gateway", "node"
STAGES = (
    ("exchange", EXCHANGE), ("gateway_in", GATEWAY), ("received", NODE), ("decided", NODE), ("made", NODE), ("journaled", NODE),
    ("sent", NODE), ("gateway_out", GATEWAY), ("acknowledged_exchange", EXCHANGE), ("acknowledged_gateway", GATEWAY),
    ("acknowledged", NODE), ("filled_exchange", EXCHANGE), ("filled_gateway", GATEWAY), ("filled", NODE),
)  # fmt: skip
"""Every stage, in the order of cause, with the clock that stamps it."""

CAUSES = ("exchange", "gateway_in")
"""Stages of what an order was decided on; by the clocks of that venue."""

NO_TIME = "the venue told no time of it"
NO_CAUSE = "decided on no quote and no report"
OLDER = "not on records of that version"
NEVER_LEFT = "it never left the node"
NO_RECORD = "no later record of this hedge"
NO_PENDING = "the gateway told no pending new"
NO_ANSWER = "no answer is on record"
IN_ANSWER = "told only when asked, or sent again"
NO_FILL = "nothing was filled"
"""Why a stage has no stamp."""

US = 1_000
ORDER_STATUS = "I"


class Stage(Struct):
    """One stage. `at_us` None: unknown; `step_us` since the last that counts.

    `off`: its clock is known to be off, so that no step is told from it; `why`:
    the reason for no stamp, "" where there is one.
    """

    stage: str
    clock: str
    at_us: float | None = None
    step_us: float | None = None
    off: bool = False
    why: str = ""


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


def orders_of(
    entry: Entry, by_seq: dict[int, Entry], repairs_us: list[float], sent_ns: dict[int, int]
) -> Iterator[OrderTimes]:
    """The orders that a decision sent, with all that is stamped of them.

    `sent_ns`: by when the frames of a decision had left, by its seq.
    """
    if entry.kind != DECISION:
        return
    for command in entry.body.get("commands") or ():
        if not isinstance(command, dict) or command.get("msg_type") != "D":
            continue
        reports = [each for each in by_seq.values() if _is_about(each, command["clord_id"])]
        submitted = next(_named(entry.body.get("facts"), command["clord_id"]), {})
        because = _because(entry, by_seq)
        left = not _denied(by_seq.values(), command["clord_id"])
        found = {
            **(_asked_by(because) if because is not None else _quoted(entry, command["symbol"], submitted)),
            "decided": _by_mono(entry, submitted.get("at_ns")),
            "made": _by_wall(entry, command.get("node_ns")),
            "journaled": entry.at_us,
            "sent": _by_mono(entry, sent_ns.get(entry.seq)) if left else None,
            **_reported(reports),
        }
        cum_qty = max((each.body["message"].get("cum_qty") or 0 for each in reports), default=0)
        why = {
            **_why_cause(entry, found, asked=because is not None),
            "sent": NO_RECORD if left else NEVER_LEFT,
            **_why_reports(found, reports, cum_qty, left=left),
        }
        yield OrderTimes(
            command["clord_id"],
            command.get("venue") or "",
            command["symbol"],
            command["side"],
            command["qty"],
            cum_qty,
            any(entry.at_us >= at_us for at_us in repairs_us),
            0 if because is None else because.seq,
            (command.get("venue") if because is None else because.body.get("venue")) or "",
            [Stage(name, clock, at, why="" if at is not None else why.get(name, OLDER)) for name, clock, at in _stamps(found)],
        )


def _stamps(found: dict[str, float | None]) -> Iterator[tuple[str, str, float | None]]:
    return ((name, clock, found.get(name)) for name, clock in STAGES)


def _denied(entries: Iterable[Entry], cl_ord_id: str) -> bool:
    """Whether the order was kept back, its frame made and recorded already."""
    facts = (fact for entry in entries for fact in entry.body.get("facts") or ())
    return any(fact.get("type") == "OrderDenied" and fact.get("cl_ord_id") == cl_ord_id for fact in facts if isinstance(fact, dict))


def _why_cause(entry: Entry, found: dict[str, float | None], *, asked: bool) -> dict[str, str]:
    """Why what was decided on has no stamp."""
    if asked or found.get("gateway_in") is not None:
        return dict.fromkeys(CAUSES, NO_TIME)
    return dict.fromkeys((*CAUSES, "received"), OLDER if entry.body.get("saw") else NO_CAUSE)


def _why_reports(found: dict[str, float | None], reports: list[Entry], cum_qty: int, *, left: bool) -> dict[str, str]:
    """Why what the venue did has no stamp."""
    why = {"gateway_out": NO_PENDING if reports else NO_ANSWER if left else NEVER_LEFT}
    for name, none in (("acknowledged", NO_ANSWER if left else NEVER_LEFT), ("filled", NO_FILL)):
        told = found.get(name) is not None
        later = cum_qty if name == "filled" else any(not _is_pending(each) for each in reports)
        missing = NO_TIME if told else IN_ANSWER if later else none
        why |= dict.fromkeys((f"{name}_exchange", f"{name}_gateway", name), missing)
    return why


def _is_pending(report: Entry) -> bool:
    return report.body["message"].get("exec_type") == "A"


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
