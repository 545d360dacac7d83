"""One strategy's pairs crash on each message, two hundred others trade.

    python -m benchmarks.isolation [--windows N]

A real node in this process, its venues a scripted gateway, a process of its own.
Two hundred pairs open and close, each on two instruments of its own; ten of
another strategy have quotes too, and never fire. In every second window those
ten crash on whatever they are given, and are raised again as their supervisor's
backoff says, from its beginning. Measured by the gateway: from a quote's leaving
to the arrival of its pair's second order. The p99 of a window with crashes over
that of the one beside it, median of twenty such pairs of windows; exit 3 from a
quarter more, or where one of the two hundred was started again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import monotonic_ns
from typing import Any

import zmq

from actors.garbage import IdleCollector
from actors.pair import PairActor
from benchmarks.core import CONFIG
from config.load import load_checked
from journal.verify import verify
from tools import node_giving_up
from tools.node import SWITCH_INTERVAL_S
from tools.node_build import ROOT, Node
from tools.node_giving_up import PAIRS as SUPERVISOR

PAIRS, BAD = 200, 10
WINDOWS, WARM_UP = 20, 2
QUOTES, PACE_US = 600, 2_000
GATE = 1.25
BY_NAME = '[[pair]]\nname = "AxB"'


class OnPurpose(Exception):
    """What the bad strategy's pairs die of."""


class BadPair(PairActor):
    """A pair of the strategy that crashes on each message while `is_bad`."""

    is_bad = False


def _crashing(handler: Any) -> Any:
    def handle(actor: BadPair, message: Any) -> Any:
        if BadPair.is_bad:
            raise OnPurpose(type(message).__name__)
        return handler(actor, message)

    return handle


BadPair.routes = {kind: _crashing(handler) for kind, handler in PairActor.routes.items()}


def children_of(spec: Any, desk: Any, machine: Any) -> tuple[Any, ...]:
    """The node's own, but for whose class the bad ones are."""
    from msgspec.structs import replace

    found = _children_of(spec, desk, machine)
    if not spec.name.startswith("BAD"):
        return found
    return tuple(replace(child, start=(BadPair, child.start[1])) if child.name == spec.name else child for child in found)


_children_of = node_giving_up.children_of


def config(pairs: int = PAIRS, bad: int = BAD) -> str:
    """The bench's pair so many times, each on symbols of its own."""
    head, mark, pair = CONFIG.partition(BY_NAME)
    if not mark:
        raise SystemExit("benchmarks/core.py: its configuration has no pair AxB any more")
    head, _, instrument = head.replace('dir = "node"', 'dir = "node"\nlane_hang_ms = 0').partition("[[instrument]]")
    instruments = "[[instrument]]" + instrument
    parts = [head]
    for number in range(pairs + bad):
        parts.append(instruments.replace(".X", f".{number}"))
    for number in range(pairs + bad):
        name = f"P{number:03d}" if number < pairs else f"BAD{number - pairs}"
        own = pair.replace(".X", f".{number}")
        parts.append(f'[[pair]]\nname = "{name}"\n{own}')
    return "".join(parts)


class Bench:
    """The node, and a gateway that quotes and measures."""

    def __init__(self, folder: Path, pairs: int = PAIRS, bad: int = BAD) -> None:
        node_dir = folder / "node"
        node_dir.mkdir(mode=0o700)
        (folder / "bench.toml").write_text(config(pairs, bad))
        script = Path(__file__).with_name("isolation_gateway.py")
        words = [sys.executable, str(script), str(node_dir), str(pairs), str(bad)]
        self.gateway = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.gateway.stdout.readline()
        node_giving_up.children_of = children_of
        self.node = Node(load_checked([folder / "bench.toml"]), live=True)
        self.lane = self.node.lane
        self.control = self.node.context.socket(zmq.PAIR)
        self.control.setsockopt(zmq.LINGER, 0)
        self.control.connect(f"ipc://{node_dir}/control")
        self.node.build()
        self.lane.add_source(self.control, self._on_control)
        self._took: list[float] | None = None

    def _on_control(self) -> None:
        while self.control.getsockopt(zmq.EVENTS) & zmq.POLLIN:
            self._took = json.loads(self.control.recv())["outside_us"]

    def until(self, holds: Any, what: str, seconds: float = 60) -> None:
        """Laps until it holds. Raises: RuntimeError when it takes too long."""
        limit_ns = monotonic_ns() + int(seconds * 1e9)
        self.lane.run(lambda: holds() or monotonic_ns() > limit_ns)
        if not holds():
            raise RuntimeError(f"the bench stalled: {what}: {[link.inspect()['stage'] for link in self.node.desk.links.values()]}")

    def ready(self) -> bool:
        """Both venues open, and every symbol quoted."""
        links = self.node.desk.links.values()
        return all(link.stage == 4 and all(link.feed.quote(symbol) is not None for symbol in link.instruments) for link in links)

    def window(self, *, is_bad: bool) -> list[float]:
        """One window: us of each quote that made its pair trade, sorted."""
        supervisor = self.node.actor(SUPERVISOR)
        for child in supervisor.children:
            if child.name.startswith("BAD"):
                child.attempt = 0
                supervisor.forgive(child.name.partition("/")[0])
        BadPair.is_bad = is_bad
        self._took = None
        self.control.send(json.dumps({"quotes": QUOTES, "pace_us": PACE_US}).encode())
        self.until(lambda: self._took is not None, "a window")
        BadPair.is_bad = False
        self.until(lambda: all(self.node.runtime.alive(f"BAD{number}") for number in range(BAD)), "all are up again")
        return sorted(self._took)

    def crashes(self) -> int:
        """How often the bad ones have been started again."""
        return sum(self.node.runtime.mailbox(f"BAD{number}").epoch - 1 for number in range(BAD))

    def restarted(self) -> list[str]:
        """Which of the good ones have been."""
        names = (f"P{number:03d}" for number in range(PAIRS))
        return [name for name in names if self.node.runtime.mailbox(name).epoch != 1]

    def close(self) -> None:
        """Stop the tree, close the journal, end the gateway."""
        node_giving_up.children_of = _children_of
        self.node.desk.stopping = True
        self.node.runtime.stop(ROOT)
        self.until(lambda: not self.node.runtime.alive(ROOT), "the tree stops")
        self.lane.remove_source(self.control)
        self.control.close()
        self.node.close("bench over")
        self.gateway.stdin.close()
        self.gateway.wait(10)
        self.gateway.stdout.close()


def measure(windows: int) -> dict[str, Any]:
    """Shape: what is printed. Units: us."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)  # as `run` does
    with tempfile.TemporaryDirectory(prefix="hgi") as folder:
        bench = Bench(Path(folder))
        p99s: tuple[list[float], list[float]] = ([], [])
        p50s: tuple[list[float], list[float]] = ([], [])
        samples = 0
        try:
            bench.until(bench.ready, "both venues open")
            with IdleCollector(bench.node.clock) as bench.lane.garbage:  # as `run` does
                for _ in range(WARM_UP):
                    bench.window(is_bad=False)
                for number in range(windows):
                    for is_bad in (False, True) if number % 2 else (True, False):
                        took = bench.window(is_bad=is_bad)
                        samples += len(took)
                        p99s[is_bad].append(took[-(-len(took) * 99 // 100) - 1])
                        p50s[is_bad].append(median(took))
            bench.lane.garbage = None
            crashes, restarted = bench.crashes(), bench.restarted()
        finally:
            bench.close()
        report = verify(Path(folder) / "node" / "journal")
        if not report.ok:
            raise RuntimeError(f"the bench's journal does not verify: {report.problems}")
    ratio = median(bad / good for good, bad in zip(*p99s, strict=True))
    return {
        "pairs": PAIRS,
        "crashing": BAD,
        "windows": windows,
        "samples": samples,
        "crashes": crashes,
        "restarted": restarted,
        "p99_us": {"alone": round(median(p99s[0]), 1), "beside": round(median(p99s[1]), 1)},
        "p50_us": {"alone": round(median(p50s[0]), 1), "beside": round(median(p50s[1]), 1)},
        "p99_ratio": round(ratio, 3),
        "gate": GATE,
        "ok": ratio < GATE and not restarted,
    }


def main() -> int:
    """Measure and print one line of JSON."""
    from loguru import logger

    parser = argparse.ArgumentParser(prog="python -m benchmarks.isolation")
    parser.add_argument("--windows", type=int, default=WINDOWS)
    told = parser.parse_args()
    if told.windows < 1:
        parser.error("--windows: one at least")
    logger.remove()  # its lines go nowhere; the thread that makes them is there all the same
    found = measure(told.windows)
    sys.stdout.write(json.dumps(found) + "\n")
    return 0 if found["ok"] else 3


if __name__ == "__main__":
    sys.exit(main())
