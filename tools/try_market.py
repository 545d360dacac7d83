"""A market for a desk that has no exchange file: made around given prices.

Each leg but a pair's first walks around its price, and so do the rates; the
first leg's price swings from where its pair buys to where it sells and back,
so that its triggers are met every few seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from config.pairspecs import pair_spec
from domain.formula_view import spread_view
from domain.pairspec import PairSpec
from domain.triggers import EVENTS, TOUCH
from exchange.config import AccountSpec, InstrumentSpec, Spec, VenueSpec
from exchange.fair import FairSpec, ProcessSpec
from exchange.participants import CrowdSpec
from tools.errors import UsageError

DEPOSIT = "1000000000"
WALK = 0.00003
SWING_MS = 5000.0
BEYOND = 1.5
"""How far past its triggers a pair's value swings, in half their distance."""
DEFAULT_SHARE = 0.002
"""Of its first leg's price, where a pair has no trigger on both sides."""


def problems(config: Any, spec: Any) -> list[str]:
    """What a desk trades and the market lacks, or has otherwise; the first is told."""
    found = []
    venues = {each.name: each for each in spec.venue}
    for told in config.instrument:
        there = venues.get(told.venue)
        if there is None:
            found.append(f"it has no venue {told.venue}; it has: {', '.join(venues)}")
            continue
        one = next((each for each in there.instrument if each.symbol == told.symbol), None)
        if one is None:
            found.append(f"its venue {told.venue} has no {told.symbol}; it has: {', '.join(each.symbol for each in there.instrument)}")
        elif Decimal(one.tick_size) != told.tick_size:
            found.append(f"{told.symbol} has a tick of {one.tick_size} there, {told.tick_size} in the configuration")
    return found


def made(config: Any, prices: Sequence[str]) -> Spec:
    """The exchange around these prices. Raises: UsageError."""
    wanted = {told.symbol: told for told in config.instrument}
    found = _prices(prices, wanted)
    missing = [symbol for symbol in wanted if symbol not in found]
    if missing:
        words = " ".join(f"--px {symbol}=PRICE" for symbol in missing)
        raise UsageError(f"there is no exchange.toml beside the configuration: say what each symbol trades at: {words}, or give --exchange FILE")
    processes = [ProcessSpec(symbol, "walk", px, WALK, 0.02) for symbol, px in found.items()]
    firsts: dict[str, ProcessSpec] = {}
    for pair in config.pair:
        swing = _swing(config, pair, found)
        firsts.setdefault(_moved(pair_spec(config, pair, sends_orders=False)), swing)
    processes += firsts.values()
    venues = [
        VenueSpec(
            venue.name,
            [_instrument(told, firsts) for told in config.instrument if told.venue == venue.name],
            [AccountSpec(venue.account or "try", _deposits(config, venue.name))] if venue.trade is not None else [],
            "continuous",
            100,
        )
        for venue in config.venue
    ]
    return Spec(dict.fromkeys(_currencies(config), 2), processes, venues)


def _prices(prices: Sequence[str], wanted: dict[str, Any]) -> dict[str, float]:
    found = {}
    for text in prices:
        symbol, _, px = text.partition("=")
        if symbol not in wanted:
            raise UsageError(f"--px {text}: no instrument {symbol!r}; there are: {', '.join(wanted)}")
        try:
            value = float(Decimal(px))
        except InvalidOperation:
            value = 0.0
        if not 0 < value < 1e15:
            raise UsageError(f"--px {text}: {px!r} is no price: a number above nothing, such as {symbol}=80000")
        found[symbol] = value
    return found


def _instrument(told: Any, firsts: dict[str, ProcessSpec]) -> InstrumentSpec:
    swing = firsts.get(told.symbol)
    fair = FairSpec([told.symbol], 1.0, [swing.name] if swing is not None else [])
    tradable = told.kind not in ("fx", "index")
    stated = ("margin_rate_long", "margin_rate_short", "margin_lot_long", "margin_lot_short", "min_lots", "max_lots", "tifs")
    more = {name: value if isinstance(value, (int, str)) else str(value) for name in stated if (value := getattr(told, name)) is not None}
    return InstrumentSpec(
        told.symbol,
        told.currency,
        str(told.tick_size),
        str(told.lot_size),
        fair,
        str(told.multiplier),
        told.kind,
        told.offset_mode,
        tradable=tradable,
        base=told.base or "",
        expiry=told.expiry,
        last_open_day=told.last_open_day,
        crowd=CrowdSpec(levels=12, qty_min=20, qty_max=80, takers_per_s=1.0),
        **({} if told.fees is None else _fees(told.fees)),
        **more,
    )


def _fees(fees: Any) -> dict[str, str]:
    names = ("open_rate", "open_lot", "close_rate", "close_lot", "close_today_rate", "close_today_lot")
    told = {name: getattr(fees, name, None) for name in names}
    words = {name: f"fee_{name.rpartition('_')[2]}_{name.rpartition('_')[0]}" for name in names}
    return {words[name]: str(value) for name, value in told.items() if value is not None}


def _currencies(config: Any) -> list[str]:
    return list(dict.fromkeys(each for told in config.instrument for each in (told.currency, told.base or "") if each))


def _deposits(config: Any, venue: str) -> dict[str, str]:
    return {currency: DEPOSIT for told in config.instrument if told.venue == venue for currency in (told.currency, told.base) if currency}


def _moved(spec: PairSpec) -> str:
    """The symbol whose price swings: the one that a touch trigger watches, else the first."""
    return spec.legs[spec.watched_leg if spec.trigger.kind == TOUCH else 0].symbol


def _value(spec: PairSpec, prices: dict[str, float]) -> float:
    """What the pair's trigger watches, at these prices."""
    view = spread_view(spec)
    for index, leg in enumerate(spec.legs):
        view.on_fx(index, prices[leg.fx.key[1]] if leg.fx is not None else leg.fixed_fx)
    return view.at([prices[leg.symbol] / float(leg.instrument.tick_size) for leg in spec.legs])


def _swing(config: Any, pair: Any, prices: dict[str, float]) -> ProcessSpec:
    """How the first leg's price goes to and fro, in its own units."""
    spec = pair_spec(config, pair, sends_orders=False)
    first = _moved(spec)
    name = f"{pair.name} swing"
    base = _value(spec, prices)
    step = prices[first] * 0.001
    slope = (_value(spec, {**prices, first: prices[first] + step}) - base) / step
    levels = [level for level in map(spec.trigger.threshold, EVENTS) if isfinite(level)]
    if not slope or not levels:
        return _to_and_fro(name, 0.0, prices[first] * DEFAULT_SHARE)
    low, high = min(levels), max(levels)
    half = (high - low) / 2 or abs(high) * 0.1 or 1.0
    middle, swing = ((low + high) / 2 - base) / slope, abs(half * BEYOND / slope)
    return _to_and_fro(name, middle, swing)


def _to_and_fro(name: str, middle: float, swing: float) -> ProcessSpec:
    return ProcessSpec(name, "revert", middle, swing / 40, half_life_ms=1500.0, swing=swing, swing_ms=SWING_MS)
