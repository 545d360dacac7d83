"""What the account's own hedges have already taken from a shown book.

Two hedges that fire on one book must not both count its lots. A claim holds
for the book that it was made on, told again as it may be; a newer one shows
what is left by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.market import Quote


class BookClaims:
    """Lots claimed by hedge, on the present book of each symbol's side."""

    __slots__ = ("_taken",)

    def __init__(self) -> None:
        self._taken: dict[tuple[tuple[str, str], int], tuple[tuple, dict[str, int]]] = {}

    def claim(self, quote: Quote, side: int, lots: int, owner: str) -> None:
        """An order of `side` for `lots` has left on this book."""
        slot = (quote.key, side)
        taken, book = self._taken.get(slot), _book(quote, side)
        if taken is None or taken[0] != book:
            taken = self._taken[slot] = (book, {})
        taken[1][owner] = taken[1].get(owner, 0) + lots

    def on_books(self, quotes: Sequence[Quote], sides: Sequence[int]) -> list[int] | None:
        """Lots of these books that any hedge has claimed; None for none."""
        claimed = None
        for index, quote in enumerate(quotes):
            taken = self._taken.get((quote.key, sides[index]))
            if taken is not None and taken[0] == _book(quote, sides[index]):
                claimed = claimed or [0] * len(quotes)
                claimed[index] = sum(taken[1].values())
        return claimed

    def claimed(self, quote: Quote, side: int, owner: str = "") -> int:
        """Lots of this book that hedges other than `owner` have claimed."""
        taken = self._taken.get((quote.key, side))
        if taken is None or taken[0] != _book(quote, side):
            return 0
        return sum(lots for who, lots in taken[1].items() if who != owner)


def _book(quote: Quote, side: int) -> tuple[int, int | None, int]:
    """What a repeated book has in common with the first: its gateway's stamp, and the touch. Our own times differ by its lag."""
    return (quote.gw_ns, quote.ask_px, quote.ask_qty) if side > 0 else (quote.gw_ns, quote.bid_px, quote.bid_qty)
