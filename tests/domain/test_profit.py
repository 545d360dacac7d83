"""Profit as people see it: both currencies, the FX effect apart, null for unknown."""

import pytest

from domain.market import quote_of
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
