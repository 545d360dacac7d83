"""What nobody may count on the path, seen by looking now and then.

How fast and how busy an actor was between two looks, how long its oldest mail
has waited at least, and how deep its mailbox was seen. Thread: the observer's.
"""

from __future__ import annotations

from typing import Any

from actors.held import Held
from actors.mailbox import Mailbox
from system.threads import give_way

EVERY_NS = 1_000_000_000
FADE_EVERY = 60
"""After so many looks the counted times are halved: quantiles are of the last minutes."""
BOXES_A_CHUNK = 32
"""Then the lane, which may want the interpreter, is let in."""


class Rate:
    """One mailbox, between the last two looks. Units: a second, per cent."""

    __slots__ = ("busy_ns", "busy_percent", "handled", "handled_per_s")

    def __init__(self, box: Mailbox) -> None:
        self.handled, self.busy_ns = box.handled, box.busy_ns
        self.handled_per_s: float | None = None
        self.busy_percent: float | None = None

    def look(self, box: Mailbox, took_ns: int) -> None:
        handled, busy_ns = box.handled, box.busy_ns
        self.handled_per_s = round((handled - self.handled) * 1e9 / took_ns, 1)
        self.busy_percent = round(100 * (busy_ns - self.busy_ns) / took_ns, 2)
        self.handled, self.busy_ns = handled, busy_ns


class Samples:
    """All mailboxes of a runtime, looked at each EVERY_NS."""

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime
        self._rates: dict[str, Rate] = {}
        self._heads: dict[str, tuple[Any, int]] = {}
        self._looked_ns = runtime.clock.mono_ns()
        self._looks = 0

    def look(self) -> None:
        """Once each EVERY_NS; in small pieces."""
        now_ns = self._runtime.clock.mono_ns()
        took_ns, self._looked_ns = max(1, now_ns - self._looked_ns), now_ns
        self._looks += 1
        fades = self._looks % FADE_EVERY == 0
        boxes = list(self._runtime.boxes.values())
        for place, box in enumerate(boxes):
            rate = self._rates.get(box.name)
            if rate is None:
                self._rates[box.name] = Rate(box)
            else:
                rate.look(box, took_ns)
            self._see_mail(box, now_ns)
            if fades and box.times:
                box.times = [count >> 1 for count in box.times]
            if place % BOXES_A_CHUNK == BOXES_A_CHUNK - 1:
                give_way()
        if len(self._rates) > len(boxes):
            there = {box.name for box in boxes}
            self._rates = {name: rate for name, rate in self._rates.items() if name in there}

    def _see_mail(self, box: Mailbox, now_ns: int) -> None:
        head = None if not (box.is_ready or box.executor.__class__ is Held or box.actor is None) else oldest(box)
        if head is None:
            self._heads.pop(box.name, None)
            return
        box.most = max(box.most, box.depth())
        known = self._heads.get(box.name)
        if known is None or known[0] is not head:
            self._heads[box.name] = (head, now_ns)

    def rate(self, name: str) -> Rate | None:
        """None until it was looked at."""
        return self._rates.get(name)

    def oldest_ms(self, box: Mailbox, now_ns: int) -> int | None:
        """How long its oldest mail waits at least; None: there is none.

        The first time that it is seen counts as its beginning.
        """
        self._see_mail(box, now_ns)
        known = self._heads.get(box.name)
        return None if known is None else (now_ns - known[1]) // 1_000_000


def oldest(box: Mailbox) -> Any:
    """What will be taken first; None where nothing waits. Thread: any."""
    for queue in (box.control, box.orders, box.timers, box.commands):
        try:
            return queue[0]
        except IndexError:
            continue
    try:
        return next(iter(box.quotes.values()), None) or box.executor.incoming[0][1]
    except (RuntimeError, IndexError):  # it has changed meanwhile, or there is none
        return None


def quantiles_us(times: list[int], shares: tuple[float, ...]) -> list[float | None]:
    """The upper ends of the steps in which they lie, the least share first.

    None where nothing was counted.
    """
    total = sum(times)
    found: list[float | None] = []
    if total:
        below = 0
        wanted = [total * share for share in shares]
        for step, count in enumerate(times):
            if not count:
                continue
            below += count
            while len(found) < len(wanted) and below >= wanted[len(found)]:
                found.append((1 << step) / 1_000)
    return found + [None] * (len(shares) - len(found))
