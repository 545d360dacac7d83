"""Scenarios by id, against a real node in a process of its own.

Each begins with a node that is started, and ends with one that is stopped in
order: nothing naked or working, nothing sent twice, journal and books whole.
"""

import json
import signal
import subprocess
import sys
import time

import pytest

from tests.whole.outside import ROOT
from tools.fuse import FuseOrder, light

pytestmark = pytest.mark.slow
MS = 1_000_000


def ends(outside, state):
    """Whole at the venues and in the journal, after an orderly stop."""
    hedge = outside.ends(state)
    outside.stop()
    outside.check()
    return hedge


def test_t01_b_rejected_every_time_takes_a_back_and_stops(outside, foreign):
    outside.start()
    outside.world.b.always = foreign.reject()
    outside.fire()
    outside.ends("NONE")
    sent = outside.sent()
    assert sent == (2, 3)
    for mid in (1_052, 1_053, 1_054):  # nothing is sent on further quotes
        outside.world.a.quote(mid - 1, mid + 1)
        outside.laps(30)
    ends(outside, "NONE")
    assert outside.sent() == sent


def test_t03_repair_leaves_on_the_reject_without_another_tick(outside, foreign):
    outside.start()
    b = outside.world.b
    said = []

    def refuses(venue, order):
        venue.repeats = outside.world.a.repeats = False
        foreign.reject()(venue, order)
        said.append((venue.feed_seq, outside.world.a.feed_seq))

    def completes(venue, order):
        said.append((venue.feed_seq, outside.world.a.feed_seq))
        foreign.fill(venue, order)

    b.script.extend([refuses, completes])
    outside.world.a.quote(1_051, 1_053)
    outside.until(lambda: len(said) == 2, "the repair leaves", 10)
    assert said[0] == said[1]  # no feed said a word between
    b.repeats = outside.world.a.repeats = True
    outside.world.a.quote(1_047, 1_049)
    ends(outside, "DONE")


def test_t04_a_filled_in_part_is_what_b_is_aligned_to(make_outside, foreign):
    outside = make_outside(units=5, max_units=5, policy="rollback_first")
    outside.start()
    outside.world.a.script.append(foreign.part(2))
    outside.world.b.script.append(foreign.part(4))
    outside.fire()
    ends(outside, "PART")
    assert (outside.world.a.net, outside.world.b.net) == (-2, 2)


def test_t05_ratio_three_to_two_keeps_the_residual_and_repairs_it(make_outside, foreign):
    outside = make_outside(lots=(3, 2))
    outside.start()
    outside.world.a.script.append(foreign.part(2))
    outside.fire()
    ends(outside, "DONE")
    assert (outside.world.a.net, outside.world.b.net) == (-3, 2)


def test_t06_fill_after_canceled_reopens_the_hedge(outside, foreign):
    outside.start()
    outside.world.b.script.append(foreign.part(0))
    outside.fire()
    outside.ends("DONE")
    first = next(iter(outside.world.b.orders.values()))
    outside.world.b.trade_of(first, 1)
    outside.until(lambda: outside.world.b.net == 2, "one too many")
    outside.until(lambda: outside.whole() and outside.world.b.net == 1, "taken back")
    ends(outside, "DONE")


def test_t07_cancels_that_nobody_answers_send_no_order_on_that_leg(outside, foreign):
    outside.start()
    b = outside.world.b
    b.cancel_as = b.mass_cancel_as = foreign.swallow
    b.query_as = foreign.cannot_say
    b.script.append(foreign.hold_new)
    outside.fire()
    outside.until(lambda: len(b.got("F")) == 5 and b.got("q"), "five cancels, then one for all", 10)
    outside.laps(300)
    assert (len(b.got("D")), len(b.got("F")), len(b.got("q"))) == (1, 5, 1)
    b.trade_of(b.working[0], 1)
    ends(outside, "DONE")


def test_t08_refused_cancel_asks_for_the_order_at_once(outside, foreign):
    outside.start()
    b = outside.world.b
    b.script.append(foreign.hold_new)
    b.cancel_as = foreign.refuse_cancel
    outside.fire()
    outside.until(lambda: b.got("H"), "asked for")
    assert len(b.got("D")) == 1 and b.working
    b.trade_of(b.working[0], 1)
    ends(outside, "DONE")
    assert len(b.got("D")) == 1


def test_t11_trade_before_its_order_report_is_booked_once(outside, foreign):
    outside.start()
    outside.world.a.script.append(foreign.trade_first)
    outside.world.b.script.append(foreign.trade_first)
    outside.fire()
    ends(outside, "DONE")
    assert outside.sent() == (1, 1)


def test_t12_overfill_is_reversed(outside, foreign):
    outside.start()
    outside.world.b.script.append(foreign.ghost)
    outside.fire()
    ends(outside, "DONE")
    assert (outside.world.a.net, outside.world.b.net) == (-1, 1)


def test_t17_stop_with_a_live_order_cancels_settles_and_ends_clean(outside, foreign):
    outside.start()
    outside.world.a.script.append(foreign.hold_new)
    outside.world.b.script.append(foreign.hold_new)
    outside.fire()
    outside.until(lambda: all(v.working for v in outside.world.venues), "both orders work")
    outside.stop()
    assert outside.whole()
    outside.check()


@pytest.mark.parametrize("sends", [0, 1, 2])
def test_t18_killed_between_the_two_orders_is_resumed_or_taken_back(outside, foreign, sends):
    """Exactly there: a fuse in the node, after the intent and so many sends."""
    fuses = outside.world.folder / "fuses"
    fuses.mkdir()
    light(fuses, FuseOrder(1, "first_send" if sends else "intent", "node", "KILL", sends, answered=True))
    outside.start("--fuse", str(fuses))

    def gone():
        outside.world.a.quote(1_051, 1_053)
        outside.world.b.quote(999, 1_001)
        return outside.process.poll() is not None

    outside.until(gone, "killed by its fuse", 10)
    outside.killed += 1
    outside.world.a.quote(1_047, 1_049)
    outside.start()
    outside.laps(100)
    hedge = ends(outside, None)
    assert sum(v.net != 0 for v in outside.world.venues) in (0, 2)
    assert hedge["state"] in ("DONE", "NONE")


def test_t19_a_dead_node_shows_what_is_naked_by_leg(outside, foreign):
    outside.start()
    outside.world.b.script.append(outside.killing(foreign.hold_new))
    outside.fire()
    outside.until(lambda: outside.killed, "killed")
    command = [sys.executable, "-m", "tools", "status", "--dir", str(outside.world.node_dir), "-o", "json"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert told.returncode == 4
    assert "AxB" in told.stdout and json.loads(told.stdout)["in_flight"]
    outside.start()
    outside.laps(100)
    ends(outside, None)


def test_t20_a_close_with_one_leg_closed_is_completed(outside, foreign):
    outside.start()
    outside.fire()
    outside.ends("DONE")
    outside.world.b.script.append(foreign.reject())
    outside.fire(1_008)
    ends(outside, "DONE")
    assert (outside.world.a.net, outside.world.b.net) == (0, 0)


def test_t25_repair_that_rests_is_cancelled_in_its_time(outside, foreign):
    outside.start()
    outside.world.b.script.extend([foreign.reject(), foreign.hold_new])
    outside.fire()
    ends(outside, "DONE")
    assert len(outside.world.b.got("F")) == 1


def test_t28_a_venue_that_refuses_for_ever_is_stranded_told_and_bounded(make_outside, foreign):
    outside = make_outside(naked_budget_ms=700)
    outside.start()
    outside.fire()
    outside.ends("DONE")
    outside.world.b.always = foreign.reject()
    outside.fire(1_008)
    begun = time.monotonic_ns()
    outside.until(lambda: "STRANDED" in outside.told(), "stranded and told")
    assert time.monotonic_ns() - begun < 2 * 700 * MS
    assert outside.ask("hedge")["state"] == "STRANDED"
    sent = outside.sent()
    assert sent[0] == 2 and sent[1] <= 1 + 1 + 3  # its opening's, its own, max_replenish_orders
    outside.laps(2_000)
    assert outside.sent() == sent
    assert outside.told().count("STRANDED") == 1
    outside.process.send_signal(signal.SIGTERM)
    outside.laps(400)
    outside.stop(code=1)  # the second signal: at once
    assert "not clean" in (outside.world.folder / "node.log").read_text()


def test_t29_no_answer_to_an_order_is_asked_for_never_sent_again(outside, foreign):
    outside.start()
    outside.world.b.script.append(foreign.silent())
    outside.fire()
    ends(outside, "DONE")
    assert outside.sent() == (1, 1) and outside.world.b.got("H")


def test_t30_fill_after_a_refusal_makes_no_second_position(outside, foreign):
    outside.start()
    outside.world.b.script.append(foreign.reject())
    outside.fire()
    outside.ends("DONE")
    outside.world.b.trade_of(next(iter(outside.world.b.orders.values())), 1)
    outside.until(lambda: outside.world.b.net == 2, "filled though refused")
    outside.until(lambda: outside.whole() and outside.world.b.net == 1, "taken back")
    ends(outside, "DONE")


def test_t32_unknown_order_counts_as_live_both_ways(outside, foreign):
    outside.start()
    b = outside.world.b
    b.query_as, b.cancel_as = foreign.cannot_say, foreign.swallow
    b.script.append(foreign.silent(0, then="0"))
    outside.fire()
    outside.until(lambda: len(b.got("H")) >= 3, "asked for")
    assert outside.sent() == (1, 1)
    b.query_as = foreign.query_honestly
    b.cancel(b.working[0])
    ends(outside, "DONE")


def test_t34_an_order_missing_from_the_open_ones_is_not_taken_for_cancelled(outside, foreign):
    outside.start()
    b = outside.world.b
    hidden = []

    def hides(venue, order):
        """Filled, and neither said nor among the open orders."""
        foreign.silent()(venue, order)
        hidden.append(venue.orders.pop(order.ref))

    b.script.append(hides)
    b.query_as = foreign.cannot_say
    outside.fire()
    outside.until(lambda: hidden, "B has it")
    b.restart()
    outside.until(lambda: len(b.got("H")) >= 2, "asked for by itself")
    assert outside.sent() == (1, 1)
    b.orders[hidden[0].ref] = hidden[0]
    b.query_as = foreign.query_honestly
    ends(outside, "DONE")
    assert outside.sent() == (1, 1)


def test_t36_a_reconnect_that_tells_all_fills_again_doubles_nothing(outside, foreign):
    outside.start()
    outside.fire()
    outside.ends("DONE")
    b = outside.world.b
    b.restart()
    outside.until(lambda: len(b.got("BB")) == 2, "logged on again")
    for order in b.orders.values():
        b.tell(order)
    outside.laps(100)
    ends(outside, "DONE")
    assert outside.pair.books[1].net == 1


def test_t37_fills_during_a_disconnect_are_known_before_anything_opens(outside, foreign):
    outside.start()
    b = outside.world.b
    b.script.append(foreign.hold_new)
    outside.fire()
    outside.until(lambda: b.working, "the order works")
    order = b.working[0]
    b.close()
    order.trades.append(["t77", 1, 1_001, False])
    order.status = "2"
    b._new_numbers()
    b._bind()
    ends(outside, "DONE")
    assert outside.sent() == (1, 1)
