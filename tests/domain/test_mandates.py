"""Mandates: each cell, the ladder of prices, and when a child stops."""

import msgspec
import pytest

from domain import orders, watch
from domain.errors import IllegalTransition
from domain.mandates import (
    DOUBT,
    ENDED,
    LEAST_PAUSE_NS,
    LIVE,
    MOST_DOUBLINGS,
    RETURN,
    TRANSITIONS,
    LegMarket,
    MandateReturned,
    MandateState,
    MandateStatus,
    evolve,
    hear,
    is_locked,
    next_ns,
    next_order,
    reach,
    returned,
    rung,
)
from domain.orders import OrderSubmitted, OrdStatus
from tests.domain.making import MS, mandate, order, report, trade

S, M = OrdStatus, MandateStatus
P1 = "cu.1.1.0p1"
LEFT = {LIVE: S.NEW, DOUBT: S.UNKNOWN, ENDED: S.CANCELED}
OPEN = LegMarket(100)


@pytest.mark.parametrize("effect", [LIVE, DOUBT, ENDED, RETURN])
@pytest.mark.parametrize("status", list(M))
def test_every_cell_goes_where_the_table_says_or_raises(status, effect):
    state = MandateState(mandate(), status)
    fact = MandateReturned(P1, 0, 0, 0, "price")
    if effect != RETURN:
        state = MandateState(mandate(), status, (order(LEFT[effect], cl_ord_id=P1, letter="p"),))
        fact = orders.OrderQueried(P1, 1)
    before = msgspec.structs.replace(state)
    to = TRANSITIONS.get((status, effect))
    if to is None:
        with pytest.raises(IllegalTransition):
            evolve(state, fact)
        assert state == before
    else:
        assert evolve(state, fact).status is to


def test_a_mandate_is_not_given_back_while_an_order_of_it_lives():
    for status in (M.WORKING, M.DOUBTFUL):
        assert (status, RETURN) not in TRANSITIONS


# ------------------------------------------------------------------ the ladder


def test_the_ladder_is_touch_then_payups_up_to_the_worst():
    given = mandate(worst_px=105)
    assert [rung(given, step, OPEN) for step in range(5)] == [100, 102, 104, 105, 105]
    selling = mandate(side=-1, worst_px=95)
    assert [rung(selling, step, OPEN) for step in range(5)] == [100, 98, 96, 95, 95]


def test_the_ladder_follows_the_market_and_ends_where_the_touch_is_past_the_worst():
    given = mandate(worst_px=105)
    assert rung(given, 1, LegMarket(104)) == 105
    assert rung(given, 0, LegMarket(105)) == 105
    assert rung(given, 0, LegMarket(106)) is None
    assert not is_locked(1, LegMarket(106))


def test_a_price_is_cut_to_the_days_limits_and_locked_where_it_misses_the_touch():
    given = mandate(worst_px=120)
    assert rung(given, 5, LegMarket(100, 90, 103)) == 103
    assert rung(given, 0, LegMarket(100, 90, 100)) == 100
    locked = LegMarket(100, 90, 99)
    assert rung(given, 0, locked) is None and is_locked(1, locked)
    assert rung(mandate(side=-1, worst_px=80), 9, LegMarket(100, 95, 110)) == 95
    assert is_locked(-1, LegMarket(100, 101, 110))


def test_without_a_quote_the_price_is_the_worst_inside_the_days_limits():
    assert rung(mandate(worst_px=120), 0, LegMarket(None)) == 120
    assert rung(mandate(worst_px=120), 2, LegMarket(None, 80, 110)) == 110
    assert rung(mandate(side=-1, worst_px=80), 0, LegMarket(None, 90, 110)) == 90


# ------------------------------------------------------------------ the next order


def state_of(*done, **changes):
    return MandateState(mandate(**changes), M.WAITING if done else M.GIVEN, done)


def try_(number, status, **changes):
    return order(status, cl_ord_id=f"cu.1.1.0p{number}", letter="p", qty=3, **changes)


def test_the_first_try_is_for_all_that_is_missing_at_the_touch():
    assert next_order(state_of(), OPEN, 5) == OrderSubmitted(P1, 0, "p", 1, 3, 100, "3", "O", 5)


def test_the_next_try_is_for_what_is_still_missing_one_payup_further():
    sent = next_order(state_of(try_(1, S.EXPIRED, cum_qty=1)), OPEN, 5)
    assert (sent.cl_ord_id, sent.qty, sent.px) == ("cu.1.1.0p2", 2, 102)


def test_ids_go_on_where_an_earlier_mandate_of_the_leg_ended():
    sent = next_order(state_of(first_order=4), OPEN, 5)
    assert sent.cl_ord_id == "cu.1.1.0p4"


def test_the_ladder_goes_on_where_an_earlier_mandate_of_the_leg_ended():
    assert [next_order(state_of(first_order=n), OPEN, 5).px for n in (1, 2, 3)] == [100, 102, 104]


@pytest.mark.parametrize("status", [S.SUBMITTED, S.PENDING_NEW, S.NEW, S.PARTIALLY_FILLED, S.PENDING_CANCEL, S.UNKNOWN])
def test_nothing_is_sent_while_an_order_may_still_fill(status):
    assert next_order(state_of(try_(1, status)), OPEN, 9999 * MS) == ""


def test_a_child_stops_where_its_mandate_does():
    assert next_order(state_of(try_(1, S.FILLED, cum_qty=3)), OPEN, 0) == "filled"
    assert next_order(state_of(try_(1, S.FILLED, cum_qty=4)), OPEN, 0) == "filled"
    three = tuple(try_(n, S.EXPIRED) for n in (1, 2, 3))
    assert next_order(state_of(*three), OPEN, 0) == "orders"
    assert next_order(state_of(), OPEN, 1000 * MS) == "deadline"
    assert next_order(state_of(), LegMarket(100, can_trade=False), 0) == "market"
    assert next_order(state_of(), LegMarket(100, 90, 99), 0) == "market"
    assert next_order(state_of(), LegMarket(121), 0) == "price"


def test_a_replenishment_refused_twice_with_the_same_code_stops():
    twice = (try_(1, S.REJECTED, reject_code="99:x"), try_(2, S.REJECTED, reject_code="99:x"))
    assert next_order(state_of(*twice), OPEN, 0) == "refused"
    other = (twice[0], try_(2, S.REJECTED, reject_code="2:y"))
    assert isinstance(next_order(state_of(*other), OPEN, 0), OrderSubmitted)
    back = MandateState(mandate("rollback", side=-1, worst_px=80, patient=True), M.WAITING, twice)
    assert next_order(back, OPEN, 0) == ""
    assert isinstance(next_order(back, OPEN, next_ns(back, watch.Rules())), OrderSubmitted)


def test_what_was_refused_locally_is_tried_again_after_a_pause_at_the_same_rung():
    denied = state_of(try_(1, S.DENIED, sent_ns=10))
    assert next_order(denied, OPEN, 10 + LEAST_PAUSE_NS - 1) == ""
    assert next_ns(denied, watch.Rules()) == 10 + LEAST_PAUSE_NS
    sent = next_order(denied, OPEN, 10 + LEAST_PAUSE_NS)
    assert (sent.cl_ord_id, sent.px) == ("cu.1.1.0p2", 100)


def test_what_is_denied_again_and_again_waits_twice_as_long_each_time():
    pauses = [next_ns(state_of(*(try_(n, S.DENIED) for n in range(1, count + 1))), watch.Rules()) for count in range(1, 7)]
    assert pauses == [LEAST_PAUSE_NS << min(n, MOST_DOUBLINGS) for n in range(6)]
    after_another = state_of(try_(1, S.DENIED), try_(2, S.EXPIRED), try_(3, S.DENIED))
    assert next_ns(after_another, watch.Rules()) == LEAST_PAUSE_NS


def test_refusals_with_no_other_way_open_are_spread_over_the_time_that_is_left():
    state, now, sent = MandateState(mandate(max_orders=4, deadline_ns=3000 * MS, patient=True)), 0, []
    while isinstance(tried := next_order(state, OPEN, now), OrderSubmitted):
        sent.append(now)
        state = evolve(evolve(state, tried), orders.OrderRejected(tried.cl_ord_id, 0, 99, "no"))
        assert next_order(state, OPEN, now) in ("", "orders")
        now = next_ns(state, watch.Rules())
    assert tried == "orders"
    gaps = [after - before for before, after in zip(sent, sent[1:], strict=False)]
    assert len(sent) == 4
    assert gaps == sorted(gaps)
    assert gaps[0] >= LEAST_PAUSE_NS
    assert sent[-1] < 3000 * MS


def test_tries_that_meet_nothing_with_no_other_way_open_are_spread_over_the_time_that_is_left():
    state, now, sent = MandateState(mandate(max_orders=3, deadline_ns=3000 * MS, patient=True)), 0, []
    while isinstance(tried := next_order(state, OPEN, now), OrderSubmitted):
        sent.append(now)
        state = evolve(evolve(state, tried), orders.OrderExpired(tried.cl_ord_id, 0))
        assert next_order(state, OPEN, now) in ("", "orders")
        now = next_ns(state, watch.Rules())
    assert tried == "orders"
    gaps = [after - before for before, after in zip(sent, sent[1:], strict=False)]
    assert len(sent) == 3
    assert LEAST_PAUSE_NS <= gaps[0] <= gaps[1]
    assert sent[-1] < 3000 * MS


def test_a_try_that_met_something_or_has_another_way_beside_it_is_followed_at_once():
    for state in (state_of(try_(1, S.EXPIRED, cum_qty=1), patient=True), state_of(try_(1, S.EXPIRED))):
        assert isinstance(next_order(state, OPEN, 0), OrderSubmitted)


def test_a_patient_mandate_wakes_no_later_than_its_deadline():
    state = state_of(try_(1, S.REJECTED, sent_ns=950 * MS), patient=True)
    assert next_ns(state, watch.Rules()) == 1000 * MS
    assert next_order(state, OPEN, 1000 * MS) == "deadline"


def test_what_the_venue_has_proven_absent_is_sent_again_under_a_new_id():
    sent = next_order(state_of(try_(1, S.ABSENT)), OPEN, 5)
    assert (sent.cl_ord_id, sent.qty, sent.px) == ("cu.1.1.0p2", 3, 102)


def test_a_repair_order_wants_to_be_seen_when_its_life_is_over():
    rules = watch.Rules(repair_order_ns=250 * MS)
    assert next_ns(state_of(try_(1, S.NEW)), rules) == 250 * MS
    assert next_ns(state_of(try_(1, S.SUBMITTED)), rules) == 300 * MS
    assert next_ns(MandateState(mandate(), M.RETURNED), rules) is None


def test_a_mandate_hears_its_own_orders_only_also_after_it_was_returned():
    state = MandateState(mandate(), M.RETURNED, (try_(1, S.CANCELED),))
    late = hear(state, trade("1", 1, 100, 1, "4", cl_ord_id=P1))
    assert evolve(state, late.facts[0]).filled == 1
    assert hear(state, report(cl_ord_id="cu.1.1.0p9")).facts == ()


def test_the_return_says_what_was_filled_and_spent():
    state = state_of(try_(1, S.EXPIRED, cum_qty=1), try_(2, S.DENIED), try_(3, S.FILLED, cum_qty=2))
    assert returned(state, "filled") == MandateReturned(P1, 0, 3, 2, "filled")


@pytest.mark.parametrize("touch", [None, 1020])
@pytest.mark.parametrize(("side", "worst", "down", "up"), [(1, 1026, 1056, 1256), (-1, 980, 800, 950)])
def test_limits_of_the_day_never_lift_a_price_past_its_worst(side, worst, down, up, touch):
    market = LegMarket(None if touch is None else touch - (20 if side < 0 else 0), down, up)
    assert reach(worst, side, 2, market) is None
