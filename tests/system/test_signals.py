"""The stop flag: set by the first signal, counts them all."""

import signal

from system.signals import StopFlag


def test_flag_keeps_the_first_signal_and_counts_each():
    flag = StopFlag()
    with flag.installed():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
    assert (flag.is_set(), flag.signal, flag.count) == (True, signal.SIGINT, 2)


def test_flag_set_by_hand_counts_no_signal():
    flag = StopFlag()
    flag.set()
    assert (flag.is_set(), flag.count) == (True, 0)
