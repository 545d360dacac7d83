"""The session protocol between the simulated exchange and its clients.

A client (DEALER) sends `[body]` to the exchange's one endpoint (ROUTER); the
exchange sends `[body]` back. A body is an array: the message's name first,
then its fields in the order below; msgpack writes it, typed reading takes it.

What a client does
1. `Login` for a venue, an account ("" for a feed alone) and a session name of
   its own choosing; the answer is `LoginAck`, the venue's `InstrumentInfo`s,
   or `LoginReject`. A later login under the same session name takes over:
   pushes go to the newest; the older connection is answered `SessionReject`.
2. `Subscribe`; at once and from then on `Status` and `Book` come.
3. `Submit`, `CancelOrder`. An order is (session, client_ref) until the
   exchange has named it (`order_id`), and stays so: a client that comes back,
   under the same session name or another, finds all with `QueryOrders`.

What the exchange says about orders comes in two streams, as real venues do:
`OrderReport` (the order's state; cum_qty may run ahead of the trades) and
`TradeReport` (each trade once). Both go to every session of the account, each
counted by its own `seq` from 1 a trading day; answers to a query carry the
query's `req_id` and seq 0. `Ack` goes to the sending session alone: the order
is in the venue's hands, its fate is not known yet.

Units: prices in ticks, quantities in lots, times in ns (UTC), money as a
decimal string. Codes (side, tif, offset, status) are FIX characters, as in
the gateway protocol. `reason` is FIX's, `code` the venue's own number.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from domain.errors import WireError
from wire.codec import check_plain, pack
from wire.messages import Code, Count, Decimal, Int, Levels, Name, Symbol, Text, TradingDay

SESSION_VERSION = 1
MAX_BODY_BYTES = 1 << 20

Ref = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[\\x21-\\x7e]+$")]
OptName = Annotated[str, Meta(max_length=64)]


class SessionMessage(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of all messages between exchange and client; tag is the name."""


# ---------------------------------------------------------------- client to exchange


class Login(SessionMessage, tag="login"):
    """`account` "" asks for the feed alone."""

    version: Int
    venue: Name
    account: OptName
    session: Ref


class Subscribe(SessionMessage, tag="subscribe"):
    """Market data of these symbols; none named: all of the venue."""

    symbols: Annotated[list[Symbol], Meta(max_length=1000)]


class Submit(SessionMessage, tag="submit"):
    """A new order; `px` nil is a market order. Refs are used once a session."""

    client_ref: Ref
    symbol: Symbol
    side: Code
    qty: Count
    px: Int | None
    tif: Code
    offset: Code
    hedge_flag: Code | None = None


class CancelOrder(SessionMessage, tag="cancel"):
    """Cancel an order of the account, by session and ref or by order_id."""

    cancel_ref: Ref
    session: OptName
    client_ref: OptName
    order_id: OptName = ""


class QueryOrders(SessionMessage, tag="query_orders"):
    """Each order's trades, then its state, all ended by `QueryEnd`.

    `scope` one: by session and client_ref, or by order_id (count 0 in the end
    message: the venue has no such order); working; day (the account's orders
    of all sessions). `trading_day` nil: the present one.
    """

    req_id: Ref
    scope: Literal["one", "working", "day"]
    session: OptName = ""
    client_ref: OptName = ""
    order_id: OptName = ""
    trading_day: TradingDay | None = None


class QueryPositions(SessionMessage, tag="query_positions"):
    req_id: Ref


class QueryAccount(SessionMessage, tag="query_account"):
    req_id: Ref


class ClientHeartbeat(SessionMessage, tag="heartbeat"):
    """At least one a second; a session silent for 5 s gets no more pushes."""

    client_ns: Int


class Logoff(SessionMessage, tag="logoff"):
    """The session ends; its orders stay."""


class Fault(SessionMessage, tag="fault"):
    """Control: make a trouble of this kind (`list`: say what is armed or lasts;
    `clear`: end all of it).
    """

    req_id: Ref
    venue: OptName
    kind: Name
    args: dict[str, Any]


class Truth(SessionMessage, tag="truth"):
    """Control: the exchange's own summary, of one venue or ("") of all."""

    req_id: Ref
    venue: OptName = ""


class RollDay(SessionMessage, tag="roll_day"):
    """Control: end the venue's trading day and begin this one."""

    req_id: Ref
    venue: Name
    trading_day: TradingDay


class SetStatus(SessionMessage, tag="set_status"):
    """Control: put a symbol ("" all) into a FIX SecurityTradingStatus."""

    req_id: Ref
    venue: Name
    symbol: OptName
    status: Int


class Stop(SessionMessage, tag="stop"):
    """Control: end the exchange process, as SIGTERM does."""

    req_id: Ref


# ---------------------------------------------------------------- exchange to client


class LoginAck(SessionMessage, tag="login_ack"):
    """`order_seq`, `trade_seq`: the last of each stream of this account."""

    venue: Name
    account: OptName
    session: Ref
    trading_day: TradingDay
    exch_ns: Int
    order_seq: Count
    trade_seq: Count
    instrument_count: Count
    snapshot_ms: Count


class LoginReject(SessionMessage, tag="login_reject"):
    code: Int
    text: Text


class SessionReject(SessionMessage, tag="session_reject"):
    """A message was refused whole: not logged in, superseded, not understood."""

    ref_type: OptName
    ref_id: OptName
    code: Int
    text: Text


class InstrumentInfo(SessionMessage, tag="instrument"):
    """`definition`: the gateway protocol's instrument map, as it stands there."""

    definition: dict[str, Any]
    last: bool


class Book(SessionMessage, tag="book"):
    """A snapshot, 0 to 10 levels a side; `volume` is the day's, in lots."""

    symbol: Symbol
    exch_ns: Int
    bids: Levels
    asks: Levels
    last: Int | None
    volume: Count | None


class Status(SessionMessage, tag="status"):
    symbol: Symbol
    exch_ns: Int
    status: Int
    limit_down: Int | None
    limit_up: Int | None


class Ack(SessionMessage, tag="ack"):
    """The order is in the venue's hands; the streams say what becomes of it."""

    session: Ref
    client_ref: Ref
    order_id: Ref
    exch_ns: Int


class OrderReport(SessionMessage, tag="order"):
    """An order's state. `status`: FIX OrdStatus 0 1 2 4 8 C.

    `leaves_qty` is 0 in 2, 4, 8 and C. `reason`, `code`, `text` say why in 8, 4
    and C. A refused order is in the day's orders too, with status 8.
    `poss_resend`: told again, under the number that it had.
    """

    seq: Count
    req_id: OptName
    trading_day: TradingDay
    session: OptName
    client_ref: OptName
    order_id: Ref
    symbol: Symbol
    side: Code
    offset: Code
    qty: Count
    px: Int | None
    tif: Code
    status: Code
    cum_qty: Count
    leaves_qty: Count
    reason: Int | None
    code: Int
    text: Text
    exch_ns: Int
    poss_resend: bool = False


class TradeReport(SessionMessage, tag="trade"):
    """One trade of one order. `exec_type`: F, or G, H with `trade_ref`.

    H takes trade_ref's qty at px off; G makes it qty at px.
    `origin`: O an order of a session, L the exchange's (forced liquidation).
    """

    seq: Count
    req_id: OptName
    trading_day: TradingDay
    session: OptName
    client_ref: OptName
    order_id: Ref
    trade_id: Ref
    exec_type: Code
    trade_ref: OptName
    symbol: Symbol
    side: Code
    offset: Code
    qty: Count
    px: Int
    fee: Decimal
    fee_currency: OptName
    exch_ns: Int
    origin: Code = "O"
    poss_resend: bool = False


class CancelReject(SessionMessage, tag="cancel_reject"):
    """To the sending session alone. `reason`: FIX CxlRejReason."""

    cancel_ref: Ref
    session: OptName
    client_ref: OptName
    status: Code
    reason: Int
    code: Int
    text: Text


class PositionRow(SessionMessage, tag="position"):
    """free: not frozen by working closes. Yesterday's is the rest."""

    req_id: Ref
    symbol: Symbol
    long_qty: Count
    short_qty: Count
    long_today: Count
    short_today: Count
    long_free: Count
    short_free: Count
    long_free_today: Count
    short_free_today: Count


class AccountRow(SessionMessage, tag="account"):
    """equity = balance + floating profit; available = equity - margin - frozen."""

    req_id: Ref
    currency: OptName
    equity: Decimal
    available: Decimal
    margin_used: Decimal
    fees: Decimal


class QueryEnd(SessionMessage, tag="query_end"):
    """The answer is whole, as of these stream numbers and this time.

    `count`: orders, positions or currencies told (trades are not counted).
    """

    req_id: Ref
    count: Count
    order_seq: Count
    trade_seq: Count
    exch_ns: Int


class QueryReject(SessionMessage, tag="query_reject"):
    """No answer: not ready, too fast, not understood. Proves nothing."""

    req_id: Ref
    code: Int
    text: Text


class NewDay(SessionMessage, tag="new_day"):
    """A trading day began; both streams count from 1 again."""

    venue: Name
    trading_day: TradingDay
    exch_ns: Int


class ExchangeHeartbeat(SessionMessage, tag="exchange_heartbeat"):
    """Every 200 ms to each live session."""

    exch_ns: Int
    trading_day: TradingDay
    order_seq: Count
    trade_seq: Count


class ControlReply(SessionMessage, tag="control_reply"):
    req_id: Ref
    ok: bool
    text: Text
    body: dict[str, Any]


FromClient = (
    Login
    | Subscribe
    | Submit
    | CancelOrder
    | QueryOrders
    | QueryPositions
    | QueryAccount
    | ClientHeartbeat
    | Logoff
    | Fault
    | Truth
    | RollDay
    | SetStatus
    | Stop
)
FromExchange = (
    LoginAck
    | LoginReject
    | SessionReject
    | InstrumentInfo
    | Book
    | Status
    | Ack
    | OrderReport
    | TradeReport
    | CancelReject
    | PositionRow
    | AccountRow
    | QueryEnd
    | QueryReject
    | NewDay
    | ExchangeHeartbeat
    | ControlReply
)

MAX_MAP_DEPTH = 8
_MAPS = {Fault: "args", InstrumentInfo: "definition", ControlReply: "body"}

FIELDS_OF: dict[type, tuple[str, tuple[str, ...]]] = {
    cls: (cls.__struct_config__.tag, cls.__struct_fields__)
    for union in (FromClient, FromExchange)
    for cls in union.__args__
}
"""Name and fields of each message class, in their order on the wire."""


def fields_of(message: SessionMessage) -> list[Any]:
    """The message as the plain array that goes on the wire."""
    tag, names = FIELDS_OF[type(message)]
    return [tag, *[getattr(message, name) for name in names]]


_from_client = msgspec.msgpack.Decoder(FromClient)
_from_exchange = msgspec.msgpack.Decoder(FromExchange)


def encode(message: SessionMessage) -> bytes:
    """The bytes of one message, as either side sends them."""
    return pack(fields_of(message))


def decode_from_client(body: bytes) -> FromClient:
    """Read what a client sent.

    Raises: WireError for anything that is not exactly such a message.
    """
    return _decode(_from_client, body)


def decode_from_exchange(body: bytes) -> FromExchange:
    """Read what the exchange sent.

    Raises: WireError for anything that is not exactly such a message.
    """
    return _decode(_from_exchange, body)


def _decode(decoder: msgspec.msgpack.Decoder, body: bytes) -> Any:
    if len(body) > MAX_BODY_BYTES:
        raise WireError(f"{len(body)} bytes; at most {MAX_BODY_BYTES}")
    try:
        message = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError) as error:
        raise WireError(f"not a message of the exchange session: {error}") from error
    name = _MAPS.get(message.__class__)
    if name is not None:
        check_plain(getattr(message, name), MAX_MAP_DEPTH)
    return message
