"""What a venue's reports on record have said, to know it again.

At each logon a venue tells its whole day again, under new numbers. Of that, what is on record
to the byte, times and numbers aside, is passed over; its numbers are noted. Two things make a report
known: here, that the record has it; in `domain.retold`, that nobody would do anything about it.

A report says up to two things: a trade, and where its order stands. A trade
is known by all that it says; it may be told with the order as it stood then
or as it stands now. A state is known only if it is the last one.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from domain.pairs import Pair
from domain.reports import OrderReport
from domain.retold import OUTSIDE, Past, identity_of, says_nothing
from wire.codec import pack
from wire.messages import ExecutionReport
from wire.snapshots import ToldDay

KIND = "known"
"""Kind of the record that notes the numbers of reports passed over."""
TRADES = frozenset("FGH")
STATE = "I"
MAX_ORDERS = 100_000
"""Orders of a day that are known again; of more, the oldest are told as ever."""
MAX_TRADES = 4 * MAX_ORDERS
MAX_RUNS = 500
NOTE_NS = 1_000_000_000
"""Numbers are on record so long after the first was passed over, at the latest."""


class Known:
    """Two trading days of one venue, as on record. Thread: the lane's."""

    def __init__(self, day: ToldDay | None = None, day_before: ToldDay | None = None) -> None:
        self.day, self.day_before = day or ToldDay(), day_before or ToldDay()
        self.fresh: list[ExecutionReport] = []
        """On record, and not looked at yet: a report's turn is not held up by it."""

    def new_day(self) -> None:
        """A trading day began: what is older than the last one goes."""
        self.settle()
        self.day, self.day_before = ToldDay(), self.day

    def settle(self) -> None:
        """Take in what was put on record."""
        for m in self.fresh:
            self.take(m)
        self.fresh.clear()

    def has(self, m: ExecutionReport) -> bool:
        """Whether all that it says is on record, and was not said otherwise later."""
        self.settle()
        stands = self._standing(m.clord_id)
        if m.exec_type in TRADES:
            if self._is_told(_told_then(m)):
                return True
            return stands is not None and stands[0] == _state(m) and self._is_told(_trade(m))
        return m.exec_type == STATE and stands == (_state(m), _words(m))

    def take(self, m: ExecutionReport) -> None:
        """One more report that is on record."""
        day, words = self.day, 0
        if m.exec_type in TRADES:
            day.trades[_told_then(m)] = day.trades[_trade(m)] = None
            while len(day.trades) > MAX_TRADES:
                del day.trades[next(iter(day.trades))]
        if m.clord_id is None:
            return
        if m.exec_type in TRADES:
            stands = self._standing(m.clord_id)
            words = 0 if stands is None else stands[1]  # a trade has no words on its order
        else:
            words = _words(m)
        day.orders[m.clord_id] = (_state(m), words)
        if len(day.orders) > MAX_ORDERS:
            del day.orders[next(iter(day.orders))]

    def _standing(self, cl_ord_id: str | None) -> tuple[str, int] | None:
        if cl_ord_id is None:
            return None
        return self.day.orders.get(cl_ord_id) or self.day_before.orders.get(cl_ord_id)

    def _is_told(self, trade: int) -> bool:
        return trade in self.day.trades or trade in self.day_before.trades


def _state(m: ExecutionReport) -> str:
    return f"{m.ord_status}{m.cum_qty}/{m.leaves_qty}"


def _digest(*values: object) -> int:
    return int.from_bytes(blake2b(pack(values), digest_size=8).digest())


def _words(m: ExecutionReport) -> int:
    return _digest(m.order_id, m.symbol, m.side, m.reason, m.text, m.trading_day, m.origin, m.offset)


def _said(m: ExecutionReport) -> tuple[object, ...]:
    """All that a trade says, but for where its order stands and when it was told."""
    fee = None if m.fee is None else str(m.fee)
    return (
        *(m.clord_id, m.order_id, m.exec_id, m.exec_type, m.symbol, m.side, m.last_qty, m.last_px, m.reason, m.text),
        *(m.exec_ref, m.trading_day, m.origin, m.offset, fee, m.fee_currency),
    )


def _trade(m: ExecutionReport) -> int:
    return _digest(*_said(m))


def _told_then(m: ExecutionReport) -> int:
    return _digest(*_said(m), _state(m))


class Passed:
    """Numbers that were passed over and are not on record yet, as runs."""

    def __init__(self) -> None:
        self.count = self.epoch = self.since_ns = 0
        self.runs: list[list[int]] = []

    def add(self, epoch: int, seq: int, now_ns: int) -> None:
        """One more, in the numbering of `epoch`."""
        if not self.count:
            self.epoch, self.since_ns = epoch, now_ns
        self.count += 1
        if self.runs and self.runs[-1][1] == seq - 1:
            self.runs[-1][1] = seq
        else:
            self.runs.append([seq, seq])

    def is_due(self, now_ns: int) -> bool:
        """Whether they are to be noted now."""
        return self.count > 0 and (now_ns - self.since_ns >= NOTE_NS or len(self.runs) >= MAX_RUNS)

    def clear(self) -> None:
        """They are on record."""
        self.count, self.runs = 0, []


class Adopted:
    """Whether a report would change anything: asks the pairs' memories.

    `pair_of(name)`: a pair as on record, None where there is none; `outside`:
    the trades of others that were judged. Thread: the lane's.
    """

    def __init__(self, pair_of: Callable[[str], Pair | None], outside: set[tuple[str, ...]]) -> None:
        self._pair_of, self._outside = pair_of, outside
        self._past = Past()
        self.forget = self._past.forget

    def __call__(self, report: OrderReport) -> bool:
        """True where nobody would do anything about it."""
        if report.cl_ord_id is None:
            return report.origin not in OUTSIDE or identity_of(report) in self._outside
        return says_nothing(self._pair_of, self._past, report)
