"""What a foreign node sees of each trouble, and what the venue's truth says."""

from __future__ import annotations

import pytest

CU = "SHFE.cu2703"


def test_no_trouble_is_new_then_filled_then_the_trade(street):
    street.order()
    assert street.steps() == ["000", "I22", "F22"]


@pytest.mark.parametrize(
    ("kind", "args", "at_once", "later"),
    [
        ("lose_ack", {}, ["I22", "F22"], []),
        ("lose_report", {}, [], []),
        ("lose_report", {"how": "trades"}, ["000", "I22"], []),
        ("lose_report", {"how": "end"}, ["000", "F22"], []),
        ("delay", {"ms": 300}, [], ["000", "I22", "F22"]),
        ("delay", {"ms": 300, "how": "trades"}, ["000", "I22"], ["F22"]),
        ("reorder", {"ms": 300}, ["F22"], []),
        ("repeat", {}, ["000", "000", "I22", "I22", "F22", "F22"], []),
    ],
)
def test_node_is_told_as_the_trouble_has_it_and_h_shows_the_truth(street, kind, args, at_once, later):
    street.trouble(kind, **args)
    street.order()
    assert street.steps(ms=200) == at_once
    assert street.steps(ms=200) == later
    assert street.asked()[-2:] == ["F22", "I22"]
    assert (street.met(), street.net()) == ([(kind, False)], 2)


def test_repeat_is_marked_and_carries_the_same_trade(street):
    street.trouble("repeat", times=2)
    street.order()
    assert [again for *_, again in street.told()] == [False, True, True] * 3


def test_gap_in_the_venues_numbers_is_closed_by_the_gateways_own_question(street):
    street.trouble("gap")
    street.order()
    assert street.steps(ms=600) == ["F22"]


def test_order_lost_before_the_venue_is_proven_unknown_once_it_is_settled(street):
    street.trouble("lose_order")
    street.order()
    assert street.steps(ms=200) == []
    assert set(street.asked()) == {"I80"}
    assert (street.net(), street.truth()["orders"], street.met()) == (0, 0, [("lose_order", False)])


@pytest.mark.parametrize(("kind", "code"), [("reject", 31), ("throttle", 116), ("margin_short", 31)])
def test_refusal_carries_the_venues_code_in_its_text(street, kind, code):
    street.trouble(kind)
    street.order()
    told = street.node.until("8", clord_id="a", exec_type="8")
    assert (told["reason"], told["text"].split()[0], told["leaves_qty"]) == (99, str(code), 0)


def test_partial_is_canceled_with_what_it_had(street):
    street.trouble("partial", qty=1)
    street.order(qty=3)
    assert street.steps() == ["000", "I11", "F11", "441"]
    assert street.net() == 1


def test_overfill_is_told_as_it_is(street):
    street.trouble("overfill", qty=3)
    street.order(qty=2)
    assert street.steps()[-1] == "F25"
    assert street.asked() == ["F25", "F25", "I25"]
    assert street.net() == 5


def test_refused_cancel_is_a_9_and_the_order_works_on(street):
    street.order(rest=True)
    street.trouble("refuse_cancel")
    street.node.cancel("x", "a")
    refused = street.node.until("9")
    assert (refused["cxl_id"], refused["orig_clord_id"], refused["ord_status"], refused["reason"]) == ("x", "a", "0", 0)
    assert refused["text"].startswith("26 ")
    assert street.asked() == ["I00"]


def test_swallowed_cancel_is_answered_by_nothing(street):
    street.order(rest=True)
    street.trouble("swallow_cancel")
    street.node.cancel("x", "a")
    assert street.steps() == []
    assert not [one for one in street.node.got if one[0] in "9j"]
    street.node.cancel("y", "a")
    assert street.steps() == ["440"]


def test_fill_that_overtakes_the_cancel_whole_is_a_fill_and_a_9(street):
    street.order(rest=True)
    street.trouble("fill_in_cancel")
    street.node.cancel("x", "a")
    refused = street.node.until("9")
    assert refused["reason"] == 0
    assert street.steps() == ["I22", "F22"]
    assert street.net() == 2


def test_fill_that_overtakes_the_cancel_in_part_is_in_the_canceled_report(street):
    street.order(rest=True)
    street.trouble("fill_in_cancel", qty=1)
    street.node.cancel("x", "a")
    assert street.steps() == ["I11", "F11", "441"]


def test_fill_after_canceled_raises_its_cum_qty(street):
    street.order(rest=True)
    street.trouble("fill_after_cancel", qty=1, ms=200)
    street.node.cancel("x", "a")
    assert street.steps(ms=150) == ["440"]
    assert street.steps(ms=150) == ["I41", "F41"]
    assert street.net() == 1


def test_canceled_comes_before_the_last_fill_with_the_venues_own_quantity(street):
    street.trouble("reorder", how="end_first", ms=300)
    street.trouble("partial", qty=1)
    street.order()
    assert street.steps(ms=200) == ["000", "I11", "441"]
    assert street.steps(ms=200) == ["F41"]


def test_bust_is_an_h_and_h_and_af_tell_the_trade_then_it(street):
    street.order()
    street.steps()
    street.trouble("bust", how="last")
    street.pass_ms(50)
    bust = street.node.until("8", exec_type="H")
    assert (bust["last_qty"], bust["cum_qty"], bust["leaves_qty"], bust["origin"]) == (2, 0, 0, "O")
    assert bust["exec_ref"] != bust["exec_id"]
    assert street.asked() == ["F20", "H20", "I20"]
    street.node.send("AF", "r1", "day", None)
    assert street.node.until("AF")["count"] == 3
    assert street.steps() == ["F20", "H20", "I20"]
    assert (street.net(), street.truth()["busted"]) == (0, 1)


def test_correction_is_a_g_with_the_new_quantity_and_price(street):
    street.trouble("correct", qty=1, px=7000, ms=200)
    street.order()
    assert street.steps(ms=100) == ["000", "I22", "F22"]
    street.pass_ms(200)
    change = street.node.until("8", exec_type="G")
    assert (change["last_qty"], change["last_px"], change["cum_qty"], street.net()) == (1, 7000, 1, 1)


def test_liquidation_is_told_to_the_node_as_the_brokers(street):
    street.order()
    street.steps()
    street.trouble("liquidate", symbol=CU)
    trade = street.node.until("8", exec_type="F", origin="L")
    assert (trade["clord_id"], trade["side"], trade["last_qty"], trade["offset"]) == (None, "2", 2, "T")
    street.node.send("AN", "p")
    assert street.node.until("AP")["long_qty"] == street.net() == 0


def test_order_of_somebody_else_is_told_by_its_trades_alone(street):
    street.trouble("outside_order", symbol=CU, side="1", qty=1)
    trade = street.node.until("8", exec_type="F")
    assert (trade["clord_id"], trade["origin"], trade["last_qty"]) == (None, "X", 1)
    assert street.net() == 1


@pytest.mark.parametrize(("how", "end"), [("keep", "I00"), ("cancel", "440")])
def test_dropped_session_is_down_then_back_with_what_happened_meanwhile(street, how, end):
    street.order(rest=True)
    street.trouble("drop_session", how=how, for_ms=600)
    street.until(lambda: not street.inner.account.session_up)
    assert street.node.until("0", session_up=False)
    street.node.order("b", wait=False, symbol=CU, not_after_ns=2**62)
    assert street.node.until("j", ref_id="b")["reason"] == 4
    street.until(lambda: street.inner.account.session_up)
    assert street.steps(ms=200) == ([] if how == "keep" else [end])
    assert street.asked()[-1] == ("I" + end[1:])


def test_short_silence_only_makes_it_late(street):
    street.trouble("silent", for_ms=500)
    street.order()
    assert street.steps(ms=400) == []
    assert street.steps(ms=300) == ["000", "I22", "F22"]
    assert street.inner.account.session_up


def test_long_silence_is_a_session_down_and_then_the_truth_by_query(street):
    street.trouble("silent", for_ms=2500)
    street.order()
    street.until(lambda: not street.inner.account.session_up)
    assert street.steps(ms=100) == []
    street.until(lambda: street.inner.account.session_up)
    assert street.steps(ms=300)[-1] in ("I22", "F22")
    assert street.asked()[-2:] == ["F22", "I22"]


@pytest.fixture
def feed(street):
    reader = street.kit.Reader(street, b"")
    reader.until("W", symbol=CU)
    reader.until("f", symbol=CU)
    yield reader
    reader.socket.close(0)


def test_locked_limit_is_an_open_symbol_with_one_side_empty(street, feed):
    feed.got.clear()
    street.trouble("lock_limit", how="up", for_ms=1000)
    book = feed.until("W", symbol=CU, asks=[])
    limit_up = street.exchange.listings[CU].limits[1]
    assert book["bids"][0] == limit_up
    assert feed.until("f", symbol=CU)["status"] == 17
    street.order()
    assert street.steps() == ["000", "440"]
    street.pass_ms(1000)
    assert street.exchange.listings[CU].book.against("1").best() is not None


@pytest.mark.parametrize(("kind", "status"), [("halt", 2), ("close", 18), ("auction", 21)])
def test_status_is_told_and_told_again_when_it_opens(street, feed, kind, status):
    street.trouble(kind, symbol=CU, for_ms=300)
    feed.until("f", status=status)
    street.order()
    street.node.until("8", clord_id="a", exec_type="8")
    assert feed.until("f", status=17)


@pytest.mark.parametrize(
    ("how", "check"),
    [
        ("crossed", lambda w: w["bids"] and w["bids"][0] > w["asks"][0]),
        ("locked", lambda w: w["bids"] and w["bids"][0] == w["asks"][0]),
        ("empty", lambda w: w["bids"] == w["asks"] == []),
        ("absurd", lambda w: w["bids"] and w["bids"][0] > 60_000),
    ],
)
def test_bad_quote_reaches_the_feed_as_it_is(street, feed, how, check):
    street.trouble("bad_quote", how=how)
    for _ in range(20):
        if check(feed.until("W", symbol=CU)):
            break
    else:
        raise AssertionError(how)
