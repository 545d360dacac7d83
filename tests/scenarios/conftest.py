"""A scripted world: the production node against two virtual venues.

Each scenario runs for a few seeds; each draws the order of turns, latencies
and the policy. Whatever a scenario asserts itself, at its end the venues turn
healthy, everything must come to rest, and no invariant may have been broken.
"""

import os

import pytest

from actors.notes import Operate
from domain import pairs
from journal.reader import read
from simulation.agenda import MS
from simulation.run import audit, heal
from simulation.settings import CHEAP, PAIR, POLICIES, QUIET, RICH, Shape
from simulation.world import World
from system.clock import chance
from tools.node_build import Node
from wire.codec import unpack

SEEDS = range(1, 1 + int(os.environ.get("HEDGEROW_SCENARIO_SEEDS", "2")))
AFTER = {RICH: RICH - 8, CHEAP: CHEAP + 8}
"""Nothing fires there, repairs are in reach."""


class Scene(World):
    """A world with words for scripts."""

    def __init__(self, seed, **shape):
        self.chance = chance(seed)
        shape.setdefault("policy", self.chance.choice(POLICIES))
        super().__init__(seed, Node, Shape(**shape))
        for venue in self.venues.values():
            venue.latency_ns = self.chance.choice((MS // 2, 3 * MS, 20 * MS))
        self.start()
        self.may_be_naked = self.outside_took = False
        assert self.until(self.ready, 3000 * MS), "both venues open and quoted"
        self.run(100)

    def ready(self):
        return self.is_open() and all(link.feed.latest for link in self.node.desk.links.values())

    # ------------------------------------------------ the market's part

    def opens(self, a=None, b=None):
        """A hedge opens; the first orders meet these fates."""
        return self._begins(RICH, a, b)

    def closes(self, a=None, b=None):
        return self._begins(CHEAP, a, b)

    def _begins(self, mid, a, b):
        for venue, fate in ((self.a, a), (self.b, b)):
            if fate is not None:
                venue.script.append(fate)
        count = len(self.judge.outcomes)
        self.mid = mid
        assert self.until(lambda: len(self.judge.outcomes) > count, 2000 * MS), self.view.reason
        self.mid = AFTER[mid]
        return self.pair.hedge

    def holds(self):
        """An open position, clean."""
        self.opens()
        assert self.ends() == "DONE"
        self.mid = QUIET
        self.run(200)

    def ends(self, limit_ms=20_000):
        """The outcome of the hedge in flight."""
        assert self.until(lambda: self.pair.hedge is None, limit_ms * MS), self.pair.hedge
        return self.pair.past[-1].status

    def strands(self, limit_ms=10_000):
        """The hedge is stranded; why."""
        found = self.until(lambda: self.pair.hedge is not None and self.pair.hedge.status == "STRANDED", limit_ms * MS)
        assert found, self.pair.hedge
        assert "STRANDED" in self.judge.alerts
        return self.pair.hedge.stranded_why

    def fires(self, mid=RICH, for_ms=1500):
        """The market is worth a hedge for a while: the hedges that came of it."""
        count = len(self.judge.outcomes)
        self.mid = mid
        self.run(for_ms)
        return len(self.judge.outcomes) - count

    def word_to_pair(self, name, verb):
        """An operator's word to one pair."""
        self.node.runtime.tell(name, Operate(verb, "operator", "because"))

    # ------------------------------------------------ looking in

    @property
    def view(self):
        return self.node.pair_actor(PAIR).view

    def orders(self, venue, letter=""):
        """What left for a venue, oldest first; `letter`: h, p or b."""
        leg = "AB".index(venue.name)
        refs = [ref for ref, order in self.judge.knowledge.orders.items() if order.leg == leg]
        return [ref for ref in refs if letter in ref.rpartition(".")[2]]

    def reports(self, kind):
        """How many reports of that kind are on record."""
        told = (unpack(record.body) for record in read(self.folder / "journal") if record.kind == "report")
        return sum(unpack(each["frame"])[0] == kind for each in told)

    def cum(self, ref):
        """What an own order has filled, as its pair knows."""
        return pairs.place_of(self.pair, ref)[1].cum_qty

    def frames(self, kind):
        """How many frames of a kind have left."""
        return self.judge.kinds.get(kind, 0)

    # ------------------------------------------------ the end

    def finish(self):
        """Healthy venues; then everything at rest, whole, and told the same."""
        for venue in self.venues.values():
            venue.rates, venue.status, venue.limits, venue.deaf_until_ns = {}, 17, (None, None), 0
            venue.script.clear()
            venue.cancel_script.clear()
            self.feeds[venue.name].loss = 0.0
        self.quotes = True
        if not self.may_be_naked:
            self._honest()
        heal(self, 1500)
        if self.node is not None and not self.may_be_naked and not self.outside_took:
            assert not any(self.pair.naked)
        if not self.outside_took:  # the venue's own orders and money are not all of it then
            audit(self, free=False)
        assert self.judge.violations == []

    def _honest(self):
        from simulation import fates

        for venue in self.venues.values():
            venue.always, venue.cancel_always = fates.meet, fates.obey


@pytest.fixture(params=SEEDS)
def scene(request):
    """Makes a started scene of this seed; it is judged when the test has passed."""
    made = []

    def make(**shape):
        made.append(Scene(request.param, **shape))
        return made[-1]

    yield make
    try:
        for each in made:
            if not getattr(request.node, "failed", False):
                each.finish()
    finally:
        for each in made:
            each.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call" and outcome.get_result().failed:
        item.failed = True
