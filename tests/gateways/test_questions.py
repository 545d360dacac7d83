"""H, AF, AN and BB by the protocol page: whole answers, or none."""

from __future__ import annotations

import pytest

from gateways.adapter import Collateral, Position

GOLD = "SHFE.au2612"
BTC = "X.BTC"


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
    node.heard()
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
    node.heard()
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
    answer = node.rest()
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
    answer = node.rest()
    assert [one.get("clord_id") for one in answer] == ["b", None]
    assert [one["seq"] for one in answer[:-1]] == [10]


def test_mass_status_is_no_answer_when_the_venue_gives_none(stage):
    node = stage.node()
    stage.run()
    stage.venue.answers = False
    node.send("AF", "r1", "day")
    node.heard()
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


def test_mass_status_is_refused_when_the_day_is_to_come(stage):
    node = stage.node()
    node.send("AF", "r1", "day", "20260107")
    assert node.until("j", ref_id="r1")["reason"] == 5


def test_positions_name_every_symbol_when_the_venue_answers(stage):
    node = stage.node()
    node.order()
    node.send("AN", "r1")
    node.heard()
    req_id = stage.venue.asked[-1][0]
    stage.venue.say("on_positions", req_id, [Position(GOLD, 5, 0, 5, 0, 3, 0, 3, 0)], 77)
    first, last = node.until("AP"), node.until("AP")
    assert (first["symbol"], first["long_qty"], first["long_free"], first["last"]) == (GOLD, 5, 3, False)
    assert (last["symbol"], last["long_qty"], last["last"]) == (BTC, 0, True)
    assert (first["asof_ns"], first["asof_seq"], first["req_id"]) == (77, 1, "r1")


def test_collateral_is_one_report_a_currency(stage):
    node = stage.node()
    node.send("BB", "r1")
    node.heard()
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
    node.heard()
    stage.venue.say("on_session", False)
    assert node.until("j", ref_id="r1")["reason"] == 4
