"""One run's world: two venues, the links, the node, and who judges them."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from loguru import logger
from msgspec import structs

from actors.controls import HoldChanged
from actors.notes import ExposureNews, Operate
from domain.controls import RECONCILER, PositionAccepted, ScopeModeSet, Unkilled
from domain.errors import IllegalTransition
from domain.exposures import Exposure
from domain.pairs import Mode
from simulation import fates
from simulation.agenda import MS, Agenda, WatchedLane
from simulation.gates import MOST_CANCELS
from simulation.gateway import VirtualGateway
from simulation.invariants import Judge
from simulation.machine import MEMORY, SEGMENT_BYTES
from simulation.network import FEED_HWM, TRADE_HWM, FeedLink, TradeLink
from simulation.node_life import NodeLife, NodeMaker
from simulation.settings import NAMES, OTHER, PAIR, QUIET, Shape
from simulation.venue import VirtualVenue
from system.clock import chance

OPERATOR = "simulation"
OPEN = 4
QUOTE_NS, CALM_QUOTE_NS = 40 * MS, 20 * MS
CALM_TICKS = 2
DEPTH = 50
LEAST_FD = 100
"""Descriptors below are the process's own: how many it has must not show."""


class World(NodeLife):
    """Thread: the one that makes it. Close it: its journal is in memory."""

    def __init__(
        self, seed: int, make_node: NodeMaker, shape: Shape | None = None, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        super().__init__(segment_bytes)
        logger.disable("actors")
        self.shape = shape or Shape()
        self.make_node = make_node
        self.rng: Random = chance(seed)
        self.lane = WatchedLane(seed)
        self.agenda = Agenda(self.lane)
        self.venues: dict[str, VirtualVenue] = {}
        self.judge = Judge(self.agenda, self.shape, self.venues)
        self.lane.after_step = self.judge.step
        self.judge.exposure.is_dead = self._is_dead
        self.judge.exposure.told_unrecorded = self._told_unrecorded
        self.disk.on_failed = self.judge.disk_failed
        self.judge.todays = lambda pair, leg: self.node.desk.memories[pair].pair.books[leg].today
        self.judge.holds.table = lambda: self.node.desk.margin.held
        self.feeds: dict[str, FeedLink] = {}
        self.trades: dict[str, TradeLink] = {}
        self._place = Path(tempfile.mkdtemp(prefix="hgsim", dir=MEMORY if MEMORY.is_dir() else None))
        self._fd = _numbered(self._place)
        self.folder = Path(f"/proc/self/fd/{self._fd}")
        for name in NAMES:
            self._venue(name, chance(self.rng.randrange(2**60)))
        self.a, self.b = self.venues.values()
        self.mid, self.quotes = QUIET, True
        self.calm_mid: int | None = None
        """Where a calm market stands that moves to `mid` by so few ticks that no order misses."""
        self.exposed = self._version = 0
        self._alerts_read = (0, 0)
        self._unrecorded: set[str] = set()
        self._quoting()

    def _venue(self, name: str, rng: Random) -> None:
        agenda = self.agenda
        venue = self.venues[name] = VirtualVenue(name, agenda, rng, fates.meet, fates.obey)
        venue.state_of, venue.out = self.judge.state_of, self.judge.out[name]
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

    def _told_unrecorded(self, pair: str) -> bool:
        """A node that has lost its journal tells by its file of alerts alone: under record 0."""
        path = self.folder / "alerts.jsonl"
        if not path.is_file():
            return False
        found = path.stat()
        if (found.st_ino, found.st_size) != self._alerts_read:
            self._alerts_read = (found.st_ino, found.st_size)
            rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            self._unrecorded = {row.get("pair") for row in rows if (row["code"], row["seq"]) == ("STRANDED", 0)}
        return pair in self._unrecorded

    # ------------------------------------------------ market

    def _quoting(self) -> None:
        """Each venue's touch, a little moved, again and again."""
        self.agenda.after(QUOTE_NS if self.calm_mid is None else CALM_QUOTE_NS, self._quoting)
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

    def recover(self) -> None:
        """Whatever lasts is over: venues, links and the node's machine are well."""
        for name, venue in self.venues.items():
            venue.recover()
            feed, link = self.feeds[name], self.trades[name]
            feed.loss, feed.hwm, link.hwm = 0.0, FEED_HWM, TRADE_HWM
            link.up.slow = link.down.slow = feed.pipe.slow = 1
            if not venue.gateway.tradable:
                venue.gateway.tradable = True
                venue.gateway.kill(10 * MS)
        self.mend()

    # ------------------------------------------------ people

    def change_limits(self, position_lots: int, order_lots: int) -> None:
        """In the desk's file: the node has them when it starts again."""
        self.shape = self.judge.shape = structs.replace(self.shape, position_lots=position_lots, order_lots=order_lots)

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
        for scope, word in list(state.modes.items()):
            self.word(_ended(scope, word), "mode")
        for pair in self.pairs:
            hedge = pair.hedge
            for order in [] if hedge is None else [order for leg in hedge.legs for order in leg.orders]:
                if order.live and order.cancels > MOST_CANCELS:
                    self._phone(order.cl_ord_id)
            if hedge is not None and hedge.status == "STRANDED" and hedge.stranded_why == "FROZEN":
                self.node.runtime.tell(pair.name, Operate("retry", OPERATOR, "over", hedge.hedge_id))

    def attend(self) -> None:
        """A person has what is stranded tried again."""
        for pair in self.pairs if self.node is not None and self.fuse is None else ():
            if pair.hedge is not None and pair.hedge.status == "STRANDED":
                self.node.runtime.tell(pair.name, Operate("retry", OPERATOR, "look again", pair.hedge.hedge_id))

    def _phone(self, ref: str) -> None:
        """An order that the node has used up its cancels for: cancelled at its venue."""
        for venue in self.venues.values():
            order = venue.orders.get(ref)
            if order is not None and order.works:
                venue.end(order)

    def close(self) -> None:
        """Give the memory back."""
        if self.node is not None:
            self.kill()
        os.close(self._fd)
        shutil.rmtree(self._place)

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


def _ended(scope: str, word: ScopeModeSet) -> ScopeModeSet | PositionAccepted:
    """The word that ends a mode; what the node set for a difference ends as a person accepts that."""
    if word.operator != RECONCILER:
        return ScopeModeSet(scope, Mode.ACTIVE, OPERATOR, "over")
    long, short = (int(lots) for lots in re.findall(r"-?\d+", word.reason)[:2])
    return PositionAccepted(scope, long, short, OPERATOR, "over")


def _numbered(folder: Path) -> int:
    """A descriptor of that directory, of the same number in every process."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, LEAST_FD)
    finally:
        os.close(fd)
