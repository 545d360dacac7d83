"""Knight (2012) and 光大 (2013), re-enacted; each variant drawn from a seed.

Knight's router did not see its fills and went on sending: four million orders
for 212. 光大's re-order function took silence for failure: 26,082 orders in two
seconds. HEDGEROW_VARIANTS says how many of each are run.
"""

import os

import pytest

from simulation import fates
from simulation.agenda import MS
from simulation.run import audit, heal
from simulation.settings import POLICIES, RICH, Shape
from simulation.world import World
from system.clock import chance
from tools.node_build import Node

pytestmark = pytest.mark.slow
VARIANTS = range(1, 1 + int(os.environ.get("HEDGEROW_VARIANTS", "12")))
CAP = 12
SECONDS = 2
STRANDED_MS = 4600
"""Deadline, naked budget and a moment: by then a person has been told."""


class Accident:
    """A world whose venues are at fault, drawn from a seed."""

    def __init__(self, seed):
        self.rng = chance(seed)
        lots = self.rng.choice(((1, 1), (3, 2), (1, 2)))
        units = self.rng.randrange(1, 6)
        shape = Shape(
            lots=lots,
            units=units,
            max_units=units,
            policy=self.rng.choice(POLICIES),
            tifs=self.rng.choice(("03", "0")),
            pairs=self.rng.choice((1, 1, 2)),
        )
        self.world = World(seed, Node, shape)
        for venue in self.world.venues.values():
            venue.latency_ns = self.rng.choice((MS // 2, 3 * MS, 20 * MS))
        self.world.start()
        assert self.world.until(self.ready, 3000 * MS)
        self.world.run(100)

    def ready(self):
        links = self.world.node.desk.links.values()
        return self.world.is_open() and all(link.feed.latest for link in links)

    def faulty(self):
        """The venues that misbehave: one, or both."""
        return self.rng.choice(([self.world.a], [self.world.b], [self.world.a, self.world.b]))

    def sent(self):
        """Orders that left, by pair."""
        counts = dict.fromkeys(self.world.shape.names, 0)
        for order in self.world.judge.knowledge.orders.values():
            counts[order.hedge.partition(".")[0]] += 1
        return counts

    def most_held(self):
        """By venue: the most lots that the pairs are ever meant to hold."""
        shape = self.world.shape
        return [each * shape.max_units * shape.pairs for each in shape.lots]

    def within_targets(self):
        held = [abs(lots) for lots in self.world.position]
        return all(has <= most for has, most in zip(held, self.most_held(), strict=True))

    def ends(self):
        """Venues tell the truth again: everything is whole, nothing was broken."""
        world = self.world
        for venue in world.venues.values():
            venue.always, venue.cancel_always, venue.rates = fates.meet, fates.obey, {}
            venue.recover()
            for order in venue.orders.values():
                order.muted = False
        heal(world, 1500)
        audit(world, free=False)
        assert world.judge.violations == []


@pytest.fixture(params=VARIANTS)
def accident(request):
    made = Accident(request.param)
    yield made
    made.world.close()


def test_knight_fills_that_are_never_reported_send_no_flood_of_orders(accident):
    world = accident.world
    for venue in accident.faulty():
        venue.always = fates.silent(accident.rng.choice((None, 1)))
        venue.deaf_until_ns = world.agenda.now_ns + 600_000 * MS
    world.mid = RICH
    world.run(SECONDS * 1000)
    assert max(accident.sent().values()) <= 2 * CAP
    world.run(STRANDED_MS)
    assert "STRANDED" in world.judge.alerts
    sent = accident.sent()
    world.run(60_000)
    assert accident.sent() == sent  # a minute more of the same market: not one order
    assert accident.within_targets()
    accident.ends()


def test_everbright_silence_is_never_taken_for_failure(accident):
    world, rng = accident.world, accident.rng
    late_ms = rng.choice((350, 900, 2500, 10_000))
    for venue in accident.faulty():
        link = world.trades[venue.name]
        clog_ms = late_ms + rng.randrange(300)
        world.agenda.after(rng.randrange(20) * MS, lambda link=link, ms=clog_ms: link.clog(ms * MS))
    world.mid = RICH
    world.run(SECONDS * 1000)
    assert max(accident.sent().values()) <= CAP
    assert accident.within_targets()
    world.run(late_ms + 5000)
    assert accident.within_targets()
    accident.ends()


def test_everbright_lost_orders_are_proven_lost_before_they_are_sent_again(accident):
    world, rng = accident.world, accident.rng
    for venue in accident.faulty():
        venue.rates = {"lost": 0.5 + rng.random() / 2, "say_late": rng.random(), "vanish": rng.random() / 2}
        venue.always = fates.drawn
    world.mid = RICH
    world.run(SECONDS * 1000)
    assert max(accident.sent().values()) <= CAP
    world.run(20_000)
    for hedge in world.judge.outcomes:
        assert world.judge.knowledge.sent_in(hedge) <= CAP + 4 * world.judge.retries.get(hedge, 0)
    assert accident.within_targets()
    accident.ends()
