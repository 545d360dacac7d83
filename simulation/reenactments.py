"""Knight (2012) and 光大 (2013), re-enacted; each variant drawn from a seed.

Knight's router did not see its fills and went on sending: four million orders
for 212. 光大's re-order function took silence for failure: 26,082 orders in two
seconds. A variant draws the desk, the venues at fault, and how; at its end the
venues tell the truth again, and everything must be whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from simulation import fates
from simulation.agenda import MS
from simulation.node_life import NodeMaker
from simulation.run import audit, heal
from simulation.settings import POLICIES, RICH, Shape
from simulation.venue import VirtualVenue
from simulation.world import World
from system.clock import chance

CAP = 12
RETRIED = 4
"""Orders more for each retry of a hedge."""
SECONDS = 2
STRANDED_MS = 4600
"""Deadline, naked budget and a moment: by then a person has been told that it is STRANDED."""
READY_NS = 3000 * MS
ALERT_MS, BREAKER_MS = 500, 1000
"""R6: the first alert, and the last order that opens, after the first order that nobody answers."""


class Outcome(Struct):
    """What came of a variant. Times in virtual ms after the first order that went unanswered.

    `silent`: orders that came into doubt; `orders`: the most of one hedge;
    `over`: orders beyond its cap, over all hedges; `alert_ms`: None where
    nobody was told; `breaker_ms`: the last order that opened before the first
    doubt ended.
    """

    accident: str
    seed: int
    silent: int
    orders: int
    over: int
    alert_ms: float | None
    breaker_ms: float
    wrong: list[str]

    @property
    def ok(self) -> bool:
        timely = not self.silent or (self.alert_ms is not None and self.alert_ms <= ALERT_MS)
        return timely and not self.over and self.breaker_ms <= BREAKER_MS and not self.wrong


class Accident:
    """A world whose venues are at fault, drawn from a seed. Close its world."""

    def __init__(self, name: str, seed: int, make_node: NodeMaker) -> None:
        self.name, self.seed = name, seed
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
        self.world = World(seed, make_node, shape)
        self.wrong: list[str] = []
        for venue in self.world.venues.values():
            venue.latency_ns = self.rng.choice((MS // 2, 3 * MS, 20 * MS))
        self.world.start()
        self.expect(self.world.until(self._ready, READY_NS), "the venues do not open")
        self.world.run(100)
        self._sent_ns: dict[str, int] = {}
        self._doubted: dict[str, int] = {}
        self._over_ns: int | None = None
        """When the first doubt ended: from then on the venues tell again."""
        self.world.judge.on_state = self._came_to

    def _ready(self) -> bool:
        return self.world.is_open() and all(link.feed.latest for link in self.world.node.desk.links.values())

    def _came_to(self, ref: str, state: str) -> None:
        now_ns = self.world.agenda.now_ns
        self._sent_ns.setdefault(ref, now_ns)
        if state == "UNKNOWN":
            self._doubted.setdefault(ref, now_ns)
        elif ref in self._doubted and self._over_ns is None:
            self._over_ns = now_ns

    def expect(self, holds: bool, what: str) -> None:
        """Something that must be so."""
        if not holds:
            self.wrong.append(what)

    def faulty(self) -> list[VirtualVenue]:
        """The venues that misbehave: one, or both."""
        a, b = self.world.a, self.world.b
        return self.rng.choice(([a], [b], [a, b]))

    def sent(self) -> dict[str, int]:
        """Orders that left, by pair."""
        counts = dict.fromkeys(self.world.shape.names, 0)
        for order in self.world.judge.knowledge.orders.values():
            counts[order.hedge.partition(".")[0]] += 1
        return counts

    def check_targets(self) -> None:
        """The pairs hold no more than they are ever meant to."""
        shape = self.world.shape
        most = [each * shape.max_units * shape.pairs for each in shape.lots]
        held = [abs(lots) for lots in self.world.position]
        self.expect(all(has <= limit for has, limit in zip(held, most, strict=True)), f"held {held}, the targets are {most}")

    def ends(self) -> Outcome:
        """Venues tell the truth again: everything is whole, nothing was broken."""
        outcome = self._outcome()
        world = self.world
        for venue in world.venues.values():
            venue.always, venue.cancel_always, venue.rates = fates.meet, fates.obey, {}
            venue.recover()
            for order in venue.orders.values():
                order.muted = False
        heal(world, 1500)
        audit(world, free=False)
        self.wrong.extend(f"{invariant}: {what}" for _, invariant, what in world.judge.violations)
        return outcome

    def _outcome(self) -> Outcome:
        judge = self.world.judge
        left = {hedge: judge.knowledge.sent_in(hedge) for hedge in judge.outcomes}
        over = sum(max(0, count - CAP - RETRIED * judge.retries.get(hedge, 0)) for hedge, count in left.items())
        first_ns = min((self._sent_ns[ref] for ref in self._doubted), default=None)
        alert_ms, breaker_ms = None, 0.0
        if first_ns is not None:
            alert_ms = next(((at_ns - first_ns) / MS for at_ns in judge.alerted_ns if at_ns >= first_ns), None)
            end_ns = self.world.agenda.now_ns if self._over_ns is None else self._over_ns
            opened = [at_ns for ref, at_ns in self._sent_ns.items() if ref in judge.first and at_ns < end_ns]
            breaker_ms = (max(opened, default=first_ns) - first_ns) / MS
        return Outcome(self.name, self.seed, len(self._doubted), max(left.values(), default=0), over, alert_ms, breaker_ms, self.wrong)


def knight(accident: Accident) -> Outcome:
    """Fills are never reported: no flood of orders, a person told, and not one order more in a minute of the same market."""
    world = accident.world
    for venue in accident.faulty():
        venue.always = fates.silent(accident.rng.choice((None, 1)))
        venue.deaf_until_ns = world.agenda.now_ns + 600_000 * MS
    world.mid = RICH
    world.run(SECONDS * 1000 + STRANDED_MS)
    accident.expect("STRANDED" in world.judge.alerts, "nobody was told that it is STRANDED")
    sent = accident.sent()
    world.run(60_000)
    accident.expect(accident.sent() == sent, f"{sent} orders, {accident.sent()} a minute later")
    accident.check_targets()
    return accident.ends()


def everbright_silence(accident: Accident) -> Outcome:
    """Reports come late, all at once: silence is never taken for failure."""
    world, rng = accident.world, accident.rng
    late_ms = rng.choice((350, 900, 2500, 10_000))
    for venue in accident.faulty():
        link, clog_ms = world.trades[venue.name], late_ms + rng.randrange(300)
        world.agenda.after(rng.randrange(20) * MS, lambda link=link, ms=clog_ms: link.clog(ms * MS))
    world.mid = RICH
    world.run(SECONDS * 1000)
    accident.check_targets()
    world.run(late_ms + 5000)
    accident.check_targets()
    return accident.ends()


def everbright_lost(accident: Accident) -> Outcome:
    """Orders are lost: each is proven lost before it is sent again."""
    world, rng = accident.world, accident.rng
    for venue in accident.faulty():
        venue.rates = {"lost": 0.5 + rng.random() / 2, "say_late": rng.random(), "vanish": rng.random() / 2}
        venue.always = fates.drawn
    world.mid = RICH
    world.run(SECONDS * 1000 + 20_000)
    accident.check_targets()
    return accident.ends()


ACCIDENTS: dict[str, Callable[[Accident], Outcome]] = {
    "knight": knight,
    "everbright_silence": everbright_silence,
    "everbright_lost": everbright_lost,
}


def reenact(name: str, seed: int, make_node: NodeMaker) -> Outcome:
    """One variant, whole."""
    accident = Accident(name, seed, make_node)
    try:
        return ACCIDENTS[name](accident)
    finally:
        accident.world.close()


def summed(outcomes: list[Outcome]) -> dict[str, Any]:
    """R6 of one accident: what was worst over its variants."""
    told = [each.alert_ms for each in outcomes if each.alert_ms is not None]
    return {
        "accident": outcomes[0].accident,
        "variants": len(outcomes),
        "with_silence": sum(1 for each in outcomes if each.silent),
        "orders_most": max(each.orders for each in outcomes),
        "orders_over_cap": sum(each.over for each in outcomes),
        "alert_ms_most": round(max(told), 1) if told else None,
        "breaker_ms_most": round(max(each.breaker_ms for each in outcomes), 1),
        "failed": sorted(each.seed for each in outcomes if not each.ok),
    }
