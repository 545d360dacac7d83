"""The stock of a demo's cover pair, and how the summary judges it."""

from types import SimpleNamespace

import pytest

from config.load import ROOT, load
from tools.demo_books import naked_of_pair, net_of, pair_row, positions_apart, uncovered_of
from tools.demo_stock import EVERY_NS, QUIET_NS, TONS, Stock
from tools.demo_truth import HedgeTruth, Truth
from wire.exposures import decode_exposure

PLACE = "SHFE/SHFE.cu2704"
LOTS = {"A": {"X/x": 3, "Y/y": -1}, "B": {"X/x": 1}}


@pytest.fixture
def stock(tmp_path):
    clock = SimpleNamespace(wall_ns=lambda: clock.now_ns, now_ns=1_795_000_000_000_000_000)
    made = Stock(tmp_path / "stock.json", clock)
    made.clock = clock
    return made


def told(stock):
    return decode_exposure(stock.file.read_bytes(), "file")


def test_stock_is_written_at_once_then_every_turn_with_a_version_that_grows(stock):
    stock.look(60_000_000_000)
    first = told(stock)
    stock.look(60_000_000_000 - EVERY_NS + 1)
    assert told(stock) == first
    stock.clock.now_ns += EVERY_NS
    stock.look(60_000_000_000 - EVERY_NS)
    assert [first.qty, told(stock).qty, stock.tons] == [str(TONS[0]), str(TONS[1]), TONS[1]]
    assert told(stock).version > first.version and told(stock).unit == "t"


def test_stock_is_there_before_anybody_reads_it_and_the_first_turn_is_the_same(stock):
    stock.open()
    before = told(stock)
    stock.clock.now_ns += EVERY_NS
    stock.look(60_000_000_000)
    assert (before.qty, told(stock).qty) == (str(TONS[0]), str(TONS[0]))
    assert told(stock).version > before.version


def test_stock_rests_before_the_end_so_that_the_last_can_be_covered(stock):
    stock.look(QUIET_NS - 1)  # a short run has one record all the same
    before = told(stock)
    stock.clock.now_ns += EVERY_NS
    stock.look(1)
    assert told(stock) == before


@pytest.mark.parametrize(("held", "tons", "lots"), [(-20, 103, 0), (-19, 103, 1), (20, 103, 40), (-21, 103, 0), (0, 4, 0)])
def test_what_no_position_covers_is_counted_in_whole_lots(held, tons, lots):
    config = load([ROOT / "config" / "examples" / "desk.toml"]).config
    run = SimpleNamespace(stock=SimpleNamespace(tons=tons))
    found, said = uncovered_of(config, Truth({}, [], {PLACE: held}, []), run)
    assert (found, bool(said)) == (lots, lots > 0)


def test_a_place_of_one_pair_is_judged_as_held_a_shared_one_by_the_pairs_hedges():
    hedges = {"A.e.1": HedgeTruth("A.e.1", net={"X/x": 3, "Y/y": -1}), "B.e.1": HedgeTruth("B.e.1", net={"X/x": 5})}
    truth = Truth(hedges, [], {"X/x": 8, "Y/y": -1}, [])
    assert [naked_of_pair(name, truth, LOTS) for name in LOTS] == [0, 0]
    truth.positions["Y/y"] = -2  # what no hedge explains
    assert naked_of_pair("A", truth, LOTS) == 1
    assert net_of(hedges.values()) == {"X/x": 8, "Y/y": -1}


def test_positions_that_are_not_our_books_are_told():
    assert positions_apart({"X/x": 8}, {"X/x": 8}, {"X/x": {"venue": 8}}) == []
    assert len(positions_apart({"X/x": 8}, {"X/x": 7}, {"X/x": {"venue": 9}})) == 2


def test_a_pairs_row_counts_its_own_hedges_alone():
    row = {"units": 1, "naked_qty": 0, "replenished_qty": 2, "rolled_back_qty": 0}
    rows = [{"hedge": "A.e.1", **row}, {"hedge": "B.e.1", **row}]
    assert pair_row("A", rows, 0) == {"pair": "A", "fired": 1, "hedges": 1, "replenished": 1, "rolled_back": 0, "naked_qty": 0}
