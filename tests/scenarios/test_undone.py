"""A trade is taken back, and a report about its order is lost: T75."""

import pytest

from simulation import fates
from simulation.agenda import MS

BUSTED = "TradeBusted"


def resting(s):
    """A has its three lots, B's order works."""
    s.opens(fates.meet, fates.rest)
    assert s.until(lambda: s.b.working and s.pair.books[0].net, 500 * MS)
    return s.b.working[0]


def quietly(venue, order, done):
    """The venue does it, and its word of it is lost for good."""
    order.muted = True
    done()
    order.muted = False


def takes_back(venue, order, trade):
    quietly(venue, order, lambda: venue.bust(order, trade))


def agrees(s, order):
    """What the pair has is what the venue has, to the lot and the cent; nobody was logged on anew for it."""
    assert s.cum(order.ref) == order.cum
    assert s.position == tuple(book.net for book in s.pair.books)
    assert s.pair.naked == (0, 0)
    assert [book.cash for book in s.pair.books] == [venue.cash for venue in s.venues.values()]


def test_t75_bust_whose_count_has_less_than_the_trades_that_remain_is_asked_about(scene):
    s = scene(units=2, max_units=2)
    s.opens(b=fates.crumbs)
    s.ends()
    order = next(iter(s.b.orders.values()))
    first, second = order.trades[0], order.trades[-1]
    s.run(1500)
    takes_back(s.b, order, second)
    if first is not second:
        s.b.bust(order, first)
    else:
        s.b.say(order, "H", first, exec_ref=first.exec_id)
    s.run(4000)
    agrees(s, order)


@pytest.mark.parametrize("word_is_lost", [True, False])
def test_t75_count_below_the_trades_is_asked_about_and_told_where_the_venue_holds_to_it(scene, word_is_lost):
    s = scene(units=2, max_units=2)
    s.holds()
    order = next(iter(s.b.orders.values()))
    s.b.gateway.undone.add(order.ref)
    if word_is_lost:
        takes_back(s.b, order, order.trades[0])
    else:  # of a trade it says no more
        gone = order.trades.pop()
        s.may_be_naked = s.outside_took = True
    for _ in range(3):
        s.b.say(order, "I")
        s.run(1000)
    assert s.judge.alerts.count("COUNT_LESS") == (0 if word_is_lost else 1)
    assert s.frames("H") < 12
    assert s.cum(order.ref) == (0 if word_is_lost else gone.qty)
    if word_is_lost:
        agrees(s, order)


def test_t75_trade_that_a_bust_hides_is_asked_for_and_priced(scene):
    s = scene(units=3, max_units=3, tifs="0", defaults={"hedge_deadline_ms": 5000})
    order = resting(s)
    s.b.fill(order, 1)
    quietly(s.b, order, lambda: s.b.fill(order, 2, px=order.px - 1))
    s.b.bust(order, order.trades[0])
    assert s.until(lambda: s.cum(order.ref) == 2, 500 * MS)
    s.run(1500)  # no order ends here, and no logon: its price comes by asking
    assert [book.cash for book in s.pair.books] == [venue.cash for venue in s.venues.values()]
    s.ends()
    agrees(s, order)


def test_t75_trade_that_a_later_ones_count_shows_is_asked_for(scene):
    s = scene(units=3, max_units=3, tifs="0", defaults={"hedge_deadline_ms": 5000})
    order = resting(s)
    quietly(s.b, order, lambda: s.b.fill(order, 2, px=order.px - 1))
    s.b.fill(order, 1)
    assert s.ends() == "DONE"
    s.run(1500)
    agrees(s, order)


def test_t75_count_sent_again_after_a_bust_is_asked_about_where_it_has_more(scene):
    s = scene(units=3, max_units=3, tifs="0", defaults={"hedge_deadline_ms": 5000})
    order = resting(s)
    s.b.fill(order, 1)
    s.b.bust(order, order.trades[0])
    assert s.until(lambda: s.b.gateway.undone and s.cum(order.ref) == 0 and s.pair.hedge.legs[1].orders[0].trades, 500 * MS)
    quietly(s.b, order, lambda: s.b.fill(order, 2))
    s.b.rates["gap"] = 1.0
    s.b.end(order, "C")
    s.run(100)
    s.b.rates.clear()
    s.run(6000)
    agrees(s, order)


def test_t75_correction_that_was_lost_gives_no_lots_back_to_a_trade_that_is_off(scene):
    s = scene(units=2, max_units=2)
    s.holds()
    order = next(iter(s.b.orders.values()))
    trade = order.trades[0]
    quietly(s.b, order, lambda: s.b.correct(order, trade, trade.px + 1))
    s.b.bust(order, trade)
    s.run(3000)
    s.kill()
    s.start()  # the day tells its trade, its correction, its bust
    s.run(4000)
    assert s.cum(order.ref) == 0
    assert "COUNT_LESS" not in s.judge.alerts
    agrees(s, order)


def test_t75_bust_sent_again_after_a_later_one_brings_no_lots_back(scene):
    s = scene(units=3, max_units=3, tifs="0", defaults={"hedge_deadline_ms": 5000})
    order = resting(s)
    s.b.fill(order, 1)
    s.b.fill(order, 2)
    assert s.ends() == "DONE"
    s.run(500)
    s.b.rates["gap"] = 1.0
    s.b.bust(order, order.trades[0])
    s.run(100)
    s.b.rates.clear()
    s.b.bust(order, order.trades[1])
    s.run(6000)
    assert s.cum(order.ref) == 0
    agrees(s, order)
