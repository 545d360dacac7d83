"""What a replay plays: pairs, and recordings as their venues.

The pairs are those of a configuration (the recordings' own, or the user's); over
it lies a small file that the replay writes: where the node keeps its things,
the endpoints, and shorter waits, because the market runs `speed` times faster
than the clock of the node. In virtual time both run alike: nothing is shorter.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from config import schema
from config.load import load_checked
from config.values import defaults_of
from domain.errors import ConfigError
from gateways.replay.pacing import Start
from gateways.replay.settings import DayOf, Played, Settings
from tools.errors import UsageError
from tools.replay_map import Recording
from tools.venue_terms import cash_of, days_of, terms_of

CASH = Decimal(1_000_000)
FAILURE_COOLDOWN_MS, FAILURE_COOLDOWN_MAX_MS, MAX_FAILURES = 2_000, 10_000, 1_000
"""A replay goes on after failures; in the recording's time."""

FAST_ORDERS, FAST_REPLENISH = 24, 12
"""Orders of a hedge where the market moves so much further between two tries."""


class VenuePlay(Struct, frozen=True):
    """One venue of a replay: its recordings, how it is reached."""

    venue: str
    played: tuple[Played, ...]
    day_of: DayOf
    cash: Decimal
    folder: Path
    feed: str
    trade: str

    @property
    def truth_path(self) -> Path:
        """Where the venue keeps its own book."""
        return self.folder / "truth.log"

    def settings(self, start: Start, end_ns: int | None) -> Settings:
        """What its gateway is given to play from `start` on."""
        return Settings(self.venue, self.played, start, self.truth_path, self.cash, end_ns, self.day_of)


def config_of(files: Sequence[Path]) -> schema.Config:
    """The checked configuration; its pairs are arbitrages. Raises: ConfigError."""
    config = load_checked(files)
    where = ", ".join(str(file) for file in files)
    if not config.pair:
        raise ConfigError(where, "pair", 0, "a pair that trades what was recorded")
    for pair in config.pair:
        if pair.kind != "arbitrage":
            raise ConfigError(where, f"pair[{pair.name}].kind", pair.kind, "arbitrage: all its legs are recorded")
    return config


def with_pair(config: schema.Config, name: str | None) -> schema.Config:
    """The same with one of its pairs alone. Raises: UsageError."""
    names = [pair.name for pair in config.pair]
    if name is None and len(names) == 1:
        return config
    if name not in names:
        asked = "several pairs" if name is None else f"no pair {name!r}"
        raise UsageError(f"{asked}: say which with --pair, one of {', '.join(names)}")
    return replace(config, pair=tuple(pair for pair in config.pair if pair.name == name))


def keys_of(config: schema.Config) -> tuple[tuple[str, str], ...]:
    """(venue, symbol) of all that the pairs need, rates included, in order."""
    rates = {leg.fx for pair in config.pair for leg in pair.legs}
    named = [(leg.venue, leg.symbol) for pair in config.pair for leg in pair.legs]
    return tuple(dict.fromkeys([*named, *((fx.venue, fx.symbol) for fx in config.fx if fx.name in rates)]))


def plays_of(config: schema.Config, recording: Recording, folder: Path, sockets: Path) -> tuple[VenuePlay, ...]:
    """Every venue that the pairs need, with its recordings."""

    def placed(venue: str) -> VenuePlay:
        feed, trade = f"ipc://{sockets}/{venue}.feed", f"ipc://{sockets}/{venue}.trade"
        return play_at(config, venue, recording, folder / venue, feed, trade)

    return tuple(placed(venue) for venue in dict.fromkeys(venue for venue, _ in keys_of(config)))


def play_at(
    config: schema.Config, venue: str, recording: Recording, folder: Path, feed: str, trade: str
) -> VenuePlay:
    """One venue with all that the pairs need of it. Raises: ConfigError."""
    symbols = [symbol for at, symbol in keys_of(config) if at == venue]
    if not symbols:
        known = ", ".join(dict.fromkeys(at for at, _ in keys_of(config)))
        raise ConfigError("configuration", "pair.legs.venue", venue, f"one of the pairs': {known}")
    played = tuple(played_of(config, recording, venue, symbol) for symbol in symbols)
    day_of = days_of(config, venue, recording.zone_of(venue), recording.calendar_files())
    currency = next((each.terms.currency for each in played if each.definition.tradable), "")
    return VenuePlay(venue, played, day_of, cash_of(config, venue, currency, CASH), folder, feed, trade)


def played_of(config: schema.Config, recording: Recording, venue: str, symbol: str) -> Played:
    """One instrument and its recording."""
    told = next(each for each in config.instrument if (each.venue, each.symbol) == (venue, symbol))
    found, paths = recording.map_of(venue, symbol)
    return Played(terms_of(config, told), paths, told=found)


def overlay_text(
    config: schema.Config, plays: tuple[VenuePlay, ...], node_dir: Path, speed: float, calendars: Sequence[Path] | None
) -> str:
    """The file that lies over the pairs' configuration in this replay.

    `calendars`: those of the recorded days, where the node's clock is the
    recording's; None where it is the machine's: it says nothing of the recorded
    market's hours then, and the venue's own status alone opens and closes it.
    """
    mode = "observe" if config.node.mode == "observe" else "live"
    tables = "".join(f'"{path}", ' for path in (*config.node.calendars, *(calendars or ())))
    text = HEAD.format(node_dir=node_dir, mode=mode, calendars=f"calendars = [{tables[:-2]}]" if tables else "")
    text += "".join(_pair_text(config, pair, speed) for pair in config.pair)
    if calendars is None:
        text += "".join(
            BY_STATUS.format(venue=play.venue, symbol=each.definition.symbol) for play in plays for each in play.played
        )
    return text + "".join(VENUE.format(play=play) for play in plays)


def _pair_text(config: schema.Config, pair: schema.Pair, speed: float) -> str:
    """Shorter waits of one pair, and no end for its failures."""
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
    return PAIR.format(name=pair.name, orders=orders, hedges=pair.limits.max_hedges, speed=speed, lines=lines)


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
