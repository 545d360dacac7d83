"""What is told again: when would nobody do anything about it?"""

import pytest
from msgspec.structs import replace

from domain import pairs
from domain.orders import OrderFilled
from domain.pairs import MAX_PAST_HEDGES
from domain.retold import Past, says_nothing
from tests.domain.making import adopted, hedge, report

REF = "cu.1.7.0h1"


def held(*facts, count=7, hedge_id="cu.1.7"):
    """A pair whose past hedge sent an order of 5 lots on each leg."""
    done = adopted(hedge(hedge_id=hedge_id), *facts)
    return replace(pairs.new("cu", (1, -1)), past=(done,), hedge_count=count)


FILLED = held(OrderFilled(REF, 5, ("20260105/1/F/t1", 5, 8000)))


def told(ref=REF, **changes):
    fields = {"exec_type": "F", "ord_status": "2", "last_qty": 5, "last_px": 8000, "cum_qty": 5, "exec_id": "t1"}
    fields |= {"trading_day": "20260105", "side": "1", "poss_resend": True, "cl_ord_id": ref}
    return report(**(fields | changes))


def is_nothing(pair, report):
    return says_nothing({"cu": pair}.get, Past(), report)


def test_what_an_ended_order_has_already_says_nothing():
    assert is_nothing(FILLED, told())
    assert is_nothing(FILLED, told(exec_type="I", exec_id=None, last_qty=0, last_px=None))


@pytest.mark.parametrize(
    "changes",
    [
        {"exec_id": "t2"},
        {"exec_id": "t2", "last_qty": 1, "cum_qty": 6},
        {"exec_type": "I", "exec_id": None, "cum_qty": 6, "last_qty": 0, "last_px": None},
        {"exec_type": "H", "exec_id": "h1", "exec_ref": "t1", "cum_qty": 0},
        {"exec_type": "G", "exec_id": "g1", "exec_ref": "t1", "last_px": 8001},
    ],
)
def test_what_changes_an_ended_order_says_something(changes):
    assert not is_nothing(FILLED, told(**changes))


def test_word_on_an_order_that_lives_always_says_something():
    assert not is_nothing(held(), told(exec_type="I", ord_status="0", exec_id=None, last_qty=0, last_px=None, cum_qty=0))


@pytest.mark.parametrize("ref", ["other.1.7.0h1", "cu.1.7.1h1", "cu.1.6.0h1", "cu.1.8.0h1", "t1", None])
def test_order_that_the_pair_does_not_have_says_something(ref):
    assert not is_nothing(FILLED, told(ref))


def test_hedge_that_a_full_memory_has_forgotten_says_nothing():
    done = FILLED.past[0]
    kept = tuple(replace(done, hedge_id=f"cu.1.{count}") for count in range(8, 8 + MAX_PAST_HEDGES))
    full = replace(FILLED, past=kept, hedge_count=7 + MAX_PAST_HEDGES)
    assert is_nothing(full, told())
    assert not is_nothing(replace(full, past=kept[1:]), told())
    assert not is_nothing(full, told(f"cu.1.{8 + MAX_PAST_HEDGES}.0h1"))


def test_hedge_is_found_as_it_is_now():
    past, pair = Past(), FILLED
    assert past.find(pair, "cu.1.7") is pair.past[0]
    later = replace(pair.past[0], hedge_id="cu.1.8")
    assert past.find(replace(pair, past=(later,)), "cu.1.7") is None
    assert past.find(replace(pair, hedge=later), "cu.1.8") is later
    past.forget()
    assert past.find(pair, "cu.1.7") is pair.past[0]
