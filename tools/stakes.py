"""What is open in the hands of an actor: orders, hedges, naked lots.

Thread: any; a pair's state is one value, read whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from supervisors.engine import Supervisor

VENUE = "venue/"
GATEWAY = "gateway/"


class Stake(Struct, frozen=True):
    """`orders`: live or in doubt; `hedges`: in flight; `naked`: lots by pair."""

    orders: tuple[str, ...] = ()
    hedges: tuple[str, ...] = ()
    naked: dict[str, tuple[int, ...]] = {}

    @property
    def is_open(self) -> bool:
        """Whether anything is at stake before its end."""
        return bool(self.orders or self.hedges or self.naked)

    def said(self) -> str:
        """In one line; "" where there is nothing."""
        parts = []
        if self.orders:
            parts.append(f"live orders {len(self.orders)}: {' '.join(self.orders[:8])}{' ...' if len(self.orders) > 8 else ''}")
        if self.hedges:
            parts.append(f"in flight: {' '.join(self.hedges[:8])}{' ...' if len(self.hedges) > 8 else ''}")
        if self.naked:
            parts.append("naked: " + ", ".join(f"{name} {list(lots)}" for name, lots in list(self.naked.items())[:8]))
        return "; ".join(parts)


def pair_of(name: str, pairs: dict[str, Any]) -> str:
    """The pair that an actor is, or works for; "" where it is none's."""
    if name in pairs:
        return name
    owner = name.rpartition("/")[0]
    return owner if owner in pairs else ""


def stake_of(node: Any, names: Iterable[str]) -> Stake:
    """What these actors have in their hands, those below them included."""
    pairs = node.pairs()
    orders: dict[str, None] = {}
    hedges: dict[str, None] = {}
    naked: dict[str, tuple[int, ...]] = {}
    for name in _with_children(node, names):
        kind, _, place = name.partition("/")
        venue = place if f"{kind}/" in (VENUE, GATEWAY) else ""
        mine = list(pairs) if venue else [pair_of(name, pairs)]
        for each in filter(None, mine):
            pair = pairs[each]
            legs = [leg for leg in pair.hedge.legs if venue in ("", leg.plan.venue)] if pair.hedge is not None else []
            if legs:
                hedges[pair.hedge.hedge_id] = None
            orders.update((order.cl_ord_id, None) for leg in legs for order in leg.orders if order.live)
            if any(pair.naked) and (legs or not venue):
                naked[each] = tuple(pair.naked)
    return Stake(tuple(orders), tuple(hedges), naked)


def _with_children(node: Any, names: Iterable[str]) -> list[str]:
    """The names, and all that supervisors among them keep."""
    found: dict[str, None] = {}
    left = list(names)
    while left:
        name = left.pop()
        if name in found:
            continue
        found[name] = None
        actor = node.actor(name)
        if isinstance(actor, Supervisor):
            left.extend(child.name for child in list(actor.children))
    return list(found)
