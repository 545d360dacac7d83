"""What a venue told again and the node passed over: nothing in it was new.

From frames and records alone. Of each number that a record notes as known, the
frame that came under it is compared with the reports on record; and once a
venue's day is answered, each number that was read is on record, as a report or
as one of those.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulation.seen import RecordedOrder
from wire.codec import unpack

NUMBERED = ("8", "9")
TRADES, UNDOES = "FGH", "GH"
ANSWERED, DAY = "Answered", "AF"


class Retold:
    """Of all venues, by (venue, epoch) of the numbering. `records`: the judge's orders, by id."""

    def __init__(self, records: dict[str, RecordedOrder], broken: Callable[[str, str], None]) -> None:
        self._records, self._broken = records, broken
        self._epochs: dict[str, int] = {}
        self._read: dict[tuple[str, int], dict[int, str]] = {}
        """The words of each report, but of those that said nothing new when they were read."""
        self._frames: set[tuple[Any, ...]] = set()
        self._noted: dict[tuple[str, int], set[int]] = {}
        self._trades: set[tuple[Any, ...]] = set()
        self._states: dict[tuple[str, str], tuple[Any, ...]] = {}
        self._undone: set[str] = set()
        """Orders of which a trade was taken back or corrected: their count may have been higher."""
        self._is_blind = False
        self.passed = 0
        """How many were passed over."""

    def started(self) -> None:
        """A node starts: what the one before it read and lost is read again."""
        self._read.clear()
        self._frames.clear()
        self._is_blind = False

    def disk_failed(self) -> None:
        """From now on, to the next start, not all that is read can be on record."""
        self._is_blind = True

    def told(self, venue: str, m: list[Any]) -> None:
        """The node read a frame."""
        if m[0] == "A":
            self._epochs[venue] = m[3]
        elif m[0] in NUMBERED and venue in self._epochs:
            numbering = venue, self._epochs[venue]
            read = self._read.setdefault(numbering, {})
            again = (*numbering, *m)
            if m[1] not in read or again not in self._frames:  # the same frame twice is judged as it first came
                self._frames.add(again)
                read[m[1]] = "" if self._is_known(venue, m) else str(m)

    def report(self, body: dict[str, Any]) -> None:
        """A report is on record."""
        m, venue = unpack(body["frame"]), body["venue"]
        if m[0] not in NUMBERED:
            return
        self._noted.setdefault((venue, body["epoch"]), set()).add(m[1])
        if m[0] == "8":
            if m[5] in TRADES:
                self._trades.update((_trade(venue, m), (_trade(venue, m), _state(m))))
            self._states[venue, m[2]] = _state(m)
            if m[5] in UNDOES:
                self._undone.add(m[2])

    def known(self, body: dict[str, Any]) -> None:
        """Numbers of what was passed over are on record."""
        numbering = body["venue"], body["epoch"]
        seqs = [seq for first, last in body["runs"] for seq in range(first, last + 1)]
        if len(seqs) != body["count"]:
            self._broken("RETOLD", f"{numbering}: {len(seqs)} numbers noted, counted {body['count']}")
        self._noted.setdefault(numbering, set()).update(seqs)
        self.passed += len(seqs)
        for seq in seqs:
            words = self._read.get(numbering, {}).get(seq)
            if words is None:
                self._broken("RETOLD", f"{numbering}: {seq} is noted and never came")
            elif words:
                self._broken("RETOLD", f"{numbering}: {seq} was passed over, and no record says {words}")

    def _is_known(self, venue: str, m: list[Any]) -> bool:
        if m[0] != "8":
            return False
        order = self._records.get(m[2])
        is_booked = m[5] in TRADES and order is not None and _key(m) in order.trades  # told with the count of now, whose own trade is next
        least = 0 if is_booked or m[2] in self._undone else m[11]
        if m[2] is not None and (order is None or not order.ended or order.cum < least):
            return False  # on record as a report perhaps, but nobody has acted upon it
        if m[5] in TRADES and (_trade(venue, m), _state(m)) in self._trades:
            return True
        if m[5] in TRADES and _trade(venue, m) not in self._trades:
            return False
        if m[5] in TRADES and is_booked and order.cum == m[11]:
            return True  # whatever an old word, sent again just before it, said of its order
        return m[2] is None or self._states.get((venue, m[2])) == _state(m)

    def venue(self, body: dict[str, Any]) -> None:
        """A record of a venue's actor."""
        if self._is_blind or not any(fact[0] == ANSWERED and fact[1] == DAY for fact in body["facts"]):
            return
        venue = body["actor"].rpartition("/")[2]
        numbering = venue, self._epochs.get(venue, 0)
        left = self._read.get(numbering, {}).keys() - self._noted.get(numbering, set())
        if left:
            self._broken("RETOLD", f"{numbering}: the day is answered, and {sorted(left)[:5]} are on no record")


def _trade(venue: str, m: list[Any]) -> tuple[Any, ...]:
    """Venue, order, id, kind, symbol, side, lots, price, what it undoes, day, origin."""
    return (venue, *m[2:6], *m[7:11], m[18], m[19], m[20])


def _key(m: list[Any]) -> str:
    """As the pair's facts name it: day, side, kind, id."""
    return f"{m[19]}/{m[8]}/{m[5]}/{m[4]}"


def _state(m: list[Any]) -> tuple[Any, ...]:
    """Status, filled, left."""
    return m[6], m[11], m[12]
