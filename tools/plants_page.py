"""The table of plants.md: after how many seeds each bug was caught."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent.parent / "docs"
LANGUAGES = ("en", "zh")
_ROW = re.compile(r"^\| `(\w+)` \| .*\|$", re.MULTILINE)


def row_of(plant: Any, found: dict[str, Any] | None) -> str:
    """A line of the table. `found`: what `sim plants` says of it; None: it was not planted."""
    seeds = by = "-"
    if plant.seeds:
        by = (found or {}).get("by") or "?"
        seeds = "-" if by == "?" else str(found["seeds"])
    return f"| `{plant.name}` | `{plant.file}` | {seeds} | {by} | {plant.scenario or '-'} |"


def with_rows(page: str, plants: Iterable[Any], found: dict[str, dict[str, Any]]) -> str:
    """The page with every plant in order; one that was not planted keeps its line."""
    kept = {match[1]: match[0] for match in _ROW.finditer(page)}
    lines = [kept[p.name] if p.name not in found and p.name in kept else row_of(p, found.get(p.name)) for p in plants]
    first = _ROW.search(page)
    last = list(_ROW.finditer(page))[-1]
    return page[: first.start()] + "\n".join(lines) + page[last.end() :]


def write(plants: Iterable[Any], rows: Iterable[dict[str, Any]]) -> None:
    """Both pages."""
    every, found = list(plants), {row["plant"]: row for row in rows}
    for language in LANGUAGES:
        path = DOCS / language / "plants.md"
        path.write_text(with_rows(path.read_text(encoding="utf-8"), every, found), encoding="utf-8")
