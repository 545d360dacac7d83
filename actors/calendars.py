"""Watches calendars: ends, contract rolls, venues that contradict them.

Once a second it compares each venue's status with its table; once a trading
day it counts the days that are left. Nothing waits for it, and it bars
nothing: what a calendar bars is asked by each pair itself.
"""

from __future__ import annotations

from typing import Any, ClassVar

from actors.base import Actor
from actors.desk import Desk
from actors.notes import SpecsChanged, Tick
from domain import calendar_news as news
from domain.calendars import Calendar, Moment
from domain.guards import STATUS_MAX_AGE_NS
from domain.pairspec import PairSpec
from domain.units import NS_PER_S

LOOK_NS = NS_PER_S
IDLE_LOOK_NS = 60 * NS_PER_S
"""How often where no leg has a calendar and every trading day is known: for last days alone."""


class CalendarWatch(Actor):
    """Thread: the lane. `warn_days`, `roll_days`: how early it tells."""

    HANDLERS: ClassVar[dict[type, str]] = {Tick: "on_tick", SpecsChanged: "on_specs"}

    def __init__(
        self, runtime: Any, name: str, desk: Desk, specs: tuple[PairSpec, ...], warn_days: int, roll_days: int
    ) -> None:
        super().__init__(runtime, name)
        self.desk = desk
        self.warn_days = warn_days
        self.roll_days = roll_days
        self._witnesses: dict[tuple[str, str], news.Witness] = {}
        self._told: set[tuple] = set()
        self.on_specs(SpecsChanged(specs))

    def on_specs(self, told: SpecsChanged) -> None:
        """These pairs' calendars; what a venue was heard to say of one stays."""
        self._calendars: dict[tuple[str, str], Calendar | None] = {}
        for spec in told.specs:
            for leg in spec.legs:
                self._calendars[leg.key] = leg.calendar
        known = self._witnesses
        self._witnesses = {key: known.get(key) or news.Witness() for key, calendar in self._calendars.items() if calendar is not None}
        self._moments: dict[tuple[str, str], Moment] = {}

    def on_start(self) -> None:
        """Look at once: a calendar that has ended is told before anything trades."""
        self.on_tick(Tick())

    def on_tick(self, _tick: Tick) -> None:
        """Every look, then the next one."""
        wall_ns = self.clock.wall_ns()
        for key, witness in self._witnesses.items():
            self._compare(key, witness, wall_ns)
        for key, calendar in self._calendars.items():
            self._days(key, calendar, wall_ns)
        waits = any(not self.desk.links[venue].state.trading_day for venue, _ in self._calendars)
        self.after_ns(LOOK_NS if self._witnesses or waits else IDLE_LOOK_NS, Tick())

    def _compare(self, key: tuple[str, str], witness: news.Witness, wall_ns: int) -> None:
        now_ns = self.clock.mono_ns()
        quote = self.desk.quote(key)
        fresh = quote is not None and 0 <= now_ns - quote.status_mono_ns <= STATUS_MAX_AGE_NS
        moment = self._moments.get(key)
        if moment is None or not moment.since_ns <= wall_ns < moment.until_ns:
            moment = self._moments[key] = self._calendars[key].at(wall_ns)
        said = news.heard(witness, moment.phase, quote.status if fresh else None, now_ns)
        if not said:
            return
        told = {"venue": key[0], "symbol": key[1], "calendar": str(moment.phase), "pairs": self._pairs(key)}
        told["status"] = news.STATUS_WORDS.get(quote.status, str(quote.status))
        told["name"] = self._calendars[key].name
        self.desk.alert("info" if said == news.CALENDAR_AGREES else "warning", said, **told)

    def _days(self, key: tuple[str, str], calendar: Calendar | None, wall_ns: int) -> None:
        link = self.desk.links[key[0]]
        if calendar is not None:
            today = calendar.local_day(wall_ns)
            left = news.ends_in(calendar, today, self.warn_days)
            if left is not None and self._is_new((news.CALENDAR_ENDS, calendar.name, today)):
                told = {
                    "calendar": calendar.name,
                    "last_day": str(calendar.last_day),
                    "days": left,
                    "pairs": self._pairs(key),
                }
                self.desk.alert("warning" if left > 0 else "critical", news.CALENDAR_ENDS, **told)
        day = link.state.trading_day
        roll = news.roll_due(link.days[key[1]], day, calendar, self.roll_days)
        if roll is not None and self._is_new((news.ROLL_DUE, key, day, roll.what)):
            told = {
                "venue": key[0],
                "symbol": key[1],
                "what": roll.what,
                "day": roll.day,
                "days": roll.days,
                "pairs": self._pairs(key),
            }
            self.desk.alert("warning", news.ROLL_DUE, **told)

    def _pairs(self, key: tuple[str, str]) -> list[str]:
        """Whose legs trade it."""
        return [name for name, _ in self.desk.holders.get(key, ())]

    def _is_new(self, mark: tuple) -> bool:
        """Each is told once a day; what was told of other days is forgotten."""
        if mark in self._told:
            return False
        self._told = {each for each in self._told if each[:2] != mark[:2]}
        self._told.add(mark)
        return True
