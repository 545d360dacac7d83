"""One leg after the other: the second is as large as the first's fills."""

import pytest
from msgspec.structs import replace

from domain import advance, orders
from domain.advance import HedgeRules, next_ns
from domain.hedges import HedgeEnded, HedgeExposed, HedgeImbalanced, HedgeSettling, HedgeStatus, opened
from domain.mandates import MandateGiven
from domain.orders import OrderSubmitted
from domain.repair import GO_BACK, Policy
from tests.domain.making import MS, Market, adopted, opening

H = HedgeStatus
RULES = HedgeRules()


def begun(units=5, per_unit=(1, 1), *, first=0, tif="0", kind="open"):
    told = opening(units, per_unit, tif=tif, kind=kind)
    return opened(replace(told, orders=tuple(o for o in told.orders if o.leg == first), first=first))


def filled(state, cum, qty, leg=0, number=1):
    ref = f"cu.1.1.{leg}h{number}"
    whole = cum == next(o.qty for o in state.legs[leg].orders if o.cl_ord_id == ref)
    kind = orders.OrderFilled if whole else orders.OrderPartiallyFilled
    return adopted(state, kind(ref, cum, (f"t{leg}.{number}.{cum}", qty, 100), None))


def follows(state, now_ms=0, market=None, rules=RULES):
    end, facts = advance.advance(state, rules, market or Market(), now_ms * MS)
    assert adopted(state, *facts) == end
    return end, facts


def sent(facts):
    return [(f.cl_ord_id, f.side, f.qty, f.px, f.tif) for f in facts if isinstance(f, OrderSubmitted)]


def test_only_the_first_legs_orders_leave_and_nothing_follows_before_a_fill():
    state = begun()
    assert [len(leg.orders) for leg in state.legs] == [1, 0]
    assert follows(state, 900) == (state, ())


def test_each_fill_of_the_first_leg_sends_as_much_of_the_second_in_its_turn():
    state, facts = follows(filled(begun(), 2, 2), 10)
    assert facts[0] == HedgeExposed(10 * MS)
    assert sent(facts) == [("cu.1.1.1h1", -1, 2, 198, "3")]
    state, facts = follows(filled(state, 5, 3), 20)
    assert sent(facts) == [("cu.1.1.1h2", -1, 3, 198, "3")]
    state = filled(filled(state, 2, 2, leg=1), 3, 3, leg=1, number=2)
    end, facts = follows(state, 30)
    assert (end.status, [type(f) for f in facts]) == (H.DONE, [HedgeEnded])


def test_second_leg_gets_no_more_than_its_share_of_a_ratio():
    state, facts = follows(filled(begun(2, (3, 2)), 2, 2), 10)
    assert [qty for _, _, qty, _, _ in sent(facts)] == [1]  # 2 x 2 / 3
    _, facts = follows(filled(state, 6, 4), 20)
    assert [qty for _, _, qty, _, _ in sent(facts)] == [3]


def test_refusal_of_the_first_leg_is_none_without_repair():
    end, facts = follows(adopted(begun(), orders.OrderRejected("cu.1.1.0h1", 0, "99", "no")), 5)
    assert (end.status, [type(f) for f in facts]) == (H.NONE, [HedgeEnded])


def test_first_leg_that_ends_short_makes_the_hedge_smaller_and_no_repair():
    state, facts = follows(adopted(filled(begun(tif="3"), 2, 2), orders.OrderExpired("cu.1.1.0h1", 2)), 5)
    assert [qty for _, _, qty, _, _ in sent(facts)] == [2]
    end, facts = follows(filled(state, 2, 2, leg=1), 6)
    assert (end.status, end.covered) == (H.PART, 2)


def test_first_leg_that_ends_within_a_unit_is_repaired():
    state = adopted(filled(begun(1, (3, 2), tif="3"), 2, 2), orders.OrderExpired("cu.1.1.0h1", 2))
    state, _ = follows(state, 5)
    end, facts = follows(filled(state, 1, 1, leg=1), 6)
    assert [type(f) for f in facts][:2] == [HedgeSettling, HedgeImbalanced]
    assert end.status in (H.REPLENISHING, H.ROLLING_BACK)


def test_second_leg_refused_is_repaired_as_in_any_hedge():
    state, _ = follows(filled(begun(tif="3"), 5, 5), 5)
    _, facts = follows(adopted(state, orders.OrderRejected("cu.1.1.1h1", 0, "99", "no")), 6)
    assert isinstance(facts[0], HedgeSettling) and any(isinstance(f, MandateGiven) for f in facts)


def test_budget_runs_from_the_first_fill_and_half_of_it_is_left_to_repair():
    rules = replace(RULES, hedge_deadline_ns=60_000 * MS)
    state, _ = follows(filled(begun(), 2, 2), 10, rules=rules)
    state = filled(state, 2, 2, leg=1)
    assert state.naked_ns == 10 * MS
    patient = replace(rules, watch=replace(rules.watch, ack_timeout_ns=90_000 * MS))
    assert next_ns(state, patient) == 1510 * MS  # and it is woken for that
    assert next_ns(begun(), replace(rules, watch=replace(rules.watch, ack_timeout_ns=90_000 * MS))) == 60_000 * MS
    assert follows(state, 1509, rules=rules)[1] == ()
    end, facts = follows(state, 1510, rules=rules)
    assert facts[0] == HedgeSettling("deadline", 1510 * MS)
    assert end.naked_ns == 10 * MS


@pytest.mark.parametrize("why", ["closed", "far"])
def test_second_leg_that_cannot_trade_settles_the_hedge(why):
    market = Market(((99, 99), (100, 99)), ((150, 99), (151, 99)))
    if why == "closed":
        market.can = [True, False]
    _, facts = follows(filled(begun(), 2, 2), 10, market)
    assert HedgeSettling("leg 1 can't follow", 10 * MS) in facts and sent(facts) == []


def test_first_leg_that_fills_in_crumbs_does_not_use_up_the_orders():
    rules = HedgeRules(policy=Policy(max_orders=12, reserved=4))
    state, count = begun(20), 0
    for cum in range(1, 20):
        state, facts = follows(filled(state, cum, 1), cum, rules=rules)
        count += len(sent(facts))
        if state.status is not H.WORKING:
            break
        state = filled(state, 1, 1, leg=1, number=cum)
    assert (count, state.status, state.why) == (5, H.SETTLING, "leg 1 has followed often enough")


def test_under_a_kill_the_second_leg_does_not_follow_an_open():
    rules = HedgeRules(policy=Policy(choice=GO_BACK))
    _, facts = follows(filled(begun(tif="3"), 5, 5), 10, rules=rules)
    assert sent(facts) == []
    assert any(isinstance(f, MandateGiven) and f.mandate.kind == "rollback" for f in facts)
    _, facts = follows(filled(begun(tif="3", kind="close"), 5, 5), 10, rules=rules)
    assert len(sent(facts)) == 1
