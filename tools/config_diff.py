"""`config diff`: two configurations, or one against what a node runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from config.flat import START, Change, compared, tables
from config.load import Loaded, load
from config.schema import Config
from config.shards import by_hand, placed_in
from tools.errors import FAILED, FINE
from tools.init import CONFIG_FILE
from tools.output import Output, pass_out
from tools.running import as_run, by_the_same_gateways, is_place, running


@click.command()
@click.option("-c", "--config", "files", multiple=True, metavar="FILE", help="The configuration that is to be; more than once: later over earlier.")
@click.option("--with", "others", multiple=True, metavar="FILE", help="Against this one; more than once, as -c. Without: against the running node.")
@click.option("-d", "--dir", "given", default=None, metavar="DIR", help="The node's directory, where the configuration names another.")
@pass_out
def diff(out: Output, files: tuple[str, ...], others: tuple[str, ...], given: str | None) -> int:
    """Show each key that differs, and what a change of it needs.

    needs: hot nothing; flat that the pair holds nothing; start a start of the
    node. Exit 0 where nothing differs, 1 where anything does.
    """
    files = files or (CONFIG_FILE,)
    loaded = load(files)
    wanted = as_run(loaded, files)
    before = as_run(load(others), others) if others else running(Path(given or wanted.node.dir))
    changes = differing(before, wanted if others else by_the_same_gateways(before, wanted))
    out.many([row_of(change, loaded) for change in changes], ["key", "before", "after", "needs", "file"])
    if out.format == "table":
        against = "the running node" if not others else ", ".join(others)
        out.say(f"hedgerow: {len(changes)} keys differ from {against}" if changes else f"hedgerow: no difference from {against}")
    return FAILED if changes else FINE


def differing(before: Config, after: Config) -> list[Change]:
    """Every key that differs; where a pair is placed is its own, whichever rule does it."""
    was, now = placed_in(before), placed_in(after)
    found = compared(dict(tables(by_hand(before))), dict(tables(by_hand(after))))
    moves = [Change(f"pair[{name}].shard", was[name], shard, START) for name, shard in now.items() if was.get(name, shard) != shard]
    return [change for change in found if not is_place(change)] + moves


def row_of(change: Change, loaded: Loaded) -> dict[str, Any]:
    """A change, and the file that says what is to be."""
    file = next((loaded.layers.file_of(path) for path in paths(loaded, change.key)), "default")
    return {"key": change.key, "before": change.before, "after": change.after, "needs": change.needs, "file": file}


def paths(loaded: Loaded, key: str) -> list[tuple[str | int, ...]]:
    """Where the files say a key; nowhere for a default."""
    return [path for path in loaded.layers.said() if loaded.layers.key_of(path) == key]
