"""What a virtual gateway answers: orders, the day, lots, money."""

from __future__ import annotations

from typing import Any

from simulation.agenda import MS, Agenda
from simulation.venue import Said, VenueOrder, VirtualVenue
from wire.codec import pack

BEAT_NS = 100 * MS


class GatewayAnswers:
    """The gateway's part that is asked; see `gateway`."""

    venue: VirtualVenue
    agenda: Agenda
    alive: bool
    hung: bool
    session_up: bool
    settle_ns: int
    seq: int
    kept: dict[str, VenueOrder]
    stated: dict[str, int]
    says_held: tuple[int, int] | None
    _turn: int
    _send: Any
    _report: Any
    _tell: Any

    def _ask(self, call: Any, refuse: Any, order: VenueOrder | None = None) -> None:
        """To the venue and back, in the same process, or not at all."""
        turn, begun_ns = self._turn, self.agenda.now_ns

        def answer() -> None:
            if turn != self._turn or not self.alive:
                return
            if self.hung:
                self.agenda.after(BEAT_NS, answer)
            elif not self.session_up or self.agenda.now_ns < self.venue.deaf_until_ns or self.venue.happens("deaf", order):
                refuse()
            else:
                call(begun_ns)

        self.agenda.after(self.venue.latency(), answer)

    def _query(self, m: list[Any]) -> None:
        _, req_id, ref = m
        refuse = lambda: self._send(pack(("j", "H", req_id, 4, "can't say yet")))  # noqa: E731 (one line, used twice)
        order = self.kept.get(ref)
        if order is None:
            self._absent(ref)
            return

        def answer(begun_ns: int) -> None:
            if order.arrived:
                self._state(order)
            elif begun_ns >= order.handed_ns + self.settle_ns:
                self._absent(ref)
            else:
                refuse()

        self._ask(answer, refuse, order)

    def _mass_status(self, m: list[Any]) -> None:
        _, req_id, scope, day = (*m, None)[:4]

        def answer(_begun_ns: int) -> None:
            count = 0
            for order in list(self.kept.values()):
                if order.arrived and order.day == (day or self.venue.day) and (scope == "day" or order.works):
                    self._state(order)
                    count += 1
            self._send(pack(("AF", req_id, count)))

        self._ask(answer, lambda: self._send(pack(("j", "AF", req_id, 4, "not yet"))))

    def _positions(self, m: list[Any]) -> None:
        net = sum((1 if o.side == "1" else -1) * self.stated.get(ref, 0) for ref, o in self.kept.items())
        long, short = self.says_held or (max(0, net), max(0, -net))
        untold = sum(o.cum - self.stated.get(ref, 0) for ref, o in self.kept.items() if o.offset == "Y")
        old = abs(self.venue.account.old) + untold  # as its lots were when it last told of them
        today = (max(0, long - old), max(0, short - old))
        if self.venue.account.sides is not None:
            (long_old, long_today), (short_old, short_today) = self.venue.account.sides
            long, short, today = long_old + long_today, short_old + short_today, (long_today, short_today)
        row = (long, short, *today, long, short, *today)
        self._send(pack(("AP", m[1], self.venue.symbol, *row, self.agenda.wall_ns, self.seq, True)))

    def _collateral(self, m: list[Any]) -> None:
        self._send(pack(("BA", m[1], "USD", *self.venue.collateral(), self.agenda.wall_ns, True)))

    def _state(self, order: VenueOrder) -> None:
        """An order as `H` and `AF` tell it."""
        for trade in order.trades:
            said = Said(order, "F", trade, None)
            self._report(said, resend=True)
            if trade.px != trade.first_px:
                self._report(Said(order, "G", trade, trade.exec_id), resend=True)
            if trade.busted:
                self._report(Said(order, "H", trade, trade.exec_id), resend=True)
        self._report(Said(order, "I", None, None), resend=True)

    def _absent(self, ref: str) -> None:
        self.seq += 1
        wall = self.agenda.wall_ns
        fields = ("8", self.seq, ref, None, None, "I", "8", None, None, 0, None, 0, 0, 5, "unknown order")
        self._tell((*fields, None, wall, False, None, self.venue.day, "O"))
