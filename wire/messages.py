"""Every message of the gateway protocol, version 1, as a value.

A message is an array on the wire: its type first, then these fields in this
order. A field typed `| None` may be nil; one with a default may also be left
out at the end of the array. Types and units are the protocol page's: times in
ns since the epoch (UTC), prices in ticks, quantities in lots, codes as FIX
characters.

Source: docs/en/gateway-protocol.md; FIX 4.4 MsgType (35) for the tags.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

PROTOCOL_VERSION = 1
MAX_BODY_BYTES = 64 * 1024
MAX_LEVELS = 10

Int = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
MAX_TRADE_LOTS = 2**53
Lots = Annotated[int, Meta(ge=0, le=MAX_TRADE_LOTS)]
"""Of one report: so many that their sums still have room in 64 bits."""
NodeId = Annotated[str, Meta(min_length=1, max_length=48, pattern=r"^[\x20-\x7e]+\Z")]
Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x20-\x7e]+\Z")]
Symbol = Annotated[str, Meta(min_length=1, max_length=255)]
Code = Annotated[str, Meta(min_length=1, max_length=1)]
Name = Annotated[str, Meta(min_length=1, max_length=255)]
Text = str  # bounded by MAX_BODY_BYTES: the page names no bound of its own
Decimal = Annotated[str, Meta(pattern=r"^-?[0-9]{1,24}(\.[0-9]{1,18})?\Z")]
TradingDay = Annotated[str, Meta(pattern=r"^[0-9]{8}\Z")]
Levels = Annotated[list[Int], Meta(max_length=2 * MAX_LEVELS)]


class Message(Struct, frozen=True, array_like=True):
    """Base of all messages; the tag is the FIX MsgType."""


# ---------------------------------------------------------------- feed


class MarketData(Message, tag="W"):
    """Market data snapshot. `bids`, `asks`: px, qty, px, qty, best first."""

    seq: Count
    symbol: Symbol
    exch_ns: Int | None
    gw_ns: Int
    bids: Levels
    asks: Levels
    last: Int | None = None
    volume: Count | None = None


class SecurityStatus(Message, tag="f"):
    """FIX SecurityTradingStatus (326): 17 open, 2 halt, 18 closed, 21 auction."""

    seq: Count
    symbol: Symbol
    gw_ns: Int
    status: Int
    limit_down: Int | None = None
    limit_up: Int | None = None


class FeedHeartbeat(Message, tag="0"):
    seq: Count
    venue: Name
    epoch: Count
    gw_ns: Int
    session_up: bool


# ---------------------------------------------------------------- node to gateway


class Logon(Message, tag="A"):
    version: Int
    node: Name
    node_epoch: Count
    epoch_seen: Count
    seq_seen: Count
    cancel_on_disconnect_ms: Count


class Logout(Message, tag="5"):
    """Both directions."""

    text: Text


class NodeHeartbeat(Message, tag="0"):
    node_ns: Int


class NewOrder(Message, tag="D"):
    clord_id: NodeId
    symbol: Symbol
    side: Code
    qty: Int  # none or fewer is answered `j` 102, not dropped
    px: Int | None
    tif: Code
    offset: Code
    node_epoch: Count
    node_ns: Int
    not_after_ns: Int
    hedge_flag: Code | None = None


class Cancel(Message, tag="F"):
    cxl_id: NodeId
    orig_clord_id: NodeId
    node_epoch: Count
    node_ns: Int


class OrderStatusRequest(Message, tag="H"):
    req_id: NodeId
    clord_id: NodeId


class MassStatusRequest(Message, tag="AF"):
    """`scope`: working or day; `trading_day` nil: the present day."""

    req_id: NodeId
    scope: str
    trading_day: TradingDay | None = None


class MassCancel(Message, tag="q"):
    """`scope`: own (this node's orders) or all (the account's)."""

    req_id: NodeId
    symbol: Symbol | None
    scope: str
    node_epoch: Count


class PositionsRequest(Message, tag="AN"):
    req_id: NodeId


class CollateralInquiry(Message, tag="BB"):
    req_id: NodeId


# ---------------------------------------------------------------- gateway to node


class GatewayLogon(Message, tag="A"):
    version: Int
    venue: Name
    epoch: Count
    trading_day: TradingDay
    last_seq: Count
    capabilities: dict[str, Any]
    instrument_count: Count


class SecurityDefinition(Message, tag="d"):
    """`instrument`: the map of the page; typed by `wire.instrument.instrument_of`."""

    instrument: dict[str, Any]
    last: bool


class GatewayHeartbeat(Message, tag="0"):
    gw_ns: Int
    session_up: bool
    last_seq: Count
    trading_day: TradingDay
    epoch: Count


class ExecutionReport(Message, tag="8"):
    seq: Count
    clord_id: Id | None
    order_id: Id | None
    exec_id: Id | None
    exec_type: Code
    ord_status: Code
    symbol: Symbol | None
    side: Code | None
    last_qty: Lots
    last_px: Int | None
    cum_qty: Lots
    leaves_qty: Lots
    reason: Int | None
    text: Text
    exch_ns: Int | None
    gw_ns: Int
    poss_resend: bool
    exec_ref: Id | None
    trading_day: TradingDay
    origin: Code
    offset: Code | None = None
    fee: Decimal | None = None
    fee_currency: str | None = None


class CancelReject(Message, tag="9"):
    seq: Count
    cxl_id: Id
    orig_clord_id: Id
    ord_status: Code
    reason: Int
    text: Text
    gw_ns: Int


class PositionReport(Message, tag="AP"):
    req_id: Id
    symbol: Symbol
    long_qty: Count
    short_qty: Count
    long_today: Count
    short_today: Count
    long_free: Count
    short_free: Count
    long_free_today: Count
    short_free_today: Count
    asof_ns: Int
    asof_seq: Count
    last: bool


class CollateralReport(Message, tag="BA"):
    req_id: Id
    currency: str
    equity: Decimal
    available: Decimal
    margin_used: Decimal
    fees: Decimal
    asof_ns: Int
    last: bool


class MassCancelReport(Message, tag="r"):
    req_id: Id
    accepted: bool
    text: Text


class MassStatusEnd(Message, tag="AF"):
    req_id: Id
    count: Count


class BusinessReject(Message, tag="j"):
    ref_type: Annotated[str, Meta(max_length=8)]
    ref_id: Annotated[str, Meta(max_length=255)]
    reason: Int
    text: Text


FromFeed = MarketData | SecurityStatus | FeedHeartbeat
FromNode = (
    Logon
    | Logout
    | NodeHeartbeat
    | NewOrder
    | Cancel
    | OrderStatusRequest
    | MassStatusRequest
    | MassCancel
    | PositionsRequest
    | CollateralInquiry
)
FromGateway = (
    GatewayLogon
    | SecurityDefinition
    | Logout
    | GatewayHeartbeat
    | ExecutionReport
    | CancelReject
    | PositionReport
    | CollateralReport
    | MassCancelReport
    | MassStatusEnd
    | BusinessReject
)

tag_of = {cls: cls.__struct_config__.tag for union in (FromFeed, FromNode, FromGateway) for cls in union.__args__}
"""The MsgType of each message class."""
