"""What a virtual venue's account holds and has paid: whole cents.

Written for itself: the judge holds the node's ledger against it. One tick of
one lot is a dollar; fees are rounded to a cent, trade by trade, half up.
"""

from __future__ import annotations

from typing import Any

CENTS = 100
RATE = 1_000_000
OPENS, CLOSES, CLOSES_TODAY = range(3)


class Tariff:
    """Fees by (parts of a million of turnover, cents a lot) of each doing."""

    def __init__(self, opens: tuple[int, int], closes: tuple[int, int], today: tuple[int, int], *, tells: bool) -> None:
        self.rows = (opens, closes, today)
        self.tells = tells

    def fee(self, doing: int, px: int, lots: int) -> int:
        """Cents."""
        rate, by_lot = self.rows[doing]
        turnover = abs(px) * lots * CENTS
        return (2 * turnover * rate + RATE) // (2 * RATE) + by_lot * lots

    def told(self, trade: Any, exec_type: str) -> tuple[str | None, str | None]:
        """What a report says of a trade's fee."""
        if trade is None or not self.tells:
            return (None, None)
        cents = trade.first_fee if exec_type == "F" else trade.fee
        return (f"{cents // 100}.{cents % 100:02d}", "USD")


TARIFFS = {
    "A": Tariff((50, 0), (50, 0), (100, 0), tells=True),
    "B": Tariff((0, 232), (0, 232), (0, 232), tells=False),
}
"""A tells each trade's fee; B tells none, so that the schedule is all there is."""

FEES = {
    "A": 'open_rate = "0.00005", close_rate = "0.00005", close_today_rate = "0.0001"',
    "B": 'open_lot = "2.32", close_lot = "2.32", close_today_lot = "2.32"',
}
"""The same, as the desk's configuration has them."""


MARGIN_A_LOT = {"A": 10_300, "B": 8_000}
"""Cents: 10 % of 1,030 and 8 % of 1,000, whatever the price is now."""
MARGIN_RATES = {"A": "0.10", "B": "0.08"}
DEPOSIT = 100_000_000

DEFINITION = {
    "tick_size": "1",
    "lot_size": "1",
    "multiplier": "1",
    "currency": "USD",
    "kind": "linear",
    "tifs": "03",
    "market_orders": False,
    "tradable": True,
}


def definition_of(name: str, symbol: str, offset_mode: str) -> dict[str, Any]:
    """What the venue's gateway says of its symbol."""
    rate = MARGIN_RATES[name]
    return {**DEFINITION, "margin_rate_long": rate, "margin_rate_short": rate, "symbol": symbol, "offset_mode": offset_mode}


class VirtualAccount:
    """Money and lots of one venue's account; today's lots and older ones apart."""

    def __init__(self, name: str) -> None:
        self.tariff = TARIFFS[name]
        self.deposit = DEPOSIT
        self.a_lot = MARGIN_A_LOT[name]
        self.today = self.old = 0
        self.sides: list[list[int]] | None = None
        """[[long old, today], [short old, today]] where a lock may hold both; None: nobody is long and short at once."""
        self.larger_side = False
        self.cash = 0
        self.fees = 0

    @property
    def net(self) -> int:
        return self.today + self.old

    def closable(self, sign: int, offset: str) -> int:
        """Lots that an order of this side and offset may close."""
        if self.sides is not None:
            old, today = self.sides[1 if sign > 0 else 0]
            return {"T": today, "Y": old}.get(offset, today + old)
        today, old = max(0, -sign * self.today), max(0, -sign * self.old)
        return {"T": today, "Y": old}.get(offset, today + old)

    def trade(self, sign: int, offset: str, lots: int, px: int) -> int:
        """Book a trade; its fee in cents."""
        if self.sides is not None:
            return self._trade_both(sign, offset, lots, px)
        old = 0 if offset in "OT" else min(lots, max(0, -sign * self.old))
        today = 0 if offset in "OY" else min(lots - old, max(0, -sign * self.today))
        rest = lots - old - today
        if offset == "Y":
            old, rest = lots, 0
        doings = ((CLOSES, old), (CLOSES if offset == "N" else CLOSES_TODAY, today), (OPENS if offset in "ON" else CLOSES_TODAY, rest))
        fee = 0
        for doing in (OPENS, CLOSES, CLOSES_TODAY):
            qty = sum(part for name, part in doings if name == doing)
            fee += self.tariff.fee(doing, px, qty) if qty else 0
        self._move(sign * (today + rest), sign * old)
        self.cash -= sign * lots * px * CENTS
        self.fees += fee
        return fee

    def _trade_both(self, sign: int, offset: str, lots: int, px: int) -> int:
        own, other = (self.sides[0], self.sides[1]) if sign > 0 else (self.sides[1], self.sides[0])
        if offset == "O":
            own[1] += lots
            doing = OPENS
        else:
            place, left = {"T": 1, "Y": 0}[offset], lots
            for at in (place, 1 - place):
                gone = min(left, other[at])
                other[at], left = other[at] - gone, left - gone
            own[place] += left  # a fill beyond what was held: the troubles of a venue know no account
            doing = CLOSES_TODAY if place else CLOSES
        fee = self.tariff.fee(doing, px, lots)
        self._net()
        self.cash -= sign * lots * px * CENTS
        self.fees += fee
        return fee

    def _net(self) -> None:
        (long_old, long_today), (short_old, short_today) = self.sides
        self.old, self.today = long_old - short_old, long_today - short_today

    def bust(self, sign: int, lots: int, px: int, fee: int, offset: str = "N") -> None:
        """A trade and its fee are taken back."""
        if self.sides is None:
            back = -sign * lots
            self._move(*((0, back) if offset == "Y" else (back, 0)))  # a close of older lots gives older ones back
        else:
            own, other = (self.sides[0], self.sides[1]) if sign > 0 else (self.sides[1], self.sides[0])
            if offset == "O":
                left = lots
                for at in (1, 0):
                    gone = min(left, own[at])
                    own[at], left = own[at] - gone, left - gone
                other[1] += left
            else:
                other[1 if offset == "T" else 0] += lots
            self._net()
        self.cash += sign * lots * px * CENTS
        self.fees -= fee

    def correct(self, sign: int, offset: str, lots: int, before: tuple[int, int], px: int) -> int:
        """A trade was at another price than `before` (px, fee); its new fee. Lots stay."""
        kept = None if self.sides is None else [list(side) for side in self.sides]
        self.bust(sign, lots, *before, offset)
        fee = self.trade(sign, offset, lots, px)
        if kept is not None:
            self.sides = kept
            self._net()
        return fee

    def roll(self) -> None:
        """A day ends: today's lots are yesterday's."""
        if self.sides is not None:
            self.sides = [[old + today, 0] for old, today in self.sides]
            self._net()
            return
        self._move(-self.today, self.today)

    def _move(self, today: int, old: int) -> None:
        self.today += today
        self.old += old
        if self.today * self.old < 0:  # nobody is long and short at once
            gone = min(abs(self.today), abs(self.old)) * (1 if self.today > 0 else -1)
            self.today -= gone
            self.old += gone

    def equity(self, mark: int) -> int:
        """Cents, with the position at the mark."""
        return self.deposit + self.cash - self.fees + self.net * mark * CENTS

    @property
    def margin(self) -> int:
        """Cents that the position takes."""
        if self.sides is not None:
            return (max if self.larger_side else sum)(sum(side) for side in self.sides) * self.a_lot
        return abs(self.net) * self.a_lot

    def lacks(self, sign: int, offset: str, lots: int, working: int, mark: int) -> bool:
        """Whether an order of so many lots can't be paid beside what works."""
        if offset in "CTY" or (offset == "N" and lots + working <= -sign * self.net):
            return False
        if self.sides is not None:
            held = [sum(side) for side in self.sides]
            held[0 if sign > 0 else 1] += lots + working
            fees = self.tariff.fee(OPENS, mark, lots + working)
            return self.equity(mark) - (max if self.larger_side else sum)(held) * self.a_lot - fees < 0
        net = self.net if offset == "N" else abs(self.net) * sign
        worst = max(abs(self.net), abs(net + sign * (lots + working)))
        fees = self.tariff.fee(OPENS, mark, lots + working)
        return self.equity(mark) - worst * self.a_lot - fees < 0
