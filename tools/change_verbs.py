"""`config apply`, `pair add | change | remove`: what runs, changed.

All of them say tables as they are to be and have the node judge and do them
as one change: recorded, or refused whole.
"""

from __future__ import annotations

import click
from msgspec.structs import replace

from config.schema import Config
from tools.asking import Asked, write_verb
from tools.errors import FINE, Refused
from tools.running import Base, change, changeable, only, wanted


@click.command("apply")
@write_verb
def apply(asked: Asked) -> int:
    """Make a running node run what -c FILE says; all of it, or nothing.

    What `config diff` calls hot is done at once, flat where the pair holds
    nothing; what needs a start is refused by name. It is on record, and a
    start of the node comes back with it.
    """
    before, base = changeable(asked.directory)
    after, files = wanted(asked.files)
    asked.show(change(asked, "config apply", before, after, base, files))
    return FINE


@click.command("add")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@write_verb
def pair_add(asked: Asked, names: tuple[str, ...]) -> int:
    """Add pairs of -c FILE to a running node: all of them, or none.

    Instruments and rates that they need come with them.
    """
    before, base = changeable(asked.directory)
    there = [name for name in names if name in _names(before)]
    if there:
        raise Refused(f"{there[0]} runs already: ./hedgerow pair change {there[0]} makes it as the file says")
    return as_files_say(asked, "pair add", before, base, names)


@click.command("change")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@write_verb
def pair_change(asked: Asked, names: tuple[str, ...]) -> int:
    """Make pairs of a running node as -c FILE says.

    With a hedge in flight, or lots held, its legs, lots and currency stay.
    """
    before, base = changeable(asked.directory)
    _runs(before, names)
    return as_files_say(asked, "pair change", before, base, names)


@click.command("remove")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@write_verb
def pair_remove(asked: Asked, names: tuple[str, ...]) -> int:
    """Take pairs out of a running node: they hold nothing, and have no hedge."""
    before, base = changeable(asked.directory)
    _runs(before, names)
    asked.show(change(asked, "pair remove", before, without(before, names), base))
    return FINE


def as_files_say(asked: Asked, label: str, before: Config, base: Base, names: tuple[str, ...], gone: tuple[str, ...] = ()) -> int:
    """These pairs as the files say them, those that are gone out."""
    after, files = wanted(asked.files)
    asked.show(change(asked, label, before, without(only(before, after, names), gone), base, files))
    return FINE


def without(config: Config, names: tuple[str, ...]) -> Config:
    """The configuration without these pairs."""
    return replace(config, pair=tuple(pair for pair in config.pair if pair.name not in names))


def _names(config: Config) -> list[str]:
    return [pair.name for pair in config.pair]


def _runs(config: Config, names: tuple[str, ...]) -> None:
    lacking = [name for name in names if name not in _names(config)]
    if lacking:
        raise Refused(f"no pair {lacking[0]!r} runs; there are: {', '.join(_names(config)[:20]) or 'none'}")
