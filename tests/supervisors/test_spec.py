"""An unsound tree is refused whole, before anything starts."""

from __future__ import annotations

import pytest

from actors.base import Actor
from domain.errors import InvariantViolation
from supervisors.engine import Supervisor
from supervisors.spec import AutoShutdown, Backoff, ChildSpec, Restart, SupervisorSpec, check, problems_of
from supervisors.tree import node_tree, pair_group


class Leaf(Actor):
    pass


class Repair(Leaf):
    def __init__(self, runtime, name, pair):
        super().__init__(runtime, name)


def leaf(name, **changes):
    return ChildSpec(name=name, start=(Leaf, ()), **changes)


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (SupervisorSpec(children=(leaf("a"), leaf("a"))), "used twice"),
        (SupervisorSpec(children=(leaf(""),)), "without a name"),
        (SupervisorSpec(children=(ChildSpec(name="a", start=(int, ())),)), "an Actor class"),
        (SupervisorSpec(children=(ChildSpec(name="a", start=(Leaf, [1])),)), "must be a tuple"),
        (SupervisorSpec(children=(leaf("a", shutdown_ms=-1),)), "shutdown_ms=-1"),
        (SupervisorSpec(intensity=-1), "intensity=-1"),
        (SupervisorSpec(period_ms=0), "period_ms=0"),
        (SupervisorSpec(intensity=None), "give it a backoff"),
        (SupervisorSpec(backoff=Backoff(first_ms=0)), "first_ms=0"),
        (SupervisorSpec(backoff=Backoff(factor=0.5)), "factor=0.5"),
        (SupervisorSpec(backoff=Backoff(jitter=1)), "jitter=1"),
        (SupervisorSpec(backoff=Backoff(reset_ms=-1)), "reset_ms=-1"),
        (SupervisorSpec(hold_ms=0), "hold_ms=0"),
        (SupervisorSpec(stop_ms=-1), "stop_ms=-1"),
        (SupervisorSpec(children=(ChildSpec(name="a", start=(Leaf, (1, 2))),)), "does not take these 2 arguments"),
        (SupervisorSpec(children=(leaf("a", significant=True, restart=Restart.TRANSIENT),)), "auto_shutdown is never"),
        (SupervisorSpec(children=(leaf("a", significant=True),), auto_shutdown=AutoShutdown.ANY), "never ends by itself"),
    ],
)
def test_each_fault_is_named(spec, text):
    with pytest.raises(InvariantViolation, match="unsound") as caught:
        check(spec)
    assert text in str(caught.value)


def test_nested_trees_are_checked_and_all_faults_listed():
    inner = SupervisorSpec(children=(leaf("root"), leaf("x", shutdown_ms=-2)))
    outer = SupervisorSpec(children=(ChildSpec(name="in", start=(Supervisor, (inner,))),), period_ms=-1)
    assert len(problems_of(outer)) == 3


def test_the_nodes_tree_is_sound():
    pairs = pair_group("p", (Leaf, ()), (Repair, ()))
    check(node_tree((leaf("gw"),), leaf("journal"), (leaf("logs"),), (leaf("v"),), pairs, (leaf("inspector"),)), "node")
