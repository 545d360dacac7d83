"""`keys`: CURVE key files, for endpoints between machines."""

from __future__ import annotations

from pathlib import Path

import click

from tools.errors import FINE
from tools.output import Output, pass_out

FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group()
def keys() -> None:
    """Key files of nodes and gateways that talk over tcp://."""


@keys.command()
@FILE
@pass_out
def make(out: Output, file: Path) -> int:
    """A new pair in FILE (mode 0600); its public key is shown.

    The node's goes to `node.curve_keys`, its public key into the gateway's
    allow-list; the gateway's public key is the venue's `curve_server`.
    """
    from system.curve import make_keys

    out.one({"file": str(file), "public": make_keys(file)})
    return FINE


@keys.command()
@FILE
@pass_out
def show(out: Output, file: Path) -> int:
    """The public key of FILE; never the secret one."""
    from system.curve import read_keys

    out.one({"file": str(file), "public": read_keys(file).public})
    return FINE
