"""What people and kills do to a living node against foreign gateways."""

import pytest

from domain.controls import Killed, Level
from tools.node import Stopper
from tools.node_words import Words
from wire.inspection import Unanswerable


class Desk:
    """The operate socket's verbs, called in the lane's thread."""

    def __init__(self, world):
        self.world = world
        self.words = Words(world.node, Stopper(world.node, None))

    def __call__(self, verb, **args):
        return self.words.table()[verb]({"operator": "ann", "reason": "a test", **args})


@pytest.fixture
def strands(make_world, foreign):
    """A world with a hedge that is STRANDED: A filled, both then refuse."""

    def make(**settings):
        world = make_world(**settings)
        world.b.always = foreign.reject()
        world.a.script.extend([foreign.fill, *[foreign.reject()] * 50])
        world.opens()
        world.until(lambda: world.hedge.status == "STRANDED", "stranded", 5)
        world.may_be_naked = True
        return world, Desk(world)

    return make


def test_stranded_hedge_is_repaired_when_a_person_retries_it(strands, foreign):
    world, ask = strands()
    world.a.script.clear()
    world.b.always = foreign.fill
    assert world.hedge.stranded_why in ("CAP", "REFUSED")
    told = ask("hedge_retry", hedge=world.hedge.hedge_id)
    assert told["seq"] > 0
    assert world.ends().status in ("DONE", "NONE")
    assert world.pair.naked == (0, 0)


def test_taken_hedge_stays_naked_on_the_ledger_until_it_is_given_back(strands):
    world, ask = strands()
    hedge_id, naked = world.hedge.hedge_id, world.pair.naked
    sent = len(world.a.got("D"))
    assert any(naked)
    told = ask("hedge_take", hedge=hedge_id)
    assert (told["state"], told["pair_state"]) == ("HANDED_OVER", "FROZEN")
    assert world.pair.naked == naked
    with pytest.raises(Unanswerable, match="was taken over"):
        ask("pair_enable", pair="AxB")
    with pytest.raises(Unanswerable, match="still be naked"):
        ask("hedge_release", hedge=hedge_id)
    world.a.outside.append(1)
    ask("hedge_release", hedge=hedge_id, booked="0:1@1050")
    assert world.pair.naked == (0, 0)
    assert world.pair.status == "COOLDOWN"
    assert len(world.a.got("D")) == sent
    with pytest.raises(Unanswerable, match="not in a person's hands"):
        ask("hedge_release", hedge=hedge_id)


@pytest.mark.parametrize(
    "booked",
    ["x", "0:0@1", "9:1@5", "0:1@1.5", "-1:1@5", "0:1@nan", "0:1@-inf", "0:1@1e400", "0:1@999999999999999999", "0:99999999999999999999@5", "0:99999999999999999999"],
)
def test_wrong_bookings_are_refused_with_what_is_allowed(strands, booked):
    world, ask = strands()
    ask("hedge_take", hedge=world.hedge.hedge_id)
    with pytest.raises(Unanswerable, match="LEG:LOTS@PRICE"):
        ask("hedge_release", hedge=world.hedge.hedge_id, booked=booked)


def test_words_about_hedges_are_refused_where_they_make_no_sense(world):
    ask = Desk(world)
    world.opens()
    hedge = world.ends()
    with pytest.raises(Unanswerable, match="not in flight"):
        ask("hedge_retry", hedge=hedge.hedge_id)
    with pytest.raises(Unanswerable, match="no hedge"):
        ask("hedge_take", hedge="AxB.0.99")
    with pytest.raises(Unanswerable, match="operator's name and a reason"):
        ask("hedge_retry", hedge=hedge.hedge_id, reason=" ")


def test_dry_run_says_what_would_be_done_and_does_nothing(strands):
    world, ask = strands()
    seq = world.node.journal.last_seq
    for verb in ("kill", "hedge_retry", "hedge_take"):
        told = ask(verb, hedge=world.hedge.hedge_id, level="freeze", dry_run=True)
        assert "AxB" in told["does"][0] or "freeze" in told["does"][0]
    assert world.node.journal.last_seq == seq
    assert world.hedge.status == "STRANDED"


# ------------------------------------------------ kills


def test_freeze_cancels_tells_what_is_naked_and_sends_nothing_more(world, foreign):
    world.opens(b=foreign.hold_new)
    world.until(lambda: world.pair.books[0].net, "A has filled")
    ask = Desk(world)
    told = ask("kill", level="freeze", reason="")
    row = told["pairs"][0]
    assert (row["hedge_state"], row["stranded_why"], row["naked"]) == ("STRANDED", "FROZEN", [-1, 0])
    assert row["value"] == pytest.approx(1051, abs=5)
    world.until(lambda: world.b.got("F"), "the cancel leaves")
    world.laps(150)
    assert (len(world.a.got("D")), len(world.b.got("D"))) == (1, 1)
    assert {"STRANDED", "KILLED"} <= set(world.alerts())
    world.may_be_naked = True


def test_frozen_hedge_that_is_whole_after_all_ends(world, foreign):
    world.opens(b=foreign.hold)
    world.until(lambda: world.pair.books[0].net, "A has filled")
    Desk(world)("kill", level="freeze")
    world.b.trade_of(next(iter(world.b.orders.values())), 1)
    assert world.ends().status == "DONE"


def test_no_repair_leaves_after_a_freeze_in_mid_repair(world, foreign):
    world.b.always = foreign.reject()
    world.a.script.extend([foreign.fill, foreign.hold])
    world.opens()
    world.until(lambda: len(world.a.got("D")) == 2, "the rollback is out")
    told = Desk(world)("kill", level="freeze")
    assert told["pairs"][0]["hedge_state"] == "STRANDED"
    counts = [len(venue.got("D")) for venue in world.venues]
    world.until(lambda: world.a.got("F"), "the child cancels")
    world.laps(200)
    assert [len(venue.got("D")) for venue in world.venues] == counts
    world.may_be_naked = True


def test_child_sends_nothing_from_the_moment_of_the_kill(world, foreign):
    """The word alone bars it, before anybody is told."""
    world.b.always = foreign.reject()
    world.a.script.extend([foreign.fill, foreign.hold])
    world.opens()
    world.until(lambda: len(world.a.got("D")) == 2, "the rollback is out")
    world.node.desk.controls.apply(Killed("all", Level.FREEZE, "ann", "a test"), "kill")
    world.a.cancel(world.a.working[0])
    world.until(lambda: world.hedge.status == "STRANDED", "stopped")
    assert len(world.a.got("D")) == 2
    world.may_be_naked = True


def test_block_takes_an_open_in_flight_back_and_bars_the_next(make_world, foreign):
    world = make_world(policy="replenish_first", failure_cooldown_ms=1)
    ask = Desk(world)
    world.opens(b=foreign.hold_new)
    world.until(lambda: world.pair.books[0].net, "A has filled")
    ask("kill", level="block")
    world.b.cancel(world.b.working[0]) if world.b.working else None
    assert world.ends().status == "NONE"
    assert world.net == (0, 0)
    assert len(world.b.got("D")) == 1
    world.until(lambda: world.pair.status == "IDLE", "ready again")
    world.fire()
    world.until(lambda: "KILLED" in world.view.reason, "barred by name")
    ask("unkill")
    world.fire()
    world.opens()
    assert world.ends().status == "DONE"


def test_block_lets_a_close_leave(world):
    world.holds()
    Desk(world)("kill", level="block")
    world.closes()
    assert world.ends().status == "DONE"
    assert world.net == (0, 0)


def test_flatten_closes_what_is_held(make_world):
    world = make_world(units=1, max_units=2)
    world.opens()
    world.ends()
    world.until(lambda: world.pair.status == "HOLDING", "holds")
    world.opens()
    world.ends()
    assert world.net == (-2, 2)
    world.until(lambda: world.pair.status == "HOLDING", "holds again")
    Desk(world)("kill", level="flatten", scope="pair AxB")
    world.until(lambda: world.net == (0, 0) and world.pair.hedge is None, "flat")
    assert [h.trigger for h in world.hedges[-2:]] == ["kill", "kill"]


def test_flatten_repairs_what_a_freeze_has_stranded(world, foreign):
    world.opens(b=foreign.reject())
    ask = Desk(world)
    ask("kill", level="freeze")
    world.until(lambda: world.pair.hedge is None or world.hedge.status == "STRANDED", "stopped")
    ask("kill", level="flatten")
    world.until(lambda: world.net == (0, 0) and world.pair.hedge is None, "flat")


def test_kill_of_another_market_is_refused_and_of_one_market_holds_its_pairs(world):
    ask = Desk(world)
    with pytest.raises(Unanswerable, match="no scope 'market C'; there are: all, market A"):
        ask("kill", level="freeze", scope="market C")
    with pytest.raises(Unanswerable, match="block, freeze, flatten"):
        ask("kill", level="hard")
    ask("kill", level="freeze", scope="market  B")
    world.fire()
    world.until(lambda: world.view.reason.startswith("KILLED freeze market B"), "barred")
    with pytest.raises(Unanswerable, match="no kill of 'all' holds"):
        ask("unkill")
    ask("unkill", scope="market B")
    assert "AxB" not in world.node.desk.holds


# ------------------------------------------------ modes


def test_modes_bound_what_fires(world):
    ask = Desk(world)
    world.holds()
    ask("mode", mode="paused")
    world.fire(1_008)
    world.until(lambda: "SUSPENDED" in world.view.reason, "barred")
    ask("mode", mode="reducing")
    world.closes()
    assert world.ends().status == "DONE"
    world.until(lambda: world.pair.status == "IDLE", "idle")
    world.fire()
    world.until(lambda: "SUSPENDED all: REDUCING" in world.view.reason, "barred by name")
    ask("mode", mode="active")
    ask("mode", mode="halted", scope="pair AxB")
    assert world.node.desk.holds["AxB"].frozen
    ask("pair_enable", pair="AxB")
    assert world.node.desk.holds == {}
    world.opens()
    world.ends()


def test_kills_and_modes_are_kept_over_a_restart(world):
    ask = Desk(world)
    ask("kill", level="block", scope="market A")
    ask("mode", mode="paused", scope="symbol B B.X")
    ask("pair_disable", pair="AxB")
    before, hold = world.node.desk.controls.state, world.node.desk.holds["AxB"]
    world.stop()
    world.start()
    assert world.node.desk.controls.state == before
    assert world.node.desk.holds["AxB"] == hold
    rows = Desk(world).words.modes({})["rows"]
    assert [row["value"] for row in rows] == ["block", "PAUSED", "PAUSED"]
