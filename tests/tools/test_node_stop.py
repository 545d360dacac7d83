"""The stopper: in order by a first wish, at once by a second signal."""

from types import SimpleNamespace

import pytest

from system.signals import StopFlag
from tools.node import SAME_STOP_NS, Stopper, said
from tools.node_build import ROOT

MS = 1_000_000


class Node:
    """What a stopper asks of a node, in virtual time."""

    def __init__(self):
        self.now = 5_000 * MS
        self.flying, self.stopped, self.alive = ["AxB"], [], True
        self.clock = SimpleNamespace(mono_ns=lambda: self.now)
        self.desk = SimpleNamespace(stopping=False)
        self.told = []
        self.service = SimpleNamespace(stopping=self.told.append)
        self.runtime = SimpleNamespace(alive=lambda _name: self.alive, stop=self.stopped.append)

    def in_flight(self):
        return self.flying


@pytest.fixture
def rig():
    node, flag = Node(), StopFlag()
    return node, flag, Stopper(node, flag)


def test_stopper_waits_for_hedges_then_stops_the_tree(rig):
    node, flag, stopper = rig
    assert not stopper.done()
    flag.set()
    assert not stopper.done()
    assert node.desk.stopping
    assert node.told == [f"settles and repairs, at most {stopper.limit_ms / 1000:g} s"]
    node.flying = []
    assert not stopper.done()
    assert node.stopped == [ROOT]
    node.alive = False
    assert stopper.done()
    assert not stopper.hurried


def test_second_signal_ends_at_once_and_names_what_is_left(rig):
    node, flag, stopper = rig
    flag._handle(15, None)
    assert not stopper.done()
    node.now += SAME_STOP_NS
    flag._handle(15, None)
    assert stopper.done()
    assert (stopper.hurried, stopper.left, node.stopped) == (True, ["AxB"], [])


def test_signals_of_one_ctrl_c_are_one_wish(rig):
    node, flag, stopper = rig
    flag._handle(2, None)
    stopper.done()
    node.now += 20 * MS
    flag._handle(15, None)
    assert not stopper.done()
    node.now += SAME_STOP_NS
    assert not stopper.done()


def test_any_signal_after_an_operators_stop_ends_at_once(rig):
    node, flag, stopper = rig
    stopper.ask(60_000)
    assert not stopper.done()
    node.now += SAME_STOP_NS
    assert not stopper.done()
    flag._handle(15, None)
    assert stopper.done()


def test_deadline_leaves_what_is_in_flight(rig):
    node, _, stopper = rig
    stopper.ask(1_000)
    stopper.done()
    node.now += 1_000 * MS
    assert not stopper.done()
    assert (stopper.left, node.stopped) == (["AxB"], [ROOT])


def test_said_names_hedge_state_lots_and_live_orders():
    row = {"pair": "AxB", "hedge": "AxB.e.1", "state": "STRANDED", "why": "CAP", "naked": [-1, 0], "live": ["AxB.e.1.0h1"]}
    assert said(row) == "AxB: AxB.e.1 is STRANDED CAP naked lots [-1, 0], live orders AxB.e.1.0h1"
    assert said({**row, "hedge": None, "live": []}) == "AxB: naked lots [-1, 0]"
