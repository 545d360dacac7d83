"""A pair that crashes on every message is given up by what it has at stake."""

import pytest

from actors.flattener import Flattener
from actors.notes import Tick
from actors.pair import PairActor
from domain.market import Quote
from domain.reports import OrderReport
from tests.whole.hot import SIGNED, words
from tools.node_answers import Looks
from wire.inspection import Unanswerable

LAST = 12.0
"""Restarts up to giving up take about 2.5 s, flattening a moment."""


@pytest.fixture
def sick(monkeypatch):
    """From its call on a pair crashes on each message of these kinds: quotes too, so all the time."""
    routes = dict(PairActor.routes)

    def crash(_pair, _message):
        raise RuntimeError("a bug of ours")

    def make(*kinds):
        for kind in kinds or (Quote, OrderReport, Tick):
            monkeypatch.setitem(PairActor.routes, kind, crash)

    def heal():
        PairActor.routes.update(routes)

    make.heal = heal
    yield make
    heal()


def given_up(world, verdict):
    """It crashes until it is given up; the alert that tells it."""
    world.may_crash = True

    def told():
        world.a.quote(world.a.bid, world.a.ask)
        return "PAIR_GIVEN_UP" in world.alerts()

    world.until(told, "given up", LAST)
    world.until(lambda: any(line["code"] == "PAIR_GIVEN_UP" for line in world.alert_lines()), "told")
    (line,) = [line for line in world.alert_lines() if line["code"] == "PAIR_GIVEN_UP"]
    assert line["is"] == verdict
    assert isinstance(world.node.actor("AxB"), Flattener)
    return line


def test_pair_that_holds_nothing_is_stopped(world, sick):
    sick()
    given_up(world, "stopped")
    assert (world.pair.status, world.net) == ("FROZEN", (0, 0))
    assert world.alerts().count("ACTOR_CRASHED") == 8
    world.fire()
    world.laps(50)
    assert world.pair.hedge_count == 0


def test_pair_that_holds_is_frozen_and_keeps_its_position(world, sick):
    world.holds()
    sick()
    given_up(world, "frozen")
    world.fire(1_008)
    world.laps(50)
    assert (world.pair.status, world.net) == ("FROZEN", (-1, 1))
    assert [order for venue in world.venues for order in venue.working] == []


def test_kill_that_flattens_closes_what_a_frozen_pair_holds(world, sick, foreign):
    world.holds()
    sick()
    given_up(world, "frozen")
    world.b.quote(999, 1_001)
    world.a.script.append(foreign.part(0))
    world.b.script.append(foreign.part(0))  # nothing of the first try is filled
    words(world).kill({**SIGNED, "level": "flatten", "scope": "all"})
    world.until(lambda: world.net == (0, 0) and world.pair.hedge is None, "closed", LAST)
    assert [hedge.status for hedge in world.pair.past[-2:]] == ["NONE", "DONE"]
    assert {hedge.trigger for hedge in world.pair.past[-2:]} == {"kill"}


def test_naked_pair_is_flattened_from_the_record_then_frozen(world, sick, foreign):
    world.may_be_naked = False
    world.a.script.append(foreign.hold_new)
    world.b.script.append(foreign.hold_new)
    count = world.pair.hedge_count
    world.fire()
    world.until(lambda: world.pair.hedge_count > count and world.b.working and world.a.working, "both orders rest")
    sick()
    world.a.trade_of(world.a.working[0], 1)  # one leg fills, the other never does
    world.fire(1_048)
    line = given_up(world, "flattened")
    world.until(lambda: world.pair.hedge is None, "its hedge has ended", LAST)
    assert (world.pair.status, world.pair.naked, world.net) == ("FROZEN", (0, 0), (0, 0))
    assert (world.a.net, world.b.net) == (0, 0)
    assert line["hedge"] == world.pair.past[-1].hedge_id
    assert "FLATTENED" in world.alerts()


def test_half_done_close_is_completed_not_opened_again(world, sick, foreign):
    world.holds()
    world.b.script.append(foreign.reject())
    world.b.script.append(foreign.hold_new)
    world.closes()
    sick()
    world.until(lambda: world.a.net == 0, "the first leg is closed")
    given_up(world, "flattened")
    world.until(lambda: world.pair.hedge is None, "its hedge has ended", LAST)
    assert (world.pair.status, world.net) == ("FROZEN", (0, 0))
    assert world.pair.past[-1].status == "DONE"


def test_pair_that_was_given_up_is_raised_by_a_person_and_trades(world, sick):
    sick()
    given_up(world, "stopped")
    sick.heal()
    told = words(world).table()["pair_enable"]({**SIGNED, "pair": "AxB"})
    assert told["seq"] > 0
    assert isinstance(world.node.actor("AxB"), PairActor)
    world.until(lambda: world.pair.status == "IDLE", "it is ready")
    world.b.quote(999, 1_001)
    world.told()
    world.holds()


def test_pair_is_shown_as_given_up_and_refuses_other_words(world, sick):
    sick()
    given_up(world, "stopped")
    row = Looks(world.node, None).pair({"pair": "AxB"})
    assert (row["units"], row["max_units"], row["naked_qty"]) == (0, 1, 0)
    assert (row["state"], row["reason"].startswith("GIVEN_UP AxB: crash(RuntimeError")) == ("FROZEN", True)
    with pytest.raises(Unanswerable, match="pair enable AxB raises it anew"):
        words(world).table()["pair_disable"]({**SIGNED, "pair": "AxB"})


def test_flattener_that_crashes_is_never_dropped(world, sick, foreign, monkeypatch):
    crashes, step = [], Flattener.on_tick

    def crash(actor, tick):
        if len(crashes) < 12:
            crashes.append(1)
            raise RuntimeError("another bug of ours")
        step(actor, tick)

    monkeypatch.setitem(Flattener.routes, Tick, crash)
    sick()
    world.may_crash = True
    world.fire(1_030)
    given_up(world, "stopped")
    assert len(crashes) == 12


def test_start_leaves_it_frozen_until_a_person_enables_it(world, sick, again):
    world.holds()
    sick()
    given_up(world, "frozen")
    sick.heal()
    again()
    assert (world.pair.status, world.net, world.node.giving_up.given) == ("FROZEN", (-1, 1), {})
    words(world).table()["pair_enable"]({**SIGNED, "pair": "AxB"})
    world.until(lambda: world.pair.status == "HOLDING", "it goes on")
