"""Money and lots on virtual venues that keep accounts: T23, T43, T48."""

import pytest

from actors.controls import HoldChanged
from actors.notes import Operate
from actors.pair_view import PairView
from domain.controls import PositionAccepted
from domain.pairs import LotsRead
from simulation import fates
from simulation.agenda import MS
from simulation.settings import PAIR, RICH
from tools.money_looks import MoneyLooks

FLAT = (0, 0)


def offsets(venue, since=0):
    """(offset, lots, status) of each order that came, oldest first."""
    return [(order.offset, order.qty, order.status) for order in list(venue.orders.values())[since:]]


def rolled_over_there(s, old, booked):
    """Venue A counts `old` lots as yesterday's; our book has `booked` as today's."""
    held = s.pair.books[0].net
    s.a.account.old = old if held > 0 else -old
    s.a.account.today = held - s.a.account.old
    s.a.on_mismatch, s.a.is_mismatched = lambda _order: None, True  # it is meant
    s.node.pair_actor(PAIR)._own(LotsRead(0, booked if held > 0 else -booked, "scene"))


def test_t48_close_split_over_both_days_and_half_refused_is_planned_anew_from_the_venues_lots(scene):
    s = scene(units=5, max_units=5, offset_mode="octy")
    s.holds()
    rolled_over_there(s, old=4, booked=3)  # ours: two old, three of today; theirs: four and one
    before = len(s.a.orders)
    s.closes()
    assert s.ends() == "DONE"
    sent = offsets(s.a, before)
    assert sent[:2] == [("Y", 2, "2"), ("T", 3, "8")]  # one half went, the other was refused
    assert sorted(sent[2:]) == [("T", 1, "2"), ("Y", 2, "2")]
    assert s.position == FLAT and "STRANDED" not in s.judge.alerts


def test_t48_repair_of_a_close_over_two_days_sends_under_each_offset_what_is_held_under_it(scene):
    s = scene(units=5, max_units=5, offset_mode="octy")
    s.holds()
    rolled_over_there(s, old=2, booked=3)  # as we have it
    before = len(s.a.orders)
    s.a.script.append(fates.part(0))
    s.closes(a=fates.part(0))
    assert s.ends() == "DONE"
    sent = offsets(s.a, before)
    assert sent[:2] == [("Y", 2, "C"), ("T", 3, "C")]  # both halves met nothing
    assert all(lots <= {"Y": 2, "T": 3}[offset] for offset, lots, _ in sent)
    assert sorted(row for row in sent[2:] if row[2] == "2") == [("T", 3, "2"), ("Y", 2, "2")]
    assert s.position == FLAT


def test_t48_lots_that_are_all_yesterdays_are_found_at_once(scene):
    s = scene(units=2, max_units=2, offset_mode="octy")
    s.holds()
    rolled_over_there(s, old=2, booked=2)
    before = len(s.a.orders)
    s.closes()
    assert s.ends() == "DONE"
    assert offsets(s.a, before) == [("T", 2, "8"), ("Y", 2, "2")]


def test_t48_venue_that_does_not_say_what_it_holds_is_not_waited_for_long(scene):
    s = scene(units=2, max_units=2, offset_mode="octy")
    s.holds()
    s.a.gateway.passes_over.add("AN")
    s.closes(a=fates.reject("50 over close"))
    begun_ns = s.agenda.now_ns
    assert s.ends() == "DONE"
    assert s.agenda.now_ns - begun_ns < 3000 * MS
    assert {offset for offset, _, _ in offsets(s.a)[1:]} == {"T"}
    s.a.gateway.passes_over.clear()


def test_t48_rollback_closes_todays_lots_and_never_opens(scene):
    s = scene(units=3, max_units=3, offset_mode="octy", policy="rollback_first")
    s.opens(b=fates.reject())
    assert s.ends() == "NONE"
    assert [(offset, lots) for offset, lots, _ in offsets(s.a)] == [("O", 3), ("T", 3)]


def test_t23_size_is_what_both_accounts_can_bear_at_worst(scene):
    s = scene(units=5, max_units=5, deposit_usd=420)
    s.holds()
    hedge = s.pair.past[-1]
    assert 0 < hedge.units < 5
    assert all(order.status != "8" for venue in (s.a, s.b) for order in venue.orders.values())


def test_t23_nothing_leaves_that_one_side_could_not_pay(scene):
    s = scene(units=1, deposit_usd=50)
    assert s.fires(RICH) == 0
    assert s.frames("D") == 0
    assert "RISK MARGIN: venue=" in s.view.reason
    assert s.view.holds["RISK"] > 0


def test_spot_that_was_not_delivered_is_sold_by_nobody_however_few_the_limits_leave(scene, monkeypatch):
    s = scene(units=3, max_units=6, position_lots=2)
    asked = []
    monkeypatch.setattr(PairView, "undelivered", lambda _self, opened, _pair: asked.append(opened.units) or "INVENTORY: there=0")
    s.view._spots = (0,)
    assert s.fires(RICH) == 0
    assert {2, 3} <= set(asked)  # what is configured, and what the limits leave of it
    assert s.view.reason.startswith("RISK INVENTORY")
    told = s.node.pair_actor(PAIR).on_operate(Operate("open", "ann", "now", side="sell", units=2))
    assert told == {"error": "RISK INVENTORY: there=0"}


def test_margin_of_a_hedge_is_held_until_the_venues_have_said_anew(scene):
    s = scene(units=2, max_units=2)
    s.opens()
    table = s.node.desk.margin
    assert all(funds.held > 0 for funds in table.funds.values())
    s.ends()
    assert s.until(lambda: not table.held, 3000 * MS)
    assert all(funds.held == 0 for funds in table.funds.values())
    used = s.a.account.margin / 100
    assert float(table.funds["A", "USD"].available) / 10**12 == pytest.approx(s.a.account.equity(s.a.mark) / 100 - used, abs=10)


def test_margin_is_held_again_for_a_hedge_that_a_kill_left_in_flight(scene):
    s = scene(units=2, max_units=2)
    s.opens(b=fates.part(1, rests=True))
    s.kill()
    s.start()
    assert s.until(lambda: s.node.pair_actor(PAIR) is not None, 2000 * MS)
    hedge = s.pair.hedge
    if hedge is not None:
        assert hedge.hedge_id in s.node.desk.margin.held
    s.ends(30_000)


def test_venue_that_stops_saying_what_is_free_opens_nothing_more(scene):
    s = scene(defaults={"cooldown_ms": 100})
    s.a.gateway.passes_over.add("BB")
    s.run(40_000)
    assert s.fires(RICH) == 0
    assert "MARGIN_STALE" in s.view.reason
    s.a.gateway.passes_over.clear()
    s.mid = 1030
    s.run(6000)
    assert s.fires(RICH) > 0


def test_t43_account_that_holds_less_stops_opens_until_a_person_has_looked(scene):
    s = scene(max_units=3)
    s.holds()
    net = s.a.account.net
    s.a.gateway.says_held = (0, 0)
    s.run(12_000)
    assert "POSITION_DIFFERS" in s.judge.alerts and s.judge.alerts.count("POSITION_DIFFERS") == 1
    row = next(MoneyLooks(s.node).positions_of(("A", "A.X")))
    assert (row["difference_long"], row["difference_short"]) == ((-net, 0) if net > 0 else (0, net))
    assert s.fires(RICH) == 0  # nothing opens
    accepted = PositionAccepted("symbol A A.X", row["difference_long"], row["difference_short"], "lin", "counted with the broker")
    seq, names = s.node.desk.controls.apply(accepted, "position reconcile")
    assert names == [PAIR] and seq
    for name in names:
        s.node.runtime.tell(name, HoldChanged(seq))
    s.mid = 1030
    s.run(6000)
    assert s.fires(RICH) > 0  # a person has looked
    s.a.gateway.says_held = None
    s.mid = 1030


def test_what_an_account_holds_beyond_the_pairs_is_told_and_stops_nothing(scene):
    s = scene(max_units=3)
    s.holds()
    s.a.gateway.says_held = (0, 9)
    s.run(12_000)
    assert "POSITION_MORE" in s.judge.alerts and "POSITION_DIFFERS" not in s.judge.alerts
    assert s.fires(RICH) > 0
    s.a.gateway.says_held = None


def test_t48_day_that_rolls_under_a_mandate_changes_the_offset_of_its_next_try(scene):
    s = scene(offset_mode="octy")
    s.holds()
    s.b.always = fates.reject()
    s.closes()
    s.run(400)
    s.b.roll()
    s.b.gateway.kill(50 * MS)
    s.run(300)
    s.b.always = fates.meet
    assert s.ends() == "DONE"
