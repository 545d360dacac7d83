"""Calls of the machine that fail, one at a time: a sample; the whole is `sim calls`."""

import errno
import io
import os

import pytest

from simulation.calls import life
from simulation.trap import FILE_ERRORS, SOCKET_ERRORS, Trap, trapped
from tools.node_build import Node

STEP = 89
SYNC, EMERGENCY = "fdatasync", "emergency"


@pytest.fixture(scope="module")
def counted():
    """The life in which nothing fails."""
    return life(1, Node)


@pytest.mark.slow
def test_life_without_a_failure_breaks_nothing_and_makes_calls_of_every_kind(counted):
    assert (counted.violations, counted.ended) == ([], "went on")
    assert counted.hedges >= 4
    assert set(counted.calls) >= {"open", "posix_fallocate", "pwrite", "mmap", "fdatasync", "fsync", "rename", "read", "flock", "ftruncate"}
    assert set(counted.calls) >= {"zmq_send", "zmq_recv", "zmq_events"}
    assert life(1, Node).calls == counted.calls


@pytest.mark.slow
@pytest.mark.parametrize("way", [0, 1])
@pytest.mark.parametrize("emergency", [False, True], ids=["plain", "emergency"])
def test_no_call_that_fails_breaks_an_invariant(way, emergency):
    nth, found = 1 + 7 * way, []
    while True:
        row = life(1, Node, nth, way, emergency=emergency)
        if row.ended == "not reached":
            break
        assert row.violations == [], (nth, row)
        found.append(row)
        nth += STEP
    assert len(found) > 7
    assert {row.call for row in found} & set(SOCKET_ERRORS) and {row.call for row in found} & set(FILE_ERRORS)


@pytest.mark.slow
def test_two_calls_in_a_row_break_nothing_either():
    for nth in range(3, 700, 233):
        row = life(1, Node, nth, 0, times=2)
        assert row.violations == [], (nth, row)


# ------------------------------------------------ the trap


def test_only_the_nth_call_beneath_the_folder_fails(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    trap = Trap(2)
    with trapped(trap, inside):
        (outside / "a").write_text("x")
        fd = os.open(inside / "b", os.O_RDWR | os.O_CREAT)
        with pytest.raises(OSError, match="No space left") as raised:
            os.pwrite(fd, b"x", 0)
        assert os.pwrite(fd, b"xy", 0) == 2
        os.close(fd)
    assert raised.value.errno == errno.ENOSPC
    assert (trap.fired, trap.at) == ("pwrite", "b")
    assert trap.counts == {"open": 1, "pwrite": 2, "close": 1}
    assert (inside / "b").read_bytes() == b"xy"


def test_everything_is_as_it_was_behind_the_trap(tmp_path):
    before = (os.open, os.stat, os.pwrite, io.open)
    with pytest.raises(ZeroDivisionError), trapped(Trap(), tmp_path):
        raise ZeroDivisionError
    assert (os.open, os.stat, os.pwrite, io.open) == before


def test_whoever_judges_neither_counts_nor_fails(tmp_path):
    trap = Trap(1)
    trap.paused = True
    with trapped(trap, tmp_path):
        (tmp_path / "a").write_text("x")
    assert (trap.seen, trap.fired) == (0, "")
