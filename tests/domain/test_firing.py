"""From a trigger that fired to a hedge: gates, size, orders, offsets."""

from decimal import Decimal
from math import nan

import pytest
from msgspec.structs import replace

from domain import firing, pairs
from domain.books import LegBook
from domain.firing import (
    aim_of,
    as_held,
    meets,
    offsets,
    plan,
    repair_lots,
    repair_offset,
    size,
    why_closed,
    why_not_quoted,
)
from domain.market import Instrument, quote_of
from domain.orders import OrderSubmitted
from domain.pairs import Mode
from domain.pairspec import LegSpec, PairSpec
from domain.prices import LegPrice, PriceFormula
from domain.triggers import Trigger

NS = 1_000_000_000


def leg_spec(index=0, lots=1, mode="octy", kind="linear", **changes):
    symbol = ("SHFE.cu2612", "COMEX.HGZ26")[index]
    instrument = Instrument(
        f"v{index}", symbol, Decimal(1), Decimal(1), Decimal(1), "CNY", kind=kind, offset_mode=mode
    )
    price = LegPrice(PriceFormula(Decimal(1)), lots)
    return LegSpec(f"v{index}", symbol, lots, instrument, price, **changes)


TRIGGER = Trigger(buy_open=-50, sell_close=-10, sell_open=60, buy_close=20, max_units=9)
SPEC = PairSpec("cu", "CNY", (leg_spec(), leg_spec(1, -2, "net")), TRIGGER, units=5, max_position_units=9, unit_size=2.0)
QUOTES = (
    quote_of(("v0", "SHFE.cu2612"), (99, 7), (100, 6), recv_mono_ns=NS),
    quote_of(("v1", "COMEX.HGZ26"), (200, 13), (201, 12), recv_mono_ns=NS),
)
FLAT = pairs.new("cu", SPEC.lots)


def holding(net=5, today=0):
    books = (LegBook(net, today), LegBook(-2 * net, 0))
    return replace(FLAT, status=pairs.P.HOLDING, books=books)


def test_buying_the_pair_buys_the_first_leg_and_sells_the_second_past_the_touch():
    opened = plan(FLAT, SPEC, aim_of(SPEC, "buy_open"), 3, QUOTES, 36, NS)
    assert (opened.hedge_id, opened.kind, opened.direction, opened.units, opened.at_ns) == ("cu.10.1", "open", 1, 3, NS)
    assert [(p.side, p.per_unit, p.target, p.touch_px) for p in opened.legs] == [(1, 1, 3, 100), (-1, 2, 6, 200)]
    sent = [(o.cl_ord_id, o.side, o.qty, o.px, o.tif, o.offset) for o in opened.orders]
    assert sent == [("cu.10.1.0h1", 1, 3, 102, "3", "O"), ("cu.10.1.1h1", -1, 6, 198, "3", "N")]


def test_the_edge_is_the_thresholds_distance_from_fair_over_a_unit():
    assert plan(FLAT, SPEC, aim_of(SPEC, "buy_open"), 1, QUOTES, 1, NS).edge == 100.0
    assert plan(FLAT, SPEC, aim_of(SPEC, "sell_open"), 1, QUOTES, 1, NS).edge == 120.0


def test_each_hedge_has_a_number_of_its_own():
    pair = pairs.evolve(FLAT, plan(FLAT, SPEC, aim_of(SPEC, "buy_open"), 1, QUOTES, 1, NS))
    assert plan(pair, SPEC, aim_of(SPEC, "buy_open"), 1, QUOTES, 1, NS).hedge_id == "cu.1.2"


def test_a_price_stays_inside_the_days_limits():
    quotes = (replace(QUOTES[0], limit_up=101), replace(QUOTES[1], limit_down=199))
    opened = plan(FLAT, SPEC, aim_of(SPEC, "buy_open"), 1, quotes, 1, NS)
    assert [o.px for o in opened.orders] == [101, 199]


def test_a_close_is_split_over_yesterdays_and_todays_lots():
    closing = plan(holding(5, 2), SPEC, aim_of(SPEC, "sell_close"), 4, QUOTES, 1, NS)
    assert [(o.cl_ord_id, o.qty, o.offset) for o in closing.orders[:2]] == [("cu.1.1.0h1", 3, "Y"), ("cu.1.1.0h2", 1, "T")]
    assert (closing.kind, closing.direction, closing.orders[0].side) == ("close", -1, -1)


def test_a_close_that_finds_too_few_lots_is_a_reason_never_an_open():
    assert plan(holding(5), SPEC, aim_of(SPEC, "sell_close"), 6, QUOTES, 1, NS) == firing.OFFSET
    assert plan(holding(-5), SPEC, aim_of(SPEC, "sell_close"), 1, QUOTES, 1, NS) == firing.OFFSET


@pytest.mark.parametrize(("mode", "book", "side", "opens", "told"), [
    ("net", LegBook(), 1, True, (("N", 4),)),
    ("net", LegBook(9), -1, False, (("N", 4),)),
    ("oc", LegBook(), 1, True, (("O", 4),)),
    ("oc", LegBook(9, 1), -1, False, (("C", 4),)),
    ("octy", LegBook(-9, -9), 1, False, (("T", 4),)),
    ("octy", LegBook(-9), 1, False, (("Y", 4),)),
    ("octy", LegBook(-9, -6), 1, False, (("Y", 3), ("T", 1))),
    ("octy", LegBook(3), -1, False, firing.OFFSET),
])  # fmt: skip
def test_offsets_by_how_the_venue_counts(mode, book, side, opens, told):
    assert offsets(leg_spec(mode=mode), book, side, 4, opens) == told


def test_spot_is_sold_from_the_inventory_only():
    spot = leg_spec(mode="net", kind="spot", inventory_lots=3)
    assert offsets(spot, LegBook(), -1, 3, True) == (("N", 3),)
    assert offsets(spot, LegBook(), -1, 4, True) == firing.INVENTORY
    assert offsets(spot, LegBook(1), -1, 4, True) == (("N", 4),)
    assert offsets(spot, LegBook(-2), -1, 1, True) == (("N", 1),)
    assert offsets(spot, LegBook(-2), -1, 2, True) == firing.INVENTORY  # two of three are sold already


@pytest.mark.parametrize(("mode", "book", "side", "opens", "reverses", "told"), [
    ("net", LegBook(), 1, True, False, "N"),
    ("octy", LegBook(), 1, True, False, "O"),
    ("octy", LegBook(5, 5), -1, True, True, "T"),
    ("octy", LegBook(5, 0), -1, True, True, "Y"),
    ("octy", LegBook(5, 0), -1, False, False, "Y"),
    ("octy", LegBook(5, 5), -1, False, False, "T"),
    ("octy", LegBook(5, 5), 1, False, True, "O"),
    ("oc", LegBook(5, 5), -1, True, True, "C"),
])  # fmt: skip
def test_repair_offsets_never_open_what_they_take_back(mode, book, side, opens, reverses, told):
    assert repair_offset(leg_spec(mode=mode), book, side, 2, opens, reverses) == told


@pytest.mark.parametrize(("changes", "event", "units", "why"), [
    ({}, "buy_open", 5, "CONFIGURED"),
    ({"units": 9}, "buy_open", 6, "LIQUIDITY"),
    ({"units": 9}, "sell_open", 6, "LIQUIDITY"),
    ({"max_position_units": 2}, "buy_open", 2, "STAGE_LIMIT"),
    ({"max_position_units": 0}, "buy_open", 0, "STAGE_LIMIT"),
])  # fmt: skip
def test_the_size_is_the_least_of_all(changes, event, units, why):
    spec = replace(SPEC, **changes)
    assert size(0, spec, aim_of(spec, event), QUOTES) == (units, why)


def test_a_close_is_at_most_what_is_held():
    assert size(3, SPEC, aim_of(SPEC, "sell_close"), QUOTES) == (3, "STAGE_LIMIT")
    assert size(0, SPEC, aim_of(SPEC, "sell_close"), QUOTES)[0] == 0


def test_less_than_the_least_size_is_none():
    spec = replace(SPEC, units=9, trigger=replace(TRIGGER, min_units=7))
    assert size(0, spec, aim_of(spec, "buy_open"), QUOTES) == (0, "LIQUIDITY")


@pytest.mark.parametrize(("event", "met", "missed"), [("buy_open", -50.0, -49.9), ("sell_open", 60.0, 59.9), ("sell_close", -10.0, -10.1), ("buy_close", 20.0, 20.1)])
def test_the_executable_value_must_meet_the_threshold(event, met, missed):
    assert meets(SPEC, event, met)
    assert not meets(SPEC, event, missed)
    assert not meets(SPEC, event, nan)


def test_the_mode_and_the_days_number_bound_what_may_fire():
    def why(mode, opens, count=0):
        return why_closed(replace(FLAT, mode=mode, hedge_count=count), replace(SPEC, max_hedges=3), opens)

    assert [why(mode, True) for mode in Mode] == ["", "SUSPENDED", "SUSPENDED", "SUSPENDED"]
    assert [why(mode, False) for mode in Mode] == ["", "", "SUSPENDED", "SUSPENDED"]
    assert why(Mode.ACTIVE, True, 3) == "MAX_HEDGES"
    assert why(Mode.ACTIVE, False, 3) == ""


def test_only_the_sides_that_are_taken_need_to_be_there():
    bought, sold = aim_of(SPEC, "buy_open"), aim_of(SPEC, "sell_open")
    no_bid = replace(QUOTES[0], bid_px=None, bid_qty=0, bids=())
    assert why_not_quoted(bought, SPEC.legs, (no_bid, QUOTES[1]), NS) == ""
    assert why_not_quoted(sold, SPEC.legs, (no_bid, QUOTES[1]), NS) == "LIQUIDITY"
    assert why_not_quoted(bought, SPEC.legs, (None, QUOTES[1]), NS) == "LEG_STALE"
    assert why_not_quoted(bought, SPEC.legs, QUOTES, 4 * NS + 1) != ""


DEEP = (
    quote_of(("v0", "SHFE.cu2612"), (99, 7), (100, 6, 101, 4, 103, 9), recv_mono_ns=NS),
    quote_of(("v1", "COMEX.HGZ26"), (200, 13, 199, 4), (201, 12), recv_mono_ns=NS),
)


def test_volume_within_the_payup_counts_where_it_is_told_to():
    touch = replace(SPEC, units=9)
    assert size(0, touch, aim_of(touch, "buy_open"), DEEP) == (6, "LIQUIDITY")
    payup = replace(touch, counts_payup=True)
    assert size(0, payup, aim_of(payup, "buy_open"), DEEP) == (8, "LIQUIDITY")  # 10 at 102 or less; 17 at 198 or more


def test_lots_that_a_hedge_has_taken_from_a_book_do_not_count_again():
    assert size(0, SPEC, aim_of(SPEC, "buy_open"), QUOTES, [4, 0]) == (2, "LIQUIDITY")
    assert size(0, SPEC, aim_of(SPEC, "buy_open"), QUOTES, [7, 0]) == (0, "LIQUIDITY")


@pytest.mark.parametrize(
    ("mode", "book", "side", "qty", "told"),
    [
        ("oc", LegBook(2, 2), -1, 4, 2),
        ("oc", LegBook(0, 0), -1, 4, 4),
        ("octy", LegBook(4, 4), -1, 4, 4),
        ("octy", LegBook(4, 1), -1, 4, 1),
        ("octy", LegBook(4, 1), -1, 3, 3),
        ("octy", LegBook(2, 0), -1, 4, 2),
        ("octy", LegBook(2, 2), -1, 4, 2),
    ],
)
def test_repair_takes_no_more_than_one_offset_covers(mode, book, side, qty, told):
    leg = leg_spec(mode=mode)
    lots = repair_lots(leg, book, side, qty, opens=True, reverses=True)
    assert lots == told
    offset = repair_offset(leg, book, side, lots, opens=True, reverses=True)
    held = {"T": book.today, "Y": book.net - book.today, "C": book.net}.get(offset)
    assert offset == "O" or lots <= held


TRY = OrderSubmitted("cu.1.1.0p2", 0, "p", -1, 3, 100, "3", "T", 5)


@pytest.mark.parametrize(
    ("book", "reverses", "told"),
    [
        (LegBook(3, 3), False, ("T", 3)),
        (LegBook(3, 0), False, ("Y", 3)),  # the day has rolled since the mandate was given
        (LegBook(3, 2), False, ("Y", 1)),
        (LegBook(2, 2), False, ("T", 2)),
        (LegBook(3, 0), True, ("O", 3)),
    ],
)
def test_later_try_of_a_close_is_for_the_lots_that_are_held_now(book, reverses, told):
    order = as_held(TRY, leg_spec(mode="octy"), book, False, reverses)
    assert (order.offset, order.qty, order.cl_ord_id, order.px) == (*told, TRY.cl_ord_id, TRY.px)


@pytest.mark.parametrize("book", [LegBook(), LegBook(-2, -2)])
def test_close_of_which_nothing_is_left_never_opens(book):
    assert as_held(TRY, leg_spec(mode="octy"), book, False, False) == "gone"


def test_try_of_a_leg_that_nets_stays_as_it_is():
    order = replace(TRY, offset="N")
    assert as_held(order, leg_spec(mode="net"), LegBook(), False, False) is order
