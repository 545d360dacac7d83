"""What may be sent while the record is in trouble.

    NO_ROOM    the next segment can't be made ready: what is in flight goes on,
               nothing new begins
    EMERGENCY  records go to the emergency segment: orders that reduce, no more
    LOST       nothing can be recorded: cancels, then no order at all

No orders without a journal: a hold like any kill's, by which each order of
pairs and repairs is asked.
"""

from __future__ import annotations

from enum import IntEnum

from domain.controls import FREE, Hold


class RecordState(IntEnum):
    """Ordered: the larger is the worse."""

    WELL = 0
    NO_ROOM = 1
    EMERGENCY = 2
    LOST = 3


HOLDS = {
    RecordState.WELL: FREE,
    RecordState.NO_ROOM: Hold("JOURNAL NO_ROOM", opens=True, fires=True),
    RecordState.EMERGENCY: Hold("JOURNAL EMERGENCY", opens=True, fires=True, goes_back=True),
    RecordState.LOST: Hold("JOURNAL LOST", opens=True, fires=True, frozen=True),
}


def state_of(failed: str, broken: str) -> RecordState:
    """By what a journal says of itself."""
    if broken:
        return RecordState.LOST
    return RecordState.EMERGENCY if failed else RecordState.WELL
