"""What a close of a pair may take where a venue's days are apart."""

from __future__ import annotations

from collections.abc import Iterable

from actors.desk import Desk
from domain.closable import there
from domain.firing import Aim
from domain.pairs import Pair
from domain.pairspec import PairSpec
from domain.positions import Held


def closable_of(
    desk: Desk, spec: PairSpec, splits: Iterable[int], pair: Pair, aim: Aim
) -> list[tuple[int, int] | None]:
    """Of each leg whose days are apart: (yesterday's, today's) lots that a close may take."""
    found: list[tuple[int, int] | None] = [None] * len(spec.legs)
    for i in splits:
        key, side = spec.legs[i].key, aim.sides[i]
        others = [
            desk.memories[name].pair.books[at]
            for name, at in desk.holders.get(key, ())
            if name != spec.name and name in desk.memories
        ]
        told = desk.positions.get(key)
        if told is not None:
            held = Held()
            for book in (pair.books[i], *others):
                held.add(book)
            told = told if held == told.ours else None  # fills since: it says no more what is there
        taken = desk.closable.taken(key, side, spec.name)
        found[i] = there(pair.books[i], others, side, taken, None if told is None else told.position)
    return found
