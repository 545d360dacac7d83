"""Which kills a torture makes: after which record, of whom, how.

Every point meets both targets in turn, and every way of dying comes round at
each, so that 50 kills make each kind at least five times. The order is drawn
from the seed; nothing else is left to chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from system.clock import chance
from tools.fuse import GATEWAY, NODE, POINTS, FuseOrder

TARGETS = (NODE, GATEWAY)
KILLED, HUNG_KILLED, HUNG_RESUMED = "killed", "hung, killed", "hung, resumed"
WAYS = (KILLED, HUNG_KILLED, KILLED, HUNG_RESUMED)
HOLDS_MS = (400, 1_200, 3_500)
"""How long a process hangs: under and over what its venues and its peer bear."""
TORN_BYTES = (1, 13, 40)
SENDS = {"first_send": 1, "cancel_sent": 1}
TORN = ("intent", "mandate_given", "first_fill", "repair_fill")
"""Points whose record nobody has acted on yet: a kill may tear it."""


class Kill(NamedTuple):
    """`torn`: bytes that the journal's last record loses before the restart."""

    number: int
    point: str
    target: str
    way: str
    hold_ms: int
    torn: int
    answered: bool

    @property
    def fuse(self) -> FuseOrder:
        """What the node is told of it."""
        signal = "KILL" if self.way == KILLED else "STOP"
        return FuseOrder(self.number, self.point, self.target, signal, SENDS.get(self.point, 0), self.answered)


def plan(kills: int, seed: int, targets: tuple[str, ...] = TARGETS) -> list[Kill]:
    """So many kills, in the order in which they are tried."""
    drawn = chance(seed)
    found: list[Kill] = []
    for lap in count():
        cells = [cell for cell in _lap(lap) if cell.target in targets]
        drawn.shuffle(cells)
        for cell in cells:
            if len(found) == kills:
                return found
            found.append(cell._replace(number=len(found) + 1))
    return found


def _lap(lap: int) -> Iterator[Kill]:
    """Each point at each target once; the ways move on from lap to lap."""
    for at, (point, target) in enumerate((point, target) for point in POINTS for target in TARGETS):
        turn = lap + at // len(TARGETS) + at % len(TARGETS)
        way = WAYS[turn % len(WAYS)]
        hold_ms = 0 if way == KILLED else HOLDS_MS[(lap // len(WAYS) + at) % len(HOLDS_MS)]
        tears = target == NODE and way == KILLED and point in TORN and lap % 2 == 0
        yield Kill(0, point, target, way, hold_ms, TORN_BYTES[at % len(TORN_BYTES)] if tears else 0, bool(turn % 2))
