import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigError
from gateways.replay.pacing import Pace, Player, Start
from gateways.replay.reader import QuoteRow

T0, WALL = 1_723_161_255_000_000_000, 1_900_000_000_000_000_000
MS = 1_000_000


def rows(*at_ms: int) -> list[QuoteRow]:
    return [QuoteRow(T0 + ms * MS, None, (1, 1), (2, 1)) for ms in at_ms]


def pace(speed: float = 10, mono: int = 5_000, wall: int = WALL) -> Pace:
    return Pace(Start(T0, WALL, speed), mono, wall)


def test_pace_plays_n_times_faster():
    assert pace(10).due_mono_ns(T0 + 1_000 * MS) == 5_000 + 100 * MS


@given(speed=st.sampled_from([0.5, 1, 10, 100]), offset=st.integers(-(10**12), 10**12), at=st.integers(0, 4 * 10**11))
def test_processes_with_one_start_are_in_step(speed, offset, at):
    one = Pace(Start(T0, WALL, speed), 0, WALL)
    other = Pace(Start(T0, WALL, speed), 77, WALL + offset)
    assert other.due_mono_ns(T0 + at) - 77 + offset == one.due_mono_ns(T0 + at)


@given(speed=st.sampled_from([0.5, 1, 10, 100]), at=st.integers(0, 4 * 10**11))
def test_pace_knows_what_it_plays_now(speed, at):
    found = pace(speed)
    assert abs(found.recorded_ns(found.due_mono_ns(T0 + at)) - (T0 + at)) <= max(1, speed) + 1


@pytest.mark.parametrize("speed", [1, 10, 100])
def test_exchange_clock_stays_as_far_off_as_it_was(speed):
    recv_ns = T0 + 3_000 * MS
    shown = pace(speed).shifted_exch_ns(recv_ns, recv_ns + 1_250 * MS)
    assert shown == WALL + 3_000 * MS // speed + 1_250 * MS


def test_exchange_clock_that_was_not_recorded_stays_absent():
    assert pace().shifted_exch_ns(T0, None) is None


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_start_refuses_a_speed_that_is_none(speed):
    with pytest.raises(ConfigError, match="speed"):
        Start(T0, WALL, speed)


def test_player_merges_files_by_receipt_and_gives_what_is_due():
    player = Player({"a": rows(0, 20, 40), "b": rows(10, 20)}, pace(1))
    found = player.due(5_000 + 20 * MS, 10)
    assert [(symbol, (row.recv_ns - T0) // MS) for symbol, row in found] == [("a", 0), ("b", 10), ("a", 20), ("b", 20)]
    assert player.next_due_mono_ns() == 5_000 + 40 * MS
    assert not player.ended


def test_player_gives_no_more_than_a_turn_takes():
    player = Player({"a": rows(0, 1, 2)}, pace(1))
    late = 5_000 + 1_000 * MS
    assert [len(player.due(late, 2)), len(player.due(late, 2)), len(player.due(late, 2))] == [2, 1, 0]
    assert player.ended
    assert player.next_due_mono_ns() is None


def test_player_ends_where_it_was_told():
    player = Player({"a": rows(0, 10, 20)}, pace(1), end_ns=T0 + 20 * MS)
    assert len(player.due(5_000 + 60_000 * MS, 10)) == 2
    assert player.ended


def test_player_without_a_pace_gives_every_row_at_once_in_order():
    player = Player({"a": rows(0, 20), "b": rows(10)}, pace(float("inf")))
    assert [symbol for symbol, _ in player.due(5_000, 10)] == ["a", "b", "a"]
