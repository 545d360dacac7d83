"""`journal verify`: whether the record is whole; `journal snapshot`."""

from __future__ import annotations

import re
from typing import Any

import click

from tools.errors import AUDIT_BROKEN, FINE, UsageError
from tools.output import Output, pass_out


@click.group(name="journal")
def journal() -> None:
    """Check the append-only record."""


@journal.command()
@click.argument("directory", required=False, metavar="[DIR]")
@click.option("-d", "--dir", "given", default=None, metavar="DIR", help="The same, as other verbs take it.")
@click.option(
    "-c", "--config", "files", multiple=True, metavar="FILE", help="Take the directory from this configuration."
)
@click.option(
    "--head", default=None, metavar="SEQ:HASH", help="A record noted earlier; the journal must still hold it."
)
@pass_out
def verify(out: Output, directory: str | None, given: str | None, files: tuple[str, ...], head: str | None) -> int:
    """Check every record, hash and link; exit 6 if any is broken.

    Without DIR: the journal of hedgerow.toml in this directory. A running
    node's may be verified too. Of a node of shards: the root's and each shard's.
    """
    from journal.verify import verify as check
    from tools.journal_dir import journals

    places = journals(directory if directory is not None else given, files)
    if head is not None and len(places) > 1:
        raise UsageError(f"--head {head}: of one journal alone: give its directory: {', '.join(map(str, places))}")
    reports = [(place, check(place, head=_head(head))) for place in places]
    found = [(_summary(place, report), _problems(report)) for place, report in reports]
    many = len(found) > 1
    if out.format in ("json", "jsonl"):
        told = [{**summary, "problems": problems} for summary, problems in found]
        out.one({"ok": all(report.ok for _, report in reports), "journals": told} if many else told[0])
    elif out.format == "csv":
        out.many([{**summary, "problems": len(problems)} for summary, problems in found])
    else:
        if many:
            out.many([summary for summary, _ in found], ["ok", "dir", "records", "segments", "first_seq", "last_seq"])
        else:
            out.one(found[0][0])
        for _, problems in found:
            if problems:
                out.many(problems)
    broken = [problem for _, problems in found for problem in problems]
    if not broken:
        return FINE
    out.say(
        f"hedgerow: the journal is broken in {len(broken)} place(s), the first in {broken[0]['file']}: "
        "keep a copy, don't trade on it, compare it with the venues' books"
    )
    return AUDIT_BROKEN


def _problems(report: Any) -> list[dict[str, Any]]:
    return [{"file": each.file, "offset": each.offset, "seq": each.seq, "what": each.what} for each in report.problems]


def _summary(place: Any, report: Any) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "dir": str(place),
        "records": report.records,
        "segments": report.segments,
        "node_epochs": report.node_epochs,
        "first_seq": report.first_seq,
        "last_seq": report.last_seq,
        "last_hash": report.last_hash,
    }


@journal.command()
@click.argument("directory", required=False, metavar="[DIR]")
@click.option("-d", "--dir", "given", default=None, metavar="DIR", help="The same, as other verbs take it.")
@click.option(
    "-c", "--config", "files", multiple=True, metavar="FILE", help="Take the directory from this configuration."
)
@pass_out
def snapshot(out: Output, directory: str | None, given: str | None, files: tuple[str, ...]) -> int:
    """Fold the journal up to now, so that the next start reads little.

    A running node has one made by itself as its journal grows. It is a cache:
    remove it, and the next start reads everything.
    """
    from actors.snapshots import make, summary
    from tools.journal_dir import journal_dir

    place = journal_dir(directory if directory is not None else given, files)
    first, last = make(place)
    out.one({"dir": str(place), "read_from": first, "read": last - first + 1, **summary(place)})
    return FINE


def _head(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    seq, _, digest = text.partition(":")
    if not seq.isdigit() or not re.fullmatch("[0-9a-fA-F]{64}", digest):
        raise UsageError(f"--head {text}: give SEQ:HASH, a number and 64 hex digits (last_seq:last_hash of a verify)")
    return int(seq), digest
