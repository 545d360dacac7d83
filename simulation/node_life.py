"""The life of a simulated node, and what each start and end must keep.

The node is the production one; only its machine is another. `kill` ends it as
SIGKILL does: nothing of it runs any more, its journal is as it was written.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from pykka import ActorRegistry

from actors.recovery import fold
from domain.errors import HedgerowError, JournalError
from journal.format import HEADER_BYTES
from journal.reader import read
from journal.verify import verify
from simulation.agenda import MS, Agenda, WatchedLane
from simulation.disk import VirtualDisk
from simulation.invariants import Judge
from simulation.lasting import difference, folded, lived, snap, snapshot_differs
from simulation.machine import VirtualMachine
from simulation.network import FeedLink, TradeLink
from simulation.settings import Shape, config_of
from simulation.venue import VirtualVenue
from system.locks import LockHeldError

ROOT = "node/root"
STOP_NS = 12_000 * MS
START_AGAIN_NS = 300 * MS


class _Died(Exception):
    """The process ended within an append, in a record that goes before."""


MENDED = "JOURNAL_MENDED"
NodeMaker = Callable[..., Any]
"""(config, live=..., machine=...) -> a node: the composition root's."""


class NodeLife:
    """The node's part of a world. Thread: the one that makes it."""

    shape: Shape
    make_node: NodeMaker
    rng: Random
    lane: WatchedLane
    agenda: Agenda
    judge: Judge
    venues: dict[str, VirtualVenue]
    feeds: dict[str, FeedLink]
    trades: dict[str, TradeLink]
    folder: Path
    """By a name that is the same in every process: it may get into records."""

    def __init__(self, segment_bytes: int) -> None:
        self.segment_bytes = segment_bytes
        self.disk = VirtualDisk()
        self.node: Any = None
        self.kills = self.starts = self.snaps = 0
        self.damages = 0.0
        """How often a start is tried on a damaged copy of the journal first."""
        self.fuse: int | None = None
        self.torn = self.is_torn = False
        self._is_cut = False
        """The next start cuts a torn tail off, and tells it."""
        self._down_ns = 0
        self._last_seq = self._durable_seq = 0
        self._held: list[str] = []
        self.raised: set[str] = set()
        """Actors whose restart was meant."""

    # ------------------------------------------------ starts

    def _machine(self, folder: Path, lane: WatchedLane | None = None, disk: VirtualDisk | None = None) -> VirtualMachine:
        return VirtualMachine(lane or self.lane, folder, self.feeds, self.trades, disk or self.disk, self.segment_bytes)

    def start(self) -> None:
        """A node on this journal, as after power-on; none beside one that runs."""
        if self.node is not None:
            return
        if self.starts and self.rng.random() < self.damages:
            self._start_damaged()
        try:
            self.node = self.make_node(config_of(self.shape), live=True, machine=self._machine(self.folder))
        except HedgerowError as error:
            if self.disk.failing:
                self.agenda.after(START_AGAIN_NS, self.start)
            else:
                self.judge.broken("I11", f"no node starts on this journal: {error}")
            return
        self.starts += 1
        self._watch(self.node.journal)
        self.judge.started()
        told = self.judge.alerts.count(MENDED)
        self.node.build()
        if self._is_cut and not self.disk.failing and self.judge.alerts.count(MENDED) == told:
            self.judge.broken("I8", "what the start cut off the journal was told to nobody")
        self._is_cut = False

    def _start_damaged(self) -> None:
        """A byte of a copy is flipped, or a block of it zeroed: no node may start on that, or only its end is lost."""
        copy = self.folder / "damaged"
        shutil.copytree(self.folder / "journal", copy / "journal", ignore=shutil.ignore_patterns("emergency.path", "lock"))
        path = self.rng.choice(sorted((copy / "journal").glob("segment-*")))
        data = bytearray(path.read_bytes())
        end = len(data.rstrip(b"\0"))
        if end > HEADER_BYTES:
            at = self.rng.randrange(HEADER_BYTES, end)
            if self.rng.random() < 0.5:
                data[at] ^= 1 << self.rng.randrange(8)
            else:
                data[at : at + 512] = bytes(len(data[at : at + 512]))
            changed = bytes(data) != path.read_bytes()
            path.write_bytes(data)
            if changed:
                self.count("journal_damaged")
                self._judge_damaged(copy)
        shutil.rmtree(copy)

    def _judge_damaged(self, copy: Path) -> None:
        lane = WatchedLane(0, self.lane.clock)
        try:
            node = self.make_node(config_of(self.shape), live=True, machine=self._machine(copy, lane, VirtualDisk()))
        except JournalError:
            return
        found = node.journal.recovered.last_seq
        if found < self._durable_seq:
            self.judge.broken("I10", f"a damaged journal was taken up to record {found}, {self._durable_seq} was synced")
        node.journal._drop()

    def try_second(self) -> bool:
        """Another node on the same directory: refused before it has touched anything. False where none runs."""
        if self.node is None:
            return False
        lane = WatchedLane(0, self.lane.clock)
        try:
            second = self.make_node(config_of(self.shape), live=True, machine=self._machine(self.folder, lane, VirtualDisk()))
        except LockHeldError:
            return True
        self.judge.broken("LOCK", "a second node has started on a directory that is held")
        second.journal._drop()
        return True

    def restart(self, down_ns: int) -> bool:
        """Ended as by SIGKILL, and started again after that time; False where none runs."""
        if self.node is None:
            return False
        self.fuse = None
        self.kill()
        self.agenda.after(down_ns, self.start)
        return True

    def _watch(self, journal: Any) -> None:
        append, sync, judge = journal.append, journal.sync, self.judge
        within = False  # an append: it opens a segment first, with records of its own

        def watched(kind: str, body: bytes, cause: int = 0) -> int:
            nonlocal within
            if self.fuse == 0:
                return journal.last_seq + 1  # a dead process writes nothing
            offset, segment, outer = journal._offset, journal._segment, within
            within = True
            try:
                seq = append(kind, body, cause)
            except _Died:
                return journal.last_seq + 1
            finally:
                within = outer
            if self.fuse == 1 and self.torn and journal._segment is segment:
                self._tear(journal, offset)
            else:
                judge.recorded(kind, body, seq, cause)
            if self.burn() and outer:
                raise _Died
            return seq

        journal.append = watched
        journal.sync = lambda: journal.durable_seq if self.fuse == 0 else sync()

    # ------------------------------------------------ troubles of its machine

    def seen(self) -> list[str]:
        """The states of the orders that are out anywhere."""
        return [state for venue in self.venues.values() for state in venue.seen()]

    def count(self, what: str, states: list[str] | None = None) -> None:
        """A fault of the node has struck: it meets the orders of every venue."""
        next(iter(self.venues.values())).book(what, self.seen() if states is None else states, in_use=False)

    def stall(self, for_ns: int) -> None:
        """Its thread gets no core for so long."""
        self.lane.stalled_until_ns = max(self.lane.stalled_until_ns, self.agenda.now_ns + for_ns)
        self.judge.stalled(for_ns)
        self.agenda.after(for_ns, _nothing)

    def hold(self, name: str, for_ns: int) -> bool:
        """The thread of one actor blocks for so long; False where it can't."""
        node = self.node
        if node is None or name in self._held:
            return False
        self.lane.hold(node.runtime.mailbox(name))
        self._held.append(name)
        self.agenda.after(for_ns, lambda: self._let_go(name) if self.node is node else None)
        return True

    def is_held(self, name: str) -> bool:
        """Whether that actor's thread blocks now."""
        return name in self._held

    def _let_go(self, name: str) -> None:
        if name in self._held:
            self._held.remove(name)
            self.lane.let_go(self.node.runtime.mailbox(name))

    def mend_disk(self) -> None:
        """The disk works again; a node whose journal has failed is started anew, as its alert says."""
        self.disk.mend()
        if self.node is not None and (self.node.journal.failed or self.node.journal.broken):
            self.restart(50 * MS)

    def mend(self) -> None:
        """Its machine is well, and nobody else has its name."""
        self.lane.stalled_until_ns = 0
        for name in list(self._held):
            self._let_go(name)
        self.damages = 0.0
        self.mend_disk()
        if self.node is not None and any(v.gateway.top_epoch > self.node.journal.node_epoch for v in self.venues.values()):
            self.restart(50 * MS)

    # ------------------------------------------------ kills

    def _tear(self, journal: Any, offset: int) -> None:
        """The last record got to the disk in part: its writer died over it."""
        cut = self.rng.randrange(offset, journal._offset)
        journal._map[cut : journal._offset] = bytes(journal._offset - cut)
        self.is_torn = True
        self._is_cut = any(journal._map[offset:cut])
        self.count("torn_tail")

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
        if self.node is None:
            return  # something else has killed it within the instant
        self.fuse = None
        self.count("node_killed")
        self.kill(mid_turn=True)
        self.agenda.after(self._down_ns, self.start)

    def kill(self, *, mid_turn: bool = False) -> None:
        """SIGKILL; in mid-turn memory may be behind the journal."""
        self.judge_crashes()
        node, self.node = self.node, None
        self.kills += 1
        failed = node.journal.failed
        self._last_seq, self._durable_seq = (0, 0) if failed else (node.journal.last_seq, node.journal.durable_seq)
        self._held.clear()
        self.judge.killed()
        before = lived(node)
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
        if self.is_torn:
            self._last_seq -= 1
        if self.is_torn:  # read when the next node has cut its end off
            self.is_torn = False
        else:
            self._compare(None if mid_turn else before, node.specs)

    def judge_crashes(self) -> None:
        """CRASH: at the end of a life no actor of it has been raised again, but those that were meant to be."""
        rows = [row for row in self.node.runtime.snapshot() if row["restarts"] and row["path"] not in self.raised]
        if rows:
            told = [row["path"] for row in rows], [row["last_reason"] for row in rows]
            self.judge.broken("CRASH", f"{told[0]} were raised again: {told[1]}")

    def _compare(self, before: dict[str, Any] | None, specs: Any) -> None:
        """I10 and I11: the journal verifies, and folds to what was true."""
        directory = self.folder / "journal"
        report = verify(directory)
        if not report.ok:
            self.judge.broken("I10", str(report.problems[0]))
        lots = {spec.name: spec.lots for spec in specs}
        try:
            whole = fold(read(directory), lots)
            found, shorter = folded(whole, before), snapshot_differs(directory, lots, whole)
        except HedgerowError as error:
            self.judge.broken("I11", f"the journal can't be folded: {error}")
            return
        if before is not None and found != before:
            self.judge.broken("I11", difference(found, before))
        if shorter:
            self.judge.broken("I11", f"a start from the snapshot knows {shorter}")

    def snap(self) -> None:
        """Somebody makes a snapshot of what is on record now: the next start reads on from there."""
        if self.node is not None and snap(self.folder / "journal", {spec.name: spec.lots for spec in self.node.specs}):
            self.snaps += 1

    def stop(self) -> None:
        """The tree stops in order; the journal is closed and compared."""
        self.judge_crashes()
        node = self.node
        node.desk.stopping = True
        before = lived(node)
        node.runtime.stop(ROOT)
        until_ns = self.agenda.now_ns + STOP_NS
        self.until(lambda: not node.runtime.alive(ROOT) or self.agenda.now_ns > until_ns, STOP_NS)
        node.close("simulated")
        self.node = None
        self._compare(before, node.specs)


def _nothing() -> None:
    """A time to wake at."""
