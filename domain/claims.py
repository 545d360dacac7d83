"""What the account's own hedges have already taken from a shown book.

Two hedges that fire on one book must not both count its lots. A claim holds
for the book that it was made on; a newer one shows what is left by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.market import Quote


class BookClaims:
    """Lots claimed by hedge, on the present book of each symbol's side."""

    __slots__ = ("_taken",)

    def __init__(self) -> None:
        self._taken: dict[tuple[tuple[str, str], int], tuple[int, dict[str, int]]] = {}

    def claim(self, quote: Quote, side: int, lots: int, owner: str) -> None:
        """An order of `side` for `lots` has left on this book."""
        slot = (quote.key, side)
        taken = self._taken.get(slot)
        if taken is None or taken[0] != quote.changed_mono_ns:
            taken = self._taken[slot] = (quote.changed_mono_ns, {})
        taken[1][owner] = taken[1].get(owner, 0) + lots

    def on_books(self, quotes: Sequence[Quote], sides: Sequence[int]) -> list[int] | None:
        """Lots of these books that any hedge has claimed; None for none."""
        claimed = None
        for index, quote in enumerate(quotes):
            taken = self._taken.get((quote.key, sides[index]))
            if taken is not None and taken[0] == quote.changed_mono_ns:
                claimed = claimed or [0] * len(quotes)
                claimed[index] = sum(taken[1].values())
        return claimed

    def claimed(self, quote: Quote, side: int, owner: str = "") -> int:
        """Lots of this book that hedges other than `owner` have claimed."""
        taken = self._taken.get((quote.key, side))
        if taken is None or taken[0] != quote.changed_mono_ns:
            return 0
        return sum(lots for who, lots in taken[1].items() if who != owner)
