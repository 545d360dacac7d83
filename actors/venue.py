"""The venue actor: keeps one link logged on, judged and told about.

It turns what comes on the trade socket, and what does not come, into facts of
the venue machine, records them, and does what they ask for: logon, questions,
news to the pairs. Trading goes past it: pairs send through the VenueLink.

Thread: the lane's. Only the heartbeat of this loop keeps the gateway from
cancelling our orders, so a hung lane is seen over there.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from actors.feed import READ_NS
from actors.gateway_notes import GatewayEnded, GatewaySilent
from actors.link import MS
from actors.mailbox import Lane
from actors.venue_answers import REFUSED_PAUSE_NS, VenueAnswers
from domain.errors import WireError
from domain.venues import (
    COLLATERAL,
    DAY,
    POSITIONS,
    EpochChanged,
    GapOpened,
    LoggedOn,
    LogonSent,
    PictureDoubted,
    SessionLost,
    VenueStage,
)
from wire import messages as wire
from wire.codec import decode_from_gateway, encode

MAX_FRAMES = 64
AHEAD_NS = 200 * MS
"""A heartbeat's last_seq above ours for so long is a lost report."""
GAP_LOGONS = 2
LONGEST_LOGON_NS = 8000 * MS
FEED_SILENCE_NS = 1000 * MS

S = VenueStage


class Tick(Struct, frozen=True):
    lane: ClassVar[Lane] = Lane.TIMERS


class AskAgain(Struct, frozen=True):
    """Re-read POSITIONS or COLLATERAL (after an over-close refusal, say)."""

    what: str


_TICK = Tick()


class VenueActor(VenueAnswers):
    """One venue. `strays_to`, `alerts_to`: names, "" for nobody."""

    HANDLERS: ClassVar[dict[type, str]] = {Tick: "on_tick", AskAgain: "on_ask_again", GatewayEnded: "on_gateway_ended"}

    # ------------------------------------------------ life

    def on_start(self) -> None:
        link, dispatcher = self.link, self.runtime.dispatcher
        dispatcher.add_source(link.feed.socket.socket, self.read_feed, 1)
        link.feed.flush = self._flush = dispatcher.flush
        if link.trade is not None:
            dispatcher.add_source(link.trade.socket, self.read_trade, 0)
            link.feed.on_heartbeat = None
        else:
            link.feed.on_heartbeat = self._feed_heartbeat
        self._pulse.start(self.clock.mono_ns())
        if link.stage > S.DOWN:
            self._lose("RESTART", self.clock.mono_ns())
        self.after_ns(0, _TICK)

    def on_stop(self) -> None:
        self.desk.note_passed()
        if self.link.trade is not None and self.link.stage >= S.SYNCING:
            self.link.trade.send(encode(wire.Logout("stop")))

    def heard_age_ns(self, now_ns: int) -> int:
        """How long ago the gateway's trade link was last heard."""
        return self._pulse.age_ns(now_ns)

    def read_feed(self) -> None:
        self.link.feed.drain()

    def read_trade(self) -> None:
        """Each report and what follows of it, in order; at most 64, and for READ_NS at most once the first is dealt with."""
        socket = self.link.trade
        until_ns = 0
        for _ in range(MAX_FRAMES):
            frame = socket.recv()
            if frame is None:
                return
            self.take(frame)
            self._flush()
            if not self.live or not socket.has_more():
                return
            now_ns = self.clock.mono_ns()
            until_ns = until_ns or now_ns + READ_NS
            if now_ns >= until_ns:
                return

    # ------------------------------------------------ time

    def on_tick(self, _: Tick) -> None:
        self.after_ns(self._tick_ns, _TICK)
        now_ns = self.clock.mono_ns()
        self._pulse.tick(now_ns, self._tick_ns)
        link = self.link
        link.known.settle()
        if link.passed.is_due(now_ns):
            self.desk.note_passed()
        link.feed.check(now_ns)
        if link.stage <= S.CONNECTING:
            self._check_hung(now_ns)
        if link.trade is None:
            if link.stage > S.DOWN and now_ns - link.feed.heard_mono_ns > FEED_SILENCE_NS:
                self._lose("HEARTBEAT", now_ns)
            return
        cut = link.trade.was_cut()
        if link.trade.refused:
            self._trouble("CURVE", link.trade.refused)
        if cut and (link.stage > S.DOWN or self._session_down):
            self._lose("DISCONNECTED", now_ns)
        elif link.send_failed:
            self._lose("SEND", now_ns)
        if (self._linked or self._session_down) and self._pulse.is_silent(now_ns) and link.stage is not S.CONNECTING:
            self._pulse.doubt()
            self._lose("HEARTBEAT", now_ns)
        if self._linked and link.stage is not S.CONNECTING and self._pulse.is_due(now_ns):
            self._heartbeat(now_ns)
        if link.stage is S.DOWN:
            if now_ns >= self._logon_due_ns and not self._session_down:
                self._logon(now_ns)
        elif link.stage is S.CONNECTING:
            self._check_logon(now_ns)
        else:
            self._check_numbers(now_ns)
            self._perform()

    def on_gateway_ended(self, _: GatewayEnded) -> None:
        """Its process is gone: no need to wait for the socket to say so."""
        link = self.link
        if link.trade is not None:
            while self.live and link.trade.has_more():
                self.read_trade()  # what it had sent before counts
        if link.stage > S.DOWN or self._session_down:
            self._lose("DISCONNECTED", self.clock.mono_ns())

    def silent_ns(self, now_ns: int) -> int:
        """For how long its gateway has said nothing; 0 while it is connected."""
        link = self.link
        if link.stage > S.CONNECTING:
            return 0
        heard_ns = self._pulse.heard_ns if link.trade is not None else link.feed.heard_mono_ns
        return now_ns - max(heard_ns, self._hung_ns)

    def _check_hung(self, now_ns: int) -> None:
        """A gateway of ours that is there and says nothing is ended and raised again."""
        settings, silent_ns = self.link.settings, self.silent_ns(now_ns)
        if settings.hang_ms and silent_ns >= settings.hang_ms * MS and self.runtime.alive(settings.keeper):
            self._hung_ns = now_ns
            self.tell(settings.keeper, GatewaySilent(silent_ns // MS))

    def _heartbeat(self, now_ns: int) -> None:
        if self.link.trade.send(encode(wire.NodeHeartbeat(self.clock.wall_ns()))):
            self._pulse.sent(now_ns)
        else:
            self.link.send_failed = True

    def _check_logon(self, now_ns: int) -> None:
        """A logon without an answer: a fresh connection, ever more patience."""
        if now_ns - self._logon_sent_ns > self._logon_wait_ns:
            self._logon_wait_ns = min(2 * self._logon_wait_ns, LONGEST_LOGON_NS)
            self._lose("LOGON", now_ns)

    def _check_numbers(self, now_ns: int) -> None:
        """Lost reports, and gaps that the gateway does not fill."""
        link = self.link
        if not link.state.gap:
            is_late = self._ahead_ns and now_ns - self._ahead_ns >= AHEAD_NS
            if is_late and link.sequence.seen < self._target_seq:
                self._open_gap(self._target_seq)
            return
        if self._settling or now_ns - self._gap_ns < link.settings.gap_fill_ms * MS:
            return
        self._gap_ns = now_ns
        if self._gap_logons < GAP_LOGONS:
            self._logon_wanted = True
        else:
            self._settling = True
            self._trouble("GAP", f"reports after {link.sequence.seen} were not sent again; the day is asked for")
            self._apply(PictureDoubted("GAP"))

    def _open_gap(self, last: int) -> None:
        self._ahead_ns = 0
        self._gap_ns = self.clock.mono_ns()
        self._gap_logons = 0
        self._target_seq = max(self._target_seq, last)
        self._apply(GapOpened(self.link.sequence.seen, last))

    def _check_hole(self) -> None:
        """After each report: did it open a gap, or close one?"""
        sequence, state = self.link.sequence, self.link.state
        if sequence.has_hole:
            if not state.gap and state.stage >= S.SYNCING:
                self._open_gap(sequence.last)
        elif state.gap and sequence.seen >= self._target_seq:
            self._close_gap()

    # ------------------------------------------------ frames

    def take(self, frame: bytes) -> None:
        """One body of the trade socket; a wrong one is counted and dropped."""
        try:
            message = decode_from_gateway(frame)
        except WireError as error:
            self._drop(str(error))
            return
        now_ns = self.clock.mono_ns()
        self._pulse.heard(now_ns)
        _READERS[type(message)](self, message, frame, now_ns)

    def _drop(self, why: str) -> None:
        """What was dropped may have been a fill: ask for the day at once."""
        self.dropped += 1
        self.runtime.log("frame_dropped", venue=self.link.name, why=why[:200])
        self._apply(PictureDoubted("DROPPED"))

    def _execution(self, m: wire.ExecutionReport, frame: bytes, now_ns: int) -> None:
        self.desk.execution(m, frame, now_ns)
        if self.link.sequence.pending or self.link.state.gap:
            self._check_hole()

    def _cancel_reject(self, m: wire.CancelReject, frame: bytes, now_ns: int) -> None:
        self.desk.cancel_reject(m, frame, now_ns)
        if self.link.state.gap or self.link.sequence.has_hole:
            self._check_hole()

    def _on_heartbeat(self, m: wire.GatewayHeartbeat, _frame: bytes, now_ns: int) -> None:
        self._pulse.heartbeat(now_ns)
        link = self.link
        if not m.session_up:
            self._session_down = True
            self.asks.forget()
            self._apply(SessionLost())
            return
        if link.stage is S.DOWN:
            if self._session_down:
                self._session_down = False
                self._logon(now_ns)
            return
        if link.stage is S.CONNECTING:
            return
        if m.epoch != link.state.epoch:
            self._lose("EPOCH", now_ns, reconnect=False)
        elif m.last_seq <= link.sequence.seen:
            self._ahead_ns = 0
        elif not self._ahead_ns:
            self._ahead_ns, self._target_seq = now_ns, m.last_seq

    def _feed_heartbeat(self, m: wire.FeedHeartbeat, _now_ns: int) -> None:
        """A venue with a feed alone lives by the feed's heartbeat."""
        if not m.session_up:
            self._apply(SessionLost())
        elif self.link.stage is S.DOWN:
            self._apply(LogonSent())
            self._apply(LoggedOn(m.epoch, "", ()))

    def _on_logon(self, m: wire.GatewayLogon, frame: bytes, now_ns: int) -> None:
        if m.version != wire.PROTOCOL_VERSION:
            self._trouble("VERSION", f"the gateway speaks version {m.version}, this node {wire.PROTOCOL_VERSION}")
            self._lose("VERSION", now_ns, pause_ns=5 * REFUSED_PAUSE_NS, reconnect=False)
            return
        link = self.link
        if link.stage is S.DOWN or (link.stage >= S.SYNCING and m.epoch == link.state.epoch):
            return
        is_push = link.stage >= S.SYNCING
        self.desk.note_passed()
        gap = self._adopt_numbers(m)
        self.desk.record(frame)
        if is_push:
            self._apply(EpochChanged(m.epoch))
            return
        if m.trading_day != link.state.trading_day:
            link.routes.new_day()
            link.known.new_day()
        link.capabilities = m.capabilities
        self._linked = True
        self._logon_wait_ns = link.settings.logon_timeout_ms * MS
        self._pulse.start(now_ns)
        self._heartbeat(now_ns)
        answers = (DAY, *(POSITIONS,) * bool(m.capabilities.get("positions")))
        answers += (COLLATERAL,) * bool(m.capabilities.get("collateral"))
        self._apply(LoggedOn(m.epoch, m.trading_day, answers, gap))

    def _adopt_numbers(self, m: wire.GatewayLogon) -> bool:
        """Take the gateway's numbering; True while it sends reports again."""
        link = self.link
        sequence = link.sequence
        self._target_seq, self._ahead_ns = m.last_seq, 0
        self._gap_ns = self.clock.mono_ns()
        if m.epoch != sequence.epoch:
            # What it had before is told by the day's `AF`, which is asked for now.
            sequence.restart(m.epoch, m.last_seq)
            self.desk.new_epoch()
            self._settling = False
            self._gap_logons = 0
            self._undefine()
            return False
        if sequence.seen > m.last_seq:
            self._trouble("SEQ", f"the gateway stands at {m.last_seq}, reports up to {sequence.seen} have come")
            sequence.restart(m.epoch, m.last_seq)
            self._apply(PictureDoubted("SEQ"))
            return False
        sequence.drop_above(m.last_seq)
        self._gap_logons += 1
        return sequence.seen < m.last_seq

    def on_ask_again(self, m: AskAgain) -> None:
        self.asks.begin(m.what)
        self._send_asks(self.clock.mono_ns())


_READERS = {
    wire.ExecutionReport: VenueActor._execution,
    wire.CancelReject: VenueActor._cancel_reject,
    wire.GatewayHeartbeat: VenueActor._on_heartbeat,
    wire.GatewayLogon: VenueActor._on_logon,
    wire.SecurityDefinition: VenueActor._definition,
    wire.Logout: VenueActor._logout,
    wire.PositionReport: VenueActor._position,
    wire.CollateralReport: VenueActor._collateral,
    wire.MassStatusEnd: VenueActor._mass_status_end,
    wire.MassCancelReport: VenueActor._mass_cancel,
    wire.BusinessReject: VenueActor._reject,
}
