"""Each trouble at one venue: what it does, and what the truth keeps of it."""

from __future__ import annotations

import pytest

from exchange.errors import Lost, Refusal, TroubleError
from exchange.session import CLOSED, HALT, READY
from exchange.values import LineEvent, OrderEvent, TradeEvent, TroubleEvent

MS = 1_000_000
DAY, IOC = "0", "3"


@pytest.fixture
def venue(make_venue):
    """Asks at 1000 and 1001, bids at 999 and 998, ten lots each."""
    made = make_venue()
    for px in (1000, 1001):
        made.house_order(1, "X.a", "2", 10, px)
    for px in (999, 998):
        made.house_order(1, "X.a", "1", 10, px)
    made.events.clear()
    return made


def met(venue):
    return [(one.kind, one.client_ref, one.missed) for one in venue.events if isinstance(one, TroubleEvent)]


def trades(venue, order):
    return [(one.exec_type, one.qty, one.px) for one in venue.trades(order)]


def zero_sum(venue):
    """Nobody's money is made: over all accounts equity and fees cancel."""
    total = 0
    for account in venue.accounts.values():
        (balance,) = account.balances(venue.reference, venue.mark)
        total += balance.equity + balance.fees - account.deposits.get("CNY", 0)
    return total == 0


@pytest.mark.parametrize(("kind", "code"), [("throttle", 116), ("margin_short", 31), ("reject", 31)])
def test_refusing_trouble_gives_its_code_for_as_long_as_it_lasts(venue, place, kind, code):
    venue.trouble(1, kind, for_ms=10)
    assert [place(venue, now=at * MS).code for at in (1, 5, 9, 11)] == [code, code, code, 0]
    assert [one[0] for one in met(venue)] == [kind] * 3


def test_lost_order_never_reached_the_venue_and_truth_says_so(venue, place):
    venue.trouble(1, "lose_order", symbol="X.a")
    with pytest.raises(Lost):
        place(venue, ref="gone")
    assert venue.orders("a") == []
    assert met(venue) == [("lose_order", "gone", False)]
    assert place(venue, ref="gone").status == "2"


def test_overfill_trades_more_than_was_ordered(venue, place):
    venue.trouble(1, "overfill", qty=2)
    order = place(venue, qty=3, tif=IOC)
    assert (order.status, order.cum_qty, order.leaves_qty) == ("2", 5, 0)
    assert trades(venue, order) == [("F", 3, 1000), ("F", 2, 1000)]
    assert venue.accounts["a"].position("X.a").net == 5
    assert zero_sum(venue)


def test_overfill_never_closes_more_than_there_is(make_venue, place):
    venue = make_venue(offset_mode="oc")
    venue.house_order(1, "X.a", "2", 10, 1000)
    venue.house_order(1, "X.a", "1", 10, 999)
    place(venue, qty=3, offset="O")
    venue.trouble(1, "overfill", qty=2)
    order = place(venue, side="2", qty=3, px=999, offset="C")
    assert (order.cum_qty, venue.accounts["a"].position("X.a").long.qty) == (3, 0)


@pytest.mark.parametrize(("code", "reason"), [(26, 0), (25, 1), (99, 99)])
def test_refused_cancel_leaves_the_order_working(venue, place, code, reason):
    order = place(venue, px=990, ref="r")
    venue.trouble(1, "refuse_cancel", code=code)
    with pytest.raises(Refusal) as refused:
        venue.cancel(2, "a", "s", "r")
    assert (refused.value.code, refused.value.reason, order.status) == (code, reason, "0")
    assert venue.cancel(3, "a", "s", "r").status == "4"


def test_swallowed_cancel_does_nothing(venue, place):
    order = place(venue, px=990, ref="r")
    venue.trouble(1, "swallow_cancel")
    with pytest.raises(Lost):
        venue.cancel(2, "a", "s", "r")
    assert order.status == "0"


def test_fill_that_overtakes_the_cancel_whole_makes_it_too_late(venue, place):
    order = place(venue, px=990, qty=4, ref="r")
    venue.trouble(1, "fill_in_cancel")
    with pytest.raises(Refusal, match="26"):
        venue.cancel(2, "a", "s", "r")
    assert (order.status, order.cum_qty, trades(venue, order)) == ("2", 4, [("F", 4, 990)])
    assert venue.listings["X.a"].book.sides["1"].qty_within(990, 100) == 20
    assert venue.accounts["a"].working == {}


def test_fill_that_overtakes_the_cancel_in_part_is_in_its_cum_qty(venue, place):
    place(venue, px=990, qty=4, ref="r")
    venue.trouble(1, "fill_in_cancel", qty=1)
    order = venue.cancel(2, "a", "s", "r")
    assert (order.status, order.cum_qty, order.leaves_qty) == ("4", 1, 0)
    assert zero_sum(venue)


def test_fill_after_cancel_trades_though_the_order_was_canceled(venue, place):
    order = place(venue, px=990, qty=4, ref="r")
    venue.trouble(1, "fill_after_cancel", qty=3, ms=50)
    venue.cancel(2, "a", "s", "r")
    venue.agenda.advance(49 * MS)
    assert (order.status, order.cum_qty) == ("4", 0)
    venue.agenda.advance(51 * MS)
    assert (order.status, order.cum_qty, order.leaves_qty) == ("4", 3, 0)
    assert venue.accounts["a"].position("X.a").net == 3
    assert [type(one) for one in venue.events[-3:]] == [TradeEvent, OrderEvent, TradeEvent]


def test_fill_after_cancel_meets_the_rest_of_an_ioc_too(venue, place):
    venue.trouble(1, "fill_after_cancel", ms=0)
    order = place(venue, px=1000, qty=12, tif=IOC)
    assert (order.status, order.cum_qty) == ("4", 10)
    venue.agenda.advance(10)
    assert (order.status, order.cum_qty) == ("4", 12)


def test_bust_takes_the_trade_its_money_and_its_lots_back(venue, place):
    before = venue.accounts["a"].cash["CNY"]
    venue.trouble(1, "bust", ms=100)
    order = place(venue, qty=3, tif=IOC)
    assert venue.accounts["a"].position("X.a").net == 3
    venue.agenda.advance(101 * MS)
    assert trades(venue, order) == [("F", 3, 1000), ("H", 3, 1000)]
    assert venue.trades(order)[1].trade_ref == venue.trades(order)[0].trade_id
    assert (order.status, order.cum_qty, order.leaves_qty) == ("2", 0, 0)
    assert (venue.accounts["a"].position("X.a").net, venue.accounts["a"].cash["CNY"]) == (0, before)
    assert zero_sum(venue)


def test_busted_lots_never_work_again_on_a_working_order(venue, place):
    order = place(venue, qty=14, px=1000)
    venue.trouble(2, "bust", how="last")
    assert (order.status, order.cum_qty, order.leaves_qty) == ("0", 0, 4)
    assert met(venue) == [("bust", "r0", False)]
    assert venue.listings["X.a"].book.sides["1"].best().qty == 4
    venue.house_order(3, "X.a", "2", 9, 1000)
    assert (order.status, order.cum_qty, order.leaves_qty) == ("2", 4, 0)


def test_correction_changes_qty_and_price(venue, place):
    order = place(venue, qty=3, tif=IOC)
    (trade,) = venue.trades(order)
    venue.trouble(2, "correct", trade_id=trade.trade_id, qty=2, px=1005)
    change = venue.trades(order)[1]
    assert (change.exec_type, change.qty, change.px, change.was_qty, change.was_px) == ("G", 2, 1005, 3, 1000)
    assert (order.cum_qty, venue.accounts["a"].position("X.a").net) == (2, 2)
    assert zero_sum(venue)
    venue.trouble(3, "bust", trade_id=trade.trade_id)
    assert (order.cum_qty, venue.accounts["a"].position("X.a").net, zero_sum(venue)) == (0, 0, True)
    with pytest.raises(TroubleError, match="no trade to bust"):
        venue.trouble(4, "bust", trade_id=trade.trade_id)


def test_bust_of_lots_that_are_closed_is_missed_and_changes_nothing(make_venue, place):
    venue = make_venue(offset_mode="octy")
    venue.house_order(1, "X.a", "2", 10, 1000)
    venue.trouble(1, "bust", ms=100)
    order = place(venue, qty=2, offset="O")
    venue.house_order(1, "X.a", "1", 10, 1000)
    place(venue, side="2", qty=2, offset="T")
    venue.agenda.advance(101 * MS)
    assert (order.cum_qty, trades(venue, order)) == (2, [("F", 2, 1000)])
    assert met(venue)[-1] == ("bust", "r0", True)


@pytest.mark.parametrize(("kind", "status"), [("halt", HALT), ("close", CLOSED)])
def test_status_lasts_for_its_time_then_opens_again(venue, place, kind, status):
    order = place(venue, px=990)
    venue.trouble(1, kind, symbol="X.a", for_ms=10)
    assert venue.listings["X.a"].status == status
    assert place(venue).code == 91
    assert order.status == ("C" if kind == "close" else "0")
    venue.agenda.advance(11 * MS)
    assert venue.listings["X.a"].status == READY
    with pytest.raises(TroubleError, match="in that state already"):
        venue.trouble(12 * MS, "open")


def test_halt_without_a_time_lasts_until_open(venue):
    venue.trouble(1, "halt")
    venue.agenda.advance(10**12)
    assert (venue.listings["X.a"].status, len(venue.troubles.listed())) == (HALT, 1)
    venue.trouble(2, "open")
    assert (venue.listings["X.a"].status, venue.troubles.listed()) == (READY, [])
    venue.trouble(3, "halt")
    venue.troubles.clear(4)
    assert venue.listings["X.a"].status == READY


@pytest.mark.parametrize(("how", "empty", "px"), [("up", "2", 1100), ("down", "1", 900)])
def test_locked_limit_empties_one_side_and_stays_open(venue, place, how, empty, px):
    venue.trouble(1, "lock_limit", how=how, for_ms=10)
    book, other = venue.listings["X.a"].book, "1" if empty == "2" else "2"
    assert (book.sides[empty].best(), book.sides[other].best().px) == (None, px)
    assert venue.house_order(1, "X.a", empty, 1, 1000) is None
    taker = place(venue, side=other, px=px, qty=1, tif=IOC)
    assert (taker.status, taker.cum_qty) == ("4", 0)
    assert place(venue, side=empty, px=px, qty=1, tif=IOC).status == "2"
    venue.agenda.advance(11 * MS)
    assert book.sides[other].best() is None or book.sides[other].best().px != px
    assert venue.house_order(1, "X.a", empty, 1, 1000) is not None


def test_lock_of_a_symbol_without_limits_is_refused(make_venue):
    with pytest.raises(TroubleError, match="no day's limits"):
        make_venue(band=None).trouble(1, "lock_limit")


def test_liquidation_cancels_then_closes_by_the_broker(make_venue, place):
    venue = make_venue(offset_mode="octy")
    venue.house_order(1, "X.a", "2", 10, 1000)
    place(venue, qty=3, offset="O")
    venue.roll(2, "20260106")
    for side, px in (("2", 1000), ("1", 999)):
        venue.house_order(3, "X.a", side, 10, px)
    place(venue, qty=2, offset="O", now=3)
    rest = place(venue, side="2", px=1005, qty=1, offset="T", now=3)
    venue.trouble(4, "liquidate", symbol="X.a")
    assert (rest.status, rest.text) == ("4", "forced liquidation")
    forced = [one for one in venue.orders("a") if one.origin == "L"]
    assert [(one.offset, one.side, one.cum_qty, one.session) for one in forced] == [
        ("Y", "2", 3, "~broker"),
        ("T", "2", 2, "~broker"),
    ]
    assert venue.accounts["a"].position("X.a").long.qty == 0


def test_outside_order_is_on_the_account_and_no_sessions(venue):
    venue.trouble(1, "outside_order", symbol="X.a", side="1", qty=2, account="a")
    (order,) = venue.orders("a")
    assert (order.session, order.client_ref, order.cum_qty) == ("~other", "", 2)
    venue.trouble(1, "outside_order", symbol="X.a", side="1", qty=2, px=990, account="a")
    assert venue.orders("a")[1].status == "0"
    with pytest.raises(TroubleError, match="there are: a, b"):
        venue.trouble(1, "outside_order", symbol="X.a", side="1", qty=2)
    with pytest.raises(TroubleError, match="refuses such an order: 95"):
        venue.trouble(1, "outside_order", symbol="X.a", side="1", qty=2, px=5000, account="a")


def test_dropped_session_ends_the_accounts_orders_where_it_says_cancel(venue, place):
    mine, other = place(venue, px=990), place(venue, "b", px=990)
    venue.trouble(1, "drop_session", how="cancel", account="a", for_ms=10)
    assert (mine.status, other.status) == ("4", "0")
    venue.agenda.advance(11 * MS)
    assert [one.what for one in venue.events if isinstance(one, LineEvent)] == ["drop", "back"]


def test_aim_by_account_passes_by_the_others(venue, place):
    venue.trouble(1, "reject", account="b")
    assert [place(venue, who, px=990).status for who in "ab"] == ["0", "8"]


def test_aim_lets_the_first_ones_pass_when_it_skips(venue, place):
    venue.trouble(1, "reject", skip=2)
    assert [place(venue, px=990).status for _ in range(4)] == ["0", "0", "8", "0"]


def test_chance_strikes_about_so_many_and_the_same_ones_again(make_venue, place):
    def struck():
        venue = make_venue()
        venue.trouble(1, "reject", chance=30, count=1000)
        return [place(venue, px=990).status for _ in range(200)]

    assert struck() == struck()
    assert 40 <= struck().count("8") <= 80


def test_new_day_expires_orders_and_rolls(venue, place):
    order = place(venue, px=990)
    venue.trouble(1, "new_day")
    assert (order.status, venue.trading_day) == ("C", "20260106")


def test_list_shows_what_waits_and_lasts_and_clear_ends_it(venue):
    venue.trouble(1, "halt", for_ms=10)
    venue.trouble(1, "delay", ms=5, count=3)
    assert [(one["kind"], one["left"]) for one in venue.troubles.listed()] == [("delay", 3), ("halt", 1)]
    assert venue.troubles.clear(2) == 2
    assert (venue.troubles.listed(), venue.listings["X.a"].status) == ([], READY)
    venue.agenda.advance(20 * MS)
    assert venue.listings["X.a"].status == READY


def test_trouble_that_lasts_is_off_the_list_when_its_time_is_over(venue):
    venue.trouble(1, "halt", for_ms=10)
    venue.trouble(1, "reject", for_ms=10)
    venue.agenda.advance(11 * MS)
    venue.troubles.expire(11 * MS)
    assert venue.troubles.listed() == []


@pytest.mark.parametrize(
    ("kind", "args", "said"),
    [
        ("halt", {"count": 1}, "takes no 'count'; it takes symbol, for_ms"),
        ("bust", {"how": "first"}, "one of next, last"),
        ("correct", {}, "qty or px"),
        ("bad_quote", {"symbol": "Y"}, "there are: X.a"),
        ("silent", {"account": "c"}, "there are: a, b"),
        ("delay", {"ms": -1}, "from 0"),
        ("outside_order", {"symbol": "X.a", "side": "1"}, "needs qty"),
        ("outside_order", {"symbol": "X.a", "side": "1", "qty": 0}, "qty from 1"),
        ("lose_report", {"how": 1}, "must be a text"),
        ("liquidate", {}, "no position to liquidate"),
        ("bust", {"how": "last"}, "no trade to bust"),
        ("reject", {"symbol": 5}, "must be a text"),
    ],
)
def test_senseless_trouble_is_refused_with_what_is_allowed(make_venue, kind, args, said):
    with pytest.raises(TroubleError, match=said):
        make_venue().trouble(1, kind, **args)
