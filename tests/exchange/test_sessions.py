"""What a client asks and is told, without sockets."""

from __future__ import annotations

import pytest

from exchange.world import MS
from wire import exchange as wire


def names(messages):
    return [type(message).__name__ for message in messages]


def test_login_is_answered_with_instruments(desk):
    ack, info = desk.login()
    assert (ack.trading_day, ack.instrument_count, ack.order_seq) == ("20260105", 1, 0)
    assert info.last
    assert info.definition["symbol"] == "SHFE.cu2703"


@pytest.mark.parametrize(
    ("login", "said"),
    [
        (wire.Login(9, "SHFE", "shanghai-1", "s"), "version"),
        (wire.Login(1, "LME", "", "s"), "SHFE, COMEX, FX"),
        (wire.Login(1, "SHFE", "nobody", "s"), "no account"),
        (wire.Login(1, "SHFE", "~house", "s"), "no account"),
    ],
)
def test_login_is_refused_with_the_reason(desk, login, said):
    (answer,) = desk.ask(login)
    assert isinstance(answer, wire.LoginReject)
    assert said in answer.text


def test_order_is_acknowledged_then_told_in_two_streams(desk):
    desk.login()
    told = desk.buy()
    assert names(told) == ["Ack", "OrderReport", "OrderReport", "TradeReport"]
    assert [m.seq for m in told[1:]] == [1, 2, 1]
    assert (told[2].status, told[2].cum_qty, told[3].qty) == ("2", 1, 1)
    assert told[3].fee != "0.00"


def test_refused_order_has_no_ack_and_both_codes(desk):
    desk.login()
    (report,) = desk.buy(px=1)
    assert (report.status, report.reason, report.code) == ("8", 99, 95)


def test_ref_used_twice_places_nothing(desk):
    desk.login()
    desk.buy()
    (answer,) = desk.buy()
    assert (type(answer), answer.ref_id, answer.code) == (wire.SessionReject, "1", 22)


def test_every_session_of_the_account_hears_of_trades(desk):
    desk.login()
    desk.login(b"h", session="h1")
    desk.told(b"h")
    desk.buy()
    assert [m.session for m in desk.told(b"h")] == ["g1"] * 3


def test_client_that_comes_back_finds_its_orders_and_trades(desk):
    desk.login()
    desk.buy("1")
    desk.buy("2", px=desk.best("1"), tif="0")
    desk.login(b"new")
    told = desk.ask(wire.QueryOrders("q", "day"), b"new")
    assert names(told) == ["TradeReport", "OrderReport", "OrderReport", "QueryEnd"]
    assert {m.req_id for m in told} == {"q"}
    assert (told[-1].count, told[-1].trade_seq) == (2, 1)
    assert [m.client_ref for m in desk.ask(wire.QueryOrders("w", "working"), b"new")[:-1]] == ["2"]
    assert desk.ask(wire.QueryOrders("o", "one", "g1", "never"), b"new")[0].count == 0


def test_session_taken_over_is_told_and_acts_no_more(desk):
    desk.login()
    desk.login(b"new")
    (told,) = desk.told()
    assert isinstance(told, wire.SessionReject)
    (answer,) = desk.buy()
    assert (type(answer), answer.code) == (wire.SessionReject, 6)


def test_cancel_is_done_or_refused_by_code(desk):
    desk.login()
    desk.buy(px=desk.best("1"), tif="0")
    assert desk.ask(wire.CancelOrder("c", "", "1"))[0].status == "4"
    (answer,) = desk.ask(wire.CancelOrder("c2", "", "1"))
    assert (type(answer), answer.reason, answer.code, answer.status) == (wire.CancelReject, 0, 26, "4")
    assert desk.ask(wire.CancelOrder("c3", "", "never"))[0].reason == 1


def test_positions_and_money_are_told_whole(desk):
    desk.login()
    desk.buy(qty=3)
    row, end = desk.ask(wire.QueryPositions("p"))
    assert (row.long_qty, row.long_today, row.long_free_today, row.short_qty, end.count) == (3, 3, 3, 0, 1)
    money, end = desk.ask(wire.QueryAccount("m"))
    assert (money.currency, end.count) == ("CNY", 1)
    assert float(money.available) < float(money.equity) < 50_000_000


def test_books_come_at_once_then_each_snapshot_time(desk):
    desk.login()
    status, book = desk.ask(wire.Subscribe([]))
    assert (status.status, len(book.bids)) == (17, 10)
    assert status.limit_down < book.bids[0] < book.asks[0] < status.limit_up
    times = []
    for _ in range(20):
        desk.pass_ms(100)
        times += [m.exch_ns for m in desk.told() if isinstance(m, wire.Book)]
    assert {b - a for a, b in zip(times, times[1:], strict=False)} == {500 * MS}


def test_feed_alone_trades_nothing(desk):
    assert desk.login(venue="FX", account="")[1].definition["tradable"] is False
    answer = desk.ask(wire.Submit("1", "FX.USDCNH", "1", 1, 1, "3", "N"))[0]
    assert (type(answer), answer.code) == (wire.SessionReject, 6)


def test_silent_session_hears_no_more(desk):
    desk.login()
    desk.pass_ms(4000)
    assert "ExchangeHeartbeat" in names(desk.told())
    desk.pass_ms(2000)
    assert desk.told() == []


def test_new_day_is_told_after_the_old_days_orders_and_counts_anew(desk):
    desk.login()
    desk.ask(wire.Subscribe([]))
    desk.buy(px=desk.best("1"), tif="0")
    told = desk.ask(wire.RollDay("r", "SHFE", "20260106"))
    assert names(told)[-3:] == ["OrderReport", "NewDay", "Status"]
    assert told[-3].status == "C"
    desk.pass_ms(100)
    desk.told()
    assert desk.buy("2")[1].seq == 1


def test_control_arms_lists_and_refuses_troubles(desk):
    (answer,) = desk.ask(wire.Fault("f", "SHFE", "reject", {"count": 1}))
    assert (answer.ok, answer.body["SHFE"][0]["left"]) == (True, 1)
    assert desk.ask(wire.Fault("f", "", "list", {}))[0].body["SHFE"][0]["kind"] == "reject"
    refused = desk.ask(wire.Fault("f", "LME", "reject", {}))[0]
    assert (refused.ok, "SHFE" in refused.text) == (False, True)
    desk.login()
    assert desk.buy()[0].code == 31


def test_status_set_by_control_is_pushed(desk):
    desk.login()
    desk.ask(wire.Subscribe([]))
    told = desk.ask(wire.SetStatus("s", "SHFE", "", 2))
    assert [m.status for m in told if isinstance(m, wire.Status)] == [2]


def test_truth_adds_up_to_what_the_client_was_told(desk):
    desk.login()
    trades = [m for m in desk.buy(qty=3) if isinstance(m, wire.TradeReport)]
    desk.buy("2", px=1)
    (answer,) = desk.ask(wire.Truth("t", "SHFE"))
    told = answer.body["SHFE"]["shanghai-1"]
    assert (told["orders"], told["filled"], told["rejected"], told["trades"]) == (2, 1, 1, len(trades))
    assert told["symbols"]["SHFE.cu2703"]["net_qty"] == 3
    assert told["symbols"]["SHFE.cu2703"]["bought_px_qty"] == sum(m.qty * m.px for m in trades)


def test_every_pushed_message_reads_back_from_its_bytes(desk):
    told = desk.login() + desk.ask(wire.Subscribe([])) + desk.buy(qty=100) + desk.ask(wire.QueryAccount("m"))
    for message in told + desk.ask(wire.Truth("t")):
        assert wire.decode_from_exchange(wire.encode(message)) == message
