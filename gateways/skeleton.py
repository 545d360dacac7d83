"""The gateway process: one loop over trade socket, feed socket and venue.

    lap: poll ─▶ trade frames (64 at most) ─▶ venue's turn ─▶ subscriptions ─▶ timers

One thread, nothing blocks. What a frame breaks is counted and logged here, and
the loop goes on: a gateway survives any frame. Only the record failing for
good (JournalError) ends it, since an order it can't explain must not leave.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import zmq
from loguru import logger
from msgspec import Struct

from domain.errors import JournalError
from domain.ports import Clock
from gateways.account import Account
from gateways.adapter import Adapter, CancelRefused, Collateral, OrderState, Pollable, Position, TradeState
from gateways.endpoints import authenticator, bind_feed, bind_trade
from gateways.feed import Feed
from gateways.sessions import Sessions
from gateways.store import Store
from gateways.trade import TradeDesk
from system.curve import CurveServer
from wire.codec import encode
from wire.instrument import InstrumentDef
from wire.messages import GatewayHeartbeat, Logout

MAX_FRAMES_A_LAP = 64
HEARTBEAT_NS = 100_000_000
TICK_NS = 25_000_000
LOG_NS = 60_000_000_000
MILLISECOND_NS = 1_000_000
GOODBYE_MS = 200  # for what was sent last; the page's LINGER 0 holds while it runs


class GatewaySettings(Struct, frozen=True):
    """What the composition root says; `trade_endpoint` "" for a feed alone."""

    venue: str
    feed_endpoint: str
    trade_endpoint: str
    directory: Path
    alone_ms: int = 600_000
    curve: CurveServer | None = None


def bound(context: zmq.Context, settings: GatewaySettings) -> tuple[Any, Any]:
    """The feed's and the trade socket, bound; None where there is no trade."""
    curve = settings.curve
    trade = bind_trade(context, settings.trade_endpoint, curve) if settings.trade_endpoint else None
    return bind_feed(context, settings.feed_endpoint, curve), trade


Binder = Callable[[Any, GatewaySettings], tuple[Any, Any]]
"""A simulation binds sockets of its own, and calls what `lap` calls."""


class Gateway:
    """One venue account's process, without its composition root.

    Shape: it is the `Sink` of its adapter. Thread: one, that of `run`.
    """

    def __init__(
        self, settings: GatewaySettings, adapter: Adapter, clock: Clock, context: Any, bind: Binder = bound
    ) -> None:
        self.settings = settings
        self.adapter = adapter
        self.clock = clock
        self._authenticator = None if settings.curve is None else authenticator(context, settings.curve)
        self._feed_socket, self._trade_socket = bind(context, settings)
        self.feed = Feed(self._feed_socket, settings.venue, clock)
        self.store = Store(settings.directory)
        self.account = Account(settings.venue, adapter, self.store, Sessions(self._send), clock)
        self.desk = TradeDesk(self.account, self._send)
        self.faults = self.account.faults
        self._poller = zmq.Poller()
        self._polled: list[Pollable] = []
        self._heard_ns = clock.mono_ns()
        self._due_ns = {self._tick: 0, self._heartbeat: 0, self._log_faults: clock.mono_ns() + LOG_NS}
        self._logged: dict[str, int] = {}
        self._turn_ns: int | None = None

    def start(self) -> None:
        """Take up what is on disk and begin to connect. Raises: JournalError."""
        for socket in (self._trade_socket, self._feed_socket):
            if socket is not None:
                self._poller.register(socket, zmq.POLLIN)
        self.begin()

    def begin(self) -> None:
        """As `start`, where somebody else polls."""
        self.account.restore()
        self.feed.begin_epoch(self.account.epoch)
        self.account.on_epoch = self.feed.begin_epoch
        self.adapter.start(self)
        logger.info("gateway_started venue={} epoch={}", self.settings.venue, self.account.epoch)

    def run(self, stop: Callable[[], bool]) -> None:
        """Until told to stop, or alone for long with nothing working."""
        while not stop() and not self.alone():
            self.lap()
        self.close()

    def lap(self, max_wait_ms: int = 25) -> None:
        """One round over everything that may be ready."""
        self._follow_adapter()
        self._poller.poll(self._wait_ms(max_wait_ms))
        if self._trade_socket is not None:
            self._drain(self._trade_socket, self.trade_frames)
        self.venue_turn()
        self._drain(self._feed_socket, lambda frames: self.feed.subscription(frames[0]))
        self.timers()

    def venue_turn(self) -> int | None:
        """The venue's turn; when it wants the next, on the monotonic clock."""
        self._guard("adapter", self._adapter_turn)
        return self._turn_ns

    def timers(self) -> None:
        """Whatever of our own is due: repeats, silences, heartbeats, the log."""
        now_ns = self.clock.mono_ns()
        for timer, due_ns in self._due_ns.items():
            if now_ns >= due_ns:
                self._due_ns[timer] = now_ns + TICK_NS
                self._guard(timer.__name__, timer)

    def alone(self) -> bool:
        """No node was heard for long, no reader of a feed, nothing works."""
        if self.clock.mono_ns() - self._heard_ns < self.settings.alone_ms * MILLISECOND_NS:
            return False
        feed_is_read = self._trade_socket is None and self.feed.subscribers > 0
        return not feed_is_read and not self.account.table.working()

    def close(self) -> None:
        """Say goodbye, leave the orders as they are, close everything."""
        for session in self.account.sessions.connected():
            self.account.sessions.send(session, encode(Logout("the gateway ends")))
        self._guard("stop", self.adapter.stop)
        self._log_faults()
        self.store.sync()
        self.store.close()
        for socket in (self._trade_socket, self._feed_socket):
            if socket is not None:
                socket.close(linger=GOODBYE_MS)
        if self._authenticator is not None:
            self._authenticator.stop()
        logger.info("gateway_ended venue={}", self.settings.venue)

    # ------------------------------------------------------------ Sink

    def on_session(self, up: bool, trading_day: str = "", instruments: tuple[InstrumentDef, ...] = ()) -> None:
        logger.info("session venue={} up={} trading_day={}", self.settings.venue, up, trading_day)
        self.account.session(up=up, trading_day=trading_day, instruments=instruments)
        if not up:
            self.feed.forget()
        self.feed.session_up = self.account.session_up

    def on_new_day(self, trading_day: str, instruments: tuple[InstrumentDef, ...] = ()) -> None:
        logger.info("new_day venue={} trading_day={}", self.settings.venue, trading_day)
        self.account.new_day(trading_day, instruments)

    def on_book(
        self,
        symbol: str,
        exch_ns: int | None,
        bids: list[int],
        asks: list[int],
        last: int | None = None,
        volume: int | None = None,
    ) -> None:
        self.feed.book(symbol, exch_ns, bids, asks, last, volume)

    def on_status(self, symbol: str, status: int, limit_down: int | None = None, limit_up: int | None = None) -> None:
        self.feed.status(symbol, status, limit_down, limit_up)

    def on_order(self, state: OrderState) -> None:
        self.account.order(state)

    def on_trade(self, trade: TradeState) -> None:
        self.account.trade(trade)

    def on_cancel_refused(self, refused: CancelRefused) -> None:
        self.account.cancel_refused(refused)

    def on_query_end(self, req_id: str, complete: bool, text: str = "") -> None:
        self.account.queries.ended(req_id, complete=complete, text=text)

    def on_positions(self, req_id: str, rows: list[Position] | None, asof_ns: int, text: str = "") -> None:
        self.account.queries.came(req_id, rows, asof_ns, text)

    def on_collateral(self, req_id: str, rows: list[Collateral] | None, asof_ns: int, text: str = "") -> None:
        self.account.queries.came(req_id, rows, asof_ns, text)

    # ------------------------------------------------------------ the loop's parts

    def _adapter_turn(self) -> None:
        self._turn_ns = self.adapter.turn()

    def _follow_adapter(self) -> None:
        wanted = self.adapter.poll_on()
        if wanted != self._polled:
            for gone in self._polled:
                self._poller.unregister(gone)
            for new in wanted:
                self._poller.register(new, zmq.POLLIN)
            self._polled = list(wanted)

    def _wait_ms(self, max_wait_ms: int) -> int:
        due_ns = min(self._due_ns.values())
        if self._turn_ns is not None:
            due_ns = min(due_ns, self._turn_ns)
        return max(0, min(max_wait_ms, -(-(due_ns - self.clock.mono_ns()) // MILLISECOND_NS)))

    def _drain(self, socket: zmq.Socket, handle: Callable[[list[bytes]], None]) -> None:
        for _ in range(MAX_FRAMES_A_LAP):
            if not socket.getsockopt(zmq.EVENTS) & zmq.POLLIN:  # cheaper than the exception of an empty socket
                return
            handle(socket.recv_multipart(zmq.NOBLOCK))

    def trade_frames(self, frames: list[bytes]) -> None:
        """One message of the trade socket: [identity, body]."""
        if self._guard("frame", lambda: self._heard(self.desk.frame(frames))):
            return
        self._guard("crashed", lambda: self.desk.crashed(frames))

    def _heard(self, was_message: bool) -> None:
        if was_message:
            self._heard_ns = self.clock.mono_ns()

    def _tick(self) -> None:
        self.feed.repeat_due()
        self.desk.cancel_silent()
        self.account.queries.expire()

    def _heartbeat(self) -> None:
        self._due_ns[self._heartbeat] = self.clock.mono_ns() + HEARTBEAT_NS
        self.feed.session_up = self.account.session_up
        self.feed.heartbeat()
        for session in self.account.sessions.connected():
            beat = GatewayHeartbeat(
                self.clock.wall_ns(), self.account.session_up, self.account.reports.last_seq(session.node),
                self.account.trading_day, self.account.epoch,
            )  # fmt: skip
            self.account.sessions.send(session, encode(beat))

    def _log_faults(self) -> None:
        self._due_ns[self._log_faults] = self.clock.mono_ns() + LOG_NS
        if self.account.reports.unwritten:
            self.faults["reports_unwritten"] = self.account.reports.unwritten
        if dict(self.faults) != self._logged:
            self._logged = dict(self.faults)
            logger.warning("faults venue={} {}", self.settings.venue, self._logged)

    def _send(self, identity: bytes, body: bytes) -> bool:
        """False where it can't be sent: gone, or its queue is full."""
        try:
            self._trade_socket.send_multipart([identity, body], zmq.NOBLOCK)
        except zmq.ZMQError:
            self.faults["unsendable"] += 1
            return False
        return True

    def _guard(self, what: str, work: Callable[[], None]) -> bool:
        """The boundary: our bugs are logged and counted, and the loop lives."""
        try:
            work()
        except JournalError:
            raise
        except Exception:
            self.faults[f"crash_{what}"] += 1
            logger.exception("gateway_bug venue={} in={}", self.settings.venue, what)
            return False
        return True
