"""Silence, cancels without answers, doubtful truth: T07, T08, T21, T25, T29, T32, T34, T44, T46."""

import pytest

from simulation import fates
from simulation.agenda import MS

CANCELS = 5


def test_t07_cancel_never_answered_is_asked_for_not_repeated_for_ever(scene):
    s = scene(tifs="0")
    s.a.cancel_always = fates.swallow
    s.a.rates["mass_cancel_swallowed"] = 1.0
    s.opens(fates.rest)
    assert s.strands() in ("UNKNOWN", "BUDGET")
    s.run(10_000)
    assert s.frames("F") <= CANCELS
    assert s.frames("q") == 1
    assert len(s.orders(s.a)) == 1  # nothing new on that leg while it is in doubt
    assert s.frames("H") >= 3
    for order in s.a.working:
        s.a.end(order)


def test_t07_mass_cancel_settles_what_single_cancels_could_not(scene):
    s = scene(tifs="0")
    s.a.cancel_always = fates.swallow
    s.opens(fates.rest)
    assert s.ends() in ("DONE", "NONE")
    assert s.frames("F") <= CANCELS
    assert s.frames("q") == 1


def test_t07_leg_goes_on_when_the_order_is_settled_at_last(scene):
    s = scene(tifs="0")
    s.a.cancel_always = fates.swallow
    s.a.rates["mass_cancel_swallowed"] = 1.0
    s.opens(fates.rest)
    assert s.strands() in ("UNKNOWN", "BUDGET")
    for order in s.a.working:
        s.a.end(order)
    assert s.ends() in ("DONE", "NONE")


def test_t07_order_found_working_after_the_budget_is_cancelled(scene):
    s = scene(tifs="0")
    s.run(1500)  # the gateways' pace is learnt
    s.opens(fates.rest, fates.rest)
    s.run(100)
    s.trades["A"].clog(5000 * MS)
    assert s.strands() == "UNKNOWN"
    assert s.ends() in ("DONE", "NONE")
    assert s.a.working == []


@pytest.mark.parametrize("fills", [True, False])
def test_t08_refused_cancel_makes_the_order_looked_at_anew(scene, fills):
    s = scene(tifs="0")
    s.a.cancel_script.extend([fates.fill_then_refuse if fills else fates.refuse_cancel])
    s.opens(fates.rest)
    assert s.until(lambda: s.frames("F"), 3000 * MS)
    asked = s.frames("H")
    assert fills or s.until(lambda: s.frames("H") > asked, 200 * MS)  # at the refusal, before any time-out
    assert s.ends() in ("DONE", "NONE")


def test_t21_order_that_fills_while_it_is_cancelled_is_hedged(scene):
    s = scene(units=3, max_units=3, tifs="0")
    s.a.cancel_script.append(fates.fill_then_refuse)
    s.opens(fates.part(1, rests=True), fates.part(1))
    s.ends()
    assert s.position[0] == -s.position[1]


def test_t25_hedge_order_that_rests_away_is_ended_by_its_deadline(scene):
    s = scene(tifs="0")
    opened_ns = s.agenda.now_ns
    s.opens(b=fates.rest)
    assert s.ends() in ("DONE", "NONE")
    assert s.agenda.now_ns - opened_ns < 6000 * MS


@pytest.mark.parametrize("which", ["a", "b"])
def test_t29_order_without_an_answer_is_asked_for_before_anything_is_sent_again(scene, which):
    s = scene()
    s.opens(**{which: fates.silent()})
    assert s.ends() == "DONE"
    assert [len(s.orders(venue)) for venue in (s.a, s.b)] == [1, 1]


def test_t29_order_proven_absent_is_sent_again_under_a_new_id(scene):
    s = scene(policy="replenish_first")
    s.opens(b=fates.lost)
    assert s.ends() in ("DONE", "NONE")
    assert len(set(s.orders(s.b))) == len(s.orders(s.b))


@pytest.mark.parametrize("filled", [0, 1])
def test_t32_accepted_order_in_silence_counts_both_ways_until_it_is_known(scene, filled):
    s = scene()
    s.b.deaf_until_ns = s.agenda.now_ns + 2500 * MS
    s.opens(b=fates.silent(filled))
    s.run(1500)
    assert s.pair.hedge.unknown
    assert [len(s.orders(venue)) for venue in (s.a, s.b)] == [1, 1]
    s.ends()
    assert s.position[0] == -s.position[1]


def test_t34_order_missing_from_the_open_list_was_filled_and_is_booked(scene):
    s = scene()
    s.opens(b=fates.silent())
    assert s.until(lambda: s.b.position, 200 * MS)
    s.b.gateway.kill(100 * MS)
    assert s.ends() == "DONE"
    assert s.position == (-1, 1)
    assert len(s.orders(s.b)) == 1


def test_t44_question_that_is_never_answered_is_bounded_and_told(scene):
    s = scene()
    s.b.deaf_until_ns = s.agenda.now_ns + 30_000 * MS
    s.opens(b=fates.silent())
    assert s.strands() == "UNKNOWN"
    asked = s.frames("H")
    s.run(10_000)
    assert 5 <= s.frames("H") - asked <= 15
    assert s.judge.alerts.count("STRANDED") == 1
    s.run(20_000)
    assert s.pair.naked == (0, 0)


def test_t46_both_legs_reports_at_one_instant_make_one_repair(scene):
    s = scene(units=2, max_units=2)
    for link in s.trades.values():
        link.down.clogged_ns = s.agenda.now_ns + 250 * MS
    s.opens(fates.part(1), fates.part(2))
    assert s.ends() in ("DONE", "PART")
    repairs = [*s.orders(s.a, "p"), *s.orders(s.b, "p"), *s.orders(s.a, "b"), *s.orders(s.b, "b")]
    assert 1 <= len(repairs) <= 3
    assert s.position[0] == -s.position[1]
