"""A person's word, and kill -9 at its very record: the next node keeps it."""

import pytest

from journal.reader import read
from tools.client import Client
from tools.errors import NotConnected
from tools.fuse import NODE, FuseOrder, burnt, light
from wire.codec import unpack
from wire.records import decode_decision

pytestmark = pytest.mark.slow
SLOW = {"hedge_deadline_ms": 30_000, "ack_timeout_ms": 5_000, "naked_budget_ms": 9_000, "repair_order_ms": 8_000, "query_ladder_ms": [5_000, 6_000]}
SIGNED = {"operator": "ann", "reason": "not worth it"}


def dies_at(outside, verb, **about):
    """The word is given, and its record is the last thing that the node does."""
    light(outside.world.folder, FuseOrder(1, "by_hand", NODE, "KILL"))
    with Client(outside.world.node_dir, "operate", timeout_ms=300) as client, pytest.raises(NotConnected):
        client.ask(verb, **SIGNED, **about)
    outside.until(lambda: outside.process.poll() is not None, "killed")
    outside.killed += 1
    assert [line["point"] for line in burnt(outside.world.folder)] == ["by_hand"]
    return [record for record in read(outside.world.node_dir / "journal") if record.kind != "alert"][-1]


def decided(outside, name):
    """The facts of that name on record, by every node."""
    records = (record for record in read(outside.world.node_dir / "journal") if record.kind == "decision")
    return [fact for record in records for fact in decode_decision(record.body).facts if type(fact).__name__ == name]


@pytest.fixture
def fused(make_outside):
    def make(**defaults):
        outside = make_outside(policy="replenish_first", **{**SLOW, **defaults})
        outside.start("--fuse", str(outside.world.folder))
        return outside

    return make


def ends(outside):
    """The next node ends the hedge, and stops clean."""
    outside.start()
    outside.until(outside.whole, "whole", 20)
    outside.until(lambda: outside.ask("hedge")["state"] in ("DONE", "PART", "NONE"), "final", 20)
    told = outside.ask("hedge")
    outside.stop()
    outside.check()
    return told


def test_hedge_that_was_sent_back_is_taken_back_by_the_next_node(fused, foreign):
    outside = fused()
    outside.world.b.script.append(foreign.hold_new)
    outside.fire()
    outside.until(lambda: outside.world.a.net == -1 and outside.world.b.working, "one leg is filled")
    last = dies_at(outside, "hedge_rollback", hedge=outside.ask("hedge")["hedge"])
    assert unpack(last.body)["facts"][0][:3] == ["HedgeSentBack", "ann", "not worth it"]
    told = ends(outside)
    assert (told["state"], set(told["repairs"]), told["sent_back"]) == ("NONE", {"rollback"}, True)
    assert (outside.world.a.net, outside.world.b.net) == (0, 0)


def test_repair_whose_order_was_cancelled_is_given_back_by_the_next_node(fused, foreign):
    outside = fused()
    outside.world.b.script.extend([foreign.reject(), foreign.hold_new])
    outside.fire()
    outside.until(lambda: outside.world.a.net == -1 and outside.world.b.working, "the repair's order works")
    order = outside.world.b.working[0].ref
    mandate = next(leg["mandate"] for leg in outside.ask("hedge")["legs"] if leg["mandate"])
    dies_at(outside, "order_cancel", order=order)
    ends(outside)
    assert [fact.mandate_id for fact in decided(outside, "MandateRevoked")] == [mandate]
    assert [fact.why for fact in decided(outside, "MandateReturned") if fact.mandate_id == mandate] == ["revoked"]


def test_hedge_that_was_taken_is_its_persons_under_the_next_node(fused, foreign):
    def goes_deaf(venue, _order):
        venue.deaf = True

    outside = fused(ack_timeout_ms=300, query_ladder_ms=[300, 600], naked_budget_ms=2_000, repair_order_ms=300)
    outside.world.b.script.extend([foreign.reject(), goes_deaf])
    outside.fire()
    outside.until(lambda: outside.ask("hedge")["state"] == "STRANDED", "stranded", 10)
    hedge = outside.ask("hedge")["hedge"]
    dies_at(outside, "hedge_take", hedge=hedge)
    outside.world.b.deaf = False
    outside.start()
    outside.until(lambda: outside.ask("hedge")["state"] == "HANDED_OVER", "handed over", 20)
    assert outside.ask("pair", pair="AxB")["state"] == "FROZEN"
    outside.until(lambda: "HANDED_OVER" in outside.told(), "told")
    assert outside.sent() == (1, 2)
    outside.stop(code=1)  # naked, and said
