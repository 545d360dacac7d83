"""What a pair is told to be: its legs, trigger, limits. All values, fixed.

Built once from the configuration by the composition root. Units: lots, ticks,
ns; money in the pair's currency.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec
from msgspec import Struct

from domain.advance import HedgeRules
from domain.calendars import Calendar
from domain.cover import CoverSpec
from domain.guards import FxLimits, QuoteLimits
from domain.market import FeeSchedule, Instrument
from domain.opening import SPARE_NS
from domain.prices import LegPrice
from domain.triggers import Trigger

MS = 1_000_000
BY_LIQUIDITY = -2


class FxSpec(Struct, frozen=True):
    """A rate that some legs are converted by: which quote, how old."""

    key: tuple[str, str]
    tick_size: float
    limits: FxLimits = FxLimits()


class LegSpec(Struct, frozen=True, gc=False):
    """`lots`: signed, of one pair unit, as when the pair is bought."""

    venue: str
    symbol: str
    lots: int
    instrument: Instrument
    price: LegPrice
    quote_limits: QuoteLimits = QuoteLimits()
    payup_ticks: int = 2
    slippage_cap_ticks: int = 20
    tif: str = "3"
    fx: FxSpec | None = None
    fixed_fx: float = 1.0
    hedge_flag: str | None = None
    inventory_lots: int = 0
    locks: bool = False
    """A close opens the other side instead of closing today's lots (锁仓)."""
    calendar: Calendar | None = None
    sized: bool = False
    """Inverse: its lots are those of the price of each decision; `lots` is a sign."""

    key: tuple[str, str] = ("", "")
    """(venue, symbol), made once."""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "key", (self.venue, self.symbol))

    @property
    def fees(self) -> FeeSchedule:
        return self.instrument.fees


class PairSpec(Struct, frozen=True, gc=False):
    name: str
    currency: str
    legs: tuple[LegSpec, ...]
    trigger: Trigger
    basis: str = "touch"
    ratio_basis: str = "comparable"
    watched_leg: int = 0
    rules: HedgeRules = HedgeRules()
    units: int = 1
    max_position_units: int = 1
    max_hedges: int = 1000
    cooldown_ns: int = 1000 * MS
    failure_cooldown_ns: int = 30_000 * MS
    failure_cooldown_max_ns: int = 600_000 * MS
    max_failures: int = 3
    repair_quote_age_ns: int = 10_000 * MS
    time_penalty: float = 0.0
    sends_orders: bool = False
    unit_size: float = 1.0
    unit_exposure: Fraction = Fraction(1)
    """What a unit's leg of weight 1 holds, in the unit of the spread."""
    held: tuple[Fraction, ...] = ()
    """What a lot of each leg holds, where what they leave over is hedged."""
    residual_leg: int = -1
    cover: CoverSpec | None = None
    formula: str = ""
    leg_names: tuple[str, ...] = ()
    first_leg: int = -1
    """The leg that goes first; -1: all at once; BY_LIQUIDITY: the scarcer."""
    strategy: str = ""
    """The group that it is stopped, changed and looked at with; "" for none."""
    shares: dict[str, Fraction] = {}
    """By venue: the part of its account that the pair may use; none: all of it."""
    counts_payup: bool = False
    """Whether the tradable volume is what lies within the payup."""

    @property
    def horizon_ns(self) -> int:
        """How long its markets must stay open for a hedge to begin."""
        return self.rules.hedge_deadline_ns + self.rules.policy.naked_budget_ns + SPARE_NS

    @property
    def lots(self) -> tuple[int, ...]:
        """Signed lots of a unit; 0 where each hedge sizes them."""
        return tuple(0 if leg.sized else leg.lots for leg in self.legs)
