"""`strategy`: pairs by the group that their `strategy` key names."""

from __future__ import annotations

from pathlib import Path

import click

from config.schema import Config
from tools.asking import Asked, listed, write_verb
from tools.change_verbs import as_files_say, without
from tools.client import Absent, pass_dir, reach
from tools.errors import FINE, Refused
from tools.output import Output, pass_out
from tools.running import change, changeable, running, wanted


@click.group()
def strategy() -> None:
    """Pairs by strategy: listed, stopped and changed together."""


@strategy.command("ls")
@pass_dir
@pass_out
def strategy_ls(out: Output, directory: Path) -> None:
    """Each strategy that runs: its pairs, and the mode that holds for it."""
    config = running(directory)
    with reach(directory) as client:
        words = {row["scope"]: row for row in client.ask("modes")["rows"]}
    rows = []
    for name in dict.fromkeys(pair.strategy for pair in config.pair if pair.strategy):
        word = words.get(f"strategy {name}")
        mode = "ACTIVE" if word is None else word["value"]
        pairs = _pairs(config, name)
        rows.append({"strategy": name, "mode": mode, "pairs": listed(pairs) if out.format == "table" else pairs})
    out.many(rows, ["strategy", "mode", "pairs"])


@strategy.command("enable")
@click.argument("name")
@write_verb
def strategy_enable(asked: Asked, name: str) -> int:
    """Let a strategy's pairs trade; what holds for one of them alone stays."""
    asked.show(asked.send("mode", mode="active", scope=f"strategy {name}"))
    return FINE


@strategy.command("disable")
@click.argument("name")
@write_verb
def strategy_disable(asked: Asked, name: str) -> int:
    """No new hedge of a strategy; those in flight go on. Kept over restarts."""
    asked.show(asked.send("mode", mode="paused", scope=f"strategy {name}"))
    return FINE


@strategy.command("add")
@click.argument("name")
@write_verb
def strategy_add(asked: Asked, name: str) -> int:
    """Add a strategy's pairs of -c FILE that do not run yet: all, or none."""
    before, base = changeable(asked.directory)
    there = {pair.name for pair in before.pair}
    fresh = tuple(each for each in _in_files(asked, name) if each not in there)
    if not fresh:
        raise Refused(f"all pairs of strategy {name} run already: ./hedgerow strategy change {name}")
    return as_files_say(asked, "strategy add", before, base, fresh)


@strategy.command("change")
@click.argument("name")
@write_verb
def strategy_change(asked: Asked, name: str) -> int:
    """Make a strategy as -c FILE says: pairs added, changed, removed."""
    before, base = changeable(asked.directory)
    told = tuple(_in_files(asked, name))
    gone = tuple(each for each in _pairs(before, name) if each not in told)
    return as_files_say(asked, "strategy change", before, base, told, gone)


@strategy.command("remove")
@click.argument("name")
@write_verb
def strategy_remove(asked: Asked, name: str) -> int:
    """Take all pairs of a strategy out: they hold nothing, and have no hedge."""
    before, base = changeable(asked.directory)
    names = tuple(_pairs(before, name))
    if not names:
        there = ", ".join(dict.fromkeys(pair.strategy for pair in before.pair if pair.strategy))
        raise Absent(f"no strategy {name!r} runs; there are: {there or 'none'}")
    asked.show(change(asked, "strategy remove", before, without(before, names), base))
    return FINE


def _pairs(config: Config, strategy_name: str) -> list[str]:
    return [pair.name for pair in config.pair if pair.strategy == strategy_name]


def _in_files(asked: Asked, name: str) -> list[str]:
    after, _ = wanted(asked.files)
    found = _pairs(after, name)
    if not found:
        there = ", ".join(dict.fromkeys(pair.strategy for pair in after.pair if pair.strategy))
        raise Absent(f'no pair in the files says strategy = "{name}"; there are: {there or "none"}')
    return found
