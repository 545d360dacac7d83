"""A short life of a node, in which one call of the machine fails.

The same life again and again: two hedges with a refusal, a SIGKILL, a close
that is filled in part, an orderly stop, each with a start after it; segments
are small, so that they roll. Its calls on the journal's files and on its
sockets are counted; a run in which the nth fails must keep every invariant of
the simulator. Whoever runs the node sees a start that is refused, or alerts
of the record, and starts it again: from then on the machine is well.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from domain.errors import HedgerowError, InvariantViolation
from simulation import fates
from simulation.agenda import MS
from simulation.node_life import ROOT, NodeMaker
from simulation.raw_sockets import FeedOnRaw, RawFeed, RawTrade, TradeOnRaw, on_raw_sockets
from simulation.run import audit, fire, heal
from simulation.settings import CHEAP, QUIET, RICH, Shape
from simulation.trap import Trap, trapped
from simulation.world import World
from system.files import Files

SEGMENT_BYTES = 24 * 1024
READY_NS = 3000 * MS
FIRES_NS = 1200 * MS
ENDS_NS = 6000 * MS
AWAY = 8
HEAL_MS = 1000
MOST_STARTS = 3
"""A start that the failed call spoilt is made again; the third must not be."""


class Called(Struct):
    """What one life came to. `nth` 0: nothing failed, all was counted.

    `ended`: how the node met it: went on, emergency, refused to start, died,
    raised again; `not reached` where the life has fewer calls.
    """

    nth: int
    way: int
    call: str
    errno: int
    at: str
    ended: str
    hedges: int
    calls: dict[str, int]
    violations: list[tuple[int, str, str]]


class StartRefused(Exception):
    """The node said why it does not start."""


class CallWorld(World):
    """A world whose node has the real `Files` and socket classes, trapped.

    `emergency`: its journal's disk fails after the first hedge, whatever else does.
    """

    def __init__(self, seed: int, make_node: NodeMaker, trap: Trap, *, emergency: bool = False) -> None:
        self.trap, self.refusals, self.deaths, self.emergency = trap, [], 0, emergency
        super().__init__(seed, make_node, Shape(units=2, max_units=4))
        self._make = self.make_node
        self.make_node = self._made

    def _made(self, config: Any, *, live: bool, machine: Any) -> Any:
        machine.journal = {"segment_bytes": SEGMENT_BYTES, "files": Files()}
        machine.emergency = lambda _path: self.folder / "emergency"
        machine.feed_socket = lambda endpoint, _topics, _curve=None: self._feed(endpoint)
        machine.trade_socket = lambda endpoint, _curve=None: self._trade(endpoint)
        try:
            return self._make(config, live=live, machine=machine)
        except HedgerowError as error:
            if not self.trap.fired:
                raise
            raise StartRefused(str(error)) from error

    def _feed(self, endpoint: str) -> FeedOnRaw:
        link = self.feeds[_venue(endpoint)]
        link.pipe.drop()
        link.socket = raw = RawFeed(link, self.trap)
        link.on_subscribed()
        return FeedOnRaw(raw, endpoint)

    def _trade(self, endpoint: str) -> TradeOnRaw:
        link = self.trades[_venue(endpoint)]
        link.fresh()
        link.socket = raw = RawTrade(link, self.trap)
        return TradeOnRaw(raw, endpoint)

    def start(self) -> None:
        """As whoever runs it does: again, where the failed call refused it."""
        for _ in range(MOST_STARTS):
            try:
                super().start()
            except StartRefused as refused:
                self.refusals.append(str(refused))
                continue
            self.until(lambda: self.node is None or self.is_open(), READY_NS)
            return
        self.judge.broken("I11", f"no node starts though its disk is well again: {self.refusals[-1]}")

    def _compare(self, before: Any, specs: Any) -> None:
        """The judge's own reads do not fail."""
        was, self.trap.paused = self.trap.paused, True
        super()._compare(before, specs)
        self.trap.paused = was

    def judge_crashes(self) -> None:
        """Whichever actor a failed call struck may have been raised again."""
        if not self.trap.fired:
            super().judge_crashes()

    # ------------------------------------------------ whoever runs it

    @property
    def is_dead(self) -> bool:
        """Its tree has given up: the process would have ended."""
        return self.node is not None and not self.node.runtime.alive(ROOT)

    def tended(self) -> None:
        """A dead node is started again; one whose record failed, too."""
        if self.node is None:
            self.start()
        elif self.is_dead or self.node.journal.broken or self.node.journal.failed:
            self.deaths += self.is_dead
            self.kill()
            self.start()

    # ------------------------------------------------ a life

    def life(self) -> None:
        """Two opens with starts between them, two closes, the last by a healthy venue."""
        self.start()
        self.hedge(RICH, b=fates.reject())
        if self.emergency and self.node is not None and not self.node.journal.broken:
            self.node.journal._fail("sync", "the life's own failure")
        self.hedge(RICH, a=fates.part(1))
        self.tended()
        self.kill()
        self.start()
        self.hedge(CHEAP, b=fates.part(1))
        self.tended()
        self.stop()
        self.start()
        self.hedge(RICH)
        self.tended()

    def hedge(self, mid: int, a: Any = None, b: Any = None) -> None:
        """The market is worth a hedge; it ends, or time passes."""
        if self.node is None:
            return
        for venue, fate in ((self.a, a), (self.b, b)):
            if fate is not None:
                venue.script.append(fate)
        count, self.mid = len(self.judge.outcomes), mid
        self.until(lambda: len(self.judge.outcomes) > count or self.is_dead, FIRES_NS)
        self.mid = mid + (AWAY if mid == CHEAP else -AWAY)
        self.until(lambda: self.is_dead or all(self.judge.outcomes.values()), ENDS_NS)
        for venue in self.venues.values():
            venue.script.clear()
        self.mid = QUIET


def life(
    seed: int, make_node: NodeMaker, nth: int = 0, way: int = 0, times: int = 1, *, emergency: bool = False
) -> Called:
    """The life of this seed in which the nth call fails (`times`: and those after it); judged."""
    trap = Trap(nth, way, times)
    world = CallWorld(seed, make_node, trap, emergency=emergency)
    raised: list[str] = []
    try:
        with trapped(trap, world.folder), on_raw_sockets():
            _lived(world, raised)
        return _called(world, nth, way, raised)
    finally:
        world.close()


def _lived(world: CallWorld, raised: list[str]) -> None:
    try:
        world.life()
        world.trap.paused = True
        if world.node is not None:
            raised += [row["path"] for row in world.node.runtime.snapshot() if row["restarts"]]
        heal(world, HEAL_MS)
        if world.node is not None:
            fire(world)
        audit(world, free=False)
    except InvariantViolation as error:
        world.judge.broken("I12", str(error))
    except (OSError, StartRefused) as error:
        world.judge.broken("ERROR", f"{world.trap.fired} of {world.trap.at}: {error!r} went through everything")


def _called(world: CallWorld, nth: int, way: int, raised: list[str]) -> Called:
    trap, judge = world.trap, world.judge
    ended = "not reached" if nth and not trap.fired else "went on"
    if trap.fired:
        if raised:
            ended = "raised again"
        if judge.alerts.count("JOURNAL_EMERGENCY") > world.emergency or "JOURNAL_LOST" in judge.alerts:
            ended = "emergency"
        if world.refusals:
            ended = "refused to start"
        if world.deaths:
            ended = "died"
    return Called(nth, way, trap.fired, trap.code, trap.at, ended, len(judge.outcomes), trap.counts, judge.violations)


def _venue(endpoint: str) -> str:
    return endpoint.rpartition("/")[2].partition(".")[0]
