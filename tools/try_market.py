"""A market for a desk that has no exchange file: made around given prices.

Every price walks about itself, and one leg of each pair swings beside it, from
where the pair buys to where it sells and back, so that its triggers are met
every few seconds: a leg that no other pair trades where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from math import isfinite, prod
from typing import Any

from config.pairspecs import pair_spec
from domain.formula_view import spread_view
from domain.pairspec import PairSpec
from domain.triggers import EVENTS, TOUCH
from domain.unit_lots import lots_at
from exchange.config import AccountSpec, InstrumentSpec, Spec, VenueSpec, check
from exchange.errors import SpecError
from exchange.fair import FairSpec, ProcessSpec
from exchange.participants import CrowdSpec
from tools.errors import UsageError

Place = tuple[str, str]
"""(venue, symbol)"""

DEPOSIT = "1000000000"
COIN = "COIN"
"""The base of what is spot or inverse and names none."""
LEAST_TICKS = 20
MOST_SHARE = 0.2
"""Of its price: further from it than this a leg is not moved for its pair's triggers."""
WALK = 0.00003
SWING_MS = 5000.0
BEYOND = 1.5
"""How far past its triggers a pair's value swings, in half their distance."""
DEFAULT_SHARE = 0.002
"""Of the moved leg's price, where a pair has no trigger that tells more."""


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
            continue
        for key in ("tick_size", "lot_size", "multiplier"):
            if Decimal(getattr(one, key)) != getattr(told, key):
                found.append(f"{told.symbol} has {key} {getattr(one, key)} there, {getattr(told, key)} in the configuration")
        for key in ("kind", "currency", "offset_mode"):
            if getattr(one, key) != getattr(told, key):
                found.append(f"{told.symbol} has {key} {getattr(one, key)} there, {getattr(told, key)} in the configuration")
    return found


def made(config: Any, prices: Sequence[str]) -> Spec:
    """The exchange around these prices. Raises: UsageError."""
    found = _prices(config, prices)
    pairs = [(pair, pair_spec(config, pair, sends_orders=False)) for pair in config.pair]
    swings: dict[Place, ProcessSpec] = {}
    for pair, spec in pairs:
        place = None if spec.cover is not None else _moved(spec, [each for _, each in pairs], swings)
        if place is not None:
            swings[place] = _swing(pair.name, spec, place, found)
    lots = unit_lots([spec for _, spec in pairs], found)
    most = {leg.key: max(lots[each.name, leg.key] * each.units for _, each in pairs if (each.name, leg.key) in lots) for _, spec in pairs for leg in spec.legs}
    processes = [ProcessSpec("/".join(place), "walk", px, WALK, 0.02) for place, px in found.items()]
    venues = [
        VenueSpec(
            venue.name,
            [_instrument(told, swings, most) for told in config.instrument if told.venue == venue.name],
            [AccountSpec(venue.account or "try", _deposits(config, venue.name))] if venue.trade is not None else [],
            "continuous",
            100,
        )
        for venue in config.venue
    ]
    spec = Spec(_currencies(config), [*processes, *swings.values()], venues)
    try:
        check(spec, "the market around these prices")
    except SpecError as error:
        raise UsageError(f"no market can be made of these prices: {error.key} = {error.value!r}: allowed: {error.allowed}; give --exchange FILE") from error
    return spec


def _prices(config: Any, prices: Sequence[str]) -> dict[Place, float]:
    """What each instrument trades at: by SYMBOL, or VENUE/SYMBOL where venues share one."""
    instruments = {(told.venue, told.symbol): told for told in config.instrument}
    found: dict[Place, float] = {}
    for text in prices:
        name, _, px = text.partition("=")
        places = [place for place in instruments if name in (place[1], "/".join(place))]
        if not places:
            raise UsageError(f"--px {text}: no instrument {name!r}; there are: {', '.join(dict.fromkeys(symbol for _, symbol in instruments))}")
        try:
            value = float(Decimal(px))
        except InvalidOperation:
            value = 0.0
        if not 0 < value < 1e15:
            raise UsageError(f"--px {text}: {px!r} is no price: a number above nothing, such as {name}=80000")
        for place in places:
            if value < LEAST_TICKS * float(instruments[place].tick_size):
                raise UsageError(f"--px {text}: {px} is less than {LEAST_TICKS} ticks of {instruments[place].tick_size}: is it in the instrument's own unit?")
            found[place] = value
    missing = list(dict.fromkeys(place[1] for place in instruments if place not in found))
    if missing:
        words = " ".join(f"--px {symbol}=PRICE" for symbol in missing)
        if prices:
            raise UsageError(f"these have no price yet: say what each trades at: {words}")
        raise UsageError(f"there is no exchange.toml beside the configuration: say what each symbol trades at: {words}, or give --exchange FILE")
    return found


def unit_lots(specs: Sequence[PairSpec], prices: Mapping[Place, float]) -> dict[tuple[str, Place], int]:
    """Lots of each leg in a unit at these prices, by pair and leg."""
    found = {}
    for spec in specs:
        for leg in spec.legs:
            px_ticks = round(prices[leg.key] / float(leg.instrument.tick_size)) if leg.sized else None
            found[spec.name, leg.key] = lots_at(leg, spec.unit_exposure, px_ticks) if leg.sized else abs(leg.lots)
    return found


def sized_lots(config: Any, spec: Spec) -> dict[Place, int]:
    """Lots of a unit of the legs that each hedge sizes, where the market begins."""
    starts = {process.name: process.start for process in spec.process}
    fair = {
        (venue.name, one.symbol): one.fair.factor * prod(starts[name] for name in one.fair.product) + sum(starts[name] for name in one.fair.plus)
        for venue in spec.venue
        for one in venue.instrument
    }
    specs = [pair_spec(config, pair, sends_orders=False) for pair in config.pair]
    lots = unit_lots(specs, fair)
    return {leg.key: max(1, lots[each.name, leg.key]) for each in specs for leg in each.legs if leg.sized}


def _instrument(told: Any, swings: dict[Place, ProcessSpec], most: dict[Place, int]) -> InstrumentSpec:
    place = (told.venue, told.symbol)
    fair = FairSpec(["/".join(place)], 1.0, [swings[place].name] if place in swings else [])
    tradable = told.kind not in ("fx", "index")
    stated = ("margin_rate_long", "margin_rate_short", "margin_lot_long", "margin_lot_short", "min_lots", "tifs")
    more = {name: value if isinstance(value, (int, str)) else str(value) for name in stated if (value := getattr(told, name)) is not None}
    lots = most.get(place, 0)
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
        base=_base(told),
        max_lots=told.max_lots or max(500, 10 * lots),
        expiry=told.expiry,
        last_open_day=told.last_open_day,
        crowd=CrowdSpec(levels=12, qty_min=max(20, 2 * lots), qty_max=max(80, 4 * lots), takers_per_s=1.0),
        **({} if told.fees is None else _fees(told.fees)),
        **more,
    )


def _base(told: Any) -> str:
    return told.base or (COIN if told.kind in ("spot", "inverse") else "")


def _fees(fees: Any) -> dict[str, str]:
    names = ("open_rate", "open_lot", "close_rate", "close_lot", "close_today_rate", "close_today_lot")
    told = {name: getattr(fees, name, None) for name in names}
    words = {name: f"fee_{name.rpartition('_')[2]}_{name.rpartition('_')[0]}" for name in names}
    return {words[name]: str(value) for name, value in told.items() if value is not None}


def _currencies(config: Any) -> dict[str, int]:
    """Each currency with its decimals: as many as ticks and lots need."""
    found: dict[str, int] = {}
    for told in config.instrument:
        sizes = told.lot_size * told.multiplier
        fine = {told.currency: told.digits or 2, _base(told): told.base_digits or 8}
        if told.kind not in ("inverse", "fx", "index"):
            fine[told.currency] = max(fine[told.currency], _decimals(sizes * told.tick_size))
        if told.kind == "spot":
            fine[_base(told)] = max(fine[_base(told)], _decimals(sizes))
        for currency, digits in fine.items():
            if currency:
                found[currency] = max(found.get(currency, 0), digits)
    return found


def _decimals(number: Decimal) -> int:
    return max(0, -int(number.normalize().as_tuple().exponent))


def _deposits(config: Any, venue: str) -> dict[str, str]:
    return {currency: DEPOSIT for told in config.instrument if told.venue == venue for currency in (told.currency, _base(told)) if currency}


def _moved(spec: PairSpec, every: Sequence[PairSpec], taken: dict[Place, ProcessSpec]) -> Place | None:
    """The leg that swings for this pair; None where others' swings move all of it.

    What a touch trigger watches; else the first leg that no other pair trades,
    or that nothing moves yet.
    """
    legs = [leg.key for leg in spec.legs]
    if spec.trigger.kind == TOUCH:
        legs = [legs[spec.watched_leg]]
    others = {leg.key for each in every if each is not spec for leg in each.legs}
    free = [key for key in legs if key not in taken]
    return next((key for key in free if key not in others), free[0] if free else None)


def _value(spec: PairSpec, prices: dict[Place, float]) -> float:
    """What the pair's trigger watches, at these prices."""
    view = spread_view(spec)
    for index, leg in enumerate(spec.legs):
        view.on_fx(index, prices[leg.fx.key] if leg.fx is not None else leg.fixed_fx)
    return view.at([prices[leg.key] / float(leg.instrument.tick_size) for leg in spec.legs])


def _swing(name: str, spec: PairSpec, place: Place, prices: dict[Place, float]) -> ProcessSpec:
    """How that leg's price goes to and fro, in its own units. Raises: UsageError where it would leave its price."""
    px = prices[place]
    base = _value(spec, prices)
    step = px * 0.001
    slope = (_value(spec, {**prices, place: px + step}) - base) / step
    levels = [level for level in map(spec.trigger.threshold, EVENTS) if isfinite(level)]
    if not slope or not levels:
        return _to_and_fro(name, 0.0, px * DEFAULT_SHARE)
    low, high = min(levels), max(levels)
    half = (high - low) / 2 or abs(high) * 0.1 or 1.0
    middle, swing = ((low + high) / 2 - base) / slope, abs(half * BEYOND / slope)
    if abs(middle) + swing > px * MOST_SHARE:
        raise UsageError(
            f"{name}: at these prices it is worth {base:,.6g}, and its triggers lie at {low:,.6g} to {high:,.6g}: "
            f"{place[1]} would have to trade at {px + middle:,.6g}, not {px:,.6g}; a --px is wrong, or a unit_factor, fx or trigger of the configuration"
        )
    return _to_and_fro(name, middle, swing)


def _to_and_fro(name: str, middle: float, swing: float) -> ProcessSpec:
    return ProcessSpec(f"{name} swing", "revert", middle, swing / 40, half_life_ms=1500.0, swing=swing, swing_ms=SWING_MS)
