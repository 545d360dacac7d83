"""What a foreign venue makes of an order, a cancel or a query.

A script takes (venue, order), an answer (venue, request id, order id). They
know the protocol page and nothing of the node.
"""

import time

import msgpack


def pack(*fields):
    return msgpack.packb(fields)


def fill(venue, order):
    venue.report(venue.keep(order), "A")
    venue.trade_of(order, order.qty)


def hold(venue, order):
    """Taken and left to the test: only `pending new` is told."""
    venue.report(venue.keep(order), "A")


def hold_new(venue, order):
    hold(venue, order)
    order.status = "0"
    venue.report(order, "0")


def part(qty):
    """So many lots, the rest canceled, as an immediate order ends."""

    def script(venue, order):
        venue.report(venue.keep(order), "A")
        if qty:
            venue.trade_of(order, qty)
        if order.works:
            venue.cancel(order)

    return script


def reject(text="NO_MARGIN", reason=99):
    def script(venue, order):
        venue.report(venue.keep(order), "A")
        order.status = "8"
        venue.report(order, "8", reason=reason, text=text)

    return script


def deny(reason):
    """A `j`: it never left the gateway."""

    def script(venue, order):
        venue.reply(pack("j", "D", order.ref, reason, "not now"))

    return script


def silent(qty=None, *, then="2"):
    """Not a word; the venue has filled `qty` (all: None) all the same."""

    def script(venue, order):
        venue.keep(order)
        lots = order.qty if qty is None else qty
        if lots:
            venue.exec_count += 1
            px = venue.ask if order.sign > 0 else venue.bid
            order.trades.append([f"t{venue.exec_count}", lots, px, False])
        order.status = then

    return script


def lost(_venue, _order):
    """Not a word, and the venue never had it."""


def ghost(venue, order):
    """An overfill: one lot more than was ordered."""
    venue.report(venue.keep(order), "A")
    venue.trade_of(order, order.qty)
    venue.trade_of(order, 1)


def trade_first(venue, order):
    """The trade comes before pending new and new."""
    venue.trade_of(venue.keep(order), order.qty)
    order_status, order.status = order.status, "A"
    venue.report(order, "A")
    order.status = "0"
    venue.report(order, "0")
    order.status = order_status


def cum_first(venue, order):
    """The order's own count runs ahead of its trade."""
    venue.report(venue.keep(order), "A")
    order.stated, order.status = order.qty, "2"
    venue.report(order, "I")


def twice(venue, order):
    """Every report twice: the frame itself, and under a new number."""
    venue.report(venue.keep(order), "A")
    fields = venue.trade_of(order, order.qty)
    venue.reply(pack(*fields))
    venue.report(order, "F", last=(fields[9], fields[10]), exec_id=fields[4])


def strange(venue, order):
    """An exec_type that nobody knows; only `H` tells what happened."""
    venue.keep(order)
    venue.exec_count += 1
    order.trades.append([f"t{venue.exec_count}", order.qty, order.px, False])
    order.status = "2"
    venue.report(order, "Z", status="Y")


def hang(venue, order):
    """Taken, filled, and then nothing of this gateway moves any more."""
    silent()(venue, order)
    venue.hung = True


# ---------------------------------------------------------------- answers to cancels and queries


def cancel_honestly(venue, cxl_id, ref):
    order = venue.orders.get(ref)
    if order is not None and order.works:
        venue.cancel(order)
        return
    refuse_cancel(venue, cxl_id, ref)


def refuse_cancel(venue, cxl_id, ref):
    venue.seq += 1
    order = venue.orders.get(ref)
    status = "8" if order is None else order.status
    fields = ("9", venue.seq, cxl_id, ref, status, 1 if order is None else 0, "too late", time.time_ns())
    venue.log.append(fields)
    venue.reply(pack(*fields))


def mass_cancel_honestly(venue, req_id, _symbol):
    venue.reply(pack("r", req_id, True, ""))
    for order in venue.working:
        venue.cancel(order)


def swallow(_venue, *_what):
    """Nothing at all."""


def fill_on_cancel(venue, cxl_id, ref):
    order = venue.orders.get(ref)
    if order is not None and order.works:
        venue.trade_of(order, order.leaves)
    refuse_cancel(venue, cxl_id, ref)


def query_honestly(venue, _req_id, ref):
    order = venue.orders.get(ref)
    if order is not None:
        venue.tell(order)
        return
    venue.seq += 1
    now = time.time_ns()
    fields = ("8", venue.seq, ref, None, None, "I", "8", None, None, 0, None, 0, 0, 5, "unknown order", None, now,
              True, None, venue.day, "O")  # fmt: skip
    venue.log.append(fields)
    venue.reply(pack(*fields))


def cannot_say(venue, req_id, _ref):
    venue.reply(pack("j", "H", req_id, 4, "the venue does not answer"))
