"""Small markets for the exchange's tests."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from exchange.config import load
from exchange.instruments import Instrument, Tariff
from exchange.sessions import Sessions
from exchange.venue import Listing, Venue
from exchange.world import MS, World
from wire import exchange as wire

ROOT = Path(__file__).resolve().parents[2]
START = 1_800_000_000_000_000_000


def _instrument(**changes) -> Instrument:
    base = {
        "symbol": "X.a",
        "kind": "linear",
        "currency": "CNY",
        "digits": 2,
        "tick_size": Fraction(10),
        "lot_size": Fraction(5),
        "multiplier": Fraction(1),
        "band": Fraction(1, 10),
        "margin_rate_long": Fraction(1, 10),
        "margin_rate_short": Fraction(1, 10),
        "fees": {what: Tariff(Fraction(1, 10000), 100) for what in ("open", "close", "close_today")},
        "tick_value": 5000,
    }
    return Instrument(**(base | changes))


def _venue(deposits=None, reference=1000, **changes) -> Venue:
    instrument = _instrument(**changes)
    deposits = deposits if deposits is not None else {"a": {"CNY": 10**10}, "b": {"CNY": 10**10}}
    return Venue("X", {instrument.symbol: Listing(instrument, reference)}, deposits, "20260105")


@pytest.fixture(scope="session")
def make_instrument():
    return _instrument


@pytest.fixture(scope="session")
def make_venue():
    return _venue


@pytest.fixture(scope="session")
def copper_file() -> Path:
    return ROOT / "config" / "exchange" / "copper.toml"


@pytest.fixture(scope="session")
def copper(copper_file):
    return load(copper_file)


@pytest.fixture(scope="session")
def place():
    """Submit with defaults; refs are numbered by the venue's orders."""

    def submit(venue, account="a", side="1", qty=1, px=1000, tif="0", offset="N", symbol="X.a", now=1, ref=None):
        ref = ref or f"r{sum(len(day.orders) for day in venue.days.values())}"
        return venue.submit(now, account, "s", ref, symbol=symbol, side=side, qty=qty, px=px, tif=tif, offset=offset)

    return submit


class Desk:
    """Sessions driven by hand."""

    def __init__(self, spec):
        self.world = World(spec, 1, START, "20260105")
        self.sessions = Sessions(self.world)
        self.now = START
        self.inboxes = {}
        self.world.advance(self.now)
        self.world.drain()
        self.sessions.tick(self.now)

    def ask(self, message, who=b"g"):
        self.sessions.receive(who, message, self.now)
        self.sessions.publish(self.world.drain())
        return self.told(who)

    def told(self, who=b"g"):
        for to, message in self.sessions.outbox:
            for one in to:
                self.inboxes.setdefault(one, []).append(message)
        self.sessions.outbox = []
        return self.inboxes.pop(who, [])

    def login(self, who=b"g", venue="SHFE", account="shanghai-1", session="g1"):
        return self.ask(wire.Login(wire.SESSION_VERSION, venue, account, session), who)

    def pass_ms(self, ms):
        self.now += ms * MS
        self.world.advance(self.now)
        self.sessions.publish(self.world.drain())
        self.sessions.tick(self.now)

    def best(self, side, symbol="SHFE.cu2703"):
        return next(
            venue.listings[symbol].book.sides[side].best().px for venue in self.world.venues.values() if symbol in venue.listings
        )

    def buy(self, ref="1", qty=1, px=None, tif="3", who=b"g"):
        px = self.best("2") if px is None else px
        return self.ask(wire.Submit(ref, "SHFE.cu2703", "1", qty, px, tif, "O"), who)


@pytest.fixture
def desk(copper):
    return Desk(copper)
