"""What a node runs, as a configuration; and a change of it, asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from config.changes import Proposal, differences, encoded, proposed, start_needed
from config.checks import problems
from config.flat import Change
from config.load import PAPER, Loaded, load
from config.schema import Config, Shard
from config.shards import by_hand, placed_in
from tools.asking import Asked
from tools.client import Absent, reach
from tools.errors import Refused, UsageError
from tools.shard_places import shard_dirs
from tools.shards_change import Part, change_parts, parts_of, read_tables, steps_of
from wire.inspection import MAX_CHANGE_BYTES


def running(directory: Path) -> Config:
    """What the node there runs; of a node of shards all together, each pair's shard named.

    Raises: NotConnected, where there are shards also without their root.
    """
    return _running(directory.resolve())[0]


def as_run(loaded: Loaded, files: Sequence[str]) -> Config:
    """As a node runs it: on paper, with the paper venues in front."""
    if loaded.config.node.mode != PAPER:
        return loaded.config
    from tools.paper import on_paper

    return on_paper(loaded, files)


class Base(Struct, frozen=True):
    """What a change is made against: a node's digest, or each shard's part."""

    digest: str
    parts: dict[str, Part] = {}


def changeable(directory: Path) -> tuple[Config, Base]:
    """As `running`, to be changed. Raises: UsageError for one shard, naming its node."""
    directory = directory.resolve()
    whole = directory.parent.parent
    if directory in shard_dirs(whole).values():
        raise UsageError(f"{directory} is one shard: what it runs is changed with all others': give --dir {whole}")
    return _running(directory)


def _running(directory: Path) -> tuple[Config, Base]:
    with reach(directory) as client:
        if not shard_dirs(directory):
            return read_tables(client), Base(client.ask("config")["sha256"])
        whole, parts = parts_of(client)
        return whole, Base("", parts)


def wanted(files: Sequence[str]) -> tuple[Config, tuple[tuple[str, str], ...]]:
    """What files say is to run, checked whole; the files, with their digests.

    Raises: ConfigError, the first that is wrong.
    """
    loaded = load(files)
    for problem in problems(loaded):
        raise problem
    told = tuple((str(Path(file).resolve()), hashlib.sha256(Path(file).read_bytes()).hexdigest()) for file in files)
    return as_run(loaded, files), told


def only(before: Config, after: Config, pairs: Sequence[str]) -> Config:
    """`before` with those pairs as `after` has them, and what they are made of.

    The defaults stay as they run: what a pair takes of others is its own to say.
    Raises: Absent.
    """
    found = {pair.name: pair for pair in after.pair}
    lacking = [name for name in pairs if name not in found]
    if lacking:
        raise Absent(f"no pair {lacking[0]!r} in the files; there are: {', '.join(found) or 'none'}")
    rates = {leg.fx for name in pairs for leg in found[name].legs}
    fx = tuple(each for each in after.fx if each.name in rates)
    keys = {(leg.venue, leg.symbol) for name in pairs for leg in found[name].legs} | {(each.venue, each.symbol) for each in fx}
    instruments = {(each.venue, each.symbol): each for each in (*before.instrument, *(i for i in after.instrument if (i.venue, i.symbol) in keys))}
    by_name = {pair.name: pair for pair in before.pair} | {name: found[name] for name in pairs}
    return replace(
        before,
        instrument=tuple(instruments.values()),
        fx=tuple(({each.name: each for each in before.fx} | {each.name: each for each in fx}).values()),
        shard=tuple(_placed(before, after, pairs)),
        pair=tuple(by_name.values()),
    )


def _placed(before: Config, after: Config, pairs: Sequence[str]) -> Iterator[Shard]:
    """The shards, each with its pairs; these pairs where the files place them."""
    places = placed_in(after)
    for shard in before.shard:
        there = tuple(name for name in shard.pairs if name not in pairs)
        yield replace(shard, pairs=(*there, *(name for name in pairs if places.get(name) == shard.name)))


def by_the_same_gateways(before: Config, after: Config) -> Config:
    """On paper the node has made the gateways' commands, of the files that it was started with."""
    if before.node.mode != PAPER:
        return after
    made = {venue.name: venue for venue in before.venue}
    venues = [replace(each, command=made[each.name].command) if each.name in made and each.command else each for each in after.venue]
    return replace(after, venue=tuple(venues))


def stays(change: Change) -> bool:
    """An instrument or a rate that the files have no more: it stays until the next start."""
    return change.key.startswith(("instrument[", "fx[")) and change.after is None and change.before == "there"


def change(asked: Asked, label: str, before: Config, after: Config, base: Base, files: Sequence[tuple[str, str]] = ()) -> dict[str, Any] | None:
    """Ask the node to run `after`; what it answers. Raises: Refused, UsageError."""
    after = by_the_same_gateways(before, after)
    if base.parts:
        after = by_hand(after)
    found = differences(before, after)
    for each in found:
        if stays(each):
            asked.out.say(f"hedgerow: {each.key}: stays until the next start; nothing trades it")
    late = [each for each in start_needed(found) if not stays(each) and not (base.parts and is_place(each))]
    if late:
        shown = "; ".join(f"{each.key} ({each.before} -> {each.after})" for each in late[:6])
        raise Refused(f"needs a start of the node, so nothing is changed: {shown}: ./hedgerow stop, then ./hedgerow run with the files")
    if not base.parts:
        return send(asked, label, proposed(before, after, base.digest, files))
    steps = steps_of(before, after, base.parts, files)
    if not steps:
        asked.out.say("hedgerow: nothing differs from what runs")
        return None
    with reach(asked.directory, "operate") as client:
        return change_parts(asked, client, label, steps)


def is_place(change: Change) -> bool:
    """Where a pair is placed: judged by itself."""
    return change.key.startswith("shard[") and change.key.endswith("].pairs") and None not in (change.before, change.after)


def send(asked: Asked, label: str, told: Proposal) -> dict[str, Any] | None:
    """The proposal to the node. Raises: Refused, UsageError."""
    if told.is_empty:
        asked.out.say("hedgerow: nothing differs from what runs")
        return None
    body = encoded(told)
    if len(body) > MAX_CHANGE_BYTES - 4096:
        raise UsageError(f"a change of {len(body)} bytes, at most {MAX_CHANGE_BYTES - 4096}: change some pairs at a time: ./hedgerow pair change -f FILE NAME ...")
    return asked.send("config_apply", label=label, body=body)
