from decimal import Decimal

import pytest
from msgspec.structs import replace

from domain.errors import InvariantViolation, VenueError
from gateways.replay.account import BUY, SELL, Account, Terms
from gateways.replay.truth import OrderEnded, OrderPlaced, OrderTraded, TruthLog, read_truth
from wire.instrument import InstrumentDef

SPOT, PERP = "BINANCE.BTCUSDT", "BINANCE.BTCUSDT_PERP"


def definition(symbol: str, kind: str, tick: str, lot: str) -> InstrumentDef:
    return InstrumentDef(
        symbol=symbol, tick_size=tick, lot_size=lot, multiplier="1", currency="USDT", kind=kind,
        offset_mode="net", tifs="034", market_orders=False, tradable=True,
    )  # fmt: skip


def spot_account(cash: str = "100000", fee_rate: str | None = None) -> Account:
    told = replace(definition(SPOT, "spot", "0.01", "0.00001"), fee_rate_open=fee_rate)
    return Account([Terms(told, inventory=1_000)], Decimal(cash))


def placed(order_id: str, side: str, qty: int, px: int = 6_000_000, symbol: str = SPOT) -> OrderPlaced:
    return OrderPlaced("20240808", order_id, f"c{order_id}", symbol, side, qty, px, "0", 1)


def test_spot_is_never_sold_beyond_its_inventory():
    account = spot_account()
    assert account.why_not(SPOT, SELL, 1_000, 1) == ""
    account.apply(placed("1", SELL, 600))
    assert "400 lots" in account.why_not(SPOT, SELL, 401, 1)
    account.apply(OrderTraded("20240808", "t1", "1", SPOT, SELL, 600, 6_000_000, "0", 2))
    assert "400 lots" in account.why_not(SPOT, SELL, 401, 1)


def test_spot_is_not_bought_without_the_money():
    account = spot_account(cash="60")
    assert account.why_not(SPOT, BUY, 100, 6_000_000) == ""
    account.apply(placed("1", BUY, 100))
    assert "free" in account.why_not(SPOT, BUY, 1, 6_000_000)


def test_trade_moves_position_money_and_fee():
    account = spot_account(fee_rate="0.001")
    account.apply(placed("1", SELL, 100))
    fee = account.fee(placed("1", SELL, 100), 100, 6_000_000)
    order = account.apply(OrderTraded("20240808", "t1", "1", SPOT, SELL, 100, 6_000_000, f"{fee:f}", 2))
    assert (order.ord_status, order.cum_qty, order.leaves_qty) == ("2", 100, 0)
    assert (account.positions[SPOT], account.held(SPOT), fee) == (-100, 900, Decimal("0.06"))
    assert account.money({SPOT: 6_000_000}).equity == Decimal(100_000) + 600 - Decimal("0.06")


def test_perpetual_is_sold_short_and_marked():
    account = Account([Terms(definition(PERP, "linear", "0.1", "0.001"), margin_rate=Decimal("0.05"))], Decimal(1_000))
    assert account.why_not(PERP, SELL, 10**6, 1) == ""
    account.apply(placed("1", SELL, 10, 600_000, PERP))
    account.apply(OrderTraded("20240808", "t1", "1", PERP, BUY, 10, 600_000, "0", 2))
    money = account.money({PERP: 599_000})
    assert (money.equity, money.margin_used) == (Decimal(1_001), Decimal("29.95"))


def test_longs_and_shorts_stand_apart_where_offsets_open_and_close():
    future = definition("CFFEX.IF", "linear", "0.2", "1")
    account = Account([Terms(replace(future, offset_mode="oc", multiplier="300"))], Decimal(10_000_000))
    for number, (side, offset, qty) in enumerate(((BUY, "O", 5), (SELL, "O", 3), (SELL, "C", 2)), 1):
        account.apply(OrderPlaced("20210104", str(number), f"c{number}", "CFFEX.IF", side, qty, 26_150, "3", 1, offset))
        account.apply(OrderTraded("20210104", f"t{number}", str(number), "CFFEX.IF", side, qty, 26_150, "0", 2))
    assert (account.longs["CFFEX.IF"], account.shorts["CFFEX.IF"], account.positions["CFFEX.IF"]) == (3, 3, 0)
    assert account.why_not("CFFEX.IF", SELL, 3, 1, "C") == ""
    assert "over close: 3 lots" in account.why_not("CFFEX.IF", SELL, 4, 1, "C")
    assert "over close: 3 today's lots" in account.why_not("CFFEX.IF", SELL, 4, 1, "T")
    assert "over close: 0 yesterday's lots" in account.why_not("CFFEX.IF", BUY, 1, 1, "Y")


def test_inverse_contract_gains_its_base_when_the_price_rises():
    perp = replace(definition(PERP, "inverse", "0.1", "1"), multiplier="100", currency="USD", base="BTC")
    account = Account([Terms(perp)], Decimal(10))
    account.apply(placed("1", BUY, 50, 500_000, PERP))
    account.apply(OrderTraded("20240808", "t1", "1", PERP, BUY, 50, 500_000, "0", 2))
    assert account.terms[PERP].currency == "BTC"
    assert account.money({PERP: 500_000}).equity == Decimal(10)
    assert account.money({PERP: 625_000}).equity == Decimal(10) + 50 * 100 * (Decimal(1) / 50_000 - Decimal(1) / 62_500)


def test_order_that_ended_no_longer_holds_anything():
    account = spot_account()
    account.apply(placed("1", SELL, 1_000))
    order = account.apply(OrderEnded("1", "4", None, "", 2))
    assert (order.ord_status, order.leaves_qty, account.working()) == ("4", 0, [])
    assert account.why_not(SPOT, SELL, 1_000, 1) == ""


def test_order_trades_no_more_than_it_has_left():
    account = spot_account()
    account.apply(placed("1", SELL, 10))
    with pytest.raises(InvariantViolation):
        account.apply(OrderTraded("20240808", "t1", "1", SPOT, SELL, 11, 6_000_000, "0", 2))


def test_truth_log_gives_back_what_was_written_and_cuts_a_torn_end(tmp_path):
    path = tmp_path / "truth" / "venue.log"
    records = [
        placed("1", SELL, 10),
        OrderTraded("20240808", "t1", "1", SPOT, SELL, 4, 6_000_000, "0", 2),
        OrderEnded("1", "4", None, "", 3),
    ]
    log = TruthLog(path)
    for record in records:
        log.append(record)
    log.close()
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:11])
    assert list(read_truth(path)) == records
    TruthLog(path).close()
    assert path.read_bytes() == whole


def test_truth_log_refuses_what_is_no_record_of_it(tmp_path):
    path = tmp_path / "venue.log"
    log = TruthLog(path)
    log.append(OrderEnded("1", "4", None, 7, 3))
    log.close()
    with pytest.raises(VenueError, match="truth log"):
        list(read_truth(path))


FEES = {
    "fee_rate_open": "0.0001", "fee_rate_close": "0.0002", "fee_rate_close_today": "0.001",
    "fee_lot_open": "0.5", "fee_lot_close": "0.25", "fee_lot_close_today": "2",
}  # fmt: skip


def future(offset_mode: str) -> Account:
    """Five lots bought on one day, two on the next; a lot at 26,150 is worth 1,569,000."""
    told = replace(definition("CFFEX.IF", "linear", "0.2", "1"), offset_mode=offset_mode, multiplier="300", **FEES)
    account = Account([Terms(told)], Decimal(10_000_000))
    for number, (day, qty) in enumerate((("20210104", 5), ("20210105", 2)), 1):
        offset = "N" if offset_mode == "net" else "O"
        account.apply(OrderPlaced(day, str(number), f"c{number}", "CFFEX.IF", BUY, qty, 26_150, "3", 1, offset))
        account.apply(OrderTraded(day, f"t{number}", str(number), "CFFEX.IF", BUY, qty, 26_150, "0", 2))
    return account


@pytest.mark.parametrize(
    ("mode", "side", "offset", "qty", "fee"),
    [
        ("octy", BUY, "O", 2, 2 * Decimal("156.9") + 1),
        ("octy", SELL, "T", 2, 2 * Decimal(1569) + 4),
        ("octy", SELL, "Y", 2, 2 * Decimal("313.8") + Decimal("0.5")),
        ("oc", SELL, "C", 6, 5 * Decimal("313.8") + Decimal("1.25") + 1569 + 2),  # what is older goes first
        ("net", SELL, "N", 9, 7 * Decimal("313.8") + Decimal("1.75") + 2 * Decimal("156.9") + 1),  # seven close, two open
    ],
)
def test_fee_is_the_schedules_for_what_the_lots_do(mode, side, offset, qty, fee):
    order = OrderPlaced("20210105", "9", "c9", "CFFEX.IF", side, qty, 26_150, "3", 1, offset)
    assert future(mode).fee(order, qty, 26_150) == fee


def test_fee_is_rounded_to_a_minor_unit_half_of_one_up():
    account = spot_account(fee_rate="0.0005")
    assert account.fee(placed("1", SELL, 1), 150_000, 6_666_667) == Decimal("50.00")
    assert account.terms[SPOT].fee("open", 1, 1_000_000_000, "") == Decimal("0.05")  # 100 x 0.0005
    assert account.terms[SPOT].fee("open", 1, 900_000_000 + 1_000_000, "") == Decimal("0.05")  # 0.04505


def test_inverse_contract_settles_in_whole_minor_units():
    perp = replace(definition(PERP, "inverse", "0.1", "1"), multiplier="100", currency="USD", base="BTC", fee_rate_open="0.0005")
    account = Account([Terms(perp, digits=8)], Decimal(10))
    account.apply(placed("1", BUY, 7, 617_003, PERP))
    account.apply(OrderTraded("20240808", "t1", "1", PERP, BUY, 7, 617_003, "0", 2))
    assert account.money({PERP: 617_003}).equity == Decimal(10)
    assert account.money({PERP: 700_001}).equity == Decimal(10) + Decimal("0.01134516") - Decimal("0.00999999")
    assert account.terms[PERP].fee("open", 7, 617_003, "") == Decimal("0.00000567")
