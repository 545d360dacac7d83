"""One run's world: two venues, the links, the node, and who judges them.

The node is the production one; only its machine is another. `kill` ends it as
SIGKILL does: nothing of it runs any more, its journal is as it was written.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from loguru import logger
from pykka import ActorRegistry

from actors.controls import HoldChanged
from actors.notes import ExposureNews, Operate
from actors.recovery import fold
from domain.controls import ScopeModeSet, Unkilled
from domain.errors import HedgerowError, IllegalTransition
from domain.exposures import Exposure
from domain.pairs import Mode
from journal.reader import read
from journal.verify import verify
from simulation import fates
from simulation.agenda import MS, Agenda, WatchedLane
from simulation.gates import MOST_CANCELS
from simulation.gateway import VirtualGateway
from simulation.invariants import Judge
from simulation.machine import MEMORY, VirtualMachine
from simulation.network import FeedLink, TradeLink
from simulation.settings import NAMES, OTHER, PAIR, QUIET, Shape, config_of
from simulation.venue import VirtualVenue
from system.clock import chance

ROOT = "node/root"
OPERATOR = "simulation"
OPEN = 4
QUOTE_NS = 40 * MS
CALM_TICKS = 2
DEPTH = 50
STOP_NS = 12_000 * MS

NodeMaker = Callable[..., Any]
"""(config, live=..., machine=...) -> a node: the composition root's."""


class World:
    """Thread: the one that makes it. Close it: its journal is in memory."""

    def __init__(self, seed: int, make_node: NodeMaker, shape: Shape | None = None) -> None:
        logger.disable("actors")
        self.shape = shape or Shape()
        self.make_node = make_node
        self.rng: Random = chance(seed)
        self.lane = WatchedLane(seed)
        self.agenda = Agenda(self.lane)
        self.venues: dict[str, VirtualVenue] = {}
        self.judge = Judge(self.agenda, self.shape, self.venues)
        self.lane.after_step = self.judge.step
        self.judge.is_dead = self._is_dead
        self.feeds: dict[str, FeedLink] = {}
        self.trades: dict[str, TradeLink] = {}
        self.folder = Path(tempfile.mkdtemp(prefix="hgsim", dir=MEMORY if MEMORY.is_dir() else None))
        for name in NAMES:
            self._venue(name, chance(self.rng.randrange(2**60)))
        self.a, self.b = self.venues.values()
        self.mid, self.quotes = QUIET, True
        self.calm_mid: int | None = None
        """Where a calm market stands that moves to `mid` by so few ticks that no order misses."""
        self.node: Any = None
        self.exposed = self._version = 0
        self.kills = 0
        self.raised: set[str] = set()
        """Actors whose restart was meant."""
        self.fuse: int | None = None
        self.torn = self.is_torn = False
        self._down_ns = 0
        self._quoting()

    def _venue(self, name: str, rng: Random) -> None:
        agenda = self.agenda
        venue = self.venues[name] = VirtualVenue(name, agenda, rng, fates.meet, fates.obey)
        venue.state_of = self.judge.state_of
        venue.on_mismatch = lambda order: self.judge.mismatched(venue, order)
        feed = self.feeds[name] = FeedLink(name, agenda, rng, self.judge)
        trade = self.trades[name] = TradeLink(name, agenda, rng, self.judge)
        trade.is_dead, trade.on_sent = self._is_dead, self.burn
        venue.min_lots = self.shape.min_lots
        if self.shape.locks:
            venue.account.sides = [[0, 0], [0, 0]]
        venue.account.larger_side = self.shape.margin_sides == "larger"
        venue.account.deposit = self.shape.deposit_usd * 100
        VirtualGateway(venue, agenda, feed, trade, self.shape.offset_mode)

    def _is_dead(self) -> bool:
        """Before a send: whether the process that sends lives no more."""
        return self.fuse == 0

    # ------------------------------------------------ market

    def _quoting(self) -> None:
        """Each venue's touch, a little moved, again and again."""
        self.agenda.after(QUOTE_NS, self._quoting)
        if self.quotes:
            self.requote()

    def requote(self) -> None:
        """A new touch at both venues, around their mids."""
        for venue, mid in ((self.a, self.mid), (self.b, OTHER)):
            if self.agenda.now_ns < venue.frozen_until_ns:
                continue
            if self.calm_mid is None:
                mid += venue.rng.randrange(-1, 2)
            elif venue is self.a:
                mid = self.calm_mid = self.calm_mid + max(-CALM_TICKS, min(CALM_TICKS, mid - self.calm_mid))
            venue.depth = venue.rng.randrange(1, 4) if venue.happens("thin") else DEPTH
            if venue.happens("crossed"):
                venue.quote(mid + 3, mid - 3)
            elif venue.happens("one_sided"):
                venue.quote(*venue.rng.choice(((None, mid + 1), (mid - 1, None), (None, None))))
            else:
                venue.quote(mid - 1, mid + 1)

    def expose(self, lots: int) -> None:
        """What the cover pair's exposure is now: told to the node that runs."""
        self.exposed = lots
        self._version += 1
        if self.node is not None:
            now_ns = self.node.clock.wall_ns()
            told = Exposure(self._version, str(lots), now_ns, "simulation", "X")
            self.node.runtime.tell(PAIR, ExposureNews(told))

    def set_status(self, venue: VirtualVenue, status: int) -> None:
        """FIX SecurityTradingStatus of the venue's symbol, told at once."""
        venue.status = status
        venue.gateway.publish_status()

    # ------------------------------------------------ the node

    def start(self) -> None:
        """A node on this journal, as after power-on."""
        machine = VirtualMachine(self.lane, self.folder, self.feeds, self.trades)
        try:
            self.node = self.make_node(config_of(self.shape), live=True, machine=machine)
        except HedgerowError as error:
            self.judge.broken("I11", f"no node starts on this journal: {error}")
            return
        self._watch(self.node.journal)
        self.judge.started()
        self.node.build()

    def _watch(self, journal: Any) -> None:
        append, judge = journal.append, self.judge

        def watched(kind: str, body: bytes, cause: int = 0) -> int:
            if self.fuse == 0:
                return journal.last_seq + 1  # a dead process writes nothing
            offset, segment = journal._offset, journal._segment
            seq = append(kind, body, cause)
            if self.fuse == 1 and self.torn and journal._segment is segment:
                self._tear(journal, offset)
            else:
                judge.recorded(kind, body, seq, cause)
            self.burn()
            return seq

        journal.append = watched

    # ------------------------------------------------ kills

    def _tear(self, journal: Any, offset: int) -> None:
        """The last record got to the disk in part: its writer died over it."""
        cut = self.rng.randrange(offset, journal._offset)
        journal._map[cut : journal._offset] = bytes(journal._offset - cut)
        self.is_torn = True
        self.a.count("torn_tail")

    # ------------------------------------------------ people

    def word(self, fact: Any, verb: str) -> None:
        """An operator's word to the node, as the operate socket gives it."""
        if self.node is None or self.fuse == 0:
            return
        try:
            _, names = self.node.desk.controls.apply(fact, verb)
        except IllegalTransition:
            return  # no such kill holds
        for name in names:
            self.node.runtime.tell(name, HoldChanged(0))

    def release(self) -> None:
        """People end what they have barred, and have tried again what it left."""
        state = self.node.desk.controls.state
        for scope in list(state.kills):
            self.word(Unkilled(scope, OPERATOR, "over"), "unkill")
        for scope in list(state.modes):
            self.word(ScopeModeSet(scope, Mode.ACTIVE, OPERATOR, "over"), "mode")
        for pair in self.pairs:
            hedge = pair.hedge
            for order in [] if hedge is None else [order for leg in hedge.legs for order in leg.orders]:
                if order.live and order.cancels > MOST_CANCELS:
                    self._phone(order.cl_ord_id)
            if hedge is not None and hedge.status == "STRANDED" and hedge.stranded_why == "FROZEN":
                self.node.runtime.tell(pair.name, Operate("retry", OPERATOR, "over", hedge.hedge_id))

    def _phone(self, ref: str) -> None:
        """An order that the node has used up its cancels for: cancelled at its venue."""
        for venue in self.venues.values():
            order = venue.orders.get(ref)
            if order is not None and order.works:
                venue.end(order)

    # ------------------------------------------------ deaths

    def light(self, steps: int, down_ms: int, *, torn: bool = False) -> None:
        """SIGKILL after so many more records and sends; then a new node.

        It may fall between a record and its send: what still runs of that
        turn writes nothing and sends nothing. `torn`: where it falls on a
        record, that one is written in part.
        """
        if self.fuse is None and self.node is not None:
            self.fuse, self._down_ns, self.torn = steps, down_ms * MS, torn

    def burn(self) -> bool:
        """A record or a send was done; True once the process is dead."""
        if self.fuse is None:
            return False
        if self.fuse:
            self.fuse -= 1
            if self.fuse == 0:
                self.agenda.after(0, self._burnt)
        return self.fuse == 0

    def _burnt(self) -> None:
        self.fuse = None
        self.kill(mid_turn=True)
        self.agenda.after(self._down_ns, self.start)

    def kill(self, *, mid_turn: bool = False) -> None:
        """SIGKILL; in mid-turn memory may be behind the journal."""
        node, self.node = self.node, None
        self.kills += 1
        self.judge.killed()
        before = _lasting(node)
        for box in node.runtime.boxes.values():
            if box.actor is not None:
                box.actor.live = False
                ActorRegistry.unregister(box.actor.actor_ref)
        self.lane.abandon()
        for link in self.trades.values():
            link.socket = None
            link.fresh()
        for feed in self.feeds.values():
            feed.socket = None
        node.journal._drop()
        if self.is_torn:  # read when the next node has cut its end off
            self.is_torn = False
        else:
            self._compare(None if mid_turn else before, node.specs)

    def _compare(self, before: dict[str, Any] | None, specs: Any) -> None:
        """I10 and I11: the journal verifies, and folds to what was true."""
        directory = self.folder / "journal"
        report = verify(directory)
        if not report.ok:
            self.judge.broken("I10", str(report.problems[0]))
        try:
            found = _lasting(fold(read(directory), {spec.name: spec.lots for spec in specs}))
        except HedgerowError as error:
            self.judge.broken("I11", f"the journal can't be folded: {error}")
            return
        if before is not None and found != before:
            self.judge.broken("I11", _difference(found, before))

    def stop(self) -> None:
        """The tree stops in order; the journal is closed and compared."""
        node = self.node
        node.desk.stopping = True
        before = _lasting(node)
        node.runtime.stop(ROOT)
        until_ns = self.agenda.now_ns + STOP_NS
        self.until(lambda: not node.runtime.alive(ROOT) or self.agenda.now_ns > until_ns, STOP_NS)
        node.close("simulated")
        self.node = None
        self._compare(before, node.specs)

    def close(self) -> None:
        """Give the memory back."""
        if self.node is not None:
            self.kill()
        shutil.rmtree(self.folder)

    # ------------------------------------------------ time

    def run(self, ms: int) -> None:
        """Let so much virtual time pass."""
        self.lane.advance(ms * MS)

    def until(self, holds: Callable[[], bool], limit_ns: int) -> bool:
        """Until it holds, at most that long; whether it does."""
        self.lane.pump(holds, limit_ns)
        return holds()

    # ------------------------------------------------ looking in

    @property
    def pair(self) -> Any:
        return self.node.desk.memories[PAIR].pair

    @property
    def pairs(self) -> list[Any]:
        """Every pair of the desk, as the node has it in memory."""
        memories = self.node.desk.memories
        return [memories[name].pair for name in self.shape.names if name in memories]

    @property
    def position(self) -> tuple[int, ...]:
        """By the venues' truth."""
        return tuple(venue.position for venue in self.venues.values())

    def is_open(self) -> bool:
        """Both links may open hedges, and both feeds tell of open markets."""
        return all(link.stage == OPEN for link in self.node.desk.links.values())

    def digest(self) -> str:
        """SHA-256 over the journal's files, in order."""
        sha = hashlib.sha256()
        for path in sorted((self.folder / "journal").glob("segment-*")):
            sha.update(path.read_bytes())
        return sha.hexdigest()


def _lasting(told: Any) -> dict[str, Any]:
    """Pairs that have something on record, and their ledgers. `told`: a node, or what a fold found."""
    node = callable(told.pairs)
    found, ledgers = (told.pairs(), told.desk.ledgers) if node else (told.pairs, told.ledgers)
    ledgers.settle()
    return {name: (pair, ledgers.of.get(name)) for name, pair in found.items() if pair.hedge_count}


def _difference(found: Any, before: Any) -> str:
    """Where two states part, as short as that can be said."""
    fields = getattr(before, "__struct_fields__", None)
    if fields and type(found) is type(before):
        pairs = [(name, getattr(found, name), getattr(before, name)) for name in fields]
    elif isinstance(before, dict) and isinstance(found, dict) and found.keys() == before.keys():
        pairs = [(str(key), found[key], before[key]) for key in before]
    elif isinstance(before, tuple) and isinstance(found, tuple) and len(before) == len(found):
        pairs = [(str(index), *both) for index, both in enumerate(zip(found, before, strict=True))]
    else:
        return f"{found} from the journal, {before} before"
    return "; ".join(f"{name}: {_difference(one, other)}" for name, one, other in pairs if one != other)
