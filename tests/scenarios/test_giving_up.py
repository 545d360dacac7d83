"""Giving up by exposure on the simulated dispatcher, judged at every event."""

import pytest

from actors.flattener import Flattener
from actors.notes import RepairFacts, RepairTold, Tick
from actors.pair import PairActor
from actors.recovery import fold
from actors.repairer import Repairer
from domain.controls import ALL, Killed, Level, Unkilled
from domain.market import Quote
from domain.orders import TradeRestated
from domain.reports import OrderReport
from journal.reader import read
from simulation import fates
from simulation.agenda import MS
from simulation.settings import PAIR, QUIET
from wire.records import encode_decision

GROUP = (PAIR, f"{PAIR}/rollback", f"{PAIR}/replenish")
KINDS = {PairActor: (Quote, OrderReport, Tick), Repairer: (RepairTold, OrderReport, Tick)}


@pytest.fixture
def sick(monkeypatch):
    """From its call on every message is a crash."""

    def crash(_actor, _message):
        raise RuntimeError("a bug of ours")

    def make(cls=PairActor):
        for kind in KINDS[cls]:
            monkeypatch.setitem(cls.routes, kind, crash)

    return make


def given_up(s):
    """Until something stands in for it, and has told so."""
    s.raised.update(GROUP)
    assert s.until(lambda: isinstance(s.node.actor(PAIR), Flattener), 15_000 * MS)
    assert s.until(lambda: "PAIR_GIVEN_UP" in s.judge.alerts, 1000 * MS)


@pytest.mark.parametrize("holds", [False, True])
def test_pair_that_crashes_all_the_time_is_stopped_or_frozen(scene, sick, holds):
    s = scene()
    if holds:
        s.holds()
    sick()
    before = s.position
    given_up(s)
    s.run(2000)
    assert (s.pair.status, s.pair.hedge, s.position) == ("FROZEN", None, before)
    assert any(before) == holds


@pytest.mark.parametrize("lots", [1, -1])
def test_trade_restated_to_a_pair_that_was_given_up_is_told_and_followed(scene, sick, lots):
    s = scene(units=2, max_units=2)
    s.holds()
    sick()
    given_up(s)
    order = next(iter(s.b.orders.values()))
    trade = order.trades[0]
    s.b.restate(order, trade, trade.qty + lots, trade.px)
    s.run(4000)
    assert [code for code in s.judge.alerts if code in ("TRADE_RESTATED", "RESTATEMENT_SETTLED")] == ["TRADE_RESTATED", "RESTATEMENT_SETTLED"]
    assert s.cum(order.ref) == order.cum == 2 + lots
    assert s.pair.naked == (0, 0)


def test_count_below_the_trades_of_a_pair_that_was_given_up_is_told(scene, sick):
    s = scene(units=2, max_units=2)
    s.holds()
    sick()
    given_up(s)
    order = next(iter(s.b.orders.values()))
    s.b.gateway.undone.add(order.ref)
    order.trades.pop()
    s.may_be_naked = s.outside_took = True
    for _ in range(3):
        s.b.say(order, "I")
        s.run(1000)
    assert s.judge.alerts.count("COUNT_LESS") == 1
    assert s.cum(order.ref) == 2


def test_restatement_that_is_open_when_a_pair_is_given_up_is_told_by_what_stands_in(scene, sick):
    s = scene(units=2, max_units=2)
    s.holds()
    order = next(iter(s.b.orders.values()))
    s.b.gateway.passes_over.add("H")
    s.b.restate(order, order.trades[0], 1, order.trades[0].px)
    assert s.until(lambda: "TRADE_RESTATED" in s.judge.alerts, 1000 * MS)
    sick()
    told = []
    s.node.desk.alert, alert = lambda level, code, **said: (told.append(code), alert(level, code, **said)), s.node.desk.alert
    given_up(s)
    s.run(100)
    assert "TRADE_RESTATED" in told[told.index("PAIR_GIVEN_UP") - 3 :], told
    s.b.gateway.passes_over.clear()
    s.run(4000)
    assert s.cum(order.ref) == order.cum == 1


def test_restatement_that_a_repair_had_recorded_before_its_pair_was_given_up_is_told_and_asked_about(scene, sick):
    s = scene(units=2, max_units=2)
    s.holds()
    sick()
    given_up(s)
    known = next(order for leg in s.pair.past[-1].legs for order in leg.orders if order.leg == 1)
    key, qty, px = known.trades[0]
    asked = s.frames("H")
    restated = TradeRestated(known.cl_ord_id, (key, qty - 1, px), (qty, px), 1)
    hedge_id = s.pair.past[-1].hedge_id
    cause = max(record.seq for record in read(s.folder / "journal") if record.kind == "report")
    seq = s.node.desk.journal.append("decision", encode_decision(GROUP[1], PAIR, hedge_id, (restated,)), cause)
    s.node.runtime.tell(PAIR, RepairFacts(hedge_id, (restated,), seq))
    s.run(4000)
    assert s.frames("H") > asked
    assert [code for code in s.judge.alerts if code in ("TRADE_RESTATED", "RESTATEMENT_SETTLED")] == ["TRADE_RESTATED", "RESTATEMENT_SETTLED"]


def test_t70_pair_that_crashes_without_end_keeps_what_is_covered_and_only_the_naked_lot_is_taken_back(scene, sick):
    s = scene(max_units=2)
    s.holds()
    s.opens(b=fates.silent(0))
    assert s.until(lambda: s.position[0] == -2, 3000 * MS)
    sick()
    given_up(s)
    s.mid = QUIET
    assert s.until(lambda: s.pair.hedge is None, 30_000 * MS), s.pair.hedge
    assert (s.position, [book.net for book in s.pair.books], s.pair.status) == ((-1, 1), [-1, 1], "FROZEN")


@pytest.mark.parametrize("bad", [PairActor, Repairer])
@pytest.mark.parametrize("part", ["reject", "rest"])
def test_naked_leg_is_flattened_from_the_record(scene, sick, bad, part):
    s = scene()
    s.opens(b=fates.reject() if part == "reject" else fates.rest)
    sick(bad)
    s.raised.update(GROUP)
    if bad is PairActor:
        given_up(s)
    s.mid = QUIET
    assert s.until(lambda: s.pair.hedge is None, 30_000 * MS), s.pair.hedge
    s.run(1000)
    assert not any(s.pair.naked)
    assert sum(s.position) == 0
    after = fold(read(s.folder / "journal"), {PAIR: s.shape.signed_lots})
    assert not any(child.states for child in after.children.values())  # nor does a start send under what was given back


def test_freeze_holds_for_what_stands_in_for_a_pair(scene, sick):
    s = scene()
    s.opens(b=fates.silent(0))
    assert s.until(lambda: s.position[0] == -1, 3000 * MS)
    s.word(Killed(ALL, Level.FREEZE, "ann", "news"), "kill")
    sick()
    given_up(s)
    s.mid = QUIET
    sent = s.frames("D")
    assert s.until(lambda: s.pair.hedge.status == "STRANDED", 10_000 * MS)
    s.run(3000)
    assert (s.frames("D"), s.position, s.pair.hedge.stranded_why) == (sent, (-1, 0), "FROZEN")
    s.word(Unkilled(ALL, "ann", "over"), "unkill")
    assert s.until(lambda: s.pair.hedge is None, 30_000 * MS), s.pair.hedge
    assert s.position == (0, 0)


def test_kill_of_the_node_while_it_is_flattened_loses_nothing(scene, sick):
    s = scene()
    s.opens(b=fates.reject())
    sick()
    given_up(s)
    s.kill()
    s.start()
    given_up(s)
    assert s.until(lambda: s.pair.hedge is None, 30_000 * MS), s.pair.hedge
    assert not any(s.pair.naked)
