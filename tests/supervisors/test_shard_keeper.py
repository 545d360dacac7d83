"""The keeper: what is on record, who is told, and when a shard is still down."""

import pytest
from msgspec.structs import replace

from actors.gateway_notes import GatewaySilent
from actors.runtime import Runtime
from actors.simulated import SimulatedDispatcher
from supervisors.root_gateways import GatewayHung
from supervisors.shard_keeper import ALERTS, LEFT_OPEN_NS, OPEN_BOOK, OpenBook, ShardKeeper, ShardRow, TellOpen
from supervisors.shards import KEEPER, ShardNews, ShardSeen


class Journal:
    def __init__(self):
        self.kinds = []

    def append(self, kind, _body, _cause=0):
        self.kinds.append(kind)
        return len(self.kinds)


def news(event, **details):
    return ShardNews("a", event, details)


class Told:
    """What the keeper tells others, kept."""

    def __init__(self, keeper):
        self.sent = []
        keeper.tell = lambda name, message: self.sent.append((name, message))
        self.timers = []
        keeper.after_ns = lambda delay_ns, message: self.timers.append((delay_ns, message))

    def codes(self):
        return [message.code for name, message in self.sent if name == ALERTS]

    def asked(self):
        return [message for name, message in self.sent if name == OPEN_BOOK]


@pytest.fixture
def keeper():
    dispatcher = SimulatedDispatcher(1)
    runtime = Runtime(dispatcher, dispatcher.clock)
    runtime.spawn(ShardKeeper, KEEPER, Journal(), {"a": ShardRow("a")}, {"X": 5_000})
    made = runtime.mailbox(KEEPER).actor
    made.told = Told(made)
    return made


def test_a_shards_life_is_on_record_and_its_ends_are_told(keeper):
    for event in (news("started"), news("up"), news("ended", exit=-9, why="")):
        keeper.on_news(event)
    assert keeper.journal.kinds == ["shard", "shard", "shard", "alert"]
    assert keeper.told.codes() == ["SHARD_ENDED"]
    assert (keeper.rows["a"].phase, keeper.rows["a"].last, keeper.rows["a"].restarts) == ("down", "killed by signal 9", 0)
    keeper.on_news(news("started"))
    assert (keeper.rows["a"].phase, keeper.rows["a"].restarts) == ("starting", 1)


def test_what_one_that_is_still_down_has_open_is_asked_for(keeper):
    keeper.on_news(news("ended", exit=1))
    ((delay_ns, word),) = keeper.told.timers
    assert delay_ns == LEFT_OPEN_NS
    keeper.on_still_down(word)
    assert keeper.told.asked() == [TellOpen("a", only_open=True)]
    keeper.on_news(news("up"))
    keeper.on_still_down(word)
    assert len(keeper.told.asked()) == 1


@pytest.mark.parametrize(
    ("only_open", "found", "alerts"),
    [(True, {"naked": 0, "in_flight": 0}, 0), (True, {"naked": 2, "in_flight": 0}, 1), (True, {"naked": 0, "in_flight": 1}, 1), (False, {"naked": 0, "in_flight": 0}, 1)],
)
def test_a_shard_that_is_whole_alarms_nobody_for_being_slow(keeper, only_open, found, alerts):
    book = OpenBook(keeper.runtime, OPEN_BOOK, lambda _place: found, {"a": "place"})
    sent = []
    book.tell = lambda name, message: sent.append((name, message))
    book.on_tell(TellOpen("a", only_open=only_open))
    assert [message.event for _, message in sent] == ["left_open"] * alerts


def test_a_gateway_that_no_shard_hears_is_told_and_its_end_is_on_record(keeper):
    seen = ShardSeen("a", 1, up=True, epoch=1, memory=0, cpu_ms=0, silent_ms=0)
    keeper.on_seen(replace(seen, gateways={"X": 4_000}))
    keeper.on_seen(seen)  # without an answer nothing is known of gateways
    assert keeper.told.sent == []
    keeper.on_seen(replace(seen, gateways={"X": 5_000}))
    assert keeper.told.sent == [("gateway/X", GatewaySilent(5_000))]
    keeper.on_gateway_hung(GatewayHung("X", 7, 5_000))
    assert keeper.journal.kinds == ["gateway", "alert"]
    assert keeper.told.codes() == ["GATEWAY_HUNG"]


def test_what_a_hung_shard_has_open_is_told_by_how_long_it_was_silent_and_once(keeper):
    keeper.on_news(news("hung", silent_ms=1_000))
    keeper.on_news(news("ended", exit=-9))
    (first_ns, word), (second_ns, _) = keeper.told.timers
    assert (first_ns, second_ns) == (LEFT_OPEN_NS - 1_000_000_000, LEFT_OPEN_NS)
    keeper.on_still_down(word)
    keeper.on_still_down(word)
    assert keeper.told.asked() == [TellOpen("a", only_open=True)]
    keeper.on_news(news("up"))
    keeper.on_news(news("hung", silent_ms=9_000))
    assert keeper.told.timers[-1] == (0, word)
    keeper.on_still_down(word)
    assert len(keeper.told.asked()) == 2
