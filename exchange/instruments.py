"""Instruments, and the money that prices, fees and margins come to.

Money is an int: minor units of the instrument's currency (`digits` decimals).
A linear or spot tick of a lot must be a whole number of minor units, so that
gains and losses of both sides of a trade cancel to the unit; an inverse
contract's value is rounded, alike for both sides.
"""

from __future__ import annotations

import math
from fractions import Fraction

import msgspec

from exchange.errors import ExchangeError

KINDS = ("linear", "inverse", "spot", "fx", "index")
OPENING = "open"
CLOSING = "close"
CLOSING_TODAY = "close_today"


def round_half_up(number: Fraction) -> int:
    """To the nearest whole number; halves away from zero."""
    whole = (2 * abs(number.numerator) + number.denominator) // (2 * number.denominator)
    return whole if number >= 0 else -whole


def to_minor(amount: str, digits: int) -> int:
    """A decimal string in minor units. Raises: ExchangeError if finer."""
    exact = Fraction(amount) * 10**digits
    if exact.denominator != 1:
        raise ExchangeError(f"{amount} has more than {digits} decimals")
    return exact.numerator


def from_minor(amount: int, digits: int) -> str:
    """Minor units as a decimal string, all decimals shown."""
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), 10**digits)
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"


class Tariff(msgspec.Struct, frozen=True):
    """A fee: a rate of the turnover plus minor units a lot."""

    rate: Fraction = Fraction(0)
    per_lot: int = 0


class Instrument(msgspec.Struct, frozen=True):
    """One instrument of a venue, its sizes exact.

    `base_digits`: decimals of the base asset that a spot trade delivers.
    """

    symbol: str
    kind: str
    currency: str
    digits: int
    tick_size: Fraction
    lot_size: Fraction
    multiplier: Fraction
    offset_mode: str = "net"
    tifs: str = "034"
    market_orders: bool = False
    tradable: bool = True
    base: str = ""
    base_digits: int = 8
    min_lots: int = 1
    max_lots: int = 500
    band: Fraction | None = None
    margin_rate_long: Fraction = Fraction(0)
    margin_rate_short: Fraction = Fraction(0)
    margin_lot_long: int = 0
    margin_lot_short: int = 0
    larger_side: bool = False
    """Margin is asked for the larger of long and short alone."""
    fees: dict[str, Tariff] = {}
    tick_value: int = 0
    """Minor units that one tick of one lot is worth; 0 for inverse."""

    @property
    def is_spot(self) -> bool:
        return self.kind == "spot"

    @property
    def settles_in(self) -> str:
        """The currency of profit, margin and fees."""
        return self.base if self.kind == "inverse" else self.currency

    @property
    def settle_digits(self) -> int:
        return self.base_digits if self.kind == "inverse" else self.digits

    def value(self, px: int, qty: int) -> int:
        """Worth of `qty` lots at `px` ticks, in minor units settled."""
        if self.kind != "inverse":
            return px * qty * self.tick_value
        return round_half_up(qty * self.lot_size * self.multiplier * 10**self.base_digits / (px * self.tick_size))

    def cash_flow(self, sign: int, px: int, qty: int) -> int:
        """What a trade of this sign (buy 1, sell -1) moves into the account."""
        worth = self.value(px, qty)
        return sign * worth if self.kind == "inverse" else -sign * worth

    def mark(self, net_qty: int, px: int) -> int:
        """What closing a net position at `px` would move into the account."""
        return self.cash_flow(-1 if net_qty > 0 else 1, px, abs(net_qty)) if net_qty else 0

    def base_qty(self, qty: int) -> int:
        """Lots of a spot instrument in the base's minor units."""
        return round_half_up(qty * self.lot_size * self.multiplier * 10**self.base_digits)

    def fee(self, what: str, px: int, qty: int) -> int:
        """The fee of a trade that opens, closes or closes today's."""
        tariff = self.fees.get(what)
        if tariff is None:
            return 0
        return round_half_up(abs(self.value(px, qty)) * tariff.rate) + tariff.per_lot * qty

    def margin_a_lot(self, sign: int, reference_px: int) -> int:
        """Margin of one lot long (1) or short (-1), rounded up."""
        rate = self.margin_rate_long if sign > 0 else self.margin_rate_short
        per_lot = self.margin_lot_long if sign > 0 else self.margin_lot_short
        return per_lot + math.ceil(abs(self.value(reference_px, 1)) * rate)

    def limits(self, reference_px: int) -> tuple[int, int] | None:
        """The day's lowest and highest price, whole ticks inside the band."""
        if self.band is None:
            return None
        width = int(abs(reference_px) * self.band)
        return reference_px - width, reference_px + width


def tick_value_of(symbol: str, tick: Fraction, lot: Fraction, multiplier: Fraction, digits: int) -> int:
    """Minor units a tick and lot. Raises: ExchangeError unless whole."""
    exact = tick * lot * multiplier * 10**digits
    if exact.denominator != 1 or exact <= 0:
        raise ExchangeError(
            f"{symbol}: tick_size x lot_size x multiplier must be a whole number of minor units "
            f"({digits} decimals), not {float(exact)}; give the currency more decimals"
        )
    return exact.numerator
