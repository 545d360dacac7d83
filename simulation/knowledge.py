"""What the node could know of its orders, from the frames that it read.

Not from its own claims: an order is over here when a frame said so, and has
filled what a frame said. What was read at this very instant may not have
reached the pair yet: every picture of this instant counts that the node's
records have not overtaken.
"""

from __future__ import annotations

from typing import Any

ENDED = frozenset("248C")
UNDOING = frozenset("GH")


class SentOrder:
    """An order that left, as told so far, and all that was told at this instant.

    `record`: it by the node's records (`cum`, `ended`): what is on record has
    reached its reader.
    """

    def __init__(self, hedge: str, leg: int, sign: int, qty: int, record: Any) -> None:
        self.hedge, self.leg, self.sign, self.qty, self.record = hedge, leg, sign, qty, record
        self.cum = 0
        self.done = self.denied = False
        self.at_ns = self.moved_ns = -1
        self.sent_ns = 0
        self.before: list[tuple[int, bool]] = []
        self.trades: dict[tuple[Any, ...], list[Any]] = {}
        self.restated = False
        """A trade of it was told with another quantity or price: where it stands may be less from then on."""

    def hear(self, now_ns: int, cum: int | None, *, done: bool, undone: bool = False) -> None:
        """A frame about it."""
        if now_ns > self.at_ns:
            self.before, self.at_ns = [], now_ns
        self.before.append((self.cum, self.done))
        if cum is not None:
            self.cum = cum if undone else max(self.cum, cum)
        self.done = self.done or done

    def _pictures(self, now_ns: int) -> list[tuple[int, bool]]:
        """As it is, and as its reader may still see it."""
        now = [(self.cum, self.done)]
        if now_ns != self.at_ns:
            return now
        record = self.record
        return now + [each for each in self.before if each[0] >= record.cum and each[1] >= record.ended]

    def exposed(self, now_ns: int) -> int:
        """The least that it may still come to: unknown counts as filled."""
        return min(cum if done else max(self.qty, cum) for cum, done in self._pictures(now_ns))

    def filled(self, now_ns: int) -> int:
        """The most that it was told to have filled."""
        return max(cum for cum, _ in self._pictures(now_ns))

    def least(self, now_ns: int) -> int:
        """The least that it was told to have filled."""
        return min(cum for cum, _ in self._pictures(now_ns))


class Knowledge:
    """All orders that left, by id, by hedge and leg."""

    def __init__(self, lots: tuple[int, ...]) -> None:
        self._lots = lots
        self._bare: dict[str, bool] = {}
        self.orders: dict[str, SentOrder] = {}
        self.legs: dict[tuple[str, int], list[SentOrder]] = {}
        self.open: dict[str, dict[str, SentOrder]] = {}
        """By pair: its orders that are not over."""
        self.nets: dict[str, list[int]] = {}
        self.odd: dict[str, list[int]] = {}
        """By pair: lots too few for an order, that its ledger keeps."""
        self.changed_ns = -1
        self.changes = 0
        """How often an order was sent or told of, or odd lots left."""

    def sent(self, ref: str, order: SentOrder, now_ns: int) -> None:
        """It left."""
        pair, order.sent_ns = pair_of(order.hedge), now_ns
        self.changes += 1
        self.orders[ref] = order
        self.open.setdefault(pair, {})[ref] = order
        self.nets.setdefault(pair, [0, 0])
        self.legs.setdefault((order.hedge, order.leg), []).append(order)

    def is_bare(self, pair: str) -> bool:
        """Whether it holds lots that no other leg covers."""
        return self._bare.get(pair, False)

    def naked_of(self, pair: str) -> tuple[int, ...]:
        """Lots of each leg that no other leg covers, and that are no odd lots left to a ledger."""
        odd = self.odd.get(pair, (0, 0))
        return naked([net - left for net, left in zip(self.nets[pair], odd, strict=True)], self._lots)

    def leaves(self, pair: str, leg: int, lots: int) -> None:
        """Odd lots, signed, are a ledger's from now on."""
        self.changes += 1
        self.odd.setdefault(pair, [0, 0])[leg] += lots
        self._bare[pair] = any(self.naked_of(pair))

    def most(self, order: SentOrder) -> int:
        """Lots of its leg and side, if all that is out on that side fills."""
        held = order.sign * sum(net[order.leg] for net in self.nets.values())
        out = (o for orders in self.open.values() for o in orders.values() if (o.leg, o.sign) == (order.leg, order.sign))
        return held + sum(max(0, o.qty - o.cum) for o in out) + order.qty

    def of(self, hedge: str, leg: int) -> list[SentOrder]:
        """The orders of a hedge's leg."""
        return self.legs.get((hedge, leg), [])

    def sent_in(self, hedge: str) -> int:
        """How many orders of a hedge went on to a venue, over all legs."""
        return sum(not o.denied for (name, _), orders in self.legs.items() if name == hedge for o in orders)

    def told(self, m: list[Any], now_ns: int) -> None:
        """A frame that the node read."""
        if m[0] == "8":
            order = self.orders.get(m[2])
            if order is not None:
                if m[5] == "F" and order.trades.setdefault((m[4], m[8], *m[19:20]), m[9:11]) != m[9:11]:
                    order.restated = True
                undone = m[5] in UNDOING or (order.restated and m[5] == "I")
                self._hear(m[2], order, now_ns, m[11], done=m[6] in ENDED, undone=undone)
        elif m[0] == "j" and m[1] == "D" and m[2] in self.orders:
            self.orders[m[2]].denied = True
            self._hear(m[2], self.orders[m[2]], now_ns, None, done=True)

    def _hear(
        self, ref: str, order: SentOrder, now_ns: int, cum: int | None, *, done: bool, undone: bool = False
    ) -> None:
        before = order.cum
        order.hear(now_ns, cum, done=done, undone=undone)
        self.changed_ns = now_ns
        self.changes += 1
        pair = pair_of(order.hedge)
        if order.cum != before:
            order.moved_ns = now_ns
            self.nets[pair][order.leg] += order.sign * (order.cum - before)
            self._bare[pair] = any(self.naked_of(pair))
        if order.done:
            self.open[pair].pop(ref, None)


def pair_of(hedge: str) -> str:
    """`PAIR.EPOCH.COUNT` is of PAIR."""
    return hedge.partition(".")[0]


def units_of(net: list[int], lots: tuple[int, ...]) -> int:
    """Whole pair units held, without their sign; of a cover its one leg's lots."""
    if 0 in lots:
        return abs(net[0])
    signs = {(n > 0) == (each > 0) for n, each in zip(net, lots, strict=True) if n}
    return min(abs(n) // abs(each) for n, each in zip(net, lots, strict=True)) if len(signs) == 1 else 0


def naked(net: list[int], lots: tuple[int, ...]) -> tuple[int, ...]:
    """Lots of each leg that no other leg covers, for these signed unit lots.

    A leg of no lots is not the pair's: what a cover holds, an exposure covers.
    """
    if 0 in lots:
        return ()
    signs = {(n > 0) == (each > 0) for n, each in zip(net, lots, strict=True) if n}
    units = min(abs(n) // abs(each) for n, each in zip(net, lots, strict=True))
    if len(signs) != 1:
        units = 0
    turn = 1 if True in signs else -1
    return tuple(n - turn * units * each for n, each in zip(net, lots, strict=True))
