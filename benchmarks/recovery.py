"""R12 and R13: gateways killed and hung under a trading node.

A real node in this process, its two gateways real processes that it manages, a
simulated exchange as a process of its own. One pair opens a hedge each 100 ms.
Then, a hundred times each and at any moment of that:

- a gateway is killed (SIGKILL): how long until the node knows (its venue is
  DOWN: no order can leave there), and until a hedge's order leaves for that
  venue again;
- a gateway is stopped (SIGSTOP): how long until its orders are blocked. It goes
  on (SIGCONT) and the pair trades again before the next one.

Each blow is the first in a long time: the backoff of the gateways' supervisor
and the venue's reconnect budget are made whole after each. In the end the node stops in order, its journal must
verify, and what the exchange's truth says was traded must be what the node has.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from time import monotonic_ns
from typing import Any

from actors.garbage import IdleCollector
from actors.link import Purpose
from config.load import ROOT as TREE
from config.load import load_checked
from domain.reconnects import ReconnectBudget
from domain.venues import VenueStage
from exchange.truth import read as truth_lines
from journal.verify import verify
from system import processes
from tools.demo_truth import order_names, truth_from
from tools.node import SWITCH_INTERVAL_S
from tools.node_build import ROOT, Node
from tools.node_gateways import GATEWAYS

GATES_MS = {"killed_seen": 20.0, "killed_trading": 1_500.0, "hung_blocked": 300.0}
VENUES = ("A", "B")
PAIR = "AxB"
PATIENCE_S = 20.0
KILL_AFTER_MS, HANG_AFTER_MS = (30, 230), (700, 900)
"""How long both trade before a blow, so that it meets any phase of ticks and heartbeats.

A gateway's own pace is known after six heartbeats; until then the silence that
counts is a longer one on the very first logon.
"""

EXCHANGE = """
seed = 20261130

[currencies]
USD = 2

[[process]]
name = "mid"
kind = "walk"
start = 1000.0
sigma = 0.00001
pull = 0.02
"""

EXCHANGE_VENUE = """
[[venue]]
name = "{name}"
feed = "continuous"
feed_ms = 20
depth = 5
step_ms = 20

[[venue.account]]
name = "bench"
deposit = {{ USD = "100000000.00" }}

[[venue.instrument]]
symbol = "{name}.X"
kind = "linear"
currency = "USD"
tick_size = "1"
lot_size = "1"
multiplier = "1"
offset_mode = "net"
tifs = "034"
max_lots = 200
band = "0.50"
expiry = "20991231"
margin_lot_long = "1.00"
margin_lot_short = "1.00"
fee_lot_open = "0.00"
fair = {{ product = ["mid"] }}
crowd = {{ levels = 8, spread_ticks = 1, qty_min = 50, qty_max = 80, takers_per_s = 1.0, take_max = 2 }}
"""

CONFIG = """
[node]
name = "recovery"
mode = "live"
dir = "{node_dir}"

[defaults]
cooldown_ms = 100
failure_cooldown_ms = 100
failure_cooldown_max_ms = 100
max_failures = 1000000
hedge_deadline_ms = 1000
slippage_cap_ticks = 50
"""

VENUE = """
[[venue]]
name = "{name}"
calendar = "venue"
feed = "ipc://{{dir}}/{name}.feed"
trade = "ipc://{{dir}}/{name}.trade"
command = [
    "{{root}}/hedgerow", "gateway", "simulated", "--exchange", "ipc://{{dir}}/exchange", "--venue", "{name}",
    "--account", "bench", "--feed", "{{feed}}", "--trade", "{{trade}}", "--dir", "{{dir}}/gateways/{name}",
]
account = "bench"

[[instrument]]
venue = "{name}"
symbol = "{name}.X"
tick_size = "1"
currency = "USD"
"""

LEG = """
[[pair.legs]]
venue = "{name}"
symbol = "{name}.X"
side = "{side}"
lots = 1
limits = {{ order_lots = 10, price_collar_ticks = 100, position_lots = 1000000 }}
"""

ALWAYS = """
[pair.trigger]
on = "spread"
sell_open = "-100"
buy_close = "-200"
hysteresis = "0"

[pair.size]
units = 1
max_position_units = 1000000

[pair.limits]
max_hedges = 1000000
"""


class Watched:
    """A venue's link: when it was lost last, when a hedge's order left last."""

    def __init__(self, link: Any) -> None:
        self.link = link
        self.lost_ns = self.sent_ns = 0
        self._adopt, self._send = link.adopt, link.send
        link.adopt, link.send = self.adopt, self.send

    def adopt(self, state: Any) -> None:
        """Adopt, and note the end of an open link."""
        was_open = self.link.stage is VenueStage.OPEN
        self._adopt(state)
        if was_open and self.link.stage is VenueStage.DOWN:
            self.lost_ns = monotonic_ns()

    def send(self, frame: bytes, purpose: Purpose) -> str:
        """Send, and note what left for a hedge."""
        refused = self._send(frame, purpose)
        if purpose is Purpose.OPEN and not refused:
            self.sent_ns = monotonic_ns()
        return refused


class Bench:
    """The exchange, the node, and blows to its gateways."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = Random(seed)
        self.folder = folder
        node_dir = folder / "node"
        node_dir.mkdir(mode=0o700)
        os.environ["HEDGEROW_PYTHON"] = sys.executable  # the gateways run on it too
        self.exchange = self._exchange(node_dir)
        file = folder / "recovery.toml"
        legs = "".join(LEG.format(name=name, side=side) for name, side in zip(VENUES, ("buy", "sell"), strict=True))
        pair = f'\n[[pair]]\nname = "{PAIR}"\ncurrency = "USD"\n{legs}{ALWAYS}'
        file.write_text(CONFIG.format(node_dir=node_dir) + "".join(VENUE.format(name=name) for name in VENUES) + pair)
        self.node = Node(load_checked([file]), live=True)
        self.node.build()
        self.lane = self.node.lane
        self.links = {name: Watched(link) for name, link in self.node.desk.links.items()}

    def _exchange(self, node_dir: Path) -> subprocess.Popen:
        file = self.folder / "exchange.toml"
        file.write_text(EXCHANGE + "".join(EXCHANGE_VENUE.format(name=name) for name in VENUES))
        words = [str(TREE / "hedgerow"), "sim", "serve", "-c", str(file), "--endpoint", f"ipc://{node_dir}/exchange", "--with-parent"]
        self.truth = self.folder / "truth.jsonl"
        process = subprocess.Popen([*words, "--truth", str(self.truth)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdout.readline()
        return process

    # ------------------------------------------------ waiting

    def until(self, holds: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
        """Laps until it holds. Raises: RuntimeError when it takes too long."""
        limit_ns = monotonic_ns() + int(seconds * 1e9)
        self.lane.run(lambda: holds() or monotonic_ns() > limit_ns)
        if not holds():
            raise RuntimeError(f"the bench stalled: {what}: {[each.link.inspect() for each in self.links.values()]}")

    def pass_ms(self, ms: int) -> None:
        """Laps for so long."""
        limit_ns = monotonic_ns() + ms * 1_000_000
        self.lane.run(lambda: monotonic_ns() > limit_ns)

    def trades_since(self, at_ns: int) -> Callable[[], bool]:
        """Whether orders of a hedge have left for both venues since then."""
        return lambda: all(each.sent_ns > at_ns for each in self.links.values())

    def gateway(self, name: str) -> processes.Process:
        """Its process. Raises: RuntimeError where there is none."""
        found = processes.adopt(self.node.directory / "gateways" / f"{name}.pid")
        if found is None:
            raise RuntimeError(f"the gateway of {name} does not run")
        return found

    # ------------------------------------------------ blows

    def blow(self, name: str, number: int, after_ms: tuple[int, int]) -> int:
        """That signal, at any moment; when it was sent."""
        self.pass_ms(self.chance.randint(*after_ms))
        process = self.gateway(name)
        at_ns = monotonic_ns()
        os.kill(process.pid, number)
        return at_ns

    def killed(self, name: str) -> tuple[float, float]:
        """Ms until it was seen, and until a hedge's order left there again."""
        at_ns = self.blow(name, signal.SIGKILL, KILL_AFTER_MS)
        watched = self.links[name]
        self.until(lambda: watched.lost_ns > at_ns, f"{name} killed, and not seen")
        self.until(lambda: watched.sent_ns > watched.lost_ns, f"{name} killed, and nothing left for it again")
        took = (watched.lost_ns - at_ns) / 1e6, (watched.sent_ns - at_ns) / 1e6
        self.until(self.trades_since(watched.sent_ns), "both venues traded again")
        self.rest()
        return took

    def rest(self) -> None:
        """As after a long time without trouble: backoff and reconnect budget are whole."""
        for child in self.node.actor(GATEWAYS).children:
            child.attempt = 0
        for watched in self.links.values():
            watched.link.reconnects = ReconnectBudget()

    def hung(self, name: str) -> float:
        """Ms until its orders were blocked."""
        process = self.gateway(name)
        at_ns = self.blow(name, signal.SIGSTOP, HANG_AFTER_MS)
        watched = self.links[name]
        try:
            self.until(lambda: watched.lost_ns > at_ns, f"{name} stopped, and not seen")
        finally:
            processes.send_signal(process, signal.SIGCONT)
        self.until(self.trades_since(watched.lost_ns), f"{name} went on, and nothing left for it")
        self.rest()
        return (watched.lost_ns - at_ns) / 1e6

    # ------------------------------------------------ the end

    def close(self) -> None:
        """The node in order, which ends its gateways; then the exchange."""
        self.node.desk.stopping = True
        try:
            self.until(lambda: not self.node.in_flight(), "hedges in flight")
            self.node.runtime.stop(ROOT)
            self.until(lambda: not self.node.runtime.alive(ROOT), "the tree stops")
            self.net = {f"{name}/{name}.X": self.net_of(name) for name in VENUES}
        finally:
            self.node.close("bench over")
            for name in VENUES:
                left = processes.adopt(self.node.directory / "gateways" / f"{name}.pid")
                if left is not None:
                    processes.send_signal(left, signal.SIGKILL)
            self.exchange.terminate()
            self.exchange.wait(20)
            self.exchange.stdout.close()

    def net_of(self, name: str) -> int:
        """Lots that the pair holds there."""
        pair = self.node.pairs()[PAIR]
        return pair.books[VENUES.index(name)].net


def spread(values: list[float]) -> dict[str, float]:
    """Shape: p50, p99, max, by nearest rank. Units: ms."""
    ordered = sorted(values)
    p50, p99 = (ordered[-(-len(ordered) * share // 100) - 1] for share in (50, 99))
    return {"p50_ms": round(p50, 1), "p99_ms": round(p99, 1), "max_ms": round(ordered[-1], 1)}


def measure(times: int, seed: int = 1, say: Callable[[str], None] = lambda _text: None) -> dict[str, Any]:
    """Run it. Shape: what `bench recovery -o json` prints.

    Raises: RuntimeError when it stalls, or books or journal are not right.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)  # as `run` does
    with tempfile.TemporaryDirectory(prefix="hgr") as folder:
        bench = Bench(Path(folder), seed)
        took: dict[str, list[float]] = {name: [] for name in GATES_MS}
        try:
            bench.until(bench.trades_since(0), "the first hedge")
            with IdleCollector(bench.node.clock) as bench.lane.garbage:  # as `run` does
                for number in range(times):
                    seen, trading = bench.killed(VENUES[number % 2])
                    took["killed_seen"].append(seen)
                    took["killed_trading"].append(trading)
                    took["hung_blocked"].append(bench.hung(VENUES[number // 2 % 2]))
                    if number % 10 == 9:
                        say(f"{number + 1} of {times}")
            bench.lane.garbage = None
            hedges = bench.node.pairs()[PAIR].hedge_count
        finally:
            bench.close()
        report = verify(Path(folder) / "node" / "journal")
        if not report.ok:
            raise RuntimeError(f"the bench's journal does not verify: {report.problems}")
        truth = truth_from(truth_lines(bench.truth), order_names(Path(folder) / "node" / "gateways", VENUES))
        if truth.positions != bench.net or truth.unnamed:
            raise RuntimeError(f"the exchange has {truth.positions}, the node {bench.net}; of nobody: {truth.unnamed}")
        rows = {name: {**spread(values), "gate_ms": GATES_MS[name], "times": len(values)} for name, values in took.items()}
        for row in rows.values():
            row["ok"] = row["p99_ms"] <= row["gate_ms"]
        return {**rows, "hedges": hedges, "net": bench.net, "ok": all(row["ok"] for row in rows.values())}
