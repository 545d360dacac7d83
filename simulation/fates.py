"""What becomes of an order, and of a cancel, by name.

`hand` is the gateway's part (pending new, then the way to the venue); the rest
is the venue's. `drawn` draws a fate by the venue's rates.
"""

from __future__ import annotations

from collections.abc import Callable

from simulation.agenda import MS
from simulation.venue import AIMED, CancelFate, Fate, VenueOrder, VirtualVenue

IOC, DAY = "3", "0"
TOO_LATE, UNKNOWN_ORDER = 0, 1


def _arrives(venue: VirtualVenue, order: VenueOrder, then: Callable[[], None]) -> None:
    venue.gateway.pending(order)

    def arrived() -> None:
        if venue.lacks_money(order):
            venue.count("no_money")
            venue.refuse(order, 99, "31 insufficient money")
        else:
            then()

    venue.agenda.after(venue.latency(), arrived)


# ------------------------------------------------ orders


def meet(venue: VirtualVenue, order: VenueOrder) -> None:
    """As an honest venue does: matched, the rest of an IOC expires."""

    def arrived() -> None:
        if venue.status != 17:
            venue.refuse(order, 2, "MARKET_CLOSED")
            return
        venue.arrive(order)
        venue.match(order)
        if order.works and order.tif != DAY:
            venue.end(order, "C")

    _arrives(venue, order, arrived)


def reject(text: str = "NO_MARGIN", reason: int = 99) -> Fate:
    """The venue refuses it."""
    return lambda venue, order: _arrives(venue, order, lambda: venue.refuse(order, reason, text))


def deny(reason: int = 8) -> Fate:
    """The gateway never hands it over (`j`)."""
    return lambda venue, order: venue.gateway.deny(order, reason)


def part(lots: int, *, rests: bool = False) -> Fate:
    """So many lots; the rest expires, or rests until it is cancelled."""

    def fate(venue: VirtualVenue, order: VenueOrder) -> None:
        def arrived() -> None:
            order.ends = True
            venue.arrive(order)
            if lots:
                venue.match(order, lots)
            if not rests and order.works:
                venue.end(order, "C")

        _arrives(venue, order, arrived)

    return fate


def rest(venue: VirtualVenue, order: VenueOrder) -> None:
    """Accepted; whatever comes later is the script's."""
    part(0, rests=True)(venue, order)


def lost(venue: VirtualVenue, order: VenueOrder) -> None:
    """Handed over, and the venue never had it."""
    venue.gateway.pending(order)
    venue.count("lost", order)


def vanish(venue: VirtualVenue, order: VenueOrder) -> None:
    """Not even a pending new: the gateway's word is lost, the order too."""
    venue.gateway.keep(order)
    venue.count("vanish", order)


def silent(lots: int | None = None) -> Fate:
    """Filled (`lots`; all where None), and only a query shows it."""

    def fate(venue: VirtualVenue, order: VenueOrder) -> None:
        order.muted = True
        venue.count("silent", order)

        def arrived() -> None:
            venue.arrive(order)
            venue.match(order, order.qty if lots is None else lots)
            if order.works:
                venue.end(order, "C")

        _arrives(venue, order, arrived)

    return fate


def untold(venue: VirtualVenue, order: VenueOrder) -> None:
    """Filled; its report has the count, its trade comes when it is asked for."""

    def arrived() -> None:
        order.muted = True
        venue.arrive(order)
        venue.match(order)
        order.muted = False
        venue.say(order, "I")

    venue.count("untold", order)
    _arrives(venue, order, arrived)


def refused_yet_filled(after_ms: int = 50) -> Fate:
    """Reported rejected, and filled all the same."""

    def fate(venue: VirtualVenue, order: VenueOrder) -> None:
        def arrived() -> None:
            venue.refuse(order, 99, "TIMEOUT")
            venue.agenda.after(after_ms * MS, lambda: venue.fill(order, order.qty))

        venue.count("refused_yet_filled", order)
        _arrives(venue, order, arrived)

    return fate


def late_fill(after_ms: int = 100, lots: int = 1) -> Fate:
    """Reported canceled, and filled all the same."""

    def fate(venue: VirtualVenue, order: VenueOrder) -> None:
        def arrived() -> None:
            venue.arrive(order)
            venue.end(order)
            venue.agenda.after(after_ms * MS, lambda: venue.fill(order, min(lots, order.qty)))

        venue.count("late_fill", order)
        _arrives(venue, order, arrived)

    return fate


def overfill(extra: int = 1, after_ms: int = 30) -> Fate:
    """Filled, and then more than was ordered."""

    def fate(venue: VirtualVenue, order: VenueOrder) -> None:
        def arrived() -> None:
            venue.arrive(order)
            venue.match(order)
            if order.status == "2":
                venue.agenda.after(after_ms * MS, lambda: venue.fill(order, extra))
            elif order.works:
                venue.end(order, "C")

        venue.count("overfill", order)
        _arrives(venue, order, arrived)

    return fate


def busted(after_ms: int = 500) -> Fate:
    """Filled; the first trade is taken back later."""

    def fate(venue: VirtualVenue, order: VenueOrder) -> None:
        def off() -> None:
            if order.trades and not order.muted:
                venue.bust(order, order.trades[0])

        venue.count("busted", order)
        meet(venue, order)
        venue.agenda.after(after_ms * MS, off)

    return fate


def corrected(after_ms: int = 500, ticks: int = 1) -> Fate:
    """Filled; the first trade gets another price later."""

    def fate(venue: VirtualVenue, order: VenueOrder) -> None:
        def off() -> None:
            if order.trades and not order.muted:
                venue.correct(order, order.trades[0], order.trades[0].px + ticks)

        venue.count("corrected", order)
        meet(venue, order)
        venue.agenda.after(after_ms * MS, off)

    return fate


def restated(after_ms: int = 500, lots: int = 0, ticks: int = 0) -> Fate:
    """Filled; the first trade is told again later, with so many lots more, and at so much more."""

    def fate(venue: VirtualVenue, order: VenueOrder) -> None:
        def again() -> None:
            trade = order.trades[0]
            venue.restate(order, trade, trade.qty + lots, trade.px + ticks)

        venue.count("restated", order)
        meet(venue, order)
        venue.agenda.after(after_ms * MS, again)

    return fate


def trade_first(venue: VirtualVenue, order: VenueOrder) -> None:
    """The trade's word overtakes those that it follows."""

    def arrived() -> None:
        order.arrived, order.status = True, "0"
        venue.match(order)
        if order.works:
            venue.end(order, "C")
        venue.agenda.after(20 * MS, lambda: venue.say(order, "0"))

    venue.count("trade_first", order)
    _arrives(venue, order, arrived)


def crumbs(venue: VirtualVenue, order: VenueOrder) -> None:
    """Filled lot by lot, with pauses; sometimes never to the end."""

    def crumb() -> None:
        if not order.works:
            return
        venue.match(order, 1)
        if order.works and venue.rng.random() < 0.2:
            venue.end(order, "C")
        elif order.works:
            venue.agenda.after(venue.rng.randrange(1, 30) * MS, crumb)

    def arrived() -> None:
        order.ends = True
        venue.arrive(order)
        crumb()

    venue.count("crumbs", order)
    _arrives(venue, order, arrived)


# ------------------------------------------------ cancels


def obey(venue: VirtualVenue, order: VenueOrder, cxl_id: str) -> None:
    """Canceled if it works, else too late."""
    if order.works:
        venue.end(order)
    else:
        venue.gateway.cancel_refused(order, cxl_id, TOO_LATE)


def swallow(venue: VirtualVenue, order: VenueOrder, cxl_id: str) -> None:
    """Never answered, and nothing happens."""
    venue.count("cancel_swallowed", order)


def refuse_cancel(venue: VirtualVenue, order: VenueOrder, cxl_id: str) -> None:
    """Refused, whatever the order's state."""
    venue.count("cancel_refused", order)
    venue.gateway.cancel_refused(order, cxl_id, TOO_LATE)


def fill_then_refuse(venue: VirtualVenue, order: VenueOrder, cxl_id: str) -> None:
    """It fills while the cancel is on its way."""
    if order.works:
        venue.count("fill_on_cancel", order)
        venue.fill(order, order.qty - order.cum)
    venue.gateway.cancel_refused(order, cxl_id, TOO_LATE)


def cancel_then_fill(venue: VirtualVenue, order: VenueOrder, cxl_id: str) -> None:
    """Canceled, and a fill comes after it."""
    if order.works:
        venue.count("cancel_then_fill", order)
        venue.end(order)
        venue.agenda.after(40 * MS, lambda: venue.fill(order, 1))
    else:
        venue.gateway.cancel_refused(order, cxl_id, TOO_LATE)


# ------------------------------------------------ drawn

ORDER_FATES: dict[str, Callable[[VirtualVenue], Fate]] = {
    "lost": lambda v: lost,
    "vanish": lambda v: vanish,
    "silent": lambda v: silent(v.rng.choice((None, 0, 1))),
    "reject": lambda v: reject(v.rng.choice(("NO_MARGIN", "CLOSED", "LIMIT")), v.rng.choice((0, 2, 3, 99))),
    "deny": lambda v: deny(v.rng.choice((4, 8, 0))),
    "empty": lambda v: part(0),
    "part": lambda v: part(v.rng.randrange(3)),
    "rest": lambda v: part(v.rng.randrange(2), rests=True),
    "late_fill": lambda v: late_fill(v.rng.choice((1, 50, 400, 3000))),
    "overfill": lambda v: overfill(1, v.rng.choice((1, 40, 700))),
    "busted": lambda v: busted(v.rng.choice((20, 300, 2500))),
    "corrected": lambda v: corrected(v.rng.choice((20, 300, 2500))),
    "refused_yet_filled": lambda v: refused_yet_filled(v.rng.choice((1, 50, 400, 3000))),
    "untold": lambda v: untold,
    "trade_first": lambda v: trade_first,
    "crumbs": lambda v: crumbs,
}
CANCEL_FATES: dict[str, CancelFate] = {
    "cancel_swallowed": swallow,
    "cancel_refused": refuse_cancel,
    "fill_on_cancel": fill_then_refuse,
    "cancel_then_fill": cancel_then_fill,
}


def drawn(venue: VirtualVenue, order: VenueOrder) -> None:
    """The first fate that the venue's rates draw, else an honest one."""
    for name, fate_of in ORDER_FATES.items():
        is_aimed = venue.is_aimed(name, order)  # at one whose cancel is on record already: so rare that it strikes each
        if is_aimed or (venue.rates.get(name) and venue.rng.random() < venue.rates[name]):
            fate = fate_of(venue)
            if name in ("reject", "deny", "part", "rest", "empty"):
                venue.count(name, order)
            fate(venue, order)
            return
    meet(venue, order)


def drawn_cancel(venue: VirtualVenue, order: VenueOrder, cxl_id: str) -> None:
    """As `drawn`, of a cancel."""
    for name, fate in CANCEL_FATES.items():
        rate = AIMED if venue.is_aimed(name, order) else venue.rates.get(name)
        if rate and venue.rng.random() < rate:
            fate(venue, order, cxl_id)
            return
    obey(venue, order, cxl_id)
