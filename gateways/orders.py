"""An account's orders as its gateway knows them: states, trades, keys.

No I/O and no clock: the venue's words go in, and what is news comes out as
`Step`s, in order, which `reports.py` turns into `8`s.

cum_qty is the highest that the venue has stated, by its order stream or by the
sum of its trades; it falls only by G and H. leaves_qty is what still works:
a corrected or busted quantity never works again.
"""

from __future__ import annotations

from msgspec import Struct

from gateways.adapter import OrderState, TradeState, VenueOrder

TERMINAL = frozenset("248C")
UNKNOWN_ORDER = 5  # FIX OrdRejReason: the proof that it never reached the venue


class Trade(Struct, frozen=True):
    """A trade as told; `kind` is its exec_type F, G or H."""

    exec_id: str
    kind: str
    exec_ref: str | None
    qty: int
    px: int
    fee: str | None
    fee_currency: str | None
    exch_ns: int | None
    trading_day: str


class Step(Struct, frozen=True):
    """News of an order: an exec_type, and the trade where it tells one.

    `again`: no news, but the venue itself says it once more.
    """

    exec_type: str
    trade: Trade | None = None
    again: bool = False


class Order:
    """One order of the account; `node` is "" for another session's."""

    __slots__ = (
        "clord_id", "exch_ns", "gone_qty", "known_to_venue", "lessened", "net", "node", "ord_status", "order_id",
        "origin", "reason", "seen", "sent_ns", "stated", "stated_qty", "text", "trades", "trading_day", "venue",
    )  # fmt: skip

    def __init__(
        self, venue: VenueOrder, trading_day: str, node: str = "", clord_id: str = "", sent_ns: int = 0
    ) -> None:
        self.venue = venue
        self.trading_day = trading_day
        self.node = node
        self.clord_id = clord_id
        self.sent_ns = sent_ns
        self.order_id = venue.order_id
        self.origin = "O" if node else "X"
        self.ord_status = "A"
        self.known_to_venue = False
        self.stated_qty = 0  # by the venue's order stream, corrected by G and H
        self.gone_qty = 0  # executed once and taken off again: neither in cum nor in leaves
        self.stated: list[tuple[int, int | None, int]] = []  # cum_qty, exch_ns, how many of `lessened` were known
        self.lessened: list[tuple[int | None, int]] = []  # each G and H: exch_ns, lots taken off
        self.net: dict[str, int] = {}  # exec_id of an F: its quantity as it now stands
        self.seen: set[tuple[str, str, str]] = set()
        self.trades: list[Trade] = []
        self.reason: int | None = None
        self.text = ""
        self.exch_ns: int | None = None

    @property
    def terminal(self) -> bool:
        return self.ord_status in TERMINAL

    @property
    def traded_qty(self) -> int:
        """The sum of the trades that stand."""
        return sum(self.net.values())

    @property
    def cum_qty(self) -> int:
        return max(self.stated_qty, self.traded_qty)

    @property
    def leaves_qty(self) -> int:
        return 0 if self.terminal else max(0, self.venue.qty - self.cum_qty - self.gone_qty)

    @property
    def complete(self) -> bool:
        """Ended, and every trade that it counts has come."""
        return self.terminal and self.traded_qty >= self.stated_qty

    def as_venue(self) -> VenueOrder:
        """The order with the venue's own name for it, for cancel and query."""
        one = self.venue
        return VenueOrder(
            one.venue_ref, one.symbol, one.side, one.qty, one.px, one.tif, one.offset, one.hedge_flag, self.order_id
        )

    def on_state(self, state: OrderState) -> list[Step]:
        """The venue stated the order; nothing where that is no news."""
        before = (self.ord_status, self.cum_qty, self.order_id)
        self.known_to_venue = True
        self.order_id = state.order_id or self.order_id
        self._state(state.cum_qty, state.exch_ns)
        if state.ord_status in TERMINAL:
            self.ord_status = state.ord_status
            self.reason, self.text = state.reason, state.text
        elif not self.terminal:
            self.ord_status = self._working_status()
        if (self.ord_status, self.cum_qty, self.order_id) == before:
            return [Step(self.ord_status if self.ord_status in "048C" else "I", again=True)] if state.poss_resend else []
        self.exch_ns = state.exch_ns
        if self.ord_status != before[0] and self.ord_status in "048C":
            return [Step(self.ord_status)]
        return [Step("I")]

    def on_trade(self, told: TradeState) -> list[Step]:
        """The venue told a trade; nothing where it was told before."""
        key = (told.trading_day, told.exec_type, told.exec_id)
        if key in self.seen:
            return [Step(told.exec_type, _trade_of(told), again=True)] if told.poss_resend else []
        self.seen.add(key)
        self.known_to_venue = True
        self.order_id = told.order_id or self.order_id
        trade = _trade_of(told)
        self.trades.append(trade)
        self._book(trade)
        if not self.terminal:
            self.ord_status = self._working_status()
        return [Step(trade.kind, trade)]

    def never_arrived(self) -> list[Step]:
        """The venue doesn't have it, by a complete answer: proven rejected."""
        self.ord_status, self.reason, self.text = "8", UNKNOWN_ORDER, "the venue does not have this order"
        return [Step("I")]

    def told_trades(self) -> list[Trade]:
        """The trades as answers tell them: what amends one comes after it."""
        if not self.lessened:
            return self.trades
        place = {trade.exec_id: at for at, trade in enumerate(self.trades) if trade.kind == "F"}
        ranks = [
            (at if one.kind == "F" else max(at, place.get(one.exec_ref or "", at)), one.kind != "F", at)
            for at, one in enumerate(self.trades)
        ]
        return [self.trades[at] for _, _, at in sorted(ranks)]

    def _state(self, cum_qty: int, exch_ns: int | None) -> None:
        """The venue's own figure; a late one may be of before a G or H."""
        if not any(told[:2] == (cum_qty, exch_ns) for told in self.stated):
            self.stated.append((cum_qty, exch_ns, len(self.lessened)))
        self._restate()

    def _restate(self) -> None:
        figures = [cum - self._taken_off_since(ns, known) for cum, ns, known in self.stated]
        self.stated_qty = max(0, *figures) if figures else 0

    def _taken_off_since(self, exch_ns: int | None, known: int) -> int:
        return sum(
            less
            for at, (ns, less) in enumerate(self.lessened)
            if (at >= known if exch_ns is None or ns is None else ns > exch_ns)
        )

    def _book(self, trade: Trade) -> None:
        """F adds its quantity; G replaces, H takes off that of `exec_ref`.

        A G or H may come before its F, so all is added up anew.
        """
        if trade.kind == "F" and not self.lessened:
            self.net[trade.exec_id] = trade.qty
            return
        self.net = {one.exec_id: one.qty for one in self.trades if one.kind == "F"}
        self.lessened = []
        for one in self.trades:
            if one.kind != "F":
                ref, new = one.exec_ref or "", one.qty if one.kind == "G" else 0
                self.lessened.append((one.exch_ns, self.net.get(ref, one.qty) - new))
                self.net[ref] = new
        self.gone_qty = sum(less for _, less in self.lessened)
        self._restate()

    def _working_status(self) -> str:
        if self.cum_qty + self.gone_qty >= self.venue.qty:
            return "2"
        return "1" if self.cum_qty else "0"


def _trade_of(told: TradeState) -> Trade:
    return Trade(
        told.exec_id, told.exec_type, told.exec_ref, told.qty, told.px, told.fee, told.fee_currency, told.exch_ns,
        told.trading_day,
    )  # fmt: skip


class OrderTable:
    """All orders known, by node and clord_id, by venue_ref and by order_id."""

    def __init__(self) -> None:
        self.by_id: dict[tuple[str, str], Order] = {}
        self.by_ref: dict[str, Order] = {}
        self.outside: dict[str, Order] = {}

    def add(self, order: Order) -> Order:
        if order.node:
            self.by_id[order.node, order.clord_id] = order
            self.by_ref[order.venue.venue_ref] = order
        else:
            self.outside[order.order_id] = order
        return order

    def drop(self, order: Order) -> None:
        """Forget an order of a node that surely never left."""
        self.by_id.pop((order.node, order.clord_id), None)
        self.by_ref.pop(order.venue.venue_ref, None)

    def of_state(self, told: OrderState) -> Order:
        return self.by_ref.get(told.venue_ref) or self.outside.get(told.order_id) or self._outside(told, told.qty)

    def of_trade(self, told: TradeState) -> Order:
        found = self.by_ref.get(told.venue_ref) or self.outside.get(told.order_id) or self._outside(told, 0)
        if told.origin == "L":
            found.origin = "L"
        return found

    def of_node(self, node: str) -> list[Order]:
        return [order for (owner, _), order in self.by_id.items() if owner == node]

    def working(self) -> list[Order]:
        return [order for order in self.by_id.values() if not order.terminal]

    def forget_before(self, day: str) -> None:
        """Drop what ended before this trading day."""
        for order in [*self.by_id.values(), *self.outside.values()]:
            if order.terminal and order.trading_day < day:
                self.drop(order)
                self.outside.pop(order.order_id, None)

    def _outside(self, told: OrderState | TradeState, qty: int) -> Order:
        venue = VenueOrder("", told.symbol, told.side, qty, None, "", told.offset or "", None, told.order_id)
        return self.add(Order(venue, told.trading_day))
