"""Foreign gateways that break the page in ways that no list foresees.

Whatever they say, nothing is counted twice, nothing opens on a picture that is
in doubt, and the pair is whole once the venue is honest.
"""

import time

import msgpack
import pytest

pack = msgpack.packb


def stage(world, name="B"):
    return world.node.desk.links[name].stage


def raw(venue, *fields):
    """An `8` as given, under the next number."""
    venue.seq += 1
    venue.log.append(("8", venue.seq, *fields))
    venue.reply(pack(["8", venue.seq, *fields]))


def about(venue, order, exec_type, status, cum, leaves, *, ref=None, last=(0, None), exec_id=None, order_id=None, exec_ref=None):
    now = time.time_ns()
    raw(venue, order.ref if ref is None else ref, order_id or order.order_id, exec_id, exec_type, status, order.symbol, order.side,
        last[0], last[1], cum, leaves, None, "", now, now, False, exec_ref, order.day, "O")  # fmt: skip


def held(world, foreign):
    """B's order, left to the test, however long that takes: no cancel ends it."""
    world.b.cancel_as = world.b.mass_cancel_as = foreign.swallow
    world.opens(b=foreign.hold)
    return world.b.working[0]


def test_count_that_runs_backwards_takes_nothing_away(make_world, foreign):
    world = make_world(units=3, max_units=3)
    order = held(world, foreign)
    world.b.trade_of(order, 2)
    for cum in (1, 0, 2):
        about(world.b, order, "I", "1", cum, 3 - cum)
    world.until(lambda: world.hedge.legs[1].orders[0].cum_qty == 2, "what was filled")
    world.laps(20)
    assert world.hedge.legs[1].orders[0].cum_qty == 2
    world.b.trade_of(order, 1)
    assert world.ends().status == "DONE"


def test_reports_under_another_orders_id_are_strays_and_settle_nothing(world, foreign):
    order = held(world, foreign)
    about(world.b, order, "4", "4", 0, 0, ref="AxB.zz.9.1h1")
    about(world.b, order, "F", "2", 1, 0, ref="nobody", last=(1, 1_001), exec_id="x1")
    world.laps(40)
    assert world.hedge.legs[1].orders[0].cum_qty == 0
    world.b.trade_of(order, 1)
    assert world.ends().status == "DONE"
    assert len(world.b.got("D")) == 1


def test_order_id_that_changes_from_report_to_report_is_one_order(world, foreign):
    order = held(world, foreign)
    for name in ("v7", "v8", "v9"):
        about(world.b, order, "0", "0", 0, 1, order_id=name)
    order.order_id = "v10"
    world.b.trade_of(order, 1)
    assert world.ends().status == "DONE"
    assert len(world.b.got("D")) == 1


def test_every_report_again_after_a_reconnect_under_new_numbers_changes_nothing(world):
    world.opens()
    world.ends()
    told = [fields for fields in world.b.log if fields[0] == "8"]
    asked = len(world.b.got("BB"))
    world.restart(world.b)
    world.until(lambda: len(world.b.got("BB")) > asked and stage(world) == 4, "open again")
    for fields in told * 2:
        raw(world.b, *fields[2:])  # not even marked as perhaps known
    world.until(lambda: world.node.desk.links["B"].sequence.seen == world.b.seq, "read")
    assert world.net == (-1, 1)
    assert world.hedge.status == "DONE"


def test_day_that_is_never_told_to_its_end_lets_nothing_open_and_is_told(world, foreign):
    def endless(venue, _m):
        for order in venue.orders.values():
            venue.tell(order)

    world.b.mass_status_as = endless
    world.restart(world.b)
    world.until(lambda: len(world.b.got("AF")) >= 3, "asked again, ever more slowly", 8)
    world.fire()
    world.laps(100)
    assert not world.a.got("D") and not world.b.got("D")
    world.until(lambda: "UNANSWERED" in str(world.alert_lines()), "a person is told", 10)
    world.b.mass_status_as = None
    world.until(lambda: stage(world) == 4, "open once the day has its end", 15)


@pytest.mark.parametrize("count", [2, 5])
def test_logon_answered_many_times_is_one_logon(world, count):
    world.b.greetings = count
    asked = len(world.b.got("BB"))
    world.restart(world.b)
    world.until(lambda: len(world.b.got("BB")) > asked and stage(world) == 4, "open again")
    world.opens()
    assert world.ends().status == "DONE"
    assert len(world.b.got("D")) == 1


@pytest.mark.parametrize("exec_type", ["G", "H"])
def test_trade_never_told_taken_back_counts_by_its_own_count_and_is_asked_about_once(world, exec_type):
    world.opens()
    assert world.ends().status == "DONE"
    order = next(iter(world.b.orders.values()))
    for _ in range(3):
        about(world.b, order, exec_type, "2", 1, 0, last=(1, 1_006), exec_id="u1", exec_ref="nobody")
    world.until(lambda: len(world.b.got("H")) == 1, "asked for its trades")
    world.until(lambda: world.node.desk.links["B"].sequence.seen == world.b.seq, "answered")
    world.laps(60)
    assert len(world.b.got("H")) == 1
    assert len(world.b.got("D")) == len(world.a.got("D")) == 1
    assert world.net == (-1, 1) and world.hedge.status == "DONE"


@pytest.mark.parametrize("exec_type", ["5", "Z", "\x00", "FF", "新"])
def test_unknown_exec_type_is_no_step(world, foreign, exec_type):
    order = held(world, foreign)
    about(world.b, order, exec_type, "Q", 0, 1)
    world.laps(30)
    world.b.trade_of(order, 1)
    assert world.ends().status == "DONE"
    assert len(world.b.got("D")) == 1


def test_answers_that_nobody_understands_are_not_asked_about_at_the_wires_pace(world, foreign):
    order = held(world, foreign)
    world.b.query_as = lambda _venue, _req_id, _ref: about(world.b, order, "Z", "Y", 0, 1)
    about(world.b, order, "Z", "Y", 0, 1)
    world.laps(250)
    assert 1 <= len(world.b.got("H")) <= 6
    world.b.query_as = foreign.query_honestly
    world.b.trade_of(order, 1)
    assert world.ends().status == "DONE"


GARBAGE = (
    b"", b"\xc1" * 9, b"\xdc\xff\xff" * 900, b"\xdf\xff\xff\xff\xff", b"\xc6\x7f\xff\xff\xff", b"\x91" * 5000,
    pack(["8"]), pack(["8", -1]), pack(["8", 2**63] + [None] * 30), pack(["A", 1]), pack(["AF", 5, "x"]), pack(["0", 1.5]),
    pack({"8": 1}), pack("8"), pack([["8", 1]]), pack(["8", "1", "2"] * 30), "多".encode() * 300,
)  # fmt: skip


def test_garbage_between_honest_frames_harms_nothing(world, foreign):
    order = held(world, foreign)
    for body in GARBAGE:
        world.b.reply(body)
        world.b.feed.send_multipart([b"B.X\0", body])
        world.b.report(order, "I")
    world.b.trade_of(order, 1)
    assert world.ends().status == "DONE"
    world.until(lambda: stage(world) == 4, "its picture is trusted again")
    assert len(world.b.got("D")) == 1


def test_answers_that_drip_are_waited_for(world, foreign):
    """B says one word at a time, each long after the last."""
    world.opens(b=foreign.silent())
    order = next(iter(world.b.orders.values()))
    world.b.query_as = foreign.swallow
    for status, cum in (("A", 0), ("0", 0), ("1", 0), ("1", 0)):
        about(world.b, order, "I", status, cum, 1)
        world.laps(80)
    assert len(world.b.got("D")) == 1
    world.b.tell(order)
    assert world.ends().status == "DONE"
    assert len(world.b.got("D")) == 1


def test_reports_of_somebody_elses_orders_change_no_pair(world, foreign):
    order = held(world, foreign)
    now = time.time_ns()
    for number in range(20):
        raw(world.b, None, f"other{number}", f"o{number}", "F", "2", "B.X", "1", 3, 1_001, 3, 0, None, "", now, now, False, None,
            order.day, "N")  # fmt: skip
    about(world.b, order, "F", "2", 1, 0, ref="their.own.id", last=(1, 1_001), exec_id="o99")
    world.laps(40)
    assert world.net[1] == 0
    world.b.trade_of(order, 1)
    assert world.ends().status == "DONE"
    assert world.net == (-1, 1)


def test_trade_without_an_order_report_after_canceled_and_told_thrice_is_reversed_once(world, foreign):
    world.opens(b=foreign.part(0))
    assert world.ends().status == "DONE"
    first = next(iter(world.b.orders.values()))
    fields = world.b.trade_of(first, 1)
    for _ in range(3):
        raw(world.b, *fields[2:])
    world.until(lambda: world.b.net == 1 and world.pair.hedge is None, "reversed")
    world.laps(60)
    assert world.b.net == 1 and world.net == (-1, 1)


def test_leaves_and_counts_that_cannot_be_are_no_reason_to_send_more(make_world, foreign):
    world = make_world(units=2, max_units=2)
    order = held(world, foreign)
    about(world.b, order, "I", "1", 0, 99)
    about(world.b, order, "I", "2", 0, 0)
    world.laps(60)
    assert len(world.b.got("D")) == 1
    world.b.trade_of(order, 2)
    assert world.ends().status == "DONE"
    assert len(world.b.got("D")) == 1
