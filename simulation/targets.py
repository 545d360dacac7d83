"""I1: what an order or a repair may do to a leg, by what was told."""

from __future__ import annotations

from collections.abc import Callable

from simulation.agenda import Agenda
from simulation.closes import LegSeen, why_wrong
from simulation.knowledge import Knowledge, SentOrder, pair_of
from simulation.settings import NAMES


class Targets:
    """`broken(invariant, what)`: the judge's. Lots by hedge and leg.

    `plans`: its side and target; `units`: lots of a pair unit; `moved`: lots
    that other hedges have taken over, signed.
    """

    def __init__(self, agenda: Agenda, knowledge: Knowledge, min_lots: int, broken: Callable[[str, str], None]) -> None:
        self.agenda, self.knowledge, self.min_lots, self.broken = agenda, knowledge, min_lots, broken
        self.plans: dict[tuple[str, int], tuple[int, int]] = {}
        self.units: dict[tuple[str, int], int] = {}
        self.moved: dict[tuple[str, int], int] = {}

    def check(self, ref: str, order: SentOrder) -> None:
        """I1: before this order joins the leg's others."""
        now_ns = self.agenda.now_ns
        plan, target = self.plans[order.hedge, order.leg]
        others = self.knowledge.of(order.hedge, order.leg)
        moved = plan * self.moved.get((order.hedge, order.leg), 0)
        if order.sign == plan:
            held = moved + sum(o.exposed(now_ns) if o.sign == plan else -o.filled(now_ns) for o in others)
            if held + order.qty > target:
                self.broken("I1", f"{ref}: {held} + {order.qty} over the target {target}")
        else:
            held = moved + sum(o.filled(now_ns) if o.sign == plan else -o.exposed(now_ns) for o in others)
            if order.qty > held:
                self.broken("I1", f"{ref}: {order.qty} reversed of {held} filled")
            self._check_matched(ref, order, moved)

    def _check_matched(self, ref: str, order: SentOrder, moved: int) -> None:
        """I1: what is left of the leg still covers what the others hold."""
        hedge, now_ns = order.hedge, self.agenda.now_ns
        indices = [each for each in range(len(NAMES)) if (hedge, each) in self.plans]
        sent = {index: self.knowledge.of(hedge, index) for index in indices}
        if len(indices) < len(NAMES) or any(o.at_ns == now_ns for each in sent.values() for o in each):
            return  # what was read at this instant may not have reached its reader
        plan = -order.sign
        mine = sent[order.leg]
        left = moved + sum(o.exposed(now_ns) if o.sign == plan else -o.least(now_ns) for o in mine) - order.qty
        units = [(left + order.qty) // self.units[hedge, order.leg]]
        for index in indices:
            if index != order.leg:
                side = self.plans[hedge, index][0]
                off = side * self.moved.get((hedge, index), 0)
                least = off + sum(o.least(now_ns) if o.sign == side else -o.exposed(now_ns) for o in sent[index])
                units.append(least // self.units[hedge, index])
        target, per_unit = self.plans[hedge, order.leg][1], self.units[hedge, order.leg]
        if 0 <= left < min(min(units) * per_unit, target):
            self.broken("I1", f"{ref}: {left} lots are left of its leg, of {units} units there before")

    def joins(self, hedge: str, into: str, lots: list[int]) -> None:
        """Lots of an ended hedge are another's from now on; nothing is lost."""
        for index, moved in enumerate(lots):
            self.moved[hedge, index] = self.moved.get((hedge, index), 0) - moved
            self.moved[into, index] = self.moved.get((into, index), 0) + moved

    def leaves(self, hedge: str, lots: list[int]) -> None:
        """I1: only what is less than an order goes to the ledger."""
        for index, each in enumerate(lots):
            if abs(each) >= self.min_lots:
                self.broken("I1", f"{hedge}: {each} lots of leg {index} are an order, and were left")
            signed = each * self.plans[hedge, index][0]
            self.knowledge.leaves(pair_of(hedge), index, signed)
            self.moved[hedge, index] = self.moved.get((hedge, index), 0) - signed

    def check_repair(self, hedge: str, kind: str, choice: str, to_units: int) -> list[LegSeen]:
        """I1: a repair takes back what nothing covers, never what matches. Its legs, as they can be known.

        A close is not: see `closes`.
        """
        now_ns, nets = self.agenda.now_ns, self.knowledge.nets.get(pair_of(hedge), [0, 0])
        legs = []
        for index in (each for each in range(len(NAMES)) if (hedge, each) in self.plans):
            (plan, target), sent = self.plans[hedge, index], self.knowledge.of(hedge, index)
            moved = plan * self.moved.get((hedge, index), 0)
            least = moved + sum(o.least(now_ns) if o.sign == plan else -o.filled(now_ns) for o in sent)
            most = moved + sum(o.filled(now_ns) if o.sign == plan else -o.least(now_ns) for o in sent)
            legs.append(LegSeen(target, self.units[hedge, index], least, most, -plan * nets[index]))
        covered = min(min(leg.least, leg.target) // leg.per_unit for leg in legs)
        if to_units < covered:
            self.broken("I1", f"{hedge}: a repair to {to_units} units, {covered} are covered")
        wrong = why_wrong(choice, legs) if kind == "close" else ""
        if wrong:
            self.broken("I1", f"{hedge}: {wrong}")
        return legs
