"""`hedge timeline`: where the microseconds of one hedge went."""

from __future__ import annotations

from pathlib import Path

import click

from tools.client import pass_dir
from tools.output import Output, pass_out

MIN_COLUMNS = 72


@click.command("timeline")
@click.argument("hedge_id", metavar="HEDGE", required=False)
@click.option("--html", "page", type=click.Path(path_type=Path), default=None, metavar="FILE", help="Write it as a page, too.")
@click.option("--columns", type=click.IntRange(min=MIN_COLUMNS), default=None, help="Width (default: the terminal's).")
@pass_dir
@pass_out
def hedge_timeline(out: Output, directory: Path, hedge_id: str | None, page: Path | None, columns: int | None) -> None:
    """Show HEDGE's stages (left out: the last one), each with its time.

    From the journal alone. What nothing has stamped is `?`; what a clock
    stamped that is off is marked `!`, and no step is told from it.
    """
    import shutil

    from journal.story import tell
    from journal.timeline import timeline
    from tools.journal_dir import hedge_journal
    from tools.timeline_text import lines_of, stage_rows, timeline_map

    found = timeline(tell(*hedge_journal(str(directory), (), hedge_id)))
    if page is not None:
        _write(page, found, out)
    if out.format == "json":
        out.one(timeline_map(found))
    elif out.format in ("jsonl", "csv"):
        out.many(stage_rows(found))
    else:
        for line in lines_of(found, columns or shutil.get_terminal_size((80, 24)).columns, out.word):
            out.line(line)


def _write(path: Path, found: object, out: Output) -> None:
    """The page on disk. Raises: UsageError where it can't be written."""
    from tools.run_folder import write_text
    from tools.timeline_page import page_of

    write_text(path, page_of(found, out.lang, out.word))
    out.say(f"written: {path}")
