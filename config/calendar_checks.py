"""Calendars that a configuration names are there; what they leave open.

What is wrong stops a start; a note does not: a table that ends soon, days that
no source has confirmed, a market with hours whose instrument is told to have none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from config.load import Loaded
from config.schema import Config
from config.sessions import BY_VENUE, ROUND_THE_CLOCK, book_for, calendar_for, read, unknown, word_for
from domain.calendars import Calendar
from domain.errors import ConfigError


def calendars(loaded: Loaded) -> Iterator[ConfigError]:
    """Every table can be read, and every instrument finds its own."""
    broken = False
    for file in loaded.config.node.calendars:
        try:
            read(Path(file))
        except ConfigError as error:
            broken = True
            yield error
    if broken:
        return
    book = book_for(loaded.config)
    for index, told in enumerate(loaded.config.instrument):
        allowed = unknown(loaded.config, told, book)
        if allowed:
            word = word_for(loaded.config, told)
            yield loaded.error(_place(loaded.config, index), word or told.symbol, allowed)


def _place(config: Config, index: int) -> tuple[str | int, ...]:
    """Where an instrument's calendar was said: by itself, or by its venue."""
    told = config.instrument[index]
    for place, venue in enumerate(config.venue):
        if venue.name == told.venue and venue.calendar and not told.calendar:
            return ("venue", place, "calendar")
    return ("instrument", index, "calendar")


def notes(config: Config, today: date) -> list[str]:
    """What is not wrong, and should be known before trading."""
    book = book_for(config)
    found: list[str] = []
    for told in config.instrument:
        word, calendar = word_for(config, told), calendar_for(config, told, book)
        by_symbol = book.of(told.symbol)
        if by_symbol is not None and word in (BY_VENUE, ROUND_THE_CLOCK):
            found.append(
                f"{told.symbol}: calendar = {word!r} though {by_symbol.name} has its hours: right for a simulated exchange alone"
            )
        if told.expiry and told.expiry < f"{today:%Y%m%d}":
            found.append(f"{told.symbol}: its expiry, {told.expiry}, has passed: nothing opens")
        if calendar is not None:
            found.extend(
                f"{told.symbol}: {note}"
                for note in calendar_notes(calendar, today, config.node.calendar_warn_days, told.expiry)
            )
    return list(dict.fromkeys(found))


def calendar_notes(calendar: Calendar, today: date, warn_days: int, expiry: str | None) -> Iterator[str]:
    """How far a calendar reaches, beside today and a last trading day."""
    left = (calendar.last_day - today).days
    if left < 0:
        yield f"{calendar.name} ended on {calendar.last_day}: nothing opens"
    elif left <= warn_days:
        yield f"{calendar.name} ends on {calendar.last_day}, in {left} days"
    if expiry and expiry > f"{calendar.last_day:%Y%m%d}":
        yield f"its expiry, {expiry}, is past the end of {calendar.name}, {calendar.last_day}"


def calendars_of(config: Config, today: date) -> dict[str, int]:
    """The calendars that the instruments keep, and how many days each still knows."""
    book = book_for(config)
    found = [calendar_for(config, told, book) for told in config.instrument]
    return {calendar.name: (calendar.last_day - today).days for calendar in found if calendar is not None}
