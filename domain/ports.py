"""What the inner rooms ask of the machine, as Protocols.

An implementation lives further out (`system`, `journal`, `actors`) and is
passed in by the composition root; one contract test runs on each of them.
"""

from __future__ import annotations

from typing import Any, Protocol


class Clock(Protocol):
    """Both times, never mixed: monotonic for ages, wall for records."""

    def mono_ns(self) -> int: ...

    def wall_ns(self) -> int: ...


class Journal(Protocol):
    """Append-only record; a direct call in the lane, before any send.

    Raises: JournalError, after which no new hedge may open.
    """

    last_seq: int
    lost: bool
    """Nothing can be recorded any more: nobody decides anything."""

    def append(self, kind: str, body: bytes, cause: int = 0) -> int: ...


class Venue(Protocol):
    """One venue's order link, as a pair sees it: encode, record, then send.

    No method raises. `encode` and `encode_cancel` come before the record;
    `claim` routes the id's reports to `owner`; `send` returns "" when the bytes
    were handed over, else the reason, which the pair takes as Denied.
    """

    def encode(self, order: Any) -> bytes: ...

    def encode_cancel(self, cxl_id: str, cl_ord_id: str) -> bytes: ...

    def claim(self, cl_ord_id: str, owner: str) -> None: ...

    def send(self, body: bytes) -> str: ...

    def query(self, cl_ord_id: str) -> str: ...
