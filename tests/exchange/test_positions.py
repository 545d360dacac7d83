from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.positions import Lots, Position, free_of


@given(st.lists(st.tuples(st.sampled_from("12"), st.integers(1, 9)), max_size=20))
def test_position_nets_and_never_holds_both_sides_when_offset_is_none(trades):
    position, net = Position(), 0
    for side, qty in trades:
        parts = position.apply(side, "N", qty)
        net += qty if side == "1" else -qty
        assert sum(lots for _, lots in parts) == qty
        assert position.net == net
        assert 0 in {position.long.qty, position.short.qty}


@pytest.mark.parametrize(
    ("offset", "qty", "parts", "left"),
    [
        ("C", 4, [("close", 3), ("close_today", 1)], (1, 0)),
        ("T", 2, [("close_today", 2)], (0, 3)),
        ("Y", 2, [("close", 2)], (2, 1)),
        ("O", 2, [("open", 2)], (2, 3)),
    ],
)
def test_position_closes_what_the_offset_says(offset, qty, parts, left):
    position = Position(long=Lots(today=2, old=3))
    assert position.apply("2", offset, qty) == parts
    assert (position.long.today, position.long.old) == left


def test_todays_lots_are_yesterdays_when_the_day_rolls():
    position = Position(short=Lots(today=2, old=3))
    position.roll()
    assert (position.short.today, position.short.old) == (0, 5)


@pytest.mark.parametrize(
    ("working", "qty", "today", "old"),
    [([], 5, 2, 3), ([("C", 4)], 1, 1, 0), ([("T", 1), ("Y", 2)], 2, 1, 1), ([("C", 2)], 3, 2, 1)],
)
def test_free_lots_leave_out_what_working_orders_close(working, qty, today, old):
    free = free_of(Lots(today=2, old=3), working)
    assert (free.qty, free.today, free.old) == (qty, today, old)
