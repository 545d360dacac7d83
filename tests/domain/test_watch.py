"""What silence makes of an order: time-outs, cancels, the query ladder."""

from domain import orders
from domain.orders import CancelSubmitted, MassCancelSubmitted, OrderQueried, OrderUnknown, OrdStatus
from domain.watch import Rules, due, next_ns
from tests.domain.making import ID, MS, heard, order, report

S = OrdStatus
RULES = Rules()


def run(state, until_ms, rules=RULES, life_ns=None):
    """(the order, [(ms, fact)]) after silence up to `until_ms`."""
    told = []
    while (at := next_ns(state, rules, life_ns)) is not None and at <= until_ms * MS:
        facts = due(state, at, rules, life_ns)
        assert facts
        for fact in facts:
            state = orders.evolve(state, fact)
            told.append((at // MS, type(fact)))
    return state, told


def test_nothing_is_due_before_its_time():
    assert due(order(S.SUBMITTED), 299 * MS, RULES) == ()
    assert next_ns(order(S.SUBMITTED), RULES) == 300 * MS
    assert next_ns(order(S.FILLED), RULES) is None


def test_silence_is_doubt_and_asks_and_cancels_at_once():
    facts = due(order(S.PENDING_NEW), 300 * MS, RULES)
    assert facts == (
        OrderUnknown(ID, "no answer in time", 300 * MS),
        CancelSubmitted(ID, ID + ".c1", 300 * MS),
        OrderQueried(ID, 300 * MS),
    )


def test_the_ladder_asks_at_300_600_1200_2400_then_each_2_s_for_ever():
    state, told = run(order(S.SUBMITTED), 12_000)
    assert [ms for ms, kind in told if kind is OrderQueried] == [300, 600, 1200, 2400, 4400, 6400, 8400, 10_400]
    assert [ms for ms, kind in told if kind is CancelSubmitted] == [300, 600, 1200, 2400, 4400]
    assert [ms for ms, kind in told if kind is MassCancelSubmitted] == [6400]
    assert state.status is S.UNKNOWN


def test_doubt_long_after_the_send_asks_at_the_same_pace():
    state = orders.evolve(order(S.NEW, tif="0", queries=9), OrderUnknown(ID, "link lost", 60_000 * MS))
    _, told = run(state, 66_000)
    assert [ms - 60_000 for ms, kind in told if kind is OrderQueried] == [0, 300, 900, 2100, 4100]


def test_an_immediate_order_that_works_on_is_cancelled():
    assert due(order(S.NEW), 300 * MS, RULES) == (CancelSubmitted(ID, ID + ".c1", 300 * MS),)
    assert next_ns(order(S.NEW, tif="0"), RULES) is None
    assert next_ns(order(S.NEW, tif="0"), RULES, 200 * MS) == 200 * MS


def test_a_cancel_without_an_answer_is_doubt():
    facts = due(order(S.PENDING_CANCEL, cancels=1, cancel_ns=100 * MS), 400 * MS, RULES)
    assert [type(f) for f in facts] == [OrderUnknown, CancelSubmitted, OrderQueried]
    assert facts[1].cxl_id == ID + ".c2"


def test_a_cancel_refused_again_and_again_is_neither_hammered_nor_forgotten():
    state, sent, now_ms = order(S.NEW), [], 0
    while now_ms < 10_000:
        now_ms = next_ns(state, RULES) // MS
        for fact in due(state, now_ms * MS, RULES):
            state = orders.evolve(state, fact)
            if type(fact) is not CancelSubmitted:
                sent.append((now_ms, "mass cancel" if type(fact) is MassCancelSubmitted else "ask"))
                continue
            sent.append((now_ms, "cancel"))
            state = heard(state, report(kind="9", reason=1, cxl_id=fact.cxl_id), report("I", "0"))
    assert [ms for ms, what in sent if what == "cancel"] == [300, 600, 900, 1200, 1500]
    assert [ms for ms, what in sent if what == "mass cancel"] == [3500]
    assert [ms for ms, what in sent if what == "ask"] == [3500, 5500, 7500, 9500, 11_500]


def test_a_day_order_that_outlived_a_refused_cancel_is_cancelled_again():
    state = heard(
        order(S.PENDING_CANCEL, tif="0", cancels=1, cancel_ns=100 * MS), report(kind="9", cxl_id="c1"), report("I", "0")
    )
    assert (state.status, next_ns(state, RULES)) == (S.NEW, 400 * MS)
