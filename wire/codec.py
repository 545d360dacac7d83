"""The one place where bytes become messages, and messages bytes.

Out: `msgpack.Packer` writes every byte that leaves or is kept. In: typed
msgspec decoders read every byte that comes, one for each direction, since the
three directions reuse each other's tags. A frame that is not wholly right is a
WireError and nothing else, so that its reader counts it and drops it whole.
"""

from __future__ import annotations

import math
from typing import Any

import msgpack
import msgspec
from msgspec.structs import astuple

from domain.errors import WireError
from wire.instrument import instrument_of
from wire.messages import (
    MAX_BODY_BYTES,
    ExecutionReport,
    FromFeed,
    FromGateway,
    FromNode,
    GatewayLogon,
    MarketData,
    Message,
    SecurityDefinition,
    tag_of,
)

HEARTBEAT_TOPIC = b"\0"
MAX_TURNOVER_TICKS = 2**58
"""Of one trade, price by lots: books add them up, and their sums must fit 64 bits."""
MAX_PRICE_TICKS = 2**48
"""Of a book, either way: a thousand lots at it are still a trade that can be told."""
MAX_PACKED_BYTES = 16 * 1024 * 1024
MAX_MAP_DEPTH = 4
FLAG_CAPABILITIES = ("cancel_on_disconnect", "positions", "collateral", "mass_status")
COUNT_CAPABILITIES = ("max_orders_per_s", "settle_ms", "depth")

_packer = msgpack.Packer(use_bin_type=True)
_pack = _packer.pack
_decode_feed = msgspec.msgpack.Decoder(FromFeed).decode
_from_node = msgspec.msgpack.Decoder(FromNode)
_decode_gateway = msgspec.msgpack.Decoder(FromGateway).decode
_fields = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_TRADES = frozenset("FGH")

# What the decoders raise on bytes that are not a message: malformed or wrongly
# typed (MsgspecError), not UTF-8, nested too deep, a number out of range.
_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError, ValueError)


def feed_topic(symbol: str) -> bytes:
    """The feed topic of a symbol; the zero byte keeps prefixes apart."""
    if not symbol or "\0" in symbol:
        raise WireError(f"symbol {symbol!r} can't be a topic: empty or with a zero byte")
    return symbol.encode() + b"\0"


def encode(message: Message) -> bytes:
    """The body of a message. Raises: WireError where it can't be one."""
    if isinstance(message, (GatewayLogon, SecurityDefinition)):
        _check_map(message.capabilities if isinstance(message, GatewayLogon) else message.instrument)
    try:
        body = _packer.pack((tag_of[type(message)], *astuple(message)))
    except (TypeError, ValueError, OverflowError, KeyError) as error:
        raise WireError(f"{type(message).__name__} can't be written: {error}") from error
    if len(body) > MAX_BODY_BYTES:
        raise WireError(f"{type(message).__name__} of {len(body)} bytes, at most {MAX_BODY_BYTES}")
    return body


def encode_new_order(*fields: object) -> bytes:
    """A `D` from its fields in the page's order; the hot path's encode.

    Raises: WireError where a field can't be written.
    """
    try:
        return _pack(("D", *fields))
    except (TypeError, ValueError, OverflowError) as error:
        raise WireError(f"a new order can't be written: {error}") from error


def decode_feed(body: bytes) -> FromFeed:
    """A message of the feed socket. Raises: WireError."""
    if len(body) > MAX_BODY_BYTES:
        raise WireError(f"a body of {len(body)} bytes, at most {MAX_BODY_BYTES}")
    try:
        message = _decode_feed(body)
    except _BROKEN as error:
        raise WireError(str(error)) from error
    if message.__class__ is MarketData:
        _check_book(message.bids, message.asks)
    return message


def decode_from_node(body: bytes) -> FromNode:
    """A message from node to gateway. Raises: WireError."""
    return _decode(_from_node, body)


def decode_from_gateway(body: bytes) -> FromGateway:
    """A message from gateway to node. Raises: WireError."""
    if len(body) > MAX_BODY_BYTES:
        raise WireError(f"a body of {len(body)} bytes, at most {MAX_BODY_BYTES}")
    try:
        message = _decode_gateway(body)
    except _BROKEN as error:
        raise WireError(str(error)) from error
    kind = message.__class__
    if kind is ExecutionReport:
        if message.exec_type in _TRADES:
            _check_trade(message)
    elif kind is SecurityDefinition:
        _check_map(message.instrument, _field(body, message, "instrument"))
        instrument_of(message.instrument)
    elif kind is GatewayLogon:
        _check_map(message.capabilities, _field(body, message, "capabilities"))
        _check_capabilities(message.capabilities)
    return message


def pack(value: Any, packer: msgpack.Packer = _packer) -> bytes:
    """Plain MessagePack of plain values. Raises: WireError."""
    try:
        body = packer.pack(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise WireError(f"a value can't be packed: {error}") from error
    if len(body) > MAX_PACKED_BYTES:
        raise WireError(f"a value of {len(body)} bytes, at most {MAX_PACKED_BYTES}")
    return body


def pack_large(value: Any) -> bytes:
    """As `pack`, of what is large and rare: a packer keeps a buffer as large as the largest value that it was given."""
    return pack(value, msgpack.Packer(use_bin_type=True))


def unpack(body: bytes) -> Any:
    """The plain value that `pack` wrote. Raises: WireError."""
    if len(body) > MAX_PACKED_BYTES:
        raise WireError(f"a value of {len(body)} bytes, at most {MAX_PACKED_BYTES}")
    return _unpack(body)


def _decode(decoder: msgspec.msgpack.Decoder, body: bytes) -> Any:
    if len(body) > MAX_BODY_BYTES:
        raise WireError(f"a body of {len(body)} bytes, at most {MAX_BODY_BYTES}")
    try:
        return decoder.decode(body)
    except _BROKEN as error:
        raise WireError(str(error)) from error


def _unpack(body: bytes) -> Any:
    try:
        return msgpack.unpackb(body, strict_map_key=False, ext_hook=_no_ext, object_pairs_hook=_no_twice)
    except WireError:
        raise
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        raise WireError(f"not MessagePack: {error}") from error


def _no_ext(code: int, _data: bytes) -> None:
    raise WireError(f"extension type {code} is not allowed")


def _no_twice(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise WireError("a map holds a key twice")
    return found


def _check_book(bids: list[int], asks: list[int]) -> None:
    """Pairs of px and qty above 0, best first: else it would price wrongly."""
    if len(bids) & 1 or len(asks) & 1:
        raise WireError("book levels are pairs of px and qty")
    for side, levels in ((-1, bids), (1, asks)):
        last = None
        for index in range(0, len(levels), 2):
            px = levels[index]
            if not -MAX_PRICE_TICKS <= px <= MAX_PRICE_TICKS:
                raise WireError(f"a book level at {px} ticks: no market has that")
            if levels[index + 1] <= 0:
                raise WireError("a book level's qty must be above 0")
            if last is not None and (px - last) * side <= 0:
                raise WireError("book levels go from the best price to the worst")
            last = px


def _check_trade(report: ExecutionReport) -> None:
    """F, G and H name the trade they tell; without it nothing can be booked."""
    if None in (report.exec_id, report.last_px, report.symbol, report.side):
        raise WireError(f"exec_type {report.exec_type} without exec_id, last_px, symbol or side")
    if report.exec_type != "F" and report.exec_ref is None:
        raise WireError(f"exec_type {report.exec_type} without exec_ref")
    if abs(report.last_px) * report.last_qty > MAX_TURNOVER_TICKS:
        raise WireError(f"a trade of {report.last_qty} lots at {report.last_px} ticks: no market has that")


def _field(body: bytes, message: GatewayLogon | SecurityDefinition, name: str) -> bytes:
    """Its bytes alone: what a later version adds after it is not ours to judge."""
    return bytes(_fields(body)[1 + message.__struct_fields__.index(name)])


def _check_map(found: dict[str, Any], body: bytes | None = None) -> None:
    """Only plain finite values, no deep nesting; in `body`, its bytes, no key twice."""
    check_plain(found, MAX_MAP_DEPTH)
    if body is not None:
        _unpack(body)


def check_plain(value: Any, depth: int) -> None:
    """Text, whole and finite numbers, flags, and lists and maps of them. Raises: WireError."""
    if depth < 0:
        raise WireError(f"a map nested deeper than {MAX_MAP_DEPTH}")
    if value is None or isinstance(value, (str, bool, int)):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise WireError("a number that is not finite")
    elif isinstance(value, dict):
        for key, inner in value.items():
            check_plain(key, 0)
            check_plain(inner, depth - 1)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            check_plain(inner, depth - 1)
    else:
        raise WireError(f"a {type(value).__name__} in a map")


def _check_capabilities(found: dict[str, Any]) -> None:
    for key in FLAG_CAPABILITIES:
        if not isinstance(found.get(key, False), bool):
            raise WireError(f"capability {key} must be a flag")
    for key in COUNT_CAPABILITIES:
        count = found.get(key, 0)
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise WireError(f"capability {key} must be a count")
