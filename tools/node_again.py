"""What a node starts with, and what its journal says against that.

The files' configuration, and on it what was changed while the node ran. What
is on record of pairs is held against it before anything is recorded.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from actors.recovery import Recovered
from config.changes import Again, again, problems_of
from config.load import load
from config.schema import Config
from domain.errors import ConfigError
from domain.pairs import Pair, unreleased
from domain.pairspec import PairSpec

FILE = "configuration"


def as_changed(config: Config, found: Recovered, elsewhere: Collection[str] = ()) -> Again:
    """The configuration that the node left, as far as the files don't say a third thing.

    `elsewhere`: pairs that they place in other shards. Raises: ConfigError where both together are unsound.
    """
    told = again(config, found.changed, elsewhere)
    for problem in problems_of(told.config, [pair.name for pair in told.config.pair], config.node.mode) if told.kept else ():
        kept = f"{problem.allowed}; the files and what was changed while running ({', '.join(told.kept)}) do not go together: change the files"
        raise ConfigError(FILE, problem.key, problem.value, kept)
    return told


def same_pairs(specs: tuple[PairSpec, ...], found: Recovered) -> None:
    """What is held was bought by pairs, and by legs of them, that are configured.

    Raises: ConfigError where it was not, before anything is recorded.
    """
    for spec in specs:
        same_legs(spec, found)
    names = {spec.name for spec in specs}
    for name, pair in found.pairs.items():
        if name not in names and why_needed(pair):
            raise ConfigError(FILE, f"pair[{name}]", "absent", f"there: by the journal {why_needed(pair)}; run it until that is closed, then take it out")


def same_legs(spec: PairSpec, found: Recovered) -> None:
    """What a pair holds was bought by the legs that it is configured with."""
    pair, before = found.pairs.get(spec.name), found.legs.get(spec.name)
    if pair is None or before is None or (pair.hedge is None and not any(book.net for book in pair.books)):
        return
    legs = tuple((*leg.key, lots) for leg, lots in zip(spec.legs, spec.lots, strict=True))
    if legs != before:
        raise ConfigError(FILE, f"pair[{spec.name}].legs", legs, f"the legs that its position was built with: {before}")


def why_needed(pair: Pair) -> str:
    """Why a pair can't go, or get other legs, now; "" where it can."""
    if pair.hedge is not None:
        return f"its hedge {pair.hedge.hedge_id} is {pair.hedge.status}"
    taken = unreleased(pair)
    if taken is not None:
        return f"its hedge {taken.hedge_id} is in a person's hands"
    if any(book.net for book in pair.books) or any(pair.odd):
        return f"it holds {[book.net for book in pair.books]} lots of its legs"
    return ""


def holders_of(specs: tuple[PairSpec, ...]) -> dict[tuple[str, str], tuple[tuple[str, int], ...]]:
    """Whose legs trade an instrument: (pair, leg)."""
    holders: dict[tuple[str, str], tuple[tuple[str, int], ...]] = {}
    for spec in specs:
        for index, leg in enumerate(spec.legs):
            holders[leg.key] = (*holders.get(leg.key, ()), (spec.name, index))
    return holders


def file_of(files: tuple[str, ...], table: str) -> str:
    """Which of the files says a table; the last of them where none does."""
    loaded = load(files)
    names = {
        "defaults": ("defaults",),
        **{f"instrument[{each.venue}/{each.symbol}]": ("instrument", place) for place, each in enumerate(loaded.config.instrument)},
        **{f"fx[{each.name}]": ("fx", place) for place, each in enumerate(loaded.config.fx)},
        **{f"pair[{each.name}]": ("pair", place) for place, each in enumerate(loaded.config.pair)},
    }
    return loaded.layers.file_of(names[table]) if table in names else f"none of {', '.join(files)}"


def report(node: Any) -> None:
    """Tell, after a start, what is not as the files say, and what became of the journal. Thread: the lane."""
    if node.mended:
        text = "cut off or brought back by the start: what was cut is kept beside the journal, nothing that was synced is lost; compare positions with the venues"
        node.desk.alert("warning", "JOURNAL_MENDED", notes=node.mended, text=text)
    if node.again.kept:
        told = {"tables": list(node.again.kept), "text": "as changed while running, not as the files say: ./hedgerow config diff shows it; write it into them"}
        node.desk.alert("info", "CONFIG_KEPT", **told)
    if node.again.lost:
        tables = [f"{table} in {node.says(table)}" for table in node.again.lost]
        told = {"tables": tables, "text": "the files say otherwise than before and after what was changed while running: the files hold"}
        node.desk.alert("warning", "CONFIG_DIFFERS", **told)
