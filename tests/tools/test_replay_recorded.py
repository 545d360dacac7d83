"""The runs on real recordings: not run, and said so, where they are absent."""

import json
import shutil
import tempfile
from pathlib import Path

import pytest

from tools.cli import run
from tools.errors import ToolError
from tools.replay_map import find_recording, names

HEDGES_LEAST = 10


@pytest.fixture
def folder():
    """A folder whose name is short enough for sockets in it."""
    path = Path(tempfile.mkdtemp(prefix="hg"))
    yield path
    shutil.rmtree(path)


def recorded(name: str) -> str:
    """The recording's name, where its data is on this machine."""
    try:
        find_recording(name)
    except ToolError:
        pytest.skip("not run: no recorded data")
    return name


def replayed(capsys, *words: str) -> dict:
    code = run(["-o", "json", "replay", *words])
    found = json.loads(capsys.readouterr().out)
    assert code == 0, found["problems"]
    assert (found["books_equal"], found["journal_verified"], found["working"], found["naked_qty"]) == (True, True, 0, 0)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("name", "seconds"), [("btc-linear", "400"), ("btc-inverse", "400"), ("if-ctp", "1200")])
def test_virtual_replay_hedges_and_tells_its_pace(name, seconds, folder, capsys):
    found = replayed(capsys, recorded(name), "--virtual", "--seconds", seconds, "--dir", str(folder / "d"))
    assert found["hedges"] >= HEDGES_LEAST
    assert found["virtual_over_real"] == pytest.approx(found["seconds"] / found["run_s"], rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "seconds", "speeds"),
    [("btc-linear", "240", ("max", "100")), ("btc-linear", "15", ("max", "10")), ("btc-linear", "3", ("max", "1"))],
)
def test_virtual_replay_is_the_same_byte_for_byte_at_every_speed(name, seconds, speeds, folder, capsys):
    found = [
        replayed(capsys, recorded(name), "--virtual", "--seconds", seconds, "--speed", speed, "--dir", str(folder / speed))
        for speed in speeds
    ]
    assert len({each["journal_sha256"] for each in found}) == 1
    assert all(each["hedge_list"] == found[0]["hedge_list"] for each in found)


@pytest.mark.slow
def test_two_pairs_on_one_spot_account_hedge_the_real_day_at_once(folder, capsys):
    found = replayed(capsys, recorded("btc-linear"), "btc-inverse", "--virtual", "--dir", str(folder / "d"))
    assert [each["pair"] for each in found["pairs"]] == ["BTC", "BTC-INV"]
    assert all(each["hedges"] >= HEDGES_LEAST and each["naked_qty"] == 0 for each in found["pairs"])
    assert [each["account"] for each in found["money"]] == ["COINM/BTC", "PERP/USDT", "SPOT/USDT"]
    assert found["money_equal"]
    assert {row["hedge"].partition(".")[0] for row in found["hedge_list"]} == {"BTC", "BTC-INV"}


@pytest.mark.slow
def test_fees_of_the_real_day_are_the_schedules_and_equal_on_both_sides(folder, capsys):
    """A taker's 0.1 % on spot and 0.05 % on both perpetuals, an inverse one's in coins."""
    from decimal import Decimal

    from config.load import ROOT

    fees = {"SPOT.BTCUSDT": "0.001", "PERP.BTCUSDT": "0.0005", "COINM.BTCUSD_PERP": "0.0005"}
    rows = "".join(
        f'[[instrument]]\nvenue = "{symbol.partition(".")[0]}"\nsymbol = "{symbol}"\nfees = {{ open_rate = "{rate}", close_rate = "{rate}" }}\n'
        for symbol, rate in fees.items()
    )
    (folder / "fees.toml").write_text(rows, encoding="utf-8")
    pairs = (ROOT / "config" / "examples" / "btc.toml", ROOT / "config" / "recordings" / "pairs" / "btc-inverse.toml", folder / "fees.toml")
    words = [word for file in pairs for word in ("-c", str(file))]
    found = replayed(capsys, recorded("btc-linear"), "btc-inverse", "--virtual", *words, "--dir", str(folder / "d"))
    assert found["money_equal"]
    assert {each["account"]: Decimal(each["our_fees"]) > 0 for each in found["money"]} == dict.fromkeys(("COINM/BTC", "PERP/USDT", "SPOT/USDT"), True)


@pytest.mark.slow
def test_lunch_break_and_hours_of_the_day_are_kept(folder, capsys):
    found = replayed(capsys, recorded("a50-if"), "--virtual", "--seconds", "14400", "--dir", str(folder / "d"))
    assert found["hedges"] >= HEDGES_LEAST
    from journal.reader import read

    fired = [record.wall_ns for record in read(folder / "d" / "node" / "journal") if record.kind == "decision"]
    noon, one = 1_390_966_200_000_000_000, 1_390_971_600_000_000_000  # 11:30 and 13:00 in Shanghai
    assert [at for at in fired if noon - 5_000_000_000 < at < one] == []
    assert any(noon - 7_800_000_000_000 < at < noon for at in fired)  # from the first bar, 09:20
    assert any(at > one for at in fired)


@pytest.mark.parametrize("name", names())
def test_maps_that_come_with_the_program_read_their_first_rows(name):
    from tools.replay_config import config_of, plays_of

    recording = find_recording(recorded(name))
    for play in plays_of(config_of(recording.config_files()), recording, Path("x"), Path("x")):
        for played in play.played:
            rows = played.rows()
            first = [next(rows).recv_ns for _ in range(50)]
            assert first == sorted(first)
