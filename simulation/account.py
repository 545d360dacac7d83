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
        self.cash = 0
        self.fees = 0

    @property
    def net(self) -> int:
        return self.today + self.old

    def closable(self, sign: int, offset: str) -> int:
        """Lots that an order of this side and offset may close."""
        today, old = max(0, -sign * self.today), max(0, -sign * self.old)
        return {"T": today, "Y": old}.get(offset, today + old)

    def trade(self, sign: int, offset: str, lots: int, px: int) -> int:
        """Book a trade; its fee in cents."""
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

    def bust(self, sign: int, lots: int, px: int, fee: int) -> None:
        """A trade and its fee are taken back."""
        self._move(-sign * lots, 0)
        self.cash += sign * lots * px * CENTS
        self.fees -= fee

    def roll(self) -> None:
        """A day ends: today's lots are yesterday's."""
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
        return abs(self.net) * self.a_lot

    def lacks(self, sign: int, offset: str, lots: int, working: int, mark: int) -> bool:
        """Whether an order of so many lots can't be paid beside what works."""
        if offset in "CTY" or (offset == "N" and lots + working <= -sign * self.net):
            return False
        net = self.net if offset == "N" else abs(self.net) * sign
        worst = max(abs(self.net), abs(net + sign * (lots + working)))
        fees = self.tariff.fee(OPENS, mark, lots + working)
        return self.equity(mark) - worst * self.a_lot - fees < 0
