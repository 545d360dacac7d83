"""Cross checks: what no single value shows to be wrong.

`problems` gives every one at once, each with file, key, value and what is
allowed; `config check` prints them, `load_checked` raises the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from config import calendar_checks, covers, formulas, sanity, sense, shards
from config import lots as unit_lots
from config.load import Loaded
from config.schema import Leg, Pair, Trigger
from config.values import defaults_of, fx_of, heartbeat_ms_of, instrument_at, slippage_cap_ticks_of, venue_called
from domain.errors import ConfigError
from domain.units import decimal_of, unit_factor_of

SETTLE_MARGIN_MS = 1500
NOT_TRADED = ("index",)
"""Kinds whose price may be watched; their lots are not sized for orders."""
SUN_PATH_BYTES = 107
"""The longest path of a unix socket (sun_path of 108 with its zero)."""

THRESHOLDS = ("buy_open", "sell_open", "sell_close", "buy_close")
ORDERED = (("buy_open", "sell_close"), ("buy_close", "sell_open"), ("buy_open", "sell_open"))
"""Which threshold must lie below which (the other way for the price of a leg that the pair sells)."""

Found = Iterator[ConfigError]


def problems(loaded: Loaded, mode: str | None = None) -> list[ConfigError]:
    """Everything that is wrong, in the order of the file; empty if nothing."""
    mode = mode if mode is not None else loaded.config.node.mode
    found = [*names(loaded), *venues(loaded), *sanity.placeholders(loaded), *instruments(loaded), *rates(loaded), *sanity.ladders(loaded), *sanity.moneys(loaded), *sanity.limits_apart(loaded), *calendar_checks.calendars(loaded), *sense.problems(loaded), *shards.problems(loaded)]
    for index in range(len(loaded.config.pair)):
        found.extend(pair_problems(loaded, index, mode))
    return found


def names(loaded: Loaded) -> Found:
    """A name is given once."""
    config = loaded.config
    keyed: tuple[tuple[str, list[object]], ...] = (
        ("venue", [venue.name for venue in config.venue]),
        ("instrument", [(told.venue, told.symbol) for told in config.instrument]),
        ("fx", [fx.name for fx in config.fx]),
        ("pair", [pair.name for pair in config.pair]),
    )
    for table, given in keyed:
        before: set[object] = set()
        for index, name in enumerate(given):
            if name not in before:
                before.add(name)
            else:
                yield loaded.error((table, index), name, f"each {table} once")


def venues(loaded: Loaded) -> Found:
    """Endpoints can be bound, each once, and heartbeats are in time."""
    taken: dict[str, str] = {}
    for index, venue in enumerate(loaded.config.venue):
        path = ("venue", index)
        for key, endpoint in (("feed", venue.feed), ("trade", venue.trade)):
            if endpoint in taken:
                yield loaded.error((*path, key), endpoint, f"an endpoint of its own: this one is {taken[endpoint]}")
            if endpoint is not None:
                taken.setdefault(endpoint, f"the {key} of {venue.name}")
                wrong = endpoint_wrong(endpoint, has_curve=venue.curve_server is not None)
                if wrong:
                    yield loaded.error((*path, key), endpoint, wrong)
        if venue.curve_server is not None and not loaded.config.node.curve_keys:
            yield loaded.error((*path, "curve_server"), venue.curve_server, "node.curve_keys beside it: ./hedgerow keys make FILE")
        limit_ms = venue.cancel_on_disconnect_ms // 3
        if venue.heartbeat_ms is not None and limit_ms and heartbeat_ms_of(venue) > limit_ms:
            allowed = f"at most a third of cancel_on_disconnect_ms: {limit_ms}"
            yield loaded.error((*path, "heartbeat_ms"), venue.heartbeat_ms, allowed)


def endpoint_wrong(endpoint: str, *, has_curve: bool = False) -> str:
    """What an endpoint should be instead; empty where it is fine."""
    if endpoint.startswith("ipc://"):
        path = endpoint.removeprefix("ipc://")
        if path.startswith("@"):
            return "ipc:// with a path: the abstract namespace has no permissions"
        if len(path.encode()) > SUN_PATH_BYTES:
            return f"a socket path of at most {SUN_PATH_BYTES} bytes: set node.dir to a shorter folder"
        return ""
    if endpoint.startswith("tcp://"):
        host = endpoint.removeprefix("tcp://").rpartition(":")[0]
        if has_curve or host in ("127.0.0.1", "localhost", "[::1]"):
            return ""
        return "tcp:// on loopback, or ipc://; off loopback with CURVE: the gateway's public key as curve_server"
    return "ipc://PATH or tcp://HOST:PORT"


def instruments(loaded: Loaded) -> Found:
    """An instrument's venue exists, and its units are above zero."""
    known = [venue.name for venue in loaded.config.venue]
    for index, told in enumerate(loaded.config.instrument):
        path = ("instrument", index)
        if told.venue not in known:
            yield loaded.error((*path, "venue"), told.venue, listed("a venue", known))
        for key in ("tick_size", "lot_size", "multiplier"):
            if getattr(told, key) <= 0:
                yield loaded.error((*path, key), str(getattr(told, key)), "more than 0")
        if told.min_lots is not None and told.max_lots is not None and told.min_lots > told.max_lots:
            yield loaded.error((*path, "min_lots"), told.min_lots, f"at most max_lots, {told.max_lots}")
        yield from sanity.days(loaded, index, told)


def rates(loaded: Loaded) -> Found:
    """A quoted rate is an instrument of a venue."""
    for index, fx in enumerate(loaded.config.fx):
        yield from instrument_there(loaded, ("fx", index), fx.venue, fx.symbol)
        if not 0 < fx.max_jump <= 1:
            yield loaded.error(("fx", index, "max_jump"), str(fx.max_jump), "a share above 0, at most 1")


def instrument_there(loaded: Loaded, path: tuple[str | int, ...], venue: str, symbol: str) -> Found:
    """The venue and the instrument that something names are told."""
    config = loaded.config
    if venue_called(config, venue) is None:
        yield loaded.error((*path, "venue"), venue, listed("a venue", [known.name for known in config.venue]))
    elif instrument_at(config, venue, symbol) is None:
        there = [told.symbol for told in config.instrument if told.venue == venue]
        yield loaded.error((*path, "symbol"), symbol, listed(f"an instrument of {venue}", there))


def pair_problems(loaded: Loaded, index: int, mode: str) -> Found:
    """All that is wrong with one pair."""
    pair = loaded.config.pair[index]
    for place, leg in enumerate(pair.legs):
        yield from leg_problems(loaded, index, place, mode)
        if any((leg.venue, leg.symbol) == (other.venue, other.symbol) for other in pair.legs[:place]):
            yield loaded.error(("pair", index, "legs", place), leg.symbol, "each instrument in one leg")
    if pair.first_leg > len(pair.legs):
        yield loaded.error(("pair", index, "first_leg"), pair.first_leg, f"1 to {len(pair.legs)}, or 0: the less liquid one")
    yield from covers.problems(loaded, index)
    yield from unit_lots.problems(loaded, index)
    if pair.kind != "cover":
        yield from sanity.both_sides(loaded, index)
        yield from trigger_problems(loaded, index, mode)
    elif pair.exposure is not None and pair.exposure.feed is not None and endpoint_wrong(pair.exposure.feed):
        yield loaded.error(("pair", index, "exposure", "feed"), pair.exposure.feed, endpoint_wrong(pair.exposure.feed))
    yield from budget_problems(loaded, index)
    yield from sanity.order_caps(loaded, index)
    if pair.size.units > pair.size.max_position_units:
        allowed = f"at most max_position_units, {pair.size.max_position_units}"
        yield loaded.error(("pair", index, "size", "units"), pair.size.units, allowed)
    defaults = defaults_of(loaded.config, pair)
    if defaults.max_replenish_orders > defaults.max_orders_per_hedge:
        path = ("pair", index, "defaults", "max_replenish_orders")
        yield loaded.error(path, defaults.max_replenish_orders, f"at most max_orders_per_hedge, {defaults.max_orders_per_hedge}")


def leg_problems(loaded: Loaded, index: int, place: int, mode: str) -> Found:
    """All that is wrong with one leg."""
    config = loaded.config
    pair = config.pair[index]
    leg = pair.legs[place]
    path = ("pair", index, "legs", place)
    yield from instrument_there(loaded, path, leg.venue, leg.symbol)
    yield from sanity.venue_lots(loaded, path, pair, leg)
    yield from sanity.leg_tif(loaded, path, leg)
    told = instrument_at(config, leg.venue, leg.symbol)
    if told is not None and told.kind in NOT_TRADED and mode != "observe":
        allowed = f"an instrument that is linear, inverse or spot: {told.kind} is not traded yet, a pair with it can be observed"
        yield loaded.error((*path, "symbol"), leg.symbol, allowed)
    venue = venue_called(config, leg.venue)
    if venue is not None and venue.trade is None and mode != "observe":
        yield loaded.error((*path, "venue"), leg.venue, "a venue with a trade endpoint: this one has a feed alone")
    try:
        if unit_factor_of(leg.unit_factor) <= 0:
            yield loaded.error((*path, "unit_factor"), leg.unit_factor, "more than 0")
    except ValueError as error:
        yield loaded.error((*path, "unit_factor"), leg.unit_factor, str(error))
    if leg.close == "lock" and told is not None and told.offset_mode == "net":
        yield loaded.error((*path, "close"), leg.close, f"close: {leg.symbol} nets long and short (offset_mode), so that nothing of it can be locked")
    yield from rate_of_leg(loaded, path, pair, leg)
    for key in ("duty", "vat"):
        if not 0 <= getattr(leg, key) < 1:
            yield loaded.error((*path, key), str(getattr(leg, key)), 'a share from 0 to under 1: "0.13" is 13 %')
    if leg.weight <= 0:
        yield loaded.error((*path, "weight"), str(leg.weight), "more than 0; the side gives the sign")
    if leg.limits is None:
        if mode != "observe":
            yield loaded.error((*path, "limits"), None, "order_lots, price_collar_ticks and position_lots: no order leaves without limits")
        return
    yield from limit_problems(loaded, path, pair, leg)


def rate_of_leg(loaded: Loaded, path: tuple[str | int, ...], pair: Pair, leg: Leg) -> Found:
    """A leg's fx is the name of a quoted rate, or a number above zero.

    It is written where currencies differ: a rate of 1 that nobody has told
    would add dollars to yuan, in prices and in money.
    """
    told = instrument_at(loaded.config, leg.venue, leg.symbol)
    if told is not None and told.currency != pair.currency and loaded.layers.value_of((*path, "fx")) is None:
        allowed = f'from {told.currency} to {pair.currency}: the name of an [[fx]], or a number ("1" where both are worth the same)'
        yield loaded.error((*path, "fx"), None, allowed)
        return
    if fx_of(loaded.config, leg) is not None:
        return
    try:
        fixed = decimal_of(leg.fx)
    except ValueError:
        fixed = Decimal(0)
    if fixed <= 0:
        yield loaded.error((*path, "fx"), leg.fx, listed("a number above 0, or an fx", [fx.name for fx in loaded.config.fx]))


def limit_problems(loaded: Loaded, path: tuple[str | int, ...], pair: Pair, leg: Leg) -> Found:
    """A leg's limits leave room for what its pair is told to do."""
    if leg.limits is None:
        return
    lots = leg.lots or 1  # a leg that each hedge sizes: risk refuses what is too much
    order_lots = lots * pair.size.units
    if leg.limits.order_lots < order_lots:
        allowed = f"at least {order_lots}: size.units x lots of the leg"
        yield loaded.error((*path, "limits", "order_lots"), leg.limits.order_lots, allowed)
    position_lots = lots * pair.size.max_position_units
    if leg.limits.position_lots < position_lots:
        allowed = f"at least {position_lots}: size.max_position_units x lots of the leg"
        yield loaded.error((*path, "limits", "position_lots"), leg.limits.position_lots, allowed)
    cap = slippage_cap_ticks_of(loaded.config, pair, leg)
    if leg.limits.price_collar_ticks < cap:
        allowed = f"at least the slippage cap, {cap} ticks: a repair must not be refused by it"
        yield loaded.error((*path, "limits", "price_collar_ticks"), leg.limits.price_collar_ticks, allowed)


def trigger_problems(loaded: Loaded, index: int, mode: str) -> Found:
    """A trigger watches a leg that exists, and can fire."""
    pair = loaded.config.pair[index]
    trigger = pair.trigger
    path = ("pair", index, "trigger")
    if trigger.leg > len(pair.legs):
        yield loaded.error((*path, "leg"), trigger.leg, f"1 to {len(pair.legs)}")
    if trigger.on == "ratio" and (len(pair.legs) != 2 or [leg.side for leg in pair.legs] != ["buy", "sell"]):
        yield loaded.error((*path, "on"), "ratio", "two legs, the first of side buy, the second of side sell")
    yield from formulas.problems(loaded, index)
    yield from threshold_problems(loaded, index, trigger)
    if mode != "observe" and all(getattr(trigger, key) is None for key in THRESHOLDS):
        yield loaded.error(path, None, f"a threshold, one of {', '.join(THRESHOLDS)}: without one it never fires")
    if trigger.hysteresis < 0:
        yield loaded.error((*path, "hysteresis"), str(trigger.hysteresis), "0 or more")
    if trigger.min_units > pair.size.units:
        yield loaded.error((*path, "min_units"), trigger.min_units, f"at most size.units, {pair.size.units}")


def threshold_problems(loaded: Loaded, index: int, trigger: Trigger) -> Found:
    """Thresholds do not fire in a circle: what is bought is sold higher."""
    leg = loaded.config.pair[index].legs[trigger.leg - 1 if trigger.leg <= len(loaded.config.pair[index].legs) else 0]
    turned = trigger.on == "touch" and leg.side == "sell"
    for low, high in ORDERED:
        below, above = (getattr(trigger, high), getattr(trigger, low)) if turned else (getattr(trigger, low), getattr(trigger, high))
        if below is not None and above is not None and below >= above:
            value, word = getattr(trigger, high), "below" if turned else "above"
            yield loaded.error(("pair", index, "trigger", high), str(value), f"{word} {low}, {getattr(trigger, low)}")


def budget_problems(loaded: Loaded, index: int) -> Found:
    """A leg that is unknown can be settled before the naked budget is spent."""
    pair = loaded.config.pair[index]
    defaults = defaults_of(loaded.config, pair)
    if defaults.naked_budget_acknowledged:
        return
    for leg in pair.legs:
        venue = venue_called(loaded.config, leg.venue)
        needed_ms = venue.settle_ms + SETTLE_MARGIN_MS if venue is not None else 0
        if defaults.naked_budget_ms < needed_ms:
            allowed = (
                f"at least {needed_ms} (settle_ms of {leg.venue} + {SETTLE_MARGIN_MS}), or naked_budget_acknowledged = true"
            )
            yield loaded.error(("pair", index, "defaults", "naked_budget_ms"), defaults.naked_budget_ms, allowed)
            return


def listed(what: str, names: list[str]) -> str:
    """`what`, with those that there are."""
    return f"{what} that is told here: {', '.join(names)}" if names else f"{what} that is told here: there is none"
