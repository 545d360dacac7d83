"""Reports by the protocol page: what each carries, who is told, what comes again."""

from __future__ import annotations

GOLD = "SHFE.au2612"


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
    kinds = [(one["exec_type"], one["exec_id"]) for one in node.rest() if one["tag"] == "8"]
    assert kinds[-5:] == [("F", "t1"), ("F", "t2"), ("H", "b1"), ("G", "c1"), ("I", None)]


def test_late_state_of_before_a_bust_does_not_bring_its_lots_back(stage):
    node = stage.node()
    order = node.order()
    stage.venue.trade(order, "t1", 3, 101, exch_ns=10)
    stage.venue.trade(order, "b1", 3, 101, exec_type="H", exec_ref="t1", exch_ns=30)
    stage.venue.state(order, "1", 3, exch_ns=10)
    stage.venue.state(order, "1", 1, exch_ns=40)
    node.until("8", exec_type="H")
    assert node.until("8", exec_type="I")["cum_qty"] == 1


def test_amendment_that_comes_before_its_trade_is_told_after_it_and_counts_once(stage):
    node = stage.node()
    order = node.order()
    stage.venue.trade(order, "c1", 2, 99, exec_type="G", exec_ref="t1", exch_ns=30)
    stage.venue.trade(order, "t1", 5, 101, exch_ns=10)
    stage.venue.state(order, "2", 5, exch_ns=10)
    node.until("8", exec_type="F")
    node.send("AF", "r1", "day", None)
    told = [one for one in node.rest() if one["tag"] == "8"][-3:]
    assert [(one["exec_type"], one["cum_qty"]) for one in told] == [("F", 2), ("G", 2), ("I", 2)]


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
    answer = node.rest()
    assert [one["tag"] for one in answer] == ["d", "d", "8", "8"]
    assert [(one["seq"], one["poss_resend"]) for one in answer[2:]] == [(2, True), (3, False)]
