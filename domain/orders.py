"""The order machine: one table, and the two functions over it.

An order is born by `OrderSubmitted`, which is journaled before the order can
leave. From then on it is fully live until evidence ends it:

    SUBMITTED -> PENDING_NEW -> NEW -> PARTIALLY_FILLED -> FILLED
                                    -> PENDING_CANCEL -> CANCELED / EXPIRED
    local refusal      DENIED     never left us, or never left the gateway
    venue's refusal    REJECTED   the venue said no
    silence            UNKNOWN    counts as live; ended by evidence alone
    proof of absence   ABSENT     the venue has proven that it never came

The ugly rows are in the table too: a fill before its acknowledgement, a fill
after `canceled` (the status stays, `cum_qty` grows), more filled than was
ordered, a bust, a correction. `cum_qty` never falls but by those two. A trade
told again with another quantity or price is no correction yet: it is asked about,
and is one once the venue's answer agrees with it.

Source: FIX 4.4 OrdStatus (39), ExecType (150); protocol page, "Trade".
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain.errors import IllegalTransition
from domain.reports import OrderReport


class OrdStatus(StrEnum):
    SUBMITTED = "SUBMITTED"
    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    PENDING_CANCEL = "PENDING_CANCEL"
    UNKNOWN = "UNKNOWN"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    DENIED = "DENIED"
    ABSENT = "ABSENT"


S = OrdStatus


# ------------------------------------------------------------------ facts


class OrderFact(Struct, frozen=True, array_like=True):
    """Something that happened to the order `cl_ord_id`."""

    cl_ord_id: str


class OrderSubmitted(OrderFact, tag=True):
    """The intent: journaled before the frame leaves. `px` nil: market."""

    leg: int
    letter: str
    side: int
    qty: int
    px: int | None
    tif: str
    offset: str
    at_ns: int


class OrderDenied(OrderFact, tag=True):
    code: str
    text: str


class OrderPending(OrderFact, tag=True):
    """The gateway handed it to the venue (exec_type A)."""


class OrderAccepted(OrderFact, tag=True):
    order_id: str | None


class OrderPartiallyFilled(OrderFact, tag=True):
    """`trade` nil: the order report's count ran ahead of its trades."""

    cum_qty: int
    trade: tuple[str, int, int] | None
    fee: str | None = None
    fee_currency: str | None = None


class OrderFilled(OrderFact, tag=True):
    cum_qty: int
    trade: tuple[str, int, int] | None
    fee: str | None = None
    fee_currency: str | None = None


class TradeBooked(OrderFact, tag=True):
    """A trade's price, for a quantity that was counted before."""

    trade: tuple[str, int, int]
    fee: str | None = None
    fee_currency: str | None = None


class OrderFilledLate(OrderFact, tag=True):
    """A fill after the end, or beyond the order's quantity."""

    cum_qty: int
    trade: tuple[str, int, int] | None
    fee: str | None = None
    fee_currency: str | None = None


class CancelSubmitted(OrderFact, tag=True):
    cxl_id: str
    at_ns: int


class MassCancelSubmitted(OrderFact, tag=True):
    """A `q` of own scope for its symbol, after too many cancels; once."""

    at_ns: int


class CancelRejected(OrderFact, tag=True):
    """It proves nothing about the order; `cxl_id` nil: not said which."""

    reason: int
    text: str
    cxl_id: str | None = None


class OrderCanceled(OrderFact, tag=True):
    cum_qty: int


class OrderExpired(OrderFact, tag=True):
    cum_qty: int


class OrderRejected(OrderFact, tag=True):
    cum_qty: int
    reason: int
    text: str


class OrderUnknown(OrderFact, tag=True):
    why: str
    at_ns: int


class OrderQueried(OrderFact, tag=True):
    at_ns: int


class OrderAbsent(OrderFact, tag=True):
    """Reason 5: the venue has proven that it never had this order."""


class TradeBusted(OrderFact, tag=True):
    """H: the trade `ref` is off; `cum_qty` is as it is after it."""

    cum_qty: int
    trade: tuple[str, int, int]
    ref: str
    gw_ns: int = 0


class TradeCorrected(OrderFact, tag=True):
    """G: the trade `ref` has this quantity and price instead."""

    cum_qty: int
    trade: tuple[str, int, int]
    ref: str
    fee: str | None = None
    fee_currency: str | None = None
    gw_ns: int = 0


class TradeRestated(OrderFact, tag=True):
    """A known trade is told with another quantity or price: told now, on record.

    It moves nothing: the venue is asked which of them holds. `gw_ns`: when its
    gateway said it, by that clock; `by`: the correction that says so, "" where
    it is told under its own id.
    """

    trade: tuple[str, int, int]
    had: tuple[int, int]
    gw_ns: int
    fee: str | None = None
    fee_currency: str | None = None
    by: str = ""


class TradeUpheld(OrderFact, tag=True):
    """The venue tells the trade `ref` as it is on record again."""

    ref: str


# ------------------------------------------------------------------ the table

LIVE = (S.SUBMITTED, S.PENDING_NEW, S.NEW, S.PARTIALLY_FILLED, S.PENDING_CANCEL, S.UNKNOWN)
TERMINAL = (S.FILLED, S.CANCELED, S.EXPIRED, S.REJECTED, S.DENIED, S.ABSENT)
LIVE_SET = frozenset(LIVE)
"""LIVE, to be asked on the path."""
_ACKED = (S.NEW, S.PARTIALLY_FILLED, S.PENDING_CANCEL, S.UNKNOWN)

SAME = "="
"""The status stays; only quantities, trades or counts change."""

TRANSITIONS: dict[tuple[OrdStatus, type], str] = {
    (S.SUBMITTED, OrderDenied): S.DENIED,
    (S.PENDING_NEW, OrderDenied): S.DENIED,
    (S.UNKNOWN, OrderDenied): S.DENIED,
    (S.PENDING_CANCEL, OrderDenied): S.DENIED,
    (S.SUBMITTED, OrderPending): S.PENDING_NEW,
    (S.SUBMITTED, OrderAccepted): S.NEW,
    (S.PENDING_NEW, OrderAccepted): S.NEW,
    (S.UNKNOWN, OrderAccepted): S.NEW,
    (S.PENDING_CANCEL, OrderAccepted): S.NEW,
    **{(s, OrderPartiallyFilled): S.PARTIALLY_FILLED for s in LIVE if s is not S.PENDING_CANCEL},
    (S.PENDING_CANCEL, OrderPartiallyFilled): SAME,
    **{(s, OrderFilled): S.FILLED for s in LIVE},
    **{(s, OrderFilledLate): SAME for s in TERMINAL},
    **{(s, TradeBooked): SAME for s in (*LIVE, *TERMINAL)},
    **{(s, CancelSubmitted): S.PENDING_CANCEL for s in LIVE if s is not S.UNKNOWN},
    (S.UNKNOWN, CancelSubmitted): SAME,
    **{(s, MassCancelSubmitted): SAME for s in LIVE},
    **{(s, CancelRejected): SAME for s in (*LIVE, *TERMINAL)},
    **{(s, OrderCanceled): S.CANCELED for s in LIVE},
    **{(s, OrderExpired): S.EXPIRED for s in LIVE},
    **{(s, OrderRejected): S.REJECTED for s in LIVE},
    **{(s, OrderUnknown): S.UNKNOWN for s in LIVE if s is not S.UNKNOWN},
    **{(s, OrderQueried): SAME for s in (*LIVE, *TERMINAL)},
    (S.SUBMITTED, OrderAbsent): S.ABSENT,
    (S.PENDING_NEW, OrderAbsent): S.ABSENT,
    (S.PENDING_CANCEL, OrderAbsent): S.ABSENT,
    (S.UNKNOWN, OrderAbsent): S.ABSENT,
    **{(s, TradeBusted): SAME for s in (*_ACKED, *TERMINAL)},
    **{(s, TradeCorrected): SAME for s in (*_ACKED, *TERMINAL)},
    **{(s, TradeRestated): SAME for s in (*_ACKED, *TERMINAL)},
    **{(s, TradeUpheld): SAME for s in (*_ACKED, *TERMINAL)},
}


class Amends(Struct, frozen=True, gc=False):
    """What was said of an order's trades beyond what they are.

    `claims`: restatements that nothing has settled; `count`: how many there
    were; `said`: (key, lots, px) of trades that a correction has replaced, and
    of the corrections, which are no news when told again; `undone_ns`: when the
    last of them, or the last bust, was said, by the gateway's clock, and `last`
    of which trade when; `less`: its count had less than the trades that remain;
    `doubt`: a count that came with a restatement, which was taken back, stands.
    """

    claims: tuple[TradeRestated, ...] = ()
    count: int = 0
    said: tuple[tuple[str, int, int], ...] = ()
    undone_ns: int = 0
    less: bool = False
    last: tuple[tuple[str, int], ...] = ()
    doubt: bool = False


NO_AMENDS = Amends()


class Order(Struct, frozen=True, gc=False):
    """One order of a hedge. `side` +1 buys, -1 sells; px in ticks.

    `queries` counts since it was last UNKNOWN. A trade is (key, lots, px); a
    busted one stays with 0 lots, so that it is not booked again.
    """

    cl_ord_id: str
    leg: int
    letter: str
    side: int
    qty: int
    px: int | None
    tif: str
    offset: str
    sent_ns: int
    status: OrdStatus = S.SUBMITTED
    cum_qty: int = 0
    trades: tuple[tuple[str, int, int], ...] = ()
    cancels: int = 0
    cancel_ns: int = 0
    queries: int = 0
    queried_ns: int = 0
    unknown_ns: int = 0
    reject_code: str = ""
    fees: tuple[tuple[str, str], ...] = ()
    refused_cancels: tuple[str | None, ...] = ()
    amends: Amends | None = None

    @property
    def live(self) -> bool:
        return self.status in LIVE_SET

    @property
    def leaves_qty(self) -> int:
        """Lots that may still fill."""
        return max(0, self.qty - self.cum_qty) if self.status in LIVE_SET else 0

    @property
    def undone(self) -> bool:
        """Whether a trade of it was busted or corrected."""
        return any(qty == 0 for _, qty, _ in self.trades)

    @property
    def traded_qty(self) -> int:
        """Lots whose price is known."""
        lots = 0
        for trade in self.trades:
            lots += trade[1]
        return lots


def born(fact: OrderSubmitted) -> Order:
    """The order that an intent begins."""
    return Order(
        fact.cl_ord_id, fact.leg, fact.letter, fact.side, fact.qty, fact.px, fact.tif, fact.offset, fact.at_ns
    )


def evolve(order: Order, fact: OrderFact) -> Order:
    """The order after the fact.

    Raises: IllegalTransition, with the order unchanged, for a pair that the
    table does not have.
    """
    kind = fact.__class__
    to = TRANSITIONS.get((order.status, kind))
    if to is None:
        raise IllegalTransition(f"order {order.cl_ord_id}: {kind.__name__} in {order.status}")
    status = order.status if to is SAME else to
    return _CHANGES[kind](order, fact, status)


def _filled(order: Order, fact: OrderPartiallyFilled, status: OrdStatus) -> Order:
    trades = order.trades if fact.trade is None else (*order.trades, fact.trade)
    return replace(order, status=status, cum_qty=fact.cum_qty, trades=trades, fees=_fees(order, fact))


def _booked(order: Order, fact: TradeBooked, status: OrdStatus) -> Order:
    return replace(order, status=status, trades=(*order.trades, fact.trade), fees=_fees(order, fact))


def _fees(order: Order, fact: TradeBooked) -> tuple[tuple[str, str], ...]:
    if fact.fee is None or fact.trade is None:
        return order.fees
    return (*order.fees, (fact.trade[0], fact.fee))


def _busted(order: Order, fact: TradeBusted, status: OrdStatus) -> Order:
    kept = tuple(t for t in order.trades if t[0] != fact.ref)
    off = _known(order, fact.ref)
    mark = (fact.trade[0], 0, off[2])
    fees = tuple(fee for fee in order.fees if fee[0] != fact.ref)
    return _undone_to(order, status, fact, (*kept, (fact.ref, 0, off[2]), mark), fees)


def _corrected(order: Order, fact: TradeCorrected, status: OrdStatus) -> Order:
    kept = tuple(t for t in order.trades if t[0] != fact.ref)
    new = (fact.ref, fact.trade[1], fact.trade[2])
    mark = (fact.trade[0], 0, fact.trade[2])
    told = () if fact.fee is None else ((fact.ref, fact.fee),)
    fees = (*(fee for fee in order.fees if fee[0] != fact.ref), *told)
    after = _undone_to(order, status, fact, (*kept, new, mark), fees)
    if not _is_told(fact.trade[0]):
        return after
    said = (*after.amends.said, _known(order, fact.ref), fact.trade)  # told as it was, and as it became, they are no news
    return replace(after, amends=replace(after.amends, said=said))


def _known(order: Order, key: str) -> tuple[str, int, int]:
    """The trade of that key; of no lots and price where it was never told."""
    for trade in order.trades:
        if trade[0] == key:
            return trade
    return key, 0, 0


def _is_told(key: str) -> bool:
    """Whether a correction of that key was a word of the venue, no answer that we drew it from."""
    return key.split("/", 3)[2:3] == ["G"] and not key.endswith("?")


def _undone_to(
    order: Order,
    status: OrdStatus,
    fact: TradeBusted | TradeCorrected,
    trades: tuple[tuple[str, int, int], ...],
    fees: tuple[tuple[str, str], ...],
) -> Order:
    """Never below the trades that remain: a lost H may come after newer ones."""
    left = sum(qty for _, qty, _ in trades)
    amends = order.amends or NO_AMENDS
    claims = tuple(claim for claim in amends.claims if claim.trade[0] != fact.ref)
    last = (*(each for each in amends.last if each[0] != fact.ref), (fact.ref, fact.gw_ns))
    amends = replace(amends, claims=claims, undone_ns=max(amends.undone_ns, fact.gw_ns), last=last, less=fact.cum_qty < left, doubt=False)
    return replace(order, status=status, cum_qty=max(fact.cum_qty, left), trades=trades, fees=fees, amends=amends)


def _restated(order: Order, fact: TradeRestated, status: OrdStatus) -> Order:
    amends = order.amends or NO_AMENDS
    claims = (*(claim for claim in amends.claims if claim.trade[0] != fact.trade[0]), fact)
    return replace(order, status=status, amends=replace(amends, claims=claims, count=amends.count + 1))


def _upheld(order: Order, fact: TradeUpheld, status: OrdStatus) -> Order:
    amends = order.amends or NO_AMENDS
    claims = tuple(claim for claim in amends.claims if claim.trade[0] != fact.ref)
    return replace(order, status=status, amends=replace(amends, claims=claims, doubt=order.cum_qty > order.traded_qty))


_CHANGES = {
    OrderDenied: lambda o, f, s: replace(o, status=s, reject_code=f.code),
    OrderPending: lambda o, f, s: replace(o, status=s),
    OrderAccepted: lambda o, f, s: replace(o, status=s),
    OrderPartiallyFilled: _filled,
    OrderFilled: _filled,
    OrderFilledLate: _filled,
    TradeBooked: _booked,
    CancelSubmitted: lambda o, f, s: replace(o, status=s, cancels=o.cancels + 1, cancel_ns=f.at_ns),
    MassCancelSubmitted: lambda o, f, s: replace(o, status=s, cancels=o.cancels + 1, cancel_ns=f.at_ns),
    CancelRejected: lambda o, f, s: replace(o, status=s, refused_cancels=(*o.refused_cancels, f.cxl_id)),
    OrderCanceled: lambda o, f, s: replace(o, status=s, cum_qty=max(o.cum_qty, f.cum_qty)),
    OrderExpired: lambda o, f, s: replace(o, status=s, cum_qty=max(o.cum_qty, f.cum_qty)),
    OrderRejected: lambda o, f, s: replace(
        o, status=s, cum_qty=max(o.cum_qty, f.cum_qty), reject_code=f"{f.reason}:{f.text[:40]}"
    ),
    OrderUnknown: lambda o, f, s: replace(o, status=s, unknown_ns=f.at_ns, queries=0),
    OrderQueried: lambda o, f, s: replace(o, status=s, queries=o.queries + 1, queried_ns=f.at_ns),
    OrderAbsent: lambda o, f, s: replace(o, status=s),
    TradeBusted: _busted,
    TradeCorrected: _corrected,
    TradeRestated: _restated,
    TradeUpheld: _upheld,
}


# ------------------------------------------------------------------ decide


class Heard(Struct, frozen=True, gc=False):
    """What a report says of an order: its facts, and whether to ask."""

    facts: tuple[OrderFact, ...]
    ask: bool = False


NOTHING = Heard(())
_ENDS = {"4": OrderCanceled, "C": OrderExpired}
_KNOWN_STATUS = frozenset("01248CA6")
_KNOWN_EXEC = frozenset("048CFGHIA6")
_UNDOES = frozenset("GH")


def decide(order: Order, report: OrderReport) -> Heard:
    """What a report says of this order; the same report twice says nothing.

    A report that contradicts what is proven (a `new` after the end) says
    nothing, nor does a trade that is known and told as it is: its cum_qty may be
    from before a bust, as that of anything sent again. An exec_type or ord_status
    that nobody knows is no step: what it says is filled counts, and the venue is
    asked; a trade of the other side is none of this order. Nor is `filled` below
    the order's quantity, where no trade was taken back; nor any end sent again that counts more than is known where one was.
    """
    if report.kind == "j":
        return _denied(order, report)
    if report.kind == "9":
        return _cancel_refused(order, report, ask=order.live)
    if report.exec_type in _UNDOES:
        return _undone(order, report)
    unknown = report.exec_type not in _KNOWN_EXEC or report.ord_status not in _KNOWN_STATUS
    asks = unknown and _may_ask(order, report)
    trade = None
    traded = 0
    if report.exec_type == "F":
        key = trade_key(report)
        for known in order.trades:
            if known[0] == key:
                return Heard((), ask=asks) if order.amends is None and known[1:] == (report.last_qty, report.last_px) else _told_again(order, report, known, asks=asks)
        if report.last_qty > 0 and report.last_px is not None and report.side != ("2" if order.side > 0 else "1"):
            trade = (key, report.last_qty, report.last_px)
            traded = report.last_qty
    facts: tuple[OrderFact, ...] = ()
    if order.amends is not None and report.exec_type != "F":
        facts = _settled(order, report) if order.amends.claims else _taken_back(order, report)
        for fact in facts:
            order = evolve(order, fact)
    for known in order.trades:
        traded += known[1]
    stated = 0 if report.poss_resend and order.undone else report.cum_qty
    if not stated and report.cum_qty > order.cum_qty:
        stated = _stated_again(order, report)
    cum = max(order.cum_qty, stated, traded)
    if cum > order.cum_qty or trade is not None:
        fill = _fill(order, cum, trade, report)
        facts = (*facts, fill)
        order = evolve(order, fill)
    if unknown:
        return Heard(facts, asks)
    if not stated and report.cum_qty > order.cum_qty:  # nor does it end what may have filled more
        return Heard(facts, _may_ask(order, report))
    if report.ord_status == "2" and order.cum_qty < order.qty and not order.undone and order.live:
        return Heard(facts, _may_ask(order, report))
    end = _end(order, report)
    return Heard(facts if end is None else (*facts, end))


ASK_PAUSE_NS = 100_000_000
"""An answer that says nothing is not asked about again at the wire's pace."""


def _may_ask(order: Order, report: OrderReport) -> bool:
    return order.queried_ns == 0 or report.recv_mono_ns >= order.queried_ns + ASK_PAUSE_NS


def _denied(order: Order, report: OrderReport) -> Heard:
    if report.ref_type == "D" and (order.status, OrderDenied) in TRANSITIONS and order.cum_qty == 0:
        return Heard((OrderDenied(order.cl_ord_id, f"GATEWAY_{report.reason}", report.text),))
    if report.ref_type == "F" and order.live:
        return _cancel_refused(order, report, ask=False)
    return NOTHING


def _cancel_refused(order: Order, report: OrderReport, ask: bool) -> Heard:
    if report.cxl_id is not None and report.cxl_id in order.refused_cancels:
        return NOTHING
    return Heard((CancelRejected(order.cl_ord_id, report.reason or 0, report.text, report.cxl_id),), ask)


def trade_key(report: OrderReport) -> str:
    """The scope in which a trade's id is one: day, side, kind, id."""
    return f"{report.trading_day}/{report.side}/{report.exec_type}/{report.exec_id}"


def _fill(order: Order, cum: int, trade: tuple[str, int, int] | None, report: OrderReport) -> OrderFact:
    ref = order.cl_ord_id
    fee = currency = None
    if trade is not None:
        fee, currency = report.fee, report.fee_currency
    if cum > order.cum_qty:
        if not order.live:
            return OrderFilledLate(ref, cum, trade, fee, currency)
        return (OrderFilled if cum >= order.qty else OrderPartiallyFilled)(ref, cum, trade, fee, currency)
    return TradeBooked(ref, trade, fee, currency)


def _end(order: Order, report: OrderReport) -> OrderFact | None:
    if order.status not in LIVE_SET:
        return None
    ref, status = order.cl_ord_id, report.ord_status
    ended = _ENDS.get(status)
    if ended is not None:
        return ended(ref, order.cum_qty)
    if status == "2":  # perhaps below its quantity, after a bust: no order works again by one
        return OrderFilled(ref, order.cum_qty, None)
    if status == "8":
        return _refused(order, report)
    if status == "A" and order.status is S.SUBMITTED:
        return OrderPending(ref)
    if status in ("0", "1") and _wakes(order):
        return OrderPartiallyFilled(ref, order.cum_qty, None) if order.cum_qty else OrderAccepted(ref, report.order_id)
    return None


def _wakes(order: Order) -> bool:
    """True where a `new` or `partially filled` is news of the status."""
    if order.status is S.PENDING_CANCEL:
        return order.cum_qty == 0 and 0 < order.cancels <= len(order.refused_cancels)
    return order.status in (S.SUBMITTED, S.PENDING_NEW, S.UNKNOWN)


def _refused(order: Order, report: OrderReport) -> OrderFact | None:
    ref = order.cl_ord_id
    if report.exec_type == "I" and report.reason == 5:
        return OrderAbsent(ref) if order.cum_qty == 0 and (order.status, OrderAbsent) in TRANSITIONS else None
    return OrderRejected(ref, order.cum_qty, 99 if report.reason is None else report.reason, report.text)


def _undone(order: Order, report: OrderReport) -> Heard:
    """A bust (H) or a correction (G); the same one twice says nothing.

    Of a trade that was never told it is taken, and the venue is asked for the
    trades; so it is where its count has less than the trades that remain: of
    another one the undoing was lost.
    """
    ref = f"{report.trading_day}/{report.side}/F/{report.exec_ref}"
    key = trade_key(report)
    known = {t[0] for t in order.trades}
    if key in known:
        return _told_again(order, report, _known(order, ref), asks=False) if report.exec_type == "G" and ref in known else NOTHING
    kind = TradeBusted if report.exec_type == "H" else TradeCorrected
    if (order.status, kind) not in TRANSITIONS:
        return Heard((), ask=True)
    if kind is TradeCorrected and report.poss_resend and order.amends is not None:
        for undone, at_ns in order.amends.last:
            if undone == ref:
                return _corrected_again(order, report, key, ref, at_ns)
    trade = (key, report.last_qty, report.last_px if report.last_px is not None else 0)
    new = report.last_qty if kind is TradeCorrected else 0
    cum, left = report.cum_qty, order.traded_qty - _known(order, ref)[1] + new
    is_less = not report.poss_resend and cum < left
    if report.poss_resend and order.undone:  # of before another undoing, perhaps: no lots come back by it
        cum = min(cum, left + order.cum_qty - order.traded_qty)
    ask = (ref not in known or is_less) and _may_ask(order, report)
    if kind is TradeBusted:
        return Heard((TradeBusted(order.cl_ord_id, cum, trade, ref, report.gw_ns),), ask)
    if ref not in known and order.traded_qty + report.last_qty > report.cum_qty:
        return _recounted(order, report, f"{key}?", ask)
    fee = report.fee, report.fee_currency
    return Heard((TradeCorrected(order.cl_ord_id, cum, trade, ref, *fee, report.gw_ns),), ask)


def _corrected_again(order: Order, report: OrderReport, key: str, ref: str, at_ns: int) -> Heard:
    """A correction that was lost, of a trade that was undone at `at_ns`: which of the two is the later is not said.

    By the gateway's clock it is of before: noted, so that no answer makes it news, and nothing moves. Else it
    may be told anew, in the order in which all of it was: a restatement, which what is told behind it settles.
    """
    known = _known(order, ref)
    if not known[1] or report.gw_ns >= at_ns:
        return _told_again(order, report, known, asks=False, by=key)
    return Heard((TradeCorrected(order.cl_ord_id, order.cum_qty, (key, 0, known[2]), key, gw_ns=report.gw_ns),))


def _recounted(order: Order, report: OrderReport, mark: str, ask: bool) -> Heard:
    """A correction of a trade never told, for which its count has no room.

    The count is the venue's word, the lots may be those of a trade we have. No
    trade is booked; the mark, of no lots, stays, so that it is told once. Its
    trade told after it, it is a correction as any other. A count sent again may
    be from before newer trades: it takes nothing off.
    """
    if any(known[0] == mark for known in order.trades):
        return NOTHING
    cum = max(order.cum_qty, report.cum_qty) if report.poss_resend else report.cum_qty
    return Heard((TradeCorrected(order.cl_ord_id, cum, (mark, 0, 0), mark, gw_ns=report.gw_ns),), ask)


MAX_RESTATED = 8
"""Restatements of an order's trades that are recorded; a venue that goes on was told of as often."""


def _told_again(order: Order, report: OrderReport, known: tuple[str, int, int], *, asks: bool, by: str = "") -> Heard:
    """A known trade, or a known correction of it: as it is on record, or restated.

    Which holds, its order's count decides, and of a price alone that it is told
    so once more: by what the gateway says after the restatement.
    """
    ref, lots, px = known[0], report.last_qty, report.last_px
    amends = order.amends or NO_AMENDS
    claim = next((each for each in amends.claims if each.trade[0] == ref), None)
    is_later = claim is not None and report.gw_ns >= claim.gw_ns + (not claim.by)  # a correction's answer may be of one moment
    if not lots:
        px = known[2]
    if not known[1] or lots < 0 or px is None:  # what was taken off stays off
        return Heard((), asks)
    if (lots, px) == known[1:]:
        return Heard((TradeUpheld(order.cl_ord_id, ref),) if is_later else (), asks)
    told = (ref, lots, px)
    if claim is not None and claim.trade == told:
        is_taken = is_later and lots == known[1]
        return Heard((_taken(order, claim, order.cum_qty, report),) if is_taken else (), asks)
    said = trade_key(report)
    if amends.count >= MAX_RESTATED or (claim is not None and not is_later) or _is_said(amends, (said, lots, px)):
        return Heard((), asks)
    fact = TradeRestated(order.cl_ord_id, told, known[1:], report.gw_ns, report.fee, report.fee_currency, by)
    is_counted = not report.poss_resend and not order.undone and report.cum_qty > order.cum_qty
    facts = (fact, _fill(order, report.cum_qty, None, report)) if is_counted else (fact,)
    return Heard(facts, ask=True)


def _is_said(amends: Amends, told: tuple[str, int, int]) -> bool:
    """Whether a trade that a correction has replaced, or a correction, is told as it once was."""
    of_it = [each for each in amends.said if each[0] == told[0]]
    return told in of_it or any(not each[1] for each in of_it)  # corrected before it was ever told: it may have been anything


def _settled(order: Order, report: OrderReport) -> tuple[OrderFact, ...]:
    """The restatements that an order's count agrees with, and not with the record."""
    claims = order.amends.claims
    if any(report.gw_ns < claim.gw_ns + (not claim.by) for claim in claims):
        return ()
    moved = [(claim, claim.trade[1] - _known(order, claim.trade[0])[1]) for claim in claims]
    more = sum(lots for _, lots in moved)
    if report.cum_qty != order.traded_qty + more:
        return ()
    if not more:  # of a price, the correction that its answer tells last holds
        return tuple(_taken(order, claim, order.cum_qty, report) for claim, lots in moved if claim.by and not lots) if report.exec_type == "I" else ()
    return tuple(_taken(order, claim, report.cum_qty, report) for claim, lots in moved if lots)


def _taken_back(order: Order, report: OrderReport) -> tuple[OrderFact, ...]:
    """A count that came with a restatement falls with it, where the order's state says so."""
    if not order.amends.doubt or report.exec_type != "I" or not order.traded_qty <= report.cum_qty < order.cum_qty:
        return ()
    mark = f"{order.cl_ord_id}@{order.amends.count}"
    return (TradeCorrected(order.cl_ord_id, report.cum_qty, (mark, 0, 0), mark, gw_ns=report.gw_ns),)


def _taken(order: Order, claim: TradeRestated, cum_qty: int, report: OrderReport) -> TradeCorrected:
    """A restatement is what the trade is from now on."""
    ref, lots, px = claim.trade
    mark = (claim.by or f"{ref}@{order.amends.count}", lots, px)
    return TradeCorrected(order.cl_ord_id, cum_qty, mark, ref, claim.fee, claim.fee_currency, report.gw_ns)


def _stated_again(order: Order, report: OrderReport) -> int:
    """What a count that is sent again is worth once a trade was taken off; 0: the venue is asked.

    It may be of before. One that its gateway has made after the last bust or
    correction is not: an order's state is told as it is then.
    """
    amends = order.amends or NO_AMENDS
    return report.cum_qty if report.exec_type == "I" and report.gw_ns > amends.undone_ns else 0
