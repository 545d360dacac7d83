"""`gateway KIND` runs an account's gateway; `gateway check` tries one."""

from __future__ import annotations

import click

from tools.cli import LazyGroup, Verb

KINDS: dict[str, Verb] = {
    "check": Verb("tools.gateway_check:check", "hold a running gateway to the protocol page", "对照协议检查运行中的网关"),
    "paper": Verb("tools.paper_gateway:paper_gateway", "a venue's live feed, and a paper account on it", "实时行情上的模拟账户"),
    "restart": Verb("tools.operate:gateway_restart", "end and start anew one that the node started", "重启由节点启动的网关"),
    "replay": Verb("tools.replay_gateway:replay_gateway", "a recording as a venue", "以录制行情为柜台"),
    "simulated": Verb("tools.simulated_gateway:simulated_gateway", "the simulated exchange's client", "模拟交易所的网关"),
}


@click.group(cls=LazyGroup, verbs=KINDS)
def gateway() -> None:
    """Run one gateway by itself, until SIGTERM; or check one."""
