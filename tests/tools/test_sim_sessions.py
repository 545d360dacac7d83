"""The simulated exchange by calendar: its symbols open and close with their tables."""

from datetime import UTC, datetime

from config.load import ROOT
from config.sessions import book_of
from exchange.config import load
from exchange.session import AUCTION, CLOSED, READY
from exchange.world import World
from tools.sim_sessions import with_sessions

SECOND = 1_000_000_000
FRIDAY_MORNING = int(datetime(2026, 11, 27, 2, 14, 30, tzinfo=UTC).timestamp()) * SECOND  # 10:14:30 in Shanghai


def statuses(*minutes):
    spec = with_sessions(load(ROOT / "config" / "exchange" / "copper.toml", None), book_of(), FRIDAY_MORNING)
    world = World(spec, 1, FRIDAY_MORNING, "20261127")
    found = []
    for minute in minutes:
        world.advance(FRIDAY_MORNING + minute * 60 * SECOND)
        shanghai, new_york = (world.venues[name].listings[symbol] for name, symbol in (("SHFE", "SHFE.cu2703"), ("COMEX", "COMEX.HGH27")))
        found.append((shanghai.status, new_york.status))
    return found


def test_exchange_goes_through_the_breaks_and_auctions_of_each_symbols_table():
    """10:14:30, 10:15:30, 10:30:30; that evening 20:56:30 and 21:00:30."""
    assert statuses(0, 1, 16, 642, 646) == [(READY, READY), (CLOSED, READY), (READY, READY), (AUCTION, READY), (READY, READY)]


def test_rate_that_no_table_has_stays_open():
    spec = with_sessions(load(ROOT / "config" / "exchange" / "copper.toml", None), book_of(), FRIDAY_MORNING)
    assert [len(venue.status) > 0 for venue in spec.venue] == [True, True, False]
