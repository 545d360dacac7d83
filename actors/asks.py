"""Questions to a venue (`AF`, `AN`, `BB`) until each has its whole answer.

A question without its end in time is asked again, ever more slowly, for ever:
an answer that does not come is no answer, and is not an empty one. One that is
still coming is waited for, up to a bound: a long day asked for again while it
is told would be told twice. The end of any of the last few askings counts.
"""

from __future__ import annotations

from typing import Any

from domain.venues import COLLATERAL, POSITIONS
from wire.messages import CollateralInquiry, MassStatusRequest, Message, PositionsRequest

MS = 1_000_000
FIRST_WAIT_NS = 1000 * MS
LONGEST_WAIT_NS = 8000 * MS
MOST_COMING_NS = 30_000 * MS
"""So long after it was asked a question may be put off by an answer that comes without an end."""
MAX_ASKINGS = 4
TOLD_ASKINGS = 4
"""The fourth asking, 7 s after the first: a person is told."""
MAX_ROWS = 20_000


class _Question:
    __slots__ = ("asked", "asked_ns", "due_ns", "rows", "trading_day", "wait_ns")

    def __init__(self, trading_day: str | None) -> None:
        self.trading_day = trading_day
        self.wait_ns = FIRST_WAIT_NS
        self.due_ns = self.asked_ns = 0
        self.asked = 0
        self.rows: dict[str, list[Any]] = {}


class Asks:
    """What is asked of one venue now; node and actor epoch make ids unique."""

    def __init__(self, node_epoch: int, actor_epoch: int = 0) -> None:
        self._prefix = f"v{node_epoch:x}.{actor_epoch}."
        self._count = 0
        self._open: dict[str, _Question] = {}
        self._what: dict[str, str] = {}

    def begin(self, what: str, trading_day: str | None = None, due_ns: int = 0) -> None:
        """Ask `what` at `due_ns`; askings before this don't count."""
        old = self._open.pop(what, None)
        question = _Question(trading_day)
        question.due_ns = due_ns
        if old is not None:
            question.wait_ns, question.asked = old.wait_ns, old.asked
            for req_id in old.rows:
                self._what.pop(req_id, None)
        self._open[what] = question

    def forget(self) -> None:
        """The link is lost: no answer will come."""
        self._open.clear()
        self._what.clear()

    def next_id(self) -> str:
        """An id for a request, never used twice."""
        self._count += 1
        return f"{self._prefix}{self._count}"

    def due(self, now_ns: int) -> list[tuple[str, str, Message]]:
        """(what, req_id, message) of each question to be asked now."""
        if not self._open:
            return []
        found = []
        for what, question in self._open.items():
            if now_ns >= question.due_ns:
                req_id = self.next_id()
                found.append((what, req_id, _message(what, req_id, question.trading_day)))
        return found

    def asked(self, what: str, req_id: str, now_ns: int) -> bool:
        """The request left: wait for its end, longer each time.

        True where a person is to be told that none has come so far.
        """
        question = self._open[what]
        question.asked += 1
        question.asked_ns = now_ns
        question.due_ns = now_ns + question.wait_ns
        question.wait_ns = min(2 * question.wait_ns, LONGEST_WAIT_NS)
        question.rows[req_id] = []
        self._what[req_id] = what
        if len(question.rows) > MAX_ASKINGS:
            oldest = next(iter(question.rows))
            del question.rows[oldest]
            self._what.pop(oldest, None)
        return question.asked == TOLD_ASKINGS

    def comes(self, what: str, now_ns: int) -> bool:
        """Whether `what` is waited for; a part of its answer came now."""
        question = self._open.get(what)
        if question is None:
            return False
        if question.rows and now_ns - question.asked_ns < MOST_COMING_NS:
            question.due_ns = max(question.due_ns, now_ns + FIRST_WAIT_NS)
        return True

    def what(self, req_id: str) -> str:
        """What an id asks for; "" where nobody waits for it."""
        return self._what.get(req_id, "")

    def row(self, req_id: str, row: Any) -> list[Any] | None:
        """Keep a part of an answer: all parts so far, None if not waited for."""
        what = self._what.get(req_id)
        if what is None:
            return None
        rows = self._open[what].rows[req_id]
        if len(rows) < MAX_ROWS:
            rows.append(row)
        return rows

    def end(self, req_id: str) -> str:
        """The answer is complete; says what it answers, "" for nothing."""
        what = self._what.get(req_id)
        if what is None:
            return ""
        for other in self._open.pop(what).rows:
            self._what.pop(other, None)
        return what

    def waits(self, what: str) -> bool:
        return what in self._open


def _message(what: str, req_id: str, trading_day: str | None) -> Message:
    if what == POSITIONS:
        return PositionsRequest(req_id)
    if what == COLLATERAL:
        return CollateralInquiry(req_id)
    return MassStatusRequest(req_id, "day", trading_day)
