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

from tools.errors import FINE, GATE, ToolError
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
    Check("naked_qty", "=", 0),
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
    """Trade copper on two simulated venues that make trouble.

    Exit 0 if there were at least 20 hedges, 5 of them replenished, and 3
    rolled back, nothing is naked or working, and the books are equal; else 3.
    """
    from system.clock import SystemClock
    from system.signals import StopFlag
    from tools.demo_line import DemoBoard
    from tools.demo_run import DemoRun

    folder = run_folder(folder, "demo")
    out.say(f"demo: {seconds:g} s of copper, Shanghai against New York, on simulated venues with trouble; files in {folder}")
    flag = StopFlag()
    run = DemoRun(folder, SystemClock(), flag, trouble)
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    with flag.installed(signals), run, DemoBoard(run.node_dir, out.lang) as board:
        code = run.play(seconds, seed, board.look)
    found = {"dir": str(folder), "config": [str(file) for file in run.config], "seconds": seconds, "node_exit": code}
    found |= summary_of(run)
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


def summary_of(run: Any) -> dict[str, Any]:
    """What the venues' truth and our journal say, side by side."""
    from config.load import load_checked
    from exchange.truth import read
    from journal.verify import verify
    from tools.demo_truth import loose_of, naked_of, order_names, row_of, sums_of, truth_from
    from tools.money_books import accounts_of, compared
    from tools.replay_books import compare, journal_fills
    from tools.replay_hedges import refolded

    journal = run.node_dir / "journal"
    if not journal.is_dir():
        raise ToolError(f"the node left no journal in {journal}: see {run.log_of('node')}")
    config = load_checked(run.config)
    pair = config.pair[0]
    lots = lots_of(pair)
    names = order_names(run.node_dir / "gateways", {leg.venue for leg in pair.legs})
    truth = truth_from(read(run.truth), names)
    books = compare(journal_fills(journal), truth.books)
    report = verify(journal)
    rows = [row_of(hedge, lots) for hedge in truth.hedges.values()]
    folded, ledgers = refolded(config, journal)
    ours = {place: book.net for place, book in zip(lots, folded.books, strict=True)}
    money, apart = compared(ledgers, accounts_of(read(run.truth)))
    problems = [*truth.unnamed, *books.problems, *_apart(truth.positions, ours, books.positions)]
    loose = loose_of(truth.hedges.values(), lots)
    naked = [f"{row['hedge']}: {row['naked_qty']} lots naked" for row in rows if row["naked_qty"] and loose]
    return {
        **sums_of(rows),
        "naked_qty": naked_of(truth.positions, lots) + loose,
        "working": books.working,
        "fills": books.fills,
        "orders": books.orders,
        "rejected": books.rejected,
        "positions": truth.positions,
        "books_equal": not problems,
        "money_equal": bool(money) and not apart,
        "journal_verified": report.ok,
        "journal_records": report.records,
        "money": money,
        "problems": [*problems, *apart, *naked, *(problem.what for problem in report.problems)],
        "hedge_list": rows,
    }


def lots_of(pair: Any) -> dict[str, int]:
    """Lots of each leg in a unit that is bought, by `venue/symbol`."""
    return {f"{leg.venue}/{leg.symbol}": leg.lots if leg.side == "buy" else -leg.lots for leg in pair.legs}


def _apart(venue: dict[str, int], ours: dict[str, int], fills: dict[str, dict[str, int]]) -> list[str]:
    """Where the venue's positions are not our books', or not its trades'."""
    found = [
        f"{place}: the venue holds {venue.get(place, 0)} lots, our book {qty}"
        for place, qty in ours.items()
        if venue.get(place, 0) != qty
    ]
    found += [
        f"{place}: the venue holds {venue.get(place, 0)} lots, its trades make {told['venue']}"
        for place, told in fills.items()
        if venue.get(place, 0) != told["venue"]
    ]
    return found


def _show(out: Output, found: dict[str, Any]) -> None:
    """The whole as JSON; as a table the sums, then the checks."""
    if out.format != "table":
        out.one(found)
        return
    apart = {"checks", "hedge_list", "problems", "positions", "config", "money", "ok"}
    shown = {key: value for key, value in found.items() if key not in apart}
    out.one(shown | found["positions"])
    out.many(found["money"])
    out.many(found["checks"])
    for problem in found["problems"][:MAX_PROBLEMS_SHOWN]:
        out.say(f"demo: {problem}")
    failed = [each["check"] for each in found["checks"] if not each["met"]]
    out.say(f"demo: not met: {', '.join(failed)}" if failed else "demo: every hedge is whole, and the books are equal")
