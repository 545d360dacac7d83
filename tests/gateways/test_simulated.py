"""The simulated gateway over the real exchange, as processes, by the page."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import msgpack
import pytest
import zmq

from wire import exchange as wire

ROOT = Path(__file__).resolve().parents[2]
COPPER = ROOT / "config" / "exchange" / "copper.toml"
CU = "SHFE.cu2703"
pytestmark = pytest.mark.slow
WAIT_MS = 5000
MOST_FRAMES = 300  # heartbeats come for ever


def start(*args):
    return subprocess.Popen(
        [sys.executable, "-m", "tools", *map(str, args), "--with-parent"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


class Peer:
    def __init__(self, context, kind, endpoint):
        self.socket = context.socket(kind)
        self.socket.linger = 0
        if kind == zmq.SUB:
            self.socket.subscribe(b"")
        self.socket.connect(endpoint)
        self.got = []

    def send(self, *fields):
        self.socket.send(msgpack.packb(fields))

    def until(self, tag, check=lambda fields: True):
        for _ in range(MOST_FRAMES):
            if not self.socket.poll(WAIT_MS):
                break
            fields = msgpack.unpackb(self.socket.recv_multipart()[-1])
            self.got.append(fields)
            if fields[0] == tag and check(fields):
                return fields
        raise TimeoutError(f"no {tag}: {[fields for fields in self.got if fields[0] != '0'][-9:]}")

    def logon(self, epoch=7, epoch_seen=0, seq_seen=0):
        self.send("A", 1, "n1", epoch, epoch_seen, seq_seen, 0)
        logon = self.until("A")
        self.until("d", lambda fields: fields[2])
        return logon

    def order(self, clord_id, px, qty=2, tif="3", side="1"):
        self.send("D", clord_id, CU, side, qty, px, tif, "O", 7, 5, 2**62, None)
        return self.until("8", lambda fields: fields[2] == clord_id and fields[5] == "A")

    def orders_of_day(self, req_id):
        self.got.clear()
        self.send("AF", req_id, "day", None)
        self.until("AF", lambda fields: fields[1] == req_id)
        return {fields[2]: fields for fields in self.got if fields[0] == "8" and fields[5] == "I"}


class World:
    """An exchange, a gateway on it, and the means to kill and restart it."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="hg"))
        self.context = zmq.Context()
        self.peers = []
        self.processes = []
        self.start_exchange()
        self.gateway = self.start_gateway()

    def start_exchange(self):
        exchange = start("sim", "serve", "-c", COPPER, "--endpoint", f"ipc://{self.folder}/x", "--seed", 3)
        self.processes.append(exchange)
        json.loads(exchange.stdout.readline())

    def start_gateway(self):
        folder = self.folder
        process = start(
            "gateway", "simulated", "--exchange", f"ipc://{folder}/x", "--venue", "SHFE", "--account", "shanghai-1",
            "--feed", f"ipc://{folder}/f", "--trade", f"ipc://{folder}/t", "--dir", folder / "gw",
        )  # fmt: skip
        self.processes.append(process)
        return process

    def peer(self, kind):
        name = "f" if kind == zmq.SUB else "t"
        peer = Peer(self.context, kind, f"ipc://{self.folder}/{name}")
        self.peers.append(peer)
        return peer

    def close(self):
        for peer in self.peers:
            peer.socket.close()
        self.context.destroy(linger=0)
        for process in reversed(self.processes):
            process.kill()
            process.wait()
            process.stdout.close()
        shutil.rmtree(self.folder)


@pytest.fixture
def world():
    made = World()
    yield made
    made.close()


def test_gateway_trades_on_the_real_exchange_when_a_foreign_node_asks(world):
    feed, node = world.peer(zmq.SUB), world.peer(zmq.DEALER)
    logon = node.logon()
    assert (logon[2], logon[6]["positions"]) == ("SHFE", True)
    feed.until("W", lambda fields: fields[2] == CU and fields[6])
    status = feed.until("f", lambda fields: fields[2] == CU)
    assert status[4] == 17
    low, high = status[5:7]  # the quotes are as old as the machine is busy: the day's limits always do
    assert feed.until("0", lambda fields: fields[5])[2] == "SHFE"
    node.order("a", high)
    trade = node.until("8", lambda fields: fields[5] == "F")
    assert (trade[2], trade[7:9], trade[20]) == ("a", [CU, "1"], "O")
    node.order("b", low, tif="0")
    node.until("8", lambda fields: fields[2] == "b" and fields[5] == "0")
    node.send("F", "x1", "b", 7, 5)
    canceled = node.until("8", lambda fields: fields[2] == "b" and fields[5] == "4")
    assert canceled[11:13] == [0, 0]
    orders = node.orders_of_day("r1")
    assert orders["a"][11] == 2
    assert orders["b"][6] == "4"
    node.send("AN", "r2")
    held = node.until("AP", lambda fields: fields[2] == CU)
    assert held[3] == 2
    node.send("BB", "r3")
    assert node.until("BA", lambda fields: fields[-1])[2] == "CNY"
    seqs = [fields[1] for fields in node.got if fields[0] in ("8", "9")]
    assert seqs == sorted(seqs)


def test_gateway_knows_its_orders_when_it_was_killed_and_started_again(world):
    feed, node = world.peer(zmq.SUB), world.peer(zmq.DEALER)
    first = node.logon()
    status = feed.until("f", lambda fields: fields[2] == CU)
    node.order("a", status[5], tif="0")
    node.until("8", lambda fields: fields[2] == "a" and fields[5] == "0")
    world.gateway.kill()
    world.gateway.wait()
    world.start_gateway()
    back = world.peer(zmq.DEALER)
    second = back.logon(epoch=8, epoch_seen=first[3], seq_seen=2)
    assert second[3] > first[3]
    assert back.orders_of_day("r1")["a"][6] == "0"
    back.send("q", "r2", None, "own", 8)
    assert back.until("r")[2] is True
    assert back.until("8", lambda fields: fields[5] == "4")[2] == "a"


def test_gateway_begins_an_epoch_when_the_exchange_rolls_its_day(world):
    feed, node = world.peer(zmq.SUB), world.peer(zmq.DEALER)
    first = node.logon()
    status = feed.until("f", lambda fields: fields[2] == CU)
    node.order("a", status[5], tif="0")
    node.until("8", lambda fields: fields[2] == "a" and fields[5] == "0")
    control = Peer(world.context, zmq.DEALER, f"ipc://{world.folder}/x")
    world.peers.append(control)
    control.socket.send(wire.encode(wire.RollDay("roll", "SHFE", "20991231")))
    ended = node.until("8", lambda fields: fields[5] == "C")
    assert ended[2] == "a"
    second = node.until("A")
    assert (second[4], second[5]) == ("20991231", 0)
    assert second[3] > first[3]


def test_gateway_logs_in_again_when_the_exchange_was_away(world):
    node = world.peer(zmq.DEALER)
    node.logon()
    world.processes[0].kill()
    world.processes[0].wait()
    node.until("0", lambda fields: fields[2] is False)
    node.send("D", "a", CU, "1", 1, 100, "0", "O", 7, 5, 2**62, None)
    assert node.until("j")[3] == 4
    world.start_exchange()
    node.until("0", lambda fields: fields[2] is True)


def test_gateway_says_goodbye_when_terminated(world):
    node = world.peer(zmq.DEALER)
    node.logon()
    world.gateway.send_signal(signal.SIGTERM)
    node.until("5")
    assert world.gateway.wait(5) == 0
