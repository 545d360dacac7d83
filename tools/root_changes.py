"""The root's record of a change that several shards make as one.

Whoever asks for it says here that it begins, and which shards will do it; and
at its end which have, which went back, and of which it is not known. One that
is never said to have ended is told to people. Two at a time are refused.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct

from actors.alerts import Alert
from actors.answering import Answer, count_arg, text_arg
from domain.errors import JournalError
from supervisors.shard_keeper import ALERTS
from tools.node_signed import signed
from wire.codec import pack
from wire.inspection import BAD_REQUEST, REFUSED, Unanswerable

LATE_NS = 20_000_000_000
"""A change takes less than a second a shard; whoever asked for one that takes so long is gone."""
MOST = 2**53


class Ended(Struct, frozen=True, forbid_unknown_fields=True):
    """How a change ended, shard by shard. `places`: where pairs are now; "" for one that went."""

    done: dict[str, int] = {}
    undone: tuple[str, ...] = ()
    stays: dict[str, str] = {}
    unknown: tuple[str, ...] = ()
    refused: dict[str, str] = {}
    places: dict[str, str] = {}


class Begun(Struct, frozen=True):
    """One that has begun."""

    seq: int
    label: str
    shards: str
    operator: str
    at_ns: int


class RootChanges:
    """Verbs of the root's operate socket. Thread: the root's lane."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.open: Begun | None = None
        self.unsaid = False
        """Where pairs are could not be written for tools."""

    def table(self) -> dict[str, Answer]:
        """Verb to function."""
        return {"change_begin": self.begin, "change_end": self.end}

    def begin(self, args: dict[str, Any]) -> dict[str, Any]:
        """On record before any shard does it."""
        operator, reason = signed(args)
        label, shards = text_arg(args, "label"), text_arg(args, "shards")
        if self.root.stopping:
            raise Unanswerable(REFUSED, "the root is stopping: change its files")
        if self.open is not None:
            raise Unanswerable(REFUSED, f"{self.open.operator} changes something at this moment ({self.open.label}): ask once more")
        seq = self._record({"verb": label, "event": "begins", "operator": operator, "reason": reason, "shards": shards})
        self.open = Begun(seq, label, shards, operator, self.root.clock.mono_ns())
        return {"seq": seq}

    def end(self, args: dict[str, Any]) -> dict[str, Any]:
        """On record which shards have done it; where pairs are now is kept for tools."""
        operator, reason = signed(args)
        cause = count_arg(args, "seq", 0, 1, MOST)
        try:
            told = msgspec.json.decode(args.get("body") or b"", type=Ended, strict=True)
        except msgspec.MsgspecError as error:
            raise Unanswerable(BAD_REQUEST, f"body: {error}") from None
        label = text_arg(args, "label")
        if self.open is not None and self.open.seq == cause:
            self.open = None
        for pair, shard in told.places.items():
            if shard in self.root.rows:
                self.root.places[pair] = shard
            else:
                self.root.places.pop(pair, None)
        self.unsaid = self.unsaid or bool(told.places)
        seq = self._record({"verb": label, "event": "ends", "operator": operator, "reason": reason, **msgspec.to_builtins(told)}, cause)
        if told.stays or told.unknown:
            self._alert("critical", "CHANGE_APART", cause, verb=label, operator=operator, done=list(told.done), stays=dict(told.stays), unknown=list(told.unknown))
        elif told.undone:
            self._alert("warning", "CHANGE_UNDONE", cause, verb=label, operator=operator, refused=dict(told.refused))
        self._say_places()
        return {"seq": seq}

    def _say_places(self) -> None:
        """For tools, after the record, which holds; a disk that is full now has room at some later beat."""
        if self.unsaid:
            with suppress(OSError):
                self.root.say_places()
                self.unsaid = False

    def beat(self) -> None:
        """One that has never ended is told; the next may begin. Files that others read are kept."""
        self.root.keep_settled()
        self._say_places()
        begun = self.open
        if begun is not None and self.root.clock.mono_ns() - begun.at_ns >= LATE_NS:
            self.open = None
            self._alert("critical", "CHANGE_APART", begun.seq, verb=begun.label, operator=begun.operator, unknown=begun.shards.split())

    def _record(self, body: dict[str, Any], cause: int = 0) -> int:
        try:
            return self.root.journal.append("change", pack(body), cause)
        except JournalError as error:
            raise Unanswerable(REFUSED, f"the root can't record it, so it is not done: {error}") from None

    def _alert(self, severity: str, code: str, cause: int, **details: Any) -> None:
        try:
            seq = self.root.journal.append("alert", pack({"severity": severity, "code": code, **details, "cause": cause}), cause)
        except JournalError:
            seq = 0  # it is told all the same
        self.root.runtime.tell(ALERTS, Alert(severity, code, seq, self.root.clock.wall_ns(), details))
