"""Looks at a gateway's trade socket without sending any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from domain.errors import WireError
from tools.conformance import Sheet
from tools.conformance_peer import QUIET_MS, Peer
from wire import messages as wire
from wire.codec import encode, pack
from wire.instrument import instrument_of

HEARTBEAT_WAIT_MS = 5_000
QUERY_MS = 10_000
GARBAGE = (
    b"",
    b"\xc1",
    b"\x00",
    b"not a message",
    pack(["?", 1]),
    pack(["D"]),
    pack(["H", 1, 2]),
    pack(["AF", "x", 7]),
    pack({"H": "x"}),
    pack([["H"], "x", "y"]),
    b"\x91" * 2000,
    b"\xdd\xff\xff\xff\xff",
    pack(["q", "x", None, "own", 1.5]),
)
"""No frame of these is a message of the page."""


class Setup(Struct):
    """What the checks share: how to connect, as whom, and what was told."""

    make: Callable[[], Any]
    clock: Any
    sheet: Sheet
    name: str
    epoch: int
    symbol: str
    instrument: Any = None
    logon: Any = None
    count: int = 0

    def peer(self, name: str | None = None, epoch: int | None = None) -> Peer:
        return Peer(self.make, self.clock, self.sheet, name or self.name, self.epoch if epoch is None else epoch)

    def ident(self, word: str) -> str:
        """An id that is used once."""
        self.count += 1
        return f"{word}-{self.epoch % 10**12:x}-{self.count}"


def check(setup: Setup) -> Peer | None:
    """All of it, in order; the peer that is logged on at the end."""
    peer = setup.peer()
    if not peer.connected():
        peer.close()
        return None
    sheet = setup.sheet
    _before_logon(setup, peer)
    answer = peer.logon()
    if not isinstance(answer, wire.GatewayLogon):
        sheet.holds("logon.answer", False, f"answered {answer}" if answer is not None else "no answer in 2 s")
        sheet.untried_part("trade", "no logon")
        peer.close()
        return None
    setup.logon = answer
    sheet.holds("logon.answer", answer.version == 1 and answer.epoch > 0, f"{answer.venue}, day {answer.trading_day}")
    _definitions(setup, peer, answer)
    beat = peer.first(lambda m: isinstance(m, wire.GatewayHeartbeat), len(peer.log), HEARTBEAT_WAIT_MS)
    if beat is None:
        sheet.holds("trade.heartbeat", False, f"none in {HEARTBEAT_WAIT_MS} ms")
    _queries(setup, peer)
    _broken(setup, peer)
    _resend(setup, peer)
    return _epochs(setup, peer)


def _before_logon(setup: Setup, peer: Peer) -> None:
    answer, _ = peer.ask(
        wire.PositionsRequest(setup.ident("early")), lambda m: isinstance(m, wire.BusinessReject | wire.PositionReport)
    )
    ok = isinstance(answer, wire.BusinessReject) and answer.reason == 6
    setup.sheet.holds("logon.before", ok, "" if ok else f"AN before any A was answered {answer}")


def _definitions(setup: Setup, peer: Peer, answer: Any) -> None:
    sheet = setup.sheet
    at = next(i for i, each in enumerate(peer.log) if each is answer) + 1
    peer.first(lambda m: isinstance(m, wire.SecurityDefinition) and m.last, at)
    told = [m for m in peer.log[at:] if not isinstance(m, wire.GatewayHeartbeat)]
    found = told[: answer.instrument_count]
    whole = len(found) == answer.instrument_count and all(isinstance(m, wire.SecurityDefinition) for m in found)
    lasts = [m.last for m in found if isinstance(m, wire.SecurityDefinition)]
    ok = whole and bool(lasts) and lasts == [False] * (len(lasts) - 1) + [True]
    sheet.holds("logon.definitions", ok, f"{len(lasts)} of {answer.instrument_count}, last {lasts[-3:]}")
    for message in found:
        if isinstance(message, wire.SecurityDefinition) and message.instrument.get("symbol") == setup.symbol:
            try:
                setup.instrument = instrument_of(message.instrument)
            except WireError as error:
                sheet.holds("logon.definitions", False, str(error))
    symbols = [m.instrument.get("symbol") for m in found if isinstance(m, wire.SecurityDefinition)]
    ok = setup.symbol in symbols
    sheet.holds("logon.symbol", ok, "" if ok else f"it tells {', '.join(map(str, symbols[:5]))}")


# ---------------------------------------------------------------- queries


def _queries(setup: Setup, peer: Peer) -> None:
    told = setup.logon.capabilities
    for scope in ("working", "day"):
        _mass_status(setup, peer, scope, told)
    _pages(setup, peer, "query.positions", wire.PositionsRequest, wire.PositionReport, told.get("positions", False))
    _pages(setup, peer, "query.collateral", wire.CollateralInquiry, wire.CollateralReport, told.get("collateral", False))
    _unknown(setup, peer)
    req_id = setup.ident("longer")
    at = len(peer.log)
    peer.send_raw(pack(["AF", req_id, "working"]))
    short = peer.first(lambda m: isinstance(m, wire.MassStatusEnd) and m.req_id == req_id, at, QUERY_MS)
    req_id = setup.ident("longer")
    at = len(peer.log)
    peer.send_raw(pack(["AF", req_id, "working", None, "a field of a later version", [1, {"x": 2}]]))
    longer = peer.first(lambda m: isinstance(m, wire.MassStatusEnd) and m.req_id == req_id, at, QUERY_MS)
    lacks = [what for what, came in (("a shorter AF", short), ("a longer AF", longer)) if came is None]
    setup.sheet.holds("query.longer", not lacks, f"{' and '.join(lacks)} was not answered" if lacks else "")


def _mass_status(setup: Setup, peer: Peer, scope: str, told: dict[str, Any]) -> None:
    ident = f"query.{scope}"
    req_id = setup.ident(scope)
    end, came = peer.ask(
        wire.MassStatusRequest(req_id, scope),
        lambda m: (isinstance(m, wire.MassStatusEnd) and m.req_id == req_id)
        or (isinstance(m, wire.BusinessReject) and m.ref_id == req_id),
        QUERY_MS,
    )
    if not isinstance(end, wire.MassStatusEnd):
        setup.sheet.holds(ident, False, f"answered {end}" if end else f"no end in {QUERY_MS} ms")
        return
    reports = [m for m in came if isinstance(m, wire.ExecutionReport)]
    wrong = _wrong_in(reports)
    if end.count not in (len(reports), _orders_in(reports)):
        wrong.append(f"count {end.count}, but {len(reports)} reports came")
    setup.sheet.holds(ident, not wrong, "; ".join(wrong) or f"{len(reports)} reports")


def _wrong_in(reports: list[Any]) -> list[str]:
    """What is against the page in an answer's reports."""
    wrong = []
    stated: set[str] = set()
    for each in reports:
        if each.exec_type == "F" and not each.poss_resend:
            wrong.append(f"trade {each.exec_id} without poss_resend")
        if each.exec_type not in "FGHI":
            wrong.append(f"exec_type {each.exec_type} in an answer")
        if each.clord_id is None and each.origin == "O":
            wrong.append("origin O without a clord_id")
        if each.exec_type == "I" and each.clord_id is not None:
            stated.add(each.clord_id)
        elif each.clord_id in stated:
            wrong.append(f"a trade of {each.clord_id} after its state")
        if each.ord_status in "248C" and each.leaves_qty:
            wrong.append(f"{each.clord_id}: ord_status {each.ord_status} with leaves_qty {each.leaves_qty}")
    return wrong[:3]


def _orders_in(reports: list[Any]) -> int:
    return sum(each.exec_type == "I" for each in reports)


def _pages(setup: Setup, peer: Peer, ident: str, ask: type, page: type, can: bool) -> None:
    req_id = setup.ident(page.__struct_config__.tag)
    end, came = peer.ask(
        ask(req_id),
        lambda m: (isinstance(m, page) and m.req_id == req_id and m.last)
        or (isinstance(m, wire.BusinessReject) and m.ref_id == req_id),
        QUERY_MS,
    )
    if not can:
        ok = isinstance(end, wire.BusinessReject)
        setup.sheet.holds(ident, ok, "no such capability" if ok else f"no such capability, but answered {end}")
        return
    pages = [m for m in came if isinstance(m, page)]
    names = [getattr(m, "symbol", None) or getattr(m, "currency", None) for m in pages]
    ok = isinstance(end, page) and len(set(names)) == len(names) and [m.last for m in pages].count(True) == 1
    found = f"{', '.join(map(str, names[:6]))}" if ok else f"{len(pages)} came, then {end}"
    setup.sheet.holds(ident, ok, found)


def _unknown(setup: Setup, peer: Peer) -> None:
    never = setup.ident("never")
    req_id = setup.ident("h")
    answer, _ = peer.ask(
        wire.OrderStatusRequest(req_id, never),
        lambda m: (isinstance(m, wire.ExecutionReport) and m.clord_id == never)
        or (isinstance(m, wire.BusinessReject) and m.ref_type == "H"),
    )
    if isinstance(answer, wire.ExecutionReport):
        told = (answer.exec_type, answer.ord_status, answer.reason, answer.cum_qty, answer.leaves_qty)
        rest = (answer.symbol, answer.side, answer.order_id, answer.exec_id)
        ok = told == ("I", "8", 5, 0, 0) and rest == (None,) * 4
        setup.sheet.holds("query.unknown", ok, "" if ok else f"{told}, {rest}")
    else:
        ok = answer is not None and answer.reason == 4
        setup.sheet.holds("query.unknown", ok, "it can't say yet" if ok else f"answered {answer}")
    orig = setup.ident("never")
    cancel = wire.Cancel(setup.ident("c"), orig, setup.epoch, setup.clock.wall_ns())
    answer, _ = peer.ask(
        cancel,
        lambda m: (isinstance(m, wire.CancelReject) and m.orig_clord_id == orig)
        or (isinstance(m, wire.BusinessReject) and m.ref_id in (cancel.cxl_id, orig)),
    )
    ok = isinstance(answer, wire.CancelReject)
    setup.sheet.holds("cancel.unknown", ok, "" if ok else f"answered {answer}")


# ---------------------------------------------------------------- broken frames


def _broken(setup: Setup, peer: Peer) -> None:
    for body in GARBAGE:
        peer.send_raw(body)
    came = [m for m in peer.listen(QUIET_MS) if not isinstance(m, wire.BusinessReject)]
    req_id = setup.ident("alive")
    end, _ = peer.ask(
        wire.MassStatusRequest(req_id, "working"),
        lambda m: isinstance(m, wire.MassStatusEnd) and m.req_id == req_id,
        QUERY_MS,
    )
    found = f"answered {came[0]}" if came else "nothing is answered after them"
    setup.sheet.holds("broken.frames", not came and end is not None, "" if not came and end else found)


# ---------------------------------------------------------------- numbers and epochs


def _resend(setup: Setup, peer: Peer) -> None:
    """Ask for all reports of this epoch again; there is one at least, of H."""
    sheet = setup.sheet
    count = peer.last_seq
    sheet.untried("trade.seq", "no numbered report came")
    if not count:
        sheet.untried("resend.same", "no numbered report came")
        return
    epoch = peer.gateway_epoch
    at = len(peer.log)
    peer.logon(epoch, 0)
    again = [m for m in [*peer.log[at:], *peer.listen(QUIET_MS)] if isinstance(m, wire.ExecutionReport | wire.CancelReject)]
    again = list({id(m): m for m in again}.values())
    seqs = [m.seq for m in again]
    marked = all(m.poss_resend for m in again if isinstance(m, wire.ExecutionReport))
    ok = seqs == list(range(1, count + 1)) and marked
    found = "" if ok else f"{len(seqs)} of {count} came again ({seqs[:4]}...), poss_resend {marked}"
    sheet.holds("resend.same", ok, found)
    at = len(peer.log)
    peer.logon(epoch + 1 if epoch > 1 else 2, count)
    peer.listen(QUIET_MS)
    came = [m for m in peer.log[at:] if isinstance(m, wire.ExecutionReport | wire.CancelReject)]
    sheet.holds("resend.other", not came, f"{len(came)} came" if came else "")


def _epochs(setup: Setup, peer: Peer) -> Peer:
    """A second connection takes over; an older epoch does not."""
    sheet = setup.sheet
    second = setup.peer()
    second.connected()
    if not isinstance(second.logon(peer.gateway_epoch, peer.last_seq), wire.GatewayLogon):
        sheet.holds("epoch.superseded", False, "a second A of this name and epoch is not accepted")
        second.close()
        return peer
    req_id = setup.ident("first")
    answer, _ = peer.ask(
        wire.MassStatusRequest(req_id, "working"),
        lambda m: isinstance(m, wire.MassStatusEnd | wire.BusinessReject),
    )
    ok = isinstance(answer, wire.BusinessReject) and answer.reason == 6
    sheet.holds("epoch.superseded", ok, "" if ok else f"the first connection was answered {answer}")
    old = setup.peer(epoch=setup.epoch - 1)
    old.connected()
    told = old.logon()
    ok = not isinstance(told, wire.GatewayLogon)
    req_id = setup.ident("still")
    end, _ = second.ask(
        wire.MassStatusRequest(req_id, "working"),
        lambda m: (isinstance(m, wire.MassStatusEnd) and m.req_id == req_id) or isinstance(m, wire.BusinessReject),
    )
    ok = ok and isinstance(end, wire.MassStatusEnd)
    sheet.holds("epoch.older", ok, "" if ok else f"answered {told}; the newer was then answered {end}")
    old.close()
    peer.close()
    return second


def goodbye(peer: Peer) -> None:
    """Log out, as the page has it."""
    peer.socket.send(encode(wire.Logout("checked")))
    peer.listen(QUIET_MS)
    peer.close()
