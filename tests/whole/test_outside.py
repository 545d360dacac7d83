"""Trades that nobody here sent: another session's, and forced ones."""

import time

import msgpack
import pytest

from tools.node import Stopper
from tools.node_words import Words


def outside(venue, side, qty, px, origin, number=1, resend=False):
    """A trade of somebody else on the account, told to the node."""
    if not resend:
        venue.outside.append(qty if side == "1" else -qty)
    venue.seq += 1
    now = time.time_ns()
    fields = (
        "8", venue.seq, None, f"x{number}", f"xt{number}", "F", "2", venue.symbol, side, qty, px, qty, 0, None, "",
        now, now, resend, None, venue.day, origin,
    )  # fmt: skip
    venue.log.append(fields)
    venue.reply(msgpack.packb(fields))


@pytest.fixture
def holding(make_world):
    """A pair that holds two units, sold: A -2, B +2."""

    def make(**settings):
        world = make_world(units=2, max_units=2, **settings)
        world.holds()
        assert world.net == (-2, 2)
        return world

    return make


def said(world, code):
    return [row for row in world.alert_lines() if row["code"] == code]


def test_forced_liquidation_takes_the_other_leg_back_and_bars_the_symbol(holding):
    world = holding()
    outside(world.a, "1", 1, 1_050, "L")
    world.until(lambda: world.net == (-1, 1) and world.pair.hedge is None, "the other leg is taken back")
    hedge = world.hedges[-1]
    assert (hedge.status, hedge.kind, hedge.trigger) == ("DONE", "close", "outside L")
    assert len(world.a.got("D")) == 1
    hold = world.node.desk.holds["AxB"]
    assert (hold.why, hold.opens, hold.goes_back, hold.frozen) == ("SUSPENDED symbol A A.X: REDUCING", True, True, False)
    assert world.alerts() == ["FORCED_LIQUIDATION"]


def test_forced_liquidation_of_all_leaves_nothing(holding):
    world = holding(policy="rollback_first")
    outside(world.a, "1", 1, 1_050, "L", 1)
    outside(world.a, "1", 1, 1_050, "L", 2)
    world.until(lambda: world.net == (0, 0) and world.pair.hedge is None, "all is taken back", 5)


def test_outside_trade_that_takes_lots_away_freezes_the_pair_and_a_person_decides(holding):
    world = holding()
    outside(world.b, "2", 2, 999, "X")
    world.until(lambda: world.hedge.status == "STRANDED", "told")
    assert (world.hedge.stranded_why, world.pair.status) == ("EXTERNAL", "FROZEN")
    assert world.pair.naked == (-2, 0)
    assert [len(v.got("D")) for v in world.venues] == [1, 1]
    assert world.alerts() == ["OUTSIDE_TRADE", "STRANDED"]
    words = Words(world.node, Stopper(world.node, None))
    words.table()["hedge_retry"]({"hedge": world.hedge.hedge_id, "operator": "ann", "reason": "take the other leg back"})
    world.until(lambda: world.net == (0, 0) and world.pair.hedge is None, "taken back")
    assert world.pair.status == "FROZEN"


@pytest.mark.parametrize(("venue", "side"), [(0, "2"), (1, "1")])
def test_outside_trade_that_adds_to_the_account_changes_no_pair(holding, venue, side):
    world = holding()
    traded = world.venues[venue]
    asked = len(traded.got("AN"))
    outside(traded, side, 5, 1_000, "X")
    world.until(lambda: len(traded.got("AN")) > asked and not actor(world).trades.waiting, "looked at")
    assert world.pair.status == "HOLDING"
    assert world.net == (-2, 2)
    assert world.alerts() == ["OUTSIDE_TRADE"]
    traded.outside.clear()


def actor(world):
    return world.node.runtime.mailbox("node/account").actor


def test_same_outside_trade_again_is_nothing_new(holding):
    world = holding()
    outside(world.a, "1", 1, 1_050, "L")
    world.until(lambda: world.net == (-1, 1) and world.pair.hedge is None, "taken back")
    outside(world.a, "1", 1, 1_050, "L", resend=True)
    world.laps(30)
    assert world.net == (-1, 1)
    assert world.alerts() == ["FORCED_LIQUIDATION"]


def test_outside_trade_told_with_another_quantity_is_told_and_its_loss_is_judged_anew(holding):
    world = holding()
    outside(world.a, "1", 1, 1_050, "L")
    world.until(lambda: world.net == (-1, 1) and world.pair.hedge is None, "the other leg is taken back")
    world.a.outside[-1] = 2
    outside(world.a, "1", 2, 1_050, "L", resend=True)
    world.until(lambda: world.net == (0, 0) and world.pair.hedge is None, "what is lost beyond it too", 6)
    world.until(lambda: said(world, "TRADE_RESTATED"), "the alert is written")
    (told,) = said(world, "TRADE_RESTATED")
    assert (told["severity"], told["trade"], told["qty"], told["origin"]) == ("critical", "xt1", 2, "L")
    outside(world.a, "1", 2, 1_050, "L", resend=True)
    world.laps(100)
    assert world.alerts() == ["FORCED_LIQUIDATION", "TRADE_RESTATED"]


def test_loss_during_a_hedge_waits_for_its_end(make_world, foreign):
    world = make_world(units=1, max_units=2, hedge_deadline_ms=2_000, naked_budget_ms=4_000)
    world.holds()
    world.opens(b=foreign.hold_new)
    world.until(lambda: world.pair.books[0].net == -2, "A has filled")
    outside(world.a, "1", 1, 1_050, "L")
    world.until(lambda: "AxB" in world.node.desk.holds, "barred at once")
    for order in world.b.working:
        world.b.trade_of(order, 1)
    world.until(lambda: world.pair.hedge is None, "the hedge in flight ends")
    world.until(lambda: len(world.facts("OutsideFilled")) == 1, "booked at once then", 0.4)
    world.until(lambda: world.pair.hedge is None, "taken back")
    assert world.net == (world.a.net, world.b.net)
    assert world.net in ((-1, 1), (0, 0))


def test_taken_hedges_may_be_traded_by_hand(make_world, foreign):
    world = make_world()
    world.b.always = foreign.reject()
    world.a.script.extend([foreign.fill, *[foreign.reject()] * 50])
    world.opens()
    world.until(lambda: world.hedge.status == "STRANDED", "stranded", 5)
    hedge_id = world.hedge.hedge_id
    words = Words(world.node, Stopper(world.node, None)).table()
    words["hedge_take"]({"hedge": hedge_id, "operator": "ann", "reason": "by phone"})
    outside(world.a, "1", 1, 1_049, "X")
    world.until(lambda: not actor(world).trades.waiting and world.alerts()[-1] == "OUTSIDE_TRADE", "looked at")
    assert world.pair.hedge is None
    words["hedge_release"]({"hedge": hedge_id, "operator": "ann", "reason": "by phone", "booked": "0:1@1049"})
    assert world.net == (0, 0)


def test_strange_order_is_alerted_once(world):
    for number in range(3):
        world.a.seq += 1
        now = time.time_ns()
        fields = ("8", world.a.seq, "AxB.0.1.0h1", "v9", f"n{number}", "I", "1", "A.X", "1", 0, None, 1, 3, None, "",
                  now, now, False, None, world.a.day, "O")  # fmt: skip
        world.a.log.append(fields)
        world.a.reply(msgpack.packb(fields))
    world.until(lambda: "STRAY_ORDER" in world.alerts(), "told")
    world.laps(20)
    assert world.alerts() == ["STRAY_ORDER"]


def test_trouble_of_a_venue_is_an_alert(world):
    world.a.reply(msgpack.packb(("5", "maintenance")))
    world.until(lambda: said(world, "LOGOUT"), "told")
    row = said(world, "LOGOUT")[0]
    assert (row["venue"], row["text"], row["severity"]) == ("A", "maintenance", "warning")
    assert row["seq"] > 0


def test_loss_that_was_not_booked_is_found_after_a_restart(holding):
    world = holding()
    mailbox = world.node.runtime.mailbox("node/account")
    mailbox.actor.on_positions = lambda told: None
    mailbox.actor.routes = {**mailbox.actor.routes}
    mailbox.actor._ask = lambda venue: None
    outside(world.a, "1", 1, 1_050, "L")
    world.until(lambda: "FORCED_LIQUIDATION" in world.alerts(), "on record")
    assert world.net == (-2, 2)
    world.stop()
    world.start()
    world.until(lambda: world.net == (-1, 1) and world.pair.hedge is None, "booked after all", 5)


def test_books_of_hedges_and_the_audit_show_what_was_taken(holding, capsys):
    from tools.cli import run
    from tools.hedge_book import book_in
    from tools.node_answers import Looks

    world = holding()
    outside(world.a, "1", 1, 1_050, "L")
    world.until(lambda: world.net == (-1, 1) and world.pair.hedge is None, "the other leg is taken back")
    hedge_id = world.hedges[-1].hedge_id
    shown = Looks(world.node, Stopper(world.node, None)).hedge({"hedge": hedge_id})
    assert (shown["state"], shown["trigger"], shown["legs"][0]["filled"]) == ("DONE", "outside L", 1)
    assert book_in(world.node_dir / "journal").rows("AxB")[-1]["state"] == "DONE"
    assert run(["audit", "show", hedge_id, "--dir", str(world.node_dir)]) == 0
    assert "OutsideFilled" in capsys.readouterr().out


@pytest.mark.parametrize(("ref_type", "codes"), [("0", []), ("F", ["STRAY_REPORT"])])
def test_refusals_of_what_nobody_asked_are_told_where_they_are_about_orders(world, ref_type, codes):
    for number in range(2):
        world.a.reply(msgpack.packb(("j", ref_type, "AxB.0.1.0h1", 3, f"no {number}")))
    world.laps(30)
    assert world.alerts() == codes


@pytest.mark.parametrize("mode", ["oc", "octy"])
def test_forced_liquidation_is_followed_where_opens_and_closes_are_apart(holding, mode):
    world = holding(offset_mode=mode)
    outside(world.a, "1", 1, 1_050, "L")
    world.until(lambda: world.net == (-1, 1) and world.pair.hedge is None, "the other leg is taken back")
    assert world.b.got("D")[-1][7] == ("C" if mode == "oc" else "T")


def test_part_of_a_unit_that_is_lost_is_closed_to_the_whole_unit(make_world):
    world = make_world(units=2, max_units=2, lots=(3, 2))
    world.holds()
    assert world.net == (-6, 4)
    outside(world.a, "1", 1, 1_050, "L")
    world.until(lambda: world.net == (-3, 2) and world.pair.hedge is None, "a whole unit is closed")
