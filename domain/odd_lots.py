"""Odd lots 零碎手数: what a repair lacks, and no venue would take as an order.

A venue has least lots of an order. A part that is smaller can't be completed
nor taken back by itself: sent, it would be refused, again and again. So it is
decided here. Where the pair keeps a residual ledger, the lots leave the hedge
for it (`HedgeLeft`), and are traded away when they have grown to an order;
where it keeps none, the hedge is STRANDED with `LOTS`: a person decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from domain.hedges import Hedge, HedgeEnded, HedgeLeft, evolve, outcome

if TYPE_CHECKING:
    from domain.repair import Policy

LOTS = "LOTS"


def split(hedge: Hedge, policy: Policy, choice: str, diffs: Sequence[int]) -> list[int] | str:
    """The lots that each leg needs and that are an order; or why not.

    Left out is what stays on the residual ledger: of an open's rollback, and
    of a close, which has no way but to be completed.
    """
    kept = [
        diff if not 0 < abs(diff) < policy.min_lots[leg.plan.index] else 0
        for leg, diff in zip(hedge.legs, diffs, strict=True)
    ]
    if kept == diffs:
        return kept
    return kept if policy.leaves and (choice == "rollback" or hedge.kind == "close") else LOTS


def left(hedge: Hedge, to_units: int, now_ns: int) -> tuple[HedgeLeft, HedgeEnded]:
    """Nothing else is uneven: the odd lots leave, and the hedge ends."""
    fact = HedgeLeft(tuple(leg.net - to_units * leg.plan.per_unit for leg in hedge.legs), now_ns)
    after = evolve(hedge, fact)
    return fact, HedgeEnded(outcome(after), after.covered, now_ns)
