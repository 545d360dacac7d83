"""The timer heap: order, cancelling, and that it forgets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.timers import COMPACT_ABOVE, TimerHandle, Timers


class Owner:
    def __init__(self):
        self.live = True
        self.got = []
        self.box = self

    def accept(self, handle):
        self.got.append(handle.message)


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=40), st.integers(0, 60))
def test_what_is_due_and_not_cancelled_fires_in_order(entries, now_ns):
    owner, timers = Owner(), Timers()
    for index, (due_ns, cancelled) in enumerate(entries):
        handle = TimerHandle(owner, (due_ns, index))
        timers.add(due_ns, handle)
        if cancelled:
            handle.cancel()
    timers.fire(now_ns)
    wanted = sorted((due, index) for index, (due, cancelled) in enumerate(entries) if due <= now_ns and not cancelled)
    assert owner.got == wanted
    left = [due for due, cancelled in entries if due > now_ns and not cancelled]
    assert timers.next_due_ns() == (min(left) if left else None)


def test_the_dead_get_nothing():
    owner, timers = Owner(), Timers()
    timers.add(1, TimerHandle(owner, "x"))
    owner.live = False
    assert timers.fire(2) == 0
    assert owner.got == []


def test_cancelled_timers_do_not_pile_up():
    owner, timers = Owner(), Timers()
    for due_ns in range(10 * COMPACT_ABOVE):
        handle = TimerHandle(owner, due_ns)
        timers.add(1_000_000 + due_ns, handle)
        handle.cancel()
    assert len(timers.heap) <= COMPACT_ABOVE
