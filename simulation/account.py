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


class VirtualAccount:
    """Money of one venue's account. A day never ends here: all lots are today's."""

    def __init__(self, name: str) -> None:
        self.tariff = TARIFFS[name]
        self.net = 0
        self.cash = 0
        self.fees = 0

    def trade(self, sign: int, offset: str, lots: int, px: int) -> int:
        """Book a trade; its fee in cents."""
        closed = min(lots, max(0, -sign * self.net))
        if offset == "O":
            fee = self.tariff.fee(OPENS, px, lots)
        elif offset in "CT":
            fee = self.tariff.fee(CLOSES_TODAY, px, lots)
        else:
            fee = sum(self.tariff.fee(doing, px, qty) for doing, qty in ((OPENS, lots - closed), (CLOSES, closed)) if qty)
        self.net += sign * lots
        self.cash -= sign * lots * px * CENTS
        self.fees += fee
        return fee

    def bust(self, sign: int, lots: int, px: int, fee: int) -> None:
        """A trade and its fee are taken back."""
        self.net -= sign * lots
        self.cash += sign * lots * px * CENTS
        self.fees -= fee
