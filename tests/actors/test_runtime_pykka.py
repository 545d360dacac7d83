"""The names of pykka that the runtime builds on; fails when they change."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import pykka
import pytest
from pykka import Actor, ActorRef, ActorRegistry, ThreadingFuture
from pykka._envelope import Envelope
from pykka.messages import ProxyCall, _ActorStop


def source_of(function):
    return inspect.getsource(function)


def test_the_version_is_the_one_that_was_read():
    assert tuple(int(part) for part in version("pykka").split(".")[:2]) >= (4, 5)
    assert version("pykka").startswith("4.")


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("_create_actor_inbox", []),
        ("_create_future", []),
        ("_start_actor_loop", ["self"]),
        ("_actor_loop", ["self"]),
        ("_stop", ["self"]),
        ("_handle_receive", ["self", "message"]),
        ("_handle_failure", ["self", "exception_type", "exception_value", "traceback"]),
        ("on_start", ["self"]),
        ("on_stop", ["self"]),
        ("on_failure", ["self", "exception_type", "exception_value", "traceback"]),
        ("on_receive", ["self", "message"]),
    ],
)
def test_an_extension_point_has_the_name_and_parameters_relied_on(name, parameters):
    assert list(inspect.signature(getattr(Actor, name)).parameters) == parameters


def test_start_constructs_registers_then_starts_the_loop():
    text = source_of(Actor.start)
    order = [text.index(part) for part in ("cls(*args, **kwargs)", "ActorRegistry.register", "_start_actor_loop()")]
    assert order == sorted(order)


def test_init_asks_the_instance_for_its_inbox_before_the_ref_is_made():
    text = source_of(Actor.__init__)
    assert text.index("self._create_actor_inbox()") < text.index("ActorRef(self)")
    assert "self.actor_stopped" in text


def test_refs_put_envelopes_with_a_message_and_a_reply_to():
    assert Envelope.__slots__ == ["message", "reply_to"]
    assert "self.actor_inbox.put(Envelope(message))" in source_of(ActorRef.tell)
    assert "self.actor_inbox.put(Envelope(message, reply_to=future))" in source_of(ActorRef.ask)
    assert "self.actor_class._create_future()" in source_of(ActorRef.ask)
    assert "_ActorStop()" in source_of(ActorRef.stop)


def test_receive_tells_stop_messages_and_proxies_from_the_rest():
    text = source_of(Actor._handle_receive)
    assert "isinstance(message, messages._ActorStop)" in text
    assert "self.on_receive(message)" in text
    assert _ActorStop is not None
    assert ProxyCall is not None


def test_the_future_keeps_its_result_where_done_looks():
    future = ThreadingFuture()
    assert future._result is None
    future.set(1)
    assert future._result is not None
    assert list(inspect.signature(ThreadingFuture.get).parameters) == ["self", "timeout"]


def test_the_registry_takes_refs_in_and_out():
    assert callable(ActorRegistry.register)
    assert callable(ActorRegistry.unregister)
    assert issubclass(pykka.ActorDeadError, Exception)
