"""The account over days: what is of today, and what may be closed."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from gateways.replay.account import Terms
from gateways.replay.venue import Venue
from wire.instrument import InstrumentDef

DAY, NEXT = "20261130", "20261201"


def definition(symbol, offset_mode):
    return InstrumentDef(
        symbol=symbol, tick_size="10", lot_size="1", multiplier="5", currency="CNY", kind="linear",
        offset_mode=offset_mode, tifs="034", market_orders=False, tradable=True,
    )  # fmt: skip


class Desk:
    """A venue with a book of 100 at 8,000 / 8,001, and orders of so many lots."""

    def __init__(self, path, day=DAY):
        self.venue = Venue([Terms(definition("cu", "octy")), Terms(definition("hg", "net"))], Decimal(10**7), path, day)
        self.venue.account.begin_day(day)
        self.count = len(self.venue.account.orders)
        for symbol in ("cu", "hg"):
            self.venue.quote(symbol, (8000, 100), (8001, 100), 1)

    def order(self, side, qty, offset, symbol="cu", px=None, tif="3"):
        self.count += 1
        px = px or (8001 if side == "1" else 8000)
        return self.venue.submit(f"r{self.count}", symbol, side, qty, px, tif, 1, offset)

    def held(self, symbol="cu"):
        return self.venue.account.held_lots(symbol)


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path / "truth.log")
    yield made
    made.venue.close()


def test_a_day_turns_todays_lots_into_yesterdays(desk):
    desk.order("1", 5, "O")
    desk.order("2", 3, "O")
    assert desk.held() == (5, 3, 5, 3)
    desk.venue.begin_day(NEXT, 2)
    assert desk.held() == (5, 3, 0, 0)
    desk.order("1", 2, "O")
    assert desk.held() == (7, 3, 2, 0)


def test_a_trade_is_charged_by_the_schedule_of_its_own_day(tmp_path):
    told = replace(definition("hg", "net"), fee_lot_open="3", fee_lot_close="2")
    terms = Terms(told, fees_from=((NEXT, {"fee_lot_open": "5", "fee_rate_close": "0.0001"}), ("20261202", {"fee_lot_open": "7"})))
    venue = Venue([terms], Decimal(10**7), tmp_path / "truth.log", DAY)
    fees = []
    for count, day in enumerate((DAY, NEXT, "20261202", "20261203")):
        venue.begin_day(day, 1)
        venue.quote("hg", (8000, 100 + count), (8001, 100 + count), 1)
        for side, px in (("1", 8001), ("2", 8000)):
            before = venue.money().fees
            venue.submit(f"{side}{day}", "hg", side, 2, px, "3", 1)
            fees.append(venue.money().fees - before)
    venue.close()
    turnover = Decimal(8000 * 10 * 5 * 2)
    assert fees == [6, 4, 10, turnover * Decimal("0.0001"), 14, 0, 14, 0]


def test_announced_fees_alone_are_told_too():
    assert Terms(definition("hg", "net"), fees_from=((NEXT, {"fee_lot_open": "5"}),)).is_charged
    assert not Terms(definition("hg", "net")).is_charged


@pytest.mark.parametrize(
    ("offset", "qty", "status", "held"),
    [("T", 2, "2", (5, 0, 0, 0)), ("T", 3, "8", (7, 0, 2, 0)), ("Y", 5, "2", (2, 0, 2, 0)), ("Y", 6, "8", (7, 0, 2, 0)),
     ("C", 6, "2", (1, 0, 1, 0)), ("C", 8, "8", (7, 0, 2, 0))],
)  # fmt: skip
def test_what_closes_takes_off_what_its_offset_names_and_no_more(desk, offset, qty, status, held):
    desk.order("1", 5, "O")
    desk.venue.begin_day(NEXT, 2)
    desk.order("1", 2, "O")
    order = desk.order("2", qty, offset)
    assert (order.ord_status, desk.held()) == (status, held)


def test_lots_that_a_working_close_may_take_are_not_free(desk):
    desk.order("1", 5, "O")
    assert desk.order("2", 4, "T", px=8005, tif="0").ord_status == "0"
    assert desk.order("2", 2, "T").ord_status == "8"
    assert desk.order("2", 1, "T").ord_status == "2"


def test_a_net_instrument_tells_what_of_its_position_is_todays(desk):
    desk.order("1", 5, "N", "hg")
    desk.venue.begin_day(NEXT, 2)
    desk.order("1", 2, "N", "hg")
    assert desk.held("hg") == (7, 0, 2, 0)
    desk.order("2", 9, "N", "hg")
    assert desk.held("hg") == (0, 2, 0, 2)


def test_a_new_day_expires_day_orders_in_the_old_one(desk):
    told = []
    desk.venue.tell = lambda record, order: told.append((order.ord_status, desk.venue.trading_day))
    order = desk.order("1", 5, "O", px=7990, tif="0")
    desk.venue.begin_day(NEXT, 2)
    assert order.ord_status == "C" and told[-1] == ("C", DAY)
    desk.venue.quote("cu", (7980, 100), (7985, 100), 3)
    assert order.cum_qty == 0


def test_a_restart_stands_where_the_account_stood(tmp_path, desk):
    desk.order("1", 5, "O")
    desk.venue.begin_day(NEXT, 2)
    desk.order("1", 2, "O")
    desk.order("2", 1, "Y")
    before, money = desk.held(), desk.venue.money()
    desk.venue.close()
    for day, held in ((NEXT, (6, 0, 2, 0)), ("20261202", (6, 0, 0, 0))):
        again = Desk(tmp_path / "truth.log", day)
        assert again.held() == held
        assert again.venue.money() == money
        again.venue.close()
    assert before == (6, 0, 2, 0)
