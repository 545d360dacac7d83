"""A venue that is a book of ours, behind the gateway skeleton.

What the node asks is done in the next turn, before the book moves on; all is
answered from the venue's own book. Where the book comes from is the adapter's:
a recording (`replay`), or a feed that is live (`paper`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from domain.ports import Clock
from gateways.adapter import CancelRefused, Collateral, OrderState, Position, Refused, Sink, TradeState, VenueOrder
from gateways.replay.account import BUY, SELL, Order
from gateways.replay.truth import AnyRecord, OrderTraded
from gateways.replay.venue import Venue

UNKNOWN_ORDER, TOO_LATE = 1, 0
NO_QUERY = ""


class BookAdapter:
    """What both have in common of `gateways.adapter.Adapter`.

    An heir sets `_sink` and `_venue` before anything is asked.
    """

    answers_in_order = True
    _sink: Sink
    _venue: Venue

    def __init__(self, clock: Clock, depth: int) -> None:
        self.capabilities: dict[str, bool | int] = {
            "positions": True,
            "collateral": True,
            "mass_status": True,
            "settle_ms": 0,
            "max_orders_per_s": 0,
            "depth": depth,
        }
        self._clock = clock
        self._asked: deque[Callable[[], None]] = deque()
        self._refs_made = 0
        self._born_ns = clock.wall_ns()

    @property
    def trading_day(self) -> str:
        """The venue's."""
        return self._venue.trading_day

    def stop(self) -> None:
        """Close the venue's book."""
        self._venue.close()

    def next_venue_ref(self) -> str:
        """Named by this process's birth and a count: unused for ever."""
        self._refs_made += 1
        return f"{self._born_ns:x}-{self._refs_made}"

    def submit(self, order: VenueOrder) -> Refused | None:
        """The venue takes it in the next turn, before it plays on."""
        self._asked.append(lambda: self._submitted(order))
        return None

    def cancel(self, order: VenueOrder, cancel_ref: str) -> Refused | None:
        """The venue cancels in the next turn, before it plays on."""
        self._asked.append(lambda: self._canceled(order, cancel_ref))
        return None

    def query_orders(self, req_id: str, scope: str, order: VenueOrder | None, trading_day: str) -> None:
        """Answered from the venue's own book."""
        self._asked.append(lambda: self._answer_orders(req_id, scope, order, trading_day))

    def query_positions(self, req_id: str) -> None:
        """Answered from the venue's own book; a spot inventory is held long."""
        self._asked.append(lambda: self._answer_positions(req_id))

    def query_collateral(self, req_id: str) -> None:
        """Answered from the venue's own book, at the last recorded mids."""
        self._asked.append(lambda: self._answer_collateral(req_id))

    # ------------------------------------------------------------ from turn

    def _do_asked(self) -> None:
        """All that came since the last turn."""
        while self._asked:
            self._asked.popleft()()

    def _begin_book(self) -> None:
        """Tell again what an earlier life did today; what it left working has ended."""
        self._venue.end_left_over(self._clock.wall_ns())
        for order in list(self._venue.account.orders.values()):
            if order.placed.trading_day == self.trading_day:
                self._retell(order, NO_QUERY)
        self._venue.tell = self._told

    def _begin_day(self, day: str) -> None:
        """Day orders end in the old one; then the new one is told."""
        if day > self.trading_day:
            self._venue.begin_day(day, self._clock.wall_ns())
            self._sink.on_new_day(day)

    def _submitted(self, order: VenueOrder) -> None:
        now_ns = self._clock.wall_ns()
        self._venue.submit(order.venue_ref, order.symbol, order.side, order.qty, order.px, order.tif, now_ns, order.offset)

    def _canceled(self, order: VenueOrder, cancel_ref: str) -> None:
        found = self._venue.account.order_of(order.venue_ref)
        if found is not None and self._venue.cancel(found, self._clock.wall_ns()):
            return
        reason = UNKNOWN_ORDER if found is None else TOO_LATE
        text = "no such order" if found is None else f"it ended with status {found.ord_status}"
        self._sink.on_cancel_refused(
            CancelRefused(
                cancel_ref=cancel_ref,
                venue_ref=order.venue_ref,
                order_id="" if found is None else found.placed.order_id,
                reason=reason,
                text=text,
            )
        )

    def _told(self, record: AnyRecord, order: Order) -> None:
        """Pass on what the venue wrote down."""
        if isinstance(record, OrderTraded):
            self._sink.on_trade(self._trade_state(record, order))
        self._sink.on_order(self._order_state(order, NO_QUERY, record.at_ns))

    def _answer_orders(self, req_id: str, scope: str, order: VenueOrder | None, trading_day: str) -> None:
        account = self._venue.account
        if scope == "one":
            found = account.order_of(order.venue_ref) if order is not None else None
            orders = [] if found is None else [found]
        else:
            orders = [
                each for each in account.orders.values() if each.placed.trading_day == (trading_day or self.trading_day)
            ]
        for each in orders:
            self._retell(each, req_id)
        self._sink.on_query_end(req_id, True)

    def _retell(self, order: Order, req_id: str) -> None:
        """All that the venue's book holds of an order."""
        for trade in self._venue.account.trades[order.placed.order_id]:
            self._sink.on_trade(self._trade_state(trade, order))
        self._sink.on_order(self._order_state(order, req_id, self._clock.wall_ns()))

    def _answer_positions(self, req_id: str) -> None:
        rows = [self._position(symbol) for symbol in self._venue.account.terms]
        self._sink.on_positions(req_id, rows, self._clock.wall_ns())

    def _answer_collateral(self, req_id: str) -> None:
        rows = []
        for currency in self._venue.account.currencies:
            money = self._venue.money(currency)
            rows.append(Collateral(currency, *(f"{amount:f}" for amount in (money.equity, money.available, money.margin_used, money.fees))))
        self._sink.on_collateral(req_id, rows, self._clock.wall_ns())

    # ------------------------------------------------------------ values

    def _exch_ns(self, _symbol: str, at_ns: int) -> int | None:
        """The exchange's clock at our `at_ns`, where it is known."""
        return at_ns

    def _order_state(self, order: Order, req_id: str, at_ns: int) -> OrderState:
        placed = order.placed
        return OrderState(
            venue_ref=placed.venue_ref,
            order_id=placed.order_id,
            symbol=placed.symbol,
            side=placed.side,
            offset=placed.offset,
            qty=placed.qty,
            ord_status=order.ord_status,
            cum_qty=order.cum_qty,
            reason=order.reason,
            text=order.text,
            exch_ns=self._exch_ns(placed.symbol, at_ns),
            trading_day=placed.trading_day,
            req_id=req_id,
        )

    def _trade_state(self, trade: OrderTraded, order: Order) -> TradeState:
        placed = order.placed
        charged = self._venue.account.terms[placed.symbol].is_charged
        return TradeState(
            venue_ref=placed.venue_ref,
            order_id=placed.order_id,
            exec_id=trade.exec_id,
            symbol=placed.symbol,
            side=placed.side,
            offset=placed.offset,
            qty=trade.qty,
            px=trade.px,
            fee=trade.fee if charged else None,
            fee_currency=self._venue.account.terms[placed.symbol].currency if charged else None,
            exch_ns=self._exch_ns(placed.symbol, trade.at_ns),
            trading_day=placed.trading_day,
        )

    def _position(self, symbol: str) -> Position:
        account = self._venue.account
        long_qty, short_qty, long_today, short_today = account.held_lots(symbol)
        sells, buys = account.frozen(symbol, SELL), account.frozen(symbol, BUY)
        return Position(
            symbol=symbol,
            long_qty=long_qty,
            short_qty=short_qty,
            long_today=long_today,
            short_today=short_today,
            long_free=max(long_qty - sells, 0),
            short_free=max(short_qty - buys, 0),
            long_free_today=max(long_today - sells, 0),
            short_free_today=max(short_today - buys, 0),
        )
