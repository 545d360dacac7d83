"""`hedgerow sim torture`: processes killed in mid-hedge, in turn.

A demo's processes trade, with refusals, partial fills, lost and late reports.
Right after a named journal record the node, or the gateway that the record is
about, is killed or hangs. Afterwards the venues' truth log says whether every
hedge was whole again before another opened, and how often anything was sent.
Exit 0 only if every check holds, 1 where one does not.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click

from tools.demo import MAX_PROBLEMS_SHOWN, Check, checked
from tools.errors import FAILED, FINE
from tools.output import Output, pass_out
from tools.run_folder import run_folder

TROUBLE = "config/exchange/torture.toml"
SEEN_MS = 1_000
COLUMNS = ("number", "point", "where", "way", "hold_ms", "torn", "hedge", "seen_ms", "whole_ms", "outcome", "orders")


@click.command()
@click.option("--kills", type=click.IntRange(1), default=50, show_default=True, help="How many, over all points and both targets in turn.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of their order, and of prices, crowd and trouble.")
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), default=None, help="An empty folder for all that it writes (default: a new one)."
)
@click.option("--shards", is_flag=True, help="A node of two shards instead, which are killed in turn and raised by their root.")
@pass_out
def torture(out: Output, kills: int, seed: int, folder: Path | None, shards: bool) -> int:
    """Kill node and gateways in mid-hedge; exit 1 if anything is off.

    After: intent, first send, first fill, cancel sent, mandate given, repair
    fill. By SIGKILL, and by SIGSTOP: then killed, or continued.
    """
    from config.load import ROOT
    from system.clock import SystemClock
    from system.signals import StopFlag
    from tools.fuse import NODE
    from tools.torture_plan import plan
    from tools.torture_run import TortureRun
    from tools.torture_shards import ShardsRun

    folder = run_folder(folder, "torture")
    out.say(f"torture: {kills} kills of {'shards' if shards else 'node and gateways'}, seed {seed}; files in {folder}")
    flag = StopFlag()
    run = (ShardsRun if shards else TortureRun)(folder, SystemClock(), flag, ROOT / TROUBLE)
    with flag.installed((signal.SIGTERM, signal.SIGINT, signal.SIGHUP)), run:
        rows, code = run.torment(plan(kills, seed, (NODE,)) if shards else plan(kills, seed), seed, out.say)
    found = {"dir": str(folder), "seed": seed, "kills": kills, "node_exit": code}
    found |= _judged(run, rows)
    found["checks"] = checked(found, checks_of(kills) + (SHARD_CHECKS if shards else ALONE_CHECKS))
    found["ok"] = all(each["met"] for each in found["checks"])
    _show(out, found)
    return FINE if found["ok"] else FAILED


ALONE_CHECKS = (Check("checker_agrees", "=", True),)
SHARD_CHECKS = (Check("others_disturbed", "=", 0), Check("late_untold", "=", 0))


def checks_of(kills: int) -> tuple[Check, ...]:
    """What must hold after so many kills."""
    return (
        Check("kills_made", "=", kills),
        Check("not_whole", "=", 0),
        Check("opened_early", "=", 0),
        Check("sent_twice", "=", 0),
        Check("over_the_cap", "=", 0),
        Check("second_nodes_let_in", "=", 0),
        Check("naked_qty", "=", 0),
        Check("working", "=", 0),
        Check("books_equal", "=", True),
        Check("journal_verified", "=", True),
        Check("node_exit", "=", 0),
    )


def checked_alone(run: Any, pair: Any, lots: dict[str, int]) -> dict[str, Any]:
    """What the checker says that shares no code with the engine."""
    from domain.repair import Policy

    script = Path(__file__).with_name("check_books.py")
    words = [word for place, qty in lots.items() for word in ("--lots", f"{place}={qty}")]
    command = [sys.executable, "-I", str(script), str(run.folder), *words, "--most-orders", str(pair.limits.orders_per_hedge)]
    command += ["--orders-a-retry", str(Policy().orders_a_retry)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if not told.stdout:
        return {"ok": False, "problems": [f"the checker said nothing (exit {told.returncode}): {told.stderr.strip()[-400:]}"]}
    return json.loads(told.stdout)


def _alone(run: Any, pair: Any) -> dict[str, Any]:
    from tools.demo_books import lots_of

    told = checked_alone(run, pair, lots_of(pair))
    return {"checker_agrees": told["ok"], "checked": told}


def _judged(run: Any, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The demo's summary, and what the kills did, by the venues' truth."""
    from config.load import load_checked
    from exchange.truth import read
    from tools.demo_books import lots_of, summary_of
    from tools.demo_truth import order_names
    from tools.errors import REFUSED
    from tools.torture_shards import courses_of, whole_ms
    from tools.torture_truth import losses_seen, most_orders, seen_ms, twice

    config = load_checked(run.config)
    lots = {pair.name: lots_of(pair) for pair in config.pair}
    names = order_names(run.node_dir / "gateways", {leg.venue for pair in config.pair for leg in pair.legs})
    lines = list(read(run.truth))
    courses = courses_of(lines, names, lots)
    losses = {} if config.shard else losses_seen(run.node_dir / "journal")
    summary = summary_of(run)
    orders = {row["hedge"]: row["orders"] for row in summary["hedge_list"]}
    for row in rows:
        from_ns = row.pop("wall_ns", 0)
        if row["where"].startswith("gateway"):
            row["seen_ms"] = seen_ms(losses, row["where"].removeprefix("gateway "), from_ns, row["hold_ms"] + SEEN_MS)
        row["whole_ms"] = whole_ms(courses, row["hedge"], from_ns) if from_ns else None
        row["orders"] = orders.get(row["hedge"], 0)
    double = twice(lines, names)
    most = most_orders(run, config)
    over = [f"{hedge}: {sent} orders" for hedge, sent in orders.items() if sent > most(hedge)]
    early = [text for course in courses.values() for text in course.early]
    let_in = [code for code in run.second_nodes if code != REFUSED]
    alone = {} if config.shard else _alone(run, config.pair[0])  # it reads one journal
    return {
        **summary,
        "kills_made": sum(bool(row["hedge"]) for row in rows),
        "by_point": dict(Counter(f"{row['point']} {row['target']}" for row in rows if row["hedge"])),
        "not_whole": sum(not row["whole"] or row["whole_ms"] is None for row in rows if row["hedge"]),
        "opened_early": len(early),
        "sent_twice": len(double),
        "over_the_cap": len(over),
        "retried_by_hand": len(run.by_hand),
        "second_nodes_refused": len(run.second_nodes) - len(let_in),
        "second_nodes_let_in": len(let_in),
        **alone,
        "problems": [*summary["problems"], *early, *double, *over, *alone.get("checked", {}).get("problems", ())],
        "table": rows,
    } | (_shards_judged(run, rows, config) if config.shard else {})


def _shards_judged(run: Any, rows: list[dict[str, Any]], config: Any) -> dict[str, Any]:
    """What the other shard has felt, and hedges naked past their budget that nobody told of."""
    from tools.alert import read_all

    alerts = read_all(run.node_dir)
    told = {row.get("hedge") for row in alerts} | {each["hedge"] for row in alerts if row["code"] == "SHARD_LEFT_OPEN" for each in row.get("pairs", ())}
    budget_ms = config.defaults.naked_budget_ms
    late = [row["hedge"] for row in rows if (row["whole_ms"] or 0) > budget_ms and row["hedge"] not in told]
    raised = sorted(run.raised_ms)
    return {
        "others_disturbed": len(run.disturbed),
        "late_untold": len(late),
        "raised": len(raised),
        "raised_ms_p50": raised[len(raised) // 2] if raised else None,
        "raised_ms_most": raised[-1] if raised else None,
        "whole_ms_most": max((row["whole_ms"] or 0 for row in rows), default=None),
    }


def _show(out: Output, found: dict[str, Any]) -> None:
    """The whole as JSON; as tables the kills, the sums, the checks."""
    if out.format != "table":
        out.one(found)
        return
    out.many(found["table"], COLUMNS)
    apart = {"checked", "checks", "hedge_list", "problems", "positions", "by_point", "table", "money", "pairs", "ok"}
    out.one({key: value for key, value in found.items() if key not in apart} | found["positions"])
    out.many(found["checks"])
    for problem in found["problems"][:MAX_PROBLEMS_SHOWN]:
        out.say(f"torture: {problem}")
    failed = [each["check"] for each in found["checks"] if not each["met"]]
    out.say(f"torture: not met: {', '.join(failed)}" if failed else "torture: whole after every kill, and the books are equal")
