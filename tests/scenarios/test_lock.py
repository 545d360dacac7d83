"""Locked positions 锁仓, over a day's turn and in trouble: T23, T48."""

import pytest

from actors.controls import HoldChanged
from domain.books import sides_of
from domain.controls import ALL, Killed, Level
from domain.pairs import LotsRead
from simulation import fates
from simulation.agenda import MS
from simulation.moments import MOMENTS
from simulation.settings import PAIR
from tests.scenarios.test_money import FLAT, offsets

LOCKS = {"units": 2, "max_units": 4, "offset_mode": "octy", "locks": True}


def locked(scene, **shape):
    """Opened and closed on one day: both sides are held, nothing is naked."""
    s = scene(**{**LOCKS, **shape})
    s.holds()
    s.closes()
    assert s.ends() == "DONE"
    return s


def rolls(s):
    """The trading day of both venues ends and another begins."""
    for venue in (s.a, s.b):
        venue.roll()
        venue.gateway.kill(50 * MS)
    s.run(1000)
    assert s.until(s.ready, 5000 * MS)


def sides(s, index=0):
    one = sides_of(s.pair.books[index])
    return [[one.long_old, one.long_today], [one.short_old, one.short_today]]


def test_close_of_todays_lots_opens_the_other_side_and_nothing_is_naked(scene):
    s = locked(scene)
    assert offsets(s.a) == [("O", 2, "2"), ("O", 2, "2")]
    assert sides(s) == s.a.account.sides == [[0, 2], [0, 2]]
    assert (s.pair.units, s.pair.naked, s.position) == (0, FLAT, FLAT)
    assert [row for row in s.judge.alerts if row.startswith("POSITION")] == []


def test_next_days_open_takes_the_lock_off_and_its_close_closes_yesterdays(scene):
    s = locked(scene)
    rolls(s)
    assert sides(s) == s.a.account.sides == [[2, 0], [2, 0]]
    s.holds()  # sells A: what is long there of yesterday's goes first
    assert offsets(s.a)[2:] == [("Y", 2, "2")]
    assert sides(s) == [[0, 0], [2, 0]]
    s.closes()
    assert s.ends() == "DONE"
    assert offsets(s.a)[3:] == [("Y", 2, "2")]
    assert s.a.account.sides == [[0, 0], [0, 0]]
    assert sides(s) == [[0, 0], [0, 0]]


def test_open_beyond_the_lock_opens_the_rest(scene):
    s = locked(scene, units=1)
    rolls(s)
    s.holds()
    assert offsets(s.a)[-1] == ("Y", 1, "2")
    s.opens()
    assert s.ends() == "DONE"
    assert offsets(s.a)[-1] == ("O", 1, "2")
    assert sides(s) == s.a.account.sides == [[0, 0], [1, 1]]


def test_lock_that_fills_in_part_is_completed_by_a_close_never_by_a_larger_lock(scene):
    s = scene(**LOCKS)
    s.holds()
    s.closes(a=fates.part(1))
    assert s.ends() == "DONE"
    assert offsets(s.a)[1:] == [("O", 2, "C"), ("T", 1, "2")]
    assert sides(s) == s.a.account.sides == [[0, 1], [0, 1]]


def test_t48_lock_that_is_refused_is_closed_instead(scene):
    s = scene(**LOCKS)
    s.holds()
    s.closes(a=fates.reject("31 no money"))
    assert s.ends() == "DONE"
    assert offsets(s.a)[1:] == [("O", 2, "8"), ("T", 2, "2")]
    assert s.a.account.sides == [[0, 0], [0, 0]]


def test_t23_close_that_no_account_could_pay_as_a_lock_closes_todays_lots(scene):
    s = scene(**LOCKS, deposit_usd=420)
    s.holds()
    used = s.pair.units
    s.closes()
    assert s.ends() == "DONE"
    assert offsets(s.a)[1][0] == "T"
    assert abs(used) > 0 and s.a.account.sides == [[0, 0], [0, 0]]


def test_no_side_grows_past_the_limit_of_its_position(scene):
    s = scene(**LOCKS, position_lots=4)
    for _ in range(3):
        s.opens()
        assert s.ends() == "DONE"
        s.closes()
        assert s.ends() == "DONE"
    assert max(sum(side) for side in s.a.account.sides) <= 4
    assert "T" in [offset for offset, _, _ in offsets(s.a)]


def test_where_the_larger_side_alone_is_asked_for_a_lock_needs_no_room(scene):
    s = scene(**LOCKS, deposit_usd=420, margin_sides="larger")
    s.holds()
    s.closes()
    assert s.ends() == "DONE"
    assert offsets(s.a)[1][0] == "O"
    assert s.a.account.sides[0][1] == s.a.account.sides[1][1] > 0


def test_unlock_that_is_refused_is_opened_and_the_lock_stays(scene):
    s = locked(scene)
    rolls(s)
    s.opens(a=fates.reject("51 over close yesterday"))
    assert s.ends() in ("DONE", "NONE", "PART")
    assert sides(s) == s.a.account.sides
    assert s.pair.naked == FLAT


def test_rollback_of_an_unlocking_open_closes_what_it_finds(scene):
    s = locked(scene, policy="rollback_first")
    rolls(s)
    s.opens(b=fates.reject())
    assert s.ends() == "NONE"
    assert sides(s) == s.a.account.sides
    assert (s.pair.naked, s.position) == (FLAT, FLAT)


def test_busted_lock_is_undone_on_its_own_side(scene):
    s = scene(**LOCKS)
    s.holds()
    s.closes(a=fates.busted(after_ms=1500))
    s.ends()
    s.run(6000)
    assert s.pair.naked == FLAT
    assert sides(s) == s.a.account.sides


def test_both_sides_are_folded_again_after_a_kill(scene):
    s = locked(scene)
    s.kill()
    s.start()
    assert s.until(lambda: s.node.pair_actor(PAIR) is not None, 2000 * MS)
    s.run(500)
    assert sides(s) == s.a.account.sides == [[0, 2], [0, 2]]


def test_legs_that_follow_lock_too(scene):
    s = locked(scene, sequence="sequential")
    assert {offset for offset, _, _ in offsets(s.a) + offsets(s.b)} == {"O"}
    assert sides(s, 0) == s.a.account.sides


def test_kill_that_flattens_closes_and_locks_nothing(scene):
    s = scene(**LOCKS)
    s.holds()
    seq, names = s.node.desk.controls.apply(Killed(ALL, Level.FLATTEN, "ann", "news"), "kill")
    for name in names:
        s.node.runtime.tell(name, HoldChanged(seq))
    assert s.until(lambda: s.position == FLAT, 5000 * MS)
    assert [offset for offset, _, _ in offsets(s.a)] == ["O", "T"]
    assert s.a.account.sides == [[0, 0], [0, 0]]


def half_old(scene, **shape):
    """Two lots of yesterday's and two of today's are held, short in A."""
    s = scene(**{**LOCKS, **shape})
    s.holds()
    for index, venue in enumerate((s.a, s.b)):  # two of the four are yesterday's, by everybody's books
        own = 1 if s.pair.books[index].net < 0 else 0
        venue.account.sides[own] = [2, 2]
        s.node.pair_actor(PAIR)._own(LotsRead(index, 2 if own == 0 else -2, "scene"))
    return s


def test_close_over_both_days_closes_the_older_and_locks_the_rest(scene):
    s = half_old(scene, units=4)
    before = len(s.a.orders)
    s.closes()
    assert s.ends() == "DONE"
    sent = offsets(s.a, before)
    assert sum(lots for offset, lots, _ in sent if offset == "Y") == 2
    assert sum(lots for offset, lots, _ in sent if offset == "O") == s.a.account.sides[0][1] == 2
    assert sides(s) == s.a.account.sides == [[0, 2], [0, 2]]


@pytest.mark.parametrize("which", [0, 1])
def test_close_over_both_days_of_which_half_is_refused_is_closed_and_never_locked_twice(scene, which):
    s = half_old(scene, units=4)
    s.a.script.extend([fates.meet, fates.reject("51 over close yesterday")] if which else [fates.reject("51 over close yesterday"), fates.meet])
    before = len(s.a.orders)
    s.closes()
    assert s.ends() == "DONE"
    sent = offsets(s.a, before)
    assert [offset for offset, _, _ in sent].count("O") <= 1
    assert (s.pair.units, s.pair.naked) == (0, FLAT)
    assert sides(s) == s.a.account.sides


def test_second_leg_that_is_refused_after_the_first_has_locked_is_completed(scene):
    s = scene(**LOCKS, sequence="sequential")
    s.holds()
    s.closes(b=fates.reject())
    assert s.ends() == "DONE"
    assert (s.pair.units, s.pair.naked) == (0, FLAT)
    assert sides(s, 1) == s.b.account.sides


def test_t48_refused_close_reads_the_days_of_both_sides(scene):
    s = locked(scene)
    s.holds()  # A: long 2, short 4, all of today's
    MOMENTS["days_mismatched"](s, s.a, s.rng)  # by the venue all are older ones, and it tells nobody
    s.closes(a=fates.part(1))  # a lock half made; what is left is closed, as today's
    assert s.ends() == "DONE"
    assert [offset for offset, _, _ in offsets(s.a)[-3:]] == ["O", "T", "Y"]
    assert sides(s) == s.a.account.sides == [[2, 1], [3, 0]]


def test_idle_lock_is_taken_off_by_hand_and_no_lot_is_opened(scene):
    s = locked(scene)
    rolls(s)
    s.word_to_pair(PAIR, "unlock")
    assert s.until(lambda: s.pair.hedge is not None, 1000 * MS)
    assert s.ends() == "DONE"
    assert (sides(s), sides(s, 1)) == ([[0, 0], [2, 0]], [[2, 0], [0, 0]])
    assert s.until(lambda: s.pair.status == "HOLDING", 2000 * MS)
    s.word_to_pair(PAIR, "close")
    assert s.until(lambda: s.pair.hedge is not None, 1000 * MS)
    assert s.ends() == "DONE"
    assert [offset for offset, _, _ in (offsets(s.a)[2:] + offsets(s.b)[2:])] == ["Y"] * 4
    assert s.a.account.sides == s.b.account.sides == [[0, 0], [0, 0]]
    assert sides(s) == sides(s, 1) == [[0, 0], [0, 0]]


def test_unlock_whose_second_leg_is_refused_leaves_nothing_naked(scene):
    s = locked(scene, policy="rollback_first")
    rolls(s)
    s.b.script.append(fates.reject())
    s.word_to_pair(PAIR, "unlock")
    assert s.until(lambda: s.pair.hedge is not None, 1000 * MS)
    s.ends()
    assert s.pair.naked == FLAT
    assert sides(s) == s.a.account.sides


def test_lock_of_today_is_not_taken_off(scene):
    s = locked(scene)
    before = s.pair.hedge_count
    s.word_to_pair(PAIR, "unlock")
    s.run(500)
    assert s.pair.hedge_count == before


def test_t48_lots_that_traded_unheard_are_of_no_day(scene):
    s = half_old(scene, units=4, deposit_usd=700)  # no room for a lock: today's lots are closed
    s.a.script.extend([fates.reject("51 over close yesterday"), fates.silent()])
    s.closes()
    assert s.until(lambda: s.a.account.today == 0 and len(s.a.orders) > 2, 1000 * MS)
    s.run(100)  # asked, and answered: two of yesterday's, none of today's; two that were sold are not heard of
    assert (s.pair.books[0].net, s.pair.books[0].today) == (-4, -2)
    assert s.ends() == "DONE"
    assert sides(s) == s.a.account.sides == [[0, 0], [0, 0]]
