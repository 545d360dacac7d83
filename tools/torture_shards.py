"""The processes of a torture of shards: one is killed, others trade on.

Nobody stands beside them: the root sees a shard's end and raises it again. The
kills come round at both shards in turn; after each, the other must be the same
process as before.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from config.shards import FOLDER
from domain.ids import hedge_pair
from system import processes
from system.processes import Process
from tools.client import ASK_TIMEOUT_MS, Absent, Client
from tools.demo_run import LOOK_MS
from tools.errors import NotConnected, Refused, ToolError
from tools.torture_plan import HUNG_RESUMED, Kill
from tools.torture_run import FINAL, FINE_LOOK_MS, READY_MS, WATCHDOG_MS, WHOLE_MS, Look, TortureRun
from tools.torture_truth import Course, Lines, course_of

SHARDS = ("metal", "rest")
SHARD_STOP_MS = 20_000
ATTEND_NS = 1_000_000_000


class ShardsRun(TortureRun):
    """A desk of two shards; `disturbed`: kills that the other shard has felt."""

    EXAMPLE = "config/examples/desk.toml"
    EXCHANGE = "config/exchange/desk.toml"

    def __init__(self, *words: Any) -> None:
        super().__init__(*words)
        self.overlay = OVERLAY
        self.victim = SHARDS[0]
        self.disturbed: list[str] = []
        self.raised_ms: list[float] = []
        self._attended_ns = 0

    def __enter__(self) -> ShardsRun:
        super().__enter__()
        for shard in SHARDS:
            (self.fuses / shard).mkdir(mode=0o700)
        return self

    def __exit__(self, *error: Any) -> None:
        """The root in order, which ends them; then any that it left behind."""
        self._end("node")
        for pid_file in sorted((self.node_dir / FOLDER).glob("*.pid")):
            left = processes.adopt(pid_file)
            if left is not None:
                processes.end(left, SHARD_STOP_MS)
        super().__exit__(*error)

    def torment(self, kills: list[Kill], seed: int | None, look: Look) -> tuple[list[dict[str, Any]], int]:
        """As ever, with the cover's stock told beforehand."""
        self.stock.open()
        return super().torment(kills, seed, look)

    @property
    def struck_dir(self) -> Path:
        """The victim's own directory."""
        return self.dir_of(self.victim)

    @property
    def struck_fuses(self) -> Path:
        """The victim's own fuses."""
        return self.fuses / self.victim

    def dir_of(self, shard: str) -> Path:
        """A shard's directory."""
        return self.node_dir / FOLDER / shard

    # ------------------------------------------------ one kill

    def _kill(self, kill: Kill) -> dict[str, Any]:
        self.victim = SHARDS[kill.number % len(SHARDS)]
        self._attend()
        others = {shard: self._epoch(shard) for shard in SHARDS if shard != self.victim}
        row = super()._kill(kill._replace(torn=0))  # the root raises it before anybody could tear its journal
        for shard, epoch in others.items():
            if self._epoch(shard) != epoch:
                self.disturbed.append(f"kill {kill.number} of {self.victim}: {shard} is not the same process any more")
        return row | {"where": self.victim if row["where"] else ""}

    def _node_struck(self, kill: Kill, told: dict[str, Any]) -> float:
        """The root sees it and raises it; a hung one may be continued before that."""
        struck = Process(told["pid"], processes.start_ticks(told["pid"]))
        if kill.hold_ms:
            seen_ms = self._silence_seen(told)
            if kill.way != HUNG_RESUMED:
                self._second_node()  # takes longer than the root bears a silence
            self._pass(kill.hold_ms)
            processes.send_signal(struck, signal.SIGCONT if kill.way == HUNG_RESUMED else signal.SIGKILL)
        else:
            processes.wait(struck, READY_MS)
            seen_ms = self._since(told)
        if kill.way != HUNG_RESUMED:
            self.node_ends += 1
            self._raised(struck, told)
        return seen_ms

    def _raised(self, struck: Process, told: dict[str, Any]) -> None:
        """Wait for the next one to answer. Raises: ToolError where none does."""
        for _ in self._until(WHOLE_MS):
            with suppress(NotConnected), Client(self.struck_dir) as client:
                if client.ask("status")["pid"] != struck.pid:
                    self.raised_ms.append(self._since(told))
                    return
            self._alive("node", FINE_LOOK_MS)
        raise ToolError(f"shard {self.victim} was not raised again in {WHOLE_MS} ms: {self._last_words('node')}")

    def _outcome(self, hedge: str, *, tolerate_absent: bool) -> str:  # noqa: ARG002  nothing is torn here
        """How the struck hedge ended, its pair whole again; "" where it did not in time."""
        for _ in self._until(WHOLE_MS):
            with suppress(NotConnected, Absent, Refused), Client(self.struck_dir) as client:
                told = client.ask("hedge", hedge=hedge)
                pair = client.ask("pair", pair=hedge_pair(hedge))
                if told["state"] in FINAL and not pair["naked_qty"]:
                    return " ".join([told["state"], *told["repairs"]])
                self._retry(self.victim, pair)
            self._alive("node", LOOK_MS)
        return ""

    def attend(self) -> None:
        """A hedge that waits for a person keeps its pair from trading, and the point from coming."""
        if self._clock.mono_ns() >= self._attended_ns + ATTEND_NS:
            self._attended_ns = self._clock.mono_ns()
            self._attend(WATCHDOG_MS)  # whoever is struck meanwhile is seen soon

    def settle(self) -> None:
        """Whoever waits for a person is seen to; then nothing is naked."""
        for _ in self._until(WHOLE_MS):
            if not self._attend():
                return
            self._alive("node", LOOK_MS)

    def _attend(self, timeout_ms: int = ASK_TIMEOUT_MS) -> int:
        """Hedges that wait for a person are retried; lots naked in all."""
        naked = 0
        for shard in SHARDS:
            with suppress(NotConnected, Refused), Client(self.dir_of(shard), timeout_ms=timeout_ms) as client:
                rows = list(client.rows("pairs", "pair"))
                naked += sum(row["naked_qty"] or 0 for row in rows)
                for row in rows:
                    if row["hedge"]:
                        self.see_to(self.dir_of(shard), row["hedge"])
        return naked

    def _epoch(self, shard: str) -> int:
        """Of the shard's node; waited for while it is being raised."""
        for _ in self._until(WHOLE_MS):
            with suppress(NotConnected), Client(self.dir_of(shard)) as client:
                return int(client.ask("pulse")["epoch"])
            self._alive("node", FINE_LOOK_MS)
        raise ToolError(f"shard {shard} does not answer: {self._last_words('node')}")


def courses_of(lines: Lines, names: Mapping[Any, str], lots: Mapping[str, Mapping[str, int]]) -> dict[str, Course]:
    """Each pair's own course: what another pair does is no part of it."""
    lines = list(lines)
    found = {}
    for pair, places in lots.items():
        own = {key: name for key, name in names.items() if name.startswith(f"{pair}.")}
        found[pair] = course_of(lines, own, places)
    return found


def whole_ms(courses: Mapping[str, Course], hedge: str, from_ns: int) -> float | None:
    """How long after that moment a hedge was whole for good; None: it is not."""
    course = courses.get(hedge_pair(hedge))
    return None if course is None else course.whole_ms(hedge, from_ns)


OVERLAY = """\
# Written by `hedgerow sim torture --shards`; lies over desk.toml beside it. By hand, with the exchange running:
#   hedgerow run -c desk.toml -c demo.toml --live

[node]
name = "torture"
mode = "live"
dir = "{node_dir}"

[shards]
restarts = 100000               # each kill is one

[[shard]]
name = "metal"
pairs = ["CU03xHGH", "CU-STOCK"]
share = {{ SHFE = "0.5", COMEX = "0.5" }}

[[shard]]
name = "rest"
pairs = ["AU04xGCJ", "SC03xBZJ"]
share = {{ SHFE = "0.5", COMEX = "0.5" }}

[defaults]
cooldown_ms = 1000              # each start asks for the whole day: no more hedges than kills need
failure_cooldown_ms = 1000
failure_cooldown_max_ms = 1000
max_failures = 1000
max_orders_per_hedge = 16
max_replenish_orders = 8
slippage_cap_ticks = 40         # as far as the legs' collars allow: the market goes on while a shard is down

[[pair]]
name = "AU04xGCJ"
trigger = {{ hysteresis = "0" }}
limits = {{ orders_per_hedge = 16, max_hedges = 100000 }}

[[pair]]
name = "CU03xHGH"
trigger = {{ hysteresis = "0" }}
limits = {{ orders_per_hedge = 16, max_hedges = 100000 }}

[[pair]]
name = "SC03xBZJ"
trigger = {{ hysteresis = "0" }}
limits = {{ orders_per_hedge = 16, max_hedges = 100000 }}

[[pair]]
name = "CU-STOCK"
limits = {{ orders_per_hedge = 16, max_hedges = 100000 }}
"""
