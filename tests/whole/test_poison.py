"""A report that its reader crashes on is heard again; the third crash puts it aside."""

import pytest

from actors.pair import PairActor
from actors.repairer import Repairer
from domain import orders


@pytest.fixture
def bad(monkeypatch):
    """The nth readings of a fill are bugs of ours: `bad(times, of=...)`."""

    def make(times, of=lambda report: report.exec_type == "F"):
        decide, crashes = orders.decide, []

        def crash(order, report):
            if of(report) and len(crashes) < times:
                crashes.append(report.seq)
                raise RuntimeError("a bug of ours")
            return decide(order, report)

        monkeypatch.setattr(orders, "decide", crash)
        return crashes

    return make


@pytest.mark.parametrize("times", [1, 2])
def test_fill_that_its_pair_crashes_on_is_not_lost(make_world, bad, times):
    world, crashes = make_world(), bad(times)
    world.may_crash = True
    world.opens()
    assert world.ends().status == "DONE"
    assert world.net == (-1, 1)
    assert len(set(crashes)) == 1
    assert world.facts("OrderQueried") == []  # heard again, not asked for


def test_fill_that_its_repair_crashes_on_is_not_lost(make_world, foreign, bad):
    world = make_world()
    bad(2, of=lambda report: report.exec_type == "F" and "p" in report.cl_ord_id.rpartition(".")[2])
    world.may_crash = True
    world.opens(b=foreign.reject())
    assert world.ends().status == "DONE"
    assert world.net == (-1, 1)


def test_third_crash_puts_the_report_aside_and_tells_a_person(make_world, bad):
    world, crashes = make_world(), bad(3)
    world.may_crash = True
    world.opens()
    world.until(lambda: "QUARANTINED" in world.alerts(), "put aside")
    (name, message, error) = world.node.runtime.quarantined[0]
    assert (name, message.seq, repr(error)) == ("AxB", crashes[0], "RuntimeError('a bug of ours')")
    world.until(lambda: world.pair.hedge is None, "what was not heard is asked for", 5)  # by its timers, as for silence
    assert world.net == (-1, 1)


def test_childs_facts_are_adopted_once_however_often_their_pair_crashes(make_world, foreign, monkeypatch):
    follow, crashes = PairActor._follow, []

    def crash_after_adopting(pair, hedge_id, facts, cause):
        if not facts and pair.memory.heard_seq and cause == pair.memory.heard_seq and len(crashes) < 2:
            crashes.append(cause)
            raise RuntimeError("a bug of ours")
        return follow(pair, hedge_id, facts, cause)

    monkeypatch.setattr(PairActor, "_follow", crash_after_adopting)
    world = make_world()
    world.may_crash = True
    world.opens(b=foreign.reject())
    assert world.ends().status == "DONE"
    assert len(crashes) == 2
    assert len(world.node.runtime.quarantined) == 0


def test_mandate_given_to_a_child_that_crashes_is_told_again(make_world, foreign, monkeypatch):
    told, crashes = Repairer.on_told, []

    def crash_before(child, message):
        if not crashes:
            crashes.append(child.name)
            raise RuntimeError("a bug of ours")
        return told(child, message)

    monkeypatch.setattr(Repairer, "on_told", crash_before)
    monkeypatch.setitem(Repairer.routes, __import__("actors.notes", fromlist=["RepairTold"]).RepairTold, crash_before)
    world = make_world()
    world.may_crash = True
    world.opens(b=foreign.reject())
    assert world.ends().status == "DONE"
    assert crashes == ["AxB/replenish"]
