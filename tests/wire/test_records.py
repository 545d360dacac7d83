"""Decisions as the journal keeps them: out and in again, unchanged."""

import random
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import books, exposures, hedges, late, mandates, orders, pairs
from domain.costs import OrderCost, RepairCost
from domain.errors import WireError
from tests.domain import making
from tests.domain.test_machines_together import CASES, played
from wire.codec import pack
from wire.records import FACTS, decode_decision, encode_decision

COST = RepairCost("rollback", (OrderCost(0, -1, 3, 100.0, 99.5, 3, 1.5, 0.25),), 0.0, 0.5, 2.25)
EVERY = [
    *making.FACTS.values(),
    mandates.MandateGiven(making.mandate()),
    mandates.MandateRevoked("cu.1.1.0p1", 0, "ann", "手工撤单"),
    mandates.MandateReturned("cu.1.1.0p1", 0, 2, 3, "filled"),
    making.opening(3, (3, 2), kind="close", tif="0", edge=12.5),
    hedges.HedgeExposed(5),
    hedges.HedgeAimed(2, 7, 5),
    hedges.HedgeLeft((0, 3), 5),
    exposures.ExposureTold(exposures.Exposure(3, "-12.5", 9, "file", "t", "smelter", "cu"), "ann"),
    exposures.ExposureWaits(exposures.Exposure(4, "99", 9)),
    hedges.HedgeSettling("leg 1 rejected 0/5", 5),
    hedges.HedgeImbalanced(2, (3, -1)),
    hedges.RepairChosen("rollback", 2, COST, COST, "CAP", "", "replenish barred: CAP"),
    hedges.HedgeStranded("CAP", (3, 0), 5),
    hedges.HedgeRetried("market", 5),
    *(hedges.HedgeEnded(outcome, 2, 5) for outcome in hedges.OUTCOMES),
    hedges.HedgeHandedOver("ann", "手工处理"),
    hedges.HedgeClaimed("ann", "电话处理"),
    hedges.HedgeSentBack("ann", "不值得", 5),
    hedges.HedgeReopened("late truth", 5),
    hedges.HedgeReleased("ann", "手工处理", ((0, -3, 101), (1, 2, None))),
    hedges.OutsideFilled(0, 2, 99, "L", 5),
    pairs.PairReady(7),
    pairs.PairFrozen("3 failures in a row"),
    pairs.PairReleased("ann", "looked at it"),
    *(pairs.ModeSet(mode, "ann", "news") for mode in pairs.Mode),
    pairs.DayRolled(1, "20261124"),
    pairs.LotsRead(0, 3, "close refused"),
    late.LateTruthJoined("cu.1.1", "cu.1.2", (0, -3), hedges.HedgeStatus.PART, 9),
    books.LegBook(5, -3, -(10**15), 9, 4, "20261123"),
]


@pytest.mark.parametrize("fact", EVERY, ids=lambda fact: type(fact).__name__)
def test_every_fact_comes_back_as_it_was(fact):
    found = decode_decision(encode_decision("pair/cu", "cu", "cu.1.1", (fact,)))
    assert found.facts == [fact]
    assert type(found.facts[0]) is type(fact)


def test_no_fact_is_without_an_example():
    assert {type(fact).__name__ for fact in EVERY} == set(FACTS)


def test_what_may_be_nil_comes_back_as_nil():
    bare = (orders.OrderAccepted("x", None), orders.OrderSubmitted("x", 0, "h", -1, 1, None, "0", "N", 0))
    assert tuple(decode_decision(encode_decision("a", "p", None, bare)).facts) == bare


def test_frames_and_who_decided_come_back():
    found = decode_decision(encode_decision("pair/cu", "cu", None, (), (("shfe", b"\x93\x01\x02\x03"),)))
    assert (found.actor, found.pair, found.hedge, found.facts) == ("pair/cu", "cu", None, [])
    assert found.commands == [("shfe", b"\x93\x01\x02\x03")]


@pytest.mark.parametrize("total", [nan, inf, -inf])
def test_a_cost_that_is_not_known_is_kept(total):
    cost = RepairCost("rollback", (), 0.0, 0.0, total)
    fact = hedges.RepairChosen("rollback", 0, cost, cost, "", "", "cheaper")
    assert repr(decode_decision(encode_decision("a", "p", "h", (fact,))).facts[0]) == repr(fact)


@pytest.mark.parametrize("body", [
    b"", b"\xc1", pack([]), pack({}), pack({"actor": "a", "pair": "p", "hedge": None, "facts": [["Nothing", 1]]}),
    pack({"actor": "a", "pair": "p", "hedge": None, "facts": [["OrderPending"]]}),
    pack({"actor": "a", "pair": "p", "hedge": None, "facts": [["OrderCanceled", "x", "one"]]}),
    pack({"actor": "a", "pair": "p", "hedge": None, "facts": []}) + b"\x00",
])  # fmt: skip
def test_what_is_no_decision_is_refused(body):
    with pytest.raises(WireError):
        decode_decision(body)


@given(**CASES)
@settings(max_examples=60, deadline=None)
@pytest.mark.slow
def test_a_pair_is_rebuilt_from_its_records_as_it_was(**case):
    rig = played(**case)
    bodies = [encode_decision("pair/cu", "cu", hedge_id, facts) for hedge_id, facts in rig.records]
    pair = rig.first
    for body in bodies:
        decision = decode_decision(body)
        for fact in decision.facts:
            pair = pairs.evolve(pair, fact, decision.hedge)
    assert pair == rig.pair


@given(st.binary(max_size=80), st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_noise_is_a_decision_or_an_error_of_ours(noise, seed):
    body = bytearray(encode_decision("pair/cu", "cu", "cu.1.1", tuple(random.Random(seed).sample(EVERY, 2))))
    at = seed % len(body)
    body[at : at + len(noise) % 7] = noise
    try:
        decode_decision(bytes(body))
    except WireError:
        pass
