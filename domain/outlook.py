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
from domain.firing import closable_lots, offsets, repair_lots, repair_offset
from domain.hedges import Hedge
from domain.mandates import LegMarket
from domain.market import Quote
from domain.pairspec import PairSpec


class Terms:
    """What one side of a leg offers, as long as `quote` is the last one.

    `seen`: with an order that could leave; `cost`: that of the order asked for
    last, `cost_of`. True up to `until_ns`, when the quote counts no more.
    """

    __slots__ = ("cost", "cost_of", "quote", "seen", "until_ns")

    def __init__(self, quote: Quote, until_ns: int, seen: LegMarket) -> None:
        self.quote = quote
        self.until_ns = until_ns
        self.seen = seen
        self.cost: OrderCost | None = None
        self.cost_of: tuple = ()


class Outlook:
    """`repair.RepairMarket` over quotes and venue states. Units: ticks.

    Made for each turn, looked at in few: nothing is computed before it is
    asked for. `can_repair` is asked by the leg's index. `kept` holds what
    earlier turns found, by (leg, side): a pair looks ahead when it has fired.
    """

    __slots__ = (
        "_books", "_can_repair", "_kept", "_last_good", "_moneys", "_now_ns", "_opens", "_quotes", "_rates", "_spec", "_usable",
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
        kept: dict[tuple[int, int], Terms] | None = None,
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
        self._kept = {} if kept is None else kept

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
        quote = self._quotes[index]
        if quote is None:
            return LegMarket(None, None, None, False)
        can = self._can_repair(index)
        kept = self._kept.get((index, side))
        if can and kept is not None and kept.quote is quote and self._now_ns <= kept.until_ns:
            return kept.seen
        usable = self.usable(index, side)
        touch = None if usable is None else usable.ask_px if side > 0 else usable.bid_px
        can = can and guards.is_open(quote, self._now_ns)
        if can and (usable is not quote or touch is None):
            can = not guards.is_locked(quote, side)
        seen = LegMarket(touch, quote.limit_down, quote.limit_up, can)
        if can and usable is quote:
            self._keep(index, side, quote, seen)
        return seen

    def _keep(self, index: int, side: int, quote: Quote, seen: LegMarket) -> None:
        limits = self._spec.legs[index].quote_limits
        until_ns = min(
            quote.recv_mono_ns - quote.lag_ns + limits.max_silence_ns,
            quote.changed_mono_ns - quote.lag_ns + limits.max_unchanged_ns,
            quote.status_mono_ns + min(guards.STATUS_MAX_AGE_NS, limits.status_max_age_ns),
        )
        self._kept[index, side] = Terms(quote, until_ns, seen)

    def cost(self, index: int, side: int, qty: int, reference_px: float, reverses: bool) -> OrderCost:
        """Expected cost of the order against a price, fees in."""
        leg = self._spec.legs[index]
        money = self._moneys[index] if self._moneys else LegMoney(leg.instrument)
        rate = self._rates[index]
        offset = "" if money.is_free else self.offset(index, side, reverses, qty)
        of = (qty, reference_px, rate, offset)
        kept = self._kept.get((index, side))
        if kept is None or kept.quote is not self._quotes[index] or self._now_ns > kept.until_ns:
            kept, quote = None, self.usable(index, side)
        elif kept.cost_of == of:
            return kept.cost
        else:
            quote = kept.quote
        if quote is None:
            levels, worst = (), round(reference_px) + side * leg.slippage_cap_ticks
        elif side > 0:
            levels, worst = quote.asks, quote.ask_px + leg.slippage_cap_ticks
        else:
            levels, worst = quote.bids, quote.bid_px - leg.slippage_cap_ticks
        money.fx = rate
        cost = order_cost(money, index, side, qty, reference_px, levels, worst, offset)
        if kept is not None:
            kept.cost, kept.cost_of = cost, of
        return cost

    def look_ahead(self, hedge: Hedge) -> None:
        """Look at what a repair of this hedge would ask for, before it does."""
        for leg in hedge.legs:
            plan = leg.plan
            for side in (plan.side, -plan.side):
                self.leg(plan.index, side)
                self.cost(plan.index, side, plan.target, plan.touch_px, side != plan.side)

    def offset(self, index: int, side: int, reverses: bool, qty: int) -> str:
        """The offset of an order that repairs this leg."""
        leg = self._spec.legs[index]
        if leg.instrument.offset_mode == "net":
            return "N"
        return repair_offset(leg, self._books[index], side, qty, self._opens, reverses)

    def held(self, index: int, side: int) -> int:
        """Lots of the pair's own that an order of `side` closes."""
        return closable_lots(self._spec.legs[index], self._books[index], side)

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
