"""What trades of a leg are worth and cost, exactly: its terms of money.

    value   px x tick_size x qty x lot_size x multiplier; of an inverse contract
            qty x lot_size x multiplier / price, in base, in whole minor units
    flow    what a trade moves into the account: its value, with its sign
    fee     rate x value, rounded half up to a minor unit, plus money a lot

A fee is of what the trade did: opened, closed older lots, closed today's. The
rounding is the field's, trade by trade, so that sums agree with the venue's.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from domain.alike import shared
from domain.market import NO_FEES, FeeSchedule, Instrument
from domain.money import DIGITS, SCALE, minor, round_half_up, rounded, scaled

OPENING, CLOSING, CLOSING_TODAY = "open", "close", "close_today"
PARTS = (OPENING, CLOSING, CLOSING_TODAY)


class LegTerms(Struct, frozen=True, gc=False):
    """One leg's instrument as money. `unit`: scaled units of 1 of `flow`.

    A flow is in tick-lots, of an inverse contract in minor units of its base.
    """

    venue: str
    symbol: str
    currency: str
    base: str
    kind: str
    tick: Fraction
    lot: Fraction
    digits: int
    unit: Fraction
    fees: dict[str, tuple[Fraction, Fraction]]
    later: tuple[tuple[str, dict[str, tuple[Fraction, Fraction]]], ...] = ()
    """Schedules that have been announced: (first trading day, fees), oldest first."""

    @property
    def is_free(self) -> bool:
        """No schedule is known: a fee that nobody tells is not known."""
        return not self.fees and not self.later

    def value(self, px: int, qty: int) -> int:
        """Worth of `qty` lots at `px`, in units of flow."""
        if self.kind != "inverse":
            return px * qty
        return round_half_up(qty * self.lot * 10**self.digits / (px * self.tick))

    def flow(self, side: int, px: int, qty: int) -> int:
        """What a trade of `side` (+1 buys) moves into the account."""
        worth = self.value(px, qty)
        return side * worth if self.kind == "inverse" else -side * worth

    def mark(self, net: int, px: int) -> int:
        """What closing `net` signed lots at `px` would move in."""
        return self.flow(-1 if net > 0 else 1, px, abs(net)) if net else 0

    def money(self, flow: int) -> int:
        """Units of flow as scaled money."""
        return rounded(flow * self.unit.numerator, self.unit.denominator)

    def fee(self, parts: tuple[tuple[str, int], ...], px: int, day: str = "") -> int:
        """The schedule's fee of a trade of that day, by what its lots did; scaled."""
        total = 0
        fees = self.fees
        for first, schedule in self.later:
            if first <= day:
                fees = schedule
        for part, qty in parts:
            rate, by_lot = fees.get(part, (Fraction(0), Fraction(0)))
            worth = abs(self.value(px, qty)) * self.unit / SCALE
            total += minor(worth * rate, self.digits) * 10 ** (DIGITS - self.digits) + scaled(by_lot * qty)
        return total


def terms_of(told: Instrument) -> LegTerms:
    """The terms of an instrument."""
    inverse = told.is_inverse
    digits = told.base_digits if inverse else told.digits
    lot, tick = shared(told.units_per_lot()), shared(Fraction(told.tick_size))
    return LegTerms(
        venue=told.venue,
        symbol=told.symbol,
        currency=told.base if inverse else told.currency,
        base=told.base,
        kind=told.kind,
        tick=tick,
        lot=lot,
        digits=digits,
        unit=shared(Fraction(SCALE, 10**digits) if inverse else tick * lot * SCALE),
        fees=schedule_of(told.fees),
        later=tuple((each.valid_from, schedule_of(each.fees)) for each in told.fees.later),
    )


def schedule_of(fees: FeeSchedule) -> dict[str, tuple[Fraction, Fraction]]:
    """(rate, by lot) of each part; empty where there is no schedule."""
    if replace(fees, later=()) == NO_FEES:
        return {}
    return {part: (_exact(getattr(fees, f"{part}_rate")), _exact(getattr(fees, f"{part}_lot"))) for part in PARTS}


def _exact(number: Decimal) -> Fraction:
    return shared(Fraction(number))
