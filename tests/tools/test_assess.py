"""An assessment's figures by hand, and the page that shows them."""

import gzip
import json
import re
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from gateways.replay.reader import COLUMNS
from tools.assess_measure import Sample, Series
from tools.assess_page import by_decade, histogram
from tools.assess_svg import Band, bands, nice
from tools.assess_words import WORDS
from tools.cli import run
from tools.replay_spread import Tally

T0, MS = 1_723_161_255_000_000_000, 1_000_000

MADE = """
name = "bars"
[[file]]
venue = "SPOT"
symbol = "SPOT.BTCUSDT"
path = "spot.BTCUSDT.csv.gz"
exchange_time = { columns = ["exch_ms"], unit = "ms" }
book = { bids = [["bid", "bid_qty"]], asks = [["ask", "ask_qty"]] }
[[file]]
venue = "MADE-PERP"
symbol = "PERP.BTCUSDT"
path = "usdm.BTCUSDT.csv.gz"
made = { around = "bid", half_width_ticks = 1, lots = 50 }
"""


def recording(folder, spreads, every_ms=100):
    """Spot above the perpetual by each of `spreads` in turn; its clock 1.25 s behind."""
    folder.mkdir(parents=True, exist_ok=True)
    spot, perp = [",".join(COLUMNS)], [",".join(COLUMNS)]
    for step, spread in enumerate(spreads):
        recv_ns = T0 + step * every_ms * MS
        bid = 60_000 + Decimal(spread)
        perp.append(f"{recv_ns},{recv_ns // MS + 1250},quote,59999.9,0.5,60000,0.5,,")
        spot.append(f"{recv_ns},,quote,{bid},0.003,{bid + Decimal('0.01')},0.5,,")
    (folder / "spot.BTCUSDT.csv.gz").write_bytes(gzip.compress("\n".join(spot).encode()))
    (folder / "usdm.BTCUSDT.csv.gz").write_bytes(gzip.compress("\n".join(perp).encode()))
    return folder


def assessed(tmp_path, capsys, spreads, *words, lang="en"):
    folder = recording(tmp_path / "r", spreads)
    code = run(["-o", "json", "--lang", lang, "assess", str(folder), "--dir", str(tmp_path / "out"), *words])
    found = json.loads(capsys.readouterr().out)
    assert code == 0
    return found, (tmp_path / "out" / "assess.html").read_text(encoding="utf-8")


def test_figures_are_those_that_a_hand_finds(tmp_path, capsys):
    found, _ = assessed(tmp_path, capsys, [20, 20, 34, 34, 34, 20, 40, 20, 10, 10], "--latency-ms", "150")
    by_event = {each["event"]: each for each in found["triggers"]}
    sell = by_event["sell_open"]
    assert (sell["met_times"], sell["met_s"]) == (2, 0.4)
    assert (sell["held_ms"]["min"], sell["held_ms"]["max"]) == (100, 300)
    assert (sell["capture"]["100"], sell["capture"]["200"]) == (1.0, 0.5)
    assert sell["units"] == {name: 3 if name != "count" else 2 for name in sell["units"]}
    assert (sell["edge"]["min"], sell["edge"]["max"]) == (4, 10)
    assert (sell["slippage"]["min"], sell["slippage"]["max"]) == (0, 20)
    assert by_event["buy_close"]["met_times"] == 1
    assert found["value"]["sell"]["max"] == 40.0
    assert found["tradable_units"]["sell"]["p50"] == 3
    perp = found["legs"][1]
    assert (perp["clock_offset_ms"]["p50"], perp["gap_ms"]["p50"], perp["width_ticks"]["p50"]) == (1250.0, 100.0, 1.0)
    assert found["made"] == []


def test_quotes_that_do_not_count_are_told_by_reason_and_not_measured(tmp_path, capsys):
    folder = recording(tmp_path / "r", [20, 20])
    for name, book in (("spot", "60020,0.003,60020.01,0.5"), ("usdm", "59999.9,0.5,60000,0.5")):
        path = folder / f"{name}.BTCUSDT.csv.gz"
        late = f"\n{T0 + 10_000 * MS},,quote,{book},,"
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + late.encode()))
    assert run(["-o", "json", "assess", str(folder), "--dir", str(tmp_path / "out")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["seconds"], found["counted_s"]["sell"], found["blocked_s"]["sell"]) == (10.0, 10.0, {})


def test_all_is_measured_over_the_time_that_the_legs_share(tmp_path, capsys):
    """Spot begins a second before the perpetual and goes on for ten after it."""
    folder = recording(tmp_path / "r", [20] * 10 + [34] * 20)
    path = folder / "spot.BTCUSDT.csv.gz"
    head, *rows = gzip.decompress(path.read_bytes()).decode().splitlines()
    early, late = (f"{T0 + at * MS},,quote,60034,0.003,60034.01,0.5,," for at in (-1_000, 12_900))
    path.write_bytes(gzip.compress("\n".join([head, early, *rows, late]).encode()))
    assert run(["-o", "json", "assess", str(folder), "--dir", str(tmp_path / "out")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["seconds"] == 2.9
    for side in ("sell", "buy"):
        assert found["counted_s"][side] + sum(found["blocked_s"][side].values()) == pytest.approx(2.9)
    sell = next(each for each in found["triggers"] if each["event"] == "sell_open")
    assert (sell["met_times"], sell["met_s"], sell["held_ms"]["max"]) == (1, 1.9, 1900)


def test_replay_counts_what_its_trigger_met_as_the_assessment_does(tmp_path, capsys):
    """Quantities of less than a unit among them: nobody could trade there."""
    folder = recording(tmp_path / "r", [20, 34, 34, 20, 40, 10, 34, 34, 10, 40] * 10)
    path = folder / "usdm.BTCUSDT.csv.gz"
    rows = gzip.decompress(path.read_bytes()).decode().splitlines()
    rows[3::7] = [row.replace("60000,0.5", "60000,0.001") for row in rows[3::7]]
    path.write_bytes(gzip.compress("\n".join(rows).encode()))
    found = {}
    for verb in (["assess"], ["replay", "--virtual"]):
        assert run(["-o", "json", *verb, str(folder), "--dir", str(tmp_path / verb[0])]) == 0
        told = json.loads(capsys.readouterr().out)
        rows = told["triggers"] if verb == ["assess"] else told["pairs"][0]["events"]
        found[verb[0]] = [(each["event"], each["met_times"], each["met_s"]) for each in rows]
    assert found["assess"] == found["replay"]
    assert all(times > 10 for _, times, _ in found["replay"])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_is_whole_by_itself_and_well_formed(tmp_path, capsys, lang):
    found, html = assessed(tmp_path, capsys, [20, 34, 20, 10] * 20, lang=lang)
    assert re.search(r"<script|https?://|src=|@import|url\(", html) is None
    plots = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(plots) >= 7
    for plot in plots:
        ET.fromstring(plot)
    assert f'lang="{lang}"' in html
    assert {"en": "Expected capture", "zh": "预期捕捉率"}[lang] in html
    assert {"en": "</i>ratio, raw<", "zh": "</i>比值(原始)<"}[lang] in html
    assert json.loads((tmp_path / "out" / "assess.json").read_text()) == {k: v for k, v in found.items() if k != "html"}


@pytest.mark.parametrize("verb", [["assess"], ["replay", "--virtual"]])
def test_made_book_is_called_made_wherever_it_shows(tmp_path, capsys, verb):
    from config.load import ROOT

    folder = recording(tmp_path / "r", [20, 34, 34, 20, 10, 10] * 20)
    (folder / "recording.toml").write_text(MADE, encoding="utf-8")
    config = tmp_path / "pair.toml"
    example = (ROOT / "config" / "examples" / "btc.toml").read_text(encoding="utf-8")
    config.write_text(example.replace('"PERP"', '"MADE-PERP"').replace("PERP.feed", "M.feed"), encoding="utf-8")
    words = [*verb, str(folder), "-c", str(config), "--dir", str(tmp_path / "out")]
    assert run(["-o", "json", *words]) == 0
    assert json.loads(capsys.readouterr().out)["made"] == ["MADE-PERP/PERP.BTCUSDT"]
    assert run([*words[:-1], str(tmp_path / "again")]) == 0
    told = capsys.readouterr()
    assert "MADE-PERP/PERP.BTCUSDT is MADE" in told.err
    if verb == ["assess"]:
        assert "Nobody recorded these books" in (tmp_path / "out" / "assess.html").read_text(encoding="utf-8")


def test_recording_without_a_pair_asks_for_one(tmp_path, capsys):
    folder = recording(tmp_path / "r", [20, 20])
    (folder / "recording.toml").write_text(MADE, encoding="utf-8")
    assert run(["assess", str(folder), "--dir", str(tmp_path / "out")]) == 2
    assert "-c FILE" in capsys.readouterr().err


def test_sample_tells_percentiles_of_what_it_was_given():
    sample = Sample()
    for value in range(1, 101):
        sample.add(value)
    assert {key: sample.told()[key] for key in ("count", "min", "p5", "p50", "p99", "max")} == {
        "count": 100, "min": 1, "p5": 5, "p50": 50, "p99": 99, "max": 100,
    }  # fmt: skip


def test_series_keeps_lows_and_highs_in_a_bounded_number_of_buckets():
    series = Series()
    for at in range(100_000):
        series.add(at * 50 * MS, (at % 7) - 3.0)
    points = series.points()
    assert len(points) <= 1200
    assert (min(low for _, low, _ in points), max(high for _, _, high in points)) == (-3.0, 3.0)


def test_histograms_hold_all_of_the_time():
    tally = Tally(None, above=True)
    for value, ns in ((1, 100), (3, 300), (40, 600)):
        tally.change(value)
        tally.hold(ns)
    assert sum(values[0] for _, values in histogram([tally])) == pytest.approx(100)
    assert {name: values[0] for name, values in by_decade([tally]) if values[0]} == {"1": 10.0, "2+": 30.0, "20+": 60.0}


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 17), (1.0002, 1.0012), (60_000, 61_000)])
def test_axis_shows_round_values_inside(low, high):
    ticks = nice(low, high)
    assert 3 <= len(ticks) <= 7
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)


def test_plot_of_nothing_is_left_out():
    assert bands("t", [Band("a", "one", [])]) == ""


def test_every_word_of_the_page_is_there_in_both_languages():
    assert all(english and chinese and english != chinese for english, chinese in WORDS.values())


WAY_MS = 0.3
"""From a row to the order that it led to, both ways of a virtual replay."""


def chances(folder, held_us):
    """Every 4 s the spread is 34 for so many us, of each in turn, and once 10 for half a second."""
    folder.mkdir()
    spot, perp = ["recv_ns,bid,bq,ask,aq"], ["recv_ns,bid,bq,ask,aq"]
    for place, us in enumerate(held_us):
        at_ns = T0 + place * 4_000 * MS
        for after_us, spread in ((0, 24), (100_000, 34), (100_000 + us, 24), (2_000_000, 10), (2_500_000, 24)):
            bid = 60_000 + Decimal(spread)
            spot.append(f"{at_ns + after_us * 1000},{bid},0.5,{bid + Decimal('0.01')},0.5")
        perp += [f"{at_ns + step * 100 * MS},59999.9,0.5,60000,0.5" for step in range(40)]
    (folder / "spot.BTCUSDT.csv.gz").write_bytes(gzip.compress("\n".join(spot).encode()))
    (folder / "usdm.BTCUSDT.csv.gz").write_bytes(gzip.compress("\n".join(perp).encode()))
    files = "".join(
        f'[[file]]\nvenue = "{venue}"\nsymbol = "{venue}.BTCUSDT"\npath = "{name}.BTCUSDT.csv.gz"\n'
        'time = { columns = ["recv_ns"] }\nbook = { bids = [["bid", "bq"]], asks = [["ask", "aq"]] }\n'
        for venue, name in (("SPOT", "spot"), ("PERP", "usdm"))
    )
    (folder / "recording.toml").write_text('name = "chances"\n' + files, encoding="utf-8")
    return folder


def expected_and_got(tmp_path, capsys, what, *words):
    """Of each event: what the assessment expects at the replay's own latency, and what a virtual replay got."""
    assert run(["-o", "json", "assess", what, "--latency-ms", str(WAY_MS), "--dir", str(tmp_path / "a"), *words]) == 0
    expected = json.loads(capsys.readouterr().out)["triggers"]
    assert run(["-o", "json", "replay", what, "--virtual", "--dir", str(tmp_path / "v"), *words]) == 0
    return list(zip(expected, json.loads(capsys.readouterr().out)["pairs"][0]["events"], strict=True))


def test_replay_gets_what_the_assessment_expects(tmp_path, capsys):
    """Half of the chances are shorter than the way to the venue: those hedges must be repaired."""
    from config.load import ROOT

    folder = chances(tmp_path / "r", [50, 500_000] * 6)
    (sell, sold), (buy, bought) = expected_and_got(tmp_path, capsys, str(folder), "-c", str(ROOT / "config" / "examples" / "btc.toml"))
    assert (sell["event"], sell["met_times"], sell["expected_capture"]) == ("sell_open", 12, 0.5)
    assert (sold["fired"], sold["whole"]) == (12, 6)
    assert sold["whole"] / sold["fired"] == sell["expected_capture"]
    assert (buy["expected_capture"], bought["whole"] / bought["fired"]) == (1.0, 1.0)
    assert bought["slippage"]["max"] == buy["slippage"]["max"] == 0
    assert (sell["slippage"]["p25"], sell["slippage"]["p75"]) == (0, 10)
    assert sold["slippage"]["p25"] == 0 < sold["slippage"]["max"] <= 10


@pytest.mark.slow
def test_replay_of_the_real_day_gets_about_what_the_assessment_expects(tmp_path, capsys):
    from tools.errors import ToolError
    from tools.replay_map import find_recording

    try:
        find_recording("btc-linear")
    except ToolError:
        pytest.skip("not run: no recorded data")
    for expected, got in expected_and_got(tmp_path, capsys, "btc-linear"):
        assert (got["met_times"], got["met_s"]) == (expected["met_times"], expected["met_s"])
        assert got["fired"] >= 10
        assert got["whole"] / got["fired"] == pytest.approx(expected["expected_capture"], abs=0.15)
        assert got["slippage"]["p50"] == pytest.approx(expected["slippage"]["p50"], abs=0.5)
