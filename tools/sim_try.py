"""`sim try`: a desk's own configuration through scenarios and seeds.

The node is the desk's: its pairs, ticks, lots, policies and limits. Around it
stand the simulated exchange and its gateways, all in virtual time. What its
pairs would have suffered is told by the venues' truth.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from domain.errors import ConfigError, HedgerowError
from system.clock import SystemClock, chance
from tools.errors import FAILED, FINE, ToolError, UsageError
from tools.output import Output, pass_out
from tools.run_folder import write_text

ROOT = Path(__file__).resolve().parent.parent
PATH = click.Path(path_type=Path)
NS = 1_000_000_000
MEMORY = Path("/dev/shm")  # noqa: S108 (a directory of mkdtemp goes there)
HEAL_MS = 20_000
"""After the troubles every venue is well for so long."""
COLUMNS = ("scenario", "pair", "troubles", "hedges", "DONE", "PART", "NONE", "STRANDED", "orders", "repaired", "longest_ms", "naked_value_s", "repair_cost", "currency", "alerts")


@click.command("try")
@click.option("-c", "--config", "files", multiple=True, required=True, type=PATH, help="The desk's configuration; later files over earlier.")
@click.option("--exchange", type=PATH, default=None, help="The market (TOML, as sim serve takes it; default: exchange.toml beside the configuration, else made from --px).")
@click.option("--px", "prices", multiple=True, metavar="SYMBOL=PRICE", help="Without an exchange file: what each symbol trades at, rates too.")
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True, help="Runs of each scenario.")
@click.option("--seconds", type=click.IntRange(5), default=60, show_default=True, help="Virtual seconds with trouble, a run.")
@click.option("--scenario", "chosen", multiple=True, help="Only this one; may be given again. `list`: which there are.")
@click.option("--html", type=PATH, default=None, help="Where the page goes (default: try.html beside the configuration); its JSON beside it.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes at a time.")
@pass_out
def try_(
    out: Output, files: tuple[Path, ...], exchange: Path | None, prices: tuple[str, ...], seeds: int, seconds: int,
    chosen: tuple[str, ...], html: Path | None, jobs: int,
) -> int:  # fmt: skip
    """Tell what a configuration's pairs would have suffered.

    Each scenario runs for each seed: the market goes to and fro, orders are
    refused, lost, late, sessions drop, the node is killed. Told are naked
    value times seconds, repair cost, orders, alerts, outcomes. Exit 1 where a
    run ends with books that differ or a journal that does not verify.
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
    desk = prepared(files, exchange, prices)
    for told in desk["left_out"]:
        out.say(f"try: {told}")
    where = html if html is not None else files[-1].resolve().parent / "try.html"
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
    out.many([{**row, **row["outcomes"], "alerts": sum(row["alerts"].values())} for row in found["rows"]], COLUMNS)
    for problem in found["problems"]:
        out.say(f"try: {problem}")
    out.say(f"try: {html}, {html.with_suffix('.json').name} beside it")


# ------------------------------------------------ what is run


def prepared(files: tuple[Path, ...], exchange: Path | None, prices: tuple[str, ...]) -> dict[str, Any]:
    """The desk and its market, checked. Raises: ConfigError, UsageError."""
    from simulation.desk_scenarios import BY_NAME

    config, left_out = desk_of(files)
    beside = files[-1].resolve().parent / "exchange.toml"
    if exchange is None and not prices and beside.is_file():
        exchange = beside
    asked = {
        "files": [str(file) for file in files],
        "exchange": None if exchange is None else str(exchange),
        "prices": list(prices),
        "day": datetime.fromtimestamp(SystemClock().wall_ns() // NS, UTC).strftime("%Y-%m-%d"),
    }
    spec = market_of(config, asked)
    accounts_of(config, spec)
    pairs = [pair.name for pair in config.pair]
    rests = any(leg.tif == "day" for pair in config.pair for leg in pair.legs)
    meant = [name for name, scenario in BY_NAME.items() if rests or not scenario.resting]
    return {"asked": asked, "left_out": left_out, "pairs": pairs, "scenarios": meant, "market": "prices" if exchange is None else str(exchange)}


def desk_of(files: tuple[Path, ...] | list[str]) -> tuple[Any, list[str]]:
    """The configuration as it is tried, and what of it is left out, in words.

    Raises: ConfigError; UsageError where no pair is left.
    """
    from config.load import load_checked

    config = load_checked(files)
    kept, left_out = [], []
    for pair in config.pair:
        if pair.kind == "cover":
            left_out.append(f"{pair.name}: a cover follows an exposure from outside: it is left out")
        elif any(leg.lots is None for leg in pair.legs):
            left_out.append(f"{pair.name}: a leg's lots follow its price: what is naked has no fixed measure, it is left out")
        else:
            kept.append(pair)
    if not kept:
        raise UsageError("no pair is left to try: " + ("; ".join(left_out) or "the configuration has none"))
    used = {leg.venue for pair in kept for leg in pair.legs} | {told.venue for told in config.instrument if told.kind in ("fx", "index")}
    venues = tuple(
        replace(each, feed=f"ipc:///sim/{each.name}.feed", trade=f"ipc:///sim/{each.name}.trade" if each.trade else None, command=(), curve_server=None, calendar="venue")
        for each in config.venue
        if each.name in used
    )
    instruments = tuple(told for told in config.instrument if told.venue in used)
    node = replace(config.node, mode="live", dir="/sim", calendars=())
    return replace(config, node=node, venue=venues, instrument=instruments, pair=tuple(kept)), left_out


def market_of(config: Any, asked: dict[str, Any]) -> Any:
    """The exchange: the file's, or one made around the prices.

    Raises: ConfigError, UsageError.
    """
    from exchange.config import load
    from exchange.errors import SpecError
    from tools.try_market import made, problems

    if asked["exchange"] is None:
        return made(config, asked["prices"])
    try:
        spec = replace(load(Path(asked["exchange"])), trouble=[])
    except SpecError as error:
        raise ConfigError(error.file, error.key, error.value, error.allowed) from error
    wrong = problems(config, spec)
    if wrong:
        raise UsageError(f"{asked['exchange']} is no market for this desk: {wrong[0]}")
    return spec


def accounts_of(config: Any, spec: Any) -> dict[str, str]:
    """Whom each venue's gateway trades for; "" a feed alone.

    Raises: UsageError where the exchange has no such account.
    """
    found = {}
    for venue in config.venue:
        there = next(each for each in spec.venue if each.name == venue.name)
        names = [account.name for account in there.account]
        if venue.trade is None:
            found[venue.name] = ""
        elif venue.account in names or len(names) == 1:
            found[venue.name] = venue.account if venue.account in names else names[0]
        else:
            raise UsageError(f"the market's venue {venue.name} has the accounts {names}: say in the configuration which `account` trades")
    return found


def played(asked: dict[str, Any]) -> dict[str, Any]:
    """One scenario with one seed: the run, and its pairs' rows."""
    from simulation.desk_scenarios import BY_NAME, legs_of
    from simulation.exchanged import DeskRun
    from tools.node_build import Node
    from tools.try_measure import measured

    config, _ = desk_of(asked["files"])
    spec = market_of(config, asked)
    scenario = BY_NAME[asked["scenario"]]
    spec = replace(spec, trouble=scenario.troubles(legs_of(config.pair)))
    wall_ns = int(datetime.fromisoformat(asked["day"]).replace(tzinfo=UTC).timestamp()) * NS
    row = {"scenario": asked["scenario"], "seed": asked["seed"], "refused": "", "pairs": []}
    folder = Path(tempfile.mkdtemp(prefix="hgtry", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        run = DeskRun(Node, config, accounts_of(config, spec), spec, asked["seed"], folder, wall_ns, asked["day"].replace("-", ""))
        run.start()
        if scenario.kills_ms:
            rng = chance(asked["seed"])
            for at_ms in range(scenario.kills_ms, asked["seconds"] * 1000, scenario.kills_ms):
                run.agenda.after(at_ms * 1_000_000, lambda: run.light(rng.randrange(1, 14), rng.randrange(200, 3000) * 1_000_000))
        run.run(asked["seconds"] * 1000)
        run.heal(HEAL_MS)
        idle = {pair.name: why_idle(run.node, pair.name) for pair in config.pair}
        run.stop()
        return {**row, "idle": idle, "kills": run.kills, "troubles": run.struck(), "pairs": measured(config, folder, run.exchange.truth, run.exchange.agenda.wall_ns)}
    except HedgerowError as error:
        return {**row, "refused": f"the node does not run: {error}"}
    finally:
        shutil.rmtree(folder)


def why_idle(node: Any, pair: str) -> str:
    """Why a pair has not traded, in the view's words."""
    actor = None if node is None else node.pair_actor(pair)
    return "it is down" if actor is None else actor.view.reason or "its triggers were not met: is the market's spread where they are?"


# ------------------------------------------------ processes


def children(asked: list[dict[str, Any]], jobs: int) -> Iterator[dict[str, Any]]:
    """Each run's row, from a process of its own. Raises: ToolError."""
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(_child, asked[at::stride]) for stride in [max(jobs, len(asked) // 6)] for at in range(stride) if asked[at::stride]]
        try:
            for future in as_completed(futures):
                yield from future.result()
        finally:
            for future in futures:
                future.cancel()


def _child(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tools.sim_try import child; child()"
    told = subprocess.run([sys.executable, "-I", "-c", code], input=json.dumps(asked), capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    if told.returncode or len(rows) != len(asked):
        stuck = asked[min(len(rows), len(asked) - 1)]
        raise ToolError(f"{stuck['scenario']}, seed {stuck['seed']}, broke its process (exit {told.returncode}): {told.stderr.strip()[-600:]}")
    return rows


def child() -> None:
    """A process that plays runs: one JSON line for each."""
    for asked in json.loads(sys.stdin.read()):
        sys.stdout.write(json.dumps(played(asked)) + "\n")
        sys.stdout.flush()


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
    quiet = {pair: run["idle"][pair] for run in runs if run["scenario"] == "calm" for pair in desk["pairs"] if run["pairs"] and not _hedges(run, pair)}
    problems += [f"{pair} traded nothing in the calm scenario: {why}" for pair, why in quiet.items()]
    for run in runs:
        for row in run["pairs"][:1]:
            if not row["journal_verified"]:
                problems.append(f"{run['scenario']}, seed {run['seed']}: the journal does not verify")
            problems += [f"{run['scenario']}, seed {run['seed']}: {what}" for what in row["problems"]]
    return {"pairs": desk["pairs"], "left_out": desk["left_out"], "market": desk["market"], "seeds": seeds, "seconds": seconds, "rows": rows, "problems": problems, "runs": runs}


def _hedges(run: dict[str, Any], pair: str) -> int:
    return sum(row["hedges"] for row in run["pairs"] if row["pair"] == pair)


def _sum(told: list[dict[str, Any]]) -> dict[str, Any]:
    """One pair in one scenario, over its seeds."""
    total: dict[str, Any] = {"pair": told[0]["pair"], "currency": told[0]["currency"]}
    for key in ("hedges", "orders", "refused", "repaired"):
        total[key] = sum(row[key] for row in told)
    for key in ("naked_value_s", "repair_cost", "cost"):
        total[key] = round(sum(row[key] for row in told), 2)
    for key in ("outcomes", "alerts", "stranded_why"):
        total[key] = _added(row[key] for row in told)
    total["naked_value"] = max(row["naked_value"] for row in told)
    total["naked_lots"] = {place: max(row["naked_lots"].get(place, 0) for row in told) for place in told[0]["naked_lots"]}
    total["longest_ms"] = max(row["longest_ms"] for row in told)
    total["naked_ms"] = sorted(ms for row in told for ms in row["naked_ms"])
    total["costs"] = sorted(cost for row in told for cost in row["costs"])
    total["naked_at_end"] = sum(bool(row["naked_at_end"]) for row in told)
    total["worst"] = max((row["worst"] for row in told if row["worst"]), key=lambda worst: worst["value_s"], default=None)
    return total


def _added(counts: Iterator[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in counts:
        for name, number in each.items():
            total[name] = total.get(name, 0) + number
    return dict(sorted(total.items()))
