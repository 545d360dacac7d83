"""The statement of accounts that several shards trade on, put together.

Each shard has the trades of its own pairs. A day is told by all that trade at
the venue, also where only one of them has traded on it: lots that are held
overnight are marked there too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from domain.money import scaled, text_of
from tools.client import Absent
from tools.shards_where import traded

Row = dict[str, Any]


def statement_of(client: Any, opening: str = "", settle: str = "", **_after: Any) -> list[Row]:
    """Every account's days, over all shards that answer. Raises: Absent for a symbol that nobody trades."""
    own = _settled_by(client, settle)
    first = {name: _asked(client, name, own.get(name, ""), "") for name in list(client.there)}
    days = {(row["venue"], row["day"]) for rows in first.values() for row in rows}
    told = "\n".join("\t".join(each) for each in sorted(days))
    answers = []
    for name, rows in first.items():
        lacks = days - {(row["venue"], row["day"]) for row in rows}
        answers.append(_asked(client, name, own.get(name, ""), told) if lacks else rows)
    return merged(answers, opening)


def _asked(client: Any, name: str, settle: str, days: str) -> list[Row]:
    return list(client.asked(name).rows("statement", "place", settle=settle, days=days or None))


def _settled_by(client: Any, settle: str) -> dict[str, str]:
    """The settlement prices that a person gives, by the shard that trades the symbol."""
    lines = [line for line in settle.splitlines() if line]
    symbols = {name: {symbol for _, symbol in traded(client.dirs[name])} for name in client.there} if lines else {}
    found: dict[str, list[str]] = {}
    for line in lines:
        symbol = line.partition("\t")[0]
        names = [name for name, there in symbols.items() if symbol in there]
        if not names:
            raise Absent(f"no symbol {symbol!r} in any pair")
        for name in names:
            found.setdefault(name, []).append(line)
    return {name: "\n".join(each) for name, each in found.items()}


def merged(answers: Iterable[Iterable[Mapping[str, Any]]], opening: str = "") -> list[Row]:
    """One row for each account, currency and day; balances run over the sums."""
    parts: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for rows in answers:
        for row in rows:
            parts.setdefault((row["venue"], row["day"], row["currency"]), []).append(row)
    balances: dict[tuple[str, str], int | None] = {}
    for line in opening.splitlines():
        venue, currency, amount = line.split("\t")
        balances[venue, currency] = scaled(amount)
    equities: dict[tuple[str, str], str | None] = {}
    found = []
    for (venue, _, currency), rows in sorted(parts.items()):
        before = balances.get((venue, currency), 0)
        changes = [row["variation"] for row in rows]
        variation = None if None in changes else sum(map(scaled, changes))
        fees = sum(scaled(row["fees"]) for row in rows)
        after = None if before is None or variation is None else before + variation - fees
        balances[venue, currency] = after
        for row in rows:
            equities[venue, currency] = row["venue_equity"] or equities.get((venue, currency))
        found.append({
            **rows[0],
            "opening": _text(before),
            "trades": sum(row["trades"] for row in rows),
            "variation": _text(variation),
            "fees": text_of(fees),
            "closing": _text(after),
            "settled": all(row["settled"] for row in rows),
            "symbols": [each for row in rows for each in row["symbols"]],
            "venue_equity": None,
            "elsewhere": None,
            "shard": " ".join(row["shard"] for row in rows if row.get("shard")) or None,
        })
    for row in {(row["venue"], row["currency"]): row for row in found}.values():  # the last of each account
        equity = row["venue_equity"] = equities.get((row["venue"], row["currency"]))
        if equity is not None and row["closing"] is not None:
            row["elsewhere"] = text_of(scaled(equity) - scaled(row["closing"]))
    return found


def _text(amount: int | None) -> str | None:
    return None if amount is None else text_of(amount)
