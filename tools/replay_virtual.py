"""A replay in virtual time, from its composition to its end.

The node's clock is the recording's: a second of it is a second of the market,
whatever the speed at which the replay is shown. So the journal is the same,
byte for byte, at every speed.
"""

from __future__ import annotations

import gc
import hashlib
import threading
from collections.abc import Callable
from math import inf
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from config import schema
from domain.ports import Clock
from gateways.replay.adapter import ReplayAdapter
from gateways.replay.pacing import Start
from gateways.skeleton import GatewaySettings
from simulation.replayed import Replayed
from system.signals import StopFlag
from tools.node_build import Node
from tools.replay_config import VenuePlay

NS_PER_S = 1_000_000_000
AHEAD_NS = 2 * NS_PER_S
QUIET_NS = NS_PER_S // 2
PATIENCE_NS = 15 * NS_PER_S
NODE_DIR = "/replay"
"""What the configuration says in virtual time, wherever the files lie: the
journal names the configuration by its fingerprint.
"""


class Outcome(Struct, frozen=True):
    """How a virtual run went. `speed`: what it reached, times the recording."""

    journal: Path
    start: Start
    left: list[dict[str, object]]
    seconds: float
    speed: float
    steps: int
    interrupted: bool = False


class Room:
    """Keeps the replay from running ahead of the room's clock."""

    def __init__(self, clock: Clock, start_ns: int, speed: float, flag: StopFlag) -> None:
        self._clock, self._start_ns, self._speed, self._flag = clock, start_ns, speed, flag
        self._begun_ns = clock.mono_ns()
        self._never = threading.Event()

    def wait(self, wall_ns: int) -> bool:
        """Until that moment of the recording is due; False after a signal."""
        if self._speed != inf:
            ahead_ns = (wall_ns - self._start_ns) / self._speed - (self._clock.mono_ns() - self._begun_ns)
            if ahead_ns > 0:
                self._never.wait(ahead_ns / NS_PER_S)
        return not self._flag.is_set()


def play_virtual(
    config: schema.Config,
    plays: tuple[VenuePlay, ...],
    folder: Path,
    span: tuple[int, int],
    end_ns: int | None,
    speed: float,
    clock: Clock,
    tell: Callable[[str], None],
) -> Outcome:
    """Play the span, stop in order shortly before its end."""
    first_ns, last_ns = span
    start = Start(first_ns, first_ns, 1.0)
    run = Replayed(first_ns - AHEAD_NS)
    for play in plays:
        gateway = GatewaySettings(play.venue, play.feed, play.trade, play.folder / "gateway")
        run.add(gateway, ReplayAdapter(play.settings(start, end_ns), run.clock))
    node_dir = folder / "node"
    node_dir.mkdir(mode=0o700)
    fixed = replace(config, node=replace(config.node, dir=NODE_DIR), venue=_unplaced(config.venue))
    begun_ns = clock.mono_ns()
    with StopFlag().installed() as flag:
        run.start(Node, fixed, node_dir, live=config.node.mode == "live")
        gc.freeze()  # what the walk has kept is not looked through again and again
        room = Room(clock, first_ns - AHEAD_NS, speed, flag)
        run.play(last_ns - QUIET_NS, room.wait)
        gc.unfreeze()
        left = run.stop(PATIENCE_NS)
        interrupted = flag.is_set()
    took_s = (clock.mono_ns() - begun_ns) / NS_PER_S
    if left:
        tell(f"replay: the node left {left}")
    played_s = (run.clock.wall_ns() - first_ns) / NS_PER_S
    return Outcome(node_dir / "journal", start, left, took_s, played_s / took_s, run.lane.steps, interrupted)


def _unplaced(venues: tuple[schema.Venue, ...]) -> tuple[schema.Venue, ...]:
    """The venues with endpoints that say no place of this machine."""
    return tuple(
        replace(each, feed=f"ipc://{NODE_DIR}/{each.name}.feed", trade=f"ipc://{NODE_DIR}/{each.name}.trade", command=())
        for each in venues
    )


def digest(journal: Path) -> str:
    """SHA-256 over the journal's files, in order."""
    sha = hashlib.sha256()
    for path in sorted(journal.glob("segment-*")):
        sha.update(path.read_bytes())
    return sha.hexdigest()
