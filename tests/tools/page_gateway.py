"""A gateway true to the page, and each way in which it can fall short of it.

Built on the tests' foreign venue: it refuses what the page refuses, and one
`flaw` at a time is its own. What a flaw breaks is in `FLAWS`.
"""

import threading
import time

import msgpack
import zmq

from tests.whole.foreign_gateway import ForeignVenue, definition, pack
from tests.whole.foreign_scripts import hold_new, query_honestly

FLAWS = {
    "topic without zero": "feed.first",
    "foreign topic": "feed.topic",
    "feed numbers skip": "feed.seq",
    "no repeats": "feed.status",
    "times in ms": "feed.times",
    "book unsorted": "feed.frames",
    "no last": "logon.definitions",
    "other version": "logon.answer",
    "serves anybody": "logon.before",
    "own heartbeat epoch": "trade.heartbeat",
    "report numbers skip": "trade.seq",
    "quantities as text": "trade.frames",
    "working never ends": "query.working",
    "trades unmarked": "query.day",
    "positions without an end": "query.positions",
    "no collateral": "query.collateral",
    "unknown is canceled": "query.unknown",
    "exact length": "query.longer",
    "dies of garbage": "broken.frames",
    "resends under new numbers": "resend.same",
    "resends always": "resend.other",
    "serves both": "epoch.superseded",
    "takes older epochs": "epoch.older",
    "any symbol": "order.symbol",
    "never late": "order.late",
    "any epoch": "order.epoch",
    "any offset": "order.offset",
    "no lots": "order.quantity",
    "no pending": "order.pending",
    "places twice": "order.twice",
    "no state": "order.status",
    "hides working": "order.working",
    "deaf to cancels": "order.cancel",
    "no r": "order.mass_cancel",
    "never misses us": "order.silence",
}
LENGTHS = {"H": 3, "AF": 4, "AN": 2, "BB": 2}


class PageVenue(ForeignVenue):
    """`flaw`: one of FLAWS, or None."""

    def __init__(self, directory, context, flaw=None):
        self.flaw = flaw
        super().__init__("V", directory, context)
        self.always = hold_new
        self.silence_ns, self.heard_ns, self.fired = 0, 0, False
        self.dead = False
        self.query_as = PageVenue._query_by_page
        self.own = {"AF": self._mass_status, "AN": self._positions, "BB": self._collateral, "q": self._mass_cancel}
        self.quote(100, 101)

    # ------------------------------------------------ feed

    def _publish(self, body):
        fields = msgpack.unpackb(body)
        topic = self.symbol.encode() + b"\0"
        if self.flaw == "topic without zero":
            topic = topic[:-1]
        if self.flaw == "foreign topic":
            self.feed.send_multipart([topic + b"x", body])
        if self.flaw == "feed numbers skip":
            fields[1] *= 2
        if self.flaw == "times in ms" and fields[0] == "W":
            fields[4] //= 10**6
        if self.flaw == "book unsorted" and fields[0] == "W":
            fields[5] = [90, 1, 95, 1]
        if self.flaw == "no repeats" and fields[0] == "f" and self.feed_seq > 4:
            return
        self.feed.send_multipart([topic, pack(*fields)])

    # ------------------------------------------------ trade

    def reply(self, body):
        fields = msgpack.unpackb(body)
        if fields[0] == "0" and self.flaw == "own heartbeat epoch":
            fields[5] += 1
        if fields[0] == "d" and self.flaw == "no last":
            fields[2] = False
        if fields[0] == "A" and self.flaw == "other version":
            fields[1] = 2
        if fields[0] == "8" and self.flaw == "quantities as text":
            fields[11] = str(fields[11])
        if fields[0] == "8" and self.flaw == "report numbers skip":
            fields[1] *= 3
        super().reply(pack(*fields))

    def pump(self):
        if self.dead:
            return
        try:
            super().pump()
        except (ValueError, msgpack.UnpackException):  # of the frame that was just read
            self.dead = self.flaw == "dies of garbage"
        late = self.silence_ns and time.monotonic_ns() > self.heard_ns + self.silence_ns
        if late and not self.fired and self.flaw != "never misses us":
            self.fired = True
            for order in self.working:
                self.cancel(order)

    def _take(self, identity, m):
        if not self._is_message(m):
            return
        self.heard_ns = time.monotonic_ns()
        if m[0] != "A" and identity != self.node and self.flaw in ("serves anybody", "serves both"):
            if self.node is None or self.flaw == "serves both":
                self.trade.send_multipart([identity, pack("AF", m[1], 0)])
                return
        if m[0] == "D" and identity == self.node:
            self._order_by_page(m)
        elif m[0] == "F" and self.flaw == "deaf to cancels":
            return
        elif m[0] == "F" and m[2] not in self.orders:
            self._numbered("9", m[1], m[2], "8", 1, "unknown", time.time_ns())
        elif m[0] in self.own and identity == self.node:
            self.own[m[0]](m)
        else:
            super()._take(identity, m)

    def _is_message(self, m):
        if not isinstance(m, list) or not m or not isinstance(m[0], str):
            return False
        kinds = {"A": 7, "D": 11, "F": 5, "H": 3, "AF": 3, "q": 5, "AN": 2, "BB": 2, "0": 2, "5": 2}
        if len(m) < kinds.get(m[0], 99) or (m[0] == "q" and not isinstance(m[4], int)):
            return False
        if m[0] in LENGTHS and not all(isinstance(each, str) for each in m[1 : LENGTHS[m[0]] - (m[0] == "AF")]):
            return False
        return not (self.flaw == "exact length" and m[0] in LENGTHS and len(m) != LENGTHS[m[0]])

    def _logon(self, identity, m):
        if self.flaw == "takes older epochs":
            self.top_epoch = 0
        if m[3] >= self.top_epoch:
            self.silence_ns, self.fired = m[6] * 10**6, False
        if self.flaw == "resends always":
            m = [*m[:4], self.epoch, 0, m[6]]
        if self.flaw == "resends under new numbers" and m[4] == self.epoch:
            kept, self.log = self.log, []
            super()._logon(identity, m)
            for fields in kept[m[5] :]:
                self.seq += 1
                self.reply(pack(fields[0], self.seq, *fields[2:17], True, *fields[18:]))
            self.log = kept
            return
        super()._logon(identity, m)

    def _greet(self):
        told = {"positions": True, "collateral": True, "mass_status": True, "cancel_on_disconnect": True}
        self.reply(pack("A", 1, self.name, self.epoch, self.day, self.seq, told, 1))
        self.reply(pack("d", {**definition(self.symbol, "net"), "tifs": "03"}, True))

    # ------------------------------------------------ orders

    def _order_by_page(self, m):
        _, ref, symbol, _, qty, _, tif, offset, epoch, _, not_after = m[:11]
        known = self.orders.get(ref)
        if known is not None and self.flaw != "places twice":
            self.report(known, "I")
            return
        refusals = (
            (6, (epoch < self.top_epoch or self.fired) and self.flaw != "any epoch"),
            (101, symbol != self.symbol and self.flaw != "any symbol"),
            (100, time.time_ns() > not_after and self.flaw != "never late"),
            (102, offset != "N" and self.flaw != "any offset"),
            (102, qty < 1 and self.flaw != "no lots"),
            (102, tif not in "03"),
        )
        reason = next((reason for reason, holds in refusals if holds), None)
        if reason is not None:
            self.reply(pack("j", "D", ref, reason, "no"))
            return
        self.sent_ids.discard(ref)
        super()._order([*m[:10], time.time_ns() + 10**9, *m[11:]])

    def report(self, order, exec_type, **more):
        if exec_type == "A" and self.flaw == "no pending":
            return None
        if exec_type == "I" and self.flaw == "no state" and order.works:
            return None
        return super().report(order, exec_type, **more)

    def _query_by_page(self, req_id, ref):
        if ref in self.orders or self.flaw != "unknown is canceled":
            query_honestly(self, req_id, ref)
            return
        self._numbered("8", ref, None, None, "I", "4", None, None, 0, None, 0, 0, None, "", None, time.time_ns(), False,
                       None, self.day, "O")  # fmt: skip

    def _numbered(self, kind, *rest):
        self.seq += 1
        fields = (kind, self.seq, *rest)
        self.log.append(fields)
        self.reply(pack(*fields))

    def _mass_status(self, m):
        req_id, scope = m[1], m[2]
        count = 0
        if scope == "day":
            now = time.time_ns()
            self._numbered("8", None, "o-out", "t-out", "F", "2", self.symbol, "1", 1, 100, 1, 0, None, "", now, now,
                           self.flaw != "trades unmarked", None, self.day, "X")  # fmt: skip
            count += 1
        for order in list(self.orders.values()):
            if (scope == "day" or order.works) and self.flaw != "hides working":
                self.tell(order)
                count += 1
        if scope == "day" or self.flaw != "working never ends":
            self.reply(pack("AF", req_id, count))

    def _positions(self, m):
        last = self.flaw != "positions without an end"
        self.reply(pack("AP", m[1], self.symbol, *[0] * 8, time.time_ns(), self.seq, last))

    def _collateral(self, m):
        if self.flaw != "no collateral":
            super()._collateral(m)

    def _mass_cancel(self, m):
        if self.flaw != "no r":
            super()._mass_cancel(m)


class Serving:
    """Pumps venues in a thread until it is left."""

    def __init__(self, venues):
        self.venues, self.stop = venues, threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        poller = zmq.Poller()
        for venue in self.venues:
            for socket in venue.sockets:
                poller.register(socket, zmq.POLLIN)
        while not self.stop.is_set():
            poller.poll(10)
            for venue in self.venues:
                venue.pump()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        for venue in self.venues:
            venue.close()
