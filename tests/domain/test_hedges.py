"""The hedge machine: each cell of its table, and its sums."""

import msgspec
import pytest

from domain import orders
from domain.costs import complete_cost, reverse_cost
from domain.errors import IllegalTransition
from domain.hedges import (
    REPAIRING,
    TERMINAL,
    TRANSITIONS,
    HedgeAimed,
    HedgeClaimed,
    HedgeEnded,
    HedgeExposed,
    HedgeHandedOver,
    HedgeImbalanced,
    HedgeLeft,
    HedgeReleased,
    HedgeReopened,
    HedgeRetried,
    HedgeSentBack,
    HedgeSettling,
    HedgeStatus,
    HedgeStranded,
    OutsideFilled,
    RepairChosen,
    evolve,
    order_of,
    outcome,
)
from domain.legs import LegStatus
from domain.mandates import MandateGiven, MandateReturned
from domain.orders import OrdStatus
from tests.domain.making import hedge, leg_of, mandate, order, plans

H, S = HedgeStatus, OrdStatus
COSTS = (complete_cost([], 0.0, 0), reverse_cost([]))
FACTS = {
    HedgeExposed: HedgeExposed(5),
    HedgeAimed: HedgeAimed(2, 7, 5),
    HedgeLeft: HedgeLeft((3, 0), 5),
    HedgeSettling: HedgeSettling("short", 5),
    HedgeImbalanced: HedgeImbalanced(2, (3, 0)),
    RepairChosen: RepairChosen("rollback", 2, *COSTS, "", "", "cheaper"),
    HedgeStranded: HedgeStranded("CAP", (3, 0), 5),
    HedgeRetried: HedgeRetried("market", 5),
    HedgeEnded: HedgeEnded(H.PART, 2, 5),
    HedgeHandedOver: HedgeHandedOver("ann", "by hand"),
    HedgeClaimed: HedgeClaimed("ann", "by phone"),
    HedgeSentBack: HedgeSentBack("ann", "not worth it", 5),
    HedgeReopened: HedgeReopened("late truth", 5),
    HedgeReleased: HedgeReleased("ann", "sold by hand", ((0, -3, 101),)),
    OutsideFilled: OutsideFilled(0, 2, 99, "L", 5),
}
NAMES_ITS_STATE = {HedgeEnded: H.PART, RepairChosen: H.ROLLING_BACK}


@pytest.mark.parametrize("kind", list(FACTS), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("status", list(H))
def test_every_cell_goes_where_the_table_says_or_raises(status, kind):
    state = msgspec.structs.replace(hedge(), status=status)
    before = msgspec.structs.replace(state)
    if (status, kind) not in TRANSITIONS:
        with pytest.raises(IllegalTransition):
            evolve(state, FACTS[kind])
        assert state == before
    else:
        to = TRANSITIONS[status, kind]
        assert evolve(state, FACTS[kind]).status is (NAMES_ITS_STATE[kind] if to is None else to)


def test_the_table_has_no_other_facts_and_each_final_state_opens_again():
    assert {kind for _, kind in TRANSITIONS} == set(FACTS)
    leaving = {end: {kind for status, kind in TRANSITIONS if status is end} - {HedgeReleased} for end in TERMINAL}
    assert all(kinds == {HedgeReopened} for kinds in leaving.values())


def test_both_choices_name_their_state():
    state = msgspec.structs.replace(hedge(), status=H.IMBALANCED)
    chosen = [evolve(state, RepairChosen(c, 2, *COSTS, "", "", "")) for c in ("replenish", "rollback")]
    assert tuple(h.status for h in chosen) == REPAIRING
    assert chosen[0].repairs == ("replenish",)


def nets(*filled, units=5, per_unit=(1, 1)):
    """A hedge whose legs have these nets, all settled."""
    legs = tuple(
        leg_of(p, LegStatus.SETTLED, (order(S.CANCELED, cl_ord_id=f"x.{p.index}h1", side=p.side, qty=p.target, cum_qty=n),))
        for p, n in zip(plans(units, per_unit), filled, strict=True)
    )
    return msgspec.structs.replace(hedge(units, per_unit), legs=legs)


@pytest.mark.parametrize(("state", "covered", "reached", "naked", "ends"), [
    (nets(5, 5), 5, 5, (0, 0), H.DONE),
    (nets(2, 2), 2, 2, (0, 0), H.PART),
    (nets(0, 0), 0, 0, (0, 0), H.NONE),
    (nets(5, 2), 2, 5, (3, 0), H.PART),
    (nets(2, 3), 2, 3, (0, 1), H.PART),
    (nets(6, 5), 5, 5, (1, 0), H.DONE),
    (nets(7, 7), 7, 5, (0, 0), H.DONE),
    (nets(-1, 0), 0, 0, (-1, 0), H.NONE),
    (nets(2, 2, units=1, per_unit=(3, 2)), 0, 1, (2, 2), H.NONE),
    (nets(7, 4, units=3, per_unit=(3, 2)), 2, 3, (1, 0), H.PART),
])  # fmt: skip
def test_units_covered_reached_and_naked_lots(state, covered, reached, naked, ends):
    assert (state.covered, state.reached, state.naked, outcome(state)) == (covered, reached, naked, ends)


def test_an_opening_begins_with_its_orders_out():
    state = hedge()
    assert (state.status, state.settled, state.orders_sent, state.unknown) == (H.WORKING, False, 2, False)
    assert [leg.open_qty for leg in state.legs] == [5, 5]
    assert order_of(state, "cu.1.1.1h1").side == -1
    assert order_of(state, "cu.1.1.9h1") is None


def test_a_fact_reaches_the_leg_that_it_is_of():
    state = evolve(hedge(), orders.OrderFilled("cu.1.1.1h1", 5, ("t", 5, 198)))
    assert [leg.net for leg in state.legs] == [0, 5]
    assert state.legs[0] == hedge().legs[0]


def test_a_fact_of_a_strange_order_is_illegal():
    with pytest.raises(IllegalTransition):
        evolve(hedge(), orders.OrderPending("nobody.0h1"))


def test_a_denied_order_is_not_counted_and_an_open_mandate_is_not_settled():
    state = evolve(hedge(), orders.OrderDenied("cu.1.1.0h1", "NOT_SENT", ""))
    assert state.orders_sent == 1
    state = evolve(state, MandateGiven(mandate(max_orders=3)))
    assert not state.settled
    state = evolve(state, MandateReturned("cu.1.1.0p1", 0, 0, 0, "price"))
    assert state.legs[0].mandate is None


def test_it_is_naked_since_it_began_to_settle_until_it_ends():
    state = evolve(hedge(), HedgeSettling("short", 5))
    state = evolve(evolve(state, HedgeImbalanced(0, (1, 0))), FACTS[RepairChosen])
    state = evolve(state, HedgeSettling("repair silent", 9))
    assert (state.naked_ns, state.settling_ns, state.why) == (5, 9, "short")
    state = evolve(evolve(state, HedgeStranded("BUDGET", (1, 0), 20)), HedgeRetried("settled", 30))
    assert (state.naked_ns, state.retries, state.stranded_why) == (30, 1, "")
    assert evolve(state, HedgeEnded(H.NONE, 0, 40)).naked_ns == 0
