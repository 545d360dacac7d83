"""Two scripted venues and an echo, as one foreign gateway process.

Written from the protocol page with pyzmq and msgpack alone: it shares no code
with the node that it drives. Venue A fills every order at once. Venue B fills
too, but in `reject` rounds it rejects the hedge's own order, so that the node
must repair. A byte on standard input ends it.

Usage: core_gateway.py DIR [NAME NAME]
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import msgpack
import zmq

DAY = "20260105"
NAMES = ("A", "B")
NEAR, FAR = 1_000, 1_100
UNKNOWN_ORDER = 5
LAST_NS = 2_000_000
"""How long after its last quote a round is told."""


def pack(*fields: object) -> bytes:
    return msgpack.packb(fields)


class Venue:
    """One venue's two sockets and its numbering."""

    def __init__(self, name: str, directory: Path, context: zmq.Context) -> None:
        self.name = name
        self.symbol = f"{name}.X"
        self.topic = self.symbol.encode() + b"\0"
        self.epoch = time.time_ns()
        self.feed = context.socket(zmq.XPUB)
        self.feed.setsockopt(zmq.LINGER, 0)
        self.feed.bind(f"ipc://{directory}/{name}.feed")
        self.trade = context.socket(zmq.ROUTER)
        self.trade.setsockopt(zmq.LINGER, 0)
        self.trade.setsockopt(zmq.SNDHWM, 100_000)
        self.trade.bind(f"ipc://{directory}/{name}.trade")
        self.seq = self.feed_seq = self.beat_seq = self.orders = 0
        self.node = b""
        self.mid = NEAR
        self.reject = False
        self.firsts: list[int] = []
        self.net = 0
        self.day: list[list] = []
        """Of each order, its last report: all that the day is told from."""
        self.log: list[bytes] = []
        """All reports, as they are sent again."""

    def quote(self) -> None:
        self.feed_seq += 1
        now = time.time_ns()
        bids = [self.mid - 1, 500, self.mid - 2, 500]
        asks = [self.mid + 1, 500, self.mid + 2, 500]
        self.feed.send(self.topic, zmq.SNDMORE)
        self.feed.send(pack("W", self.feed_seq, self.symbol, None, now, bids, asks, None, None))

    def beat(self) -> None:
        now = time.time_ns()
        self.beat_seq += 1
        self.feed.send_multipart([b"\0", pack("0", self.beat_seq, self.name, self.epoch, now, True)])
        self.feed_seq += 1
        self.feed.send_multipart([self.topic, pack("f", self.feed_seq, self.symbol, now, 17, None, None)])
        if self.node:
            self.reply(pack("0", now, True, self.seq, DAY, self.epoch))

    def reply(self, body: bytes) -> None:
        self.trade.send(self.node, zmq.SNDMORE)
        self.trade.send(body)

    def report(self, ref: str, kind: str, status: str, side: str, qty: int, px: int, cum: int, leaves: int) -> None:
        self.seq += 1
        now = time.time_ns()
        trade = kind == "F"
        told = [
            "8", self.seq, ref, f"o{self.orders}", f"e{self.seq}" if trade else None, kind, status, self.symbol,
            side, qty if trade else 0, px if trade else None, cum, leaves, 99 if kind == "8" else None,
            "", now, now, False, None, DAY, "O",
        ]  # fmt: skip
        self.number(told)
        if not leaves:
            self.day.append(told)

    def number(self, told: list) -> None:
        """It leaves, and is kept to be sent again."""
        self.reply(pack(*told))
        self.log.append(pack(*told[:17], True, *told[18:]))

    def tell_day(self, req_id: str) -> None:
        """Each order's trade, then its state, under new numbers."""
        before = self.seq
        for told in self.day:
            self.again(told)
        self.reply(pack("AF", req_id, self.seq - before))

    def again(self, told: list) -> None:
        """One order: its trade, if it had one, and its state."""
        state = [*told[:4], None, "I", *told[6:9], 0, None, *told[11:]]
        for each in (told, state) if told[5] == "F" else (state,):
            self.seq += 1
            self.number(["8", self.seq, *each[2:16], time.time_ns(), True, *each[18:]])

    def tell(self, ref: str) -> None:
        """What became of one order; of one that never came, that it did not."""
        never = ["8", 0, ref, None, None, "I", "8", self.symbol, "1", 0, None, 0, 0, UNKNOWN_ORDER, "", time.time_ns(), 0, True, None, DAY, "O"]
        self.again(next((told for told in reversed(self.day) if told[2] == ref), never))

    def take(self) -> None:
        identity, body = self.trade.recv(), self.trade.recv()
        at_ns = time.monotonic_ns()
        message = msgpack.unpackb(body)
        kind = message[0]
        if kind == "A":
            self.node = identity
            self.reply(pack("A", 1, self.name, self.epoch, DAY, self.seq, {"positions": True, "collateral": True,
                            "mass_status": True}, 1))  # fmt: skip
            self.reply(pack("d", definition(self.symbol), True))
            if message[4] == self.epoch:
                for body in self.log[message[5] :]:
                    self.reply(body)
        elif kind == "D":
            self.order(message, at_ns)
        elif kind == "AF":
            self.tell_day(message[1])
        elif kind == "AN":
            held = (max(0, self.net), max(0, -self.net))
            self.reply(pack("AP", message[1], self.symbol, *(held * 4), time.time_ns(), self.seq, True))
        elif kind == "H":
            self.tell(message[2])
        elif kind == "BB":
            self.reply(pack("BA", message[1], "USD", "1", "1", "0", "0", time.time_ns(), True))

    def order(self, m: list, at_ns: int) -> None:
        self.orders += 1
        ref, side, qty, px = m[1], m[3], m[4], m[5]
        self.report(ref, "A", "A", side, 0, 0, 0, qty)
        hedge = ref.rpartition(".")[2][1] == "h"
        if hedge:
            self.firsts.append(at_ns)
        if self.reject and hedge:
            self.report(ref, "8", "8", side, 0, 0, 0, 0)
        else:
            self.net += qty if side == "1" else -qty
            self.report(ref, "F", "2", side, qty, px, qty, 0)


def definition(symbol: str) -> dict:
    return {
        "symbol": symbol, "tick_size": "1", "lot_size": "1", "multiplier": "1", "currency": "USD", "kind": "linear",
        "offset_mode": "net", "tifs": "034", "market_orders": False, "tradable": True,
    }  # fmt: skip


def outside(left_ns: list[int], firsts: list[list[int]]) -> list[float]:
    """From each quote to the later of the two orders that came before the next."""
    took = []
    for sent_ns, until_ns in zip(left_ns, [*left_ns[1:], time.monotonic_ns()], strict=True):
        found = [next((at for at in each if sent_ns < at < until_ns), None) for each in firsts]
        if None not in found:
            took.append((max(found) - sent_ns) / 1000)
    return took


def serve(directory: Path, names: tuple[str, ...] = NAMES) -> None:
    """Echo, answer and quote until standard input says a word or closes.

    Control comes as JSON lines: {"pace_us", "quotes", "reject"}: so many
    quotes of A at that pace, each flipping the spread; then {"outside_us":
    [...]}: from a quote's leaving to the second order's arrival here.
    """
    context = zmq.Context()
    venues = [Venue(name, directory, context) for name in names]
    echo = context.socket(zmq.DEALER)
    echo.bind(f"ipc://{directory}/{names[0]}.echo" if names != NAMES else f"ipc://{directory}/echo")
    control = context.socket(zmq.PAIR)
    control.bind(f"ipc://{directory}/{names[0]}.control" if names != NAMES else f"ipc://{directory}/control")
    poller = zmq.Poller()
    for socket in (echo, control, *(v.trade for v in venues), *(v.feed for v in venues)):
        poller.register(socket, zmq.POLLIN)
    poller.register(sys.stdin, zmq.POLLIN)
    print("ready", flush=True)
    left = pace_ns = last_ns = 0
    left_ns: list[int] = []
    next_ns = beat_ns = 0
    while True:
        now = time.monotonic_ns()
        if now >= beat_ns:
            beat_ns = now + 50_000_000
            for venue in venues:
                venue.beat()
                if not left or venue is not venues[0]:
                    venue.quote()
        if left and now >= next_ns:
            next_ns = max(next_ns + pace_ns, now)
            venues[0].mid = FAR if venues[0].mid == NEAR else NEAR
            left_ns.append(time.monotonic_ns())
            venues[0].quote()
            left -= 1
            if not left:
                last_ns = now + LAST_NS
        if last_ns and now >= last_ns:
            last_ns = 0
            control.send(json.dumps({"outside_us": outside(left_ns, [v.firsts for v in venues])}).encode())
        due_ns = min(beat_ns, next_ns if left else beat_ns, last_ns or beat_ns)
        wait_us = max(0, (due_ns - time.monotonic_ns()) // 1000)
        ready = dict(poller.poll(wait_us // 1000 if wait_us >= 1000 else (1 if wait_us > 300 else 0)))
        for venue in venues:
            if venue.trade in ready:
                venue.take()
            if venue.feed in ready:
                venue.feed.recv()
        if echo in ready:
            echo.send(echo.recv())
        if control in ready:
            word = json.loads(control.recv())
            left, pace_ns, next_ns = word["quotes"], word["pace_us"] * 1000, time.monotonic_ns()
            venues[1].reject = word["reject"]
            left_ns.clear()
            for venue in venues:
                venue.firsts.clear()
        if sys.stdin.fileno() in ready:
            return


if __name__ == "__main__":
    serve(Path(sys.argv[1]), tuple(sys.argv[2:]) or NAMES)
