"""What is told of calendars: ends, rolls, disagreements. Pure.

A venue's status and its table are two witnesses. Where they disagree for
longer than the edge of a session lasts, one of them is wrong: an unscheduled
halt, or a table that is out of date.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from domain.calendars import Calendar, Phase
from domain.days import LastDays
from domain.market import STATUS_AUCTION, STATUS_CLOSED, STATUS_HALT, STATUS_OPEN
from domain.units import NS_PER_S

CALENDAR_ENDS = "CALENDAR_ENDS"
CALENDAR_DISAGREES = "CALENDAR_DISAGREES"
CALENDAR_AGREES = "CALENDAR_AGREES"
ROLL_DUE = "ROLL_DUE"

PATIENCE_NS = 5 * NS_PER_S
"""Clocks differ by a little at the edges of sessions."""

STATUS_WORDS = {STATUS_OPEN: "open", STATUS_HALT: "halt", STATUS_CLOSED: "closed", STATUS_AUCTION: "auction"}


class Witness(Struct):
    """How long a venue has contradicted its table, and whether it was told."""

    since_ns: int = 0
    told: bool = False


def heard(witness: Witness, phase: Phase, status: int | None, now_ns: int) -> str:
    """The news of one look, "" for none; `status` None: not lately told.

    Only trading against not trading counts: kinds of closed do not differ.
    """
    if status is None or phase is Phase.UNKNOWN:
        return ""
    if (status == STATUS_OPEN) == (phase is Phase.OPEN):
        was, witness.since_ns, witness.told = witness.told, 0, False
        return CALENDAR_AGREES if was else ""
    if not witness.since_ns:
        witness.since_ns = now_ns
    if witness.told or now_ns - witness.since_ns < PATIENCE_NS:
        return ""
    witness.told = True
    return CALENDAR_DISAGREES


def ends_in(calendar: Calendar, today: date, warn_days: int) -> int | None:
    """Days that a calendar still knows, where they are few; below 0 it has ended."""
    left = (calendar.last_day - today).days
    return left if left <= warn_days else None


class Roll(Struct, frozen=True):
    """A last day that is near. `days`: trading days left, 0 on that day."""

    what: str
    day: str
    days: int


def roll_due(days: LastDays, today: str, calendar: Calendar | None, warn_days: int) -> Roll | None:
    """The first of an instrument's last days that is near; None where none is.

    Counted in trading days where there is a calendar, else in days.
    """
    if not today:
        return None
    for what, day in (("last_open_day", days.last_open_day), ("expiry", days.expiry)):
        if day and day >= today:
            left = _count(date_of(today), date_of(day), calendar)
            return Roll(what, day, left) if left <= warn_days else None
    return None


def date_of(text: str) -> date:
    """A trading day of the protocol, YYYYMMDD."""
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def _count(today: date, day: date, calendar: Calendar | None) -> int:
    return (day - today).days if calendar is None else calendar.trading_days_until(today, day)
