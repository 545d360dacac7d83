"""Vital signs: silence in looks, memory in steps; each asks for one thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors.vitals import DRAIN_MS, LOOK_MS, Limits, Look, Sign, Vitals, after

LIMITS = Limits(hang_ms=1_000, start_ms=2_000, memory=1_000)
HANG = 1_000 // LOOK_MS
START = 2_000 // LOOK_MS


def signs(looks, limits=LIMITS):
    vitals, found = Vitals(), []
    for look in looks:
        vitals = after(vitals, look, limits)
        found.append(vitals.sign)
    return found


def test_silence_after_the_first_answer_is_hung_when_its_time_is_up():
    told = signs([Look(True), *[Look(False)] * HANG])
    assert told == [Sign.WELL] * HANG + [Sign.HUNG]


def test_a_start_has_longer_than_one_that_has_answered():
    assert signs([Look(False)] * START) == [Sign.WELL] * (START - 1) + [Sign.HUNG]


@pytest.mark.parametrize("first", [[], [Look(True)], [Look(True, closing=True)]])
def test_one_that_is_stopped_has_a_third_of_the_time_whatever_it_did_before(first):
    limits = Limits(hang_ms=3_000, start_ms=9_000)
    third = 1_000 // LOOK_MS
    assert signs([*first, *[Look(False, stopped=True)] * third], limits) == [Sign.WELL] * (len(first) + third - 1) + [Sign.HUNG]


def test_one_that_goes_on_before_that_is_well():
    limits = Limits(hang_ms=3_000, start_ms=9_000)
    assert Sign.HUNG not in signs([Look(True), *[Look(False, stopped=True)] * 3, *[Look(False)] * 8], limits)
    assert Sign.HUNG not in signs([*[Look(False)] * 20, Look(False, stopped=True)], limits)  # slow to start, and looked into


def test_an_answer_ends_a_silence():
    assert Sign.HUNG not in signs(([Look(False)] * (HANG - 1) + [Look(True)]) * 5)


def test_nobody_is_hung_where_nobody_watches():
    assert set(signs([Look(False)] * 1_000, Limits(hang_ms=0))) == {Sign.WELL}


@pytest.mark.parametrize(("memory", "sign"), [(800, Sign.WELL), (801, Sign.WARN), (1_000, Sign.WARN), (1_001, Sign.DRAIN), (1_250, Sign.DRAIN), (1_251, Sign.OVER)])
def test_memory_is_told_drained_or_killed_by_how_much_it_is(memory, sign):
    assert signs([Look(True, memory)]) == [sign]


def test_a_warning_is_told_once_until_it_falls():
    assert signs([Look(True, m) for m in (900, 950, 700, 900)]) == [Sign.WARN, Sign.WELL, Sign.WELL, Sign.WARN]


def test_one_that_does_not_end_by_draining_is_killed():
    looks = DRAIN_MS // LOOK_MS
    told = signs([Look(True, 1_100)] * looks)
    assert told == [Sign.DRAIN] + [Sign.WELL] * (looks - 2) + [Sign.OVER]


def test_one_that_is_drained_and_grows_on_is_killed_at_once():
    assert signs([Look(True, 1_100), Look(True, 1_300)]) == [Sign.DRAIN, Sign.OVER]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3_000)), max_size=40))
def test_signs_follow_the_looks_alone(drawn):
    looks = [Look(*each) for each in drawn]
    told = signs(looks)
    assert told == signs(looks)
    for place, sign in enumerate(told):
        if sign is Sign.HUNG:
            assert not any(look.answered for look in looks[max(0, place - HANG + 1) : place + 1])
        if sign in (Sign.WARN, Sign.DRAIN):
            assert looks[place].memory > 800


def test_one_that_closes_with_nothing_in_flight_has_as_long_as_a_drain():
    last = Look(True, closing=True)
    told = signs([last, *[Look(False)] * (DRAIN_MS // LOOK_MS)])
    assert told == [Sign.WELL] * (DRAIN_MS // LOOK_MS) + [Sign.HUNG]
    assert signs([last, Look(True), *[Look(False)] * HANG])[-1] is Sign.HUNG  # it goes on after all
