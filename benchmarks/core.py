"""P1 and P6 in the real node, beside the bare transport, in one run.

P1: a quote is received (before its frame is read) until the second order has
been sent (its send has returned). P6: a leg's reject is received until the
repair's order has been sent. Both with risk checks and journal, at one quote a
millisecond. The control is the ZeroMQ ipc round trip of 120 bytes by the same
thread at the same pace with the same poll, in rounds before and after ours;
the ratio is the median over the rounds.

Everything between the gateway's socket and the node's is ours and real: lane,
decoding, pair, risk, journal. The other end is `core_gateway.py`, a process
that shares no code with it. `outside_us` is that process's own view: a quote
leaves it until the second order has arrived.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic_ns, sleep
from typing import Any

import zmq
from zmq.backend import zmq_poll

from actors.garbage import IdleCollector
from config.load import load_checked
from journal.verify import verify
from system.sockets import EVENTS, NOBLOCK, POLLIN, _get, _recv, _send
from tools.node_build import ROOT, Node

CONFIG = """
[node]
name = "bench"
mode = "live"
dir = "node"

[defaults]
cooldown_ms = 0
failure_cooldown_ms = 0
max_failures = 1000000
hedge_deadline_ms = 1000
slippage_cap_ticks = 50

[[venue]]
name = "A"
feed = "ipc://{dir}/A.feed"
trade = "ipc://{dir}/A.trade"

[[venue]]
name = "B"
feed = "ipc://{dir}/B.feed"
trade = "ipc://{dir}/B.trade"

[[instrument]]
venue = "A"
symbol = "A.X"
tick_size = "1"
currency = "USD"

[[instrument]]
venue = "B"
symbol = "B.X"
tick_size = "1"
currency = "USD"

[[pair]]
name = "AxB"
currency = "USD"
policy = "replenish_first"

[[pair.legs]]
venue = "A"
symbol = "A.X"
side = "buy"
lots = 1
limits = { order_lots = 10, price_collar_ticks = 100, position_lots = 10 }

[[pair.legs]]
venue = "B"
symbol = "B.X"
side = "sell"
lots = 1
limits = { order_lots = 10, price_collar_ticks = 100, position_lots = 10 }

[pair.trigger]
on = "spread"
sell_open = "50"
buy_close = "10"

[pair.limits]
max_hedges = 1000000
"""

PACE_US = 1000
QUOTES_A_ROUND = 150
WARM_UP = 3
GATES = {"P1": 0.75, "P6": 0.85}
GOALS = {"P1": 0.4, "P6": 0.5}
PING = b"p" * 120
READY = b"\x92\xa1x\xc4\x64" + b"x" * 100
"""A frame that the gateway passes over: an array whose tag it does not know."""
QUOTE, REPORT, SENT = range(3)


class Probe:
    """A socket of ours that notes when; what it was is read after the round."""

    def __init__(self, inner: Any, stamps: Stamps) -> None:
        self.inner = inner
        self._note = stamps.notes.append
        self._recv, self._send = inner.recv, getattr(inner, "send", None)
        self.socket = inner.socket
        self.has_more = inner.has_more

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class FeedProbe(Probe):
    def recv(self) -> Any:
        at = monotonic_ns()
        frames = self._recv()
        if frames is not None:
            self._note((QUOTE, at, b""))
        return frames


class TradeProbe(Probe):
    def recv(self) -> Any:
        at = monotonic_ns()
        frame = self._recv()
        if frame is not None:
            self._note((REPORT, at, b""))
        return frame

    def send(self, body: bytes) -> bool:
        sent = self._send(body)
        self._note((SENT, monotonic_ns(), body))
        return sent


class FloorProbe(FeedProbe):
    """Receives a quote and sends two ready frames: what no node can beat."""

    def __init__(self, inner: Any, stamps: Stamps, trades: list[Any]) -> None:
        super().__init__(inner, stamps)
        self._trades = trades
        self.took: list[int] = []

    def recv(self) -> Any:
        at = monotonic_ns()
        frames = self._recv()
        if frames is not None:
            for trade in self._trades:
                trade.send(READY)
            self.took.append(monotonic_ns() - at)
        return frames


class Stamps:
    """What the probes saw, in order: (what, when, the frame sent). Units: ns."""

    def __init__(self) -> None:
        self.notes: list[tuple[int, int, bytes]] = []
        self.p1: list[int] = []
        self.p6: list[int] = []

    def clear(self) -> None:
        self.notes.clear()
        self.p1, self.p6 = [], []

    def read(self) -> None:
        """Add the round's samples: P1 to the second order, P6 to the repair's."""
        quote_ns = report_ns = firsts = 0
        for what, at, body in self.notes:
            if what == QUOTE:
                quote_ns = at
            elif what == REPORT:
                report_ns = at
            elif body[1:3] == b"\xa1D":
                if is_first(body):
                    firsts += 1
                    if firsts % 2 == 0:
                        self.p1.append(at - quote_ns)
                else:
                    self.p6.append(at - report_ns)
        self.notes.clear()


def is_first(body: bytes) -> bool:
    """Whether a `D` is an order of the hedge proper: `pair.epoch.n.LEGh1`."""
    return b"h" in body[4:60].split(b".")[3][:3]


class Bench:
    """One node, one gateway process, rounds of ours and of the transport's."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        node_dir = directory / "node"
        node_dir.mkdir(mode=0o700)
        file = directory / "bench.toml"
        file.write_text(CONFIG)
        self.gateway = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("core_gateway.py")), str(node_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.gateway.stdout.readline()
        self.node = Node(load_checked([file]), live=True)
        context = self.node.context
        self.echo = context.socket(zmq.DEALER)
        self.control = context.socket(zmq.PAIR)
        for socket, name in ((self.echo, "echo"), (self.control, "control")):
            socket.setsockopt(zmq.LINGER, 0)
            socket.connect(f"ipc://{node_dir}/{name}")
        self.stamps = Stamps()
        self.node.build()
        for link in self.node.desk.links.values():
            link.feed.socket = FeedProbe(link.feed.socket, self.stamps)
            link.trade = TradeProbe(link.trade, self.stamps)
        self.lane = self.node.lane
        self._done = False
        self.outside: list[float] = []
        self.lane.add_source(self.control, self._on_control)

    def _on_control(self) -> None:
        while self.control.getsockopt(zmq.EVENTS) & zmq.POLLIN:
            self.outside.extend(json.loads(self.control.recv()).get("outside_us", ()))
            self._done = True

    def until(self, condition: Any, seconds: float) -> None:
        """Laps until it holds. Raises: RuntimeError when it takes too long."""
        limit = monotonic_ns() + int(seconds * 1e9)
        self.lane.run(lambda: condition() or monotonic_ns() > limit)
        if not condition():
            raise RuntimeError(f"the bench stalled: {[link.inspect() for link in self.node.desk.links.values()]}")

    def ready(self) -> bool:
        """Both venues open and quoted."""
        links = self.node.desk.links.values()
        return all(link.stage == 4 for link in links) and all(
            link.feed.quote(symbol) is not None for link in links for symbol in link.instruments
        )

    def trades(self, *, reject: bool) -> None:
        """A round of quotes by the gateway, until the last hedge has ended."""
        self._quotes(reject=reject)
        self.stamps.read()

    def _quotes(self, *, reject: bool) -> None:
        self._done = False
        self.control.send(json.dumps({"quotes": QUOTES_A_ROUND, "pace_us": PACE_US, "reject": reject}).encode())
        self.until(lambda: self._done and not self.node.in_flight(), 10)

    def floor(self) -> list[int]:
        """A round in which each quote makes two ready frames leave."""
        links = list(self.node.desk.links.values())
        feed = links[0].feed
        ours = feed.socket
        feed.socket = probe = FloorProbe(ours.inner, self.stamps, [link.trade.inner for link in links])
        self.node.desk.stopping = True  # nothing fires
        self._quotes(reject=False)
        self.node.desk.stopping = False
        feed.socket = ours
        return probe.took

    def transport(self, pace_us: int = PACE_US) -> list[int]:
        """A round of bare round trips at the same pace with the same poll.

        The thread sleeps between two of them, as the lane does between quotes.
        """
        took = []
        polled = [*self.lane._poll_list, (self.echo, zmq.POLLIN)]
        at = monotonic_ns()
        for _ in range(QUOTES_A_ROUND):
            at += pace_us * 1000
            left_ns = at - monotonic_ns()
            if left_ns > 0:
                sleep(left_ns / 1e9)
            start = monotonic_ns()
            _send(self.echo, PING, NOBLOCK)
            while not _get(self.echo, EVENTS) & POLLIN:
                zmq_poll(polled, 1000)
            _recv(self.echo, NOBLOCK)
            took.append(monotonic_ns() - start)
            self.lane.run_once(0)
        return took

    def close(self) -> None:
        """Stop the tree, close the journal, end the gateway process."""
        self.node.desk.stopping = True
        self.node.runtime.stop(ROOT)
        self.until(lambda: not self.node.runtime.alive(ROOT), 10)
        self.lane.remove_source(self.control)
        self.echo.close()
        self.control.close()
        self.node.close("bench over")
        self.gateway.stdin.close()
        self.gateway.wait(10)
        self.gateway.stdout.close()


def p50(values: list[int]) -> float:
    return statistics.median(values) / 1000


def p99(values: list[int]) -> float:
    return sorted(values)[int(len(values) * 0.99)] / 1000


def measure(rounds: int) -> dict[str, Any]:
    """Run it. Shape: what `bench core -o json` prints. Units: us.

    Raises: RuntimeError when it stalls or its journal does not verify.
    """
    with tempfile.TemporaryDirectory(prefix="hgb") as folder:
        bench = Bench(Path(folder))
        try:
            bench.until(bench.ready, 20)
            with IdleCollector(bench.node.clock) as bench.lane.garbage:  # as `run` does
                found = _rounds(bench, rounds)
            bench.lane.garbage = None
            hedges = sum(pair.hedge_count for pair in bench.node.pairs().values())
        finally:
            bench.close()
        report = verify(Path(folder) / "node" / "journal")
        if not report.ok:
            raise RuntimeError(f"the bench's journal does not verify: {report.problems}")
        return {**found, "hedges": hedges, "journal_records": report.records}


def _rounds(bench: Bench, rounds: int) -> dict[str, Any]:
    before = bench.transport()
    taken: dict[str, list[list[int]]] = {"P1": [], "P6": []}
    around: dict[str, list[list[int]]] = {"P1": [], "P6": []}
    for number in range((rounds + WARM_UP) * 2):
        kind = ("P1", "P6")[number % 2]
        bench.stamps.clear()
        bench.trades(reject=kind == "P6")
        after = bench.transport()
        if number >= WARM_UP * 2:
            taken[kind].append(bench.stamps.p1 if kind == "P1" else bench.stamps.p6)
            around[kind].append(before + after)
        else:
            bench.outside.clear()
        before = after
    return {
        **{name: _row(name, taken[name], around[name]) for name in GATES},
        "outside_us": round(statistics.median(bench.outside), 1),
        "floor_us": round(p50(bench.floor()), 1),
        "ipc_back_to_back_us": round(p50(bench.transport(0)), 1),
    }


def _row(name: str, taken: list[list[int]], around: list[list[int]]) -> dict[str, Any]:
    pairs = list(zip(taken, around, strict=True))
    ratio = statistics.median(p50(ours) / p50(base) for ours, base in pairs)
    return {
        "ours_us": round(p50([each for ours in taken for each in ours]), 1),
        "ipc_us": round(p50([each for base in around for each in base]), 1),
        "ratio": round(ratio, 3),
        "gate": GATES[name],
        "goal": GOALS[name],
        "ok": ratio <= GATES[name],
        "p99_ratio": round(statistics.median(p99(ours) / p99(base) for ours, base in pairs), 3),
        "samples": sum(len(ours) for ours in taken),
        "rounds": len(taken),
    }
