"""`gateway paper`: a venue's live feed, with a paper account on it.

The composition root of a paper gateway: reads the configuration for what the
venue's instruments are, and passes values in. `run` starts one for each venue
where `node.mode` is paper.
"""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

CASH = Decimal(10_000_000)
"""Of each of the account's currencies, where the venue's `margin_budget` says no other sum."""
PATH = click.Path(path_type=Path)


@click.command("paper")
@click.option("-c", "--config", "files", required=True, multiple=True, type=PATH, help="The node's configuration (TOML).")
@click.option("--venue", required=True, help="Which of its venues to be.")
@click.option("--source", required=True, help="The venue's own feed: the one endpoint that this connects to.")
@click.option("--dir", "folder", required=True, type=PATH, help="Where the paper account keeps its files.")
@click.option("--feed", required=True, help="Where the feed is bound: ipc:///directory/name.")
@click.option("--trade", required=True, help="Where orders are taken: ipc:///directory/name.")
@click.option("--alone-ms", type=click.IntRange(1), default=600_000, help="It ends after so long without a node.")
@click.option("--with-parent", is_flag=True, help="End when the process that started this one ends.")
def paper_gateway(
    files: tuple[Path, ...], venue: str, source: str, folder: Path, feed: str, trade: str, alone_ms: int, with_parent: bool
) -> None:
    """Pass a venue's feed on and fill orders against it, until SIGTERM."""
    import zmq

    from gateways.paper.adapter import PaperAdapter
    from gateways.skeleton import Gateway, GatewaySettings
    from system.clock import SystemClock
    from system.locks import DirectoryLock
    from system.signals import StopFlag

    parent = os.getppid()
    settings = settings_of(files, venue, source, folder / "truth.log")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = DirectoryLock(folder, f"paper gateway of {venue}")
    clock, context = SystemClock(), zmq.Context()
    gateway = Gateway(
        GatewaySettings(venue, feed, trade, folder, alone_ms), PaperAdapter(settings, clock, context), clock, context
    )
    gateway.start()
    with StopFlag().installed() as flag:
        gateway.run(lambda: flag.is_set() or (with_parent and os.getppid() != parent))
    context.term()
    lock.release()


def settings_of(files: tuple[Path, ...], venue: str, source: str, truth: Path) -> Any:
    """What the gateway is given. Raises: ConfigError."""
    from config.checks import listed
    from config.load import load_checked
    from config.values import venue_called
    from domain.errors import ConfigError
    from gateways.paper.settings import Settings
    from gateways.replay.account import currencies_of
    from system.curve import read_keys
    from tools.venue_terms import cash_of, days_of, terms_of

    config = load_checked(files)
    told = venue_called(config, venue)
    if told is None:
        raise ConfigError(", ".join(map(str, files)), "venue", venue, listed("a venue", [each.name for each in config.venue]))
    terms = tuple(terms_of(config, each) for each in config.instrument if each.venue == venue)
    day_of = days_of(config, venue, "UTC")
    curve = read_keys(Path(config.node.curve_keys), told.curve_server) if told.curve_server is not None else None
    cash = {currency: cash_of(config, venue, currency, CASH) for currency in currencies_of(terms)}
    return Settings(venue, source, terms, cash, truth, lambda wall_ns: day_of(wall_ns)[0], curve)
