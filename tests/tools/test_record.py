"""Recording: what is kept, what is told as lost, what a crash leaves."""

import gzip
import json
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest

from config.load import ROOT
from gateways.replay.reader import COLUMNS, read_rows
from gateways.replay.rows import QuoteRow, StatusRow
from system.clock import SystemClock
from tools.cli import run
from tools.errors import ToolError
from tools.record_feed import FeedRecorder, Recorded, header_of
from tools.record_file import Parts, cut_torn
from tools.replay_map import find_recording
from wire.codec import encode
from wire.messages import FeedHeartbeat, MarketData, SecurityStatus

T0, MS, S = 1_723_161_255_000_000_000, 1_000_000, 1_000_000_000
SYMBOL = "V.X"


def parts(folder, most_bytes=1 << 20, most_ns=3600 * S) -> Parts:
    return Parts(folder, "V.X", header_of(2), most_bytes, most_ns)


class Feed:
    """A recorder that is fed by hand, and what it told."""

    def __init__(self, folder) -> None:
        self.told: list[str] = []
        self.one = Recorded(parts(folder), Decimal("0.2"), Decimal(1), 2)
        self.recorder = FeedRecorder("V", {SYMBOL: self.one}, 0, self.told.append)

    def hear(self, message, at_ms=0) -> None:
        self.recorder.frame(encode(message), T0 + at_ms * MS, at_ms * MS)

    def book(self, seq, at_ms, px=100) -> None:
        self.hear(MarketData(seq, SYMBOL, T0 + at_ms * MS - 7, T0 + at_ms * MS, [px, 3], [px + 1, 4, px + 2, 9], px, 12), at_ms)

    def lines(self) -> list[str]:
        return self.one.parts._lines


def test_books_and_changes_of_status_are_kept_and_repeats_are_not(tmp_path):
    feed = Feed(tmp_path)
    feed.hear(SecurityStatus(1, SYMBOL, T0, 17, 90, 110))
    feed.book(2, 5)
    feed.hear(SecurityStatus(3, SYMBOL, T0 + 1, 17, 90, 110), 6)
    feed.hear(MarketData(4, SYMBOL, T0 + 5 * MS - 7, T0 + 5 * MS, [100, 3], [101, 4, 102, 9], 100, 12), 800)
    assert (feed.one.books, feed.one.statuses, feed.one.repeats, feed.told) == (1, 1, 2, [])
    assert feed.lines() == [
        f"{T0},{T0},,status,,,,,,,,,,,17,18.0,22.0,,",
        f"{T0 + 5 * MS},{T0 + 5 * MS},{T0 + 5 * MS - 7},book,20.0,3,20.2,4,,,20.4,9,20.0,12,,,,,",
    ]


def test_missing_numbers_are_told_counted_and_in_the_file(tmp_path):
    feed = Feed(tmp_path)
    feed.book(7, 0)
    feed.book(8, 1)
    feed.book(12, 2)
    assert (feed.one.lost, feed.recorder.counts["gaps"]) == (3, 1)
    assert feed.told == ["record: V/V.X: lost 3 messages (9 to 11)"]
    assert feed.lines()[2].endswith(",gap,,,,,,,,,,,,,,3,lost")


def test_new_epoch_is_told_and_its_numbers_are_no_loss(tmp_path):
    feed = Feed(tmp_path)
    feed.hear(FeedHeartbeat(1, "V", 5, T0, True))
    feed.book(900, 1)
    feed.hear(FeedHeartbeat(1, "V", 6, T0, True), 2)
    feed.book(40, 3)
    assert (feed.one.lost, feed.recorder.counts["epochs"]) == (0, 1)
    assert "began anew" in feed.told[0]


def test_silence_and_a_lost_session_are_told_once_and_when_they_end(tmp_path):
    feed = Feed(tmp_path)
    feed.hear(FeedHeartbeat(1, "V", 5, T0, True))
    for at_ms in (900, 1100, 1200):
        feed.recorder.look(T0 + at_ms * MS, at_ms * MS)
    feed.hear(FeedHeartbeat(2, "V", 5, T0, False), 3000)
    assert feed.told == ["record: V: silent", "record: V: silent for 3000 ms", "record: V: the venue's session is down"]
    assert feed.recorder.counts["silences"] == 1


def test_frame_that_cannot_be_read_is_told(tmp_path):
    feed = Feed(tmp_path)
    feed.recorder.frame(b"\xc1", T0, 0)
    assert feed.recorder.counts["broken"] == 1
    assert len(feed.told) == 1


def test_rows_stand_in_order_when_the_clock_is_set_back(tmp_path):
    feed = Feed(tmp_path)
    feed.book(1, 50)
    feed.recorder.frame(encode(MarketData(2, SYMBOL, None, T0 + 1, [1, 1], [2, 1])), T0 - S, 60 * MS)
    assert [line.split(",")[0] for line in feed.lines()] == [str(T0 + 50 * MS)] * 2


def test_parts_end_by_size_and_by_age_and_each_is_whole(tmp_path):
    kept = parts(tmp_path, most_bytes=200, most_ns=10 * S)
    for at in range(40):
        kept.add(f"row {at} " + "x" * at)
        kept.flush(at * S)
    kept.close()
    files = sorted(tmp_path.glob("V.X.*.csv.gz"))
    assert len(files) == kept.parts > 3
    texts = [gzip.decompress(path.read_bytes()).decode().splitlines() for path in files]
    assert all(lines[0] == header_of(2) for lines in texts)
    assert [line.split()[1] for lines in texts for line in lines[1:]] == [str(at) for at in range(40)]


@pytest.mark.parametrize("torn", [1, 5, 15, 25])
def test_torn_end_is_cut_back_to_the_last_whole_member(tmp_path, torn):
    kept = parts(tmp_path)
    kept.add("a")
    kept.flush(0)
    kept.add("b" * 50)
    kept.flush(1)
    kept.close()
    path = next(tmp_path.glob("*.gz"))
    whole = path.read_bytes()
    path.write_bytes(whole + gzip.compress(b"never told")[:torn])
    again = parts(tmp_path)
    assert (again.cut_bytes, path.read_bytes() == whole) == (torn, True)
    again.add("c")
    again.flush(2)
    assert again.number == 2
    assert cut_torn(path) == 0


def test_disk_that_takes_nothing_is_told_and_leaves_the_file_whole(tmp_path, monkeypatch):
    kept = parts(tmp_path)
    kept.add("a")
    kept.flush(0)
    path = next(tmp_path.glob("*.gz"))
    whole = path.read_bytes()

    def full(_fd, _data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tools.record_file.os.write", full)
    kept.add("b")
    with pytest.raises(ToolError, match=r"No space left.*1 rows"):
        kept.flush(1)
    assert path.read_bytes() == whole


CONFIG = """
[[venue]]
name = "SPOT"
feed = "ipc://{folder}/SPOT.feed"
trade = "ipc://{folder}/SPOT.trade"
[[venue]]
name = "PERP"
feed = "ipc://{folder}/PERP.feed"
trade = "ipc://{folder}/PERP.trade"
"""


@pytest.fixture
def folder():
    """A folder whose name is short enough for sockets in it."""
    path = Path(tempfile.mkdtemp(prefix="hg"))
    yield path
    shutil.rmtree(path)


def made_recording(folder: Path) -> Path:
    """300 books of each market, 20 ms apart, no two alike."""
    folder.mkdir()
    for name, px, tick in (("spot", 60_000, "0.01"), ("usdm", 59_980, "0.1")):
        lines = [",".join(COLUMNS)]
        for step in range(300):
            bid = px + step * Decimal(tick)
            lines.append(f"{T0 + step * 20 * MS},{(T0 // MS) + step * 20 + 1250},quote,{bid},0.5,{bid + Decimal(tick)},0.25,,")
        (folder / f"{name}.BTCUSDT.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    return folder


def gateway(folder: Path, config: list[str], recording: Path, venue: str, start: str) -> subprocess.Popen:
    words = [str(ROOT / "hedgerow"), "gateway", "replay", *config, "--venue", venue, "--recording", str(recording)]
    words += ["--dir", str(folder / venue), "--feed", f"ipc://{folder}/{venue}.feed", "--trade", f"ipc://{folder}/{venue}.trade"]
    return subprocess.Popen([*words, "--start", start, "--speed", "2", "--with-parent"], env={"HEDGEROW_PYTHON": sys.executable})


@pytest.mark.slow
def test_recording_of_a_replay_holds_its_books_and_replays_again(folder, capsys):
    recording = made_recording(folder / "r")
    overlay = folder / "o.toml"
    overlay.write_text(CONFIG.format(folder=folder), encoding="utf-8")
    config = ["-c", str(ROOT / "config" / "examples" / "btc.toml"), "-c", str(overlay)]
    start = f"{T0}@{SystemClock().wall_ns() + 4 * S}"
    gateways = [gateway(folder, config, recording, venue, start) for venue in ("SPOT", "PERP")]
    try:
        words = ["record", str(folder / "kept"), *config, "--seconds", "9", "--rotate-mb", "0.001", "-o", "json"]
        assert run([*words[-2:], *words[:-2]]) == 0
    finally:
        for process in gateways:
            process.send_signal(signal.SIGTERM)
            process.wait(10)
    told = json.loads(capsys.readouterr().out)
    assert [(each["books"], each["lost"]) for each in told["instruments"]] == [(300, 0)] * 2
    assert all(each["parts"] > 1 for each in told["instruments"])
    again = find_recording(str(folder / "kept"))
    for told_file, name, sizes in zip(again.told.file, ("spot", "usdm"), (("0.01", "0.00001"), ("0.1", "0.001")), strict=True):
        first = list(read_rows(recording / f"{name}.BTCUSDT.csv.gz", *map(Decimal, sizes)))
        kept = list(read_rows(again.map_of(told_file.venue, told_file.symbol)[1], *map(Decimal, sizes), told_file))
        assert [(row.bids, row.asks) for row in kept if isinstance(row, QuoteRow)] == [(row.bids, row.asks) for row in first]
        assert [row.status for row in kept if isinstance(row, StatusRow)] == [18, 17, 18]
    assert run(["-o", "json", "replay", str(folder / "kept"), "--virtual", "--dir", str(folder / "v")]) == 0
    assert json.loads(capsys.readouterr().out)["books_equal"]


@pytest.mark.slow
def test_recorder_that_was_killed_goes_on_in_the_same_folder(folder, capsys):
    recording = made_recording(folder / "r")
    overlay = folder / "o.toml"
    overlay.write_text(CONFIG.format(folder=folder), encoding="utf-8")
    config = ["-c", str(ROOT / "config" / "examples" / "btc.toml"), "-c", str(overlay)]
    kept = folder / "kept"
    process = gateway(folder, config, recording, "SPOT", f"{T0}@{SystemClock().wall_ns() + 4 * S}")
    words = [str(ROOT / "hedgerow"), "record", str(kept), *config, "--venue", "SPOT"]
    try:
        first = subprocess.Popen(words, env={"HEDGEROW_PYTHON": sys.executable})
        until(lambda: sum(path.stat().st_size for path in kept.glob("*.gz")) > 1000)
        assert run(words[1:]) == 5
        assert "held by" in capsys.readouterr().err
        first.kill()
        first.wait(10)
        assert run(["-o", "json", *words[1:], "--seconds", "4"]) == 0
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
    again = find_recording(str(kept))
    paths = again.map_of("SPOT", "SPOT.BTCUSDT")[1]
    books = list(read_rows(paths, Decimal("0.01"), Decimal("0.00001"), again.told.file[0]))
    asks = [row.asks[0] for row in books if isinstance(row, QuoteRow)]
    assert len(paths) == 2
    assert asks[-1] - asks[0] >= 250
    assert asks == sorted(asks)


def until(holds, limit_s: int = 30) -> None:
    """Look until it holds; a process is waited for by what it leaves."""
    clock = SystemClock()
    end_ns = clock.mono_ns() + limit_s * S
    while not holds():
        assert clock.mono_ns() < end_ns
        select.select([], [], [], 0.05)


def test_start_that_failed_binds_the_folder_to_nothing(tmp_path, capsys):
    shutil.copy(ROOT / "config" / "examples" / "copper.toml", tmp_path / "desk.toml")
    words = ["record", str(tmp_path / "kept"), "-c", str(tmp_path / "desk.toml"), "--seconds", "1"]
    for depth in ("2", "3"):
        assert run([*words, "--depth", depth]) == 2
        assert "a directory that exists" in capsys.readouterr().err
    (tmp_path / "kept" / "SHFE.x.000001.csv.gz").touch()
    assert run([*words, "--depth", "4"]) == 2
    assert "describes another recording" in capsys.readouterr().err
