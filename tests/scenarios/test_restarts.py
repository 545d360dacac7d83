"""Kills, stops, restarts, reconnects: T17 to T20, T36, T37, T40, T43, T50."""

import pytest

from simulation import fates
from simulation.agenda import MS
from simulation.settings import CHEAP

STEPS = range(1, 15)
"""Records and sends of a hedge that opens and is repaired."""


def test_t17_stop_settles_what_is_in_flight_before_it_ends(scene):
    s = scene(tifs="0")
    s.opens(fates.rest)
    s.node.desk.stopping = True
    assert s.ends() in ("DONE", "NONE")
    assert s.fires() == 0
    assert s.a.working == s.b.working == []


def test_t17_stop_begins_nothing_more(scene):
    s = scene()
    s.holds()
    s.node.desk.stopping = True
    assert s.fires(CHEAP) == 0


def test_t17_gateway_cancels_what_works_when_the_node_is_dead(scene):
    s = scene(tifs="0")
    s.opens(fates.rest, fates.rest)
    assert s.until(lambda: s.a.working and s.b.working, 500 * MS)
    s.kill()
    s.run(4000)
    assert s.a.working == s.b.working == []
    s.start()


@pytest.mark.parametrize("steps", STEPS)
def test_t18_kill_between_any_two_steps_is_resumed_or_taken_back(scene, steps):
    s = scene()
    s.b.script.append(fates.reject())
    s.light(steps, 200)
    s.fires(for_ms=4000)
    s.mid = 1_030
    s.run(4000)
    assert s.node is not None
    assert s.pair.naked == (0, 0)
    assert s.position[0] == -s.position[1]


def test_t18_gateway_killed_in_mid_hedge_loses_no_fill(scene):
    s = scene()
    s.opens()
    s.b.gateway.kill(300 * MS)
    assert s.ends() in ("DONE", "NONE")
    assert s.position[0] == -s.position[1]


@pytest.mark.parametrize("cancel", [fates.swallow, fates.refuse_cancel])
def test_t18_repair_that_late_truth_made_needless_stays_called_back_over_a_restart(scene, cancel):
    s = scene(units=2, max_units=2, policy="replenish_first")
    s.b.script.extend([fates.refused_yet_filled(100), fates.rest])
    s.b.cancel_script.append(cancel)
    s.opens()
    assert s.until(lambda: s.node.desk.revoked, 1000 * MS)
    s.kill()
    s.start()
    assert s.ends() == "DONE"
    assert len(s.orders(s.b, "p")) == 1
    assert s.position == (-2, 2)


def test_t19_restart_shows_each_legs_naked_lots_signed(scene):
    s = scene()
    s.b.deaf_until_ns = s.agenda.now_ns + 10_000 * MS
    s.opens(b=fates.silent(0))
    assert s.until(lambda: s.pair.books[0].net == -1, 1000 * MS)
    s.kill()
    s.start()
    assert s.pair.naked == (-1, 0)
    s.strands()


def test_t20_close_is_the_groups_own_to_complete(scene):
    s = scene()
    s.holds()
    s.b.script.extend([fates.part(0), fates.reject()])
    s.closes()
    s.mid = 1_030
    assert s.ends() == "DONE"
    assert s.position == (0, 0)


def test_t36_reconnects_that_tell_the_whole_day_again_book_nothing_twice(scene):
    s = scene()
    s.holds()
    for kill in (s.a.gateway.kill, s.b.gateway.kill, s.a.gateway.kill):
        kill(50 * MS)
        s.run(1500)
    assert tuple(book.net for book in s.pair.books) == (-1, 1)
    s.kill()
    s.start()
    s.run(1500)
    assert tuple(book.net for book in s.pair.books) == (-1, 1)
    assert len(s.judge.outcomes) == 1


def test_t36_day_told_again_is_passed_over_with_its_numbers_noted(scene):
    s = scene()
    s.holds()
    for link in s.trades.values():
        link.cut(50 * MS)
    s.run(1500)  # an order whose `new` came after its fill stands otherwise in the day's words: once
    on_record, passed, said = s.reports("8"), s.judge.retold.passed, s.a.gateway.seq
    for _ in range(3):
        s.trades["A"].cut(50 * MS)
        s.run(1500)
    told = s.a.gateway.seq - said
    assert told > 0
    assert (s.reports("8"), s.judge.retold.passed) == (on_record, passed + told)
    s.kill()
    s.start()
    assert s.node.desk.links["A"].sequence.seen == s.a.gateway.seq  # nothing is sent again
    s.run(1500)
    assert s.reports("8") == on_record


def test_t36_trade_that_the_day_tells_first_is_taken(scene):
    s = scene(tifs="0")
    s.opens(fates.part(0, rests=True), fates.part(0, rests=True))
    s.ends()
    order = next(each for each in s.a.orders.values() if each.status == "4")
    s.trades["A"].cut(300 * MS)
    s.a.fill(order, 1)
    assert s.until(lambda: s.cum(order.ref) == 1, 2000 * MS)
    assert s.ends() in ("DONE", "NONE", "PART")


def test_t36_count_that_rose_meanwhile_is_taken_before_its_trade_is_told(scene):
    s = scene(tifs="0")
    s.opens(fates.part(0, rests=True), fates.part(0, rests=True))
    s.ends()
    order, gateway = next(each for each in s.a.orders.values() if each.status == "4"), s.a.gateway
    report = gateway._report

    def tell(said, **how):
        if said.exec_type != "F" or said.order is not order or s.cum(order.ref):
            report(said, **how)

    gateway._report = tell
    s.trades["A"].cut(300 * MS)
    s.a.fill(order, 1)
    assert s.until(lambda: s.cum(order.ref) == 1, 2000 * MS)
    assert s.ends() in ("DONE", "NONE", "PART")


def test_t36_link_that_is_cut_again_and_again_books_nothing_twice(scene):
    s = scene()
    s.opens()
    for _ in range(5):
        s.trades["B"].cut(100 * MS)
        s.run(700)
    assert s.ends() in ("DONE", "NONE")
    assert s.position[0] == -s.position[1]


def test_t37_fills_while_cut_off_are_learnt_before_anything_opens(scene):
    s = scene(units=1, max_units=3)
    s.opens()
    s.trades["B"].cut(800 * MS)
    s.mid = 1_056
    opened = len(s.judge.outcomes)
    assert s.until(lambda: s.node.desk.links["B"].stage < 4, 1000 * MS)
    assert s.until(lambda: s.node.desk.links["B"].stage == 4, 5000 * MS)
    assert len(s.judge.outcomes) == opened
    s.mid = 1_048
    s.ends()
    assert tuple(book.net for book in s.pair.books) == s.position


def test_t37_nothing_opens_while_the_day_is_not_answered(scene):
    s = scene(units=1, max_units=3)
    s.b.deaf_until_ns = s.agenda.now_ns + 3000 * MS
    s.trades["B"].cut(50 * MS)
    s.run(400)
    assert s.fires(for_ms=2000) == 0
    assert s.until(lambda: s.judge.outcomes, 5000 * MS)
    s.mid = 1_048
    assert s.ends() in ("DONE", "NONE")


def test_t40_frames_of_an_old_connection_never_arrive(scene):
    s = scene()
    s.opens(b=fates.silent())
    s.trades["B"].clog(600 * MS)
    s.run(200)
    s.trades["B"].cut(50 * MS)
    assert s.ends() in ("DONE", "NONE")
    assert s.position[0] == -s.position[1]


def test_t43_trades_of_somebody_else_are_never_booked_on_a_pair(scene):
    s = scene()
    s.holds()
    s.b.gateway.outside(s.b.symbol, "1", 3, 1_000, "X")
    s.run(500)
    s.kill()
    s.start()
    s.run(1500)
    assert tuple(book.net for book in s.pair.books) == (-1, 1)
    assert len(s.judge.outcomes) == 1


def test_t43_lots_that_another_session_traded_away_freeze_the_pair_and_are_told(scene):
    s = scene()
    s.holds()
    s.b.gateway.says_held = (0, 0)
    s.b.gateway.outside(s.b.symbol, "2", 1, 1_000, "X")
    assert s.until(lambda: s.pair.status == "FROZEN", 5000 * MS)
    assert s.strands() == "EXTERNAL"
    assert "OUTSIDE_TRADE" in s.judge.alerts
    assert s.fires() == 0
    s.outside_took = True


def test_second_kill_in_the_middle_of_the_recovery_is_recovered_too(scene):
    s = scene()
    s.b.script.append(fates.silent())
    s.light(3, 100)
    s.fires(for_ms=800)
    s.light(5, 100)
    s.run(6000)
    assert s.pair.naked == (0, 0)


def test_gateway_that_is_replaced_while_its_session_is_down_is_logged_on_to(scene):
    s = scene()
    s.b.gateway.drop_session(1000 * MS, cancels=False)
    s.run(300)
    s.b.gateway.kill(50 * MS)
    assert s.until(lambda: s.node.desk.links["B"].stage < 4, 500 * MS)
    assert s.until(s.is_open, 5000 * MS)


def test_kill_between_stranded_and_its_alert_leaves_the_alert_to_the_next_node(scene):
    s = scene()
    s.holds()
    s.b.always = fates.reject()
    told = s.judge.recorded

    def recorded(kind, body, *numbers):
        told(kind, body, *numbers)
        if kind == "decision" and s.judge.exposure.stranded and not s.kills and s.fuse is None:
            s.light(1, 100)

    s.judge.recorded = recorded
    s.closes()
    assert s.until(lambda: s.kills == 1 and s.node is not None, 5000 * MS)
    s.run(1000)
    assert s.judge.alerts.count("STRANDED") == 1
    s.may_be_naked = True


def test_t18_node_killed_in_each_try_and_down_for_longer_than_the_budget_still_ends_whole(scene):
    s = scene()
    s.a.script.append(fates.meet)
    s.a.always = s.b.always = fates.reject()
    s.opens()
    assert s.until(lambda: s.pair.books[0].net == -1, 1000 * MS)
    for _ in range(5):  # more often than a market is tried again
        s.kill()
        s.run(4000)
        sent = len(s.judge.knowledge.orders)
        s.start()
        assert s.until(lambda: len(s.judge.knowledge.orders) > sent, 8000 * MS), s.pair.hedge  # noqa: B023
    assert s.pair.hedge.retries < 3
    s.a.always = s.b.always = fates.meet
    s.ends()
    assert s.pair.naked == (0, 0)
