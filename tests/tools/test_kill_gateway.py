"""A kill straight at a gateway: a higher epoch, and its orders cancelled."""

from threading import Thread
from types import SimpleNamespace

import msgpack
import pytest
import zmq

from system.clock import SystemClock
from tools.errors import NotConnected, Refused
from tools.kill_gateway import kill_at

pack = msgpack.packb


@pytest.fixture
def gateway():
    """A ROUTER, and a call of `kill_at` that runs beside it."""
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="hg")
    context = zmq.Context()
    router = context.socket(zmq.ROUTER)
    router.linger = 0
    endpoint = f"ipc://{folder}/t"
    router.bind(endpoint)
    done = SimpleNamespace(result=None, error=None)

    def call():
        try:
            done.result = kill_at(endpoint, "n1", SystemClock(), answer_ms=150)
        except (NotConnected, Refused) as error:
            done.error = error

    thread = Thread(target=call)
    thread.start()

    def recv():
        assert router.poll(5_000)
        identity, body = router.recv_multipart()
        return identity, msgpack.unpackb(body)

    yield SimpleNamespace(router=router, recv=recv, done=done, thread=thread)
    thread.join(5)
    router.close()
    context.destroy(linger=0)
    shutil.rmtree(folder)


def logon(gateway, epoch=1):
    identity, message = gateway.recv()
    gateway.router.send_multipart([identity, pack(["A", 1, "A", epoch, "20260105", 0, {}, 0])])
    return identity, message


def test_kill_logs_on_under_the_name_and_cancels_all(gateway):
    identity, message = logon(gateway)
    assert message[:3] == ["A", 1, "n1"]
    assert message[4:] == [0, 0, 0]
    gateway.router.send_multipart([identity, pack(["0", 1, True, 0, "20260105", 1])])
    identity, cancel = gateway.recv()
    assert (cancel[0], cancel[2:]) == ("q", [None, "own", message[3]])
    gateway.router.send_multipart([identity, pack(["r", cancel[1], True, ""])])
    gateway.thread.join(5)
    assert gateway.done.result["accepted"] is True
    assert gateway.done.result["venue"] == "A"


def test_refused_logon_is_said(gateway):
    identity, _ = gateway.recv()
    gateway.router.send_multipart([identity, pack(["j", "A", "n1", 6, "a higher epoch is here"])])
    gateway.thread.join(5)
    assert isinstance(gateway.done.error, Refused)


def test_gateway_that_does_not_answer_is_said_so(gateway):
    logon(gateway)
    gateway.recv()
    gateway.thread.join(5)
    assert isinstance(gateway.done.error, NotConnected)
    assert "may still work" in str(gateway.done.error)
