"""What a pair's calendars say, as plain values, for tools."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from domain.opening import OpenHours, wall_text
from domain.pairspec import PairSpec


def show_session(hours: OpenHours, wall_ns: int, why_closed: str) -> dict[str, Any]:
    """What the legs' calendars say now; legs without one are left out.

    `opens`: when all are open again, on the wall of the one that opens last.
    """
    legs, last = [], None
    for index, (symbol, calendar) in enumerate(hours.legs):
        now = hours.moment(index, wall_ns)
        if calendar is None or now is None:
            continue
        opens = now.next_open_ns
        row = {
            "symbol": symbol,
            "calendar": calendar.name,
            "side": "domestic" if calendar.domestic else "overseas",
            "phase": str(now.phase),
            "trading_day": None if now.trading_day is None else f"{now.trading_day:%Y%m%d}",
            "opens": None if opens is None else wall_text(calendar, opens),
            "opens_in_s": None if opens is None else max(0, opens - wall_ns) // 1_000_000_000,
        }
        legs.append(row)
        if row["opens_in_s"] is not None and (last is None or row["opens_in_s"] > last["opens_in_s"]):
            last = row
    opens = {"side": last["side"], "opens": last["opens"], "opens_in_s": last["opens_in_s"]} if why_closed and last else {}
    return {"why": why_closed, **opens, "legs": legs}


def show_calendars(specs: Iterable[PairSpec], wall_ns: int) -> list[dict[str, Any]]:
    """Each calendar that some pair keeps: what it says now, how far it reaches."""
    found = {leg.calendar.name: leg.calendar for spec in specs for leg in spec.legs if leg.calendar is not None}
    rows = []
    for name, calendar in found.items():
        now = calendar.at(wall_ns)
        rows.append(
            {
                "calendar": name,
                "phase": str(now.phase),
                "opens": None if now.next_open_ns is None else wall_text(calendar, now.next_open_ns),
                "last_day": str(calendar.last_day),
                "days_left": (calendar.last_day - calendar.local_day(wall_ns)).days,
            }
        )
    return rows
