"""When a market is open: phases and trading days, by a table alone.

A calendar is a value; it takes no clock and remembers nothing. Times of a
table are wall times of its zone, so that daylight saving is the zone's affair.
A night session counts for the trading day after it: Friday night is Monday's.

Units: ns since the epoch, UTC; days as `date`, told as YYYYMMDD.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from msgspec import Struct

from domain.units import NS_PER_S

ONE = timedelta(days=1)
LONGEST_CLOSE_DAYS = 40
"""How far a next opening is looked for; the longest holiday takes eleven."""
FOREVER_NS = 2**63 - 1
DAY_S = 86_400


class Phase(StrEnum):
    """What a market is by its table; UNKNOWN: outside the days it knows."""

    OPEN = "open"
    AUCTION = "auction"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class Span(Struct, frozen=True):
    """A stretch of wall time, in seconds after midnight of a date.

    DAY_S and more lie in the next date: the end of 21:00-02:30 is 26:30.
    """

    start_s: int
    end_s: int
    phase: Phase = Phase.OPEN


class Hours(Struct, frozen=True):
    """What a trading day is made of, each part told from its own date.

    `night`: the evening of the trading day before, none before a holiday;
    `eve`: the calendar day before; `day`: the day itself; `opening`: the day
    itself, only where no night came before it.
    """

    night: tuple[Span, ...] = ()
    eve: tuple[Span, ...] = ()
    day: tuple[Span, ...] = ()
    opening: tuple[Span, ...] = ()


class Special(Struct, frozen=True):
    """A date with hours of its own.

    `holiday`: no trading day itself; its sessions belong to the next one.
    """

    name: str
    hours: Hours
    holiday: bool = False


class Session(Struct, frozen=True):
    """One stretch of one phase, in absolute time. `part`: of `Hours`."""

    start_ns: int
    end_ns: int
    phase: Phase
    trading_day: date
    part: str


class Moment(Struct, frozen=True):
    """What holds at an instant, and from when to when it does.

    `trading_day`: of the session that is on, or of the next one. `next_open_ns`:
    when trading is next continuous (now, where it is); None where the table
    knows of none.
    """

    phase: Phase
    trading_day: date | None
    since_ns: int
    until_ns: int
    next_open_ns: int | None


class Calendar(Struct, frozen=True):
    """One table: the hours and days of the products that keep them.

    `closed`: days without trading, by name; `special`: dates with other hours;
    `no_night`: evenings without a session that the rule would give.
    `unconfirmed`: what of it no source of the exchange has said.
    """

    name: str
    zone: tzinfo
    hours: Hours
    first_day: date
    last_day: date
    closed: Mapping[date, str]
    special: Mapping[date, Special]
    weekdays: frozenset[int] = frozenset(range(5))
    no_night: frozenset[date] = frozenset()
    night_before_holidays: bool = False
    domestic: bool = False
    never_closes: bool = False
    source: str = ""
    unconfirmed: Mapping[str, str] = {}

    # ------------------------------------------------ days

    def is_trading_day(self, day: date) -> bool:
        """Whether `day` is a trading day; the first and last known are asked elsewhere."""
        other = self.special.get(day)
        if other is not None and other.holiday:
            return False
        return day.weekday() in self.weekdays and day not in self.closed

    def trading_day_after(self, day: date) -> date:
        """The first trading day later than `day`."""
        return self._step(day, ONE)

    def trading_day_before(self, day: date) -> date:
        """The last trading day earlier than `day`."""
        return self._step(day, -ONE)

    def _step(self, day: date, by: timedelta) -> date:
        for _ in range(LONGEST_CLOSE_DAYS):
            day += by
            if self.is_trading_day(day):
                return day
        raise ValueError(f"{self.name}: no trading day within {LONGEST_CLOSE_DAYS} days of {day}")

    def trading_days_until(self, today: date, day: date) -> int:
        """Trading days later than `today` up to `day`; 0 where it has come."""
        count = 0
        while today < day:
            today += ONE
            count += self.is_trading_day(today)
        return count

    def has_night(self, day: date) -> bool:
        """Whether a night session came before this trading day."""
        before = self.trading_day_before(day)
        if before in self.no_night:
            return False
        return self.night_before_holidays or self._is_next_weekday(before, day)

    def _is_next_weekday(self, before: date, day: date) -> bool:
        between = before + ONE
        while between < day:
            if between.weekday() in self.weekdays:
                return False  # a weekday without trading is a holiday
            between += ONE
        return True

    # ------------------------------------------------ sessions

    def sessions(self, day: date) -> tuple[Session, ...]:
        """The sessions of a date's own table, in order; none on a holiday."""
        if not self.first_day <= day <= self.last_day:
            return ()
        other = self.special.get(day)
        if other is None and not self.is_trading_day(day):
            return ()
        hours = self.hours if other is None else other.hours
        label = day if other is None or not other.holiday else self.trading_day_after(day)
        before, night = day, False
        if hours.night or hours.opening:
            before, night = self.trading_day_before(day), bool(hours.night) and self.has_night(day)
        parts = (
            ("night", before, hours.night if night else ()),
            ("eve", day - ONE, hours.eve),
            ("day", day, hours.day if night or not hours.opening else (*hours.opening, *hours.day)),
        )
        return tuple(
            Session(self._ns(anchor, span.start_s), self._ns(anchor, span.end_s), span.phase, label, part)
            for part, anchor, spans in parts
            for span in spans
        )

    def _ns(self, day: date, second: int) -> int:
        days, second = divmod(second, DAY_S)
        wall = datetime.combine(day + days * ONE, time(second // 3600, second // 60 % 60, second % 60), self.zone)
        return int(wall.timestamp()) * NS_PER_S

    def from_day(self, day: date) -> Iterator[Session]:
        """Sessions in order, from those of `day` on, to the last one known."""
        first = max(day, self.first_day)
        for offset in range(LONGEST_CLOSE_DAYS):
            yield from self.sessions(first + offset * ONE)

    def local_day(self, at_ns: int) -> date:
        """The date on the exchange's wall at an instant."""
        return datetime.fromtimestamp(at_ns // NS_PER_S, self.zone).date()

    # ------------------------------------------------ an instant

    def at(self, at_ns: int) -> Moment:
        """What the market is at an instant, and until when."""
        if self.never_closes:
            return Moment(Phase.OPEN, self.local_day(at_ns), 0, FOREVER_NS, at_ns)
        phase, day, since_ns, until_ns, opens_ns = Phase.CLOSED, None, 0, FOREVER_NS, None
        last_end_ns, found = at_ns, False  # where no end is near, what holds is known from now on
        for session in self.from_day(self.local_day(at_ns) - 2 * ONE):
            if session.end_ns <= at_ns:
                last_end_ns = session.end_ns
            elif not found:
                found, day = True, session.trading_day
                if session.start_ns <= at_ns:
                    phase, since_ns, until_ns = session.phase, session.start_ns, session.end_ns
                else:
                    since_ns, until_ns = last_end_ns, session.start_ns
            elif phase is session.phase and until_ns == session.start_ns:
                until_ns = session.end_ns
                continue
            if found and phase is Phase.OPEN and session.start_ns > until_ns:
                break
            if found and opens_ns is None and session.phase is Phase.OPEN:
                opens_ns = max(at_ns, session.start_ns)
                if phase is not Phase.OPEN:
                    break
        if not self._knows(at_ns, found):
            return Moment(Phase.UNKNOWN, None, at_ns, FOREVER_NS, opens_ns)
        return Moment(phase, day, since_ns, until_ns, opens_ns)

    def _knows(self, at_ns: int, found: bool) -> bool:
        return found and self.local_day(at_ns) >= self.first_day

    def open_for(self, at_ns: int, for_ns: int) -> bool:
        """Whether trading is continuous now, and for at least so long."""
        now = self.at(at_ns)
        return now.phase is Phase.OPEN and now.until_ns - at_ns >= for_ns


def always(name: str, zone: tzinfo = UTC) -> Calendar:
    """A market that never closes; its trading days are its zone's dates."""
    day = Hours(day=(Span(0, DAY_S),))
    first, last, every = date(2000, 1, 1), date(9999, 11, 1), frozenset(range(7))
    return Calendar(name, zone, day, first, last, {}, {}, every, never_closes=True)
