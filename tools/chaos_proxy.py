"""`sim proxy`: a bad line between a node and a gateway, as a process.

It stands where the gateway's endpoints would: the node connects to it, it
connects to the gateway, and messages go through it both ways. Of each message
it may drop, delay, repeat or reorder; now and then it cuts the connection. The
rates are read from a file whenever that changes; how often each struck is
written beside it. Source of all chance: the seed.
"""

from __future__ import annotations

import heapq
import json
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import click
import zmq

from system.clock import SystemClock, chance
from tools.errors import UsageError

MS = 1_000_000
LOOK_NS = 100 * MS
RATES = ("drop", "delay", "repeat", "reorder")
"""Shares of all messages; `cuts_per_min`: of the whole connection."""
KEYS = (*RATES, "cuts_per_min")
DELAY_MS = (1, 400)
CUT_MS = (0, 1500)
HWM = 100_000
Message = list[bytes]


class Rates:
    """What goes wrong how often, as its file says now."""

    def __init__(self, path: Path) -> None:
        self._path, self._seen = path, -1
        self.of: dict[str, float] = dict.fromkeys(KEYS, 0.0)
        self.look()

    def look(self) -> None:
        """Read it where it has changed. Raises: UsageError."""
        try:
            changed = self._path.stat().st_mtime_ns
            if changed == self._seen:
                return
            told = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"{self._path}: {error}: a JSON object with {', '.join(KEYS)}") from None
        wrong = [key for key, value in told.items() if key not in KEYS or not isinstance(value, (int, float)) or value < 0]
        if wrong:
            raise UsageError(f"{self._path}: {wrong[0]}: allowed are {', '.join(KEYS)}, each a number from 0")
        self.of, self._seen = {**dict.fromkeys(KEYS, 0.0), **told}, changed


class Line:
    """Messages on their way, each due at its time."""

    def __init__(self, name: str, rng: Any, rates: Rates, struck: Counter[str]) -> None:
        self.name, self._rng, self._rates, self._struck = name, rng, rates, struck
        self._due: list[tuple[int, int, Any, Message]] = []
        self._count = 0
        self._held: tuple[Any, Message] | None = None

    def push(self, now_ns: int, to: Any, frames: Message) -> None:
        """A message for `to`, with what befalls it."""
        rates, draw = self._rates.of, self._rng.random
        if draw() < rates["drop"]:
            self._struck[f"{self.name} drop"] += 1
            return
        if self._held is None and draw() < rates["reorder"]:
            self._struck[f"{self.name} reorder"] += 1
            self._held = (to, frames)
            return
        due_ns = now_ns
        if draw() < rates["delay"]:
            self._struck[f"{self.name} delay"] += 1
            due_ns += self._rng.randrange(*DELAY_MS) * MS
        times = 1
        if draw() < rates["repeat"]:
            self._struck[f"{self.name} repeat"] += 1
            times = 2
        for _ in range(times):
            self._put(due_ns, to, frames)
        if self._held is not None:
            held, self._held = self._held, None
            self._put(due_ns, *held)

    def _put(self, due_ns: int, to: Any, frames: Message) -> None:
        self._count += 1
        heapq.heappush(self._due, (due_ns, self._count, to, frames))

    def taken(self, now_ns: int) -> list[tuple[Any, Message]]:
        """What is due now, in its order."""
        found = []
        while self._due and self._due[0][0] <= now_ns:
            _, _, to, frames = heapq.heappop(self._due)
            found.append((to, frames))
        return found

    @property
    def next_ns(self) -> int | None:
        return self._due[0][0] if self._due else None

    def clear(self) -> None:
        """All that was on its way is lost."""
        self._due.clear()
        self._held = None


class Proxy:
    """The line of one venue. `trade` None: a feed alone. Thread: one."""

    def __init__(self, context: zmq.Context, feed: tuple[str, str], trade: tuple[str, str] | None, rates: Rates, seed: int) -> None:
        self.context, self.rates, self.clock, self.rng = context, rates, SystemClock(), chance(seed)
        self._feed_ends, self._trade_ends = feed, trade
        self.struck: Counter[str] = Counter()
        self.lines = {name: Line(name, self.rng, rates, self.struck) for name in ("feed", "up", "down")}
        self.poller = zmq.Poller()
        self.xsub = self._socket(zmq.XSUB)
        self.xsub.connect(feed[0])
        self.xpub = self._socket(zmq.XPUB)
        self.xpub.bind(feed[1])
        self.router: zmq.Socket | None = None
        self.dealers: dict[bytes, zmq.Socket] = {}
        self._reopen_ns = 0
        if trade is not None:
            self._open()

    def _socket(self, kind: int) -> zmq.Socket:
        socket = self.context.socket(kind)
        for option in (zmq.SNDHWM, zmq.RCVHWM):
            socket.setsockopt(option, HWM)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RECONNECT_IVL, 20)
        self.poller.register(socket, zmq.POLLIN)
        return socket

    def _open(self) -> None:
        self.router = self._socket(zmq.ROUTER)
        self.router.bind(self._trade_ends[1])  # type: ignore[index]

    def _gone(self, socket: zmq.Socket) -> None:
        self.poller.unregister(socket)
        socket.close(0)

    def cut(self, now_ns: int) -> None:
        """Both sides lose the connection with all that is in it."""
        self.struck["cut"] += 1
        for socket in (self.router, *self.dealers.values()):
            if socket is not None:
                self._gone(socket)
        self.router, self.dealers = None, {}
        for name in ("up", "down"):
            self.lines[name].clear()
        self._reopen_ns = now_ns + self.rng.randrange(*CUT_MS) * MS

    def lap(self) -> None:
        """Wait for messages or for what is due; pass on what there is."""
        now_ns = self.clock.mono_ns()
        due = [line.next_ns for line in self.lines.values() if line.next_ns is not None]
        wait_ns = min([LOOK_NS, *(max(0, each - now_ns) for each in due)])
        for socket, _ in self.poller.poll(-(-wait_ns // MS)):
            self._read(socket)
        now_ns = self.clock.mono_ns()
        if self._trade_ends is not None and self.router is None and now_ns >= self._reopen_ns:
            self._open()
        for line in self.lines.values():
            for to, frames in line.taken(now_ns):
                self._send(to, frames)

    def maybe_cut(self, passed_ns: int) -> None:
        """Called every so often, with what has passed since."""
        if self.router is not None and self.rng.random() < self.rates.of["cuts_per_min"] * passed_ns / 60e9:
            self.cut(self.clock.mono_ns())

    def _read(self, socket: zmq.Socket) -> None:
        while not socket.closed and socket.getsockopt(zmq.EVENTS) & zmq.POLLIN:
            frames = socket.recv_multipart(zmq.NOBLOCK)
            now_ns = self.clock.mono_ns()
            if socket is self.xpub:
                self._send(self.xsub, frames)  # a subscription: it goes through whole
            elif socket is self.xsub:
                self.lines["feed"].push(now_ns, self.xpub, frames)
            elif socket is self.router:
                identity, *rest = frames
                self.lines["up"].push(now_ns, self._dealer(identity), rest)
            else:
                identity = next(name for name, dealer in self.dealers.items() if dealer is socket)
                self.lines["down"].push(now_ns, self.router, [identity, *frames])

    def _dealer(self, identity: bytes) -> zmq.Socket:
        found = self.dealers.get(identity)
        if found is None:
            found = self.dealers[identity] = self._socket(zmq.DEALER)
            found.connect(self._trade_ends[0])  # type: ignore[index]
        return found

    def _send(self, to: zmq.Socket | None, frames: Message) -> None:
        if to is None or to.closed:
            return
        try:
            to.send_multipart(frames, zmq.NOBLOCK)
        except zmq.ZMQError:
            self.struck["unsendable"] += 1

    def close(self) -> None:
        for socket in (self.router, *self.dealers.values(), self.xsub, self.xpub):
            if socket is not None:
                self._gone(socket)


@click.command()
@click.option("--feed", nargs=2, required=True, metavar="GATEWAY NODE", help="The gateway's feed endpoint, and the one that the node connects to.")
@click.option("--trade", nargs=2, default=None, metavar="GATEWAY NODE", help="The same of the trade socket; none: a feed alone.")
@click.option("--rates", "rates_file", required=True, type=click.Path(path_type=Path), help="JSON: drop, delay, repeat, reorder (shares of all messages), cuts_per_min.")
@click.option("--struck", type=click.Path(path_type=Path), default=None, help="Where it writes how often each struck (JSON).")
@click.option("--seed", type=int, default=1, show_default=True, help="Of all that it draws.")
@click.option("--with-parent", is_flag=True, help="End when the process that started this one ends.")
def proxy(feed: tuple[str, str], trade: tuple[str, str] | None, rates_file: Path, struck: Path | None, seed: int, with_parent: bool) -> None:
    """Pass messages between a node and a gateway, badly, until SIGTERM."""
    asked: list[int] = []
    parent = os.getppid()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, _frame: asked.append(signum))
    context = zmq.Context()
    rates = Rates(rates_file)
    line = Proxy(context, feed, trade, rates, seed)
    click.echo(json.dumps({"ready": True, "pid": os.getpid()}))
    looked_ns = line.clock.mono_ns()
    while not (asked or (with_parent and os.getppid() != parent)):
        line.lap()
        now_ns = line.clock.mono_ns()
        if now_ns - looked_ns >= LOOK_NS:
            rates.look()
            line.maybe_cut(now_ns - looked_ns)
            looked_ns = now_ns
            if struck is not None:
                beside = struck.with_suffix(".new")
                beside.write_text(json.dumps(line.struck), encoding="utf-8")
                beside.replace(struck)
    line.close()
    context.term()
