"""The judge of closes: what may be closed, and when one may be taken back.

A close is completed. It is taken back only where what it lacks is no longer
held: a later hedge has closed it, and to complete it would open. A close that
a venue refuses for want of lots may have been wrong about the day once, around
a settlement or where the venue's days are others than it has told: it is asked,
and the next one must fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from simulation.knowledge import Knowledge, pair_of


class LegSeen(Struct):
    """A leg of a hedge, as far as it can be known at this instant.

    `least`, `most`: lots towards its target; `held`: lots that its side closes.
    """

    target: int
    per_unit: int
    least: int
    most: int
    held: int

    def missing(self, units: int, lots: int) -> int:
        """Lots short of so many units."""
        return min(units * self.per_unit, self.target) - lots


def reached(legs: list[LegSeen], *, most: bool) -> int:
    """The units that would cover all that is filled, at least or at most."""
    return max(-(-(leg.most if most else leg.least) // leg.per_unit) for leg in legs)


def may_be_gone(legs: list[LegSeen]) -> bool:
    """Whether a leg may lack more than is held of it."""
    units = reached(legs, most=True)
    return any(leg.missing(units, leg.least) > leg.held for leg in legs)


def is_gone(legs: list[LegSeen]) -> bool:
    """Whether one surely does."""
    units = reached(legs, most=False)
    return any(leg.missing(units, leg.most) > max(0, leg.held) for leg in legs)


def why_wrong(choice: str, legs: list[LegSeen]) -> str:
    """What is wrong with such a repair of a close, or ""."""
    if len(legs) < 2:
        return ""
    if choice == "rollback" and not any(leg.most > leg.target for leg in legs) and not may_be_gone(legs):
        return "a close is taken back"
    return "a close is completed with what is not held" if choice == "replenish" and is_gone(legs) else ""


class Mismatches:
    """Closes of lots that are not there, though the node was told all."""

    def __init__(self, broken: Callable[[str, str], None], bound_ns: int) -> None:
        self._broken = broken
        self._bound_ns = bound_ns
        self._since: dict[tuple[str, int], tuple[int, str]] = {}
        """By hedge and leg: when the first was excused, and which it was. By venue and pair, where its days are others unannounced: each asks when it is refused."""
        self._asked: dict[str, int] = {}
        """By venue: when it last told its positions."""

    def told(self, venue: str, m: list[Any], now_ns: int) -> None:
        """The node read a frame."""
        if m[0] == "AP" and m[-1]:
            self._asked[venue] = now_ns

    def begins(self, venue: Any, orders: list[list[Any]], knowledge: Knowledge, now_ns: int) -> None:
        """I7: a close takes today's lots, which cost more, where older ones would do. `orders`: of one leg."""
        todays = sum(order[5] for order in orders if order[8] == "T")
        if not todays or venue.is_mismatched or venue.account.sides is not None or now_ns - venue.rolled_ns < self._bound_ns:
            return
        if any(each.cum != knowledge.orders[ref].cum or knowledge.orders[ref].at_ns == now_ns for ref, each in venue.orders.items() if ref in knowledge.orders):
            return  # not all of it is known
        there, older = venue.account.closable(orders[0][4], "Y"), sum(order[5] for order in orders if order[8] == "Y")
        if older < there:
            self._broken("I7", f"{orders[0][1]}: {todays} of today's lots while {there - older} older ones are held")

    def check(self, venue: Any, order: Any, knowledge: Knowledge, now_ns: int) -> None:
        """I7: one that the venue will refuse."""
        sent = knowledge.orders[order.ref]
        key = (f"{venue.name} {pair_of(sent.hedge)}", -1) if venue.is_mismatched else (sent.hedge, sent.leg)
        first_ns, first = self._since.get(key, (-1, ""))
        told = knowledge.orders.get(first)
        heard_ns = first_ns if told is None else max(first_ns, told.at_ns if told.done else now_ns)  # that it was refused: it may never be told
        if (venue.is_mismatched or now_ns - venue.rolled_ns < self._bound_ns) and (first_ns < venue.rolled_ns or self._asked.get(venue.name, -1) <= heard_ns):
            self._since[key] = now_ns, order.ref
            return
        known = [(knowledge.orders[ref], each) for ref, each in venue.orders.items() if ref in knowledge.orders]
        if all(mine.cum == each.cum and mine.moved_ns <= sent.sent_ns for mine, each in known):  # nothing was heard while it was on its way
            account = venue.account
            self._broken("I7", f"{order.ref}: {order.offset} {order.qty} of {account.today} today's, {account.old} older lots")
