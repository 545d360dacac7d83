"""The shards' answers put together into one, as a node's own would be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

SILENT = "no answer"

Told = Mapping[str, Any]


def merged_status(root: Told | None, told: Mapping[str, Told], away: Mapping[str, Told], places: Mapping[str, str]) -> dict[str, Any]:
    """`status` over all shards; what one that is away has open is by its journal."""
    every = [*told.values(), *(each for each in away.values() if each)]
    first: Told = root or next(iter(told.values()))
    own = root or {"node": str(first["node"]).rpartition(".")[0], "state": "root away", "pid": None, "epoch": None, "started": None}
    calendars = {each["calendar"]: each for answer in told.values() for each in answer["calendars"]}
    hedges: Counter[str] = Counter()
    for answer in told.values():
        hedges.update(answer["hedges"])
    return {
        "node": own["node"],
        "state": own["state"],
        "mode": first["mode"],
        "version": first["version"],
        "pid": own["pid"],
        "epoch": own["epoch"],
        "started": own["started"] or min((answer["started"] for answer in told.values()), default=None),
        "uptime_s": max((each["uptime_s"] or 0 for each in (*told.values(), *([root] if root else []))), default=0),
        "pairs": len(places),
        "in_flight": [pair for answer in every for pair in answer["in_flight"]][:64],
        "naked_qty": sum(answer["naked_qty"] for answer in every),
        "kills": list(_words(told, "kills"))[:64],
        "hedges": dict(hedges),
        "venues": [{**venue, "shard": name} for name, answer in told.items() for venue in answer["venues"]],
        "calendars": list(calendars.values()),
        "accounts": [{**row, "shard": name} for name, answer in told.items() for row in answer["accounts"]],
        "profit": _sums(answer["profit"] for answer in told.values()),
        "journal": _journals(root, told),
        "lane": {"dead_letters": sum(answer["lane"]["dead_letters"] for answer in told.values())},
        "shards": _shards(root, told, away, places),
    }


def _words(told: Mapping[str, Told], key: str) -> Iterator[str]:
    """Each word once; one that does not hold in all says where it does."""
    found: dict[str, list[str]] = {}
    for name, answer in told.items():
        for word in answer[key]:
            found.setdefault(word, []).append(name)
    for word, names in found.items():
        yield word if len(names) == len(told) else f"{word} ({' '.join(names)})"


def _sums(profits: Iterable[Mapping[str, str | None]]) -> dict[str, str | None]:
    """By currency; null where one is not known."""
    sums: dict[str, Decimal | None] = {}
    for profit in profits:
        for currency, amount in profit.items():
            before = sums.get(currency, Decimal(0))
            sums[currency] = None if before is None or amount is None else before + Decimal(amount)
    return {currency: None if amount is None else str(amount) for currency, amount in sums.items()}


def _journals(root: Told | None, told: Mapping[str, Told]) -> dict[str, Any]:
    """Records of all chains together; what has failed, by shard."""
    failed = [f"{name}: {answer['journal']['failed']}" for name, answer in told.items() if answer["journal"]["failed"]]
    own = [] if root is None else [root["journal"]]
    if own and own[0]["failed"]:
        failed.append(f"root: {own[0]['failed']}")
    states = sorted({answer["journal"]["state"] for answer in told.values()})
    last_seq = sum(each["last_seq"] for each in (*own, *(answer["journal"] for answer in told.values())))
    return {"last_seq": last_seq, "failed": "; ".join(failed), "state": " ".join(states)}


def _shards(root: Told | None, told: Mapping[str, Told], away: Mapping[str, Told], places: Mapping[str, str]) -> list[dict[str, Any]]:
    """A row a shard: as the root sees it, and as it says itself."""
    seen = {row["shard"]: row for row in (root["shards"] if root else ())}
    rows = []
    for name in dict.fromkeys(places.values()):
        answer = told.get(name) or away.get(name) or {}
        own = {"shard": name, "phase": "running" if name in told else SILENT, "pid": answer.get("pid"), "epoch": answer.get("epoch")}
        row = {**own, **seen.get(name, {})}
        if name in told:
            row |= {key: own[key] for key in ("pid", "epoch")}  # its own word is newer than the root's look
        row["pairs"] = sum(shard == name for shard in places.values())
        row["in_flight"] = len(answer.get("in_flight", ()))
        row["naked_qty"] = answer.get("naked_qty")
        rows.append(row)
    return rows


def merged_positions(answers: Iterable[list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """Every account's symbol once, as the shard has it that trades it.

    The others hear the venue's word of it, too, and hold nothing of it.
    """
    rows = [row for answer in answers for row in answer]
    ours = {(row["venue"], row["symbol"]): row["shard"] for row in rows if row["pair"] is not None}
    shown: set[str] = set()
    for row in sorted(rows, key=lambda each: (each["venue"], each["symbol"], each["pair"] or "")):
        owner = ours.get((row["venue"], row["symbol"]), row["shard"])
        if row["place"] in shown or row["shard"] != owner:
            continue
        shown.add(row["place"])
        yield row
