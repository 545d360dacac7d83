"""`run`: the node in the foreground, until it is told to stop.

The lane is this process's main thread. A first signal stops in order:
triggers end, what works is settled and repaired; a second one ends at once,
the deadline when it is over; what is left is said (exit 1).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

import click
from loguru import logger

from config.checks import problems
from config.load import PAPER, load
from config.sanity import programs
from domain.errors import ConfigError
from system.processes import stop_with_parent
from system.signals import StopFlag
from tools.errors import FAILED, FINE
from tools.logs import log_to
from tools.node_again import file_of
from tools.node_build import ROOT, Node, on_record_ns
from tools.paper import on_paper

SWITCH_INTERVAL_S = 0.0005
"""How long a busy thread beside the lane keeps it from its next turn; 5 ms by default."""
STOP_DEADLINE_MS = 15_000
TREE_STOP_NS = 10_000_000_000
SAME_STOP_NS = 300_000_000
"""Signals so soon after the first are the same wish: Ctrl-C reaches a node
from the terminal and from whoever started it.
"""


def loaded_config(files: tuple[str, ...], *, live: bool) -> Any:
    """The checked configuration. Raises: ConfigError, the first problem."""
    loaded = load(files)
    mode = loaded.config.node.mode
    found = problems(loaded)
    if found:
        raise found[0]
    if mode == "live" and not live:
        raise loaded.error(("node", "mode"), mode, "started with --live, which says that orders may leave; or observe")
    for absent in programs(loaded):
        raise absent
    return on_paper(loaded, files) if mode == PAPER else loaded.config


class Stopper:
    """Ends the node in order; asked once a lap. Thread: the lane."""

    def __init__(self, node: Node, flag: StopFlag) -> None:
        self.node = node
        self.flag = flag
        self.deadline_ns = 0
        self.limit_ms = STOP_DEADLINE_MS
        self.left: list[str] = []
        self.hurried = False
        self._tree_ns = 0
        self._same_ns = 0
        self._signals = 0

    def ask(self, deadline_ms: int) -> None:
        """An operator's stop, with its own deadline; a later one may shorten it."""
        self.limit_ms = deadline_ms
        if self.deadline_ns:
            self.deadline_ns = min(self.deadline_ns, self.node.clock.mono_ns() + deadline_ms * 1_000_000)
        self.flag.set()

    def done(self) -> bool:
        """True when the lane may leave its loop."""
        if not self.flag.is_set():
            return not self.node.runtime.alive(ROOT)
        now_ns = self.node.clock.mono_ns()
        if not self.deadline_ns:
            self.node.desk.stopping = True
            self._same_ns = now_ns + SAME_STOP_NS
            self.deadline_ns = now_ns + self.limit_ms * 1_000_000
            logger.info("stopping", in_flight=self.node.in_flight())
            self.node.service.stopping(f"settles and repairs, at most {self.limit_ms / 1000:g} s")
        if now_ns < self._same_ns:
            self._signals = self.flag.count
        elif self.flag.count > self._signals:
            self.hurried = True
            self.left = self.node.in_flight()
            return True
        if not self._tree_ns:
            self.left = self.node.in_flight()
            if self.left and now_ns < self.deadline_ns:
                return False
            self._tree_ns = now_ns + TREE_STOP_NS
            self.node.runtime.stop(ROOT)
        return not self.node.runtime.alive(ROOT) or now_ns >= self._tree_ns


def serve(config: Any, *, live: bool, flag: StopFlag, fuse: Path | None = None, files: tuple[str, ...] = (), elsewhere: Collection[str] = ()) -> int:
    """Run a node until it has stopped; the exit code.

    `files`: what said the configuration; `elsewhere`: pairs of other shards.
    """
    from system.notify import from_environment
    from tools.node_edge import edge_of, service_of
    from tools.node_watch import LaneWatch

    service = from_environment(os.environ, os.getpid())  # before any child is started
    node = _node(config, live=live, fuse=fuse, elsewhere=elsewhere)
    node.service = service
    if files:
        node.says = partial(file_of, files)
    stopper = Stopper(node, flag)
    node.build((*edge_of(node, stopper), *service_of(node)))
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    with flag.installed(wake_fd=node.lane.wake_fd):  # before it says ready: who waits for that may send a signal at once
        click.echo(f'{{"event": "ready", "node": "{config.node.name}", "epoch": {node.journal.node_epoch}}}')
        sys.stdout.flush()
        service.ready(f"node {config.node.name}, {node.mode}, epoch {node.journal.node_epoch}")
        with LaneWatch(node.lane, node.directory, config.node.lane_hang_ms):
            node.lane.run_collected(stopper.done)
    crashed = not flag.is_set()
    left = node.left()
    node.close("the tree gave up" if crashed else "stopped at once by a second signal" if stopper.hurried else "stopped")
    if crashed:
        logger.error("the supervision tree gave up: see the log and alerts.jsonl")
        return FAILED
    for row in left:
        click.echo(f"not clean: {said(row)}", err=True)
    return FAILED if left or stopper.left else FINE


def _node(config: Any, *, live: bool, fuse: Path | None, elsewhere: Collection[str]) -> Node:
    """The node, not yet built; with a fuse in it where a test asks for one."""
    if fuse is None:
        return Node(config, live=live, elsewhere=elsewhere)
    from tools.fuse import FusedMachine

    machine = FusedMachine(on_record_ns(config), fuse)
    node = Node(config, live=live, machine=machine, elsewhere=elsewhere)
    machine.fuse.watch(node)
    return node


def said(row: dict[str, Any]) -> str:
    """What is left of one pair, in one line."""
    orders = f", live orders {' '.join(row['live'])}" if row["live"] else ""
    hedge = f" {row['hedge']} is {row['state']} {row['why']}".rstrip() if row["hedge"] else ""
    return f"{row['pair']}:{hedge} naked lots {row['naked']}{orders}"


@click.command()
@click.option("-c", "--config", "files", multiple=True, required=True, help="TOML; later files over earlier.")
@click.option("--live", is_flag=True, help="Orders may leave (node.mode = live).")
@click.option("--with-parent", is_flag=True, help="Stop in order when the process that started this one ends.")
@click.option("--shard", default=None, metavar="NAME", hidden=True, help="This shard's node alone; the root starts it so.")
@click.option("--as", "settled", type=click.Path(path_type=Path), default=None, hidden=True, help="With --shard: what the root runs, whatever the files say by now.")
@click.option("--fuse", type=click.Path(path_type=Path), default=None, hidden=True, help="See tools/fuse.py.")
@click.option("--log-level", default="INFO", show_default=True, help="Of the lines on stderr.")
def run(files: tuple[str, ...], live: bool, with_parent: bool, shard: str | None, settled: Path | None, fuse: Path | None, log_level: str) -> None:
    """Start the node and the gateways that it manages.

    With [[shard]] tables in the configuration: a root process, and a node for
    each shard as its child.
    """
    if with_parent:
        stop_with_parent()
    log_to(sys.stderr, log_level)
    for file in files if settled is None else ():
        if not Path(file).exists():
            raise ConfigError(file, "(file)", "absent", "a TOML file; make one: ./hedgerow init DIR")
    if settled is not None:
        from tools.shard import settled_config

        config = settled_config(settled)
    else:
        config = loaded_config(files, live=live)
    sends = config.node.mode == PAPER or (live and config.node.mode == "live")
    elsewhere: Collection[str] = ()
    if shard is not None:
        from tools.shard import others_pairs, shard_config

        elsewhere = others_pairs(config, shard)
        config = shard_config(config, shard)
        fuse = fuse and fuse / shard
    elif config.shard:
        from tools.root import serve_root

        words = tuple(word for file in files for word in ("-c", str(Path(file).resolve())))
        words += (*(("--live",) if live else ()), "--log-level", log_level, *(("--fuse", str(fuse.resolve())) if fuse else ()))
        raise SystemExit(serve_root(config, words, live=sends, flag=StopFlag()))
    else:
        from tools.shard import alone

        alone(config)
    raise SystemExit(serve(config, live=sends, flag=StopFlag(), fuse=fuse, files=files, elsewhere=elsewhere))
