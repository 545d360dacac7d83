"""Values of the right type that no desk means: wrong unit, sign or order.

`problems` stops a start; `notes` is said by `config check` and stops nothing:
what may be meant, and mostly is a slip.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain

from config.contracts import odd_size
from config.load import Loaded
from config.money import KNOWN, NO_MONEY, is_code, plausible
from config.sanity import is_day
from config.schema import Fees, Instrument, Leg, Pair
from config.values import defaults_of, fx_of, instrument_at, payup_ticks_of, slippage_cap_ticks_of
from domain.errors import ConfigError
from domain.units import decimal_of

Found = Iterator[ConfigError]
Path = tuple[str | int, ...]

MOST_FEE_RATE = Decimal("0.05")
LEAST_FEE_RATE = Decimal("-0.01")
"""Fees by turnover: above a twentieth they are written in the wrong unit; a maker's rebate is below 0."""
MOST_VAT = Decimal("0.3")
MOST_RATIO = 10
MOST_GAPS = 2
"""How many times the way from open to close a value may have to go back before it fires again."""
LEAST_ALIVE_MS = 100
"""Shorter than the pauses of a machine that is well."""
MUCH_MONEY = 10_000_000
"""No price, premium or level of a price is beyond it; most are slips."""
MUCH_A_LOT = 10_000
USUAL_TIMES = {
    "ack_timeout_ms": (20, 10_000),
    "query_every_ms": (200, 60_000),
    "hedge_deadline_ms": (50, 60_000),
    "naked_budget_ms": (1000, 60_000),
    "repair_order_ms": (20, 10_000),
    "max_silence_ms": (500, 60_000),
    "max_unchanged_ms": (200, 600_000),
    "max_unchanged_snapshots_ms": (1000, 600_000),
    "cooldown_ms": (0, 3_600_000),
    "failure_cooldown_ms": (1000, 3_600_000),
    "repair_quote_age_ms": (500, 600_000),
    "max_orders_per_hedge": (6, 100),
    "max_cancels_per_order": (1, 50),
    "max_failures": (1, 100),
}
"""Of `[defaults]`: between what a desk has them."""
WIDE_COLLAR_TICKS = 100_000
APART = (("buy_open", "sell_close"), ("sell_open", "buy_close"))
"""What opens, and what closes it again."""
IN_ORDER = (("buy_open", "buy_close"), ("sell_close", "sell_open"))
"""Which closes before the other side is opened: low, high."""


def problems(loaded: Loaded) -> Found:
    """Every value that can't be meant."""
    config = loaded.config
    yield from _node(loaded)
    yield from chain.from_iterable(_venue(loaded, index) for index in range(len(config.venue)))
    yield from chain.from_iterable(_instrument(loaded, index, told) for index, told in enumerate(config.instrument))
    yield from chain.from_iterable(_pair(loaded, index, pair) for index, pair in enumerate(config.pair))
    yield from _shares(loaded)


def notes(loaded: Loaded) -> list[str]:
    """What may be a slip: file, key, value, and what is odd in it."""
    config = loaded.config
    found = chain(
        _odd_times(loaded),
        chain.from_iterable(_odd_money(loaded, index, told) for index, told in enumerate(config.instrument)),
        chain.from_iterable(_odd_pair(loaded, index, pair) for index, pair in enumerate(config.pair)),
    )
    return [f"{each.file}: {each.key} = {each.value}: {each.allowed}" for each in found]


# ------------------------------------------------------------------ node, venue, instrument


def _node(loaded: Loaded) -> Found:
    node = loaded.config.node
    if 0 < node.lane_hang_ms < LEAST_ALIVE_MS:
        yield loaded.error(("node", "lane_hang_ms"), node.lane_hang_ms, f"at least {LEAST_ALIVE_MS}, or 0: a shorter one ends a node that is well")


def _venue(loaded: Loaded, index: int) -> Found:
    limit = loaded.config.venue[index].cancel_on_disconnect_ms
    if 0 < limit < LEAST_ALIVE_MS:
        yield loaded.error(("venue", index, "cancel_on_disconnect_ms"), limit, f"at least {LEAST_ALIVE_MS}, or 0: a shorter one cancels what works")
    hang = loaded.config.venue[index].hang_ms
    if 0 < hang < LEAST_ALIVE_MS:
        yield loaded.error(("venue", index, "hang_ms"), hang, f"at least {LEAST_ALIVE_MS}, or 0: a shorter one ends a gateway that is well")


def _instrument(loaded: Loaded, index: int, told: Instrument) -> Found:
    path: Path = ("instrument", index)
    for key in ("currency", "base"):
        code = getattr(told, key)
        if code and (not is_code(code) or code in NO_MONEY):
            yield loaded.error((*path, key), code, 'a code of capital letters and digits, 3 to 10: "CNY", "USDT"; XXX and XTS are no money')
    if told.base and told.base == told.currency:
        yield loaded.error((*path, "base"), told.base, f"another than its currency, {told.currency}")
    if told.kind == "inverse" and not told.base:
        yield loaded.error((*path, "base"), None, "what it settles in, required where kind = 'inverse'")
    if told.kind not in ("linear", "index") and told.offset_mode != "net":
        yield loaded.error((*path, "offset_mode"), told.offset_mode, f"net, where kind = {told.kind!r}: nothing of it is opened and closed")
    for side in ("long", "short"):
        rate, lot = getattr(told, f"margin_rate_{side}"), getattr(told, f"margin_lot_{side}")
        if rate is not None and not 0 <= rate <= 1:
            yield loaded.error((*path, f"margin_rate_{side}"), str(rate), 'a share from 0 to 1: "0.12" is 12 %')
        if lot is not None and lot < 0:
            yield loaded.error((*path, f"margin_lot_{side}"), str(lot), "money a lot, 0 or more")
    for one, other in (("margin_rate_long", "margin_rate_short"), ("margin_lot_long", "margin_lot_short")):
        if (getattr(told, one) is None) != (getattr(told, other) is None):
            given, lacks = (one, other) if getattr(told, other) is None else (other, one)
            yield loaded.error((*path, lacks), None, f"given beside {given}: else that side would ask for no margin")
    for place, fees in _schedules(told):
        yield from _fees(loaded, (*path, *place), fees)
    for place, each in enumerate(told.fees_from):
        before = told.fees_from[place - 1].valid_from if place else ""
        if not is_day(each.valid_from) or each.valid_from <= before:
            allowed = f"a day of the calendar as YYYYMMDD{', later than ' + before if before else ''}"
            yield loaded.error((*path, "fees_from", place, "valid_from"), each.valid_from, allowed)


def _schedules(told: Instrument) -> list[tuple[Path, Fees]]:
    found: list[tuple[Path, Fees]] = [] if told.fees is None else [(("fees",), told.fees)]
    return found + [(("fees_from", place), each) for place, each in enumerate(told.fees_from)]


def _fees(loaded: Loaded, path: Path, fees: Fees) -> Found:
    for what in ("open", "close", "close_today"):
        rate, lot = getattr(fees, f"{what}_rate"), getattr(fees, f"{what}_lot")
        if not LEAST_FEE_RATE <= rate <= MOST_FEE_RATE:
            allowed = f'a share of the turnover from {LEAST_FEE_RATE} (a rebate) to {MOST_FEE_RATE}: "0.00005" is 0.5 of 10,000'
            yield loaded.error((*path, f"{what}_rate"), str(rate), allowed)
        if lot < 0:
            yield loaded.error((*path, f"{what}_lot"), str(lot), "money a lot, 0 or more")


def _odd_money(loaded: Loaded, index: int, told: Instrument) -> Found:
    if told.kind == "spot" and not told.base:
        yield loaded.error(("instrument", index, "base"), None, "what it delivers: without it a fee in kind is not known from one in money")
    if told.currency not in KNOWN and is_code(told.currency):
        yield loaded.error(("instrument", index, "currency"), told.currency, "no currency of ISO 4217 and no common coin: is it spelt right?")
    odd = odd_size(told)
    if odd:
        yield loaded.error(("instrument", index, "multiplier"), str(told.multiplier), odd)
    for place, fees in _schedules(told):
        for what in ("open_lot", "close_lot", "close_today_lot"):
            if getattr(fees, what) > MUCH_A_LOT:
                yield loaded.error(("instrument", index, *place, what), str(getattr(fees, what)), f"money a lot: more than {MUCH_A_LOT}")


def _odd_times(loaded: Loaded) -> Found:
    told = [(("defaults",), loaded.config.defaults)]
    told += [(("pair", index, "defaults"), pair.defaults) for index, pair in enumerate(loaded.config.pair)]
    for path, table in told:
        for key, (low, high) in USUAL_TIMES.items():
            value = getattr(table, key)
            if value is not None and not low <= value <= high:
                yield loaded.error((*path, key), value, f"most desks have {low} to {high}")
    for index, fx in enumerate(loaded.config.fx):
        if fx.max_silence_ms < LEAST_ALIVE_MS:
            yield loaded.error(("fx", index, "max_silence_ms"), fx.max_silence_ms, "so short that its rate will hardly ever count")


# ------------------------------------------------------------------ pairs


def _pair(loaded: Loaded, index: int, pair: Pair) -> Found:
    path: Path = ("pair", index)
    if not is_code(pair.currency) or pair.currency in NO_MONEY:
        yield loaded.error((*path, "currency"), pair.currency, 'a code of capital letters and digits, 3 to 10: "CNY"; XXX and XTS are no money')
    if pair.time_penalty < 0:
        yield loaded.error((*path, "time_penalty"), str(pair.time_penalty), "0 or more: below 0 it would pay to stay naked")
    tolerance = pair.size.residual_tolerance
    if tolerance is not None and tolerance < 0:
        yield loaded.error((*path, "size", "residual_tolerance"), str(tolerance), "0 or more")
    yield from _times(loaded, index, pair)
    for place, leg in enumerate(pair.legs):
        yield from _leg(loaded, (*path, "legs", place), pair, leg)
    if pair.kind == "cover":
        if pair.exposure is not None and pair.exposure.ratio < 0:
            yield loaded.error((*path, "exposure", "ratio"), str(pair.exposure.ratio), "more than 0: below it the leg would add to the exposure")
        return
    yield from _trigger(loaded, index, pair)


def _shares(loaded: Loaded) -> Found:
    """Shares are parts of accounts that the pair trades on, and no more than all of one in sum."""
    given: dict[str, Decimal] = {}
    for index, pair in enumerate(loaded.config.pair):
        venues = sorted({leg.venue for leg in pair.legs})
        for venue, share in (pair.share or {}).items():
            path: Path = ("pair", index, "share", venue)
            given[venue] = given.get(venue, Decimal(0)) + share
            if venue not in venues:
                yield loaded.error(path, str(share), f"a venue of the pair's legs: {', '.join(venues)}")
            elif not 0 < share <= 1:
                yield loaded.error(path, str(share), 'a part above 0, at most 1: "0.4" is 40 %')
            elif given[venue] > 1:
                yield loaded.error(path, str(share), f"shares of {venue} that are at most 1 in sum: with this one they are {given[venue]}")


def _times(loaded: Loaded, index: int, pair: Pair) -> Found:
    """Times of a hedge that leave no room for one another."""
    d = defaults_of(loaded.config, pair)

    def wrong(key: str, allowed: str) -> ConfigError:
        own = getattr(pair.defaults, key) is not None
        return loaded.error(("pair", index, "defaults", key) if own else ("defaults", key), getattr(d, key), allowed)

    for key in ("ack_timeout_ms", "repair_order_ms"):
        if getattr(d, key) >= d.naked_budget_ms:
            yield wrong(key, f"less than naked_budget_ms, {d.naked_budget_ms}: else nothing is repaired in time")
    if d.failure_cooldown_max_ms < d.failure_cooldown_ms:
        yield wrong("failure_cooldown_max_ms", f"at least failure_cooldown_ms, {d.failure_cooldown_ms}")
    if d.max_unchanged_ms < d.ack_timeout_ms and d.max_unchanged_ms < LEAST_ALIVE_MS:
        yield wrong("max_unchanged_ms", f"at least {LEAST_ALIVE_MS}: no quote would count")
    if d.max_silence_ms < LEAST_ALIVE_MS:
        yield wrong("max_silence_ms", f"at least {LEAST_ALIVE_MS}: no quote would count")


def _leg(loaded: Loaded, path: Path, pair: Pair, leg: Leg) -> Found:
    config = loaded.config
    payup, cap = payup_ticks_of(config, pair, leg), slippage_cap_ticks_of(config, pair, leg)
    if payup > cap:
        place = (*path, "payup_ticks") if leg.payup_ticks is not None else (*path[:2], "defaults", "payup_ticks") if pair.defaults.payup_ticks is not None else ("defaults", "payup_ticks")
        yield loaded.error(place, payup, f"at most slippage_cap_ticks of {leg.symbol}, {cap}: the first order would pay more than a repair may")
    told = instrument_at(config, leg.venue, leg.symbol)
    if told is not None and leg.inventory_lots and told.kind != "spot":
        yield loaded.error((*path, "inventory_lots"), leg.inventory_lots, f"0: {leg.symbol} is {told.kind}, only spot has an inventory")
    if leg.limits is not None and leg.limits.order_lots > leg.limits.position_lots:
        allowed = f"at most position_lots, {leg.limits.position_lots}: an order is no larger than what may be held"
        yield loaded.error((*path, "limits", "order_lots"), leg.limits.order_lots, allowed)
    fx = fx_of(config, leg)
    quoted = instrument_at(config, fx.venue, fx.symbol) if fx is not None else None
    if told is not None and quoted is not None and quoted.base and quoted.base not in (told.currency, told.base):
        allowed = f"a rate of {told.currency} in {pair.currency}: {quoted.symbol} is what 1 {quoted.base} is in {quoted.currency}"
        yield loaded.error((*path, "fx"), leg.fx, allowed)


def _trigger(loaded: Loaded, index: int, pair: Pair) -> Found:
    trigger, path = pair.trigger, ("pair", index, "trigger")
    if trigger.on in ("ratio", "touch"):
        for key in ("buy_open", "sell_open", "sell_close", "buy_close"):
            value = getattr(trigger, key)
            if value is not None and trigger.on == "ratio" and value <= 0:
                yield loaded.error((*path, key), str(value), "more than 0: a ratio of two prices above 0")
    for one, other in APART:
        opens, closes = (getattr(trigger, key) for key in (one, other))
        gap = abs(opens - closes) if opens is not None and closes is not None else None
        if gap and trigger.hysteresis > MOST_GAPS * gap:
            allowed = f"at most {MOST_GAPS * gap}, {MOST_GAPS} times what lies between {one} and {other}: beyond it neither fires twice"
            yield loaded.error((*path, "hysteresis"), str(trigger.hysteresis), allowed)
    levels = [abs(getattr(trigger, key)) for key in ("buy_open", "sell_open", "sell_close", "buy_close") if getattr(trigger, key) is not None]
    if trigger.on in ("ratio", "touch") and levels and trigger.hysteresis >= max(levels) > 0:
        yield loaded.error((*path, "hysteresis"), str(trigger.hysteresis), f"less than the {trigger.on} it is of, {max(levels)}")
    if trigger.on == "spread" or pair.fair:
        yield from _fair(loaded, index, pair)


def _fair(loaded: Loaded, index: int, pair: Pair) -> Found:
    """What opens is better than fair: else each hedge would begin with a loss."""
    if not pair.fair:
        return
    trigger = pair.trigger
    turned = trigger.on == "touch" and pair.legs[min(trigger.leg, len(pair.legs)) - 1].side == "sell"
    for key, sign in (("buy_open", -1), ("sell_open", 1)):
        level = getattr(trigger, key)
        if level is not None and (level - pair.fair) * (-sign if turned else sign) < 0:
            word = "above" if sign > 0 else "below"
            yield loaded.error(("pair", index, "fair"), str(pair.fair), f"a value that {key}, {level}, lies {word}: else it opens at a loss")


def _odd_pair(loaded: Loaded, index: int, pair: Pair) -> Found:
    trigger, path = pair.trigger, ("pair", index, "trigger")
    for low, high in IN_ORDER:
        below, above = getattr(trigger, low), getattr(trigger, high)
        if below is not None and above is not None and below > above and trigger.on != "touch":
            one = low if low.endswith("open") else high
            yield loaded.error((*path, one), str(getattr(trigger, one)), f"crosses {high if one == low else low}, {above if one == low else below}: what is closed there is opened the other way at once")
    for opens, closes in APART:
        ways = [getattr(trigger, key) for key in (opens, closes)]
        if None not in ways and abs(ways[0] - ways[1]) < trigger.hysteresis <= MOST_GAPS * abs(ways[0] - ways[1]):
            yield loaded.error((*path, "hysteresis"), str(trigger.hysteresis), f"more than lies between {opens} and {closes}: it fires again only once the value has gone beyond both")
        if getattr(trigger, opens) is not None and getattr(trigger, closes) is None:
            yield loaded.error((*path, closes), None, f"nothing closes what {opens} opens, but a person")
        elif getattr(trigger, opens) is None and getattr(trigger, closes) is not None:
            yield loaded.error((*path, opens), None, f"{closes} closes what nothing opens, but a person")
    levels = [(("trigger", key), getattr(trigger, key)) for key in ("buy_open", "sell_open", "sell_close", "buy_close")]
    for place, level in [*levels, (("fair",), pair.fair), (("time_penalty",), pair.time_penalty)]:
        if level is not None and abs(level) > MUCH_MONEY:
            yield loaded.error(("pair", index, *place), str(level), f"beyond {MUCH_MONEY}, as no price is")
    if pair.exposure is not None and pair.exposure.ratio > MOST_RATIO:
        yield loaded.error(("pair", index, "exposure", "ratio"), str(pair.exposure.ratio), "1 covers all of it: this is so many times that")
    for place, leg in enumerate(pair.legs):
        yield from _odd_leg(loaded, ("pair", index, "legs", place), pair, leg)


def _odd_leg(loaded: Loaded, path: Path, pair: Pair, leg: Leg) -> Found:
    if leg.vat > MOST_VAT:
        yield loaded.error((*path, "vat"), str(leg.vat), '"0.13" is 13 %')
    for key in ("premium", "cost", "weight"):
        if abs(getattr(leg, key)) > (MUCH_A_LOT if key == "weight" else MUCH_MONEY):
            yield loaded.error((*path, key), str(getattr(leg, key)), "is larger than any price")
    if leg.limits is not None and leg.limits.price_collar_ticks > WIDE_COLLAR_TICKS:
        yield loaded.error((*path, "limits", "price_collar_ticks"), leg.limits.price_collar_ticks, "so wide that it stops no slip of a price")
    told = instrument_at(loaded.config, leg.venue, leg.symbol)
    others = [other.name for other in loaded.config.pair if other is not pair and any((each.venue, each.symbol) == (leg.venue, leg.symbol) for each in other.legs)]
    if leg.close == "lock" and told is not None and told.offset_mode == "oc" and others:
        allowed = f"{others[0]} trades {leg.symbol} too: where the venue keeps no days apart (oc), a close of one may take today's lots of the other, at their fee"
        yield loaded.error((*path, "close"), leg.close, allowed)
    if told is None or fx_of(loaded.config, leg) is not None:
        return
    rate = decimal_of(leg.fx)
    if told.currency == pair.currency:
        if rate != 1:
            yield loaded.error((*path, "fx"), leg.fx, f'"1": {leg.symbol} is in {pair.currency} already')
        return
    usual = plausible(told.currency, pair.currency)
    if usual is not None and not usual[0] <= rate <= usual[1]:
        allowed = f"what 1 {told.currency} is in {pair.currency}: about {float(usual[0] + usual[1]) / 2:.3g}; the other way round?"
        yield loaded.error((*path, "fx"), leg.fx, allowed)
