"""Small markets for the exchange's tests."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from exchange.config import load
from exchange.instruments import Instrument, Tariff
from exchange.venue import Listing, Venue

ROOT = Path(__file__).resolve().parents[2]


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
