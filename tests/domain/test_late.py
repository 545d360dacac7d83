"""Late truth about an ended hedge while another of its pair is in flight."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import late, pairs
from domain.errors import IllegalTransition
from domain.hedges import HedgeRetried, HedgeSettling, HedgeStatus
from domain.late import LateTruthJoined
from domain.orders import OrdStatus
from domain.repair import Policy
from tests.domain.making import MS, filled_hedge, hedge
from tests.domain.rig import Rig
from tests.domain.test_machines_together import TROUBLES, move
from wire.records import decode_decision, encode_decision

H = HedgeStatus
NOW = 7


def ended(first, second, status, **kwargs):
    return replace(filled_hedge(first, second, **kwargs), status=status, hedge_id="cu.1.0")


def flying(status=H.WORKING, **changes):
    return replace(hedge(), status=status, **changes)


# ------------------------------------------------------------------ what leaves the old one


@pytest.mark.parametrize(
    ("net", "was", "lots", "outcome"),
    [
        ((5, 6), H.DONE, (0, -1), H.DONE),  # leg 1 is sold: one too many
        ((5, 4), H.DONE, (1, 0), H.PART),  # a bust of leg 1 leaves leg 0 bare
        ((1, 0), H.NONE, (1, 0), H.NONE),
        ((2, 2), H.NONE, (0, 0), H.PART),  # even, but no longer what was said
    ],
)
def test_what_no_other_leg_covers_leaves_the_ended_hedge(net, was, lots, outcome):
    old = ended(*net, was)
    (fact,) = late.joining(old, flying(), NOW)
    assert (fact.lots, fact.outcome, fact.into) == (lots, outcome, "cu.1.1")
    after = late.passed_on(old, fact)
    assert (after.naked, after.status) == ((0, 0), outcome)
    assert after.passed_to == (("cu.1.1",) if any(lots) else ())


def test_what_still_is_as_it_was_said_moves_nothing():
    assert late.joining(ended(5, 5, H.DONE), flying(), NOW) == ()
    assert late.joining(ended(5, 2, H.HANDED_OVER), flying(), NOW) == ()


# ------------------------------------------------------------------ what the other does


@pytest.mark.parametrize("status", [H.WORKING, H.SETTLING, H.REPLENISHING, H.ROLLING_BACK, H.STRANDED])
def test_the_hedge_in_flight_has_what_joined_it_in_whatever_state(status):
    fact = LateTruthJoined("cu.1.0", "cu.1.1", (2, 1), H.DONE, NOW)
    after = late.taken_over(flying(status), fact)
    assert [leg.net for leg in after.legs] == [2, -1]  # leg 1 is sold: one bought is one less
    assert (after.status, after.joined) == (status, ("cu.1.0",))


def test_a_working_hedge_settles_and_a_stranded_one_has_evidence():
    fact = LateTruthJoined("cu.1.0", "cu.1.1", (1, 0), H.DONE, NOW)
    assert late.follows(flying(), fact, 3, frozen=False) == (HedgeSettling("late truth of cu.1.0", NOW),)
    waits = replace(filled_hedge(5, 2), status=H.STRANDED, stranded_why="CAP")
    assert late.follows(waits, fact, 3, frozen=False) == (HedgeRetried("late truth of cu.1.0", NOW),)
    for other in (replace(waits, stranded_why="EXTERNAL"), replace(waits, stranded_why="FROZEN"), replace(waits, retries=3)):
        assert late.follows(other, fact, 3, frozen=False) == ()
    assert late.follows(waits, fact, 3, frozen=True) == ()
    assert late.follows(flying(H.SETTLING), fact, 3, frozen=False) == ()


@pytest.mark.parametrize(("why", "tries"), [("BUDGET", True), ("FROZEN", False), ("EXTERNAL", False)])
def test_late_truth_is_evidence_to_a_hedge_that_was_denied_but_not_to_one_of_a_persons(why, tries):
    fact = LateTruthJoined("cu.1.0", "cu.1.1", (0, -1), H.DONE, NOW)
    waits = replace(filled_hedge(5, 2, status=H.STRANDED), stranded_why=why, naked_ns=1)
    leg = waits.legs[1]
    denied = replace(leg.orders[-1], status=OrdStatus.DENIED, sent_ns=2)
    waits = replace(waits, legs=(waits.legs[0], replace(leg, orders=(*leg.orders, denied))))
    assert bool(late.follows(waits, fact, 3, frozen=False)) == tries


def test_a_pair_moves_lots_between_its_hedges_and_none_of_its_own():
    pair = pairs.new("cu", (1, -1))
    pair = replace(pair, hedge=flying(), past=(ended(5, 6, H.DONE),), status=pairs.P.OPENING)
    fact = LateTruthJoined("cu.1.0", "cu.1.1", (0, -1), H.DONE, NOW)
    after = pairs.evolve(pair, fact, "cu.1.0")
    assert after.books == pair.books
    assert [leg.net for leg in after.past[0].legs] == [5, 5]
    assert [leg.net for leg in after.hedge.legs] == [0, 1]
    for wrong in (replace(fact, into="cu.1.9"), replace(fact, hedge_id="cu.1.1"), replace(fact, hedge_id="cu.1.8")):
        with pytest.raises(IllegalTransition):
            pairs.evolve(pair, wrong, wrong.hedge_id)


def test_the_fact_is_read_back_as_it_was_written():
    fact = LateTruthJoined("cu.1.0", "cu.1.1", (0, -1), H.PART, NOW)
    assert decode_decision(encode_decision("cu", "cu", "cu.1.0", (fact,))).facts == [fact]


# ------------------------------------------------------------------ all together


def played(seed, trouble, choice, first, second):
    """Two hedges, one after the other; whatever is late strikes at random."""
    rng = random.Random(seed)
    rig = Rig(rng, trouble, policy=Policy(choice=choice), **first)
    for _ in range(200):
        if rig.pair.hedge is None:
            break
        move(rig, rng)
    if rig.pair.hedge is not None:
        rig.market.can = [True, True]
        rig.run(rig.now_ns + 60_000 * MS)
    if rig.pair.hedge is not None:
        rig.reconcile()
        return rig  # stranded: one hedge at a time
    rig.opens_another("cu.1.2", **second)
    for _ in range(80):
        if rig.venues.real and rng.random() < 0.3:
            rig.venues.late_truth()
        move(rig, rng)
    rig.market.can = [True, True]
    rig.run(rig.now_ns + 60_000 * MS, shuffled=True)
    rig.reconcile()
    return rig


shape = st.fixed_dictionaries({"units": st.integers(1, 4), "tif": st.sampled_from(("3", "0"))})
CASES = {
    "seed": st.integers(0, 2**32),
    "trouble": st.dictionaries(st.sampled_from(TROUBLES), st.sampled_from((0.1, 0.3, 0.6)), max_size=5),
    "choice": st.sampled_from(("cheaper", "replenish_first", "rollback_first")),
    "first": shape,
    "second": shape,
}


@given(**CASES)
@settings(max_examples=400, deadline=None)
@pytest.mark.slow
def test_two_hedges_with_late_truth_end_whole_and_the_books_are_the_venues(**case):
    rig = played(**case)
    assert rig.hedge.final or rig.hedge.status is H.STRANDED
    assert [book.net for book in rig.pair.books] == rig.venues.positions()
    if rig.pair.hedge is None:
        assert rig.pair.naked == (0, 0)


@given(**CASES)
@settings(max_examples=150, deadline=None)
@pytest.mark.slow
def test_both_hedges_folded_from_the_record_are_those_that_lived(**case):
    rig = played(**case)
    pair = rig.first
    for hedge_id, facts in rig.records:
        for fact in facts:
            pair = pairs.evolve(pair, fact, hedge_id)
    assert pair == rig.pair


def test_late_truth_does_meet_hedges_in_flight_in_these_plays():
    met = 0
    for seed in range(60):
        rig = played(seed, {"dry": 0.4, "overfill": 0.6}, "cheaper", {"units": 3, "tif": "3"}, {"units": 3, "tif": "0"})
        met += bool(rig.moved)
    assert met >= 5
