"""The venue machine as an actor: facts recorded, adopted, and acted upon.

What every part of the venue actor shares: applying an event, logging on,
losing the link, asking, and telling the pairs.
"""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from actors.asks import Asks
from actors.base import Actor
from actors.link import MS, VenueLink
from actors.pulse import Pulse
from actors.reports import ReportDesk
from domain.errors import JournalError
from domain.venue_news import VenueChanged, VenueTrouble
from domain.venues import (
    DAY,
    OLD_DAY,
    Ask,
    LinkLost,
    LogonSent,
    NotAuthorised,
    PictureDoubted,
    SessionLost,
    VenueFact,
    VenueStage,
    decide,
    fold,
)
from wire import messages as wire
from wire.codec import encode, pack

LOGON_PAUSE_NS = 100 * MS
DAY_PAUSE_NS = 250 * MS
"""Least time between two logons, and between two `AF`, of one link."""
RECONNECT_NS = 2000 * MS
"""A connection that takes nothing for so long is made anew: libzmq may have given it up."""
LONG_NS = 10**15

S = VenueStage
_LOST = (LinkLost, SessionLost, NotAuthorised)
_QUIET = (LogonSent,)


class VenueMachine(Actor):
    """One venue. `strays_to`, `alerts_to`: names, "" for nobody."""

    def __init__(
        self, runtime: Any, name: str, link: VenueLink, journal: Any, strays_to: str = "", alerts_to: str = ""
    ) -> None:
        super().__init__(runtime, name)
        self.link = link
        self.asks = Asks(link.settings.node_epoch, self.epoch)
        self.desk = ReportDesk(link, journal, self.tell, self._journal_failed, strays_to, self._is_retelling)
        self.dropped = 0
        self._troubles: dict[str, str] = {}
        settings = link.settings
        self._journal = journal
        self._alerts_to = alerts_to
        self._tick_ns = settings.tick_ms * MS
        self._pulse = Pulse(settings.heartbeat_timeout_ms * MS, settings.cancel_on_disconnect_ms * MS)
        self._told: VenueChanged | None = None
        self._linked = False
        self._session_down = False
        self._logon_due_ns = 0
        self._logon_sent_ns = self._day_asked_ns = -LONG_NS
        self._reconnected_ns = self.clock.mono_ns()
        self._logon_wait_ns = settings.logon_timeout_ms * MS
        self._logon_wanted = False
        self._target_seq = 0
        self._ahead_ns = self._gap_ns = 0
        self._gap_logons = 0
        self._settling = False
        self._hung_ns = self.clock.mono_ns()

    # ------------------------------------------------ the machine

    def _apply(self, event: VenueFact) -> None:
        """Decide, journal, adopt, perform; nothing where nothing changes."""
        link = self.link
        before = link.state
        decision = decide(before, event)
        if not decision.facts:
            return
        after = fold(before, decision.facts)
        is_flap = type(event) is LinkLost and before.stage is S.CONNECTING
        if after != before and not is_flap and type(event) not in _QUIET:
            self._record(decision.facts, decision.commands)
        link.adopt(after)
        for command in decision.commands:
            if type(command) is Ask:
                self._begin(command, is_doubt=type(event) is PictureDoubted)
            else:
                self._logon_wanted = True
        self._perform()
        self._tell_changed(lost=type(event) in _LOST)

    def _is_retelling(self, now_ns: int) -> bool:
        """Whether a report that is told again may be of the day; it is one more of it then."""
        coming = [self.asks.comes(what, now_ns) for what in (OLD_DAY, DAY)]
        return any(coming) or self.link.state.gap

    def _record(self, facts: tuple[VenueFact, ...], commands: tuple[Any, ...]) -> None:
        self.desk.note_passed()
        body = {
            "actor": self.name,
            "facts": [to_builtins(fact) for fact in facts],
            "commands": [[type(command).__name__, *to_builtins(command).values()] for command in commands],
        }
        try:
            self._journal.append("venue", pack(body))
        except JournalError as error:
            self._journal_failed(error)

    def _perform(self) -> None:
        now_ns = self.clock.mono_ns()
        if self._logon_wanted and now_ns >= self._logon_sent_ns + LOGON_PAUSE_NS:
            self._logon(now_ns)
        self._send_asks(now_ns)

    def _begin(self, command: Ask, *, is_doubt: bool) -> None:
        """At once, but for broken frames that come faster than answers."""
        due_ns = self._day_asked_ns + DAY_PAUSE_NS if is_doubt else 0
        self.asks.begin(command.what, command.trading_day, due_ns)

    def _send_asks(self, now_ns: int) -> None:
        link = self.link
        if link.stage < S.SYNCING or link.trade is None:
            return
        for what, req_id, message in self.asks.due(now_ns):
            if not link.trade.send(encode(message)):
                link.send_failed = True
                return
            if what == DAY:
                self._day_asked_ns = now_ns
            if self.asks.asked(what, req_id, now_ns):
                self._trouble("UNANSWERED", f"{what} was asked for again and again, and no answer came to its end")

    def _tell_changed(self, *, lost: bool = False) -> None:
        news = self.link.changed(lost=lost)
        if self._told is not None and not lost and _same(news, self._told):
            return
        self._told = news
        self._tell_all(news)

    def _tell_all(self, message: Any) -> None:
        for name in self.link.watchers:
            self.tell(name, message)

    def _trouble(self, code: str, text: str) -> None:
        """Tell a person; the same words again and again only once."""
        if self._troubles.get(code) == text:
            return
        self._troubles[code] = text
        self.runtime.log("venue_trouble", venue=self.link.name, code=code, text=text)
        if self._alerts_to:
            self.tell(self._alerts_to, VenueTrouble(self.link.name, code, text))

    def _journal_failed(self, error: JournalError) -> None:
        if not self.link.journal_failed:
            self.link.journal_failed = True
            self._trouble("JOURNAL", str(error))
            self._tell_changed()

    # ------------------------------------------------ logon and loss

    def _logon(self, now_ns: int) -> None:
        link = self.link
        settings, sequence = link.settings, link.sequence
        wait_ns = link.reconnects.wait_ns(now_ns)
        if wait_ns:  # `on_tick` comes again
            self._logon_due_ns = now_ns + wait_ns
            self._trouble("RECONNECTS", f"{link.reconnects.burst} reconnects in a row and no rest: one each {link.reconnects.every_ns // MS} ms from now on")
            return
        body = encode(
            wire.Logon(
                wire.PROTOCOL_VERSION,
                settings.node,
                settings.node_epoch,
                sequence.epoch,
                sequence.seen,
                settings.cancel_on_disconnect_ms,
            )
        )
        self._logon_wanted = False
        if link.trade.connected and link.trade.send(body):
            link.reconnects.take(now_ns)
            self._logon_sent_ns = now_ns
            self._apply(LogonSent())
        elif link.stage > S.DOWN:
            self._lose("SEND", now_ns)
        elif now_ns - self._reconnected_ns > RECONNECT_NS:
            self._reconnect(now_ns)

    def _lose(self, why: str, now_ns: int, *, pause_ns: int = 0, reconnect: bool = True) -> None:
        """The link is lost: what waits in the socket must not leave later."""
        link = self.link
        self._linked = self._session_down = False
        self._logon_wanted = link.send_failed = self._settling = False
        self._gap_logons = 0
        self._logon_due_ns = now_ns + pause_ns
        self.asks.forget()
        if reconnect and link.trade is not None:
            self._reconnect(now_ns)
        self._apply(LinkLost(why))

    def _reconnect(self, now_ns: int) -> None:
        self._reconnected_ns = now_ns
        self.link.trade.reconnect()


def _same(one: VenueChanged, other: VenueChanged) -> bool:
    return (one.stage, one.why, one.epoch, one.trading_day, one.blocked, one.can_open) == (
        other.stage,
        other.why,
        other.epoch,
        other.trading_day,
        other.blocked,
        other.can_open,
    )
