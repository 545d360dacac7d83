"""Rates between looks, the oldest mail, quantiles by powers of two."""

import pytest

from actors.mailbox import TIME_STEPS
from actors.runtime import Runtime
from actors.sampling import FADE_EVERY, Samples, oldest, quantiles_us
from actors.simulated import SimulatedDispatcher
from tests.actors.test_conformance import MS, Command, Order, Probe, Quote

S = 1_000 * MS


@pytest.fixture
def runtime():
    lane = SimulatedDispatcher(1)
    made = Runtime(lane, lane.clock)
    made.spawn(Probe, "probe")
    return made


def test_rates_are_of_the_time_between_two_looks(runtime):
    samples, box = Samples(runtime), runtime.mailbox("probe")
    samples.look()
    assert samples.rate("probe").handled_per_s is None
    box.handled, box.busy_ns = 50, 200 * MS
    runtime.clock.advance(2 * S)
    samples.look()
    assert (samples.rate("probe").handled_per_s, samples.rate("probe").busy_percent) == (25.0, 10.0)
    assert samples.rate("nobody") is None


def test_forgotten_names_are_not_kept(runtime):
    samples = Samples(runtime)
    samples.look()
    runtime.kill("probe")
    runtime.forget("probe")
    samples.look()
    assert samples.rate("probe") is None


def test_oldest_mail_ages_from_when_it_was_first_seen(runtime):
    samples, box = Samples(runtime), runtime.mailbox("probe")
    assert samples.oldest_ms(box, runtime.clock.mono_ns()) is None
    runtime.suspend("probe", runtime.clock.mono_ns() + 60 * S)
    runtime.tell("probe", Command(1))
    samples.look()
    runtime.tell("probe", Command(2))
    runtime.clock.advance(700 * MS)
    assert samples.oldest_ms(box, runtime.clock.mono_ns()) == 700
    assert box.most == 2
    runtime.tell("probe", Order(3))  # it will be taken first
    assert samples.oldest_ms(box, runtime.clock.mono_ns()) == 0


def test_oldest_is_what_will_be_taken_first(runtime):
    box = runtime.mailbox("probe")
    runtime.suspend("probe", S)
    assert oldest(box) is None
    runtime.tell("probe", Quote("a", 1))
    assert oldest(box) == Quote("a", 1)
    runtime.tell("probe", Command(1))
    assert oldest(box) == Command(1)


def test_most_is_what_one_turn_took_and_what_it_left(runtime):
    for n in range(40):
        runtime.tell("probe", Command(n))
    runtime.dispatcher.turn(runtime.mailbox("probe"))
    assert runtime.mailbox("probe").most == 40


def test_quantiles_are_upper_ends_of_their_steps():
    times = [0] * TIME_STEPS
    assert quantiles_us(times, (0.5, 0.99)) == [None, None]
    times[10], times[20] = 98, 2
    assert quantiles_us(times, (0.5, 0.99)) == [1.024, 1048.576]
    times[20] = 0
    assert quantiles_us(times, (0.5, 0.99, 1.0)) == [1.024] * 3


def test_counted_times_fade(runtime):
    samples, box = Samples(runtime), runtime.mailbox("probe")
    box.begin_times()[12] = 9
    for _ in range(FADE_EVERY):
        samples.look()
    assert box.times[12] == 4
