"""The restart policy, pure: tables and properties."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.deaths import KILLED, NORMAL, SHUTDOWN, Cause, Reason
from supervisors.policy import NS_A_MS, admit, delay_ns, next_attempt, restarted_with, wants_restart
from supervisors.spec import Backoff, Restart, Strategy

CRASH = Reason(Cause.CRASH, ValueError("x"))


@pytest.mark.parametrize(
    ("restart", "reason", "again"),
    [
        (Restart.PERMANENT, NORMAL, True),
        (Restart.PERMANENT, SHUTDOWN, True),
        (Restart.PERMANENT, CRASH, True),
        (Restart.TRANSIENT, NORMAL, False),
        (Restart.TRANSIENT, SHUTDOWN, False),
        (Restart.TRANSIENT, CRASH, True),
        (Restart.TRANSIENT, KILLED, True),
        (Restart.TEMPORARY, CRASH, False),
        (Restart.TEMPORARY, NORMAL, False),
    ],
)
def test_restart_kinds_follow_otp(restart, reason, again):
    assert wants_restart(restart, reason) is again


def test_intensity_counts_only_within_its_period():
    history = ()
    for now_ms in (0, 1_000, 6_000):
        history = admit(history, now_ms * NS_A_MS, 2, 5_000)
        assert history is not None
    assert admit(history, 6_001 * NS_A_MS, 2, 5_000) == (6_000 * NS_A_MS, 6_001 * NS_A_MS)
    assert admit((0, 1), 2, 2, 5_000) is None
    assert admit((), 0, 0, 5_000) is None


@given(st.lists(st.integers(0, 10**12), max_size=60), st.integers(0, 5), st.integers(1, 1_000))
def test_no_window_ever_holds_more_than_the_intensity(times, intensity, period_ms):
    history, admitted = (), []
    for now_ns in sorted(times):
        new = admit(history, now_ns, intensity, period_ms)
        if new is not None:
            history = new
            admitted.append(now_ns)
        window = [then for then in admitted if now_ns - then < period_ms * NS_A_MS]
        assert len(window) <= intensity


def test_no_intensity_admits_for_ever():
    assert admit((), 1, None, 1) == ()


@given(st.integers(0, 10_000), st.integers(0, 2**32))
def test_the_delay_stays_within_jitter_and_cap(attempt, seed):
    backoff = Backoff(first_ms=10, most_ms=500, factor=3.0, jitter=0.25)
    plain_ms = 500 if attempt > 3 else min(500, 10 * 3**attempt)
    delay = delay_ns(backoff, attempt, random.Random(seed))
    assert plain_ms * 0.75 * NS_A_MS - 1 <= delay <= plain_ms * 1.25 * NS_A_MS


def test_a_long_life_begins_the_backoff_anew():
    backoff = Backoff(reset_ms=1_000)
    assert next_attempt(4, 999 * NS_A_MS, backoff) == 5
    assert next_attempt(4, 1_000 * NS_A_MS, backoff) == 0


def test_strategies_choose_their_group():
    children = ("a", "b", "c")
    assert list(restarted_with(Strategy.ONE_FOR_ONE, children, 1)) == [1]
    assert list(restarted_with(Strategy.ONE_FOR_ALL, children, 1)) == [0, 1, 2]
    assert list(restarted_with(Strategy.REST_FOR_ONE, children, 1)) == [1, 2]
