"""A venue whose gateway's process is kept here: its end, and its silence."""

from __future__ import annotations

from msgspec.structs import replace

from actors.base import Actor
from actors.gateway_notes import GatewayEnded, GatewaySilent
from domain.reports import OrderReport
from wire import codec
from wire import messages as wire

from .venue_rig import Rig

KEEPER = "gateway/SHFE"
MS = 1_000_000


class Keeper(Actor):
    """Notes what it is told."""

    HANDLERS = {GatewaySilent: "on_silent"}

    def __init__(self, runtime, name):
        super().__init__(runtime, name)
        self.silent_ms = []

    def on_silent(self, message):
        self.silent_ms.append(message.silent_ms)


def kept(hang_ms=5_000, **options):
    rig = Rig(**options)
    rig.link.settings = replace(rig.link.settings, keeper=KEEPER, hang_ms=hang_ms)
    rig.runtime.spawn(Keeper, KEEPER)
    return rig, rig.runtime.mailbox(KEEPER).actor.silent_ms


def test_the_end_of_the_process_blocks_at_once_and_what_it_had_sent_counts():
    rig, _ = kept()
    rig.open()
    rig.link.claim("o1", "pair")
    reconnects = rig.trade.reconnects
    rig.trade.inbox.append(codec.encode(rig.report()))  # in the socket, not yet read
    rig.runtime.tell("venue/SHFE", GatewayEnded())
    rig.dispatcher.run_idle()
    assert (rig.stage, rig.link.state.why) == ("DOWN", "DISCONNECTED")
    assert [report.cl_ord_id for report in rig.news(OrderReport)] == ["o1"]
    assert rig.trade.reconnects == reconnects + 1
    assert [news.lost for news in rig.news()] == [True]


def test_the_end_of_a_process_whose_venue_is_down_already_changes_nothing():
    rig, _ = kept()
    rig.open()
    rig.runtime.tell("venue/SHFE", GatewayEnded())
    rig.dispatcher.run_idle()
    told, records = len(rig.told), len(rig.journal.records)
    rig.runtime.tell("venue/SHFE", GatewayEnded())
    rig.dispatcher.run_idle()
    assert (len(rig.told), len(rig.journal.records)) == (told, records)


def test_the_end_of_a_feeds_process_is_a_loss_too():
    rig, _ = kept(feed_only=True)
    rig.feed_put(wire.FeedHeartbeat(1, "SHFE", 100, rig.clock.wall_ns(), True))
    assert rig.stage != "DOWN"
    rig.runtime.tell("venue/SHFE", GatewayEnded())
    rig.dispatcher.run_idle()
    assert rig.stage == "DOWN"


def test_a_gateway_that_says_nothing_is_told_of_once_for_each_such_time():
    rig, silent_ms = kept()
    rig.open()
    rig.beats = False
    rig.advance(4_900)
    assert silent_ms == []
    rig.advance(300)
    assert len(silent_ms) == 1
    assert 5_000 <= silent_ms[0] <= 5_040
    rig.advance(4_600)
    assert len(silent_ms) == 1
    rig.advance(600)
    assert len(silent_ms) == 2


def test_one_that_speaks_without_a_session_or_is_nobodys_or_is_let_be_is_never_told_of():
    rig, silent_ms = kept()
    rig.open()
    rig.beats = False
    for _ in range(70):  # its venue is away, and it says so
        rig.heartbeat(session_up=False)
        rig.advance(100)
    assert silent_ms == []
    rig, silent_ms = kept(hang_ms=0)
    rig.open()
    rig.beats = False
    rig.advance(20_000)
    assert silent_ms == []
    rig = Rig()
    rig.open()
    rig.beats = False
    rig.advance(20_000)
    assert rig.runtime.dead_letter_count == 0


def test_a_feed_that_says_nothing_is_told_of():
    rig, silent_ms = kept(feed_only=True)
    rig.advance(5_100)
    assert len(silent_ms) == 1


def test_how_long_it_says_nothing_is_known_where_nobody_keeps_it_too():
    rig = Rig()
    rig.open()
    actor = rig.runtime.mailbox("venue/SHFE").actor
    assert actor.silent_ns(rig.clock.mono_ns()) == 0
    rig.beats = False
    rig.advance(7_000)
    assert 6_900 * MS < actor.silent_ns(rig.clock.mono_ns()) <= 7_000 * MS
    rig.beats = True
    rig.advance(2_000)
    assert actor.silent_ns(rig.clock.mono_ns()) < 1_000 * MS
