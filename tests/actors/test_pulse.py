"""A gateway's own pace: learned, kept over a logon, given up when it was wrong."""

from __future__ import annotations

import pytest

from actors.pulse import MS, SAMPLES, UNLEARNED_NS, Pulse

LEAST_NS = 280 * MS


def logged_on(pulse, now_ns, beats, every_ms):
    """A logon, and so many heartbeats; the time of the last."""
    pulse.start(now_ns)
    for _ in range(beats):
        now_ns += every_ms * MS
        pulse.heard(now_ns)
        pulse.heartbeat(now_ns)
    return now_ns


def silent_after_ms(pulse, now_ns):
    return next(ms for ms in range(10_000) if pulse.is_silent(now_ns + ms * MS))


@pytest.mark.parametrize(("every_ms", "silent_ms"), [(20, 280), (100, 280), (200, 500), (3_000, 3_500)])
def test_two_and_a_half_of_its_own_heartbeats_are_silence_within_bounds(every_ms, silent_ms):
    pulse = Pulse(LEAST_NS, 0)
    assert silent_after_ms(pulse, logged_on(pulse, 0, SAMPLES + 1, every_ms)) == silent_ms


def test_before_it_is_known_silence_is_long():
    pulse = Pulse(LEAST_NS, 0)
    assert silent_after_ms(pulse, logged_on(pulse, 0, SAMPLES, 100)) == UNLEARNED_NS // MS


def test_a_logon_keeps_what_was_learned():
    pulse = Pulse(LEAST_NS, 0)
    now_ns = logged_on(pulse, 0, SAMPLES + 1, 100)
    assert silent_after_ms(pulse, logged_on(pulse, now_ns, 1, 100)) == 280


def test_a_slower_gateway_after_a_fast_one_is_taken_for_silent_once():
    pulse = Pulse(LEAST_NS, 0)
    now_ns = logged_on(pulse, 0, SAMPLES + 1, 100)
    now_ns = logged_on(pulse, now_ns, 0, 0)
    assert pulse.is_silent(now_ns + 400 * MS)
    pulse.doubt()
    now_ns = logged_on(pulse, now_ns + 400 * MS, SAMPLES + 1, 400)
    assert silent_after_ms(pulse, now_ns) == 1_000


def test_a_silence_after_its_pace_is_known_leaves_it_known():
    pulse = Pulse(LEAST_NS, 0)
    now_ns = logged_on(pulse, 0, SAMPLES + 1, 100)
    pulse.doubt()
    assert silent_after_ms(pulse, logged_on(pulse, now_ns, 1, 100)) == 280
