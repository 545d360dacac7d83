"""What goes wrong in a seed's run: its own faults, rates and times.

Rates strike orders, cancels, words and frames as they come; moments strike
gateways, links, markets, clocks and the node at drawn times. Each faulty seed
is aimed at one cell of the matrix, too: its fault strikes whenever an order is
in its state. One seed in five draws nothing.
"""

from __future__ import annotations

from random import Random
from typing import Any

from simulation import fates
from simulation.agenda import MS
from simulation.by_hand import Person
from simulation.cells import FATE, FAULTS, NODE, aims
from simulation.moments import MOMENTS
from simulation.world import World
from system.clock import chance

FAULT_FREE = 0.2
CHOSEN = 0.4
CHOSEN_MOMENTS = 0.3
"""How many of the rates, and of the moments, a seed draws."""
COMMON = frozenset(("thin", "crossed", "one_sided", "frame_twice"))
"""They meet each state hundreds of times in as many seeds, whatever those are aimed at."""
RARE, TIMES = frozenset(("mass_cancel_swallowed", "cancel_then_fill")), 3
"""Cells of these, and fates of orders whose cancel is on record, are aimed at so many times as often."""


def weighted() -> list[tuple[str, str]]:
    """What seeds are aimed at in turn: the rarer a cell, the oftener."""
    wanted = [cell for cell in aims() if cell[0] not in COMMON]
    return wanted + [cell for cell in wanted if cell[0] in RARE or FAULTS[cell[0]].kind == FATE] * (TIMES - 1)


AIMS = weighted()
MOST_AIMED = 6
"""Moments of its aim that strike in one seed."""
MOST_RESTARTS = 5
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
    "replays_all": 0.33,
    "replays_nothing": 0.33,
    "crossed": 0.10,
    "one_sided": 0.10,
    "thin": 0.30,
}
"""The most that each is drawn to."""

HELPS: dict[str, dict[str, float]] = {
    "SUBMITTED": {},
    "PENDING_NEW": {"say_late": 0.2},
    "NEW": {"rest": 0.3, "say_late": 0.2},
    "PARTIALLY_FILLED": {"crumbs": 0.5, "rest": 0.1},
    "PENDING_CANCEL": {"rest": 0.3, "cancel_swallowed": 0.4},
    "UNKNOWN": {"silent": 0.15, "lost": 0.1, "vanish": 0.1, "say_lost": 0.1},
}
"""Rates that bring orders into the state that a seed is aimed at."""
ACKED_LATE = {"rest": 0.4, "say_late": 0.4}
MASS = {"mass_cancel_swallowed": 0.95, "rest": 0.5, "cancel_swallowed": 0.95}
ALSO: dict[Any, dict[str, float]] = {
    "deaf": {"gap": 0.1, "silent": 0.1},
    ("deaf", "SUBMITTED"): {"vanish": 0.5, "gap": 0.3},
    "say_lost": {"say_lost": 0.1},
    "mass_cancel_swallowed": MASS,
    ("mass_cancel_swallowed", "SUBMITTED"): {**MASS, "vanish": 0.3},
    ("mass_cancel_swallowed", "PENDING_NEW"): {**MASS, "lost": 0.3},
    "cancel_swallowed": ACKED_LATE,
    "cancel_refused": ACKED_LATE,
    "fill_on_cancel": ACKED_LATE,
    "cancel_then_fill": ACKED_LATE,
}
"""Rates that bring about what a fault needs beside an order in its state."""
SLOW_UP, DENIED = 600, 0.8
"""An order is so long on its way to its gateway that its cancel is on record before: the other venue refuses its leg."""
DAMAGED = 0.3
"""The most that a start is tried on a damaged copy first."""
MOMENT_GAP_MS = 3000
AIM_GAP_MS = 600
HANDS = 1 << 40
"""Where the numbers begin from which a person's acts are drawn: no seed's own."""
DAMAGES = 1 << 41
"""As `HANDS`, of damaged journals."""
SNAPSHOTS = 1 << 42
"""As `HANDS`, of snapshots of the journal."""
SNAPPED, MOST_SNAPSHOTS, SNAP_MS = 0.5, 3, 18_000
"""How many of the faulty seeds have any, how many, and within which time."""


class Plan:
    """A seed's faults. `rates` by venue, `moments` that may strike, `aim`: a fault and an order's state."""

    def __init__(
        self, rng: Random, names: tuple[str, ...], without: frozenset[str] = frozenset(), number: int = 0
    ) -> None:
        self.rng = rng
        self.without = without
        self.free = rng.random() < FAULT_FREE
        self.rates: dict[str, dict[str, float]] = {name: {} for name in names}
        self.moments: list[str] = []
        self.aim: tuple[str, str] | None = None
        self.number = number
        self.restarts = 0
        self.active = False
        self._strikes_left, self._next_ns = MOST_AIMED, 0
        if self.free:
            return
        self.aim = AIMS[number % len(AIMS)]
        self.restarts = rng.randrange(MOST_RESTARTS + 1)
        helps = {**HELPS[self.aim[1]], **ALSO.get(self.aim, ALSO.get(self.aim[0], {}))}
        for rates in self.rates.values():
            chosen = [fault for fault in RATES if rng.random() < CHOSEN]
            rates.update({fault: RATES[fault] * rng.random() for fault in chosen})
            rates.update({fault: max(rate, rates.get(fault, 0.0)) for fault, rate in helps.items()})
        self.moments = [moment for moment in MOMENTS if rng.random() < CHOSEN_MOMENTS]

    def begin(self, world: World) -> None:
        """From now on things go wrong."""
        self.active = True
        for name, venue in world.venues.items():
            venue.rates = {fault: rate for fault, rate in self.rates[name].items() if fault not in self.without}
            venue.always, venue.cancel_always = fates.drawn, fates.drawn_cancel
            venue.aim = None if self.aim is None or self.aim[0] in self.without else self.aim
        world.judge.on_state = lambda ref, state: self._came_to(world, ref, state)
        if self.moments:
            self._next(world)
        self._slow_way(world)
        if "journal_damaged" not in self.without:
            world.damages = DAMAGED * chance(DAMAGES + self.number).random()
        rng = chance(SNAPSHOTS + self.number)
        if rng.random() < SNAPPED:
            for _ in range(rng.randrange(1, MOST_SNAPSHOTS + 1)):
                world.agenda.after(rng.randrange(SNAP_MS) * MS, world.snap)
        if "by_hand" not in self.without:
            Person(world, chance(HANDS + self.number), lambda: self.active).comes()

    def _slow_way(self, world: World) -> None:
        """Orders of one venue are long on their way where the aim wants such as are cancelled before their gateway has them."""
        if self.aim is None or self.aim[0] in self.without or FAULTS[self.aim[0]].kind != FATE:
            return
        slow = list(world.venues)[self.number % len(world.venues)]
        world.trades[slow].up.slow = SLOW_UP
        for name, venue in world.venues.items():
            if name != slow:
                venue.rates["deny"] = DENIED

    def _came_to(self, world: World, ref: str, state: str) -> None:
        """An order is in a state now: maybe the one that is aimed at."""
        if self.aim is None or state != self.aim[1] or self.aim[0] not in MOMENTS or not self.active:
            return
        if self._strikes_left and world.agenda.now_ns >= self._next_ns:
            self._next_ns = world.agenda.now_ns + AIM_GAP_MS * MS
            world.agenda.after(0, lambda: self._strike_at(world, ref))

    def _strike_at(self, world: World, ref: str) -> None:
        name, state = self.aim
        if not self.active or world.judge.state_of(ref) != state:
            self._next_ns = 0
            return
        self._strikes_left -= 1
        self._do(world, name, next(venue for venue in world.venues.values() if world.judge.leg_of(ref) == venue.name))

    def _do(self, world: World, name: str, venue: Any) -> None:
        if name in self.without:
            return
        is_node = FAULTS[name].kind == NODE
        states, in_use = world.seen() if is_node else venue.seen(), venue.gateway.in_use
        if MOMENTS[name](world, venue, self.rng) is False:
            return
        if is_node:
            world.count(name, states)
        else:
            venue.book(name, states, in_use=in_use)

    def _next(self, world: World) -> None:
        world.agenda.after(self.rng.randrange(20, MOMENT_GAP_MS) * MS, lambda: self._strike(world))

    def _strike(self, world: World) -> None:
        if not self.active:
            return
        name = self.rng.choice(self.moments)
        self._do(world, name, self.rng.choice(list(world.venues.values())))
        self._next(world)

    def end(self, world: World) -> None:
        """Venues are healthy from now on, and so is the node's machine."""
        self.active = False
        world.recover()
        for venue in world.venues.values():
            venue.rates, venue.aim = {}, None
            venue.always, venue.cancel_always = fates.meet, fates.obey
