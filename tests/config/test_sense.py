"""Values that no desk means: refused with the key, or noted."""

from decimal import Decimal

import pytest

from config.contracts import TICK_WORTH, tick_worth
from config.load import ROOT, load
from config.money import is_code, plausible
from config.sense import notes
from tests.config.test_checks import COPPER, COPPER_AGAIN, COVER, LIMITS, PAIR, found, legs

FX = '[[instrument]]\nvenue="FX"\nsymbol="FX.USDCNH"\n'


def noted(tmp_path, text):
    (tmp_path / "over.toml").write_text(text)
    return notes(load([COPPER, tmp_path / "over.toml"]))


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("[node]\nlane_hang_ms=1", "node.lane_hang_ms", "at least 100, or 0"),
        ("[[venue]]\nname='SHFE'\ncancel_on_disconnect_ms=2", "venue[SHFE].cancel_on_disconnect_ms", "at least 100, or 0"),
        (COPPER_AGAIN + "currency='XXX'", "instrument[SHFE.cu2703].currency", "no money"),
        (COPPER_AGAIN + "currency='cny'", "instrument[SHFE.cu2703].currency", "capital letters"),
        (COPPER_AGAIN + "base='CNY'", "instrument[SHFE.cu2703].base", "another than its currency"),
        (COPPER_AGAIN + "kind='inverse'", "instrument[SHFE.cu2703].base", "required"),
        (COPPER_AGAIN + "kind='spot'\noffset_mode='octy'\nbase='CU'", "instrument[SHFE.cu2703].offset_mode", "net"),
        (COPPER_AGAIN + "fees={ open_rate='5' }", "instrument[SHFE.cu2703].fees.open_rate", "0.5 of 10,000"),
        (COPPER_AGAIN + "fees={ close_lot='-1' }", "instrument[SHFE.cu2703].fees.close_lot", "0 or more"),
        (COPPER_AGAIN + "margin_rate_long='12'\nmargin_rate_short='12'", "instrument[SHFE.cu2703].margin_rate_long", "12 %"),
        (COPPER_AGAIN + "margin_rate_long='0.1'", "instrument[SHFE.cu2703].margin_rate_short", "given beside"),
        (COPPER_AGAIN + "margin_lot_long='-1'\nmargin_lot_short='1'", "instrument[SHFE.cu2703].margin_lot_long", "0 or more"),
        (FX + "base='CNH'\ncurrency='USD'", "pair[CU03xHGH].legs[COMEX.HGH27].fx", "what 1 CNH is in USD"),
        (PAIR + "currency='XTS'", "pair[CU03xHGH].currency", "no money"),
        (PAIR + "share={ NOPE='0.4' }", "pair[CU03xHGH].share.NOPE", "COMEX, SHFE"),
        (PAIR + "share={ SHFE='40' }", "pair[CU03xHGH].share.SHFE", "40 %"),
        (PAIR + "share={ SHFE='0.6' }\n" + COVER.format(side="buy", more="[pair.exposure]\nunit='t'").replace('currency = "CNY"', 'currency = "CNY"\nshare={ SHFE="0.5" }'), "pair[cover].share.SHFE", "they are 1.1"),
        (PAIR + "time_penalty='-1'", "pair[CU03xHGH].time_penalty", "0 or more"),
        (PAIR + "fair='9999'", "pair[CU03xHGH].fair", "sell_open"),
        (legs().replace("lots = 9\n", "").replace("lots = 4\n", "") + "[pair.size]\nresidual_tolerance='-1'", "pair[CU03xHGH].size.residual_tolerance", "0 or more"),
        (PAIR + "[pair.trigger]\nhysteresis='1000'", "pair[CU03xHGH].trigger.hysteresis", "neither fires twice"),
        (PAIR + "[pair.trigger]\non='ratio'\nbuy_open='-1'", "pair[CU03xHGH].trigger.buy_open", "more than 0"),
        ("[defaults]\npayup_ticks=21", "defaults.payup_ticks", "at most slippage_cap_ticks"),
        (PAIR + "[pair.defaults]\npayup_ticks=21", "pair[CU03xHGH].defaults.payup_ticks", "at most slippage_cap_ticks"),
        (legs(first=LIMITS + "\npayup_ticks=21"), "pair[CU03xHGH].legs[SHFE.cu2703].payup_ticks", "at most slippage_cap_ticks"),
        ("[defaults]\nack_timeout_ms=3000", "defaults.ack_timeout_ms", "less than naked_budget_ms"),
        (PAIR + "[pair.defaults]\nrepair_order_ms=9000", "pair[CU03xHGH].defaults.repair_order_ms", "less than naked_budget_ms"),
        ("[defaults]\nfailure_cooldown_max_ms=1", "defaults.failure_cooldown_max_ms", "at least failure_cooldown_ms"),
        ("[defaults]\nmax_silence_ms=1", "defaults.max_silence_ms", "no quote would count"),
        (legs(first=LIMITS + "\ninventory_lots=5"), "pair[CU03xHGH].legs[SHFE.cu2703].inventory_lots", "only spot"),
        (legs(first=LIMITS.replace("order_lots = 99", "order_lots = 100")), "pair[CU03xHGH].legs[SHFE.cu2703].limits.order_lots", "at most position_lots"),
        (COVER.format(side="buy", more="[pair.exposure]\nratio='-1'"), "pair[cover].exposure.ratio", "more than 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, text, key, allowed):
    wrong = found(tmp_path, text, "live")
    assert key in wrong
    assert allowed in wrong[key]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (COPPER_AGAIN + "currency='CNZ'", "is it spelt right?"),
        (COPPER_AGAIN + "multiplier='50'", "worth 500 CNY; as it is known here, 50 CNY"),
        (COPPER_AGAIN + "fees={ open_lot='99999' }", "fees.open_lot = 99999: money a lot"),
        ("[defaults]\nhedge_deadline_ms=1", "most desks have 50 to 60000"),
        (PAIR + "[pair.defaults]\nmax_failures=1000", "pair[CU03xHGH].defaults.max_failures = 1000"),
        (legs(second=LIMITS).replace('fx = "USDCNH"', 'fx = "0.14"'), "the other way round?"),
        (legs(first=LIMITS + "\nfx='7.1'"), "is in CNY already"),
        (legs(first=LIMITS + "\nvat='0.7'"), '"0.13" is 13 %'),
        (legs(first=LIMITS + "\npremium='99999999'"), "larger than any price"),
        (legs(first=LIMITS.replace("ticks = 99", "ticks = 999999")), "stops no slip"),
        (PAIR + "[pair.trigger]\nsell_open='99999999'", "beyond 10000000"),
        (PAIR + "[pair.trigger]\nhysteresis='150'", "only once the value has gone beyond both"),
        (PAIR + "[pair.trigger]\nbuy_open='300'\nsell_close='310'", "crosses buy_close"),
        ("[[fx]]\nname='USDCNH'\nmax_silence_ms=1", "hardly ever count"),
        (COPPER_AGAIN + "offset_mode='oc'\n" + legs(first=LIMITS + "\nclose='lock'") + COVER.format(side="buy", more="[pair.exposure]\nunit='t'"), "cover trades SHFE.cu2703 too"),
    ],
)
def test_what_may_be_a_slip_is_noted_with_file_and_key(tmp_path, text, said):
    found_notes = [note for note in noted(tmp_path, text) if said in note]
    assert found_notes, noted(tmp_path, text)
    assert found_notes[0].startswith(str(tmp_path / "over.toml")) or "copper.toml" in found_notes[0]


@pytest.mark.parametrize("file", sorted((ROOT / "config" / "examples").glob("*.toml")), ids=lambda file: file.stem)
def test_examples_have_sizes_of_their_exchange(file):
    assert not [note for note in notes(load([file])) if "tick of a lot" in note and "A50" not in note and "SGX.CN" not in note]


def test_pair_that_nothing_closes_is_noted(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text(COPPER.read_text().replace('buy_close = "50"', '# '))
    assert any("nothing closes what sell_open opens" in note for note in notes(load([file])))


def test_rate_of_two_known_currencies_is_told_from_its_reverse():
    low, high = plausible("USD", "CNY")
    assert low < Decimal("7.1") < high
    assert not low < 1 / Decimal("7.1") < high
    assert plausible("USD", "NOPE") is None


def test_codes_are_of_capitals():
    assert [is_code(text) for text in ("CNY", "USDT", "1000PEPE", "cny", "U", "US D")] == [True, True, False, False, False, False]


@pytest.mark.parametrize(
    ("symbol", "worth"),
    [("SHFE.cu2703", 50), ("SHFE.au2704", 20), ("COMEX.GCJ27", 10), ("CZCE.TA703", 10), ("CFFEX.IF2703", 60), ("ICE.BRNJ27", 10), ("SGX.CNH27", 1), ("DCE.zz2703", None), ("X.Y", None)],
)
def test_worth_of_a_tick_is_found_by_symbol(symbol, worth):
    found_worth = tick_worth(symbol)
    assert (found_worth and found_worth[0]) == worth


def test_table_of_ticks_is_whole():
    assert all(len(listed.split()) % 2 == 0 and is_code(currency) for currency, listed in TICK_WORTH.values())
