"""`sim try`: a desk's own configuration through scenarios and seeds.

The node is the desk's: its pairs, ticks, lots, policies and limits. Around it
stand the simulated exchange and its gateways, all in virtual time. What its
pairs would have suffered is told by the venues' truth.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from tools.errors import FAILED, FINE, UsageError
from tools.output import Output, pass_out
from tools.run_folder import writable, write_text
from tools.try_desk import prepared
from tools.try_run import HEAL_MS, children

PATH = click.Path(path_type=Path)
FEW = 3
"""Hedges of a calm run."""
COLUMNS = ("scenario", "pair", "troubles", "hedges", "DONE", "PART", "NONE", "STRANDED", "orders", "repaired", "longest_ms", "naked_value_s", "repair_cost", "currency", "still_s", "alerts")


@click.command("try")
@click.option("-c", "--config", "files", multiple=True, required=True, type=PATH, help="The desk's configuration; later files over earlier.")
@click.option("--exchange", type=PATH, default=None, help="The market (TOML, as sim serve takes it; default: exchange.toml beside the configuration, else made from --px).")
@click.option("--px", "prices", multiple=True, metavar="SYMBOL=PRICE", help="Without an exchange file: what each symbol trades at, rates too; VENUE/SYMBOL where venues share one.")
@click.option("--latency", "latencies", multiple=True, metavar="[VENUE=]MS[+JITTER]", help="How far a venue is: the round trip (RTT) from its gateway and back, in ms, and up to how much longer; without VENUE all that are not named.  [default: 1+0.2]")
@click.option("--exposure", "exposures", multiple=True, metavar="PAIR=QTY,...", help="What a cover covers: each quantity for 5 s, again and again (default: a stock drawn from the seed).")
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True, help="Runs of each scenario.")
@click.option("--seconds", type=click.IntRange(5), default=60, show_default=True, help="Virtual seconds with trouble, a run.")
@click.option("--scenario", "chosen", multiple=True, help="Only this one; may be given again. `list`: which there are.")
@click.option("--html", type=PATH, default=None, help="Where the page goes (default: try.html beside the configuration); its JSON beside it.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes at a time.")
@pass_out
def try_(
    out: Output, files: tuple[Path, ...], exchange: Path | None, prices: tuple[str, ...], latencies: tuple[str, ...], exposures: tuple[str, ...],
    seeds: int, seconds: int, chosen: tuple[str, ...], html: Path | None, jobs: int,
) -> int:  # fmt: skip
    """Tell what a configuration's pairs would have suffered.

    Each scenario runs for each seed: the market goes to and fro, orders are
    refused, lost, late, sessions drop, the node is killed. Told are naked
    value times seconds, repair cost, orders, alerts, outcomes. Exit 1 where a
    run ends with books that differ or a journal that does not verify, or a
    pair never fired.
    """
    from simulation.desk_scenarios import BY_NAME
    from tools.try_page import page
    from tools.try_words import word

    if chosen == ("list",):
        out.many([{"scenario": name, "what": word(f"scenario {name}", out.lang)} for name in BY_NAME])
        return FINE
    unknown = [name for name in chosen if name not in BY_NAME]
    if unknown:
        raise UsageError(f"no scenario {unknown[0]!r}; there are: {', '.join(BY_NAME)}")
    where = html if html is not None else files[-1].resolve().parent / "try.html"
    desk = prepared(files, exchange, prices, latencies, exposures)
    writable(where)
    asked = [{**desk["asked"], "scenario": name, "seed": seed, "seconds": seconds} for name in chosen or desk["scenarios"] for seed in range(1, seeds + 1)]
    runs = []
    for run in children(asked, jobs):
        runs.append(run)
        if run["refused"]:
            out.say(f"try: {run['scenario']}, seed {run['seed']}: {run['refused']}")
    order = {name: place for place, name in enumerate(BY_NAME)}
    runs.sort(key=lambda run: (order[run["scenario"]], run["seed"]))
    found = summed(runs, seeds, seconds, desk)
    write_text(where, page(found, out.lang))
    write_text(where.with_suffix(".json"), json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    _show(out, found, where)
    return FAILED if found["problems"] else FINE


def _show(out: Output, found: dict[str, Any], html: Path) -> None:
    if out.format != "table":
        out.one({**{key: value for key, value in found.items() if key != "runs"}, "html": str(html)})
        return
    out.many([{**row, **row["outcomes"], "still_s": round(sum(row["still_s"].values()), 1), "alerts": sum(row["alerts"].values())} for row in found["rows"]], COLUMNS)
    for note in found["notes"]:
        out.say(f"try: {note}")
    for problem in found["problems"]:
        out.say(f"try: {problem}")
    out.say(f"try: {html}, {html.with_suffix('.json').name} beside it")


# ------------------------------------------------ sums


def summed(runs: list[dict[str, Any]], seeds: int, seconds: int, desk: dict[str, Any]) -> dict[str, Any]:
    """A row for each scenario and pair, and what is wrong."""
    rows = []
    for name in dict.fromkeys(run["scenario"] for run in runs):
        own = [run for run in runs if run["scenario"] == name]
        for pair in desk["pairs"]:
            told = [row for run in own for row in run["pairs"] if row["pair"] == pair]
            if told:
                rows.append({"scenario": name, "troubles": sum(sum(run["troubles"].values()) + run["kills"] for run in own if run["pairs"]), **_sum(told)})
    problems = [f"{run['scenario']}, seed {run['seed']}: {run['refused']}" for run in runs if run["refused"]]
    idle = [row for row in rows if not row["hedges"]]
    never = [pair for pair in desk["pairs"] if any(row["pair"] == pair for row in rows) and not any(row["hedges"] for row in rows if row["pair"] == pair)]
    problems += [f"{row['pair']} never fired: {why_idle(row)}" for row in {row["pair"]: row for row in reversed(idle)}.values() if row["pair"] in never]
    problems += [f"{row['pair']} never fired in the calm scenario: {why_idle(row)}" for row in idle if row["scenario"] == "calm" and row["pair"] not in never]
    notes = desk["notes"] + [f"{row['pair']} never fired in {row['scenario']}: {why_idle(row)}" for row in idle if row["scenario"] != "calm" and row["pair"] not in never]
    notes += [
        f"{row['pair']} fired {row['hedges']} times in the {seeds} calm runs: few to judge by, give more --seconds or --seeds"
        for row in rows
        if row["scenario"] == "calm" and 0 < row["hedges"] < FEW * seeds
    ]
    for run in runs:
        for row in run["pairs"][:1]:
            if not row["journal_verified"]:
                problems.append(f"{run['scenario']}, seed {run['seed']}: the journal does not verify")
            problems += [f"{run['scenario']}, seed {run['seed']}: {what}" for what in row["problems"]]
    told = {key: desk[key] for key in ("pairs", "covers", "market", "latencies")}
    return {**told, "seeds": seeds, "seconds": seconds, "heal_s": HEAL_MS // 1000, "rows": rows, "problems": problems, "notes": notes, "runs": runs}


def why_idle(row: dict[str, Any]) -> str:
    """Why a pair has sent nothing in all runs of a scenario."""
    if row["holds"]:
        stopped = ", ".join(f"{name} ({count})" for name, count in row["holds"].items())
        return f"its triggers were met, and stopped each time: {stopped}; last by: {row['reason']}"
    if row["reason"]:
        return f"stopped by {row['reason']}"
    if row["low"] is None or not row["levels"]:
        return "it never had prices of all its legs"
    levels = ", ".join(f"{name} {level:,.6g}" for name, level in row["levels"].items())
    return f"it could be bought at {row['low']:,.6g} and sold at {row['high']:,.6g} at best, its triggers are {levels}: give a market that reaches them (--px, --exchange)"


def _sum(told: list[dict[str, Any]]) -> dict[str, Any]:
    """One pair in one scenario, over its seeds."""
    total: dict[str, Any] = {"pair": told[0]["pair"], "currency": told[0]["currency"]}
    for key in ("hedges", "orders", "refused", "repaired"):
        total[key] = sum(row[key] for row in told)
    for key in ("naked_value_s", "repair_cost", "cost"):
        total[key] = round(sum(row[key] for row in told), 2)
    for key in ("outcomes", "alerts", "stranded_why", "holds", "still_s"):
        total[key] = _added(row[key] for row in told)
    lows, highs = [row["low"] for row in told if row["low"] is not None], [row["high"] for row in told if row["high"] is not None]
    total["low"], total["high"] = min(lows, default=None), max(highs, default=None)
    total["levels"], total["reason"] = told[0]["levels"], next((row["reason"] for row in told if row["reason"]), "")
    total["naked_value"] = max(row["naked_value"] for row in told)
    total["naked_lots"] = {place: max(row["naked_lots"].get(place, 0) for row in told) for place in told[0]["naked_lots"]}
    total["longest_ms"] = max(row["longest_ms"] for row in told)
    total["naked_ms"] = sorted(ms for row in told for ms in row["naked_ms"])
    total["costs"] = sorted(cost for row in told for cost in row["costs"])
    total["naked_at_end"] = sum(bool(row["naked_at_end"]) for row in told)
    total["worst"] = max((row["worst"] for row in told if row["worst"]), key=lambda worst: worst["value_s"], default=None)
    return total


def _added(counts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    total: dict[str, Any] = {}
    for each in counts:
        for name, number in each.items():
            total[name] = total.get(name, 0) + number
    return dict(sorted(total.items()))
