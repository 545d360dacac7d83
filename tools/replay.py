"""`hedgerow replay`: the main job on recorded real quotes, then the books.

As processes, a replay gateway for each venue and the real node; or, with
--virtual, the same code in one process and in the recording's own time. Then
the journal is verified and held against what the venues wrote down themselves.
Exit 0 only if the books are equal, nothing works, nothing is naked and the
node ended in order.
"""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Any

import click

from tools.errors import FAILED, FINE, UsageError
from tools.output import Output, pass_out
from tools.replay_speed import SpeedType, shown
from tools.run_folder import run_folder

PATH = click.Path(path_type=Path)


@click.command()
@click.argument("what", nargs=-1)
@click.option("-c", "--config", "files", multiple=True, type=PATH, help="The pairs' configuration (default: the recordings' own).")
@click.option("--data", default=None, help="Where the recording's files lie (default: HEDGEROW_DATA).")
@click.option("--speed", type=SpeedType(), default=None, help="Times its pace, or max (default: 10; max with --virtual).")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), default=None, help="Only so much of the recording.")
@click.option("--virtual", is_flag=True, help="In the recording's own time, in one process: the same at every speed.")
@click.option("--compare/--no-compare", default=True, help="After a run of processes, list what a virtual one did otherwise.")
@click.option("--dir", "folder", type=PATH, default=None, help="An empty folder for all that it writes (default: a new one).")
@pass_out
def replay(
    out: Output,
    what: tuple[str, ...],
    files: tuple[Path, ...],
    data: str | None,
    speed: float | None,
    seconds: float | None,
    virtual: bool,
    compare: bool,
    folder: Path | None,
) -> int:
    """Trade pairs on recorded quotes and compare the books.

    WHAT is a recording that comes with the program (btc-linear, btc-inverse,
    a50-if, if-ctp; default btc-linear), a recording's own .toml, or a folder.
    Several are played in step by one clock, and their pairs trade at once.
    """
    from tools.replay_map import find_recordings, pairs_of
    from tools.replay_session import Session
    from tools.replay_show import show

    if speed is None:
        speed = inf if virtual else 10.0
    if speed == inf and not virtual:
        raise UsageError("--speed max: processes keep in step by their pace, which max has none of; add --virtual, or give a number")
    recording = find_recordings(what, data)
    session = Session(recording, pairs_of(recording, files), run_folder(folder, "replay"), seconds, out.say)
    out.say(
        f"replay: {session.seconds:.0f} s of {recording.name} at {shown(speed)} times its pace"
        f"{' in virtual time' if virtual else ''}; files in {session.folder}"
    )
    for name in session.made:
        out.say(f"replay: {name} is MADE: its book was not recorded, it stands around a traded price")
    found = session.virtual(speed) if virtual else session.processes(speed, compare=compare)
    show(out, found)
    if found.pop("interrupted", False):
        raise KeyboardInterrupt
    return FINE if _whole(found) else FAILED


def _whole(found: dict[str, Any]) -> bool:
    """Whether the run ended as every run must."""
    clean = found["books_equal"] and found["money_equal"] and found["journal_verified"] and found["node_exit"] == 0
    return bool(clean and found["working"] == 0 and found["naked_qty"] == 0)
