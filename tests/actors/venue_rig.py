"""A scripted gateway on the simulated dispatcher, for the tests of a venue."""

from collections import deque
from decimal import Decimal

from actors.base import Actor
from actors.link import Seen, VenueLink, VenueSettings
from actors.reports import SeenFold
from actors.runtime import Runtime
from actors.simulated import SimulatedDispatcher
from actors.venue import VenueActor
from domain.errors import JournalError
from domain.market import Instrument
from domain.reports import OrderReport
from domain.venue_news import CollateralTold, MassCancelTold, PositionsTold, StrayReport, VenueChanged, VenueTrouble
from wire import codec
from wire import messages as wire

MS = 1_000_000
SYMBOL = "SHFE.cu2609"
CAPABILITIES = {"positions": True, "collateral": True, "mass_status": True, "cancel_on_disconnect": True}
CU = Instrument("SHFE", SYMBOL, Decimal(10), Decimal(1), Decimal(5), "CNY", offset_mode="octy")
CU_MAP = {
    "symbol": SYMBOL, "tick_size": "10", "lot_size": "1", "multiplier": "5", "currency": "CNY", "kind": "linear",
    "offset_mode": "octy", "tifs": "034", "market_orders": False, "tradable": True,
}  # fmt: skip


class FakeSocket:
    """What a lane polls; here only a name for the dispatcher."""


class FakeTrade:
    """The node's end of a trade socket; the script holds the other one."""

    def __init__(self):
        self.socket = FakeSocket()
        self.inbox, self.sent = deque(), deque()
        self.connected, self.cut, self.reconnects = True, False, 0

    def send(self, body):
        if self.connected:
            self.sent.append(codec.decode_from_node(body))
        return self.connected

    def recv(self):
        return self.inbox.popleft() if self.inbox else None

    def has_more(self):
        return bool(self.inbox)

    refused = ""

    def was_cut(self):
        cut, self.cut = self.cut, False
        return cut

    def reconnect(self):
        self.reconnects += 1

    def close(self):
        pass


class FakeFeed:
    def __init__(self):
        self.socket = FakeSocket()
        self.inbox, self.reconnects = deque(), 0
        self.topics = []

    def subscribe(self, topic):
        self.topics.append(topic)

    def reconnect(self):
        self.reconnects += 1

    def recv(self):
        return self.inbox.popleft() if self.inbox else None

    def has_more(self):
        return bool(self.inbox)

    def close(self):
        pass


class FakeJournal:
    def __init__(self):
        self.records, self.last_seq, self.broken = [], 0, False

    def append(self, kind, body, cause=0):
        if self.broken:
            raise JournalError("disk full")
        self.last_seq += 1
        self.records.append((kind, codec.unpack(body), body))
        return self.last_seq

    def kinds(self, kind):
        return [fields for each, fields, _ in self.records if each == kind]


NEWS = (OrderReport, VenueChanged, PositionsTold, CollateralTold, MassCancelTold, StrayReport, VenueTrouble)


class Owner(Actor):
    """Keeps what it is told."""

    HANDLERS = dict.fromkeys(NEWS, "keep")

    def __init__(self, runtime, name, told):
        super().__init__(runtime, name)
        self.told = told

    def keep(self, message):
        self.told.append(message)


class Rig:
    """One venue actor, its watcher `pair`, and the gateway's side by hand."""

    def __init__(self, *, seen=Seen(), feed_only=False, instruments=(CU,), resolve=None):  # noqa: B008
        self.dispatcher = SimulatedDispatcher(seed=1)
        self.clock = self.dispatcher.clock
        self.runtime = Runtime(self.dispatcher, self.clock)
        self.journal = FakeJournal()
        self.feed = FakeFeed()
        self.trade = None if feed_only else FakeTrade()
        settings = VenueSettings("SHFE", "node", 9, tuple(instruments))
        self.link = VenueLink(settings, self.clock, self.feed, self.trade, seen=seen, resolve=resolve)
        self.told, self.strays, self.alerts = [], [], []
        for name, box in (("pair", self.told), ("strays", self.strays), ("alerts", self.alerts)):
            self.runtime.spawn(Owner, name, box)
        self.link.watch("pair")
        self.start()
        self.epoch, self.day, self.seq, self.beats = 100, "20260105", 0, True
        self.answering = True
        self.advance(0)

    def start(self):
        options = {"strays_to": "strays", "alerts_to": "alerts"}
        self.runtime.spawn(VenueActor, "venue/SHFE", self.link, self.journal, **options)

    @property
    def stage(self):
        return self.link.stage.name

    def advance(self, ms):
        """Let time pass; the gateway heartbeats each 100 ms unless told not to."""
        left = ms
        while left > 0:
            step = min(left, 100)
            self.dispatcher.advance(step * MS)
            if self.beats and self.trade is not None:
                self.heartbeat()
            left -= step
        self.dispatcher.advance(0)

    def put(self, *messages):
        for message in messages:
            self.trade.inbox.append(message if isinstance(message, bytes) else codec.encode(message))
        self.dispatcher.signal(self.trade.socket)
        self.dispatcher.run_idle()

    def feed_put(self, *messages, topic=None):
        for message in messages:
            where = topic or codec.HEARTBEAT_TOPIC
            if topic is None and not isinstance(message, wire.FeedHeartbeat):
                where = codec.feed_topic(message.symbol)
            self.feed.inbox.append((where, message if isinstance(message, bytes) else codec.encode(message)))
        self.dispatcher.signal(self.feed.socket)
        self.dispatcher.run_idle()

    def heartbeat(self, *, session_up=True, last_seq=None, epoch=None):
        seq = self.seq if last_seq is None else last_seq
        self.put(wire.GatewayHeartbeat(self.clock.wall_ns(), session_up, seq, self.day, epoch or self.epoch))

    def logon(self, *, last_seq=None, instrument=CU_MAP, **changes):
        """The gateway's `A` and its one `d`."""
        seq = self.seq if last_seq is None else last_seq
        fields = {"version": 1, "venue": "SHFE", "epoch": self.epoch, "trading_day": self.day, "last_seq": seq}
        fields |= {"capabilities": CAPABILITIES, "instrument_count": 1} | changes
        self.put(wire.GatewayLogon(**fields), wire.SecurityDefinition(instrument, True))

    def sent(self, kind):
        """Take what the node sent: the messages of one kind."""
        found = [each for each in self.trade.sent if type(each) is kind]
        self.trade.sent = deque(each for each in self.trade.sent if type(each) is not kind)
        return found

    def answer(self, *kinds):
        """Answer each question that is out, of these kinds or of all."""
        kinds = kinds or (wire.MassStatusRequest, wire.PositionsRequest, wire.CollateralInquiry)
        for kind in kinds:
            for question in self.sent(kind):
                self.put(self.answer_to(question))

    def answer_to(self, question):
        now_ns = self.clock.wall_ns()
        if isinstance(question, wire.PositionsRequest):
            return wire.PositionReport(question.req_id, SYMBOL, 3, 0, 3, 0, 3, 0, 3, 0, now_ns, self.seq, True)
        if isinstance(question, wire.CollateralInquiry):
            return wire.CollateralReport(question.req_id, "CNY", "100.5", "90", "10.5", "0", now_ns, True)
        return wire.MassStatusEnd(question.req_id, 0)

    def open(self):
        """Take the venue to OPEN the usual way."""
        self.advance(20)
        self.logon()
        self.answer()
        assert self.stage == "OPEN", self.link.state
        self.told.clear()
        return self

    def report(self, cl_ord_id="o1", *, seq=None, **changes):
        """One `8`: pending new unless changed."""
        if seq is None:
            self.seq += 1
            seq = self.seq
        fields = {
            "seq": seq, "clord_id": cl_ord_id, "order_id": None, "exec_id": None, "exec_type": "A", "ord_status": "A",
            "symbol": SYMBOL, "side": "1", "last_qty": 0, "last_px": None, "cum_qty": 0, "leaves_qty": 2, "reason": None,
            "text": "", "exch_ns": None, "gw_ns": self.clock.wall_ns(), "poss_resend": False, "exec_ref": None,
            "trading_day": self.day, "origin": "O",
        }  # fmt: skip
        return wire.ExecutionReport(**(fields | changes))

    def fill(self, cl_ord_id="o1", **changes):
        fields = {"exec_type": "F", "ord_status": "1", "exec_id": "t1", "last_qty": 1, "last_px": 8000, "cum_qty": 1}
        return self.report(cl_ord_id, **(fields | {"leaves_qty": 1} | changes))

    def news(self, kind=VenueChanged):
        return [each for each in self.told if type(each) is kind]


def seen_on_record(rig):
    """(epoch, seq) that a start on this journal would name."""
    fold = SeenFold()
    for kind, _, body in rig.journal.records:
        if kind in ("report", "known"):
            (fold.take if kind == "report" else fold.pass_over)(body)
    seen = fold.seen("SHFE")
    return seen.epoch, seen.seq
