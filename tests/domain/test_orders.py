"""The order machine: each cell of its table, and the ugly rows."""

import pytest

from domain.errors import IllegalTransition
from domain.orders import (
    LIVE,
    NOTHING,
    SAME,
    TERMINAL,
    TRANSITIONS,
    CancelRejected,
    OrderAbsent,
    OrderDenied,
    OrderFilledLate,
    OrderPartiallyFilled,
    OrderQueried,
    OrderRejected,
    OrderSubmitted,
    OrderUnknown,
    OrdStatus,
    TradeBooked,
    born,
    decide,
    evolve,
)
from domain.watch import lacks_trades
from tests.domain.making import FACTS, ID, heard, order, report, trade

S = OrdStatus
CELLS = [(status, kind) for status in S for kind in FACTS]


@pytest.mark.parametrize(("status", "kind"), CELLS, ids=lambda v: getattr(v, "__name__", v))
def test_every_cell_goes_where_the_table_says_or_raises(status, kind):
    state = order(status, cum_qty=1, trades=(("t1", 1, 100),))
    to = TRANSITIONS.get((status, kind))
    if to is None:
        with pytest.raises(IllegalTransition):
            evolve(state, FACTS[kind])
        assert state == order(status, cum_qty=1, trades=(("t1", 1, 100),))
    else:
        after = evolve(state, FACTS[kind])
        assert after.status == (status if to == SAME else to)
        assert (after.cl_ord_id, after.qty, after.side, after.px) == (ID, 5, 1, 100)


def test_the_statuses_are_live_or_terminal():
    assert {*LIVE, *TERMINAL} == set(S)
    assert not {*LIVE} & {*TERMINAL}


@pytest.mark.parametrize("status", TERMINAL)
def test_an_end_is_left_by_nothing(status):
    assert all(TRANSITIONS[status, kind] in (SAME, status) for kind in FACTS if (status, kind) in TRANSITIONS)


@pytest.mark.parametrize("status", LIVE)
def test_what_is_live_may_still_fill_wholly(status):
    assert order(status, cum_qty=2).leaves_qty == 3
    assert evolve(order(status, cum_qty=2), FACTS[TradeBooked]).live


def test_an_intent_is_live_before_it_has_left():
    state = born(FACTS[OrderSubmitted])
    assert (state.status, state.leaves_qty, state.live) == (S.SUBMITTED, 5, True)


def test_the_plain_life_of_an_immediate_order():
    state = heard(
        order(S.SUBMITTED),
        report("A", "A"),
        report("0", "0"),
        trade("1", 2, 100, 2),
        trade("2", 3, 101, 5, "2"),
    )
    assert (state.status, state.cum_qty, state.traded_qty, state.leaves_qty) == (S.FILLED, 5, 5, 0)
    assert [px for _, _, px in state.trades] == [100, 101]


# ------------------------------------------------------------------ the ugly rows


def test_a_fill_before_its_acknowledgement_counts_at_once():
    state = heard(order(S.SUBMITTED), trade("1", 2, 100, 2))
    assert (state.status, state.cum_qty) == (S.PARTIALLY_FILLED, 2)
    assert heard(state, report("A", "A"), report("0", "0")) == state


@pytest.mark.parametrize("status", [S.CANCELED, S.EXPIRED, S.REJECTED, S.DENIED, S.ABSENT, S.FILLED])
def test_a_fill_after_the_end_is_counted_and_the_status_stays(status):
    before = order(status, cum_qty=5 if status is S.FILLED else 1)
    state = heard(before, trade("9", 1, 103, before.cum_qty + 1, "4"))
    assert (state.status, state.cum_qty) == (status, before.cum_qty + 1)
    assert state.leaves_qty == 0


def test_more_than_was_ordered_is_kept_as_it_is():
    state = heard(order(), trade("1", 7, 100, 7, "2"))
    assert (state.status, state.cum_qty, state.leaves_qty) == (S.FILLED, 7, 0)
    again = heard(state, trade("2", 1, 100, 8, "2"))
    assert again.cum_qty == 8
    assert isinstance(decide(state, trade("2", 1, 100, 8, "2")).facts[0], OrderFilledLate)


def test_a_repeated_trade_changes_nothing():
    once = heard(order(), trade("1", 2, 100, 2))
    assert decide(once, trade("1", 2, 100, 2)) == NOTHING
    assert decide(once, trade("1", 2, 100, 2, poss_resend=True)).facts == ()


def test_a_trade_id_is_one_within_day_and_side_only():
    once = heard(order(), trade("1", 2, 100, 2))
    assert heard(once, trade("1", 2, 100, 4, trading_day="20261124")).cum_qty == 4
    assert heard(once, trade("1", 2, 100, 4, side="2")).cum_qty == 4


def test_reports_out_of_order_never_take_lots_back():
    state = heard(order(), trade("2", 3, 101, 5, "2"), trade("1", 2, 100, 2), report("0", "0"))
    assert (state.status, state.cum_qty, state.traded_qty) == (S.FILLED, 5, 5)


def test_trades_alone_add_up_where_their_count_lags():
    state = heard(order(), trade("1", 2, 100, 2), trade("2", 2, 100, 2))
    assert state.cum_qty == 4


def test_the_count_ahead_of_its_trades_is_exposure_at_once():
    state = heard(order(), report("I", "1", cum_qty=4))
    assert (state.cum_qty, state.traded_qty) == (4, 0)
    state = heard(state, trade("1", 3, 100, 3))
    assert (state.cum_qty, state.traded_qty) == (4, 3)
    assert decide(state, trade("2", 1, 99, 4)).facts == (TradeBooked(ID, (f"20261123/1/F/{2}", 1, 99)),)


def test_a_terminal_report_carries_lots_that_no_trade_has_told():
    state = heard(order(), report("4", "4", cum_qty=3))
    assert (state.status, state.cum_qty, state.traded_qty) == (S.CANCELED, 3, 0)
    assert heard(state, trade("1", 3, 100, 3)).traded_qty == 3


def test_a_full_count_with_a_cancel_is_filled():
    assert heard(order(), report("4", "4", cum_qty=5)).status is S.FILLED


def test_a_new_after_the_end_says_nothing():
    for status in TERMINAL:
        assert decide(order(status), report("0", "0")) == NOTHING


# ------------------------------------------------------------------ bust and correction


def bust(exec_id, ref, qty, px, cum_qty, **changes):
    return report("H", "1", exec_id=exec_id, exec_ref=ref, last_qty=qty, last_px=px, cum_qty=cum_qty, **changes)


def test_a_bust_takes_the_trade_off_and_the_same_bust_nothing_more():
    state = heard(order(), trade("1", 2, 100, 2), trade("2", 3, 101, 5, "2"), bust("b1", "1", 2, 100, 3))
    assert (state.status, state.cum_qty, state.traded_qty) == (S.FILLED, 3, 3)
    assert decide(state, bust("b1", "1", 2, 100, 3)) == NOTHING


def test_a_busted_trade_told_again_does_not_come_back():
    state = heard(order(S.CANCELED, cum_qty=0), trade("1", 2, 100, 2, "4"), bust("b1", "1", 2, 100, 0))
    assert state.cum_qty == 0
    again = heard(state, trade("1", 2, 100, 2, "4"), bust("b1", "1", 2, 100, 0), report("I", "4", cum_qty=0))
    assert again == state


def test_a_bust_before_its_trade_is_taken_and_the_trade_then_is_nothing():
    state = heard(order(), bust("b1", "1", 2, 100, 0), trade("1", 2, 100, 2))
    assert (state.cum_qty, state.traded_qty) == (0, 0)


def test_a_bust_that_was_lost_does_not_take_newer_trades_off():
    state = heard(order(), trade("1", 3, 100, 3), trade("2", 4, 100, 4), bust("b1", "1", 3, 100, 0))
    assert (state.cum_qty, state.traded_qty) == (4, 4)


def test_a_count_sent_again_from_before_a_bust_is_not_believed():
    state = heard(order(S.FILLED, cum_qty=5), trade("1", 5, 100, 5, "2"), bust("b1", "1", 5, 100, 0))
    said = decide(state, report("I", "2", cum_qty=5, poss_resend=True))
    assert said.facts == () and said.ask
    assert heard(state, trade("2", 1, 100, 5, "2", poss_resend=True)).cum_qty == 1


def test_a_state_made_after_the_bust_is_believed_though_it_is_marked_as_sent_again():
    off = bust("b1", "1", 2, 100, 0, gw_ns=20)
    state = heard(order(), trade("1", 2, 100, 2), off)
    assert heard(state, report("I", "1", cum_qty=2, gw_ns=20, poss_resend=True)).cum_qty == 0
    assert heard(state, report("I", "1", cum_qty=3, gw_ns=21, poss_resend=True)).cum_qty == 3


def test_an_end_sent_again_with_a_count_that_a_bust_makes_doubtful_is_no_end():
    state = heard(order(), trade("1", 2, 100, 2), bust("b1", "1", 2, 100, 0, gw_ns=20))
    said = decide(state, report("C", "C", cum_qty=2, gw_ns=30, poss_resend=True))
    assert (said.facts, said.ask) == ((), True)
    assert heard(state, report("C", "C", cum_qty=2, gw_ns=30)).status is S.EXPIRED
    assert heard(state, report("C", "C", cum_qty=0, gw_ns=30, poss_resend=True)).status is S.EXPIRED


def test_a_bust_that_counts_fewer_than_the_trades_that_remain_is_asked_about():
    state = heard(order(), trade("1", 2, 100, 2), trade("2", 3, 101, 5, "2"))
    assert not decide(state, bust("b1", "1", 2, 100, 3)).ask
    said = decide(state, bust("b1", "1", 2, 100, 0))
    assert said.ask
    assert not decide(state, bust("b1", "1", 2, 100, 0, poss_resend=True)).ask  # made before newer trades, perhaps
    state = heard(state, bust("b1", "1", 2, 100, 0))
    assert state.cum_qty == 3  # the trade stands until its own bust is told
    assert lacks_trades(state)
    state = heard(state, bust("b2", "2", 3, 101, 0))
    assert state.cum_qty == 0
    assert not lacks_trades(state)


def test_a_trade_that_a_bust_hides_is_lacking():
    state = heard(order(), trade("1", 2, 100, 2), bust("b1", "1", 2, 100, 3))
    assert (state.cum_qty, state.traded_qty) == (3, 0)
    assert lacks_trades(state)
    assert not lacks_trades(heard(state, trade("2", 3, 101, 3)))


def test_a_correction_replaces_lots_and_price_and_only_once():
    change = report("G", "1", exec_id="g1", exec_ref="1", last_qty=1, last_px=99, cum_qty=1)
    state = heard(order(), trade("1", 2, 100, 2), change)
    assert (state.cum_qty, state.traded_qty, max(px for _, q, px in state.trades if q)) == (1, 1, 99)
    assert decide(state, change) == NOTHING
    assert decide(state, trade("1", 2, 100, 2)) == NOTHING


def correction(exec_id, ref, qty, px, cum_qty, **changes):
    return report("G", "2", exec_id=exec_id, exec_ref=ref, last_qty=qty, last_px=px, cum_qty=cum_qty, **changes)


def test_a_correction_of_a_trade_never_told_counts_by_its_own_count_and_asks_once():
    state = heard(order(qty=3), trade("1", 3, 100, 3, "2"))
    change = correction("g1", "nobody", 3, 105, 3)
    said = decide(state, change)
    assert said.ask
    state = heard(state, change)
    assert (state.status, state.cum_qty, state.traded_qty) == (S.FILLED, 3, 3)
    assert decide(state, change) == NOTHING
    assert heard(state, trade("1", 3, 100, 3, "2"), change, report("I", "2", cum_qty=3)) == state


def test_a_correction_of_a_trade_never_told_is_that_trade_where_its_count_has_room():
    state = heard(order(), trade("1", 2, 100, 2))
    change = correction("g1", "2", 1, 99, 3)
    assert decide(state, change).ask
    state = heard(state, change)
    assert (state.cum_qty, state.traded_qty) == (3, 3)
    assert decide(state, trade("2", 3, 98, 5)) == NOTHING


def test_the_trade_told_after_its_correction_was_counted_alone_is_corrected_then():
    state = heard(order(), trade("1", 3, 100, 3), correction("g1", "2", 1, 99, 1))
    assert (state.cum_qty, state.traded_qty) == (3, 3)
    state = heard(state, bust("b1", "1", 3, 100, 0), trade("2", 2, 98, 2), correction("g1", "2", 1, 99, 1))
    assert (state.cum_qty, state.traded_qty) == (1, 1)


def test_an_old_correction_of_a_trade_never_told_takes_no_newer_lots_off():
    state = heard(order(), trade("2", 3, 100, 4), correction("g1", "1", 1, 99, 1, poss_resend=True))
    assert (state.cum_qty, state.traded_qty) == (4, 3)


def test_a_bust_of_a_trade_never_told_is_taken_and_asked_about_once():
    state = heard(order(), trade("1", 2, 100, 5, "2"))
    said = decide(state, bust("b1", "2", 3, 101, 2))
    assert said.ask
    state = heard(state, bust("b1", "2", 3, 101, 2))
    assert (state.cum_qty, state.traded_qty) == (2, 2)
    assert decide(state, bust("b1", "2", 3, 101, 2)) == NOTHING


@pytest.mark.parametrize("status", [S.SUBMITTED, S.PENDING_NEW])
def test_a_bust_of_an_order_that_nobody_acknowledged_is_asked_about(status):
    said = decide(order(status), bust("b1", "1", 2, 100, 0))
    assert said.facts == () and said.ask


def test_an_order_that_a_bust_keeps_below_its_quantity_still_ends():
    state = heard(order(), trade("1", 3, 100, 3), bust("b1", "1", 3, 100, 0), trade("2", 2, 100, 2, "2"))
    assert (state.status, state.cum_qty, state.live) == (S.FILLED, 2, False)


# ------------------------------------------------------------------ refusals, proof, doubt


@pytest.mark.parametrize("status", list(S))
def test_a_j_to_the_order_denies_it_only_where_nothing_proves_it_left(status):
    said = decide(order(status), report(kind="j", ref_type="D", reason=8, text="slow down"))
    deniable = status in (S.SUBMITTED, S.PENDING_NEW, S.UNKNOWN, S.PENDING_CANCEL)
    assert said.facts == ((OrderDenied(ID, "GATEWAY_8", "slow down"),) if deniable else ())


def test_a_j_to_an_order_with_fills_says_nothing():
    assert decide(order(S.UNKNOWN, cum_qty=1), report(kind="j", ref_type="D", reason=8)) == NOTHING


@pytest.mark.parametrize("status", list(S))
def test_a_j_to_a_query_is_no_answer(status):
    assert decide(order(status), report(kind="j", ref_type="H", reason=4)) == NOTHING


def test_a_j_to_a_cancel_refuses_the_cancel():
    said = decide(order(S.PENDING_CANCEL), report(kind="j", ref_type="F", reason=8, text="t", cxl_id="c1"))
    assert said.facts == (CancelRejected(ID, 8, "t", "c1"),)
    assert decide(order(S.CANCELED), report(kind="j", ref_type="F", reason=8)) == NOTHING


@pytest.mark.parametrize("status", list(S))
def test_a_cancel_reject_proves_nothing_and_starts_a_query(status):
    said = decide(order(status), report(kind="9", ord_status="8", reason=1, text="late", cxl_id="c1"))
    state = evolve(order(status), said.facts[0])
    assert state.status is status
    assert said.ask is (status in LIVE)
    assert decide(state, report(kind="9", ord_status="8", reason=1, text="late", cxl_id="c1")) == NOTHING


def test_an_order_works_again_when_its_cancel_was_refused_and_the_venue_says_new():
    state = order(S.PENDING_CANCEL, cancels=1)
    assert heard(state, report("I", "0")).status is S.PENDING_CANCEL
    state = heard(state, report(kind="9", reason=1, cxl_id="c1"), report("I", "0"))
    assert state.status is S.NEW


@pytest.mark.parametrize("status", list(S))
def test_reason_5_is_proof_of_absence_only_where_nothing_was_proven(status):
    proof = report("I", "8", reason=5, side=None)
    absent = status in (S.SUBMITTED, S.PENDING_NEW, S.PENDING_CANCEL, S.UNKNOWN)
    assert decide(order(status), proof).facts == ((OrderAbsent(ID),) if absent else ())
    assert decide(order(status, cum_qty=1), proof).facts == ()


def test_reason_5_is_proof_only_as_the_answer_to_a_query():
    said = decide(order(S.UNKNOWN), report("8", "8", reason=5, text="unknown"))
    assert said.facts == (OrderRejected(ID, 0, 5, "unknown"),)


def test_a_refusal_keeps_the_venues_code_and_what_was_filled():
    state = heard(order(), trade("1", 1, 100, 1), report("8", "8", reason=99, text="CTP 31: no margin", cum_qty=1))
    assert (state.status, state.cum_qty, state.reject_code) == (S.REJECTED, 1, "99:CTP 31: no margin")


@pytest.mark.parametrize(("exec_type", "ord_status"), [("D", "4"), ("4", "9"), ("zz", "0"), ("", "")])
def test_an_unknown_code_is_no_step_but_its_count_is_read_and_the_venue_asked(exec_type, ord_status):
    said = decide(order(), report(exec_type, ord_status, cum_qty=2))
    assert said.facts == (OrderPartiallyFilled(ID, 2, None),) and said.ask
    quiet = decide(order(), report(exec_type, ord_status))
    assert quiet.facts == () and quiet.ask


@pytest.mark.parametrize(("told", "status"), [(report("I", "A"), S.UNKNOWN), (report("I", "6"), S.UNKNOWN), (report("I", "0"), S.NEW),
    (report("I", "1", cum_qty=2), S.PARTIALLY_FILLED), (report("I", "2", cum_qty=5), S.FILLED), (report("I", "4"), S.CANCELED),
    (report("I", "C"), S.EXPIRED), (report("I", "8", reason=99), S.REJECTED), (report("I", "8", reason=5), S.ABSENT)])  # fmt: skip
def test_doubt_is_ended_by_evidence_alone(told, status):
    assert heard(order(S.UNKNOWN), told).status is status


def test_a_doubtful_order_that_had_filled_wakes_as_partially_filled():
    assert heard(order(S.UNKNOWN, cum_qty=2), report("I", "1", cum_qty=2)).status is S.PARTIALLY_FILLED


def test_a_query_counts_since_the_order_was_last_in_doubt():
    state = evolve(order(S.NEW, queries=3), FACTS[OrderQueried])
    assert (state.queries, state.queried_ns) == (4, 9)
    assert evolve(state, FACTS[OrderUnknown]).queries == 0
