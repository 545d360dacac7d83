"""Who watches exposures: a file that changes, a feed that bursts."""

import json

import pytest

from actors.base import Actor
from actors.exposures import TOPIC, ExposureFeed, ExposureFile
from actors.notes import ExposureNews
from actors.runtime import Runtime
from actors.simulated import SimulatedDispatcher

RECORD = {"version": 1, "qty": "5", "as_of": "2026-11-30T09:00:00+08:00"}


class Pair(Actor):
    HANDLERS = {ExposureNews: "on_news"}

    def __init__(self, runtime, name, heard):
        super().__init__(runtime, name)
        self.heard = heard

    def on_news(self, news):
        self.heard.append(news.problem or news.exposure.qty)


class Socket:
    def __init__(self):
        self.frames, self.closed = [], False

    def recv(self):
        return self.frames.pop(0) if self.frames else None

    def close(self):
        self.closed = True


@pytest.fixture
def desk():
    lane = SimulatedDispatcher(7)
    runtime, heard = Runtime(lane, lane.clock), []
    runtime.spawn(Pair, "cu", heard)

    def passes(ms=500):
        lane.advance(ms * 1_000_000)
        found, heard[:] = list(heard), []
        return found

    yield runtime, passes
    for name in ("cu/exposure", "cu"):
        runtime.stop(name)
    lane.advance(1)


def body(**changes):
    return json.dumps({**RECORD, **changes})


def test_file_is_told_when_it_changes_and_only_then(desk, tmp_path):
    runtime, passes = desk
    path = tmp_path / "exposure.json"
    path.write_text(body())
    runtime.spawn(ExposureFile, "cu/exposure", "cu", path)
    assert passes() == ["5"]
    assert passes() == []
    path.write_text(body(version=2, qty="-7.25"))
    assert passes() == ["-7.25"]
    path.write_text("{")
    assert len(passes()) == 1
    path.unlink()
    assert "No such file" in passes()[0]
    assert passes() == []


def test_feed_tells_the_last_record_of_a_burst_and_no_other_topic(desk):
    runtime, passes = desk
    socket = Socket()
    socket.frames = [(TOPIC, body(qty=str(n)).encode()) for n in range(40)] + [(b"\0", b"heartbeat")]
    runtime.spawn(ExposureFeed, "cu/exposure", "cu", lambda: socket)
    assert passes() == ["39"]
    socket.frames = [(TOPIC, b"\xff")]
    assert "feed" in passes()[0]
