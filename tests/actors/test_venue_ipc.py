"""The venue actor on the real lane, over real ipc sockets."""

import tempfile
from pathlib import Path

import pytest
import zmq

from actors.lane import LaneDispatcher
from actors.link import Purpose, VenueLink, VenueSettings
from actors.runtime import Runtime
from actors.venue import VenueActor
from domain.market import Quote
from domain.reports import OrderReport
from domain.venue_news import VenueChanged
from system.clock import SystemClock
from system.sockets import FeedSocket, TradeSocket
from wire import codec
from wire import messages as wire

from .venue_rig import CAPABILITIES, CU, CU_MAP, SYMBOL, FakeJournal, Owner

DEADLINE_NS = 5_000_000_000


class PairStub(Owner):
    HANDLERS = {Quote: "keep"}


class Gateway:
    """A foreign gateway, by hand: a ROUTER and an XPUB."""

    def __init__(self, context, room, epoch=100):
        self.router, self.xpub = context.socket(zmq.ROUTER), context.socket(zmq.XPUB)
        self.router.setsockopt(zmq.ROUTER_MANDATORY, 1)
        for socket, name in ((self.router, "trade"), (self.xpub, "feed")):
            socket.setsockopt(zmq.LINGER, 0)
            socket.bind(f"ipc://{room}/{name}")
        self.epoch, self.seq, self.peer = epoch, 0, None
        self.got, self.subscribed = [], set()

    def close(self):
        self.router.close(0)
        self.xpub.close(0)

    def send(self, *messages):
        for message in messages:
            self.router.send_multipart([self.peer, message if isinstance(message, bytes) else codec.encode(message)])

    def serve(self):
        """Read and answer whatever has come."""
        while self.xpub.poll(0):
            self.subscribed.add(self.xpub.recv())
        while self.router.poll(0):
            self.peer, body = self.router.recv_multipart()
            message = codec.decode_from_node(body)
            self.got.append(message)
            self.answer(message)

    def answer(self, m):
        if isinstance(m, wire.Logon):
            self.send(wire.GatewayLogon(1, "SHFE", self.epoch, "20260105", self.seq, CAPABILITIES, 1))
            self.send(wire.SecurityDefinition(CU_MAP, True))
        elif isinstance(m, wire.MassStatusRequest):
            self.send(wire.MassStatusEnd(m.req_id, 0))
        elif isinstance(m, wire.PositionsRequest):
            self.send(wire.PositionReport(m.req_id, SYMBOL, 0, 0, 0, 0, 0, 0, 0, 0, 1, self.seq, True))
        elif isinstance(m, wire.CollateralInquiry):
            self.send(wire.CollateralReport(m.req_id, "CNY", "1", "1", "0", "0", 1, True))
        elif isinstance(m, wire.NewOrder):
            self.seq += 1
            self.send(
                wire.ExecutionReport(
                    self.seq, m.clord_id, None, None, "A", "A", m.symbol, m.side, 0, None, 0, m.qty, None, "", None, 1,
                    False, None, "20260105", "O",
                )
            )  # fmt: skip

    def of(self, kind):
        return [each for each in self.got if type(each) is kind]


class Bench:
    def __init__(self, room):
        self.room, self.context = room, zmq.Context()
        self.clock = SystemClock()
        self.lane = LaneDispatcher(self.clock)
        self.runtime = Runtime(self.lane, self.clock)
        self.gateway = Gateway(self.context, room)
        feed = FeedSocket(self.context, f"ipc://{room}/feed", [codec.feed_topic(SYMBOL)])
        trade = TradeSocket(self.context, f"ipc://{room}/trade")
        settings = VenueSettings("SHFE", "node", 9, (CU,), heartbeat_timeout_ms=2000)
        self.link = VenueLink(settings, self.clock, feed, trade)
        self.journal, self.told = FakeJournal(), []
        self.runtime.spawn(PairStub, "pair", self.told)
        self.link.watch("pair")
        self.link.subscribe(SYMBOL, self.runtime.address("pair"))
        self.runtime.spawn(VenueActor, "venue/SHFE", self.link, self.journal)

    def until(self, done):
        """Run lane and gateway by turns until `done()`."""
        end_ns = self.clock.mono_ns() + DEADLINE_NS
        while not done():
            assert self.clock.mono_ns() < end_ns, (self.link.state, self.told)
            self.lane.run_once(1)
            if self.gateway is not None:
                self.gateway.serve()

    def news(self, kind):
        return [each for each in self.told if type(each) is kind]

    def is_open(self):
        return self.link.state.can_open

    def close(self):
        self.runtime.stop("venue/SHFE")
        self.until(lambda: not self.runtime.alive("venue/SHFE"))
        self.runtime.kill("pair")
        if self.gateway is not None:
            self.gateway.close()
        self.link.close()
        self.lane.close()
        self.context.destroy(linger=0)


@pytest.fixture
def bench():
    with tempfile.TemporaryDirectory(prefix="hg") as path:
        bench = Bench(Path(path))
        yield bench
        bench.close()


def order(bench, cl_ord_id="o1"):
    bench.link.claim(cl_ord_id, "pair")
    frame = bench.link.encode_order(cl_ord_id, SYMBOL, "1", 2, 8000, "3", "O", 1000)
    return bench.link.send(frame, Purpose.OPEN)


def test_foreign_gateway_is_traded_with_by_its_two_endpoints(bench):
    bench.until(bench.is_open)
    assert order(bench) == ""
    bench.until(lambda: bench.news(OrderReport))
    assert bench.news(OrderReport)[0].cl_ord_id == "o1"
    bench.until(lambda: codec.feed_topic(SYMBOL) in {each[1:] for each in bench.gateway.subscribed})
    body = codec.encode(wire.MarketData(1, SYMBOL, None, bench.clock.wall_ns(), [100, 1], [101, 1]))
    bench.gateway.xpub.send_multipart([codec.feed_topic(SYMBOL), body])
    bench.until(lambda: bench.news(Quote))
    assert bench.news(Quote)[0].bid_px == 100


def test_gateway_that_dies_is_seen_and_its_successor_logged_on_to(bench):
    bench.until(bench.is_open)
    bench.until(lambda: bench.clock.mono_ns() - bench.runtime.boxes["venue/SHFE"].actor._logon_sent_ns > 60_000_000)
    bench.gateway.close()
    bench.gateway = None
    bench.until(lambda: bench.news(VenueChanged)[-1].lost)
    assert bench.news(VenueChanged)[-1].why == "DISCONNECTED"
    assert order(bench) == "VENUE_DOWN"
    bench.gateway = Gateway(bench.context, bench.room, epoch=200)
    bench.until(bench.is_open)
    assert bench.link.sequence.epoch == 200
    assert not bench.gateway.of(wire.NewOrder)


@pytest.mark.slow
def test_gateway_that_hangs_gets_nothing_late(bench):
    bench.until(bench.is_open)
    hung, bench.gateway = bench.gateway, None
    actor = bench.runtime.boxes["venue/SHFE"].actor
    actor._pulse.timeout_ns = 50_000_000
    bench.until(lambda: not bench.link.state.can_cancel)
    assert order(bench) == "VENUE_DOWN"
    bench.gateway = hung
    logons = len(hung.of(wire.Logon))
    bench.until(bench.is_open)
    assert len(hung.of(wire.Logon)) > logons
    assert not hung.of(wire.NewOrder)


def test_oversize_frame_cuts_the_link_and_it_comes_back(bench):
    bench.until(bench.is_open)
    bench.until(lambda: bench.clock.mono_ns() - bench.runtime.boxes["venue/SHFE"].actor._logon_sent_ns > 60_000_000)
    logons = len(bench.gateway.of(wire.Logon))
    bench.gateway.send(b"\x91" * 70_000)
    bench.until(lambda: len(bench.gateway.of(wire.Logon)) > logons and bench.is_open())


def test_full_socket_is_a_reason_at_once(bench):
    bench.until(bench.is_open)
    frame = bench.link.encode_order("o1", SYMBOL, "1", 2, 8000, "3", "O", 1000)
    reasons = {bench.link.send(frame, Purpose.OPEN) for _ in range(20_000)}
    assert reasons == {"", "WOULD_BLOCK"}
