"""A virtual venue's gateway: the protocol page, written for itself.

It shares with the node the plain MessagePack of `wire.codec` and nothing else:
no message class, no state. It may die, hang, restart, lose its session, or
leave a report out.
"""

from __future__ import annotations

from typing import Any

from simulation.account import definition_of
from simulation.agenda import MS, Agenda
from simulation.fates import reject
from simulation.gateway_answers import BEAT_NS, GatewayAnswers
from simulation.network import MAX_FRAME_BYTES, FeedLink, TradeLink
from simulation.venue import Said, VenueOrder, VirtualVenue
from wire.codec import pack, unpack

REPEAT_BEATS = 5
ENDED = "248C"
NO_MARGIN, TOO_MANY, TOO_FEW = reject(), reject("CLOSE_EXCEEDS"), reject("BAD_FIELD")


class VirtualGateway(GatewayAnswers):
    """One gateway process after another, in front of one venue."""

    def __init__(self, venue: VirtualVenue, agenda: Agenda, feed: FeedLink, trade: TradeLink, offset_mode: str) -> None:
        self.venue, self.agenda, self.feed, self.trade = venue, agenda, feed, trade
        venue.gateway = trade.gateway = self
        feed.on_subscribed = self.repeat
        self.definition = definition_of(venue.name, venue.symbol, offset_mode)
        self.alive = self.session_up = True
        self.hung = False
        self.duplicates: list[str] = []
        self.kept: dict[str, VenueOrder] = {}
        self.stated: dict[str, int] = {}
        self.undone: set[str] = set()
        """Orders of which a bust was told: their count may be below what was stated."""
        self.top_epoch = 0
        self.passes_over: set[str] = set()
        """Kinds of question that it never answers."""
        self.says_held: tuple[int, int] | None = None
        """What it says is held, (long, short), whatever is."""
        self._handed = 0
        self.settle_ns = 200 * MS
        self.tradable = True
        self._born()
        self.agenda.after(BEAT_NS, self._beat)

    def _born(self) -> None:
        """What a process has in memory only."""
        self.epoch = self.agenda.wall_ns
        self.seq = self.feed_seq = self.beats = 0
        self.log: list[tuple] = []
        self.node: int | None = None
        self.must_log_on = True
        self.cancel_after_ns = 0
        self.heard_ns = self.agenda.now_ns
        self._waiting: list[tuple[int, bytes]] = []
        self._turn = getattr(self, "_turn", 0) + 1

    # ------------------------------------------------ life

    @property
    def in_use(self) -> bool:
        """Whether a node is logged on to a process that lives."""
        return self.alive and self.node is not None

    def kill(self, for_ns: int) -> bool:
        """SIGKILL; another process stands in its place after that time. False where none lives."""
        if not self.alive:
            return False
        self.alive = False
        self.trade.cut()
        self.feed.pipe.drop()
        self.agenda.after(for_ns, self._raise)
        return True

    def _raise(self) -> None:
        self.alive, self.hung = True, False
        self._born()
        self.repeat()

    def hang(self, for_ns: int) -> bool:
        """SIGSTOP, and SIGCONT after that time: what came meanwhile waits. False where none runs."""
        if not self.alive or self.hung:
            return False
        self.hung = True
        turn = self._turn
        self.agenda.after(for_ns, lambda: self._resume(turn))
        return True

    def _resume(self, turn: int) -> None:
        if turn != self._turn:
            return
        self.hung = False
        waiting, self._waiting = self._waiting, []
        for frame in waiting:
            self.arrived(*frame)

    def usurp(self, epoch: int) -> None:
        """Another node under the same name logs on, with a higher epoch: from now on this one is served."""
        if self.alive and not self.hung:
            self.top_epoch, self.node, self.must_log_on = max(self.top_epoch, epoch), -1, False

    def drop_session(self, for_ns: int, *, cancels: bool) -> bool:
        """The venue's own session is lost; maybe with the working orders. False where it is already."""
        if not self.session_up:
            return False
        self.session_up = False
        if cancels:
            for order in self.venue.working:
                self.venue.end(order)
        self.agenda.after(for_ns, self._session_back)
        return True

    def _session_back(self) -> None:
        self.session_up = True

    # ------------------------------------------------ feed

    def publish_book(self) -> None:
        """A `W` of the book as it is."""
        venue = self.venue
        if self.hung or not self.alive or not self.session_up:
            return
        self.feed_seq += 1
        bids = [] if venue.bid is None else [venue.bid, venue.depth]
        asks = [] if venue.ask is None else [venue.ask, venue.depth]
        self._publish(("W", self.feed_seq, venue.symbol, venue.quoted_ns, venue.quoted_ns, bids, asks))

    def publish_status(self) -> None:
        """An `f`."""
        if self.hung or not self.alive or not self.session_up:
            return
        self.feed_seq += 1
        venue = self.venue
        self._publish(("f", self.feed_seq, venue.symbol, self.agenda.wall_ns, venue.status, *venue.limits))

    def _publish(self, fields: tuple) -> None:
        self.feed.publish(self.venue.symbol.encode() + b"\0", pack(fields))

    def repeat(self) -> None:
        """What a new subscriber must know."""
        self.publish_status()
        if self.venue.quoted_ns:
            self.publish_book()

    def _beat(self) -> None:
        self.agenda.after(BEAT_NS, self._beat)
        if not self.alive or self.hung:
            return
        self.beats += 1
        wall = self.agenda.wall_ns
        self.feed.publish(b"\0", pack(("0", self.beats, self.venue.name, self.epoch, wall, self.session_up)))
        if self.node is not None:
            self._send(pack(("0", wall, self.session_up, self.seq, self.venue.day, self.epoch)))
        if self.beats % REPEAT_BEATS == 0:
            self.repeat()
        if self.cancel_after_ns and not self.must_log_on and self.agenda.now_ns - self.heard_ns > self.cancel_after_ns:
            self.must_log_on = True
            for order in self.venue.working:
                self.venue.end(order)

    # ------------------------------------------------ frames of the node

    def arrived(self, identity: int, body: bytes) -> None:
        """A frame of some connection."""
        if not self.alive:
            return
        if self.hung:
            self._waiting.append((identity, body))
            return
        m = unpack(body)
        kind = m[0]
        if kind == "A":
            self._logon(identity, m)
        elif identity != self.node:
            self.trade.reply(identity, pack(("j", kind, _ref(m), 6, "log on first")))
        else:
            self.heard_ns = self.agenda.now_ns
            reader = None if kind in self.passes_over else _READERS.get(kind)
            if reader is not None:
                reader(self, m)

    def _logon(self, identity: int, m: list[Any]) -> None:
        _, _, _, node_epoch, epoch_seen, seq_seen, cancel_ms = m[:7]
        if node_epoch < self.top_epoch:
            self.trade.reply(identity, pack(("j", "A", "", 6, "an older epoch")))
            return
        self.top_epoch, self.node, self.must_log_on = node_epoch, identity, False
        self.cancel_after_ns, self.heard_ns = cancel_ms * MS, self.agenda.now_ns
        told = {"positions": True, "collateral": True, "mass_status": True, "settle_ms": self.settle_ns // MS}
        self._send(pack(("A", 1, self.venue.name, self.epoch, self.venue.day, self.seq, told, 1)))
        self._send(pack(("d", {**self.definition, "tradable": self.tradable}, True)))
        if epoch_seen == self.epoch and not self.venue.happens("replays_nothing"):
            for fields in self.log[0 if self.venue.happens("replays_all") else seq_seen :]:
                self._send(pack((*fields[:17], True, *fields[18:]) if fields[0] == "8" else fields))

    def _order(self, m: list[Any]) -> None:
        ref, epoch, not_after_ns = m[1], m[8], m[10]
        if ref in self.kept:
            self.duplicates.append(ref)
            return
        self._handed += 1
        order = VenueOrder(self._handed, m, self.agenda.now_ns, self.venue.day)
        if epoch < self.top_epoch or self.must_log_on:
            self.deny(order, 6)
        elif self.agenda.wall_ns > not_after_ns:
            self.deny(order, 100)
        elif not self.session_up:
            self.deny(order, 4)
        elif not self.tradable:
            self.deny(order, 101)
        else:
            venue = self.venue
            if self.agenda.now_ns < venue.throttled_until_ns:
                venue.count("throttled", order)
                self.deny(order, 8)
                return
            fate = venue.script.popleft() if venue.script else venue.always
            if venue.lacks_margin(order):
                venue.count("margin_short", order)
                fate = NO_MARGIN
            elif order.qty < venue.min_lots:
                fate = TOO_FEW
            elif venue.lacks_lots(order, venue.on_mismatch):
                fate = TOO_MANY
            fate(venue, order)

    def _cancel(self, m: list[Any]) -> None:
        _, cxl_id, ref, epoch = m[:4]
        order = self.kept.get(ref)
        if epoch < self.top_epoch or not self.session_up:
            self._send(pack(("j", "F", cxl_id, 4 if epoch >= self.top_epoch else 6, "not now")))
        elif order is None:
            self._cancel_reject(cxl_id, ref, "8", 1)
        else:
            venue = self.venue
            fate = venue.cancel_script.popleft() if venue.cancel_script else venue.cancel_always
            self.agenda.after(venue.latency(), lambda: fate(venue, order, cxl_id))

    def _mass_cancel(self, m: list[Any]) -> None:
        if self.venue.happens("mass_cancel_swallowed"):
            return
        self._send(pack(("r", m[1], True, "")))
        for order in self.venue.working:
            if m[2] in (None, order.symbol):
                self.venue.end(order)

    # ------------------------------------------------ what fates use

    def keep(self, order: VenueOrder) -> None:
        """On the gateway's own disk, before the order leaves."""
        self.kept[order.ref] = self.venue.orders[order.ref] = order

    def pending(self, order: VenueOrder) -> None:
        """Handed to the venue: pending new."""
        self.keep(order)
        self._report(Said(order, "A", None, None))

    def deny(self, order: VenueOrder, reason: int) -> None:
        """It never leaves."""
        self._send(pack(("j", "D", order.ref, reason, "denied")))

    def cancel_refused(self, order: VenueOrder, cxl_id: str, reason: int) -> None:
        """A `9`, after the way back."""
        self.agenda.after(self.venue.latency(), lambda: self._cancel_reject(cxl_id, order.ref, order.status, reason))

    def heard(self, said: Said) -> None:
        """A word of the venue's; a dead or cut off gateway hears nothing."""
        if not self.alive or not self.session_up:
            return
        if self.hung:
            self.agenda.after(BEAT_NS, lambda: self.heard(said))
            return
        self._report(said)

    def outside(self, symbol: str, side: str, lots: int, px: int, origin: str) -> None:
        """A trade on the account that no node of ours ordered; `AN` tells it where `says_held` does."""
        self.seq, wall = self.seq + 1, self.agenda.wall_ns
        fields = ("8", self.seq, None, f"x{self.seq}", f"x{self.seq}", "F", "2", symbol, side, lots, px, lots, 0)
        self._tell((*fields, None, "", wall, wall, False, None, self.venue.day, origin))

    # ------------------------------------------------ reports

    def _report(self, said: Said, *, resend: bool = False) -> None:
        order, trade, kind = said.order, said.trade, said.exec_type
        if kind == "H":
            self.undone.add(order.ref)
        undone = order.ref in self.undone
        cum = order.cum if undone else max(self.stated.get(order.ref, 0), said.cum)
        self.stated[order.ref] = cum
        leaves = 0 if said.status in ENDED else max(0, order.qty - cum)
        exec_id = None if trade is None else trade.exec_id if kind == "F" else f"{kind.lower()}{trade.exec_id}"
        qty, px = (0, None) if trade is None else (trade.qty, trade.first_px if kind == "F" else trade.px)
        self.seq += 1
        wall = self.agenda.wall_ns
        fields = (
            "8", self.seq, order.ref, order.order_id, exec_id, kind, said.status, order.symbol, order.side, qty, px,
            cum, leaves, said.reason, said.text, wall, wall, resend, said.exec_ref, order.day, "O", order.offset,
            *self.venue.account.tariff.told(trade, kind),
        )  # fmt: skip
        self._tell(fields, order)

    def _cancel_reject(self, cxl_id: str, ref: str, status: str, reason: int) -> None:
        if not self.alive:
            return
        self.seq += 1
        self._tell(("9", self.seq, cxl_id, ref, status, reason, "", self.agenda.wall_ns), self.kept.get(ref))

    def _tell(self, fields: tuple, order: VenueOrder | None = None) -> None:
        """Under its number, in the log; maybe left out, or sent twice."""
        self.log.append(fields)
        if self.venue.happens("gap", order):
            return
        body = pack(fields)
        self._send(body)
        if self.venue.happens("frame_twice", order):
            self._send(body)
        if self.venue.happens("junk", order):
            self._send(self._junk(body))

    def _junk(self, body: bytes) -> bytes:
        """Malformed, cut short, oversized, of an unknown type, or about somebody else."""
        rng = self.venue.rng
        return rng.choice(
            (
                rng.randbytes(rng.randrange(1, 40)),
                body[: rng.randrange(1, len(body))],
                pack(("8", self.seq, "x" * MAX_FRAME_BYTES)),
                pack(("zz", rng.randrange(100), None)),
                pack(("W", 1, "Z.Z", 0, 0, [], [])),
            )
        )

    def _send(self, body: bytes) -> None:
        if self.node is not None and not self.trade.reply(self.node, body):
            self.node = None  # it takes no more: until it logs on again nothing is sent to it

    def repeat_reports(self, most: int) -> None:
        """The last reports once more, as they were."""
        for fields in self.log[-most:]:
            self._send(pack(fields))


def _ref(m: list[Any]) -> str:
    return m[1] if len(m) > 1 and isinstance(m[1], str) else ""


_READERS = {
    "D": VirtualGateway._order,
    "F": VirtualGateway._cancel,
    "H": VirtualGateway._query,
    "AF": VirtualGateway._mass_status,
    "AN": VirtualGateway._positions,
    "BB": VirtualGateway._collateral,
    "q": VirtualGateway._mass_cancel,
}
