"""What a repair sees of the pair's legs at one moment.

A repair may use older quotes than an opening: the present one if it counts,
else the last that did, up to `repair_quote_age`; beyond it there is none, and
the order is a limit at its worst price. Built where a decision needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from domain import guards
from domain.books import LegBook
from domain.costs import LegMoney, OrderCost, order_cost
from domain.firing import offsets, repair_lots, repair_offset
from domain.mandates import LegMarket
from domain.market import Quote
from domain.pairspec import PairSpec


class Outlook:
    """`repair.RepairMarket` over quotes and venue states. Units: ticks.

    Made for each turn, looked at in few: nothing is computed before it is
    asked for. `can_repair` is asked by the leg's index.
    """

    __slots__ = (
        "_books", "_can_repair", "_last_good", "_legs", "_moneys", "_now_ns", "_opens", "_quotes", "_rates", "_spec", "_usable",
        "waits",
    )  # fmt: skip

    def __init__(
        self,
        spec: PairSpec,
        quotes: Sequence[Quote | None],
        last_good: Sequence[Quote | None],
        can_repair: Callable[[int], bool],
        books: Sequence[LegBook],
        opens: bool,
        rates: Sequence[float],
        now_ns: int,
        moneys: Sequence[LegMoney] = (),
        *,
        waits: bool = False,
    ) -> None:
        self.waits = waits
        self._spec = spec
        self._quotes = quotes
        self._last_good = last_good
        self._can_repair = can_repair
        self._books = books
        self._opens = opens
        self._rates = rates
        self._now_ns = now_ns
        self._moneys = moneys
        self._usable: dict[tuple[int, int], Quote | None] = {}
        self._legs: dict[tuple[int, int], LegMarket] = {}

    def usable(self, index: int, side: int) -> Quote | None:
        """The quote that an order of this side may be priced from."""
        key = (index, side)
        if key in self._usable:
            return self._usable[key]
        quote = self._quotes[index]
        limits = self._spec.legs[index].quote_limits
        if guards.why_not(quote, side < 0, side > 0, self._now_ns, limits) != guards.COUNTS:
            quote = self._older(index, side)
        self._usable[key] = quote
        return quote

    def _older(self, index: int, side: int) -> Quote | None:
        for older in (self._quotes[index], self._last_good[index]):
            sane = older is not None and not (
                older.bid_px is not None and older.ask_px is not None and older.bid_px >= older.ask_px
            )
            young = sane and guards.usable_for_repair(older, self._now_ns, self._spec.repair_quote_age_ns)
            if young and older.touch_px(side) is not None:
                return older
        return None

    def leg(self, index: int, side: int) -> LegMarket:
        """The leg as an order of `side` meets it."""
        key = (index, side)
        seen = self._legs.get(key)
        if seen is not None:
            return seen
        quote = self._quotes[index]
        if quote is None:
            seen = LegMarket(None, None, None, False)
        else:
            usable = self.usable(index, side)
            touch = None if usable is None else usable.ask_px if side > 0 else usable.bid_px
            can = self._can_repair(index) and guards.is_open(quote, self._now_ns)
            if can and (usable is not quote or touch is None):
                can = not guards.is_locked(quote, side)
            seen = LegMarket(touch, quote.limit_down, quote.limit_up, can)
        self._legs[key] = seen
        return seen

    def cost(self, index: int, side: int, qty: int, reference_px: float, reverses: bool) -> OrderCost:
        """Expected cost of the order against a price, fees in."""
        leg = self._spec.legs[index]
        quote = self.usable(index, side)
        if quote is None:
            levels, worst = (), round(reference_px) + side * leg.slippage_cap_ticks
        elif side > 0:
            levels, worst = quote.asks, quote.ask_px + leg.slippage_cap_ticks
        else:
            levels, worst = quote.bids, quote.bid_px - leg.slippage_cap_ticks
        money = self._moneys[index] if self._moneys else LegMoney(leg.instrument)
        money.fx = self._rates[index]
        return order_cost(money, index, side, qty, reference_px, levels, worst, self.offset(index, side, reverses, qty))

    def offset(self, index: int, side: int, reverses: bool, qty: int) -> str:
        """The offset of an order that repairs this leg."""
        leg = self._spec.legs[index]
        if leg.instrument.offset_mode == "net":
            return "N"
        return repair_offset(leg, self._books[index], side, qty, self._opens, reverses)

    def split(self, index: int, side: int, qty: int) -> tuple[tuple[str, int], ...] | str:
        """(offset, lots) of an order that a hedge proper sends, or why none."""
        return offsets(self._spec.legs[index], self._books[index], side, qty, self._opens)

    def most(self, index: int, side: int, reverses: bool, qty: int) -> int:
        """The lots of it that one offset covers; the rest is another order's."""
        leg = self._spec.legs[index]
        if leg.instrument.offset_mode == "net":
            return qty
        return repair_lots(leg, self._books[index], side, qty, self._opens, reverses)

    def time_penalty(self, _replenish: bool) -> float:
        """What staying naked costs meanwhile, in the pair's currency."""
        return self._spec.time_penalty
