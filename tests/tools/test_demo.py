"""The demo over its real processes: short runs, and ends before their time."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from config.load import ROOT
from system.locks import read_holder
from tools.demo import CHECKS, checked

pytestmark = pytest.mark.slow
ENV = {**os.environ, "HEDGEROW_PYTHON": sys.executable}


@pytest.fixture
def folder():
    """A short path, as sockets want; all that mentions it must be gone after."""
    with tempfile.TemporaryDirectory(prefix="hg") as made:
        yield Path(made) / "run"


def demo(folder: Path, *words: str) -> subprocess.Popen:
    command = [str(ROOT / "hedgerow"), "demo", "--dir", str(folder), *words]
    return subprocess.Popen(command, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def running(folder: Path) -> list[str]:
    """Command lines of processes that were started for this folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in words:
            found.append(words)
    return found


def until_a_line(process: subprocess.Popen, word: str) -> None:
    """Read the demo's messages as far as a line with that word."""
    for line in process.stderr:
        if word in line:
            return
    pytest.fail(f"the demo ended without a word of {word!r}")


def test_demo_leaves_books_equal_nothing_naked_and_nobody_behind(folder):
    process = demo(folder, "--seconds", "9", "-o", "json")
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode in (0, 3), stderr
    found = json.loads(stdout)
    assert found["problems"] == []
    met = {each["check"]: each["met"] for each in found["checks"]}
    assert {name: held for name, held in met.items() if not held and name not in ("hedges", "replenished", "rolled_back")} == {}
    assert found["hedges"] >= 3 and found["fills"] >= 6 and found["naked_qty"] == 0
    assert running(folder) == []
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_ends_all_that_it_started_when_it_is_interrupted(folder, number):
    process = demo(folder, "--seconds", "50")
    until_a_line(process, "CU03xHGH")
    assert len(running(folder)) == 7  # the demo, the exchange, the node, its watcher and three gateways
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, "interrupted" in stderr) == (130, True)
    assert running(folder) == []


def test_demo_says_so_when_its_node_dies_and_leaves_nobody_behind(folder):
    process = demo(folder, "--seconds", "50")
    until_a_line(process, "CU03xHGH")
    os.kill(read_holder(folder / "node" / "journal")["pid"], signal.SIGKILL)
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, "node ended before its time" in stderr) == (1, True)
    assert running(folder) == []


def test_demo_refuses_a_folder_that_is_not_empty(folder):
    folder.mkdir()
    (folder / "mine").write_text("kept")
    process = demo(folder)
    _, stderr = process.communicate(timeout=30)
    assert (process.returncode, "another --dir" in stderr) == (2, True)
    assert (folder / "mine").read_text() == "kept"


def test_a_demo_holds_only_if_each_check_does():
    found = {each.name: each.wanted for each in CHECKS}
    assert all(each["met"] for each in checked(found))
    for each in CHECKS:
        worse = {**found, each.name: not each.wanted if isinstance(each.wanted, bool) else each.wanted - 1}
        assert [row["check"] for row in checked(worse) if not row["met"]] == [each.name]
