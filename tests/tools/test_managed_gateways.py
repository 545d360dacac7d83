"""Gateways with a command: the node's own, but for its crash."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Event

import pytest

from config.load import ROOT
from system import processes
from tools.cli import run

pytestmark = pytest.mark.slow
ENV = {**os.environ, "HEDGEROW_PYTHON": sys.executable}
VENUES = ("SHFE", "COMEX", "FX")
LOOK_S = 0.02
PATIENCE_S = 20.0


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="hg") as made:
        yield Path(made)


@pytest.fixture
def config(folder):
    overlay = folder / "over.toml"
    overlay.write_text(f'[node]\nname = "n"\nmode = "observe"\ndir = "{folder}/node"\n')
    return [str(ROOT / "config" / "examples" / "copper.toml"), str(overlay)]


@pytest.fixture
def node(config):
    """Starts a node, once it says that it is ready; all are ended."""
    started = []

    def start() -> subprocess.Popen:
        words = [str(ROOT / "hedgerow"), "run", "-c", config[0], "-c", config[1], "--with-parent"]
        process = subprocess.Popen(words, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        started.append(process)
        assert "ready" in process.stdout.readline()
        return process

    yield start
    for process in started:
        process.kill()
        process.wait(10)
        process.stdout.close()


def gateways(folder: Path) -> list[processes.Process | None]:
    return [processes.adopt(folder / "node" / "gateways" / f"{venue}.pid") for venue in VENUES]


def until(holds) -> None:
    pause, looks = Event(), int(PATIENCE_S / LOOK_S)
    assert any(holds() or pause.wait(LOOK_S) for _ in range(looks))


def test_gateways_outlive_a_crash_are_adopted_and_end_with_stop(folder, node):
    first = node()
    until(lambda: all(gateways(folder)))
    before = gateways(folder)
    try:
        first.kill()
        first.wait(10)
        assert gateways(folder) == before
        second = node()
        assert all(os.getsid(each.pid) == each.pid for each in before)
        second.send_signal(signal.SIGTERM)
        assert second.wait(PATIENCE_S) == 0
        assert gateways(folder) == [None, None, None]
        assert not any(processes.alive(each) for each in before)
    finally:
        for each in before:
            processes.send_signal(each, signal.SIGKILL)


def test_a_gateway_that_dies_is_started_again(folder, node):
    running = node()
    until(lambda: all(gateways(folder)))
    killed = gateways(folder)[0]
    processes.send_signal(killed, signal.SIGKILL)
    until(lambda: gateways(folder)[0] not in (None, killed))
    running.send_signal(signal.SIGTERM)
    assert running.wait(PATIENCE_S) == 0
    assert gateways(folder) == [None, None, None]


def test_one_gateway_is_restarted_by_a_word_and_the_others_stay(folder, node, capsys):
    running = node()
    until(lambda: all(gateways(folder)))
    before = gateways(folder)
    where = ("--dir", str(folder / "node"), "-y", "--reason", "a test")
    assert run(["gateway", "restart", "COMEX", *where]) == 0
    until(lambda: gateways(folder)[1] not in (None, before[1]))
    assert [gateways(folder)[0], gateways(folder)[2]] == [before[0], before[2]]
    assert not processes.alive(before[1])
    assert run(["gateway", "restart", "NYMEX", *where]) == 1
    assert "no venue 'NYMEX'; there are: SHFE, COMEX, FX" in capsys.readouterr().err
    running.send_signal(signal.SIGTERM)
    assert running.wait(PATIENCE_S) == 0
    assert gateways(folder) == [None, None, None]


def test_a_gateway_that_hangs_is_ended_and_started_again(folder, node, config):
    with Path(config[1]).open("a") as overlay:
        overlay.write('\n[[venue]]\nname = "SHFE"\nhang_ms = 500\n')
    first = node()
    until(lambda: all(gateways(folder)))
    first.kill()
    first.wait(10)
    second = node()  # adopts them: they have had their time to start
    hung, *others = gateways(folder)
    processes.send_signal(hung, signal.SIGSTOP)
    until(lambda: gateways(folder)[0] not in (None, hung))
    assert not processes.alive(hung)
    assert gateways(folder)[1:] == others
    second.send_signal(signal.SIGTERM)
    assert second.wait(PATIENCE_S) == 0
    assert gateways(folder) == [None, None, None]
