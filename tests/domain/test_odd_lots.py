"""What is less than an order of its venue: to the ledger, or to a person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import advance, pairs
from domain.books import LegBook
from domain.hedges import HedgeEnded, HedgeLeft, HedgeStatus, HedgeStranded, RepairChosen
from domain.mandates import MandateGiven, MandateState, next_order
from domain.odd_lots import split
from domain.repair import Policy, choose
from tests.domain.making import Market, filled_hedge, mandate

LEAST = Policy(min_lots=(1, 5))
KEPT = replace(LEAST, leaves=True)
H = HedgeStatus


def shape(first, second, **more):
    """Units of 5 lots of A and 5 of B, of which B takes no order below 5."""
    return filled_hedge(first, second, units=2, per_unit=(5, 5), **more)


def test_part_below_the_least_lots_is_not_sent_but_told_where_no_ledger_keeps_it():
    (fact,) = choose(shape(10, 7), LEAST, Market(), 7)  # 3 lack on B; taken back to 5, B has 2 too many
    assert fact == HedgeStranded("LOTS", (5, 2), 7)


def test_rollback_takes_back_what_is_an_order_and_the_ledger_keeps_the_rest():
    state = shape(10, 7)
    chosen, given_ = choose(state, KEPT, Market(), 7)
    assert isinstance(chosen, RepairChosen)
    assert (chosen.choice, chosen.replenish_barred) == ("rollback", "LOTS")
    assert isinstance(given_, MandateGiven)
    assert (given_.mandate.leg, given_.mandate.side, given_.mandate.most_lots) == (0, -1, 5)


def test_what_alone_is_left_over_ends_the_hedge_and_is_on_the_ledger():
    facts = choose(shape(5, 7), KEPT, Market(), 7)
    assert facts == (HedgeLeft((0, 2), 7), HedgeEnded(H.PART, 1, 7))
    hedge = shape(5, 7)
    pair = replace(pairs.new("cu", (5, -5)), hedge=hedge, status=pairs.P.OPENING, books=(LegBook(5), LegBook(-7)))
    for fact in facts:
        pair = pairs.evolve(pair, fact, hedge.hedge_id)
    assert (pair.units, pair.naked, pair.odd) == (1, (0, 0), (0, -2))
    assert advance.holds_true(pair.past[-1], advance.standing(pair.past[-1]))


def test_close_short_of_less_than_an_order_leaves_it_too():
    facts = choose(shape(10, 7, kind="close"), KEPT, Market(), 7)
    assert facts == (HedgeLeft((0, -3), 7), HedgeEnded(H.DONE, 2, 7))


def test_close_completes_what_is_an_order_first():
    _, given_ = choose(shape(5, 7, kind="close"), KEPT, Market(), 7)
    assert (given_.mandate.leg, given_.mandate.most_lots) == (0, 5)


def test_rest_of_a_mandate_below_the_least_lots_gives_it_back():
    out = MandateState(mandate(leg=1, most_lots=3, least_lots=5))
    assert next_order(out, Market().leg(1, 1), 0) == "lots"
    assert next_order(MandateState(mandate(most_lots=5, least_lots=5)), Market().leg(0, 1), 0).qty == 5


@given(
    st.lists(st.integers(-30, 30), min_size=2, max_size=2),
    st.integers(1, 9),
    st.sampled_from(["replenish", "rollback"]),
    st.booleans(),
    st.sampled_from(["open", "close"]),
)
def test_no_repair_is_ever_smaller_than_its_venue_takes(diffs, least, choice, leaves, kind):
    found = split(shape(10, 10, kind=kind), Policy(min_lots=(1, least), leaves=leaves), choice, diffs)
    if found == "LOTS":
        assert 0 < abs(diffs[1]) < least
        assert not leaves or (choice, kind) == ("replenish", "open")
    else:
        assert found[0] == diffs[0]
        assert found[1] in (0, diffs[1])
        assert not 0 < abs(found[1]) < least


@pytest.mark.parametrize(("first", "second"), [(10, 10), (5, 5)])
def test_even_hedges_are_none_of_its_business(first, second):
    state = shape(first, second)
    assert split(state, KEPT, "rollback", [0, 0]) == [0, 0]
