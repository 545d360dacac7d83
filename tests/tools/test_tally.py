"""Counting how hedges ended, though a pair keeps the last alone."""

from msgspec.structs import replace

from domain import pairs
from domain.hedges import Hedge, HedgeStatus
from domain.ids import base36
from tools.tally import Tally

EPOCH = 77
H = HedgeStatus


def ended(number, status=H.DONE, repairs=(), epoch=EPOCH):
    return Hedge(f"P.{base36(epoch)}.{number}", "open", 1, 1, (), 0.0, 1, "x", status, repairs=repairs)


def pair_with(*past, hedge=None, count=0):
    return replace(pairs.new("P", (1, -1)), past=past, hedge=hedge, hedge_count=count)


def test_what_has_left_the_pairs_memory_stays_counted():
    tally = Tally(EPOCH)
    one, two = ended(1, repairs=("replenish",)), ended(2, H.NONE, ("replenish", "rollback"))
    tally.look(pair_with(one, two))
    counts = tally.counts(pair_with(two, ended(3)))
    assert counts == {"done": 2, "part": 0, "none": 1, "handed_over": 0, "replenished": 1, "rolled_back": 1, "uncounted": 0}


def test_a_hedge_that_late_truth_re_opens_is_counted_as_it_ends_at_last():
    tally = Tally(EPOCH)
    once = ended(1)
    assert tally.counts(pair_with(once))["done"] == 1
    again = replace(once, status=H.SETTLING)
    assert tally.counts(pair_with(hedge=again))["done"] == 0
    assert tally.counts(pair_with(replace(once, status=H.PART)))["part"] == 1


def test_hedges_of_an_earlier_run_are_not_of_this_one():
    tally = Tally(EPOCH)
    assert tally.counts(pair_with(ended(1, epoch=3), ended(2)))["done"] == 1


def test_hedges_that_came_and_went_between_two_looks_are_told_as_uncounted():
    tally = Tally(EPOCH)
    tally.look(pair_with(ended(1, epoch=3), count=1))
    counts = tally.counts(pair_with(ended(9), ended(10), hedge=ended(11, H.WORKING), count=11))
    assert (counts["done"], counts["uncounted"]) == (2, 7)
