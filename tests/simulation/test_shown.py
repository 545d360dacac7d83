"""The judge's eye on quotes: how old a market may be to a node that has just begun."""

import pytest

from simulation.agenda import MS
from simulation.settings import Shape
from simulation.shown import Shown

AT_NS, WALL_NS = 20_000 * MS, 1_767_225_600_000 * MS
STEPPED_NS = 2500 * MS
BUYS = ["OrderSubmitted", "AxB.e.1.0h1", 0, "h", 1, 5, 1002]


def shown(since_ns, wall_ns, *, started):
    """What is wrong with an order on a market that has stood still, after a repeat of it."""
    found = []
    eye = Shown(Shape(), lambda _rule, what: found.append(what))
    book = ["W", 1, "A.X", WALL_NS, WALL_NS, [1000, 50], [1002, 50]]
    eye.fed("A", ["f", 1, "A.X", WALL_NS, 17, None, None], AT_NS + since_ns, WALL_NS)
    eye.fed("A", book, AT_NS, WALL_NS)
    if started:
        eye.started()
    eye.fed("A", book, AT_NS + since_ns, wall_ns)
    eye.check(BUYS, AT_NS + since_ns)
    return found


@pytest.mark.parametrize("started", [False, True])
def test_market_that_stood_still_for_too_long_is_broken_in_any_life(started):
    assert shown(3000 * MS, WALL_NS + 3000 * MS, started=started) == ["AxB.e.1.0h1: A is unchanged for too long"]


def test_new_node_can_not_know_that_the_wall_clock_was_set_back_since_the_market_changed():
    set_back_ns = WALL_NS + 3000 * MS - STEPPED_NS
    assert shown(3000 * MS, set_back_ns, started=True) == []
    assert shown(3000 * MS, set_back_ns, started=False) == ["AxB.e.1.0h1: A is unchanged for too long"]


def test_new_node_on_a_clock_that_was_set_forward_is_judged_by_the_market_alone():
    assert shown(1000 * MS, WALL_NS + 9000 * MS, started=True) == []


@pytest.mark.parametrize(("px", "broken"), [(1002, False), (1054, False), (1058, True)])
def test_pair_may_be_behind_all_that_a_lane_reads_at_once_after_it_stood_still(px, broken):
    found = []
    eye = Shown(Shape(), lambda _rule, what: found.append(what))
    eye.fed("A", ["f", 1, "A.X", WALL_NS, 17, None, None], AT_NS, WALL_NS)
    for count, (at_ns, ask) in enumerate([(AT_NS, 1046), (AT_NS + 1, 1048), (AT_NS + 2, 1052), *[(AT_NS + 500 * MS, 1002)] * 9]):
        eye.fed("A", ["W", count, "A.X", WALL_NS + count, WALL_NS + count, [ask - 2, 50], [ask, 50]], at_ns, WALL_NS)
    eye.check([*BUYS[:6], px], AT_NS + 500 * MS)
    assert bool(found) is broken
