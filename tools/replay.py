"""`hedgerow replay`: the main job on recorded real quotes, then the books.

Two replay gateways and the real node run as processes; afterwards the journal
is verified and held against what the venues wrote down themselves. Exit 0 only
if the books are equal, nothing works, nothing is naked and the node ended in
order.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tools.errors import FAILED, FINE, ToolError
from tools.output import Output, pass_out
from tools.replay_config import EXAMPLE
from tools.run_folder import run_folder

PATH = click.Path(path_type=Path)
JOURNAL = "journal"
MAX_PROBLEMS_SHOWN = 10
SEED_HELP = "The pair's configuration (default: the BTC example)."


@click.command()
@click.argument("recording_dir", required=False)
@click.option("-c", "--config", "file", type=PATH, default=EXAMPLE, help=SEED_HELP)
@click.option(
    "--speed", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True, help="Times its pace."
)
@click.option(
    "--seconds", type=click.FloatRange(min=0, min_open=True), default=None, help="Only so much of the recording."
)
@click.option(
    "--dir", "folder", type=PATH, default=None, help="An empty folder for all that it writes (default: a new one)."
)
@pass_out
def replay(
    out: Output, recording_dir: str | None, file: Path, speed: float, seconds: float | None, folder: Path | None
) -> int:
    """Trade a pair on recorded quotes and compare the books.

    RECORDING_DIR holds spot.BTCUSDT.csv.gz and usdm.BTCUSDT.csv.gz (default:
    HEDGEROW_DATA, or the folder beside this project).
    """
    from config.load import load_checked
    from system.clock import SystemClock
    from tools.replay_config import legs_of, recording_at
    from tools.replay_run import ReplayRun
    from tools.replay_spread import Survey

    recording = recording_at(recording_dir).resolve()
    config = load_checked([file])
    folder = run_folder(folder, "replay")
    legs = legs_of(file, recording, folder, folder)
    survey = Survey(config, tuple(leg.played for leg in legs))
    survey.read(seconds)
    first_ns = max(span.first_ns for span in survey.spans)
    last_ns = min(span.last_ns for span in survey.spans)
    end_ns = None if seconds is None else first_ns + int(seconds * 1_000_000_000)
    out.say(f"replay: {(last_ns - first_ns) / 1e9:.0f} s of {recording} at {speed:g} times its pace; files in {folder}")
    with ReplayRun(folder, file.resolve(), config.pair[0].name, recording, legs, SystemClock()) as run:
        code = run.play(first_ns, last_ns, end_ns, speed, out.say)
    found = {
        "recording": str(recording),
        "dir": str(folder),
        "config": [str(file), str(run.overlay)],
        "speed": speed,
        "seconds": round((last_ns - first_ns) / 1e9, 3),
        "spread": {"sell": survey.sell.told(), "buy": survey.buy.told()},
        "node_exit": code,
        **_outcome(config, run.node_dir / JOURNAL, legs),
    }
    _show(out, found)
    return FINE if _whole(found) else FAILED


def _outcome(config: Any, journal: Path, legs: tuple[Any, ...]) -> dict[str, Any]:
    """What the journal and the venues' own books say, side by side."""
    from journal.verify import verify
    from tools.replay_books import compare, journal_fills, venue_book
    from tools.replay_hedges import folded, hedge_rows, summary

    if not journal.is_dir():
        raise ToolError(f"the node left no journal in {journal}: see node.log beside it")
    books = compare(journal_fills(journal), [venue_book(leg.venue, leg.truth_path) for leg in legs])
    report = verify(journal)
    pair = folded(config, journal)
    kept, problems = summary(pair, config.pair[0], books)
    return {
        **kept,
        "fills": books.fills,
        "orders": books.orders,
        "rejected": books.rejected,
        "working": books.working,
        "positions": books.positions,
        "books_equal": books.equal and not problems,
        "journal_verified": report.ok,
        "journal_records": report.records,
        "problems": [*books.problems, *problems, *[problem.what for problem in report.problems]],
        "hedge_list": hedge_rows(pair),
    }


def _whole(found: dict[str, Any]) -> bool:
    """Whether the run ended as every run must."""
    clean = found["books_equal"] and found["journal_verified"] and found["node_exit"] == 0
    return bool(clean and found["working"] == 0 and found["naked_qty"] == 0)


def _show(out: Output, found: dict[str, Any]) -> None:
    """The whole as JSON; as a table the hedges, then the sums."""
    if out.format != "table":
        out.one(found)
        return
    out.many(found["hedge_list"])
    shown = {key: value for key, value in found.items() if key not in {"hedge_list", "problems", "spread", "positions"}}
    for name, told in (*found["spread"].items(), *found["positions"].items()):
        shown[name] = " ".join(f"{key} {value}" for key, value in told.items())
    out.one(shown)
    for problem in found["problems"][:MAX_PROBLEMS_SHOWN]:
        out.say(f"replay: {problem}")
