"""What a venue answers: definitions, positions, collateral, refusals."""

from __future__ import annotations

from actors.link import MS
from actors.venue_machine import VenueMachine
from domain.definitions import NOT_ANNOUNCED
from domain.venue_news import Collateral, CollateralTold, MassCancelTold, Position, PositionsTold
from domain.venues import COLLATERAL, DAY, OLD_DAY, POSITIONS, Answered, GapClosed, NotAuthorised, VenueStage
from wire import messages as wire
from wire.instrument import instrument_of

REFUSED_PAUSE_NS = 1000 * MS
NOT_AUTHORISED = 6
COMES_LATER = (4, 6, 8)
"""Reasons of a `j` that pass by themselves: session down, logon, throttle."""

S = VenueStage


class VenueAnswers(VenueMachine):
    """The readers of everything that the venue was asked for."""

    def _undefine(self) -> None:
        for symbol in self.link.instruments:
            self.link.block(symbol, NOT_ANNOUNCED)

    def _definition(self, m: wire.SecurityDefinition, _frame: bytes, _now_ns: int) -> None:
        announced = instrument_of(m.instrument)
        before = self.link.blocked.get(announced.symbol)
        reason = self.link.defined(announced)
        if reason and reason != before:
            self._trouble("INSTRUMENT", f"{announced.symbol}: {reason}")
        if m.last:
            self._tell_changed()

    def _logout(self, m: wire.Logout, _frame: bytes, now_ns: int) -> None:
        self._trouble("LOGOUT", m.text)
        self._lose("LOGOUT", now_ns, pause_ns=REFUSED_PAUSE_NS, reconnect=False)

    def _position(self, m: wire.PositionReport, _frame: bytes, now_ns: int) -> None:
        rows = self.asks.row(m.req_id, m)
        if rows is None or not m.last:
            return
        if m.asof_seq < self.desk.last_trade_seq:  # a later trade is booked here already
            self.asks.begin(POSITIONS, None, now_ns + REFUSED_PAUSE_NS)
            return
        self.asks.end(m.req_id)
        positions = tuple(Position(*(getattr(row, name) for name in Position.__struct_fields__)) for row in rows)
        link = self.link
        self._tell_all(PositionsTold(link.name, link.state.trading_day, positions, m.asof_ns, m.asof_seq))
        self._apply(Answered(POSITIONS))

    def _collateral(self, m: wire.CollateralReport, _frame: bytes, _now_ns: int) -> None:
        rows = self.asks.row(m.req_id, m)
        if rows is None or not m.last:
            return
        self.asks.end(m.req_id)
        accounts = tuple(Collateral(*(getattr(row, name) for name in Collateral.__struct_fields__)) for row in rows)
        self._tell_all(CollateralTold(self.link.name, accounts, m.asof_ns))
        self._apply(Answered(COLLATERAL))

    def _mass_status_end(self, m: wire.MassStatusEnd, _frame: bytes, _now_ns: int) -> None:
        self._answered(self.asks.end(m.req_id))

    def _answered(self, what: str) -> None:
        if not what:
            return
        self._troubles.pop("UNANSWERED", None)  # told anew where it happens anew
        self._apply(Answered(what))
        if what == DAY and self._settling and self.link.state.gap:
            self.desk.note_passed(settled=self._target_seq)
            self.link.sequence.settle(self._target_seq)
            self._close_gap()

    def _mass_cancel(self, m: wire.MassCancelReport, _frame: bytes, _now_ns: int) -> None:
        owner = self.link.routes.owner(m.req_id)
        if owner:
            self.tell(owner, MassCancelTold(self.link.name, m.req_id, m.accepted, m.text))

    def _reject(self, m: wire.BusinessReject, frame: bytes, now_ns: int) -> None:
        what = self.asks.what(m.ref_id)
        if m.ref_type == "A":
            self._trouble("LOGON", f"logon refused: reason {m.reason}: {m.text}")
        elif what:
            self._refused(what, m, now_ns)
        else:
            self.desk.reject(m, frame, now_ns)
        if m.ref_type == "A" or (
            m.reason == NOT_AUTHORISED and (self.link.stage >= S.SYNCING or self._session_down)
        ):
            self._logon_due_ns = max(now_ns, self._logon_sent_ns + REFUSED_PAUSE_NS)
            self._linked = self._session_down = False  # whoever answers so has not been told our name
            self.asks.forget()
            self._apply(NotAuthorised(m.text))

    def _refused(self, what: str, m: wire.BusinessReject, now_ns: int) -> None:
        """A question was refused: asked again, or given up where that is safe."""
        if what == DAY or m.reason in COMES_LATER:
            self.asks.begin(what, self.link.state.old_day if what == OLD_DAY else None, now_ns + REFUSED_PAUSE_NS)
            return
        self._trouble("REFUSED", f"{what} refused: reason {m.reason}: {m.text}; going on without it")
        self.asks.end(m.ref_id)
        self._answered(what)

    def _close_gap(self) -> None:
        self._ahead_ns = 0
        self._gap_logons = 0
        self._settling = False
        self._apply(GapClosed())
