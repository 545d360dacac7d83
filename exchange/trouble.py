"""Troubles: what goes wrong on purpose, armed by a command or a schedule.

KINDS is the table: each kind says at which point it strikes and which values
it takes. LATER names the kinds that the reliability page wants and that are
not built; arming one says so. A new kind is a row, and a branch at its point.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from exchange.codes import BUY, BY_CODE, REFUSALS, SELL
from exchange.errors import Refusal, TroubleError
from exchange.values import Order

MAX_COUNT = 1_000_000
MAX_ARMED = 1_000
ON_SUBMIT = "on_submit"
OFFSETS = "OCTYN"
DEFAULT_CODE = REFUSALS["no_money"][1]


class Kind(NamedTuple):
    """`needs`, `takes`: the values besides the common ones."""

    point: str
    needs: tuple[str, ...]
    takes: tuple[str, ...]
    what: str


KINDS: dict[str, Kind] = {
    "reject": Kind(ON_SUBMIT, (), ("code",), "refuse the next orders with this venue code"),
    "partial": Kind(ON_SUBMIT, ("qty",), (), "fill at most qty lots of each of the next orders"),
}
LATER: dict[str, str] = {
    "lose_order": "F1: an order is lost before the venue",
    "lose_ack": "F2: the ack is lost after the venue took the order",
    "repeat": "F3: a report comes again",
    "reorder": "F4: reports out of order",
    "delay": "F5: a report comes late",
    "lose_report": "F6: a report never comes; a query shows it",
    "fill_in_cancel": "F9: a fill while the cancel is on its way",
    "refuse_cancel": "F10: a cancel is refused",
    "drop_session": "F15: the venue drops a session and cancels its orders",
    "bust": "F23: a trade is taken back or corrected",
    "bad_quote": "F24: quotes crossed, empty, frozen, absurd",
    "outside_order": "F33: an order of somebody else on the account",
}
COMMON = ("count", "symbol", "side", "offset")


class Armed(msgspec.Struct):
    """One trouble in force; gone when `left` is 0."""

    number: int
    kind: str
    left: int
    symbol: str = ""
    side: str = ""
    offset: str = ""
    code: int = DEFAULT_CODE
    qty: int = 0
    struck: int = 0

    def meets(self, order: Order) -> bool:
        aims = ((self.symbol, order.symbol), (self.side, order.side), (self.offset, order.offset))
        return all(aim in {"", is_} for aim, is_ in aims)


class Troubles:
    """The troubles armed at one venue, struck in the order of arming."""

    def __init__(self, symbols: frozenset[str]) -> None:
        self._symbols = symbols
        self._armed: list[Armed] = []
        self._number = 0
        self.struck: dict[str, int] = {}

    def arm(self, kind: str, args: Mapping[str, Any]) -> Armed:
        """Put a trouble in force. Raises: TroubleError with what to do."""
        row = KINDS.get(kind)
        if row is None:
            why = f"is not built yet ({LATER[kind]})" if kind in LATER else "is no trouble"
            raise TroubleError(f"{kind!r} {why}; there are: {', '.join(KINDS)}")
        self._check(kind, row, args)
        if len(self._armed) >= MAX_ARMED:
            raise TroubleError(f"{MAX_ARMED} troubles are armed already; wait until some have struck")
        self._number += 1
        values = {key: value for key, value in args.items() if key != "count" and value is not None}
        found = Armed(self._number, kind, args.get("count", 1), **values)
        self._armed.append(found)
        return found

    def strike(self, point: str, order: Order) -> Armed | None:
        """The trouble that this order meets at this point, counted as struck."""
        for armed in self._armed:
            if KINDS[armed.kind].point == point and armed.meets(order):
                armed.left -= 1
                armed.struck += 1
                self.struck[armed.kind] = self.struck.get(armed.kind, 0) + 1
                if armed.left == 0:
                    self._armed.remove(armed)
                return armed
        return None

    def listed(self) -> list[dict[str, Any]]:
        """What is armed, as plain values."""
        return [msgspec.structs.asdict(armed) for armed in self._armed]

    def _check(self, kind: str, row: Kind, args: Mapping[str, Any]) -> None:
        known = (*COMMON, *row.needs, *row.takes)
        for key in args:
            if key not in known:
                raise TroubleError(f"{kind} takes no {key!r}; it takes {', '.join(known)}")
        for key in row.needs:
            if args.get(key) is None:
                raise TroubleError(f"{kind} needs {key}")
        _check_int(kind, "count", args.get("count", 1), 1, MAX_COUNT)
        _check_int(kind, "qty", args.get("qty", 0), 0, MAX_COUNT)
        _check_int(kind, "code", args.get("code", DEFAULT_CODE), 1, 99_999)
        if args.get("symbol") and args["symbol"] not in self._symbols:
            raise TroubleError(f"no symbol {args['symbol']!r} here; there are: {', '.join(sorted(self._symbols))}")
        if args.get("side") not in {None, "", BUY, SELL}:
            raise TroubleError(f"side must be {BUY} (buy) or {SELL} (sell), not {args['side']!r}")
        if args.get("offset") not in {None, "", *OFFSETS}:
            raise TroubleError(f"offset must be one of {OFFSETS}, not {args['offset']!r}")


def refusal_of(armed: Armed) -> Refusal:
    """The refusal that a `reject` trouble gives."""
    reason, text = BY_CODE.get(armed.code, (99, "refused"))
    return Refusal(reason, armed.code, text)


def _check_int(kind: str, key: str, value: object, least: int, most: int) -> None:
    if value is None and key != "count":
        return
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise TroubleError(f"{kind}: {key} must be a whole number from {least} to {most}, not {value!r}")
