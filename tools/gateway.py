"""`gateway KIND`: one venue account's gateway as a process of its own."""

from __future__ import annotations

import click

from tools.cli import LazyGroup, Verb

KINDS: dict[str, Verb] = {
    "replay": Verb("tools.replay_gateway:replay_gateway", "a recording as a venue", "以录制行情为柜台"),
    "simulated": Verb("tools.simulated_gateway:simulated_gateway", "the simulated exchange's client", "模拟交易所的网关"),
}


@click.group(cls=LazyGroup, verbs=KINDS)
def gateway() -> None:
    """Run one gateway by itself, until SIGTERM."""
