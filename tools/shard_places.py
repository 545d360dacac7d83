"""Where the shards of a node are, for roots, nodes and tools.

A file beside them says which pair is placed where; it is what tells a tool
that a directory is a root's. A pair's position is in the journal of the shard
that built it: one that is placed elsewhere now is refused.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from config.changes import again, placement_problems
from config.schema import Config
from config.shards import FOLDER, for_shard, joined, placed_in
from domain.errors import ConfigError, JournalError
from system.locks import LockHeldError, is_locked, read_holder

FILE = "placement.json"
JOURNAL = "journal"


def write(directory: Path, node: str, places: Mapping[str, str], shards: Iterable[str] = ()) -> None:
    """Say which pair is placed where, by pair; `shards`: also those without a pair."""
    path = directory / FOLDER / FILE
    beside = path.with_suffix(".new")
    told = {"node": node, "pairs": dict(places), "shards": list(dict.fromkeys((*places.values(), *shards)))}
    beside.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    beside.replace(path)


def read(directory: Path) -> dict[str, str]:
    """Each pair's shard; empty where the directory is one node's."""
    return _read(directory)[0]


def _read(directory: Path) -> tuple[dict[str, str], list[str]]:
    """Each pair's shard; and every shard."""
    try:
        told = json.loads((directory / FOLDER / FILE).read_bytes())
        places = {str(pair): str(shard) for pair, shard in told["pairs"].items()}
        return places, list(dict.fromkeys((*places.values(), *map(str, told.get("shards", ())))))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, []


def shard_dirs(directory: Path) -> dict[str, Path]:
    """The directory of each shard that is placed, by name; in order of placement."""
    return {shard: directory / FOLDER / shard for shard in _read(directory)[1]}


def node_dirs(directory: Path) -> list[Path]:
    """Every directory that holds pairs: the shards', or the node's own."""
    return list(shard_dirs(directory).values()) or [directory]


def pair_dir(directory: Path, pair: str) -> Path:
    """The directory of a pair's node; of one that is placed nowhere, the given."""
    shard = read(directory).get(pair)
    return directory if shard is None else directory / FOLDER / shard


def all_on_disk(directory: Path) -> Iterator[Path]:
    """Each shard's directory that there ever was, placed or not."""
    yield from sorted(path.parent for path in (directory / FOLDER).glob(f"*/{JOURNAL}"))


def refuse_living(directory: Path) -> None:
    """A node without shards does not start beside shards that run. Raises: LockHeldError."""
    for place in all_on_disk(directory):
        if is_locked(place / JOURNAL):
            raise LockHeldError(place / JOURNAL, read_holder(place / JOURNAL))


Changed = dict[str, tuple[Any, Any]]
"""Tables that were changed while a node ran: as the files said them, and as they are."""


def refuse_moved(directory: Path, places: Mapping[str, Path], raised: Collection[Path]) -> dict[Path, Changed]:
    """What a pair holds is in the journal of the node that it is placed in.

    `places`: by pair; `raised`: the nodes that are about to run, also those
    without a pair. A pair that is placed nowhere holds nothing. A journal that can't be read may hold anything of the
    pairs that were placed there. What was changed while they ran is given, as
    all is read here. Raises: ConfigError, naming the pair and where it was.
    """
    before = read(directory)
    changed: dict[Path, Changed] = {}
    for place in (directory, *all_on_disk(directory)):
        was = "the node without shards" if place == directory else f"shard {place.name}"
        try:
            held, changed[place] = on_record(place)
        except JournalError:
            held = [pair for pair, shard in before.items() if shard == place.name and pair in places]
        for pair in held:
            if pair not in places and not (place in raised and _is_added(pair, changed[place])):
                allowed = f"there: its position is on record in {was}; run it until that is closed, then take it out"
                raise ConfigError("configuration", f"pair[{pair}]", "absent", allowed)
            if pair in places and places[pair] != place:
                now = "a node without shards" if places[pair] == directory else f"shard {places[pair].name}"
                allowed = f"where its position is on record: {was}; flatten it there first, then place it in {now}"
                raise ConfigError("configuration", f"pair[{pair}]", now, allowed)
    return changed


def _is_added(pair: str, changed: Changed) -> bool:
    """Whether it was added while its node ran, so that its next start has it whatever the files say."""
    return changed.get(f"pair[{pair}]", (None, None))[1] is not None


def as_run(config: Config, changed: Mapping[str, Changed]) -> Config:
    """What all shards together will run: the files, and what was changed since, by shard.

    Raises: ConfigError where both together may not be placed so.
    """
    parts = {}
    for shard in config.shard:
        elsewhere = [pair for pair, place in placed_in(config).items() if place != shard.name]
        parts[shard.name] = again(for_shard(config, shard.name), changed.get(shard.name, {}), elsewhere).config
    whole = joined(config, parts)
    for problem in placement_problems(whole):
        allowed = f"{problem.allowed}; the files and what was changed while the shards ran do not go together: ./hedgerow config diff against the files of then"
        raise ConfigError("configuration", problem.key, problem.value, allowed)
    return whole


def on_record(place: Path) -> tuple[list[str], Changed]:
    """Pairs that hold something, or have a hedge in flight; what was changed while it ran. Raises: JournalError."""
    from actors.snapshots import recover
    from journal.segment import segment_paths
    from tools.node_again import why_needed

    journal = place / JOURNAL
    if not journal.is_dir() or not segment_paths(journal):
        return [], {}
    found, _, _ = recover(journal, {})
    return [name for name, pair in found.pairs.items() if why_needed(pair)], found.changed


def left_open(place: Path) -> dict[str, Any]:
    """What a shard's pairs have open, by its journal: for an alert."""
    from actors.snapshots import recover

    found, _, _ = recover(place / JOURNAL, {})
    rows = [
        {
            "pair": name,
            "hedge": None if pair.hedge is None else pair.hedge.hedge_id,
            "state": "" if pair.hedge is None else str(pair.hedge.status),
            "why": "on record; its node did not end in order",
            "naked": list(pair.naked),
            "live": [],
            "held": [book.net for book in pair.books],
        }
        for name, pair in found.pairs.items()
        if pair.hedge is not None or any(pair.naked) or any(book.net for book in pair.books)
    ]
    naked = sum(abs(lots) for row in rows for lots in row["naked"])
    return {"naked": naked, "in_flight": sum(row["hedge"] is not None for row in rows), "pairs": rows[:64]}
