"""`status` without a node: what its journal says was last true."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.output import Output

STOPPED, CRASHED, SILENT = "stopped", "crashed", "no answer"


class Ends:
    """Passes records on; keeps the last start and the last of all."""

    def __init__(self) -> None:
        self.start: Any = None
        self.last: Any = None

    def through(self, records: Iterator[Any]) -> Iterator[Any]:
        for record in records:
            if record.kind == "start":
                self.start = record
            self.last = record
            yield record


def status_on_record(directory: Path) -> dict[str, Any]:
    """The node's map as far as its journal knows it; null where it can't.

    `state`: stopped, crashed (its last record is no stop), or no answer where
    a process still holds the journal. Raises: JournalError.
    """
    from actors.hedge_show import iso
    from actors.recovery import fold
    from journal.reader import read
    from system.locks import is_locked
    from tools.node_build import left_of
    from wire.codec import unpack

    ends = Ends()
    found = fold(ends.through(read(directory / "journal")), {})
    told = {} if ends.start is None else unpack(ends.start.body)
    pairs = found.pairs.values()
    ended = STOPPED if ends.last is not None and ends.last.kind == "stop" else CRASHED
    return {
        "node": told.get("node"),
        "state": SILENT if is_locked(directory / "journal") else ended,
        "mode": told.get("mode"),
        "version": told.get("version"),
        "pid": told.get("pid"),
        "epoch": told.get("node_epoch"),
        "started": None if ends.start is None else iso(ends.start.wall_ns),
        "uptime_s": None,
        "pairs": len(told.get("pairs", ())),
        "in_flight": [pair.name for pair in pairs if pair.hedge is not None],
        "naked_qty": sum(abs(lots) for pair in pairs for lots in pair.naked),
        "kills": [f"{word.level} {scope}" for scope, word in found.controls.kills.items()],
        "hedges": None,
        "venues": [],
        "calendars": [],
        "journal": {"last_seq": None if ends.last is None else ends.last.seq, "failed": None},
        "lane": None,
        "last_record": None if ends.last is None else iso(ends.last.wall_ns),
        "left": [left_of(pair) for pair in pairs if pair.hedge is not None or any(pair.naked)],
    }


def show_all_on_record(out: Output, places: list[tuple[Path, str]]) -> None:
    """One node's record, or each shard's with its name; nothing where there is none."""
    told = [status_on_record(place) | ({"shard": name} if name else {}) for place, name in places]
    if len(told) == 1 and "shard" not in told[0]:
        show_on_record(out, told[0])
    elif out.format in ("json", "csv") and told:
        out.many(told)
    else:
        for each in told:
            show_on_record(out, each)


def show_on_record(out: Output, told: dict[str, Any]) -> None:
    """The record as data; in a table, what is left by pair beneath it."""
    if out.format != "table":
        out.one(told)
        return
    rows = {
        "node": told["node"],
        "state": told["state"],
        "mode": told["mode"],
        "kills": ", ".join(told["kills"]) or None,
        "pid": told["pid"],
        "started": told["started"],
        "pairs": told["pairs"],
        "in_flight": " ".join(told["in_flight"]) or None,
        "naked": told["naked_qty"],
        "records": told["journal"]["last_seq"],
        "last_record": told["last_record"],
    }
    out.one({key: value for key, value in rows.items() if value is not None})
    if told["left"]:
        out.many([_cells(row) for row in told["left"]])


def _cells(left: dict[str, Any]) -> dict[str, Any]:
    keys = ("pair", "hedge", "state", "naked")
    return {**{key: left[key] for key in keys}, "reason": left["why"], "orders": " ".join(left["live"])}
