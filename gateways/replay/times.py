"""Recorded moments as ns since the epoch (UTC), exactly.

Text is read in two parts: what strptime knows, to the second, and the digits
after the point, up to nine of them. A second's text is read once and kept,
since a busy market has thousands of rows in it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.errors import ConfigError
from gateways.replay.mapping import TimeMap

NS_PER_S = 1_000_000_000
UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": NS_PER_S}
DIGITS = 9
MAX_KEPT = 4096
WHOLE = "a whole number since the epoch"


def zone_of(name: str, where: str) -> ZoneInfo:
    """The zone of that name. Raises: ConfigError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(where, "zone", name, "a zone's name, such as Asia/Shanghai or UTC") from error


class TimeReader:
    """Reads the cells of one TimeMap; `allowed` says what they may be.

    `read` raises ValueError where a text is no such moment.
    """

    def __init__(self, told: TimeMap, where: str) -> None:
        self.unit = told.unit
        self._format, self._zone = told.format, zone_of(told.zone, where)
        self._kept: dict[str, int] = {}
        self.read: Callable[[str], int] = self._text
        self.allowed = f"text as {told.format or 'ISO 8601'}, a fraction of a second may follow"
        if told.unit != "text":
            scale = UNITS[told.unit]
            self.allowed = WHOLE if told.unit != "s" else "seconds since the epoch"
            self.read = _seconds if told.unit == "s" else _scaled(scale)

    def _text(self, text: str) -> int:
        whole, point, fraction = text.partition(".")
        if point and not (fraction.isascii() and fraction.isdigit() and len(fraction) <= DIGITS):
            raise ValueError(text)
        kept = self._kept.get(whole)
        if kept is None:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            kept = self._kept[whole] = self._second(whole)
        return kept + (int(fraction.ljust(DIGITS, "0")) if point else 0)

    def _second(self, text: str) -> int:
        moment = datetime.strptime(text, self._format) if self._format else datetime.fromisoformat(text)  # noqa: DTZ007
        if moment.microsecond:
            raise ValueError(text)
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=self._zone)
        return round(aware.timestamp()) * NS_PER_S


def _scaled(scale: int) -> Callable[[str], int]:
    """A reader of whole numbers of a unit of so many ns."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()):
            raise ValueError(text)
        return int(text) * scale

    return read


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)


def _seconds(text: str) -> int:
    whole, point, fraction = text.partition(".")
    if len(fraction) > DIGITS:
        raise ValueError(text)
    return _whole(whole) * NS_PER_S + (_whole(fraction) * 10 ** (DIGITS - len(fraction)) if point else 0)


def day_in(ns: int, zone: ZoneInfo | None = None) -> str:
    """The calendar day of a moment, in UTC where no zone is given."""
    return datetime.fromtimestamp(ns // NS_PER_S, zone or UTC).strftime("%Y%m%d")
