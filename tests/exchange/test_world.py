"""A run on one timeline: the same seed, the same markets; pairs that cross."""

from __future__ import annotations

import msgspec

from exchange.config import TroubleSpec
from exchange.world import MS, World

START = 1_800_000_000_000_000_000


def drained(world, step_ms, until_ms):
    found = []
    for at in range(0, until_ms + 1, step_ms):
        world.advance(START + at * MS)
        found += world.drain()
    return sorted(map(repr, found))


def test_same_seed_gives_the_same_markets_however_often_it_is_advanced(copper):
    one = drained(World(copper, 7, START, "20260105"), 50, 3000)
    assert one == drained(World(copper, 7, START, "20260105"), 1500, 3000)
    assert one != drained(World(copper, 8, START, "20260105"), 50, 3000)


def test_copper_spread_crosses_its_triggers_both_ways_regularly(copper):
    world = World(copper, copper.seed, START, "20260105")
    crossed = []
    for at in range(0, 40_000, 250):
        world.advance(START + at * MS)
        books = {sym: li.book for venue in world.venues.values() for sym, li in venue.listings.items()}
        fx = books["FX.USDCNH"].sides["1"].best().px * 1e-4
        parity = 22.0462262 * 1.13 * 0.05 * fx
        sell = books["SHFE.cu2703"].sides["1"].best().px * 10 - books["COMEX.HGH27"].sides["2"].best().px * parity
        buy = books["SHFE.cu2703"].sides["2"].best().px * 10 - books["COMEX.HGH27"].sides["1"].best().px * parity
        now = 1 if sell >= 150 else -1 if buy <= -150 else 0
        if now and (not crossed or crossed[-1] != now):
            crossed.append(now)
    assert len(crossed) >= 6


def test_books_stay_whole_while_participants_quote_and_take(copper):
    world = World(copper, 3, START, "20260105")
    for at in range(0, 5000, 50):
        world.advance(START + at * MS)
        for venue in world.venues.values():
            for listing in venue.listings.values():
                bids, asks = (listing.book.sides[side].flat(50) for side in "12")
                assert bids[0] < asks[0]
                assert min(bids[1::2] + asks[1::2]) > 0


def test_scheduled_trouble_is_armed_at_its_time_and_again(copper):
    trouble = TroubleSpec(at_ms=1000, every_ms=2000, venue="SHFE", kind="reject", args={"count": 1})
    world = World(msgspec.structs.replace(copper, trouble=[trouble]), 1, START, "20260105")
    armed = []
    for at in (999, 1000, 2999, 3000):
        world.advance(START + at * MS)
        armed.append(len(world.venues["SHFE"].troubles.listed()))
    assert armed == [0, 1, 1, 2]


def test_long_pause_is_not_made_up_for_step_by_step(copper):
    world = World(copper, 1, START, "20260105")
    world.advance(START + 3_600_000 * MS)
    assert world.next_ns > START + 3_600_000 * MS - 1000 * MS
