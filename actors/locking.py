"""Whether a close may open the other side instead of closing today's lots."""

from __future__ import annotations

from actors.desk import Desk
from domain.books import sides_of
from domain.firing import Aim
from domain.margin import Sums, room
from domain.pairs import Pair
from domain.pairspec import PairSpec


def has_room_to_lock(desk: Desk, spec: PairSpec, pair: Pair, aim: Aim, sums: Sums, units: int) -> bool:
    """Whether what a lock opens may be held and can be paid; else today's lots are closed, dear as they are."""
    for i, leg in enumerate(spec.legs):
        if leg.locks and spec.sends_orders:
            one = sides_of(pair.books[i])
            held = one.long if aim.sides[i] > 0 else one.short
            if held + units * aim.per_unit[i] > desk.risk.row(leg.key).limits.position_lots:
                return False
    return all(leg.instrument.larger_side for leg in spec.legs if leg.locks) or room(sums, units)[0] >= units
