"""What a venue kind must do for the gateway process, and what it may call.

The skeleton (`gateways/skeleton.py`) owns all that the protocol page says:
sockets, logons, `seq`, the store on disk, checks, repeats. A venue kind is one
`Adapter` that speaks the venue's own language and tells what comes to a `Sink`.

    skeleton ──submit, cancel, query_*──▶ Adapter ──▶ the venue
    skeleton ◀──on_*─────────────────────  Adapter ◀── the venue

Rules that both sides keep
1. One thread. All `on_*` calls are made from `turn`, never from inside
   `submit`, `cancel`, `query_*`: what is known at once is queued and told in
   the next turn (so that `8` pending new leaves before the venue's answer).
   A vendor's own threads hand over by a queue and a socket in `poll_on`.
2. `venue_ref` names an order before the venue has seen it. It is made by
   `next_venue_ref`, is on disk before `submit`, and is never used twice, not
   by another process either. Reports carry it, or "" for an order that isn't
   ours; `order_id` is the venue's own name, "" until known.
3. Repeats are welcome: the same trade or state may be told again (after a
   reconnect, in an answer); the skeleton knows them by their keys. Only what
   the venue marks as a repeat (poss_resend) goes on to the nodes, marked too.
4. Prices in ticks, quantities in lots, times in ns (UTC), codes as FIX
   characters, money as decimal text: the adapter converts, once.
"""

from __future__ import annotations

from typing import Protocol

import zmq
from msgspec import Struct

from wire.instrument import InstrumentDef

Pollable = zmq.Socket | int


class VenueOrder(Struct, frozen=True):
    """An order as the venue is to have it. `px` None: a market order."""

    venue_ref: str
    symbol: str
    side: str
    qty: int
    px: int | None
    tif: str
    offset: str
    hedge_flag: str | None = None
    order_id: str = ""


class Refused(Struct, frozen=True):
    """It never left: the `j` reason (4 session down, 8 throttled, ...)."""

    reason: int
    text: str


class OrderState(Struct, frozen=True, kw_only=True):
    """An order as the venue states it; `cum_qty` is the venue's own figure.

    `ord_status`: 0 1 2 4 8 C. In 4, 8 and C `reason` (FIX OrdRejReason, 99 with
    the venue's code and words in `text`) says why. `req_id`: the query that
    this answers, "" for a push. `poss_resend`: the venue itself says that it
    may have told this before; the nodes are told so even if it is no news.
    """

    venue_ref: str
    order_id: str
    symbol: str
    side: str
    offset: str | None = None
    qty: int
    ord_status: str
    cum_qty: int
    reason: int | None = None
    text: str = ""
    exch_ns: int | None = None
    trading_day: str
    req_id: str = ""
    poss_resend: bool = False


class TradeState(Struct, frozen=True, kw_only=True):
    """One trade of the account. `exec_type`: F, or G, H with `exec_ref`.

    `origin`: `X` for any session's order (the skeleton finds its own by
    `venue_ref`), `L` for the broker's or exchange's doing. `poss_resend` as
    in OrderState.
    """

    venue_ref: str
    order_id: str
    exec_id: str
    exec_type: str = "F"
    exec_ref: str | None = None
    symbol: str
    side: str
    offset: str | None = None
    qty: int
    px: int
    fee: str | None = None
    fee_currency: str | None = None
    exch_ns: int | None = None
    trading_day: str
    origin: str = "X"
    poss_resend: bool = False


class CancelRefused(Struct, frozen=True, kw_only=True):
    """The venue won't cancel; `reason` is FIX CxlRejReason, 99 other."""

    cancel_ref: str
    venue_ref: str
    order_id: str
    reason: int
    text: str


class Position(Struct, frozen=True):
    """A row of the account; free: not frozen by working closes."""

    symbol: str
    long_qty: int
    short_qty: int
    long_today: int
    short_today: int
    long_free: int
    short_free: int
    long_free_today: int
    short_free_today: int


class Collateral(Struct, frozen=True):
    """One currency of the account, decimal text."""

    currency: str
    equity: str
    available: str
    margin_used: str
    fees: str


class Sink(Protocol):
    """What an adapter tells the skeleton, from inside `turn` only."""

    def on_session(self, up: bool, trading_day: str = "", instruments: tuple[InstrumentDef, ...] = ()) -> None:
        """The venue's own session is logged on (with day, all symbols) or lost.

        What the venue resends by itself is told before it. Another trading day than before, here or in `on_new_day`, begins a new
        epoch: the final states of the old day's orders are told before it.
        """

    def on_new_day(self, trading_day: str, instruments: tuple[InstrumentDef, ...] = ()) -> None:
        """The venue began a trading day in a living session.

        Instruments: none where they are as before.
        """

    def on_book(
        self,
        symbol: str,
        exch_ns: int | None,
        bids: list[int],
        asks: list[int],
        last: int | None = None,
        volume: int | None = None,
    ) -> None:
        """A new snapshot: [px, qty, px, qty, ...], best first, 10 levels at most."""

    def on_status(self, symbol: str, status: int, limit_down: int | None = None, limit_up: int | None = None) -> None:
        """FIX SecurityTradingStatus: 17 open, 2 halt, 18 closed, 21 auction."""

    def on_order(self, state: OrderState) -> None:
        """An order's state came, pushed or as part of an answer."""

    def on_trade(self, trade: TradeState) -> None:
        """A trade came, pushed or as part of an answer."""

    def on_cancel_refused(self, refused: CancelRefused) -> None:
        """The venue refused a cancel that was handed to it."""

    def on_query_end(self, req_id: str, complete: bool, text: str = "") -> None:
        """The answer to `query_orders` ended; not complete proves nothing."""

    def on_positions(self, req_id: str, rows: list[Position] | None, asof_ns: int, text: str = "") -> None:
        """All positions as of a time; None: no answer, and `text` says why."""

    def on_collateral(self, req_id: str, rows: list[Collateral] | None, asof_ns: int, text: str = "") -> None:
        """All currencies as of a time; None: no answer, and `text` says why."""


class Adapter(Protocol):
    """One venue account (or one feed) in the venue's own language.

    `capabilities` is the page's map, without cancel_on_disconnect, which is
    the skeleton's. `answers_in_order`: an answer to `query_positions` comes
    after every trade that it holds, and before every other one.
    """

    capabilities: dict[str, bool | int]
    answers_in_order: bool

    def start(self, sink: Sink) -> None:
        """Begin to connect; never blocks. Reconnecting is the adapter's own."""

    def stop(self) -> None:
        """Log off and close; working orders stay as they are."""

    def poll_on(self) -> list[Pollable]:
        """Sockets or descriptors whose readability wants a turn."""

    def turn(self) -> int | None:
        """Take what came (64 frames at most), tell it; run timers.

        Called at least every 50 ms. Returns the monotonic ns at which the next
        turn is wanted even if nothing becomes readable, None: no matter.
        """

    def next_venue_ref(self) -> str:
        """A name for the next order, unused so far and for ever."""

    def submit(self, order: VenueOrder) -> Refused | None:
        """Hand an order to the venue; Refused only if it surely never left."""

    def cancel(self, order: VenueOrder, cancel_ref: str) -> Refused | None:
        """Hand a cancel to the venue, by order_id where known, else venue_ref."""

    def query_orders(self, req_id: str, scope: str, order: VenueOrder | None, trading_day: str) -> None:
        """Ask for `one` order, or (order None) for all of the trading `day`.

        For each: its trades, then its state (`on_trade`, `on_order` with
        req_id), then `on_query_end`. An order that is not in a complete answer
        is one that the venue doesn't have.
        """

    def query_positions(self, req_id: str) -> None:
        """Ask for all positions: `on_positions` with this req_id."""

    def query_collateral(self, req_id: str) -> None:
        """Ask for the account's money: `on_collateral` with this req_id."""
