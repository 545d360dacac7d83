"""`gateway paper`: a venue's live feed, with a paper account on it.

The composition root of a paper gateway: reads the configuration for what the
venue's instruments are, and passes values in. `run` starts one for each venue
where `node.mode` is paper.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

CASH = Decimal(10_000_000)
"""Of the account's currency, where the venue's `margin_budget` says no other sum."""
PATH = click.Path(path_type=Path)
DECIMALS = ("margin_rate_long", "margin_rate_short", "margin_lot_long", "margin_lot_short")


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
    from config.sessions import book_for
    from config.values import venue_called
    from domain.errors import ConfigError
    from gateways.paper.settings import Settings
    from gateways.replay.account import Terms
    from system.curve import read_keys

    config = load_checked(files)
    told = venue_called(config, venue)
    if told is None:
        raise ConfigError(", ".join(map(str, files)), "venue", venue, listed("a venue", [each.name for each in config.venue]))
    instruments = [each for each in config.instrument if each.venue == venue]
    inventory = {leg.symbol: leg.inventory_lots for pair in config.pair for leg in pair.legs if leg.venue == venue}
    terms = tuple(
        Terms(definition_of(each), inventory.get(each.symbol, 0), margin_rate=each.margin_rate_long or Decimal(0))
        for each in instruments
    )
    budget = told.margin_budget or {}
    currency = next((each.currency for each in terms if each.definition.tradable), "")
    day_of = day_by(config, instruments, book_for(config))
    curve = read_keys(Path(config.node.curve_keys), told.curve_server) if told.curve_server is not None else None
    return Settings(venue, source, terms, Decimal(budget.get(currency, CASH)), truth, day_of, curve)


def definition_of(told: Any) -> Any:
    """A configured instrument as its paper gateway announces it: all that is told."""
    from tools.paper import QUOTED_ALONE
    from wire.instrument import InstrumentDef

    return InstrumentDef(
        symbol=told.symbol,
        tick_size=f"{told.tick_size:f}",
        lot_size=f"{told.lot_size:f}",
        multiplier=f"{told.multiplier:f}",
        currency=told.currency,
        kind=told.kind,
        offset_mode=told.offset_mode,
        tifs=told.tifs or "034",
        market_orders=False,
        tradable=told.kind not in QUOTED_ALONE,
        base=told.base,
        min_lots=told.min_lots,
        max_lots=told.max_lots,
        expiry=told.expiry,
        last_open_day=told.last_open_day,
        **{key: f"{getattr(told, key):f}" for key in DECIMALS if getattr(told, key) is not None},
        **(scheduled(told.fees) if told.fees is not None else {}),
    )


def scheduled(fees: Any) -> dict[str, str]:
    """The configured fees with the protocol's keys."""
    kinds = [(what, when) for what in ("rate", "lot") for when in ("open", "close", "close_today")]
    return {f"fee_{what}_{when}": f"{getattr(fees, f'{when}_{what}'):f}" for what, when in kinds}


def day_by(config: Any, instruments: list[Any], book: Any) -> Callable[[int], str]:
    """The trading day by the calendar of the venue's first instrument that has one; else the UTC date."""
    from config.sessions import calendar_for

    calendars = [found for each in instruments if (found := calendar_for(config, each, book)) is not None]

    def day_of(wall_ns: int) -> str:
        day = calendars[0].at(wall_ns).trading_day if calendars else None
        return f"{day or datetime.fromtimestamp(wall_ns // 1_000_000_000, UTC).date():%Y%m%d}"

    return day_of
