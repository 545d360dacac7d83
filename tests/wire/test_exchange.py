"""The simulated exchange's own session: maps that hold what nobody writes are refused in its words."""

import msgpack
import pytest

from domain.errors import WireError
from wire import exchange

ODD = {
    "a map by maps": b"\x81\x80\x01",
    "a map by lists": b"\x81\x91\x01\x01",
    "an extension": b"\xd4\x01\x01",
    "a moment": b"\xd6\xff\x00\x00\x00\x01",
    "bytes": b"\xc4\x01x",
    "no number": b"\xcb\x7f\xf8" + bytes(6),
    "too deep": b"\x91" * 12 + b"\x01",
}


def bodies(odd):
    """One of each message that carries a map, this in it."""
    found = b"\x81\xa1x" + odd
    pack = msgpack.packb
    yield exchange.decode_from_client, b"\x95" + pack("fault") + pack("r") + pack("") + pack("reject") + found
    yield exchange.decode_from_exchange, b"\x93" + pack("instrument") + found + pack(True)
    yield exchange.decode_from_exchange, b"\x95" + pack("control_reply") + pack("r") + pack(True) + pack("") + found


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_maps_hold_plain_values_alone(odd):
    for decode, body in bodies(odd):
        with pytest.raises(WireError):
            decode(body)


def test_plain_ones_are_read():
    assert [decode(body).__class__.__name__ for decode, body in bodies(b"\x92\x01\x81\xa1y\xc0")] == ["Fault", "InstrumentInfo", "ControlReply"]
