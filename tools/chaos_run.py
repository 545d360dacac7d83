"""The processes of `sim chaos`: a demo's, with bad lines between them.

Node, exchange and gateways are what they always are. Between the node and each
gateway stands a proxy; limits of the operating system are set on the living
processes, and the node's wall clock is read through a file that is stepped.
"""

from __future__ import annotations

import json
import resource
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from domain import watch
from system import processes
from system.clock import WallOffset
from system.processes import Process
from tools.client import Client
from tools.demo_run import NS_PER_MS, READY_MS, DemoRun
from tools.errors import NotConnected, Refused, ToolError
from tools.torture_run import FINE_LOOK_MS, TortureRun

VENUES = ("SHFE", "COMEX", "FX")
BAD = {"drop": 0.01, "delay": 0.03, "repeat": 0.03, "reorder": 0.01, "cuts_per_min": 6.0}
SETTLE_MS = 45_000
AGAIN_MS = 30_000
QUIET_MS, QUIET_LOOKS = 3 * watch.MISSING_TRADE_NS // NS_PER_MS, 10
HOLD_MS = (400, 1_200, 3_000)
SQUEEZE_MS = 2_500
FILE_BYTES = 4_096
SPARE_DESCRIPTORS = 0
STEPS_S = (5, -5, 3600, -3600, 86_400)
FRAMES = 400
OPERATE = "operate"


class ChaosRun(TortureRun):
    """A torture's processes with proxies; `struck`: what was done, how often."""

    def __init__(self, *words: Any) -> None:
        super().__init__(*words)
        self.overlay = OVERLAY
        self.rates = self.folder / "rates.json"
        self.done: Counter[str] = Counter()
        self.traded_again = False

    def __exit__(self, *error: Any) -> None:
        """As a demo's; then the lines, which nothing goes through any more."""
        super().__exit__(*error)
        for venue in VENUES:
            self._end(f"line-{venue}")

    def start_lines(self, seed: int) -> None:
        """A proxy a venue, ready, and honest."""
        self._rates({})
        for number, venue in enumerate(VENUES):
            place = self.node_dir
            words = ["sim", "proxy", "--feed", f"ipc://{place}/{venue}.gw.feed", f"ipc://{place}/{venue}.feed"]
            if venue != "FX":
                words += ["--trade", f"ipc://{place}/{venue}.gw.trade", f"ipc://{place}/{venue}.trade"]
            words += ["--rates", str(self.rates), "--struck", str(self.folder / f"struck-{venue}.json"), "--seed", str(seed + number)]
            self._start(f"line-{venue}", *words, "--with-parent")
            self._until_ready(f"line-{venue}")

    def _rates(self, rates: dict[str, float]) -> None:
        beside = self.rates.with_suffix(".new")
        beside.write_text(json.dumps(rates), encoding="utf-8")
        beside.replace(self.rates)

    def struck(self) -> dict[str, int]:
        """What the lines did, and what was done to processes."""
        total = Counter(self.done)
        for path in self.folder.glob("struck-*.json"):
            total.update(json.loads(path.read_text(encoding="utf-8")))
        return dict(sorted(total.items()))

    # ------------------------------------------------ the run

    def storm(self, seconds: float, seed: int, parts: tuple[str, ...], rng: Random, look: Callable[[str], None]) -> int:
        """Trouble for so long, then honest lines until all is whole; the node's exit code."""
        self.start_exchange(seed)
        self.start_lines(seed)
        self.start_node()
        if "lines" in parts:
            self._rates(BAD)
        acts = {name: act for name, act in self._acts().items() if name in parts}
        end_ns = self._clock.mono_ns() + int(seconds * 1e9)
        turn = list(acts)
        while self._clock.mono_ns() < end_ns:
            self._watched(rng.randrange(500, 2_500))
            if not acts:
                continue
            if not turn:
                turn = list(acts)
            name = turn.pop(rng.randrange(len(turn)))
            said = acts[name](rng)
            self.done[name] += 1
            look(f"{name}: {said}")
        self._rates({})
        self._settled(look)
        return self._end("node")

    def beside(self, seed: int, act: Callable[[], None], look: Callable[[str], None]) -> int:
        """Trade on honest lines while something is done beside it; the node's exit code."""
        self.start_exchange(seed)
        self.start_lines(seed)
        self.start_node()
        act()
        self._settled(look)
        return self._end("node")

    def _acts(self) -> dict[str, Callable[[Random], str]]:
        return {
            "kill": self._kill_one,
            "stop": self._stop_one,
            "disk": lambda rng: self._squeezed(rng, resource.RLIMIT_FSIZE, FILE_BYTES),
            "descriptors": self._no_descriptors,
            "clock": self._step,
            "second": lambda _rng: self._second(),
            "garbage": self._garbage,
        }

    def _watched(self, ms: int) -> None:
        """Time goes on; whatever ended by itself is told, and started again."""
        for _ in self._until(ms):
            node = self._running["node"]
            if processes.wait(node, FINE_LOOK_MS) is not None:
                self.node_ends += 1
                self.done["node ended by itself"] += 1
                self._running.pop("node")
                self.start_node()

    def _gateways(self) -> dict[str, Process]:
        found = {}
        for venue in VENUES:
            process = processes.adopt(self.node_dir / "gateways" / f"{venue}.pid")
            if process is not None:
                found[venue] = process
        return found

    def _one(self, rng: Random) -> tuple[str, Process]:
        every = {"node": self._running["node"], **self._gateways()}
        name = rng.choice(sorted(every))
        return name, every[name]

    def _kill_one(self, rng: Random) -> str:
        name, process = self._one(rng)
        processes.send_signal(process, signal.SIGKILL)
        if name == "node":
            self._restarted(process)
        return name

    def _restarted(self, node: Process) -> None:
        processes.wait(node, READY_MS)
        self._running.pop("node")
        self.start_node()

    def _stop_one(self, rng: Random) -> str:
        name, process = self._one(rng)
        hold_ms = rng.choice(HOLD_MS)
        processes.send_signal(process, signal.SIGSTOP)
        self._pass(hold_ms)
        processes.send_signal(process, signal.SIGCONT)
        return f"{name} for {hold_ms} ms"

    def _squeezed(self, rng: Random, limit: int, most: int) -> str:
        """A soft limit on a living process for a while, then as it was."""
        name, process = self._one(rng)
        try:
            before = resource.prlimit(process.pid, limit)
            resource.prlimit(process.pid, limit, (most, before[1]))
        except ProcessLookupError:
            return f"{name} was gone"
        self._watched(SQUEEZE_MS)
        if processes.start_ticks(process.pid) == process.start_ticks:
            resource.prlimit(process.pid, limit, before)
        return f"{name}, at most {most}, for {SQUEEZE_MS} ms"

    def _no_descriptors(self, rng: Random) -> str:
        _, process = self._one(rng)
        try:
            used = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
        except OSError:
            return "it was gone"
        return self._squeezed(rng, resource.RLIMIT_NOFILE, used + SPARE_DESCRIPTORS)

    def _step(self, rng: Random) -> str:
        step_s = rng.choice(STEPS_S)
        offset = WallOffset(self.fuses)
        offset.set(step_s * 1_000_000_000)
        self._watched(SQUEEZE_MS)
        offset.set(0)
        return f"{step_s} s, and back after {SQUEEZE_MS} ms"

    def _second(self) -> str:
        self._second_node()
        return f"exit {self.second_nodes[-1]}"

    def _garbage(self, rng: Random) -> str:
        """Frames that are none at every socket of the node and its gateways."""
        import zmq

        context = zmq.Context()
        sent = 0
        for place in ("view", "operate", "observe", "SHFE.gw.trade", "COMEX.gw.trade"):
            if not (self.node_dir / place).exists():
                continue
            socket = context.socket(zmq.DEALER)
            socket.setsockopt(zmq.LINGER, 200)
            socket.setsockopt(zmq.SNDTIMEO, 200)
            socket.connect(f"ipc://{self.node_dir / place}")
            for _ in range(FRAMES):
                try:
                    socket.send_multipart([rng.randbytes(rng.randrange(80)) for _ in range(rng.choice((1, 1, 1, 2, 3)))])
                    sent += 1
                except zmq.Again:
                    break
            socket.close()
        context.term()
        return f"{sent} messages"

    # ------------------------------------------------ the end

    def _settled(self, look: Callable[[str], None]) -> None:
        """Honest lines: until nothing is naked or in flight; a person retries what waits for one.

        Raises: ToolError where it does not come to rest.
        """
        WallOffset(self.fuses).set(0)
        status: Any = "the node did not answer"
        for _ in self._until(SETTLE_MS):
            self._watched(300)
            try:
                with Client(self.node_dir) as client:
                    status = client.ask("status")
                    pairs = list(client.rows("pairs", "pair"))
            except NotConnected:
                continue
            if not status["naked_qty"] and not status["in_flight"]:
                self._trades_again()
                return
            for pair in pairs:
                self._retried(pair, look)
        raise ToolError(f"with honest lines it did not come to rest: {status}")

    def _trades_again(self) -> None:
        """A hedge more, whoever opens it. Raises: ToolError where none comes."""
        before = self._hedges()
        for _ in self._until(AGAIN_MS):
            self._watched(300)
            if self._hedges() > before:
                self.traded_again = True
                self._rests()
                return
        with Client(self.node_dir) as client:
            reasons = [f"{pair['pair']}: {pair['state']} {pair['reason']}" for pair in client.rows("pairs", "pair")]
        raise ToolError(f"with honest lines nothing trades in {AGAIN_MS} ms: {reasons}")

    def _rests(self) -> None:
        """Nothing new begins; what is in flight ends, and a trade that was not told is asked for.

        Raises: ToolError where it does not.
        """
        with Client(self.node_dir, OPERATE) as client:
            client.ask("kill", scope="all", level="block", operator="chaos", reason="the end")
        quiet = 0
        for _ in self._until(SETTLE_MS):
            self._watched(QUIET_MS // QUIET_LOOKS)
            with Client(self.node_dir) as client:
                status = client.ask("status")
            quiet = 0 if status["naked_qty"] or status["in_flight"] else quiet + 1
            if quiet > QUIET_LOOKS:
                return
        raise ToolError(f"killed, and it did not come to rest: {status}")

    def _hedges(self) -> int:
        """How many the node has begun; -1 while it does not say."""
        try:
            with Client(self.node_dir) as client:
                return sum(pair["hedges"] for pair in client.rows("pairs", "pair"))
        except NotConnected:
            return -1

    def _retried(self, pair: dict[str, Any], look: Callable[[str], None]) -> None:
        hedge = pair["hedge"]
        if hedge is None or hedge["state"] != "STRANDED":
            return
        try:
            with Client(self.node_dir, OPERATE) as client:
                client.ask("hedge_retry", hedge=hedge["hedge"], operator="chaos", reason="the lines are honest again")
        except (NotConnected, Refused):
            return
        self.by_hand.append(hedge["hedge"])
        self.done["retried by a person"] += 1
        look(f"retry {hedge['hedge']}: {hedge['stranded_why']}")


def second_nodes(run: ChaosRun, times: int, at_once: int, look: Callable[[str], None]) -> None:
    """Start another node in the same place so often, while one trades there."""
    left = times
    while left:
        some = min(at_once, left)
        started = []
        for number in range(some):
            name = f"second-{number}"
            run._start(name, *DemoRun.node_words(run))
            started.append(run._running.pop(name))
        for process in started:
            code = processes.wait(process, READY_MS)
            run.second_nodes.append(-1 if code is None else code)
        left -= some
        run._watched(1)
        if left % 100 < some:
            look(f"{times - left} second nodes")


OVERLAY = """\
# Written by `hedgerow sim chaos`; lies over copper.toml beside it. Between the node and each gateway stands a proxy.

[node]
name = "chaos"
mode = "live"
dir = "{node_dir}"

[[venue]]
name = "SHFE"
feed = "ipc://{node_dir}/SHFE.feed"
trade = "ipc://{node_dir}/SHFE.trade"
command = [
    "{{root}}/hedgerow", "gateway", "simulated", "--exchange", "ipc://{node_dir}/exchange", "--venue", "SHFE", "--account", "shanghai-1",
    "--feed", "ipc://{node_dir}/SHFE.gw.feed", "--trade", "ipc://{node_dir}/SHFE.gw.trade", "--dir", "{node_dir}/gateways/SHFE",
]

[[venue]]
name = "COMEX"
feed = "ipc://{node_dir}/COMEX.feed"
trade = "ipc://{node_dir}/COMEX.trade"
command = [
    "{{root}}/hedgerow", "gateway", "simulated", "--exchange", "ipc://{node_dir}/exchange", "--venue", "COMEX", "--account", "new-york-1",
    "--feed", "ipc://{node_dir}/COMEX.gw.feed", "--trade", "ipc://{node_dir}/COMEX.gw.trade", "--dir", "{node_dir}/gateways/COMEX",
]

[[venue]]
name = "FX"
feed = "ipc://{node_dir}/FX.feed"
command = [
    "{{root}}/hedgerow", "gateway", "simulated", "--exchange", "ipc://{node_dir}/exchange", "--venue", "FX",
    "--feed", "ipc://{node_dir}/FX.gw.feed", "--dir", "{node_dir}/gateways/FX",
]

[defaults]
cooldown_ms = 200
failure_cooldown_ms = 200
failure_cooldown_max_ms = 400
max_failures = 1000
max_orders_per_hedge = 16
max_replenish_orders = 8

[[pair]]
name = "CU03xHGH"
trigger = {{ hysteresis = "0" }}
limits = {{ orders_per_hedge = 16, max_hedges = 100000 }}
"""
