"""I2: naked for the budget at most, or STRANDED and somebody told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from simulation.agenda import MS, Agenda
from simulation.knowledge import Knowledge, pair_of

SLACK_NS = 600 * MS


class Exposure:
    """`broken(invariant, what)`: the judge's. Units: virtual monotonic ns."""

    def __init__(self, agenda: Agenda, knowledge: Knowledge, bound_ns: int, broken: Callable[[str, str], None]) -> None:
        self.agenda, self.knowledge, self.broken = agenda, knowledge, broken
        self.bound_ns = bound_ns
        self.stranded: set[str] = set()
        self.is_dead: Callable[[], bool] = lambda: False
        self.told_unrecorded: Callable[[str], bool] = lambda _pair: False
        """Whether a line of the file of alerts says that a pair is STRANDED, and no record can."""
        self._untold: set[str] = set()
        self._owed: set[str] = set()
        self._life = 0
        self._open_ns: dict[str, int] = {}
        """By pair: since when it is naked, or has something out."""
        self._reported: set[str] = set()
        self._seen = -1
        """What of the knowledge was looked at; -1: nothing since the budgets began anew."""

    def begins_anew(self, hedge: str) -> None:
        """Its pair's time counts from now: a new hedge, or one that is opened or tried again."""
        self._open_ns.pop(pair_of(hedge), None)
        self._seen = -1

    def strands(self, hedge: str) -> None:
        """By the records; its alert must be, too."""
        self.stranded.add(hedge)
        self._untold.add(hedge)

    def told(self, hedge: str) -> None:
        """It has been told."""
        self._untold.discard(hedge)
        self._owed.discard(hedge)

    def stalled(self, for_ns: int) -> None:
        """The node could do nothing for so long."""
        for pair in self._open_ns:
            self._open_ns[pair] += for_ns

    def step(self) -> None:
        """After each turn of an actor."""
        if self._untold and not self.is_dead():
            for hedge in sorted(self._untold):
                self.broken("I2", f"{hedge} is stranded and nobody was told")
            self._untold.clear()
        if self._seen != self.knowledge.changes:
            self._look()
        if self._open_ns:
            late_ns = self.agenda.now_ns - self.bound_ns
            for pair, since_ns in self._open_ns.items():
                if since_ns < late_ns:
                    self._naked_for_long(pair)

    def _look(self) -> None:
        """Orders have been sent or told of: whose time begins, whose is over."""
        now_ns, knowledge = self.agenda.now_ns, self.knowledge
        self._seen = knowledge.changes
        for pair in knowledge.nets:
            if knowledge.open[pair] or knowledge.is_bare(pair):
                self._open_ns.setdefault(pair, now_ns)
            elif self._open_ns.pop(pair, None) is not None:
                self._reported.discard(pair)

    def _naked_for_long(self, pair: str) -> None:
        if pair in self._reported or any(pair_of(hedge) == pair for hedge in self.stranded) or self.told_unrecorded(pair):
            return
        self._reported.add(pair)
        bare, out = self.knowledge.naked_of(pair), sorted(self.knowledge.open[pair])
        self.broken("I2", f"{pair}: naked {bare}, open {out} for too long, and nobody was told")

    def killed(self) -> None:
        """What was stranded and not yet told is owed by the next node."""
        self._owed |= self._untold
        self._untold.clear()
        self._life += 1

    def started(self) -> None:
        """A node starts: its budget starts with it."""
        self._open_ns.clear()
        self._seen = -1
        if self._owed:
            self.agenda.after(SLACK_NS, partial(self._check_owed, self._life))

    def _check_owed(self, life: int) -> None:
        if life != self._life:
            return  # that node is dead as well: the next one owes it
        for hedge in sorted(self._owed & self.stranded):
            self.broken("I2", f"{hedge} was stranded as its node was killed, and the next one told nobody")
