"""A record's body as plain named values, for people and programs.

Tolerant: what a newer or older code wrote is shown by position rather than
refused. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from math import isfinite
from typing import Any

import msgspec

from domain.errors import WireError
from journal.format import Record
from wire.codec import decode_from_gateway, decode_from_node, unpack
from wire.messages import tag_of
from wire.records import FACTS, Saw, SeenLeg, decode_decision

DECISION, REPORT = "decision", "report"


def readable(record: Record) -> dict[str, Any]:
    """The body as a map; `{"raw": ...}` where it isn't one.

    A decision has facts and commands with their fields named, a report the
    frame as `message`.
    """
    try:
        body = plain(unpack(record.body)) if record.body else {}
    except WireError as error:
        return {"raw": record.body, "unreadable": str(error)}
    if not isinstance(body, dict):
        return {"raw": body}
    if record.kind == REPORT and isinstance(body.get("frame"), bytes):
        message = _message(body.pop("frame"), decode_from_gateway)
        return {**body, "message": message}
    if isinstance(body.get("facts"), (list, tuple)):
        body["facts"] = _typed_facts(record.body) or [_fact(each) for each in body["facts"]]
    if isinstance(body.get("commands"), (list, tuple)):
        body["commands"] = [_command(each) for each in body["commands"]]
    if isinstance(body.get("saw"), list):
        body["saw"] = _saw(body["saw"])
    return body


def _saw(values: list[Any]) -> dict[str, Any]:
    """What a decision saw, named; by position if of another shape."""
    if len(values) < len(Saw.__struct_fields__):
        return {"values": values}
    told = dict(zip(Saw.__struct_fields__, values, strict=False))
    legs = told["legs"] if isinstance(told["legs"], list) else []
    return told | {"legs": [dict(zip(SeenLeg.__struct_fields__, leg, strict=False)) for leg in legs]}


def plain(value: Any) -> Any:
    """Structs as maps, enums as their values, no number None; deep."""
    if isinstance(value, msgspec.Struct):
        name = {"type": type(value).__name__} if type(value).__name__ in FACTS else {}
        return name | {field: plain(getattr(value, field)) for field in value.__struct_fields__}
    if isinstance(value, float) and not isfinite(value):
        return None
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value


def ids_in(body: dict[str, Any]) -> Iterator[str]:
    """Every order, cancel and request id that a decision's commands carry."""
    for command in body.get("commands") or ():
        if isinstance(command, dict):
            for key in ("clord_id", "cl_ord_id", "cxl_id", "req_id"):
                if isinstance(command.get(key), str):
                    yield command[key]


def report_ids(message: dict[str, Any]) -> Iterator[str]:
    """The ids by which a report names what it answers."""
    for key in ("cxl_id", "ref_id", "clord_id", "orig_clord_id", "req_id"):
        if isinstance(message.get(key), str):
            yield message[key]


def _typed_facts(raw: bytes) -> list[dict[str, Any]]:
    try:
        return [plain(fact) for fact in decode_decision(raw).facts]
    except WireError:
        return []


def _fact(value: Any) -> Any:
    """A fact by its name and position: [name, field, ...]."""
    if not isinstance(value, (list, tuple)) or not value or not isinstance(value[0], str):
        return value
    known = FACTS.get(value[0])
    fields = known.__struct_fields__ if known else ()
    named = {fields[n] if n < len(fields) else f"field{n + 1}": inner for n, inner in enumerate(value[1:])}
    return {"type": value[0], **named}


def _command(value: Any) -> Any:
    """A command as sent: (venue, frame), or a frame alone."""
    if isinstance(value, bytes):
        return _message(value, decode_from_node)
    if isinstance(value, (list, tuple)) and len(value) == 2 and isinstance(value[1], bytes):
        return {"venue": value[0], **_message(value[1], decode_from_node)}
    return _fact(value)


def _message(frame: bytes, decode: Any) -> dict[str, Any]:
    try:
        message = decode(frame)
    except WireError as error:
        return {"type": "?", "frame": frame, "unreadable": str(error)}
    return {"type": type(message).__name__, "msg_type": tag_of[type(message)], **plain(message)}
