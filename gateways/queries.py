"""Questions that wait for the venue: status, positions, collateral.

One query in flight serves everybody who waits for the same thing. A query
that ends complete settles what it covers: an order that was sent settle_ms
before it began, was never named by the venue, and isn't in it, never arrived.
A query that doesn't end is no answer, and is said to be none (`j` reason 4).
"""

from __future__ import annotations

from collections.abc import Callable

from domain.ports import Clock
from gateways.adapter import Adapter, OrderState
from gateways.orders import Order, OrderTable

TIMEOUT_NS = 5_000_000_000
Done = Callable[[bool, str], None]
Rows = Callable[[list | None, int, str], None]


class Query:
    """One question to the venue and all who wait for its end."""

    __slots__ = ("begun_mono_ns", "begun_wall_ns", "key", "order", "told", "waiting")

    def __init__(self, key: tuple[str, str], order: Order | None, wall_ns: int, mono_ns: int) -> None:
        self.key = key
        self.order = order
        self.begun_wall_ns = wall_ns
        self.begun_mono_ns = mono_ns
        self.told: set[str] = set()  # venue_refs
        self.waiting: list[Done] = []


class Queries:
    """The questions in flight, each by the req_id that the adapter was given."""

    def __init__(
        self, adapter: Adapter, table: OrderTable, never_arrived: Callable[[Order], None], clock: Clock
    ) -> None:
        self._adapter = adapter
        self._table = table
        self._never_arrived = never_arrived
        self._clock = clock
        self._settle_ns = int(adapter.capabilities.get("settle_ms", 0)) * 1_000_000
        self._orders: dict[str, Query] = {}
        self._rows: dict[str, tuple[Rows, int]] = {}
        self._count = 0

    def one(self, order: Order, done: Done) -> None:
        """Ask for one order; `done(complete, text)` when the answer ended."""
        self._ask(("one", order.venue.venue_ref), order, order.trading_day, done)

    def day(self, trading_day: str, done: Done) -> None:
        """Ask for all orders of a trading day."""
        self._ask(("day", trading_day), None, trading_day, done)

    def positions(self, done: Rows) -> None:
        self._adapter.query_positions(self._wait(done))

    def collateral(self, done: Rows) -> None:
        self._adapter.query_collateral(self._wait(done))

    def saw(self, told: OrderState) -> None:
        """An order came, maybe within an answer."""
        query = self._orders.get(told.req_id)
        if query is not None:
            query.told.add(told.venue_ref)

    def ended(self, req_id: str, *, complete: bool, text: str) -> None:
        """The adapter says that an answer about orders ended."""
        query = self._orders.pop(req_id, None)
        if query is None:
            return
        if complete:
            self._settle(query)
        for done in query.waiting:
            done(complete, text)

    def came(self, req_id: str, rows: list | None, asof_ns: int, text: str) -> None:
        """The adapter says positions or collateral."""
        waiting = self._rows.pop(req_id, None)
        if waiting is not None:
            waiting[0](rows, asof_ns, text)

    def expire(self) -> None:
        """Those who waited too long are told that there is no answer."""
        before_ns = self._clock.mono_ns() - TIMEOUT_NS
        self._fail(before_ns, "the venue has not answered")

    def fail(self, text: str) -> None:
        """The session is lost, and every answer with it."""
        self._fail(self._clock.mono_ns() + 1, text)

    def _fail(self, before_ns: int, text: str) -> None:
        for req_id in [key for key, query in self._orders.items() if query.begun_mono_ns < before_ns]:
            self.ended(req_id, complete=False, text=text)
        for req_id in [key for key, (_, begun_ns) in self._rows.items() if begun_ns < before_ns]:
            self.came(req_id, None, 0, text)

    def _ask(self, key: tuple[str, str], order: Order | None, trading_day: str, done: Done) -> None:
        for query in self._orders.values():
            if query.key == key:
                query.waiting.append(done)
                return
        query = Query(key, order, self._clock.wall_ns(), self._clock.mono_ns())
        query.waiting.append(done)
        req_id = self._next_id()
        self._orders[req_id] = query
        self._adapter.query_orders(req_id, key[0], order.as_venue() if order else None, trading_day)

    def _wait(self, done: Rows) -> str:
        req_id = self._next_id()
        self._rows[req_id] = (done, self._clock.mono_ns())
        return req_id

    def _next_id(self) -> str:
        self._count += 1
        return f"g{self._count}"

    def _settle(self, query: Query) -> None:
        covered = [query.order] if query.order else [
            order for order in self._table.working() if order.trading_day == query.key[1]
        ]  # fmt: skip
        for order in covered:
            unheard = order.ord_status == "A" and not order.known_to_venue
            sent_before = order.sent_ns + self._settle_ns <= query.begun_wall_ns
            if unheard and sent_before and order.venue.venue_ref not in query.told:
                self._never_arrived(order)
