"""The replay as a whole: real processes, a recording of ours, and the real one."""

import gzip
import json
import shutil
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest

from gateways.replay.reader import COLUMNS
from tools.cli import run
from tools.errors import ToolError
from tools.replay_map import find_recording

T0, MS = 1_723_161_255_000_000_000, 1_000_000
SPREADS = (20, 34, 20, 14)
PHASE_MS, STEP_MS = 5_000, 100


@pytest.fixture
def folder():
    """A folder whose name is short enough for sockets in it."""
    path = Path(tempfile.mkdtemp(prefix="hg"))
    yield path
    shutil.rmtree(path)


def made_recording(folder: Path, phases: int) -> Path:
    """Spot above the perpetual by each of SPREADS in turn, for 5 s each."""
    spot, perp = [",".join(COLUMNS)], [",".join(COLUMNS)]
    for step in range(phases * PHASE_MS // STEP_MS):
        recv_ns = T0 + step * STEP_MS * MS
        bid = 60_000 + Decimal(SPREADS[step * STEP_MS // PHASE_MS % len(SPREADS)])
        qty = Decimal("0.5") + Decimal(step % 7) / 100
        spot.append(f"{recv_ns},,quote,{bid},{qty},{bid + Decimal('0.01')},{qty},,")
        perp.append(f"{recv_ns},{recv_ns // MS + 1269},quote,59999.9,{qty},60000,{qty},,")
    folder.mkdir()
    (folder / "spot.BTCUSDT.csv.gz").write_bytes(gzip.compress("\n".join(spot).encode()))
    (folder / "usdm.BTCUSDT.csv.gz").write_bytes(gzip.compress("\n".join(perp).encode()))
    return folder


def test_absent_recording_ends_with_what_to_do(tmp_path, capsys):
    assert run(["replay", str(tmp_path), "--dir", str(tmp_path / "d")]) == 1
    assert "no recorded data" in capsys.readouterr().err


def test_folder_that_holds_something_is_refused(folder, capsys):
    recording = made_recording(folder / "r", 1)
    assert run(["replay", str(recording), "--dir", str(folder)]) == 2
    assert "not empty" in capsys.readouterr().err


def test_bad_row_is_told_before_anything_starts(folder, capsys):
    recording = made_recording(folder / "r", 1)
    (recording / "usdm.BTCUSDT.csv.gz").write_bytes(
        gzip.compress(f"{','.join(COLUMNS)}\n{T0},,quote,1.05,1,2,1,,".encode())
    )
    assert run(["replay", str(recording), "--dir", str(folder / "d")]) == 2
    assert "usdm.BTCUSDT.csv.gz:2: bid" in capsys.readouterr().err
    assert list((folder / "d").iterdir()) == []


def test_virtual_replay_writes_the_same_journal_at_every_speed(folder, capsys):
    recording = made_recording(folder / "r", 8)
    found = []
    for place, speed in enumerate(("max", "100", "40")):
        words = ["replay", str(recording), "--virtual", "--speed", speed, "--dir", str(folder / f"d{place}"), "-o", "json"]
        assert run(words) == 0
        found.append(json.loads(capsys.readouterr().out))
    assert len({each["journal_sha256"] for each in found}) == 1
    assert found[0]["opened"] >= 2
    assert found[0]["hedge_list"] == found[1]["hedge_list"] == found[2]["hedge_list"]
    assert found[2]["virtual_over_real"] <= 40.5  # paced; a busy machine may be slower than that, at any speed


def test_processes_have_no_pace_without_a_number(capsys):
    assert run(["replay", "--speed", "max"]) == 2
    assert "add --virtual" in capsys.readouterr().err


@pytest.mark.slow
def test_replay_trades_a_recording_and_the_books_are_equal(folder, capsys):
    recording = made_recording(folder / "r", 8)
    code = run(["replay", str(recording), "--speed", "10", "--dir", str(folder / "d"), "-o", "json"])
    found = json.loads(capsys.readouterr().out)
    assert code == 0, found
    assert (found["books_equal"], found["journal_verified"], found["working"], found["naked_qty"]) == (True, True, 0, 0)
    assert found["opened"] >= 2
    assert found["closed"] >= 1
    assert found["spread"]["sell"]["max"] == 34.0
    assert found["positions"]["SPOT/SPOT.BTCUSDT"]["venue"] == -100 * found["positions"]["PERP/PERP.BTCUSDT"]["venue"]


@pytest.mark.slow
def test_replay_of_the_real_recording_hedges_and_the_books_are_equal(folder, capsys):
    try:
        find_recording(None)
    except ToolError:
        pytest.skip("not run: no recorded data")
    code = run(["replay", "--speed", "20", "--dir", str(folder / "d"), "-o", "json"])
    found = json.loads(capsys.readouterr().out)
    assert code == 0, found
    assert found["books_equal"]
    assert found["hedges"] >= 5
    assert all(row["kind"] and row["cause"] for row in found["differences"])
