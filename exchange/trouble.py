"""Troubles: what goes wrong on purpose, armed by a command or a schedule.

The kinds are in kinds.py. Here is what is armed, the checks of arming, and
which trouble an order meets; what it then does is done by the venue
(venue.py, mishaps.py), the reports (reports.py) and the sessions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import msgspec

from exchange.codes import BUY, BY_CODE, SELL
from exchange.errors import Refusal, TroubleError
from exchange.kinds import KINDS, NOW, ON_TRADE, Kind
from exchange.values import Order, TroubleEvent

MAX_COUNT = 1_000_000
MAX_ARMED = 1_000
MAX_MS = 86_400_000
MAX_PX = 1_000_000_000
OFFSETS = "OCTYN"
MS = 1_000_000
RANGES: dict[str, tuple[int, int]] = {
    "count": (1, MAX_COUNT),
    "for_ms": (1, MAX_MS),
    "code": (1, 99_999),
    "qty": (0, MAX_COUNT),
    "px": (-MAX_PX, MAX_PX),
    "ms": (0, MAX_MS),
    "times": (1, 100),
    "skip": (0, MAX_COUNT),
    "chance": (1, 100),
}


class Armed(msgspec.Struct):
    """One trouble in force; gone when `left` is 0 or its time is over.

    `until_ns` 0: no end by time. `struck`: orders that it has met. `skip`: so
    many that it would meet pass first; `chance`: per cent of them it strikes.
    """

    number: int
    kind: str
    left: int
    symbol: str = ""
    side: str = ""
    offset: str = ""
    account: str = ""
    code: int = 0
    qty: int = 0
    px: int | None = None
    ms: int = 0
    times: int = 1
    how: str = ""
    trade_id: str = ""
    skip: int = 0
    chance: int = 100
    for_ms: int = 0
    until_ns: int = 0
    struck: int = 0

    @property
    def point(self) -> str:
        """Where it strikes: that of its kind, unless it names its trade."""
        point = KINDS[self.kind].point
        return NOW if point == ON_TRADE and (self.trade_id or self.how == "last") else point

    def meets(self, order: Order) -> bool:
        aims = (
            (self.symbol, order.symbol),
            (self.side, order.side),
            (self.offset, order.offset),
            (self.account, order.account),
        )
        return all(aim in {"", is_} for aim, is_ in aims)


class Troubles:
    """The troubles armed at one venue, struck in the order of arming."""

    def __init__(self, symbols: frozenset[str], accounts: frozenset[str] | None = None) -> None:
        self._symbols = symbols
        self._accounts = accounts
        self._armed: list[Armed] = []
        self._running: dict[int, tuple[Armed, Callable[[int], None]]] = {}
        self._number = 0
        self.rng = Random(0)
        """Of `chance`; a world puts one of its own seed in its place."""
        self.struck: dict[str, int] = {}

    def arm(self, kind: str, args: Mapping[str, Any], now: int = 0) -> Armed:
        """Put a trouble in force; one of NOW is only made.

        Raises: TroubleError with what to do.
        """
        row = KINDS.get(kind)
        if row is None:
            raise TroubleError(f"{kind!r} is no trouble; there are: {', '.join(KINDS)}")
        given = {key: value for key, value in args.items() if value is not None or key == "count"}
        self._check(kind, row, given)
        if len(self._armed) + len(self._running) >= MAX_ARMED:
            raise TroubleError(f"{MAX_ARMED} troubles are armed already; wait until some have struck, or clear them")
        self._number += 1
        values = {"how": row.how[0] if row.how else "", **row.defaults, **given}
        for_ms = values.get("for_ms", 0)
        left = values.pop("count", MAX_COUNT if for_ms and row.point != NOW else 1)
        found = Armed(self._number, kind, left, until_ns=now + for_ms * MS if for_ms else 0, **values)
        if found.point != NOW:
            self._armed.append(found)
        return found

    def strike(self, point: str, order: Order, now: int = 0) -> Armed | None:
        """The trouble that this order meets at this point, counted as struck."""
        self.expire(now)
        for armed in self._armed:
            if armed.point == point and self._hits(armed, order):
                self._strike(armed)
                return armed
        return None

    def strike_each(self, point: str, order: Order, now: int = 0) -> list[Armed]:
        """Of each kind the first that this order meets: they go together."""
        self.expire(now)
        found: dict[str, Armed] = {}
        for armed in list(self._armed):
            if armed.point == point and armed.kind not in found and self._hits(armed, order):
                found[armed.kind] = armed
                self._strike(armed)
        return list(found.values())

    def begun(self, armed: Armed, undo: Callable[[int], None] | None) -> None:
        """A NOW trouble was done; with `undo`, it lasts until `end`."""
        self._count(armed)
        if undo is not None:
            self._running[armed.number] = (armed, undo)

    def end(self, number: int, now: int) -> None:
        """End what lasts; nothing where it has ended."""
        found = self._running.pop(number, None)
        if found is not None:
            found[1](now)

    def forget(self, kinds: frozenset[str], symbol: str) -> None:
        """What lasted of these kinds is over by another's doing."""
        for number, (armed, _) in list(self._running.items()):
            if armed.kind in kinds and symbol in ("", armed.symbol):
                del self._running[number]

    def clear(self, now: int) -> int:
        """Disarm all and end what lasts; how many that were."""
        count = len(self._armed) + len(self._running)
        self._armed.clear()
        for number in list(self._running):
            self.end(number, now)
        return count

    def expire(self, now: int) -> None:
        """Drop what waited for orders until now."""
        if self._armed:
            self._armed = [one for one in self._armed if not one.until_ns or one.until_ns > now]

    def listed(self) -> list[dict[str, Any]]:
        """What is armed and what lasts, as plain values."""
        lasting = [armed for armed, _ in self._running.values()]
        return [msgspec.structs.asdict(armed) for armed in [*self._armed, *lasting]]

    def _hits(self, armed: Armed, order: Order) -> bool:
        if not armed.meets(order):
            return False
        if armed.skip:
            armed.skip -= 1
            return False
        return armed.chance == 100 or self.rng.randrange(100) < armed.chance

    def _strike(self, armed: Armed) -> None:
        armed.left -= 1
        self._count(armed)
        if armed.left == 0:
            self._armed.remove(armed)

    def _count(self, armed: Armed) -> None:
        armed.struck += 1
        self.struck[armed.kind] = self.struck.get(armed.kind, 0) + 1

    def _check(self, kind: str, row: Kind, args: Mapping[str, Any]) -> None:
        for key in args:
            if key not in row.allowed:
                raise TroubleError(f"{kind} takes no {key!r}; it takes {', '.join(row.allowed)}")
        for key in row.needs:
            if key not in args:
                raise TroubleError(f"{kind} needs {key}; it takes {', '.join(row.allowed)}")
        for key, (least, most) in RANGES.items():
            if key in args:
                _check_int(kind, key, args[key], least, most)
        words = {
            "how": row.how,
            "symbol": sorted(self._symbols),
            "account": None if self._accounts is None else sorted(self._accounts),
            "trade_id": None,
        }
        for key, allowed in words.items():
            if args.get(key, "") != "" or (key == "how" and key in args):
                _check_word(kind, key, args[key], allowed)
        if args.get("side") not in {None, "", BUY, SELL}:
            raise TroubleError(f"side must be {BUY} (buy) or {SELL} (sell), not {args['side']!r}")
        if args.get("offset") not in {None, "", *OFFSETS}:
            raise TroubleError(f"offset must be one of {OFFSETS}, not {args['offset']!r}")
        if kind == "correct" and not {"qty", "px"} & args.keys():
            raise TroubleError("correct needs qty or px: what the trade is to be")
        if kind == "outside_order" and not (args["qty"] and args["side"] and args["symbol"]):
            raise TroubleError("outside_order needs a qty from 1, a side and a symbol")


def refusal_of(armed: Armed) -> Refusal:
    """The refusal that a trouble with a code gives."""
    reason, text = BY_CODE.get(armed.code, (99, "refused"))
    return Refusal(reason, armed.code, text)


def event_of(venue: str, armed: Armed, now: int, order: Order | None = None, text: str = "") -> TroubleEvent:
    """The record of a trouble that was done, or met this order."""
    return TroubleEvent(
        venue=venue,
        kind=armed.kind,
        number=armed.number,
        exch_ns=now,
        how=armed.how,
        account=order.account if order else armed.account,
        session=order.session if order else "",
        client_ref=order.client_ref if order else "",
        order_id=order.order_id if order else "",
        symbol=order.symbol if order else armed.symbol,
        text=text,
    )


def _check_int(kind: str, key: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise TroubleError(f"{kind}: {key} must be a whole number from {least} to {most}, not {value!r}")


def _check_word(kind: str, key: str, value: object, allowed: Any) -> None:
    if not isinstance(value, str):
        raise TroubleError(f"{kind}: {key} must be a text, not {value!r}")
    if allowed is None or value in allowed:
        return
    if key == "how":
        raise TroubleError(f"{kind}: how must be one of {', '.join(allowed)}, not {value!r}")
    raise TroubleError(f"no {key} {value!r} here; there are: {', '.join(allowed) or 'none'}")
