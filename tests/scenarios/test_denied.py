"""A repair that is denied on this side of its venue, until it may leave: T74."""

import pytest
from msgspec.structs import replace

from simulation import fates
from simulation.agenda import MS
from tests.scenarios.test_again import desk, signs

__all__ = ["desk"]
S = 1000 * MS
DENIED, TRIED = "DENIED", "TRIED_AGAIN"


def denies(s, *, until_s, begun_ns):
    """B's gateway hands nothing over until then."""

    def fate(venue, order):
        (fates.deny(0) if s.agenda.now_ns < begun_ns + until_s * S else fates.meet)(venue, order)

    s.b.always = fate


def orders_of(s):
    hedge = s.pair.hedge or s.pair.past[-1]
    return [order for leg in hedge.legs for order in leg.orders]


@pytest.mark.parametrize("kind", ["close", "open"])
def test_t74_gate_that_denies_for_a_minute_is_outlived_by_itself(desk, kind):
    s = desk(policy="rollback_first")
    if kind == "close":
        s.holds()
    denied_ns = s.agenda.now_ns
    denies(s, until_s=60, begun_ns=denied_ns)
    if kind == "close":
        s.closes()
    else:  # A must take back what it bought, and may not either
        s.a.script.append(fates.meet)
        s.a.always = s.b.always
        s.opens()
    assert s.ends(120_000) in ("DONE", "NONE")
    assert s.position == (0, 0) or (kind == "open" and s.position == (-1, 1))
    assert 60 * S <= s.agenda.now_ns - denied_ns < 100 * S
    assert {word for _, word in signs(s)} == {"denied: time"}
    assert s.judge.alerts.count(TRIED) == len(signs(s)) <= 5
    assert (s.pair.past[-1].retries, s.pair.past[-1].denials) == (0, len(signs(s)))


def test_t74_denied_for_ever_is_told_and_tried_ever_more_seldom(desk):
    s = desk()
    s.holds()
    s.b.always = fates.deny(0)
    s.closes()
    s.run(110_000)
    tried_ns = [at_ns for at_ns, _ in signs(s)]
    assert len(tried_ns) == 4 == s.judge.alerts.count(TRIED)
    assert s.judge.alerts.count("STRANDED") == 5
    gaps = [(after - before) // S for before, after in zip(tried_ns, tried_ns[1:], strict=False)]
    assert gaps == sorted(gaps)
    assert gaps[0] >= 10
    assert gaps[-1] >= 40
    assert len(orders_of(s)) <= 2 + 5 * 9
    assert (s.pair.hedge.status, s.pair.hedge.retries) == ("STRANDED", 0)
    s.b.always = fates.meet
    s.may_be_naked = True


def collar(s, ticks):
    """How far past the touch an order of B's may be priced, by our own limits."""
    row = s.node.desk.risk.row(("B", "B.X"))
    row.limits = replace(row.limits, price_collar_ticks=ticks)


def test_t74_our_own_limit_is_asked_first_and_what_it_bars_is_not_tried(desk):
    s = desk()
    s.holds()
    s.b.script.append(fates.part(0))
    wide = s.node.desk.risk.row(("B", "B.X")).limits.price_collar_ticks
    s.closes()
    collar(s, -50)
    assert s.until(lambda: s.pair.hedge.status == "STRANDED", 10 * S)
    orders = len(orders_of(s))
    s.run(60_000)
    assert (len(orders_of(s)), signs(s)) == (orders, [])
    collar(s, wide)
    let_ns = s.agenda.now_ns
    assert s.ends() == "DONE"
    ((at_ns, word),) = signs(s)
    assert word == "denied: let"
    assert 2 * S <= at_ns - let_ns < 3 * S


def test_t74_next_node_looks_after_it_too(desk):
    s = desk()
    s.holds()
    s.b.always = fates.deny(0)
    s.closes()
    assert s.until(lambda: s.pair.hedge.status == "STRANDED", 10 * S)
    s.kill()
    s.start()
    s.b.always = fates.meet
    assert s.ends() == "DONE"
    assert s.position == (0, 0)


def test_t74_nothing_is_tried_of_what_a_person_has(desk):
    from actors.notes import Operate

    s = desk()
    s.holds()
    s.b.always = fates.deny(0)
    s.closes()
    assert s.until(lambda: s.pair.hedge.status == "STRANDED", 10 * S)
    s.node.runtime.tell("AxB", Operate("take", "ann", "by phone", s.pair.hedge.hedge_id))
    tried = len(signs(s))
    s.run(60_000)
    assert len(signs(s)) == tried
    assert s.pair.status == "FROZEN"
    s.b.always = fates.meet
    s.may_be_naked = True
