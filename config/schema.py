"""What a configuration may say: typed, and nothing unknown.

Money and prices are decimal text, durations carry their unit in the key,
quantities are whole lots. docs/en/configuration.md tells each key; a test
holds it to this file.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.formulas import MAX_TEXT
from domain.ids import MAX_PAIR_NAME

Name = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9_.\-]+\Z")]
PairName = Annotated[str, Meta(min_length=1, max_length=MAX_PAIR_NAME, pattern=r"^[A-Za-z0-9_.\-]+\Z")]
"""Its hedges' and orders' ids are made of it, and must fit the protocol's 48."""
ShardName = Annotated[str, Meta(min_length=1, max_length=15, pattern=r"^[A-Za-z0-9_.\-]+\Z")]
"""`NODE.SHARD` is a node's name at the gateways, and must fit the protocol's 48."""
LegName = Annotated[str, Meta(min_length=1, max_length=16, pattern=r"^[A-Za-z_][A-Za-z0-9_]*\Z")]
"""What a formula calls a leg."""
Symbol = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+\Z")]
Text = Annotated[str, Meta(max_length=512, pattern=r"^[^\x00]*\Z")]
Millis = Annotated[int, Meta(ge=1, le=86_400_000)]
MillisOrOff = Annotated[int, Meta(ge=0, le=86_400_000)]
Lots = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
CountOrNone = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Days = Annotated[int, Meta(ge=0, le=3650)]
Ticks = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Digits = Annotated[int, Meta(ge=0, le=12)]

Mode = Literal["observe", "paper", "live"]
Policy = Literal["cheaper", "replenish_first", "rollback_first"]
Basis = Literal["touch", "mid", "last"]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Base of every table; a key that it doesn't know is refused."""


class Node(Table):
    """The process that holds the pairs."""

    name: Name = "node"
    mode: Mode = "observe"
    dir: Text = "var"
    emergency_dir: Text = ""
    lane_hang_ms: MillisOrOff = 1000
    curve_keys: Text = ""
    lang: Literal["zh", "en", ""] = ""
    calendars: tuple[Text, ...] = ()
    calendar_warn_days: Days = 30
    roll_warn_days: Days = 5


class Defaults(Table):
    """What holds for every pair that doesn't say otherwise."""

    ack_timeout_ms: Millis = 300
    query_ladder_ms: tuple[Millis, ...] = (300, 600, 1200, 2400)
    query_every_ms: Millis = 2000
    hedge_deadline_ms: Millis = 1000
    naked_budget_ms: Millis = 3000
    naked_budget_acknowledged: bool = False
    max_orders_per_hedge: Count = 12
    max_replenish_orders: CountOrNone = 3
    repair_order_ms: Millis = 300
    max_cancels_per_order: Count = 5
    payup_ticks: Ticks = 2
    slippage_cap_ticks: Ticks = 20
    max_silence_ms: Millis = 3000
    max_unchanged_ms: Millis = 2000
    max_unchanged_snapshots_ms: Millis = 60_000
    cooldown_ms: MillisOrOff = 1000
    failure_cooldown_ms: MillisOrOff = 30_000
    failure_cooldown_max_ms: MillisOrOff = 600_000
    max_failures: Count = 3
    repair_quote_age_ms: Millis = 10_000


Overrides = msgspec.defstruct(
    "Overrides",
    [(field.name, field.type | None, None) for field in msgspec.structs.fields(Defaults)],
    frozen=True,
    forbid_unknown_fields=True,
    module=__name__,
    namespace={"__doc__": "Those of the defaults that one pair sets for itself."},
)


class Venue(Table):
    """One venue account's gateway: its endpoints, and how it is started."""

    name: Name
    feed: Text
    trade: Text | None = None
    curve_server: Annotated[str, Meta(min_length=40, max_length=40)] | None = None
    command: tuple[Text, ...] = ()
    account: Text = ""
    calendar: Text = ""
    cancel_on_disconnect_ms: MillisOrOff = 3000
    hang_ms: MillisOrOff = 5000
    heartbeat_ms: Millis | None = None
    settle_ms: MillisOrOff = 0
    margin_budget: dict[Name, Decimal] | None = None
    margin_unchecked: bool = False
    fx_haircut: Decimal | None = None
    collateral_every_ms: Millis = 5000


class Fees(Table):
    """Fees by turnover (rate) and by lot, in the instrument's currency."""

    open_rate: Decimal = Decimal(0)
    open_lot: Decimal = Decimal(0)
    close_rate: Decimal = Decimal(0)
    close_lot: Decimal = Decimal(0)
    close_today_rate: Decimal = Decimal(0)
    close_today_lot: Decimal = Decimal(0)


class FeesFrom(Fees, kw_only=True):
    """Fees that have been announced: what holds from a trading day on."""

    valid_from: Annotated[str, Meta(pattern="^[0-9]{8}$")]


class Instrument(Table):
    """What we hold an instrument to be; the gateway's must agree."""

    venue: Name
    symbol: Symbol
    tick_size: Decimal
    currency: Name
    lot_size: Decimal = Decimal(1)
    multiplier: Decimal = Decimal(1)
    kind: Literal["linear", "inverse", "spot", "fx", "index"] = "linear"
    offset_mode: Literal["net", "oc", "octy"] = "net"
    updates: Literal["continuous", "snapshots"] = "continuous"
    calendar: Text = ""
    tifs: Annotated[str, Meta(min_length=1, max_length=3, pattern="^[034]+$")] | None = None
    min_lots: Lots | None = None
    max_lots: Lots | None = None
    base: Text | None = None
    expiry: Annotated[str, Meta(pattern="^[0-9]{8}$")] | None = None
    last_open_day: Annotated[str, Meta(pattern="^[0-9]{8}$")] | None = None
    margin_rate_long: Decimal | None = None
    margin_rate_short: Decimal | None = None
    margin_lot_long: Decimal | None = None
    margin_lot_short: Decimal | None = None
    margin_sides: Literal["both", "larger"] = "both"
    fees: Fees | None = None
    fees_from: tuple[FeesFrom, ...] = ()
    digits: Digits | None = None
    base_digits: Digits | None = None


class Fx(Table):
    """An exchange rate that is quoted like any other instrument."""

    name: Name
    venue: Name
    symbol: Symbol
    max_silence_ms: Millis = 3000
    max_unchanged_ms: Millis = 60_000
    max_jump: Decimal = Decimal("0.01")


class LegLimits(Table):
    """What no order of a leg may pass; required where orders are sent."""

    order_lots: Lots
    price_collar_ticks: Annotated[int, Meta(ge=1, le=1_000_000_000)]
    position_lots: Lots


class Leg(Table):
    """One side of a pair: what it trades, and what its price is worth."""

    venue: Name
    symbol: Symbol
    side: Literal["buy", "sell"]
    lots: Lots | None = None
    weight: Decimal = Decimal(1)
    premium: Decimal = Decimal(0)
    unit_factor: Text = "1"
    fx: Text = "1"
    duty: Decimal = Decimal(0)
    vat: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    max_silence_ms: Millis | None = None
    max_unchanged_ms: Millis | None = None
    payup_ticks: Ticks | None = None
    slippage_cap_ticks: Ticks | None = None
    inventory_lots: CountOrNone = 0
    close: Literal["close", "lock"] = "close"
    hedge_flag: Literal["S", "A", "H"] | None = None
    name: LegName | None = None
    tif: Literal["ioc", "day"] | None = None
    limits: LegLimits | None = None


class Trigger(Table):
    """When a pair fires; a threshold that is absent never does."""

    on: Literal["spread", "touch", "ratio", "formula"] = "spread"
    leg: Annotated[int, Meta(ge=1, le=8)] = 1
    buy_open: Decimal | None = None
    sell_close: Decimal | None = None
    sell_open: Decimal | None = None
    buy_close: Decimal | None = None
    min_units: Count = 1
    hysteresis: Decimal = Decimal(0)
    formula: Annotated[str, Meta(max_length=MAX_TEXT)] = ""


class Size(Table):
    """How much at once, and how much in all, in pair units."""

    units: Count = 1
    max_position_units: Count = 1
    volume: Literal["touch", "payup"] = "touch"
    residual_tolerance: Decimal | None = None


class PairLimits(Table):
    """What no hedge of the pair, and no day of it, may pass."""

    orders_per_hedge: Count = 12
    max_hedges: Count = 1000


class Exposure(Table):
    """What a cover pair covers: where it is told, and how closely."""

    unit: Text = ""
    book: Text = ""
    asset: Text = ""
    ratio: Decimal = Decimal(1)
    band: Decimal | None = None
    max_step: Decimal | None = None
    max_age_ms: Annotated[int, Meta(ge=1, le=31 * 86_400_000)] | None = None
    file: Text | None = None
    feed: Text | None = None


class Pair(Table):
    """Legs that are traded together and kept whole."""

    name: PairName
    currency: Name
    legs: Annotated[tuple[Leg, ...], Meta(min_length=1, max_length=8)]
    kind: Literal["arbitrage", "cover"] = "arbitrage"
    strategy: Name | None = None
    unit: Text = ""
    basis: Basis = "touch"
    ratio_basis: Literal["raw", "comparable"] = "comparable"
    trigger: Trigger = Trigger()
    size: Size = Size()
    policy: Policy = "cheaper"
    sequence: Literal["concurrent", "sequential"] = "concurrent"
    first_leg: Annotated[int, Meta(ge=0, le=8)] = 1
    fair: Decimal = Decimal(0)
    time_penalty: Decimal = Decimal(0)
    exposure: Exposure | None = None
    share: dict[Name, Decimal] | None = None
    limits: PairLimits = PairLimits()
    defaults: Overrides = Overrides()


class Shard(Table):
    """A process of its own for some of the pairs, and what it may take."""

    name: ShardName
    pairs: tuple[PairName, ...] = ()
    strategies: tuple[Name, ...] = ()
    share: dict[Name, Decimal] = {}
    max_memory_mb: Annotated[int, Meta(ge=64, le=1_048_576)] | None = None
    cpus: tuple[Annotated[int, Meta(ge=0, le=4095)], ...] = ()
    nice: Annotated[int, Meta(ge=0, le=19)] = 0


class Shards(Table):
    """How the root watches over the shards' processes."""

    hang_ms: MillisOrOff = 3000
    start_ms: Millis = 60_000
    restarts: Count = 5
    period_ms: Millis = 600_000
    hold_ms: Millis = 60_000


class Config(Table):
    """A whole configuration, as its files say it together."""

    node: Node = Node()
    defaults: Defaults = Defaults()
    venue: tuple[Venue, ...] = ()
    instrument: tuple[Instrument, ...] = ()
    fx: tuple[Fx, ...] = ()
    shards: Shards = Shards()
    shard: tuple[Shard, ...] = ()
    pair: tuple[Pair, ...] = ()
