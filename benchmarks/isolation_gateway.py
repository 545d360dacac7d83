"""Two scripted venues of many symbols, for benchmarks/isolation.py.

As core_gateway.py, of which it is made: it shares no code with the node. Each
symbol of venue A is quoted in turn, with its spread flipped, so that its pair
opens or closes; the last ones are quoted unchanged. Control: {"quotes",
"pace_us"}; answer: {"outside_us": [...]}, from each flipped quote's leaving to
the arrival of its pair's second order.

Usage: isolation_gateway.py DIR PAIRS QUIET
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import core_gateway as core
import zmq
from core_gateway import DAY, FAR, NEAR, definition, pack

BEATS = 20
"""A twentieth of the symbols are quoted and told open with each heartbeat, 50 ms apart."""
QUIET_EVERY = 4
SETTLE_NS = 300_000_000
NEVER = 0


class Venue(core.Venue):
    """One venue of so many symbols."""

    def __init__(self, name: str, directory: Path, context: zmq.Context, count: int) -> None:
        super().__init__(name, directory, context)
        self.symbols = [f"{name}.{number}" for number in range(count)]
        self.mids = [NEAR] * count
        self.arrived = dict.fromkeys(self.symbols, NEVER)
        self._beats = 0

    def quote_of(self, number: int) -> None:
        self.symbol, self.mid = self.symbols[number], self.mids[number]
        self.topic = self.symbol.encode() + b"\0"
        self.quote()

    def beat(self) -> None:
        now = time.time_ns()
        self.beat_seq += 1
        self.feed.send_multipart([b"\0", pack("0", self.beat_seq, self.name, self.epoch, now, True)])
        self._beats += 1
        for number in range(self._beats % BEATS, len(self.symbols), BEATS):
            symbol = self.symbols[number]
            self.feed_seq += 1
            self.feed.send_multipart([symbol.encode() + b"\0", pack("f", self.feed_seq, symbol, now, 17, None, None)])
            self.quote_of(number)
        if self.node:
            self.reply(pack("0", now, True, self.seq, DAY, self.epoch))

    def take(self) -> None:
        identity, body = self.trade.recv(), self.trade.recv()
        at_ns = time.monotonic_ns()
        message = core.msgpack.unpackb(body)
        kind = message[0]
        if kind == "A":
            self.node = identity
            capabilities = {"positions": True, "collateral": True, "mass_status": True}
            self.reply(pack("A", 1, self.name, self.epoch, DAY, self.seq, capabilities, len(self.symbols)))
            for number, symbol in enumerate(self.symbols, 1):
                self.reply(pack("d", definition(symbol), number == len(self.symbols)))
        elif kind == "D":
            self.symbol = message[2]
            self.order(message, at_ns)
            if self.firsts:
                self.arrived[self.symbol] = self.firsts.pop()
        elif kind == "AF":
            self.reply(pack("AF", message[1], 0))
        elif kind == "AN":
            self.reply(pack("AP", message[1], self.symbols[0], *([0] * 8), time.time_ns(), self.seq, True))
        elif kind == "BB":
            self.reply(pack("BA", message[1], "USD", "1", "1", "0", "0", time.time_ns(), True))


class Window:
    """One window of quotes, and what each took."""

    def __init__(self, venues: list[Venue], pairs: int, quiet: int) -> None:
        self.a, self.b = venues
        self.pairs, self.quiet = pairs, quiet
        self.left = self.turn = self.at = 0
        self.sent: dict[int, int] = {}
        self.took: list[float] = []

    def quote(self) -> None:
        """The next one: mostly of a pair that trades."""
        self.turn += 1
        if self.quiet and self.turn % QUIET_EVERY == 0:
            self.a.quote_of(self.pairs + self.turn // QUIET_EVERY % self.quiet)
            return
        self.at = (self.at + 1) % self.pairs
        self.settle(self.at)
        self.a.mids[self.at] = FAR if self.a.mids[self.at] == NEAR else NEAR
        self.sent[self.at] = time.monotonic_ns()
        self.a.quote_of(self.at)
        self.left -= 1

    def settle(self, number: int) -> None:
        """Note what that pair's last quote took, if both orders came."""
        sent_ns = self.sent.pop(number, None)
        arrived_ns = [venue.arrived[venue.symbols[number]] for venue in (self.a, self.b)]
        if sent_ns is not None and min(arrived_ns) > sent_ns:
            self.took.append((max(arrived_ns) - sent_ns) / 1000)

    def over(self) -> list[float]:
        for number in list(self.sent):
            self.settle(number)
        took, self.took = self.took, []
        return took


def serve(directory: Path, pairs: int, quiet: int) -> None:
    """Quote and answer until standard input closes."""
    context = zmq.Context()
    venues = [Venue(name, directory, context, pairs + quiet) for name in "AB"]
    window = Window(venues, pairs, quiet)
    control = context.socket(zmq.PAIR)
    control.bind(f"ipc://{directory}/control")
    poller = zmq.Poller()
    for socket in (control, *(v.trade for v in venues), *(v.feed for v in venues), sys.stdin):
        poller.register(socket, zmq.POLLIN)
    print("ready", flush=True)
    next_ns = beat_ns = over_ns = pace_ns = 0
    while True:
        now = time.monotonic_ns()
        if now >= beat_ns:
            beat_ns = now + 50_000_000
            for venue in venues:
                venue.beat()
        if window.left and now >= next_ns:
            next_ns = max(next_ns + pace_ns, now)
            window.quote()
            if not window.left:
                over_ns = now + SETTLE_NS
        if over_ns and now >= over_ns:
            over_ns = 0
            control.send(json.dumps({"outside_us": window.over()}).encode())
        due_ns = min(beat_ns, next_ns if window.left else beat_ns, over_ns or beat_ns)
        wait_us = max(0, (due_ns - time.monotonic_ns()) // 1000)
        ready = dict(poller.poll(wait_us // 1000 if wait_us >= 1000 else (1 if wait_us > 300 else 0)))
        for venue in venues:
            if venue.trade in ready:
                venue.take()
            if venue.feed in ready:
                venue.feed.recv()
        if control in ready:
            word = json.loads(control.recv())
            window.left, pace_ns, next_ns = word["quotes"], word["pace_us"] * 1000, time.monotonic_ns()
        if sys.stdin.fileno() in ready:
            return


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
