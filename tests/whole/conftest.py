"""A real node in this process against two foreign venues on real sockets.

The node's lane and the venues take turns in the test's own thread: the venues'
sockets are sources of the lane. Nothing waits but for a socket or a deadline.
Every test ends with the same questions: was any order sent twice, did an actor
crash, do the books agree with the venues', does the journal verify and fold
to the same state?
"""

import json
import shutil
import tempfile
import time
from functools import partial
from pathlib import Path

import pytest
import zmq

from actors.recovery import fold
from config.load import ROOT as TREE
from config.load import load_checked
from domain.guards import LEG_STALE
from journal.reader import read
from journal.verify import verify
from journal.writer import Journal
from system.clock import SystemClock
from system.signals import StopFlag
from tests.whole import foreign_scripts
from tests.whole.foreign_gateway import ForeignVenue
from tests.whole.outside import Outside
from tests.whole.shard_desk import Desk
from tools.node_again import why_needed
from tools.node_build import ROOT, Node
from wire.codec import unpack
from wire.records import decode_decision

MS = 1_000_000
SEGMENT_BYTES = 2 * 1024 * 1024
PAIR = "AxB"
QUIET, RICH, CHEAP = 1_030, 1_052, 1_008
"""Mids of A against 1,000 of B: nothing fires, an open does, a close does."""
AFTER = {RICH: 1_048, CHEAP: 1_012}
"""A little back from there: nothing fires, repairs are still in reach."""


VENUE = """
[[venue]]
name = "{name}"
feed = "ipc://{{dir}}/{name}.feed"
trade = "ipc://{{dir}}/{name}.trade"

[[instrument]]
venue = "{name}"
symbol = "{name}.X"
tick_size = "1"
currency = "USD"
offset_mode = "{offset_mode}"
"""

LEG = """
[[pair.legs]]
venue = "{name}"
symbol = "{name}.X"
side = "{side}"
lots = {lots}
weight = "{weight}"
limits = {{ order_lots = 20, price_collar_ticks = 100, position_lots = 40 }}
"""

DEFAULTS = {
    "cooldown_ms": 0,
    "failure_cooldown_ms": 60_000,
    "max_failures": 100,
    "ack_timeout_ms": 60,
    "query_ladder_ms": [60, 120, 240, 480],
    "query_every_ms": 200,
    "hedge_deadline_ms": 250,
    "naked_budget_ms": 700,
    "naked_budget_acknowledged": True,
    "repair_order_ms": 60,
}


def _topic(venue):
    return venue.symbol.encode() + b"\0"


def _toml(value):
    return json.dumps(value)


def config_text(node_dir, *, lots=(1, 1), policy="cheaper", units=1, max_units=1, offset_mode="net", **defaults):
    every = {**DEFAULTS, **defaults}
    lines = [f'[node]\nname = "whole"\nmode = "live"\ndir = "{node_dir}"\n\n[defaults]']
    lines += [f"{key} = {_toml(value)}" for key, value in every.items()]
    lines += [VENUE.format(name=name, offset_mode=offset_mode) for name in "AB"]
    lines.append(f'[[pair]]\nname = "{PAIR}"\ncurrency = "USD"\npolicy = "{policy}"')
    for name, side, each in zip("AB", ("buy", "sell"), lots, strict=True):
        lines.append(LEG.format(name=name, side=side, lots=each, weight=1))
    lines.append('[pair.trigger]\non = "spread"\nsell_open = "50"\nbuy_close = "10"')
    lines.append(f"[pair.size]\nunits = {units}\nmax_position_units = {max_units}\n[pair.limits]\nmax_hedges = 1000")
    return "\n".join(lines) + "\n"


class World:
    """Two venues, and the node once it is started."""

    def __init__(self, folder, **settings):
        self.folder = folder
        self.settings = settings
        self.context = zmq.Context()
        self.node_dir = folder / "n"
        self.node_dir.mkdir(mode=0o700)
        self.file = folder / "whole.toml"
        self.file.write_text(config_text(self.node_dir, **settings))
        mode = settings.get("offset_mode", "net")
        self.a = ForeignVenue("A", self.node_dir, self.context, offset_mode=mode)
        self.b = ForeignVenue("B", self.node_dir, self.context, offset_mode=mode)
        self.venues = (self.a, self.b)
        self.node = None
        self.sources = []
        self.may_be_naked = False
        self.may_crash = False

    # ------------------------------------------------ the node

    def start(self, machine=None):
        """The node logs on to both venues; neither fires yet."""
        self.a.quote(QUIET - 1, QUIET + 1)
        self.b.quote(999, 1_001)
        self.node = Node(load_checked([self.file]), live=True, machine=machine)
        self.node.build()
        self.listen()
        self.until(self.is_open, "both venues open and quoted")
        return self

    def listen(self):
        """The venues' sockets as sources of the lane."""
        for socket in self.sources:
            self.node.lane.remove_source(socket)
        self.sources = []
        for venue in self.venues:
            for socket in venue.sockets:
                self.node.lane.add_source(socket, venue.pump, 2)
                self.sources.append(socket)

    def restart(self, venue):
        """Another gateway process in the same venue's place."""
        for socket in venue.sockets:
            self.node.lane.remove_source(socket)
            self.sources.remove(socket)
        venue.restart()
        self.listen()

    def is_open(self):
        links = self.node.desk.links.values()
        return all(link.stage == 4 for link in links) and all(
            q is not None and q.status == 17 for link in links for q in (link.feed.quote(f"{link.name}.X"),)
        )

    def until(self, condition, what, seconds=3.0):
        """Laps of the lane until it holds; fails, saying where all stands."""
        limit = time.monotonic_ns() + int(seconds * 1e9)
        lane = self.node.lane
        while not condition():
            if time.monotonic_ns() > limit:
                pytest.fail(f"not within {seconds} s: {what}; {self.picture()}")
            lane.run_once(5)
            for venue in self.venues:
                venue.pump()

    def laps(self, ms):
        """Let the world go on for so long."""
        limit = time.monotonic_ns() + ms * MS
        self.until(lambda: time.monotonic_ns() >= limit, "time passes", ms / 1000 + 1)

    def picture(self):
        stages = [(link.name, link.stage.name, link.state.why) for link in self.node.desk.links.values()]
        orders = [
            (o.cl_ord_id, o.status.value, o.cum_qty, o.qty) for h in self.hedges for leg in h.legs for o in leg.orders
        ]
        hedges = [(h.hedge_id, h.status.value, h.naked, h.stranded_why) for h in self.hedges]
        nets = (self.net, (self.a.net, self.b.net))
        return f"{stages} {self.pair.status} {self.view.reason!r} node and venues {nets} {hedges} {orders}"

    # ------------------------------------------------ market

    def fire(self, mid=RICH):
        """Let the spread be worth a hedge."""
        self.a.quote(mid - 1, mid + 1)

    def opens(self, a=None, b=None):
        """A hedge with these scripts for its first orders; it has begun."""
        return self._begins(RICH, a, b)

    def closes(self, a=None, b=None):
        return self._begins(CHEAP, a, b)

    def _begins(self, mid, a, b):
        for venue, script in ((self.a, a), (self.b, b)):
            if script is not None:
                venue.script.append(script)
        count, sent = self.pair.hedge_count, [len(venue.got("D")) for venue in self.venues]
        self.fire(mid)
        self.until(lambda: self.pair.hedge_count > count or self._stale_told_again(mid), "a hedge begins")
        self.until(lambda: all(len(v.got("D")) > n for v, n in zip(self.venues, sent, strict=True)), "both orders")
        self.fire(AFTER[mid])

    def _stale_told_again(self, mid):
        """Where the machine stood still for so long that the books are stale, they move once more."""
        if self.view.reason == LEG_STALE:
            self.b.quote(self.b.bid, self.b.ask, self.b.depth + 1)
            self.fire(mid)
            self.laps(50)
        return False

    def ends(self, *, seconds=3.0):
        """The last hedge is final and nothing works at the venues; returns it."""
        self.until(lambda: self.pair.hedge is None and self.pair.past, "the hedge is final", seconds)
        return self.pair.past[-1]

    def holds(self, units=1):
        """Open a clean position first."""
        self.opens()
        assert self.ends().status == "DONE"
        self.until(lambda: self.pair.status == "HOLDING", "the pair holds")

    def told(self):
        """The node has all that the feeds have said."""
        feeds = [(self.node.desk.links[v.name].feed, v) for v in self.venues]
        self.until(lambda: all(f._topics[_topic(v)].seq == v.feed_seq for f, v in feeds), "the feeds are read")

    # ------------------------------------------------ looking in

    @property
    def pair(self):
        return self.node.pairs().get(PAIR) or self.node.desk.memories[PAIR].pair

    @property
    def view(self):
        return self.node.pair_actor(PAIR).view

    @property
    def hedges(self):
        pair = self.pair
        return [*pair.past, *([pair.hedge] if pair.hedge is not None else [])]

    @property
    def hedge(self):
        return self.hedges[-1]

    @property
    def net(self):
        return tuple(book.net for book in self.pair.books)

    def alerts(self):
        """Codes of the alerts on record."""
        return [unpack(r.body)["code"] for r in read(self.node_dir / "journal") if r.kind == "alert"]

    def alert_lines(self):
        path = self.node_dir / "alerts.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def decisions(self):
        return [decode_decision(r.body) for r in read(self.node_dir / "journal") if r.kind == "decision"]

    def facts(self, name):
        """Facts of that name on record, in order."""
        return [f for d in self.decisions() for f in d.facts if type(f).__name__ == name]

    # ------------------------------------------------ the end

    def stop(self):
        self.node.desk.stopping = True
        self.node.runtime.stop(ROOT)
        self.until(lambda: not self.node.runtime.alive(ROOT), "the tree has stopped", 5)
        for socket in self.sources:
            self.node.lane.remove_source(socket)
        self.sources = []
        self.node.close("test over")

    def check(self):
        """What holds after every test."""
        crashed = {row["path"]: row["restarts"] for row in self.node.runtime.snapshot() if row.get("restarts")}
        self.stop()
        pair, before = self.pair, self.node.pairs()
        assert self.may_crash or not crashed
        assert [w for v in self.venues for w in v.wrong] == []
        assert tuple(b.net for b in pair.books) == (self.a.net, self.b.net)
        assert [o.ref for v in self.venues for o in v.working] == []
        report = verify(self.node_dir / "journal")
        assert report.ok, report.problems
        lots = {spec.name: spec.lots for spec in self.node.specs}
        folded = fold(read(self.node_dir / "journal"), lots).pairs
        assert {name: pair for name, pair in folded.items() if name in before} == {name: before[name] for name in folded if name in before}
        assert [name for name, pair in folded.items() if name not in before and why_needed(pair)] == []
        if not self.may_be_naked:
            assert pair.naked == (0, 0)

    def close(self):
        for venue in self.venues:
            venue.close()
        self.context.destroy(linger=0)


@pytest.fixture
def foreign():
    """The scripts that an order may meet."""
    return foreign_scripts


@pytest.fixture
def make_world(request, monkeypatch):
    """Makes a started world; it is checked when the test has passed."""
    made = []
    monkeypatch.setattr("tools.node_build.Journal", partial(Journal, segment_bytes=SEGMENT_BYTES))

    def make(*, start=True, **settings):
        world = World(Path(tempfile.mkdtemp(prefix="hg")), **settings)
        made.append(world)
        return world.start() if start else world

    yield make
    try:
        for world in made:
            if world.node is not None and not getattr(request.node, "failed", False):
                world.check()
    finally:
        for world in made:
            world.close()
            shutil.rmtree(world.folder)


@pytest.fixture
def world(make_world):
    return make_world()


@pytest.fixture
def again(world):
    """Stops the node; starts another on its file, which may be edited in between."""

    def start(edit=lambda text: text, *, started=True):
        if started:
            world.stop()
        world.file.write_text(edit(world.file.read_text()))
        world.node = Node(load_checked([world.file]), live=True)
        world.node.build()
        world.listen()
        world.until(world.is_open, "both venues open again")
        return world.node

    return start


@pytest.fixture
def make_outside(make_world):
    """Makes a node process, not yet started, whose venues are in this one."""
    made = []

    def make(**settings):
        given = {"naked_budget_ms": 2000, "policy": "replenish_first", **settings}
        made.append(Outside(make_world(start=False, **given), given.get("lots", (1, 1))))
        return made[-1]

    yield make
    for out in made:
        if out.process is not None and out.process.poll() is None:
            out.kill()


@pytest.fixture
def outside(make_outside):
    return make_outside()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call" and outcome.get_result().failed:
        item.failed = True


@pytest.fixture
def desk():
    """Two shards under a root as real processes, ended whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="hgs"))
    with Desk(folder, SystemClock(), StopFlag(), TREE / "config/exchange/torture.toml") as made:
        yield made
