"""Shards: which pair is placed where, and what a shard's node is told.

A pair is placed by hand (a shard names it) or by its strategy; by hand comes
first. An instrument of a venue is traded by one shard alone: whoever sends on
it must see all that works there, or the account would trade with itself. A
venue that several shards trade at is split by their shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec.structs import replace

from config.load import Loaded
from config.schema import Config, Pair, Shard, Venue
from config.values import fx_of
from domain.errors import ConfigError

FOLDER = "shards"
"""Of the node's directory: a folder for each shard."""

Found = Iterator[ConfigError]


def placed_in(config: Config) -> dict[str, str]:
    """Each pair's shard, by name; pairs without one are left out."""
    by_hand = {name: shard.name for shard in config.shard for name in shard.pairs}
    by_strategy = {name: shard.name for shard in config.shard for name in shard.strategies}
    found = {pair.name: by_hand.get(pair.name) or by_strategy.get(pair.strategy or "") for pair in config.pair}
    return {name: shard for name, shard in found.items() if shard}


def by_hand(config: Config, places: Mapping[str, str] | None = None) -> Config:
    """The same with each pair's shard named, whatever has placed it there."""
    places = placed_in(config) if places is None else places
    shards = (replace(shard, pairs=tuple(name for name, place in places.items() if place == shard.name), strategies=()) for shard in config.shard)
    return replace(config, shard=tuple(shards))


def joined(whole: Config, parts: Mapping[str, Config]) -> Config:
    """The whole configuration with the tables as the shards run them, each pair's shard named."""
    running = {pair.name: pair for part in parts.values() for pair in part.pair}
    places = {pair.name: name for name, part in parts.items() for pair in part.pair}
    order = [*(pair.name for pair in whole.pair if pair.name in running), *(name for name in running if name not in {pair.name for pair in whole.pair})]
    instruments = {(each.venue, each.symbol): each for each in (*whole.instrument, *(each for part in parts.values() for each in part.instrument))}
    rates = {each.name: each for each in (*whole.fx, *(each for part in parts.values() for each in part.fx))}
    defaults = next((part.defaults for part in parts.values()), whole.defaults)
    made = replace(
        whole, defaults=defaults, instrument=tuple(instruments.values()), fx=tuple(rates.values()), pair=tuple(running[name] for name in order)
    )
    return by_hand(made, {name: places[name] for name in order})


def directory_of(node_dir: str, shard: str) -> str:
    """Where a shard's journal and sockets are."""
    return f"{node_dir}/{FOLDER}/{shard}"


def is_part(config: Config) -> bool:
    """Whether this is one shard's part of a configuration already."""
    node = config.node
    return len(config.shard) == 1 and node.name.endswith(f".{config.shard[0].name}") and node.dir.endswith(f"/{FOLDER}/{config.shard[0].name}")


def for_shard(config: Config, name: str) -> Config:
    """The configuration of one shard's node: its pairs, and what they need.

    Its `shard` table alone is left in it; gateways are the root's to start.
    """
    (shard,) = (each for each in config.shard if each.name == name)
    places = placed_in(config)
    pairs = tuple(pair for pair in config.pair if places.get(pair.name) == name)
    rates = {fx.name: fx for pair in pairs for leg in pair.legs if (fx := fx_of(config, leg)) is not None}
    traded = {(leg.venue, leg.symbol) for pair in pairs for leg in pair.legs}
    needed = traded | {(fx.venue, fx.symbol) for fx in rates.values()} | _exchanged(config, traded)
    at = {venue for venue, _ in traded}
    node = config.node
    emergency = f"{node.emergency_dir}/{name}" if node.emergency_dir else ""
    return replace(
        config,
        node=replace(node, name=f"{node.name}.{name}", dir=directory_of(node.dir, name), emergency_dir=emergency),
        venue=tuple(_venue(venue, shard, trades=venue.name in at) for venue in config.venue if venue.name in {v for v, _ in needed}),
        instrument=tuple(each for each in config.instrument if (each.venue, each.symbol) in needed),
        fx=tuple(rates.values()),
        shard=(replace(shard, pairs=(), strategies=()),),  # which pairs these are is the whole's to say
        pair=pairs,
    )


def _exchanged(config: Config, traded: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Rates that an account's other currencies are reckoned by."""
    if not any(venue.fx_haircut is not None for venue in config.venue if venue.name in {v for v, _ in traded}):
        return set()
    return {(each.venue, each.symbol) for each in config.instrument if each.kind == "fx"}


def _venue(venue: Venue, shard: Shard, *, trades: bool) -> Venue:
    """A venue as one shard has it: started by the root, its money shared."""
    part = shard.share.get(venue.name, Decimal(1))
    budget = None if venue.margin_budget is None else {key: amount * part for key, amount in venue.margin_budget.items()}
    return replace(venue, command=(), trade=venue.trade if trades else None, margin_budget=budget)


# ------------------------------------------------ checks


def problems(loaded: Loaded) -> Found:
    """Everything that is wrong with the placement, shard by shard."""
    config = loaded.config
    if is_part(config):
        return  # the whole was judged before it was made of it
    if not config.shard:
        if "shards" in loaded.layers.document:
            yield loaded.error(("shards",), "(table)", "beside it at least one [[shard]] with its pairs, or no [shards]")
        return
    yield from _names(loaded)
    yield from _all_placed(loaded)
    yield from _all_used(loaded)
    yield from _instruments_apart(loaded)
    yield from _shares(loaded)
    yield from _all_shared(loaded)


def running_problems(loaded: Loaded) -> Found:
    """What must hold also after changes; a shard may have lost its last pair."""
    yield from _all_placed(loaded)
    yield from _instruments_apart(loaded)
    yield from _all_shared(loaded)


def _names(loaded: Loaded) -> Found:
    """What a shard names is there, and named by it alone."""
    config = loaded.config
    known = {"pairs": [pair.name for pair in config.pair], "strategies": [pair.strategy for pair in config.pair if pair.strategy]}
    taken: dict[tuple[str, str], str] = {}
    for index, shard in enumerate(config.shard):
        if shard.name in [each.name for each in config.shard[:index]]:
            yield loaded.error(("shard", index), shard.name, "each shard once")
        for key, there in known.items():
            for name in getattr(shard, key):
                if name not in there:
                    yield loaded.error(("shard", index, key), name, f"one of the {key}: {', '.join(dict.fromkeys(map(str, there))) or 'there are none'}")
                elif (key, name) in taken:
                    yield loaded.error(("shard", index, key), name, f"in one shard: it is in {taken[key, name]}")
                taken.setdefault((key, name), shard.name)


def _all_placed(loaded: Loaded) -> Found:
    places = placed_in(loaded.config)
    for index, pair in enumerate(loaded.config.pair):
        if pair.name not in places:
            allowed = "a place: its name among a shard's pairs, or its strategy among a shard's strategies"
            yield loaded.error(("pair", index), pair.name, allowed)


def _all_used(loaded: Loaded) -> Found:
    places = placed_in(loaded.config)
    for index, shard in enumerate(loaded.config.shard):
        if shard.name not in places.values():
            yield loaded.error(("shard", index), shard.name, "at least one pair: none is placed in it")


def _instruments_apart(loaded: Loaded) -> Found:
    """What one shard trades no other does: see the top of this file."""
    places = placed_in(loaded.config)
    first: dict[tuple[str, str], Pair] = {}
    for index, pair in enumerate(loaded.config.pair):
        for place, leg in enumerate(pair.legs):
            other = first.setdefault((leg.venue, leg.symbol), pair)
            here, there = places.get(pair.name), places.get(other.name)
            if here and there and here != there:
                allowed = f"an instrument of shard {here} alone: {other.name} in shard {there} trades it too; place both pairs in one shard"
                yield loaded.error(("pair", index, "legs", place, "symbol"), leg.symbol, allowed)


def _users(config: Config) -> dict[str, set[str]]:
    """The shards that trade at each venue."""
    places = placed_in(config)
    users: dict[str, set[str]] = {}
    for pair in config.pair:
        for leg in pair.legs:
            users.setdefault(leg.venue, set()).add(places.get(pair.name, ""))
    return users


def _shares(loaded: Loaded) -> Found:
    """All shares of a venue make one at most."""
    config = loaded.config
    users = _users(config)
    sums: dict[str, Decimal] = {}
    for index, shard in enumerate(config.shard):
        for venue, part in shard.share.items():
            if shard.name not in users.get(venue, ()):
                yield loaded.error(("shard", index, "share", venue), str(part), "no share: its pairs trade nothing at that venue")
            elif not 0 < part <= 1:
                yield loaded.error(("shard", index, "share", venue), str(part), "more than 0, at most 1")
            sums[venue] = sums.get(venue, Decimal(0)) + part
            if sums[venue] > 1:
                yield loaded.error(("shard", index, "share", venue), str(part), f"shares of {venue} that make 1 at most together; they make {sums[venue]}")


def _all_shared(loaded: Loaded) -> Found:
    """A venue that several trade at is split."""
    users = _users(loaded.config)
    for index, shard in enumerate(loaded.config.shard):
        for venue in sorted(name for name, by in users.items() if shard.name in by and len(by) > 1):
            if venue not in shard.share:
                allowed = f'share = {{ {venue} = "0.5" }}: {", ".join(sorted(users[venue]))} trade at {venue}, and its margin and message rate are split'
                yield loaded.error(("shard", index, "share"), "absent", allowed)
