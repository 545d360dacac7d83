"""The leg machine: each cell of its table, and what drives it."""

import msgspec
import pytest

from domain import orders
from domain.errors import IllegalTransition
from domain.legs import DOUBT, EFFECTS, ENDED, GIVEN, LIVE, RETURNED, REVOKED, SENT, TRANSITIONS, Leg, LegStatus, evolve
from domain.mandates import MandateGiven, MandateReturned, MandateRevoked, left_behind
from domain.orders import OrdStatus
from tests.domain.making import MS, leg_of, mandate, order, plans

S = OrdStatus
PLAN = plans()[0]
WORKING_ID, ENDED_ID = "cu.1.1.0h1", "cu.1.1.0h2"
LEFT = {LIVE: S.NEW, DOUBT: S.UNKNOWN, ENDED: S.CANCELED}


def driven(leg_status, effect):
    """A leg and the fact whose effect on it is `effect`."""
    if effect == SENT:
        return Leg(PLAN, leg_status), orders.OrderSubmitted(WORKING_ID, 0, "h", 1, 5, 100, "3", "O", 0)
    if effect == GIVEN:
        return Leg(PLAN, leg_status), MandateGiven(mandate())
    if effect == RETURNED:
        return Leg(PLAN, leg_status, (), mandate()), MandateReturned("cu.1.1.0p1", 0, 0, 0, "price")
    if effect == REVOKED:
        return Leg(PLAN, leg_status, (), mandate()), MandateRevoked("cu.1.1.0p1", 0, "ann", "look first")
    leg = Leg(PLAN, leg_status, (order(LEFT[effect], cl_ord_id=WORKING_ID),))
    return leg, orders.OrderQueried(WORKING_ID, 1 * MS)


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("status", list(LegStatus))
def test_every_cell_goes_where_the_table_says_or_raises(status, effect):
    leg, fact = driven(status, effect)
    before = msgspec.structs.replace(leg)
    to = TRANSITIONS.get((status, effect))
    if to is None:
        with pytest.raises(IllegalTransition):
            evolve(leg, fact)
        assert leg == before
    else:
        assert evolve(leg, fact).status is to


def test_no_leg_is_ever_in_a_state_without_a_way_on():
    assert {status for status, _ in TRANSITIONS} == set(LegStatus) == {LegStatus.IDLE, *TRANSITIONS.values()}


def test_doubt_of_one_order_outweighs_a_live_one():
    assert left_behind((order(S.NEW), order(S.UNKNOWN))) == DOUBT
    assert left_behind((order(S.NEW), order(S.FILLED))) == LIVE
    assert left_behind((order(S.FILLED), order(S.ABSENT))) == ENDED


def test_net_counts_reversals_off_and_open_what_may_still_fill():
    leg = leg_of(
        PLAN,
        LegStatus.WORKING,
        (
            order(S.CANCELED, cum_qty=4),
            order(S.FILLED, cl_ord_id="cu.1.1.0b1", letter="b", side=-1, qty=1, cum_qty=1),
            order(S.UNKNOWN, cl_ord_id="cu.1.1.0h2", qty=2, cum_qty=1),
        ),
    )
    assert (leg.net, leg.open_qty, leg.reversing_qty, leg.unknown, leg.short) == (4, 1, 0, True, True)


def test_what_a_mandate_has_not_spent_is_in_flight():
    given = mandate(most_lots=3)
    leg = evolve(leg_of(PLAN, LegStatus.SETTLED, (order(S.CANCELED, cum_qty=2),)), MandateGiven(given))
    assert (leg.open_qty, leg.unspent, leg.settled) == (3, 3, False)
    leg = evolve(leg, orders.OrderSubmitted("cu.1.1.0p1", 0, "p", 1, 3, 102, "3", "O", 0))
    assert (leg.open_qty, leg.unspent) == (3, 0)
    leg = evolve(leg, orders.OrderExpired("cu.1.1.0p1", 1))
    assert (leg.net, leg.open_qty, leg.unspent) == (3, 2, 2)


def test_orders_of_an_earlier_mandate_do_not_spend_the_present_one():
    done = order(S.FILLED, cl_ord_id="cu.1.1.0p1", letter="p", qty=2, cum_qty=2)
    leg = leg_of(PLAN, LegStatus.MANDATED, (done,), mandate(most_lots=1, first_order=2))
    assert leg.unspent == 1


def test_a_reversing_mandate_is_not_towards_the_target():
    leg = leg_of(PLAN, LegStatus.MANDATED, (order(S.FILLED, cum_qty=5),), mandate("rollback", side=-1, most_lots=2))
    assert (leg.open_qty, leg.reversing_qty) == (0, 2)


def test_a_mandated_leg_takes_late_truth_of_its_older_orders():
    leg = leg_of(PLAN, LegStatus.MANDATED, (order(S.CANCELED, cum_qty=2),), mandate())
    after = evolve(leg, orders.OrderFilledLate(WORKING_ID, 3, None))
    assert (after.status, after.net) == (LegStatus.MANDATED, 3)
