"""The exchange's words as the skeleton's values; both speak FIX codes."""

from __future__ import annotations

from gateways.adapter import CancelRefused, Collateral, OrderState, Position, TradeState
from wire import exchange as wire

OTHER = 99
REJECTED = "8"


def order_state(told: wire.OrderReport, session: str) -> OrderState:
    """`venue_ref` is ours where the order is this session's."""
    why = told.status in "4C8" and (told.code or told.text)
    return OrderState(
        venue_ref=told.client_ref if told.session == session else "",
        order_id=told.order_id,
        symbol=told.symbol,
        side=told.side,
        offset=told.offset,
        qty=told.qty,
        ord_status=told.status,
        cum_qty=told.cum_qty,
        reason=told.reason if told.reason is not None or told.status != REJECTED else OTHER,
        text=words(told.code, told.text) if why else "",
        exch_ns=told.exch_ns,
        trading_day=told.trading_day,
        req_id=told.req_id,
        poss_resend=told.poss_resend,
    )


def trade_state(told: wire.TradeReport, session: str) -> TradeState:
    return TradeState(
        venue_ref=told.client_ref if told.session == session else "",
        order_id=told.order_id,
        exec_id=told.trade_id,
        exec_type=told.exec_type,
        exec_ref=told.trade_ref or None,
        symbol=told.symbol,
        side=told.side,
        offset=told.offset,
        qty=told.qty,
        px=told.px,
        fee=told.fee,
        fee_currency=told.fee_currency or None,
        exch_ns=told.exch_ns,
        trading_day=told.trading_day,
        origin="L" if told.origin == "L" else "X",
        poss_resend=told.poss_resend,
    )


def cancel_refused(told: wire.CancelReject) -> CancelRefused:
    return CancelRefused(
        cancel_ref=told.cancel_ref,
        venue_ref=told.client_ref,
        order_id="",
        reason=told.reason,
        text=words(told.code, told.text),
    )


def position(told: wire.PositionRow) -> Position:
    return Position(
        told.symbol, told.long_qty, told.short_qty, told.long_today, told.short_today, told.long_free,
        told.short_free, told.long_free_today, told.short_free_today,
    )  # fmt: skip


def collateral(told: wire.AccountRow) -> Collateral:
    return Collateral(told.currency, told.equity, told.available, told.margin_used, told.fees)


def words(code: int, text: str) -> str:
    """The venue's own code and words, as the protocol's `text` has them."""
    return f"{code} {text}".strip()
