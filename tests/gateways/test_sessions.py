"""Logons by the protocol page: epochs, identities, silence, restarts, days."""

from __future__ import annotations

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


def test_orders_are_cancelled_when_a_node_falls_silent(stage):
    node = stage.node(cancel_ms=300)
    order = node.order("a")
    stage.clock.pass_ms(250)
    node.send("0", stage.clock.wall_ns())
    node.heard()
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
    answer = again.rest()
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
    told = [(one["clord_id"], one["ord_status"], one["trading_day"]) for one in node.rest() if one["tag"] == "8"]
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
    stage.gateway.account.trading_day = ""
    node = stage.node(logon=False)
    node.logon()
    assert node.rest() == []
    stage.venue.say("on_session", True, "20260108")
    assert node.until("A")["trading_day"] == "20260108"
