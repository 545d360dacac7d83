"""A pair's money: averages, profit and fees, folded from its facts.

    cash      what all trades have moved, exactly: value sold less value bought
    realised  cash + the open lots at their own prices
    floating  the position at the mark - the open lots at their own prices

so that realised + floating = cash + position at the mark, always and to the
unit: this is what the venue's account says too (I14). Open lots are kept one
trade at a time and closed oldest first, today's and yesterday's as the order
said (逐笔对冲); the average price is that of the lots which are open (开仓均价).

A trade's fee is the venue's where its report told it, else the schedule's; the
two are compared. Slippage is apart: it lies in the prices already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from domain import orders
from domain.hedges import HedgeOpened, HedgeReleased, OutsideFilled
from domain.market import CLOSE_TODAY, CLOSE_YESTERDAY, LOCK, OPEN, UNLOCK
from domain.money import scaled
from domain.pairs import DayRolled
from domain.terms import CLOSING, CLOSING_TODAY, OPENING, LegTerms

RATE_SCALE = 10**9
MAX_DAYS = 400
"""Trading days whose settlement is remembered."""
MAX_ORDERS = 10_000
"""Orders that are remembered, for late truth about them."""


class OpenLot(Struct, frozen=True, array_like=True):
    """Lots of one trade that are still open; signed. `day`: of the trade."""

    key: str
    day: str
    lots: int
    px: int


class LegLedger(Struct, gc=False):
    """One leg. `cash`: units of flow; `fees`: scaled, by currency.

    `by_part`, `scheduled`: fees in the leg's own currency, by what was done
    and as the schedule has them; `booked`: profit less fees in the pair's
    currency, each at its hedge's rate; `untold`: lots that came without a price.
    """

    lots: tuple[OpenLot, ...] = ()
    day: str = ""
    cash: int = 0
    realised: int = 0
    fees: dict[str, int] = field(default_factory=dict)
    by_part: dict[str, int] = field(default_factory=dict)
    scheduled: int = 0
    slippage: int = 0
    booked: int = 0
    rate: int = 0
    untold: int = 0
    trades: int = 0
    settled: dict[str, int] = field(default_factory=dict)
    """Last price of each trading day that has ended, in ticks."""
    locks: bool = False
    """A lock has opened lots against others, and not all of it is closed."""

    @property
    def net(self) -> int:
        """Signed lots whose price is known."""
        return sum(one.lots for one in self.lots)

    @property
    def today(self) -> int:
        """Signed lots of it that were opened this trading day."""
        return sum(one.lots for one in self.lots if one.day == self.day)

    def side(self, sign: int) -> list[OpenLot]:
        """The open lots of one side, + long."""
        return [one for one in self.lots if one.lots * sign > 0]

    def tick_lots(self, *, today: bool | None = None) -> int:
        """Price x lots of what is open: all, or today's, or older."""
        return sum(one.lots * one.px for one in self.lots if today is None or (one.day == self.day) is today)


class FeeDiffers(Struct, frozen=True):
    """The venue's fee of a trade is not the schedule's. Scaled money."""

    leg: int
    trade: str
    told: int
    scheduled: int
    currency: str


class _Sent(Struct, frozen=True):
    leg: int
    side: int
    offset: str
    touch: int


class _Traded(Struct):
    """A trade as it is booked: what it took, what it opened, what it cost."""

    qty: int
    px: int
    took: tuple[OpenLot, ...]
    opened: int
    fees: tuple[tuple[str, str, int], ...]
    scheduled: int
    slippage: int


class Ledger(Struct, gc=False):
    """One pair's ledger. `terms`: by leg."""

    pair: str
    currency: str
    terms: tuple[LegTerms, ...]
    legs: list[LegLedger]
    sent: dict[str, _Sent] = field(default_factory=dict)
    booked: dict[str, dict[str, _Traded]] = field(default_factory=dict)

    def take(self, facts: Iterable[object]) -> list[FeeDiffers]:
        """Fold facts in the order of their record; says which fees differ."""
        found: list[FeeDiffers] = []
        for fact in facts:
            take = _TAKES.get(fact.__class__)
            if take is not None:
                take(self, fact, found)
        return found


def new(pair: str, currency: str, terms: tuple[LegTerms, ...]) -> Ledger:
    """The ledger of a pair that has never traded."""
    return Ledger(pair, currency, terms, [LegLedger() for _ in terms])


# ------------------------------------------------------------------ facts


def _opened(ledger: Ledger, fact: HedgeOpened, _found: list) -> None:
    for plan in fact.legs:
        if plan.index < len(fact.rates):
            ledger.legs[plan.index].rate = rate_at(ledger.terms[plan.index], fact.rates[plan.index], plan.touch_px)
    touches = {plan.index: plan.touch_px for plan in fact.legs}
    for order in fact.orders:
        _remember(ledger, order.cl_ord_id, _Sent(order.leg, order.side, order.offset, touches[order.leg]))


def rate_of(rate: float) -> int:
    """A rate as a whole number of 10^-9; 0 where it is not known."""
    return round(rate * RATE_SCALE) if rate == rate and abs(rate) < RATE_SCALE else 0  # noqa: PLR0124 (NaN)


def rate_at(terms: LegTerms, rate: float, px: int | None) -> int:
    """What 1 of the leg's money is in the pair's; an inverse one's is its base.

    `rate`: of its price's currency; `px`: in ticks, where 1 of base is worth that.
    """
    if terms.kind != "inverse":
        return rate_of(rate)
    return rate_of(rate * px * float(terms.tick)) if px is not None else 0


def _submitted(ledger: Ledger, fact: orders.OrderSubmitted, _found: list) -> None:
    """A repair's order: measured against its hedge's touch."""
    hedge = fact.cl_ord_id.rpartition(".")[0]
    first = next((one for ref, one in reversed(ledger.sent.items()) if one.leg == fact.leg and ref.startswith(f"{hedge}.")), None)
    touch = first.touch if first is not None else fact.px or 0
    _remember(ledger, fact.cl_ord_id, _Sent(fact.leg, fact.side, fact.offset, touch))


def _remember(ledger: Ledger, cl_ord_id: str, sent: _Sent) -> None:
    ledger.sent[cl_ord_id] = sent
    while len(ledger.sent) > MAX_ORDERS:
        oldest = next(iter(ledger.sent))
        del ledger.sent[oldest]
        ledger.booked.pop(oldest, None)


def _filled(ledger: Ledger, fact: orders.TradeBooked, found: list) -> None:
    sent = ledger.sent.get(fact.cl_ord_id)
    if fact.trade is None or sent is None:
        return
    key, qty, px = fact.trade
    if qty:
        _book(ledger, fact.cl_ord_id, sent, (key, qty, px), (fact.fee, fact.fee_currency), found)


def _busted(ledger: Ledger, fact: orders.TradeBusted, _found: list) -> None:
    _unbook(ledger, fact.cl_ord_id, fact.ref)


def _corrected(ledger: Ledger, fact: orders.TradeCorrected, found: list) -> None:
    _unbook(ledger, fact.cl_ord_id, fact.ref)
    sent = ledger.sent.get(fact.cl_ord_id)
    if sent is not None and fact.trade[1]:
        told = (fact.ref, fact.trade[1], fact.trade[2])
        _book(ledger, fact.cl_ord_id, sent, told, (fact.fee, fact.fee_currency), found)


def _rolled(ledger: Ledger, fact: DayRolled, _found: list) -> None:
    leg = ledger.legs[fact.leg]
    if leg.day and leg.day < fact.day and fact.px is not None:
        leg.settled[leg.day] = fact.px
        if len(leg.settled) > MAX_DAYS:
            del leg.settled[next(iter(leg.settled))]
    leg.day = fact.day


def _released(ledger: Ledger, fact: HedgeReleased, _found: list) -> None:
    for leg, lots, px in fact.booked:
        _by_hand(ledger, leg, lots, px)


def _outside(ledger: Ledger, fact: OutsideFilled, _found: list) -> None:
    """Lots of a leg went elsewhere: towards what the leg holds less of."""
    leg = ledger.legs[fact.leg]
    side = -1 if leg.net > 0 else 1
    _by_hand(ledger, fact.leg, side * fact.qty, fact.px)


_TAKES = {
    HedgeOpened: _opened,
    orders.OrderSubmitted: _submitted,
    orders.OrderPartiallyFilled: _filled,
    orders.OrderFilled: _filled,
    orders.OrderFilledLate: _filled,
    orders.TradeBooked: _filled,
    orders.TradeBusted: _busted,
    orders.TradeCorrected: _corrected,
    DayRolled: _rolled,
    HedgeReleased: _released,
    OutsideFilled: _outside,
}


# ------------------------------------------------------------------ booking


def _book(
    ledger: Ledger,
    cl_ord_id: str,
    sent: _Sent,
    trade: tuple[str, int, int],
    fee: tuple[str | None, str | None],
    found: list[FeeDiffers],
) -> None:
    key, qty, px = trade
    leg, terms = ledger.legs[sent.leg], ledger.terms[sent.leg]
    day = key.partition("/")[0] if "/" in key else leg.day
    leg.day = max(leg.day, day)
    took, opened = _apply(leg, OpenLot(key, day, sent.side * qty, px), sent.offset)
    leg.locks = (leg.locks or sent.offset == LOCK) and bool(leg.lots)
    parts = _parts(sent.offset, took, opened, day)
    scheduled = terms.fee(parts, px, day)
    fees = _fees(terms, parts, scheduled, fee)
    if fee[0] is not None and not terms.is_free and fees[0][0] == terms.currency and fees[0][2] != scheduled:
        found.append(FeeDiffers(sent.leg, key, fees[0][2], scheduled, terms.currency))
    slippage = terms.flow(sent.side, sent.touch, qty) - terms.flow(sent.side, px, qty) if _measures(terms, sent) else 0
    done = _Traded(qty, px, took, opened, fees, scheduled, slippage)
    ledger.booked.setdefault(cl_ord_id, {})[key] = done
    _account(leg, terms, done, terms.flow(sent.side, px, qty), 1)


def _measures(terms: LegTerms, sent: _Sent) -> bool:
    return terms.kind != "inverse" or sent.touch > 0


def _unbook(ledger: Ledger, cl_ord_id: str, key: str) -> None:
    """Take a trade back: its lots, what it closed, its cash and its fee."""
    done = ledger.booked.get(cl_ord_id, {}).pop(key, None)
    if done is None:
        return
    sent = ledger.sent[cl_ord_id]
    leg, terms = ledger.legs[sent.leg], ledger.terms[sent.leg]
    left = done.opened
    lots = list(leg.lots)
    for place, one in enumerate(lots):
        if one.key == key:
            gone = min(abs(one.lots), left)
            left -= gone
            lots[place] = OpenLot(key, one.day, one.lots - sent.side * gone, one.px)
    leg.lots = tuple(one for one in lots if one.lots)
    for one in done.took:
        _apply(leg, one, OPEN)
    if left:  # closed meanwhile: what closed them has opened now
        _apply(leg, OpenLot(f"{key}/off", leg.day, -sent.side * left, done.px), "N")
    leg.lots = tuple(sorted(leg.lots, key=lambda one: one.day))
    _account(leg, terms, done, terms.flow(sent.side, done.px, done.qty), -1)


def _by_hand(ledger: Ledger, index: int, lots: int, px: int | None) -> None:
    """Lots that no order of ours moved; without a price at no profit."""
    leg, terms = ledger.legs[index], ledger.terms[index]
    side = 1 if lots > 0 else -1
    if px is not None:
        took, opened = _apply(leg, OpenLot("hand", leg.day, lots, px), "N")
        _account(leg, terms, _Traded(abs(lots), px, took, opened, (), 0, 0), terms.flow(side, px, abs(lots)), 1)
        return
    leg.untold += abs(lots)
    took, opened = _apply(leg, OpenLot("hand", leg.day, lots, 0), "N")
    leg.lots = tuple(one for one in leg.lots if one.key != "hand" or one.px)
    for one in took:
        flow = terms.flow(side, one.px, abs(one.lots))
        _account(leg, terms, _Traded(abs(one.lots), one.px, (one,), 0, (), 0, 0), flow, 1)


def _account(leg: LegLedger, terms: LegTerms, done: _Traded, flow: int, sign: int) -> None:
    """Cash, fees and profit after a trade, or (sign -1) after it is taken off."""
    leg.trades += sign
    leg.cash += sign * flow
    leg.slippage += sign * done.slippage
    leg.scheduled += sign * done.scheduled
    own = 0
    for currency, part, amount in done.fees:
        leg.fees[currency] = leg.fees.get(currency, 0) + sign * amount
        if currency == terms.currency:
            own += amount
            leg.by_part[part] = leg.by_part.get(part, 0) + sign * amount
    before = leg.realised
    leg.realised = leg.cash + sum(terms.mark(one.lots, one.px) for one in leg.lots)
    leg.booked += (terms.money(leg.realised - before) - sign * own) * leg.rate // RATE_SCALE


def _fees(
    terms: LegTerms, parts: tuple[tuple[str, int], ...], scheduled: int, told: tuple[str | None, str | None]
) -> tuple[tuple[str, str, int], ...]:
    """(currency, part, scaled amount) of a trade: the venue's word first."""
    main = max(parts, key=lambda part: part[1])[0]
    amount, currency = told
    if amount is not None:
        return ((currency or terms.currency, main, scaled(amount)),)
    return ((terms.currency, main, scheduled),) if scheduled else ()


def _parts(offset: str, took: tuple[OpenLot, ...], opened: int, day: str) -> tuple[tuple[str, int], ...]:
    """What a trade's lots did, as its fee is reckoned."""
    closed = sum(abs(one.lots) for one in took)
    if offset in (OPEN, LOCK):
        return ((OPENING, closed + opened),)
    if offset == CLOSE_TODAY:
        return ((CLOSING_TODAY, closed + opened),)
    if offset in (CLOSE_YESTERDAY, UNLOCK):
        return ((CLOSING, closed + opened),)
    if offset == "N":
        return tuple((part, qty) for part, qty in ((OPENING, opened), (CLOSING, closed)) if qty)
    today = sum(abs(one.lots) for one in took if one.day == day)
    return tuple((part, qty) for part, qty in ((CLOSING, closed - today + opened), (CLOSING_TODAY, today)) if qty)


def _apply(leg: LegLedger, trade: OpenLot, offset: str) -> tuple[tuple[OpenLot, ...], int]:
    """Close what the trade closes, oldest first; keep open what is left.

    Returns what it took, and how many lots it opened.
    """
    left, side = abs(trade.lots), 1 if trade.lots > 0 else -1
    took: list[OpenLot] = []
    kept: list[OpenLot | None] = list(leg.lots)
    opens = offset == LOCK or (offset == OPEN and leg.locks)
    for place in () if opens else _order(leg.lots, trade.day, offset):
        one = leg.lots[place]
        if not left or one.lots * side >= 0:
            continue
        gone = min(left, abs(one.lots))
        left -= gone
        took.append(OpenLot(one.key, one.day, -side * gone, one.px))
        rest = one.lots + side * gone
        kept[place] = OpenLot(one.key, one.day, rest, one.px) if rest else None
    if left:
        kept.append(OpenLot(trade.key, trade.day, side * left, trade.px))
    leg.lots = tuple(one for one in kept if one is not None)
    return tuple(took), left


def _order(lots: Sequence[OpenLot], day: str, offset: str) -> list[int]:
    """The places in which lots are closed: as the offset says, then the rest."""
    places = list(range(len(lots)))
    if offset == CLOSE_TODAY:
        return sorted(places, key=lambda place: lots[place].day != day)
    if offset in (CLOSE_YESTERDAY, UNLOCK):
        return sorted(places, key=lambda place: lots[place].day == day)
    return places
