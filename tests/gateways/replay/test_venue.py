from decimal import Decimal
from pathlib import Path

import pytest

from gateways.replay.account import BUY, SELL, Terms
from gateways.replay.book import DAY, FOK, IOC
from gateways.replay.truth import OrderEnded, OrderPlaced, OrderTraded, read_truth
from gateways.replay.venue import Venue
from wire.instrument import InstrumentDef

SYMBOL = "BINANCE.BTCUSDT"
SPOT = InstrumentDef(
    symbol=SYMBOL, tick_size="0.01", lot_size="0.00001", multiplier="1", currency="USDT", kind="spot",
    offset_mode="net", tifs="034", market_orders=False, tradable=True,
)  # fmt: skip


class Told:
    """A venue with all that it told, as (record's class, order's state)."""

    def __init__(self, path: Path) -> None:
        self.venue = Venue([Terms(SPOT, inventory=100)], Decimal(10**9), path, "20240808")
        self.heard: list[tuple[type, str, int, int]] = []
        self.venue.tell = lambda record, order: self.heard.append(
            (type(record), order.ord_status, order.cum_qty, order.leaves_qty)
        )
        self.venue.quote(SYMBOL, (99, 10), (101, 10), 1)

    def order(self, side: str, qty: int, px: int, tif: str):
        return self.venue.submit(f"c{len(self.heard)}", SYMBOL, side, qty, px, tif, 2)


@pytest.fixture
def told(tmp_path):
    found = Told(tmp_path / "truth.log")
    yield found
    found.venue.close()


def test_venue_tells_placed_then_trades_then_the_end(told):
    told.order(BUY, 12, 101, IOC)
    assert told.heard == [(OrderPlaced, "0", 0, 12), (OrderTraded, "1", 10, 2), (OrderEnded, "4", 10, 0)]


def test_venue_ends_an_order_that_filled_by_its_last_trade(told):
    told.order(SELL, 10, 99, IOC)
    assert told.heard == [(OrderPlaced, "0", 0, 10), (OrderTraded, "2", 10, 0)]


@pytest.mark.parametrize("tif", [IOC, FOK])
def test_venue_never_lets_an_order_that_takes_at_once_work_on(told, tif):
    order = told.order(BUY, 1, 100, tif)
    assert (order.ord_status, order.cum_qty) == ("4", 0)


def test_venue_fills_a_day_order_when_the_market_comes(told):
    order = told.order(BUY, 4, 100, DAY)
    assert order.working
    told.venue.quote(SYMBOL, (99, 10), (100, 3), 3)
    assert (order.ord_status, order.cum_qty, order.leaves_qty) == ("1", 3, 1)


def test_venue_cancels_what_works_and_only_that(told):
    order = told.order(BUY, 4, 100, DAY)
    assert told.venue.cancel(order, 3)
    assert not told.venue.cancel(order, 3)
    assert order.ord_status == "4"


def test_venue_refuses_a_short_sale(told):
    order = told.order(SELL, 101, 99, IOC)
    assert (order.ord_status, order.reason, order.cum_qty) == ("8", 3, 0)
    assert "no short selling" in order.text


def test_venue_expires_what_works_when_the_recording_ends(told):
    working = told.order(BUY, 4, 100, DAY)
    told.venue.close_market(5)
    late = told.order(BUY, 4, 101, IOC)
    assert (working.ord_status, late.ord_status, late.reason) == ("C", "8", 2)


def test_venue_started_again_stands_where_it_stood(tmp_path):
    first = Told(tmp_path / "truth.log")
    first.order(SELL, 10, 99, IOC)
    first.order(BUY, 4, 100, DAY)
    first.venue.close()
    again = Told(tmp_path / "truth.log")
    again.venue.end_left_over(9)
    assert again.venue.account.held(SYMBOL) == 90
    assert [order.ord_status for order in again.venue.account.orders.values()] == ["2", "4"]
    assert again.order(BUY, 1, 101, IOC).placed.order_id == "R3"
    again.venue.close()


def test_truth_log_holds_all_that_was_told(told, tmp_path):
    told.order(BUY, 12, 101, IOC)
    assert [type(record) for record in read_truth(tmp_path / "truth.log")] == [heard[0] for heard in told.heard]
