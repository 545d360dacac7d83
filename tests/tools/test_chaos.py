"""`sim chaos`: bad lines, limits and clocks; the line by itself, and one run."""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from config.load import ROOT
from system.clock import SteppedClock, WallOffset, chance
from tools.chaos import PARTS, checks_of
from tools.chaos_proxy import MS, Line, Rates
from tools.demo import checked
from tools.errors import UsageError

ENV = {**os.environ, "HEDGEROW_PYTHON": sys.executable}


@pytest.fixture
def line(tmp_path):
    def make(**rates):
        path = tmp_path / "rates.json"
        path.write_text(json.dumps(rates))
        struck = Counter()
        return Line("up", chance(5), Rates(path), struck), struck

    return make


def through(line, count):
    for number in range(count):
        line.push(number, "to", [bytes([number])])
    return [frames[0][0] for _, frames in line.taken(10_000 * MS)]


def test_honest_line_passes_everything_at_once_in_order(line):
    made, struck = line()
    made.push(0, "to", [b"a"])
    assert made.next_ns == 0
    assert made.taken(0) == [("to", [b"a"])]
    assert through(made, 50) == list(range(50))
    assert not struck


def test_line_drops_repeats_and_reorders_what_it_says(line):
    made, struck = line(drop=0.2, repeat=0.2, reorder=0.1)
    seen = through(made, 200)
    held = made._held is not None
    assert len(set(seen)) == 200 - struck["up drop"] - held
    assert len(seen) == len(set(seen)) + sum(count - 1 for count in Counter(seen).values())
    assert struck["up repeat"] > 10 and struck["up reorder"] > 5
    assert seen != sorted(seen)


def test_delayed_message_comes_at_its_time(line):
    made, struck = line(delay=1)
    made.push(0, "to", [b"a"])
    due = made.next_ns
    assert due >= MS and struck == {"up delay": 1}
    assert made.taken(due - 1) == [] and len(made.taken(due)) == 1


def test_cut_loses_what_is_on_its_way(line):
    made, _ = line(delay=1)
    through(made, 0)
    made.push(0, "to", [b"a"])
    made.clear()
    assert made.next_ns is None


@pytest.mark.parametrize("text", ["{", '{"dorp": 1}', '{"drop": -1}', '{"drop": "x"}'])
def test_rates_that_can_not_be_are_said(tmp_path, text):
    path = tmp_path / "rates.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="drop"):
        Rates(path)
    with pytest.raises(UsageError, match=r"none\.json"):
        Rates(tmp_path / "none.json")


def test_wall_clock_is_set_off_for_whoever_has_the_file_and_time_goes_on(tmp_path):
    ours, theirs = WallOffset(tmp_path), WallOffset(tmp_path)
    clock, plain = SteppedClock(0, theirs), SteppedClock(0, WallOffset(Path(tempfile.mkdtemp(dir=tmp_path))))
    ours.set(-3_600_000_000_000)
    assert theirs.ns == -3_600_000_000_000
    assert 3_590e9 < plain.wall_ns() - clock.wall_ns() < 3_610e9
    before = clock.mono_ns()
    ours.set(0)
    assert clock.mono_ns() >= before


def test_chaos_holds_only_if_each_check_does():
    for times in (None, 7):
        found = {each.name: each.wanted for each in checks_of(times)}
        assert all(row["met"] for row in checked(found, checks_of(times)))
        for each in checks_of(times):
            worse = {**found, each.name: not each.wanted if isinstance(each.wanted, bool) else -1 if each.compare == ">=" else each.wanted + 1}
            assert [row["check"] for row in checked(worse, checks_of(times)) if not row["met"]] == [each.name]


@pytest.mark.slow
def test_real_processes_on_bad_lines_come_to_rest_whole():
    with tempfile.TemporaryDirectory(prefix="hg") as made:
        folder = Path(made) / "c"
        command = [str(ROOT / "hedgerow"), "-o", "json", "sim", "chaos", "--seconds", "25", "--seed", "4", "--dir", str(folder)]
        done = subprocess.run(command, env=ENV, capture_output=True, text=True, timeout=280, check=False)
        assert done.stdout, done.stderr
        found = json.loads(done.stdout)
        wrong = {row["check"]: row["found"] for row in found["checks"] if not row["met"]}
        assert (done.returncode, wrong, found["problems"]) == (0, {}, []), done.stderr
        assert {"down drop", "up repeat", "feed delay"} & set(found["struck"]) and set(PARTS) & set(found["struck"])
        for proc in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                assert str(folder).encode() not in proc.read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
