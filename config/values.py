"""What the domain is given: settings of the schema as its own values.

One place decides which of leg, pair and defaults has the last word.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from config.schema import Config, Defaults, Fees, Fx, Instrument, Leg, Overrides, Pair, Venue
from domain import market
from domain.alike import shared
from domain.guards import FxLimits, QuoteLimits
from domain.prices import PriceFormula
from domain.units import NS_PER_MS, decimal_of, unit_factor_of

HEARTBEATS_A_TIMEOUT = 3
HEARTBEAT_MAX_MS = 1000


def defaults_of(config: Config, pair: Pair) -> Defaults:
    """The defaults with those that the pair sets for itself."""
    return _with(config.defaults, pair.defaults)


@lru_cache(maxsize=256)
def _with(defaults: Defaults, own: Overrides) -> Defaults:
    told = msgspec.structs.asdict(own)
    return msgspec.structs.replace(defaults, **{key: value for key, value in told.items() if value is not None})


def instrument_at(config: Config, venue: str, symbol: str) -> Instrument | None:
    """The instrument of that venue and symbol, None where none is told."""
    told, by_venue = _Index.last
    if told is not config.instrument:
        by_venue = {}
        for found in reversed(config.instrument):  # the first one counts
            by_venue.setdefault(found.venue, {})[found.symbol] = found
        _Index.last = (config.instrument, by_venue)
    return by_venue.get(venue, {}).get(symbol)


class _Index:
    """The instruments of the configuration that was asked last: a node asks for each of its legs, many times."""

    last: ClassVar[tuple[tuple[Instrument, ...], dict[str, dict[str, Instrument]]]] = ((), {})


def venue_called(config: Config, name: str) -> Venue | None:
    """The venue of that name, None where there is none."""
    return next((venue for venue in config.venue if venue.name == name), None)


def fx_of(config: Config, leg: Leg) -> Fx | None:
    """The quoted rate that a leg names; None where it is a fixed number."""
    return next((fx for fx in config.fx if fx.name == leg.fx), None)


@lru_cache(maxsize=16_384)
def instrument_of(told: Instrument) -> market.Instrument:
    """The instrument as the domain knows it."""
    optional = ("tifs", "min_lots", "max_lots", "base", "expiry", "last_open_day", "digits", "base_digits")
    margins = ("margin_rate_long", "margin_rate_short", "margin_lot_long", "margin_lot_short")
    given = {key: getattr(told, key) for key in optional + margins if getattr(told, key) is not None}
    later = tuple(market.DatedFees(each.valid_from, fees_of(each)) for each in told.fees_from)
    fees = fees_of(told.fees) if told.fees is not None else market.NO_FEES
    return market.Instrument(
        venue=told.venue,
        symbol=told.symbol,
        tick_size=told.tick_size,
        lot_size=told.lot_size,
        multiplier=told.multiplier,
        currency=told.currency,
        kind=told.kind,
        offset_mode=told.offset_mode,
        fees=replace(fees, later=later) if later else fees,
        larger_side=told.margin_sides == "larger",
        **given,
    )


def fees_of(told: Fees) -> market.FeeSchedule:
    """A fee schedule as the domain knows it."""
    return market.FeeSchedule(**{name: getattr(told, name) for name in Fees.__struct_fields__})


def formula_of(config: Config, leg: Leg) -> PriceFormula:
    """How the leg's price becomes the pair's; fx 1 where it is quoted."""
    instrument = instrument_at(config, leg.venue, leg.symbol)
    tick_size = instrument.tick_size if instrument is not None else Decimal(1)
    return PriceFormula(
        tick_size=tick_size,
        premium=leg.premium,
        unit_factor=shared(unit_factor_of(leg.unit_factor)),
        duty=leg.duty,
        vat=leg.vat,
        cost=leg.cost,
        fx=shared(Fraction(1) if fx_of(config, leg) is not None else Fraction(decimal_of(leg.fx))),
    )


def signed_lots(leg: Leg) -> int:
    """Lots a pair unit: above 0 where the leg is bought with the pair."""
    lots = leg.lots or 1  # of a leg that each hedge sizes: its sign
    return lots if leg.side == "buy" else -lots


def leg_names(pair: Pair) -> tuple[str, ...]:
    """What a formula calls the legs: their own names, else leg1, leg2, ..."""
    return tuple(leg.name or f"leg{place}" for place, leg in enumerate(pair.legs, 1))


def quote_limits_of(config: Config, pair: Pair, leg: Leg) -> QuoteLimits:
    """How old the leg's quote may be: its own, the pair's, the defaults."""
    defaults = defaults_of(config, pair)
    instrument = instrument_at(config, leg.venue, leg.symbol)
    snapshots = instrument is not None and instrument.updates == "snapshots"
    unchanged_ms = defaults.max_unchanged_snapshots_ms if snapshots else defaults.max_unchanged_ms
    return shared(QuoteLimits(
        max_silence_ns=(leg.max_silence_ms or defaults.max_silence_ms) * NS_PER_MS,
        max_unchanged_ns=(leg.max_unchanged_ms or unchanged_ms) * NS_PER_MS,
    ))


def fx_limits_of(fx: Fx) -> FxLimits:
    """How old the rate may be, and how far it may jump at once."""
    return FxLimits(
        max_silence_ns=fx.max_silence_ms * NS_PER_MS,
        max_unchanged_ns=fx.max_unchanged_ms * NS_PER_MS,
        max_jump=float(fx.max_jump),
    )


def payup_ticks_of(config: Config, pair: Pair, leg: Leg) -> int:
    """Ticks past the touch that the leg's first order may pay."""
    return leg.payup_ticks if leg.payup_ticks is not None else defaults_of(config, pair).payup_ticks


def slippage_cap_ticks_of(config: Config, pair: Pair, leg: Leg) -> int:
    """Ticks past the trigger's touch that no order of the leg may pass."""
    return leg.slippage_cap_ticks if leg.slippage_cap_ticks is not None else defaults_of(config, pair).slippage_cap_ticks


def heartbeat_ms_of(venue: Venue) -> int:
    """How often the node says that it lives: often enough to be believed."""
    if venue.heartbeat_ms is not None:
        return venue.heartbeat_ms
    third = venue.cancel_on_disconnect_ms // HEARTBEATS_A_TIMEOUT
    return min(third, HEARTBEAT_MAX_MS) if third else HEARTBEAT_MAX_MS
