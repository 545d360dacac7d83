"""Unequal, late, doubled and missing fills: T03 to T06, T11, T12, T22, T54."""

import pytest

from simulation import fates
from simulation.agenda import MS
from simulation.settings import CHEAP
from tests.scenarios.conftest import AFTER

WHOLE = ("DONE", "PART", "NONE")


def test_t03_repair_is_driven_by_the_report_and_needs_no_tick(scene):
    s = scene()
    s.opens(b=fates.reject())
    s.quotes = False
    for feed in s.feeds.values():
        feed.loss = 1.0
    assert s.ends(800) in ("DONE", "NONE")  # before any deadline looks at it


def test_t04_rest_of_a_resting_leg_does_not_keep_the_other_naked(scene):
    s = scene(units=5, max_units=5, tifs="0")
    s.opens(fates.part(2, rests=True), fates.part(0, rests=True))
    assert s.ends() in WHOLE
    assert s.position[0] == -s.position[1]


@pytest.mark.parametrize("filled", [1, 2])
def test_t05_ratio_filled_in_part_is_completed_or_taken_back(scene, filled):
    s = scene(lots=(3, 2))
    s.opens(fates.part(filled))
    assert s.until(lambda: any(s.pair.naked), 2000 * MS)
    assert s.ends() in ("DONE", "NONE")
    assert s.position in ((-3, 2), (0, 0))


def test_t05_parts_of_a_unit_on_both_legs_are_not_a_balance(scene):
    s = scene(lots=(3, 2))
    s.opens(fates.part(2), fates.part(1))
    assert s.ends() in ("DONE", "NONE")
    assert s.position in ((-3, 2), (0, 0))


def test_t05_residual_of_a_ratio_is_shown_in_lots_while_it_lasts(scene):
    s = scene(lots=(3, 2))
    s.opens(fates.part(2), fates.silent(0))
    assert s.until(lambda: s.pair.books[0].net == -2, 2000 * MS)
    assert s.pair.naked == (-2, 0)


def test_t06_fill_after_the_cancels_acknowledgement_is_seen_and_covered(scene):
    s = scene(tifs="0")
    s.a.cancel_script.append(fates.cancel_then_fill)
    s.opens(fates.rest)
    s.ends()
    s.run(3000)
    assert s.pair.hedge is None
    assert s.position[0] == -s.position[1]


@pytest.mark.parametrize("after_ms", [1, 200, 2500])
def test_t06_late_fill_of_an_immediate_order_reopens_the_hedge(scene, after_ms):
    s = scene()
    s.opens(b=fates.late_fill(after_ms))
    s.ends()
    s.run(after_ms + 3000)
    assert s.pair.naked == (0, 0)
    assert s.position in ((-1, 1), (0, 0))


@pytest.mark.parametrize("which", ["a", "b"])
def test_t11_trade_before_its_order_report_kills_nobody(scene, which):
    s = scene()
    s.opens(**{which: fates.trade_first})
    assert s.ends() == "DONE"
    assert s.position == (-1, 1)


def test_t11_reports_wait_for_an_actor_that_is_raised_again(scene):
    s = scene()
    s.opens(fates.rest, fates.meet)
    assert s.until(lambda: s.a.working, 500 * MS)
    actor = s.node.pair_actor("AxB")
    s.a.fill(s.a.working[0], 1)
    s.node.runtime.kill("AxB")
    s.raised.add("AxB")
    assert s.until(lambda: s.node.pair_actor("AxB") not in (None, actor), 3000 * MS)
    assert s.ends() == "DONE"
    s.raised_on_purpose = True


def test_t12_overfill_is_recorded_and_reversed(scene):
    s = scene()
    s.opens(b=fates.overfill())
    s.ends()
    s.run(3000)
    assert s.position == (-1, 1)
    first, *others = s.b.orders.values()
    assert (first.side, first.cum, {order.side for order in others}) == ("1", 2, {"2"})


def test_t12_overfill_after_the_end_is_reversed_too(scene):
    s = scene()
    s.opens(b=fates.overfill(2, after_ms=1500))
    assert s.ends() == "DONE"
    s.run(4000)
    assert s.position == (-1, 1)


def test_t22_crumbs_add_up_to_whole_units_or_nothing(scene):
    s = scene(lots=(3, 2), units=2, max_units=2)
    s.opens(fates.crumbs, fates.crumbs)
    assert s.ends() in WHOLE
    assert s.position[0] * 2 == -s.position[1] * 3


@pytest.mark.parametrize("crumb", [1, 2])
def test_t22_crumb_below_a_unit_is_hedged_or_given_back(scene, crumb):
    s = scene(lots=(3, 2), units=2, max_units=2)
    s.opens(fates.part(3 + crumb), fates.part(2))
    assert s.ends() in WHOLE
    assert s.position in ((-3, 2), (-6, 4))


def refusals(venue):
    return [order for order in venue.orders.values() if order.status == "8"]


@pytest.mark.parametrize("kind", ["open", "close"])
def test_t22_part_below_the_venues_least_lots_is_left_to_the_ledger_never_sent(scene, kind):
    s = scene(lots=(2, 2), units=2, max_units=2, min_lots=2, tolerance="0")
    if kind == "close":
        s.opens()
        assert s.ends() == "DONE"
        s.closes(None, fates.part(3))
        assert s.ends() == "DONE"
        assert s.position == (0, 1)
    else:
        s.opens(None, fates.part(3))
        assert s.ends() == "PART"
        assert s.position == (-2, 3)
    assert refusals(s.a) == refusals(s.b) == []
    assert s.pair.odd == (0, 1)
    assert s.pair.naked == (0, 0)


def test_t22_part_below_the_venues_least_lots_waits_for_a_person_where_no_ledger_keeps_it(scene):
    s = scene(lots=(2, 2), units=2, max_units=2, min_lots=2)
    s.opens(None, fates.part(3))
    assert s.strands() == "LOTS"
    assert refusals(s.a) == refusals(s.b) == []
    s.may_be_naked = True


@pytest.mark.parametrize("filled", [1, 2, 4])
def test_t54_other_leg_is_aligned_to_what_was_filled_not_to_what_was_meant(scene, filled):
    s = scene(units=5, max_units=5, policy="rollback_first")
    s.opens(fates.part(filled))
    assert s.ends() == "PART"
    assert s.position == (-filled, filled)


@pytest.mark.slow
def test_busted_trade_is_repaired_minutes_later(scene):
    s = scene()
    s.opens(b=fates.busted(after_ms=120_000))
    assert s.ends() == "DONE"
    s.run(125_000)
    assert s.pair.naked == (0, 0)
    assert s.position in ((-1, 1), (0, 0))


def test_untold_trade_that_a_count_ran_ahead_of_is_asked_for(scene):
    s = scene()
    s.opens(b=fates.untold)
    assert s.ends() == "DONE"
    s.run(4000)
    assert [book.cash for book in s.pair.books] == [venue.cash for venue in s.venues.values()]


@pytest.mark.parametrize("mode", ["net", "oc", "octy"])
def test_late_fill_of_a_failed_close_is_taken_back_once_another_has_closed(scene, mode):
    s = scene(offset_mode=mode)
    s.opens()
    assert s.ends() == "DONE"
    s.closes(fates.late_fill(after_ms=4000), fates.part(0))
    assert s.ends() == "NONE"
    s.closes()
    assert s.ends() == "DONE"
    s.mid = AFTER[CHEAP]
    assert s.until(lambda: s.pair.books[0].net == 1, 6000 * MS)
    assert s.ends() == "NONE"
    assert s.position == (0, 0)
    assert s.orders(s.b, "p") == []  # nothing is held there to be closed


@pytest.mark.parametrize("mode", ["oc", "octy"])
def test_bust_after_the_position_was_closed_is_taken_back_by_an_open(scene, mode):
    s = scene(offset_mode=mode)
    s.opens(a=fates.busted(after_ms=4000))
    assert s.ends() == "DONE"
    s.closes()
    assert s.ends() == "DONE"
    s.run(7000)
    assert s.pair.naked == (0, 0)
    assert tuple(book.net for book in s.pair.books) == s.position == (1, -1)
