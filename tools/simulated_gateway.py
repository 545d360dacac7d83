"""`gateway simulated`: one simulated account as a gateway process.

The composition root of a simulated gateway: a client of the exchange that
`sim serve` runs, and nothing but values passed in.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from system.curve import CurveServer


@click.command("simulated")
@click.option("--exchange", required=True, help="The exchange's endpoint, as `sim serve` was given it.")
@click.option("--venue", required=True, help="Which of its venues.")
@click.option("--account", default="", help="The account; none: the feed alone.")
@click.option("--feed", required=True, help="Where the feed is bound: ipc:///directory/name.")
@click.option("--trade", default="", help="Where orders are taken; none: the feed alone.")
@click.option("--dir", "folder", required=True, type=click.Path(path_type=Path), help="Where it keeps its orders.")
@click.option("--session", default="", help="Its name at the exchange; else made of venue and account.")
@click.option("--settle-ms", type=click.IntRange(0), default=300, help="When a silent order is proven unknown.")
@click.option("--max-orders-per-s", type=click.IntRange(0), default=0, help="0: no limit.")
@click.option("--alone-ms", type=click.IntRange(1), default=600_000, help="It ends after so long without a node.")
@click.option("--curve-keys", type=click.Path(path_type=Path), default=None, help="Its CURVE key file; needed off loopback.")
@click.option("--curve-allow", type=click.Path(path_type=Path), default=None, help="Public keys of the nodes that may connect, a line each.")
@click.option("--with-parent", is_flag=True, help="End when the process that started this one ends.")
def simulated_gateway(
    exchange: str,
    venue: str,
    account: str,
    feed: str,
    trade: str,
    folder: Path,
    session: str,
    settle_ms: int,
    max_orders_per_s: int,
    alone_ms: int,
    curve_keys: Path | None,
    curve_allow: Path | None,
    with_parent: bool,
) -> None:
    """Serve one account of a simulated venue, until SIGTERM."""
    import zmq

    from gateways.simulated.adapter import SimulatedAdapter
    from gateways.simulated.settings import Settings
    from gateways.skeleton import Gateway, GatewaySettings
    from system.clock import SystemClock
    from system.locks import DirectoryLock

    if trade and not account:
        raise click.UsageError("--trade needs an --account to trade for; leave both out for the feed alone")
    curve = curve_of(curve_keys, curve_allow)
    stop = _stopper(with_parent=with_parent)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = DirectoryLock(folder, f"gateway of {venue}")
    settings = Settings(exchange, venue, account, session or f"gw-{venue}-{account}", settle_ms, max_orders_per_s)
    clock, context = SystemClock(), zmq.Context()
    gateway = Gateway(
        GatewaySettings(venue, feed, trade, folder, alone_ms, curve), SimulatedAdapter(settings, clock), clock, context
    )
    gateway.start()
    gc.freeze()  # what was made to start lives to the end; collections needn't look at it
    gateway.run(stop)
    context.term()
    lock.release()


def curve_of(keys: Path | None, allow: Path | None) -> CurveServer | None:
    """What both options say; neither: no CURVE. Raises: UsageError, ConfigError."""
    from system.curve import read_server

    if (keys is None) != (allow is None):
        raise click.UsageError("--curve-keys and --curve-allow go together: its own keys, and whom it lets in")
    return None if keys is None or allow is None else read_server(keys, allow)


def _stopper(*, with_parent: bool) -> Callable[[], bool]:
    """True once SIGTERM or SIGINT came, or the parent is gone."""
    asked: list[int] = []
    parent = os.getppid()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, _frame: asked.append(signum))
    return lambda: bool(asked) or (with_parent and os.getppid() != parent)
