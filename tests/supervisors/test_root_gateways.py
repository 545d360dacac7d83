"""A root's gateways: hung is what all shards that answer say, and one that is ended is told."""

import signal

import pytest

from actors.gateway_notes import GatewaySilent
from supervisors import root_gateways
from supervisors.processes import KillNow, ManagedProcess, ProcessSpec
from supervisors.root_gateways import FRESH_NS, EndGateway, GatewayEars, GatewayHung, root_gateway
from supervisors.shards import KEEPER

MS = 1_000_000


@pytest.fixture
def ears():
    return GatewayEars({"A": 5_000, "B": 0})


def said(ears, shard, at_ms, **silent_ms):
    return list(ears.heard(shard, silent_ms, at_ms * MS))


def test_a_gateway_that_nobody_hears_is_told_once_in_its_time(ears):
    assert said(ears, "one", 0, A=4_999) == []
    assert said(ears, "one", 250, A=5_200) == [("A", 5_200)]
    assert said(ears, "one", 500, A=5_450) == []
    assert said(ears, "one", 5_250, A=10_200) == [("A", 10_200)]


def test_one_shard_that_hears_it_is_enough_for_it_to_live(ears):
    assert said(ears, "one", 0, A=0) == []
    assert said(ears, "two", 100, A=9_000) == []
    assert said(ears, "one", 250, A=6_000) == [("A", 6_000)]


def test_a_shard_that_answers_no_more_or_has_no_such_venue_says_nothing_of_it(ears):
    said(ears, "one", 0, A=0)
    assert said(ears, "two", 500, C=0) == []
    assert said(ears, "two", FRESH_NS // MS + 100, A=5_000) == [("A", 5_000)]


def test_a_gateway_that_is_to_be_left_alone_and_one_that_is_not_ours_are(ears):
    assert said(ears, "one", 0, B=90_000, X=90_000) == []


@pytest.mark.parametrize("is_ended", [True, False])
def test_the_keeper_hears_of_one_that_was_ended(monkeypatch, tmp_path, is_ended):
    child = root_gateway("A", ProcessSpec(("true",), tmp_path / "log", tmp_path / "pid"), lambda: True)
    made = object.__new__(child.start[0])
    made.name, made.process, sent = child.name, type("P", (), {"pid": 7}), []
    made.tell = lambda name, message: sent.append((name, message))
    monkeypatch.setattr(ManagedProcess, "on_silent", lambda _self, _message: is_ended)
    made.on_silent(GatewaySilent(5_000))
    assert sent == ([(KEEPER, GatewayHung("A", 7, 5_000))] if is_ended else [])


def test_one_that_is_to_end_in_order_is_killed_when_its_time_is_up(monkeypatch, tmp_path):
    made = object.__new__(root_gateway("A", ProcessSpec(("true",), tmp_path / "log", tmp_path / "pid", 700), lambda: True).start[0])
    made.spec, made.process, sent, later = ProcessSpec(("true",), tmp_path / "log", tmp_path / "pid", 700), "process", [], []
    made.after_ns = lambda delay_ns, message: later.append((delay_ns, type(message)))
    monkeypatch.setattr(root_gateways.processes, "send_signal", lambda process, number: sent.append((process, number)))
    made.on_end(EndGateway())
    assert (sent, later) == ([("process", signal.SIGTERM)], [(700 * MS, KillNow)])
    made.process = None
    made.on_end(EndGateway())
    assert len(sent) == 1
