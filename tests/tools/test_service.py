"""A node under a service manager: ready, alive, changed, stopping; by its words."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from config.load import ROOT
from system import processes

pytestmark = pytest.mark.slow
WATCHDOG_US = 600_000


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="hg") as made:
        yield Path(made)


class Manager:
    """Reads all the time, as a service manager does: its queue holds but a few words."""

    def __init__(self, address):
        self.address = address
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.listener.bind(address)
        self.words = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while word := self.listener.recv(4096):
            self.words.put(word.decode())
        self.listener.close()

    def until(self, begin):
        """The next word that begins so; others are passed over, a minute long."""
        limit = time.monotonic() + 60
        while not (word := self.words.get(timeout=30)).startswith(begin):
            assert time.monotonic() < limit, f"no {begin}"
        return word

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.address)


@pytest.fixture
def manager(folder):
    made = Manager(str(folder / "notify"))
    yield made
    made.close()


@pytest.fixture
def files(folder):
    overlay = folder / "over.toml"
    overlay.write_text(f'[node]\nname = "n"\nmode = "observe"\ndir = "{folder}/node"\n')
    return [str(ROOT / "config" / "examples" / "copper.toml"), str(overlay)]


@pytest.fixture
def node(folder, manager, files):
    env = {
        **os.environ, "HEDGEROW_PYTHON": sys.executable, "NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": str(WATCHDOG_US),
    }  # fmt: skip
    words = [str(ROOT / "hedgerow"), "run", *(word for file in files for word in ("-c", file)), "--with-parent"]
    process = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait(10)
    for pid_file in (folder / "node" / "gateways").glob("*.pid"):
        left = processes.adopt(pid_file)
        if left is not None:
            processes.end(left, 5_000)


def test_a_node_says_when_it_is_ready_that_it_lives_and_that_it_stops(folder, manager, node):
    ready = manager.until("READY=1")
    assert ready.split("\n")[1].startswith("STATUS=node n, observe, epoch ")
    manager.until("WATCHDOG=1")
    manager.until("WATCHDOG=1")
    gateway = processes.adopt(folder / "node" / "gateways" / "SHFE.pid")
    environ = Path(f"/proc/{gateway.pid}/environ").read_bytes()
    assert b"NOTIFY_SOCKET" not in environ
    assert b"WATCHDOG_USEC" not in environ
    node.send_signal(signal.SIGTERM)
    assert "settles and repairs" in manager.until("STOPPING=1")
    assert node.wait(30) == 0


def test_a_changed_configuration_is_a_reload(manager, node, files, folder):
    manager.until("READY=1")
    again = folder / "again.toml"
    again.write_text('[[pair]]\nname = "CU03xHGH"\ntrigger = { sell_open = "160" }\n')
    words = [str(ROOT / "hedgerow"), "config", "apply", *(word for file in (*files, str(again)) for word in ("-c", file))]
    env = {**os.environ, "HEDGEROW_PYTHON": sys.executable}
    done = subprocess.run([*words, "-y", "--reason", "reload"], env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "MONOTONIC_USEC=" in manager.until("RELOADING=1")
    assert manager.until("READY=1").split("\n")[1].startswith("STATUS=node n, observe")
