"""`sim try`: a desk's own configuration through scenarios, and what it tells."""

import json
import shutil

import pytest
from click.testing import CliRunner

from config.load import ROOT, load_checked
from domain.errors import HedgerowError
from simulation.desk_scenarios import BY_NAME, CALM_MS, LegAt
from simulation.exchanged import DeskRun
from tools.errors import UsageError
from tools.output import Output
from tools.sim_try import accounts_of, desk_of, market_of, prepared, try_
from tools.try_market import made
from tools.try_measure import Nakedness
from tools.try_page import page, share, short
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


# ------------------------------------------------ what is naked


def test_naked_is_what_no_other_leg_covers_for_as_long_as_it_lasts():
    naked = Nakedness({"A": 9, "B": -4}, {"A": 100.0, "B": 200.0})
    naked.take(1 * MS, "A", 9, "h1")
    naked.take(3 * MS, "B", -2, "h1")
    naked.take(6 * MS, "B", -2, "h1")
    assert naked.end(9 * MS) is None
    (episode,) = naked.episodes
    assert (episode.ms, episode.lots, episode.value) == (5.0, {"A": 9, "B": 2}, 1300.0)
    assert episode.value_s == pytest.approx(900 * 0.002 + 1300 * 0.003)
    assert episode.points == [(1 * MS, 900.0), (3 * MS, 1300.0), (6 * MS, 0.0)]


def test_what_is_naked_at_the_end_is_an_episode_up_to_then():
    naked = Nakedness({"A": 1, "B": -1}, {"A": 10.0, "B": 10.0})
    naked.take(0, "A", 1, "h1")
    left = naked.end(2000 * MS)
    assert left is not None and left.lots == {"A": 1, "B": 0}
    assert (left.ms, left.value_s) == (2000.0, 20.0)


# ------------------------------------------------ scenarios


@pytest.mark.parametrize("name", BY_NAME)
def test_scenario_strikes_only_what_the_exchange_knows_and_begins_calm(name, desk):
    config, _ = desk_of([desk()])
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
    config, _ = desk_of([desk(exchange=False)])
    spec = made(config, PRICES)
    swing = next(one for one in spec.process if one.kind == "revert")
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
        (("--exchange", str(TEMPLATES / "au-GC" / "exchange.toml")), "its venue SHFE has no SHFE.cu2703"),
        (("--exchange", "/nowhere/exchange.toml"), "/nowhere/exchange.toml"),
        (("--scenario", "nosuch"), "no scenario 'nosuch'; there are: calm"),
    ],
)
def test_what_cannot_be_tried_is_said_with_what_to_do(desk, words, told):
    asked = tried(desk(exchange=False), *words)
    assert isinstance(asked.exception, HedgerowError)
    assert told in str(asked.exception)


def test_cover_is_left_out_and_said_and_a_desk_of_covers_alone_is_refused(tmp_path):
    config, left_out = desk_of([ROOT / "config" / "examples" / "desk.toml"])
    assert [pair.name for pair in config.pair] == ["AU04xGCJ", "CU03xHGH", "SC03xBZJ"]
    assert left_out == ["CU-STOCK: a cover follows an exposure from outside: it is left out"]
    text = (ROOT / "config" / "examples" / "desk.toml").read_text(encoding="utf-8")
    before, *pairs = text.split("[[pair]]\n")
    only = tmp_path / "cover.toml"
    only.write_text(before + "".join("[[pair]]\n" + each for each in pairs if 'kind = "cover"' in each), encoding="utf-8")
    assert [pair.kind for pair in load_checked([only]).pair] == ["cover"]
    with pytest.raises(UsageError, match="no pair is left to try: CU-STOCK: a cover"):
        desk_of([only])


def test_account_that_the_market_lacks_is_said(desk):
    config, _ = desk_of([desk()])
    spec = market_of(config, {"exchange": str(TEMPLATES / "cu-HG" / "exchange.toml")})
    assert accounts_of(config, spec) == {"SHFE": "shanghai-1", "COMEX": "new-york-1", "FX": ""}


# ------------------------------------------------ the page


def test_share_is_of_sorted_values_and_short_ends_at_the_colon():
    assert (share([], 0.5), share([1.0, 2.0, 3.0], 0.5), share([1.0, 2.0], 1.0)) == (0.0, 2.0, 2.0)
    assert (short("calm: nothing"), short("拒单:偶有")) == ("calm", "拒单")


def test_page_of_nothing_is_a_page(desk):
    told = {"pairs": ["P"], "left_out": ["<b>"], "market": "prices", "seeds": 1, "seconds": 5, "rows": [], "problems": ["x"]}
    for lang in ("en", "zh"):
        text = page(told, lang)
        assert text.startswith("<!doctype html>") and "&lt;b&gt;" in text and "http" not in text


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
def test_pair_that_trades_nothing_is_said_with_its_reason(desk):
    config = desk()
    config.write_text(config.read_text(encoding="utf-8").replace('sell_open = "150"', 'sell_open = "9150"').replace('buy_open = "-150"', 'buy_open = "-9150"'), encoding="utf-8")
    asked = tried(config, "--seeds", "1", "--seconds", "10", "--scenario", "calm")
    assert asked.return_value == 1
    assert "CU03xHGH traded nothing in the calm scenario: its triggers were not met" in json.loads(asked.stdout)["problems"][0]


@pytest.mark.slow
def test_same_seed_is_the_same_run(desk, tmp_path):
    from tools.node_build import Node

    config, _ = desk_of([desk()])
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
