"""A node that is changed while it trades, on the simulated dispatcher, judged at every event."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from config.changes import decoded, encoded, proposed
from simulation import fates
from simulation.agenda import MS
from simulation.settings import PAIR
from tools.node_change import NodeChange

GROUP = (PAIR, f"{PAIR}/rollback", f"{PAIR}/replenish")


def changed(s, **pair):
    """The pair with other settings, from now on: all its actors raised anew."""
    s.raised.update(GROUP)
    config = s.node.config
    after = replace(config, pair=tuple(replace(each, **pair) if each.name == PAIR else each for each in config.pair))
    change = NodeChange(s.node)
    told = decoded(encoded(proposed(config, after, s.node.digest)))
    return change.apply(change.plan(told), told, "config apply", "ann", "a test")


@pytest.mark.parametrize("at_ms", [0, 1, 4, 12, 60])
@pytest.mark.parametrize("fate", ["reject", "rest", "silent", "part"])
def test_hedge_in_flight_goes_on_over_a_change_at_any_moment(scene, fate, at_ms):
    s = scene()
    s.opens(b={"reject": fates.reject(), "rest": fates.rest, "silent": fates.silent(), "part": fates.part(0)}[fate])
    hedge = s.pair.hedge.hedge_id
    s.run(at_ms)
    assert changed(s, fair=Decimal(1))["changed"] == [PAIR]
    s.run(at_ms)
    changed(s, policy="rollback_first")
    s.ends()
    assert (s.pair.past[-1].hedge_id, s.pair.naked) == (hedge, (0, 0))


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_kill_at_the_record_of_a_change_leaves_it_done_or_undone(scene, steps):
    s = scene()
    s.opens(b=fates.rest)
    s.light(steps, down_ms=100)  # the change's own record is one of these
    changed(s, fair=Decimal(1))
    s.raised.update(GROUP)
    assert s.until(lambda: s.kills == 1 and s.node is not None and s.is_open(), 15_000 * MS)
    assert str(s.node.config.pair[0].fair) == "1"
    s.ends()
    assert s.pair.naked == (0, 0)
