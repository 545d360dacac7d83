"""The codec: every message there and back, and nothing wrong let in."""

from __future__ import annotations

import random
import string

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import WireError
from wire import codec, messages
from wire.instrument import InstrumentDef, instrument_of, map_of

GOLD = InstrumentDef(
    symbol="SHFE.au2612",
    tick_size="0.02",
    lot_size="1",
    multiplier="1000",
    currency="CNY",
    kind="linear",
    offset_mode="octy",
    tifs="034",
    market_orders=False,
    tradable=True,
    margin_rate_long="0.12",
)
CAPABILITIES = {"cancel_on_disconnect": True, "max_orders_per_s": 50, "settle_ms": 3000, "positions": True}
DIRECTIONS = [
    (messages.FromFeed, codec.decode_feed),
    (messages.FromNode, codec.decode_from_node),
    (messages.FromGateway, codec.decode_from_gateway),
]
CASES = [(cls, decode) for union, decode in DIRECTIONS for cls in union.__args__]
MAPS = {messages.GatewayLogon: CAPABILITIES, messages.SecurityDefinition: map_of(GOLD)}
PATTERNS = {
    messages.NodeId.__metadata__[0].pattern: st.text(
        string.ascii_letters + string.digits + "-./: ", min_size=1, max_size=48
    ),
    messages.TradingDay.__metadata__[0].pattern: st.from_regex(r"\A[0-9]{8}\Z"),
    messages.Decimal.__metadata__[0].pattern: st.from_regex(r"\A-?[0-9]{1,24}(\.[0-9]{1,18})?\Z"),
}


def strategy_of(kind: msgspec.inspect.Type, cls: type) -> st.SearchStrategy:
    """Values that a field of this type may hold."""
    match kind:
        case msgspec.inspect.IntType(ge=low, le=high):
            return st.integers(low, high)
        case msgspec.inspect.StrType(pattern=str() as pattern):
            return PATTERNS[pattern]
        case msgspec.inspect.StrType(min_length=low, max_length=high):
            return st.text(st.characters(exclude_categories=["Cs"]), min_size=low or 0, max_size=min(high or 20, 20))
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.ListType():
            level = st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(1, 2**63 - 1))
            return st.lists(level, max_size=10).map(lambda levels: [number for pair in levels for number in pair])
        case msgspec.inspect.UnionType(types=types):
            return st.one_of([strategy_of(one, cls) for one in types])
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.DictType():
            return st.just(MAPS[cls])
    raise TypeError(kind)


def side_of_book(side: int) -> st.SearchStrategy:
    """Levels from the best price to the worst."""
    level = st.tuples(st.integers(-codec.MAX_PRICE_TICKS, codec.MAX_PRICE_TICKS), st.integers(1, 2**63 - 1))
    levels = st.lists(level, max_size=10, unique_by=lambda each: each[0])
    return levels.map(lambda found: [number for each in sorted(found, reverse=side < 0) for number in each])


def messages_of(cls: type) -> st.SearchStrategy:
    """Any message of a class that its sender may send."""
    fields = msgspec.inspect.type_info(cls).fields
    made = st.builds(cls, **{field.name: strategy_of(field.type, cls) for field in fields})
    if cls is messages.MarketData:
        made = st.builds(msgspec.structs.replace, made, bids=side_of_book(-1), asks=side_of_book(1))
    if cls is messages.ExecutionReport:
        made = made.filter(lambda report: report.exec_type not in "FGH")
    return made


@pytest.mark.slow
@pytest.mark.parametrize(("cls", "decode"), CASES, ids=lambda case: getattr(case, "__name__", ""))
@given(data=st.data())
def test_message_comes_back_the_same_when_written_and_read(cls, decode, data):
    message = data.draw(messages_of(cls))
    body = codec.encode(message)
    assert decode(body) == message
    fields = msgpack.unpackb(body)
    assert decode(msgpack.packb([*fields, "later", {"version": 2}])) == message


def report(**changes: object) -> messages.ExecutionReport:
    fields = {
        "seq": 1,
        "clord_id": "n-1",
        "order_id": "x1",
        "exec_id": "t1",
        "exec_type": "F",
        "ord_status": "2",
        "symbol": "SHFE.au2612",
        "side": "1",
        "last_qty": 2,
        "last_px": 27000,
        "cum_qty": 2,
        "leaves_qty": 0,
        "reason": None,
        "text": "",
        "exch_ns": None,
        "gw_ns": 5,
        "poss_resend": False,
        "exec_ref": None,
        "trading_day": "20260106",
        "origin": "O",
    }
    return messages.ExecutionReport(**(fields | changes))


GOOD = {
    codec.decode_feed: [
        messages.MarketData(1, "SHFE.au2612", None, 5, [10, 1, 9, 2], [11, 1], 10, 100),
        messages.SecurityStatus(1, "SHFE.au2612", 5, 17, 1, 100),
        messages.FeedHeartbeat(1, "SHFE", 7, 5, True),
    ],
    codec.decode_from_node: [
        messages.Logon(1, "node", 9, 0, 0, 1000),
        messages.Logout("bye"),
        messages.NodeHeartbeat(5),
        messages.NewOrder("n-1", "SHFE.au2612", "1", 2, 27000, "3", "O", 9, 5, 6, "S"),
        messages.Cancel("n-2", "n-1", 9, 5),
        messages.OrderStatusRequest("r1", "n-1"),
        messages.MassStatusRequest("r2", "day", "20260106"),
        messages.MassCancel("r3", None, "own", 9),
        messages.PositionsRequest("r4"),
        messages.CollateralInquiry("r5"),
    ],
    codec.decode_from_gateway: [
        messages.GatewayLogon(1, "SHFE", 7, "20260106", 3, CAPABILITIES, 1),
        messages.SecurityDefinition(map_of(GOLD), True),
        messages.Logout("bye"),
        messages.GatewayHeartbeat(5, True, 3, "20260106", 7),
        report(),
        messages.CancelReject(2, "n-2", "n-1", "2", 0, "too late", 5),
        messages.PositionReport("r4", "SHFE.au2612", 1, 0, 1, 0, 1, 0, 1, 0, 5, 3, True),
        messages.CollateralReport("r5", "CNY", "100.5", "50", "50.5", "0", 5, True),
        messages.MassCancelReport("r3", True, ""),
        messages.MassStatusEnd("r2", 3),
        messages.BusinessReject("D", "n-1", 100, "past not_after_ns"),
    ],
}
GOOD_FLAT = [(decode, message) for decode, sent in GOOD.items() for message in sent]


@pytest.mark.parametrize(("decode", "message"), GOOD_FLAT, ids=lambda case: type(case).__name__)
def test_message_loses_only_trailing_optional_fields_when_cut_short(decode, message):
    fields = list(msgpack.unpackb(codec.encode(message)))
    optional = sum(field.default is None for field in msgspec.structs.fields(message))
    for kept in range(len(fields)):
        body = msgpack.packb(fields[:kept])
        if kept >= len(fields) - optional:
            assert type(decode(body)) is type(message)
        else:
            with pytest.raises(WireError):
                decode(body)


@pytest.mark.parametrize(("decode", "message"), GOOD_FLAT, ids=lambda case: type(case).__name__)
def test_message_is_refused_when_a_field_is_absent_that_the_page_wants(decode, message):
    fields = list(msgpack.unpackb(codec.encode(message)))
    kinds = msgspec.inspect.type_info(type(message)).fields
    for at, field in enumerate(kinds, 1):
        body = msgpack.packb([*fields[:at], None, *fields[at + 1 :]])
        nullable = isinstance(field.type, msgspec.inspect.UnionType)
        if nullable and field.name not in ("exec_id", "last_px", "symbol", "side"):
            decode(body)
        elif not nullable:
            with pytest.raises(WireError):
                decode(body)


BAD_BODIES = {
    "empty": b"",
    "not an array": msgpack.packb({"type": "0"}),
    "no type": msgpack.packb([]),
    "unknown type": msgpack.packb(["ZZ", 1]),
    "type not text": msgpack.packb([0, 1]),
    "trailing bytes": msgpack.packb(["AN", "r1"]) + b"\xc0",
    "another message behind": msgpack.packb(["AN", "r1"]) * 2,
    "id too long": msgpack.packb(["AN", "r" * 49]),
    "id empty": msgpack.packb(["AN", ""]),
    "id not ASCII": msgpack.packb(["AN", "单"]),
    "id with a line end": msgpack.packb(["AN", "r1\n"]),
    "id as bytes": msgpack.packb(["AN", b"r1"]),
    "float for int": msgpack.packb(["0", 1.0]),
    "flag for int": msgpack.packb(["0", True]),
    "int past 64 bits signed": msgpack.packb(["0", 2**63]),
    "not UTF-8": b"\x92\xa2AN\xa1\xff",
    "nested deep": b"\x93\xa2AN\xa1r" + b"\x91" * 60000 + b"\xc0",
    "oversize": msgpack.packb(["AN", "r1", "x" * messages.MAX_BODY_BYTES]),
    "huge array said": b"\xdd\xff\xff\xff\xff\xa2AN\xa1r",
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_decoder_refuses_when_body_is_broken(body):
    for _, decode in DIRECTIONS:
        with pytest.raises(WireError):
            decode(body)


BAD_MAPS = {
    "nan": {"depth": float("nan")},
    "infinite": {"x": [float("-inf")]},
    "wrong flag": {"positions": 1},
    "wrong count": {"settle_ms": True},
    "negative count": {"settle_ms": -1},
    "nested": {"x": [[[[[1]]]]]},
    "bytes": {"x": b"1"},
    "time": {"x": msgpack.Timestamp(1)},
    "key not text": {1: 2},
}


@pytest.mark.parametrize("found", BAD_MAPS.values(), ids=BAD_MAPS.keys())
def test_gateway_logon_is_refused_when_capabilities_are_wrong(found):
    body = msgpack.packb(["A", 1, "SHFE", 7, "20260106", 0, found, 0])
    with pytest.raises(WireError):
        codec.decode_from_gateway(body)


ODD = {"a map by maps": b"\x81\x80\x01", "an extension": b"\xd4\xff\x01", "a key twice": b"\x82\x01\x01\x01\x01"}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("message", [messages.GatewayLogon(1, "SHFE", 7, "20260106", 0, {"depth": 1}, 0), messages.SecurityDefinition(map_of(GOLD), True)], ids=lambda m: type(m).__name__)
def test_what_a_later_version_adds_may_be_anything(message, odd):
    body = codec.encode(message)
    longer = bytes([body[0] + 1]) + body[1:] + odd
    assert codec.decode_from_gateway(longer) == message


def test_gateway_logon_is_refused_when_a_capability_comes_twice():
    body = b"\x98\xa1A\x01\xa1v\x07\xa820260106\x00\x82\xa5depth\x01\xa5depth\x02\x00"
    with pytest.raises(WireError, match="twice"):
        codec.decode_from_gateway(body)


@pytest.mark.parametrize(
    "change",
    [
        {"tick_size": 0.02},
        {"tick_size": "0.0"},
        {"tick_size": "NaN"},
        {"kind": "quanto"},
        {"offset_mode": "o"},
        {"min_lots": "1.5"},
        {"symbol": "a\0b"},
        {"expiry": "soon"},
        {"tradable": None},
    ],
)
def test_definition_is_refused_when_a_key_is_wrong(change):
    with pytest.raises(WireError):
        codec.decode_from_gateway(msgpack.packb(["d", map_of(GOLD) | change, True]))


def test_definition_reads_lots_when_they_are_text_or_number():
    assert instrument_of(map_of(GOLD) | {"max_lots": "500"}).max_lots_int == 500
    assert instrument_of(map_of(GOLD) | {"min_lots": 2, "unknown": [1]}).min_lots_int == 2
    assert (GOLD.min_lots_int, GOLD.max_lots_int) == (1, None)


@pytest.mark.parametrize(("bids", "asks"), [([1], []), ([1, 0], []), ([], [1, -1]), ([1, 1] * 11, []), ([2**61, 5], [2**61 + 1, 5]), ([-(2**49), 5], [1, 5])])
def test_book_is_refused_when_a_level_is_wrong(bids, asks):
    with pytest.raises(WireError):
        codec.decode_feed(msgpack.packb(["W", 1, "s", None, 5, bids, asks]))


def test_report_passes_when_its_codes_are_unknown():
    odd = report(exec_type="Z", ord_status="~", exec_id=None, last_px=None)
    assert codec.decode_from_gateway(codec.encode(odd)) == odd


@pytest.mark.parametrize(
    "absurd",
    [
        {"last_px": 2**62, "last_qty": 1},
        {"last_px": -(2**57), "last_qty": 3},
        {"last_px": 1, "last_qty": 2**60},
        {"cum_qty": 2**60},
        {"leaves_qty": 2**60},
    ],
)
def test_trade_is_refused_when_books_could_not_hold_it(absurd):
    assert codec.decode_from_gateway(codec.encode(report()))
    with pytest.raises(WireError):
        codec.decode_from_gateway(codec.encode(report(**absurd)))


@pytest.mark.parametrize("missing", ["exec_id", "last_px", "symbol", "side"])
def test_trade_is_refused_when_it_names_no_trade(missing):
    with pytest.raises(WireError):
        codec.decode_from_gateway(codec.encode(report(**{missing: None})))


def test_encode_refuses_when_the_message_can_not_be_read_again():
    with pytest.raises(WireError):
        codec.encode(messages.Logout("x" * messages.MAX_BODY_BYTES))
    with pytest.raises(WireError):
        codec.encode(messages.NodeHeartbeat(2**70))
    with pytest.raises(WireError):
        codec.encode(messages.GatewayLogon(1, "v", 1, "20260106", 0, {"x": float("inf")}, 0))


def test_unpack_refuses_when_bytes_are_not_one_plain_value():
    value = {"actor": "pair/a", "facts": [["Opened", 1, -2.5, None, b"x"]]}
    assert codec.unpack(codec.pack(value)) == value
    for body in (
        b"",
        codec.pack(value) + b"\0",
        msgpack.packb(msgpack.ExtType(5, b"x")),
        b"\xc1",
        b"\x82\x01\x02\x01\x03",
    ):
        with pytest.raises(WireError):
            codec.unpack(body)
    with pytest.raises(WireError):
        codec.pack({"x": object()})


def test_feed_topic_ends_with_a_zero_byte():
    assert codec.feed_topic("SHFE.au2612") == b"SHFE.au2612\0"
    for symbol in ("", "a\0b"):
        with pytest.raises(WireError):
            codec.feed_topic(symbol)


FRAMES_EACH = 112_000  # three decoders, three seeds: a million and some frames


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("decode", list(GOOD), ids=lambda decode: decode.__name__)
def test_decoder_raises_wire_error_alone_when_frames_are_mutated(decode, seed):
    rng = random.Random(seed)
    bodies = [codec.encode(message) for message in GOOD[decode]]
    read = 0
    for _ in range(FRAMES_EACH):
        body = mutated(rng, bodies)
        try:
            message = decode(body)
        except WireError:
            continue
        read += 1
        if read % 50 == 0:  # what was accepted is a message in full, and can be written and read again
            assert decode(codec.encode(message)) == message
    assert read < FRAMES_EACH


def mutated(rng: random.Random, bodies: list[bytes]) -> bytes:
    """A body with a byte changed, put in or cut out, or two bodies spliced."""
    pick = rng.random
    body = bytearray(bodies[int(pick() * len(bodies))])
    for _ in range(1 + int(pick() * 3)):
        at = int(pick() * len(body)) if body else 0
        how = pick()
        if how < 0.6 and body:
            body[at] = int(pick() * 256)
        elif how < 0.75:
            body.insert(at, int(pick() * 256))
        elif how < 0.9:
            del body[at : at + 1 + int(pick() * 4)]
        else:
            body[at:] = bodies[int(pick() * len(bodies))][at:]
    return bytes(body)
