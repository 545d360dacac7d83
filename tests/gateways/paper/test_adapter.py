"""The paper adapter on a feed that the test publishes."""

from decimal import Decimal

import pytest
import zmq
from msgspec.structs import replace

from domain.errors import ConfigError
from gateways.adapter import VenueOrder
from gateways.paper.adapter import SILENT_NS, PaperAdapter
from gateways.paper.settings import Settings
from gateways.replay.account import Account, Terms
from gateways.replay.truth import OrderPlaced, OrderTraded
from tests.gateways.replay.test_days import DAY, NEXT, definition
from wire.codec import HEARTBEAT_TOPIC, encode, feed_topic
from wire.messages import FeedHeartbeat, MarketData, SecurityStatus

WALL = 1_900_000_000_000_000_000


class FakeClock:
    def __init__(self):
        self.ns = 0

    def mono_ns(self):
        return 77 + self.ns

    def wall_ns(self):
        return WALL + self.ns


class FakeSink:
    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *args: self.calls.append((name, args))

    def of(self, name):
        return [args for called, args in self.calls if called == name]


class Source:
    """A venue's gateway, as far as its feed goes, and a paper adapter on it."""

    def __init__(self, folder, context):
        self.socket = context.socket(zmq.XPUB)
        self.socket.bind(f"ipc://{folder}/feed")
        self.clock, self.sink, self.day, self.seq, self.sent = FakeClock(), FakeSink(), DAY, 0, 0
        settings = Settings("X", f"ipc://{folder}/feed", (Terms(definition("cu", "octy")),), {"CNY": Decimal(10**7)}, folder / "truth.log", lambda _ns: self.day)
        self.adapter = PaperAdapter(settings, self.clock, context)
        self.adapter.start(self.sink)
        for _ in range(2):  # its subscriptions: the heartbeat's and the symbol's
            assert self.socket.poll(2000)
            self.socket.recv()

    def close(self):
        self.adapter.stop()
        self.socket.close(0)

    def tell(self, topic, message):
        """Publish, and turn until it is there."""
        self.socket.send_multipart([topic, encode(message)])
        assert self.adapter._feed.socket.poll(2000)
        self.adapter.turn()

    def beat(self, up=True):
        self.tell(HEARTBEAT_TOPIC, FeedHeartbeat(1, "X", 1, WALL, up))

    def book(self, bid, ask, gw_ns=None, qty=10):
        self.seq += 1
        told = MarketData(self.seq, "cu", None, WALL + self.seq if gw_ns is None else gw_ns, [bid, qty], [ask, qty], None, None)
        self.tell(feed_topic("cu"), told)

    def status(self, status):
        self.seq += 1
        self.tell(feed_topic("cu"), SecurityStatus(self.seq, "cu", WALL, status, 1, 99_999))

    def order(self, side, qty, px, tif="3", offset="O"):
        self.sent += 1
        order = VenueOrder(self.adapter.next_venue_ref(), "cu", side, qty, px, tif, offset)
        refused = self.adapter.submit(order)
        self.adapter.turn()
        return order, refused

    def fills(self):
        return [(told.qty, told.px, told.fee) for (told,) in self.sink.of("on_trade")]

    def states(self):
        return [told.ord_status for (told,) in self.sink.of("on_order")]


@pytest.fixture
def source(tmp_path):
    with zmq.Context() as context:
        made = Source(tmp_path, context)
        yield made
        made.close()


def opened(source):
    source.beat()
    source.status(17)
    source.book(8000, 8001)
    return source


def test_the_session_is_up_when_the_feed_says_so_and_lost_when_it_says_not(source):
    source.beat(up=False)
    assert source.sink.calls == []
    source.beat()
    source.beat(up=False)
    assert [args[0] for args in source.sink.of("on_session")] == [True, False]
    assert source.order("1", 1, 8001)[1].reason == 4


def test_a_silent_feed_is_a_session_that_is_lost(source):
    opened(source)
    source.clock.ns += SILENT_NS + 1
    source.adapter.turn()
    assert [args[0] for args in source.sink.of("on_session")] == [True, False]
    source.beat()
    source.book(8000, 8001, gw_ns=WALL + 2)  # the very book that was known before
    assert len(source.sink.of("on_book")) == 2


def test_a_taker_takes_what_is_shown_until_it_changes(source):
    opened(source)
    source.order("1", 7, 8001)
    source.order("1", 7, 8001)
    assert source.fills() == [(7, 8001, None), (3, 8001, None)]
    assert source.states() == ["0", "2", "0", "1", "4"]
    source.book(8000, 8001, gw_ns=WALL + 2)  # a repeat, by its time
    source.order("1", 1, 8001)
    assert len(source.fills()) == 2
    source.book(8000, 8001, qty=11)
    source.order("1", 7, 8001)
    assert source.fills()[2:] == [(7, 8001, None)]


def test_what_rests_fills_when_it_is_touched(source):
    opened(source)
    source.order("1", 4, 7999, tif="0")
    assert source.fills() == []
    source.book(7998, 7999)
    assert source.fills() == [(4, 7999, None)]


def test_a_closed_market_refuses_and_repeats_of_it_are_no_news(source):
    opened(source)
    source.status(18)
    source.status(18)
    assert [args[1] for args in source.sink.of("on_status")] == [17, 18]
    source.order("1", 1, 8001)
    assert source.states() == ["0", "8"]


def test_a_frame_that_cannot_be_read_changes_nothing(source):
    opened(source)
    source.socket.send_multipart([feed_topic("cu"), b"\xc1 nonsense"])
    assert source.adapter._feed.socket.poll(2000)
    source.adapter.turn()
    assert source.adapter.broken == 1
    source.order("1", 1, 8001)
    assert len(source.fills()) == 1


def test_another_trading_day_begins_in_a_living_session(source):
    opened(source)
    source.order("1", 4, 7000, tif="0")
    source.day = NEXT
    source.beat()
    assert source.states()[-1] == "C"
    assert source.sink.of("on_new_day") == [(NEXT,)]
    assert source.sink.calls[-1][0] == "on_new_day"  # after the old day's last states


def test_settings_want_an_instrument(tmp_path):
    with pytest.raises(ConfigError):
        Settings("X", "ipc:///x", (), {"CNY": Decimal(1)}, tmp_path / "t", lambda _ns: DAY)


def test_account_of_two_currencies_keeps_them_apart():
    dollars = Terms(replace(definition("hg", "net"), currency="USD"))
    account = Account([Terms(definition("cu", "octy")), dollars], {"CNY": Decimal(1000), "USD": Decimal(50)})
    assert account.currencies == ["CNY", "USD"]
    account.apply(OrderPlaced(DAY, "R1", "r1", "hg", "1", 2, 100, "3", 0, "N"))
    account.apply(OrderTraded(DAY, "T1", "R1", "hg", "1", 2, 100, "3", 0))
    yuan, money = account.money({"hg": 101, "cu": 7}, "CNY"), account.money({"hg": 101, "cu": 7}, "USD")
    assert (yuan.equity, yuan.fees) == (1000, 0)
    assert (money.equity, money.fees) == (50 + dollars.value(2, 101) - dollars.value(2, 100) - 3, 3)

