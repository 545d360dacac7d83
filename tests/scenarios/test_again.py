"""A close that was refused, or out of reach, once its cause has gone: T72."""

import pytest

from actors.notes import Operate
from domain.controls import Killed, Level, Unkilled
from simulation import fates
from simulation.agenda import MS
from simulation.settings import CHEAP

OPEN, HALTED = 17, 2
ABSURD = CHEAP + 100
TRIED = "TRIED_AGAIN"


def refused(s):
    """B refuses its close, and all that completes it."""
    s.holds()
    s.b.always = fates.reject()
    s.closes()
    assert s.strands() in ("REFUSED", "CAP")
    return s.agenda.now_ns


def out_of_reach(s):
    """A's close met nothing, and its quotes are absurd."""
    s.holds()
    s.a.always = fates.part(0)
    s.closes()
    s.mid = ABSURD
    assert s.strands() == "PRICE"
    s.a.always = fates.meet
    return s.agenda.now_ns


def tried(s):
    return s.judge.alerts.count(TRIED)


def signs(s):
    """Why each try of its own was made, by the records."""
    return s.retried


@pytest.fixture
def desk(scene):
    def make(**shape):
        s = scene(**shape)
        s.retried = []
        told = s.judge._tried

        def noted(hedge, word):
            s.retried.append((s.agenda.now_ns, word))
            told(hedge, word)

        s.judge._tried = noted
        return s

    return make


def test_t72_refused_close_is_tried_again_when_it_may_have_passed(desk):
    s = desk()
    stranded_ns = refused(s)
    s.b.always = fates.meet
    assert s.ends() == "DONE"
    ((at_ns, word),) = signs(s)
    assert word == "again: time"
    assert 10_000 * MS <= at_ns - stranded_ns < 10_600 * MS
    assert tried(s) == 1
    assert s.position == (0, 0)


def test_t72_close_that_goes_on_being_refused_is_tried_seldom_and_then_a_persons(desk):
    s = desk()
    stranded_ns = refused(s)
    s.run(70_000)
    assert [word for _, word in signs(s)] == ["again: time"] * 2
    first, second = (at_ns for at_ns, _ in signs(s))
    assert first - stranded_ns >= 10_000 * MS
    assert second - first >= 40_000 * MS
    sent = len(s.orders(s.b))
    assert s.pair.hedge.status == "STRANDED"
    s.run(20_000)
    assert len(s.orders(s.b)) == sent <= 1 + 12 + 2 * 4
    assert tried(s) == 2
    s.b.always = fates.meet
    s.node.runtime.tell("AxB", Operate("retry", "ann", "they trade again", s.pair.hedge.hedge_id))
    assert s.ends() == "DONE"


def test_t72_market_that_was_shut_and_trades_again_is_a_sign(desk):
    s = desk()
    refused(s)
    s.set_status(s.b, HALTED)
    s.run(3000)
    s.b.always = fates.meet
    s.set_status(s.b, OPEN)
    opened_ns = s.agenda.now_ns
    assert s.ends() == "DONE"
    ((at_ns, word),) = signs(s)
    assert word == "again: market"
    assert 2000 * MS <= at_ns - opened_ns < 3000 * MS


def test_t72_money_that_was_paid_in_is_a_sign(desk):
    s = desk(deposit_usd=100_000)
    refused(s)
    s.run(1000)
    s.b.account.deposit *= 2
    s.b.always = fates.meet
    s.b.gateway.kill(20 * MS)  # the next logon tells it
    assert s.ends() == "DONE"
    assert [word for _, word in signs(s)] in (["again: money"], ["again: market"])


def test_t72_absurd_quotes_that_are_sane_again_for_a_while_are_a_sign(desk):
    s = desk()
    out_of_reach(s)
    s.run(3000)
    assert s.pair.hedge.status == "STRANDED"
    s.mid = CHEAP + 8
    sane_ns = s.agenda.now_ns
    assert s.ends() == "DONE"
    ((at_ns, word),) = signs(s)
    assert word == "again: price"
    assert 2000 * MS <= at_ns - sane_ns < 3000 * MS


def test_t72_quotes_that_come_and_go_are_no_sign(desk):
    s = desk()
    out_of_reach(s)
    for _ in range(8):
        s.mid = CHEAP + 8
        s.run(1200)
        s.mid = ABSURD
        s.run(1200)
    assert signs(s) == []
    s.mid = CHEAP + 8
    assert s.ends() == "DONE"


def test_t72_nothing_is_tried_under_a_kill(desk):
    s = desk()
    refused(s)
    s.word(Killed("pair AxB", Level.BLOCK, "ann", "look first"), "kill")
    s.b.always = fates.meet
    s.run(15_000)
    assert signs(s) == []
    assert s.pair.hedge.status == "STRANDED"
    s.word(Unkilled("pair AxB", "ann", "looked"), "unkill")
    assert s.ends() == "DONE"


def test_t72_next_node_looks_after_it_too(desk):
    s = desk()
    refused(s)
    s.b.always = fates.meet
    s.kill()
    s.start()
    assert s.ends() == "DONE"
    assert tried(s) == 1


def test_t72_close_that_a_person_has_taken_is_left_alone(desk):
    s = desk()
    refused(s)
    s.b.always = fates.meet
    s.node.runtime.tell("AxB", Operate("take", "ann", "by phone", s.pair.hedge.hedge_id))
    s.run(15_000)
    assert signs(s) == []
    assert s.pair.status == "FROZEN"
    s.may_be_naked = True
