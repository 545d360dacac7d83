from pathlib import Path

import pytest

from domain.errors import VenueError
from gateways.replay.truth import OrderEnded, OrderPlaced, OrderTraded, TruthLog
from journal.writer import Journal
from system.clock import SystemClock
from tools.replay_books import Fill, compare, journal_fills, venue_book
from wire.codec import encode, pack
from wire.messages import BusinessReject, ExecutionReport

SYMBOL = "SPOT.BTCUSDT"


def truth(path: Path, *records) -> Path:
    log = TruthLog(path)
    for record in records:
        log.append(record)
    log.close()
    return path


def placed(order_id: str, side: str = "1", qty: int = 10) -> OrderPlaced:
    return OrderPlaced("20240808", order_id, f"v{order_id}", SYMBOL, side, qty, 100, "3", 1)


def report(exec_id: str, order_id: str, qty: int, *, resend: bool = False) -> bytes:
    told = ExecutionReport(
        1, f"c{order_id}", order_id, exec_id, "F", "1", SYMBOL, "1", qty, 100, qty, 0, None, "", None, 1, resend, None,
        "20240808", "O",
    )  # fmt: skip
    return encode(told)


@pytest.fixture
def book(tmp_path):
    path = truth(
        tmp_path / "t.log",
        placed("R1"),
        OrderTraded("20240808", "T1", "R1", SYMBOL, "1", 4, 100, "0", 2),
        OrderEnded("R1", "4", None, "", 3),
    )
    return venue_book("SPOT", path)


def test_venue_book_counts_trades_and_orders_that_still_work(tmp_path):
    path = truth(tmp_path / "t.log", placed("R1"), placed("R2"), OrderEnded("R2", "8", 3, "no", 2))
    found = venue_book("SPOT", path)
    assert (found.orders, found.working, found.rejected, found.fills) == (2, ["R1"], 1, {})


def test_venue_book_refuses_a_trade_that_stands_twice(tmp_path):
    traded = OrderTraded("20240808", "T1", "R1", SYMBOL, "1", 4, 100, "0", 2)
    with pytest.raises(VenueError, match="twice"):
        venue_book("SPOT", truth(tmp_path / "t.log", placed("R1"), traded, traded))


def test_journal_tells_each_trade_once(tmp_path):
    journal = Journal(
        tmp_path / "j",
        clock=SystemClock(),
        node_epoch=1,
        code_version="t",
        config_hash=bytes(32),
        segment_bytes=1 << 20,
    )
    rejected = encode(BusinessReject("D", "c1", 100, "late"))
    for frame in (report("T1", "R1", 4), rejected, b"\xc1", report("T1", "R1", 4, resend=True)):
        journal.append("report", pack({"venue": "SPOT", "frame": frame}))
    journal.append("decision", pack({"actor": "pair/BTC"}))
    journal.close()
    assert journal_fills(tmp_path / "j") == {("SPOT", "20240808", "T1"): Fill("R1", SYMBOL, "1", 4, 100)}


def test_equal_books_have_no_problem_and_the_same_positions(book):
    found = compare(dict(book.fills), [book])
    assert found.equal
    assert found.positions == {f"SPOT/{SYMBOL}": {"journal": 4, "venue": 4}}


@pytest.mark.parametrize(
    ("ours", "words"),
    [
        ({}, "the venue has it, our journal does not"),
        ({("SPOT", "20240808", "T1"): Fill("R1", SYMBOL, "1", 5, 100)}, "our journal Fill"),
    ],
)
def test_books_that_differ_say_where(book, ours, words):
    found = compare(ours, [book])
    assert not found.equal
    assert words in found.problems[0]


def test_trade_that_the_venue_never_made_is_a_problem(book):
    ours = book.fills | {("SPOT", "20240808", "T9"): Fill("R1", SYMBOL, "1", 1, 100)}
    assert compare(ours, [book]).problems == ["trade T9 of SPOT on 20240808: our journal has it, the venue does not"]
