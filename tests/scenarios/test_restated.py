"""A trade that its venue tells again, with another quantity or price: T73."""

import pytest

from domain.orders import MAX_RESTATED
from simulation import fates
from simulation.agenda import MS

TOLD, SETTLED = "TRADE_RESTATED", "RESTATEMENT_SETTLED"
UP, DOWN, PRICE, GONE = {"lots": 1}, {"lots": -1}, {"ticks": 3}, {"lots": -2}
CHANGES = pytest.mark.parametrize("change", [UP, DOWN, PRICE, {"lots": -1, "ticks": 2}, GONE], ids=["up", "down", "price", "both", "gone"])


def opened(s, change, after_ms=1500):
    """Two units, held; then B's trade is another one."""
    s.opens(b=fates.restated(after_ms, **change))
    assert s.ends() == "DONE"
    return next(iter(s.b.orders.values()))


def agrees(s, first, change):
    """What the pair has of it is what the venue has, to the lot and the cent."""
    assert s.position == tuple(book.net for book in s.pair.books)
    assert s.pair.naked == (0, 0)
    assert s.cum(first.ref) == 2 + change.get("lots", 0) == first.cum
    assert [book.cash for book in s.pair.books] == [venue.cash for venue in s.venues.values()]


@CHANGES
def test_t73_restated_trade_is_told_asked_about_booked_and_repaired(scene, change):
    s = scene(units=2, max_units=2)
    first = opened(s, change)
    asked = s.frames("H")
    s.run(5000)
    agrees(s, first, change)
    assert s.frames("H") > asked
    assert [code for code in s.judge.alerts if code in (TOLD, SETTLED)] == [TOLD, SETTLED]


@CHANGES
def test_t73_node_that_is_killed_before_the_answer_settles_it_after_its_start(scene, change):
    s = scene(units=2, max_units=2)
    first = opened(s, change)
    assert s.until(lambda: TOLD in s.judge.alerts, 4000 * MS)
    s.kill()
    s.start()
    s.run(6000)
    agrees(s, first, change)
    assert s.judge.alerts.count(SETTLED) == 1


@pytest.mark.parametrize("change", [UP, DOWN, PRICE], ids=["up", "down", "price"])
@pytest.mark.parametrize("steps", range(1, 13))
def test_t73_node_that_dies_at_any_record_or_send_counts_it_once(scene, steps, change):
    s = scene(units=2, max_units=2)
    s.holds()
    first = next(iter(s.b.orders.values()))
    trade = first.trades[0]
    s.light(steps, 200)
    s.b.restate(first, trade, trade.qty + change.get("lots", 0), trade.px + change.get("ticks", 0))
    assert s.until(lambda: s.kills == 1 and s.node is not None, 6000 * MS)
    s.run(6000)
    agrees(s, first, change)
    assert 1 <= s.judge.alerts.count(TOLD) <= 2
    assert s.pair.hedge is None


@CHANGES
def test_t73_restatement_while_the_node_is_away_is_found_at_its_start(scene, change):
    s = scene(units=2, max_units=2)
    first = opened(s, change, after_ms=2500)
    s.kill()
    s.run(3000)
    s.start()
    s.run(6000)
    agrees(s, first, change)
    assert TOLD in s.judge.alerts


def test_t73_node_that_is_killed_after_it_was_settled_tells_and_asks_nothing_more(scene):
    s = scene(units=2, max_units=2)
    first = opened(s, DOWN)
    s.run(5000)
    s.kill()
    s.start()
    s.run(6000)
    agrees(s, first, DOWN)
    assert s.judge.alerts.count(TOLD) == 1


@pytest.mark.parametrize("lots", [1, -1])
def test_t73_restated_repair_is_followed_too(scene, lots):
    s = scene(units=2, max_units=2, policy="replenish_first")
    s.opens(b=fates.part(0))
    assert s.ends() == "DONE"
    repair = next(order for order in s.b.orders.values() if order.trades)
    trade = repair.trades[0]
    s.b.restate(repair, trade, trade.qty + lots, trade.px)
    s.run(5000)
    assert s.pair.naked == (0, 0)
    assert s.position == tuple(book.net for book in s.pair.books)
    assert TOLD in s.judge.alerts


def test_t73_restatement_whose_answer_never_comes_stays_told_and_moves_nothing(scene):
    s = scene(units=2, max_units=2)
    first = opened(s, DOWN)
    s.b.gateway.passes_over.add("H")
    s.run(30_000)
    assert s.cum(first.ref) == 2
    assert s.judge.alerts.count(TOLD) == 2  # at once, and when it is asked no more
    assert "POSITION_DIFFERS" in s.judge.alerts
    s.b.gateway.passes_over.clear()
    s.may_be_naked = True


def test_t73_order_that_waits_for_its_answer_is_asked_once_a_second_whatever_came_before(scene):
    s = scene(units=2, max_units=2)
    s.holds()
    order = next(iter(s.b.orders.values()))
    trade = order.trades[0]
    s.b.gateway.passes_over.add("H")
    for _ in range(3):
        for lots in (-1, 1):
            s.b.restate(order, trade, trade.qty + lots, trade.px)
            s.run(50)
        s.b.say(order, "I")
        s.run(50)
    s.b.restate(order, trade, trade.qty - 1, trade.px)
    s.run(300)
    asked = s.frames("H")
    s.run(4000)
    assert 3 <= s.frames("H") - asked <= 5
    s.b.gateway.passes_over.clear()
    s.run(4000)
    assert s.cum(order.ref) == order.cum


def test_t73_last_restatement_that_is_recorded_is_told_as_such(scene, monkeypatch):
    s = scene(units=2, max_units=2)
    s.holds()
    order = next(iter(s.b.orders.values()))
    trade, told, alert = order.trades[0], [], s.node.desk.alert
    monkeypatch.setattr(s.node.desk, "alert", lambda level, code, **said: (told.append((code, said)), alert(level, code, **said)))
    for count in range(12):
        s.b.restate(order, trade, trade.qty, trade.px + (1 if count % 2 else -1))
        s.run(400)
    texts = [said["text"] for code, said in told if code == TOLD]
    assert len(texts) == MAX_RESTATED
    assert ["not recorded" in text for text in texts] == [False] * 7 + [True]
    assert len(told) <= 2 * MAX_RESTATED + 1
    s.outside_took = True
