"""A real node in a process of its own, traded with by foreign venues in the test's."""

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
from tools.client import Client
from wire.codec import unpack

ROOT = Path(__file__).resolve().parents[2]
PAIR = "AxB"
FINAL = ("DONE", "PART", "NONE")


class Outside:
    """Venues in this process, the node in another. `lots`: of A bought, B sold."""

    def __init__(self, world, lots=(1, 1)):
        self.world = world
        self.lots = (lots[0], -lots[1])
        self.process = None
        self.killed = 0
        world.a.quote(1_029, 1_031)
        world.b.quote(999, 1_001)

    def start(self, *more):
        command = [sys.executable, "-m", "tools", "run", "-c", str(self.world.file), "--live", *more]
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
        return a.net * self.lots[1] == b.net * self.lots[0] and not a.working and not b.working

    @property
    def pair(self):
        """The pair as the journal's facts, so far, leave it. Slow: not in `until`."""
        return fold(read(self.world.node_dir / "journal"), {PAIR: self.lots}).pairs[PAIR]

    def ends(self, state=None, seconds=8.0):
        """The last hedge is final and nothing is naked or works at the venues."""
        self.until(self.whole, "the venues are whole", seconds)
        self.until(lambda: self.ask("hedge")["state"] in FINAL and self.whole(), "the hedge is final", seconds)
        told = self.ask("hedge")
        assert state is None or told["state"] == state
        return told

    def ask(self, verb, **args):
        """What the node answers on its view socket."""
        with Client(self.world.node_dir) as client:
            return client.ask(verb, **args)

    def told(self):
        """Codes of the alerts that people were told, in order."""
        return [line["code"] for line in self.world.alert_lines()]

    def venue_facts(self):
        """What the journal says of the venues: (name, ...) of each fact."""
        records = read(self.world.node_dir / "journal")
        return [fact for record in records if record.kind == "venue" for fact in unpack(record.body)["facts"]]

    def sent(self):
        """How many orders each venue was sent."""
        return tuple(len(v.got("D")) for v in self.world.venues)

    def check(self):
        """After the stop: journal, books, ids."""
        journal = self.world.node_dir / "journal"
        assert verify(journal).ok
        pair = self.pair
        assert tuple(b.net for b in pair.books) == (self.world.a.net, self.world.b.net)
        assert pair.hedge is None
        assert pair.naked == (0, 0)
        assert [w for v in self.world.venues for w in v.wrong] == []
        assert verify(journal).node_epochs == self.killed + 1
        return pair
