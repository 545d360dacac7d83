"""The process: broken frames, failures, its heartbeat, its end."""

from __future__ import annotations

import msgpack
import zmq

GOLD = "SHFE.au2612"


def test_heartbeat_comes_every_100_ms_with_the_last_seq(stage):
    node = stage.node()
    node.order()
    node.rest()
    for _ in range(3):
        stage.clock.pass_ms(100)
        stage.run(1)
    beat = node.until("0", last_seq=1)
    assert (beat["session_up"], beat["trading_day"], beat["epoch"]) == (True, "20260106", stage.gateway.account.epoch)


BROKEN = [
    b"",
    b"\xc1",
    b"\x00" * 500,
    msgpack.packb(["D", "a"]),
    msgpack.packb(["ZZ"]),
    msgpack.packb(["D", "a", GOLD, "1", 5.0, 100, "0", "O", 7, 5, 2**62, None]),
    msgpack.packb({"D": 1}),
    b"\x91" * 5000,
]


def test_gateway_survives_and_counts_when_frames_are_broken(stage):
    node = stage.node()
    for body in BROKEN:
        node.socket.send(body)
    node.socket.send_multipart([b"x", b"y"])
    node.socket.send_multipart([b"", msgpack.packb(["0", 5])])
    node.order("a")
    assert stage.gateway.faults["frame_broken"] == len(BROKEN)
    assert stage.gateway.faults["frame_parts"] == 2


def test_peer_is_cut_when_it_sends_more_than_64_kib(stage):
    node = stage.node()
    node.socket.send(b"\0" * 70_000)
    stage.run()
    other = stage.node("n2")
    other.order()


def test_order_is_answered_when_our_own_code_fails_on_it(stage):
    node = stage.node()

    def broken(order):
        raise ZeroDivisionError

    stage.venue.submit = broken
    node.order("a", wait=False)
    assert node.until("8", clord_id="a")["exec_type"] == "I"
    stage.venue.next_venue_ref = lambda: 1 / 0
    node.order("b", wait=False)
    assert node.until("j", ref_id="b")["reason"] == 0


def test_order_is_denied_when_it_can_not_be_recorded(stage, monkeypatch):
    node = stage.node()
    write = "gateways.store.os.write"
    real = __import__("os").write
    full = OSError(28, "No space left on device")
    store_fd = stage.gateway.store._fd

    def writing(fd, data):
        if fd == store_fd:
            raise full
        return real(fd, data)

    monkeypatch.setattr(write, writing)
    node.order("a", wait=False)
    denied = node.until("j", ref_id="a")
    assert (denied["reason"], stage.venue.submitted) == (0, [])
    monkeypatch.undo()
    node.order("b")
    stage.restart()
    stage.node(epoch=8).send("H", "r", "b")


def test_gateway_ends_itself_when_alone_with_nothing_working(stage):
    node = stage.node()
    order = node.order("a")
    node.rest()
    stage.clock.pass_ms(600_001)
    assert stage.gateway.alone() is False
    stage.venue.state(order, "4")
    stage.run()
    assert stage.gateway.alone() is True


def test_socket_options_are_those_of_the_page(stage):
    trade, feed = stage.gateway._trade_socket, stage.gateway._feed_socket
    assert trade.getsockopt(zmq.SNDHWM) >= 100_000
    for socket in (trade, feed):
        assert (socket.getsockopt(zmq.LINGER), socket.getsockopt(zmq.MAXMSGSIZE)) == (0, 65536)
