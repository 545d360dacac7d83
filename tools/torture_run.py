"""The processes of a torture: a demo's, killed one after the other.

Whoever watches stands where an operator or systemd would: it sees the node's
end by its pid, its silence by a question that nobody answers, and starts it
again. The gateways are the node's to see and to start again. How long a
gateway's loss took to be seen is read from the node's journal afterwards.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from journal.format import ACTIVE, Mark, decode_header, decode_marks
from journal.scan import Scan
from journal.segment import segment_paths
from system import processes
from system.processes import Process
from tools.client import Absent, Client
from tools.demo_run import LOOK_MS, NS_PER_MS, READY_MS, DemoRun, Interrupted
from tools.errors import NotConnected, Refused, ToolError
from tools.fuse import NODE, burnt, light
from tools.torture_plan import HUNG_KILLED, HUNG_RESUMED, Kill

FINE_LOOK_MS = 10
POINT_MS = 90_000
"""How long trading may take to bring about the record that a kill waits for."""
WHOLE_MS = 40_000
WATCHDOG_MS = 300
FINAL = ("DONE", "PART", "NONE")
STRANDED = "STRANDED"
FOR_A_PERSON = ("PRICE", "CAP", "REFUSED", "CLOSE")

Look = Callable[[str], None]


class Missed(ToolError):
    """What a kill waits for did not come."""


class TortureRun(DemoRun):
    """A demo whose processes are killed; `refused`: second nodes that were.

    `by_hand`: hedges that waited for a person (STRANDED for a price, refusals
    or their orders), whom somebody at this desk retried.
    """

    EXAMPLE = "config/examples/copper.toml"
    EXCHANGE = "config/exchange/copper.toml"

    def __init__(self, *words: Any) -> None:
        super().__init__(*words)
        self.overlay = OVERLAY
        self.fuses = self.folder / "fuses"
        self.node_ends = 0
        self.second_nodes: list[int] = []
        self.by_hand: list[str] = []
        self._watchdog: Any = None

    def __enter__(self) -> TortureRun:
        super().__enter__()
        self.fuses.mkdir(mode=0o700)
        return self

    def node_words(self) -> list[str]:
        """As the demo's, with a fuse in it."""
        return [*super().node_words(), "--fuse", str(self.fuses)]

    def torment(self, kills: list[Kill], seed: int | None, look: Look) -> tuple[list[dict[str, Any]], int]:
        """Make these kills; a row for each, and the node's exit code.

        Raises: Interrupted; ToolError where a process ends that nobody killed.
        """
        self.start_exchange(seed)
        self.start_node()
        rows = []
        for kill in kills:
            row = self._kill(kill)
            rows.append(row)
            look(said(row))
            if not row["whole"]:
                break
        self.settle()
        return rows, self._end("node")

    def settle(self) -> None:
        """Before the node is told to stop: nothing more to do here."""

    def attend(self) -> None:
        """While a point is waited for: nothing more to do here."""

    # ------------------------------------------------ one kill

    @property
    def struck_dir(self) -> Path:
        """Of the node that is struck."""
        return self.node_dir

    @property
    def struck_fuses(self) -> Path:
        """Where its fuses are lit."""
        return self.fuses

    def _kill(self, kill: Kill) -> dict[str, Any]:
        with ExitStack() as held:
            if kill.target == NODE and kill.hold_ms:
                self._watchdog = held.enter_context(Client(self.struck_dir, timeout_ms=WATCHDOG_MS))
                self._watchdog.ask("status")
            return self._struck(kill)

    def _struck(self, kill: Kill) -> dict[str, Any]:
        light(self.struck_fuses, kill.fuse)
        row = {name: getattr(kill, name) for name in ("number", "point", "target", "way", "hold_ms", "torn")}
        try:
            told = self._burnt(kill)
        except Missed:
            return {**row, "where": "", "hedge": "", "seq": 0, "seen_ms": None, "outcome": "not reached", "whole": False}
        where = NODE if kill.target == NODE else f"gateway {told['venue']}"
        row |= {"where": where, "hedge": told["hedge"], "seq": told["seq"], "wall_ns": told["wall_ns"]}
        row["seen_ms"] = self._node_struck(kill, told) if kill.target == NODE else self._gateway_struck(kill, told)
        outcome = self._outcome(told["hedge"], tolerate_absent=bool(kill.torn))
        return {**row, "outcome": outcome, "whole": outcome != ""}

    def _burnt(self, kill: Kill) -> dict[str, Any]:
        """The fuse's own line, once it has burnt. Raises: Missed."""
        for _ in self._until(POINT_MS):
            told = [line for line in burnt(self.struck_fuses) if line["number"] == kill.number]
            if told:
                return told[0]
            self._alive(NODE, FINE_LOOK_MS)
            self.attend()
        raise Missed(f"kill {kill.number}: no {kill.point} came in {POINT_MS} ms")

    def _node_struck(self, kill: Kill, told: dict[str, Any]) -> float:
        """See it, as an operator would, and start it again; the ms that it took."""
        node = self._running[NODE]
        if kill.hold_ms:
            seen_ms = self._silence_seen(told)
            self._second_node()
            self._pass(kill.hold_ms)
            processes.send_signal(node, signal.SIGCONT if kill.way == HUNG_RESUMED else signal.SIGKILL)
            if kill.way == HUNG_RESUMED:
                return seen_ms
            processes.wait(node, READY_MS)
        else:
            processes.wait(node, READY_MS)
            seen_ms = self._since(told)
        self._running.pop(NODE)
        self.node_ends += 1
        if kill.torn:
            tear(self.node_dir / "journal", kill.torn)
        self.start_node()
        return seen_ms

    def _gateway_struck(self, kill: Kill, told: dict[str, Any]) -> None:
        """A hung one is killed or goes on; the node sees it by itself."""
        if not kill.hold_ms:
            return
        gateway = Process(told["pid"], processes.start_ticks(told["pid"]))
        self._pass(kill.hold_ms)
        processes.send_signal(gateway, signal.SIGKILL if kill.way == HUNG_KILLED else signal.SIGCONT)

    def _silence_seen(self, told: dict[str, Any]) -> float:
        """A watchdog's question that a hung node does not answer."""
        try:
            self._watchdog.ask("status")
        except NotConnected:
            return self._since(told)
        raise ToolError("a stopped node answers: it was not stopped")

    def _second_node(self) -> None:
        """Whoever starts another node in the hung one's place is refused."""
        self._start("second", *DemoRun.node_words(self))
        code = processes.wait(self._running.pop("second"), READY_MS)
        self.second_nodes.append(-1 if code is None else code)

    def _outcome(self, hedge: str, *, tolerate_absent: bool) -> str:
        """How the hedge that was struck ended; "" where it did not in time."""
        for _ in self._until(WHOLE_MS):
            try:
                with Client(self.struck_dir) as client:
                    told = client.ask("hedge", hedge=hedge)
                    status = client.ask("status")
            except NotConnected:
                self._alive(NODE, FINE_LOOK_MS)
                continue
            except Absent:
                return "never opened" if tolerate_absent else ""
            if told["state"] in FINAL and not status["naked_qty"]:
                return " ".join([told["state"], *told["repairs"]])
            self.see_to(self.struck_dir, told)
            self._alive(NODE, LOOK_MS)
        return ""

    def see_to(self, node_dir: Path, hedge: Mapping[str, Any]) -> None:
        """As an operator does with a hedge that is STRANDED until somebody acts."""
        if hedge["state"] != STRANDED or hedge["stranded_why"] not in FOR_A_PERSON:
            return
        with suppress(NotConnected, Refused), Client(node_dir, "operate") as client:
            client.ask("hedge_retry", hedge=hedge["hedge"], operator="torture", reason="the book has moved")
            self.by_hand.append(hedge["hedge"])

    # ------------------------------------------------ waiting

    def _until(self, limit_ms: int) -> Iterator[None]:
        end_ns = self._clock.mono_ns() + limit_ms * NS_PER_MS
        while self._clock.mono_ns() < end_ns:
            yield

    def _pass(self, ms: int) -> None:
        """Time goes on; the exchange with it."""
        for _ in self._until(ms):
            self._alive("exchange", FINE_LOOK_MS)

    def _alive(self, name: str, wait_ms: int) -> None:
        """Look for so long at one process; the end of it is told by a signal.

        A node that ended is left to whoever waits for its fuse to have burnt.
        """
        ended = processes.wait(self._running[name], wait_ms) is not None
        if self._flag.is_set():
            raise Interrupted("interrupted; all that was started is ended")
        if ended and not self._has_burnt_now():
            raise ToolError(f"{name} ended before its time: {self._last_words(name)}")

    def _has_burnt_now(self) -> bool:
        """Whether the last fuse that was lit is what ended the node."""
        lines = burnt(self.struck_fuses)
        return bool(lines) and NODE in self._running and lines[-1]["pid"] == self._running[NODE].pid

    def _since(self, told: dict[str, Any]) -> float:
        return round((self._clock.wall_ns() - told["wall_ns"]) / NS_PER_MS, 1)


def said(row: dict[str, Any]) -> str:
    """One kill in one line."""
    outcome = row["outcome"] or "NOT WHOLE"
    return f"{row['number']:>3} {row['point']}: {row['where'] or row['target']} {row['way']}: {row['hedge']} {outcome}"


def tear(journal: Path, torn_bytes: int) -> None:
    """The last record loses its end, as a write that was cut short leaves it.

    Not where a sync has covered it: what was promised is never torn.
    """
    for path in reversed(segment_paths(journal).values()):
        data = path.read_bytes()
        header = decode_header(data)
        if header.state != ACTIVE:
            continue
        scan = Scan(data, header).finish()
        mark: Mark | None = decode_marks(data)[0]
        if mark is not None and mark.seq >= scan.last_seq:
            return
        with path.open("r+b") as file:
            file.seek(scan.offset - torn_bytes)
            file.write(bytes(torn_bytes))
        return


OVERLAY = """\
# Written by `hedgerow sim torture`; lies over copper.toml beside it. By hand, with the exchange running:
#   hedgerow run -c copper.toml -c demo.toml --live

[node]
name = "torture"
mode = "live"
dir = "{node_dir}"

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
