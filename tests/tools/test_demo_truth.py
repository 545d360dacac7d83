"""Hedges read off a truth log: named by the gateways, counted by the venues."""

from tools.demo_truth import HedgeTruth, loose_of, naked_of, row_of, sums_of, truth_from

LOTS = {"SHFE/cu": 9, "COMEX/HG": -4}
NAMES = {
    ("SHFE", "a1"): "p.e.1.0h1",
    ("COMEX", "b1"): "p.e.1.1h1",
    ("COMEX", "b2"): "p.e.1.1p1",
    ("SHFE", "a2"): "p.e.2.0h1",
    ("COMEX", "b3"): "p.e.2.1h1",
    ("COMEX", "b4"): "p.e.2.1b1",
}
START = {"t": "start", "venues": {}}


def order(venue, ref, status="2"):
    return {"t": "order", "venue": venue, "order_id": f"V{ref}", "client_ref": ref, "status": status}


def trade(venue, symbol, ref, side, qty, *, house=False):
    return {
        "t": "trade", "venue": venue, "symbol": symbol, "order_id": f"V{ref}", "client_ref": ref, "trade_id": f"T{ref}",
        "trading_day": "20260105", "side": side, "qty": qty, "px": 100, "house": house,
    }  # fmt: skip


REPLENISHED = [
    order("SHFE", "a1"), trade("SHFE", "cu", "a1", "1", 9),
    order("COMEX", "b1", "4"), trade("COMEX", "HG", "b1", "2", 1),
    order("COMEX", "b2"), trade("COMEX", "HG", "b2", "2", 3),
]  # fmt: skip
ROLLED_BACK = [
    order("SHFE", "a2", "8"),
    order("COMEX", "b3"), trade("COMEX", "HG", "b3", "2", 4),
    order("COMEX", "b4"), trade("COMEX", "HG", "b4", "1", 4),
]  # fmt: skip


def rows(lines):
    return [row_of(hedge, LOTS) for hedge in truth_from(lines, NAMES).hedges.values()]


def test_hedges_are_counted_by_what_their_orders_filled():
    found = rows([START, *REPLENISHED, *ROLLED_BACK])
    assert [(row["units"], row["replenished_qty"], row["rolled_back_qty"], row["refused"]) for row in found] == [
        (1, 3, 0, 0),
        (0, 0, 4, 1),
    ]
    assert sums_of(found) == {"fired": 2, "hedges": 1, "replenished": 1, "rolled_back": 1}


def test_a_naked_hedge_is_neither_whole_nor_repaired():
    found = rows([START, *REPLENISHED[:4]])
    assert found[0]["naked_qty"] == 10  # nine lots in Shanghai, one in New York
    assert sums_of(found) == {"fired": 1, "hedges": 0, "replenished": 0, "rolled_back": 0}
    assert naked_of({"SHFE/cu": -18, "COMEX/HG": 9}, LOTS) == 1


def test_only_the_last_run_of_a_log_counts_and_house_trades_never():
    lines = [START, *ROLLED_BACK, START, *REPLENISHED, trade("SHFE", "cu", "x", "1", 50, house=True)]
    assert [row["hedge"] for row in rows(lines)] == ["p.e.1"]


def test_an_order_that_no_gateway_knows_is_told():
    assert truth_from([START, order("SHFE", "zz")], NAMES).unnamed == ["SHFE: order Vzz"]


def test_an_order_that_works_is_in_the_venues_book():
    books = truth_from([START, order("SHFE", "a1", "0")], NAMES).books
    assert [(book.orders, book.working) for book in books] == [(1, ["Va1"])]


def test_busted_and_corrected_trades_count_as_they_stand():
    change = {"trade_ref": "Ta1", "was_qty": 9, "was_px": 100}
    corrected = trade("SHFE", "cu", "a1", "1", 8) | change | {"trade_id": "c1", "exec_type": "G"}
    busted = trade("SHFE", "cu", "a1", "1", 8) | change | {"trade_id": "c2", "exec_type": "H", "was_qty": 8}
    book = [order("SHFE", "a1"), trade("SHFE", "cu", "a1", "1", 9)]
    for lines, qty in (([*book, corrected], 8), ([*book, corrected, busted], 0)):
        truth = truth_from([START, *lines], NAMES)
        assert truth.hedges["p.e.1"].net == {"SHFE/cu": qty}
        assert [fill.qty for fill in truth.books[0].fills.values()] == [qty]


def test_what_one_hedge_is_short_of_another_may_have_made_good():
    lots = {"A/X": 9, "B/Y": -4}
    short, whole = HedgeTruth("P.1", net={"A/X": 9}), HedgeTruth("P.3", net={"A/X": 9, "B/Y": -4})
    made_good = HedgeTruth("P.2", net={"A/X": 9, "B/Y": -8})
    assert loose_of([short, whole, made_good], lots) == 0
    assert loose_of([short, whole], lots) == 9
    assert loose_of([made_good], lots) == 4
