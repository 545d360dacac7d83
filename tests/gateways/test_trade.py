"""The trade socket by the protocol page: orders, reports, rejects, logons."""

from __future__ import annotations

import msgpack
import pytest
import zmq

from gateways.adapter import CancelRefused, Refused

GOLD = "SHFE.au2612"
BTC = "X.BTC"


def test_logon_is_answered_with_definitions_when_the_venue_is_up(stage):
    node = stage.node(logon=False)
    node.logon()
    logon = node.until("A")
    assert (logon["version"], logon["venue"], logon["trading_day"], logon["last_seq"]) == (1, "SHFE", "20260106", 0)
    assert logon["epoch"] == stage.gateway.account.epoch
    assert logon["capabilities"]["cancel_on_disconnect"] is True
    definitions = [node.until("d") for _ in range(logon["instrument_count"])]
    assert [(one["instrument"]["symbol"], one["last"]) for one in definitions] == [(GOLD, False), (BTC, True)]


def test_order_is_pending_new_at_once_when_handed_to_the_venue(stage):
    node = stage.node()
    sent = node.order(wait=False)
    report = node.until("8")
    assert (report["clord_id"], report["exec_type"], report["ord_status"]) == (sent, "A", "A")
    assert (report["seq"], report["cum_qty"], report["leaves_qty"], report["last_qty"]) == (1, 0, 5, 0)
    assert (report["last_px"], report["exec_id"], report["origin"], report["poss_resend"]) == (None, None, "O", False)


def test_order_and_its_venue_ref_are_on_disk_before_it_leaves(stage):
    node = stage.node()
    seen = []
    submit = stage.venue.submit

    def looking(order):
        data = b"".join(path.read_bytes() for path in stage.gateway.store.directory.glob("*.orders"))
        seen.append(order.venue_ref.encode() in data and b"n1-1" in data)
        return submit(order)

    stage.venue.submit = looking
    node.order()
    assert seen == [True]


REJECTED = [
    ({"symbol": "SHFE.zz"}, 101),
    ({"side": "3"}, 5),
    ({"hedge_flag": "Z"}, 5),
    ({"offset": "C"}, 102),
    ({"offset": "N"}, 102),
    ({"offset": "O", "symbol": BTC}, 102),
    ({"offset": "T", "symbol": BTC}, 102),
    ({"tif": "1"}, 102),
    ({"tif": "4", "symbol": BTC, "offset": "N"}, 102),
    ({"qty": 0}, 102),
    ({"qty": -1}, 102),
    ({"qty": 501}, 102),
    ({"px": None}, 3),
    ({"not_after_ns": 5}, 100),
    ({"node_epoch": 6}, 6),
]


@pytest.mark.parametrize(("change", "reason"), REJECTED, ids=str)
def test_order_is_denied_when_a_field_is_wrong(stage, change, reason):
    node = stage.node()
    sent = node.order(wait=False, **change)
    denied = node.until("j")
    assert (denied["ref_type"], denied["ref_id"], denied["reason"]) == ("D", sent, reason)
    assert stage.venue.submitted == []


def test_market_order_leaves_when_the_definition_allows_it(stage):
    node = stage.node()
    assert node.order(symbol=BTC, offset="N", px=None).px is None


def test_order_is_denied_when_the_session_is_down_or_the_adapter_refuses(stage):
    node = stage.node()
    stage.venue.refuse = Refused(8, "queue full")
    node.order("a", wait=False)
    assert node.until("j", ref_id="a")["reason"] == 8
    stage.venue.refuse = None
    stage.venue.say("on_session", False)
    stage.run()
    node.order("b", wait=False)
    assert node.until("j", ref_id="b")["reason"] == 4
    node.send("H", "r1", "a")
    assert node.until("8", clord_id="a")["reason"] == 5


def test_denied_id_stays_denied_when_it_comes_again(stage):
    node = stage.node()
    node.order("a", wait=False, not_after_ns=5)
    node.until("j", ref_id="a")
    node.order("a", wait=False)
    assert node.until("j", ref_id="a")["reason"] == 100
    assert stage.venue.submitted == []


def test_orders_are_throttled_when_over_the_capability(stages):
    stage = stages(max_orders_per_s=2)
    node = stage.node()
    node.order()
    node.order()
    third = node.order(wait=False)
    assert node.until("j", ref_id=third)["reason"] == 8
    stage.clock.pass_ms(1001)
    node.order()


def test_known_id_places_nothing_when_it_comes_again(stage):
    node = stage.node()
    venue_order = node.order("a")
    stage.venue.state(venue_order, "0")
    node.until("8", exec_type="0")
    node.order("a", wait=False)
    again = node.until("8", clord_id="a")
    assert (again["exec_type"], again["ord_status"], again["leaves_qty"]) == ("I", "0", 5)
    assert len(stage.venue.submitted) == 1


def test_reports_carry_the_highest_quantity_when_streams_run_apart(stage):
    node = stage.node()
    order = node.order()
    stage.venue.state(order, "1", 3)
    ahead = node.until("8", exec_type="I")
    assert (ahead["cum_qty"], ahead["leaves_qty"], ahead["ord_status"], ahead["order_id"]) == (3, 2, "1", "o-v1")
    stage.venue.trade(order, "t1", 2, 101)
    trade = node.until("8", exec_type="F")
    assert (trade["cum_qty"], trade["last_qty"], trade["last_px"], trade["exec_id"]) == (3, 2, 101, "t1")
    stage.venue.trade(order, "t1", 2, 101)
    stage.venue.trade(order, "t2", 3, 102)
    full = node.until("8", exec_type="F")
    assert (full["exec_id"], full["cum_qty"], full["leaves_qty"], full["ord_status"]) == ("t2", 5, 0, "2")
    stage.venue.state(order, "2", 5)
    assert node.rest() == []


def test_late_trade_is_told_when_the_order_was_canceled(stage):
    node = stage.node()
    order = node.order()
    stage.venue.state(order, "4", 2)
    canceled = node.until("8", exec_type="4")
    assert (canceled["cum_qty"], canceled["leaves_qty"], canceled["ord_status"]) == (2, 0, "4")
    stage.venue.trade(order, "t1", 2)
    stage.venue.trade(order, "t2", 1)
    assert node.until("8", exec_id="t1")["cum_qty"] == 2
    late = node.until("8", exec_id="t2")
    assert (late["cum_qty"], late["leaves_qty"], late["ord_status"]) == (3, 0, "4")


def test_venue_refusal_carries_its_words_when_it_rejects(stage):
    node = stage.node()
    stage.venue.state(node.order(), "8", reason=99, text="30 over close")
    rejected = node.until("8", exec_type="8")
    assert (rejected["ord_status"], rejected["reason"], rejected["text"]) == ("8", 99, "30 over close")


def test_cum_falls_when_a_trade_is_busted_or_corrected(stage):
    node = stage.node()
    order = node.order()
    stage.venue.trade(order, "t1", 3, 101)
    stage.venue.trade(order, "t2", 1, 102)
    stage.venue.trade(order, "b1", 3, 101, exec_type="H", exec_ref="t1")
    bust = node.until("8", exec_type="H")
    assert (bust["cum_qty"], bust["leaves_qty"], bust["exec_ref"], bust["last_qty"]) == (1, 1, "t1", 3)
    stage.venue.trade(order, "c1", 2, 99, exec_type="G", exec_ref="t2")
    corrected = node.until("8", exec_type="G")
    assert (corrected["cum_qty"], corrected["leaves_qty"], corrected["last_px"]) == (2, 1, 99)
    node.send("AF", "r1", "day", None)
    kinds = [(one["exec_type"], one["exec_id"]) for one in node.rest(12) if one["tag"] == "8"]
    assert kinds[-5:] == [("F", "t1"), ("F", "t2"), ("H", "b1"), ("G", "c1"), ("I", None)]


def test_cancel_is_handed_on_when_the_order_works(stage):
    node = stage.node()
    order = node.order("a")
    node.cancel("x1", "a")
    stage.run()
    (handed, ref) = stage.venue.cancels[0]
    assert handed.venue_ref == order.venue_ref
    stage.venue.say(
        "on_cancel_refused",
        CancelRefused(cancel_ref=ref, venue_ref=order.venue_ref, order_id="", reason=99, text="26 already traded"),
    )
    refused = node.until("9")
    assert (refused["cxl_id"], refused["orig_clord_id"], refused["reason"], refused["seq"]) == ("x1", "a", 99, 2)


def test_cancel_is_refused_when_the_order_ended_or_is_unknown(stage):
    node = stage.node()
    stage.venue.state(node.order("a"), "4")
    node.until("8", exec_type="4")
    node.cancel("x1", "a")
    ended = node.until("9", cxl_id="x1")
    assert (ended["ord_status"], ended["reason"]) == ("4", 0)
    node.cancel("x2", "zz")
    unknown = node.until("9", cxl_id="x2")
    assert (unknown["ord_status"], unknown["reason"]) == ("8", 1)
    node.cancel("x3", "a", node_epoch=6)
    assert node.until("j", ref_id="x3")["reason"] == 6


def test_status_proves_unknown_at_once_when_the_id_is_not_in_the_file(stage):
    node = stage.node()
    node.send("H", "r1", "never")
    proof = node.until("8")
    assert (proof["clord_id"], proof["exec_type"], proof["ord_status"], proof["reason"]) == ("never", "I", "8", 5)
    assert (proof["symbol"], proof["side"], proof["order_id"], proof["exec_id"]) == (None, None, None, None)


def test_status_waits_for_settle_ms_when_the_venue_says_nothing(stage):
    node = stage.node()
    node.order("a")
    node.send("H", "r1", "a")
    early = node.until("j")
    assert (early["ref_type"], early["ref_id"], early["reason"]) == ("H", "r1", 4)
    stage.clock.pass_ms(1001)
    node.send("H", "r2", "a")
    proof = node.until("8", clord_id="a")
    assert (proof["exec_type"], proof["ord_status"], proof["reason"], proof["leaves_qty"]) == ("I", "8", 5, 0)


def test_status_is_no_answer_when_the_venue_does_not_answer(stage):
    stage.venue.answers = False
    node = stage.node()
    node.order("a")
    stage.clock.pass_ms(1001)
    node.send("H", "r1", "a")
    node.send("H", "r2", "a")
    stage.run()
    assert len([asked for asked in stage.venue.asked if asked[1] == "one"]) == 1
    stage.clock.pass_ms(5001)
    assert node.until("j", ref_id="r1")["reason"] == 4
    assert node.until("j", ref_id="r2")["reason"] == 4


def test_status_tells_trades_then_state_when_the_venue_has_answered(stage):
    stage.venue.answers = False
    node = stage.node()
    order = node.order("a")
    stage.venue.trade(order, "t1", 2)
    live = node.until("8", exec_type="F")
    node.send("H", "r1", "a")
    stage.run()
    req_id = stage.venue.asked[-1][0]
    stage.venue.state(order, "4", 3, req_id=req_id)
    stage.venue.say("on_query_end", req_id, True)
    news = node.until("8", exec_type="4")
    assert (news["cum_qty"], news["seq"]) == (3, live["seq"] + 1)
    again, state = node.until("8", exec_type="F"), node.until("8", exec_type="I")
    assert (again["exec_id"], again["poss_resend"], again["seq"]) == ("t1", True, news["seq"] + 1)
    assert (state["ord_status"], state["cum_qty"], state["seq"]) == ("4", 3, again["seq"] + 1)


def test_mass_status_tells_each_order_then_its_end(stage):
    node, other = stage.node("n1"), stage.node("n2")
    done, works = node.order("a"), node.order("b")
    theirs = other.order("a")
    stage.venue.trade(done, "t1", 5, fee="1.5", fee_currency="CNY")
    stage.venue.trade(theirs, "t9", 1)
    stage.venue.state(works, "0")
    node.until("8", exec_type="0")
    node.rest()
    node.send("AF", "r1", "day")
    answer = node.rest(12)
    end = answer.pop()
    assert (end["tag"], end["req_id"], end["count"]) == ("AF", "r1", 4)
    told = [(one["clord_id"], one["exec_type"], one["exec_id"], one["origin"], one["poss_resend"]) for one in answer]
    assert told == [
        ("a", "F", "t1", "O", True),
        ("a", "I", None, "O", False),
        ("b", "I", None, "O", False),
        (None, "F", "t9", "N", True),
    ]
    assert answer[0]["fee"] == "1.5"
    node.send("AF", "r2", "working", None)
    answer = node.rest(12)
    assert [one.get("clord_id") for one in answer] == ["b", None]
    assert [one["seq"] for one in answer[:-1]] == [10]


def test_mass_status_is_no_answer_when_the_venue_gives_none(stage):
    node = stage.node()
    stage.run()
    stage.venue.answers = False
    node.send("AF", "r1", "day")
    stage.run()
    stage.venue.say("on_query_end", stage.venue.asked[-1][0], False, "90 query not ready")
    refused = node.until("j")
    assert (refused["ref_type"], refused["ref_id"], refused["reason"]) == ("AF", "r1", 4)
    node.send("AF", "r2", "week")
    assert node.until("j", ref_id="r2")["reason"] == 5


def test_mass_status_comes_from_the_store_when_the_venue_has_none(stages):
    stage = stages(mass_status=False)
    node = stage.node()
    node.order("a")
    asked = len(stage.venue.asked)
    node.send("AF", "r1", "day")
    assert node.until("AF")["count"] == 1
    assert len(stage.venue.asked) == asked


def test_trades_of_others_go_to_every_node(stage):
    node, other = stage.node("n1"), stage.node("n2")
    order = node.order("a")
    stage.venue.trade(order, "t1", 2)
    theirs = other.until("8")
    assert (theirs["clord_id"], theirs["origin"], theirs["exec_type"], theirs["exec_id"]) == (None, "N", "F", "t1")
    assert (theirs["symbol"], theirs["side"], theirs["last_qty"], theirs["cum_qty"]) == (GOLD, "1", 2, 2)
    outside = order.__class__("", GOLD, "2", 1, 99, "0", "O")
    stage.venue.trade(outside, "t2", 1, order_id="z1")
    stage.venue.trade(outside, "t3", 1, order_id="z2", origin="L")
    for one in (node, other):
        assert one.until("8", exec_id="t2")["origin"] == "X"
        assert one.until("8", exec_id="t3")["origin"] == "L"


def test_gap_is_filled_when_the_node_logs_on_again(stage):
    node = stage.node()
    order = node.order("a")
    stage.venue.trade(order, "t1", 2)
    node.until("8", exec_type="F")
    epoch = stage.gateway.account.epoch
    node.logon(epoch_seen=epoch, seq_seen=1)
    logon = node.until("A")
    assert logon["last_seq"] == 2
    order = node.order("b", wait=False)
    answer = node.rest(10)
    assert [one["tag"] for one in answer] == ["d", "d", "8", "8"]
    assert [(one["seq"], one["poss_resend"]) for one in answer[2:]] == [(2, True), (3, False)]


def test_nothing_is_sent_again_when_the_epoch_seen_is_another(stage):
    node = stage.node()
    node.order("a")
    node.logon(epoch_seen=5, seq_seen=0)
    assert node.until("A")["last_seq"] == 1
    assert [one["tag"] for one in node.rest()] == ["d", "d"]


def test_older_identity_is_refused_when_a_newer_logon_supersedes_it(stage):
    node = stage.node()
    newer = stage.node(epoch=7)
    node.order("a", wait=False)
    node.send("0", 5)
    assert node.until("j", ref_type="D")["reason"] == 6
    assert node.until("j", ref_type="0")["reason"] == 6
    assert stage.venue.submitted == []
    stage.venue.state(newer.order("b"), "0")
    newer.until("8", exec_type="0")
    assert node.rest() == []


def test_older_epoch_is_refused_when_a_higher_one_was_seen(stage):
    stage.node(epoch=8)
    old = stage.node(epoch=7, logon=False)
    old.logon()
    refused = old.until("j")
    assert (refused["ref_type"], refused["ref_id"], refused["reason"]) == ("A", "n1", 6)
    stage.restart()
    old = stage.node(epoch=7, logon=False)
    old.logon()
    assert old.until("j")["reason"] == 6


def test_logon_is_refused_when_the_version_is_another(stage):
    node = stage.node(logon=False)
    node.logon(version=2)
    assert node.until("j")["ref_type"] == "A"


def test_nobody_is_served_when_not_logged_on(stage):
    node = stage.node(logon=False)
    node.order("a", wait=False)
    refused = node.until("j")
    assert (refused["ref_type"], refused["ref_id"], refused["reason"]) == ("D", "a", 6)
    for fields, ref_id in ((("H", "r1", "a"), "r1"), (("AN", "r2"), "r2"), (("F", "x", "a", 7, 5), "x")):
        node.send(*fields)
        assert node.until("j", ref_type=fields[0])["ref_id"] == ref_id


def test_kill_tool_cancels_all_when_it_logs_on_with_a_higher_epoch(stage):
    node = stage.node()
    node.order("a")
    node.order("b", symbol=BTC, offset="N")
    tool = stage.node(epoch=node.epoch + 1)
    tool.send("q", "r1", None, "own", tool.epoch)
    assert tool.until("r")["accepted"] is True
    assert [order.venue_ref for order, _ in stage.venue.cancels] == ["v1", "v2"]
    node.order("c", wait=False)
    assert node.until("j", ref_id="c")["reason"] == 6


def test_mass_cancel_keeps_to_its_scope_and_symbol(stage):
    node, other = stage.node("n1"), stage.node("n2")
    node.order("a")
    node.order("b", symbol=BTC, offset="N")
    other.order("c")
    outside = type(stage.venue.submitted[0])("", GOLD, "2", 1, 99, "0", "O")
    stage.venue.state(outside, "0", order_id="z1")
    node.send("q", "r1", GOLD, "own", 7)
    node.until("r", req_id="r1")
    assert len(stage.venue.cancels) == 1
    node.send("q", "r2", None, "all", 7)
    node.until("r", req_id="r2")
    assert {order.order_id for order, _ in stage.venue.cancels[1:]} == {"", "z1"}
    assert len(stage.venue.cancels) == 5
    node.send("q", "r3", None, "some", 7)
    assert node.until("j", ref_id="r3")["reason"] == 5
    node.send("q", "r4", None, "own", 6)
    assert node.until("j", ref_id="r4")["reason"] == 6


def test_orders_are_cancelled_when_a_node_falls_silent(stage):
    node = stage.node(cancel_ms=300)
    order = node.order("a")
    stage.clock.pass_ms(250)
    node.send("0", stage.clock.wall_ns())
    stage.run()
    stage.clock.pass_ms(250)
    stage.run()
    assert stage.venue.cancels == []
    stage.clock.pass_ms(51)
    stage.run()
    assert [one.venue_ref for one, _ in stage.venue.cancels] == [order.venue_ref]
    node.order("b", wait=False)
    assert node.until("j", ref_id="b")["reason"] == 6
    node.logon(cancel_ms=300)
    node.until("A")
    node.order("c")


def test_silence_counts_after_a_restart_when_the_node_never_comes_back(stage):
    node = stage.node(cancel_ms=300)
    stage.venue.state(node.order("a"), "0")
    node.until("8", exec_type="0")
    stage.restart()
    assert stage.venue.cancels == []
    stage.clock.pass_ms(301)
    stage.run()
    assert len(stage.venue.cancels) == 1


def test_restarted_gateway_knows_its_orders(stage):
    node = stage.node()
    order = node.order("a")
    stage.venue.trade(order, "t1", 2)
    stage.venue.state(order, "1", 2)
    node.until("8", exec_type="F")
    epoch = stage.gateway.account.epoch
    stage.restart()
    stage.venue.trade(order, "t1", 2)
    stage.venue.trade(order, "t2", 3)
    again = stage.node(epoch=8, epoch_seen=epoch, seq_seen=2)
    assert stage.gateway.account.epoch > epoch
    again.send("AF", "r1", "day")
    answer = again.rest(12)
    told = [(one["exec_type"], one["exec_id"], one["cum_qty"]) for one in answer if one["tag"] == "8"]
    assert told[-3:] == [("F", "t1", 5), ("F", "t2", 5), ("I", None, 5)]


def test_new_trading_day_begins_an_epoch_when_the_venue_says_so(stage):
    node = stage.node()
    order = node.order("a")
    epoch = stage.gateway.account.epoch
    stage.venue.state(order, "C", 2)
    stage.venue.say("on_new_day", "20260107")
    node.until("8", exec_type="C")
    logon = node.until("A")
    assert logon["epoch"] > epoch
    assert (logon["trading_day"], logon["last_seq"]) == ("20260107", 0)
    node.until("d", last=True)
    node.logon(epoch_seen=epoch, seq_seen=2)
    node.until("A")
    node.order("b", wait=False)
    assert node.until("8", clord_id="b")["seq"] == 1
    node.send("AF", "r1", "day", "20260106")
    told = [(one["clord_id"], one["ord_status"], one["trading_day"]) for one in node.rest(12) if one["tag"] == "8"]
    assert told == [("a", "C", "20260106")]


def test_old_day_is_asked_for_when_its_end_was_missed(stage):
    node = stage.node()
    order = node.order("a")
    stage.venue.state(order, "0")
    stage.venue.say("on_session", False)
    node.until("8", exec_type="0")
    stage.venue.answers = False
    stage.venue.say("on_session", True, "20260107")
    stage.run()
    req_id, scope, _, day = stage.venue.asked[-1]
    assert (scope, day, stage.gateway.account.trading_day) == ("day", "20260106", "20260106")
    stage.venue.state(order, "C", req_id=req_id)
    stage.venue.say("on_query_end", req_id, True)
    ended = node.until("8", exec_type="C")
    assert (ended["seq"], ended["trading_day"]) == (3, "20260106")
    assert node.until("A")["trading_day"] == "20260107"


def test_session_stays_down_when_it_is_lost_while_the_old_day_is_asked_for(stage):
    node = stage.node()
    node.order("a")
    stage.venue.answers = False
    stage.venue.say("on_session", False)
    stage.venue.say("on_session", True, "20260107")
    stage.venue.say("on_session", False)
    stage.run()
    assert stage.gateway.account.session_up is False
    assert stage.gateway.account.trading_day == "20260106"


def test_mass_status_is_refused_when_the_day_is_to_come(stage):
    node = stage.node()
    node.send("AF", "r1", "day", "20260107")
    assert node.until("j", ref_id="r1")["reason"] == 5


def test_positions_name_every_symbol_when_the_venue_answers(stage):
    from gateways.adapter import Position

    node = stage.node()
    node.order()
    node.send("AN", "r1")
    stage.run()
    req_id = stage.venue.asked[-1][0]
    stage.venue.say("on_positions", req_id, [Position(GOLD, 5, 0, 5, 0, 3, 0, 3, 0)], 77)
    first, last = node.until("AP"), node.until("AP")
    assert (first["symbol"], first["long_qty"], first["long_free"], first["last"]) == (GOLD, 5, 3, False)
    assert (last["symbol"], last["long_qty"], last["last"]) == (BTC, 0, True)
    assert (first["asof_ns"], first["asof_seq"], first["req_id"]) == (77, 1, "r1")


def test_collateral_is_one_report_a_currency(stage):
    from gateways.adapter import Collateral

    node = stage.node()
    node.send("BB", "r1")
    stage.run()
    rows = [Collateral("CNY", "10", "5", "5", "0"), Collateral("USD", "1.5", "1", "0.5", "0")]
    stage.venue.say("on_collateral", stage.venue.asked[-1][0], rows, 77)
    assert [(one["currency"], one["last"]) for one in (node.until("BA"), node.until("BA"))] == [
        ("CNY", False),
        ("USD", True),
    ]


@pytest.mark.parametrize(("tag", "capability"), [("AN", "positions"), ("BB", "collateral")])
def test_question_is_refused_at_once_when_the_venue_can_not_answer(stages, tag, capability):
    stage = stages(**{capability: False})
    node = stage.node()
    node.send(tag, "r1")
    refused = node.until("j")
    assert (refused["ref_type"], refused["ref_id"], refused["reason"]) == (tag, "r1", 3)


def test_question_is_no_answer_when_the_session_is_lost(stage):
    node = stage.node()
    node.send("AN", "r1")
    stage.run()
    stage.venue.say("on_session", False)
    assert node.until("j", ref_id="r1")["reason"] == 4


def test_heartbeat_comes_every_100_ms_with_the_last_seq(stage):
    node = stage.node()
    node.order()
    node.rest()
    for _ in range(3):
        stage.clock.pass_ms(100)
        stage.run(1)
    beat = node.until("0", last_seq=1)
    assert (beat["session_up"], beat["trading_day"], beat["epoch"]) == (True, "20260106", stage.gateway.account.epoch)


BROKEN = [
    b"",
    b"\xc1",
    b"\x00" * 500,
    msgpack.packb(["D", "a"]),
    msgpack.packb(["ZZ"]),
    msgpack.packb(["D", "a", GOLD, "1", 5.0, 100, "0", "O", 7, 5, 2**62, None]),
    msgpack.packb({"D": 1}),
    b"\x91" * 5000,
]


def test_gateway_survives_and_counts_when_frames_are_broken(stage):
    node = stage.node()
    for body in BROKEN:
        node.socket.send(body)
    node.socket.send_multipart([b"x", b"y"])
    node.socket.send_multipart([b"", msgpack.packb(["0", 5])])
    node.order("a")
    assert stage.gateway.faults["frame_broken"] == len(BROKEN)
    assert stage.gateway.faults["frame_parts"] == 2


def test_peer_is_cut_when_it_sends_more_than_64_kib(stage):
    node = stage.node()
    node.socket.send(b"\0" * 70_000)
    stage.run()
    other = stage.node("n2")
    other.order()


def test_order_is_answered_when_our_own_code_fails_on_it(stage):
    node = stage.node()

    def broken(order):
        raise ZeroDivisionError

    stage.venue.submit = broken
    node.order("a", wait=False)
    assert node.until("8", clord_id="a")["exec_type"] == "I"
    stage.venue.next_venue_ref = lambda: 1 / 0
    node.order("b", wait=False)
    assert node.until("j", ref_id="b")["reason"] == 0


def test_order_is_denied_when_it_can_not_be_recorded(stage, monkeypatch):
    node = stage.node()
    write = "gateways.store.os.write"
    real = __import__("os").write
    full = OSError(28, "No space left on device")
    store_fd = stage.gateway.store._fd

    def writing(fd, data):
        if fd == store_fd:
            raise full
        return real(fd, data)

    monkeypatch.setattr(write, writing)
    node.order("a", wait=False)
    denied = node.until("j", ref_id="a")
    assert (denied["reason"], stage.venue.submitted) == (0, [])
    monkeypatch.undo()
    node.order("b")
    stage.restart()
    stage.node(epoch=8).send("H", "r", "b")


def test_reports_end_when_a_node_is_gone_until_it_logs_on_again(stage):
    node = stage.node()
    order = node.order("a")
    node.socket.close(linger=0)
    stage.run(10)
    stage.venue.trade(order, "t1", 2)
    stage.run(10)
    stage.clock.pass_ms(100)
    stage.run(10)
    assert not list(stage.gateway.account.sessions.connected())
    back = stage.node(epoch_seen=stage.gateway.account.epoch, seq_seen=1)
    again = back.until("8", exec_type="F")
    assert (again["seq"], again["poss_resend"]) == (2, True)


def test_logout_ends_the_session(stage):
    node = stage.node()
    node.send("5", "bye")
    node.until("5")
    node.order("a", wait=False)
    assert node.until("j", ref_id="a")["reason"] == 6


def test_logon_waits_when_the_venue_has_not_said_its_day(stages):
    stage = stages()
    stage.venue.say("on_session", False)
    stage.restart_down = True
    stage.gateway.account.trading_day = ""
    node = stage.node(logon=False)
    node.logon()
    assert node.rest() == []
    stage.venue.say("on_session", True, "20260108")
    assert node.until("A")["trading_day"] == "20260108"


def test_gateway_ends_itself_when_alone_with_nothing_working(stage):
    node = stage.node()
    order = node.order("a")
    node.rest()
    stage.clock.pass_ms(600_001)
    assert stage.gateway.alone() is False
    stage.venue.state(order, "4")
    stage.run()
    assert stage.gateway.alone() is True


def test_socket_options_are_those_of_the_page(stage):
    trade, feed = stage.gateway._trade_socket, stage.gateway._feed_socket
    assert trade.getsockopt(zmq.SNDHWM) >= 100_000
    for socket in (trade, feed):
        assert (socket.getsockopt(zmq.LINGER), socket.getsockopt(zmq.MAXMSGSIZE)) == (0, 65536)
