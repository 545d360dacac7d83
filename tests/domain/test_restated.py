"""A trade told again with another quantity or price: until the venue says which holds."""

import pytest

from domain.orders import (
    MAX_RESTATED,
    NOTHING,
    OrderFilledLate,
    OrdStatus,
    TradeCorrected,
    TradeRestated,
    TradeUpheld,
    decide,
    evolve,
)
from domain.watch import lacks_trades
from tests.domain.making import DAY, ID, heard, order, report, trade

S = OrdStatus
REF = f"{DAY}/1/F/1"


def filled(*extra):
    """Five lots at 100, and whatever came after them."""
    return heard(order(), trade("1", 5, 100, 5, "2", gw_ns=10), *extra)


def again(qty, px, gw_ns, cum_qty=5, **changes):
    """The trade as an answer tells it."""
    return trade("1", qty, px, cum_qty, "2", gw_ns=gw_ns, **{"poss_resend": True, **changes})


def stands(cum_qty, gw_ns, **changes):
    """Where the order stands, as an answer tells it."""
    return report("I", "2", cum_qty=cum_qty, gw_ns=gw_ns, **{"poss_resend": True, **changes})


def test_a_restatement_moves_nothing_and_is_asked_about_at_once():
    said = decide(filled(), again(3, 101, 20))
    assert said.facts == (TradeRestated(ID, (REF, 3, 101), (5, 100), 20),)
    assert said.ask
    state = filled(again(3, 101, 20))
    assert (state.cum_qty, state.traded_qty, state.trades[0]) == (5, 5, (REF, 5, 100))
    assert lacks_trades(state)


@pytest.mark.parametrize("qty", [3, 7])
def test_a_count_that_agrees_with_it_is_the_answer_and_is_followed(qty):
    state = filled(again(qty, 101, 20), again(qty, 101, 30))
    assert state.cum_qty == 5
    state = heard(state, stands(qty, 30))
    assert (state.cum_qty, state.traded_qty, state.status) == (qty, qty, S.FILLED)
    assert not lacks_trades(state)
    assert decide(state, again(qty, 101, 40)) == decide(state, stands(qty, 40)) == NOTHING


def test_a_count_that_keeps_to_the_record_leaves_it_open():
    state = filled(again(3, 100, 20), again(3, 100, 30), stands(5, 30))
    assert state.cum_qty == 5
    assert lacks_trades(state)


def test_a_higher_count_in_the_restatement_itself_is_exposure_at_once():
    said = decide(filled(), again(7, 100, 20, 7, poss_resend=False))
    assert [type(fact) for fact in said.facts] == [TradeRestated, OrderFilledLate]
    state = filled(again(7, 100, 20, 7, poss_resend=False))
    assert (state.cum_qty, state.traded_qty) == (7, 5)
    assert heard(state, stands(7, 30)).traded_qty == 7


def test_a_price_alone_holds_once_it_is_told_again_later():
    state = filled(again(5, 99, 20))
    assert decide(state, again(5, 99, 20)) == NOTHING  # the same word, sent twice
    said = decide(state, again(5, 99, 30, fee="1.5"))
    assert [type(fact) for fact in said.facts] == [TradeCorrected]
    state = heard(state, again(5, 99, 30))
    assert (state.cum_qty, [t for t in state.trades if t[1]]) == (5, [(REF, 5, 99)])


def test_a_trade_that_is_told_as_it_was_again_is_upheld():
    state = filled(again(3, 100, 20))
    assert decide(state, again(5, 100, 15)) == NOTHING  # made before the restatement
    assert decide(state, again(5, 100, 30)).facts == (TradeUpheld(ID, REF),)
    state = heard(state, again(5, 100, 30))
    assert not lacks_trades(state)
    assert (state.cum_qty, state.traded_qty) == (5, 5)


def test_a_restatement_of_a_restatement_replaces_it():
    state = filled(again(3, 100, 20), again(4, 100, 30))
    assert [claim.trade for claim in state.amends.claims] == [(REF, 4, 100)]
    assert heard(state, stands(4, 40)).cum_qty == 4


def test_restatements_without_end_are_recorded_a_few_times():
    state = filled(*(again(3 + n % 2, 100, 20 + n) for n in range(40)))
    assert state.amends.count == MAX_RESTATED
    assert decide(state, again(1, 100, 90)) == NOTHING


def test_two_restatements_are_settled_by_the_count_of_both():
    state = heard(order(), trade("1", 3, 100, 3), trade("2", 2, 100, 5, "2"))
    state = heard(state, again(1, 100, 20), trade("2", 1, 98, 5, "2", gw_ns=21, poss_resend=True))
    assert heard(state, stands(3, 30)).cum_qty == 5
    state = heard(state, stands(2, 31))
    assert (state.cum_qty, state.traded_qty) == (2, 2)


def test_a_live_order_settles_by_any_word_on_where_it_stands():
    state = heard(order(S.NEW, qty=9), trade("1", 5, 100, 5, gw_ns=10), trade("1", 4, 100, 4, gw_ns=20))
    state = heard(state, report("C", "C", cum_qty=4, gw_ns=30))
    assert (state.status, state.cum_qty, state.traded_qty) == (S.EXPIRED, 4, 4)


def test_a_busted_trade_stays_off_whatever_is_told_of_it():
    bust = report("H", "2", exec_id="b", exec_ref="1", last_qty=5, last_px=100, cum_qty=0, gw_ns=20)
    state = filled(again(3, 100, 15), bust)
    assert state.amends.claims == ()
    assert decide(state, again(7, 100, 30)) == NOTHING


def correction(qty, px, gw_ns, cum_qty, **changes):
    return report("G", "2", exec_id="g", exec_ref="1", last_qty=qty, last_px=px, cum_qty=cum_qty, gw_ns=gw_ns, **changes)


def test_a_corrected_trade_told_as_it_was_is_no_restatement():
    state = filled(correction(4, 101, 20, 4))
    assert decide(state, again(5, 100, 30)) == decide(state, again(4, 101, 30)) == NOTHING
    assert decide(state, correction(4, 101, 30, 4, poss_resend=True)) == NOTHING
    assert type(decide(state, again(2, 100, 30)).facts[0]) is TradeRestated


def test_a_correction_told_again_otherwise_is_a_restatement_too():
    state = filled(correction(4, 101, 20, 4))
    said = decide(state, correction(3, 101, 30, 3, poss_resend=True))
    assert said.facts == (TradeRestated(ID, (REF, 3, 101), (4, 101), 30),)
    state = heard(state, correction(3, 101, 30, 3, poss_resend=True), stands(3, 40))
    assert (state.cum_qty, state.traded_qty) == (3, 3)


def test_a_trade_corrected_before_it_was_told_may_have_been_anything():
    state = heard(order(), correction(4, 101, 20, 4))
    assert decide(state, again(5, 100, 30)) == NOTHING


def test_the_venues_own_correction_settles_it():
    state = filled(again(4, 101, 20), correction(4, 101, 30, 4))
    assert (state.cum_qty, state.amends.claims) == (4, ())


def test_a_trade_of_no_price_or_fewer_than_no_lots_says_nothing():
    assert decide(filled(), again(-1, 100, 20)) == decide(filled(), again(4, None, 20)) == NOTHING


@pytest.mark.parametrize("px", [100, None])
def test_a_trade_restated_to_no_lots_is_asked_about_and_gone_once_its_count_agrees(px):
    said = decide(filled(), again(0, px, 20))
    assert said.facts == (TradeRestated(ID, (REF, 0, 100), (5, 100), 20),)
    assert said.ask
    state = filled(again(0, px, 20))
    assert (state.cum_qty, lacks_trades(state)) == (5, True)
    state = heard(state, stands(0, 30))
    assert (state.cum_qty, state.traded_qty, lacks_trades(state)) == (0, 0, False)
    assert decide(state, again(0, px, 40)) == decide(state, again(5, 100, 40)) == NOTHING


def bust(gw_ns, **changes):
    return report("H", "2", exec_id="b", exec_ref="1", last_qty=4, last_px=101, cum_qty=0, gw_ns=gw_ns, **changes)


@pytest.mark.parametrize("gw_ns", [20, 50], ids=["over a gap", "in an answer"])
def test_a_lost_correction_told_after_its_trades_bust_gives_no_lots_back(gw_ns):
    state = filled(bust(30))
    state = heard(state, correction(4, 101, gw_ns, 4, poss_resend=True), bust(max(30, gw_ns), poss_resend=True))
    assert (state.cum_qty, state.traded_qty) == (0, 0)
    assert not lacks_trades(heard(state, stands(0, 60)))


def later(qty, px, gw_ns, cum_qty, **changes):
    """Its second correction."""
    return report("G", "2", exec_id="g2", exec_ref="1", last_qty=qty, last_px=px, cum_qty=cum_qty, gw_ns=gw_ns, **changes)


def test_a_lost_correction_sent_again_after_a_later_one_is_of_before_and_noted():
    state = filled(later(3, 102, 30, 3))
    state = heard(state, correction(4, 101, 20, 4, poss_resend=True), later(3, 102, 30, 3, poss_resend=True))
    assert (state.cum_qty, state.trades[0]) == (3, (REF, 3, 102))
    day = (again(5, 100, 50), correction(4, 101, 50, 3, poss_resend=True), later(3, 102, 50, 3, poss_resend=True), stands(3, 50))
    assert all(decide(state, told) == NOTHING for told in day)  # no answer makes it news


def test_a_lost_correction_that_an_answer_tells_before_the_one_that_is_known_moves_nothing():
    state = filled(later(3, 102, 30, 3))
    day = (again(5, 100, 50), correction(4, 101, 51, 3, poss_resend=True), later(3, 102, 52, 3, poss_resend=True), stands(3, 53))
    state = heard(state, *day)
    assert (state.cum_qty, state.trades[0], state.amends.claims) == (3, (REF, 3, 102), ())


@pytest.mark.parametrize("qty", [2, 4])
def test_a_lost_correction_that_is_the_last_one_is_followed_once_its_count_or_a_second_word_agrees(qty):
    state = filled(correction(4, 101, 30, 4))

    def day(gw_ns):
        first = (again(5, 100, gw_ns), correction(4, 101, gw_ns, qty, poss_resend=True))
        return (*first, later(qty, 102, gw_ns + 1, qty, poss_resend=True), stands(qty, gw_ns + 2))

    state = heard(state, *day(50), *day(60))
    assert (state.cum_qty, state.traded_qty, [t for t in state.trades if t[1]]) == (qty, qty, [(REF, qty, 102)])
    assert all(decide(state, told) == NOTHING for told in day(70))


def test_the_facts_fold_to_the_same_order():
    state, folded = filled(), filled()
    for told in (again(4, 99, 20), again(4, 99, 30), stands(4, 30)):
        facts = decide(state, told).facts
        state = heard(state, told)
        for fact in facts:
            folded = evolve(folded, fact)
    assert folded == state


def test_a_count_that_came_with_a_restatement_falls_with_it():
    state = filled(again(7, 100, 20, 7, poss_resend=False), again(5, 100, 30))
    assert (state.cum_qty, lacks_trades(state)) == (7, True)  # of the state alone, not of its trade
    state = heard(state, stands(5, 31))
    assert (state.cum_qty, state.traded_qty, lacks_trades(state)) == (5, 5, False)
    assert decide(state, stands(5, 40)) == decide(state, again(5, 100, 40)) == NOTHING


def test_a_bust_of_before_another_one_brings_no_lots_back():
    state = heard(order(), trade("1", 2, 100, 2, gw_ns=10), trade("2", 1, 100, 3, gw_ns=11))
    second = report("H", "1", exec_id="h2", exec_ref="2", last_qty=1, last_px=100, cum_qty=0, gw_ns=30)
    first = report("H", "1", exec_id="h1", exec_ref="1", last_qty=2, last_px=100, cum_qty=1, gw_ns=20, poss_resend=True)
    state = heard(state, second, first)
    assert (state.cum_qty, state.traded_qty) == (0, 0)


@pytest.mark.parametrize("side", [1, -1])
def test_a_trade_told_with_the_other_side_is_none_of_its_order(side):
    own, other = ("1", "2") if side > 0 else ("2", "1")
    state = heard(order(side=side), trade("1", 5, 100, 5, "2", side=own))
    assert decide(state, trade("1", 5, 100, 5, "2", side=other)) == NOTHING
    state = heard(order(side=side), trade("1", 3, 100, 3, "1", side=other))
    assert (state.cum_qty, state.traded_qty, lacks_trades(state)) == (3, 0, True)
    assert heard(state, trade("1", 3, 100, 3, "1", side=own)).traded_qty == 3
