"""Seeded trouble: whatever the venues do to orders, the pair ends whole.

Each order meets a script drawn from the seed; now and then a gateway dies,
hangs, loses its session or reports, and trades come late or are busted. When
the venues are honest again, either everything is whole, or a hedge is STRANDED
for a reason that waits for a person, and that was told.
"""

import random

import pytest

FOR_A_PERSON = ("CAP", "REFUSED")
"""What a close may be stranded for, which waits for a person."""
HEDGES = 12


class Trouble:
    def __init__(self, world, foreign, seed):
        self.world, self.foreign, self.rng = world, foreign, random.Random(seed)
        for venue in world.venues:
            venue.always = self.script
        self.later = []
        self.done = []

    def script(self, venue, order):
        g, rng = self.foreign, self.rng
        kinds = [
            (30, g.fill), (6, g.part(0)), (8, g.part(rng.randint(0, order.qty))), (8, g.reject(f"C{rng.randint(0, 2)}")),
            (5, g.deny(rng.choice([4, 8, 0]))), (4, g.silent()), (3, g.silent(0, then="0")), (3, g.lost),
            (3, g.trade_first), (3, g.cum_first), (3, g.twice), (2, g.strange), (2, g.ghost), (3, self.late),
            (3, g.hold_new), (2, self.gap),
        ]  # fmt: skip
        kind = rng.choices([k for _, k in kinds], [w for w, _ in kinds])[0]
        self.done.append((order.ref, getattr(kind, "__qualname__", kind)))
        kind(venue, order)

    def late(self, venue, order):
        """Canceled, but a fill comes later."""
        self.foreign.part(0)(venue, order)
        self.later.append(lambda: venue.trade_of(order, order.qty))

    def gap(self, venue, order):
        """Its reports are lost on the way."""
        venue.keep(order)
        venue.report(order, "A", tell=False)
        venue.trade_of(order, order.qty, tell=False)

    def meddle(self):
        """Something that happens to a gateway, at times."""
        rng, world = self.rng, self.world
        venue = rng.choice(world.venues)
        what = rng.random()
        if what < 0.06:
            self.done.append(("restart", venue.name))
            world.restart(venue)
        elif what < 0.10:
            self.done.append(("session", venue.name))
            venue.session_up = False
            world.laps(rng.randint(20, 120))
            venue.session_up = True
        elif what < 0.14:
            self.done.append(("hang", venue.name))
            venue.hung = True
            world.laps(rng.randint(20, 500))
            venue.hung = False
        elif what < 0.22:
            traded = [o for o in venue.orders.values() if any(not t[3] for t in o.trades)]
            if traded:
                order = rng.choice(traded[-3:])
                index = next(i for i, t in enumerate(order.trades) if not t[3])
                self.done.append(("bust", order.ref))
                venue.bust(order, index)
        elif what < 0.30 and self.later:
            self.done.append(("late fill", ""))
            self.later.pop()()
        venue.cancel_as = rng.choice([self.foreign.cancel_honestly] * 4 + [self.foreign.swallow, self.foreign.fill_on_cancel])
        venue.query_as = rng.choice([self.foreign.query_honestly] * 4 + [self.foreign.cannot_say, self.foreign.swallow])

    def be_honest(self):
        for venue in self.world.venues:
            venue.always = self.foreign.fill
            venue.cancel_as, venue.query_as = self.foreign.cancel_honestly, self.foreign.query_honestly
        for late in self.later:
            late()


def ended(world):
    hedge = world.pair.hedge
    return hedge is None or hedge.status == "STRANDED"


def whole(world):
    pair = world.pair
    return pair.hedge is None and pair.naked == (0, 0) and world.net == (world.a.net, world.b.net)


def for_a_person(world):
    hedge = world.pair.hedge
    if not world.is_open() or world.net != (world.a.net, world.b.net):
        return False  # B's truth may still be on its way
    return hedge is not None and hedge.status == "STRANDED" and hedge.settled and hedge.stranded_why in FOR_A_PERSON


def run(world, foreign, seed):
    trouble = Trouble(world, foreign, seed)
    for _ in range(HEDGES):
        held = abs(world.pair.units)
        count = world.pair.hedge_count
        world.fire(1_052 if held < 2 else 1_008)
        try:
            world.until(lambda: world.pair.hedge_count > count or not ended(world), "begun", 0.1)
        except pytest.fail.Exception:
            pass
        world.fire(1_048 if held < 2 else 1_012)
        trouble.meddle()
        try:
            world.until(lambda: ended(world), "ended", 0.6)
        except pytest.fail.Exception:
            pass
    world.fire(1_030)
    trouble.be_honest()
    try:
        world.until(lambda: whole(world) or for_a_person(world), f"whole: {trouble.done[-12:]}", 8)
        world.laps(30)
        world.until(lambda: whole(world) or for_a_person(world), f"whole: {trouble.done[-12:]}", 8)
    except BaseException:
        print(seed, *trouble.done, sep="\n")
        raise
    world.may_be_naked = for_a_person(world)
    if world.may_be_naked:
        print("STRANDED", seed, world.pair.hedge.stranded_why, world.picture())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_pair_ends_whole_whatever_the_venues_do(make_world, foreign, seed):
    world = make_world(lots=(3, 2) if seed % 3 == 2 else (1, 1), units=2, max_units=3, failure_cooldown_ms=1, slippage_cap_ticks=70,
                       policy=("cheaper", "replenish_first", "rollback_first")[seed % 3])  # fmt: skip
    run(world, foreign, seed)
