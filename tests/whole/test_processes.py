"""A real node process, killed or stopped in the middle of a hedge."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import zmq

from actors.recovery import fold
from journal.reader import read
from journal.verify import verify

ROOT = Path(__file__).resolve().parents[2]
LOTS = {"AxB": (1, -1)}

pytestmark = pytest.mark.slow


class Outside:
    """Venues in this process, the node in another."""

    def __init__(self, world):
        self.world = world
        self.process = None
        self.killed = 0
        world.a.quote(1_029, 1_031)
        world.b.quote(999, 1_001)

    def start(self):
        command = [sys.executable, "-m", "tools", "run", "-c", str(self.world.file), "--live"]
        logons = [len(v.got("BB")) for v in self.world.venues]
        with (self.world.folder / "node.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        logged_on = lambda: all(len(v.got("BB")) > n for v, n in zip(self.world.venues, logons, strict=True))  # noqa: E731
        self.until(lambda: self.process.poll() is not None or logged_on(), "logged on, or killed by its first order", 15)

    def until(self, condition, what, seconds=5.0):
        limit = time.monotonic_ns() + int(seconds * 1e9)
        while not condition():
            if time.monotonic_ns() > limit:
                orders = [(o.ref, o.status, o.cum) for v in self.world.venues for o in v.orders.values()]
                log = (self.world.folder / "node.log").read_text()[-1500:]
                pytest.fail(f"not within {seconds} s: {what}; {orders}\n{log}")
            poller = zmq.Poller()
            for venue in self.world.venues:
                for socket in venue.sockets:
                    poller.register(socket, zmq.POLLIN)
            poller.poll(3)
            for venue in self.world.venues:
                venue.pump()

    def laps(self, ms):
        limit = time.monotonic_ns() + ms * 1_000_000
        self.until(lambda: time.monotonic_ns() >= limit, "time passes", ms / 1000 + 1)

    def kill(self):
        self.killed += 1
        self.process.kill()
        self.process.wait(5)

    def killing(self, script, *, before=False):
        """Kill -9 when this order comes; `before`: the venue acts on it after."""

        def act(venue, order):
            if before:
                self.kill()
                script(venue, order)
            else:
                script(venue, order)
                self.kill()

        return act

    def fire(self, mid=1_052):
        """Quotes until something is sent: the node may not be open yet."""
        sent = sum(len(v.got("D")) for v in self.world.venues)

        def moved():
            self.world.a.quote(mid - 1, mid + 1)
            self.world.b.quote(999, 1_001)
            return sum(len(v.got("D")) for v in self.world.venues) > sent

        self.until(moved, "something is sent", 10)
        self.world.a.quote(1_047, 1_049)

    def stop(self, code=0):
        self.process.send_signal(signal.SIGTERM)
        self.until(lambda: self.process.poll() is not None, "stopped", 10)
        assert self.process.returncode == code, (self.world.folder / "node.log").read_text()[-2000:]

    def whole(self):
        a, b = self.world.venues
        return a.net == -b.net and not a.working and not b.working

    def check(self):
        """After the stop: journal, books, ids."""
        journal = self.world.node_dir / "journal"
        assert verify(journal).ok
        pair = fold(read(journal), LOTS).pairs["AxB"]
        assert tuple(b.net for b in pair.books) == (self.world.a.net, self.world.b.net)
        assert pair.hedge is None
        assert pair.naked == (0, 0)
        assert [w for v in self.world.venues for w in v.wrong] == []
        assert verify(journal).node_epochs == self.killed + 1
        return pair


@pytest.fixture
def outside(make_world):
    world = make_world(start=False, naked_budget_ms=2000, policy="replenish_first")
    world.node = None
    out = Outside(world)
    yield out
    if out.process is not None and out.process.poll() is None:
        out.kill()


KILLS = {
    "intent": lambda o, f: o.killing(f.fill),
    "filled unseen": lambda o, f: o.killing(f.fill, before=True),
    "silent": lambda o, f: o.killing(f.silent()),
    "lost": lambda o, f: o.killing(f.lost),
    "works": lambda o, f: o.killing(f.hold_new),
    "rejected": lambda o, f: o.killing(f.reject()),
    "part": lambda o, f: o.killing(f.part(0)),
    "denied": lambda o, f: o.killing(f.deny(8)),
}


def is_taken_up(outside):
    """A hedge fires, its node is killed in it, and the next one ends it whole."""
    outside.fire()
    outside.until(lambda: outside.killed, "killed")
    outside.start()
    outside.laps(100)
    outside.until(outside.whole, "whole")
    outside.stop()
    outside.check()


@pytest.mark.parametrize(
    ("leg", "how"), [(0, "intent"), (1, "filled unseen"), (1, "lost"), (1, "works"), (1, "rejected")]
)
def test_killed_node_takes_up_its_hedge(outside, foreign, how, leg):
    outside.start()
    outside.world.venues[leg].script.append(KILLS[how](outside, foreign))
    is_taken_up(outside)


@pytest.mark.parametrize("how", ["filled unseen", "silent", "part"])
def test_node_killed_in_a_repair_takes_it_up(outside, foreign, how):
    outside.start()
    outside.world.b.script.extend([foreign.reject(), KILLS[how](outside, foreign)])
    is_taken_up(outside)


@pytest.mark.parametrize("how", ["lost", "works", "denied"])
def test_node_killed_in_a_rollback_takes_it_up(outside, foreign, how):
    outside.start()
    outside.world.b.always = foreign.reject()
    outside.world.a.script.extend([foreign.fill, KILLS[how](outside, foreign)])
    outside.fire()
    outside.until(lambda: outside.killed, "killed")
    outside.start()
    outside.laps(100)
    outside.until(outside.whole, "whole")
    outside.stop()
    assert outside.world.a.net == 0
    outside.check()


def test_node_killed_in_every_order_still_ends_whole(outside, foreign):
    """B's first order, then whatever repair is tried: each is its node's last."""
    deaths = iter([outside.killing(foreign.reject(f"C{n}")) for n in range(3)])

    def dies(venue, order):
        next(deaths, foreign.fill)(venue, order)

    outside.start()
    outside.world.b.always = dies
    outside.fire()
    outside.world.a.always = dies
    for count in (1, 2, 3):
        outside.until(lambda: outside.killed == count, "killed")  # noqa: B023
        outside.start()
    outside.laps(100)
    outside.until(outside.whole, "whole")
    outside.stop()
    outside.check()


def test_node_killed_at_rest_opens_nothing_twice_and_closes(outside):
    outside.start()
    outside.fire()
    outside.until(lambda: outside.world.b.net == 1 and outside.world.a.net == -1, "open")
    outside.laps(50)
    outside.kill()
    outside.start()
    outside.world.a.quote(1_051, 1_053)
    outside.laps(100)
    assert outside.world.a.net == -1
    outside.fire(1_008)
    outside.until(lambda: outside.world.a.net == outside.world.b.net == 0, "closed")
    outside.stop()
    outside.check()


def test_gateway_restarted_while_the_node_was_dead(outside, foreign):
    outside.start()
    outside.world.b.script.append(outside.killing(foreign.hold_new))
    outside.fire()
    outside.until(lambda: outside.killed, "killed")
    outside.world.b.restart()
    outside.start()
    outside.laps(100)
    outside.until(outside.whole, "whole")
    outside.stop()
    outside.check()


@pytest.mark.parametrize("script", ["reject", "hold_new", "silent"])
def test_stop_in_the_middle_of_a_hedge_ends_it_first(outside, foreign, script):
    outside.start()
    chosen = getattr(foreign, script)
    chosen = chosen() if script in ("reject", "silent") else chosen

    def stops(venue, order):
        outside.process.send_signal(signal.SIGTERM)
        chosen(venue, order)

    outside.world.b.script.append(stops)
    outside.fire()
    outside.until(lambda: outside.process.poll() is not None, "stopped", 10)
    assert outside.process.returncode == 0
    assert outside.whole()
    outside.check()


def test_stop_opens_nothing_more(outside):
    outside.start()
    outside.fire()
    outside.until(lambda: outside.world.b.net == 1 and outside.world.a.net == -1, "open")
    outside.stop()
    assert [len(v.got("5")) for v in outside.world.venues] == [1, 1]
    outside.check()
