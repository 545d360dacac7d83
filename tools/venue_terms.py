"""What a venue that is ours says of itself: instruments, fees, days.

Replay and paper gateways are such venues: what a configuration says of an
instrument is what they announce, and what they charge.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from config import schema
from config.sessions import book_of, calendar_for
from config.values import instrument_of, venue_called
from domain.calendars import Phase
from gateways.replay.account import Terms
from gateways.replay.settings import DayOf
from gateways.replay.times import day_in, zone_of
from tools.paper import QUOTED_ALONE
from wire.instrument import InstrumentDef

MARGINS = ("margin_rate_long", "margin_rate_short", "margin_lot_long", "margin_lot_short")


def terms_of(config: schema.Config, told: schema.Instrument) -> Terms:
    """One instrument with what the account may do in it, and what it costs."""
    held = instrument_of(told)
    digits = held.base_digits if held.is_inverse else held.digits
    later = tuple((each.valid_from, scheduled(each)) for each in told.fees_from)
    return Terms(definition_of(told), inventory_of(config, told), told.margin_rate_long or Decimal(0), digits, later)


def inventory_of(config: schema.Config, told: schema.Instrument) -> int:
    """Lots that the account begins with: those of every pair that trades it."""
    legs = [leg for pair in config.pair for leg in pair.legs]
    return sum(leg.inventory_lots for leg in legs if (leg.venue, leg.symbol) == (told.venue, told.symbol))


def definition_of(told: schema.Instrument) -> InstrumentDef:
    """A configured instrument as its gateway announces it: all that is told."""
    return InstrumentDef(
        symbol=told.symbol,
        tick_size=f"{told.tick_size:f}",
        lot_size=f"{told.lot_size:f}",
        multiplier=f"{told.multiplier:f}",
        currency=told.currency,
        kind=told.kind,
        offset_mode=told.offset_mode,
        tifs=told.tifs or "034",
        market_orders=False,
        tradable=told.kind not in QUOTED_ALONE,
        base=told.base,
        min_lots=told.min_lots,
        max_lots=told.max_lots,
        expiry=told.expiry,
        last_open_day=told.last_open_day,
        **{key: f"{getattr(told, key):f}" for key in MARGINS if getattr(told, key) is not None},
        **(scheduled(told.fees) if told.fees is not None else {}),
    )


def scheduled(fees: schema.Fees) -> dict[str, str]:
    """The configured fees with the protocol's keys."""
    kinds = [(what, when) for what in ("rate", "lot") for when in ("open", "close", "close_today")]
    return {f"fee_{what}_{when}": f"{getattr(fees, f'{when}_{what}'):f}" for what, when in kinds}


def cash_of(config: schema.Config, venue: str, currency: str, usual: Decimal) -> Decimal:
    """What the account begins with: the venue's budget, where there is one."""
    told = venue_called(config, venue)
    return Decimal(((told.margin_budget if told is not None else None) or {}).get(currency, usual))


def days_of(config: schema.Config, venue: str, zone: str, tables: Sequence[Path] = ()) -> DayOf:
    """The venue's trading day at a wall time, and whether its session runs.

    By the calendar of its first instrument that has one (`tables` come before
    ours); else by the date in `zone`, which never pauses. Between two sessions
    the day is the coming one's. Raises: ConfigError.
    """
    book = book_of([*config.node.calendars, *tables])
    instruments = [each for each in config.instrument if each.venue == venue]
    calendar = next((found for each in instruments if (found := calendar_for(config, each, book)) is not None), None)
    place = zone_of(zone, venue)

    def day_of(wall_ns: int) -> tuple[str, bool]:
        moment = calendar.at(wall_ns) if calendar is not None else None
        if moment is None or moment.trading_day is None:  # no table, or none that knows these days
            return day_in(wall_ns, place), True
        return f"{moment.trading_day:%Y%m%d}", moment.phase in (Phase.OPEN, Phase.AUCTION)

    return day_of
