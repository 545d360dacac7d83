"""Which reports of a gateway's numbering have come, and which are missing.

The gateway counts the reports to one node from 1 within an epoch. What has
come is used at once, also after a gap; a report that came before is known by
its number and its content together, because a gateway that restarts its count
without saying so must not have its reports thrown away.
"""

from __future__ import annotations

NEW = "NEW"
REPEAT = "REPEAT"
CLASH = "CLASH"
"""CLASH: a number that came before, with another content: used, and told."""

MAX_MARKS = 8192
MAX_PENDING = 65536


class ReportSequence:
    """The numbers of one epoch; bounded. `seen`: all up to it have come;
    `pending`: what came after a number that has not.
    """

    def __init__(self, epoch: int = 0, seen: int = 0) -> None:
        self.epoch = epoch
        self.seen = seen
        self.pending: set[int] = set()
        self._marks: dict[int, int] = {}

    @property
    def has_hole(self) -> bool:
        """Whether something came after a number that has not."""
        return bool(self.pending)

    @property
    def last(self) -> int:
        """The highest number that has come."""
        return max(self.pending, default=self.seen)

    def restart(self, epoch: int, seen: int) -> None:
        """A numbering begins, or the gateway says where it stands."""
        self.epoch = epoch
        self.seen = seen
        self.pending.clear()
        self._marks.clear()

    def note(self, seq: int, mark: int) -> str:
        """Take one number; says NEW, REPEAT or CLASH.

        `mark` stands for the content. A number so old that its mark is
        forgotten is NEW: its reader takes a report twice without harm.
        """
        known = self._marks.get(seq)
        if known is not None:
            return REPEAT if known == mark else CLASH
        self._marks[seq] = mark
        if len(self._marks) > MAX_MARKS:
            del self._marks[next(iter(self._marks))]
        if seq == self.seen + 1:
            self.seen = seq
            if self.pending:
                self._absorb()
        elif seq > self.seen and len(self.pending) < MAX_PENDING:
            self.pending.add(seq)
        return NEW

    def pass_over(self, first: int, last: int) -> None:
        """Take a run of numbers, of which nothing more is known."""
        if first > self.seen + 1:
            self.pending.update(range(first, min(last, first + MAX_PENDING - len(self.pending) - 1) + 1))
        else:
            self.settle_to(last)

    def drop_above(self, last: int) -> None:
        """The gateway says that it stands at `last`: higher can't have come."""
        self.pending = {seq for seq in self.pending if seq <= last}

    def settle(self, last: int) -> None:
        """Stop waiting: the day was answered, the gateway stands at `last`.

        What came above `last` and doesn't join on to it is forgotten as a
        number: one absurd seq must not hide every later gap.
        """
        self.settle_to(last)
        self.pending.clear()

    def settle_to(self, last: int) -> None:
        """All up to `last` is there, and what joins on to it."""
        self.seen = max(self.seen, last)
        self.pending = {seq for seq in self.pending if seq > self.seen}
        self._absorb()

    def _absorb(self) -> None:
        while self.seen + 1 in self.pending:
            self.seen += 1
            self.pending.remove(self.seen)
