"""Pairs that share legs and money: T23, T50."""

from simulation import fates
from simulation.agenda import MS
from simulation.settings import CHEAP, RICH


def pair_of(s, name):
    return s.node.desk.memories[name].pair


def both_hold(s):
    s.mid = RICH
    assert s.until(lambda: all(pair.books[0].net for pair in s.pairs), 5000 * MS)
    assert s.until(lambda: all(pair.hedge is None for pair in s.pairs), 5000 * MS)


def test_t50_each_pair_has_its_own_ledger_and_the_account_is_their_sum(scene):
    s = scene(pairs=2)
    both_hold(s)
    assert [pair.books[0].net for pair in s.pairs] == [-1, -1]
    assert s.position == (-2, 2)


def test_t50_one_pairs_close_leaves_the_others_position_alone(scene):
    s = scene(pairs=2)
    both_hold(s)
    held, name = s.node.desk.holds, s.shape.names[1]
    s.word_to_pair(name, "paused")
    assert s.until(lambda: name in held, 500 * MS)
    s.mid = CHEAP
    assert s.until(lambda: s.pair.books[0].net == 0 and s.pair.hedge is None, 5000 * MS)
    s.run(1000)
    assert [pair.books[0].net for pair in s.pairs] == [0, -1]
    assert s.position == (-1, 1)
    s.word_to_pair(name, "active")


def test_t50_refusal_of_one_pairs_leg_is_repaired_by_that_pair_alone(scene):
    s = scene(pairs=2)
    s.b.script.append(fates.reject())

    def is_settled():
        return all(pair.hedge is None for pair in s.pairs) and len(s.judge.outcomes) >= 2

    s.mid = RICH
    assert s.until(is_settled, 8000 * MS)
    for pair in s.pairs:
        assert pair.naked == (0, 0)
    assert tuple(sum(pair.books[leg].net for pair in s.pairs) for leg in (0, 1)) == s.position


def test_t50_lots_that_one_pair_takes_are_not_counted_again_by_the_other(scene):
    s = scene(pairs=2, units=2, max_units=2)
    for venue in s.venues.values():
        venue.rates["thin"] = 1.0
    s.mid = RICH
    s.run(4000)
    assert s.judge.violations == []
    assert tuple(sum(pair.books[leg].net for pair in s.pairs) for leg in (0, 1)) == s.position


def test_t23_leg_without_funds_takes_the_other_back_and_asks_for_no_more(scene):
    s = scene(units=3, max_units=3)
    s.b.broke_until_ns = s.agenda.now_ns + 60_000 * MS
    s.opens()
    assert s.ends() == "NONE"
    assert s.position == (0, 0)
    assert len(s.orders(s.b)) <= 3
    s.b.recover()


def test_t23_funds_for_two_of_three_leave_two_whole_units(scene):
    s = scene(units=3, max_units=3, policy="replenish_first")
    s.b.script.extend([fates.part(2), *[fates.reject("NO_MARGIN")] * 3])
    s.opens()
    assert s.ends() == "PART"
    assert s.position == (-2, 2)
