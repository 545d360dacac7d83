"""The processes of a demo: exchange, node, and the node's gateways.

All that it runs on is written into the run's own folder first, so that a user
can read it and run it again by hand. Whoever was started is ended, whatever
happens: the node in order, which ends its gateways; then gateways that a node
which died left behind; then the exchange.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from config.load import ROOT
from domain.ports import Clock
from system import processes
from system.processes import Process
from system.signals import StopFlag
from tools.demo_stock import Stock
from tools.errors import ToolError

STOCK = "stock.json"

NS_PER_MS = 1_000_000
READY_MS = 20_000
STOP_MS = 30_000
GATEWAY_STOP_MS = 5_000
LOOK_MS = 100
READY = b"ready"
LOG_TAIL_CHARS = 600
MAX_ENDPOINT_CHARS = 107  # sockaddr_un.sun_path


class Interrupted(ToolError):
    """The user, or the machine, wants it to end before its time."""

    exit_code = 130


class DemoRun:
    """One run in a folder of its own; use it as a context manager.

    `stock`: the exposure of its cover pair, told as the run goes on.
    """

    EXAMPLE = "config/examples/desk.toml"
    EXCHANGE = "config/exchange/desk.toml"
    TROUBLE = "config/exchange/desk-trouble.toml"

    def __init__(self, folder: Path, clock: Clock, flag: StopFlag, trouble: Path | None = None) -> None:
        self.folder = folder
        self._trouble = trouble or ROOT / self.TROUBLE
        self.overlay = OVERLAY
        self.node_dir = folder / "node"
        self.config = (folder / Path(self.EXAMPLE).name, folder / "demo.toml")
        self.truth = folder / "truth.jsonl"
        self._exchange_config = (folder / "exchange.toml", folder / "trouble.toml")
        self._endpoint = f"ipc://{self.node_dir / 'exchange'}"
        self.stock = Stock(folder / STOCK, clock)
        self._clock = clock
        self._flag = flag
        self._running: dict[str, Process] = {}
        self._said: dict[str, int] = {}  # bytes of each log before its process was started
        self._env = {**os.environ, "HEDGEROW_PYTHON": sys.executable}

    def __enter__(self) -> Self:
        longest = f"{self.node_dir}/COMEX.trade"
        if len(longest) > MAX_ENDPOINT_CHARS:
            raise ToolError(f"{longest}: too long for a socket ({MAX_ENDPOINT_CHARS} characters): give a shorter --dir")
        self.node_dir.mkdir(mode=0o700)
        sources = (ROOT / self.EXAMPLE, ROOT / self.EXCHANGE, self._trouble)
        for source, to in zip(sources, (self.config[0], *self._exchange_config), strict=True):
            shutil.copyfile(source, to)
        self.config[1].write_text(self.overlay.format(node_dir=self.node_dir), encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all that still runs; see above for the order."""
        self._end("node")
        for pid_file in sorted((self.node_dir / "gateways").glob("*.pid")):
            left = processes.adopt(pid_file)
            if left is not None:
                processes.end(left, GATEWAY_STOP_MS)
        self._end("exchange")

    def play(self, seconds: float, seed: int | None, look: Callable[[int], None]) -> int:
        """Trade for so long, then stop the node in order; its exit code.

        `look` is called now and then with the ns left. Raises: Interrupted;
        ToolError where a process ends too early, with its last words.
        """
        self.stock.open()
        self.start_exchange(seed)
        self.start_node()
        end_ns = self._clock.mono_ns() + int(seconds * 1_000_000_000)
        while (left_ns := end_ns - self._clock.mono_ns()) > 0:
            self._still_running(min(LOOK_MS, left_ns // NS_PER_MS + 1))
            self.stock.look(left_ns)
            look(left_ns)
        return self._end("node")

    def start_exchange(self, seed: int | None) -> None:
        """The exchange with its trouble, ready."""
        seeded = [] if seed is None else ["--seed", str(seed)]
        exchange, trouble = map(str, self._exchange_config)
        words = ["sim", "serve", "-c", exchange, "--trouble", trouble, "--endpoint", self._endpoint, "--with-parent"]
        self._start("exchange", *words, "--truth", str(self.truth), *seeded)
        self._until_ready("exchange")

    def start_node(self, *more: str) -> None:
        """The node, ready."""
        self._start("node", *self.node_words(), *more)
        self._until_ready("node")

    def node_words(self) -> list[str]:
        """The command of the node, after `hedgerow`."""
        return ["run", *(word for file in self.config for word in ("-c", str(file))), "--live", "--with-parent"]

    def log_of(self, name: str) -> Path:
        """Where a process's words go."""
        return self.folder / f"{name}.log"

    def _start(self, name: str, *words: str) -> None:
        log = self.log_of(name)
        self._said[name] = log.stat().st_size if log.exists() else 0
        self._running[name] = processes.start([str(ROOT / "hedgerow"), *words], log, self._env)

    def _end(self, name: str) -> int:
        process = self._running.pop(name, None)
        return 0 if process is None else processes.end(process, STOP_MS)

    def _until_ready(self, name: str) -> None:
        """Wait for a process's line that says so."""
        until_ns = self._clock.mono_ns() + READY_MS * NS_PER_MS
        while READY not in self.log_of(name).read_bytes()[self._said[name] :]:
            self._still_running(LOOK_MS)
            if self._clock.mono_ns() > until_ns:
                raise ToolError(f"{name} was not ready in {READY_MS} ms: {self._last_words(name)}")

    def _still_running(self, wait_ms: int) -> None:
        """Look for so long at the processes and at signals."""
        for name, process in self._running.items():
            if processes.wait(process, 0) is not None:
                raise ToolError(f"{name} ended before its time: {self._last_words(name)}")
        process = next(iter(self._running.values()))
        processes.wait(process, wait_ms)
        if self._flag.is_set():
            raise Interrupted("interrupted; all that was started is ended")

    def _last_words(self, name: str) -> str:
        log = self.log_of(name)
        words = log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL_CHARS:].strip()
        return f"its last words ({log}):\n{words}"


OVERLAY = """\
# Written by `hedgerow demo`; lies over desk.toml beside it. By hand, with the exchange running:
#   hedgerow run -c desk.toml -c demo.toml --live

[node]
name = "demo"
mode = "live"
dir = "{node_dir}"

[defaults]
cooldown_ms = 200               # a hedge a second or two, not a hedge a day
failure_cooldown_ms = 200       # a hedge that was taken back counts as a failure
failure_cooldown_max_ms = 400
max_failures = 100
max_orders_per_hedge = 16       # Shanghai's book is shown twice a second: a repair may have
max_replenish_orders = 8        # to climb to where the market has gone since

[[pair]]
name = "AU04xGCJ"
trigger = {{ hysteresis = "0" }} # fires again as soon as the cooldown is over
limits = {{ orders_per_hedge = 16 }}

[[pair]]
name = "CU03xHGH"
trigger = {{ hysteresis = "0" }}
limits = {{ orders_per_hedge = 16, max_hedges = 1000 }}

[[pair]]
name = "SC03xBZJ"
trigger = {{ hysteresis = "0" }}
limits = {{ orders_per_hedge = 16 }}

[[pair]]
name = "CU-STOCK"
limits = {{ orders_per_hedge = 16 }}
"""
