"""`hedgerow demo`: the main job in a minute, with trouble, then the books.

The simulated exchange, the node and its gateways run as processes. Afterwards
the venues' truth log says what happened, the journal is verified and held
against it. Exit 0 only if every check holds, 3 where one does not.
"""

from __future__ import annotations

import operator
import signal
from pathlib import Path
from typing import Any, NamedTuple

import click

from tools.errors import FINE, GATE
from tools.output import Output, pass_out
from tools.run_folder import run_folder

MAX_PROBLEMS_SHOWN = 10
COMPARE = {">=": operator.ge, "=": operator.eq}


class Check(NamedTuple):
    """What must hold at the end of a demo."""

    name: str
    compare: str
    wanted: Any


CHECKS = (
    Check("hedges", ">=", 20),
    Check("replenished", ">=", 5),
    Check("rolled_back", ">=", 3),
    Check("pairs_traded", ">=", 4),
    Check("naked_qty", "=", 0),
    Check("uncovered_qty", "=", 0),
    Check("working", "=", 0),
    Check("books_equal", "=", True),
    Check("money_equal", "=", True),
    Check("journal_verified", "=", True),
    Check("node_exit", "=", 0),
)
"""By the key of the summary that each looks at."""


@click.command()
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), default=60.0, show_default=True, help="How long it trades.")
@click.option("--seed", type=int, default=None, help="Of prices, crowd and trouble (default: the exchange file's).")
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), default=None, help="An empty folder for all that it writes (default: a new one)."
)
@click.option(
    "--trouble", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=None,
    help="A file of [[trouble]] tables instead of the demo's own: config/exchange/storm.toml has every kind.",
)
@pass_out
def demo(out: Output, seconds: float, seed: int | None, folder: Path | None, trouble: Path | None) -> int:
    """Trade gold, copper, crude and a cover on venues that make trouble.

    Exit 0 if there were at least 20 hedges, 5 of them replenished, and 3
    rolled back, all four pairs traded, nothing is naked, uncovered or
    working, and books and money are equal to the venues'; else 3.
    """
    from system.clock import SystemClock
    from system.signals import StopFlag
    from tools.demo_books import summary_of
    from tools.demo_line import DemoBoard
    from tools.demo_run import DemoRun

    folder = run_folder(folder, "demo")
    out.say(f"demo: {seconds:g} s of gold, copper, crude and a covered stock, at home and overseas, on simulated venues with trouble; files in {folder}")
    flag = StopFlag()
    run = DemoRun(folder, SystemClock(), flag, trouble)
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    with flag.installed(signals), run, DemoBoard(run.node_dir, out.lang) as board:
        code = run.play(seconds, seed, board.look)
    found = {"dir": str(folder), "config": [str(file) for file in run.config], "seconds": seconds, "node_exit": code}
    found |= summary_of(run)
    found["pairs_traded"] = sum(row["hedges"] > 0 for row in found["pairs"])
    checks = checked(found)
    found["checks"] = checks
    found["ok"] = all(each["met"] for each in checks)
    _show(out, found)
    return FINE if found["ok"] else GATE


def checked(found: dict[str, Any], checks: tuple[Check, ...] = CHECKS) -> list[dict[str, Any]]:
    """Each check, with what was found and whether it is met."""
    return [
        {
            "check": each.name,
            "wanted": f"{each.compare} {each.wanted}".lower(),
            "found": found[each.name],
            "met": COMPARE[each.compare](found[each.name], each.wanted),
        }
        for each in checks
    ]


def _show(out: Output, found: dict[str, Any]) -> None:
    """The whole as JSON; as a table the sums, then the checks."""
    if out.format != "table":
        out.one(found)
        return
    apart = {"checks", "hedge_list", "problems", "positions", "config", "money", "pairs", "ok"}
    shown = {key: value for key, value in found.items() if key not in apart}
    out.one(shown | found["positions"])
    out.many(found["pairs"])
    out.many(found["money"])
    out.many(found["checks"])
    for problem in found["problems"][:MAX_PROBLEMS_SHOWN]:
        out.say(f"demo: {problem}")
    failed = [each["check"] for each in found["checks"] if not each["met"]]
    out.say(f"demo: not met: {', '.join(failed)}" if failed else "demo: every hedge is whole, and the books are equal")
