"""CHOICE: which way out a repair takes, and what it may use for it.

From records alone. The two ways are weighed by what was paid and what is
shown; the cheaper one is taken, or what the policy puts first. A way is barred
for a reason that holds. A mandate is called back for a reason. Completing leaves the last orders for reversals, and
an open's completion half of the time; giving up for want of time takes all of
it. Of an order that nothing ends there is one mass cancel.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isclose, isfinite
from typing import Any

from simulation.agenda import MS
from simulation.closes import LegSeen, reached
from simulation.seen import RecordedOrder
from simulation.settings import Shape

KEPT = 4
"""Orders of a hedge that only reversals may use."""
LATE = "replenish has had its time"
WORDS = ("HedgeClaimed", "HedgeSentBack", "HedgeAimed")
"""Facts for which a mandate may be called back."""
FIRST = {"replenish_first": "replenish", "rollback_first": "rollback"}


class Choices:
    """`broken(invariant, what)`: the judge's; `records`, `touches`: its orders, and its triggers' prices by hedge and leg."""

    def __init__(
        self,
        shape: Shape,
        records: dict[str, RecordedOrder],
        touches: dict[tuple[str, int], int],
        broken: Callable[[str, str], None],
    ) -> None:
        self.shape, self.records, self.touches, self.broken = shape, records, touches, broken
        self.budget_ns = shape.value("naked_budget_ms") * MS
        self._naked_ns: dict[str, int] = {}
        """Since when each hedge's time runs, by its own records."""
        self._mass: set[str] = set()
        self._given: dict[tuple[str, int], int] = {}
        """When the mandate that is out was given, by hedge and leg."""
        self._news_ns: dict[str, int] = {}
        """When something was last heard of a hedge that may call its mandates back; "": of all."""

    # ------------------------------------------------ time

    def fact(self, hedge: str, name: str, fact: list[Any], now_ns: int) -> None:
        """A fact of a hedge as a whole."""
        if name in WORDS:
            self.news(hedge, now_ns)
        if name == "HedgeSettling":
            self._naked_ns.setdefault(hedge, fact[2])
        elif name == "HedgeExposed":
            self._naked_ns[hedge] = fact[1]
        elif name in ("HedgeRetried", "HedgeReopened"):
            self._naked_ns[hedge] = fact[2]
        elif name == "HedgeEnded":
            self._naked_ns.pop(hedge, None)
        elif name == "HedgeStranded" and fact[1] == "BUDGET":
            since_ns = self._naked_ns.get(hedge)
            if since_ns is not None and fact[3] - since_ns < self.budget_ns:
                self.broken("CHOICE", f"{hedge} is given up for its time after {(fact[3] - since_ns) // MS} ms of {self.budget_ns // MS}")

    def sent_back(self, hedge: str, at_ns: int) -> None:
        """A person has it tried again so."""
        self._naked_ns[hedge] = at_ns

    # ------------------------------------------------ the choice

    def chosen(self, hedge: str, fact: list[Any], legs: list[LegSeen], sides: list[int]) -> None:
        """A decision between the two ways. `sides`: of its legs, by their targets."""
        _, choice, _, complete, back, why_no_complete, why_no_back, reason = fact
        costs = {"replenish": complete, "rollback": back}
        taken, other = costs.pop(choice), next(iter(costs.values()))
        barred = {"replenish": why_no_complete, "rollback": why_no_back}
        if barred[choice]:
            self.broken("CHOICE", f"{hedge}: {choice} is taken, barred by {barred[choice]}")
        if reason == "cheaper" and not taken[4] <= other[4]:
            self.broken("CHOICE", f"{hedge}: {choice} for {taken[4]} is taken as the cheaper, {other[0]} would be {other[4]}")
        first = FIRST.get(self.shape.policy)
        if first is not None and not (why_no_complete or why_no_back) and choice != first and reason != LATE:
            self.broken("CHOICE", f"{hedge}: {choice} is taken, by {self.shape.policy}")
        if why_no_complete == "OVERFILLED" and self._is_short(legs):
            self.broken("CHOICE", f"{hedge}: nothing is said to be missing of {legs}")
        for way in (complete, back):
            self._weighed(hedge, way, sides)

    def _is_short(self, legs: list[LegSeen]) -> bool:
        units = reached(legs, most=False)
        return any(leg.missing(units, leg.most) > 0 for leg in legs)

    def _weighed(self, hedge: str, way: list[Any], sides: list[int]) -> None:
        """The terms of one way: each order against what it is measured by, and their sum."""
        _, orders, edge, penalty, total = way
        summed = penalty - edge
        for index, side, qty, reference, expected, _, slippage, fees in orders:
            summed += slippage + fees
            mine = self.touches[hedge, index] if side == sides[index] else self._paid(hedge, index, sides[index])
            if mine is not None and not isclose(reference, mine, abs_tol=1e-6):
                self.broken("CHOICE", f"{hedge}: leg {index} is weighed against {reference}, which should be {mine}")
            if isfinite(slippage) and not isclose(slippage, (expected - reference) * side * qty, abs_tol=1e-6):
                self.broken("CHOICE", f"{hedge}: {qty} of leg {index} at {expected} for {reference} cost {slippage}")
        if orders and isfinite(total) and not isclose(total, summed, abs_tol=1e-6):
            self.broken("CHOICE", f"{hedge}: the sum of {orders}, {edge} and {penalty} is told as {total}")

    def _paid(self, hedge: str, index: int, side: int) -> float | None:
        """Average price of what a leg has filled towards its target, by the facts; None where trades were changed."""
        lots = paid = 0
        for order in self.records.values():
            if order.intent[:3] == (hedge, index, side):
                if order.changed:
                    return None
                for qty, px in order.trades.values():
                    lots, paid = lots + qty, paid + qty * px
        return paid / lots if lots else float(self.touches[hedge, index])

    # ------------------------------------------------ what it may use

    def news(self, hedge: str, now_ns: int) -> None:
        """Late truth, or a word of a person: mandates may be called back for it. "": of any hedge."""
        self._news_ns[hedge] = now_ns

    def filled(self, ref: str, hedge: str, leg: int, now_ns: int, *, late: bool) -> None:
        """An order has filled otherwise: news, but for one under the mandate that is out. `late`: after its end, or undone."""
        if late or ref.rpartition(".")[2].lstrip("0123456789").startswith("h") or (hedge, leg) not in self._given:
            self.news(hedge, now_ns)

    def returned(self, hedge: str, fact: list[Any]) -> None:
        """A mandate is over: called back only where there was a reason."""
        given_ns = self._given.pop((hedge, fact[2]), None)
        heard_ns = max(self._news_ns.get(hedge, -1), self._news_ns.get("", -1))
        if fact[5] == "revoked" and given_ns is not None and heard_ns < given_ns:
            self.broken("CHOICE", f"{fact[1]} was called back, and nothing was heard since it was given")

    def mandate(self, hedge: str, kind: str, mandate: list[Any], now_ns: int) -> None:
        """What a child is given: `kind` is its hedge's."""
        ident, _, what, *_ = mandate
        self._given[hedge, mandate[3]] = now_ns
        deadline_ns, since_ns = mandate[10], self._naked_ns.get(hedge, now_ns)
        half = what == "replenish" and kind == "open"
        until_ns = max(since_ns + self.budget_ns // (2 if half else 1), now_ns + self.budget_ns // 4)
        if deadline_ns > min(until_ns, since_ns + self.budget_ns):
            self.broken("CHOICE", f"{ident} may last for {(deadline_ns - since_ns) // MS} ms")

    def completes(self, ref: str, left: int) -> None:
        """An order left that completes: so many of its hedge may leave after it."""
        if left < KEPT:
            self.broken("CHOICE", f"{ref} leaves {left} orders for reversals")

    def mass_cancelled(self, ref: str) -> None:
        """By its record."""
        if ref in self._mass:
            self.broken("I12", f"{ref}: a second mass cancel for it")
        self._mass.add(ref)
