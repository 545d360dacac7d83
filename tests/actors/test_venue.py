from actors.link import Purpose, Seen
from actors.reports import SeenFold
from domain.reconnects import ReconnectBudget
from domain.reports import OrderReport
from domain.venue_news import CollateralTold, PositionsTold
from wire import messages as wire

from .venue_rig import SYMBOL, Rig

ORDER = ("o1", SYMBOL, "1", 2, 8000, "3", "O", 1000)


def statuses(rig):
    return [each for each in rig.news() if each.lost]


# ------------------------------------------------------------------ logon


def test_venue_opens_by_logon_definitions_and_three_answers():
    rig = Rig()
    rig.advance(20)
    (logon,) = rig.sent(wire.Logon)
    assert (logon.version, logon.node, logon.node_epoch, logon.epoch_seen, logon.seq_seen) == (1, "node", 9, 0, 0)
    assert rig.stage == "CONNECTING"
    rig.logon()
    assert rig.stage == "SYNCING"
    assert rig.link.why_not(Purpose.CANCEL) == ""
    assert rig.link.why_not(Purpose.REPAIR) == "NOT_RECONCILED"
    rig.answer(wire.MassStatusRequest)
    assert rig.stage == "RECONCILED"
    assert rig.link.why_not(Purpose.OPEN) == "NOT_OPEN"
    rig.answer()
    assert rig.stage == "OPEN"
    assert rig.news()[-1].can_open
    assert rig.news(PositionsTold)[0].positions[0].long_qty == 3
    assert rig.news(CollateralTold)[0].accounts[0].equity == "100.5"


def test_nothing_but_a_logon_leaves_before_the_gateways_answer():
    rig = Rig()
    rig.advance(500)
    assert {type(each) for each in rig.trade.sent} == {wire.Logon}
    assert rig.link.send(b"order", Purpose.CANCEL) == "VENUE_DOWN"


def test_logon_names_what_is_on_record():
    rig = Rig(seen=Seen(100, 41, "20260105"))
    rig.advance(20)
    (logon,) = rig.sent(wire.Logon)
    assert (logon.epoch_seen, logon.seq_seen) == (100, 41)


def test_logon_waits_for_a_gateway_that_is_not_there():
    rig = Rig()
    rig.trade.connected = False
    rig.advance(200)
    rig.trade.sent.clear()
    rig.trade.connected, rig.trade.cut = True, True
    rig.advance(100)
    assert rig.sent(wire.Logon)
    assert rig.stage == "CONNECTING"


def test_connection_that_takes_nothing_is_made_anew():
    rig = Rig()
    rig.trade.connected = False
    rig.advance(5000)
    assert rig.trade.reconnects == 2


def test_feed_without_any_frame_is_connected_anew():
    rig = Rig().open()
    rig.advance(5000)
    assert rig.feed.reconnects == 2
    rig.feed_put(wire.FeedHeartbeat(1, "SHFE", 1, 1, True))
    rig.advance(1500)
    assert rig.feed.reconnects == 2


def test_venue_with_a_feed_alone_opens_and_closes_by_its_heartbeats():
    rig = Rig(feed_only=True)
    rig.advance(20)
    assert rig.stage == "DOWN"
    beat = wire.FeedHeartbeat(1, "FX", 1, rig.clock.wall_ns(), True)
    rig.feed_put(beat)
    assert rig.stage == "OPEN"
    assert rig.link.send(b"x", Purpose.OPEN) == "FEED_ONLY"
    rig.advance(1100)
    assert rig.stage == "DOWN"
    rig.feed_put(beat)
    rig.feed_put(wire.FeedHeartbeat(1, "FX", 1, rig.clock.wall_ns(), False))
    assert (rig.stage, rig.news()[-1].why) == ("DOWN", "SESSION")


def test_logon_waits_until_the_new_connection_stands():
    rig = Rig().open()
    rig.sent(wire.Logon)
    rig.trade.reconnect = lambda: setattr(rig.trade, "connected", False)
    rig.trade.cut = True
    rig.advance(100)
    assert not rig.sent(wire.Logon)
    rig.trade.connected = True
    rig.advance(20)
    (logon,) = rig.sent(wire.Logon)
    assert logon.epoch_seen == rig.epoch


def test_unanswered_logon_is_sent_again_on_a_new_connection():
    rig = Rig()
    rig.beats = False
    rig.advance(4000)
    assert 2 <= len(rig.sent(wire.Logon)) <= 4
    assert rig.trade.reconnects >= 2


def test_gateway_without_positions_is_asked_for_the_day_alone():
    rig = Rig()
    rig.advance(20)
    rig.logon(capabilities={})
    assert not rig.sent(wire.PositionsRequest)
    rig.answer(wire.MassStatusRequest)
    assert rig.stage == "OPEN"


def test_other_version_is_refused_and_told():
    rig = Rig()
    rig.advance(20)
    rig.logon(version=2)
    assert rig.stage == "DOWN"
    assert rig.alerts[0].code == "VERSION"


def test_handshake_that_fails_is_told_once():
    rig = Rig()
    rig.trade.refused = "the gateway does not let this node's key in"
    rig.advance(500)
    assert [(alert.code, alert.text) for alert in rig.alerts] == [("CURVE", rig.trade.refused)]


def test_refused_logon_is_tried_again_slowly():
    rig = Rig()
    rig.advance(20)
    rig.sent(wire.Logon)
    rig.put(wire.BusinessReject("A", "", 6, "a newer node is served"))
    assert rig.stage == "DOWN"
    rig.advance(900)
    assert not rig.sent(wire.Logon)
    rig.advance(200)
    assert len(rig.sent(wire.Logon)) == 1


# ------------------------------------------------------------------ heartbeats, losses


def test_own_heartbeats_leave_within_a_third_of_the_time_out():
    rig = Rig().open()
    rig.trade.sent.clear()
    rig.advance(3000)
    assert len(rig.sent(wire.NodeHeartbeat)) >= 4  # 2000 ms / 3 each


def test_silent_gateway_is_blocked_within_300_ms():
    rig = Rig().open()
    rig.advance(1000)
    rig.beats = False
    rig.advance(300)
    assert rig.stage == "CONNECTING"  # it was down, and the next logon is out already
    assert statuses(rig)[-1].why == "HEARTBEAT"
    assert rig.link.send(b"x", Purpose.CANCEL) == "VENUE_DOWN"
    assert rig.trade.reconnects == 1


def test_slow_heartbeats_are_learned_not_taken_for_silence():
    rig = Rig()
    rig.beats = False
    rig.open()
    for _ in range(12):
        rig.advance(1000)
        rig.heartbeat()
    assert rig.stage == "OPEN"


def test_node_that_slept_itself_does_not_blame_the_gateway():
    rig = Rig().open()
    rig.advance(1000)
    rig.clock.advance(5_000_000_000)
    rig.dispatcher.advance(0)
    assert rig.stage == "OPEN"


def test_lost_link_logs_on_again_and_asks_for_everything():
    rig = Rig().open()
    rig.advance(100)
    rig.trade.cut = True
    rig.advance(100)
    assert statuses(rig)[0].why == "DISCONNECTED"
    assert rig.sent(wire.Logon)
    rig.logon()
    rig.answer(wire.MassStatusRequest)
    assert rig.stage == "RECONCILED"
    rig.answer()
    assert rig.stage == "OPEN"


def test_send_that_would_block_is_a_reason_and_ends_the_link():
    rig = Rig().open()
    rig.trade.connected = False
    assert rig.link.send(rig.link.encode_order(*ORDER), Purpose.OPEN) == "WOULD_BLOCK"
    rig.dispatcher.advance(40_000_000)
    assert rig.stage == "DOWN"


def test_lost_session_closes_the_venue_until_it_is_back():
    rig = Rig().open()
    rig.heartbeat(session_up=False)
    assert (rig.stage, statuses(rig)[0].why) == ("DOWN", "SESSION")
    rig.beats = False
    for _ in range(20):
        rig.advance(100)
        rig.heartbeat(session_up=False)
    assert not rig.sent(wire.Logon)[1:]
    rig.beats = True
    rig.heartbeat()
    rig.logon()
    rig.answer()
    assert rig.stage == "OPEN"


def test_logout_ends_the_link():
    rig = Rig().open()
    rig.put(wire.Logout("going home"))
    assert rig.stage == "DOWN"


def test_not_authorised_logs_on_again():
    rig = Rig().open()
    rig.advance(2000)
    rig.sent(wire.Logon)
    rig.put(wire.BusinessReject("D", "o1", 6, "cancel on disconnect has fired"))
    assert rig.stage == "DOWN"
    rig.advance(40)
    assert rig.sent(wire.Logon)


# ------------------------------------------------------------------ reports


def test_report_is_recorded_once_then_told_to_its_owner():
    rig = Rig().open()
    rig.link.claim("o1", "pair")
    rig.put(rig.report())
    (report,) = rig.news(OrderReport)
    kind, fields, _ = rig.journal.records[report.seq - 1]
    assert (kind, fields["venue"], fields["epoch"]) == ("report", "SHFE", 100)
    assert (report.kind, report.exec_type, report.cl_ord_id, report.origin) == ("8", "A", "o1", "O")


def test_report_that_nobody_owns_is_an_event():
    rig = Rig().open()
    rig.put(rig.fill("theirs"), rig.fill(None, origin="L", exec_id="t9"))
    assert [each.report.cl_ord_id for each in rig.strays] == ["theirs", None]
    assert rig.strays[1].report.origin == "L"
    assert len(rig.journal.kinds("report")) == 3  # the logon and both


def test_owner_of_an_order_from_before_the_start_is_resolved_by_its_id():
    rig = Rig(resolve=lambda cl_ord_id: "pair" if cl_ord_id.startswith("o") else "").open()
    rig.put(rig.report("o77"))
    assert rig.news(OrderReport)[0].cl_ord_id == "o77"


def test_repeated_report_is_dropped_and_another_under_its_number_is_not():
    rig = Rig().open()
    rig.link.claim("o1", "pair")
    rig.put(rig.report(seq=1), rig.report(seq=1, poss_resend=True), rig.fill(seq=1))
    assert [each.exec_type for each in rig.news(OrderReport)] == ["A", "F"]


def test_rejects_find_the_owner_by_order_cancel_and_query():
    rig = Rig().open()
    rig.link.claim("o1", "pair")
    assert rig.link.send(rig.link.encode_cancel("c1", "o1"), Purpose.CANCEL) == ""
    assert rig.link.query("o1") == ""
    (query,) = rig.sent(wire.OrderStatusRequest)
    rig.put(wire.BusinessReject("D", "o1", 8, "throttled"), wire.BusinessReject("F", "c1", 4, "down"))
    rig.put(wire.BusinessReject("H", query.req_id, 4, "not yet"))
    told = [(each.kind, each.ref_type, each.cl_ord_id, each.cxl_id) for each in rig.news(OrderReport)]
    assert told == [("j", "D", "o1", None), ("j", "F", "o1", "c1"), ("j", "H", "o1", None)]


def test_cancel_reject_counts_in_the_numbering():
    rig = Rig().open()
    rig.link.claim("o1", "pair")
    rig.seq = 1
    rig.put(wire.CancelReject(1, "c1", "o1", "0", 0, "too late", 1))
    assert rig.link.sequence.seen == 1
    assert rig.news(OrderReport)[0].cxl_id == "c1"


def test_claims_outlive_one_trading_day_and_no_more():
    rig = Rig().open()
    rig.link.claim("o1", "pair")
    rig.link.routes.new_day()
    assert rig.link.routes.owner("o1") == "pair"
    rig.link.routes.new_day()
    assert rig.link.routes.owner("o1") == ""


def test_failed_journal_blocks_opening_and_loses_no_report():
    rig = Rig().open()
    rig.link.claim("o1", "pair")
    rig.journal.broken = True
    rig.put(rig.report())
    assert rig.news(OrderReport)[0].seq == 0
    assert not rig.news()[-1].can_open
    assert rig.link.why_not(Purpose.OPEN) == "JOURNAL"
    assert rig.alerts[0].code == "JOURNAL"


# ------------------------------------------------------------------ recovery


def test_what_was_seen_is_read_back_from_the_record():
    rig = Rig().open()
    rig.put(rig.report("a"), rig.report("b"), rig.report("c", seq=5))
    fold = SeenFold()
    for kind, _, body in rig.journal.records:
        if kind == "report":
            fold.take(body)
    assert fold.seen("SHFE") == Seen(100, 2, "20260105", pending=(5,))
    assert fold.seen("NYMEX") == Seen()
    fold.start("SHFE", rig.link.snapshot())
    assert fold.seen("SHFE").seq == 2


def test_actor_that_is_raised_again_logs_on_and_keeps_the_numbering():
    rig = Rig().open()
    rig.put(rig.report())
    rig.runtime.kill("venue/SHFE")
    rig.trade.sent.clear()
    rig.start()
    rig.dispatcher.advance(20_000_000)
    (logon,) = rig.sent(wire.Logon)
    assert (logon.epoch_seen, logon.seq_seen) == (100, 1)
    rig.logon()
    rig.answer()
    assert rig.stage == "OPEN"


def test_reconnects_without_end_are_slowed_down_and_told():
    rig = Rig()
    rig.link.reconnects = ReconnectBudget(burst=4, every_ns=2_000_000_000)
    for _ in range(60):  # a gateway that lets nobody in stay
        rig.advance(110)
        rig.trade.cut = True
    logons = len(rig.sent(wire.Logon))
    assert 4 <= logons <= 4 + 60 * 110 // 2_000 + 1
    assert [told.code for told in rig.alerts] == ["RECONNECTS"]
    rig.advance(10_000)
    rig.logon()
    assert rig.stage == "SYNCING"
