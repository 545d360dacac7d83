from decimal import Decimal

import pytest

from config.load import ROOT, load_checked
from domain.errors import ConfigError
from gateways.replay.reader import COLUMNS
from tools.replay_config import config_of, overlay_text, plays_of
from tools.replay_map import find_recording
from tools.replay_spread import Survey, Tally
from tools.walk import Walk, played_of

EXAMPLE = ROOT / "config" / "examples" / "btc.toml"
FILES = ("spot.BTCUSDT.csv.gz", "usdm.BTCUSDT.csv.gz")

T0, S = 1_723_161_255_000_000_000, 1_000_000_000


def recording(folder, spot_bids, perp_asks):
    """Quotes a second apart; spot one tick wide, the perpetual too."""
    books = (
        ("spot.BTCUSDT.csv.gz", [(bid, bid + Decimal("0.01")) for bid in spot_bids], "0.5"),
        ("usdm.BTCUSDT.csv.gz", [(ask - Decimal("0.1"), ask) for ask in perp_asks], "0.5"),
    )
    import gzip

    for name, touches, qty in books:
        rows = [f"{T0 + at * S},,quote,{bid},{qty},{ask},{qty},," for at, (bid, ask) in enumerate(touches)]
        (folder / name).write_bytes(gzip.compress("\n".join([",".join(COLUMNS), *rows]).encode()))
    return folder


def walked(tmp_path, seconds=None):
    folder = recording(tmp_path, [Decimal(60_020), Decimal(60_040), Decimal(60_010)], [Decimal(60_000)] * 3)
    config = config_of([EXAMPLE])
    walk = Walk(config, played_of(plays_of(config, find_recording(str(folder)), tmp_path / "d", tmp_path / "s")))
    found = Survey(walk, walk.looks[0])
    walk.run(seconds)
    found.end()
    return walk, found


def test_survey_tells_the_executable_spread_and_how_long_it_met_the_trigger(tmp_path):
    walk, found = walked(tmp_path)
    assert found.told()["sell"] == {
        "min": 20.0, "max": 40.0, "p5": 20.0, "p50": 20.0, "p95": 40.0, "threshold": 30.0, "met_times": 1, "met_s": 1.0,
    }  # fmt: skip
    assert found.told()["buy"]["met_times"] == 1
    assert found.events["sell_open"].episodes == [(T0 + S, S)]
    assert [span.rows for span in walk.spans.values()] == [3, 3]


def test_survey_reads_no_further_than_asked(tmp_path):
    assert [span.rows for span in walked(tmp_path, seconds=2)[0].spans.values()] == [2, 2]


def test_tally_without_a_value_tells_nothing():
    assert Tally(None, above=True).told() == {}


def test_tally_knows_how_long_the_episode_of_a_moment_held():
    tally = Tally(10.0, above=True)
    for at, value in ((0, 5.0), (100, 12.0), (400, 3.0), (900, 11.0)):
        tally.change(value, at * 1_000_000)
    tally.end(1_000 * 1_000_000)
    assert [tally.held_at(ms * 1_000_000) for ms in (50, 100, 401, 450, 950)] == [None, 300_000_000, 300_000_000, None, 100_000_000]


def test_absent_recording_is_told_with_what_to_do(tmp_path):
    with pytest.raises(Exception, match=r"no recorded data.*HEDGEROW_DATA"):
        find_recording(str(tmp_path))


@pytest.mark.parametrize("inside", ["", "btc-2024-08-08"])
def test_data_is_found_by_argument_then_variable(tmp_path, monkeypatch, inside):
    (tmp_path / inside).mkdir(exist_ok=True)
    for name in FILES:
        (tmp_path / inside / name).touch()
    monkeypatch.setenv("HEDGEROW_DATA", str(tmp_path))
    assert find_recording(None).data == tmp_path / inside
    with pytest.raises(Exception, match="elsewhere"):
        find_recording("btc-linear", "elsewhere")


def test_recording_that_nobody_knows_is_told_with_those_that_are():
    with pytest.raises(Exception, match="btc-linear"):
        find_recording("btc-linaer")


@pytest.mark.parametrize(("speed", "cooldown"), [(1, 1000), (10, 100)])
def test_overlay_lies_over_the_example_and_passes_its_checks(tmp_path, speed, cooldown):
    for name in FILES:
        (tmp_path / name).touch()
    told = config_of([EXAMPLE])
    plays = plays_of(told, find_recording(str(tmp_path)), tmp_path / "d", tmp_path / "s")
    overlay = tmp_path / "replay.toml"
    overlay.write_text(overlay_text(told, plays, tmp_path / "node", speed, None), encoding="utf-8")
    config = load_checked([EXAMPLE, overlay])
    assert [venue.feed for venue in config.venue] == [play.feed for play in plays]
    assert (config.node.dir, config.pair[0].defaults.cooldown_ms) == (str(tmp_path / "node"), cooldown)
    assert {each.calendar for each in config.instrument} == {"venue"}


def test_leg_that_nobody_recorded_is_refused(tmp_path):
    for name in FILES:
        (tmp_path / name).touch()
    file = tmp_path / "other.toml"
    file.write_text(EXAMPLE.read_text(encoding="utf-8").replace("PERP.BTCUSDT", "PERP.ETHUSDT"), encoding="utf-8")
    with pytest.raises(ConfigError, match="one that is recorded"):
        plays_of(config_of([file]), find_recording(str(tmp_path)), tmp_path, tmp_path)
