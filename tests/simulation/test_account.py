"""The virtual account's days, and the judge's eye on closes of what is not there."""

from types import SimpleNamespace

import pytest

from simulation.account import VirtualAccount
from simulation.agenda import MS
from simulation.closes import Mismatches
from simulation.fates import refused_yet_filled
from simulation.knowledge import Knowledge, SentOrder
from simulation.settings import RICH, Shape
from simulation.world import World
from tools.node_build import Node

LATE_NS = 10**12


@pytest.mark.parametrize(("offset", "older", "todays"), [("Y", 2, 0), ("T", 0, 2)])
def test_close_that_is_busted_gives_back_lots_of_the_day_that_it_closed(offset, older, todays):
    account = VirtualAccount("B")
    account.trade(1, "O", 2, 1000)
    if offset == "Y":
        account.roll()
    fee = account.trade(-1, offset, 2, 1001)
    assert (account.old, account.today) == (0, 0)
    account.bust(-1, 2, 1001, fee, offset)
    assert (account.old, account.today) == (older, todays)


@pytest.mark.parametrize("locks", [False, True])
@pytest.mark.parametrize(("offset", "older", "todays"), [("Y", 1, 0), ("T", 0, 1)])
def test_close_beyond_what_is_held_leaves_lots_of_the_day_that_it_closed(offset, older, todays, locks):
    account = VirtualAccount("B")
    if locks:
        account.sides = [[0, 0], [0, 0]]
    account.trade(1, offset, 1, 1000)
    assert (account.old, account.today) == (older, todays)
    assert account.closable(-1, offset) == 1


@pytest.mark.parametrize(("heard_ns", "broken"), [(5, True), (15, False)])
def test_close_is_judged_by_what_was_heard_before_it_left(heard_ns, broken):
    """Sent at 10; a late fill of an earlier one, which it could not know, makes it too large."""
    found, known = [], Knowledge((1, -1))
    for ref, at_ns in (("AxB.e.1.0b1", 1), ("AxB.e.1.0b2", 10)):
        known.sent(ref, SentOrder("AxB.e.1", 0, 1, 2, SimpleNamespace(cum=0, ended=False)), at_ns)
    known.told(["8", 1, "AxB.e.1.0b1", "v1", "t1", "F", "4", "A.X", "1", 1, 1000, 1], heard_ns)
    account = SimpleNamespace(today=-1, old=0)
    orders = {"AxB.e.1.0b1": SimpleNamespace(cum=1), "AxB.e.1.0b2": SimpleNamespace(cum=0)}
    venue = SimpleNamespace(name="A", is_mismatched=False, rolled_ns=-LATE_NS, account=account, orders=orders)
    judge = Mismatches(lambda rule, _what: found.append(rule), 1000)
    judge.check(venue, SimpleNamespace(ref="AxB.e.1.0b2", offset="T", qty=2), known, 20)
    assert found == ["I7"] * broken


@pytest.mark.parametrize(("rolls", "filled"), [(False, True), (True, False)])
def test_order_of_a_day_that_is_settled_trades_no_more(rolls, filled):
    world = World(5, Node, Shape())
    try:
        world.start()
        assert world.until(world.is_open, 3000 * MS)
        world.b.script.append(refused_yet_filled(400))
        world.mid = RICH
        assert world.until(lambda: any(order.status == "8" for order in world.b.orders.values()), 3000 * MS)
        order = next(order for order in world.b.orders.values() if order.status == "8")
        if rolls:
            world.b.roll()
        world.run(600)
        assert bool(order.trades) is filled
    finally:
        world.close()
