"""All troubles at once, drawn from a seed: the truth stays the truth."""

from __future__ import annotations

import dataclasses
from random import Random

import pytest

from exchange.errors import TroubleError
from exchange.kinds import KINDS
from exchange.truth import lines_of, summarise, truth_of
from wire import exchange as wire

CU = "SHFE.cu2703"
DRAWN = {
    "qty": lambda rng: rng.randint(0, 3),
    "px": lambda rng: rng.randint(7900, 8100),
    "ms": lambda rng: rng.choice((0, 5, 50)),
    "for_ms": lambda rng: rng.choice((5, 100, 300)),
    "times": lambda rng: rng.randint(1, 3),
    "chance": lambda rng: rng.choice((30, 100)),
    "count": lambda rng: rng.randint(1, 4),
    "side": lambda rng: rng.choice("12"),
    "symbol": lambda rng: CU,
}


@dataclasses.dataclass
class Storm:
    """A client that trades, and troubles that come, all from one seed."""

    desk: object
    rng: Random
    lines: list
    refs: int = 0

    def step(self):
        draw = self.rng.random()
        if draw < 0.15:
            self.trouble()
        elif draw < 0.6:
            self.order()
        elif draw < 0.8 and self.refs:
            self.desk.ask(wire.CancelOrder("c", "g1", str(self.rng.randint(1, self.refs))))
        else:
            self.desk.pass_ms(self.rng.choice((1, 20, 150)))
        if not self.desk.sessions._sessions:
            self.desk.login()

    def trouble(self):
        kind = self.rng.choice([name for name in KINDS if name != "new_day"])
        row = KINDS[kind]
        keys = [*row.needs, *[key for key in row.allowed if key in DRAWN and self.rng.random() < 0.5]]
        args = {key: DRAWN[key](self.rng) for key in keys}
        if row.how:
            args["how"] = self.rng.choice(row.how)
        try:
            self.desk.world.trouble("SHFE", kind, self.desk.now, **args)
        except TroubleError:
            return
        self.desk.told()

    def order(self):
        self.refs += 1
        side, tif = self.rng.choice("12"), self.rng.choice("0003")
        px = self.desk.world.venues["SHFE"].listings[CU].mark + self.rng.randint(-4, 4)
        fields = (str(self.refs), CU, side, self.rng.randint(1, 5), px, tif, self.rng.choice("OOTY"))
        self.desk.ask(wire.Submit(*fields))


@pytest.fixture
def storm(desk, request):
    lines = [{"t": "start", "venues": {"SHFE": {"accounts": ["shanghai-1"]}}}]
    drain = desk.world.drain

    def recorded():
        events = drain()
        lines.extend(line for event in events for line in lines_of(desk.world, event) if line["venue"] == "SHFE")
        return events

    desk.world.drain = recorded
    desk.login()
    return Storm(desk, Random(request.param), lines)


@pytest.mark.parametrize("storm", range(6), indirect=True)
def test_truth_log_and_books_agree_and_no_money_or_lot_is_made(storm):
    for _ in range(250):
        storm.step()
    world = storm.desk.world
    venue = world.venues["SHFE"]
    venue.troubles.clear(storm.desk.now)
    storm.desk.pass_ms(500)
    logged, books = summarise(storm.lines)["SHFE"]["shanghai-1"], truth_of(world, "SHFE")["SHFE"]["shanghai-1"]
    for found in (logged, books):
        found["working"].sort(key=lambda one: one["order_id"])
    assert {key: books[key] for key in logged} == logged
    position = venue.accounts["shanghai-1"].position(CU)
    assert position.net == books["symbols"].get(CU, {"net_qty": 0})["net_qty"]
    assert min(position.long.today, position.long.old, position.short.today, position.short.old) >= 0
    total = 0
    for account in venue.accounts.values():
        for balance in account.balances(venue.reference, venue.mark):
            total += balance.equity + balance.fees - account.deposits.get(balance.currency, 0)
    assert total == 0
    assert sum(venue.troubles.struck.values()) > 5
    for day in venue.days.values():
        for order in day.orders.values():
            stand = sum(
                one.qty * {"F": 1, "H": -1, "G": 1}[one.exec_type] - (one.was_qty if one.exec_type == "G" else 0)
                for one in venue.trades(order)
            )
            assert order.cum_qty == stand
            assert (order.order_id in venue.accounts["shanghai-1"].working) == (order.status in "01")
    resting = list(venue.accounts["shanghai-1"].working.values())
    for order in resting:
        assert venue.listings[CU].book.sides[order.side].qty_within(order.px, 10**6) >= order.open_qty > 0
