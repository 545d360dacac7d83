from decimal import Decimal

import pytest

from config.load import load_checked
from domain.errors import ConfigError
from gateways.replay.reader import COLUMNS
from tools.replay_config import EXAMPLE, RECORDINGS, legs_of, overlay_text, recording_at
from tools.replay_spread import Survey, Tally

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


def survey(tmp_path, seconds=None):
    folder = recording(tmp_path, [Decimal(60_020), Decimal(60_040), Decimal(60_010)], [Decimal(60_000)] * 3)
    legs = legs_of(EXAMPLE, folder, tmp_path / "d", tmp_path / "s")
    found = Survey(load_checked([EXAMPLE]), tuple(leg.played for leg in legs))
    found.read(seconds)
    return found


def test_survey_tells_the_executable_spread_and_how_long_it_met_the_trigger(tmp_path):
    found = survey(tmp_path)
    assert found.sell.told() == {
        "min": 20.0, "max": 40.0, "p5": 20.0, "p50": 20.0, "p95": 40.0, "threshold": 30.0, "met_times": 1, "met_s": 1.0,
    }  # fmt: skip
    assert found.buy.told()["met_times"] == 1
    assert [span.rows for span in found.spans] == [3, 3]


def test_survey_reads_no_further_than_asked(tmp_path):
    assert [span.rows for span in survey(tmp_path, seconds=2).spans] == [2, 2]


def test_tally_without_a_value_tells_nothing():
    assert Tally(None, above=True).told() == {}


def test_absent_recording_is_told_with_what_to_do(tmp_path):
    with pytest.raises(Exception, match=r"no recorded data.*HEDGEROW_DATA"):
        recording_at(str(tmp_path))


def test_recording_is_found_by_argument_then_variable(tmp_path, monkeypatch):
    for name in RECORDINGS.values():
        (tmp_path / name).touch()
    monkeypatch.setenv("HEDGEROW_DATA", str(tmp_path))
    assert recording_at(None) == tmp_path
    with pytest.raises(Exception, match="elsewhere"):
        recording_at("elsewhere")


def test_overlay_lies_over_the_example_and_passes_its_checks(tmp_path):
    legs = legs_of(EXAMPLE, tmp_path, tmp_path / "d", tmp_path / "s")
    overlay = tmp_path / "replay.toml"
    overlay.write_text(overlay_text("BTC", legs, tmp_path / "node"), encoding="utf-8")
    config = load_checked([EXAMPLE, overlay])
    assert [venue.feed for venue in config.venue] == [leg.feed for leg in legs]
    assert (config.node.dir, config.defaults.cooldown_ms, len(config.pair)) == (str(tmp_path / "node"), 100, 1)


def test_leg_that_nobody_recorded_is_refused(tmp_path):
    file = tmp_path / "other.toml"
    file.write_text(EXAMPLE.read_text(encoding="utf-8").replace("PERP.BTCUSDT", "PERP.ETHUSDT"), encoding="utf-8")
    with pytest.raises(ConfigError, match="one that is recorded"):
        legs_of(file, tmp_path, tmp_path, tmp_path)
