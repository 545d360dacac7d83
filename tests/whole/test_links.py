"""Links, sessions and gateways that break in the middle of a hedge."""

import msgpack
import pytest

from journal.reader import read
from tools.node_answers import venue_line
from wire.codec import unpack


def stage(world, name):
    return world.node.desk.links[name].stage


def test_gateway_that_dies_with_the_order_is_settled_by_the_next_one(world, foreign):
    world.opens(b=foreign.hold)
    order = world.b.working[0]
    world.b.exec_count += 1
    order.trades.append(["t9", 1, 1_001, False])
    order.status = "2"
    world.restart(world.b)
    assert world.ends().status == "DONE"
    assert len(world.b.got("D")) == 1


def test_gateway_that_dies_without_the_order_proves_it_and_b_is_replenished(world, foreign):
    world.opens(b=foreign.hold)
    world.b.orders.clear()
    world.restart(world.b)
    assert world.ends().status == "DONE"
    assert len(world.b.got("D")) == 2


def test_order_that_works_through_a_restart_is_cancelled_before_it_is_sent_again(world, foreign):
    world.opens(b=foreign.hold_new)
    world.restart(world.b)
    assert world.ends().status == "DONE"
    assert [o.cum for o in world.b.orders.values()] == [0, 1]


def test_hung_gateway_is_stranded_told_and_settled_when_it_wakes(make_world, foreign):
    world = make_world(naked_budget_ms=400)
    world.laps(260)  # the pace of its heartbeats is learned
    world.opens(b=foreign.hang)
    world.until(lambda: world.hedge.status == "STRANDED", "stranded")
    world.until(lambda: stage(world, "B") < 4, "B is down")
    world.until(world.alert_lines, "told")
    assert len(world.b.got("D")) == 1
    world.b.hung = False
    assert world.ends().status == "DONE"
    assert len(world.b.got("D")) == 1


def test_dead_gateway_during_a_repair_is_waited_for(world, foreign):
    world.laps(260)  # the pace of its heartbeats is learned
    world.b.script.append(foreign.reject())
    world.b.script.append(foreign.hang)
    world.opens()
    world.until(lambda: stage(world, "B") == 0, "B is down")
    world.b.hung = False
    assert world.ends().status == "DONE"
    assert len(world.b.got("D")) == 2


def test_rollback_goes_on_when_b_is_down(make_world, foreign):
    world = make_world(policy="rollback_first")
    world.opens(b=foreign.deny(4))
    world.b.session_up = False
    assert world.ends().status == "NONE"
    assert world.net == (0, 0)


def test_session_that_is_down_opens_nothing(world):
    world.b.session_up = False
    world.until(lambda: stage(world, "B") == 0, "B is down")
    world.fire()
    world.laps(60)
    assert not world.a.got("D")
    assert world.view.reason.startswith("VENUE_DOWN")
    world.b.session_up = True
    world.until(lambda: stage(world, "B") == 4, "B is open again")


def test_session_lost_mid_hedge_is_settled_when_it_is_back(world, foreign):
    world.opens(b=foreign.hold)
    world.b.session_up = False
    world.until(lambda: stage(world, "B") == 0, "B is down")
    order = world.b.working[0]
    order.trades.append(["t7", 1, 1_001, False])
    order.status = "2"
    world.b.session_up = True
    assert world.ends().status == "DONE"
    assert len(world.b.got("D")) == 1


def test_nothing_opens_while_a_gap_is_open_and_the_gap_is_filled(world, foreign):
    world.opens(b=foreign.hold)
    order = world.b.working[0]
    world.b.trade_of(order, 1, tell=False)
    world.b.report(order, "I")
    assert world.ends().status == "DONE"
    world.until(lambda: world.node.desk.links["B"].sequence.seen == world.b.seq, "the gap is filled")
    assert len(world.b.got("A")) == 2
    assert len(world.hedge.legs[1].orders[0].trades) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"\xc1", b"\x93", msgpack.packb(["8"]), msgpack.packb(["zz", 1]), msgpack.packb({"a": 1}), b"\x91" * 4000],
)
def test_wrong_frame_is_dropped_and_the_day_is_asked_for(world, body):
    asked = len(world.b.got("AF"))
    world.b.reply(body)
    world.until(lambda: len(world.b.got("AF")) > asked, "the day is asked for at once")
    world.until(lambda: stage(world, "B") == 4, "open again")
    world.opens()
    assert world.ends().status == "DONE"


def test_wrong_frames_on_the_feed_are_dropped(world):
    for body in (b"", b"\xc1", msgpack.packb(["W", 1]), msgpack.packb(["W", 1, "B.X", None, 1, [1.5, 2], [], None, None])):
        world.b.feed.send_multipart([b"B.X\0", body])
    world.until(lambda: world.node.desk.links["B"].feed.dropped == 4, "dropped")
    world.opens()
    assert world.ends().status == "DONE"


def test_report_about_nobodys_order_is_kept_and_harms_nothing(world, foreign):
    world.opens(b=foreign.hold)
    mine = world.b.working[0]
    ref, mine.ref = mine.ref, "somebody.else.1"
    world.b.report(mine, "8", status="8", reason=99)
    mine.ref = ref
    world.b.trade_of(mine, 1)
    assert world.ends().status == "DONE"


def test_definition_that_differs_is_never_traded(make_world):
    world = make_world(start=False)
    world.b.definition = {"multiplier": "5"}
    world.start()
    world.fire()
    world.laps(60)
    assert not world.a.got("D") and not world.b.got("D")
    assert "multiplier" in world.view.reason
    assert "multiplier" in venue_line(world.node.desk.links["B"])["why"]


def test_new_trading_day_settles_and_trades_on(world):
    world.opens()
    world.ends()
    world.b.new_day("20260106")
    world.until(lambda: world.node.desk.links["B"].state.trading_day == "20260106" and stage(world, "B") == 4, "the new day")
    world.until(lambda: world.pair.status == "HOLDING", "the pair holds")
    world.closes()
    assert world.ends().status == "DONE"
    assert world.net == (0, 0)


def of_kind(world, kind):
    """What the records of a kind say, in order."""
    return [unpack(record.body) for record in read(world.node_dir / "journal") if record.kind == kind]


def reports(world):
    return [m for m in (unpack(each["frame"]) for each in of_kind(world, "report")) if m[0] == "8"]


def test_day_that_a_start_is_told_again_is_passed_over_and_no_hole_is_left(world, capsys):
    from tools.cli import run

    world.holds()
    on_record, hedge_id = reports(world), world.hedges[-1].hedge_id
    before = sum(venue.seq for venue in world.venues)
    for _ in range(2):
        world.stop()
        said = [[venue.epoch, venue.seq] for venue in world.venues]
        world.start()
        assert [venue.got("A")[-1][4:6] for venue in world.venues] == said  # nothing is sent again
    told = sum(venue.seq for venue in world.venues) - before
    assert sum(each["count"] for each in of_kind(world, "known")) == told > 0
    assert reports(world) == on_record
    assert run(["audit", "show", hedge_id, "--dir", str(world.node_dir)]) == 0
    assert "DONE" in capsys.readouterr().out
