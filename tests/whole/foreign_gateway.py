"""A venue and its gateway in one, written from the protocol page alone.

It shares no code with the node: pyzmq and msgpack. It keeps its own book of
orders and trades, answers from it, and does to each order what the test's
script says. What the node does against the page is kept in `wrong`.

Whoever drives it calls `pump` when a socket of `sockets` is readable, and every
few milliseconds anyway.
"""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path

import msgpack
import zmq

from tests.whole.foreign_scripts import cancel_honestly, fill, mass_cancel_honestly, pack, query_honestly

DAY = "20260105"
BEAT_NS = 40_000_000
MS = 1_000_000


class ForeignOrder:
    """One order as the venue has it. `trades`: [exec_id, qty, px, busted]."""

    def __init__(self, number, m):
        _, self.ref, self.symbol, self.side, self.qty, self.px, self.tif, self.offset = m[:8]
        self.order_id, self.day = f"v{number}", ""
        self.status = "A"
        self.trades = []
        self.stated = 0

    @property
    def traded(self):
        return sum(qty for _, qty, _, busted in self.trades if not busted)

    @property
    def cum(self):
        return max(self.traded, self.stated)

    @property
    def works(self):
        return self.status in "01A6"

    @property
    def leaves(self):
        return max(0, self.qty - self.cum) if self.works else 0

    @property
    def sign(self):
        return 1 if self.side == "1" else -1


class ForeignVenue:
    """Feed and trade socket of one venue with one symbol."""

    def __init__(self, name, directory, context, *, offset_mode="net"):
        self.name, self.symbol = name, f"{name}.X"
        self.directory, self.context = Path(directory), context
        self.offset_mode = offset_mode
        self.orders, self.sent_ids, self.frames, self.wrong = {}, set(), [], []
        self.outside = []
        self.script, self.always = deque(), fill
        self.cancel_as = cancel_honestly
        self.query_as = query_honestly
        self.mass_cancel_as = mass_cancel_honestly
        self.mass_status_as = None
        self.greetings = 1
        self.definition = {}
        self.day = DAY
        self.bid = self.ask = self.depth = None
        self.limits = (None, None)
        self.status, self.session_up = 17, True
        self.repeats = self.beats = True
        self.hung = self.deaf = False
        self.order_count = self.exec_count = self.top_epoch = 0
        self._new_numbers()
        self._bind()

    def _new_numbers(self):
        self.epoch = time.time_ns()
        self.seq = self.feed_seq = self.beat_seq = 0
        self.log = []
        self.node = None
        self.beat_ns = self.repeat_ns = 0

    def _bind(self):
        self.feed = self.context.socket(zmq.XPUB)
        self.trade = self.context.socket(zmq.ROUTER)
        for socket, kind in ((self.feed, "feed"), (self.trade, "trade")):
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.SNDHWM, 100_000)
            socket.bind(f"ipc://{self.directory}/{self.name}.{kind}")

    @property
    def sockets(self):
        return (self.feed, self.trade)

    def close(self):
        for socket in self.sockets:
            socket.close(0)

    def restart(self):
        """A new process: new sockets and numbering; the venue's book stays."""
        self.close()
        self._new_numbers()
        self._bind()

    def new_day(self, day):
        """The living process begins a trading day: new numbers, pushed."""
        node = self.node
        self._new_numbers()
        self.node, self.day = node, day
        self._greet()

    def _greet(self):
        told = {"positions": True, "collateral": True, "mass_status": True, "settle_ms": 0}
        self.reply(pack("A", 1, self.name, self.epoch, self.day, self.seq, told, 1))
        self.reply(pack("d", {**definition(self.symbol, self.offset_mode), **self.definition}, True))

    # ------------------------------------------------ what the node sees of its world

    def quote(self, bid, ask, depth=100):
        """A new book. None empties a side."""
        self.bid, self.ask, self.depth = bid, ask, depth
        self.book_ns = time.time_ns()
        self._book()

    def set_status(self, status):
        self.status = status
        self._security()

    def _book(self):
        self.feed_seq += 1
        bids = [] if self.bid is None else [self.bid, self.depth]
        asks = [] if self.ask is None else [self.ask, self.depth]
        self._publish(pack("W", self.feed_seq, self.symbol, None, self.book_ns, bids, asks, None, None))

    def _security(self):
        self.feed_seq += 1
        self._publish(pack("f", self.feed_seq, self.symbol, time.time_ns(), self.status, *self.limits))

    def _publish(self, body):
        self.feed.send_multipart([self.symbol.encode() + b"\0", body])

    def _beat(self, now):
        self.beat_ns = now + BEAT_NS
        wall = time.time_ns()
        self.beat_seq += 1
        self.feed.send_multipart([b"\0", pack("0", self.beat_seq, self.name, self.epoch, wall, self.session_up)])
        if self.session_up and self.repeats and now >= self.repeat_ns:
            self._again(now)
        if self.node is not None:
            self.reply(pack("0", wall, self.session_up, self.seq, self.day, self.epoch))

    def _again(self, now):
        self.repeat_ns = now + 500 * MS
        self._security()
        if self.depth is not None:
            self._book()

    def pump(self):
        """Take what has come; beat when it is time."""
        if self.hung:
            return
        now = time.monotonic_ns()
        if self.beats and now >= self.beat_ns:
            self._beat(now)
        while self.feed.getsockopt(zmq.EVENTS) & zmq.POLLIN:
            if self.feed.recv()[:1] == b"\1":
                self._again(now)
        while not self.deaf and not self.hung and self.trade.getsockopt(zmq.EVENTS) & zmq.POLLIN:
            identity, body = self.trade.recv_multipart()
            self._take(identity, msgpack.unpackb(body))

    def reply(self, body):
        if self.node is not None:
            self.trade.send_multipart([self.node, body])

    # ------------------------------------------------ the node's messages

    def got(self, kind):
        """Messages of a kind that have come, in order."""
        return [m for m in self.frames if m[0] == kind]

    def _take(self, identity, m):
        self.frames.append(m)
        kind = m[0]
        if kind == "A":
            self._logon(identity, m)
            return
        if identity != self.node:
            self.trade.send_multipart([identity, pack("j", kind, _id_of(m), 6, "log on first")])
            return
        if kind in ("D", "F") and m[8 if kind == "D" else 3] < self.top_epoch:
            self.reply(pack("j", kind, m[1], 6, "an older epoch"))
            return
        taker = _TAKERS.get(kind)
        if taker is None:
            self.wrong.append(f"{self.name}: unknown message {kind!r}")
            return
        taker(self, m)

    def _logon(self, identity, m):
        _, _, _, node_epoch, epoch_seen, seq_seen, _ = m
        if node_epoch < self.top_epoch:
            self.trade.send_multipart([identity, pack("j", "A", "", 6, "an older epoch")])
            return
        self.top_epoch, self.node = node_epoch, identity
        for _ in range(self.greetings):
            self._greet()
        if epoch_seen == self.epoch:
            for fields in self.log[seq_seen:]:
                again = list(fields)
                if again[0] == "8":
                    again[17] = True
                self.reply(pack(*again))

    def _order(self, m):
        ref, not_after = m[1], m[10]
        if ref in self.sent_ids:
            self.wrong.append(f"{self.name}: {ref} sent twice")
            return
        self.sent_ids.add(ref)
        if time.time_ns() > not_after:
            self.reply(pack("j", "D", ref, 100, "too late"))
            return
        self.order_count += 1
        order = ForeignOrder(self.order_count, m)
        script = self.script.popleft() if self.script else self.always
        script(self, order)

    def keep(self, order):
        """The order has reached the venue."""
        self.orders[order.ref] = order
        order.day = self.day
        return order

    def _cancel(self, m):
        self.cancel_as(self, m[1], m[2])

    def _query(self, m):
        self.query_as(self, m[1], m[2])

    def _mass_status(self, m):
        _, req_id, scope, day = (*m, None)[:4]
        if self.mass_status_as is not None:
            self.mass_status_as(self, m)
            return
        count = 0
        for order in list(self.orders.values()):
            if order.day == (day or self.day) and (scope == "day" or order.works):
                self.tell(order)
                count += 1
        self.reply(pack("AF", req_id, count))

    def _positions(self, m):
        long, short = max(0, self.net), max(0, -self.net)
        self.reply(pack("AP", m[1], self.symbol, long, short, long, short, long, short, long, short,
                        time.time_ns(), self.seq, True))  # fmt: skip

    def _collateral(self, m):
        self.reply(pack("BA", m[1], "USD", "1", "1", "0", "0", time.time_ns(), True))

    def _mass_cancel(self, m):
        self.mass_cancel_as(self, m[1], m[2])

    # ------------------------------------------------ what the venue does

    def report(self, order, exec_type, *, last=None, reason=None, text="", resend=False, ref=None, exec_id=None,
               origin="O", tell=True, status=None):  # fmt: skip
        """An `8` under the next number; `last`: (qty, px) of a trade."""
        self.seq += 1
        now = time.time_ns()
        qty, px = last or (0, None)
        fields = (
            "8", self.seq, order.ref, order.order_id, exec_id, exec_type, status or order.status, order.symbol,
            order.side, qty, px, order.cum, order.leaves, reason, text, now, now, resend, ref, order.day, origin,
        )  # fmt: skip
        self.log.append(fields)
        if tell:
            self.reply(pack(*fields))
        return fields

    def trade_of(self, order, qty, px=None, *, tell=True):
        """A trade: at the order's touch, never worse than its limit."""
        if px is None:
            touch = self.ask if order.sign > 0 else self.bid
            px = order.px if touch is None else touch
        self.exec_count += 1
        trade = [f"t{self.exec_count}", qty, px, False]
        order.trades.append(trade)
        if order.works:
            order.status = "2" if order.traded >= order.qty else "1"
        return self.report(order, "F", last=(qty, px), exec_id=trade[0], tell=tell)

    def bust(self, order, index=0):
        """The venue takes a trade back."""
        trade = order.trades[index]
        trade[3] = True
        order.stated = 0
        self.exec_count += 1
        self.report(order, "H", last=(trade[1], trade[2]), exec_id=f"h{self.exec_count}", ref=trade[0])

    def restate(self, order, qty, px, *, index=0):
        """A trade is another one now, and is told under its own id."""
        trade = order.trades[index]
        trade[1:3] = qty, px
        order.stated = 0
        self.report(order, "F", last=(qty, px), exec_id=trade[0])

    def cancel(self, order, *, tell=True):
        order.status = "4"
        self.report(order, "4", tell=tell)

    def tell(self, order):
        """An order as `H` and `AF` tell it: its trades, then its state."""
        for exec_id, qty, px, busted in order.trades:
            self.report(order, "F", last=(qty, px), exec_id=exec_id, resend=True)
            if busted:
                self.report(order, "H", last=(qty, px), exec_id=f"h{exec_id}", ref=exec_id, resend=True)
        self.report(order, "I", resend=True)

    @property
    def net(self):
        """The account's position, by the venue's own trades. Units: lots."""
        return sum(o.sign * o.cum for o in self.orders.values()) + sum(self.outside)

    @property
    def working(self):
        return [o for o in self.orders.values() if o.works]


def _id_of(m):
    return m[1] if len(m) > 1 and isinstance(m[1], str) else ""


def _ignore(_venue, _m):
    """Heartbeats and logouts."""


_TAKERS = {
    "D": ForeignVenue._order,
    "F": ForeignVenue._cancel,
    "H": ForeignVenue._query,
    "AF": ForeignVenue._mass_status,
    "AN": ForeignVenue._positions,
    "BB": ForeignVenue._collateral,
    "q": ForeignVenue._mass_cancel,
    "0": _ignore,
    "5": _ignore,
}


def definition(symbol, offset_mode):
    return {
        "symbol": symbol, "tick_size": "1", "lot_size": "1", "multiplier": "1", "currency": "USD", "kind": "linear",
        "offset_mode": offset_mode, "tifs": "034", "market_orders": False, "tradable": True,
    }  # fmt: skip
