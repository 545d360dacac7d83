"""What strikes gateways, links, markets and words at drawn times.

A moment is a call on a venue of the world; what lasts ends by itself. Those
that strike the node, its disk or its clock are in `node_moments`.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from domain.controls import ALL, Killed, Level, ScopeModeSet, Unkilled
from domain.pairs import Mode
from simulation import node_moments
from simulation.agenda import MS
from simulation.network import FEED_HWM, TRADE_HWM
from simulation.venue import VirtualVenue
from simulation.world import OPERATOR, World

Moment = Callable[[World, VirtualVenue, Random], bool | None]
"""False: there was nothing to strike."""
LEAST_DAY_NS = 5000 * MS
SLOWEST = 1000
"""F13: times as slow as it should be."""


def _ms(rng: Random, low: int, high: int) -> int:
    return rng.randrange(low, high) * MS


# ------------------------------------------------ gateways and links


def _slow_gateway(world: World, venue: VirtualVenue, rng: Random) -> None:
    """Every frame takes 1 to 1000 times as long, each tenfold as likely."""
    link, feed, slow = world.trades[venue.name], world.feeds[venue.name], int(SLOWEST ** rng.random())
    link.up.slow = link.down.slow = feed.pipe.slow = slow

    def over() -> None:
        link.up.slow = link.down.slow = feed.pipe.slow = 1

    world.agenda.after(_ms(rng, 100, 4000), over)


def _deafen(world: World, venue: VirtualVenue, rng: Random) -> None:
    venue.deaf_until_ns = world.agenda.now_ns + _ms(rng, 100, 4000)


def _freeze_feed(world: World, venue: VirtualVenue, rng: Random) -> None:
    feed = world.feeds[venue.name]
    feed.loss = rng.choice((0.3, 1.0))

    def thaw() -> None:
        feed.loss = 0.0

    world.agenda.after(_ms(rng, 100, 4000), thaw)


def _flood(world: World, venue: VirtualVenue, rng: Random) -> None:
    """More frames at once than a slow reader has room for: quotes, and reports told before."""
    gateway, link, feed = venue.gateway, world.trades[venue.name], world.feeds[venue.name]
    feed.hwm, link.hwm = rng.randrange(5, 200), rng.randrange(20, 200)
    world.stall(_ms(rng, 20, 600))
    for _ in range(rng.randrange(20, 300)):
        gateway.publish_book()
    gateway.repeat_reports(rng.randrange(1, 100))

    def over() -> None:
        feed.hwm, link.hwm = FEED_HWM, TRADE_HWM

    world.agenda.after(_ms(rng, 600, 1000), over)


def _copied(world: World, venue: VirtualVenue, rng: Random) -> bool:
    """A copy of the node logs on with a higher epoch; it is ended, and ours begins anew."""
    if world.node is None or venue.gateway.hung or not venue.gateway.in_use:
        return False
    venue.gateway.usurp(world.node.journal.node_epoch + 1)
    world.agenda.after(_ms(rng, 100, 3000), lambda: world.restart(_ms(rng, 10, 500)))
    return True


# ------------------------------------------------ markets


def _halt(world: World, venue: VirtualVenue, rng: Random) -> None:
    world.set_status(venue, rng.choice((2, 18, 21)))
    world.agenda.after(_ms(rng, 50, 3000), lambda: world.set_status(venue, 17))


def _lock_limit(world: World, venue: VirtualVenue, rng: Random) -> bool:
    bid, ask = venue.bid, venue.ask
    if bid is None or ask is None:
        return False
    venue.limits = rng.choice(((bid, ask + 200), (bid - 200, ask)))
    venue.gateway.publish_status()

    def off() -> None:
        venue.limits = (None, None)
        venue.gateway.publish_status()

    world.agenda.after(_ms(rng, 50, 2000), off)
    return True


def _freeze_quotes(world: World, venue: VirtualVenue, rng: Random) -> None:
    venue.frozen_until_ns = world.agenda.now_ns + _ms(rng, 500, 5000)


def _roll_day(world: World, venue: VirtualVenue, rng: Random) -> bool:
    """Never two within the time in which the first is told: a node asks about the day before, not the one before that."""
    if world.agenda.now_ns - venue.rolled_ns < LEAST_DAY_NS or not venue.gateway.in_use:
        return False
    venue.roll()
    return venue.gateway.kill(_ms(rng, 50, 1500))


def _mismatch(world: World, venue: VirtualVenue, rng: Random) -> None:
    """The venue counts today's lots as older ones already: what closes them may be refused."""
    venue.rolled_ns, venue.is_mismatched = world.agenda.now_ns, True
    venue.account.roll()


def _delist(world: World, venue: VirtualVenue, rng: Random) -> None:
    """The symbol may be traded no more, by its gateway's next logon; then it may again."""
    gateway = venue.gateway
    gateway.tradable = False
    gateway.kill(_ms(rng, 10, 300))

    def back() -> None:
        gateway.tradable = True
        gateway.kill(10 * MS)

    world.agenda.after(_ms(rng, 500, 4000), back)


def _outside(world: World, venue: VirtualVenue, rng: Random) -> bool:
    gateway = venue.gateway
    if not gateway.in_use or gateway.hung or venue.bid is None:
        return False
    gateway.outside(venue.symbol, rng.choice("12"), rng.randrange(1, 4), venue.bid, "X")
    return True


def _no_margin(world: World, venue: VirtualVenue, rng: Random) -> None:
    venue.broke_until_ns = world.agenda.now_ns + _ms(rng, 200, 4000)


def _throttle(world: World, venue: VirtualVenue, rng: Random) -> None:
    venue.throttled_until_ns = world.agenda.now_ns + _ms(rng, 50, 1500)


# ------------------------------------------------ people


def _scope(world: World, venue: VirtualVenue, rng: Random) -> str:
    pair = rng.choice(world.shape.names)
    return rng.choice((ALL, f"market {venue.name}", f"symbol {venue.name} {venue.symbol}", f"pair {pair}"))


def _kill_word(world: World, venue: VirtualVenue, rng: Random) -> None:
    scope, level = _scope(world, venue, rng), rng.choice(list(Level))
    world.word(Killed(scope, level, OPERATOR, "drawn"), "kill")
    world.agenda.after(_ms(rng, 50, 4000), lambda: world.word(Unkilled(scope, OPERATOR, "over"), "unkill"))


def _mode_word(world: World, venue: VirtualVenue, rng: Random) -> bool:
    scope, mode = _scope(world, venue, rng), rng.choice((Mode.REDUCING, Mode.PAUSED, Mode.HALTED))
    if scope.startswith("pair"):
        return False  # a pair's own mode is its own fact, and asked for at its actor
    world.word(ScopeModeSet(scope, mode, OPERATOR, "drawn"), "mode")
    back = ScopeModeSet(scope, Mode.ACTIVE, OPERATOR, "over")
    world.agenda.after(_ms(rng, 50, 4000), lambda: world.word(back, "mode"))
    return True


MOMENTS: dict[str, Moment] = {
    "gateway_killed": lambda w, v, r: v.gateway.kill(_ms(r, 10, 2000)),
    "gateway_hung": lambda w, v, r: v.gateway.hang(_ms(r, 50, 6000)),
    "gateway_slow": _slow_gateway,
    "session_dropped": lambda w, v, r: v.gateway.drop_session(_ms(r, 100, 3000), cancels=r.random() < 0.5),
    "link_cut": lambda w, v, r: w.trades[v.name].cut(_ms(r, 0, 1500)),
    "link_clogged": lambda w, v, r: w.trades[v.name].clog(_ms(r, 10, 1500)),
    "flooded": _flood,
    "node_copied": _copied,
    "market_halted": _halt,
    "limit_locked": _lock_limit,
    "venue_deaf": _deafen,
    "feed_frozen": _freeze_feed,
    "outside_trade": _outside,
    "quotes_frozen": _freeze_quotes,
    "day_rolled": _roll_day,
    "days_mismatched": _mismatch,
    "delisted": _delist,
    "margin_short": _no_margin,
    "throttled": _throttle,
    "kill_word": _kill_word,
    "mode_word": _mode_word,
    **node_moments.MOMENTS,
}
