"""A pair's view: quotes, arming, cooldown, reasons. Never journaled.

Starts empty and disarmed. What it holds may be lost at any moment without
anything but time being lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import isfinite, nan
from typing import Any

from msgspec.structs import replace

from actors.closable import closable_of
from actors.desk import Desk
from actors.link import Purpose
from actors.locking import has_room_to_lock
from actors.residuals import Residuals
from actors.shares import within_share
from domain import firing, guards, residual, unit_lots
from domain.costs import LegMoney, worth_of
from domain.days import NOTHING, over_of
from domain.formula_view import spread_view
from domain.hedges import RESIDUAL, Hedge, HedgeOpened
from domain.margin import Need, Sums, need_of, room, sums_of
from domain.market import Quote
from domain.opening import OpenHours
from domain.outlook import Outlook, Terms
from domain.pairs import Pair, PairStatus
from domain.pairspec import PairSpec
from domain.prices import fx_rate
from domain.sizing import units_within
from domain.triggers import EVENTS, Arming, fired

_REPAIR = Purpose.REPAIR
_QUIET = (PairStatus.IDLE, PairStatus.HOLDING)


class PairView:
    """Thread: the lane."""

    __slots__ = (
        "_aims", "_fx_legs", "_has_hours", "_index", "_is_sized", "_locks", "_moneys", "_needs", "_splits", "_spots", "_terms", "_units",
        "_units_for", "_venues", "_wall_ns", "_watches_touch", "arming", "desk", "fires", "fx_quotes", "holds", "hours", "keys", "last_good",
        "lots_wanted", "most_units", "over", "price", "rates", "reason", "residuals", "spec", "sums", "waits",
    )  # fmt: skip

    def __init__(self, spec: PairSpec, desk: Desk) -> None:
        self.spec = spec
        self.desk = desk
        self.price = spread_view(spec)
        self.arming = Arming(spec.trigger)
        self.rates = [leg.fixed_fx if leg.fx is None else 0.0 for leg in spec.legs]
        self.fx_quotes: dict[tuple[str, str], Quote] = {}
        self.last_good: list[Quote | None] = [None] * len(spec.legs)
        self.reason = ""
        """What stopped the last trigger; a quote that fires nothing takes it away."""
        self.waits = ""
        """What the close of a flattening kill waits for."""
        self.over = NOTHING
        self._splits = tuple(i for i, leg in enumerate(spec.legs) if leg.instrument.offset_mode == "octy")
        self._locks = any(leg.locks for leg in spec.legs)
        self.lots_wanted: dict[int, int] = {}
        """Legs of which a close was refused, until the venue has said what it has; the side of the close."""
        self.holds: dict[str, int] = {}
        self.fires = 0
        self._index = {leg.key: i for i, leg in enumerate(spec.legs)}
        self._fx_legs: dict[tuple[str, str], list[int]] = {}
        for i, leg in enumerate(spec.legs):
            if leg.fx is not None:
                self._fx_legs.setdefault(leg.fx.key, []).append(i)
        self._venues = [(desk.links[leg.venue], leg.symbol) for leg in spec.legs]
        self._moneys = [LegMoney(leg.instrument) for leg in spec.legs]
        self._aims = {event: firing.aim_of(spec, event) for event in EVENTS}
        self.hours = OpenHours([(leg.symbol, leg.calendar) for leg in spec.legs if leg.calendar is not None], spec.horizon_ns)
        self._wall_ns = desk.clock.wall_ns
        self._has_hours = any(leg.calendar is not None for leg in spec.legs)
        self.residuals = Residuals(spec, self.fee_lots) if spec.residual_leg >= 0 else None
        self._spots = tuple(i for i, leg in enumerate(spec.legs) if leg.instrument.kind == "spot" and leg.instrument.base)
        self._is_sized = any(leg.sized for leg in spec.legs)
        self._terms: dict[tuple[int, int], Terms] = {}
        self._watches_touch = spec.basis == "touch" and not spec.counts_payup
        self.most_units: int | None = None  # of the next hedge, where no trigger says it
        self.sums: Sums = []
        """What a unit of the last hedge that may leave takes of each account."""
        self._needs: dict[str, tuple[Need, ...]] = {}
        """Of the events whose hedge asks something of the accounts."""
        self._reckon_needs()
        self._units_for: Pair | None = None
        self._units = 0
        self.keys = tuple({*self._index, *self._fx_legs})

    @property
    def quotes(self) -> list[Quote | None]:
        return self.price.quotes

    # ------------------------------------------------ quotes

    def take(self, quote: Quote, pair: Pair) -> str:
        """Take a quote in; the event that it fires, or "". Hot."""
        index = self._index.get(quote.key)
        if index is None:
            self._take_fx(quote)
        else:
            self.price.on_quote(index, quote)
        if pair.status not in _QUIET or self.desk.stopping:
            return ""
        price = self.price
        if self.spec.trigger.hysteresis > 0.0 and self._uncounted(quote.recv_mono_ns):
            return ""
        units = self._units if pair is self._units_for else self.units_of(pair)
        event = fired(self.spec.trigger, self.arming, price.buy, price.sell, units, quote.recv_mono_ns)
        if not event:
            if self.residuals is not None and self.residuals.due(pair):
                return RESIDUAL
            if self.reason:
                self.reason = ""
        return event

    def _take_fx(self, quote: Quote) -> None:
        legs = self._fx_legs.get(quote.key)
        if legs is None:
            return
        self.fx_quotes[quote.key] = quote
        for i in legs:
            fx = self.spec.legs[i].fx
            rate = fx_rate(quote, fx.tick_size)
            why = guards.fx_why_not(quote, self.rates[i], rate, quote.recv_mono_ns, fx.limits)
            if why == guards.COUNTS:
                self.rates[i] = rate
                self.price.on_fx(i, rate)

    def _uncounted(self, now_ns: int) -> bool:
        return self.why_closed() != "" or any(
            guards.why_not(q, True, True, now_ns, leg.quote_limits) != ""
            for q, leg in zip(self.quotes, self.spec.legs, strict=True)
        )

    # ------------------------------------------------ firing

    def gate(self, event: str, pair: Pair, now_ns: int) -> HedgeOpened | str:
        """The hedge that may leave now, or the name of what stops it. Hot."""
        if event == RESIDUAL:
            return self.residuals.gate(self, pair, now_ns)
        spec, aim, price, quotes = self.spec, self._aims[event], self.price, self.price.quotes
        why = (
            firing.why_closed(pair, spec, aim.opens)
            or (self.desk.holds and self.why_held(aim.opens))
            or (self.over.opens if aim.opens else self.over.every)
            or (self._has_hours and self.why_closed())
            or firing.why_not_quoted(aim, spec.legs, quotes, now_ns)
            or (self._fx_legs and self._why_fx(now_ns))
            or self.why_venue(aim.opens)
        )
        if why:
            return why
        if self._is_sized and aim.opens:
            aim = unit_lots.opening(aim, spec, quotes)
            if aim.__class__ is str:
                return aim
        claimed = self.desk.claims.on_books(quotes, aim.sides)
        held = self._units if pair is self._units_for else self.units_of(pair)
        units, bound = firing.size(held, spec, aim, quotes, claimed)
        if self.most_units is not None:
            units = min(units, self.most_units)
        if units == 0:
            return bound
        if self._is_sized and not aim.opens:
            sized = unit_lots.closing(aim, spec, [book.net for book in pair.books], units, abs(self.units_of(pair)))
            if sized.__class__ is str:
                return sized
            aim, units = sized
        needs = tuple(self.needs_of(aim)) if self._is_sized else self._needs.get(event, ())
        self.sums = sums = sums_of(needs, quotes) if needs else []
        if sums and aim.opens and spec.sends_orders:
            units, why = within_share(self.desk, spec, pair, aim, sums, units) if spec.shares else room(sums, units)
            if units < spec.trigger.min_units:
                return f"RISK {why}"
        if not self._watches_touch and not firing.meets(spec, event, price.executable(aim.direction, units, aim.per_unit)):
            return "EXECUTABLE"
        lots = closable_of(self.desk, spec, self._splits, pair, aim) if self._splits and (self._locks or not aim.opens) else ()
        opened = firing.plan(pair, spec, aim, units, quotes, self.desk.node_epoch, now_ns, self.rates, lots, locks=self._locks and has_room_to_lock(self.desk, spec, pair, aim, sums, units))
        if opened.__class__ is str:
            return opened
        if not spec.sends_orders:
            return "OBSERVE"
        why = self.undelivered(opened, pair) or self.refusal(opened)
        if why and aim.opens and units > 1:
            fewer = min(units, self._room(aim))
            if 0 < fewer < units and fewer >= spec.trigger.min_units:
                opened = firing.plan(pair, spec, aim, fewer, quotes, self.desk.node_epoch, now_ns, self.rates, lots)
                why = self.undelivered(opened, pair) or self.refusal(opened)
        if why:
            return f"RISK {why}"
        if spec.first_leg != -1:
            opened = firing.in_turn(opened, spec, quotes)
        if aim.edge and spec.trigger.kind != "spread":
            worth = self.price.worth(aim.direction)
            return replace(opened, edge=opened.edge * worth if isfinite(worth) else 0.0)
        return opened

    def fee_lots(self) -> tuple[Fraction, ...]:
        """Lots of each leg that fees in its base asset have taken."""
        if not self._spots:
            return ()
        ledgers = self.desk.ledgers
        ledgers.settle()
        return residual.fee_lots(ledgers.of.get(self.spec.name), self.spec)

    def undelivered(self, opened: HedgeOpened, pair: Pair) -> str:
        """What a spot sale of it lacks of what was really received, or ""."""
        return residual.why_not_delivered(opened, pair, self.spec, self.fee_lots) if self._spots else ""

    def why_closed(self) -> str:
        """What the markets' calendars have against a hedge now, or ""."""
        return self.hours.why_not(self._wall_ns())

    def retry_ns(self) -> int:
        """How soon a pair that is stranded for its market looks again."""
        return self.hours.retry_ns(self._wall_ns())

    def why_held(self, opens: bool) -> str:
        """The name of the kill or mode that bars it, or ""."""
        hold = self.desk.holds.get(self.spec.name)
        return "" if hold is None or not (hold.fires or (opens and hold.opens)) else hold.why

    def closing(self, pair: Pair, now_ns: int) -> HedgeOpened | str:
        """A hedge that closes what is held, whatever the spread; or why not."""
        spec, quotes, units = self.spec, self.price.quotes, self.units_of(pair)
        if not units:
            return "NO_UNITS"
        event = "sell_close" if units > 0 else "buy_close"
        aim = self._aims[event]
        why = (
            self.over.every
            or self.why_closed()
            or firing.why_not_quoted(aim, spec.legs, quotes, now_ns)
            or self.why_venue(False)
        )
        if why or not spec.sends_orders:
            return why or "OBSERVE"
        size, bound = firing.size(units, spec, aim, quotes, self.desk.claims.on_books(quotes, aim.sides))
        if not size:
            return bound
        if self._is_sized:
            sized = unit_lots.closing(aim, spec, [book.net for book in pair.books], size, abs(units))
            if isinstance(sized, str):
                return sized
            aim, size = sized
        self.sums = sums_of(tuple(self.needs_of(aim)) if self._is_sized else self._needs.get(event, ()), quotes)
        opened = firing.plan(pair, spec, aim, size, quotes, self.desk.node_epoch, now_ns, self.rates, closable_of(self.desk, self.spec, self._splits, pair, aim), locks=False)
        why = opened if isinstance(opened, str) else self.refusal(opened)
        return why or replace(opened, trigger="kill", edge=0.0)

    def worth(self, lots: Sequence[int]) -> float:
        """What so many lots of each leg are worth, in the pair's currency."""
        quotes = [quote or last for quote, last in zip(self.quotes, self.last_good, strict=True)]
        return worth_of(self._moneys, lots, quotes, self.rates)

    def _room(self, aim: firing.Aim) -> int:
        """Units that the risk limits leave for a hedge."""
        rooms = []
        for leg, side in zip(self.spec.legs, aim.sides, strict=True):
            row = self.desk.risk.row(leg.key)
            rooms.append(min(row.room(side), row.limits.order_lots))
        return units_within(rooms, aim.per_unit)

    def units_of(self, pair: Pair) -> int:
        """The pair's units, computed once for each state of it."""
        if pair is not self._units_for:
            self._units_for = pair
            self._units = pair.units
        return self._units

    def refusal(self, opened: HedgeOpened) -> str:
        """Risk's word on each order of the hedge, before any is recorded."""
        check, legs, quotes = self.desk.risk.check_order, self.spec.legs, self.price.quotes
        closes = opened.kind == "close"
        for order in opened.orders:
            leg = order.leg
            held = order.qty if closes else None
            why = check(legs[leg].key, order.side, order.qty, order.px, quotes[leg], reduces_lots=held)
            if why:
                return why
        return ""

    def _why_fx(self, now_ns: int) -> str:
        for i, leg in enumerate(self.spec.legs):
            if leg.fx is None:
                continue
            quote = self.fx_quotes.get(leg.fx.key)
            rate = fx_rate(quote, leg.fx.tick_size)
            why = guards.fx_why_not(quote, self.rates[i], rate, now_ns, leg.fx.limits)
            if why:
                return why
        return ""

    def why_venue(self, opens: bool) -> str:
        purpose = Purpose.OPEN if opens else Purpose.REPAIR
        for link, symbol in self._venues:
            if link.stage < purpose or link.blocked.get(symbol) or link.journal_failed or link.trade is None:
                why = link.why_not(purpose, symbol)
                if why:
                    return f"VENUE_DOWN {link.name}: {why}"
        rows = opens and self.desk.breaker.rows
        return self.desk.breaker.why((leg.venue for leg in self.spec.legs), self.desk.clock.mono_ns()) if rows else ""

    def spend(self, event: str, now_ns: int) -> None:
        """The event's hedge has left."""
        self.arming.spend(self.spec.trigger, event, now_ns)
        self.last_good = list(self.quotes)
        self.fires += 1
        self.reason = ""

    def standing(self, pair: Pair) -> str:
        """What stops a hedge now, whichever quote came last; markets and days apart."""
        return self.waits or self.reason or firing.why_closed(pair, self.spec, opens=True)

    def hold(self, why: str) -> None:
        """Remember, for the board, what stopped a hedge; counted by name."""
        if why != self.reason:
            self.reason = why
            name = why.partition(":")[0].partition(" ")[0]
            self.holds[name] = self.holds.get(name, 0) + 1

    # ------------------------------------------------ repair and looking in

    def outlook(self, pair: Pair, hedge: Hedge, now_ns: int) -> Outlook:
        """What a repair of this hedge sees now."""
        opens = hedge.kind == "open"
        quotes = self.price.quotes
        last, moneys = self.last_good, self._moneys
        return Outlook(
            self.spec, quotes, last, self.can_repair, pair.books, opens, self.rates, now_ns, moneys, self._terms,
            waits=bool(self.lots_wanted),
        )

    def can_repair(self, index: int) -> bool:
        """Whether a repair order could leave for this leg now."""
        link, symbol = self._venues[index]
        if link.blocked.get(symbol) or symbol in link.over or link.trade is None:
            return not link.why_not(Purpose.REPAIR, symbol)
        return link.stage >= _REPAIR

    def venue_changed(self) -> None:
        """What of the legs' last days is over, and their margins; all else the link is asked."""
        links = self.desk.links
        self._reckon_needs()
        for i, leg in enumerate(self.spec.legs):
            if leg.instrument.fees.later:
                self._moneys[i] = LegMoney(leg.instrument, self.rates[i], links[leg.venue].state.trading_day)
        self.over = over_of(links[leg.venue].over.get(leg.symbol, NOTHING) for leg in self.spec.legs)

    def _reckon_needs(self) -> None:
        """What each event's hedge asks of the accounts: numbers for the path."""
        every = ((event, tuple(self.needs_of(aim))) for event, aim in self._aims.items())
        self._needs = {event: needs for event, needs in every if needs}

    def needs_of(self, aim: firing.Aim) -> Iterator[Need]:
        for i, leg in enumerate(self.spec.legs):
            told = leg.instrument
            funds = self.desk.margin.of(leg.venue, told.base if told.is_inverse else told.currency)
            rates = self.desk.links[leg.venue].margins[leg.symbol]
            need = need_of(funds, i, aim.sides[i], aim.per_unit[i], told, rates, leg.payup_ticks, leg.slippage_cap_ticks)
            if need is not None:
                yield need

    def reserve_again(self, hedge: Hedge) -> None:
        """A hedge that an earlier node left in flight: what it may come to."""
        opens = hedge.kind == "open"
        aim = next(each for each in self._aims.values() if (each.direction, each.opens) == (hedge.direction, opens))
        touches = {leg.plan.index: leg.plan.touch_px for leg in hedge.legs}
        sums = [(need.funds, need.of(touches.get(need.leg, 0))) for need in self.needs_of(aim)]
        self.desk.margin.reserve(hedge.hedge_id, sums, hedge.units)

    def seen(self, now_ns: int) -> list[tuple]:
        """The legs' quotes as a record keeps them: see `wire.records.SeenLeg`."""
        seen = []
        for q in self.price.quotes:
            if q is not None:
                age_ns = now_ns - q.recv_mono_ns + q.lag_ns
                seen.append((q.key[1], q.bid_px, q.bid_qty, q.ask_px, q.ask_qty, age_ns, q.exch_ns, q.gw_ns, q.lag_ns))
        return seen

    def saw(self, event: str, now_ns: int, threshold: float | None = None) -> tuple:
        """What a decision was made from: see `wire.records.Saw`. A trigger's event has its own threshold."""
        price = self.price
        if threshold is None:
            aim = self._aims.get(event)
            threshold = nan if aim is None else aim.threshold
        return (event, price.buy, price.sell, threshold, self.rates, self.seen(now_ns))

    def show(self, pair: Pair, now_ns: int) -> dict[str, Any]:
        """Plain values for the inspection socket."""
        from actors.pair_show import show_pair

        return show_pair(self, pair, now_ns)
