from __future__ import annotations

from random import Random

import pytest

from exchange.errors import ExchangeError
from exchange.truth import TruthLog, read, summarise, truth_of
from exchange.world import MS, World

START = 1_800_000_000_000_000_000
MONEY = ("money", "troubles_struck")


@pytest.fixture
def run(copper, tmp_path):
    world, rng = World(copper, 5, START, "20260105"), Random(5)
    log = TruthLog(tmp_path / "truth.jsonl")
    log.start(world, 5)
    for step in range(60):
        now = START + step * 100 * MS
        world.advance(now)
        venue = world.venues["COMEX"]
        px = venue.reference("COMEX.HGH27") + rng.randint(-20, 20)
        side, tif = rng.choice("12"), rng.choice("034")
        venue.submit(
            now, "new-york-1", "s", str(step), symbol="COMEX.HGH27", side=side, qty=rng.randint(1, 9), px=px, tif=tif, offset="N"
        )
        log.record(world, world.drain())
    log.close()
    return world, tmp_path / "truth.jsonl"


def test_log_and_books_agree_when_many_orders_traded(run):
    world, path = run
    logged, books = summarise(read(path)), truth_of(world)
    for accounts in books.values():
        for told in accounts.values():
            for key in MONEY:
                del told[key]
    for found in (logged, books):
        found["COMEX"]["new-york-1"]["working"].sort(key=lambda one: one["order_id"])
    assert logged == books
    assert logged["COMEX"]["new-york-1"]["trades"] > 10


def test_position_lines_end_at_the_position(run):
    world, path = run
    last = [line for line in read(path) if line["t"] == "position"][-1]
    assert last["long_qty"] - last["short_qty"] == world.venues["COMEX"].accounts["new-york-1"].position("COMEX.HGH27").net


def test_torn_last_line_is_left_out(run):
    _, path = run
    whole = len(list(read(path)))
    path.write_bytes(path.read_bytes()[:-5])
    assert len(list(read(path))) == whole - 1


def test_log_that_cannot_be_written_is_refused_by_name(tmp_path):
    with pytest.raises(ExchangeError, match="nowhere"):
        TruthLog(tmp_path / "nowhere" / "truth.jsonl")


def test_truth_of_an_unknown_venue_is_refused(run):
    with pytest.raises(ExchangeError, match="SHFE, COMEX, FX"):
        truth_of(run[0], "LME")
