"""Which repair: costs worked by hand, policies, ladder and caps."""

from math import nan

import pytest
from msgspec.structs import replace

from domain import orders
from domain.hedges import HedgeStranded, RepairChosen
from domain.mandates import MandateGiven
from domain.repair import Policy, choose, is_possible, tally
from tests.domain.making import MS, Market, adopted, filled_hedge

POLICY = Policy()


def decided(state, policy=POLICY, market=None, now_ns=0):
    chosen, *given = choose(state, policy, market or Market(), now_ns)
    assert isinstance(chosen, RepairChosen)
    assert all(isinstance(g, MandateGiven) for g in given)
    return chosen, [g.mandate for g in given]


def left(state, policy):
    """Orders that a replenish, and that any repair, may still send."""
    stands = tally(state, policy)
    return stands.replenish, stands.total


def stranded(state, policy=POLICY, market=None):
    (fact,) = choose(state, policy, market or Market(), 7)
    assert isinstance(fact, HedgeStranded)
    assert (fact.naked, fact.at_ns) == (state.naked, 7)
    return fact.why


def sent(state, leg, letter, *ends):
    """Repair orders of a leg that ended like this: a code, or None (expired)."""
    side = state.legs[leg].plan.side * (1 if letter == "p" else -1)
    status = state.status
    for number, code in enumerate(ends, 1):
        ref = f"cu.1.1.{leg}{letter}{number}"
        born = orders.OrderSubmitted(ref, leg, letter, side, 1, 100, "3", "O", 0)
        end = orders.OrderExpired(ref, 0) if code is None else orders.OrderRejected(ref, 0, 99, code)
        state = adopted(state, born, end)
    return replace(state, status=status)


# ------------------------------------------------------------------ costs by hand


def test_the_cheaper_is_as_worked_by_hand_to_complete():
    # 3 lots short on B, which is sold: touch at the decision 200, bid now 198.
    # complete: (200 - 198) x 3 + fees 0.5 x 3 - edge 10 x 3 = -22.5
    # back: 3 lots of A bought at 100, sold at 99: 3, closing is free: 3
    chosen, (given,) = decided(filled_hedge(5, 2), market=Market(((99, 9), (100, 9)), ((198, 9), (201, 9))))
    assert (chosen.choice, chosen.to_units, chosen.reason) == ("replenish", 5, "cheaper")
    assert (chosen.replenish.total, chosen.rollback.total) == (-22.5, 3.0)
    assert (given.kind, given.leg, given.side, given.most_lots, given.worst_px) == ("replenish", 1, -1, 3, 180)
    assert (given.mandate_id, given.first_order, given.max_orders, given.offset) == ("cu.1.1.1p1", 1, 3, "O")


def test_the_cheaper_is_as_worked_by_hand_to_go_back():
    # B's bid has fallen by 15: (200 - 185) x 3 + 1.5 - 30 = 16.5; back: 3
    chosen, (given,) = decided(filled_hedge(5, 2), market=Market(((99, 9), (100, 9)), ((185, 9), (186, 9))))
    assert (chosen.choice, chosen.to_units) == ("rollback", 2)
    assert (chosen.replenish.total, chosen.rollback.total) == (16.5, 3.0)
    assert (given.kind, given.leg, given.side, given.most_lots, given.worst_px) == ("rollback", 0, -1, 3, 79)
    assert (given.mandate_id, given.offset) == ("cu.1.1.0b1", "T")


def test_the_books_are_walked_to_the_quantity():
    # back: 1 at 99, 2 at 95: 1 + 2 x 5 = 11; complete: 1 at 200, 2 at 190: 20 + 1.5 - 30
    market = Market(((99, 1, 95, 9), (100, 9)), ((200, 1, 190, 9), (201, 9)))
    chosen, _ = decided(filled_hedge(5, 2), market=market)
    assert (chosen.rollback.total, chosen.replenish.total) == (pytest.approx(11.0), pytest.approx(-8.5))


def test_both_ways_carry_the_time_penalty_and_equal_ones_complete():
    market = Market(((99, 9), (100, 9)), ((200, 9), (201, 9)), penalty=4.0)
    chosen, _ = decided(filled_hedge(5, 2), market=market)
    assert (chosen.replenish.total, chosen.rollback.total) == (-24.5, 7.0)
    even = replace(filled_hedge(5, 2), edge=-0.5)
    chosen, _ = decided(even, market=market)
    assert (chosen.choice, chosen.replenish.total, chosen.rollback.total) == ("replenish", 7.0, 7.0)


def test_a_cost_that_is_not_known_loses_to_one_that_is():
    class Blind(Market):
        def cost(self, index, side, qty, reference_px, reverses):
            return replace(super().cost(index, side, qty, reference_px, reverses), slippage=nan if index else 0.0)

    chosen, _ = decided(filled_hedge(5, 2), market=Blind())
    assert (chosen.choice, chosen.reason) == ("rollback", "the other's cost is unknown")


@pytest.mark.parametrize(("policy", "choice"), [("replenish_first", "replenish"), ("rollback_first", "rollback")])
def test_a_policy_goes_before_the_cost(policy, choice):
    dear = Market(((50, 9), (51, 9)), ((185, 9), (186, 9)))
    cheap = Market(((99, 9), (100, 9)), ((200, 9), (201, 9)))
    for market in (dear, cheap):
        chosen, _ = decided(filled_hedge(5, 2), Policy(choice=policy), market)
        assert (chosen.choice, chosen.reason) == (choice, f"policy {policy}")


# ------------------------------------------------------------------ shapes


def test_two_of_three_against_two_completes_one_or_takes_back_both_legs():
    # T05: ratio 3:2, A 2/3: one more of A, or 2 of A and 2 of B back
    state = filled_hedge(2, 2, units=1, per_unit=(3, 2))
    chosen, (given,) = decided(state, Policy(choice="replenish_first"))
    assert (chosen.to_units, given.leg, given.side, given.most_lots) == (1, 0, 1, 1)
    chosen, back = decided(state, Policy(choice="rollback_first"))
    assert (chosen.to_units, [(m.leg, m.side, m.most_lots) for m in back]) == (0, [(0, -1, 2), (1, 1, 2)])


def test_both_legs_short_meet_at_what_one_of_them_has():
    state = filled_hedge(2, 3)
    chosen, (given,) = decided(state, Policy(choice="replenish_first"))
    assert (chosen.to_units, given.leg, given.most_lots, chosen.replenish.edge) == (3, 0, 1, 10.0)
    chosen, (given,) = decided(state, Policy(choice="rollback_first"))
    assert (chosen.to_units, given.leg, given.side, given.most_lots) == (2, 1, 1, 1)


@pytest.mark.parametrize("kind", ["open", "close"])
@pytest.mark.parametrize("policy", ["cheaper", "replenish_first", "rollback_first"])
def test_what_is_filled_beyond_the_target_can_only_be_reversed(kind, policy):
    chosen, (given,) = decided(filled_hedge(6, 5, kind=kind), Policy(choice=policy))
    assert (chosen.choice, chosen.replenish_barred) == ("rollback", "OVERFILLED")
    assert (given.kind, given.leg, given.side, given.most_lots) == ("rollback", 0, -1, 1)


def test_completing_reverses_what_is_over_under_a_rollback_mandate():
    chosen, given = decided(filled_hedge(6, 3), Policy(choice="replenish_first"))
    assert chosen.to_units == 5
    assert [(m.kind, m.mandate_id, m.side, m.most_lots) for m in given] == [
        ("rollback", "cu.1.1.0b1", -1, 1),
        ("replenish", "cu.1.1.1p1", -1, 2),
    ]


def test_a_close_is_completed_never_taken_back():
    state = filled_hedge(5, 2, kind="close")
    for policy in ("cheaper", "rollback_first"):
        chosen, _ = decided(state, Policy(choice=policy), Market(((99, 9), (100, 9)), ((185, 9), (186, 9))))
        assert (chosen.choice, chosen.rollback_barred) == ("replenish", "CLOSE")
    assert stranded(sent(state, 1, "p", "no", "no", "no")) == "REFUSED"


@pytest.mark.parametrize("held", [0, 2])
def test_close_of_what_is_held_no_more_is_taken_back(held):
    market = Market()
    market.holds = (0, held)
    chosen, (given,) = decided(filled_hedge(5, 2, kind="close"), market=market)
    assert (chosen.choice, chosen.to_units, chosen.replenish_barred) == ("rollback", 2, "GONE")
    assert (given.kind, given.leg, given.side, given.most_lots) == ("rollback", 0, -1, 3)
    market.holds = (0, 3)
    assert decided(filled_hedge(5, 2, kind="close"), market=market)[0].choice == "replenish"


def test_refusals_of_a_close_are_waited_out_those_of_an_open_only_without_another_way():
    close = sent(filled_hedge(5, 2, kind="close"), 1, "p", "no", "no")
    _, (given,) = decided(close)
    assert (given.kind, given.patient) == ("replenish", True)
    _, (given,) = decided(filled_hedge(5, 2), Policy(choice="replenish_first"))
    assert (given.kind, given.patient) == ("replenish", False)
    _, (given,) = decided(filled_hedge(5, 2), Policy(choice="rollback_first"))
    assert (given.kind, given.patient) == ("rollback", True)
    market = Market()
    market.can = [False, True]
    _, (given,) = decided(filled_hedge(5, 2), Policy(choice="replenish_first"), market)
    assert (given.kind, given.patient) == ("replenish", True)


def test_a_person_who_retries_a_refused_hedge_gives_it_another_try():
    refused = sent(filled_hedge(5, 2), 1, "p", "no", "no")
    assert tally(refused, POLICY).refused
    assert not tally(replace(refused, naked_ns=1000 * MS), POLICY).refused


# ------------------------------------------------------------------ caps


def test_twelve_orders_in_all_three_replenish_and_four_kept_for_reversals():
    state = filled_hedge(5, 2)
    assert left(state, POLICY) == (3, 10)
    state = sent(state, 1, "p", None, "a", "b")
    assert left(state, POLICY) == (0, 7)
    chosen, (given,) = decided(state, Policy(choice="replenish_first"))
    assert (chosen.choice, chosen.replenish_barred, given.max_orders) == ("rollback", "CAP", 7)


def test_the_last_four_orders_are_for_reversals_alone():
    wide = Policy(choice="replenish_first", max_replenish_orders=99)
    state = sent(filled_hedge(5, 2), 1, "p", *[None] * 6)
    assert left(state, wide) == (0, 4)
    assert decided(state, wide)[0].choice == "rollback"


def test_with_all_orders_spent_it_is_stranded_for_the_cap_and_a_retry_adds_four():
    state = sent(filled_hedge(5, 2), 0, "b", *[None] * 10)
    assert stranded(state) == "CAP"
    assert is_possible(state, POLICY, Market())
    retried = replace(state, retries=1)
    chosen, (given,) = decided(retried)
    assert (chosen.choice, given.max_orders, given.first_order) == ("rollback", 4, 11)


def test_a_denied_order_uses_nothing_up():
    state = filled_hedge(5, 2)
    ref = "cu.1.1.1p1"
    state = adopted(
        state, orders.OrderSubmitted(ref, 1, "p", -1, 3, 200, "3", "O", 0), orders.OrderDenied(ref, "NOT_SENT", "")
    )
    assert left(state, POLICY) == (3, 10)


def test_decisions_that_lead_to_no_order_are_bounded_too():
    state = replace(filled_hedge(5, 2), repairs=("replenish",) * 12)
    assert stranded(state) == "CAP"


def test_orders_are_shared_among_the_legs_of_a_repair():
    state = filled_hedge(2, 2, units=1, per_unit=(3, 2))
    _, back = decided(state, Policy(choice="rollback_first"))
    assert [m.max_orders for m in back] == [5, 5]
    few = sent(state, 0, "b", *[None] * 9)
    assert stranded(few, Policy(choice="rollback_first", max_replenish_orders=0)) == "CAP"


def test_two_refusals_with_the_same_code_end_the_replenishing():
    state = sent(filled_hedge(5, 2), 1, "p", "no margin", "no margin")
    assert tally(state, POLICY).refused
    chosen, _ = decided(state, Policy(choice="replenish_first"))
    assert (chosen.choice, chosen.replenish_barred) == ("rollback", "REFUSED")
    assert not tally(sent(filled_hedge(5, 2), 1, "p", "no margin", "closed"), POLICY).refused
    assert not tally(sent(filled_hedge(5, 2), 0, "b", "no margin", "no margin"), POLICY).refused


# ------------------------------------------------------------------ markets


def test_a_closed_market_bars_only_what_needs_it():
    market = Market()
    market.can = [True, False]
    chosen, _ = decided(filled_hedge(5, 2), market=market)
    assert (chosen.choice, chosen.replenish_barred) == ("rollback", "MARKET")
    market.can = [False, False]
    assert stranded(filled_hedge(5, 2), market=market) == "MARKET"


def test_a_price_that_the_days_limit_keeps_from_the_touch_is_a_locked_market():
    market = Market()
    market.limits = [(99, 100), (202, 210)]  # B is sold at 200, below the day's lowest
    chosen, _ = decided(filled_hedge(5, 2), market=market)
    assert chosen.replenish_barred == "MARKET"


def test_a_touch_beyond_the_slippage_cap_waits_for_a_person():
    market = Market(((99, 9), (100, 9)), ((179, 9), (201, 9)))
    chosen, _ = decided(filled_hedge(5, 2), Policy(choice="replenish_first"), market)
    assert (chosen.choice, chosen.replenish_barred) == ("rollback", "PRICE")
    assert stranded(filled_hedge(5, 2, kind="close"), market=market) == "PRICE"


def test_without_a_quote_the_order_goes_at_the_cap_inside_the_limits():
    market = Market(((), ()), ((), ()))
    market.limits = [(90, 110), (None, None)]
    chosen, (given,) = decided(filled_hedge(5, 2), Policy(choice="rollback_first"), market)
    assert (chosen.rollback_barred, given.worst_px) == ("", 80)


# ------------------------------------------------------------------ time


def test_an_open_may_spend_half_its_time_on_completing():
    state = filled_hedge(5, 2, naked_ns=100 * MS)
    _, (given,) = decided(state, Policy(choice="replenish_first"), now_ns=100 * MS)
    assert given.deadline_ns == 1600 * MS
    _, (given,) = decided(state, Policy(choice="rollback_first"), now_ns=100 * MS)
    assert given.deadline_ns == 3100 * MS
    _, (given,) = decided(filled_hedge(5, 2, kind="close", naked_ns=100 * MS), now_ns=100 * MS)
    assert given.deadline_ns == 3100 * MS


def test_a_late_try_gets_a_quarter_but_never_more_than_the_budget():
    state = filled_hedge(5, 2, naked_ns=100 * MS)
    _, (given,) = decided(state, Policy(choice="replenish_first"), now_ns=1500 * MS)
    assert given.deadline_ns == 2250 * MS
    _, (given,) = decided(state, Policy(choice="rollback_first"), now_ns=3000 * MS)
    assert given.deadline_ns == 3100 * MS


def test_the_second_mandate_of_a_leg_goes_on_with_its_numbers():
    state = sent(filled_hedge(5, 2), 1, "p", "a", "b")
    _, (given,) = decided(state, Policy(choice="replenish_first"))
    assert (given.mandate_id, given.first_order, given.max_orders) == ("cu.1.1.1p3", 3, 1)
