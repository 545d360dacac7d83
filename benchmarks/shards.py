"""A shard's latency beside a neighbour in trouble, as ratios of one run.

Two shards under a real root, each with a pair, venues and a gateway process of
its own. In each round the first one's pair is quoted 100 times at 3 ms; its
gateway, which shares no code with us, tells how long each quote took until the
second order had arrived. A round with a quiet neighbour and as many as one
in trouble lasts take turns; the ratio is the median of theirs. What the
neighbour does:

    crash   killed as soon as it trades, raised again by the root, again and again
    stall   stopped, found, killed and raised by the root
    spin    its lane never comes back: found by its watcher, killed, raised
    leak    memory until the root drains or kills it
    flood   20,000 quotes a second from its own gateway

    python -m benchmarks.shards [--rounds N] [--trouble NAME]... [--hang-ms N] > shards.json
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import zmq

from benchmarks.core import CONFIG
from config.load import ROOT
from system import processes
from tools.alert import read_all
from tools.client import Client
from tools.errors import NotConnected
from tools.fuse import FuseOrder, burnt, light

QUOTES, PACE_US = 100, 3_000
FLOOD_PACE_US = 50
WAIT_S = 60
MOST_ROUNDS = 200
READ_MS = 20
TOLD = ("SHARD_ENDED", "SHARD_HUNG", "LANE_HUNG", "SHARD_MEMORY_OVER")
SHARDS = """
[shards]
hang_ms = HANG_MS
restarts = 1000000

[[shard]]
name = "one"
pairs = ["AxB"]

[[shard]]
name = "two"
pairs = ["CxD"]
max_memory_mb = 200
nice = 10
"""


def config_of(directory: Path, hang_ms: int) -> Path:
    """Both shards' configuration: the core's pair twice, with other names."""
    head, _, rest = CONFIG.partition("[[venue]]")
    first = "[[venue]]" + rest
    second = first
    for was, now in (('"A', '"C'), ('"B', '"D'), ("/A.", "/C."), ("/B.", "/D."), ("AxB", "CxD"), ("CxB", "CxD")):
        second = second.replace(was, now)
    file = directory / "shards.toml"
    file.write_text(head + first + second + SHARDS.replace("HANG_MS", str(hang_ms)))
    return file


class Desk:
    """The processes, and words to their gateways."""

    def __init__(self, directory: Path, hang_ms: int) -> None:
        self.node_dir = directory / "node"
        self.node_dir.mkdir(mode=0o700)
        self.fuses = directory / "fuses"
        (self.fuses / "two").mkdir(parents=True)
        (self.fuses / "one").mkdir()
        self.lit = 0
        context = zmq.Context()
        self.gateways, self.controls = [], {}
        for names in (("A", "B"), ("C", "D")):
            words = [sys.executable, str(Path(__file__).with_name("core_gateway.py")), str(self.node_dir), *(() if names[0] == "A" else names)]
            gateway = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            gateway.stdout.readline()
            self.gateways.append(gateway)
            control = context.socket(zmq.PAIR)
            control.linger = 0
            control.connect(f"ipc://{self.node_dir}/{'control' if names[0] == 'A' else 'C.control'}")
            self.controls[names[0]] = control
        env = {**os.environ, "HEDGEROW_PYTHON": sys.executable}
        words = [str(ROOT / "hedgerow"), "run", "-c", str(config_of(directory, hang_ms)), "--live", "--fuse", str(self.fuses), "--log-level", "ERROR"]
        self.root = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.root.stdout.readline()
        for shard in ("one", "two"):
            self.until_open(shard)

    def told(self, shard: str) -> dict[str, Any]:
        """What a shard says of itself; {} while it does not."""
        with suppress(NotConnected), Client(self.node_dir / "shards" / shard, timeout_ms=200) as client:
            return client.ask("status")
        return {}

    def is_open(self, shard: str) -> bool:
        """Its venues are open, and it has nothing in flight."""
        told = self.told(shard)
        return bool(told.get("venues")) and all(venue["stage"] == "OPEN" for venue in told["venues"]) and not told["in_flight"]

    def has_read(self, shard: str) -> bool:
        """Its feeds are read as they come."""
        with suppress(NotConnected), Client(self.node_dir / "shards" / shard, timeout_ms=200) as client:
            return all(venue["transit_ms"] < READ_MS for venue in client.ask("top")["venues"])
        return False

    def until_open(self, shard: str) -> None:
        """Its venues are open. Raises: SystemExit where they are not in time."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            if self.is_open(shard):
                return
            time.sleep(0.02)
        raise SystemExit(f"shard {shard} is not open after {WAIT_S} s")

    def codes(self) -> Counter[str]:
        """How often people were told of what has become of the second shard."""
        return Counter(row["code"] for row in read_all(self.node_dir) if row["code"] in TOLD)

    def quote(self, venue: str, quotes: int, pace_us: int) -> None:
        """A round of quotes begins; `took` reads what it told."""
        self.controls[venue].send(json.dumps({"quotes": quotes, "pace_us": pace_us, "reject": False}).encode())

    def took(self, venue: str) -> list[float]:
        """us from each quote of the round to its second order."""
        if not self.controls[venue].poll(WAIT_S * 1000):
            raise SystemExit(f"the gateway of {venue} told nothing in {WAIT_S} s")
        return json.loads(self.controls[venue].recv())["outside_us"]

    def round(self) -> list[float]:
        """The first shard's own round."""
        self.quote("A", QUOTES, PACE_US)
        return self.took("A")

    def pid(self) -> int:
        """The second shard's process."""
        return int((self.node_dir / "shards" / "two.pid").read_text().split()[0])

    def struck(self, signal_name: str) -> None:
        """The second shard does it to itself at its next hedge, for which it is quoted. Raises: SystemExit."""
        self.lit += 1
        light(self.fuses / "two", FuseOrder(self.lit, "intent", "node", signal_name))
        for _ in range(MOST_ROUNDS):
            self.quote("C", 4, PACE_US)
            self.took("C")
            if any(line["number"] == self.lit for line in burnt(self.fuses / "two")):
                return
        raise SystemExit(f"the second shard opens no hedge: no {signal_name} came about")

    def close(self) -> None:
        """End all of them."""
        self.root.send_signal(signal.SIGTERM)
        try:
            self.root.wait(60)
        except subprocess.TimeoutExpired:
            self.root.kill()
        for pid_file in (self.node_dir / "shards").glob("*.pid"):
            left = processes.adopt(pid_file)
            if left is not None:
                processes.end(left, 5_000)
        for gateway in self.gateways:
            gateway.kill()
            gateway.wait()


Over = Callable[[], bool]


def until_raised(desk: Desk, epoch: int) -> Over:
    """It is over once the next second shard trades."""
    return lambda: desk.told("two").get("epoch", 0) > epoch and desk.is_open("two")


def crash(desk: Desk) -> Over:
    """Killed now; whoever measures meanwhile has its raising beside it."""
    over = until_raised(desk, desk.told("two")["epoch"])
    os.kill(desk.pid(), signal.SIGKILL)
    return over


def stall(desk: Desk) -> Over:
    """Stopped now, until the root has found and raised it."""
    over = until_raised(desk, desk.told("two")["epoch"])
    os.kill(desk.pid(), signal.SIGSTOP)
    return over


def spin(desk: Desk) -> Over:
    """Its lane takes a processor until its watcher, or the root, ends it."""
    over = until_raised(desk, desk.told("two")["epoch"])
    desk.struck("SPIN")
    return over


def leak(desk: Desk) -> Over:
    """80 MB a second until it is over its limit, ends and is raised."""
    over = until_raised(desk, desk.told("two")["epoch"])
    desk.struck("LEAK")
    return over


def flood(desk: Desk) -> Over:
    """20,000 quotes a second for as long as two rounds last; over once it has read them all."""
    desk.quote("C", 2 * QUOTES * PACE_US // FLOOD_PACE_US, FLOOD_PACE_US)
    told: list[bool] = []

    def over() -> bool:
        if not told and desk.controls["C"].poll(0):
            told.append(bool(desk.took("C")))
        return bool(told) and desk.has_read("two")

    return over


TROUBLES: dict[str, Callable[[Desk], Over]] = {"crash": crash, "stall": stall, "spin": spin, "leak": leak, "flood": flood}


def quantile(samples: list[float], share: float) -> float:
    """The sample below which that share lies."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def measured(desk: Desk, trouble: str, rounds: int) -> dict[str, Any]:
    """Rounds by turns; medians of p50 and of p99, and their ratios. Units: us.

    Beside a trouble there are as many rounds as it lasts, taken together.
    `missed`: per cent of quotes without two orders before the next one.
    `told`: what people were told of the other, by which its trouble is known to
    have come about. `silent`: turns in which no quote was answered, here or in
    the quiet round before: they are in no figure, and figures of none are null.
    """
    quiet: list[list[float]] = []
    beside: list[list[float]] = []
    sent = 0
    before, told = desk.told("one")["epoch"], desk.codes()
    for _ in range(rounds):
        quiet.append(desk.round())
        over, took = TROUBLES[trouble](desk), []
        for _ in range(MOST_ROUNDS):
            took += desk.round()
            sent += QUOTES
            if over():
                break
        else:
            raise SystemExit(f"{trouble} was not over after {MOST_ROUNDS} rounds")
        beside.append(took)
        desk.until_open("two")
    row: dict[str, Any] = {"trouble": trouble, "turns": rounds, "rounds_beside": sent // QUOTES, "told": dict(desk.codes() - told)}
    row["missed"] = round(100 - 100 * sum(map(len, beside)) / sent, 1)
    row["missed_quiet"] = round(100 - sum(map(len, quiet)) / rounds * 100 / QUOTES, 1)
    heard = [both for both in zip(quiet, beside, strict=True) if all(both)]
    row["silent"] = rounds - len(heard)
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        both = [(quantile(first, share), quantile(second, share)) for first, second in heard]
        row |= {
            f"quiet_{name}_us": round(statistics.median(first for first, _ in both), 1) if both else None,
            f"beside_{name}_us": round(statistics.median(second for _, second in both), 1) if both else None,
            f"{name}_ratio": round(statistics.median(second / first for first, second in both), 3) if both else None,
        }
    return row | {"same_process": desk.told("one")["epoch"] == before}


def main() -> None:
    """Measure, and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--hang-ms", type=int, default=1000, help="of the configuration: more, where so much else runs that a living shard is silent for that long")
    parser.add_argument("--trouble", action="append", choices=list(TROUBLES))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hgsh") as folder:
        desk = Desk(Path(folder), asked.hang_ms)
        try:
            for _ in range(3):
                desk.round()
            rows = [measured(desk, name, asked.rounds) for name in asked.trouble or TROUBLES]
        finally:
            desk.close()
    print(json.dumps({"cpus": os.cpu_count(), "quotes_a_round": QUOTES, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
