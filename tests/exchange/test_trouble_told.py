"""What a client is told, and what its queries show, when trouble is made."""

from __future__ import annotations

import msgspec
import pytest

from exchange.config import TroubleSpec, load
from exchange.kinds import KINDS
from exchange.rows import book_of
from exchange.truth import lines_of, summarise, truth_of
from exchange.values import TroubleEvent
from exchange.world import World
from wire import exchange as wire

CU = "SHFE.cu2703"


@pytest.fixture
def client(desk):
    desk.login()
    desk.told()
    return desk


def fault(desk, kind, venue="SHFE", **args):
    (reply,) = [one for one in desk.ask(wire.Fault("f", venue, kind, args), b"c") if isinstance(one, wire.ControlReply)]
    assert reply.ok, reply.text
    return reply.body


def plain(messages):
    """Reports and acks in short: A, the state with cum_qty, or the trade."""
    found = []
    for one in messages:
        if isinstance(one, wire.Ack):
            found.append("A")
        elif isinstance(one, wire.OrderReport):
            found.append(f"{one.status}:{one.cum_qty}")
        elif isinstance(one, wire.TradeReport):
            found.append(f"{one.exec_type}{one.qty}")
    return found


def asked(desk):
    return plain(desk.ask(wire.QueryOrders("q", "day")))


@pytest.mark.parametrize(
    ("kind", "args", "at_once", "later"),
    [
        ("lose_ack", {}, ["2:1", "F1"], []),
        ("lose_report", {}, [], []),
        ("lose_report", {"how": "trades"}, ["A", "0:0", "2:1"], []),
        ("lose_report", {"how": "end"}, ["A", "0:0", "F1"], []),
        ("gap", {}, [], []),
        ("delay", {"ms": 40}, [], ["0:0", "2:1", "F1"]),
        ("delay", {"ms": 40, "how": "trades"}, ["A", "0:0", "2:1"], ["F1"]),
        ("reorder", {"ms": 40}, ["F1"], ["0:0", "2:1"]),
        ("reorder", {"ms": 40, "how": "end_first"}, ["A", "0:0", "2:1"], ["F1"]),
        ("repeat", {}, ["A", "0:0", "0:0", "2:1", "2:1", "F1", "F1"], []),
        ("repeat", {"times": 2, "ms": 40}, ["A", "0:0", "2:1", "F1"], ["0:0", "2:1", "F1"]),
    ],
)
def test_reports_come_as_the_trouble_has_it_and_a_query_shows_the_truth(client, kind, args, at_once, later):
    fault(client, kind, **args)
    assert plain(client.buy()) == at_once
    client.pass_ms(39)
    assert plain(client.told()) == []
    assert asked(client) == ["F1", "2:1"]
    client.pass_ms(1)
    assert plain(client.told()) == later


def test_next_order_is_told_as_ever(client):
    fault(client, "lose_report")
    client.buy()
    assert plain(client.buy("2")) == ["A", "0:0", "2:1", "F1"]


@pytest.mark.parametrize(("kind", "seqs"), [("lose_report", (1, 1)), ("gap", (3, 2))])
def test_only_a_gap_leaves_numbers_out(client, kind, seqs):
    fault(client, kind)
    client.buy()
    told = client.buy("2")
    assert (told[1].seq, told[3].seq) == seqs


def test_repeat_has_the_number_that_it_had_and_is_marked(client):
    fault(client, "repeat")
    told = [one for one in client.buy() if isinstance(one, wire.TradeReport)]
    assert [(one.seq, one.poss_resend) for one in told] == [(1, False), (1, True)]


def test_late_report_is_numbered_when_it_is_told(client):
    fault(client, "delay", ms=40)
    client.buy()
    assert client.buy("2")[1].seq == 1
    client.pass_ms(40)
    assert [one.seq for one in client.told() if isinstance(one, wire.OrderReport)] == [3, 4]


def test_refused_order_may_be_lost_too(client):
    fault(client, "lose_report")
    assert plain(client.buy(px=1)) == []
    assert asked(client) == ["8:0"]


def test_lost_order_is_answered_by_nothing_and_known_to_no_query(client):
    fault(client, "lose_order")
    assert client.buy() == []
    assert asked(client) == []


def test_canceled_comes_before_the_last_fill_when_trades_are_late(client):
    fault(client, "reorder", how="end_first", ms=40)
    told = client.buy(qty=400)
    assert told[-1].status == "4"
    assert not [one for one in told if isinstance(one, wire.TradeReport)]
    client.pass_ms(40)
    late = [one.qty for one in client.told() if isinstance(one, wire.TradeReport)]
    assert sum(late) == told[-1].cum_qty > 0


def test_fill_after_cancel_is_told_after_it(client):
    client.buy(px=client.best("1") - 20, tif="0", qty=3)
    fault(client, "fill_after_cancel", ms=40, qty=2)
    assert plain(client.ask(wire.CancelOrder("c", "", "1"))) == ["4:0"]
    client.pass_ms(40)
    assert plain(client.told()) == ["4:2", "F2"]


def test_swallowed_cancel_is_answered_by_nothing_and_a_refused_one_by_code(client):
    client.buy(px=client.best("1") - 20, tif="0")
    fault(client, "swallow_cancel")
    fault(client, "refuse_cancel", code=25)
    assert client.ask(wire.CancelOrder("c", "", "1")) == []
    (refused,) = client.ask(wire.CancelOrder("c", "", "1"))
    assert (refused.status, refused.reason, refused.code) == ("0", 1, 25)


def test_bust_and_correction_are_told_and_queried_after_their_trades(client):
    client.buy(qty=2)
    fault(client, "correct", how="last", px=7000, qty=1)
    corrected = client.told()
    assert plain(corrected) == ["G1", "2:1"]
    fault(client, "bust", how="last")
    busted = client.told()
    assert plain(busted) == ["H1", "2:0"]
    assert corrected[0].trade_ref == busted[0].trade_ref != ""
    assert asked(client) == ["F2", "G1", "H1", "2:0"]


def test_liquidation_is_told_with_the_brokers_origin(client):
    client.buy(qty=2)
    fault(client, "liquidate", symbol=CU)
    told = [one for one in client.told() if isinstance(one, wire.TradeReport)]
    assert sum(one.qty for one in told) == 2
    assert {(one.origin, one.session, one.side, one.offset) for one in told} == {("L", "~broker", "2", "T")}


def test_outside_order_is_told_as_another_sessions(client):
    fault(client, "outside_order", symbol=CU, side="1", qty=1)
    told = [one for one in client.told() if isinstance(one, wire.TradeReport)]
    assert [(one.origin, one.session, one.qty) for one in told] == [("O", "~other", 1)]


def test_dropped_session_is_told_and_taken_back_when_its_time_is_over(client):
    client.buy(px=client.best("1") - 20, tif="0")
    fault(client, "drop_session", how="cancel", for_ms=500)
    (dropped,) = client.told()
    assert (type(dropped), dropped.ref_type, dropped.code) == (wire.SessionReject, "", 6)
    (refused,) = client.login()
    assert (type(refused), refused.code) == (wire.LoginReject, 90)
    client.pass_ms(500)
    assert isinstance(client.login()[0], wire.LoginAck)
    assert asked(client) == ["4:0"]


@pytest.mark.parametrize(("how", "quotes", "orders"), [("all", False, False), ("orders", True, False), ("quotes", False, True)])
def test_silent_exchange_says_it_all_when_it_speaks_again(client, how, quotes, orders):
    client.ask(wire.Subscribe([]))
    fault(client, "silent", how=how, for_ms=900)
    told = client.buy()
    client.pass_ms(899)
    told += client.told()
    assert any(isinstance(one, wire.Book) for one in told) == quotes
    assert (plain(told) == ["A", "0:0", "2:1", "F1"]) == orders
    client.pass_ms(1)
    late = client.told()
    assert plain(late) == ([] if orders else ["A", "0:0", "2:1", "F1"])
    assert any(isinstance(one, wire.Book) for one in late) != quotes


def test_silence_ended_by_clear_says_it_all(client):
    fault(client, "silent", for_ms=60_000)
    client.buy()
    assert client.told() == []
    assert fault(client, "clear") == {"SHFE": []}
    assert plain(client.told()) == ["A", "0:0", "2:1", "F1"]


def test_what_was_kept_is_not_said_to_a_connection_that_was_superseded(client):
    fault(client, "silent", for_ms=500)
    client.buy()
    client.login(b"new")
    client.pass_ms(500)
    to_new, to_old = client.told(b"new"), client.told()
    assert (plain(to_old), isinstance(to_new[0], wire.LoginAck)) == ([], True)


@pytest.mark.parametrize(
    ("how", "side", "check"),
    [
        ("crossed", "", lambda book, was: book.bids[0] > book.asks[0] == was.asks[0]),
        ("crossed", "2", lambda book, was: book.asks[0] < book.bids[0] == was.bids[0]),
        ("locked", "", lambda book, was: book.bids[0] == book.asks[0]),
        ("empty", "", lambda book, was: book.bids == book.asks == []),
        ("empty", "2", lambda book, was: book.bids and book.asks == []),
        ("absurd", "", lambda book, was: book.bids[0] == 10 * was.bids[0]),
        ("frozen", "", lambda book, was: (book.bids, book.asks) == (was.bids, was.asks) and book.exch_ns > was.exch_ns),
    ],
)
def test_bad_quote_is_told_for_its_time_and_then_the_book_is(client, how, side, check):
    was = book_told(client)
    fault(client, "bad_quote", how=how, side=side, for_ms=1000)
    book_told(client)  # what is frozen is the first book told
    client.pass_ms(50)  # less than the participants' step: the market is as it was
    assert check(book_told(client), was)
    client.pass_ms(950)
    real = book_of(CU, client.world.venues["SHFE"].listings[CU], 5, client.now)
    assert book_told(client) == real


def test_frozen_quote_stays_while_the_market_moves(client):
    fault(client, "bad_quote", how="frozen")
    was = book_told(client)
    client.pass_ms(3000)
    now = book_told(client)
    assert (now.bids, now.asks) == (was.bids, was.asks)
    assert now.bids != book_of(CU, client.world.venues["SHFE"].listings[CU], 5, client.now).bids


def book_told(desk):
    return [one for one in desk.ask(wire.Subscribe([])) if isinstance(one, wire.Book)][-1]


def test_stale_quote_is_no_book_at_all(client):
    client.ask(wire.Subscribe([]))
    fault(client, "bad_quote", how="stale", for_ms=1400)
    client.pass_ms(1300)
    assert not [one for one in client.told() if isinstance(one, wire.Book)]
    client.pass_ms(600)
    assert [one for one in client.told() if isinstance(one, wire.Book)]


def test_truth_log_names_the_fault_and_the_order_and_adds_up_with_busts(client):
    fault(client, "lose_report")
    fault(client, "bust", ms=10)
    world = client.world
    start = {"t": "start", "venues": {"SHFE": {"accounts": ["shanghai-1"]}}}
    lines = [start]
    real_drain = world.drain

    def drain():
        events = real_drain()
        for event in events:
            lines.extend(lines_of(world, event))
        return events

    world.drain = drain
    client.buy(qty=2)
    client.pass_ms(10)
    met = [(one["kind"], one["client_ref"]) for one in lines if one["t"] == "trouble"]
    assert met == [("lose_report", "1"), ("bust", "1")]
    told = summarise(one for one in lines if one.get("venue", "SHFE") == "SHFE")["SHFE"]["shanghai-1"]
    books = truth_of(world, "SHFE")["SHFE"]["shanghai-1"]
    assert told["symbols"] == books["symbols"]
    assert (told["busted"], told["symbols"][CU]["net_qty"], told["symbols"][CU]["bought_px_qty"]) == (1, 0, 0)


def test_scheduled_trouble_that_finds_nothing_to_do_is_on_record(copper):
    trouble = TroubleSpec(at_ms=5, venue="SHFE", kind="liquidate")
    world = World(msgspec.structs.replace(copper, trouble=[trouble]), 1, 10**18, "20260105")
    world.advance(10**18 + 10_000_000)
    (event,) = [one for one in world.drain() if isinstance(one, TroubleEvent)]
    assert (event.kind, event.missed, "no position" in event.text) == ("liquidate", True, True)


def test_storm_file_makes_every_kind_of_trouble(copper_file):
    spec = load(copper_file, copper_file.with_name("storm.toml"))
    assert {one.kind for one in spec.trouble} == set(KINDS)
    world = World(msgspec.structs.replace(spec, venue=[_still(one) for one in spec.venue]), 1, 10**18, "20260105")
    world.advance(10**18 + 4_000_000_000)
    assert {"reject", "delay", "repeat"} <= {one["kind"] for name in world.venues for one in world.venues[name].troubles.listed()}


def _still(venue):
    return msgspec.structs.replace(venue, step_ms=60_000)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_page_lists_every_trouble_and_its_options(copper_file, language):
    page = (copper_file.parents[2] / "docs" / language / "trouble.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    for name, kind in KINDS.items():
        for word in (*kind.needs, *kind.takes, *kind.how):
            assert f"`{word}`" in rows[name], (name, word)
