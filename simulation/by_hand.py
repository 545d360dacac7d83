"""People who act by hand, and what each answered word must come to.

A person opens, closes, sends back, cancels and takes; the node may be killed
within a few records of the word. A word is judged from its answer on, by the
records that follow, whatever node writes them:

    HAND  a hedge that was sent back is completed no more
    HAND  under a mandate that a person has called back nothing new is sent
    HAND  of a hedge that a person has taken nothing is sent
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from actors.notes import Operate
from domain.errors import HedgerowError
from domain.legs import under
from simulation.agenda import MS

ACTS = 0.5
"""How many of the faulty seeds have such a person."""
LEAST_MS, MOST_MS = 100, 1500
KILLED = 0.4
"""How often the node dies within a few records of the word."""
OPERATOR = "hand"


class HandJudge:
    """`broken(invariant, what)`: the judge's."""

    def __init__(self, broken: Callable[[str, str], None]) -> None:
        self.broken = broken
        self.sent_back: set[str] = set()
        self.taken: set[str] = set()
        self.revoked: dict[tuple[str, int], str] = {}
        """The mandate that a person wants back, by hedge and leg."""

    def sends_back(self, hedge: str) -> None:
        """A person was told that this open goes back."""
        self.sent_back.add(hedge)

    def calls_back(self, hedge: str, leg: int, mandate: str) -> None:
        """A person was told that this mandate is called back."""
        self.revoked[hedge, leg] = mandate

    def takes(self, hedge: str) -> None:
        """A person was told that this one is theirs, now or soon."""
        self.taken.add(hedge)

    def fact(self, hedge: str | None, fact: list[Any]) -> None:
        """One fact on record."""
        name = fact[0]
        if name == "RepairChosen" and fact[1] == "replenish" and hedge in self.sent_back:
            self.broken("HAND", f"{hedge} was sent back by hand, and is completed")
        elif name in ("HedgeRetried", "HedgeSentBack"):
            self.taken.discard(hedge)  # another word, or it was whole by itself
        elif name == "OrderSubmitted" and hedge in self.taken:
            self.broken("HAND", f"{fact[1]} is sent for {hedge}, which a person has taken")
        elif name == "MandateReturned":
            self.revoked.pop((hedge, fact[2]), None)
        elif name == "OrderSubmitted" and (hedge, fact[2]) in self.revoked and fact[3] in "pb":
            self.broken("HAND", f"{fact[1]} is sent under {self.revoked[hedge, fact[2]]}, which a person has called back")


class Person:
    """Acts while `active()`; draws from an own source, so that the other faults of a seed are as without it."""

    def __init__(self, world: Any, rng: Random, active: Callable[[], bool]) -> None:
        self.world, self.rng, self.active = world, rng, active

    def comes(self) -> None:
        """Maybe: from now on somebody acts, again and again."""
        if self.rng.random() < ACTS and self.world.shape.kind != "cover":
            self._later()

    def _later(self) -> None:
        self.world.agenda.after(self.rng.randrange(LEAST_MS, MOST_MS) * MS, self._again)

    def _again(self) -> None:
        if self.active():
            self.act(self.rng.choice(self.world.shape.names))
            self._later()

    def act(self, name: str) -> bool:
        """What stands open to do by hand for that pair now; whether the node did it."""
        world = self.world
        if world.node is None or world.fuse == 0:
            return False
        actor, memory = world.node.pair_actor(name), world.node.desk.memories.get(name)
        if actor is None or memory is None:
            return False
        states, words = world.seen(), self._words(memory.pair)
        if not words:
            return False
        word = self.rng.choice(words)
        if world.fuse is None and self.rng.random() < KILLED:
            world.light(self.rng.randrange(1, 6), self.rng.randrange(10, 2000))
        before = memory.pair.hedge
        try:
            done = actor.on_operate(word)
        except HedgerowError:
            return False  # nothing can be recorded: the person is told so
        if world.fuse != 0:  # else nobody was answered
            self._said(word, before, done)
        world.count("by_hand", states)
        return "error" not in done

    def _words(self, pair: Any) -> list[Operate]:
        hedge = pair.hedge
        if hedge is None:
            verb = "close" if pair.units else "open"
            return [Operate(verb, OPERATOR, "drawn", side="sell", units=1)]
        live = [order for leg in hedge.legs for order in leg.orders if order.live]
        words = [Operate("cancel", OPERATOR, "drawn", order=order.cl_ord_id) for order in live]
        words += [Operate("rollback", OPERATOR, "drawn", hedge.hedge_id)] * (hedge.kind == "open")
        out = any(leg.mandate is not None for leg in hedge.legs)  # else it is theirs at once, and nothing can go wrong
        words += [Operate("take", OPERATOR, "drawn", hedge.hedge_id)] * (out and hedge.status == "STRANDED")
        return words

    def _said(self, word: Operate, hedge: Any, done: dict[str, Any]) -> None:
        judge = self.world.judge.by_hand
        if "error" in done:
            return
        if word.verb == "rollback":
            judge.sends_back(word.hedge)
        elif word.verb == "take":
            judge.takes(word.hedge)
        elif word.verb == "cancel":
            for leg in hedge.legs:
                if leg.mandate is not None and any(order.cl_ord_id == word.order and under(leg.mandate, order) for order in leg.orders):
                    judge.calls_back(hedge.hedge_id, leg.plan.index, leg.mandate.mandate_id)
