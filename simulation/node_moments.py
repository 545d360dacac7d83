"""What strikes the node: its process, threads, disk, clock and people.

Each counts for the orders of all venues.
"""

from __future__ import annotations

import errno
import json
from itertools import islice
from random import Random
from typing import Any

from domain.errors import JournalError
from journal.reader import read
from simulation.agenda import MS
from simulation.disk import EMERGENCY, EVERYWHERE, JOURNAL
from simulation.world import World

DRIFT_STEPS = 50
ALERTS, SYNC = "node/alerts", "journal/sync"
HUNG_RECORDS = 20
CHECKS = 8
LINES_NS = 1500 * MS
"""Within so long the sink has tried again."""
LEAST_LOTS = 20
"""What a cover may need."""


def _ms(rng: Random, low: int, high: int) -> int:
    return rng.randrange(low, high) * MS


# ------------------------------------------------ clock and process


def _step_wall(world: World, _venue: Any, rng: Random) -> None:
    world.agenda.clock.step_wall(_ms(rng, -5000, 5000))


def _drift_wall(world: World, _venue: Any, rng: Random) -> None:
    """The wall clock runs fast or slow for a while, by up to a tenth."""
    by_ns = rng.randrange(-10, 11) * MS // 2

    def drift(left: int) -> None:
        world.agenda.clock.step_wall(by_ns)
        if left:
            world.agenda.after(50 * MS, lambda: drift(left - 1))

    drift(DRIFT_STEPS)


def _kill_node(world: World, _venue: Any, rng: Random) -> bool:
    """Counted where it dies, after so many records and sends."""
    world.light(rng.randrange(1, 60), rng.randrange(10, 3000), torn=rng.random() < 0.5)
    return False


def _stall(world: World, _venue: Any, rng: Random) -> None:
    world.stall(_ms(rng, 20, 1500))


def _second_node(world: World, _venue: Any, rng: Random) -> bool:
    return world.try_second()


def _change_limits(world: World, _venue: Any, rng: Random) -> bool:
    """Other limits in the file, and the node is started anew with them.

    Never so narrow that a pair could not fire at all.
    """
    shape = world.shape
    order = LEAST_LOTS if shape.kind == "cover" else max(shape.lots) * shape.units
    lots = shape.pairs * order
    world.change_limits(rng.choice((lots, 2 * lots, 200)), rng.choice((order, 60)))
    return world.restart(_ms(rng, 10, 500))


# ------------------------------------------------ the disk


def _fail(world: World, places: tuple[str, ...], call: str, number: int, for_ns: int) -> None:
    disk = world.disk
    disk.failing.update({(place, call): number for place in places})
    world.agenda.after(for_ns, world.mend_disk)


def _disk_failed(world: World, _venue: Any, rng: Random) -> None:
    """The journal's disk takes no sync; the emergency's does."""
    _fail(world, (JOURNAL,), "sync", rng.choice((errno.EIO, errno.ENOSPC)), _ms(rng, 50, 3000))


def _disks_failed(world: World, _venue: Any, rng: Random) -> None:
    """Neither disk takes a sync."""
    _fail(world, EVERYWHERE, "sync", rng.choice((errno.EIO, errno.ENOSPC)), _ms(rng, 50, 3000))


def _disk_full(world: World, _venue: Any, rng: Random) -> None:
    """No new segment can be made."""
    _fail(world, rng.choice(((JOURNAL,), (JOURNAL, EMERGENCY))), "allocate", errno.ENOSPC, _ms(rng, 50, 3000))


def _no_descriptors(world: World, _venue: Any, rng: Random) -> None:
    """No file can be opened; a node that starts meanwhile does not start."""
    for_ns = _ms(rng, 50, 1500)
    for call in ("allocate", "open"):
        world.disk.failing.update({(place, call): errno.EMFILE for place in EVERYWHERE})
    world.agenda.after(for_ns, world.mend_disk)
    if rng.random() < 0.5:
        world.restart(10 * MS)


def _stall_sync(world: World, _venue: Any, rng: Random) -> bool:
    return world.hold(SYNC, _ms(rng, 100, 5000))


# ------------------------------------------------ who looks on


def _stuck_alerts(world: World, _venue: Any, rng: Random) -> bool:
    return world.hold(ALERTS, _ms(rng, 100, 5000))


def _dead_alerts(world: World, _venue: Any, rng: Random) -> bool:
    """The file of alerts can't be written: something else has its name."""
    path, aside = world.folder / "alerts.jsonl", world.folder / "alerts.away"
    if path.is_dir():
        return False
    if path.exists():
        path.rename(aside)
    path.mkdir()
    begun, node = len(world.judge.alert_seqs), world.node

    def over() -> None:
        if path.is_dir():
            path.rmdir()
        if aside.exists():
            aside.rename(path)
        owed = world.judge.alert_seqs[begun:]
        world.agenda.after(LINES_NS, lambda: _check_lines(world, node, owed, CHECKS))

    world.agenda.after(_ms(rng, 100, 4000), over)
    return True


def _check_lines(world: World, node: Any, owed: list[int], left: int) -> None:
    """I8: what was alerted while the file was dead stands in it once it is well, unless its node is gone.

    Looked at again where it may have died again, or the sink have been stuck, meanwhile.
    """
    path = world.folder / "alerts.jsonl"
    if node is None or world.node is not node or world.is_held(ALERTS) or path.is_dir():
        return
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    lost = set(owed) - {json.loads(line)["seq"] for line in lines}
    if lost and left:
        world.agenda.after(LINES_NS, lambda: _check_lines(world, node, owed, left - 1))
    elif lost:
        world.judge.broken("I8", f"alerts {sorted(lost)[:5]} were recorded while their file was dead, and never got into it")


def _hung_reader(world: World, _venue: Any, rng: Random) -> None:
    """Somebody reads the journal, stops in the middle, and goes on later: one chain, whatever came meanwhile."""
    reader = read(world.folder / "journal")

    def first() -> int:
        try:
            rows = list(islice(reader, HUNG_RECORDS))
        except JournalError as error:
            world.judge.broken("I10", f"a reader of the living journal: {error}")
            return 0
        return rows[-1].seq if rows else 0

    last = first()

    def rest() -> None:
        try:
            seqs = [record.seq for record in reader]
        except JournalError as error:
            world.judge.broken("I10", f"a reader that hung: {error}")
            return
        if seqs != list(range(last + 1, last + 1 + len(seqs))):
            world.judge.broken("I10", f"a reader that hung read {seqs[:3]} after {last}")

    world.agenda.after(_ms(rng, 50, 3000), rest)


MOMENTS = {
    "wall_stepped": _step_wall,
    "wall_drifts": _drift_wall,
    "node_killed": _kill_node,
    "lane_stalled": _stall,
    "second_node": _second_node,
    "limits_changed": _change_limits,
    "disk_failed": _disk_failed,
    "disks_failed": _disks_failed,
    "disk_full": _disk_full,
    "no_descriptors": _no_descriptors,
    "fsync_stalled": _stall_sync,
    "alerts_stuck": _stuck_alerts,
    "alerts_dead": _dead_alerts,
    "reader_hung": _hung_reader,
}
