"""Names that are pure functions of meaning, never used twice.

A hedge's id is its pair, the node's epoch and a count; an order's id adds the
leg, what it is for and a count. The epoch grows with each start of the node,
so no id comes back, not even with an empty journal.
"""

from __future__ import annotations

from functools import lru_cache

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

MAX_PAIR_NAME = 20
MAX_ID = 48
"""The protocol page's bound on an id that the node makes."""


@lru_cache(maxsize=64)
def base36(number: int) -> str:
    """A whole number >= 0 in base 36."""
    out = ""
    while number:
        number, digit = divmod(number, 36)
        out = _DIGITS[digit] + out
    return out or "0"


def hedge_id(pair: str, node_epoch: int, count: int) -> str:
    """`pair.epoch.count`, ASCII, at most 40 characters."""
    return f"{pair}.{base36(node_epoch)}.{count}"


def hedge_pair(ref: str) -> str:
    """The pair that a hedge's id names, "" where it is no such id."""
    rest, _, count = ref.rpartition(".")
    return rest.rpartition(".")[0] if count.isascii() and count.isdigit() else ""


def order_id(hedge: str, leg: int, letter: str, count: int) -> str:
    """`hedge.leg letter count`; letter: h hedge, p replenish, b rollback."""
    return f"{hedge}.{leg}{letter}{count}"


def hedge_of(cl_ord_id: str) -> tuple[str, str]:
    """The hedge that an order's id names and its letter, "" where none."""
    hedge, _, tail = cl_ord_id.rpartition(".")
    letter = tail.lstrip("0123456789")[:1]
    return (hedge, letter) if letter and hedge_pair(hedge) else ("", "")
