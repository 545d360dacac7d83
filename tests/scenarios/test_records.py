"""What the records of a hedge tell of the moments at which its frames left."""

import pytest

from journal.story import last_hedge, tell
from journal.timeline import timeline
from simulation import fates


@pytest.mark.parametrize("policy", ["replenish_first", "rollback_first"])
def test_every_order_that_left_has_its_moment_on_record(scene, policy):
    s = scene(policy=policy)
    s.opens(b=fates.reject())
    s.ends()
    journal = s.folder / "journal"
    found = timeline(tell(journal, last_hedge(journal)))
    stages = [{each.stage: each for each in order.stages} for order in found.orders]
    assert any(order.repair for order in found.orders)
    for each in stages:
        assert each["journaled"].at_us <= each["sent"].at_us <= each["acknowledged"].at_us
        assert all((stage.at_us is None) is (stage.why != "") for stage in each.values())


def test_order_that_could_not_leave_is_told_as_kept_back(scene, monkeypatch):
    s = scene()
    with monkeypatch.context() as patch:
        patch.setattr(s.trades["B"].socket, "send", lambda _frame: False)
        s.opens()
    s.ends()
    journal = s.folder / "journal"
    found = timeline(tell(journal, last_hedge(journal)))
    (kept,) = [order for order in found.orders if order.cl_ord_id.endswith(".1h1")]
    assert {each.stage: each.why for each in kept.stages}["sent"] == "it never left the node"
