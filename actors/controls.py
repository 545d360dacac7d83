"""The operators' words for markets and pairs, kept and applied.

A word is recorded, adopted, and then told to the pairs: what it bars is barred
in that moment, for each order of pairs and repairs asks `desk.holds`. A
journal that fails does not keep a kill from working.
"""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct, convert, to_builtins
from msgspec.structs import replace

from domain import controls
from domain.advance import overrun
from domain.controls import FREE, ControlFact, Controls, Hold, both, hold_of, scopes_of
from domain.errors import JournalError
from domain.pairs import Mode
from domain.pairspec import PairSpec
from wire.codec import pack, unpack

KIND = "operator"


class HoldChanged(Struct, frozen=True):
    """To a pair: what is barred for it is another thing now."""

    lane: ClassVar[int] = 0

    cause: int


def fold_word(state: Controls, body: bytes) -> Controls:
    """The controls after a record of kind `operator`; others change nothing."""
    for fact in unpack(body).get("facts", ()):
        state = controls.evolve(state, convert(fact, ControlFact))
    return state


class ControlDesk:
    """What holds for each pair. `holds` has only those that are held.

    Thread: the lane. `modes`: each pair's own, as it stands at the start.
    """

    def __init__(self, desk: Any, specs: tuple[PairSpec, ...], state: Controls) -> None:
        self.state = state
        self.record = FREE
        """What the state of the journal bars for every pair."""
        self.by_hand: set[str] = set()
        """Pairs whose hedge in flight a person has sent back: on record in the hedge itself."""
        self._desk = desk
        self._specs: dict[str, PairSpec] = {}
        self._scopes: dict[str, tuple[str, ...]] = {}
        self.enlist(specs)
        for name in self._specs:
            hedge = self._hedge(name)
            if hedge is not None:  # before any child of it is started, which would go on of itself
                desk.revoked.update(mandate.mandate_id for mandate in overrun(hedge))

    def enlist(self, specs: tuple[PairSpec, ...]) -> None:
        """These are the pairs now; what is barred for them holds at once."""
        before, scopes, others = self._specs, self._scopes, []
        self._specs = {spec.name: spec for spec in specs}
        self._scopes = {}
        for spec in specs:
            if before.get(spec.name) is spec:
                self._scopes[spec.name] = scopes[spec.name]
            else:
                self._scopes[spec.name] = scopes_of(spec.name, [leg.key for leg in spec.legs], spec.strategy)
                others.append(spec.name)
        for name in scopes.keys() - self._scopes.keys():
            self._desk.holds.pop(name, None)
        self._refresh_all(others)

    def pairs_in(self, scope: str) -> list[str]:
        """The pairs that a scope holds."""
        return [name for name, scopes in self._scopes.items() if scope in scopes]

    def scopes(self, name: str) -> tuple[str, ...]:
        """Every scope that a pair lies in."""
        return self._scopes[name]

    def hold(self, name: str) -> Hold:
        """What is barred for a pair now."""
        return self._desk.holds.get(name, FREE)

    def needs_person(self, name: str) -> bool:
        """Whether a kill, or a difference of positions, stands until a person has ended it."""
        words = (self.state.modes.get(scope) for scope in self._scopes[name])
        killed = any(scope in self.state.kills for scope in self._scopes[name])
        return killed or any(word is not None and word.operator == controls.RECONCILER for word in words)

    def refresh(self, name: str, mode: Mode) -> None:
        """Compute a pair's hold again: its own mode may have changed."""
        hold = both(hold_of(self.state, mode, self._scopes[name]), self.record)
        hedge = self._hedge(name)
        self.by_hand.discard(name)
        if hedge is not None and hedge.sent_back:
            self.by_hand.add(name)
            hold = both(hold, Hold(f"ROLLBACK {hedge.hedge_id}", opens=True, goes_back=True))
        if hold.flatten and hold.frozen:
            hold = replace(hold, flatten=False)
        if hold == FREE:
            self._desk.holds.pop(name, None)
        else:
            self._desk.holds[name] = hold

    def _hedge(self, name: str) -> Any:
        """The hedge in flight of a pair, as its journal has it."""
        memory = self._desk.memories.get(name)
        return None if memory is None else memory.pair.hedge

    def let_go(self, name: str, mode: Mode) -> None:
        """The hedge in flight of a pair has ended: what was barred for it alone is not any more."""
        if name in self.by_hand:
            self.refresh(name, mode)

    def apply(self, fact: ControlFact, verb: str) -> tuple[int, list[str]]:
        """Record and adopt a word; the record, and the pairs to be told.

        Raises: IllegalTransition, with nothing changed.
        """
        state = controls.evolve(self.state, fact)
        body = {
            "actor": "node/controls",
            "verb": verb,
            "scope": fact.scope,
            "operator": fact.operator,
            "reason": fact.reason,
            "facts": [to_builtins(fact)],
        }
        try:
            seq = self._desk.journal.append(KIND, pack(body))
        except JournalError as error:
            self._desk.journal_failed = str(error)
            seq = 0
        self.state = state
        names = self.pairs_in(fact.scope)
        self._refresh_all(names)
        return seq, names

    def hold_all(self, hold: Hold) -> list[str]:
        """What the journal's state bars now, for every pair; their names."""
        self.record = hold
        names = list(self._scopes)
        self._refresh_all(names)
        return names

    def _refresh_all(self, names: list[str]) -> None:
        for name in names:
            memory = self._desk.memories.get(name)
            self.refresh(name, Mode.ACTIVE if memory is None else memory.pair.mode)
