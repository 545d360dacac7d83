"""The table of troubles: where each strikes, what it takes, what it does.

A new kind is a row, and a branch at its point: ON_WAY, ON_SUBMIT, ON_TOLD,
ON_CANCEL, ON_CANCELED and ON_TRADE wait for an order that meets their aim;
NOW is done at once, and is over after `for_ms` (or with `clear`).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, NamedTuple

ON_WAY = "on_way"
ON_SUBMIT = "on_submit"
ON_TOLD = "on_told"
ON_CANCEL = "on_cancel"
ON_CANCELED = "on_canceled"
ON_TRADE = "on_trade"
NOW = "now"

AIMED = ("count", "for_ms", "symbol", "side", "offset", "account", "skip", "chance")
NOTHING: MappingProxyType[str, Any] = MappingProxyType({})


class Kind(NamedTuple):
    """`needs`, `takes`: the values besides AIMED (NOW kinds: all of them).

    `how`: the words that its `how` may be; the first one where none is given.
    """

    point: str
    what: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    how: tuple[str, ...] = ()
    defaults: MappingProxyType[str, Any] = NOTHING

    @property
    def allowed(self) -> tuple[str, ...]:
        """Every value that arming it may give."""
        aimed = () if self.point == NOW else AIMED
        return (*aimed, *self.needs, *self.takes, *(("how",) if self.how else ()))


def _by(**defaults: Any) -> MappingProxyType[str, Any]:
    return MappingProxyType(defaults)


KINDS: dict[str, Kind] = {
    "reject": Kind(ON_SUBMIT, "refuse orders with this venue code", takes=("code",), defaults=_by(code=31)),
    "partial": Kind(ON_SUBMIT, "fill at most qty lots of each order, cancel the rest", needs=("qty",)),
    "throttle": Kind(ON_SUBMIT, "refuse orders: too many a second", takes=("code",), defaults=_by(code=116)),
    "margin_short": Kind(ON_SUBMIT, "refuse orders: not enough money", takes=("code",), defaults=_by(code=31)),
    "overfill": Kind(ON_SUBMIT, "fill qty lots more than were ordered", takes=("qty",), defaults=_by(qty=1)),
    "lose_order": Kind(ON_WAY, "orders are lost before the venue has them"),
    "lose_ack": Kind(ON_TOLD, "the venue takes the order, and its first answer is lost"),
    "lose_report": Kind(ON_TOLD, "reports never come; a query shows them", how=("all", "trades", "end")),
    "gap": Kind(ON_TOLD, "reports are lost, and their numbers are missing"),
    "delay": Kind(ON_TOLD, "reports come ms late", needs=("ms",), how=("all", "orders", "trades")),
    "repeat": Kind(ON_TOLD, "reports come again, marked as perhaps known", takes=("times", "ms"), defaults=_by(times=1)),
    "reorder": Kind(
        ON_TOLD, "fills before the ack, or the end before the last fill",
        takes=("ms",), how=("fill_first", "end_first"), defaults=_by(ms=100),
    ),
    "refuse_cancel": Kind(ON_CANCEL, "refuse cancels: 26 too late, 25 unknown", takes=("code",), defaults=_by(code=26)),
    "swallow_cancel": Kind(ON_CANCEL, "cancels are lost before the venue has them"),
    "fill_in_cancel": Kind(ON_CANCEL, "a fill overtakes the cancel; qty 0: of all that is left", takes=("qty",)),
    "fill_after_cancel": Kind(
        ON_CANCELED, "a fill ms after the order was canceled; qty 0: of all that was left",
        takes=("qty", "ms"), defaults=_by(ms=50),
    ),
    "bust": Kind(
        ON_TRADE, "take a trade back ms later: the next ones, the last one, or trade_id",
        takes=("ms", "trade_id"), how=("next", "last"),
    ),
    "correct": Kind(
        ON_TRADE, "correct a trade's qty or px ms later: the next ones, the last one, or trade_id",
        takes=("qty", "px", "ms", "trade_id"), how=("next", "last"),
    ),
    "drop_session": Kind(
        NOW, "the venue drops its sessions, and takes none back for for_ms; cancel: orders end too",
        takes=("for_ms", "account"), how=("keep", "cancel"), defaults=_by(for_ms=1000),
    ),
    "silent": Kind(
        NOW, "alive, but says nothing for for_ms; then all of it",
        takes=("for_ms", "account"), how=("all", "orders", "quotes"), defaults=_by(for_ms=500),
    ),
    "lock_limit": Kind(NOW, "lock symbols at a limit, one side empty", takes=("symbol", "for_ms"), how=("up", "down")),
    "halt": Kind(NOW, "halt symbols: cancels only", takes=("symbol", "for_ms")),
    "close": Kind(NOW, "close symbols: their orders end", takes=("symbol", "for_ms")),
    "auction": Kind(NOW, "put symbols into an auction", takes=("symbol", "for_ms")),
    "open": Kind(NOW, "open symbols that were halted or closed", takes=("symbol",)),
    "new_day": Kind(NOW, "end the trading day and begin the next: orders expire, positions roll"),
    "bad_quote": Kind(
        NOW, "tell books that aren't so; the market itself goes on",
        takes=("symbol", "side", "for_ms"), how=("crossed", "locked", "empty", "frozen", "stale", "absurd"),
    ),
    "liquidate": Kind(
        NOW, "the broker closes positions of the account; qty 0: whole", takes=("symbol", "side", "qty", "account")
    ),
    "outside_order": Kind(
        NOW, "somebody else's order on the account; without px it takes what is there",
        needs=("symbol", "side", "qty"), takes=("px", "offset", "account"),
    ),
}  # fmt: skip
