"""Pairs as the domain is given them: the schema's words made values."""

from __future__ import annotations

from fractions import Fraction
from math import nan

from config.covers import cover_of
from config.lots import is_sized, residuals_of
from config.schema import Config, Leg, Pair
from config.sessions import Book, book_for, calendar_for
from config.values import (
    defaults_of,
    formula_of,
    fx_limits_of,
    fx_of,
    instrument_at,
    instrument_of,
    leg_names,
    payup_ticks_of,
    quote_limits_of,
    signed_lots,
    slippage_cap_ticks_of,
)
from domain.advance import HedgeRules
from domain.alike import shared
from domain.cover import per_lot
from domain.pairspec import BY_LIQUIDITY, FxSpec, LegSpec, PairSpec
from domain.prices import LegPrice
from domain.repair import Policy
from domain.risk import Limits
from domain.triggers import TOUCH, Trigger, of_leg
from domain.units import NS_PER_MS, decimal_of
from domain.watch import Rules

IOC, DAY = "3", "0"


def pair_specs(config: Config, *, sends_orders: bool, book: Book | None = None) -> tuple[PairSpec, ...]:
    """Every configured pair, in order; `book` None: the calendars are read for them."""
    book = book or book_for(config)
    return tuple(pair_spec(config, pair, book, sends_orders=sends_orders) for pair in config.pair)


def pair_spec(config: Config, pair: Pair, book: Book | None = None, *, sends_orders: bool) -> PairSpec:
    """One pair; `book` None: the calendars are read for it."""
    book = book or book_for(config)
    defaults = defaults_of(config, pair)
    legs = tuple(leg_spec(config, pair, leg, book) for leg in pair.legs)
    held = residuals_of(config, pair)
    return PairSpec(
        name=pair.name,
        currency=pair.currency,
        legs=legs,
        trigger=trigger_of(pair, defaults.cooldown_ms),
        basis=pair.basis,
        ratio_basis=pair.ratio_basis,
        watched_leg=pair.trigger.leg - 1,
        rules=rules_of(config, pair, legs, leaves=bool(held)),
        units=pair.size.units,
        max_position_units=pair.size.max_position_units,
        max_hedges=pair.limits.max_hedges,
        cooldown_ns=defaults.cooldown_ms * NS_PER_MS,
        failure_cooldown_ns=defaults.failure_cooldown_ms * NS_PER_MS,
        failure_cooldown_max_ns=defaults.failure_cooldown_max_ms * NS_PER_MS,
        max_failures=defaults.max_failures,
        repair_quote_age_ns=defaults.repair_quote_age_ms * NS_PER_MS,
        time_penalty=float(pair.time_penalty),
        sends_orders=sends_orders,
        unit_size=float(unit_size(legs)),
        unit_exposure=shared(unit_size(legs)),
        held=held,
        residual_leg=held.index(min(held)) if held else -1,
        cover=cover_of(pair, per_lot(legs[0].instrument, Fraction(legs[0].price.formula.unit_factor)), legs[0].instrument.min_lots) if pair.kind == "cover" else None,
        formula=pair.trigger.formula,
        leg_names=leg_names(pair),
        first_leg=first_leg(pair),
        strategy=pair.strategy or "",
        counts_payup=pair.size.volume == "payup",
        shares={venue: Fraction(share) for venue, share in (pair.share or {}).items()},
    )


def unit_size(legs: tuple[LegSpec, ...]) -> Fraction:
    """What a leg of one pair unit holds, in the unit of the spread.

    A price times the unit's factor is one of the spread's unit: what a lot
    holds is divided by it. The first leg says whose lots are no sum of money.
    """
    leg = next((each for each in legs if not each.instrument.is_inverse), legs[0])
    return abs(leg.lots) * leg.instrument.units_per_lot() / Fraction(leg.price.formula.unit_factor) / Fraction(leg.price.weight)


def first_leg(pair: Pair) -> int:
    """The leg that goes first, from 0; -1 where all go at once."""
    if pair.sequence == "concurrent":
        return -1
    return pair.first_leg - 1 if pair.first_leg else BY_LIQUIDITY


def leg_spec(config: Config, pair: Pair, leg: Leg, book: Book) -> LegSpec:
    """One leg; IOC where the venue has it."""
    told = instrument_at(config, leg.venue, leg.symbol)
    instrument = instrument_of(told)
    lots = signed_lots(leg)
    fx = fx_of(config, leg)
    rate = None
    if fx is not None:
        quoted = instrument_at(config, fx.venue, fx.symbol)
        rate = FxSpec((fx.venue, fx.symbol), float(quoted.tick_size), fx_limits_of(fx))
    return LegSpec(
        venue=leg.venue,
        symbol=leg.symbol,
        lots=lots,
        instrument=instrument,
        price=LegPrice(formula_of(config, leg), lots, leg.weight),
        quote_limits=quote_limits_of(config, pair, leg),
        payup_ticks=payup_ticks_of(config, pair, leg),
        slippage_cap_ticks=slippage_cap_ticks_of(config, pair, leg),
        tif=IOC if IOC in instrument.tifs and leg.tif != "day" else DAY,
        fx=rate,
        fixed_fx=1.0 if fx is not None else float(decimal_of(leg.fx)),
        hedge_flag=leg.hedge_flag,
        inventory_lots=leg.inventory_lots,
        locks=leg.close == "lock",
        calendar=calendar_for(config, told, book),
        sized=is_sized(config, leg),
    )


def trigger_of(pair: Pair, cooldown_ms: int) -> Trigger:
    """The trigger's thresholds; what is absent is never met."""
    told = pair.trigger
    levels = {
        name: nan if getattr(told, name) is None else float(getattr(told, name))
        for name in ("buy_open", "sell_close", "sell_open", "buy_close")
    }
    trigger = Trigger(
        kind=told.on,
        hysteresis=float(told.hysteresis),
        cooldown_ns=cooldown_ms * NS_PER_MS,
        max_units=pair.size.max_position_units,
        min_units=told.min_units,
        fair=float(pair.fair),
        **levels,
    )
    if told.on != TOUCH:
        return trigger
    return of_leg(trigger, 1 if pair.legs[told.leg - 1].side == "buy" else -1)


def rules_of(config: Config, pair: Pair, legs: tuple[LegSpec, ...], *, leaves: bool = False) -> HedgeRules:
    """What bounds a hedge of this pair in time and number."""
    d = defaults_of(config, pair)
    watch = shared(Rules(
        ack_timeout_ns=d.ack_timeout_ms * NS_PER_MS,
        query_ladder_ns=tuple(ms * NS_PER_MS for ms in d.query_ladder_ms),
        query_every_ns=d.query_every_ms * NS_PER_MS,
        repair_order_ns=d.repair_order_ms * NS_PER_MS,
        max_cancels=d.max_cancels_per_order,
    ))
    least = tuple(leg.instrument.min_lots for leg in legs)
    policy = shared(Policy(
        choice=pair.policy,
        max_orders=min(d.max_orders_per_hedge, pair.limits.orders_per_hedge),
        max_replenish_orders=d.max_replenish_orders,
        naked_budget_ns=d.naked_budget_ms * NS_PER_MS,
        payup_ticks=tuple(leg.payup_ticks for leg in legs),
        slippage_cap_ticks=tuple(leg.slippage_cap_ticks for leg in legs),
        tifs=tuple(IOC if IOC in leg.instrument.tifs else DAY for leg in legs),
        min_lots=least if max(least) > 1 else (),
        leaves=leaves,
    ))
    return shared(HedgeRules(watch=watch, policy=policy, hedge_deadline_ns=d.hedge_deadline_ms * NS_PER_MS))


def limits_of(pair: Pair) -> dict[tuple[str, str], Limits]:
    """Risk limits by (venue, symbol); a leg without limits has none."""
    return {
        (leg.venue, leg.symbol): shared(Limits(leg.limits.order_lots, leg.limits.price_collar_ticks, leg.limits.position_lots))
        for leg in pair.legs
        if leg.limits is not None
    }
