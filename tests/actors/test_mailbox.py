"""Lanes, bounds and addresses without any dispatcher's thread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.base import Actor
from actors.mailbox import LANE_OF, QUOTE_KEYS_MOST, Lane
from actors.names import Address
from actors.runtime import Runtime
from actors.simulated import SimulatedDispatcher
from domain.errors import InvariantViolation


class Message:
    def __init__(self, lane, n):
        self.n = n
        self.key = n % 3
        self.at = lane


KINDS = {lane: type(lane.name.title(), (Message,), {"lane": lane}) for lane in Lane if lane is not Lane.TIMERS}


class Idle(Actor):
    pass


def make_box():
    simulated = SimulatedDispatcher(1)
    runtime = Runtime(simulated, simulated.clock)
    runtime.spawn(Idle, "idle")
    return runtime, runtime.mailbox("idle")


def test_a_class_without_a_lane_is_a_command():
    assert LANE_OF[int] == Lane.COMMANDS
    assert LANE_OF[type("Odd", (), {"lane": property(lambda _self: 1)})] == Lane.COMMANDS


@given(st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 9)), max_size=60))
def test_mail_is_taken_by_lane_then_by_arrival_and_quotes_are_the_latest(mail):
    _, box = make_box()
    sent = [KINDS[lane](lane, n) for lane, n in mail]
    for message in sent:
        box.put(message)
    taken = []
    while (message := box.take()) is not None:
        taken.append(message)
    plain = [each for each in taken if each.at is not Lane.QUOTES]
    assert plain == sorted((each for each in sent if each.at is not Lane.QUOTES), key=lambda each: each.at)
    quotes = {each.key: each for each in sent if each.at is Lane.QUOTES}
    assert taken[len(plain) :] == list(quotes.values())
    assert not box.has_mail()


def test_a_key_that_waits_keeps_its_place_when_a_newer_quote_comes():
    _, box = make_box()
    quote = KINDS[Lane.QUOTES]
    for n in (0, 1, 3):  # keys 0, 1, 0
        box.put(quote(Lane.QUOTES, n))
    assert [box.take().n, box.take().n] == [3, 1]
    assert QUOTE_KEYS_MOST > 1


def test_addresses_are_equal_by_name_and_epoch():
    runtime, box = make_box()
    assert runtime.address("idle") == Address(box)
    assert runtime.address("idle") != Address(box, 1)
    assert len({Address(box, 1), Address(box, 1), Address(box)}) == 2
    assert repr(Address(box, 1)) == "idle#1"


def test_a_forgotten_names_waiting_orders_are_dead_letters():
    runtime, box = make_box()
    runtime.kill("idle")
    box.put(KINDS[Lane.ORDERS](Lane.ORDERS, 1))
    runtime.forget("idle")
    assert runtime.dead_letter_count == 1
    assert runtime.snapshot() == []


def test_handlers_that_are_not_there_fail_when_the_class_is_made():
    with pytest.raises(InvariantViolation, match="on_nothing"):
        type("Bad", (Actor,), {"HANDLERS": {int: "on_nothing"}})


def test_a_subclass_adds_to_and_replaces_its_bases_handlers():
    class Base(Actor):
        HANDLERS = {int: "on_int", str: "on_str"}

        def on_int(self, message):
            return message

        def on_str(self, message):
            return message

    class Sub(Base):
        HANDLERS = {str: "on_text"}

        def on_int(self, message):
            return -message

        def on_text(self, message):
            return message.upper()

    simulated = SimulatedDispatcher(1)
    runtime = Runtime(simulated, simulated.clock)
    runtime.spawn(Sub, "sub")
    assert (runtime.ask("sub", 3), runtime.ask("sub", "a")) == (-3, "A")


def test_a_mailbox_is_made_by_reserving_it_and_not_by_looking_for_it():
    runtime, _ = make_box()
    with pytest.raises(InvariantViolation, match="'nobody'"):
        runtime.mailbox("nobody")
    runtime.kill("nobody")
    runtime.monitor("nobody", "idle")
    assert list(runtime.boxes) == ["idle"]
    assert runtime.reserve("somebody") is runtime.mailbox("somebody")
