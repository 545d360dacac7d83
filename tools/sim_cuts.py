"""`sim cuts`: a journal cut off and flipped at every byte.

A journal of the asked size is written as a node writes it; then every byte of
its last segment is where the file ends, and every byte has a bit turned over.
What was synced may never be lost unseen: opening must refuse. What was not may
lose its torn end, never a whole record before it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click

from tools.errors import FAILED, FINE
from tools.output import Output, pass_out

KB = 1024
RECORD_BYTES = 1000
SAMPLE = 4001
"""So many bytes apart a file is really written so, and really opened."""
CHUNK = 64 * KB
BEHIND = 3
"""Records of a file that are looked at from the touched one on."""
COLUMNS = ("what", "bytes", "damage", "torn", "whole", "wrong")


@click.command()
@click.option("--kb", type=click.IntRange(4, 10 * KB), default=1 * KB, show_default=True, help="Size of the journal.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes at a time.")
@pass_out
def cuts(out: Output, kb: int, jobs: int) -> int:
    """Cut a journal at every byte and flip a bit of every byte.

    Exit 1 where something acknowledged is lost, or damage goes undetected.
    """
    with tempfile.TemporaryDirectory(prefix="hgcuts") as place:
        path = written(Path(place), kb * KB)
        size = path.stat().st_size
        spans = [(path, at, min(at + CHUNK, size)) for at in range(0, size, CHUNK)]
        total: dict[str, Counter[str]] = {}
        wrong: list[str] = []
        with ProcessPoolExecutor(jobs) as pool:
            for counts, found in pool.map(judged, spans):
                for what, own in counts.items():
                    total.setdefault(what, Counter()).update(own)
                wrong += found
        opened, bad = really(Path(place), path)
    wrong += bad
    rows = [{"what": what, "bytes": sum(counts.values()), **{name: counts[name] for name in ("damage", "torn", "whole", "wrong")}} for what, counts in total.items()]
    if out.format == "table":
        out.many([*rows, {"what": "opened as files", "bytes": opened, "damage": opened - len(bad), "wrong": len(bad)}], COLUMNS)
    else:
        out.one({"journal_bytes": size, "rows": rows, "opened": opened, "wrong": wrong[:100]})
    for each in wrong[:20]:
        out.say(f"cuts: {each}")
    return FAILED if wrong else FINE


def written(place: Path, size_bytes: int) -> Path:
    """A closed journal of one segment of about that size: its file."""
    from journal.segment import segment_paths
    from journal.writer import Journal
    from system.clock import SystemClock

    journal = Journal(place / "journal", clock=SystemClock(), segment_bytes=size_bytes + 64 * KB)
    for number in range(max(1, size_bytes // (RECORD_BYTES + 70))):
        journal.append("decision", bytes((number + index) % 251 for index in range(RECORD_BYTES)))
    journal.close()
    return segment_paths(place / "journal")[1]


class Steps:
    """Where each record of the whole file ends, and the chain there."""

    def __init__(self, data: bytes) -> None:
        from journal.format import decode_header, decode_marks
        from journal.scan import Scan

        self.data, self.header, self.mark = data, decode_header(data), decode_marks(data)[0]
        scan = Scan(data, self.header)
        self.at = [(scan.offset, 0, scan.hash)] + [(scan.offset, scan.last_seq, scan.hash) for _ in scan]

    def outcome(self, data: bytes, step: tuple[int, int, bytes], *, synced: bool) -> tuple[str, int]:
        """What opening would make of it; the last record that it keeps.

        What precedes the record that was touched is whole: the scan begins there.
        """
        from journal.recovery import cut_is_allowed
        from journal.scan import Scan

        mark = self.mark if synced else None
        scan = Scan(data, self.header)
        scan.offset, scan.last_seq, scan.hash = step
        scan.finish()
        if not scan.fault and scan.last_seq >= (mark.seq if mark else 0):
            return "whole", scan.last_seq
        why = cut_is_allowed(data, scan, mark, same_boot=True, more_segments=False)
        return ("damage" if why else "torn"), scan.last_seq


def judged(span: tuple[Path, int, int]) -> tuple[dict[str, Counter[str]], list[str]]:
    """Every byte of a span of the file, in both states, cut and flipped.

    The records before the touched one are whole, and of those behind it the
    first few decide: so many are looked at. Whole files are opened in `really`.
    """
    from journal.format import HEADER_BYTES, RECORDS_START

    path, low, high = span
    steps = Steps(path.read_bytes())
    data, records = steps.data, steps.at
    total: dict[str, Counter[str]] = {name: Counter() for name in ("synced, cut", "synced, flipped", "not synced, cut", "not synced, flipped")}
    wrong: list[str] = []
    place, last = 0, records[-2]
    for at in range(max(low, records[0][0]), high):
        while place + 1 < len(records) and records[place + 1][0] <= at:
            place += 1
        step = records[place]
        lead, end = data[:RECORDS_START], records[min(place + BEHIND, len(records) - 1)][0]
        begin, near = (RECORDS_START, *step[1:]), lead + data[step[0] : end]
        bad, cut = flipped(near, RECORDS_START + at - step[0]), lead + data[step[0] : at]
        padded = cut + bytes(HEADER_BYTES)
        is_same = step[0] < at and not data[at : records[min(place + 1, len(records) - 1)][0]].strip(b"\0")  # what is cut off were zeros
        for name, body, synced, wanted in (
            ("synced, cut", cut, True, ("damage",)),
            ("synced, flipped", bad, True, ("damage",)),
            ("not synced, cut", padded, False, ("torn", "whole")),
            ("not synced, flipped", bad, False, ("torn",) if step == last else ("damage",)),
        ):
            found, kept = steps.outcome(body, begin, synced=synced)
            least = step[1] + (body is padded and is_same)
            is_wrong = found not in wanted or (found in ("torn", "whole") and kept != least)
            total[name]["wrong" if is_wrong else found] += 1
            if is_wrong:
                wrong.append(f"{name} at byte {at}: {found}, {kept} records of {step[1]} before it")
    return total, wrong


def flipped(data: bytes, at: int) -> bytes:
    """A bit of that byte turned over."""
    return data[:at] + bytes((data[at] ^ 1 << at % 8,)) + data[at + 1 :]


def really(place: Path, path: Path) -> tuple[int, list[str]]:
    """Some of it as files: the journal must not open on them, nor verify."""
    from domain.errors import JournalError
    from journal.format import RECORDS_START
    from journal.verify import verify
    from journal.writer import Journal
    from system.clock import SystemClock

    data, wrong, opened = path.read_bytes(), [], 0
    copy = place / "copy" / "journal"
    for at in range(RECORDS_START, len(data), SAMPLE):
        for name, body in (("cut", data[:at]), ("flipped", flipped(data, at))):
            shutil.rmtree(copy, ignore_errors=True)
            copy.mkdir(parents=True)
            (copy / path.name).write_bytes(body)
            opened += 1
            if verify(copy).ok:
                wrong.append(f"file {name} at byte {at}: it verifies")
            try:
                Journal(copy, clock=SystemClock(), segment_bytes=64 * KB).close()
            except JournalError:
                continue
            wrong.append(f"file {name} at byte {at}: it opens")
    return opened, wrong
