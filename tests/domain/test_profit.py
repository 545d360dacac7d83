"""Profit as people see it: both currencies, the FX effect apart, null for unknown."""

from decimal import Decimal

import pytest

from domain.market import FeeSchedule, Instrument, quote_of
from domain.profit import mark_of, profit_of, total_of
from tests.domain.test_ledger import CU, HG, INVERSE, book, fill, opens

OPEN = quote_of(("SHFE", "cu"), (7500, 9), (7501, 9))
NEW_YORK = quote_of(("COMEX", "HG"), (9060, 9), (9061, 9), last_px=9060)


@pytest.fixture
def pair():
    """Sold 9 Shanghai at 75,200, bought 4 New York at 452.00, USDCNH 7.12."""
    made = book(CU, HG)
    made.take((opens(1, (0, -1, 9, "O"), (1, 1, 4, "N"), rates=(1.0, 7.12)),))
    made.take((fill(1, 0, 0, "20261123/2/F/a", 9, 7520), fill(1, 1, 1, "20261123/1/F/a", 4, 9040)))
    return made


def test_open_legs_float_at_the_mark_and_the_pairs_sum_is_in_its_currency(pair):
    told = profit_of(pair, (OPEN, NEW_YORK), (1.0, 7.0))
    shanghai, new_york = told["legs"]
    # short 9 at 75,200, bought back at the ask 75,010: 9 x 5 x 190
    assert (shanghai["side"], shanghai["lots"], shanghai["avg_px"], shanghai["floating"], shanghai["fees"]) == ("short", 9, "75200", "8550.00", "169.20")
    # long 4 at 452.00, last 453.00: 4 x 250 x 1
    assert (new_york["avg_px"], new_york["mark_px"], new_york["floating"], new_york["profit"]) == ("452", "453", "1000.00", "990.72")
    assert new_york["profit_in_pair"] == "6935.04"
    # 8,550 - 169.20 + 990.72 x 7
    assert told["profit"] == "15315.84"
    # the fee of 9.28 USD was booked at 7.12: 12 points on it
    assert (told["fx_effect"], new_york["fx_effect"]) == ("1.1136", "1.1136")


def test_no_rate_or_no_price_is_null_and_never_nought(pair):
    told = profit_of(pair, (OPEN, NEW_YORK), (1.0, float("nan")))
    assert told["profit"] is None and told["legs"][1]["profit"] == "990.72"
    assert profit_of(pair, (None, NEW_YORK), (1.0, 7.0))["legs"][0]["floating"] is None


@pytest.mark.parametrize("quotes", [(OPEN, NEW_YORK), (None, NEW_YORK), (OPEN, None)])
@pytest.mark.parametrize("rate", [7.0, 7.1234, float("nan")])
def test_total_alone_is_the_profit_of_the_whole(pair, quotes, rate):
    assert total_of(pair, quotes, (1.0, rate)) == profit_of(pair, quotes, (1.0, rate))["profit"]
    fresh = book(CU, HG)
    assert total_of(fresh, quotes, (1.0, rate)) == profit_of(fresh, quotes, (1.0, rate))["profit"]


def test_a_pair_that_never_traded_has_made_nothing_whatever_is_unknown():
    told = profit_of(book(CU, HG), (None, None), (1.0, float("nan")))
    assert (told["profit"], told["fees"], told["legs"][0]["side"]) == ("0.00", "0.00", "")


def test_mark_is_the_last_price_else_the_touch_that_closes():
    assert mark_of(NEW_YORK, 4) == 9060
    assert (mark_of(OPEN, 9), mark_of(OPEN, -9)) == (7500, 7501)
    assert mark_of(quote_of(("a", "b"), (), (7501, 9)), 9) == 7501
    assert mark_of(None, 9) is None


def test_what_an_inverse_contract_gains_in_coin_is_worth_its_price():
    made = book(INVERSE, currency="USD")
    touches = {0: 500_000}
    made.take((opens(1, (0, 1, 10, "N"), rates=(1.0,), touches=touches), fill(1, 0, 0, "20240808/1/F/a", 10, 500_000)))
    made.take((opens(2, (0, -1, 10, "N"), rates=(1.0,), touches={0: 625_000}), fill(2, 0, 0, "20240808/2/F/b", 10, 625_000)))
    # 0.004 BTC, gained at 62,500 USD; at 62,500 it is still worth 250 USD, at 60,000 it is 240
    for last, worth, effect in ((625_000, "250.00", "0.00"), (600_000, "240.00", "-10.00")):
        told = profit_of(made, (quote_of(("BIN", "BTCUSD"), (last, 1), (last + 1, 1), last_px=last),), (1.0,))
        assert (told["legs"][0]["realised"], told["realised"], told["fx_effect"]) == ("0.004", worth, effect)


# ------------------------------------------------------------------ the page's other pairs, worked by hand

AU = Instrument(
    "SHFE", "au", Decimal("0.02"), Decimal(1), Decimal(1000), "CNY", offset_mode="octy",
    fees=FeeSchedule(open_lot=Decimal(10), close_lot=Decimal(10)),
)  # fmt: skip
GC = Instrument("COMEX", "GC", Decimal("0.1"), Decimal(1), Decimal(100), "USD", fees=FeeSchedule(open_lot=Decimal("2.4"), close_lot=Decimal("2.4"), close_today_lot=Decimal("2.4")))
SC = Instrument("INE", "sc", Decimal("0.1"), Decimal(1), Decimal(1000), "CNY", offset_mode="octy", fees=FeeSchedule(open_lot=Decimal(20), close_lot=Decimal(20), close_today_lot=Decimal(20)))
BRN = Instrument("ICE", "BRN", Decimal("0.01"), Decimal(1), Decimal(1000), "USD", fees=FeeSchedule(open_lot=Decimal("1.5"), close_lot=Decimal("1.5"), close_today_lot=Decimal("1.5")))
SPOT = Instrument("S", "BTC", Decimal("0.01"), Decimal("0.001"), Decimal(1), "USD", kind="spot", base="BTC")


def round_trip(legs, lots, into, out, rates, offsets, currency="CNY"):
    """A pair opened and closed on one day: its ledger. Prices in ticks, by leg."""
    made = book(*legs, currency=currency)
    for number, (side, px, offset, rate) in enumerate(((1, into, ("O", "N"), rates[0]), (-1, out, offsets, rates[1])), 1):
        sent = tuple((i, side * (1 if n > 0 else -1), abs(n), offset[i]) for i, n in enumerate(lots))
        made.take((opens(number, *sent, rates=rate, touches=dict(enumerate(px))),))
        made.take(tuple(fill(number, i, i, f"20261123/{number}/{i}", abs(n), px[i]) for i, n in enumerate(lots)))
    return made


def quoted(*ticks):
    return tuple(quote_of(("v", "s"), (px, 1), (px + 1, 1), last_px=px) for px in ticks)


def test_page_gold_bought_and_sold_on_one_day_closes_today_free():
    made = round_trip((AU, GC), (3, -1), (46_300, 40_500), (46_375, 40_520), ((1.0, 7.12), (1.0, 7.10)), ("T", "N"))
    told = profit_of(made, quoted(46_375, 40_520), (1.0, 7.10))
    shanghai, new_york = told["legs"]
    assert (shanghai["realised"], shanghai["fees"], shanghai["profit"]) == ("4500.00", "30.00", "4470.00")
    assert (new_york["realised"], new_york["fees"], new_york["profit"]) == ("-200.00", "4.80", "-204.80")
    assert (new_york["profit_in_pair"], told["profit"], told["fx_effect"]) == ("-1454.08", "3015.92", "0.048")


def test_page_crude_sold_and_bought_back():
    made = round_trip((SC, BRN), (-2, 2), (5900, 8000), (5850, 7950), ((1.0, 7.2), (1.0, 7.2)), ("T", "N"))
    told = profit_of(made, quoted(5850, 7950), (1.0, 7.2))
    assert [(leg["realised"], leg["fees"], leg["profit"]) for leg in told["legs"]] == [("10000.00", "80.00", "9920.00"), ("-1000.00", "6.00", "-1006.00")]
    assert told["profit"] == "2676.80"


def test_page_spot_against_the_inverse_perpetual():
    made = round_trip((SPOT, INVERSE), (10, -6), (6_000_000, 600_500), (6_100_000, 610_400), ((1.0, 1.0), (1.0, 1.0)), ("N", "N"), "USD")
    told = profit_of(made, quoted(6_100_000, 610_400), (1.0, 1.0))
    spot, perpetual = told["legs"]
    # 0.010 BTC x 1,000; 600 USD were 0.00999167 BTC and are 0.00982962
    assert (spot["realised"], perpetual["realised"]) == ("10.00", "-0.00016205")
    assert perpetual["profit_in_pair"] == "-9.891532"  # at 61,040
    assert told["profit"] == "0.108468"  # opened 50 apart, closed 40 apart, on 0.01 BTC
