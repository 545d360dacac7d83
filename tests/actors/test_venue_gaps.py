"""Gaps, resends, new epochs and broken frames on the trade socket."""

import msgspec
import pytest

from actors.feed import READ_NS
from actors.link import Purpose
from domain.reports import OrderReport
from domain.venue_news import MassCancelTold
from wire import codec
from wire import messages as wire

from .venue_rig import Rig, seen_on_record


def gapped():
    """A venue that was open and has just missed report 2."""
    rig = Rig().open()
    rig.link.claim("o1", "pair")
    rig.advance(200)
    rig.sent(wire.Logon)
    rig.put(rig.report(seq=1), rig.fill(seq=3, exec_id="t3", cum_qty=2))
    rig.seq = 3
    return rig


def test_gap_uses_what_came_and_logs_on_with_the_last_before_it():
    rig = gapped()
    assert [each.exec_type for each in rig.news(OrderReport)] == ["A", "F"]
    (logon,) = rig.sent(wire.Logon)
    assert (logon.epoch_seen, logon.seq_seen) == (100, 1)
    assert rig.stage == "CONNECTING"
    assert not rig.news()[-1].can_open
    assert rig.news()[-1].why == "GAP"


def test_read_of_reports_ends_by_time_and_the_rest_is_read_in_the_next():
    rig = Rig().open()
    rig.link.claim("o1", "pair")
    recv, left = rig.trade.recv, []

    def slow():
        rig.clock.advance(READ_NS // 2)
        left.append(len(rig.trade.inbox))
        return recv()

    rig.trade.recv = slow
    actor = rig.runtime.mailbox("venue/SHFE").actor
    rig.trade.inbox += [codec.encode(rig.fill(exec_id=f"t{number}")) for number in range(10)]
    actor.read_trade()
    assert left == [10, 9, 8]
    rig.trade.recv = recv
    actor.read_trade()
    rig.dispatcher.run_idle()
    assert [each.exec_id for each in rig.news(OrderReport)] == [f"t{number}" for number in range(10)]


def test_gap_is_closed_by_the_resend_and_nothing_is_told_twice():
    rig = gapped()
    rig.logon()
    assert rig.link.why_not(Purpose.REPAIR) == "NOT_RECONCILED"
    last = rig.fill(seq=3, exec_id="t3", cum_qty=2, poss_resend=True)
    rig.put(rig.fill(seq=2, poss_resend=True), last)
    assert rig.stage == "OPEN"
    assert [each.exec_id for each in rig.news(OrderReport)] == [None, "t3", "t1"]
    assert not rig.sent(wire.MassStatusRequest)


def test_gap_that_is_never_filled_is_settled_by_the_day():
    rig = gapped()
    for _ in range(4):
        rig.logon()
        rig.advance(600)
        assert not rig.link.state.can_repair
    assert rig.sent(wire.Logon)
    assert [each.code for each in rig.alerts] == ["GAP"]
    rig.answer()
    assert rig.stage == "OPEN"
    assert seen_on_record(rig)[1] == rig.link.sequence.seen == 3  # a start does not wait for it again
    rig.seq = 4
    rig.put(rig.report(seq=4))
    assert rig.stage == "OPEN"
    assert seen_on_record(rig)[1] == rig.link.sequence.seen == 4


def test_last_seq_ahead_for_200_ms_is_a_lost_report():
    rig = Rig().open()
    rig.advance(200)
    rig.sent(wire.Logon)
    rig.seq = 1
    rig.advance(100)
    assert rig.stage == "OPEN"
    rig.advance(300)
    (logon,) = rig.sent(wire.Logon)
    assert logon.seq_seen == 0


def test_last_seq_ahead_for_a_moment_is_nothing():
    rig = Rig().open()
    rig.advance(200)
    rig.sent(wire.Logon)
    rig.heartbeat(last_seq=1)
    rig.put(rig.report())
    rig.advance(500)
    assert rig.stage == "OPEN"
    assert not rig.sent(wire.Logon)


def test_one_absurd_seq_does_not_close_the_venue_for_ever():
    rig = Rig().open()
    rig.advance(200)
    rig.put(rig.report(seq=10**15))
    rig.logon()
    assert rig.stage == "OPEN"
    rig.put(rig.report())
    assert rig.link.sequence.seen == 1


def test_gateway_that_lost_its_count_is_believed_and_asked_for_the_day():
    rig = Rig().open()
    rig.put(rig.report(), rig.report("o2"), rig.report("o3"))
    rig.advance(100)
    rig.trade.cut = True
    rig.beats = False
    rig.advance(100)
    rig.seq = 1
    rig.logon()
    rig.answer()
    assert rig.stage == "OPEN"
    assert rig.link.sequence.seen == 1


def test_reports_resent_at_logon_are_taken_before_the_venue_opens():
    rig = Rig().open()
    rig.link.claim("o1", "pair")
    rig.advance(100)
    rig.trade.cut = True
    rig.beats = False
    rig.advance(100)
    rig.seq = 2
    rig.logon()
    rig.answer()
    assert rig.stage == "SYNCING"
    rig.put(rig.report(seq=1, poss_resend=True), rig.fill(seq=2, poss_resend=True))
    assert rig.stage == "OPEN"
    assert len(rig.news(OrderReport)) == 2


# ------------------------------------------------------------------ epochs


def test_new_trading_day_is_pushed_answered_and_settled():
    rig = Rig().open()
    rig.put(rig.report())
    rig.advance(200)
    rig.sent(wire.Logon)
    rig.epoch, rig.day, rig.seq = 200, "20260106", 0
    rig.logon()
    (logon,) = rig.sent(wire.Logon)
    assert (logon.epoch_seen, logon.seq_seen) == (200, 0)
    assert not any(each.lost for each in rig.news())
    rig.logon()
    questions = rig.sent(wire.MassStatusRequest)
    assert [each.trading_day for each in questions] == ["20260105", None]
    rig.put(*(rig.answer_to(each) for each in questions[1:]))
    assert not rig.link.state.can_repair
    rig.put(rig.answer_to(questions[0]))
    rig.answer()
    assert rig.stage == "OPEN"
    assert rig.news()[-1].trading_day == "20260106"


def test_gateway_that_started_again_is_a_lost_link_and_a_new_epoch():
    rig = Rig().open()
    rig.advance(200)
    rig.sent(wire.Logon)
    rig.epoch = 300
    rig.heartbeat()
    assert [each.why for each in rig.news() if each.lost] == ["EPOCH"]
    rig.advance(40)
    rig.logon()
    rig.answer()
    assert (rig.stage, rig.link.sequence.epoch) == ("OPEN", 300)


def test_old_day_that_the_gateway_no_longer_has_is_given_up_with_a_word():
    rig = Rig().open()
    rig.epoch, rig.day = 200, "20260106"
    rig.advance(200)
    rig.advance(100)
    rig.logon()
    old = rig.sent(wire.MassStatusRequest)[0]
    rig.put(wire.BusinessReject("AF", old.req_id, 0, "not kept"))
    assert rig.alerts[-1].code == "REFUSED"
    rig.put(wire.MassStatusEnd(old.req_id, 0))
    rig.advance(2000)
    rig.answer()
    assert rig.stage == "OPEN"


# ------------------------------------------------------------------ frames


@pytest.mark.parametrize("frame", [b"", b"\xc1", codec.pack(["zz", 1]), codec.pack(["8", 1]), b"\x91" * 70_000])
def test_dropped_frame_asks_for_the_day_at_once(frame):
    rig = Rig().open()
    rig.advance(1000)
    rig.put(frame)
    assert rig.stage == "SYNCING"
    assert rig.news()[-1].why == "DROPPED"
    assert len(rig.sent(wire.MassStatusRequest)) == 1


def test_flood_of_broken_frames_asks_seldom_and_recovers():
    rig = Rig().open()
    rig.advance(1000)
    for _ in range(50):
        rig.put(*[b"\xc1"] * 20)
        rig.advance(20)
    assert len(rig.sent(wire.MassStatusRequest)) <= 6
    assert len(rig.journal.kinds("venue")) < 20
    rig.advance(300)
    rig.answer()
    assert rig.stage == "OPEN"


def test_frame_dropped_during_the_answer_voids_it():
    rig = Rig()
    rig.advance(20)
    rig.logon()
    (question,) = rig.sent(wire.MassStatusRequest)
    rig.put(b"\xc1", rig.answer_to(question))
    assert rig.stage == "SYNCING"
    rig.advance(300)
    rig.answer()
    assert rig.stage == "OPEN"


def test_mass_cancel_is_answered_to_who_asked():
    rig = Rig().open()
    assert rig.link.send(rig.link.encode_mass_cancel("pair"), Purpose.CANCEL) == ""
    (request,) = rig.sent(wire.MassCancel)
    rig.put(wire.MassCancelReport(request.req_id, True, ""))
    assert rig.news(MassCancelTold)[0].accepted


def test_answers_that_nobody_asked_for_change_nothing():
    rig = Rig().open()
    before = rig.link.state
    row = rig.answer_to(wire.PositionsRequest("nobody"))
    rig.put(row, wire.MassStatusEnd("nobody", 3), rig.answer_to(wire.CollateralInquiry("nobody")))
    rig.put(wire.MassCancelReport("nobody", True, ""), wire.BusinessReject("zz", "nobody", 0, ""))
    assert rig.link.state == before


def test_order_frames_carry_the_nodes_epoch_and_a_last_time():
    rig = Rig().open()
    order = msgspec.structs.asdict(codec.decode_from_node(rig.link.encode_order("o1", "SHFE.cu2609", "1", 2, 8000, "3", "O", 500)))
    assert order["not_after_ns"] - order["node_ns"] == 500_000_000
    assert order["node_epoch"] == 9
