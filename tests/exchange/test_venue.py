"""Scenarios at one venue: codes, session states, days, troubles."""

from __future__ import annotations

import pytest

from exchange.errors import ExchangeError, Refusal, TroubleError
from exchange.session import AUCTION, CLOSED, HALT, READY
from exchange.values import OrderEvent, TradeEvent


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"symbol": "X.b"}, 16),
        ({"side": "3"}, 15),
        ({"tif": "1"}, 15),
        ({"offset": "O"}, 15),
        ({"qty": 0}, 15),
        ({"qty": 501}, 15),
        ({"px": 1101}, 95),
        ({"px": None}, 15),
    ],
)
def test_order_is_refused_with_the_venues_code_when_a_field_is_wrong(make_venue, place, changes, code):
    venue = make_venue()
    order = place(venue, **changes)
    assert (order.status, order.code) == ("8", code)
    assert venue.orders("a") == [order]


def test_reports_tell_the_state_before_each_trade(make_venue, place):
    venue = make_venue()
    venue.house_order(1, "X.a", "2", 2, 1000)
    venue.house_order(1, "X.a", "2", 2, 1001)
    place(venue, qty=5, px=1001, tif="3")
    mine = [e for e in venue.events if isinstance(e, OrderEvent) or not e.house]
    told = [e.order.status if isinstance(e, OrderEvent) else (e.qty, e.px) for e in mine]
    assert told == ["0", "1", (2, 1000), "1", (2, 1001), "4"]


def test_both_sides_share_the_trade_id_when_an_account_meets_itself(make_venue, place):
    venue = make_venue()
    place(venue, side="2")
    place(venue, side="1")
    assert [e.trade_id for e in venue.events if isinstance(e, TradeEvent)] == ["00000001"] * 2


def test_ref_is_refused_when_it_was_used_before(make_venue, place):
    venue = make_venue()
    place(venue, ref="one")
    with pytest.raises(Refusal, match="22"):
        place(venue, ref="one")


def test_market_order_reaches_the_days_limit_where_the_venue_takes_one(make_venue, place):
    venue = make_venue(market_orders=True)
    venue.house_order(1, "X.a", "2", 1, 1090)
    assert place(venue, px=None, tif="3").status == "2"
    assert place(venue, px=None, tif="0").code == 15


@pytest.mark.parametrize(("ref", "code"), [("never", 25), ("gone", 26)])
def test_cancel_is_refused_when_nothing_works(make_venue, place, ref, code):
    venue = make_venue()
    place(venue, tif="3", ref="gone")
    with pytest.raises(Refusal) as why:
        venue.cancel(2, "a", "s", ref)
    assert why.value.code == code


def test_order_of_another_account_is_not_found(make_venue, place):
    venue = make_venue()
    order = place(venue)
    assert venue.find("b", "", "", order.order_id) is None
    assert venue.find("a", "", "", order.order_id) is order


def test_halt_takes_cancels_only(make_venue, place):
    venue = make_venue()
    order = place(venue, px=999)
    venue.set_status(2, "", HALT)
    assert place(venue).code == 91
    assert venue.cancel(3, "a", "s", order.client_ref).status == "4"


def test_closing_ends_orders_and_takes_nothing(make_venue, place):
    venue = make_venue()
    order = place(venue, px=999)
    venue.set_status(2, "X.a", CLOSED)
    assert order.status == "C"
    assert place(venue).code == 91


def test_auction_rests_orders_and_trades_at_one_price_when_it_ends(make_venue, place):
    venue = make_venue()
    venue.set_status(1, "", AUCTION)
    buy, sell = place(venue, "a", qty=3, px=1005), place(venue, "b", "2", qty=2, px=995)
    assert place(venue, tif="3").code == 91
    assert (buy.cum_qty, sell.cum_qty) == (0, 0)
    venue.set_status(2, "", READY)
    assert (buy.status, buy.cum_qty, sell.status) == ("1", 2, "2")
    assert len({e.px for e in venue.events if isinstance(e, TradeEvent)}) == 1


def test_status_that_does_not_exist_is_refused(make_venue):
    with pytest.raises(ExchangeError, match="17"):
        make_venue().set_status(1, "", 99)


def test_new_day_expires_orders_ages_positions_and_keeps_the_old_day(make_venue, place):
    venue = make_venue(offset_mode="octy")
    venue.house_order(1, "X.a", "2", 1, 1010)
    place(venue, px=1010, offset="O")
    resting = place(venue, px=990, offset="O")
    venue.roll(2, "20260106")
    assert resting.status == "C"
    assert venue.accounts["a"].position("X.a").long.old == 1
    assert venue.reference("X.a") == 1010
    assert (len(venue.orders("a")), len(venue.orders("a", "20260105"))) == (0, 2)
    with pytest.raises(ExchangeError, match="not after"):
        venue.roll(3, "20260106")


def test_reject_strikes_the_next_orders_and_no_more(make_venue, place):
    venue = make_venue()
    venue.troubles.arm("reject", {"count": 2, "code": 30, "side": "1"})
    statuses = [place(venue, side=side, px=999 if side == "1" else 1001).status for side in "1211"]
    assert statuses == ["8", "0", "8", "0"]
    assert venue.troubles.struck == {"reject": 2}
    assert venue.troubles.listed() == []


def test_trouble_passes_by_orders_of_another_offset(make_venue, place):
    venue = make_venue(offset_mode="oc")
    venue.troubles.arm("reject", {"offset": "C"})
    assert place(venue, offset="O", px=999).status == "0"
    assert place(venue, "b", offset="C", side="2").code == 31


def test_partial_fills_so_many_lots_and_cancels_the_rest(make_venue, place):
    venue = make_venue()
    venue.house_order(1, "X.a", "2", 9, 1000)
    venue.troubles.arm("partial", {"qty": 2})
    order = place(venue, qty=5, tif="3")
    assert (order.status, order.cum_qty) == ("4", 2)
    assert place(venue, qty=5, tif="3").status == "2"


@pytest.mark.parametrize(
    ("kind", "args", "said"),
    [
        ("partial", {}, "needs qty"),
        ("reject", {"qty": 1}, "takes no 'qty'"),
        ("reject", {"count": 0}, "from 1"),
        ("reject", {"count": True}, "whole number"),
        ("reject", {"symbol": "Y"}, "there are: X.a"),
        ("reject", {"side": "buy"}, "side must be"),
        ("reject", {"offset": "X"}, "offset must be"),
        ("delay", {}, "needs ms"),
        ("nonsense", {}, "there are: reject, partial"),
    ],
)
def test_trouble_is_refused_with_what_to_do(make_venue, kind, args, said):
    with pytest.raises(TroubleError, match=said):
        make_venue().troubles.arm(kind, args)
