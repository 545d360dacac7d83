"""Looking at an actor's state runs nothing of it and is bounded."""

from collections import deque
from decimal import Decimal

import msgspec
import pytest

from actors.base import Actor
from actors.runtime import Runtime
from actors.simulated import SimulatedDispatcher
from actors.state_show import HIDDEN, MAX_ITEMS, MAX_NS, MAX_TEXT, MAX_VALUES, Look, NoSuchField, find, summary
from domain.market import Quote
from domain.pairs import Mode
from wire.codec import pack


class Holder(Actor):
    def on_start(self):
        self.quote = Quote(("A", "X"), bid_px=1, bid_qty=2)
        self.mode = Mode.PAUSED
        self.by_key = {("A", "X"): Decimal("1.5"), "plain": float("nan")}
        self.many = list(range(1_000))
        self.waiting = deque([1, 2])
        self.api_secret = "abc"
        self.big = 1 << 80
        self.text = "x" * 1_000
        self.foreign = object()
        self._own = 1

    @property
    def explodes(self):
        raise AssertionError("a property was run")


@pytest.fixture
def actor():
    lane = SimulatedDispatcher(1)
    runtime = Runtime(lane, lane.clock)
    runtime.spawn(Holder, "holder")
    return runtime.mailbox("holder").actor


def test_look_shows_public_fields_as_plain_values(actor):
    shown = Look(3).fields(actor)
    pack(shown)
    assert shown["quote"]["bid_px"] == 1
    assert (shown["mode"], shown["by_key"]) == ("PAUSED", {"A/X": "1.5", "plain": "nan"})
    assert (shown["waiting"], shown["foreign"], shown["big"]) == ([1, 2], "<object>", str(1 << 80))
    assert {"explodes", "_own", "runtime", "box", "actor_ref"}.isdisjoint(shown)


def test_look_hides_secrets_and_says_what_it_cut(actor):
    look = Look(3)
    shown = look.fields(actor)
    assert (shown["api_secret"], len(shown["text"])) == (HIDDEN, MAX_TEXT + 3)
    assert shown["many"][MAX_ITEMS:] == [f"... {1_000 - MAX_ITEMS} more"]
    assert look.cut


def test_look_is_bounded_in_depth_and_in_values(actor):
    actor.deep = []
    actor.deep.append(actor.deep)
    actor.wide = [[list(range(60)) for _ in range(60)] for _ in range(60)]
    look = Look(8)
    assert len(pack(look.fields(actor))) < 100 * MAX_VALUES
    assert look.left <= 0
    shallow = Look(1).fields(actor)
    assert (shallow["deep"], shallow["quote"]) == ("<list 1 list>", {"": "Quote", **shallow["quote"]})
    assert shallow["quote"]["key"] == "<tuple 2>"


def test_path_leads_into_fields_keys_and_places(actor):
    assert find(actor, "quote.bid_qty") == 2
    assert find(actor, "by_key.A/X") == Decimal("1.5")
    assert find(actor, "many.7") == 7
    assert find(actor, "") is actor


@pytest.mark.parametrize("path", ["nope", "quote.nope", "many.1000000", "api_secret", "_own", "explodes", "foreign.x"])
def test_path_to_nowhere_says_what_there_is(actor, path):
    with pytest.raises(NoSuchField, match="there are"):
        find(actor, path)


def test_message_is_told_in_a_line():
    assert summary(Quote(("A", "X"), bid_px=7)).startswith("Quote key=['A', 'X'] bid_px=7")
    assert "\n" not in summary(msgspec.structs.replace(Quote(("A", "X")), bids=tuple(range(500))))
    assert summary("x" * 1_000).startswith("x")


def test_look_ends_when_its_time_is_over(actor):
    class Slow:
        now_ns = 0

        def mono_ns(self):
            self.now_ns += MAX_NS // 3
            return self.now_ns

    actor.wide = [[list(range(60)) for _ in range(60)] for _ in range(60)]
    look = Look(8, Slow())
    look.fields(actor)
    assert look.cut
    assert look._clock.now_ns < 2 * MAX_NS
