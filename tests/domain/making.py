"""Values that the tests of the machines share; no test is in here."""

from decimal import Decimal

from msgspec.structs import replace

from domain import orders
from domain.costs import LegMoney, order_cost
from domain.hedges import HedgeOpened, HedgeStatus, opened
from domain.hedges import evolve as hedge_after
from domain.legs import Leg, LegPlan
from domain.mandates import LegMarket, Mandate
from domain.market import FeeSchedule, Instrument
from domain.orders import Order, OrderSubmitted, OrdStatus
from domain.reports import OrderReport

MS = 1_000_000
ID = "cu.1.1.0h1"
DAY = "20261123"

FACTS = {
    orders.OrderSubmitted: orders.OrderSubmitted(ID, 0, "h", 1, 5, 100, "3", "O", 0),
    orders.OrderDenied: orders.OrderDenied(ID, "NOT_SENT", "no link"),
    orders.OrderPending: orders.OrderPending(ID),
    orders.OrderAccepted: orders.OrderAccepted(ID, "v1"),
    orders.OrderPartiallyFilled: orders.OrderPartiallyFilled(ID, 2, ("t1", 2, 100), "1.5"),
    orders.OrderFilled: orders.OrderFilled(ID, 5, ("t2", 5, 100), None),
    orders.TradeBooked: orders.TradeBooked(ID, ("t3", 1, 101)),
    orders.OrderFilledLate: orders.OrderFilledLate(ID, 4, ("t4", 4, 100)),
    orders.CancelSubmitted: orders.CancelSubmitted(ID, ID + ".c1", 7),
    orders.MassCancelSubmitted: orders.MassCancelSubmitted(ID, 8),
    orders.CancelRejected: orders.CancelRejected(ID, 1, "too late", ID + ".c1"),
    orders.OrderCanceled: orders.OrderCanceled(ID, 1),
    orders.OrderExpired: orders.OrderExpired(ID, 1),
    orders.OrderRejected: orders.OrderRejected(ID, 0, 99, "no margin"),
    orders.OrderUnknown: orders.OrderUnknown(ID, "silent", 9),
    orders.OrderQueried: orders.OrderQueried(ID, 9),
    orders.OrderAbsent: orders.OrderAbsent(ID),
    orders.TradeBusted: orders.TradeBusted(ID, 0, ("h1", 2, 100), "t1"),
    orders.TradeCorrected: orders.TradeCorrected(ID, 1, ("g1", 1, 99), "t1"),
    orders.TradeRestated: orders.TradeRestated(ID, ("t1", 2, 100), (1, 100), 5),
    orders.TradeUpheld: orders.TradeUpheld(ID, "t1"),
}
"""One fact of each kind that an order knows."""


def order(status=OrdStatus.NEW, **changes):
    values = {"leg": 0, "letter": "h", "side": 1, "qty": 5, "px": 100, "tif": "3", "offset": "O", "sent_ns": 0}
    values.update(changes)
    return Order(values.pop("cl_ord_id", ID), **values, status=status)


def report(exec_type="0", ord_status="0", *, kind="8", cl_ord_id=ID, exec_id=None, **changes):
    values = {"trading_day": DAY, "side": "1", "exec_id": exec_id}
    values.update(changes)
    return OrderReport("sim", 1, 0, kind, cl_ord_id, exec_type, ord_status, **values)


def trade(exec_id, qty, px, cum_qty, ord_status="1", **changes):
    return report("F", ord_status, exec_id=exec_id, last_qty=qty, last_px=px, cum_qty=cum_qty, **changes)


def heard(state, *reports):
    """The order after these reports, as a trader adopts them."""
    for told in reports:
        for fact in orders.decide(state, told).facts:
            state = orders.evolve(state, fact)
    return state


def plans(units=5, per_unit=(1, 1), touch=(100, 200)):
    return tuple(
        LegPlan(i, f"v{i}", f"S{i}", side, n, units * n, px)
        for i, (side, n, px) in enumerate(zip((1, -1), per_unit, touch, strict=True))
    )


def opening(units=5, per_unit=(1, 1), *, kind="open", tif="3", edge=10.0, hedge_id="cu.1.1", offset=None, at_ns=0):
    """A pair is bought (or what was sold is bought back): leg 0 +, leg 1 -."""
    legs = plans(units, per_unit)
    sent = tuple(
        OrderSubmitted(
            f"{hedge_id}.{p.index}h1", p.index, "h", p.side, p.target, p.touch_px + p.side * 2, tif,
            offset or ("O" if kind == "open" else "C"), at_ns,
        )
        for p in legs
    )  # fmt: skip
    return HedgeOpened(hedge_id, kind, 1, units, legs, sent, edge, at_ns, "buy_open")


def leg_of(plan, status, sent=(), mandate=None):
    """A leg whose orders have done what they have done."""
    net = sum(o.cum_qty * o.side * plan.side for o in sent)
    return Leg(plan, status, tuple(sent), mandate, net)


def hedge(*args, **kwargs):
    return opened(opening(*args, **kwargs))


def mandate(kind="replenish", *, leg=0, side=1, most_lots=3, worst_px=120, **changes):
    letter = "p" if kind == "replenish" else "b"
    values = {
        "payup_ticks": 2, "max_orders": 3, "first_order": 1, "deadline_ns": 1000 * MS, "tif": "3", "offset": "O",
    }  # fmt: skip
    values.update(changes)
    return Mandate(f"cu.1.1.{leg}{letter}1", "cu.1.1", kind, leg, side, most_lots, worst_px, **values)


INSTRUMENT = Instrument("v", "S", Decimal(1), Decimal(1), Decimal(1), "CNY", fees=FeeSchedule(open_lot=Decimal("0.5")))
"""A tick of a lot is 1 CNY; opening costs half of one a lot, closing nothing."""


class Market:
    """`RepairMarket` from plain books: (bids, asks) of each leg, flat."""

    def __init__(self, *books, penalty=0.0):
        self.books = list(books) or [((99, 99), (100, 99)), ((200, 99), (201, 99))]
        self.can = [True] * len(self.books)
        self.limits = [(None, None)] * len(self.books)
        self.penalty = penalty

    def leg(self, index, side):
        levels = self.books[index][1 if side > 0 else 0]
        return LegMarket(levels[0] if levels else None, *self.limits[index], self.can[index])

    def cost(self, index, side, qty, reference_px, reverses):
        levels = self.books[index][1 if side > 0 else 0]
        worst = round(reference_px) + side * 20
        offset = self.offset(index, side, reverses, qty)
        return order_cost(LegMoney(INSTRUMENT), index, side, qty, reference_px, levels, worst, offset)

    waits = False

    def most(self, index, side, reverses, qty):
        return qty

    def offset(self, index, side, reverses, qty):
        return "T" if reverses else "O"

    holds = (99, 99)

    def held(self, index, side):
        return self.holds[index]

    def split(self, index, side, qty):
        return (("O", qty),)

    def time_penalty(self, replenish):
        return self.penalty


def adopted(state, *facts):
    """A hedge after these facts."""
    for fact in facts:
        state = hedge_after(state, fact)
    return state


def filled_hedge(first, second, *, units=5, per_unit=(1, 1), status=HedgeStatus.IMBALANCED, kind="open", naked_ns=0):
    """Both legs' orders ended with so many lots, at the touch."""
    state = hedge(units, per_unit, kind=kind)
    for leg, qty in enumerate((first, second)):
        ref, target, px = f"cu.1.1.{leg}h1", state.legs[leg].plan.target, (100, 200)[leg]
        lots = (f"t{leg}", qty, px) if qty else None
        if qty >= target:
            state = adopted(state, orders.OrderFilled(ref, qty, lots))
        else:
            part = (orders.OrderPartiallyFilled(ref, qty, lots),) if qty else ()
            state = adopted(state, *part, orders.OrderExpired(ref, qty))
    return replace(state, status=status, naked_ns=naked_ns)
