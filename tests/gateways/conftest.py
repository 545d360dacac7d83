"""A gateway over an in-memory venue, and a node written from the page alone."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import msgpack
import pytest
import zmq

from gateways.adapter import OrderState, TradeState
from gateways.skeleton import Gateway, GatewaySettings
from wire.instrument import InstrumentDef

LAPS = 400
PATIENCE_S = 10
GOLD = "SHFE.au2612"
BTC = "X.BTC"


def instrument(symbol=GOLD, **changes):
    fields = {
        "symbol": symbol,
        "tick_size": "0.02",
        "lot_size": "1",
        "multiplier": "1000",
        "currency": "CNY",
        "kind": "linear",
        "offset_mode": "octy",
        "tifs": "034",
        "market_orders": False,
        "tradable": True,
        "max_lots": "500",
    }
    return InstrumentDef(**(fields | changes))


INSTRUMENTS = (instrument(), instrument(BTC, offset_mode="net", market_orders=True, tifs="03"))


class FakeClock:
    def __init__(self):
        self.mono = 1_000_000_000_000
        self.wall = 1_790_000_000_000_000_000

    def mono_ns(self):
        return self.mono

    def wall_ns(self):
        return self.wall

    def pass_ms(self, milliseconds):
        self.mono += milliseconds * 1_000_000
        self.wall += milliseconds * 1_000_000


class FakeVenue:
    """An adapter whose venue says what the test tells it to."""

    answers_in_order = True

    def __init__(self, **capabilities):
        base = {"positions": True, "collateral": True, "mass_status": True, "settle_ms": 1000}
        self.capabilities = base | capabilities
        self.todo = [lambda sink: sink.on_session(True, "20260106", INSTRUMENTS)]
        self.submitted = []
        self.cancels = []
        self.asked = []
        self.refuse = None
        self.answers = True  # to queries, at once and with nothing in them
        self.refs = 0
        self.prefix = "v"
        self.stopped = False

    def start(self, sink):
        self.sink = sink

    def stop(self):
        self.stopped = True

    def poll_on(self):
        return []

    def turn(self):
        todo, self.todo = self.todo, []
        for say in todo:
            say(self.sink)

    def next_venue_ref(self):
        self.refs += 1
        return f"{self.prefix}{self.refs}"

    def submit(self, order):
        if self.refuse is None:
            self.submitted.append(order)
        return self.refuse

    def cancel(self, order, cancel_ref):
        self.cancels.append((order, cancel_ref))
        return self.refuse

    def query_orders(self, req_id, scope, order, trading_day):
        self.asked.append((req_id, scope, order, trading_day))
        if self.answers:
            self.todo.append(lambda sink: sink.on_query_end(req_id, True))

    def query_positions(self, req_id):
        self.asked.append((req_id, "positions"))

    def query_collateral(self, req_id):
        self.asked.append((req_id, "collateral"))

    def state(self, order, ord_status, cum_qty=0, **more):
        fields = {"trading_day": "20260106", "order_id": f"o-{order.venue_ref}"} | more
        self.todo.append(
            lambda sink: sink.on_order(
                OrderState(
                    venue_ref=order.venue_ref,
                    symbol=order.symbol,
                    side=order.side,
                    qty=order.qty,
                    ord_status=ord_status,
                    cum_qty=cum_qty,
                    **fields,
                )
            )
        )

    def trade(self, order, exec_id, qty, px=100, **more):
        fields = {"trading_day": "20260106", "order_id": f"o-{order.venue_ref}"} | more
        self.todo.append(
            lambda sink: sink.on_trade(
                TradeState(
                    venue_ref=order.venue_ref,
                    exec_id=exec_id,
                    symbol=order.symbol,
                    side=order.side,
                    qty=qty,
                    px=px,
                    **fields,
                )
            )
        )

    def say(self, what, *args, **kwargs):
        self.todo.append(lambda sink: getattr(sink, what)(*args, **kwargs))


class Stage:
    """A gateway, its venue, its clock and the means to let them run."""

    def __init__(self, directory, **capabilities):
        self.directory = directory
        self.clock = FakeClock()
        self.context = zmq.Context()
        self.nodes = []
        self.venue = FakeVenue(**capabilities)
        self.feed_endpoint = f"ipc://{directory}/feed"
        self.trade_endpoint = f"ipc://{directory}/trade"
        self.gateway = self._start()

    def _start(self):
        settings = GatewaySettings("SHFE", self.feed_endpoint, self.trade_endpoint, Path(self.directory) / "store")
        gateway = Gateway(settings, self.venue, self.clock, self.context)
        gateway.start()
        return gateway

    def restart(self, **capabilities):
        """The process dies without a word, and another takes its place."""
        for socket in (self.gateway._trade_socket, self.gateway._feed_socket):
            socket.close(linger=0)
        refs = self.venue.refs
        self.venue = FakeVenue(**capabilities)
        self.venue.prefix = f"w{refs}-"
        self.clock.pass_ms(1000)
        self.gateway = self._start()
        self.run()

    def pump(self):
        self.gateway.lap(1)

    def run(self, laps=4):
        for _ in range(laps):
            self.pump()

    def node(self, name="n1", epoch=7, *, logon=True, **fields):
        node = Node(self, name, epoch)
        self.nodes.append(node)
        if logon:
            node.logon(**fields)
            node.until("A")
            node.until("d", last=True)
            node.got = [fields for fields in node.got if fields[0] != "d"]
        return node

    def reader(self, topic=b""):
        before = self.gateway.feed.subscribers
        reader = Reader(self, topic)
        self.nodes.append(reader)
        limit = time.monotonic() + PATIENCE_S
        while self.gateway.feed.subscribers <= before and time.monotonic() < limit:
            self.pump()
        return reader

    def close(self):
        for node in self.nodes:
            node.socket.close(linger=0)
        self.gateway.close()
        self.context.destroy(linger=0)


class Peer:
    def __init__(self, stage, kind, endpoint):
        self.stage = stage
        self.socket = stage.context.socket(kind)
        self.socket.linger = 0
        self.kind = kind
        if kind == zmq.SUB:
            self.socket.subscribe(stage.topic)
        self.socket.connect(endpoint)
        self.got = []

    def take(self):
        while self.socket.poll(0):
            self.got.append(msgpack.unpackb(self.socket.recv_multipart()[-1]))

    def until(self, tag, **where):
        """Run until a message of this type has come, and take it out."""
        limit = time.monotonic() + PATIENCE_S
        laps = 0
        while laps < LAPS or time.monotonic() < limit:
            self.take()
            for at, fields in enumerate(self.got):
                message = named(fields) if fields[0] == tag else None
                if message and all(message[key] == value for key, value in where.items()):
                    del self.got[at]
                    return message
            if laps < LAPS:
                self.stage.gateway.lap(1)
            else:  # the machine stood still: what is on its way comes, no time passes
                self.stage.pump()
            laps += 1
        raise TimeoutError(f"no {tag} {where}; but {self.got}")


class Node(Peer):
    """DEALER with the page's options; encodes with plain msgpack."""

    def __init__(self, stage, name, epoch):
        super().__init__(stage, zmq.DEALER, stage.trade_endpoint)
        self.name = name
        self.epoch = epoch
        self.count = 0

    def send(self, *fields):
        self.socket.send(msgpack.packb(fields))

    def heard(self):
        """Run until all that was sent is acted on, and its answers are here."""
        for _ in range(2):
            self.count += 1
            self.send("AF", f"heard-{self.count}", "?", None)
            self.until("j", ref_id=f"heard-{self.count}")
            self.stage.run()

    def rest(self):
        """All that still comes, heartbeats left out."""
        self.heard()
        got, self.got = [named(fields) for fields in self.got if fields[0] != "0"], []
        return got

    def logon(self, epoch_seen=0, seq_seen=0, cancel_ms=0, version=1):
        self.send("A", version, self.name, self.epoch, epoch_seen, seq_seen, cancel_ms)

    def order(self, clord_id=None, *, wait=True, **changes):
        self.count += 1
        clord_id = clord_id or f"{self.name}-{self.count}"
        now = self.stage.clock.wall_ns()
        fields = {
            "clord_id": clord_id,
            "symbol": GOLD,
            "side": "1",
            "qty": 5,
            "px": 100,
            "tif": "0",
            "offset": "O",
            "node_epoch": self.epoch,
            "node_ns": now,
            "not_after_ns": now + 10**9,
            "hedge_flag": None,
        } | changes
        self.send("D", *fields.values())
        if wait:
            self.until("8", clord_id=clord_id, exec_type="A")
            return self.stage.venue.submitted[-1]
        return clord_id

    def cancel(self, cxl_id, orig, **changes):
        self.send("F", cxl_id, orig, changes.get("node_epoch", self.epoch), self.stage.clock.wall_ns())


class Reader(Peer):
    def __init__(self, stage, topic):
        stage.topic = topic
        super().__init__(stage, zmq.SUB, stage.feed_endpoint)


NAMES = {
    "W": "seq symbol exch_ns gw_ns bids asks last volume",
    "f": "seq symbol gw_ns status limit_down limit_up",
    "A": "version venue epoch trading_day last_seq capabilities instrument_count",
    "d": "instrument last",
    "5": "text",
    "8": "seq clord_id order_id exec_id exec_type ord_status symbol side last_qty last_px cum_qty leaves_qty reason"
    " text exch_ns gw_ns poss_resend exec_ref trading_day origin offset fee fee_currency",
    "9": "seq cxl_id orig_clord_id ord_status reason text gw_ns",
    "AP": "req_id symbol long_qty short_qty long_today short_today long_free short_free long_free_today"
    " short_free_today asof_ns asof_seq last",
    "BA": "req_id currency equity available margin_used fees asof_ns last",
    "r": "req_id accepted text",
    "AF": "req_id count",
    "j": "ref_type ref_id reason text",
}


def named(fields):
    """A message by the page's own field names."""
    if fields[0] == "0":
        names = "seq venue epoch gw_ns session_up" if len(fields) == 6 and isinstance(fields[2], str) else (
            "gw_ns session_up last_seq trading_day epoch"
        )  # fmt: skip
    else:
        names = NAMES[fields[0]]
    return {"tag": fields[0], **dict(zip(names.split(), fields[1:], strict=False))}


@pytest.fixture(scope="session")
def kit():
    """What another kind of stage needs for a node by the page alone."""
    return SimpleNamespace(Node=Node, Reader=Reader, FakeClock=FakeClock, named=named)


@pytest.fixture
def stages():
    """Makes stages in short directories of mode 0700, and ends them."""
    made = []

    def make(**capabilities):
        stage = Stage(tempfile.mkdtemp(prefix="hg"), **capabilities)
        made.append(stage)
        stage.run()
        return stage

    yield make
    for stage in made:
        stage.close()
        shutil.rmtree(stage.directory)


@pytest.fixture
def stage(stages):
    return stages()
