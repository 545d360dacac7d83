"""What `doctor` looks at; each finding is a figure and how good it is.

OK: nothing to do. NOTE: it works, and could be better. BAD: put it right
before money depends on it.
"""

from __future__ import annotations

import os
import resource
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from domain.errors import ConfigError, HedgerowError, JournalError
from system.clock import SystemClock
from system.files import Files
from system.kernel_clock import KernelClock, kernel_clock
from tools.errors import ToolError

OK, NOTE, BAD = "OK", "NOTE", "BAD"

PYTHONS = ((3, 11), (3, 13))
"""The first and the last version that the tests run on."""

STEP_NS = 1_000_000
KEPT_WITHIN_US = 100_000
CORES = 2
MB = 1024 * 1024
ROOM_LEAST, ROOM_GOOD = 256 * MB, 4096 * MB
"""Bytes free where the journal is: eight segments of it, and two weeks' worth."""

SYNCS, SYNC_BYTES = 25, 16 * 1024
SYNC_GOOD_MS, SYNC_MOST_MS = 10.0, 100.0
"""The journal syncs each 10 ms; past that its unsynced tail grows."""

FILES_BASE, FILES_A_VENUE = 128, 16
FILES_GOOD = 1024
THREADS_BASE, THREADS_A_VENUE = 64, 8


class Finding(NamedTuple):
    """`check` names what was looked at, and the advice that belongs to it."""

    check: str
    result: str
    found: str


def machine(venues: int) -> Iterator[Finding]:
    """What holds whatever the configuration says."""
    yield python(sys.version_info[:3])
    yield from libraries()
    yield cores(len(os.sched_getaffinity(0)))
    yield files(resource.getrlimit(resource.RLIMIT_NOFILE)[0], venues)
    yield threads(resource.getrlimit(resource.RLIMIT_NPROC)[0], venues)
    yield memory(swap_kb(), resource.getrlimit(resource.RLIMIT_MEMLOCK)[0])
    yield core_files(resource.getrlimit(resource.RLIMIT_CORE)[0])
    yield kept(kernel_clock())


def python(version: tuple[int, ...]) -> Finding:
    """The interpreter, beside those that are tested."""
    first, last = PYTHONS
    result = BAD if version[:2] < first else NOTE if version[:2] > last else OK
    return Finding("python", result, ".".join(map(str, version)))


def libraries() -> Iterator[Finding]:
    """Each pinned library, beside its pin."""
    from importlib.metadata import PackageNotFoundError, version

    from tools.tree import ROOT

    file = ROOT / "requirements.txt"
    if not file.is_file():
        yield Finding("libraries", NOTE, f"{file.name}: not there, nothing to compare with")
        return
    pins = [line.split(" ")[0].split("==") for line in file.read_text().splitlines() if "==" in line and not line.startswith((" ", "#"))]
    off, missing = [], []
    for name, pin in pins:
        try:
            found = version(name)
        except PackageNotFoundError:
            missing.append(name)
            continue
        if found != pin.strip():
            off.append(f"{name} {found} (pinned {pin.strip()})")
    if missing:
        yield Finding("libraries", BAD, f"missing: {', '.join(missing)}")
    if off or not missing:
        yield Finding("libraries", NOTE if off else OK, ", ".join(off) or f"{len(pins)} as pinned")


def cores(count: int) -> Finding:
    """Cores that this process may use: the lane wants one for itself."""
    return Finding("cores", OK if count >= CORES else NOTE, str(count))


def files(most: int, venues: int) -> Finding:
    """Descriptors that a process may open, beside what the node needs."""
    need = FILES_BASE + FILES_A_VENUE * venues
    unlimited = most == resource.RLIM_INFINITY
    result = OK if unlimited or most >= max(need, FILES_GOOD) else NOTE if most >= need else BAD
    return Finding("descriptors", result, f"{'unlimited' if unlimited else most}, needs {need}")


def threads(most: int, venues: int) -> Finding:
    """Threads and processes of this user, beside what the node and its gateways need."""
    need = THREADS_BASE + THREADS_A_VENUE * venues
    unlimited = most == resource.RLIM_INFINITY
    return Finding("threads", OK if unlimited or most >= need else BAD, f"{'unlimited' if unlimited else most}, needs {need}")


def memory(swap: int, lock: int) -> Finding:
    """Whether a page of the lane may have to be read from a disk first."""
    locked = "without limit" if lock == resource.RLIM_INFINITY else f"{lock // 1024:,} KB"
    return Finding("swap", NOTE if swap else OK, f"{swap // 1024:,} MB; memory that may be locked: {locked}")


def swap_kb(place: Path = Path("/proc/swaps")) -> int:
    """Swap that is on. Source: proc(5), swaps."""
    try:
        rows = place.read_text(encoding="ascii", errors="replace").splitlines()[1:]
    except OSError:
        return 0
    return sum(int(row.split()[2]) for row in rows)


def core_files(most: int) -> Finding:
    """A crash of the interpreter would leave all of its memory on the disk."""
    return Finding("core files", NOTE if most else OK, "none" if not most else "allowed")


def kept(clock: KernelClock | None) -> Finding:
    """Whether somebody keeps the machine's clock, by the kernel's word."""
    if clock is None:
        return Finding("clock kept", NOTE, "the kernel does not say")
    if not clock.is_kept:
        return Finding("clock kept", NOTE, "not synchronised")
    result = OK if clock.max_error_us <= KEPT_WITHIN_US else NOTE
    return Finding("clock kept", result, f"within {clock.max_error_us / 1000:.1f} ms")


def step(moved_ns: int, over_ns: int) -> Finding:
    """Whether the wall clock was set while doctor looked."""
    result = BAD if abs(moved_ns) > STEP_NS else OK
    return Finding("clock steps", result, f"{moved_ns / 1e6:+.3f} ms in {over_ns / 1e6:.0f} ms")


# ------------------------------------------------ the node's directory


def directory(place: Path) -> Iterator[Finding]:
    """Whether it is private, and ours; else whether it can be made."""
    there = next(each for each in (place, *place.parents) if each.exists())
    if there != place:
        writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
        yield Finding("directory", OK if writable else BAD, f"{place}: not there yet; {there} can be written" if writable else f"{place}: not there yet; {there} can not be written")
        return
    told = place.stat()
    mode = stat.S_IMODE(told.st_mode)
    owner = "" if told.st_uid == os.getuid() else f", of user {told.st_uid}"
    good = place.is_dir() and not mode & 0o077 and not owner and os.access(place, os.W_OK | os.X_OK)
    yield Finding("directory", OK if good else BAD, f"{place}: mode {mode:04o}{owner}")


def disk(place: Path) -> Iterator[Finding]:
    """Room and the time of a sync, where the journal is or will be."""
    there = next(each for each in (place, *place.parents) if each.is_dir())
    told = os.statvfs(there)
    room = told.f_bavail * told.f_frsize
    result = OK if room >= ROOM_GOOD else NOTE if room >= ROOM_LEAST else BAD
    yield Finding("disk room", result, f"{room // MB:,} MB free at {there}")
    try:
        took_ms = sorted(sync_times_ms(there))
    except OSError as error:
        yield Finding("disk sync", BAD, f"{there}: {error.strerror}")
        return
    middle = median(took_ms)
    result = OK if middle <= SYNC_GOOD_MS else NOTE if middle <= SYNC_MOST_MS else BAD
    yield Finding("disk sync", result, f"median {middle:.2f} ms, longest {took_ms[-1]:.2f} ms of {len(took_ms)}")


def sync_times_ms(there: Path) -> list[float]:
    """How long writes of a few pages take to be safe; leaves nothing behind."""
    clock, disk_files, took = SystemClock(), Files(), []
    with tempfile.TemporaryDirectory(prefix=".doctor-", dir=there) as folder:
        fd = disk_files.allocate(Path(folder) / "sync", SYNCS * SYNC_BYTES)
        try:
            for turn in range(SYNCS):
                began_ns = clock.mono_ns()
                disk_files.write(fd, bytes([turn + 1]) * SYNC_BYTES, turn * SYNC_BYTES)
                disk_files.sync(fd)
                took.append((clock.mono_ns() - began_ns) / 1e6)
        finally:
            os.close(fd)
    return took


# ------------------------------------------------ configuration, calendars


def configuration(loaded: Any) -> Iterator[Finding]:
    """What `config check` says, in short; then its calendars."""
    from config import lots as unit_lots
    from config.calendar_checks import calendars_of, notes
    from config.checks import problems
    from tools.config_verbs import today_utc

    wrong = problems(loaded)
    if wrong:
        yield Finding("configuration", BAD, f"{len(wrong)} to put right; the first: {wrong[0]}")
        return
    yield from readers(loaded)
    told, today = loaded.config, today_utc()
    yield Finding("configuration", OK, f"{len(told.venue)} venues, {len(told.instrument)} instruments, {len(told.pair)} pairs")
    for note in [*notes(told, today), *unit_lots.notes(told)]:
        yield Finding("configuration note", NOTE, note)
    for name, left in sorted(calendars_of(told, today).items()):
        result = BAD if left < 0 else NOTE if left <= told.node.calendar_warn_days else OK
        yield Finding("calendar", result, f"{name}: {left} days left" if left >= 0 else f"{name}: ended {-left} days ago")


def readers(loaded: Any) -> Iterator[Finding]:
    """Who else may write what the node runs by, or read its keys."""
    for name in filter(os.path.isfile, loaded.layers.files()):
        mode = stat.S_IMODE(Path(name).stat().st_mode)
        yield Finding("permissions", BAD if mode & 0o002 else NOTE if mode & 0o020 else OK, f"{name}: mode {mode:04o}")
    if loaded.config.node.curve_keys:
        keys = Path(loaded.config.node.curve_keys)
        if keys.is_file():  # config check says where it is not
            mode = stat.S_IMODE(keys.stat().st_mode)
            yield Finding("permissions", BAD if mode & 0o077 else OK, f"{keys}: mode {mode:04o}")


# ------------------------------------------------ journal, node


def journal(place: Path) -> Iterator[Finding]:
    """The journal's files, by their own marks; `journal verify` reads them all."""
    from journal.segment import segment_paths

    try:
        paths = segment_paths(place / "journal")
    except JournalError as error:
        yield Finding("journal", BAD if (place / "journal").exists() else OK, str(error) if (place / "journal").exists() else "none yet")
        return
    size = sum(path.stat().st_size for path in paths.values())
    yield Finding("journal", OK, f"{len(paths)} segments, {size // MB:,} MB" if paths else "none yet")


def node(place: Path) -> Iterator[Finding]:
    """A running node's own word: venues, accounts, kills, its journal."""
    from system.locks import is_locked
    from tools.client import reach

    if not is_locked(place / "journal"):
        yield Finding("node", OK, "none runs there")
        return
    try:
        with reach(place) as client:
            told = client.ask("status")
    except ToolError as error:
        yield Finding("node", BAD, str(error))
        return
    failed = told["journal"]["failed"]
    yield Finding("node", BAD if failed else OK, failed or f"{told['node']} {told['state']}, pid {told['pid']}")
    yield from (
        Finding("venue", NOTE, f"{each['venue']} {each['stage']} {each['why']}".rstrip())
        for each in told["venues"]
        if each["stage"] != "OPEN"
    )
    yield from (Finding("account", NOTE, f"{each['venue']} {each['currency']}: stale") for each in told.get("accounts", []) if each["stale"])
    yield from (Finding("kill", NOTE, each) for each in told.get("kills", []))
    if told["naked_qty"]:
        yield Finding("naked", NOTE, f"{told['naked_qty']} lots")


def every(loaded: Any, place: Path, error: HedgerowError | None) -> Iterator[Finding]:
    """All checks, in the order in which one would put things right."""
    clock = SystemClock()
    began_ns, wall_ns = clock.mono_ns(), clock.wall_ns()
    yield from machine(0 if loaded is None else len(loaded.config.venue))
    yield from directory(place)
    yield from disk(place)
    over_ns = clock.mono_ns() - began_ns
    yield step(clock.wall_ns() - wall_ns - over_ns, over_ns)
    if error is not None:
        yield Finding("configuration", BAD, str(error))
    elif loaded is None:
        yield Finding("no configuration", NOTE, "none was given")
    else:
        try:
            yield from configuration(loaded)
        except ConfigError as wrong:
            yield Finding("configuration", BAD, str(wrong))
    yield from journal(place)
    yield from node(place)
