"""`hedgerow sim chaos`: real processes on bad lines, judged by the venues.

A demo's processes trade through proxies that drop, delay, repeat, reorder and
cut; processes are killed and stopped, their files and descriptors limited, the
node's wall clock stepped, a second node started, garbage sent to each socket.
Then the lines are honest, and all must come to rest. What is true is told by
the exchange's log and the gateways' files; the node is not asked.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import click

from tools.demo import MAX_PROBLEMS_SHOWN, Check, checked
from tools.errors import FAILED, FINE
from tools.output import Output, pass_out
from tools.run_folder import run_folder

PARTS = ("lines", "kill", "stop", "disk", "descriptors", "clock", "second", "garbage")
TROUBLE = "config/exchange/torture.toml"


@click.command()
@click.option("--seconds", type=click.FloatRange(min=1), default=90, show_default=True, help="How long it goes on before the lines are honest.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of what is done when, and of the lines.")
@click.option("--only", multiple=True, type=click.Choice(PARTS), help="Only this part; may be given again (default: all).")
@click.option("--second-nodes", "seconds_nodes", type=click.IntRange(1), default=None, metavar="N", help="Instead: start another node in the same place N times.")
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=None, help="An empty folder for all that it writes (default: a new one).")
@pass_out
def chaos(out: Output, seconds: float, seed: int, only: tuple[str, ...], seconds_nodes: int | None, folder: Path | None) -> int:
    """Bad lines, kills, limits, clocks, a second node; exit 1 if anything is off."""
    from config.load import ROOT
    from system.clock import SystemClock, chance
    from system.signals import StopFlag
    from tools.chaos_run import ChaosRun, second_nodes

    folder = run_folder(folder, "chaos")
    out.say(f"chaos: seed {seed}; files in {folder}")
    flag = StopFlag()
    run = ChaosRun(folder, SystemClock(), flag, ROOT / TROUBLE)
    with flag.installed((signal.SIGTERM, signal.SIGINT, signal.SIGHUP)), run:
        if seconds_nodes is not None:
            code = run.beside(seed, lambda: second_nodes(run, seconds_nodes, 4, out.say), out.say)
        else:
            code = run.storm(seconds, seed, only or PARTS, chance(seed), out.say)
    found: dict[str, Any] = {"dir": str(folder), "seed": seed, "node_exit": code, "struck": run.struck()}
    found |= judged(run)
    found["checks"] = checked(found, checks_of(seconds_nodes))
    found["ok"] = all(each["met"] for each in found["checks"])
    _show(out, found)
    return FINE if found["ok"] else FAILED


def checks_of(seconds_nodes: int | None) -> tuple[Check, ...]:
    """What must hold in the end."""
    more = () if seconds_nodes is None else (Check("second_nodes_refused", "=", seconds_nodes), Check("starts", "=", 1))
    return (
        Check("fired", ">=", 1),
        *more,
        Check("traded_again", "=", True),
        Check("sent_twice", "=", 0),
        Check("over_the_cap", "=", 0),
        Check("second_nodes_let_in", "=", 0),
        Check("naked_qty", "=", 0),
        Check("working", "=", 0),
        Check("books_equal", "=", True),
        Check("money_equal", "=", True),
        Check("journal_verified", "=", True),
        Check("checker_agrees", "=", True),
        Check("node_exit", "=", 0),
    )


def judged(run: Any) -> dict[str, Any]:
    """The demo's summary, and what only a chaos asks."""
    from config.load import load_checked
    from exchange.truth import read
    from journal.reader import read as records
    from tools.demo_books import lots_of, summary_of
    from tools.demo_truth import order_names
    from tools.errors import REFUSED
    from tools.torture import checked_alone
    from tools.torture_truth import most_orders, twice

    config = load_checked(run.config)
    pair = config.pair[0]
    names = order_names(run.node_dir / "gateways", {leg.venue for leg in pair.legs})
    summary = summary_of(run)
    double = twice(list(read(run.truth)), names)
    most = most_orders(run, config)
    over = [f"{row['hedge']}: {row['orders']} orders" for row in summary["hedge_list"] if row["orders"] > most(row["hedge"])]
    let_in = [code for code in run.second_nodes if code != REFUSED]
    alone = checked_alone(run, pair, lots_of(pair))
    return {
        **summary,
        "starts": sum(record.kind == "start" for record in records(run.node_dir / "journal")),
        "traded_again": run.traded_again,
        "sent_twice": len(double),
        "over_the_cap": len(over),
        "second_nodes_refused": len(run.second_nodes) - len(let_in),
        "second_nodes_let_in": len(let_in),
        "checker_agrees": alone["ok"],
        "checked": alone,
        "problems": [*summary["problems"], *double, *over, *alone["problems"]],
    }


def _show(out: Output, found: dict[str, Any]) -> None:
    """The whole as JSON; as tables what struck, the sums, the checks."""
    if out.format != "table":
        out.one(found)
        return
    apart = {"checked", "checks", "hedge_list", "problems", "positions", "money", "pairs", "ok", "struck"}
    out.one(found["struck"])
    out.one({key: value for key, value in found.items() if key not in apart})
    out.many(found["checks"])
    for problem in found["problems"][:MAX_PROBLEMS_SHOWN]:
        out.say(f"chaos: {problem}")
    failed = [each["check"] for each in found["checks"] if not each["met"]]
    out.say(f"chaos: not met: {', '.join(failed)}" if failed else "chaos: whole in the end, and the books are equal")
