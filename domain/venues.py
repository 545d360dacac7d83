"""The venue machine: what may be sent to one venue, as one table.

    DOWN -> CONNECTING -> SYNCING -> RECONCILED -> OPEN

CONNECTING: our logon is out, nothing else may leave. SYNCING: logged on;
cancels and queries leave, and the venue is asked for the day (`AF`), positions
(`AN`) and collateral (`BB`). RECONCILED: the day is answered and no gap in the
reports is open, so repairs leave. OPEN: all is answered, new hedges leave. A
lost link or session takes it to DOWN and forgets every answer; a gap or a
dropped frame takes it back to SYNCING; a re-logon keeps the answers.

What happens to a venue is a fact at once; `decide` adds what follows from it
(Reconciled, Opened) and what must be sent. `evolve` is the table.

Source: docs/en/gateway-protocol.md, "Trade, gateway to node".
"""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct, structs

from domain.errors import IllegalTransition


class VenueStage(IntEnum):
    """Ordered: what a stage allows, every later one allows too."""

    DOWN = 0
    CONNECTING = 1
    SYNCING = 2
    RECONCILED = 3
    OPEN = 4


S = VenueStage

DAY = "AF"
POSITIONS = "AN"
COLLATERAL = "BB"
OLD_DAY = "AF-old"
"""What is asked for; OLD_DAY is the `AF` of the trading day before."""
EVERY_ANSWER = (DAY, POSITIONS, COLLATERAL)


# ------------------------------------------------------------------ facts


class VenueFact(Struct, frozen=True, array_like=True):
    """Something that happened to the link or the session of a venue."""


class LogonSent(VenueFact, tag=True):
    """Our `A` left; the gateway may be sent nothing else until it answers."""


class LoggedOn(VenueFact, tag=True):
    """The gateway's `A` came; `answers`: what it can be asked for.

    `gap`: it has reports that the node has not, which it sends again now.
    """

    epoch: int
    trading_day: str
    answers: tuple[str, ...]
    gap: bool = False


class LinkLost(VenueFact, tag=True):
    """Heartbeats stopped, the connection broke, or the gateway logged out."""

    why: str


class SessionLost(VenueFact, tag=True):
    """The gateway lives, but the venue's own session is not logged on."""


class NotAuthorised(VenueFact, tag=True):
    """A `j` 6: our logon is not, or no longer, the one that is served."""

    text: str


class EpochChanged(VenueFact, tag=True):
    """The gateway began a new numbering: a new process or trading day."""

    epoch: int


class GapOpened(VenueFact, tag=True):
    """A report is missing: after `seen`, the venue is at `last`."""

    seen: int
    last: int


class GapClosed(VenueFact, tag=True):
    """No report is missing any more."""


class PictureDoubted(VenueFact, tag=True):
    """A frame was dropped, or a gap was not filled: the day is asked again."""

    why: str


class Answered(VenueFact, tag=True):
    """What was asked for came, complete with its end."""

    what: str


class Reconciled(VenueFact, tag=True):
    """The day is answered and no report is missing."""


class Opened(VenueFact, tag=True):
    """Everything that was asked for is answered."""


# ------------------------------------------------------------------ the table

_LIVE = (S.SYNCING, S.RECONCILED, S.OPEN)
_LINKED = (S.CONNECTING, *_LIVE)

TRANSITIONS: dict[tuple[VenueStage, type], VenueStage] = {
    (S.DOWN, LogonSent): S.CONNECTING,
    (S.CONNECTING, LogonSent): S.CONNECTING,
    (S.CONNECTING, LoggedOn): S.SYNCING,
    (S.CONNECTING, GapOpened): S.CONNECTING,
    (S.CONNECTING, GapClosed): S.CONNECTING,
    (S.CONNECTING, PictureDoubted): S.CONNECTING,
    (S.CONNECTING, Answered): S.CONNECTING,
    (S.SYNCING, Answered): S.SYNCING,
    (S.SYNCING, GapClosed): S.SYNCING,
    (S.SYNCING, Reconciled): S.RECONCILED,
    (S.RECONCILED, Answered): S.RECONCILED,
    (S.RECONCILED, Opened): S.OPEN,
    **{(s, LogonSent): S.CONNECTING for s in _LIVE},
    **{(s, GapOpened): S.SYNCING for s in _LIVE},
    **{(s, PictureDoubted): S.SYNCING for s in _LIVE},
    **{(s, EpochChanged): S.SYNCING for s in _LIVE},
    **{(s, LinkLost): S.DOWN for s in _LINKED},
    **{(s, SessionLost): S.DOWN for s in _LINKED},
    **{(s, NotAuthorised): S.DOWN for s in _LINKED},
}

TERMINAL = ()

_LOGON_ASKS_ALL = "a logon after a loss asks for everything anyway"
IGNORED: dict[tuple[VenueStage, type], str] = {
    (S.DOWN, LoggedOn): "an answer from before the loss, or a push: the next logon is answered anew",
    (S.DOWN, LinkLost): "it is down already",
    (S.DOWN, SessionLost): "it is down already",
    (S.DOWN, NotAuthorised): "it is down already",
    (S.DOWN, EpochChanged): _LOGON_ASKS_ALL,
    (S.DOWN, GapOpened): _LOGON_ASKS_ALL,
    (S.DOWN, GapClosed): _LOGON_ASKS_ALL,
    (S.DOWN, PictureDoubted): _LOGON_ASKS_ALL,
    (S.DOWN, Answered): "an answer to a question from before the loss",
    (S.CONNECTING, EpochChanged): "the logon that is out is answered in the new epoch",
    (S.RECONCILED, GapClosed): "no gap is open",
    (S.OPEN, GapClosed): "no gap is open",
    (S.OPEN, Answered): "asked again for another reason: a fresh answer changes no stage",
    **{(s, LoggedOn): "the same logon told twice: the one before it was taken" for s in _LIVE},
}
"""Cells that change nothing, and why; every other cell is illegal."""

FACTS = (
    LogonSent,
    LoggedOn,
    LinkLost,
    SessionLost,
    NotAuthorised,
    EpochChanged,
    GapOpened,
    GapClosed,
    PictureDoubted,
    Answered,
    Reconciled,
    Opened,
)


class VenueState(Struct, frozen=True):
    """One venue as the node knows it.

    `waits`: what is not answered yet; `old_day`: the trading day before, while
    it is not; `why`: what keeps the venue from being open.
    """

    stage: VenueStage = S.DOWN
    epoch: int = 0
    trading_day: str = ""
    waits: tuple[str, ...] = EVERY_ANSWER
    gap: bool = False
    why: str = "START"
    old_day: str = ""

    @property
    def can_cancel(self) -> bool:
        return self.stage >= S.SYNCING

    @property
    def can_repair(self) -> bool:
        return self.stage >= S.RECONCILED

    @property
    def can_open(self) -> bool:
        return self.stage is S.OPEN


def evolve(state: VenueState, fact: VenueFact) -> VenueState:
    """The venue after the fact. Raises: IllegalTransition."""
    kind = type(fact)
    to = TRANSITIONS.get((state.stage, kind))
    if to is None:
        if (state.stage, kind) in IGNORED:
            return state
        raise IllegalTransition(f"venue: {kind.__name__} in {state.stage.name}")
    return _CHANGES[kind](state, fact, to)


def _moved(state: VenueState, to: VenueStage, why: str | None = None, **changes: object) -> VenueState:
    return structs.replace(state, stage=to, why=state.why if why is None else why, **changes)


def _lost(state: VenueState, to: VenueStage, why: str) -> VenueState:
    """Every answer is forgotten: the venue may have moved meanwhile."""
    waits = (OLD_DAY, *EVERY_ANSWER) if OLD_DAY in state.waits else EVERY_ANSWER
    return _moved(state, to, why, waits=waits, gap=False)


def _logged_on(state: VenueState, fact: LoggedOn, to: VenueStage) -> VenueState:
    waits = state.waits if fact.epoch == state.epoch else _lost(state, to, "").waits
    waits = tuple(what for what in waits if what == OLD_DAY or what in fact.answers)
    old_day = state.old_day
    if DAY in fact.answers and state.trading_day not in {"", fact.trading_day}:
        old_day = state.trading_day
        waits = (OLD_DAY, *(what for what in waits if what != OLD_DAY))
    return VenueState(to, fact.epoch, fact.trading_day, waits, fact.gap, "SYNCING", old_day)


def _doubted(state: VenueState, fact: PictureDoubted, to: VenueStage) -> VenueState:
    waits = state.waits if DAY in state.waits else (DAY, *state.waits)
    return _moved(state, to, fact.why, waits=waits)


def _answered(state: VenueState, fact: Answered, to: VenueStage) -> VenueState:
    return _moved(state, to, waits=tuple(what for what in state.waits if what != fact.what))


_CHANGES = {
    LogonSent: lambda s, _, to: _moved(s, to),
    LoggedOn: _logged_on,
    LinkLost: lambda s, f, to: _lost(s, to, f.why),
    SessionLost: lambda s, _, to: _lost(s, to, "SESSION"),
    NotAuthorised: lambda s, _, to: _lost(s, to, "NOT_AUTHORISED"),
    EpochChanged: lambda s, _, to: _lost(s, to, "EPOCH"),
    GapOpened: lambda s, _, to: _moved(s, to, "GAP", gap=True),
    GapClosed: lambda s, _, to: _moved(s, to, gap=False),
    PictureDoubted: _doubted,
    Answered: _answered,
    Reconciled: lambda s, _, to: _moved(s, to),
    Opened: lambda s, _, to: _moved(s, to, ""),
}


# ------------------------------------------------------------------ decide


class SendLogon(Struct, frozen=True):
    """Send `A`, with the epoch and the last seq that are on record."""


class Ask(Struct, frozen=True):
    """Ask the venue: DAY, OLD_DAY, POSITIONS or COLLATERAL."""

    what: str
    trading_day: str | None = None


class Decision(Struct, frozen=True):
    facts: tuple[VenueFact, ...]
    commands: tuple[SendLogon | Ask, ...] = ()


NOTHING = Decision(())


def decide(state: VenueState, event: VenueFact) -> Decision:
    """What an event makes of a venue: facts, and what is to be sent.

    Raises: IllegalTransition for a pair that the table doesn't have.
    """
    if (state.stage, type(event)) in IGNORED:
        return NOTHING
    after = evolve(state, event)
    facts: list[VenueFact] = [event]
    commands = _commands(after, event)
    for follow_up, holds in ((Reconciled(), _is_reconciled), (Opened(), _is_open)):
        if holds(after):
            facts.append(follow_up)
            after = evolve(after, follow_up)
    return Decision(tuple(facts), commands)


def _is_reconciled(state: VenueState) -> bool:
    return state.stage is S.SYNCING and not state.gap and DAY not in state.waits and OLD_DAY not in state.waits


def _is_open(state: VenueState) -> bool:
    return state.stage is S.RECONCILED and not state.waits


def _commands(after: VenueState, event: VenueFact) -> tuple[SendLogon | Ask, ...]:
    kind = type(event)
    if kind is LoggedOn:
        return tuple(Ask(what, after.old_day if what == OLD_DAY else None) for what in after.waits)
    if kind is PictureDoubted and after.stage is S.SYNCING:
        return (Ask(DAY),)
    if kind in {GapOpened, EpochChanged} and after.stage is S.SYNCING:
        return (SendLogon(),)
    return ()


def fold(state: VenueState, facts: tuple[VenueFact, ...]) -> VenueState:
    """The venue after all these facts."""
    for fact in facts:
        state = evolve(state, fact)
    return state
