"""Planted bugs: each takes one rule out, and something must notice.

An oracle that finds nothing proves nothing. A plant is a patch of the
production code, in memory only: a file, and texts that are replaced. It is
caught by seeds (an invariant breaks) and, where a scenario stands for its
rule, by that scenario's tests. Nothing here imports what may be patched.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Plant(NamedTuple):
    """One bug. `edits`: (old, new) texts, each old one once in `file`.

    `scenario`: the id whose tests fail with it, "" where none stands for the
    rule. `seeds`: whether seeds must catch it; False says why in `note`.
    """

    name: str
    what: str
    file: str
    edits: tuple[tuple[str, str], ...]
    scenario: str = ""
    seeds: bool = True
    note: str = ""

    @property
    def module(self) -> str:
        """The module that it changes."""
        return self.file.removesuffix(".py").replace("/", ".")

    def patched(self, source: str) -> str:
        """The file's text with the bug in it.

        Raises: ValueError where the text that it replaces is not there once.
        """
        for old, new in self.edits:
            if source.count(old) != 1:
                raise ValueError(
                    f"plant {self.name}: {self.file} holds {old!r} {source.count(old)} times, not once: "
                    "the code has moved, so write the plant's text anew (simulation/plants)"
                )
            source = source.replace(old, new)
        return source


def every() -> dict[str, Plant]:
    """All plants by name. Raises: ValueError for a name that is used twice."""
    from simulation.plants import market, orders, records, repairs

    found: dict[str, Plant] = {}
    for plant in (*orders.PLANTS, *repairs.PLANTS, *market.PLANTS, *records.PLANTS):
        if plant.name in found:
            raise ValueError(f"two plants are named {plant.name}")
        found[plant.name] = plant
    return found
