"""What looking into a node costs those who trade: ratios of one run each.

    python -m benchmarks.inspection lane      what the lane's counters cost a message
    python -m benchmarks.inspection node      a quote to two orders, in a node of a thousand pairs,
                                              with `ps` once a second and without
    python -m benchmarks.inspection turns     how long one answer of each verb holds the lane,
                                              in a node of a thousand pairs; ms of processor

The first two interleave both and give the median of the ratios. `lane` runs the
lane's own code beside the same code without its counters. `node` asks the
scripted gateway, a process of its own: from a quote's leaving to the arrival of
the second order, p99 of each window.
"""

from __future__ import annotations

import gc
import inspect
import json
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import thread_time_ns
from types import SimpleNamespace
from typing import Any

import zmq

from actors.executor import Executor
from actors.lane import LaneDispatcher
from actors.runtime import Runtime
from actors.trace import Trace
from benchmarks.bench_lane import Counter, Report, Tick
from benchmarks.core import CONFIG
from benchmarks.isolation import Bench
from system.clock import SystemClock
from tools import node_answers
from tools.client import OBSERVE, Client

ROOT = Path(__file__).resolve().parent.parent
COUNTERS = (
    "box.busy_ns += took_ns",
    "(box.times or box.begin_times())[took_ns.bit_length()] += 1",
    "if count > box.most:",
    "box.most = count",
    "box.most = max(box.most, count + box.depth())",
)
"""Lines of the lane that are there for whoever looks in, and for nobody else."""
ROUNDS = 41
TIMES = 20_000
PAIRS = 1_000
WINDOWS = 20
WARM_UP = 3
PACE_US = 3_000
TURNS = 11
QUOTED_NS = 2_500_000_000
OPEN = 4
QUOTES = 600
"""A window: 1.8 s."""


def main() -> int:
    """Measure what is asked for and print one line of JSON."""
    wanted = sys.argv[1:]
    kinds = {"lane": lane, "node": node, "turns": turns}
    if len(wanted) != 1 or wanted[0] not in kinds:
        raise SystemExit("which? python -m benchmarks.inspection lane | node | turns")
    found = kinds[wanted[0]]()
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


# ------------------------------------------------ the lane's counters


def without_counters(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, compiled from its own text without those lines."""
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    kept = [line for line in lines if line.strip() not in COUNTERS]
    if len(kept) == len(lines):
        raise SystemExit(f"{function.__qualname__} has none of the counters any more: put benchmarks/inspection.py right")
    made: dict[str, Any] = {}
    exec("\n".join(kept), function.__globals__, made)
    return made[function.__name__]


class Plain(LaneDispatcher):
    """The lane as it would be if nobody ever looked in."""

    flush = without_counters(LaneDispatcher.flush)
    turn = without_counters(Executor.turn)


def lane() -> dict[str, Any]:
    """Us a message with the counters and without; of a traced actor and one that is not."""
    found = compared([rig(LaneDispatcher), rig(Plain)])
    traced = compared([rig(LaneDispatcher, traced=True), rig(LaneDispatcher)])
    return {**found, "traced, one a turn": traced["one a turn"]}


def compared(rigs: list[dict[str, tuple[Callable[[], None], int]]]) -> dict[str, Any]:
    """The first beside the second, in turns."""
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in rigs[0]}
    for number in range(ROUNDS):
        for place in (0, 1) if number % 2 else (1, 0):
            for name, (work, messages) in rigs[place].items():
                found[name][place].append(timed_us(work, TIMES // messages) / messages)
    return {
        name: {
            "with_us": round(median(costly), 4),
            "without_us": round(median(plain), 4),
            "ratio": round(median(a / b for a, b in zip(costly, plain, strict=True)), 4),
            "more_ns": round(median((a - b) * 1_000 for a, b in zip(costly, plain, strict=True)), 1),
        }
        for name, (costly, plain) in found.items()
    }


def rig(cls: type[LaneDispatcher], *, traced: bool = False) -> dict[str, tuple[Callable[[], None], int]]:
    """A lane with one actor, and what it is given: (work, messages of it)."""
    made = cls(SystemClock())
    runtime = Runtime(made, made.clock)
    runtime.spawn(Counter, "counter")
    address, report, tick = runtime.address("counter"), Report(), Tick("a")
    if traced:
        Trace(runtime.mailbox("counter").actor, 1 << 60, 1 << 62)

    def one() -> None:
        address.tell(tick)
        made.flush()

    def sixteen() -> None:
        for _ in range(16):
            address.tell(report)
        made.flush()

    return {"one a turn": (one, 1), "sixteen a turn": (sixteen, 16)}


def timed_us(work: Callable[[], None], times: int) -> float:
    """Us for one `work`."""
    clock = SystemClock()
    began_ns = clock.mono_ns()
    for _ in range(times):
        work()
    return (clock.mono_ns() - began_ns) / times / 1_000


# ------------------------------------------------ what an answer holds up


def turns() -> dict[str, Any]:
    """Of each verb that the lane answers: ms of processor, the first page and one from the middle, the worst of TURNS."""
    from loguru import logger

    logger.remove()
    middle = {"pairs": "P500", "board": "P500", "positions": "A/A.500", "limits": "A/A.500", "config": "pair[P500]"}
    with tempfile.TemporaryDirectory(prefix="hgt") as name:
        bench = Bench(Path(name), PAIRS, 0)
        try:
            links = bench.node.desk.links.values()
            bench.until(lambda: all(link.stage == OPEN for link in links), "both venues open")
            until_ns = bench.node.clock.mono_ns() + QUOTED_NS
            bench.lane.run(lambda: bench.node.clock.mono_ns() > until_ns)
            looks = node_answers.Looks(bench.node, SimpleNamespace(flag=SimpleNamespace(is_set=bool)))
            gc.collect()
            gc.disable()  # as in a turn of the lane
            found = {"beat": {"ms": worst_ms(looks.beat)}}
            for verb, answer in looks.table().items():
                if verb == "hedge":
                    continue
                found[verb] = {"ms": worst_ms(partial(answer, {"pair": "P500"} if verb == "pair" else {}))}
                if verb in middle:
                    answer({})
                    following = partial(answer, {"after": middle[verb]})
                    found[verb] |= {"next_ms": worst_ms(following), "rows": len(following()["rows"])}
        finally:
            gc.enable()
            bench.close()
    return {"pairs": PAIRS, "turns": found}


def worst_ms(work: Callable[[], Any]) -> float:
    """Of TURNS times; processor time, so that others on the machine are not in it."""
    took_ns = []
    for _ in range(TURNS):
        began_ns = thread_time_ns()
        work()
        took_ns.append(thread_time_ns() - began_ns)
    return round(max(took_ns) / 1e6, 2)


# ------------------------------------------------ a node that is looked into


def config(pairs: int) -> str:
    """The bench's pair, and others beside it on symbols that nobody quotes."""
    head, mark, pair = CONFIG.partition('[[pair]]\nname = "AxB"')
    parts = [head]
    for number in range(1, pairs):
        for venue in "AB":
            parts.append(f'[[instrument]]\nvenue = "{venue}"\nsymbol = "{venue}.{number}"\ntick_size = "1"\ncurrency = "USD"\n')
    parts.append(mark + pair)
    for number in range(1, pairs):
        named = pair.replace('"A.X"', f'"A.{number}"').replace('"B.X"', f'"B.{number}"')
        parts.append(f'[[pair]]\nname = "P{number}"{named}')
    return "\n".join(parts)


def node() -> dict[str, Any]:
    """p99 of quote to second order with a look a second and without."""
    with tempfile.TemporaryDirectory(prefix="hgb") as name:
        folder = Path(name)
        node_dir = folder / "node"
        node_dir.mkdir(mode=0o700)
        (folder / "c.toml").write_text(config(PAIRS))
        started: list[subprocess.Popen] = []
        try:
            return measured(folder, node_dir, started)
        finally:
            for process in reversed(started):
                process.kill()
                process.wait()


def measured(folder: Path, node_dir: Path, started: list[subprocess.Popen]) -> dict[str, Any]:
    pipe = subprocess.PIPE
    gateway = subprocess.Popen([sys.executable, str(ROOT / "benchmarks" / "core_gateway.py"), str(node_dir)], cwd=ROOT, stdin=pipe, stdout=pipe)
    started.append(gateway)
    gateway.stdout.readline()
    words = [sys.executable, "-m", "tools", "run", "-c", str(folder / "c.toml"), "--live", "--log-level", "ERROR"]
    clock = SystemClock()
    began_ns = clock.mono_ns()
    running = subprocess.Popen(words, cwd=ROOT, stdout=pipe)
    started.append(running)
    running.stdout.readline()
    start_s = (clock.mono_ns() - began_ns) / 1e9
    with Client(node_dir) as client:
        while not all(venue["stage"] == "OPEN" for venue in client.ask("status")["venues"]):
            Event().wait(0.05)
    control = zmq.Context().socket(zmq.PAIR)
    control.connect(f"ipc://{node_dir}/control")
    looks = Looks(node_dir)
    for _ in range(WARM_UP):
        window(control)
    p99s: tuple[list[float], list[float]] = ([], [])
    p50s: tuple[list[float], list[float]] = ([], [])
    for number in range(WINDOWS):
        for looked in (False, True) if number % 2 else (True, False):
            looks.wanted.set() if looked else looks.wanted.clear()
            took = window(control)
            p99s[looked].append(took[int(len(took) * 0.99)])
            p50s[looked].append(median(took))
    looks.over.set()
    control.close(0)
    return {
        "pairs": PAIRS,
        "start_s": round(start_s, 2),
        "windows": WINDOWS,
        "actors": looks.actors,
        "looks": looks.count,
        "look_ms": round(median(looks.took_ms), 1),
        "p99_us": {"alone": round(median(p99s[0]), 1), "looked": round(median(p99s[1]), 1)},
        "p50_us": {"alone": round(median(p50s[0]), 1), "looked": round(median(p50s[1]), 1)},
        "p99_ratio": round(median(b / a for a, b in zip(*p99s, strict=True)), 4),
        "p50_ratio": round(median(b / a for a, b in zip(*p50s, strict=True)), 4),
    }


def window(control: Any) -> list[float]:
    """One window of quotes: what each took outside the node, sorted."""
    control.send(json.dumps({"quotes": QUOTES, "pace_us": PACE_US, "reject": False}).encode())
    if not control.poll(60_000):
        raise SystemExit("the gateway says nothing: is the node alive?")
    return sorted(json.loads(control.recv())["outside_us"])


class Looks:
    """Reads every actor each second while it is wanted, as `ps -w` does.

    In a thread here: another process than the node's and the gateway's.
    """

    def __init__(self, node_dir: Path) -> None:
        self.wanted, self.over = Event(), Event()
        self.count = self.actors = 0
        self.took_ms: list[float] = []
        self._node_dir = node_dir
        Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        clock = SystemClock()
        with Client(self._node_dir, OBSERVE) as client:
            while not self.over.wait(0.005):
                if not self.wanted.is_set():
                    continue
                began_ns = clock.mono_ns()
                self.actors = sum(1 for _ in client.rows("ps", "path"))
                self.count += 1
                took_ns = clock.mono_ns() - began_ns
                self.took_ms.append(took_ns / 1e6)
                self.over.wait(max(0.0, 1 - took_ns / 1e9))


if __name__ == "__main__":
    sys.exit(main())
