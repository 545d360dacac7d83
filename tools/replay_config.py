"""What a replay plays: a pair, and recordings as its venues.

The pair is that of a configuration (the recording's own, or the user's); over
it lies a small file that the replay writes: where the node keeps its things,
the endpoints, and shorter waits, because the market runs `speed` times faster
than the clock of the node. In virtual time both run alike: nothing is shorter.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from config import schema
from config.load import load_checked
from config.values import defaults_of
from domain.errors import ConfigError
from gateways.replay.settings import Played
from tools.replay_map import Recording
from wire.instrument import InstrumentDef

QUOTED_ALONE = ("fx", "index")
CASH = Decimal(1_000_000)
FAILURE_COOLDOWN_MS, FAILURE_COOLDOWN_MAX_MS, MAX_FAILURES = 2_000, 10_000, 1_000
"""A replay goes on after failures; in the recording's time."""

FAST_ORDERS, FAST_REPLENISH = 24, 12
"""Orders of a hedge where the market moves so much further between two tries."""


class VenuePlay(Struct, frozen=True):
    """One venue of a replay: its recordings, how it is reached."""

    venue: str
    played: tuple[Played, ...]
    zone: str
    folder: Path
    feed: str
    trade: str

    @property
    def truth_path(self) -> Path:
        """Where the venue keeps its own book."""
        return self.folder / "truth.log"


def config_of(files: Sequence[Path]) -> schema.Config:
    """The checked configuration; one pair in it. Raises: ConfigError."""
    config = load_checked(files)
    if len(config.pair) != 1:
        raise ConfigError(", ".join(str(file) for file in files), "pair", len(config.pair), "one pair")
    if config.pair[0].kind != "arbitrage":
        raise ConfigError(", ".join(str(file) for file in files), "pair.kind", config.pair[0].kind, "arbitrage: all its legs are recorded")
    return config


def venues_of(config: schema.Config) -> tuple[str, ...]:
    """The venues that the pair needs, rates included, in order."""
    pair = config.pair[0]
    rates = {leg.fx for leg in pair.legs}
    named = [leg.venue for leg in pair.legs] + [fx.venue for fx in config.fx if fx.name in rates]
    return tuple(dict.fromkeys(named))


def plays_of(config: schema.Config, recording: Recording, folder: Path, sockets: Path) -> tuple[VenuePlay, ...]:
    """Every venue that the pair needs, with its recordings."""

    def placed(venue: str) -> VenuePlay:
        feed, trade = f"ipc://{sockets}/{venue}.feed", f"ipc://{sockets}/{venue}.trade"
        return play_at(config, venue, recording, folder / venue, feed, trade)

    return tuple(placed(venue) for venue in venues_of(config))


def play_at(
    config: schema.Config, venue: str, recording: Recording, folder: Path, feed: str, trade: str
) -> VenuePlay:
    """One venue with all that the pair needs of it. Raises: ConfigError."""
    if venue not in venues_of(config):
        known = ", ".join(venues_of(config))
        raise ConfigError("configuration", "pair.legs.venue", venue, f"one of the pair's: {known}")
    rates = {leg.fx for leg in config.pair[0].legs}
    legs = {leg.symbol: leg.inventory_lots for leg in config.pair[0].legs if leg.venue == venue}
    symbols = dict.fromkeys(fx.symbol for fx in config.fx if fx.venue == venue and fx.name in rates)
    played = tuple(
        played_of(config, recording, venue, symbol, legs.get(symbol, 0)) for symbol in dict.fromkeys([*legs, *symbols])
    )
    return VenuePlay(venue, played, recording.told.zone, folder, feed, trade)


def played_of(config: schema.Config, recording: Recording, venue: str, symbol: str, inventory: int) -> Played:
    """One instrument and its recording."""
    told = next(each for each in config.instrument if (each.venue, each.symbol) == (venue, symbol))
    found = recording.map_of(venue, symbol)
    return Played(definition_of(told), recording.paths_of(found), inventory=inventory, told=found)


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
        tradable=told.kind not in QUOTED_ALONE,
        base=told.base,
        min_lots=told.min_lots,
        max_lots=told.max_lots,
    )


def overlay_text(
    config: schema.Config, plays: tuple[VenuePlay, ...], node_dir: Path, speed: float, calendars: Sequence[Path] | None
) -> str:
    """The file that lies over the pair's configuration in this replay.

    `calendars`: those of the recorded days, where the node's clock is the
    recording's; None where it is the machine's: it says nothing of the recorded
    market's hours then, and the venue's own status alone opens and closes it.
    """
    pair = config.pair[0]
    mode = "observe" if config.node.mode == "observe" else "live"
    tables = "".join(f'"{path}", ' for path in (*config.node.calendars, *(calendars or ())))
    text = HEAD.format(node_dir=node_dir, mode=mode, calendars=f"calendars = [{tables[:-2]}]" if tables else "")
    told = defaults_of(config, pair)
    waits = {
        "cooldown_ms": scaled(told.cooldown_ms, speed),
        "failure_cooldown_ms": scaled(FAILURE_COOLDOWN_MS, speed),
        "failure_cooldown_max_ms": scaled(FAILURE_COOLDOWN_MAX_MS, speed),
        "max_failures": MAX_FAILURES,
    }
    orders = pair.limits.orders_per_hedge
    if speed > 1:
        orders = max(FAST_ORDERS, orders)
        waits["max_orders_per_hedge"] = max(FAST_ORDERS, told.max_orders_per_hedge)
        waits["max_replenish_orders"] = max(FAST_REPLENISH, told.max_replenish_orders)
    lines = "".join(f"{key} = {value}\n" for key, value in waits.items())
    text += PAIR.format(name=pair.name, orders=orders, hedges=pair.limits.max_hedges, speed=speed, lines=lines)
    if calendars is None:
        text += "".join(
            BY_STATUS.format(venue=play.venue, symbol=each.definition.symbol) for play in plays for each in play.played
        )
    return text + "".join(VENUE.format(play=play) for play in plays)


def scaled(wait_ms: int, speed: float) -> int:
    """A wait of the recording's time, on the node's clock."""
    return max(1, round(wait_ms / speed)) if wait_ms else 0


HEAD = """\
# Written by `hedgerow replay`; lies over the pair's own configuration.

[node]
name = "replay"
mode = "{mode}"
dir = "{node_dir}"
{calendars}
"""

BY_STATUS = """
[[instrument]]
venue = "{venue}"
symbol = "{symbol}"
calendar = "venue"    # the machine's clock is not the recording's
"""

PAIR = """
[[pair]]
name = "{name}"
limits = {{ orders_per_hedge = {orders}, max_hedges = {hedges} }}

[pair.defaults]
# the market runs {speed:g} times faster than the node's clock, and failures end no replay
{lines}"""

VENUE = """
[[venue]]
name = "{play.venue}"
feed = "{play.feed}"
trade = "{play.trade}"
calendar = "venue"              # the recording has its own hours
"""
