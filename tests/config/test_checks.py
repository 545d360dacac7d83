"""Cross checks: each finds what it is for, and names the key."""

import pytest

from config.checks import endpoint_wrong, problems
from config.load import ROOT, load
from config.sanity import programs
from domain.errors import ConfigError

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
fx = "USDCNH"
{second}
"""
LIMITS = "limits = { order_lots = 99, price_collar_ticks = 99, position_lots = 99 }"
COPPERS = {
    "first": "limits = { order_lots = 45, price_collar_ticks = 40, position_lots = 90 }",
    "second": "limits = { order_lots = 20, price_collar_ticks = 60, position_lots = 40 }",
}
"""As the example's own pair has them."""


COVER = """
[[pair]]
name = "cover"
kind = "cover"
currency = "CNY"
[[pair.legs]]
venue = "SHFE"
symbol = "SHFE.cu2703"
side = "{side}"
lots = 1
{more}
"""
COPPER_AGAIN = "[[instrument]]\nvenue='SHFE'\nsymbol='SHFE.cu2703'\n"


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
        (PAIR + "sequence='sequential'\nfirst_leg=3", "pair[CU03xHGH].first_leg", "1 to 2, or 0"),
        (COPPER_AGAIN + "tifs='0'\n" + legs(first=LIMITS + "\ntif='ioc'"), "pair[CU03xHGH].legs[SHFE.cu2703].tif", "its tifs are 0"),
        (PAIR + "[pair.trigger]\nsell_open='50'", "pair[CU03xHGH].trigger.sell_open", "above buy_close"),
        (PAIR + "[pair.trigger]\nbuy_open='0'", "pair[CU03xHGH].trigger.sell_close", "above buy_open"),
        (PAIR + "[pair.trigger]\non='formula'", "pair[CU03xHGH].trigger.formula", "over leg1, leg2"),
        (PAIR + "[pair.trigger]\nformula='leg1'", "pair[CU03xHGH].trigger.formula", "watches its spread"),
        (PAIR + "[pair.trigger]\non='formula'\nformula='leg2 - leg1'", "pair[CU03xHGH].trigger.formula", "does not fall with leg1"),
        (PAIR + "[pair.trigger]\non='formula'\nformula='cu.px - hg'", "pair[CU03xHGH].trigger.formula", "none of them"),
        (legs(first=LIMITS + "\nname='max'"), "pair[CU03xHGH].legs[SHFE.cu2703].name", "a name of its own"),
        (legs(first=LIMITS + "\nname='leg2'"), "pair[CU03xHGH].legs[COMEX.HGH27].name", "a name of its own"),
        (PAIR + "[pair.exposure]\nunit='t'", "pair[CU03xHGH].exposure", 'kind = "cover"'),
        (PAIR + "kind='cover'", "pair[CU03xHGH].legs", "held elsewhere"),
        (COVER.format(side="sell", more=""), "pair[cover].legs[SHFE.cu2703].side", 'lots = 1'),
        (COVER.format(side="buy", more="[pair.trigger]\nsell_open='1'"), "pair[cover].trigger", "fired by its exposure"),
        (COVER.format(side="buy", more="[pair.exposure]\nratio='0'"), "pair[cover].exposure.ratio", "not 0"),
        (COVER.format(side="buy", more="[pair.exposure]\nband='2.4'"), "pair[cover].exposure.band", "at least half of what a lot covers, 2.5"),
        (COVER.format(side="buy", more="[pair.exposure]\nmax_step='0'"), "pair[cover].exposure.max_step", "more than 0"),
        (COVER.format(side="buy", more="[pair.exposure]\nfile='a'\nfeed='ipc:///b'"), "pair[cover].exposure.feed", "not both"),
        (COVER.format(side="buy", more="[pair.exposure]\nfeed='b'"), "pair[cover].exposure.feed", "ipc://PATH"),
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
        (legs(first=LIMITS + "\nfx='1e999999'"), "pair[CU03xHGH].legs[SHFE.cu2703].fx", "above 0"),
        (legs(first=LIMITS + "\nunit_factor='1e999999'"), "pair[CU03xHGH].legs[SHFE.cu2703].unit_factor", "a number, or one of"),
        (COPPER_AGAIN + "min_lots=10", "pair[CU03xHGH].legs[SHFE.cu2703].lots", "at least min_lots of SHFE.cu2703, 10"),
        (COPPER_AGAIN + "max_lots=8", "pair[CU03xHGH].legs[SHFE.cu2703].lots", "at most max_lots of SHFE.cu2703, 8"),
        (COPPER_AGAIN + "expiry='20270230'", "instrument[SHFE.cu2703].expiry", "a day of the calendar"),
        (COPPER_AGAIN + "last_open_day='20271301'", "instrument[SHFE.cu2703].last_open_day", "a day of the calendar"),
        (COPPER_AGAIN + "expiry='20270315'\nlast_open_day='20270316'", "instrument[SHFE.cu2703].last_open_day", "at most expiry"),
        ("[defaults]\nmax_orders_per_hedge=5", "defaults.max_orders_per_hedge", "at least 6: one for each of 2 legs, and 4 kept for reversals"),
        (PAIR + "[pair.defaults]\nmax_orders_per_hedge=5", "pair[CU03xHGH].defaults.max_orders_per_hedge", "at least 6"),
        (PAIR + "[pair.limits]\norders_per_hedge=5", "pair[CU03xHGH].limits.orders_per_hedge", "kept for reversals"),
        ("[defaults]\nquery_ladder_ms=[]", "defaults.query_ladder_ms", "at least one time"),
        (PAIR + "[pair.defaults]\nquery_ladder_ms=[300, 300]", "pair[CU03xHGH].defaults.query_ladder_ms", "each later"),
        ("[[venue]]\nname='SHFE'\nfeed='ipc://{dri}/a'", "venue[SHFE].feed", "{dri} is none"),
        ("[[venue]]\nname='SHFE'\ntrade='ipc://{feed}/a'", "venue[SHFE].trade", "{dir}, {root}, {name}"),
        (legs(second=LIMITS + "\nclose='lock'"), "pair[CU03xHGH].legs[COMEX.HGH27].close", "nothing of it can be locked"),
        ("[[venue]]\nname='SHFE'\nmargin_budget={ CNY = '0' }", "venue[SHFE].margin_budget.CNY", "above 0"),
        ("[[venue]]\nname='SHFE'\nmargin_budget={ USD = '9' }", "venue[SHFE].margin_budget.USD", "settle in: CNY"),
        ("[[venue]]\nname='SHFE'\nfx_haircut='5'", "venue[SHFE].fx_haircut", "0.05"),
        ("[[venue]]\nname='SHFE'\ncommand=['x', '{symbol}']", "venue[SHFE].command[1]", "{feed}, {trade}"),
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


def test_a_leg_of_a_kind_that_is_not_traded_yet_can_only_be_observed(tmp_path):
    text = "[[instrument]]\nvenue='COMEX'\nsymbol='COMEX.HGH27'\nkind='index'\n"
    assert found(tmp_path, text, "observe") == {}
    assert "index is not traded yet" in found(tmp_path, text, "live")["pair[CU03xHGH].legs[COMEX.HGH27].symbol"]


def test_a_trigger_on_the_price_of_a_sold_leg_is_ordered_the_other_way(tmp_path):
    trigger = PAIR + "[pair.trigger]\non='touch'\nleg=2\nbuy_open='470'\nsell_close='450'\nsell_open='440'\nbuy_close='445'\nhysteresis='2'"
    assert found(tmp_path, trigger) == {}
    wrong = found(tmp_path, trigger.replace("'450'", "'480'"))
    assert wrong == {"pair[CU03xHGH].trigger.sell_close": "below buy_open, 470"}


def test_a_pair_without_a_threshold_can_only_be_observed(tmp_path):
    text = '[[pair]]\nname = "idle"\ncurrency = "CNY"' + LEGS.format(**COPPERS)
    assert found(tmp_path, text, "observe") == {}
    assert "never fires" in found(tmp_path, text, "live")["pair[idle].trigger"]


def test_an_instrument_stands_in_one_leg(tmp_path):
    text = legs().replace("COMEX.HGH27", "SHFE.cu2703").replace('"COMEX"', '"SHFE"')
    assert "each instrument in one leg" in found(tmp_path, text).values()


def test_a_socket_path_that_is_too_long_is_told_before_libzmq_does():
    assert endpoint_wrong("ipc:///run/a.feed") == ""
    assert "107" in endpoint_wrong("ipc:///" + "x" * 120)
    assert "abstract" in endpoint_wrong("ipc://@name")


def test_a_pairs_name_leaves_room_for_its_ids_and_is_ascii(tmp_path):
    (tmp_path / "over.toml").write_text(legs())
    for name in ("x" * 21, "沪铜", "a b", "a\\n", ""):
        (tmp_path / "over.toml").write_text(legs().replace("CU03xHGH", name))
        with pytest.raises(ConfigError) as caught:
            load([COPPER, tmp_path / "over.toml"])
        assert caught.value.key.endswith(".name")


def test_a_program_is_asked_for_where_it_is_to_be_started(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("")

    def wrong(program):
        (tmp_path / "over.toml").write_text(f"[[venue]]\nname='SHFE'\ncommand=['{program}']")
        return {error.key: error.allowed for error in programs(load([COPPER, tmp_path / "over.toml"]))}

    assert "no such program" in wrong(f"{tmp_path}/none")["venue[SHFE].command"]
    assert "may not be executed" in wrong(plain)["venue[SHFE].command"]
    assert wrong("python3") == {}
    assert found(tmp_path, "[[venue]]\nname='SHFE'\ncommand=['/none']") == {}


def test_tcp_between_machines_needs_the_gateways_key_and_ones_own():
    assert "curve_server" in endpoint_wrong("tcp://10.0.0.2:7001")
    assert endpoint_wrong("tcp://10.0.0.2:7001", has_curve=True) == ""
    assert endpoint_wrong("tcp://127.0.0.1:7001") == ""


@pytest.mark.parametrize(("keys", "count"), [("", 1), ('[node]\ncurve_keys = "node.key"\n', 0)])
def test_gateways_key_goes_with_the_nodes_own(tmp_path, keys, count):
    file = tmp_path / "c.toml"
    venue = f'[[venue]]\nname = "X"\nfeed = "tcp://10.0.0.2:1"\ntrade = "tcp://10.0.0.2:2"\ncurve_server = "{"a" * 40}"\n'
    file.write_text(keys + venue)
    found = [error for error in problems(load([file])) if "curve_server" in str(error)]
    assert len(found) == count


def test_a_leg_of_another_currency_says_its_rate(tmp_path):
    """Unsaid it would be 1: dollars added to yuan."""
    told = found(tmp_path, legs().replace('fx = "USDCNH"', ""))
    assert told["pair[CU03xHGH].legs[COMEX.HGH27].fx"].startswith("from USD to CNY: ")
    assert not [key for key in told if key.endswith("SHFE.cu2703].fx")]
    for rate in ("USDCNH", "1", "7.12"):
        assert not [key for key in found(tmp_path, legs().replace("USDCNH", rate)) if key.endswith(".fx")]


def test_legs_of_one_side_hedge_nothing(tmp_path):
    told = found(tmp_path, legs().replace('side = "sell"', 'side = "buy"'))
    assert "other side than buy" in told["pair[CU03xHGH].legs[COMEX.HGH27].side"]
    assert not [key for key in found(tmp_path, legs()) if key.endswith(".side")]


def test_pairs_have_the_same_limits_for_an_instrument_that_they_share(tmp_path):
    text = '[[pair]]\nname = "idle"\ncurrency = "CNY"' + LEGS.format(first=COPPERS["first"], second=COPPERS["second"].replace("60", "61"))
    allowed = "the limits that pair CU03xHGH has for COMEX.HGH27: order_lots 20, price_collar_ticks 60, position_lots 40"
    assert found(tmp_path, text, "observe") == {"pair[idle].legs[COMEX.HGH27].limits": allowed}
