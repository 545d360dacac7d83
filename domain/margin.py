"""Margin: what an account has free, and what hedges in flight hold of it.

A hedge reserves on every account it will use, before its first order leaves,
what it may come to at worst: the margin of all its legs filled, at the worse of
the day's reference and the most that a repair pays; fees in and out again; and
what crossing, the slippage cap and a way back cost. It is given back when the
hedge has settled and the venue has said anew what is free: until then both
would count it, never neither.

Whole numbers made at load; the path multiplies, divides and subtracts.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from msgspec import Struct

from domain.alike import shared
from domain.ledger import LegLedger
from domain.market import Instrument, Quote
from domain.money import SCALE, scaled, scaled_up, text_of
from domain.terms import CLOSING, CLOSING_TODAY, OPENING, LegTerms, schedule_of

MARGIN = "MARGIN"
UNKNOWN = "MARGIN_UNKNOWN"
STALE = "MARGIN_STALE"


class Rates(Struct, frozen=True, gc=False):
    """Margin by rate of the value and by lot, long and short."""

    long_rate: Fraction = Fraction(0)
    short_rate: Fraction = Fraction(0)
    long_lot: Fraction = Fraction(0)
    short_lot: Fraction = Fraction(0)
    larger_side: bool = False
    """Of long and short the larger one alone is asked for (单向大边)."""

    @property
    def known(self) -> bool:
        return any((self.long_rate, self.short_rate, self.long_lot, self.short_lot))


def rates_of(told: Any, *, larger_side: bool = False) -> Rates:
    """Margin rates of a definition, configured or announced."""
    names = ("margin_rate_long", "margin_rate_short", "margin_lot_long", "margin_lot_short")
    return shared(Rates(*(shared(Fraction(getattr(told, name) or 0)) for name in names), larger_side))


class Funds:
    """One account's money in one currency; scaled. `free` None: not known.

    `budget`: the most that our positions and hedges may use; `used`: what our
    positions do, by our own reckoning. `unchecked`: a person answers for it;
    `margined`: something traded here asks for margin, so that not to know is to
    refuse. Spot alone is paid for by what the venue lets it buy.
    """

    __slots__ = ("available", "budget", "currency", "equity", "free", "held", "margined", "stale", "unchecked", "used", "venue")

    def __init__(self, venue: str, currency: str, budget: int | None = None, *, unchecked: bool = False) -> None:
        self.venue = venue
        self.currency = currency
        self.budget = budget
        self.unchecked = unchecked
        self.available: int | None = None
        self.equity: int | None = None
        self.used = 0
        self.held = 0
        self.margined = False
        self.stale = False
        self.free: int | None = None
        self.reckon()

    def reckon(self) -> None:
        """What is free now: the least of the venue's word and the budget."""
        rooms = []
        if self.available is not None and not self.stale:
            rooms.append(self.available)
        if self.budget is not None:
            rooms.append(self.budget - self.used)
        self.free = min(rooms) - self.held if rooms else None

    def why(self, need: int) -> str:
        """Why a unit that needs so much does not leave."""
        where = f"venue={self.venue} currency={self.currency}"
        if self.free is None:
            return f"{STALE if self.stale else UNKNOWN}: {where}"
        return f"{MARGIN}: {where} free={text_of(self.free)} unit={text_of(need)} reserved={text_of(self.held)}"


class Need(Struct, frozen=True):
    """What one leg of one pair unit takes: `fixed` + px x `slope`.

    Inverse: `fixed` + `slope` / px. `reach`: ticks from the touch that an order may pay.
    """

    funds: Funds
    leg: int
    side: int
    reach: int
    fixed: int
    slope: int
    inverse: bool

    def at(self, quote: Quote) -> int:
        """Scaled money, at the worse of touch and the day's reference."""
        px = quote.ask_px if self.side > 0 else quote.bid_px
        return self.of(px, quote.limit_down, quote.limit_up)

    def of(self, px: int, limit_down: int | None = None, limit_up: int | None = None) -> int:
        if self.inverse:
            return self.fixed + self.slope // max(1, px - self.reach) + 1
        px = abs(px) + self.reach
        if limit_up is not None and limit_down is not None:
            reference = (abs(limit_up + limit_down) + 1) >> 1
            px = max(px, reference)
        return self.fixed + px * self.slope


def need_of(
    funds: Funds, index: int, side: int, per_unit: int, instrument: Instrument, rates: Rates, payup: int, cap: int
) -> Need | None:
    """A leg's need; None where the venue asks for no margin."""
    spot = instrument.kind == "spot"
    if side < 0 if spot else not rates.known:
        return None
    rate, by_lot = (rates.long_rate, rates.long_lot) if side > 0 else (rates.short_rate, rates.short_lot)
    if spot:
        rate, by_lot = Fraction(1), Fraction(0)
    else:
        funds.margined = True
    schedules = [schedule_of(instrument.fees), *(schedule_of(each.fees) for each in instrument.fees.later)]  # the dearest: it holds for days
    for place, parts in ((0, (OPENING,)), (0, (CLOSING, CLOSING_TODAY)), (1, (OPENING,)), (1, (CLOSING, CLOSING_TODAY))):
        most = max(fees[part][place] for fees in schedules for part in parts if part in fees) if any(schedules) else Fraction(0)
        rate, by_lot = (rate + most, by_lot) if place == 0 else (rate, by_lot + most)
    reach = payup + cap
    lot = instrument.units_per_lot()
    if instrument.is_inverse:
        slope = scaled_up(rate * lot * per_unit / Fraction(instrument.tick_size))
        return Need(funds, index, side, reach, scaled_up(by_lot * per_unit), slope, inverse=True)
    tick = Fraction(instrument.tick_size) * lot
    fixed = scaled_up((by_lot + (reach + cap) * tick) * per_unit)
    return Need(funds, index, side, reach, fixed, scaled_up(rate * tick * per_unit), inverse=False)


def used_by(terms: LegTerms, leg: LegLedger, rates: Rates) -> int:
    """Margin of what a leg holds, by its own prices; scaled. Of the larger side, where the venue asks for that alone."""
    sides = []
    for sign, rate, by_lot in ((1, rates.long_rate, rates.long_lot), (-1, rates.short_rate, rates.short_lot)):
        lots = leg.side(sign) if leg.locks else leg.lots if leg.net * sign > 0 else []
        held = abs(sum(one.lots for one in lots))
        px = max(1, abs(sum(one.lots * one.px for one in lots)) // held) if held else 1
        sides.append(abs(terms.value(px, held)) * terms.unit / SCALE * rate + by_lot * held)
    return scaled_up(max(sides) if rates.larger_side else sum(sides))


Sums = list[tuple[Funds, int]]


def sums_of(needs: Sequence[Need], quotes: Sequence[Quote]) -> Sums:
    """What one pair unit takes of each account."""
    found: Sums = []
    for need in needs:
        amount = need.at(quotes[need.leg])
        for place, (funds, before) in enumerate(found):
            if funds is need.funds:
                found[place] = (funds, before + amount)
                break
        else:
            found.append((need.funds, amount))
    return found


def room(sums: Sums, most: int) -> tuple[int, str]:
    """Units that every account has room for, at most `most`; what bound them."""
    why = ""
    for funds, amount in sums:
        if funds.unchecked:
            continue
        free = funds.free
        if free is None and not funds.margined:
            continue
        units = 0 if free is None or free < amount else free // amount if amount > 0 else most
        if units < most:
            most, why = units, funds.why(amount)
    return most, why


class _Held(Struct):
    sums: Sums
    ended_ns: int = 0
    ended_wall_ns: int = 0


class MarginTable:
    """All accounts of a node, and what each hedge holds. Thread: the lane."""

    __slots__ = ("funds", "held", "used_of")

    def __init__(self) -> None:
        self.funds: dict[tuple[str, str], Funds] = {}
        self.held: dict[str, _Held] = {}
        self.used_of: dict[tuple[str, str, str], int] = {}
        """By (pair, venue, currency): margin of what it holds, where it has a share; scaled."""

    def of(self, venue: str, currency: str) -> Funds:
        """The account's money in that currency, made where it is new."""
        funds = self.funds.get((venue, currency))
        if funds is None:
            funds = self.funds[venue, currency] = Funds(venue, currency)
        return funds

    def reserve(self, hedge_id: str, sums: Sums, units: int) -> None:
        """Hold what so many units may come to. On the path."""
        held = [(funds, amount * units) for funds, amount in sums]
        self.held[hedge_id] = _Held(held)
        for funds, amount in held:
            funds.held += amount
            if funds.free is not None:
                funds.free -= amount

    def ended(self, hedge_id: str, now_ns: int, wall_ns: int) -> bool:
        """The hedge has settled: held until the venue has said anew."""
        held = self.held.get(hedge_id)
        if held is None:
            return False
        held.ended_ns, held.ended_wall_ns = now_ns, wall_ns
        return True

    def reopened(self, hedge_id: str) -> None:
        """Late truth: what is still held stays so."""
        held = self.held.get(hedge_id)
        if held is not None:
            held.ended_ns = held.ended_wall_ns = 0

    def told(self, venue: str, rows: Sequence[tuple[str, str, str]], asked_ns: int, asof_ns: int) -> None:
        """A whole collateral answer: (currency, equity, available).

        `asked_ns`: when it was asked for; `asof_ns`: how old it is, by wall.
        """
        for currency, equity, available in rows:
            funds = self.of(venue, currency)
            funds.equity, funds.available, funds.stale = scaled(equity), scaled(available), False
        for hedge_id in [one for one, held in self.held.items() if 0 < held.ended_ns <= asked_ns and held.ended_wall_ns <= asof_ns]:
            self._release(hedge_id, venue)
        for funds in self.funds.values():
            if funds.venue == venue:
                funds.reckon()

    def untold(self, venue: str, asked_ns: int) -> None:
        """A venue that tells no money: what has settled there is given back."""
        for hedge_id in [one for one, held in self.held.items() if 0 < held.ended_ns <= asked_ns]:
            self._release(hedge_id, venue)
        for funds in self.funds.values():
            if funds.venue == venue:
                funds.reckon()

    def stale(self, venue: str) -> None:
        """The venue's last word is too old to open by."""
        for funds in self.funds.values():
            if funds.venue == venue and funds.available is not None:
                funds.stale = True
                funds.reckon()

    def _release(self, hedge_id: str, venue: str) -> None:
        held = self.held[hedge_id]
        for funds, amount in held.sums:
            if funds.venue == venue:
                funds.held -= amount
        held.sums = [each for each in held.sums if each[0].venue != venue]
        if not held.sums:
            del self.held[hedge_id]
