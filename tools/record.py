"""`hedgerow record`: live feeds into files that replay and assess read.

Reads the feeds of a configuration's venues, as a node would, and keeps each new
book and each change of status, with a `recording.toml` that says how to read
them. Stopped and started again with the same folder it goes on; what was lost
is told at once, is a row of the file, and is the exit code (3).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tools.errors import FINE, GATE, ToolError, UsageError
from tools.output import Output, pass_out
from tools.run_folder import made_folder, write_text

PATH = click.Path(path_type=Path)
FLUSH_NS = 1_000_000_000
SECONDS = 1_000_000_000
LOOK_MS = 100
MAX_FRAMES = 4096
MAX_DEPTH = 10
MB = 1_000_000


@click.command()
@click.argument("folder", type=PATH)
@click.option("-c", "--config", "files", multiple=True, required=True, type=PATH, help="Whose venues and instruments to record.")
@click.option("--venue", "venues", multiple=True, help="Only this one of its venues (may be given again).")
@click.option("--depth", type=click.IntRange(1, MAX_DEPTH), default=5, show_default=True, help="Levels to keep.")
@click.option("--rotate-mb", type=click.FloatRange(min=0.001), default=64.0, show_default=True, help="A part ends at this size, compressed.")
@click.option("--rotate-minutes", type=click.FloatRange(min=0.01), default=60.0, show_default=True, help="Or at this age.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), default=None, help="Stop by itself after so long.")
@pass_out
def record(
    out: Output,
    folder: Path,
    files: tuple[Path, ...],
    venues: tuple[str, ...],
    depth: int,
    rotate_mb: float,
    rotate_minutes: float,
    seconds: float | None,
) -> int:
    """Record the live feeds of a configuration into FOLDER, until SIGTERM."""
    from config.load import load_checked
    from system.locks import DirectoryLock

    config = load_checked(files)
    made_folder(folder)
    lock = DirectoryLock(folder, "record")
    try:
        found = _recorders(config, venues, folder, depth, int(rotate_mb * MB), int(rotate_minutes * 60 * SECONDS), out.say)
        _describe(folder, found, depth, files)
        _run(found, seconds)
    finally:
        lock.release()
    told = _told(folder, found)
    if out.format == "table":
        out.many(told["instruments"])
        out.one({key: value for key, value in told.items() if key != "instruments"})
    else:
        out.one(told)
    silent = [each["venue"] for each in told["instruments"] if not each["books"] and not each["statuses"]]
    if silent:
        out.say(f"record: nothing came of {', '.join(dict.fromkeys(silent))}: does its gateway run?")
    return GATE if told["lost"] or told["broken"] or told["epochs"] or told["silences"] or silent else FINE


class _Feed:
    """A recorder and where its frames come from."""

    def __init__(self, endpoint: str, recorder: Any) -> None:
        self.endpoint, self.recorder = endpoint, recorder


def _recorders(
    config: Any, venues: tuple[str, ...], folder: Path, depth: int, most_bytes: int, most_ns: int, tell: Callable[[str], None]
) -> list[_Feed]:
    """One for each venue that was asked for. Raises: UsageError."""
    from system.clock import SystemClock
    from tools.record_feed import FeedRecorder, Recorded, header_of
    from tools.record_file import Parts

    known = [each.name for each in config.venue]
    unknown = [name for name in venues if name not in known]
    if unknown:
        raise UsageError(f"no venue {', '.join(unknown)} in the configuration: one of {', '.join(known)}")
    now_ns = SystemClock().mono_ns()
    feeds = []
    for venue in config.venue:
        if venues and venue.name not in venues:
            continue
        symbols = {}
        for told in config.instrument:
            if told.venue == venue.name:
                stem = f"{venue.name}.{_safe(told.symbol)}"
                parts = Parts(folder, stem, header_of(depth), most_bytes, most_ns)
                symbols[told.symbol] = Recorded(parts, told.tick_size, told.lot_size, depth)
                if parts.resumed:
                    cut = f"; {parts.cut_bytes} bytes of a torn end were cut" if parts.cut_bytes else ""
                    tell(f"record: {stem} goes on after part {parts.number}{cut}")
                    symbols[told.symbol].gap(0, "recording taken up again", SystemClock().wall_ns())
        feeds.append(_Feed(venue.feed, FeedRecorder(venue.name, symbols, now_ns, tell)))
    return feeds


def _describe(folder: Path, feeds: list[_Feed], depth: int, files: tuple[Path, ...]) -> None:
    """Write recording.toml; one that says otherwise is refused where there are rows to it.

    Raises: UsageError where the folder holds another recording.
    """
    from tools.replay_map import OWN_FILE

    sides = {side: ", ".join(f'["{side}{n}", "{side}_qty{n}"]' for n in range(1, depth + 1)) for side in ("bid", "ask")}
    pair = ", ".join(f'"{file.resolve()}"' for file in files)
    text = f'# Written by `hedgerow record`; read by replay and assess.\n\nname = "{folder.resolve().name}"\npair = [{pair}]\n'
    for feed in feeds:
        for symbol, each in feed.recorder.symbols.items():
            text += FILE.format(venue=feed.recorder.venue, symbol=symbol, stem=each.parts.stem, bids=sides["bid"], asks=sides["ask"])
    path = folder / OWN_FILE
    if not path.exists() or not any(folder.glob("*.csv.gz")):  # a start that failed has described what never came
        write_text(path, text)
    elif path.read_text(encoding="utf-8") != text:
        raise UsageError(f"{path} describes another recording (configuration, venues or depth): give another folder")


def _run(feeds: list[_Feed], seconds: float | None) -> None:
    """Until a signal, or for so long. Raises: ToolError where the disk fails."""
    import zmq

    from system.clock import SystemClock
    from system.signals import StopFlag
    from system.sockets import FeedSocket, new_context
    from wire.codec import feed_topic

    clock, context, poller = SystemClock(), new_context(), zmq.Poller()
    sockets: list[FeedSocket] = []
    begun_ns = flushed_ns = clock.mono_ns()
    try:
        for each in feeds:
            sockets.append(FeedSocket(context, each.endpoint, [feed_topic(symbol) for symbol in each.recorder.symbols]))
            poller.register(sockets[-1].socket, zmq.POLLIN)
        with StopFlag().installed() as flag:
            while not flag.is_set() and (seconds is None or clock.mono_ns() - begun_ns < seconds * SECONDS):
                poller.poll(LOOK_MS)
                for feed, socket in zip(feeds, sockets, strict=True):
                    _drain(feed.recorder, socket, clock)
                if clock.mono_ns() - flushed_ns >= FLUSH_NS:
                    flushed_ns = clock.mono_ns()
                    _flush(feeds, flushed_ns)
            _flush(feeds, clock.mono_ns())
    finally:
        for socket in sockets:
            socket.close()
        for feed in feeds:
            for each in feed.recorder.symbols.values():
                each.parts.close()
        context.destroy(linger=0)


def _drain(recorder: Any, socket: Any, clock: Any) -> None:
    for _ in range(MAX_FRAMES):
        frames = socket.recv()
        if frames is None:
            break
        recorder.frame(frames[1], clock.wall_ns(), clock.mono_ns())
    recorder.look(clock.wall_ns(), clock.mono_ns())


def _flush(feeds: list[_Feed], now_ns: int) -> None:
    failed: ToolError | None = None
    for feed in feeds:
        for each in feed.recorder.symbols.values():
            try:
                each.parts.flush(now_ns)
            except ToolError as error:
                failed = error  # the others are still written, before it is told
    if failed is not None:
        raise failed


def _told(folder: Path, feeds: list[_Feed]) -> dict[str, Any]:
    """What was kept and what was lost."""
    rows = [
        {
            "venue": feed.recorder.venue,
            "symbol": symbol,
            "books": each.books,
            "statuses": each.statuses,
            "repeats": each.repeats,
            "lost": each.lost,
            "deeper": each.deeper,
            "parts": each.parts.parts,
            "bytes": each.parts.total_bytes,
        }
        for feed in feeds
        for symbol, each in feed.recorder.symbols.items()
    ]
    counts = {key: sum(feed.recorder.counts[key] for feed in feeds) for key in ("gaps", "epochs", "silences", "sessions_lost", "broken")}
    return {"folder": str(folder), "lost": sum(row["lost"] for row in rows), **counts, "instruments": rows}


def _safe(symbol: str) -> str:
    """The symbol as part of a file's name."""
    return "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in symbol)


FILE = """
[[file]]
venue = "{venue}"
symbol = "{symbol}"
path = "{stem}.*.csv.gz"
time = {{ columns = ["recv_ns"], unit = "ns" }}
exchange_time = {{ columns = ["exch_ns"], unit = "ns" }}
kind = {{ column = "type", quote = ["book"], trade = [], status = ["status"], skip = ["gap"] }}
book = {{ bids = [{bids}], asks = [{asks}] }}
status = {{ status = "status", limit_down = "limit_down", limit_up = "limit_up" }}
last = "last"
volume = "volume"
"""
