"""The ledger of seeds that once broke an invariant, made small.

The tests replay it for ever.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LEDGER = Path(__file__).resolve().parent.parent / "tests" / "simulation" / "ledger.jsonl"


def read() -> list[dict[str, Any]]:
    """Every row: seed, safety_ms, without, invariant, what, note."""
    return [json.loads(line) for line in LEDGER.read_text(encoding="utf-8").splitlines()]


def add(row: dict[str, Any]) -> None:
    """One row more."""
    with LEDGER.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")
