"""What goes wrong in a seed's run: its own faults, rates and times.

Rates strike orders, cancels, words and frames as they come; moments strike
gateways, links, markets, clocks and the node at drawn times. One seed in five
draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from domain.controls import ALL, Killed, Level, ScopeModeSet, Unkilled
from domain.pairs import Mode
from simulation import fates
from simulation.agenda import MS
from simulation.venue import VirtualVenue
from simulation.world import OPERATOR, World

FAULT_FREE = 0.2
RATES: dict[str, float] = {
    "lost": 0.10,
    "vanish": 0.05,
    "silent": 0.10,
    "reject": 0.30,
    "deny": 0.10,
    "part": 0.60,
    "empty": 0.90,
    "rest": 0.10,
    "late_fill": 0.10,
    "overfill": 0.05,
    "busted": 0.05,
    "corrected": 0.05,
    "refused_yet_filled": 0.05,
    "untold": 0.05,
    "trade_first": 0.30,
    "crumbs": 0.30,
    "cancel_swallowed": 0.90,
    "cancel_refused": 0.30,
    "mass_cancel_swallowed": 0.50,
    "fill_on_cancel": 0.50,
    "cancel_then_fill": 0.30,
    "say_lost": 0.05,
    "say_late": 0.20,
    "say_twice": 0.50,
    "gap": 0.03,
    "frame_twice": 0.30,
    "junk": 0.03,
    "deaf": 0.30,
    "crossed": 0.10,
    "one_sided": 0.10,
    "thin": 0.30,
}
"""The most that each is drawn to."""

Moment = Callable[[World, VirtualVenue, Random], None]


def _ms(rng: Random, low: int, high: int) -> int:
    return rng.randrange(low, high) * MS


def _halt(world: World, venue: VirtualVenue, rng: Random) -> None:
    world.set_status(venue, rng.choice((2, 18, 21)))
    world.agenda.after(_ms(rng, 50, 3000), lambda: world.set_status(venue, 17))


def _lock_limit(world: World, venue: VirtualVenue, rng: Random) -> None:
    bid, ask = venue.bid, venue.ask
    if bid is None or ask is None:
        return
    venue.limits = rng.choice(((bid, ask + 200), (bid - 200, ask)))
    venue.gateway.publish_status()

    def off() -> None:
        venue.limits = (None, None)
        venue.gateway.publish_status()

    world.agenda.after(_ms(rng, 50, 2000), off)


def _deafen(world: World, venue: VirtualVenue, rng: Random) -> None:
    venue.deaf_until_ns = world.agenda.now_ns + _ms(rng, 100, 4000)


def _freeze_feed(world: World, venue: VirtualVenue, rng: Random) -> None:
    feed = world.feeds[venue.name]
    feed.loss = rng.choice((0.3, 1.0))

    def thaw() -> None:
        feed.loss = 0.0

    world.agenda.after(_ms(rng, 100, 4000), thaw)


def _freeze_quotes(world: World, venue: VirtualVenue, rng: Random) -> None:
    venue.frozen_until_ns = world.agenda.now_ns + _ms(rng, 500, 5000)


def _roll_day(world: World, venue: VirtualVenue, rng: Random) -> None:
    venue.roll()
    venue.gateway.kill(_ms(rng, 50, 1500))


def _outside(world: World, venue: VirtualVenue, rng: Random) -> None:
    gateway = venue.gateway
    if gateway.alive and not gateway.hung and venue.bid is not None:
        gateway.outside(venue.symbol, rng.choice("12"), rng.randrange(1, 4), venue.bid, "X")


def _step_wall(world: World, _venue: VirtualVenue, rng: Random) -> None:
    world.agenda.clock.step_wall(_ms(rng, -5000, 5000))


def _kill_node(world: World, _venue: VirtualVenue, rng: Random) -> None:
    world.light(rng.randrange(1, 60), rng.randrange(10, 3000), torn=rng.random() < 0.5)


def _no_margin(world: World, venue: VirtualVenue, rng: Random) -> None:
    venue.broke_until_ns = world.agenda.now_ns + _ms(rng, 200, 4000)


def _throttle(world: World, venue: VirtualVenue, rng: Random) -> None:
    venue.throttled_until_ns = world.agenda.now_ns + _ms(rng, 50, 1500)


def _scope(world: World, venue: VirtualVenue, rng: Random) -> str:
    pair = rng.choice(world.shape.names)
    return rng.choice((ALL, f"market {venue.name}", f"symbol {venue.name} {venue.symbol}", f"pair {pair}"))


def _kill_word(world: World, venue: VirtualVenue, rng: Random) -> None:
    scope, level = _scope(world, venue, rng), rng.choice(list(Level))
    world.word(Killed(scope, level, OPERATOR, "drawn"), "kill")
    world.agenda.after(_ms(rng, 50, 4000), lambda: world.word(Unkilled(scope, OPERATOR, "over"), "unkill"))


def _mode_word(world: World, venue: VirtualVenue, rng: Random) -> None:
    scope, mode = _scope(world, venue, rng), rng.choice((Mode.REDUCING, Mode.PAUSED, Mode.HALTED))
    if scope.startswith("pair"):
        return  # a pair's own mode is its own fact, and asked for at its actor
    world.word(ScopeModeSet(scope, mode, OPERATOR, "drawn"), "mode")
    back = ScopeModeSet(scope, Mode.ACTIVE, OPERATOR, "over")
    world.agenda.after(_ms(rng, 50, 4000), lambda: world.word(back, "mode"))


MOMENTS: dict[str, Moment] = {
    "gateway_killed": lambda w, v, r: v.gateway.kill(_ms(r, 10, 2000)),
    "gateway_hung": lambda w, v, r: v.gateway.hang(_ms(r, 50, 6000)),
    "session_dropped": lambda w, v, r: v.gateway.drop_session(_ms(r, 100, 3000), cancels=r.random() < 0.5),
    "link_cut": lambda w, v, r: w.trades[v.name].cut(_ms(r, 0, 1500)),
    "link_clogged": lambda w, v, r: w.trades[v.name].clog(_ms(r, 10, 1500)),
    "market_halted": _halt,
    "limit_locked": _lock_limit,
    "venue_deaf": _deafen,
    "feed_frozen": _freeze_feed,
    "outside_trade": _outside,
    "wall_stepped": _step_wall,
    "node_killed": _kill_node,
    "quotes_frozen": _freeze_quotes,
    "day_rolled": _roll_day,
    "margin_short": _no_margin,
    "throttled": _throttle,
    "kill_word": _kill_word,
    "mode_word": _mode_word,
}
MOMENT_GAP_MS = 2500


class Plan:
    """A seed's faults. `rates` by venue, `moments` that may strike."""

    def __init__(self, rng: Random, names: tuple[str, ...], without: frozenset[str] = frozenset()) -> None:
        self.rng = rng
        self.without = without
        self.free = rng.random() < FAULT_FREE
        self.rates: dict[str, dict[str, float]] = {name: {} for name in names}
        self.moments: list[str] = []
        self.active = False
        if self.free:
            return
        for rates in self.rates.values():
            chosen = [fault for fault in RATES if rng.random() < 0.3]
            rates.update({fault: RATES[fault] * rng.random() for fault in chosen})
        self.moments = [moment for moment in MOMENTS if rng.random() < 0.3]

    def begin(self, world: World) -> None:
        """From now on things go wrong."""
        self.active = True
        for name, venue in world.venues.items():
            venue.rates = {fault: rate for fault, rate in self.rates[name].items() if fault not in self.without}
            venue.always, venue.cancel_always = fates.drawn, fates.drawn_cancel
        if self.moments:
            self._next(world)

    def _next(self, world: World) -> None:
        world.agenda.after(_ms(self.rng, 20, MOMENT_GAP_MS), lambda: self._strike(world))

    def _strike(self, world: World) -> None:
        if not self.active:
            return
        name = self.rng.choice(self.moments)
        venue = self.rng.choice(list(world.venues.values()))
        if name not in self.without:
            venue.count(name)
            MOMENTS[name](world, venue, self.rng)
        self._next(world)

    def end(self, world: World) -> None:
        """Venues are healthy from now on."""
        self.active = False
        for venue in world.venues.values():
            venue.rates = {}
            venue.always, venue.cancel_always = fates.meet, fates.obey
            venue.recover()
            world.feeds[venue.name].loss = 0.0
