"""What a node runs, as a configuration; and a change of it, asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from config.changes import Proposal, differences, encoded, proposed, start_needed
from config.checks import problems
from config.flat import Change
from config.load import PAPER, Loaded, load
from config.schema import Config
from config.shards import as_part_of
from tools.asking import Asked
from tools.client import Absent, of_one, reach
from tools.errors import Refused, UsageError
from wire.inspection import MAX_CHANGE_BYTES

LISTS = ("venue", "instrument", "fx", "shard", "pair")


def running(directory: Path) -> tuple[Config, str]:
    """What the node there runs, and its digest; of a node of shards, of all together.

    Raises: NotConnected.
    """
    with reach(directory.resolve()) as client:
        digest = client.ask("config")["sha256"]
        rows = {row["table"]: row["settings"] for row in client.rows("config", "table")}
    told: dict[str, Any] = {name: rows[name] for name in ("node", "defaults", "shards") if name in rows}
    for name in LISTS:
        told[name] = [settings for table, settings in rows.items() if table.startswith(f"{name}[")]
    return msgspec.convert(told, Config, strict=True), digest


def as_run(loaded: Loaded, files: Sequence[str]) -> Config:
    """As a node runs it: on paper, with the paper venues in front."""
    if loaded.config.node.mode != PAPER:
        return loaded.config
    from tools.paper import on_paper

    return on_paper(loaded, files)


def running_alone(directory: Path) -> tuple[Config, str]:
    """As `running`, of one process, whose configuration can be changed.

    Raises: NotConnected; UsageError for a node of shards, naming them.
    """
    of_one(directory).close()
    return running(directory)


def wanted(files: Sequence[str], runs: Config | None = None) -> tuple[Config, tuple[tuple[str, str], ...]]:
    """What files say is to run, checked whole; the files, with their digests.

    Where a shard `runs`, its part of it. Raises: ConfigError, the first that
    is wrong.
    """
    loaded = load(files)
    for problem in problems(loaded):
        raise problem
    told = tuple((str(Path(file).resolve()), hashlib.sha256(Path(file).read_bytes()).hexdigest()) for file in files)
    after = as_run(loaded, files)
    return after if runs is None else as_part_of(after, runs), told


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
        pair=tuple(by_name.values()),
    )


def _by_the_same_gateways(before: Config, after: Config) -> Config:
    """On paper the node has made the gateways' commands, of the files that it was started with."""
    if before.node.mode != PAPER:
        return after
    made = {venue.name: venue for venue in before.venue}
    venues = [replace(each, command=made[each.name].command) if each.name in made and each.command else each for each in after.venue]
    return replace(after, venue=tuple(venues))


def stays(change: Change) -> bool:
    """An instrument or a rate that the files have no more: it stays until the next start."""
    return change.key.startswith(("instrument[", "fx[")) and change.after is None and change.before == "there"


def change(asked: Asked, label: str, before: Config, after: Config, base: str, files: Sequence[tuple[str, str]] = ()) -> dict[str, Any] | None:
    """Ask the node to run `after`; what it answers. Raises: Refused, UsageError."""
    after = _by_the_same_gateways(before, after)
    found = differences(before, after)
    for each in found:
        if stays(each):
            asked.out.say(f"hedgerow: {each.key}: stays until the next start; nothing trades it")
    late = [each for each in start_needed(found) if not stays(each)]
    if late:
        shown = "; ".join(f"{each.key} ({each.before} -> {each.after})" for each in late[:6])
        raise Refused(f"needs a start of the node, so nothing is changed: {shown}: ./hedgerow stop, then ./hedgerow run with the files")
    return send(asked, label, proposed(before, after, base, files))


def send(asked: Asked, label: str, told: Proposal) -> dict[str, Any] | None:
    """The proposal to the node. Raises: Refused, UsageError."""
    if told.is_empty:
        asked.out.say("hedgerow: nothing differs from what runs")
        return None
    body = encoded(told)
    if len(body) > MAX_CHANGE_BYTES - 4096:
        raise UsageError(f"a change of {len(body)} bytes, at most {MAX_CHANGE_BYTES - 4096}: change some pairs at a time: ./hedgerow pair change -f FILE NAME ...")
    return asked.send("config_apply", label=label, body=body)
