"""CURVE between a node's sockets and the real gateway, over tcp."""

from __future__ import annotations

import socket
from threading import Event

import pytest

from system.curve import make_keys, read_keys
from system.sockets import FeedSocket, TradeSocket, new_context
from tests.gateways import test_simulated
from wire.codec import decode_from_gateway, encode
from wire.messages import GatewayLogon, Logon

pytestmark = pytest.mark.slow
LOOK_S, LOOKS = 0.05, 200
OTHERS = "gateway simulated --exchange ipc://x --venue SHFE --account a --feed tcp://0.0.0.0:1 --trade tcp://0.0.0.0:2 --dir"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(holds) -> None:
    pause = Event()
    for _ in range(LOOKS):
        if holds():
            return
        pause.wait(LOOK_S)
    raise AssertionError("not in time")


class World(test_simulated.World):
    """The gateway binds tcp with CURVE; `keys`: of a node that it lets in."""

    def start_gateway(self):
        folder = self.folder
        self.server, self.known = make_keys(folder / "gw.key"), make_keys(folder / "node.key")
        make_keys(folder / "stranger.key")
        (folder / "allow").write_text(f"{self.known} the node\n")
        self.feed, self.trade = (f"tcp://127.0.0.1:{free_port()}" for _ in range(2))
        process = test_simulated.start(
            "gateway", "simulated", "--exchange", f"ipc://{folder}/x", "--venue", "SHFE", "--account", "shanghai-1",
            "--feed", self.feed, "--trade", self.trade, "--dir", folder / "gw",
            "--curve-keys", folder / "gw.key", "--curve-allow", folder / "allow",
        )  # fmt: skip
        self.processes.append(process)
        return process

    def keys(self, name="node", server=None):
        return read_keys(self.folder / f"{name}.key", server or self.server)


@pytest.fixture(scope="module")
def world():
    made = World()
    yield made
    made.close()


@pytest.fixture
def sockets():
    """Makes the node's sockets; closes them."""
    context, made = new_context(), []

    def make(kind, *args):
        made.append(kind(context, *args))
        return made[-1]

    yield make
    for each in made:
        each.close()
    context.destroy(linger=0)


def logs_on(trade):
    """Whether the gateway answers a logon."""
    found = []

    def look():
        trade.send(encode(Logon(1, "n1", 7, 0, 0, 0)))
        frame = trade.recv()
        if frame is not None:
            found.append(frame)
        return bool(found)

    until(look)
    return isinstance(decode_from_gateway(found[0]), GatewayLogon)


def test_node_whose_key_is_let_in_trades_and_hears_the_feed(world, sockets):
    trade = sockets(TradeSocket, world.trade, world.keys())
    feed = sockets(FeedSocket, world.feed, (), world.keys())
    assert logs_on(trade)
    assert trade.was_cut() in (True, False)  # reads the monitor
    assert trade.refused == ""
    until(lambda: feed.recv() is not None)


def refusal(trade):
    def look():
        trade.was_cut()
        return trade.refused

    until(look)
    assert not trade.send(b"x")  # IMMEDIATE: nobody there
    return trade.refused


def test_stranger_is_not_let_in_and_is_told_why(world, sockets):
    assert "allow-list" in refusal(sockets(TradeSocket, world.trade, world.keys("stranger")))


def test_wrong_key_of_the_gateway_is_seen(world, sockets):
    assert "curve_server" in refusal(sockets(TradeSocket, world.trade, world.keys(server=world.known)))


def test_node_without_curve_gets_nothing(world, sockets):
    trade, feed = sockets(TradeSocket, world.trade), sockets(FeedSocket, world.feed, ())
    trade.send(encode(Logon(1, "n1", 7, 0, 0, 0)))
    Event().wait(0.5)
    assert trade.recv() is None
    assert feed.recv() is None


def test_gateway_off_loopback_without_keys_is_refused(tmp_path):
    process = test_simulated.start(*OTHERS.split(), tmp_path / "gw")
    assert process.wait(20) == 2
    process.stdout.close()


def test_keys_without_allow_list_are_refused(tmp_path):
    make_keys(tmp_path / "k")
    process = test_simulated.start(*OTHERS.split(), tmp_path / "gw", "--curve-keys", tmp_path / "k")
    assert process.wait(20) == 2
    process.stdout.close()


