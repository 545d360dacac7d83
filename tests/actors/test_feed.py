import pytest

from actors.feed import MAX_FRAMES, READ_NS, Feed
from actors.simulated import VirtualClock
from domain.guards import QuoteLimits, why_not
from wire import codec
from wire import messages as wire

MS = 1_000_000
SYMBOL = "SHFE.cu2609"
TOPIC = codec.feed_topic(SYMBOL)
LIMITS = QuoteLimits(max_silence_ns=3000 * MS, max_unchanged_ns=2000 * MS)


class Inbox(list):
    tell = list.append

    def quote_port(self):
        return self.append


class Rig:
    def __init__(self):
        self.clock = VirtualClock(mono_ns=10**12)
        self.feed = Feed("SHFE", None, [SYMBOL], self.clock)
        self.quotes = Inbox()
        self.feed.subscribe(SYMBOL, self.quotes)
        self.seq = 0

    def take(self, message, topic=TOPIC):
        self.feed.take(topic, message if isinstance(message, bytes) else codec.encode(message))

    def market(self, bids=(100, 1), asks=(101, 2), *, gw_ns=None, seq=None):
        self.seq = self.seq + 1 if seq is None else seq
        gw_ns = self.clock.wall_ns() if gw_ns is None else gw_ns
        self.take(wire.MarketData(self.seq, SYMBOL, None, gw_ns, list(bids), list(asks)))
        return self.quotes[-1] if self.quotes else None

    def status(self, status=17, down=90, up=110):
        self.seq += 1
        self.take(wire.SecurityStatus(self.seq, SYMBOL, self.clock.wall_ns(), status, down, up))

    def beat(self, *, epoch=5, lay_ns=0, session_up=True):
        self.take(wire.FeedHeartbeat(1, "SHFE", epoch, self.clock.wall_ns() - lay_ns, session_up), codec.HEARTBEAT_TOPIC)

    def advance(self, ms):
        self.clock.advance(ms * MS)

    def why(self):
        return why_not(self.quotes[-1], True, True, self.clock.mono_ns(), LIMITS)


@pytest.fixture
def rig():
    return Rig()


def test_frame_becomes_a_quote_that_counts(rig):
    rig.status()
    quote = rig.market((100, 1, 99, 4), (101, 2))
    assert (quote.key, quote.bid_px, quote.bid_qty, quote.ask_px, quote.ask_qty) == (("SHFE", SYMBOL), 100, 1, 101, 2)
    assert (quote.limit_down, quote.limit_up, quote.lag_ns) == (90, 110, 0)
    assert rig.why() == ""


def test_time_in_the_queue_is_lag(rig):
    assert rig.market(gw_ns=rig.clock.wall_ns()).lag_ns == 0
    assert rig.market((99, 1), gw_ns=rig.clock.wall_ns() - 7 * MS).lag_ns == 7 * MS
    assert rig.market((98, 1), gw_ns=rig.clock.wall_ns() + 7 * MS).lag_ns == 0


def test_repeat_proves_the_feed_alive_and_makes_nothing_younger(rig):
    rig.status()
    gw_ns = rig.clock.wall_ns()
    first = rig.market(gw_ns=gw_ns)
    for _ in range(3):
        rig.advance(900)
        rig.status()
        again = rig.market(gw_ns=gw_ns)
    assert again.changed_mono_ns == first.changed_mono_ns
    assert again.recv_mono_ns == rig.clock.mono_ns()
    assert rig.why() == "LEG_STALE"  # 2.7 s unchanged
    rig.market((100, 1), (101, 3))
    assert rig.why() == ""


def test_same_book_at_a_new_time_is_a_new_quote(rig):
    rig.status()
    rig.market()
    rig.advance(1900)
    rig.status()
    rig.market()
    assert rig.quotes[-1].changed_mono_ns == rig.clock.mono_ns()


def test_late_start_on_a_quiet_book_is_unchanged_not_silent(rig):
    rig.status()
    rig.beat()
    rig.market(gw_ns=rig.clock.wall_ns() - 30_000 * MS)
    quiet = QuoteLimits(max_silence_ns=3000 * MS, max_unchanged_ns=60_000 * MS)
    assert why_not(rig.quotes[-1], True, True, rig.clock.mono_ns(), quiet) == ""
    assert rig.why() == "LEG_STALE"


def test_backlog_shows_in_repeats_by_the_heartbeats_lag(rig):
    rig.status()
    gw_ns = rig.clock.wall_ns()
    rig.market(gw_ns=gw_ns)
    rig.beat(lay_ns=3500 * MS)
    rig.market(gw_ns=gw_ns)
    assert rig.quotes[-1].lag_ns == 3500 * MS
    assert rig.why() == "LEG_STALE"


@pytest.mark.parametrize("step_ms", [5000, -5000])
def test_step_of_the_wall_clock_makes_every_quote_stale_once(rig, step_ms):
    rig.status()
    rig.market()
    rig.clock.step_wall(step_ms * MS)
    rig.feed.check(rig.clock.mono_ns())
    assert rig.why() == "LEG_STALE"
    assert rig.feed.steps == 1
    rig.feed.check(rig.clock.mono_ns())
    rig.market()
    assert rig.why() == ""
    assert rig.feed.steps == 1


def test_halt_reaches_subscribers_without_a_new_book(rig):
    rig.status()
    rig.market()
    rig.status(2)
    assert rig.why() == "SESSION_CLOSED"


def test_status_that_is_not_repeated_ages(rig):
    rig.status()
    rig.market()
    for _ in range(4):
        rig.advance(900)
        rig.market((100, 1), (101, 3))
    assert rig.why() == "SESSION_CLOSED"


def test_gaps_are_counted_within_an_epoch_and_harmless(rig):
    rig.beat()
    rig.market(seq=1)
    rig.market((99, 1), seq=5)
    assert rig.feed.gaps == 3
    rig.beat(epoch=6)
    rig.market((98, 1), seq=1)
    assert rig.feed.gaps == 3
    assert rig.quotes[-1].bid_px == 98


@pytest.mark.parametrize(
    ("bids", "asks"), [((100, 1, 100, 2), (101, 1)), ((100, 1, 101, 2), (102, 1)), ((100, 1), (102, 1, 101, 1))]
)
def test_book_out_of_order_is_dropped(rig, bids, asks):
    rig.market(bids, asks)
    assert not rig.quotes
    assert rig.feed.dropped == 1


def test_broken_foreign_and_mislabelled_frames_are_dropped(rig):
    good = wire.MarketData(1, SYMBOL, None, 1, [100, 1], [101, 1])
    rig.take(b"\xc1")
    rig.take(b"")
    rig.take(good, b"SHFE.zn2609\0")
    rig.take(wire.MarketData(1, "SHFE.zn2609", None, 1, [100, 1], [101, 1]))
    rig.take(good, codec.HEARTBEAT_TOPIC)
    rig.take(wire.FeedHeartbeat(1, "SHFE", 1, 1, True))
    rig.take(wire.MarketData(1, SYMBOL, None, 1, [100, 1, 99], []).__class__.__name__.encode())
    assert not rig.quotes
    assert rig.feed.dropped == 7


def test_late_subscriber_gets_the_present_quote_and_a_leaver_nothing(rig):
    rig.market()
    late = Inbox()
    rig.feed.subscribe(SYMBOL, late)
    assert late == [rig.quotes[-1]]
    with pytest.raises(KeyError):
        rig.feed.subscribe("SHFE.zn2609", late)


def test_empty_sides_are_none(rig):
    quote = rig.market((), (101, 2))
    assert (quote.bid_px, quote.bid_qty, quote.ask_px) == (None, 0, 101)


# ------------------------------------------------------------------ a read of many frames


class Waiting:
    """A feed socket with frames that wait; each reading of it takes so long."""

    def __init__(self, clock, takes_ns=0):
        self.clock, self.takes_ns, self.frames = clock, takes_ns, []

    def put(self, message, topic=TOPIC):
        self.frames.append((topic, codec.encode(message)))

    def recv(self):
        self.clock.advance(self.takes_ns)
        return self.frames.pop(0) if self.frames else None

    def has_more(self):
        return bool(self.frames)


OTHER = "SHFE.al2609"


@pytest.fixture
def waiting(rig):
    """Twelve books of one symbol wait, and three of another between them."""
    rig.feed = Feed("SHFE", Waiting(rig.clock), [SYMBOL, OTHER], rig.clock)
    rig.feed.subscribe(SYMBOL, rig.quotes)
    rig.others = Inbox()
    rig.feed.subscribe(OTHER, rig.others)
    for number in range(12):
        book = [100 + number, 1], [200, 2]
        rig.feed.socket.put(wire.MarketData(number + 1, SYMBOL, None, rig.clock.wall_ns() + number, *book))
        if number % 4 == 1:
            book = [50 + number, 1], [90, 2]
            rig.feed.socket.put(wire.MarketData(number // 4 + 1, OTHER, None, rig.clock.wall_ns(), *book), codec.feed_topic(OTHER))
    return rig


def test_first_quote_of_a_read_is_told_at_once_and_of_the_rest_the_newest(waiting):
    flushed = []
    waiting.feed.flush = lambda: flushed.append(list(waiting.quotes))
    waiting.feed.drain()
    assert [len(each) for each in flushed] == [1]
    assert [quote.bid_px for quote in waiting.quotes] == [100, 111]
    assert [quote.bid_px for quote in waiting.others] == [59]
    assert waiting.feed.gaps == 0
    assert waiting.feed.quote(SYMBOL) is waiting.quotes[-1]


def test_halt_within_a_read_is_in_the_quote_that_is_told(waiting):
    waiting.feed.socket.frames.insert(5, (TOPIC, codec.encode(wire.SecurityStatus(99, SYMBOL, 1, 2, 90, 110))))
    waiting.feed.drain()
    assert [quote.status for quote in waiting.quotes] == [None, 2]


def test_quotes_after_a_read_are_told_one_by_one_again(waiting):
    waiting.feed.drain()
    for seq in (13, 14):
        waiting.take(wire.MarketData(seq, SYMBOL, None, waiting.clock.wall_ns() + 99 + seq, [seq, 1], [200, 2]))
    assert [quote.bid_px for quote in waiting.quotes] == [100, 111, 13, 14]


def test_broken_frame_within_a_read_keeps_nobody_from_the_newest(waiting):
    waiting.feed.socket.frames.insert(5, (TOPIC, b"junk"))
    waiting.feed.drain()
    assert waiting.quotes[-1].bid_px == 111
    assert waiting.feed.dropped == 1


def test_read_ends_by_time_and_goes_on_with_the_next(waiting):
    socket = waiting.feed.socket
    socket.takes_ns = READ_NS // 2
    waiting.feed.drain()
    assert len(socket.frames) == 15 - 3
    socket.takes_ns = 0
    waiting.feed.drain()
    assert waiting.quotes[-1].bid_px == 111


def test_read_takes_so_many_frames_at_most(waiting):
    socket = waiting.feed.socket
    socket.frames += socket.frames * 9
    before = len(socket.frames)
    waiting.feed.drain()
    assert before - len(socket.frames) == MAX_FRAMES
