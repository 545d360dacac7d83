"""What giving up means, and each step of flattening, from recorded facts alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import pairs, watch
from domain.flatten import MOST_ORDERS, PATIENCE_NS, Reversal, Verdict, closing, step, verdict
from domain.hedges import HedgeEnded, HedgeReopened, HedgeRetried, HedgeSettling, HedgeStranded
from domain.mandates import LegMarket, Mandate, MandateGiven, MandateReturned
from domain.orders import (
    CancelSubmitted,
    OrderCanceled,
    OrderDenied,
    OrderFilled,
    OrderFilledLate,
    OrderRejected,
    OrderSubmitted,
    OrderUnknown,
)
from tests.domain.making import MS, opening

RULES = watch.Rules()
BEGUN = 1000 * MS


def market(opposing=100, *, can_trade=True, cap=40, lots=1000):
    def look(_index, _side, most):
        return Reversal(LegMarket(opposing, None, None, can_trade), min(most, lots), "N", "3", 2, cap)

    return look


def opened(units=2, per_unit=(1, 1), **more):
    fact = opening(units, per_unit, **more)
    pair = pairs.new("cu", tuple(side * n for side, n in zip((1, -1), per_unit, strict=True)))
    return pairs.evolve(pair, fact), [order.cl_ord_id for order in fact.orders]


def after(pair, *facts):
    hedge_id = (pair.hedge or pair.past[-1]).hedge_id
    for fact in facts:
        pair = pairs.evolve(pair, fact, hedge_id)
    return pair


def filled(order, qty):
    return OrderFilled(order, qty, (f"t{order}", qty, 100))


def naked_open(units=2):
    """One leg is filled, the other was refused."""
    pair, (a, b) = opened(units)
    return after(pair, filled(a, units), OrderRejected(b, 0, 99, "NO_MARGIN"))


def steps(pair, look, now_ns=BEGUN, *, frozen=False):
    """All that follows at one moment."""
    every = []
    for _ in range(16):
        _, facts = step(pair, RULES, look, now_ns, BEGUN, frozen=frozen)
        if not facts:
            break
        pair = after(pair, *facts)
        every += facts
    return pair, every


def kinds(facts):
    return [type(fact) for fact in facts]


def test_verdict_goes_by_what_is_at_stake():
    pair, (a, b) = opened()
    assert verdict(pairs.new("cu", (1, -1))) is Verdict.STOPPED
    assert verdict(pair) is Verdict.FLATTENED
    held = after(pair, filled(a, 2), filled(b, 2))
    held, facts = steps(held, market())
    assert (kinds(facts), held.hedge) == ([HedgeSettling, HedgeEnded], None)
    assert verdict(held) is Verdict.FROZEN


def test_naked_lots_of_an_open_are_reversed_and_it_ends():
    pair, facts = steps(naked_open(), market(opposing=90))
    assert kinds(facts) == [HedgeSettling, OrderSubmitted]
    order = facts[-1]
    assert (order.letter, order.side, order.qty, order.px, order.offset) == ("b", -1, 2, 90, "N")
    pair, facts = steps(after(pair, filled(order.cl_ord_id, 2)), market())
    assert (kinds(facts), pair.hedge, pair.naked) == ([HedgeEnded], None, (0, 0))


def test_naked_lots_of_a_close_are_closed_not_opened_again():
    held, (a, b) = opened(1)
    held = after(held, filled(a, 1), filled(b, 1))
    held, _ = steps(held, market())
    held = pairs.evolve(held, pairs.PairReady(BEGUN))
    closing = opening(1, kind="close", hedge_id="cu.1.2")
    flipped = tuple(leg.__class__(leg.index, leg.venue, leg.symbol, -leg.side, leg.per_unit, leg.target, leg.touch_px) for leg in closing.legs)
    sent = tuple(OrderSubmitted(o.cl_ord_id, o.leg, o.letter, -o.side, o.qty, o.px, o.tif, o.offset, o.at_ns) for o in closing.orders)
    pair = pairs.evolve(held, closing.__class__("cu.1.2", "close", -1, 1, flipped, sent, 0.0, 0, "x"))
    pair = after(pair, filled(sent[0].cl_ord_id, 1), OrderRejected(sent[1].cl_ord_id, 0, 99, "no"))
    pair, facts = steps(pair, market())
    assert (facts[-1].letter, facts[-1].leg, facts[-1].side) == ("p", 1, 1)
    pair, _ = steps(after(pair, filled(facts[-1].cl_ord_id, 1)), market())
    assert (pair.past[-1].status, [book.net for book in pair.books]) == ("DONE", [0, 0])


def test_what_works_is_cancelled_and_what_is_silent_asked_for_before_anything_is_sent():
    pair, (a, b) = opened(tif="0")
    pair = after(pair, filled(a, 2))
    pair, facts = steps(pair, market())
    assert kinds(facts) == [HedgeSettling, CancelSubmitted]
    assert [fact for fact in steps(pair, market(), BEGUN + 10 * MS)[1] if type(fact) is OrderSubmitted] == []
    pair, facts = steps(pair, market(), BEGUN + 400 * MS)
    assert OrderUnknown in kinds(facts)
    pair, facts = steps(after(pair, OrderCanceled(b, 0)), market(), BEGUN + 500 * MS)
    assert kinds(facts) == [OrderSubmitted]


def test_mandate_of_a_child_that_is_no_more_is_returned_once_its_order_is_settled():
    pair = naked_open()
    pair = after(pair, HedgeSettling("leg short", 0))
    mandate = Mandate("cu.1.1.0b1", "cu.1.1", "rollback", 0, -1, 2, 80, 2, 4, 1, 10**12, "3", "N")
    child = OrderSubmitted("cu.1.1.0b1", 0, "b", -1, 2, 100, "3", "N", 0)
    pair = after(pair, MandateGiven(mandate), child)
    assert MandateReturned not in kinds(steps(pair, market(), BEGUN)[1])
    pair, facts = steps(after(pair, OrderCanceled(child.cl_ord_id, 1)), market())
    assert kinds(facts) == [MandateReturned, OrderSubmitted]
    assert (facts[0].filled, facts[0].orders, facts[1].qty, facts[1].cl_ord_id) == (1, 1, 1, "cu.1.1.0b2")


def test_price_climbs_to_its_cap_and_orders_to_theirs_then_a_person_is_told():
    pair, now_ns, prices = naked_open(), BEGUN, []
    for _ in range(MOST_ORDERS):
        pair, facts = steps(pair, market(opposing=100, cap=6), now_ns)
        order = facts[-1]
        prices.append(order.px)
        pair = after(pair, OrderCanceled(order.cl_ord_id, 0))
    assert prices == [100, 98, 96, 94, 94, 94, 94, 94]
    pair, facts = steps(pair, market(), now_ns)
    assert (kinds(facts), facts[0].why) == ([HedgeStranded], "CAP")
    assert steps(pair, market(), now_ns + PATIENCE_NS * 9)[1] == []


def test_refusals_are_paused_and_denied_ones_too():
    pair, facts = steps(naked_open(), market())
    for word in (OrderRejected(facts[-1].cl_ord_id, 0, 99, "no"), OrderDenied(facts[-1].cl_ord_id, "NOT_SENT", "no link")):
        refused = after(pair, word)
        assert steps(refused, market(), BEGUN + 90 * MS)[1] == []
        assert kinds(steps(refused, market(), BEGUN + 100 * MS)[1]) == [OrderSubmitted]


def test_market_that_cannot_trade_is_waited_for_told_and_then_used():
    pair, facts = steps(naked_open(), market(can_trade=False))
    assert kinds(facts) == [HedgeSettling]
    pair, facts = steps(pair, market(can_trade=False), BEGUN + PATIENCE_NS)
    assert (kinds(facts), facts[0].why) == ([HedgeStranded], "MARKET")
    assert kinds(steps(pair, market(), BEGUN + 2 * PATIENCE_NS)[1]) == [HedgeRetried, OrderSubmitted]


def test_frozen_by_a_kill_nothing_is_sent_and_a_person_is_told():
    pair, facts = steps(naked_open(), market(), frozen=True)
    assert (kinds(facts), facts[-1].why) == ([HedgeSettling, HedgeStranded], "FROZEN")
    assert kinds(steps(pair, market())[1]) == [HedgeRetried, OrderSubmitted]


def test_under_a_flattening_kill_all_that_is_held_is_closed_as_one_hedge():
    pair, (a, b) = opened(2, (3, 2))
    pair, _ = steps(after(pair, filled(a, 6), filled(b, 4)), market())
    keys = (("v0", "S0"), ("v1", "S1"))

    def split(index, _side, lots):
        return (("Y", lots - 1), ("T", 1)) if index == 0 else (("N", lots),)

    told = closing(pair, keys, market(opposing=100), split, 7, BEGUN)
    assert (told.kind, told.units, told.direction, told.trigger) == ("close", 2, -1, "kill")
    assert [(o.side, o.qty, o.px) for o in told.orders] == [(-1, 5, 98), (-1, 1, 98), (1, 4, 102)]
    assert [o.offset for o in told.orders] == ["Y", "T", "N"]
    assert [(leg.per_unit, leg.target) for leg in told.legs] == [(3, 6), (2, 4)]
    for cannot in (market(can_trade=False), market(opposing=None)):
        assert closing(pair, keys, cannot, split, 7, BEGUN) is None
    assert closing(naked_open(), keys, market(), split, 7, BEGUN) is None
    assert closing(pair, keys, market(), lambda *_: "INVENTORY", 7, BEGUN) is None
    pair = pairs.evolve(pairs.evolve(pair, pairs.PairFrozen("given up")), told)
    pair, _ = steps(after(pair, *(filled(o.cl_ord_id, o.qty) for o in told.orders)), market())
    assert (pair.past[-1].status, [book.net for book in pair.books], pair.status) == ("DONE", [0, 0], "FROZEN")


def test_late_truth_of_an_ended_hedge_is_taken_back_too():
    pair, (a, b) = opened()
    pair = after(pair, OrderRejected(a, 0, 99, "no"), OrderRejected(b, 0, 99, "no"))
    pair, _ = steps(pair, market())
    assert pair.hedge is None
    pair = after(pair, OrderFilledLate(a, 1, ("t9", 1, 100)))
    pair, facts = steps(pair, market())
    assert (kinds(facts), facts[-1].qty) == ([HedgeReopened, OrderSubmitted], 1)


@pytest.mark.parametrize("lots", [(1, 1), (3, 2), (2, 5)])
@given(data=st.data())
def test_flattening_only_ever_reduces_and_leaves_nothing_naked(lots, data):
    units = data.draw(st.integers(1, 4))
    pair, refs = opened(units, lots)
    for ref, each in zip(refs, lots, strict=True):
        cum = data.draw(st.integers(0, units * each))
        whole = units * each
        pair = after(pair, filled(ref, whole) if cum == whole else OrderCanceled(ref, cum))
    now_ns, sent = BEGUN, {0: 0, 1: 0}
    before = pair.naked
    while pair.hedge is not None:
        pair, facts = steps(pair, market(lots=data.draw(st.integers(1, 3))), now_ns)
        now_ns += 5 * MS
        for order in [fact for fact in facts if type(fact) is OrderSubmitted]:
            assert order.side * pair.naked[order.leg] < 0
            assert order.qty <= abs(pair.naked[order.leg])
            sent[order.leg] += 1
            cum = data.draw(st.integers(1, order.qty))
            pair = after(pair, filled(order.cl_ord_id, cum) if cum == order.qty else OrderCanceled(order.cl_ord_id, cum))
        if pair.hedge is not None and pair.hedge.status == "STRANDED":
            assert max(sent.values()) == MOST_ORDERS
            return
    assert not any(pair.naked)
    assert all(count <= MOST_ORDERS for count in sent.values())
    assert all(abs(now) <= abs(was) for now, was in zip(pair.naked, before, strict=True))
