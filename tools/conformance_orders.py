"""Looks at what a gateway does with real orders, far from the market."""

from __future__ import annotations

from typing import Any

from tools.conformance_peer import MS, Peer
from tools.conformance_trade import Setup
from wire import messages as wire

VENUE_MS = 5_000
SILENT_MS = 600
NOT_AFTER_NS = 2_000 * MS
WRONG_OFFSET = {"net": "T", "oc": "Y", "octy": "C"}
OPENS = {"net": "N", "oc": "O", "octy": "O"}
ENDED = "248C"


class Price:
    """An order that should rest: side, px in ticks, lots."""

    def __init__(self, side: str, px: int, qty: int) -> None:
        self.side, self.px, self.qty = side, px, qty


def check(setup: Setup, peer: Peer, price: Price) -> Peer:
    """All of it; leaves nothing working. The peer that is logged on then."""
    if setup.instrument is None:
        setup.sheet.untried_part("orders", "no definition of the symbol")
        return peer
    _refusals(setup, peer, price)
    ident = _placed(setup, peer, price)
    if ident is not None:
        _twice(setup, peer, price, ident)
        _told(setup, peer, ident)
        _cancelled(setup, peer, ident)
        _mass_cancelled(setup, peer, price)
        _silent(setup, peer, price)
    return peer


def new_order(setup: Setup, price: Price, **changes: Any) -> wire.NewOrder:
    now_ns = setup.clock.wall_ns()
    fields = {
        "clord_id": setup.ident("d"),
        "symbol": setup.symbol,
        "side": price.side,
        "qty": price.qty,
        "px": price.px,
        "tif": "0" if "0" in setup.instrument.tifs else setup.instrument.tifs[0],
        "offset": OPENS[setup.instrument.offset_mode],
        "node_epoch": setup.epoch,
        "node_ns": now_ns,
        "not_after_ns": now_ns + NOT_AFTER_NS,
    }
    return wire.NewOrder(**(fields | changes))


def _answer(peer: Peer, order: wire.NewOrder) -> Any:
    return peer.ask(order, lambda m: _is_about(m, order.clord_id))[0]


def _is_about(message: Any, ident: str) -> bool:
    if isinstance(message, wire.ExecutionReport):
        return message.clord_id == ident
    return isinstance(message, wire.BusinessReject) and message.ref_id == ident


def _refusals(setup: Setup, peer: Peer, price: Price) -> None:
    lacks = next((tif for tif in "034" if tif not in setup.instrument.tifs), None)
    mode = setup.instrument.offset_mode
    tried = [
        ("order.symbol", {"symbol": f"{setup.symbol}?"}, 101),
        ("order.late", {"not_after_ns": setup.clock.wall_ns() - 1000 * MS}, 100),
        ("order.epoch", {"node_epoch": setup.epoch - 1}, 6),
        ("order.offset", {"offset": WRONG_OFFSET[mode]}, 102),
        ("order.quantity", {"qty": 0}, 102),
    ]
    if lacks is None:
        setup.sheet.untried("order.tif", "the instrument takes every tif")
    else:
        tried.append(("order.tif", {"tif": lacks}, 102))
    for ident, changes, reason in tried:
        order = new_order(setup, price, **changes)
        answer = _answer(peer, order)
        ok = isinstance(answer, wire.BusinessReject) and answer.ref_type == "D" and answer.reason == reason
        setup.sheet.holds(ident, ok, "" if ok else f"answered {answer}")
        if isinstance(answer, wire.ExecutionReport) and answer.ord_status not in ENDED:
            _end(setup, peer, order.clord_id)


def _placed(setup: Setup, peer: Peer, price: Price) -> str | None:
    order = new_order(setup, price)
    answer = _answer(peer, order)
    ok = isinstance(answer, wire.ExecutionReport) and answer.exec_type == "A"
    found = "" if ok else f"answered {answer}" if answer else "silence"
    setup.sheet.holds("order.pending", ok, found)
    if not isinstance(answer, wire.ExecutionReport):
        setup.sheet.untried_part("orders", f"no order is placed: {found}")
        return None
    ident = order.clord_id
    own = peer.first(lambda m: _is_about(m, ident) and m.exec_type != "A", 0, VENUE_MS)
    setup.sheet.holds("order.venue", own is not None, "" if own else f"none in {VENUE_MS} ms")
    if own is not None and own.ord_status in ENDED:
        setup.sheet.untried_part("orders", f"it does not rest: ord_status {own.ord_status} {own.text!r}")
        return None
    return ident


def _twice(setup: Setup, peer: Peer, price: Price, ident: str) -> None:
    answer = _answer(peer, new_order(setup, price, clord_id=ident))
    ok = isinstance(answer, wire.ExecutionReport) and answer.exec_type == "I" and answer.ord_status not in ENDED
    setup.sheet.holds("order.twice", ok, "" if ok else f"answered {answer}")


def _told(setup: Setup, peer: Peer, ident: str) -> None:
    state = _state(setup, peer, ident)
    ok = state is not None and state.ord_status in "01"
    setup.sheet.holds("order.status", ok, "" if ok else f"answered {state}")
    req_id = setup.ident("w")
    _, came = peer.ask(
        wire.MassStatusRequest(req_id, "working"),
        lambda m: isinstance(m, wire.MassStatusEnd) and m.req_id == req_id,
        VENUE_MS,
    )
    ok = any(_is_about(m, ident) and m.exec_type == "I" for m in came)
    setup.sheet.holds("order.working", ok, "" if ok else "it is not among them")


def _state(setup: Setup, peer: Peer, ident: str) -> Any:
    """What H says of an order, or None."""
    return peer.ask(
        wire.OrderStatusRequest(setup.ident("h"), ident), lambda m: _is_about(m, ident) and m.exec_type == "I", VENUE_MS
    )[0]


def _end(setup: Setup, peer: Peer, ident: str) -> Any:
    """Cancel it and wait for its end; what ended it, or None."""
    cancel = wire.Cancel(setup.ident("c"), ident, setup.epoch, setup.clock.wall_ns())
    return peer.ask(
        cancel,
        lambda m: (_is_about(m, ident) and getattr(m, "ord_status", "") in tuple(ENDED))
        or (isinstance(m, wire.CancelReject) and m.orig_clord_id == ident),
        VENUE_MS,
    )[0]


def _cancelled(setup: Setup, peer: Peer, ident: str) -> None:
    end = _end(setup, peer, ident)
    ok = end is not None and (isinstance(end, wire.CancelReject) or end.leaves_qty == 0)
    setup.sheet.holds("order.cancel", ok, "" if ok else f"answered {end}")


def _mass_cancelled(setup: Setup, peer: Peer, price: Price) -> None:
    order = new_order(setup, price)
    _answer(peer, order)
    req_id = setup.ident("q")
    at = len(peer.log)
    told, _ = peer.ask(
        wire.MassCancel(req_id, setup.symbol, "own", setup.epoch),
        lambda m: isinstance(m, wire.MassCancelReport) and m.req_id == req_id,
        VENUE_MS,
    )
    ended = peer.first(lambda m: _is_about(m, order.clord_id) and m.ord_status in ENDED, at, VENUE_MS)
    ok = told is not None and (ended is not None or not told.accepted)
    setup.sheet.holds("order.mass_cancel", ok, "" if ok else f"r {told}, then {ended}")
    if ended is None:
        _end(setup, peer, order.clord_id)


def _silent(setup: Setup, peer: Peer, price: Price) -> None:
    if not setup.logon.capabilities.get("cancel_on_disconnect", False):
        setup.sheet.untried("order.silence", "the gateway says that it can't (capability cancel_on_disconnect)")
        return
    peer.logon(peer.gateway_epoch, peer.last_seq, cancel_ms=SILENT_MS)
    order = new_order(setup, price)
    at = len(peer.log)
    _answer(peer, order)
    peer.beats = False
    ended = peer.first(lambda m: _is_about(m, order.clord_id) and m.ord_status in ENDED, at, SILENT_MS + VENUE_MS)
    denied = _answer(peer, new_order(setup, price)) if ended is not None else None
    peer.beats = True
    peer.logon(peer.gateway_epoch, peer.last_seq)
    ok = isinstance(denied, wire.BusinessReject) and denied.reason == 6
    setup.sheet.holds("order.silence", ok, "" if ok else f"the order: {ended}; a new one: {denied}")
    for left in (order.clord_id, None if ok or denied is None else getattr(denied, "clord_id", None)):
        if left is not None and (state := _state(setup, peer, left)) is not None and state.ord_status not in ENDED:
            _end(setup, peer, left)
