"""`audit show`: why a hedge did what it did, from the record alone."""

from __future__ import annotations

from typing import Any

import click

from tools.output import Output, pass_out


@click.group(name="audit")
def audit() -> None:
    """Read the record: decisions with what they saw, reports, times."""


@audit.command()
@click.argument("hedge", required=False)
@click.option("-d", "--dir", "directory", default=None, metavar="DIR", help="The journal's directory, or the node's.")
@click.option(
    "-c", "--config", "files", multiple=True, metavar="FILE", help="Take the directory from this configuration."
)
@pass_out
def show(out: Output, hedge: str | None, directory: str | None, files: tuple[str, ...]) -> None:
    """Show all records of one HEDGE (left out: the last one), in order."""
    from journal.story import tell
    from tools.audit_text import entry_row, lines_of, order_row, story_map, summary
    from tools.journal_dir import hedge_journal

    story = tell(*hedge_journal(directory, files, hedge))
    if out.format == "json":
        out.one(story_map(story))
    elif out.format == "jsonl":
        out.many(entry_row(story, each) for each in story.entries)
    elif out.format == "csv":
        out.many([flat(entry_row(story, each)) for each in story.entries])
    else:
        out.one(summary(story))
        if story.orders:
            out.many([order_row(each) for each in story.orders])
        out.many(list(lines_of(story)))


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """A record for one line of CSV: its body as one column, in JSON."""
    from tools.output import json_text

    return {**row, "body": json_text(row["body"])}
