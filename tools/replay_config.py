"""What a replay plays: a pair's configuration, a recording for each leg.

The pair is that of a configuration file (config/examples/btc.toml, or the
user's own); over it lies a small file that the replay writes: where the node
keeps its things, the two endpoints, and shorter waits, because the market runs
`speed` times faster than the clock.
"""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from config import schema
from config.load import ROOT, load_checked
from domain.errors import ConfigError
from gateways.replay.settings import Played
from tools.errors import ToolError
from wire.instrument import InstrumentDef

EXAMPLE = ROOT / "config" / "examples" / "btc.toml"
DATA_VARIABLE = "HEDGEROW_DATA"
DATA_BESIDE = ROOT.parent / "shared" / "data" / "btc-2024-08-08"
RECORDINGS = {"SPOT.BTCUSDT": "spot.BTCUSDT.csv.gz", "PERP.BTCUSDT": "usdm.BTCUSDT.csv.gz"}
"""Which file of the recording plays which symbol."""

CASH = Decimal(1_000_000)


class Leg(Struct, frozen=True):
    """One leg of a replay: its venue, its recording, how it is reached."""

    venue: str
    played: Played
    folder: Path
    feed: str
    trade: str

    @property
    def truth_path(self) -> Path:
        """Where the venue keeps its own book."""
        return self.folder / "truth.log"


def recording_at(given: str | None) -> Path:
    """The folder of the recording: as given, by HEDGEROW_DATA, or beside us.

    Raises ToolError where a file is missing, saying where it was looked for.
    """
    folder = Path(given or os.environ.get(DATA_VARIABLE) or DATA_BESIDE)
    missing = [name for name in RECORDINGS.values() if not (folder / name).is_file()]
    if missing:
        raise ToolError(
            f"no recorded data: {', '.join(missing)} not in {folder}; "
            f"name its folder: hedgerow replay RECORDING_DIR, or set {DATA_VARIABLE}"
        )
    return folder


def legs_of(file: Path, recording: Path, folder: Path, sockets: Path) -> tuple[Leg, ...]:
    """The legs of the one pair that a configuration file holds."""

    def placed(venue: str) -> Leg:
        feed, trade = f"ipc://{sockets}/{venue}.feed", f"ipc://{sockets}/{venue}.trade"
        return leg_at(file, venue, recording, folder / venue, feed, trade)

    return tuple(placed(leg.venue) for leg in pair_of(load_checked([file]), file).legs)


def pair_of(config: schema.Config, file: Path) -> schema.Pair:
    """The one pair of a configuration. Raises: ConfigError."""
    if len(config.pair) != 1:
        raise ConfigError(str(file), "pair", len(config.pair), "one pair")
    return config.pair[0]


def leg_at(file: Path, venue: str, recording: Path, folder: Path, feed: str, trade: str) -> Leg:
    """The leg of one venue with its recording and places."""
    config = load_checked([file])
    legs = pair_of(config, file).legs
    leg = next((each for each in legs if each.venue == venue), None)
    if leg is None:
        raise ConfigError(
            str(file), "pair.legs.venue", venue, f"one of the pair's: {', '.join(leg.venue for leg in legs)}"
        )
    name = RECORDINGS.get(leg.symbol)
    if name is None:
        raise ConfigError(str(file), "pair.legs.symbol", leg.symbol, f"one that is recorded: {', '.join(RECORDINGS)}")
    told = next(each for each in config.instrument if (each.venue, each.symbol) == (leg.venue, leg.symbol))
    played = Played(definition_of(told), recording / name, inventory=leg.inventory_lots)
    return Leg(venue, played, folder, feed, trade)


def definition_of(told: schema.Instrument) -> InstrumentDef:
    """A configured instrument as its replay gateway announces it."""
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
        tradable=True,
        base=told.base,
        min_lots=told.min_lots,
        max_lots=told.max_lots,
    )


def overlay_text(pair: str, legs: tuple[Leg, ...], node_dir: Path) -> str:
    """The file that lies over the pair's configuration in this replay."""
    venues = "".join(VENUE.format(leg=leg) for leg in legs)
    return OVERLAY.format(node_dir=node_dir, pair=pair) + venues


OVERLAY = """\
# Written by `hedgerow replay`; lies over the pair's own configuration.

[node]
name = "replay"
mode = "live"
dir = "{node_dir}"

[defaults]
cooldown_ms = 100               # a second of the recording at ten times its pace
failure_cooldown_ms = 200
failure_cooldown_max_ms = 1000
max_failures = 100
max_orders_per_hedge = 24       # the market moves ten times further between two tries
max_replenish_orders = 12

[[pair]]
name = "{pair}"
limits = {{ orders_per_hedge = 24, max_hedges = 1000 }}
"""

VENUE = """
[[venue]]
name = "{leg.venue}"
feed = "{leg.feed}"
trade = "{leg.trade}"
"""
