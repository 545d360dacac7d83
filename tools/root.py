"""The root of a node of shards: supervises gateways and shards alone.

A configuration with [[shard]] tables is run by this: each shard is an ordinary
node with its share of the pairs, in a directory, a journal and an epoch of its
own. Shards and gateways outlive a root that dies; the next one adopts them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from loguru import logger

from actors.alerts import AlertSink
from actors.journal_sync import JournalSync
from actors.logs import LogActor
from actors.runtime import Runtime
from config.load import ROOT as TREE
from config.load import fingerprint
from config.shards import FOLDER, directory_of, for_shard, placed_in
from domain.errors import ConfigError, HedgerowError, JournalError
from journal.recovery import last_node_epoch, next_node_epoch
from journal.segment import segment_paths
from journal.writer import Journal
from supervisors.engine import Supervisor
from supervisors.processes import ProcessSpec
from supervisors.root_gateways import root_gateway
from supervisors.shard_keeper import ALERTS, HELD, OPEN_BOOK, OpenBook, ShardKeeper, ShardRow, held_back
from supervisors.shards import ENDING_MS, KEEPER, ShardSpec, StopShard, shard_child
from supervisors.spec import ChildSpec, check
from supervisors.tree import ShardTerms, root_tree
from supervisors.vitals import Limits
from system import usage
from system.notify import Notifier, from_environment
from system.sockets import check_endpoint, private_directory
from tools import shard_places
from tools.cli import VERSION
from tools.errors import FAILED, FINE
from tools.machine import RealMachine
from tools.shard import settle
from wire.codec import pack
from wire.inspection import OPERATE

ROOT = "root/tree"
NAME = "root"
SAME_STOP_NS = 300_000_000
TREE_STOP_NS = 10_000_000_000
SEGMENT_BYTES = 4 * 1024 * 1024
NS_PER_MS = 1_000_000


def _mark(path: Path) -> tuple[int, ...]:
    """What a file's inode says, so that another or a changed one is seen; () where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns


class Root:
    """The root process. Thread: the one that builds it.

    Raises: ConfigError, JournalError, LockHeldError before anything starts.
    """

    def __init__(self, config: Any, words: tuple[str, ...], *, live: bool, machine: Any = None) -> None:
        self.config, self.words, self.live = config, words, live
        self.directory = private_directory(Path(config.node.dir))
        self.places = placed_in(config)
        self.digest = fingerprint(config)
        shards = [each.name for each in config.shard]
        self.shard_dirs = {name: Path(directory_of(config.node.dir, name)) for name in shards}
        self.rows = {name: ShardRow(name) for name in shards}
        self.stopping = False
        self.service = Notifier()
        self.machine = machine = machine or RealMachine()
        self.clock, self.lane, self.context = machine.clock, machine.lane, machine.context
        self.runtime = Runtime(self.lane, self.clock)
        self.started_ns = self.clock.mono_ns()
        self.sockets: list[Any] = []
        try:
            self._checked()
            self.journal = self._journal()
            self._tell_shards_and_tools()
        except HedgerowError:
            machine.close()
            raise

    def _checked(self) -> None:
        private_directory(self.directory / FOLDER)
        allowed = usage.allowed_cpus()
        for shard in self.config.shard:
            place = private_directory(self.shard_dirs[shard.name])
            check_endpoint(f"ipc://{place}/{OPERATE}", file="configuration", key="node.dir")
            absent = sorted(set(shard.cpus) - allowed)
            if absent:
                raise ConfigError("configuration", f"shard[{shard.name}].cpus", absent, f"processors of this process: {sorted(allowed)}")

    def _journal(self) -> Journal:
        """Locked first: a second root is refused before it looks at anything."""
        place = self.directory / shard_places.JOURNAL
        known = last_node_epoch(place) if place.exists() and segment_paths(place) else 0
        epoch = next_node_epoch(known, self.clock.wall_ns())
        start = {"node": self.config.node.name, "node_epoch": epoch, "mode": self.mode, "version": VERSION, "pid": os.getpid(), "pairs": [], "shards": self.places}
        journal = Journal(
            place,
            clock=self.clock,
            node_epoch=epoch,
            code_version=VERSION,
            config_hash=self.digest,
            start=pack(start),
            node=self.config.node.name,
            segment_bytes=SEGMENT_BYTES,
            emergency_dir=Path(self.config.node.emergency_dir or self.directory / "emergency"),
        )
        try:
            places = {pair: self.shard_dirs[shard] for pair, shard in self.places.items()}
            changed = shard_places.refuse_moved(self.directory, places, self.shard_dirs.values())
            self.places = placed_in(shard_places.as_run(self.config, {name: changed.get(place, {}) for name, place in self.shard_dirs.items()}))
        except HedgerowError:
            journal.close()
            raise
        return journal

    def _tell_shards_and_tools(self) -> None:
        """What shards are raised with, and where pairs are. Raises: ConfigError."""
        try:
            self._settle()
            self.say_places()
        except OSError as error:
            self.journal.close()
            raise ConfigError(str(error.filename), "(file)", error.strerror, "a file that can be written: see to the disk, then start anew") from None

    def _settle(self) -> None:
        self.settled = settle(self.directory, self.config)
        self._as_settled = _mark(self.settled)

    def keep_settled(self) -> None:
        """What shards are raised with stays as this root has written it.

        Where somebody has removed or changed it, a shard that fell would be
        raised in vain. A disk that can't be written is tried again.
        """
        with suppress(OSError):
            if _mark(self.settled) != self._as_settled:
                self._settle()

    def say_places(self) -> None:
        """For tools: which pair is in which shard."""
        shard_places.write(self.directory, self.config.node.name, self.places, self.shard_dirs)

    @property
    def mode(self) -> str:
        """As the shards' own: observe, paper, live."""
        return "live" if self.live and self.config.node.mode != "paper" else self.config.node.mode

    # ------------------------------------------------ building

    def build(self, edge: tuple[ChildSpec, ...]) -> None:
        """The tree; then it starts."""
        told = self.config.shards
        terms = ShardTerms(told.restarts, told.period_ms, told.hold_ms, held_back(self.runtime))
        tree = root_tree(tuple(self._gateways()), self._services(), tuple(self._shards()), edge, terms)
        check(tree, ROOT)
        self.runtime.spawn(Supervisor, ROOT, tree)

    def _services(self) -> tuple[ChildSpec, ...]:
        return (
            ChildSpec("journal/sync", (JournalSync, (self.journal, "root/record"))),
            ChildSpec("root/logs", (LogActor, ())),
            ChildSpec(ALERTS, (AlertSink, (self.directory / "alerts.jsonl",))),
            ChildSpec(OPEN_BOOK, (OpenBook, (shard_places.left_open, self.shard_dirs))),
            ChildSpec(KEEPER, (ShardKeeper, (self.journal, self.rows, {venue.name: venue.hang_ms for venue in self.config.venue if venue.command}))),
        )

    def _gateways(self) -> Iterator[ChildSpec]:
        place = private_directory(self.directory / "gateways")
        for venue in self.config.venue:
            if venue.command:
                spec = ProcessSpec(venue.command, place / f"{venue.name}.log", place / f"{venue.name}.pid")
                yield root_gateway(venue.name, spec, self.is_stopping)

    def _shards(self) -> Iterator[ChildSpec]:
        folder = self.directory / FOLDER
        told = self.config.shards
        for shard in self.config.shard:
            command = (str(TREE / "hedgerow"), "run", *self.words, "--shard", shard.name, "--as", str(self.settled))
            process = ProcessSpec(command, folder / f"{shard.name}.log", folder / f"{shard.name}.pid")
            limits = Limits(told.hang_ms, told.start_ms, (shard.max_memory_mb or 0) << 20)
            own = fingerprint(for_shard(self.config, shard.name))
            yield shard_child(ShardSpec(shard.name, process, self.shard_dirs[shard.name], limits, own, self.mode), self.context, self.is_stopping)

    def is_stopping(self) -> bool:
        """Whether an end of a child is meant for its process, too. Thread: any."""
        return self.stopping

    # ------------------------------------------------ life

    def living(self) -> list[str]:
        """Shards whose process is there, or is being raised."""
        return [name for name in self.rows if self.runtime.alive(f"shard/{name}")]

    def left(self) -> list[dict[str, Any]]:
        """What the shards' last words say is left."""
        from tools.stop import last_words

        rows: list[dict[str, Any]] = []
        for place in self.shard_dirs.values():
            told = last_words(place) if (place / shard_places.JOURNAL).is_dir() else {"left": []}
            rows += shard_places.left_open(place)["pairs"] if told is None else told["left"]
        return rows

    def close(self, why: str) -> None:
        """After the tree has stopped: the last record, files and sockets."""
        left = self.left()
        in_flight = [row["pair"] for row in left if row["hedge"]]
        naked = {row["pair"]: row["naked"] for row in left if any(row["naked"])}
        try:
            self.journal.append("stop", pack({"why": why, "in_flight": in_flight, "naked": naked, "left": left}))
            self.journal.close()
        except JournalError as error:
            logger.error("stop_not_recorded {}", error)
        for socket in self.sockets:
            socket.close()
        self.machine.close()


class RootStopper:
    """Ends the root in order: all shards at once, then the tree. Thread: the lane."""

    def __init__(self, root: Root, flag: Any, deadline_ms: int) -> None:
        self.root, self.flag = root, flag
        self.deadline_ms = deadline_ms
        self.said_ready = False
        self._by = ("signal", "")
        self._began_ns = self._tree_ns = 0
        self._signals = 0
        self._told: set[str] = set()

    def ask(self, deadline_ms: int, operator: str, reason: str) -> None:
        """An operator's stop, with its own deadline."""
        self.deadline_ms, self._by = deadline_ms, (operator, reason)
        self.flag.set()

    def done(self) -> bool:
        """True when the lane may leave its loop."""
        root = self.root
        if not self.flag.is_set():
            self._ready()
            return not root.runtime.alive(ROOT)
        now_ns = root.clock.mono_ns()
        if not self._began_ns:
            self._began_ns, root.stopping = now_ns, True
            logger.info("stopping shards={}", root.living())
            root.service.stopping(f"its shards settle and repair, at most {self.deadline_ms / 1000:g} s")
        if now_ns < self._began_ns + SAME_STOP_NS:
            self._signals = self.flag.count
        elif self.flag.count > self._signals:
            return True
        if not self._tree_ns:
            self._tell_all()
            late = now_ns >= self._began_ns + (self.deadline_ms + 2 * ENDING_MS) * NS_PER_MS
            if self._waits() and not late:
                return False
            self._tree_ns = now_ns + TREE_STOP_NS
            root.runtime.stop(ROOT)
        return not root.runtime.alive(ROOT) or now_ns >= self._tree_ns

    def _tell_all(self) -> None:
        for name in self._waits():
            if name not in self._told:
                self._told.add(name)
                self.root.runtime.tell(f"shard/{name}", StopShard(self.deadline_ms, *self._by))

    def _waits(self) -> list[str]:
        return self.root.living()

    def _ready(self) -> None:
        """Said once, when each shard has answered or is held back."""
        rows = self.root.rows.values()
        if not self.said_ready and all(row.epoch or row.phase == HELD for row in rows):
            self.said_ready = True
            node = self.root.config.node.name
            click.echo(f'{{"event": "ready", "node": "{node}", "epoch": {self.root.journal.node_epoch}, "shards": {len(rows)}}}')
            sys.stdout.flush()
            self.root.service.ready(f"node {node}, {len(rows)} shards, epoch {self.root.journal.node_epoch}")


def serve_root(config: Any, words: tuple[str, ...], *, live: bool, flag: Any) -> int:
    """Run the root until it has stopped; the exit code."""
    from tools.node import STOP_DEADLINE_MS, said
    from tools.node_edge import service_of
    from tools.root_edge import edge_of

    service = from_environment(os.environ, os.getpid())  # before any child is started
    root = Root(config, words, live=live)
    root.service = service
    stopper = RootStopper(root, flag, STOP_DEADLINE_MS)
    root.build((*edge_of(root, stopper), *service_of(root)))
    with flag.installed(wake_fd=root.lane.wake_fd):
        root.lane.run_collected(stopper.done)
    crashed = not flag.is_set()
    living = root.living()
    left = [] if crashed or living else root.left()
    root.close("the tree gave up" if crashed else "stopped at once by a second signal" if living else "stopped")
    if crashed:
        logger.error("the root's tree gave up: see the log; the shards live on, a new root adopts them")
        return FAILED
    if living:
        click.echo(f"left to themselves, told to stop: {', '.join(living)}", err=True)
    for row in left:
        click.echo(f"not clean: {said(row)}", err=True)
    return FAILED if left or living else FINE
