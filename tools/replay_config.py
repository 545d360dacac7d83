"""The configuration of a replay: two venues, one pair, written to be read.

Spot against the linear perpetual: the pair is sold (spot sold, perpetual
bought) when the executable spread is wide and bought back when it is narrow.

Sizes come from the recording: both touches hold at least 0.016 BTC nine times
in ten (half the time more than 1 BTC), so a unit of 0.005 BTC rarely waits for
volume and rarely meets an emptied level. Times are real time while the market
runs `speed` times faster: hence short cooldowns, and a slippage cap wide
enough for what the market moves in one round trip.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from gateways.replay.settings import Played
from wire.instrument import InstrumentDef

SPOT_VENUE, PERP_VENUE = "BINANCE_SPOT", "BINANCE_PERP"
SPOT_SYMBOL, PERP_SYMBOL = "BINANCE.BTCUSDT", "BINANCE.BTCUSDT_PERP"
SPOT_FILE, PERP_FILE = "spot.BTCUSDT.csv.gz", "usdm.BTCUSDT.csv.gz"
PAIR = "BTC-SPOT-PERP"
PERP_CLOCK_AHEAD_MS = 1_269
SPOT_INVENTORY_LOTS = 100_000
CASH = Decimal(1_000_000)


def definition(symbol: str, kind: str, tick_size: str, lot_size: str) -> InstrumentDef:
    """An instrument of this pair as its gateway announces it."""
    return InstrumentDef(
        symbol=symbol,
        tick_size=tick_size,
        lot_size=lot_size,
        multiplier="1",
        currency="USDT",
        kind=kind,
        offset_mode="net",
        tifs="034",
        market_orders=False,
        tradable=True,
        base="BTC",
    )


SPOT = definition(SPOT_SYMBOL, "spot", "0.01", "0.00001")
PERP = definition(PERP_SYMBOL, "linear", "0.1", "0.001")


class Side(Struct, frozen=True):
    """One leg of the replay: its venue, what it plays, how it is reached."""

    venue: str
    played: Played
    folder: Path
    feed: str
    trade: str


def sides(recording: Path, folder: Path, sockets: Path) -> tuple[Side, Side]:
    """Both legs of a replay of the recording in `recording`."""

    def side(venue: str, played: Played) -> Side:
        name = venue.lower()
        return Side(venue, played, folder / name, f"ipc://{sockets}/{name}.feed", f"ipc://{sockets}/{name}.trade")

    return (
        side(SPOT_VENUE, Played(SPOT, recording / SPOT_FILE, inventory=SPOT_INVENTORY_LOTS)),
        side(PERP_VENUE, Played(PERP, recording / PERP_FILE)),
    )


def config_text(spot: Side, perp: Side, node_dir: Path) -> str:
    """The node's configuration as TOML, ready for `hedgerow run -c`."""
    return TEMPLATE.format(
        node_dir=node_dir,
        spot=spot,
        perp=perp,
        spot_def=spot.played.definition,
        perp_def=perp.played.definition,
        ahead_ms=PERP_CLOCK_AHEAD_MS,
        inventory=SPOT_INVENTORY_LOTS,
        pair=PAIR,
    )


TEMPLATE = """\
# BTC spot against the linear perpetual, on recorded quotes. Written by `hedgerow replay`.

[node]
name = "replay"
mode = "live"
dir = "{node_dir}"

[defaults]
cooldown_ms = 100
failure_cooldown_ms = 200
max_failures = 50
naked_budget_ms = 3000

[[venue]]
name = "{spot.venue}"
feed = "{spot.feed}"
trade = "{spot.trade}"

[[venue]]
name = "{perp.venue}"
feed = "{perp.feed}"
trade = "{perp.trade}"
usual_offset_ms = {ahead_ms}          # the exchange's clock ran ahead of the receiver's: shown, not believed

[[instrument]]
venue = "{spot.venue}"
symbol = "{spot_def.symbol}"
kind = "spot"
tick_size = "{spot_def.tick_size}"
lot_size = "{spot_def.lot_size}"
currency = "USDT"
base = "BTC"
tifs = "034"

[[instrument]]
venue = "{perp.venue}"
symbol = "{perp_def.symbol}"
kind = "linear"
tick_size = "{perp_def.tick_size}"
lot_size = "{perp_def.lot_size}"
currency = "USDT"
base = "BTC"
tifs = "034"

[[pair]]
name = "{pair}"
currency = "USDT"
unit = "BTC"
policy = "cheaper"

[pair.trigger]
on = "spread"
sell_open = "30"                # spot bid - perpetual ask, USDT a BTC
buy_close = "18"                # spot ask - perpetual bid

[pair.size]
units = 1                       # a unit is 0.005 BTC of each leg
max_position_units = 5

[pair.limits]
orders_per_hedge = 12
max_hedges = 1000

[[pair.legs]]
venue = "{spot.venue}"
symbol = "{spot_def.symbol}"
side = "buy"                    # buying the pair buys spot; it opens by selling
lots = 500
inventory_lots = {inventory}
payup_ticks = 100               # 1 USDT
slippage_cap_ticks = 5000       # 50 USDT
limits = {{ order_lots = 5000, price_collar_ticks = 20000, position_lots = 10000 }}

[[pair.legs]]
venue = "{perp.venue}"
symbol = "{perp_def.symbol}"
side = "sell"
lots = 5
payup_ticks = 10                # 1 USDT
slippage_cap_ticks = 500        # 50 USDT
limits = {{ order_lots = 50, price_collar_ticks = 2000, position_lots = 100 }}
"""
