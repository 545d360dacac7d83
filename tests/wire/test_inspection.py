"""The inspection protocol: bounded, typed, and nothing but WireError on trash."""

import random

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import WireError
from wire.inspection import (
    MAX_ARGS,
    MAX_CHANGE_BYTES,
    MAX_REPLY_BYTES,
    MAX_REQUEST_BYTES,
    TOO_LARGE,
    Problem,
    Reply,
    Request,
    Unanswerable,
    decode_reply,
    decode_request,
    encode_answer,
    encode_problem,
    encode_request,
)

ARGS = st.dictionaries(
    st.text(min_size=1, max_size=32),
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=40),
    max_size=MAX_ARGS,
)


@given(st.integers(0, 2**53), st.text(min_size=1, max_size=32), ARGS, st.binary(max_size=64))
def test_request_comes_back_as_it_was(req_id, verb, args, body):
    request = Request(req_id, verb, args, body)
    assert decode_request(encode_request(request)) == request


def test_body_may_be_larger_where_something_is_to_be_done():
    frame = encode_request(Request(1, "config_apply", {}, bytes(MAX_REQUEST_BYTES)))
    assert len(decode_request(frame, MAX_CHANGE_BYTES).body) == MAX_REQUEST_BYTES
    for wrong in (frame, msgpack.packb([1, "config_apply", {}, 1])):
        with pytest.raises(WireError):
            decode_request(wrong)
    with pytest.raises(WireError):
        encode_request(Request(1, "config_apply", {}, bytes(MAX_CHANGE_BYTES + 1)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        msgpack.packb(None),
        msgpack.packb({}),
        msgpack.packb([]),
        msgpack.packb([1]),
        msgpack.packb([-1, "status", {}]),
        msgpack.packb([2**60, "status", {}]),
        msgpack.packb([True, "status", {}]),
        msgpack.packb([1.0, "status", {}]),
        msgpack.packb([1, "", {}]),
        msgpack.packb([1, "s" * 33, {}]),
        msgpack.packb([1, b"status", {}]),
        msgpack.packb([1, "status", []]),
        msgpack.packb([1, "status", {}, 1]),
        msgpack.packb([1, "status", {"a": 1.5}]),
        msgpack.packb([1, "status", {"a": [1]}]),
        msgpack.packb([1, "status", {"a": {}}]),
        msgpack.packb([1, "status", {1: "a"}]),
        msgpack.packb([1, "status", {"a": "x" * 513}]),
        msgpack.packb([1, "status", {str(n): n for n in range(MAX_ARGS + 1)}]),
        msgpack.packb([1, "status", {}]) + b"\0",
        b"\x93\x01\xa6status\x82\xa1a\x01\xa1a\x02",
        msgpack.packb([1, "status", {"a": msgpack.ExtType(1, b"x")}]),
        b"\x91" * MAX_REQUEST_BYTES,
        msgpack.packb([1, "status", {"a": "x" * MAX_REQUEST_BYTES}]),
    ],
)
def test_request_that_is_none_is_a_wire_error(body):
    with pytest.raises(WireError):
        decode_request(body)


def test_request_of_random_bytes_is_read_or_a_wire_error():
    chance = random.Random(2)
    good = encode_request(Request(7, "hedges", {"pair": "AxB", "after": "AxB.1.2"}))
    read = 0
    for _ in range(4_000):
        body = bytearray(good)
        for _ in range(chance.randrange(1, 4)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        if chance.random() < 0.3:
            body = chance.randbytes(chance.randrange(64))
        try:
            read += isinstance(decode_request(bytes(body)), Request)
        except WireError:
            continue
    assert read > 0


def test_reply_is_a_value_or_a_problem():
    assert decode_reply(encode_answer(3, {"rows": [1, "a"], "more": False})) == Reply(3, {"rows": [1, "a"], "more": False})
    assert decode_reply(encode_problem(4, "NO_SUCH", "no pair")) == Reply(4, problem=Problem("NO_SUCH", "no pair"))


@pytest.mark.parametrize("value", [[1, True], [1, 2, 3], [1, False, "x"], [1, False, {"code": "A"}], ["1", True, None]])
def test_reply_that_is_none_is_a_wire_error(value):
    with pytest.raises(WireError):
        decode_reply(msgpack.packb(value))


def test_answer_that_is_too_large_is_refused_before_it_leaves():
    with pytest.raises(Unanswerable) as caught:
        encode_answer(1, "x" * MAX_REPLY_BYTES)
    assert caught.value.code == TOO_LARGE
    with pytest.raises(WireError):
        decode_reply(b"x" * (MAX_REPLY_BYTES + 1))
