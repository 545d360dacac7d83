"""The paper venue: the replay venue's book, on live quotes, day after day."""

from __future__ import annotations

from gateways.paper.account import PaperAccount
from gateways.replay.account import Account
from gateways.replay.venue import EXPIRED, Venue

DAY_OVER = "the trading day is over"


class PaperVenue(Venue):
    """Takes orders against the live books of its symbols."""

    ACCOUNT: type[Account] = PaperAccount
    account: PaperAccount

    def begin_day(self, day: str, now_ns: int) -> None:
        """Day orders expire, and what is held becomes yesterday's."""
        for order in self.account.working():
            self._books[order.placed.symbol].cancel(order.placed.order_id)
            self._end(order, EXPIRED, None, DAY_OVER, now_ns)
        self.trading_day = day
        self.account.begin_day(day)
