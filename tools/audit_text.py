"""A hedge's story as rows: for programs whole, for people line by line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from journal.story import Entry, OrderLine, Story

SIDES = {"1": "buy", "2": "sell"}
EXEC_TYPES = {
    "0": "New",
    "4": "Canceled",
    "6": "PendingCancel",
    "8": "Rejected",
    "A": "PendingNew",
    "C": "Expired",
    "F": "Trade",
    "G": "TradeCorrect",
    "H": "TradeCancel",
    "I": "OrderStatus",
}
TIFS = {"0": "DAY", "1": "GTC", "3": "IOC", "4": "FOK"}
QUIET = ("type", "msg_type", "venue", "clord_id", "cl_ord_id")
MAX_VALUE_CHARS = 240


def story_map(story: Story) -> dict[str, Any]:
    """The whole story as one map, for JSON."""
    return {
        **summary(story),
        "orders": [_fields(each) for each in story.orders],
        "entries": [entry_row(story, each) for each in story.entries],
    }


def summary(story: Story) -> dict[str, Any]:
    """A few facts about the hedge, for the head of the table."""
    return {
        "hedge": story.hedge,
        "pair": story.pair,
        "records": len(story.entries),
        "first_seq": story.entries[0].seq,
        "last_seq": story.entries[-1].seq,
        "started": utc(story.started_ns),
        "duration_us": round(story.duration_us, 1),
        "orphans": list(story.orphans),
    }


def entry_row(story: Story, entry: Entry) -> dict[str, Any]:
    """One record with its place in the tree and its body."""
    return {"hedge": story.hedge, "utc": utc(entry.wall_ns), **_fields(entry)}


def order_row(order: OrderLine) -> dict[str, Any]:
    """One order, its times since the intent in us."""
    return {
        "cl_ord_id": order.cl_ord_id,
        "venue": order.venue,
        "symbol": order.symbol,
        "side": SIDES.get(order.side, order.side),
        "qty": order.qty,
        "px": order.px,
        "tif": TIFS.get(order.tif, order.tif),
        "cum_qty": order.cum_qty,
        "ord_status": order.ord_status,
        "decided_at_us": _us(order.decided_at_us),
        "gateway_us": _us(order.gateway_us),
        "first_report_us": _us(order.first_report_us),
        "last_report_us": _us(order.last_report_us),
    }


def lines_of(story: Story) -> Iterator[dict[str, Any]]:
    """The tree: a line a record, then what it saw, stated and sent."""
    for entry in story.entries:
        indent = "  " * entry.depth
        yield {
            "seq": str(entry.seq),
            "cause": str(entry.parent or ""),
            "at_us": f"{entry.at_us:.1f}",
            "step_us": f"{entry.step_us:+.1f}",
            "kind": entry.kind,
            "what": indent + _title(entry),
        }
        for text in _details(entry.body):
            yield {"seq": "", "cause": "", "at_us": "", "step_us": "", "kind": "", "what": f"{indent}  {text}"}


def utc(wall_ns: int) -> str:
    """UTC with microseconds, as the records of a regulator want it."""
    seconds, rest = divmod(wall_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest // 1_000:06d}Z"


def _title(entry: Entry) -> str:
    message = entry.body.get("message")
    if isinstance(message, dict):
        what = EXEC_TYPES.get(message.get("exec_type") or "", message.get("type", "?"))
        about = message.get("clord_id") or message.get("orig_clord_id") or message.get("ref_id") or ""
        return f"{entry.body.get('venue', '?')} {what} {about}".rstrip()
    return str(entry.body.get("actor") or entry.body.get("operator") or entry.kind)


def _details(body: dict[str, Any]) -> Iterator[str]:
    message = body.get("message")
    if isinstance(message, dict):
        yield "< " + _pairs(message)
    if body.get("saw"):
        yield "saw " + _pairs(body["saw"])
    for fact in body.get("facts") or ():
        yield "* " + (_named(fact) if isinstance(fact, dict) else str(fact))
    for command in body.get("commands") or ():
        yield "> " + (_named(command) if isinstance(command, dict) else str(command))
    rest = {k: v for k, v in body.items() if k not in KNOWN}
    if rest:
        yield _pairs(rest)


KNOWN = ("actor", "pair", "hedge", "facts", "commands", "saw", "venue", "message", "epoch")


def _named(value: dict[str, Any]) -> str:
    head = " ".join(str(value[key]) for key in ("type", "venue", "cl_ord_id", "clord_id") if value.get(key))
    return f"{head} {_pairs(value)}".rstrip()


def _pairs(value: dict[str, Any]) -> str:
    shown = [f"{key}={_short(inner)}" for key, inner in value.items() if key not in QUIET and inner not in (None, "")]
    return " ".join(shown)


def _short(value: Any) -> str:
    if isinstance(value, dict):
        text = "{" + _pairs({k: v for k, v in value.items() if k != "type"}) + "}"
    elif isinstance(value, list):
        text = "[" + ", ".join(_short(each) for each in value) + "]"
    elif isinstance(value, float):
        text = f"{value:.10g}"
    else:
        text = str(value)
    return text if len(text) <= MAX_VALUE_CHARS else text[: MAX_VALUE_CHARS - 3] + "..."


def _us(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__}
