"""What a person did by hand holds over a kill at any record: T71."""

import pytest

from actors.notes import Operate
from simulation import fates
from simulation.agenda import MS

STEPS = range(1, 7)
"""Records and sends from the word on, after which the node dies."""


def says(s, verb, **about):
    return s.node.pair_actor("AxB").on_operate(Operate(verb, "ann", "because", **about))


def facts(s, name):
    """Those facts on record."""
    return [fact for kind, _seq, told in s.decisions if kind == "decision" for fact in told["facts"] if fact[0] == name]


@pytest.fixture
def desk(scene):
    """A scene that keeps its decisions."""
    from wire.codec import unpack

    def make(**shape):
        s = scene(**shape)
        s.decisions = []
        told = s.judge.recorded

        def recorded(kind, body, seq=0, cause=0):
            s.decisions.append((kind, seq, unpack(body) if kind == "decision" else None))
            told(kind, body, seq, cause)

        s.judge.recorded = recorded
        return s

    return make


def half_open(s):
    """Leg A is filled, B's order rests."""
    s.opens(b=fates.rest)
    assert s.until(lambda: s.pair.books[0].net == -1 and s.b.working, 1000 * MS)
    return s.pair.hedge.hedge_id


@pytest.mark.parametrize("steps", STEPS)
def test_t71_hedge_that_a_person_sent_back_is_not_completed_by_the_next_node(desk, steps):
    s = desk(policy="replenish_first", tifs="0")
    hedge = half_open(s)
    s.light(steps, 200)
    says(s, "rollback", hedge=hedge)
    assert s.until(lambda: s.kills == 1 and s.node is not None, 3000 * MS)
    assert s.pair.hedge.sent_back
    assert s.node.desk.holds["AxB"].why == f"ROLLBACK {hedge}"
    assert s.ends() == "NONE"
    assert set(s.pair.past[-1].repairs) == {"rollback"}
    assert s.position == (0, 0)
    assert s.node.desk.holds == {}
    assert len(facts(s, "HedgeSentBack")) == 1


def test_t71_late_fill_of_a_hedge_that_was_sent_back_goes_back_too(desk):
    s = desk(policy="replenish_first", tifs="0", defaults={"cooldown_ms": 60_000, "failure_cooldown_ms": 60_000, "failure_cooldown_max_ms": 60_000})
    hedge = half_open(s)
    s.b.cancel_script.append(fates.obey)
    says(s, "rollback", hedge=hedge)
    assert s.ends() == "NONE"
    s.kill()
    s.start()
    s.run(1500)
    s.b.fill(s.b.orders[f"{hedge}.1h1"], 1)
    assert s.until(lambda: s.pair.hedge is not None, 1000 * MS)
    assert s.ends() == "NONE"
    assert s.position == (0, 0)
    assert s.judge.outcomes == {hedge: "NONE"}


def test_t71_stranded_hedge_that_is_sent_back_is_tried_again_at_once(desk):
    s = desk(policy="replenish_first")
    s.a.script.append(fates.meet)
    s.a.always = s.b.always = fates.reject()
    s.opens()
    s.strands()
    s.a.always = s.b.always = fates.meet
    s.light(1, 200)
    says(s, "rollback", hedge=s.pair.hedge.hedge_id)
    assert s.until(lambda: s.kills == 1 and s.node is not None, 3000 * MS)
    assert s.ends() == "NONE"
    assert s.position == (0, 0)


def mandated(s):
    """A replenish's order rests at B."""
    s.b.script.extend([fates.reject(), fates.rest])
    s.opens()
    assert s.until(lambda: s.b.working, 1000 * MS)
    return s.pair.hedge


@pytest.mark.parametrize("steps", STEPS)
def test_t71_repair_whose_order_a_person_cancelled_is_given_back_by_the_next_node(desk, steps):
    s = desk(policy="replenish_first", tifs="0")
    hedge = mandated(s)
    (order,) = s.orders(s.b, "p")
    s.light(steps, 200)
    told = says(s, "cancel", order=order)
    assert "error" not in told
    assert s.until(lambda: s.kills == 1 and s.node is not None, 3000 * MS)
    assert s.ends() in ("DONE", "NONE")
    assert facts(s, "MandateRevoked") == [["MandateRevoked", f"{hedge.hedge_id}.1p1", 1, "ann", "because"]]
    assert [fact[5] for fact in facts(s, "MandateReturned") if fact[1] == f"{hedge.hedge_id}.1p1"] == ["revoked"]
    assert s.node.desk.revoked == set()
    assert s.position[0] == -s.position[1]


def stranded_with_a_mandate(s):
    """STRANDED while a repair's order at B is in doubt."""
    s.b.script.append(fates.reject())
    s.b.always = fates.vanish
    s.b.deaf_until_ns = s.agenda.now_ns + 12_000 * MS
    s.opens()
    assert s.strands() == "UNKNOWN"
    assert s.pair.hedge.legs[1].mandate is not None
    return s.pair.hedge.hedge_id


@pytest.mark.parametrize("steps", [None, 1, 2])
def test_t71_hedge_that_a_person_takes_is_theirs_as_soon_as_its_repair_is_back(desk, steps):
    s = desk(policy="replenish_first")
    hedge = stranded_with_a_mandate(s)
    sent = len(s.judge.knowledge.orders)
    if steps is not None:
        s.light(steps, 200)
    told = says(s, "take", hedge=hedge)
    assert told["state"] == "STRANDED"
    assert told["waits_for"] == [f"{hedge}.1p1"]
    if steps is not None:
        s.agenda.after(200 * MS, lambda: s.restart(100 * MS) if not s.kills else None)  # it may have nothing more to record
        assert s.until(lambda: s.kills == 1 and s.node is not None, 3000 * MS)
        assert s.pair.hedge.claimed == ("ann", "because")
    assert s.until(lambda: s.pair.hedge is None, 20_000 * MS)
    assert (s.pair.past[-1].status, s.pair.status, s.pair.naked) == ("HANDED_OVER", "FROZEN", (-1, 0))
    assert len(s.judge.knowledge.orders) == sent
    assert "HANDED_OVER" in s.judge.alerts
    s.may_be_naked = True


def test_t71_a_person_who_claims_may_have_it_tried_again_instead(desk):
    s = desk(policy="replenish_first")
    hedge = stranded_with_a_mandate(s)
    says(s, "take", hedge=hedge)
    s.b.always = fates.meet
    assert "error" not in says(s, "retry", hedge=hedge)
    assert s.pair.hedge.claimed == ()
    assert s.ends() in ("DONE", "NONE")
    assert s.pair.naked == (0, 0)


def test_t71_person_who_has_taken_a_hedge_hears_of_its_late_fill(desk):
    s = desk(policy="replenish_first")
    s.b.deaf_until_ns = s.agenda.now_ns + 12_000 * MS
    s.opens(b=fates.silent(1))
    s.strands()
    hedge = s.pair.hedge.hedge_id
    told = says(s, "take", hedge=hedge)
    assert (told["state"], told["in_doubt"]) == ("HANDED_OVER", [f"{hedge}.1h1"])
    assert s.pair.naked == (-1, 0)
    assert "LATE_TRUTH" not in s.judge.alerts
    assert s.until(lambda: s.pair.naked == (0, 0), 20_000 * MS)
    assert s.judge.alerts.count("LATE_TRUTH") == 1


def test_t71_hedge_that_strands_as_the_node_starts_is_told_once(desk):
    s = desk(policy="replenish_first")
    s.b.deaf_until_ns = s.agenda.now_ns + 9_000 * MS
    s.opens(b=fates.silent(0))
    assert s.until(lambda: s.pair.hedge.status == "SETTLING", 2000 * MS)
    s.kill()
    s.run(4000)
    s.start()
    s.run(300)
    assert s.pair.hedge.status == "STRANDED"
    assert s.judge.alerts.count("STRANDED") == 1
    s.kill()
    s.start()
    s.run(300)
    assert s.judge.alerts.count("STRANDED") == 2  # a start tells of what it finds so
