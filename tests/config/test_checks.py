"""Cross checks: each finds what it is for, and names the key."""

import pytest

from config.checks import endpoint_wrong, problems
from config.load import ROOT, load

COPPER = ROOT / "config" / "examples" / "copper.toml"
PAIR = '[[pair]]\nname = "CU03xHGH"\n'


def found(tmp_path, text, mode=None):
    (tmp_path / "over.toml").write_text(text)
    return {error.key: error.allowed for error in problems(load([COPPER, tmp_path / "over.toml"]), mode)}


@pytest.mark.parametrize("file", sorted((ROOT / "config" / "examples").glob("*.toml")), ids=lambda file: file.stem)
def test_examples_have_no_problem_in_any_mode(file):
    for mode in ("observe", "paper", "live"):
        assert problems(load([file]), mode) == []


LEGS = """
[[pair.legs]]
venue = "SHFE"
symbol = "SHFE.cu2703"
side = "buy"
lots = 9
{first}
[[pair.legs]]
venue = "COMEX"
symbol = "COMEX.HGH27"
side = "sell"
lots = 4
{second}
"""
LIMITS = "limits = { order_lots = 99, price_collar_ticks = 99, position_lots = 99 }"


def legs(first=LIMITS, second=LIMITS):
    return PAIR + LEGS.format(first=first, second=second)


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("[[instrument]]\nvenue='NOPE'\nsymbol='S'\ntick_size='1'\ncurrency='CNY'", "instrument[S].venue", "SHFE, COMEX, FX"),
        ("[[instrument]]\nvenue='SHFE'\nsymbol='SHFE.cu2703'\ntick_size='0'\ncurrency='CNY'", "instrument[SHFE.cu2703].tick_size", "more than 0"),
        ("[[fx]]\nname='EUR'\nvenue='FX'\nsymbol='FX.EUR'", "fx[EUR].symbol", "FX.USDCNH"),
        ("[[fx]]\nname='USDCNH'\nmax_jump='2'", "fx[USDCNH].max_jump", "a share"),
        ("[[venue]]\nname='SHFE'\nheartbeat_ms=1001", "venue[SHFE].heartbeat_ms", "1000"),
        ("[[venue]]\nname='SHFE'\nfeed='tcp://10.0.0.1:5'", "venue[SHFE].feed", "CURVE"),
        ("[[venue]]\nname='SHFE'\nfeed='file'", "venue[SHFE].feed", "ipc://PATH"),
        ("[[venue]]\nname='COMEX'\nsettle_ms=3000", "pair[CU03xHGH].defaults.naked_budget_ms", "4500"),
        ("[[venue]]\nname='COMEX'\ntrade='ipc://{dir}/SHFE.trade'", "venue[COMEX].trade", "the trade of SHFE"),
        (PAIR + "sequence='sequential'", "pair[CU03xHGH].sequence", "concurrent"),
        (PAIR + "[pair.trigger]\nsell_open='50'", "pair[CU03xHGH].trigger.sell_open", "above buy_close"),
        (PAIR + "[pair.trigger]\nbuy_open='0'", "pair[CU03xHGH].trigger.sell_close", "above buy_open"),
        (PAIR + "[pair.trigger]\nleg=3", "pair[CU03xHGH].trigger.leg", "1 to 2"),
        (PAIR + "[pair.trigger]\nmin_units=2", "pair[CU03xHGH].trigger.min_units", "size.units"),
        (PAIR + "[pair.size]\nunits=6", "pair[CU03xHGH].size.units", "max_position_units"),
        (PAIR + "[pair.defaults]\nmax_replenish_orders=13", "pair[CU03xHGH].defaults.max_replenish_orders", "12"),
        (legs(first=LIMITS + "\nfx='EURCNH'"), "pair[CU03xHGH].legs[SHFE.cu2703].fx", "USDCNH"),
        (legs(first=LIMITS + "\nfx='0'"), "pair[CU03xHGH].legs[SHFE.cu2703].fx", "above 0"),
        (legs(first=LIMITS + "\nvat='13'"), "pair[CU03xHGH].legs[SHFE.cu2703].vat", "0.13"),
        (legs(first=LIMITS + "\nunit_factor='pounds'"), "pair[CU03xHGH].legs[SHFE.cu2703].unit_factor", "cents_per_pound_to_per_ton"),
        (legs(second=LIMITS.replace("order_lots = 99", "order_lots = 3")), "pair[CU03xHGH].legs[COMEX.HGH27].limits.order_lots", "at least 4"),
        (legs(second=LIMITS.replace("position_lots = 99", "position_lots = 19")), "pair[CU03xHGH].legs[COMEX.HGH27].limits.position_lots", "20"),
        (legs(second=LIMITS.replace("ticks = 99", "ticks = 19")), "pair[CU03xHGH].legs[COMEX.HGH27].limits.price_collar_ticks", "slippage cap"),
    ],
)
def test_check_names_the_key_and_what_is_allowed(tmp_path, text, key, allowed):
    wrong = found(tmp_path, text, "live")
    assert key in wrong
    assert allowed in wrong[key]


def test_a_short_budget_passes_once_it_is_acknowledged(tmp_path):
    text = "[[venue]]\nname='COMEX'\nsettle_ms=3000\n" + PAIR + "[pair.defaults]\nnaked_budget_acknowledged=true"
    assert found(tmp_path, text) == {}


def test_limits_are_required_where_orders_leave(tmp_path):
    text = legs(first="", second="")
    assert found(tmp_path, text, "observe") == {}
    assert {key.rpartition(".")[2] for key in found(tmp_path, text, "live")} == {"limits"}


def test_a_leg_on_a_feed_alone_can_only_be_observed(tmp_path):
    text = legs().replace("COMEX.HGH27", "FX.USDCNH").replace('"COMEX"', '"FX"')
    assert found(tmp_path, text, "observe") == {}
    assert "pair[CU03xHGH].legs[FX.USDCNH].venue" in found(tmp_path, text, "live")


def test_a_trigger_on_the_price_of_a_sold_leg_is_ordered_the_other_way(tmp_path):
    trigger = PAIR + "[pair.trigger]\non='touch'\nleg=2\nbuy_open='470'\nsell_close='450'\nsell_open='440'\nbuy_close='445'"
    assert found(tmp_path, trigger) == {}
    wrong = found(tmp_path, trigger.replace("'450'", "'480'"))
    assert wrong == {"pair[CU03xHGH].trigger.sell_close": "below buy_open, 470"}


def test_a_pair_without_a_threshold_can_only_be_observed(tmp_path):
    text = '[[pair]]\nname = "idle"\ncurrency = "CNY"' + LEGS.format(first=LIMITS, second=LIMITS)
    assert found(tmp_path, text, "observe") == {}
    assert "never fires" in found(tmp_path, text, "live")["pair[idle].trigger"]


def test_an_instrument_stands_in_one_leg(tmp_path):
    text = legs().replace("COMEX.HGH27", "SHFE.cu2703").replace('"COMEX"', '"SHFE"')
    assert "each instrument in one leg" in found(tmp_path, text).values()


def test_a_socket_path_that_is_too_long_is_told_before_libzmq_does():
    assert endpoint_wrong("ipc:///run/a.feed") == ""
    assert "107" in endpoint_wrong("ipc:///" + "x" * 120)
    assert "abstract" in endpoint_wrong("ipc://@name")
