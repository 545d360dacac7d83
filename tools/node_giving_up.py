"""What takes the place of a pair whose restarts came to an end.

Its flattener, under its own name. A person has the pair raised anew.
"""

from __future__ import annotations

from typing import Any

from actors.deaths import Reason
from actors.flattener import Flattener
from domain.reports import OrderReport
from supervisors.spec import ChildSpec
from supervisors.tree import group_of
from tools.node_covers import children_of

PAIRS = "node/pairs"


class GivingUp:
    """Which pairs were given up, and why. Thread: the lane."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self.given: dict[str, str] = {}

    def may(self, name: str, _reason: Reason) -> bool:
        """A pair may, once; what stands in for it never."""
        return group_of(name) not in self.given

    def gave_up(self, name: str, reason: Reason) -> None:
        """Put the flattener in its place; it says what it finds."""
        node, pair = self.node, group_of(name)
        self.given[pair] = f"{name}: {reason!r}"
        others = tuple(child.name for child in self._own(pair) if child.name != pair)
        supervisor = node.runtime.mailbox(PAIRS).actor
        supervisor.cut(others)
        self._forward(others, pair)
        supervisor.instead(self.children(pair)[0], ())
        node.respec()

    def _forward(self, names: tuple[str, ...], pair: str) -> None:
        """Reports that waited for its repairs are its own now."""
        for name in names:
            waiting = self.node.runtime.mailbox(name).orders
            while waiting:
                message = waiting.popleft()
                if isinstance(message, OrderReport):
                    self.node.runtime.tell(pair, message)
            self.node.runtime.forget(name)

    def children(self, pair: str) -> tuple[ChildSpec, ...]:
        """The pair's group; the flattener alone where it was given up."""
        if pair not in self.given:
            return self._own(pair)
        return (ChildSpec(pair, (Flattener, (self.node.desk, self.node.by_name[pair], self.given[pair]))),)

    def _own(self, pair: str) -> tuple[ChildSpec, ...]:
        return children_of(self.node.by_name[pair], self.node.desk, self.node.machine)

    def why_not_yet(self, pair: str) -> str:
        """Why it can't be raised anew now, "" where it can."""
        supervisor, state = self.node.actor(PAIRS), self.node.pairs()[pair]
        if supervisor is None or supervisor.is_stopping:
            return "other pairs are being raised again: ask once more"
        if state.hedge is not None:
            return f"its hedge {state.hedge.hedge_id} is {state.hedge.status}: once that has ended"
        return f"naked lots {list(state.naked)}: once they are gone" if any(state.naked) else ""

    def revive(self, pair: str) -> None:
        """Its own actors again, from its state. Raises: StartFailed, with the flattener back."""
        why = self.given.pop(pair)
        supervisor = self.node.runtime.mailbox(PAIRS).actor
        supervisor.forgive(pair)
        is_up = False
        try:
            supervisor.swap(self._own(pair))
            is_up = True
        finally:
            if not is_up:
                self.given[pair] = why
                supervisor.instead(self.children(pair)[0], tuple(child.name for child in self._own(pair) if child.name != pair))
        self.node.respec()
