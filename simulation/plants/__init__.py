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
    """One bug. `edits`: (old, new) texts, each old one once in `file`; or
    (another file, old, new).

    `scenario`: the id whose tests fail with it, "" where none stands for the
    rule. `seeds`: whether seeds must catch it; False says why in `note`.
    """

    name: str
    what: str
    file: str
    edits: tuple[tuple[str, ...], ...]
    scenario: str = ""
    seeds: bool = True
    note: str = ""

    def files(self) -> dict[str, str]:
        """The files that it changes, by module."""
        names = [self.file, *(edit[0] for edit in self.edits if len(edit) == 3)]
        return {name.removesuffix(".py").replace("/", "."): name for name in names}

    def patched(self, file: str) -> str:
        """A file's text with the bug in it.

        Raises: ValueError where the text that it replaces is not there once.
        """
        source = (ROOT / file).read_text(encoding="utf-8")
        for *where, old, new in self.edits:
            if (where[0] if where else self.file) != file:
                continue
            if source.count(old) != 1:
                raise ValueError(
                    f"plant {self.name}: {file} holds {old!r} {source.count(old)} times, not once: "
                    "the code has moved, so write the plant's text anew (simulation/plants)"
                )
            source = source.replace(old, new)
        return source


def every() -> dict[str, Plant]:
    """All plants by name. Raises: ValueError for a name that is used twice."""
    from simulation.plants import hands, market, money, orders, records, repairs, slips

    found: dict[str, Plant] = {}
    for plant in (*orders.PLANTS, *repairs.PLANTS, *hands.PLANTS, *market.PLANTS, *records.PLANTS, *money.PLANTS, *slips.PLANTS):
        if plant.name in found:
            raise ValueError(f"two plants are named {plant.name}")
        found[plant.name] = plant
    return found
