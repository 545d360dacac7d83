"""A hedge under a kill: nothing is sent that its level forbids, ever."""

import random

import pytest
from msgspec.structs import replace

from domain.advance import HedgeRules
from domain.controls import Hold
from domain.halt import held
from domain.hedges import H, HedgeEnded, HedgeReopened, HedgeRetried, HedgeSettling, HedgeStranded, RepairChosen
from domain.mandates import MandateGiven
from domain.orders import CancelSubmitted, OrderFilled
from domain.repair import Policy
from tests.domain.making import MS, Market, adopted, filled_hedge, hedge
from tests.domain.rig import Rig

FROZEN = Hold("KILLED", opens=True, fires=True, frozen=True)
BLOCKED = Hold("KILLED", opens=True, goes_back=True)
FLAT = Hold("KILLED", opens=True, fires=True, goes_back=True, flatten=True)
RULES = HedgeRules()


def after(state, hold, now_ns=1, policy=None):
    done, facts = held(state, HedgeRules(policy=policy or Policy()), Market(), now_ns, hold)
    assert adopted(state, *facts) == done
    return done, [type(fact) for fact in facts]


def test_freeze_cancels_immediate_orders_too_and_waits_while_nothing_is_naked():
    state, facts = after(hedge(), FROZEN)
    assert (state.status, facts) == (H.SETTLING, [HedgeSettling, CancelSubmitted, CancelSubmitted])
    assert after(state, FROZEN)[1] == []


def test_freeze_strands_what_is_naked_in_the_same_turn():
    state = adopted(hedge(), OrderFilled("cu.1.1.0h1", 5, ("t", 5, 100)))
    state, facts = after(state, FROZEN)
    assert (state.status, state.stranded_why) == (H.STRANDED, "FROZEN")
    assert facts == [HedgeSettling, CancelSubmitted, HedgeStranded]


def test_frozen_hedge_ends_when_it_turns_out_whole():
    state = after(adopted(hedge(), OrderFilled("cu.1.1.0h1", 5, ("t", 5, 100))), FROZEN)[0]
    state, facts = after(adopted(state, OrderFilled("cu.1.1.1h1", 5, ("t", 5, 200))), FROZEN)
    assert (state.status, facts) == (H.DONE, [HedgeRetried, HedgeEnded])


@pytest.mark.parametrize("why", ["MARKET", "BUDGET", "UNKNOWN", "FROZEN"])
def test_frozen_and_stranded_stays_so(why):
    state = replace(filled_hedge(5, 2, status=H.STRANDED), stranded_why=why)
    assert after(state, FROZEN) == (state, [])


def test_spent_budget_is_told_while_frozen():
    state = after(hedge(), FROZEN)[0]
    done, facts = after(state, FROZEN, now_ns=state.naked_ns + RULES.policy.naked_budget_ns)
    assert (done.stranded_why, facts[-1]) == ("BUDGET", HedgeStranded)


def test_late_truth_opens_a_final_hedge_and_strands_it():
    state = replace(filled_hedge(5, 2, status=H.NONE), naked_ns=0)
    done, facts = after(state, FROZEN)
    assert (done.status, facts) == (H.STRANDED, [HedgeReopened, HedgeStranded])


@pytest.mark.parametrize("policy", ["cheaper", "replenish_first", "rollback_first"])
def test_block_takes_an_open_back_whatever_the_policy(policy):
    done, facts = after(filled_hedge(5, 2), BLOCKED, policy=Policy(choice=policy))
    assert (done.status, facts) == (H.ROLLING_BACK, [RepairChosen, MandateGiven])


def test_block_strands_an_open_that_can_not_be_taken_back():
    market = Market()
    market.can = [False, True]
    done, facts = held(filled_hedge(5, 2), RULES, market, 1, BLOCKED)
    assert (done.stranded_why, len(facts)) == ("MARKET", 1)


def test_block_completes_a_close():
    assert after(filled_hedge(5, 2, kind="close"), BLOCKED)[0].status is H.REPLENISHING


def test_block_settles_an_open_at_work_at_once():
    assert after(hedge(), BLOCKED)[1] == [HedgeSettling, CancelSubmitted, CancelSubmitted]
    assert after(hedge(kind="close"), BLOCKED)[1] == []


def test_flatten_takes_up_what_a_freeze_has_stranded():
    state = replace(filled_hedge(5, 2, status=H.STRANDED), stranded_why="FROZEN")
    done, facts = after(state, FLAT)
    assert (done.status, facts[0]) == (H.ROLLING_BACK, HedgeRetried)
    assert after(state, BLOCKED) == (state, [])


@pytest.mark.parametrize("seed", range(30))
def test_no_order_follows_a_freeze_whatever_comes(seed):
    """The rig's venues go on; frozen decisions never give a mandate or an order."""
    rng = random.Random(seed)
    rig = Rig(rng, {"dry": 0.3, "reject": 0.2, "lose": 0.1})
    rig.run(rng.randrange(1, 400) * MS)
    state = rig.hedge
    for _ in range(20):
        state, facts = held(state, RULES, rig.market, rig.now_ns, FROZEN)
        assert not any(isinstance(fact, (MandateGiven, RepairChosen)) for fact in facts)
