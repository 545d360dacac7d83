"""`sim try`: a desk's own configuration through scenarios, and what it tells."""

import json
import shutil

import pytest
from click.testing import CliRunner

from config.load import ROOT
from domain.errors import HedgerowError
from simulation.desk_scenarios import BY_NAME, CALM_MS, LegAt
from simulation.exchanged import DeskRun
from tools.output import Output
from tools.sim_try import summed, try_, why_idle
from tools.try_desk import accounts_of, desk_of, market_of, prepared
from tools.try_market import made
from tools.try_run import played
from tools.try_words import WORDS, word

TEMPLATES = ROOT / "config" / "templates"
PRICES = ("SHFE.cu2703=80000", "COMEX.HGH27=452", "FX.USDCNH=7.12")
MS = 1_000_000


@pytest.fixture
def desk(tmp_path):
    """A user's folder: the copper template, with or without its exchange."""

    def make(*, exchange=True, template="cu-HG"):
        for name in ("hedgerow.toml", "exchange.toml")[: 2 if exchange else 1]:
            shutil.copyfile(TEMPLATES / template / name, tmp_path / name)
        return tmp_path / "hedgerow.toml"

    return make


def tried(config, *words):
    return CliRunner().invoke(try_, ["-c", str(config), *words], obj=Output("json"), standalone_mode=False)


# ------------------------------------------------ scenarios


@pytest.mark.parametrize("name", BY_NAME)
def test_scenario_strikes_only_what_the_exchange_knows_and_begins_calm(name, desk):
    config = desk_of([desk()])
    spec = market_of(config, {"exchange": str(TEMPLATES / "cu-HG" / "exchange.toml")})
    from exchange.config import _check_troubles

    troubles = BY_NAME[name].troubles([LegAt("SHFE", "SHFE.cu2703", 9), LegAt("COMEX", "COMEX.HGH27", 4)])
    _check_troubles(spec, troubles, name)
    assert all(one.at_ms >= CALM_MS for one in troubles)
    assert {one.venue for one in troubles} == (set() if name == "calm" else {"SHFE", "COMEX"})


def test_every_scenario_has_words_in_both_languages():
    for name in BY_NAME:
        assert word(f"scenario {name}", "en").startswith(name)
        assert any("\u4e00" <= each <= "\u9fff" for each in word(f"scenario {name}", "zh"))
    assert all(len(pair) == 2 and all(pair) for pair in WORDS.values())


# ------------------------------------------------ markets


def test_market_around_given_prices_crosses_the_triggers_both_ways(desk):
    config = desk_of([desk(exchange=False)])
    spec = made(config, PRICES)
    swing = next(one for one in spec.process if one.kind == "revert")
    assert spec.venue[0].instrument[0].fair.plus == [swing.name]
    parity = 452 * 22.0462262 * 7.12 * 1.13
    low, high = (80000 + swing.start - parity + way * swing.swing for way in (-1, 1))
    assert low < -150 and high > 150


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "say what each symbol trades at: --px SHFE.cu2703=PRICE --px COMEX.HGH27=PRICE --px FX.USDCNH=PRICE"),
        (("--px", "SHFE.cu2703=0"), "'0' is no price"),
        (("--px", "SHFE.cu2703=abc"), "'abc' is no price"),
        (("--px", "X=1"), "no instrument 'X'; there are: SHFE.cu2703"),
        (("--px", "SHFE.cu2703=80000"), "these have no price yet: say what each trades at: --px COMEX.HGH27=PRICE --px FX.USDCNH=PRICE"),
        (("--px", "COMEX.HGH27=0.5"), "0.5 is less than 20 ticks of 0.05: is it in the instrument's own unit?"),
        (tuple(word for px in ("SHFE.cu2703=80000", "COMEX.HGH27=4.52", "FX.USDCNH=7.12") for word in ("--px", px)), "SHFE.cu2703 would have to trade at 801.736, not 80,000; a --px is wrong"),
        (("--px", "SHFE.cu2703=80000", "--exchange", "x.toml"), "--exchange FILE says what everything trades at"),
        (("--exchange", str(TEMPLATES / "au-GC" / "exchange.toml")), "its venue SHFE has no SHFE.cu2703"),
        (("--exchange", "/nowhere/exchange.toml"), "/nowhere/exchange.toml"),
        (("--exchange", str(TEMPLATES / "cu-HG" / "exchange.toml"), "--html", "/nowhere/try.html"), "/nowhere/try.html: No such file or directory: give a file in a folder that can be written"),
        (("--exchange", str(TEMPLATES / "cu-HG" / "exchange.toml"), "--latency", "LME=3"), "no venue 'LME'; there are: SHFE, COMEX, FX"),
        (("--scenario", "nosuch"), "no scenario 'nosuch'; there are: calm"),
    ],
)
def test_what_cannot_be_tried_is_said_with_what_to_do(desk, words, told):
    asked = tried(desk(exchange=False), *words)
    assert isinstance(asked.exception, HedgerowError)
    assert told in str(asked.exception)


def test_account_that_the_market_lacks_is_said(desk):
    config = desk_of([desk()])
    spec = market_of(config, {"exchange": str(TEMPLATES / "cu-HG" / "exchange.toml")})
    assert accounts_of(config, spec) == {"SHFE": "shanghai-1", "COMEX": "new-york-1", "FX": ""}


def test_pair_that_fires_seldom_is_told_as_few_to_judge_by():
    seen = {"holds": {}, "still_s": {}, "low": 1.0, "high": 2.0, "levels": {}, "reason": "", "alerts": {}, "outcomes": {}, "stranded_why": {}, "naked_lots": {}, "naked_ms": [], "costs": []}
    sums = dict.fromkeys(("hedges", "orders", "refused", "repaired", "naked_value_s", "repair_cost", "cost", "naked_value", "longest_ms", "naked_at_end"), 0)
    rows = [{**seen, **sums, "pair": name, "currency": "CNY", "hedges": hedges, "worst": None, "journal_verified": True, "problems": []} for name, hedges in (("A", 2), ("B", 3))]
    runs = [{"scenario": "calm", "seed": 1, "refused": "", "troubles": {}, "kills": 0, "pairs": rows}]
    found = summed(runs, 1, 60, {"pairs": ["A", "B"], "covers": {}, "market": "prices", "latencies": {}, "notes": []})
    assert found["notes"] == ["A fired 2 times in the 1 calm runs: few to judge by, give more --seconds or --seeds"]
    assert found["problems"] == []


# ------------------------------------------------ for real


@pytest.mark.slow
def test_desk_is_tried_and_told_as_page_and_json(desk):
    config = desk()
    asked = tried(config, "--seeds", "1", "--seconds", "20", "--scenario", "calm", "--scenario", "refused", "--scenario", "node_killed")
    assert asked.return_value == 0, (asked.stderr, asked.exception)
    told = json.loads(asked.stdout)
    rows = {row["scenario"]: row for row in told["rows"]}
    assert rows["calm"]["hedges"] > 3 and set(rows["calm"]["outcomes"]) == {"DONE"}
    assert (rows["calm"]["repaired"], rows["calm"]["refused"], rows["calm"]["troubles"]) == (0, 0, 0)
    assert rows["refused"]["refused"] > 0 and rows["refused"]["repaired"] > 0
    assert rows["refused"]["longest_ms"] > rows["calm"]["longest_ms"]
    assert rows["node_killed"]["troubles"] > 0
    assert told["problems"] == []
    text = (config.parent / "try.html").read_text(encoding="utf-8")
    assert text.count("<svg") >= 3 and "CU03xHGH" in text
    beside = json.loads((config.parent / "try.json").read_text(encoding="utf-8"))
    assert {run["scenario"] for run in beside["runs"]} == set(rows)


@pytest.mark.slow
def test_desk_without_an_exchange_trades_around_the_prices(desk):
    words = [word for px in PRICES for word in ("--px", px)]
    asked = tried(desk(exchange=False), "--seeds", "1", "--seconds", "15", "--scenario", "calm", *words)
    assert asked.return_value == 0, asked.stderr
    assert json.loads(asked.stdout)["rows"][0]["hedges"] > 2


@pytest.mark.slow
def test_coins_are_money_at_their_venue_and_no_position_that_differs(desk):
    asked = tried(desk(template="spot-perpetual"), "--seeds", "1", "--seconds", "12", "--scenario", "calm")
    assert asked.return_value == 0, asked.stderr
    told = json.loads(asked.stdout)
    assert told["problems"] == [] and told["rows"][0]["hedges"] > 2


@pytest.mark.slow
def test_pair_that_never_fires_is_said_with_how_near_it_came(desk):
    config = desk()
    config.write_text(config.read_text(encoding="utf-8").replace('sell_open = "150"', 'sell_open = "9150"').replace('buy_open = "-150"', 'buy_open = "-9150"'), encoding="utf-8")
    asked = tried(config, "--seeds", "1", "--seconds", "10", "--scenario", "calm")
    assert asked.return_value == 1
    (problem,) = json.loads(asked.stdout)["problems"]
    assert problem.startswith("CU03xHGH never fired: it could be bought at -") and "its triggers are buy_open -9,150, sell_open 9,150" in problem


@pytest.mark.slow
def test_same_seed_is_the_same_run(desk, tmp_path):
    from tools.node_build import Node

    config = desk_of([desk()])
    found = []
    for place in ("one", "other"):
        asked = prepared((desk(),), None, ())["asked"]
        spec = market_of(config, asked)
        (tmp_path / place).mkdir()
        run = DeskRun(Node, config, accounts_of(config, spec), spec, 7, tmp_path / place, 1_796_000_000_000_000_000, "20261130")
        run.start()
        run.run(8000)
        run.stop()
        found.append([line for line in run.exchange.truth if not line.get("house")])
    assert found[0] == found[1] and any(line["t"] == "trade" for line in found[0])


# ------------------------------------------------ covers, sized legs, distances


def one_run(files, exchange, prices=(), latencies=(), exposures=(), seconds=12, scenario="calm"):
    """A run in this process: its rows by pair."""
    asked = prepared(tuple(files), exchange, prices, latencies, exposures)["asked"]
    run = played({**asked, "scenario": scenario, "seed": 3, "seconds": seconds})
    assert run["refused"] == "" and not run["pairs"][0]["problems"] and run["pairs"][0]["journal_verified"]
    return {row["pair"]: row for row in run["pairs"]}


@pytest.mark.slow
@pytest.mark.parametrize("how", ['file = "stock.json"', 'feed = "tcp://127.0.0.1:5555"', ""])
def test_cover_follows_what_is_held_however_it_is_told(tmp_path, how):
    text = (ROOT / "config" / "examples" / "desk.toml").read_text(encoding="utf-8")
    before, *pairs = text.split("[[pair]]\n")
    file = tmp_path / "cover.toml"
    file.write_text(before + "[[pair]]\n" + pairs[3].replace('file = "stock.json"', how), encoding="utf-8")
    row = one_run([file], ROOT / "config" / "exchange" / "desk.toml", exposures=["CU-STOCK=103,62"])["CU-STOCK"]
    assert row["naked_lots"] == {"SHFE/SHFE.cu2704": 20}, "all of it, until the first hedge"
    assert row["naked_at_end"] == {} and row["hedges"] >= 3
    assert 1000 < row["longest_ms"] < 4000, "two hedges of ten lots each, a cooldown apart"
    assert (tmp_path / "stock.json").exists() is False


@pytest.mark.slow
def test_cover_whose_exposure_waits_for_a_person_never_fires_and_says_so(tmp_path):
    row = one_run([ROOT / "config" / "examples" / "desk.toml"], ROOT / "config" / "exchange" / "desk.toml", exposures=["CU-STOCK=900"], seconds=5)["CU-STOCK"]
    assert row["hedges"] == 0 and row["alerts"]["EXPOSURE_STEP"] == 1
    assert why_idle(row) == "stopped by EXPOSURE_STEP: 900 waits for a person"
    assert row["naked_at_end"] == {"SHFE/SHFE.cu2704": 180} and row["naked_value_s"] > 1e9, "by the venue's price, since no decision saw one"


@pytest.mark.slow
def test_sized_leg_is_tried_and_ends_with_nothing_naked(tmp_path):
    text = (ROOT / "config" / "examples" / "btc.toml").read_text(encoding="utf-8")
    before, leg, after = text.partition('symbol = "PERP.BTCUSDT"\ntick_size = "0.1"\nlot_size = "0.001"     # BTC\ncurrency = "USDT"')
    assert leg
    inverse = 'symbol = "PERP.BTCUSDT"\ntick_size = "0.1"\nmultiplier = "100"\ncurrency = "USDT"\nkind = "inverse"\nbase = "BTC"'
    file = tmp_path / "inverse.toml"
    file.write_text(before + inverse + after.replace('side = "sell"\nlots = 1', 'side = "sell"').replace('buy_close = "18"', 'buy_close = "-18"'), encoding="utf-8")
    for scenario in ("calm", "refused"):
        row = one_run([file], None, ("SPOT.BTCUSDT=62000", "PERP.BTCUSDT=62000"), scenario=scenario)["BTC"]
        assert row["hedges"] > 3 and row["naked_at_end"] == {}
    assert row["repaired"] and 500 < row["naked_value"] < 12_000, "of hedges of 6,200 USDT"


@pytest.mark.slow
def test_farther_hedge_venue_leaves_more_naked_for_longer(desk):
    found = [one_run([desk()], None, latencies=told)["CU03xHGH"] for told in ((), ("COMEX=180",), ("COMEX=180+60",))]
    near, far, uneven = (row["naked_value_s"] for row in found)
    assert near * 100 < far < uneven
    assert all(row["hedges"] > 3 for row in found)
    assert found[0]["longest_ms"] < 1
    assert found[1]["naked_ms"] == pytest.approx([89.5] * len(found[1]["naked_ms"]), abs=0.3), "half of 180, less half of the near venue's 1"
    assert 89 < max(found[2]["naked_ms"]) < 121


@pytest.mark.slow
def test_pair_that_is_held_back_is_told_with_what_held_it(desk):
    config = desk()
    config.write_text(config.read_text(encoding="utf-8") + "\n[pair.limits]\nmax_hedges = 1\n", encoding="utf-8")
    row = one_run([config], None)["CU03xHGH"]
    assert row["hedges"] >= 1 and row["holds"]["MAX_HEDGES"] > 1
    assert "its triggers were met, and stopped each time: MAX_HEDGES (" in why_idle({**row, "hedges": 0})


@pytest.mark.slow
def test_gateways_log_on_anew_while_venues_are_well_and_their_node_goes_on(desk, tmp_path):
    from tools.node_build import Node

    config = desk_of([desk()])
    spec = market_of(config, {"exchange": str(TEMPLATES / "cu-HG" / "exchange.toml")})
    (tmp_path / "run").mkdir()
    run = DeskRun(Node, config, accounts_of(config, spec), spec, 7, tmp_path / "run", 1_796_000_000_000_000_000, "20261130")
    run.start()
    run.run(2000)
    before = [adapter.session for adapter in run.adapters]
    run.heal(9000)
    sent = [line["ns"] for line in run.exchange.truth if line["t"] == "trade" and not line["house"]]
    run.stop()
    assert len(set(before) | {adapter.session for adapter in run.adapters}) == 6, "three venues, a session each, then another"
    assert max(sent) > 1_796_000_000_000_000_000 + 7_000 * MS, "it trades after that"
