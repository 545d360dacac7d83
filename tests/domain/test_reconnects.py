"""The reconnect budget of a venue: a burst is free, then one at a time."""

from hypothesis import given
from hypothesis import strategies as st

from domain.reconnects import ReconnectBudget

S = 1_000_000_000


def test_a_burst_is_free_then_one_each_period_until_it_has_rested():
    budget = ReconnectBudget(burst=3, every_ns=2 * S)
    assert [budget.take(5 * S) for _ in range(4)] == [0, 0, 0, 2 * S]
    assert (budget.take(6 * S), budget.take(7 * S), budget.take(7 * S)) == (S, 0, 2 * S)
    assert (budget.taken, budget.refused) == (4, 3)
    assert [budget.take(60 * S) for _ in range(4)] == [0, 0, 0, 2 * S]  # rested: a whole burst, no more


def test_looking_takes_nothing():
    budget = ReconnectBudget(burst=1, every_ns=S)
    assert [budget.wait_ns(0) for _ in range(3)] == [0, 0, 0]
    assert budget.take(0) == 0
    assert [budget.wait_ns(0), budget.wait_ns(S // 2), budget.wait_ns(S)] == [S, S // 2, 0]


@given(st.lists(st.integers(0, 3 * S), max_size=60), st.integers(1, 5))
def test_no_window_has_more_than_the_burst_and_its_refill(pauses, burst):
    budget, now_ns, taken = ReconnectBudget(burst, S), 0, []
    for pause in pauses:
        now_ns += pause
        if budget.take(now_ns) == 0:
            taken.append(now_ns)
    for i, begin in enumerate(taken):
        for j in range(i, len(taken)):
            assert j - i + 1 <= burst + (taken[j] - begin) // S
