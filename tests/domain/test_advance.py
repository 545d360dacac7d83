"""What follows from where a hedge stands, and when; whole stories by hand."""

import random

import pytest
from msgspec.structs import replace

from domain import advance, again, orders
from domain.advance import HedgeRules, next_ns, overrun, timed
from domain.errors import InvariantViolation
from domain.hedges import (
    HedgeEnded,
    HedgeHandedOver,
    HedgeImbalanced,
    HedgeReopened,
    HedgeRetried,
    HedgeSettling,
    HedgeStatus,
    HedgeStranded,
    RepairChosen,
)
from domain.mandates import MandateGiven, MandateReturned
from domain.orders import CancelSubmitted, OrderQueried, OrderUnknown
from domain.repair import Policy
from tests.domain.making import MS, Market, adopted, filled_hedge, hedge, mandate, trade
from tests.domain.rig import Rig

H = HedgeStatus
RULES = HedgeRules()


def after(state, now_ms=0, market=None, rules=RULES):
    """(the hedge, the facts' classes) after all that follows."""
    end, facts = advance.advance(state, rules, market or Market(), now_ms * MS)
    assert adopted(state, *facts) == end
    return end, [type(fact) for fact in facts]


def working(first, second, **kwargs):
    return replace(filled_hedge(first, second, **kwargs), status=H.WORKING)


# ------------------------------------------------------------------ working


@pytest.mark.parametrize(("filled", "status"), [((5, 5), H.DONE), ((2, 2), H.PART), ((0, 0), H.NONE)])
def test_settled_and_balanced_is_final_at_once(filled, status):
    end, facts = after(working(*filled))
    assert (end.status, facts) == (status, [HedgeEnded])


def test_nothing_follows_while_both_legs_work():
    assert after(hedge(), 999) == (hedge(), [])
    assert next_ns(hedge(), RULES) == 300 * MS


def test_the_report_that_settles_the_last_leg_short_gives_the_mandate_in_its_turn():
    end, facts = after(working(5, 2))
    assert (end.status, facts) == (H.REPLENISHING, [HedgeSettling, HedgeImbalanced, RepairChosen, MandateGiven])


def test_one_leg_short_settles_without_waiting_for_the_other():
    state = adopted(hedge(tif="0"), orders.OrderRejected("cu.1.1.1h1", 0, 99, "no margin"))
    end, facts = after(state)
    assert (end.status, end.why, facts) == (H.SETTLING, "leg 1 rejected 0/5", [HedgeSettling, CancelSubmitted])
    assert after(end) == (end, [])


def test_an_immediate_order_needs_no_cancel():
    state = adopted(hedge(), orders.OrderRejected("cu.1.1.1h1", 0, 99, "no margin"))
    assert after(state)[1] == [HedgeSettling]


def test_past_its_deadline_a_resting_hedge_settles():
    state = adopted(hedge(tif="0"), orders.OrderAccepted("cu.1.1.0h1", "v"), orders.OrderAccepted("cu.1.1.1h1", "v"))
    assert next_ns(state, RULES) == 1000 * MS
    end, facts = after(state, 1000)
    assert facts == [HedgeSettling, CancelSubmitted, CancelSubmitted]
    assert end.why == "deadline"


def test_silence_settles():
    facts = timed(hedge(), RULES, 300 * MS)
    assert [type(f) for f in facts] == [OrderUnknown, CancelSubmitted, OrderQueried] * 2
    end, following = after(adopted(hedge(), *facts), 300)
    assert (end.status, end.why, following) == (H.SETTLING, "silent", [HedgeSettling])


# ------------------------------------------------------------------ settling, stranded


def in_doubt(status=H.SETTLING):
    """A is filled; B is UNKNOWN, naked since 0."""
    state = adopted(hedge(), orders.OrderFilled("cu.1.1.0h1", 5, None), orders.OrderUnknown("cu.1.1.1h1", "silent", 0))
    return replace(state, status=status, naked_ns=1)


def test_an_unknown_order_is_waited_for_and_nothing_is_sent_for_it():
    assert after(in_doubt(), 2999) == (in_doubt(), [])
    assert next_ns(in_doubt(), RULES) <= 3000 * MS + 1


def test_past_the_budget_the_doubt_is_stranded_and_asking_goes_on():
    end, facts = after(in_doubt(), 3001)
    assert (end.status, end.stranded_why, facts) == (H.STRANDED, "UNKNOWN", [HedgeStranded])
    assert [type(f) for f in timed(end, RULES, 9000 * MS)] == [CancelSubmitted, OrderQueried]
    assert next_ns(end, RULES) is not None


def test_evidence_ends_what_was_stranded_in_doubt():
    told = adopted(replace(in_doubt(H.STRANDED), stranded_why="UNKNOWN"), orders.OrderFilled("cu.1.1.1h1", 5, None))
    end, facts = after(told, 5000)
    assert (end.status, facts) == (H.DONE, [HedgeRetried, HedgeEnded])
    none = adopted(replace(in_doubt(H.STRANDED), stranded_why="UNKNOWN"), orders.OrderAbsent("cu.1.1.1h1"))
    end, facts = after(none, 5000)
    assert (end.status, facts) == (H.REPLENISHING, [HedgeRetried, HedgeImbalanced, RepairChosen, MandateGiven])


def stranded(why, retries=0, **kwargs):
    return replace(filled_hedge(5, 2, status=H.STRANDED, **kwargs), stranded_why=why, retries=retries)


@pytest.mark.parametrize("why", ["CAP", "PRICE", "REFUSED", "CLOSE", "EXTERNAL", "FROZEN"])
def test_what_needs_a_person_waits_for_one(why):
    assert after(stranded(why), 9999) == (stranded(why), [])


def test_a_market_that_returns_is_tried_again_three_times_at_most():
    shut = Market()
    shut.can = [False, False]
    assert after(stranded("MARKET"), 9, shut) == (stranded("MARKET"), [])
    end, facts = after(stranded("MARKET"), 9)
    assert (end.retries, facts[0]) == (1, HedgeRetried)
    assert after(stranded("MARKET", 3), 9) == (stranded("MARKET", 3), [])


def tried(*ends, retries=3, why="BUDGET"):
    """Stranded once its time was up, in which these reversals had ended so."""
    state = stranded(why, retries, naked_ns=100)
    for number, end in enumerate(ends, 1):
        ref = f"cu.1.1.0b{number}"
        state = adopted(state, orders.OrderSubmitted(ref, 0, "b", -1, 3, 100, "3", "T", 100))
        if end == "doubt":
            state = adopted(state, orders.OrderUnknown(ref, "silent", 200), orders.OrderAbsent(ref))
        elif end == "refused":
            state = adopted(state, orders.OrderRejected(ref, 0, 99, f"no {number}"))
        else:
            state = adopted(state, orders.OrderDenied(ref, "LINK", "down"))
    return replace(state, status=H.STRANDED)


@pytest.mark.parametrize("ends", [("doubt",), ("refused",), ("doubt", "refused", "refused")])
def test_a_try_whose_time_silence_or_a_restart_ate_costs_no_retry(ends):
    end, facts = after(tried(*ends), 9999)
    assert (end.retries, facts[0]) == (3, HedgeRetried)
    assert end.status in (H.REPLENISHING, H.ROLLING_BACK)


@pytest.mark.parametrize("ends", [("denied",), ("doubt", "denied"), ("refused", "denied")])
def test_a_try_whose_orders_were_denied_is_none_and_waits_until_they_may_leave(ends):
    state = tried(*ends, retries=0)
    assert after(state, 9999) == (state, [])


@pytest.mark.parametrize("ends", [(), ("refused", "refused"), ("denied", "refused", "refused")])
def test_a_try_that_the_market_answered_or_that_sent_nothing_costs_one(ends):
    assert after(tried(*ends), 9999) == (tried(*ends), [])
    end, facts = after(tried(*ends, retries=2), 9999)
    assert (end.retries, facts[0]) == (3, HedgeRetried)


def test_a_hedge_whose_time_was_up_waits_for_a_market_that_can_trade():
    shut = Market()
    shut.can = [False, False]
    for state in (tried("refused", retries=0), tried(retries=0)):
        assert after(state, 9999, shut) == (state, [])
        assert after(state, 9999)[1][0] is HedgeRetried


def test_tries_that_cost_no_retry_end_with_the_orders():
    state = tried(*["doubt"] * (RULES.policy.max_orders + 3 * RULES.policy.orders_a_retry))
    assert after(state, 9999) == (state, [])


def test_a_market_of_one_leg_is_enough_where_that_leg_is_the_way_out():
    half = Market()
    half.can = [True, False]
    end, _ = after(stranded("MARKET"), 9, half)
    assert end.status is H.ROLLING_BACK


def test_handed_over_is_left_alone():
    end = adopted(stranded("CAP"), HedgeHandedOver("ann", "by hand"))
    assert after(end, 9999) == (end, [])


# ------------------------------------------------------------------ repairing


def repairing():
    return advance.advance(filled_hedge(5, 2, naked_ns=1), RULES, Market(), 1)[0]


P1 = "cu.1.1.1p1"
SENT = orders.OrderSubmitted(P1, 1, "p", -1, 3, 200, "3", "O", 1)


def test_a_repair_is_watched_by_its_child_and_bounded_by_the_budget():
    state = adopted(repairing(), SENT)
    assert timed(state, RULES, 2000 * MS) == ()
    assert next_ns(state, RULES) == 3000 * MS + 1


def test_a_repair_in_doubt_settles_and_then_is_stranded_with_its_mandate_out():
    state = adopted(repairing(), SENT, orders.OrderUnknown(P1, "silent", 300 * MS))
    end, facts = after(state, 300)
    assert (end.status, end.naked_ns, facts) == (H.SETTLING, 1, [HedgeSettling])
    end, facts = after(end, 3001)
    assert (end.stranded_why, facts) == ("UNKNOWN", [HedgeStranded])


def test_a_repair_past_its_time_is_stranded_and_told_in_the_same_turn():
    end, facts = after(adopted(repairing(), SENT), 3001)
    assert (end.status, end.stranded_why, facts) == (H.STRANDED, "BUDGET", [HedgeSettling, HedgeStranded])


def test_a_repair_that_was_returned_without_success_is_decided_anew():
    state = adopted(repairing(), MandateReturned(P1, 1, 0, 0, "deadline"))
    end, facts = after(state, 1000)
    assert facts == [HedgeImbalanced, RepairChosen, MandateGiven]
    assert end.repairs == ("replenish", "replenish")


def test_denied_for_ever_is_stranded_when_the_budget_is_spent_and_costs_no_retry():
    rig = Rig(random.Random(1), {"dry": 1.0, "local": 1.0})
    trades_alone(rig, 0)
    rig.run(120_000 * MS)
    assert (rig.hedge.status, rig.hedge.retries, rig.hedge.stranded_why) == (H.STRANDED, 0, "BUDGET")
    assert again.was_denied(rig.hedge)
    assert rig.now_ns < 20_000 * MS


def trades_alone(rig, leg):
    """One leg's order fills wholly, at once; the other's expires."""
    rig.venues.way.clear()
    for real in rig.venues.real.values():
        real.status, real.cum = "1", 0
        if real.leg == leg:
            rig.venues.trade(real, real.qty)
        else:
            rig.venues.end(real, "C")


# ------------------------------------------------------------------ late truth


def test_a_final_state_is_opened_again_by_late_truth():
    done = replace(filled_hedge(5, 5, status=H.DONE), naked_ns=0)
    late = adopted(done, orders.OrderFilledLate("cu.1.1.0h1", 6, ("x", 1, 100)))
    end, facts = after(late, 50)
    assert facts == [HedgeReopened, HedgeImbalanced, RepairChosen, MandateGiven]
    assert (end.status, end.legs[0].mandate.side, end.legs[0].mandate.most_lots) == (H.ROLLING_BACK, -1, 1)


def test_late_truth_that_changes_only_the_outcome_names_it_anew():
    part = replace(filled_hedge(2, 2, status=H.PART))
    more = [orders.OrderFilledLate(f"cu.1.1.{leg}h1", 5, None) for leg in (0, 1)]
    end, facts = after(adopted(part, *more), 50)
    assert (end.status, facts) == (H.DONE, [HedgeReopened, HedgeEnded])


def test_a_price_that_comes_late_opens_nothing():
    done = replace(filled_hedge(5, 5, status=H.DONE))
    assert after(adopted(done, orders.TradeBooked("cu.1.1.0h1", ("y", 1, 100))), 50)[1] == []


def test_a_mandate_that_late_truth_made_too_large_is_named():
    state = adopted(repairing(), SENT)
    assert overrun(state) == ()
    late = adopted(state, orders.OrderFilledLate("cu.1.1.1h1", 3, None))
    assert [m.mandate_id for m in overrun(late)] == [P1]
    ended = adopted(late, orders.OrderExpired(P1, 0))
    assert [m.mandate_id for m in overrun(ended)] == [P1]


def test_a_rollback_that_late_truth_made_needless_is_named():
    back = mandate("rollback", side=-1, most_lots=3, worst_px=80)
    state = adopted(filled_hedge(5, 2), MandateGiven(back))
    assert overrun(state) == ()
    late = adopted(state, orders.OrderFilledLate("cu.1.1.1h1", 4, None))
    assert overrun(late) == (back,)


def test_a_loop_of_ours_is_an_error_not_a_hang(monkeypatch):
    monkeypatch.setattr(advance, "MAX_STEPS", 1)
    with pytest.raises(InvariantViolation):
        advance.advance(working(5, 2), RULES, Market(), 0)


# ------------------------------------------------------------------ stories


def test_a_late_fill_after_a_cancel_is_taken_into_the_repair():
    # T06: B canceled at 2 of 5, then a fill comes: replenish at most what is then missing
    rig = Rig(random.Random(3), {"dry": 1.0}, policy=Policy(choice="rollback_first"))
    trades_alone(rig, 0)
    real = next(o for o in rig.venues.real.values() if o.leg == 1)
    rig.venues.trouble = {}
    rig.venues.trade(real, 5)
    rig.run(10_000 * MS)
    assert rig.hedge.final and rig.pair.naked == (0, 0)


def test_a_leg_that_is_refused_again_and_again_is_rolled_back_soon():
    # T01: not one order a tick for ever: at most three, or two refused with the same code
    rig = Rig(random.Random(5), {"dry": 1.0}, policy=Policy(choice="replenish_first"))
    trades_alone(rig, 0)
    rig.venues.happens = lambda what: what == "reject" and refuses(rig)
    rig.run(10_000 * MS)
    assert (rig.hedge.status, rig.hedge.repairs) == (H.NONE, ("replenish", "rollback"))
    assert [o.letter for leg in rig.hedge.legs for o in leg.orders].count("p") <= 3


def refuses(rig):
    return len(rig.venues.real) > 0 and list(rig.venues.real.values())[-1].leg == 1


def test_a_trade_before_its_acknowledgement_is_no_error():
    # T11
    state = adopted(hedge(), *orders.decide(hedge().legs[0].orders[0], trade("1", 5, 100, 5, "2")).facts)
    assert state.legs[0].net == 5


def test_an_overfill_is_settled_in_the_turn_in_which_the_last_leg_ends():
    # T12: nothing is short, one leg has too much
    end, facts = after(working(6, 5))
    assert facts == [HedgeSettling, HedgeImbalanced, RepairChosen, MandateGiven]
    assert end.status is H.ROLLING_BACK
