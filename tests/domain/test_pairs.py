"""The pair machine: each cell of its table, its books, and late truth."""

import msgspec
import pytest

from domain import hedges, orders, pairs
from domain.books import LegBook
from domain.errors import IllegalTransition
from domain.hedges import HedgeEnded, HedgeHandedOver, HedgeReopened, HedgeSettling, HedgeStranded
from domain.pairs import (
    DayRolled,
    Mode,
    ModeSet,
    Pair,
    PairFrozen,
    PairReady,
    PairReleased,
    PairStatus,
    evolve,
)
from tests.domain.making import hedge, opening

H, P = hedges.H, PairStatus
FLAT = (LegBook(), LegBook())
HELD = (LegBook(5), LegBook(-5))


def past(kind):
    return msgspec.structs.replace(hedge(kind=kind, hedge_id="cu.1.0"), status=H.DONE)


def flying(kind="open", status=H.WORKING):
    return msgspec.structs.replace(hedge(kind=kind), status=status)


CASES = {
    pairs.OPEN: (opening(), {}),
    pairs.CLOSE: (opening(kind="close"), {}),
    pairs.ENDED: (HedgeEnded(H.DONE, 5, 1), {"hedge": flying()}),
    pairs.HANDED_OVER: (HedgeHandedOver("ann", "by hand"), {"hedge": flying(status=H.STRANDED)}),
    pairs.REOPENED_OPEN: (HedgeReopened("late", 1), {"past": (past("open"),)}),
    pairs.REOPENED_CLOSE: (HedgeReopened("late", 1), {"past": (past("close"),)}),
    pairs.READY_FLAT: (PairReady(1), {"books": FLAT}),
    pairs.READY_HOLDING: (PairReady(1), {"books": HELD}),
    pairs.FREEZE: (PairFrozen("failures"), {}),
    pairs.RELEASE: (PairReleased("ann", "looked"), {}),
    pairs.RELEASE_OPEN: (PairReleased("ann", "looked"), {"hedge": flying()}),
    pairs.RELEASE_CLOSE: (PairReleased("ann", "looked"), {"hedge": flying("close")}),
}


@pytest.mark.parametrize("effect", pairs.EFFECTS)
@pytest.mark.parametrize("status", list(P))
def test_every_cell_goes_where_the_table_says_or_raises(status, effect):
    fact, changes = CASES[effect]
    pair = msgspec.structs.replace(Pair("cu", (1, -1), status, books=FLAT), **changes)
    hedge_id = "cu.1.0" if isinstance(fact, HedgeReopened) else None
    before = msgspec.structs.replace(pair)
    to = pairs.TRANSITIONS.get((status, effect))
    if to is None:
        with pytest.raises(IllegalTransition):
            evolve(pair, fact, hedge_id)
        assert pair == before
    else:
        assert evolve(pair, fact, hedge_id).status is to


def test_every_effect_has_a_case():
    assert set(CASES) == set(pairs.EFFECTS)


def opened(**kwargs):
    return evolve(pairs.new("cu", (1, -1)), opening(**kwargs))


def filled(pair, leg=0, qty=5, px=100, hedge="cu.1.1"):
    return evolve(pair, orders.OrderFilled(f"{hedge}.{leg}h1", qty, (f"t{leg}", qty, px)), hedge)


def test_a_fill_is_in_the_books_in_the_turn_in_which_it_comes():
    pair = filled(filled(opened()), 1, 5, 198)
    assert [(b.net, b.cash) for b in pair.books] == [(5, -500), (-5, 990)]
    assert (pair.units, pair.naked) == (5, (0, 0))


def test_one_leg_alone_is_naked_and_no_unit():
    pair = filled(opened())
    assert (pair.units, pair.naked) == (0, (5, 0))


def test_a_hedge_that_ended_is_kept_and_clears_the_failures():
    pair = msgspec.structs.replace(opened(), failures=2)
    pair = evolve(pair, HedgeEnded(H.PART, 3, 9))
    assert (pair.hedge, len(pair.past), pair.failures, pair.status) == (None, 1, 0, P.COOLDOWN)


def test_none_and_stranded_are_failures():
    assert evolve(opened(), HedgeEnded(H.NONE, 0, 9)).failures == 1
    pair = evolve(evolve(opened(), HedgeSettling("x", 1)), HedgeStranded("CAP", (5, 0), 2))
    assert pair.failures == 1
    assert evolve(pair, HedgeHandedOver("ann", "by hand")).status is P.FROZEN


def test_past_hedges_are_bounded():
    pair = pairs.new("cu", (1, -1))
    for n in range(pairs.MAX_PAST_HEDGES + 3):
        pair = evolve(evolve(pair, opening(hedge_id=f"cu.1.{n}")), HedgeEnded(H.NONE, 0, 1))
        pair = evolve(pair, PairReady(1))
    assert len(pair.past) == pairs.MAX_PAST_HEDGES
    assert pair.past[-1].hedge_id == f"cu.1.{pairs.MAX_PAST_HEDGES + 2}"


def ended(pair):
    return evolve(pair, HedgeEnded(H.DONE, 5, 9))


def test_a_late_fill_of_a_past_hedge_is_booked_there_and_may_reopen_it():
    pair = ended(filled(filled(opened()), 1))
    pair = evolve(pair, orders.OrderFilledLate("cu.1.1.0h1", 6, ("t9", 1, 100)), "cu.1.1")
    assert (pair.books[0].net, pair.past[0].legs[0].net, pair.naked) == (6, 6, (1, 0))
    pair = evolve(pair, HedgeReopened("late truth", 20), "cu.1.1")
    assert (pair.status, pair.hedge.status, pair.past) == (P.OPENING, H.SETTLING, ())


def test_a_past_hedge_is_not_reopened_over_one_in_flight():
    pair = ended(filled(filled(opened()), 1))
    pair = evolve(evolve(pair, PairReady(1)), opening(hedge_id="cu.1.2"))
    for state in (pair, evolve(pair, PairFrozen("x"))):
        with pytest.raises(IllegalTransition):
            evolve(state, HedgeReopened("late truth", 20), "cu.1.1")
    late = evolve(pair, orders.OrderFilledLate("cu.1.1.0h1", 6, None), "cu.1.1")
    assert (late.books[0].net, late.hedge.hedge_id) == (6, "cu.1.2")


def test_a_release_gives_a_hedge_in_flight_back_to_its_state():
    pair = evolve(evolve(opened(), PairFrozen("x")), PairReleased("ann", "ok"))
    assert (pair.status, pair.hedge.hedge_id, pair.failures) == (P.OPENING, "cu.1.1", 0)


def test_the_mode_is_beside_the_state():
    pair = evolve(opened(), ModeSet(Mode.PAUSED, "ann", "news"))
    assert (pair.mode, pair.status) == (Mode.PAUSED, P.OPENING)


def test_a_new_day_of_one_venue_rolls_that_leg():
    pair = evolve(filled(filled(opened()), 1), DayRolled(0, "20261124"))
    assert [(b.net, b.today) for b in pair.books] == [(5, 0), (-5, -5)]


def test_facts_of_strangers_are_illegal():
    with pytest.raises(IllegalTransition):
        evolve(opened(), orders.OrderPending("nobody.0h1"))
    with pytest.raises(IllegalTransition):
        evolve(opened(), HedgeSettling("x", 1), "cu.9.9")
