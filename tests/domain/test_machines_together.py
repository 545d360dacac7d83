"""Properties of all machines together, on venues that do what they may."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import pairs
from domain.hedges import HedgeStatus
from domain.repair import Policy
from tests.domain.making import MS
from tests.domain.rig import Rig

H = HedgeStatus
TROUBLES = ("repeat", "deny", "vanish", "silence", "reject", "lose", "dry", "refuse_cancel", "overfill", "bust", "local")
trouble = st.dictionaries(st.sampled_from(TROUBLES), st.sampled_from((0.1, 0.3, 0.6)), max_size=6)
CASES = {
    "seed": st.integers(0, 2**32),
    "trouble": trouble,
    "units": st.integers(1, 6),
    "per_unit": st.sampled_from(((1, 1), (3, 2))),
    "kind": st.sampled_from(("open", "close")),
    "tif": st.sampled_from(("3", "0")),
    "choice": st.sampled_from(("cheaper", "replenish_first", "rollback_first")),
}


def played(seed, trouble, choice="cheaper", **shape):
    """A hedge through random reports, quiet, late truth and moving markets."""
    rng = random.Random(seed)
    rig = Rig(rng, trouble, policy=Policy(choice=choice), **shape)
    for _ in range(60):
        move(rig, rng)
    rig.market.can = [True, True]
    rig.run(rig.now_ns + 60_000 * MS, shuffled=True)
    rig.reconcile()
    return rig


def move(rig, rng):
    what = rng.random()
    venues = rig.venues
    if venues.way and what < 0.6:
        rig.deliver(rng.randrange(len(venues.way)) if rng.random() < 0.3 else 0)
    elif what < 0.8:
        rig.tick()
    elif what < 0.85 and venues.real:
        venues.late_truth()
    elif what < 0.9:
        rig.market.can = [rng.random() < 0.7, rng.random() < 0.7]
    elif what < 0.95:
        step = rng.randrange(-8, 9)
        rig.market.books[0] = ((99 + step, rng.randrange(1, 9)), (100 + step, rng.randrange(1, 9)))


@given(**CASES)
@settings(max_examples=600, deadline=None)
@pytest.mark.slow
def test_a_hedge_always_ends_whole_or_stranded_and_told(**case):
    rig = played(**case)
    hedge = rig.hedge
    assert hedge.final or hedge.status is H.STRANDED
    assert [b.net - was.net for b, was in zip(rig.pair.books, rig.first.books, strict=True)] == rig.venues.positions()
    if hedge.final:
        assert [abs(b.net) % n for b, n in zip(rig.pair.books, case["per_unit"], strict=True)] == [0, 0]


@given(**CASES)
@settings(max_examples=200, deadline=None)
@pytest.mark.slow
def test_the_state_folded_from_the_record_is_the_state_that_lived(**case):
    rig = played(**case)
    pair = rig.first
    for hedge_id, facts in rig.records:
        for fact in facts:
            pair = pairs.evolve(pair, fact, hedge_id)
    assert pair == rig.pair


@given(seed=st.integers(0, 2**32), tif=st.sampled_from(("3", "0")))
@settings(max_examples=30, deadline=None)
def test_without_trouble_a_hedge_is_done_and_never_repaired(seed, tif):
    rig = Rig(random.Random(seed), tif=tif)
    rig.run(1000 * MS)
    assert (rig.hedge.status, rig.hedge.repairs, rig.pair.units) == (H.DONE, (), 5)
