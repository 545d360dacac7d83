"""What a board of a hundred pairs costs its node, and itself.

A real node that only observes, its gateway beside it, and `./hedgerow board`
on a terminal of its own: python -m benchmarks.board
"""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Event, Thread

import zmq

from benchmarks.core import CONFIG
from system.clock import SystemClock
from tools.client import Client

ROOT = Path(__file__).resolve().parent.parent
PAIRS = 100
OVER_S = 10.0
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
PAIR = '[[pair]]\nname = "AxB"'
QUOTES = json.dumps({"quotes": 30, "pace_us": 3_000, "reject": False}).encode()


def main() -> int:
    """Measure and print one line of JSON."""
    with tempfile.TemporaryDirectory(prefix="hgb") as name:
        folder = Path(name)
        node_dir = folder / "node"
        node_dir.mkdir(mode=0o700)
        (folder / "c.toml").write_text(config(PAIRS))
        started: list[subprocess.Popen] = []
        try:
            sys.stdout.write(json.dumps(measure(folder, node_dir, started)) + "\n")
        finally:
            for process in reversed(started):
                process.kill()
                process.wait()
    return 0


def config(pairs: int) -> str:
    """The bench's configuration with its pair so many times, sending nothing."""
    head, mark, rest = CONFIG.replace('mode = "live"', 'mode = "observe"').partition(PAIR)
    if not mark:
        raise SystemExit("benchmarks/core.py: its configuration has no pair AxB any more")
    return head + "\n".join(f'[[pair]]\nname = "P{number:03d}"{rest}' for number in range(pairs))


def measure(folder: Path, node_dir: Path, started: list[subprocess.Popen]) -> dict[str, float]:
    """Shares of a core: the node alone, with a board, and the board."""
    pipe = subprocess.PIPE
    script = str(ROOT / "benchmarks" / "core_gateway.py")
    gateway = subprocess.Popen([sys.executable, script, str(node_dir)], cwd=ROOT, stdin=pipe, stdout=pipe)
    started.append(gateway)
    gateway.stdout.readline()
    node = subprocess.Popen([sys.executable, "-m", "tools", "run", "-c", str(folder / "c.toml"), "--log-level", "ERROR"], cwd=ROOT, stdout=pipe)
    started.append(node)
    node.stdout.readline()
    with Client(node_dir) as client:
        while not all(venue["stage"] == "OPEN" for venue in client.ask("status")["venues"]):
            Event().wait(0.05)
    control = zmq.Context().socket(zmq.PAIR)
    control.connect(f"ipc://{node_dir}/control")
    control.send(QUOTES)
    control.poll(20_000)
    (alone,) = shares(node.pid)
    board = on_a_terminal(["board", "-d", str(node_dir), "--lang", "zh"])
    started.append(board)
    Event().wait(2)
    with_board, tool = shares(node.pid, board.pid)
    control.close(0)
    return {"pairs": PAIRS, "node_alone": alone, "node_with_board": with_board, "board": tool}


def on_a_terminal(words: list[str]) -> subprocess.Popen:
    """The verb on a terminal of 160 columns, whose output is read away."""
    far, near = pty.openpty()
    env = {**os.environ, "COLUMNS": "160", "LINES": "110", "TERM": "xterm-256color"}
    process = subprocess.Popen([sys.executable, "-m", "tools", *words], cwd=ROOT, stdin=near, stdout=near, env=env)
    os.close(near)

    def drain() -> None:
        while True:
            try:
                if not os.read(far, 65_536):
                    return
            except OSError:  # the terminal's other end is gone
                return

    Thread(target=drain, daemon=True).start()
    return process


def shares(*pids: int) -> list[float]:
    """Which share of a core each process takes, over some seconds."""
    clock = SystemClock()
    before, began_ns = [ran_s(pid) for pid in pids], clock.mono_ns()
    Event().wait(OVER_S)
    took_s = (clock.mono_ns() - began_ns) / 1e9
    return [round((ran_s(pid) - was) / took_s, 4) for pid, was in zip(pids, before, strict=True)]


def ran_s(pid: int) -> float:
    """The process's time on a core so far. Source: proc(5), stat."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


if __name__ == "__main__":
    sys.exit(main())
