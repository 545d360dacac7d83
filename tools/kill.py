"""`kill`, `unkill`: bar orders now; by the node, or straight at a gateway."""

from __future__ import annotations

from itertools import product
from typing import Any

import click

from tools.asking import Asked, user, write_verb
from tools.errors import FAILED, FINE, NotConnected, UsageError

LEVELS = ("block", "freeze", "flatten")


@click.command()
@click.option("--scope", default="all", show_default=True, metavar="SCOPE", help="all | 'market VENUE' | 'symbol VENUE SYMBOL' | 'pair NAME'.")
@click.option("--level", type=click.Choice(LEVELS), default="freeze", show_default=True, help="What is barred.")
@click.option("--gateway", "gateways", multiple=True, metavar="ENDPOINT", help="Straight at this gateway, past a hung node.")
@click.option("--node", "nodes", multiple=True, metavar="NAME", help="With --gateway: whose orders (node.name; of shards NODE.SHARD, each).")
@write_verb
def kill(asked: Asked, scope: str, level: str, gateways: tuple[str, ...], nodes: tuple[str, ...]) -> int:
    """Kill: no order that LEVEL forbids, from this moment.

    block: nothing that opens, hedges in flight go back. freeze: cancels, then
    no order at all; what is naked is STRANDED and told. flatten: freeze's
    cancels, then what is held is closed. It holds over restarts, until unkill.

    With --gateway the node is not asked: this logs on in its name with a
    higher epoch, so that the gateway takes nothing more from it, and cancels
    all its orders there. A node must be started anew after that.
    """
    if gateways or nodes:
        return _past_the_node(asked, gateways, nodes)
    try:
        told = asked.send("kill", reasonless=True, scope=scope, level=level)
    except NotConnected as error:
        raise NotConnected(f"{error}\nif it hangs: ./hedgerow kill --gateway ENDPOINT --node NAME (each venue's `trade` endpoint)") from None
    return asked.show(told)


def _past_the_node(asked: Asked, gateways: tuple[str, ...], nodes: tuple[str, ...]) -> int:
    from tools.kill_gateway import kill_at

    if not gateways or not nodes:
        raise UsageError("--gateway ENDPOINT (each venue's `trade`) and --node NAME (node.name) go together")
    for endpoint, node in product(gateways, nodes):
        asked.out.say(f"{endpoint}: log on as {node!r} with a higher epoch, cancel all its orders; its own orders are refused from then on")
    if asked.dry_run or not asked.agreed():
        return FINE
    rows: list[dict[str, Any]] = [kill_at(endpoint, node) for endpoint, node in product(gateways, nodes)]
    asked.out.many([{"operator": asked.operator or user(), **row} for row in rows])
    return FINE if all(row["accepted"] for row in rows) else FAILED


@click.command()
@click.option("--scope", default="all", show_default=True, metavar="SCOPE", help="The scope that was killed.")
@write_verb
def unkill(asked: Asked, scope: str) -> int:
    """End a kill. STRANDED hedges stay so: `hedge retry` or `hedge take`."""
    return asked.show(asked.send("unkill", scope=scope))
