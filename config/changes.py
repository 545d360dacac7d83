"""A change of a configuration that runs: what it is, and what it needs.

A proposal says tables as they are to be, whole, and names of pairs that are
to go; it is made against one running configuration, named by its digest. The
node judges it again: whoever wrote it is not trusted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from config import checks, shards
from config.flat import START, Change, compared, tables
from config.layers import Layers
from config.load import Loaded, fingerprint, refuse_decimals
from config.lots import filled
from config.pairspecs import limits_of
from config.schema import Config, Defaults, Fx, Instrument, LegLimits, Pair
from domain.errors import ConfigError
from domain.risk import Limits

NODE_SIDE = "the change"
"""The file that a node names in an error: it has read none."""


class Proposal(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Tables as they are to be. `base`: digest of what they were made against.

    `gone`: pairs that are to go; `files`: what was read, with its SHA-256.
    """

    base: str
    defaults: Defaults | None = None
    instrument: tuple[Instrument, ...] = ()
    fx: tuple[Fx, ...] = ()
    pair: tuple[Pair, ...] = ()
    gone: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        return self.defaults is None and not (self.instrument or self.fx or self.pair or self.gone)


def encoded(proposal: Proposal) -> bytes:
    """As it goes to the node."""
    return msgspec.json.encode(proposal)


def decoded(body: bytes) -> Proposal:
    """What came. Raises: ConfigError, saying which value can't be."""
    try:
        found = msgspec.json.decode(body, type=Proposal, strict=True)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ConfigError(NODE_SIDE, "(body)", str(error)[:300], "tables as ./hedgerow config apply sends them") from None
    refuse_decimals(_loaded(Config(instrument=found.instrument, fx=found.fx, pair=found.pair)), (), found)
    return found


def proposed(before: Config, after: Config, base: str, files: Iterable[tuple[str, str]] = ()) -> Proposal:
    """What makes one configuration the other, as far as that may be proposed.

    What no running node takes (venues, its own table, an instrument that is
    to go) is not in it: `compared` tells that.
    """
    old_pairs = {each.name: each for each in before.pair}
    names = {each.name for each in after.pair}
    return Proposal(
        base,
        after.defaults if after.defaults != before.defaults else None,
        tuple(each for each in after.instrument if each not in before.instrument),
        tuple(each for each in after.fx if each not in before.fx),
        tuple(each for each in after.pair if old_pairs.get(each.name) != each),
        tuple(name for name in old_pairs if name not in names),
        tuple(files),
    )


def merged(config: Config, told: Proposal) -> Config:
    """The configuration after it. Raises: ConfigError for a pair that is not there."""
    pairs = {each.name: each for each in config.pair}
    for name in told.gone:
        if pairs.pop(name, None) is None:
            raise ConfigError(NODE_SIDE, f"pair[{name}]", "to go", f"a pair that runs: {', '.join(list(pairs)[:20]) or 'there is none'}")
    instruments = {(each.venue, each.symbol): each for each in (*config.instrument, *told.instrument)}
    rates = {each.name: each for each in (*config.fx, *told.fx)}
    fresh = filled(
        replace(
            config,
            defaults=told.defaults or config.defaults,
            instrument=tuple(instruments.values()),
            fx=tuple(rates.values()),
            pair=told.pair,
        )
    )  # lots that a pair leaves to be worked out are worked out, as in a file
    pairs.update({each.name: each for each in fresh.pair})
    return replace(fresh, pair=tuple(pairs.values()))


def differences(before: Config, after: Config) -> list[Change]:
    """Every key that differs; pairs that are the same are not looked at twice."""
    return compared(*(dict(tables(config)) for config in _apart(before, after)))


def _apart(before: Config, after: Config) -> list[Config]:
    """Both, without the pairs that are the same in them."""
    old, new = ({each.name: each for each in config.pair} for config in (before, after))
    same = {name for name, pair in new.items() if old.get(name) == pair}
    return [replace(config, pair=tuple(each for each in config.pair if each.name not in same)) for config in (before, after)]


def start_needed(changes: Iterable[Change]) -> list[Change]:
    """Those that no running node takes."""
    return [change for change in changes if change.needs == START]


def pair_of(key: str) -> str:
    """The pair that a key is of, "" for any other."""
    return key[len("pair[") :].partition("]")[0] if key.startswith("pair[") else ""


def problems_of(after: Config, touched: Iterable[str], mode: str) -> Iterator[ConfigError]:
    """What is wrong with the changed tables, and with limits that pairs share."""
    reduced = replace(after, pair=tuple(each for each in after.pair if each.name in set(touched)))
    loaded = _loaded(reduced)
    yield from checks.instruments(loaded)
    yield from checks.rates(loaded)
    for index in range(len(reduced.pair)):
        yield from checks.pair_problems(loaded, index, mode)
    yield from _limits_apart(after, {(leg.venue, leg.symbol) for pair in reduced.pair for leg in pair.legs})


def placement_problems(after: Config) -> Iterator[ConfigError]:
    """What is wrong with where the pairs of a node of shards are placed."""
    yield from shards.running_problems(_loaded(after))


def _limits_apart(config: Config, keys: set[tuple[str, str]]) -> Iterator[ConfigError]:
    """The pairs that trade one of these instruments have the same limits for it."""
    known: dict[tuple[str, str], tuple[str, LegLimits]] = {}
    for pair in config.pair:
        for leg in pair.legs:
            key, limits = (leg.venue, leg.symbol), leg.limits
            if key not in keys or limits is None:
                continue
            name, first = known.setdefault(key, (pair.name, limits))
            if first != limits:
                said = f"the limits of pair {name} for it, {words(first)}: ./hedgerow risk limits set {key[0]} {key[1]} changes all"
                yield ConfigError(NODE_SIDE, f"pair[{pair.name}].legs[{key[1]}].limits", words(limits), said)


def words(limits: LegLimits) -> str:
    """Limits as one reads them."""
    return f"order_lots {limits.order_lots}, price_collar_ticks {limits.price_collar_ticks}, position_lots {limits.position_lots}"


def limits_by_key(config: Config) -> dict[tuple[str, str], Limits]:
    """Every limited instrument's, by (venue, symbol)."""
    return {key: limits for pair in config.pair for key, limits in limits_of(pair).items()}


def digest(config: Config) -> str:
    """SHA-256 of what it says."""
    return fingerprint(config)


def _loaded(config: Config) -> Loaded:
    layers = Layers()
    layers.add(NODE_SIDE, msgspec.to_builtins(config))
    return Loaded(config, layers)


# ------------------------------------------------------------------ over a restart

Table = Defaults | Instrument | Fx | Pair
Kept = dict[str, tuple[Table | None, Table | None]]
"""By table: as the files said it when the node started, and as it was changed."""

KINDS: dict[str, type] = {"defaults": Defaults, "instrument": Instrument, "fx": Fx, "pair": Pair}


def noted(kept: Kept, before: Config, after: Config) -> Kept:
    """What differs from the files, after one more change."""
    found = dict(kept)
    old, new = (_by_name(config) for config in _apart(before, after))
    for key in {**old, **new}:
        was, now = old.get(key), new.get(key)
        if was == now:
            continue
        first = found[key][0] if key in found else was
        if first == now:
            found.pop(key, None)
        else:
            found[key] = (first, now)
    return found


class Again(Struct, frozen=True):
    """A start after changes. `kept`: tables as they were changed; `lost`:
    tables of which the files say a third thing, which holds.
    """

    config: Config
    kept: Kept = {}
    lost: tuple[str, ...] = ()


def again(config: Config, changed: Mapping[str, tuple[Any, Any]], elsewhere: Collection[str] = ()) -> Again:
    """The configuration of a start: the files', and what was changed since.

    A table that the files still say as before the change is as changed; one
    that a person has written otherwise since is as the files say, and so is a
    pair that they place `elsewhere`, in another shard.
    Raises: ConfigError where what was kept can't be read by this code.
    """
    told = _by_name(config)
    kept: Kept = {}
    lost = []
    for key, both in changed.items():
        was, now = (_read(key, table) for table in both)
        says = told.get(key)
        if says == now:
            continue
        if says == was and pair_of(key) not in elsewhere:
            kept[key] = (was, now)
        else:
            lost.append(key)
    if not kept:
        return Again(config, kept, tuple(lost))
    told.update({key: now for key, (_, now) in kept.items()})
    lists = {
        name: tuple(table for key, table in told.items() if key.startswith(f"{name}[") and table is not None)
        for name in ("instrument", "fx", "pair")
    }
    return Again(replace(config, defaults=told["defaults"], **lists), kept, tuple(lost))


def _read(key: str, table: Any) -> Table | None:
    """A table from a record, as this code knows it."""
    if table is None:
        return None
    try:
        return msgspec.convert(table, KINDS[key.partition("[")[0]], strict=True)
    except (msgspec.ValidationError, KeyError) as error:
        allowed = "a table that this version knows: write it into the files as it is to be, and start once with another node.dir to compare"
        raise ConfigError("the journal", f"{key}, changed while running", str(error)[:300], allowed) from None


def _by_name(config: Config) -> dict[str, Table]:
    """The tables that a running node takes, each by a name that never changes."""
    found: dict[str, Table] = {"defaults": config.defaults}
    found.update({f"instrument[{each.venue}/{each.symbol}]": each for each in config.instrument})
    found.update({f"fx[{each.name}]": each for each in config.fx})
    found.update({f"pair[{each.name}]": each for each in config.pair})
    return found
