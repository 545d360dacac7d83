"""Bytes changed as an enemy, a bad disk or a bad line would change them.

Two kinds of change: of bytes, whatever they mean; and of values, where the
bytes are MessagePack: a field becomes one that is almost right.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import inf, nan
from random import Random
from typing import Any

import msgpack

NASTY_BYTES = (0, 1, 0x7F, 0x80, 0x90, 0xA0, 0xC0, 0xC1, 0xC2, 0xC3, 0xCB, 0xCF, 0xD9, 0xDC, 0xDD, 0xDF, 0xFF)
NASTY_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**63 - 1, 2**64 - 1, -(2**63), 0.0, 1.0, 1.5, nan, inf, -inf, "", "\0", "x" * 300,
    "\u202e", b"", b"\xff" * 40, [], [[]], [0, 0], [5, -1], {}, {"": 0}, {"a": {"b": {"c": {"d": {"e": 1}}}}}, [[[[[[[[]]]]]]]],
)  # fmt: skip
NASTY_TEXTS = (
    b"\0", b"\xff\xfe", b"1e999999", b"nan", b"-", b"99999999999999999999999999", b"\n[[x]]\n", b'"""', b"[" * 400, b"0x", b"1979-05-27", b"\r", b",", b"\xe2\x80\xae", b"\\u0000",
)  # fmt: skip
MOST_BYTES = 70_000


def mutated(rng: Random, seeds: Sequence[bytes], *, packed: bool) -> bytes:
    """One seed, changed once to four times; `packed`: seeds are MessagePack."""
    body = bytearray(rng.choice(seeds))
    if packed and rng.random() < 0.5:
        found = _of_values(rng, bytes(body))
        if found is not None:
            if rng.random() < 0.7:
                return found
            body = bytearray(found)
    for _ in range(1 + int(rng.random() * 3)):
        _change(rng, body, seeds, packed=packed)
    return bytes(body[:MOST_BYTES])


def _change(rng: Random, body: bytearray, seeds: Sequence[bytes], *, packed: bool) -> None:
    pick = rng.random
    at = int(pick() * len(body)) if body else 0
    how = pick()
    if how < 0.3 and body:
        body[at] ^= 1 << int(pick() * 8)
    elif how < 0.5 and body:
        body[at] = rng.choice(NASTY_BYTES)
    elif how < 0.6:
        body[at:at] = bytes((int(pick() * 256),))
    elif how < 0.7:
        del body[at : at + 1 + int(pick() * 8)]
    elif how < 0.78:
        del body[at:]
    elif how < 0.86:
        to = at + 1 + int(pick() * 16)
        body[at:at] = body[at:to] * (1 + int(pick() * 3))
    elif how < 0.92 and not packed:
        body[at:at] = rng.choice(NASTY_TEXTS)
    elif how < 0.92:
        body[at:at] = struct.pack(">Q", int(pick() * 2**64))
    else:
        other = rng.choice(seeds)
        body[at:] = other[int(pick() * (len(other) + 1)) :]


def _of_values(rng: Random, body: bytes) -> bytes | None:
    """A value of it becomes another; None where it is not MessagePack."""
    try:
        value = msgpack.unpackb(body, strict_map_key=False)
        return msgpack.packb(_changed(rng, value, 0))
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException):
        return None


def _changed(rng: Random, value: Any, depth: int) -> Any:
    if isinstance(value, list) and value and rng.random() < 0.9:
        at = rng.randrange(len(value))
        how = rng.random()
        if how < 0.75:
            return [*value[:at], _changed(rng, value[at], depth + 1), *value[at + 1 :]]
        if how < 0.85:
            return [*value[:at], *value[at + 1 :]]
        return [*value[:at], value[at], *value[at:]] if how < 0.93 else [*value, rng.choice(NASTY_VALUES)]
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(list(value))
        return {**value, key: _changed(rng, value[key], depth + 1)}
    if isinstance(value, int) and not isinstance(value, bool) and rng.random() < 0.5:
        return rng.choice((value + 1, value - 1, -value, value * 2, float(value) if abs(value) < 2**53 else 0.5))
    return rng.choice(NASTY_VALUES)
