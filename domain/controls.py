"""Who may send what: modes and kills, of everything, a market or a pair.

An operator's word holds for a scope until another word for the same scope
ends it; it is kept over restarts. What holds for one pair is the strictest of
all words whose scope it lies in:

    block     nothing that opens; hedges in flight are repaired by going back
    freeze    no order at all: cancels, and what is naked is told
    flatten   freeze's cancels, then only orders that reduce

Scopes are texts: `all`, `market VENUE`, `symbol VENUE SYMBOL`, `strategy NAME`,
`pair NAME`.
Source: RTS 6 Art. 12.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain.alike import shared
from domain.errors import IllegalTransition
from domain.pairs import Mode

RECONCILER = "node/treasury"
"""Who stops opens where the account holds less than the pairs; a person ends that."""
ALL, MARKET, SYMBOL, STRATEGY, PAIR = "all", "market", "symbol", "strategy", "pair"


class Level(StrEnum):
    BLOCK = "block"
    FREEZE = "freeze"
    FLATTEN = "flatten"


# ------------------------------------------------------------------ facts


class ScopeModeSet(Struct, frozen=True, array_like=True, tag=True):
    """A mode for a scope; a pair's own mode is the pair's own fact."""

    scope: str
    mode: Mode
    operator: str
    reason: str


class Killed(Struct, frozen=True, array_like=True, tag=True):
    scope: str
    level: Level
    operator: str
    reason: str


class Unkilled(Struct, frozen=True, array_like=True, tag=True):
    scope: str
    operator: str
    reason: str


class PositionAccepted(Struct, frozen=True, array_like=True, tag=True):
    """A person has looked at a difference: the venue has so many lots more."""

    scope: str
    long: int
    short: int
    operator: str
    reason: str


ControlFact = ScopeModeSet | Killed | Unkilled | PositionAccepted


class Controls(Struct, frozen=True):
    """The words that hold now, by scope."""

    modes: Mapping[str, ScopeModeSet] = {}
    kills: Mapping[str, Killed] = {}
    accepted: Mapping[str, PositionAccepted] = {}


class Hold(Struct, frozen=True, gc=False):
    """What is barred for one pair. `why`: its name on the board.

    `opens`: hedges that open; `fires`: any new hedge; `frozen`: any order;
    `goes_back`: completing an open; `flatten`: what is held is closed.
    """

    why: str = ""
    opens: bool = False
    fires: bool = False
    frozen: bool = False
    goes_back: bool = False
    flatten: bool = False

    def bars_repair(self, kind: str, *, opens: bool) -> bool:
        """Whether a repair of this kind, in an open or a close, may not send."""
        return self.frozen or (self.goes_back and opens and kind == "replenish")


FREE = Hold()


def evolve(controls: Controls, fact: ControlFact) -> Controls:
    """The controls after the fact.

    Raises: IllegalTransition where no such kill holds.
    """
    if type(fact) is ScopeModeSet:
        others = {scope: word for scope, word in controls.modes.items() if scope != fact.scope}
        return replace(controls, modes=others if fact.mode is Mode.ACTIVE else {**others, fact.scope: fact})
    if type(fact) is PositionAccepted:
        modes = {scope: word for scope, word in controls.modes.items() if scope != fact.scope or word.operator != RECONCILER}
        return replace(controls, modes=modes, accepted={**controls.accepted, fact.scope: fact})
    if type(fact) is Killed:
        return replace(controls, kills={**controls.kills, fact.scope: fact})
    if fact.scope not in controls.kills:
        raise IllegalTransition(f"no kill of {fact.scope!r} holds; there are: {', '.join(controls.kills) or 'none'}")
    return replace(controls, kills={scope: word for scope, word in controls.kills.items() if scope != fact.scope})


def scopes_of(pair: str, keys: Iterable[tuple[str, str]], strategy: str = "") -> tuple[str, ...]:
    """Every scope that a pair with legs at these (venue, symbol) lies in."""
    keys = tuple(keys)
    markets = dict.fromkeys(shared(f"{MARKET} {venue}") for venue, _ in keys)
    symbols = dict.fromkeys(symbol_scope(key) for key in keys)
    group = (f"{STRATEGY} {strategy}",) if strategy else ()
    return (ALL, *markets, *symbols, *group, f"{PAIR} {pair}")


def symbol_scope(key: tuple[str, str]) -> str:
    """The scope of one instrument at one venue."""
    return f"{SYMBOL} {key[0]} {key[1]}"


def hold_of(controls: Controls, mode: Mode, scopes: Iterable[str]) -> Hold:
    """What is barred for a pair of this mode that lies in these scopes."""
    hold = _by_mode(mode, PAIR)
    for scope in scopes:
        word = controls.modes.get(scope)
        if word is not None:
            hold = both(hold, _by_mode(word.mode, scope))
        kill = controls.kills.get(scope)
        if kill is not None:
            hold = both(hold, _BY_LEVEL[kill.level](f"KILLED {kill.level} {scope}"))
    return replace(hold, flatten=hold.flatten and not hold.frozen)


def _by_mode(mode: Mode, scope: str) -> Hold:
    why = f"SUSPENDED {scope}: {mode}"
    if mode is Mode.ACTIVE:
        return FREE
    if mode is Mode.REDUCING:  # an instrument that may not be opened is not completed either
        return Hold(why, opens=True, goes_back=scope.startswith(SYMBOL))
    return Hold(why, opens=True, fires=True, frozen=mode is Mode.HALTED)


_BY_LEVEL = {
    Level.BLOCK: lambda why: Hold(why, opens=True, goes_back=True),
    Level.FREEZE: lambda why: Hold(why, opens=True, fires=True, frozen=True),
    Level.FLATTEN: lambda why: Hold(why, opens=True, fires=True, goes_back=True, flatten=True),
}


def both(one: Hold, other: Hold) -> Hold:
    """All that either bars; named by the one that bars more."""
    bars = [a or b for a, b in zip(_bars(one), _bars(other), strict=True)]
    return Hold((one if _weight(one) >= _weight(other) else other).why, *bars)


def _weight(hold: Hold) -> tuple[bool, ...]:
    return (hold.frozen, hold.fires, hold.opens, hold.goes_back)


def _bars(hold: Hold) -> tuple[bool, ...]:
    return (hold.opens, hold.fires, hold.frozen, hold.goes_back, hold.flatten)
