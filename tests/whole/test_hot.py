"""A node that runs, changed: pairs added, changed, removed; limits; undone whole."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from actors.deaths import Cause, Reason
from actors.pair import PairActor
from actors.recovery import CHANGE
from config.schema import Exposure, Pair, Size
from journal.reader import read
from tests.whole.hot import change, limited, pair_of, triggered, with_pair, without
from tools import node_change
from wire.codec import unpack
from wire.inspection import Unanswerable

NEW = "BxA"


def new_pair(config, name=NEW, **more):
    """The same legs, told to fire where the first pair does not."""
    return replace(triggered(pair_of(config, "AxB"), sell_open=Decimal(5000), buy_close=Decimal(-5000)), name=name, **more)


def changes(world):
    return [unpack(r.body) for r in read(world.node_dir / "journal") if r.kind == CHANGE]


def test_pair_that_is_added_trades_and_is_on_record(world):
    pair = triggered(new_pair(world.node.config), sell_open=Decimal(50), buy_close=Decimal(10))
    told = change(world, with_pair(world.node.config, pair))
    assert (told["added"], told["changed"], told["removed"]) == ([NEW], [], [])
    assert [row["verb"] for row in changes(world)] == ["config apply"]
    assert changes(world)[0]["sha256"] == world.node.digest == told["sha256"]
    world.until(lambda: all(world.node.pair_actor(NEW).view.quotes), "it is quoted")
    world.opens()
    world.until(lambda: NEW in world.node.pairs() and world.node.pairs()[NEW].past, "it traded too")
    world.ends()
    assert world.node.pairs()[NEW].past[-1].status == "DONE"
    world.may_be_naked = False
    assert (world.a.net, world.b.net) == (-2, 2)
    both_hold(world)


def both_hold(world):
    """The check at the end compares one pair with its venues: give the other's lots back."""
    world.fire(1_008)
    world.until(lambda: world.node.pairs()[NEW].status == "IDLE" and world.pair.status == "IDLE", "both closed")


def test_pair_that_is_changed_keeps_its_position_and_takes_the_new_trigger(world):
    world.holds()
    pair = triggered(pair_of(world.node.config, "AxB"), buy_close=Decimal(-100))
    told = change(world, with_pair(world.node.config, pair))
    assert told["changed"] == ["AxB"]
    assert world.net == (-1, 1)
    world.fire(1_008)
    world.told()
    world.laps(60)
    assert world.pair.status == "HOLDING"  # 10 would have closed it
    change(world, with_pair(world.node.config, triggered(pair, buy_close=Decimal(10))))
    world.until(lambda: world.net == (0, 0) and world.pair.hedge is None, "closed by the trigger that it had")
    world.may_crash = True  # raised anew is not crashed, but counts as an incarnation


def test_hedge_in_flight_goes_on_over_a_change_of_its_pair(world, foreign):
    world.may_crash = True
    world.opens(b=foreign.silent())
    pair = triggered(pair_of(world.node.config, "AxB"), sell_open=Decimal(60))
    hedge = world.pair.hedge.hedge_id
    change(world, with_pair(world.node.config, pair))
    ended = world.ends()
    assert (ended.hedge_id, ended.naked) == (hedge, (0, 0))


def test_legs_of_a_pair_that_holds_stay_and_so_does_the_pair(world):
    world.holds()
    config = world.node.config
    pair = pair_of(config, "AxB")
    lots = replace(pair, legs=tuple(replace(leg, lots=2) for leg in pair.legs))
    for after in (with_pair(config, lots), without(config, "AxB")):
        with pytest.raises(Unanswerable, match=r"AxB: it holds \[-1, 1\] lots .*pair disable AxB"):
            change(world, after)
    assert (world.node.config, changes(world)) == (config, [])


def test_pair_with_a_hedge_in_flight_is_not_removed(world, foreign):
    world.opens(b=foreign.silent())
    with pytest.raises(Unanswerable, match=f"its hedge {world.pair.hedge.hedge_id} is"):
        change(world, without(world.node.config, "AxB"))
    world.ends()


def test_pair_that_is_removed_is_gone_and_comes_back_with_its_count(world):
    node = world.node
    change(world, with_pair(node.config, new_pair(node.config)))
    told = change(world, without(node.config, NEW), label="pair remove")
    assert told["removed"] == [NEW]
    assert (node.runtime.alive(NEW), NEW in node.runtime.boxes, NEW in node.pairs()) == (False, False, False)
    assert all(NEW not in link.watchers for link in node.desk.links.values())
    assert [row["verb"] for row in changes(world)] == ["config apply", "pair remove"]
    assert changes(world)[-1]["changed"] == {}  # as the files say again
    change(world, with_pair(node.config, new_pair(node.config)))
    assert node.runtime.alive(NEW)


def test_one_of_three_that_cannot_start_undoes_all(world, monkeypatch):
    node, started = world.node, PairActor.on_start

    def start(actor):
        if actor.name == "N2":
            raise RuntimeError("a bug of ours")
        started(actor)

    monkeypatch.setattr(PairActor, "on_start", start)
    before, after = node.config, node.config
    for name in ("N1", "N2", "N3"):
        after = with_pair(after, new_pair(node.config, name))
    after = with_pair(after, triggered(pair_of(after, "AxB"), sell_open=Decimal(70)))
    with pytest.raises(Unanswerable, match="undone as a whole: N2 did not start"):
        change(world, after)
    assert node.config == before
    assert [name for name in ("N1", "N2", "N3") if node.runtime.alive(name) or name in node.by_name] == []
    assert [row["verb"] for row in changes(world)] == ["config apply", "config apply undone"]
    assert changes(world)[-1]["changed"] == {}
    assert node.desk.holders[("A", "A.X")] == (("AxB", 0),)
    assert world.alerts() == ["ACTOR_CRASHED"] * world.alerts().count("ACTOR_CRASHED") + ["CHANGE_UNDONE"]
    world.until(lambda: all(world.view.quotes), "quoted again")
    world.holds()


def test_limit_under_the_position_bars_opens_and_lets_closes_and_repairs_leave(make_world, foreign):
    world = make_world(max_units=2)
    world.holds()
    config = world.node.config
    pair = pair_of(config, "AxB")
    small = limited(replace(pair, size=replace(pair.size, max_position_units=1)), position_lots=1)
    change(world, with_pair(config, small))
    world.may_crash = True
    assert world.node.desk.risk.row(("A", "A.X")).limits.position_lots == 1
    world.fire(1_052)
    world.laps(60)
    assert world.net == (-1, 1)  # it would have opened a second one
    world.closes(b=foreign.reject())
    assert world.ends().naked == (0, 0)
    assert world.net == (0, 0)


def test_limit_below_what_is_held_is_told(make_world):
    world = make_world(max_units=2, units=2)
    world.holds()
    config = world.node.config
    pair = pair_of(config, "AxB")
    small = limited(replace(pair, size=replace(pair.size, units=1, max_position_units=1)), position_lots=1)
    assert any("over the limit of 1" in line for line in change(world, with_pair(config, small), dry=True)["does"])
    told = change(world, with_pair(config, small))
    world.may_crash = True
    assert len(told["notes"]) == 2
    assert world.alerts() == ["CHANGE_NOTE", "CHANGE_NOTE"]
    world.closes()
    world.fire(1_008)
    world.until(lambda: world.net == (0, 0) and world.pair.hedge is None, "closed to the end, a unit at a time")


def test_what_needs_a_start_and_what_is_old_is_refused_by_name(world):
    config = world.node.config
    with pytest.raises(Unanswerable, match="changed meanwhile"):
        change(world, with_pair(config, new_pair(config)), base="0" * 64)
    with pytest.raises(Unanswerable, match="nothing of it differs"):
        change(world, config)
    other = replace(config.instrument[0], tick_size=Decimal(2))
    with pytest.raises(Unanswerable, match=r"instrument\[A.X\].tick_size: needs a start"):
        change(world, replace(config, instrument=(other, config.instrument[1])))
    with pytest.raises(Unanswerable, match=r"position_lots.*risk limits set"):
        change(world, with_pair(config, limited(new_pair(config), position_lots=39)))
    assert changes(world) == []


def test_change_waits_for_a_restart_that_is_under_way(world):
    config, supervisor = world.node.config, world.node.actor("node/pairs")
    assert supervisor.restart_child("AxB", Reason(Cause.OPERATOR, note="ann: a test")) == ""
    with pytest.raises(Unanswerable, match="ask once more"):
        change(world, with_pair(config, new_pair(config)))
    world.until(lambda: not supervisor.is_stopping and world.node.runtime.alive("AxB"), "raised")
    assert change(world, with_pair(config, new_pair(config)))["added"] == [NEW]
    world.may_crash = True


def test_more_pairs_than_a_turn_bears_are_refused(world, monkeypatch):
    monkeypatch.setattr(node_change, "MOST_PAIRS", 1)
    config = world.node.config
    with pytest.raises(Unanswerable, match="2 pairs in one change, at most 1"):
        change(world, with_pair(with_pair(config, new_pair(config)), new_pair(config, "N2")))
    change(world, with_pair(config, new_pair(config)))


def test_dry_run_says_it_and_changes_nothing(world):
    config = world.node.config
    pair = triggered(pair_of(config, "AxB"), sell_open=Decimal(60))
    does = change(world, with_pair(with_pair(config, pair), new_pair(config)), dry=True)["does"]
    assert does[:2] == ["pair[AxB].trigger.sell_open: 50 -> 60", f"pair[{NEW}]: new"]
    assert (world.node.config, changes(world)) == (config, [])


def cover_pair(world, **exposure):
    """One leg that covers what a file says is held elsewhere."""
    file = world.folder / "stock.json"
    leg = pair_of(world.node.config, "AxB").legs[0]
    told = Exposure(unit="", file=str(file), max_age_ms=31 * 86_400_000, **exposure)
    return file, Pair("COV", "USD", (leg,), kind="cover", exposure=told, size=Size(units=5, max_position_units=20))


def test_cover_pair_is_added_with_its_file_followed_changed_and_removed(world):
    node = world.node
    file, pair = cover_pair(world)
    told = change(world, with_pair(node.config, pair))
    assert told["added"] == ["COV"]
    assert node.runtime.alive("COV/exposure")
    world.until(lambda: "EXPOSURE_BAD" in world.alerts(), "the file is not there yet")
    other = replace(pair, exposure=replace(pair.exposure, max_step=Decimal(3)))
    assert change(world, with_pair(node.config, other))["changed"] == ["COV"]
    world.until(lambda: node.runtime.alive("COV/exposure"), "its watcher is another one")
    no_file = replace(pair, exposure=replace(pair.exposure, file=None))
    change(world, with_pair(node.config, no_file))
    assert not node.runtime.alive("COV/exposure")
    change(world, without(node.config, "COV"))
    assert [name for name in node.runtime.boxes if name.startswith("COV")] == []
    assert not file.exists()
    world.may_crash = True


def test_orders_of_a_removed_pair_are_known_when_the_day_is_told_again_and_late_truth_is_told(world):
    world.holds()
    world.closes()
    world.ends()
    ref = world.pair.past[-1].legs[0].orders[0].cl_ord_id
    change(world, without(world.node.config, "AxB"))
    world.restart(world.a)  # logs on anew, and tells its day
    world.until(lambda: world.a.got("AF") and world.is_open(), "the day was told again")
    world.laps(50)
    assert world.alerts() == []
    world.a.trade_of(world.a.orders[ref], 1)
    world.until(lambda: any(line["code"] == "STRAY_ORDER" for line in world.alert_lines()), "what is new is told")
    (line,) = [line for line in world.alert_lines() if line["code"] == "STRAY_ORDER"]
    assert (line["about"], line["pair"]) == (ref, "AxB, which does not run any more")
    world.a.bust(world.a.orders[ref], 1)  # the books agree again
