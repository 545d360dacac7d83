"""What `sim try` tries: the desk, its market, how far its venues are.

Everything that can be wrong with what was asked is found here, before a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from math import floor, log10
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from config.schema import Config, Pair
from domain.cover import CoverSpec
from domain.errors import ConfigError
from domain.units import decimal_of
from system.clock import SystemClock, chance
from tools.errors import UsageError

NS = 1_000_000_000
MOST_RTT_MS = 1000
HELD_MS = 5000
"""What is held elsewhere changes so often."""
FEED_MS = 1000
"""A feed tells it again so often: a node that comes later has it too."""
LEAST_HELD, MOST_HELD = 0.2, 0.8
"""Of what the cover may hold at most: between these the stock is drawn."""
MOST_STEP = 0.9
"""Of `max_step`: a drawn stock needs no person to agree."""


def prepared(
    files: tuple[Path, ...], exchange: Path | None, prices: Sequence[str], latencies: Sequence[str] = (), exposures: Sequence[str] = ()
) -> dict[str, Any]:
    """The desk and its market, checked. Raises: ConfigError, UsageError."""
    from simulation.desk_scenarios import BY_NAME

    if exchange is not None and prices:
        raise UsageError("--exchange FILE says what everything trades at: leave --px out, or --exchange")
    config = desk_of(files)
    beside = files[-1].resolve().parent / "exchange.toml"
    if exchange is None and not prices and beside.is_file():
        exchange = beside
    asked = {
        "files": [str(file) for file in files],
        "exchange": None if exchange is None else str(exchange),
        "prices": list(prices),
        "latencies": list(latencies),
        "exposures": list(exposures),
        "day": datetime.fromtimestamp(SystemClock().wall_ns() // NS, UTC).strftime("%Y-%m-%d"),
    }
    spec = market_of(config, asked)
    accounts_of(config, spec)
    far = distances_of(config, latencies)
    held = quantities_of(config, exposures)
    rests = any(leg.tif == "day" for pair in config.pair for leg in pair.legs)
    return {
        "asked": asked,
        "pairs": [pair.name for pair in config.pair],
        "covers": {pair.name: {"unit": unit_of(pair), "qtys": held.get(pair.name)} for pair in config.pair if pair.kind == "cover"},
        "scenarios": [name for name, scenario in BY_NAME.items() if rests or not scenario.resting],
        "market": "prices" if exchange is None else str(exchange),
        "notes": notes(config),
        "latencies": {venue: {"rtt_ms": each.rtt_ns / 1e6, "jitter_ms": each.jitter_ns / 1e6, "told": is_told(venue, latencies)} for venue, each in far.items()},
    }


def notes(config: Config) -> list[str]:
    """What of the configuration a run has otherwise."""
    return [f"its {len(config.shard)} shards run as one node here: what each is limited to, and the loss of one, is not tried"] if config.shard else []


def desk_of(files: Iterable[Path | str]) -> Config:
    """The configuration as it is tried. Raises: ConfigError; UsageError where it has no pair."""
    from config.load import load_checked

    config = load_checked(files)
    if not config.pair:
        raise UsageError("the configuration has no pair: there is nothing to try")
    used = {leg.venue for pair in config.pair for leg in pair.legs} | {told.venue for told in config.instrument if told.kind in ("fx", "index")}
    venues = tuple(
        replace(each, feed=f"ipc:///sim/{each.name}.feed", trade=f"ipc:///sim/{each.name}.trade" if each.trade else None, command=(), curve_server=None, calendar="venue")
        for each in config.venue
        if each.name in used
    )
    instruments = tuple(told for told in config.instrument if told.venue in used)
    node = replace(config.node, mode="live", dir="/sim", calendars=())
    return replace(config, node=node, venue=venues, instrument=instruments)


# ------------------------------------------------ the market


def market_of(config: Config, asked: dict[str, Any]) -> Any:
    """The exchange: the file's, or one made around the prices.

    Raises: ConfigError, UsageError.
    """
    from exchange.config import load
    from exchange.errors import SpecError
    from tools.try_market import made, problems

    if asked["exchange"] is None:
        return made(config, asked["prices"])
    try:
        spec = replace(load(Path(asked["exchange"])), trouble=[])
    except SpecError as error:
        raise ConfigError(error.file, error.key, error.value, error.allowed) from error
    wrong = problems(config, spec)
    if wrong:
        raise UsageError(f"{asked['exchange']} is no market for this desk: {wrong[0]}")
    return spec


def accounts_of(config: Config, spec: Any) -> dict[str, str]:
    """Whom each venue's gateway trades for; "" a feed alone.

    Raises: UsageError where the exchange has no such account.
    """
    found = {}
    for venue in config.venue:
        there = next(each for each in spec.venue if each.name == venue.name)
        names = [account.name for account in there.account]
        if venue.trade is None:
            found[venue.name] = ""
        elif venue.account in names or len(names) == 1:
            found[venue.name] = venue.account if venue.account in names else names[0]
        else:
            raise UsageError(f"the market's venue {venue.name} has the accounts {names}: say in the configuration which `account` trades")
    return found


# ------------------------------------------------ how far


def distances_of(config: Config, latencies: Sequence[str]) -> dict[str, Any]:
    """Each venue's distance: as told, else near.

    `latencies`: VENUE=RTT_MS, VENUE=RTT_MS+JITTER_MS, or either without VENUE=
    for all that are not named. Raises: UsageError.
    """
    from simulation.exchanged import NEAR

    names = [venue.name for venue in config.venue]
    told: dict[str, Any] = {}
    for text in latencies:
        venue, sign, number = text.rpartition("=")
        if sign and venue not in names:
            raise UsageError(f"--latency {text}: no venue {venue!r}; there are: {', '.join(names)}")
        if venue in told:
            raise UsageError(f"--latency {text}: that was told before, as {told[venue].rtt_ns / 1e6:g} ms: say it once")
        told[venue] = _distance(text, number)
    return {name: told.get(name, told.get("", NEAR)) for name in names}


def is_told(venue: str, latencies: Sequence[str]) -> bool:
    """Whether that venue's distance was given, and not assumed."""
    return any(text.rpartition("=")[0] in (venue, "") for text in latencies)


def _distance(text: str, number: str) -> Any:
    from simulation.exchanged import Distance

    rtt, _, jitter = number.partition("+")
    try:
        rtt_ms, jitter_ms = Decimal(rtt), Decimal(jitter or "0")
        fits = min(rtt_ms, jitter_ms) >= 0 and rtt_ms + jitter_ms <= MOST_RTT_MS
    except InvalidOperation:
        fits = False
    if not fits:
        raise UsageError(f"--latency {text}: {number!r} is no round trip in ms, 0 to {MOST_RTT_MS} with its jitter: such as COMEX=180, or COMEX=180+20 for up to 20 ms more")
    return Distance(int(rtt_ms * 1_000_000), int(jitter_ms * 1_000_000))


# ------------------------------------------------ what covers cover


def unit_of(pair: Pair) -> str:
    """The unit in which a cover's exposure is told."""
    return (pair.exposure.unit if pair.exposure is not None else "") or pair.unit


def quantities_of(config: Config, exposures: Sequence[str]) -> dict[str, list[str]]:
    """What the covers named in `exposures` cover, in turn: PAIR=QTY,QTY... Raises: UsageError."""
    covers = [pair.name for pair in config.pair if pair.kind == "cover"]
    found: dict[str, list[str]] = {}
    for text in exposures:
        name, _, words = text.partition("=")
        if name not in covers:
            raise UsageError(f"--exposure {text}: no cover {name!r}; there are: {', '.join(covers) or 'none'}")
        try:
            found[name] = [format(decimal_of(word), "f") for word in words.split(",")]
        except ValueError:
            raise UsageError(f"--exposure {text}: {words!r} is no list of quantities, such as {name}=103,62,-20") from None
    return found


def holdings_of(config: Config, folder: Path, exposures: Sequence[str], seed: int, seconds: int) -> tuple[Config, list[Any]]:
    """The configuration with each exposure told from this run, and who tells them."""
    from config.pairspecs import pair_spec
    from simulation.desk_covers import FEED, FILE, HAND, Holding

    given = quantities_of(config, exposures)
    pairs, holdings = [], []
    for place, pair in enumerate(config.pair):
        if pair.kind != "cover":
            pairs.append(pair)
            continue
        told = pair.exposure
        how = FILE if told.file is not None else FEED if told.feed is not None else HAND
        name = f"exposure-{place}"
        where = str(folder / f"{name}.json") if how == FILE else name
        pairs.append(replace(pair, exposure=replace(told, file=where if how == FILE else None, feed=f"ipc:///sim/{name}.feed" if how == FEED else None)))
        spec = pair_spec(config, pair, sends_orders=False)
        qtys = given.get(pair.name) or drawn(pair, spec.cover, spec.legs[0], seed * 1009 + place, seconds * 1000 // HELD_MS + 1)
        fresh_ms = FEED_MS if how == FEED else (told.max_age_ms or 0) // 2
        holdings.append(Holding(pair.name, how, where, qtys, HELD_MS, fresh_ms, told.unit, told.book, told.asset))
    return replace(config, pair=tuple(pairs)), holdings


def drawn(pair: Pair, cover: CoverSpec, leg: Any, seed: int, count: int) -> list[str]:
    """A stock that the cover can follow: within its position, no step past `max_step`. Units: the exposure's."""
    rng = chance(seed)
    told = pair.legs[0]
    most = pair.size.max_position_units if told.limits is None else min(pair.size.max_position_units, told.limits.position_lots)
    is_spot = leg.instrument.kind == "spot"
    if is_spot and leg.inventory_lots:
        most = min(most, leg.inventory_lots)
    a_lot = float(cover.per_lot / abs(cover.ratio))
    step = MOST_STEP * float(cover.max_step) if cover.max_step is not None else most * a_lot
    way = -1 if is_spot and not leg.inventory_lots else 1  # spot that is not there can't be sold
    digits = max(0, 2 - floor(log10(a_lot)))
    found, held = [], 0.0
    for _ in range(count):
        wanted = rng.uniform(LEAST_HELD, MOST_HELD) * most * a_lot
        held = max(held - step, min(held + step, wanted))
        found.append(format(held * way * (1 if cover.ratio > 0 else -1), f".{digits}f"))
    return found
