"""The port to one venue that pairs call directly: encode, claim, send.

It outlives restarts of the venue's actor: sockets, the numbering of reports
and the claims belong to it. A send leaves at once or says why not; it never
raises and never keeps anything for later.

Thread: the lane's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any

from msgspec import Struct

from actors.feed import Feed
from actors.known import Known, Passed
from actors.routes import Routes
from domain.alike import shared
from domain.days import NOTHING, LastDays, Over, over_on
from domain.definitions import NOT_ANNOUNCED, why_blocked
from domain.margin import rates_of
from domain.market import Instrument
from domain.ports import Clock
from domain.reconnects import ReconnectBudget
from domain.reports import OrderReport
from domain.sequences import ReportSequence
from domain.venue_news import VenueChanged
from domain.venues import VenueStage, VenueState
from wire.codec import encode, encode_new_order
from wire.messages import Cancel, MassCancel, OrderStatusRequest

MS = 1_000_000
MAX_ANNOUNCED = 4096
"""Definitions kept of instruments that nobody here trades yet."""


class Purpose(IntEnum):
    """What a frame is for, as the first stage in which it may leave."""

    CANCEL = VenueStage.SYNCING
    REPAIR = VenueStage.RECONCILED
    OPEN = VenueStage.OPEN


class Seen(Struct, frozen=True):
    """What is on record of a venue when the node starts.

    `pending`: numbers on record after one that is not.
    """

    epoch: int = 0
    seq: int = 0
    trading_day: str = ""
    pending: tuple[int, ...] = ()


class VenueSettings(Struct, frozen=True):
    """What the composition root says of one venue.

    `heartbeat_timeout_ms`: silence of the gateway's trade socket that blocks
    its orders; a gateway that heartbeats more slowly gets more. `keeper`: who
    keeps the gateway's process, "" for nobody here; it is told of a silence of
    `hang_ms` (0: never).
    """

    name: str
    node: str
    node_epoch: int
    instruments: tuple[Instrument, ...]
    cancel_on_disconnect_ms: int = 2000
    heartbeat_timeout_ms: int = 260
    tick_ms: int = 20
    logon_timeout_ms: int = 1000
    gap_fill_ms: int = 500
    keeper: str = ""
    hang_ms: int = 0


class VenueLink:
    """One venue as the pairs see it. `trade` None: a venue with a feed alone.

    Shape: encode before the record, claim with it, send after it. Every send
        returns "" or a reason: VENUE_DOWN, NOT_RECONCILED, NOT_OPEN,
        WOULD_BLOCK, FEED_ONLY.
    """

    def __init__(
        self,
        settings: VenueSettings,
        clock: Clock,
        feed_socket: Any,
        trade_socket: Any = None,
        *,
        seen: Seen = Seen(),  # noqa: B008 (frozen)
        known: Known | None = None,
        resolve: Callable[[str], str] | None = None,
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self.clock = clock
        self._wall_ns = clock.wall_ns
        self._epoch = settings.node_epoch
        self.trade = trade_socket
        self.instruments = {each.symbol: each for each in settings.instruments}
        self.feed = Feed(settings.name, feed_socket, self.instruments, clock)
        self.state = VenueState(epoch=seen.epoch, trading_day=seen.trading_day)
        self.stage = self.state.stage
        self.sequence = ReportSequence(seen.epoch, seen.seq)
        self.known = known or Known()
        self.passed = Passed()
        self.adopted: Callable[[OrderReport], bool] = lambda _report: False
        """Whether nobody would do anything about a report that is on record already."""
        self.told: Callable[[], object] = bool
        """Called when what was passed over is noted."""
        self.routes = Routes(resolve) if resolve is not None else Routes()
        self.claim = self.routes.claim  # reports of this order go to that owner; called before it can leave
        self.capabilities: dict[str, Any] = {}
        self.blocked = {symbol: NOT_ANNOUNCED for symbol in self.instruments if trade_socket is not None}
        self._barred: tuple[tuple[str, str], ...] | None = None  # of `blocked`, made when news are: a thousand pairs ask in a start
        self.announced: dict[str, Instrument] = {}
        """What the gateway has said of symbols that nobody configured."""
        self.days = {each.symbol: shared(LastDays(each.last_open_day, each.expiry)) for each in settings.instruments}
        self.margins = {each.symbol: rates_of(each, larger_side=each.larger_side) for each in settings.instruments}
        self.over: dict[str, Over] = {}  # by symbol: those alone of which something is over
        self.roll()
        self.journal_failed = False
        self.send_failed = False
        self.reconnects = ReconnectBudget()
        """Its logons', and its gateway's process's; outlives both."""
        self.watchers: tuple[str, ...] = ()
        self._requests = 0

    # ------------------------------------------------ what pairs call

    def subscribe(self, symbol: str, address: Any) -> None:
        """Tell `address` each quote of `symbol` from now on."""
        self.feed.subscribe(symbol, address)

    def take_in(self, told: Instrument) -> None:
        """One more instrument: its quotes come, and it trades once its gateway has announced it."""
        symbol = told.symbol
        if symbol in self.instruments:
            return
        self.instruments[symbol] = told
        self.margins[symbol] = rates_of(told, larger_side=told.larger_side)
        if self.trade is not None:
            self.block(symbol, NOT_ANNOUNCED)
        self.days[symbol] = shared(LastDays(told.last_open_day, told.expiry))
        self.roll()
        self.feed.add(symbol)
        known = self.announced.pop(symbol, None)
        if known is not None:
            self.defined(known)

    def block(self, symbol: str, reason: str) -> str:
        """Why a symbol may not be traded, or "" where it may; said again for whoever goes on with it."""
        self.blocked[symbol], self._barred = reason, None
        return reason

    def defined(self, announced: Instrument) -> str | None:
        """What its gateway says of an instrument; why it is blocked, None for one of nobody's."""
        symbol = announced.symbol
        configured = self.instruments.get(symbol)
        if configured is None:
            if len(self.announced) < MAX_ANNOUNCED:
                self.announced[symbol] = announced
            return None
        reason = self.block(symbol, why_blocked(configured, announced))
        if not rates_of(configured).known:
            self.margins[symbol] = rates_of(announced, larger_side=configured.larger_side)
        self.last_days(symbol, announced.last_open_day or "", announced.expiry or "")
        return reason

    def unwatch(self, name: str, symbols: Iterable[str]) -> None:
        """Tell `name` nothing any more; what reports it owned are strays from now on."""
        self.watchers = tuple(each for each in self.watchers if each != name)
        for symbol in symbols:
            self.feed.unsubscribe(symbol, name)

    def watch(self, name: str) -> VenueChanged:
        """Tell `name` each VenueChanged, PositionsTold and the like.

        Returns the present state, so that nobody waits for the next change.
        """
        if name not in self.watchers:
            self.watchers = (*self.watchers, name)
        return self.changed()

    def encode_order(
        self,
        cl_ord_id: str,
        symbol: str,
        side: str,
        qty: int,
        px: int | None,
        tif: str,
        offset: str,
        life_ms: int,
        hedge_flag: str | None = None,
    ) -> bytes:
        """A `D`; past `life_ms` from now the gateway refuses it.

        Raises: WireError where a field can't be on the wire.
        """
        now_ns = self._wall_ns()
        return encode_new_order(
            cl_ord_id, symbol, side, qty, px, tif, offset, self._epoch, now_ns, now_ns + life_ms * MS, hedge_flag
        )

    def encode_cancel(self, cxl_id: str, cl_ord_id: str) -> bytes:
        """An `F`; a `j` to it finds its order's owner."""
        self.routes.refer(cxl_id, cl_ord_id)
        return encode(Cancel(cxl_id, cl_ord_id, self.settings.node_epoch, self.clock.wall_ns()))

    def encode_query(self, cl_ord_id: str) -> bytes:
        """An `H`."""
        req_id = self._request_id()
        self.routes.refer(req_id, cl_ord_id)
        return encode(OrderStatusRequest(req_id, cl_ord_id))

    def encode_mass_cancel(self, owner: str, symbol: str | None = None, scope: str = "own") -> bytes:
        """A `q`; its `r` or `j` goes to `owner`."""
        req_id = self._request_id()
        self.routes.refer(req_id, req_id)
        self.routes.claim(req_id, owner)
        return encode(MassCancel(req_id, symbol, scope, self.settings.node_epoch))

    def why_not(self, purpose: Purpose, symbol: str | None = None) -> str:
        """Empty when a frame for this may leave now, else the reason."""
        if self.stage < purpose:
            return self._too_early()
        if self.trade is None:
            return "FEED_ONLY"
        if purpose is Purpose.CANCEL:
            return ""
        if purpose is Purpose.OPEN and self.journal_failed:
            return "JOURNAL"
        blocked = "" if symbol is None else self.blocked.get(symbol, "") or self.over.get(symbol, NOTHING).every
        return f"INSTRUMENT: {blocked}" if blocked else ""

    def send(self, frame: bytes, purpose: Purpose) -> str:
        """Empty when it left, else why not; never raises, never keeps it."""
        if self.stage < purpose:
            return self._too_early()
        if self.trade is None:
            return "FEED_ONLY"
        if purpose is Purpose.OPEN and self.journal_failed:
            return "JOURNAL"
        if self.trade.send(frame):
            return ""
        self.send_failed = True
        return "WOULD_BLOCK"

    def query(self, cl_ord_id: str) -> str:
        """Ask for one order's state; "" or why it could not leave."""
        return self.send(self.encode_query(cl_ord_id), Purpose.CANCEL)

    # ------------------------------------------------ for the venue's actor and tools

    def adopt(self, state: VenueState) -> None:
        rolls = state.trading_day != self.state.trading_day
        self.state = state
        self.stage = state.stage
        if rolls:
            self.roll()

    def roll(self) -> None:
        """Once a trading day, or when its last days are told: what is over."""
        day = self.state.trading_day
        found = {symbol: over_on(symbol, days, day) for symbol, days in self.days.items()}
        self.over = {symbol: over for symbol, over in found.items() if over is not NOTHING}

    def last_days(self, symbol: str, last_open_day: str, expiry: str) -> None:
        """What the gateway says of them, where the configuration is silent."""
        told = self.instruments[symbol]
        days = self.days[symbol] = shared(LastDays(told.last_open_day or last_open_day, told.expiry or expiry))
        over = over_on(symbol, days, self.state.trading_day)  # of this one alone: a venue tells a thousand, one by one
        self.over.pop(symbol, None)
        if over is not NOTHING:
            self.over[symbol] = over

    def changed(self, *, lost: bool = False) -> VenueChanged:
        """The news of the present state."""
        state = self.state
        why = "JOURNAL" if self.journal_failed and not state.why else state.why
        if self._barred is None:
            self._barred = tuple((symbol, reason) for symbol, reason in self.blocked.items() if reason)
        return VenueChanged(
            self.name,
            state.stage,
            state.can_open and not self.journal_failed,
            state.can_repair,
            state.can_cancel,
            why,
            lost,
            state.epoch,
            state.trading_day,
            self._barred,
        )

    def snapshot(self) -> dict[str, Any]:
        """What a journal segment opens with: enough for `Seen`."""
        sequence = self.sequence
        return {"epoch": sequence.epoch, "seq": sequence.seen, "trading_day": self.state.trading_day}

    def inspect(self) -> dict[str, Any]:
        """One row for status commands."""
        feed, state = self.feed, self.state
        return {
            "venue": self.name,
            "stage": state.stage.name,
            "why": state.why,
            "epoch": state.epoch,
            "trading_day": state.trading_day,
            "waits": list(state.waits),
            "gap": state.gap,
            "seq_seen": self.sequence.seen,
            "claims": len(self.routes),
            "reconnects": {"taken": self.reconnects.taken, "refused": self.reconnects.refused},
            "blocked": {symbol: reason for symbol, reason in self.blocked.items() if reason},
            "feed": {"gaps": feed.gaps, "dropped": feed.dropped, "steps": feed.steps, "session_up": feed.session_up},
            "capabilities": dict(self.capabilities),
        }

    def close(self) -> None:
        """Give the sockets back; the actor has ended before."""
        self.feed.socket.close()
        if self.trade is not None:
            self.trade.close()

    def _too_early(self) -> str:
        if self.stage < VenueStage.SYNCING:
            return "VENUE_DOWN"
        return "NOT_RECONCILED" if self.stage < VenueStage.RECONCILED else "NOT_OPEN"

    def _request_id(self) -> str:
        self._requests += 1
        return f"r{self.settings.node_epoch:x}.{self._requests}"
