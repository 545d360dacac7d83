"""A virtual venue: its book, its orders, and what it says of them.

Its orders and `most` are the truth that the node never sees: the oracle. What
it says goes to its gateway late, twice, in another order, or never, as its
rates draw; an order's fate is drawn too, or scripted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any

from simulation.account import VirtualAccount
from simulation.agenda import MS, Agenda
from simulation.cells import FAULTS, LINK

BUY, SELL = "1", "2"
WORKING = "A01"
LINK_FAULTS = frozenset(fault for fault, kind in FAULTS.items() if kind.kind == LINK)
AIMED = 0.5
"""How often an aimed fault strikes what it is aimed at."""
LONGEST_MS = 150_000
OPEN = 17


class Trade:
    """One trade. `busted`, or with a price other than its `first_px`, by a later word."""

    __slots__ = ("busted", "exec_id", "fee", "first_fee", "first_px", "px", "qty")

    def __init__(self, exec_id: str, qty: int, px: int, fee: int) -> None:
        self.exec_id, self.qty, self.px, self.fee = exec_id, qty, px, fee
        self.first_px, self.first_fee = px, fee
        self.busted = False


class VenueOrder:
    """An order as the venue has it. `muted`: nothing is said unasked."""

    def __init__(self, number: int, fields: list[Any], now_ns: int, day: str) -> None:
        _, self.ref, self.symbol, self.side, self.qty, self.px, self.tif, self.offset = fields[:8]
        self.order_id = f"v{number}"
        self.handed_ns = now_ns
        self.day = day
        self.status = "A"
        self.trades: list[Trade] = []
        self.arrived = self.muted = self.ends = False
        self.most = 0

    @property
    def sign(self) -> int:
        return 1 if self.side == BUY else -1

    @property
    def cum(self) -> int:
        return sum(trade.qty for trade in self.trades if not trade.busted)

    @property
    def works(self) -> bool:
        return self.arrived and self.status in WORKING


class Said:
    """A word of the venue on an order, as it stood when it was said."""

    __slots__ = ("cum", "exec_ref", "exec_type", "order", "reason", "status", "text", "trade")

    def __init__(self, order: VenueOrder, exec_type: str, trade: Trade | None, exec_ref: str | None) -> None:
        self.order, self.exec_type, self.trade, self.exec_ref = order, exec_type, trade, exec_ref
        self.status, self.cum = order.status, order.cum
        self.reason: int | None = None
        self.text = ""


Fate = Callable[["VirtualVenue", VenueOrder], None]
CancelFate = Callable[["VirtualVenue", VenueOrder, str], None]


class VirtualVenue:
    """One venue with one symbol.

    Shape: `rates` name what goes wrong and how often; `script` and
        `cancel_script` hold the fates of the next orders and cancels, before
        `always` and `cancel_always`.
    """

    def __init__(self, name: str, agenda: Agenda, rng: Random, always: Fate, cancel_always: CancelFate) -> None:
        self.name, self.symbol = name, f"{name}.X"
        self.agenda, self.rng = agenda, rng
        self.gateway: Any = None
        self.account = VirtualAccount(name)
        self.min_lots = 1
        self.orders: dict[str, VenueOrder] = {}
        self.rates: dict[str, float] = {}
        self.script: deque[Fate] = deque()
        self.cancel_script: deque[CancelFate] = deque()
        self.always, self.cancel_always = always, cancel_always
        self.latency_ns = 3 * MS
        self.bid: int | None = None
        self.ask: int | None = None
        self.depth = 50
        self.status = OPEN
        self.limits: tuple[int | None, int | None] = (None, None)
        self.quoted_ns = 0
        self.days = 0
        self.rolled_ns = -(10**15)
        self.is_mismatched = False
        """Its account counts lots as older ones, and has told nobody."""
        self.on_mismatch: Callable[[VenueOrder], None] = lambda _order: None
        self.struck: dict[str, int] = {}
        self.live: dict[str, int] = {}
        """Of these, how many met an order or report, or a link in use."""
        self.aim: tuple[str, str] | None = None
        """The fault that strikes most orders in this state."""
        self.met: dict[tuple[str, str], int] = {}
        self._under_way: list[tuple[int, VenueOrder]] = []
        self.state_of: Callable[[str], str] = lambda _ref: "NONE"
        self.out: dict[str, None] = {}
        self.recover()
        self._trades = 0
        self._mark = 1000

    def recover(self) -> None:
        """Whatever lasts is over."""
        self.deaf_until_ns = self.broke_until_ns = self.throttled_until_ns = self.frozen_until_ns = 0

    # ------------------------------------------------ chance

    def happens(self, what: str, order: VenueOrder | None = None) -> bool:
        """Whether this trouble strikes now; each that does is counted."""
        rate = AIMED if self.is_aimed(what, order) else self.rates.get(what, 0.0)
        if not rate or self.rng.random() >= rate:
            return False
        self.count(what, order)
        return True

    def is_aimed(self, what: str, order: VenueOrder | None) -> bool:
        """Whether the seed is aimed at this fault and an order in this state."""
        if self.aim is None or self.aim[0] != what:
            return False
        refs = [order.ref] if order is not None else self.out_refs()
        return any(self.state_of(ref) == self.aim[1] for ref in refs)

    def count(self, what: str, order: VenueOrder | None = None) -> None:
        """A fault has struck: an order, or whatever the venue has out."""
        self.book(what, self.seen(order), in_use=self.gateway.in_use)

    def seen(self, order: VenueOrder | None = None) -> list[str]:
        """The states of what would be met now."""
        return [self.state_of(ref) for ref in ([order.ref] if order is not None else self.out_refs())]

    def book(self, what: str, states: list[str], *, in_use: bool) -> None:
        """A fault has met orders in these states. `in_use`: so was the link."""
        self.struck[what] = self.struck.get(what, 0) + 1
        if states or (in_use and what in LINK_FAULTS):
            self.live[what] = self.live.get(what, 0) + 1
        for state in states or ["NONE"]:
            self.met[what, state] = self.met.get((what, state), 0) + 1

    def out_refs(self) -> list[str]:
        """Orders that the node has not seen end, by its records; its gateway may not have them yet."""
        return list(self.out)

    def latency(self) -> int:
        """Between gateway and venue, one way."""
        return self.latency_ns + self.rng.randrange(self.latency_ns + 1)

    # ------------------------------------------------ market

    def quote(self, bid: int | None, ask: int | None) -> None:
        """A new touch; what rests and crosses it is filled."""
        self.bid, self.ask = bid, ask
        self.quoted_ns = self.agenda.wall_ns
        self.gateway.publish_book()
        for order in self.orders.values():
            if order.works and order.status in "01" and not order.ends:
                self.match(order)

    def touch(self, order: VenueOrder) -> int | None:
        """The opposing touch, where the order's limit reaches it."""
        px = self.ask if order.side == BUY else self.bid
        if px is None or self.status != OPEN:
            return None
        if order.px is None or (order.px - px) * order.sign >= 0:
            return px
        return None

    # ------------------------------------------------ orders

    def lacks_lots(self, order: VenueOrder, tell: Callable[[VenueOrder], None]) -> bool:
        """Whether it would close what is not there: of that day, or at all; told where it would."""
        lacks = order.offset in "TYC" and order.qty > self.account.closable(order.sign, order.offset)
        if lacks:
            tell(order)
        return lacks

    def roll(self) -> None:
        """Settlement: day orders end, a new trading day begins."""
        for order in self.working:
            self.end(order, "C")
        self.days += 1
        self.rolled_ns, self.is_mismatched = self.agenda.now_ns, False
        self.account.roll()

    @property
    def day(self) -> str:
        """YYYYMMDD; a virtual year has days enough."""
        return f"2026{1 + self.days // 28:02}{1 + self.days % 28:02}"

    def lacks_margin(self, order: VenueOrder) -> bool:
        """Whether it would make the position larger while money is short."""
        return self.agenda.now_ns < self.broke_until_ns and self.position * order.sign >= 0

    def arrive(self, order: VenueOrder) -> None:
        """It is here: from now on it works, until it ends."""
        order.arrived = True
        order.status = "0"
        self.say(order, "0")

    def match(self, order: VenueOrder, most: int | None = None) -> None:
        """Fill what the touch gives, at most `most` lots."""
        px = self.touch(order)
        if px is None:
            return
        lots = min(order.qty - order.cum, self.depth if most is None else most)
        if lots > 0:
            self.fill(order, lots, px)

    def fill(self, order: VenueOrder, lots: int, px: int | None = None) -> None:
        """A trade, whatever the order's state: it is the truth. None of a day that is settled."""
        if order.day != self.day:
            return
        if px is None:
            px = order.px or self.bid or self.ask
        self._trades += 1
        trade = Trade(f"t{self._trades}", lots, px, self.account.trade(order.sign, order.offset, lots, px))
        order.trades.append(trade)
        order.most = max(order.most, order.cum)
        if order.status in WORKING:
            order.status = "2" if order.cum >= order.qty else "1"
        self.say(order, "F", trade)

    def end(self, order: VenueOrder, status: str = "4") -> None:
        """Canceled (4) or expired (C)."""
        order.status = status
        self.say(order, status)

    def refuse(self, order: VenueOrder, reason: int, text: str) -> None:
        """Rejected; it never works."""
        order.arrived, order.status = True, "8"
        self.say(order, "8", reason=reason, text=text)

    def bust(self, order: VenueOrder, trade: Trade) -> None:
        """A trade is taken back."""
        trade.busted = True
        self.account.bust(order.sign, trade.qty, trade.px, trade.fee, order.offset)
        self.say(order, "H", trade, exec_ref=trade.exec_id)

    def correct(self, order: VenueOrder, trade: Trade, px: int) -> None:
        """A trade was at another price."""
        trade.fee = self.account.correct(order.sign, order.offset, trade.qty, (trade.px, trade.fee), px)
        trade.px = px
        self.say(order, "G", trade, exec_ref=trade.exec_id)

    def restate(self, order: VenueOrder, trade: Trade, qty: int, px: int) -> None:
        """A trade was of another quantity or at another price, and is told so under its own id."""
        self.account.bust(order.sign, trade.qty, trade.px, trade.fee, order.offset)
        trade.qty, trade.px = qty, px
        trade.fee = trade.first_fee = self.account.trade(order.sign, order.offset, qty, px)
        trade.first_px = px
        order.most = max(order.most, order.cum)
        self.gateway.undone.add(order.ref)  # its count falls by no other word
        self.say(order, "F", trade)

    def say(
        self,
        order: VenueOrder,
        exec_type: str,
        trade: Trade | None = None,
        exec_ref: str | None = None,
        reason: int | None = None,
        text: str = "",
    ) -> None:
        """To the gateway, with whatever befalls words on their way."""
        said = Said(order, exec_type, trade, exec_ref)
        said.reason, said.text = reason, text
        if order.muted or self.happens("say_lost", order):
            return
        delay_ns = self.latency()
        if self.happens("say_late", order):
            delay_ns += int(LONGEST_MS ** self.rng.random() * MS)  # 1 ms to 150 s, each tenfold as likely
            self._under_way.append((self.agenda.now_ns + delay_ns, order))
        self.agenda.after(delay_ns, lambda: self.gateway.heard(said))
        if self.happens("say_twice", order):
            self.agenda.after(delay_ns + self.rng.randrange(20) * MS, lambda: self.gateway.heard(said))

    @property
    def late_until_ns(self) -> int:
        """When the last late word comes that no question about the present day would bring."""
        return max((due_ns for due_ns, order in self._under_way if order.day != self.day), default=0)

    # ------------------------------------------------ truth

    @property
    def mark(self) -> int:
        """What a position is worth a lot now."""
        known = [px for px in (self.bid, self.ask) if px is not None]
        self._mark = sum(known) // len(known) if known else self._mark
        return self._mark

    def collateral(self) -> tuple[str, ...]:
        """Equity, available, margin and fees, as the account's money is told."""
        account = self.account
        working = sum(o.qty - o.cum for o in self.working if o.offset not in "CTY")
        equity, used = account.equity(self.mark), account.margin + working * account.a_lot
        return tuple(f"{cents / 100:.2f}" for cents in (equity, equity - used, used, account.fees))

    def lacks_money(self, order: VenueOrder) -> bool:
        """Whether the account can't afford it."""
        working = sum(o.qty - o.cum for o in self.working if o.side == order.side and o.offset not in "CTY")
        return self.account.lacks(order.sign, order.offset, order.qty, working, self.mark)

    @property
    def position(self) -> int:
        """Lots held by the node's own orders, signed."""
        return sum(order.sign * order.cum for order in self.orders.values())

    @property
    def cash(self) -> int:
        """What those trades brought in, ticks x lots."""
        trades = ((o.sign, t) for o in self.orders.values() for t in o.trades if not t.busted)
        return sum(-sign * trade.qty * trade.px for sign, trade in trades)

    @property
    def working(self) -> list[VenueOrder]:
        return [order for order in self.orders.values() if order.works]
