"""A configuration key by key, as a person writes them; two compared.

A node tells what it runs table by table, so that both sides of a comparison
are flattened here. What a change of a key needs is in one table, below.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from config.schema import Config, Table

HOT, FLAT, START = "hot", "flat", "start"
"""What a change needs: nothing; that the pair holds nothing; a start of the node."""

LISTS = ("venue", "instrument", "fx", "shard", "pair")
PAIR_FLAT = ("kind", "currency", "unit", "ratio_basis", "exposure.unit", "exposure.book", "exposure.asset")
"""Of a pair, what its position, its ledger or its formulas were made with."""
LEG_HOT = ("premium", "duty", "vat", "cost", "fx", "payup_ticks", "slippage_cap_ticks", "max_silence_ms", "max_unchanged_ms", "limits")
"""Of a leg, what a price or an order is made with the next time."""


class Change(Struct, frozen=True):
    """One key that differs. `before`, `after`: None where it is not there."""

    key: str
    before: Any
    after: Any
    needs: str


def tables(config: Config) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each table as plain values, with its key."""
    for key, table in named_tables(config).items():
        yield key, msgspec.to_builtins(table)


def named_tables(config: Config) -> dict[str, Table]:
    """Each table by its key: `node`, `defaults`, `pair[CU03xHGH]`, ..."""
    found: dict[str, Table] = {"node": config.node, "defaults": config.defaults}
    if config.shard:
        found["shards"] = config.shards
    symbols = Counter(each.symbol for each in config.instrument)
    for name in LISTS:
        for table in getattr(config, name):
            called = table.name if name != "instrument" else table.symbol if symbols[table.symbol] == 1 else f"{table.venue}/{table.symbol}"
            found[f"{name}[{called}]"] = table
    return found


def flat(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Each setting of a table; tables of legs by their symbol."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from flat(f"{key}.{name}", inner)
    elif isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
        symbols = Counter(row.get("symbol") for row in value)
        for place, row in enumerate(value):
            symbol = row.get("symbol")
            yield from flat(f"{key}[{symbol if symbols[symbol] == 1 else place}]", row)
    else:
        yield key, list(value) if isinstance(value, tuple) else value


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every key that differs, in the order of `before`, then what is new.

    Both are tables by their keys. A table that one side alone has is one
    change: `before` or `after` says how many settings it has.
    """
    found: list[Change] = []
    for key in dict.fromkeys([*before, *after]):
        if key in before and key in after:
            found += _settings(dict(flat(key, before[key])), dict(flat(key, after[key])))
        else:
            there = "there" if key in before else None
            found.append(Change(key, there, None if there else "there", _table_needs(key, added=there is None)))
    return found


def _settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys([*before, *after]):
        was, now = before.get(key), after.get(key)
        if was != now:
            yield Change(key, was, now, needs(key))


def _table_needs(key: str, *, added: bool) -> str:
    if key.startswith("pair["):
        return HOT if added else FLAT
    return HOT if added and key.startswith(("instrument[", "fx[")) else START


def needs(key: str) -> str:
    """What a change of one setting needs."""
    if key.startswith("defaults."):
        return HOT
    if not key.startswith("pair["):
        return START
    own = key.partition("].")[2]
    if own.startswith("legs["):
        leg = own.partition("].")[2]
        return HOT if leg.partition(".")[0] in LEG_HOT else FLAT
    return FLAT if own in PAIR_FLAT else HOT
