"""Tables of sessions and holidays: from TOML to calendars, by product.

The tables are in config/calendars/; a configuration may name files of its own,
whose products come before ours. Which one an instrument keeps follows from its
symbol (`SHFE.cu2703` is SHFE's `cu`), unless it says otherwise.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from config.schema import Config, Instrument
from config.values import venue_called
from domain.calendars import DAY_S, Calendar, Hours, Phase, Span, Special, always
from domain.errors import ConfigError

TABLES = Path(__file__).resolve().parent / "calendars"
BY_VENUE = "venue"
"""No table: the venue's own status alone says whether it is open."""
ROUND_THE_CLOCK = "24x7"
EVERY = "*"
MOST_FILES = 32
"""Of tables that are kept as they were read."""

_ZONE = re.compile(r"^[A-Za-z_]+(?:/[A-Za-z0-9_+\-]+){0,2}$")
_SPAN = re.compile(r"^(\d{1,2}):([0-5]\d)(?::([0-5]\d))?-(\d{1,2}):([0-5]\d)(?::([0-5]\d))?(?: (auction))?$")
_REST = re.compile(r"^(?:\d{3,4}|[FGHJKMNQUVXZ]\d{1,2}|3M)?$", re.IGNORECASE)
"""What follows a product in a contract's code: 2703, 701, H27, 3M, nothing."""

SpanText = Annotated[str, Meta(max_length=32)]
Spans = tuple[SpanText, ...]


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Head(_Table):
    """`[calendar]`: what holds for every group of the file."""

    name: str
    zone: str
    first_day: date
    last_day: date
    source: str
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    night_before_holidays: bool = False
    domestic: bool = False
    no_night: tuple[date, ...] = ()


class Group(_Table):
    """`[[group]]`: products that keep the same hours."""

    name: str
    products: dict[str, tuple[str, ...]]
    night: Spans = ()
    eve: Spans = ()
    day: Spans = ()
    opening: Spans = ()
    no_night: tuple[date, ...] = ()

    def products_of(self, exchange: str) -> tuple[str, ...]:
        """Those of one exchange, as the table names them."""
        return next((found for name, found in self.products.items() if name.upper() == exchange.upper()), ())


class SpecialDays(_Table):
    """`[[special]]`: dates with other hours, for some groups or all.

    `holiday`: no trading day; its sessions belong to the next one.
    """

    dates: dict[str, str]
    groups: tuple[str, ...] = ()
    holiday: bool = False
    night: Spans = ()
    eve: Spans = ()
    day: Spans = ()
    opening: Spans = ()


class File(_Table):
    """A whole file of tables."""

    calendar: Head
    group: tuple[Group, ...]
    closed: dict[str, str] = {}
    special: tuple[SpecialDays, ...] = ()
    unconfirmed: dict[str, str] = {}


class Book:
    """Every calendar that is known, by exchange and product; made when asked."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._groups: dict[str, dict[str, tuple[Path, File, Group]]] = {}
        self._made: dict[tuple[Path, str], Calendar] = {}
        for file in files:
            self._add(file, read(file))

    def _add(self, path: Path, told: File) -> None:
        for group in told.group:
            for exchange, products in group.products.items():
                mine = self._groups.setdefault(exchange.upper(), {})
                mine.update({product.upper(): (path, told, group) for product in products})

    def exchanges(self) -> list[str]:
        """Those of which a table is known."""
        return sorted(self._groups)

    def products(self, exchange: str) -> list[str]:
        """The products of an exchange, as its table names them."""
        found = self._groups.get(exchange.upper(), {})
        return sorted({p for _, _, group in found.values() for p in group.products_of(exchange)}) if found else []

    def product_of(self, symbol: str) -> tuple[str, str] | None:
        """(exchange, product) of a symbol; None where no table has it."""
        exchange, _, code = symbol.upper().partition(".")
        known = self._groups.get(exchange)
        if known is None:
            return None
        for product in sorted(known, key=len, reverse=True):
            if code.startswith(product) and _REST.match(code[len(product) :]):
                return exchange, product
        return (exchange, EVERY) if EVERY in known else None

    def of(self, symbol: str) -> Calendar | None:
        """The calendar of a symbol or a product; None where no table has it.

        Raises: ConfigError where its table can't be used.
        """
        if symbol == ROUND_THE_CLOCK:
            return always(ROUND_THE_CLOCK)
        key = self.product_of(symbol)
        if key is None:
            return None
        path, told, group = self._groups[key[0]][key[1]]
        made = self._made.get((path, group.name))
        if made is None:
            made = self._made[path, group.name] = calendar_of(path, told, group)
        return made

    def every(self) -> list[tuple[Calendar, dict[str, tuple[str, ...]]]]:
        """Each calendar once, with the products that keep it."""
        groups = {
            (path, group.name): (path, told, group) for by in self._groups.values() for path, told, group in by.values()
        }
        return [(calendar_of(*found), found[2].products) for found in groups.values()]


def read(path: Path) -> File:
    """A file of tables, typed. Raises: ConfigError with what is wrong in it."""
    try:
        return _typed(path, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(str(path), "(file)", error.strerror, "a calendar file that can be read") from None
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "(file)", str(error), "TOML in UTF-8") from None


@lru_cache(maxsize=MOST_FILES)
def _typed(path: Path, text: str) -> File:
    """The same text is read once: a process may start many nodes."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(str(path), "(file)", str(error), "TOML in UTF-8") from None
    try:
        told = msgspec.convert(document, File, strict=True)
    except msgspec.ValidationError as error:
        text, _, where = str(error).partition(" - at `$.")
        raise ConfigError(str(path), where.rstrip("`") or "(file)", "", text) from None
    _check(path, told)
    return told


def _check(path: Path, told: File) -> None:
    """What no type can say: names, days and hours that agree."""
    head = told.calendar
    if head.first_day > head.last_day:
        raise ConfigError(str(path), "calendar.last_day", str(head.last_day), f"first_day, {head.first_day}, or later")
    if not head.weekdays or not set(head.weekdays) <= set(range(1, 8)):
        raise ConfigError(str(path), "calendar.weekdays", list(head.weekdays), "1 (Monday) to 7 (Sunday)")
    names = [group.name for group in told.group]
    for index, special in enumerate(told.special):
        for name in special.groups:
            if name not in names:
                raise ConfigError(
                    str(path), f"special[{index}].groups", name, f"a group of this file: {', '.join(names)}"
                )
    for group in told.group:
        calendar_of(path, told, group)


def calendar_of(path: Path, told: File, group: Group) -> Calendar:
    """One group's calendar. Raises: ConfigError."""
    head = told.calendar
    try:
        zone = zone_of(head.zone)
    except ValueError as error:
        raise ConfigError(str(path), "calendar.zone", head.zone, str(error)) from None
    special: dict[date, Special] = {}
    for index, each in enumerate(told.special):
        if not each.groups or group.name in each.groups:
            hours = _hours(path, f"special[{index}]", each)
            days = _days(path, f"special[{index}].dates", each.dates)
            special.update({day: Special(name, hours, each.holiday) for day, name in days})
    return Calendar(
        name=group.name,
        zone=zone,
        hours=_hours(path, f"group {group.name}", group),
        first_day=head.first_day,
        last_day=head.last_day,
        closed=dict(_days(path, "closed", told.closed)),
        special=special,
        weekdays=frozenset(day - 1 for day in head.weekdays),
        no_night=frozenset((*head.no_night, *group.no_night)),
        night_before_holidays=head.night_before_holidays,
        domestic=head.domestic,
        source=head.source,
        unconfirmed=told.unconfirmed,
    )


def _hours(path: Path, where: str, told: Group | SpecialDays) -> Hours:
    parts: dict[str, Any] = {}
    for part in ("night", "eve", "day", "opening"):
        spans = tuple(_span(path, f"{where}.{part}", text) for text in getattr(told, part))
        for early, late in zip(spans, spans[1:], strict=False):
            if late.start_s < early.end_s:
                raise ConfigError(
                    str(path), f"{where}.{part}", list(getattr(told, part)), "spans in order, none over another"
                )
        parts[part] = spans
    return Hours(**parts)


def _span(path: Path, where: str, text: str) -> Span:
    """`21:00-02:30` or `08:55-09:00 auction`; an end not later is the next day's."""
    found = _SPAN.match(text)
    if found is None or int(found[1]) > 23 or int(found[4]) > 24:
        allowed = "HH:MM-HH:MM or HH:MM:SS-HH:MM:SS, with ` auction` after it where trading is not continuous"
        raise ConfigError(str(path), where, text, allowed)
    start, end = (int(found[i]) * 3600 + int(found[i + 1]) * 60 + int(found[i + 2] or 0) for i in (1, 4))
    return Span(start, end if end > start else end + DAY_S, Phase.AUCTION if found[7] else Phase.OPEN)


def _days(path: Path, where: str, told: dict[str, str]) -> Iterable[tuple[date, str]]:
    """`2026-10-01` or `2026-10-01..2026-10-07`, each day of it."""
    for text, name in told.items():
        first, _, last = text.partition("..")
        try:
            day, end = date.fromisoformat(first), date.fromisoformat(last or first)
        except ValueError:
            raise ConfigError(str(path), where, text, "a day, YYYY-MM-DD, or two with .. between them") from None
        if end < day:
            raise ConfigError(str(path), where, text, "the earlier day first")
        while day <= end:
            yield day, name
            day += timedelta(days=1)


@cache
def zone_of(name: str) -> ZoneInfo:
    """A zone of the pinned tzdata, whatever the machine has. Raises: ValueError."""
    allowed = "a time zone such as Asia/Shanghai"
    if _ZONE.match(name) is None:
        raise ValueError(allowed)
    try:
        with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError):
        raise ValueError(allowed) from None


def table_files() -> list[Path]:
    """The tables that come with Hedgerow."""
    return sorted(TABLES.glob("*.toml"))


def book_of(files: Sequence[str | Path] = ()) -> Book:
    """Ours, with these files of the user's before them."""
    return Book([*table_files(), *(Path(file) for file in files)])


def book_for(config: Config) -> Book:
    """Ours and the configuration's own. Raises: ConfigError."""
    return book_of(config.node.calendars)


def word_for(config: Config, told: Instrument) -> str:
    """What the instrument or its venue says of its calendar; "" by symbol."""
    venue = venue_called(config, told.venue)
    return told.calendar or (venue.calendar if venue is not None else "")


def calendar_for(config: Config, told: Instrument, book: Book) -> Calendar | None:
    """The calendar of an instrument; None where its venue's status alone speaks."""
    word = word_for(config, told)
    return None if word == BY_VENUE else book.of(word or told.symbol)


def unknown(config: Config, told: Instrument, book: Book) -> str:
    """What its calendar should be instead; empty where there is one, or none is meant.

    An exchange that no table has needs none: its venue's status speaks.
    """
    word = word_for(config, told)
    if word in (BY_VENUE, ROUND_THE_CLOCK) or book.of(word or told.symbol) is not None:
        return ""
    exchange = (word or told.symbol).partition(".")[0].upper()
    known = book.products(exchange)
    if not word and not known:
        return ""
    other = f"EXCHANGE.PRODUCT of a table, {ROUND_THE_CLOCK}, or {BY_VENUE} (its own status alone)"
    return (
        f"{other}; {exchange} has {', '.join(known)}" if known else f"{other}; exchanges: {', '.join(book.exchanges())}"
    )
