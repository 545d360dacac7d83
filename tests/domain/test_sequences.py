from hypothesis import given
from hypothesis import strategies as st

from domain.sequences import CLASH, MAX_MARKS, MAX_PENDING, NEW, REPEAT, ReportSequence


def test_number_in_order_moves_on():
    sequence = ReportSequence(1, 4)
    assert sequence.note(5, 50) is NEW
    assert (sequence.seen, sequence.has_hole) == (5, False)


def test_hole_stays_until_the_missing_one_comes():
    sequence = ReportSequence()
    for seq in (1, 3, 4):
        assert sequence.note(seq, seq) is NEW
    assert (sequence.seen, sequence.has_hole, sequence.last) == (1, True, 4)
    sequence.note(2, 2)
    assert (sequence.seen, sequence.has_hole) == (4, False)


def test_same_number_is_a_repeat_only_with_the_same_content():
    sequence = ReportSequence()
    sequence.note(1, 11)
    assert sequence.note(1, 11) is REPEAT
    assert sequence.note(1, 12) is CLASH


def test_absurd_number_hides_no_later_gap():
    sequence = ReportSequence(1, 10)
    sequence.note(10**15, 1)
    sequence.settle(10)
    assert (sequence.seen, sequence.has_hole) == (10, False)
    sequence.note(12, 1)
    assert sequence.has_hole


def test_settled_gap_keeps_what_joins_on():
    sequence = ReportSequence(1, 10)
    for seq in (13, 14):
        sequence.note(seq, seq)
    sequence.settle(12)
    assert sequence.seen == 14


def test_run_passed_over_behind_a_hole_is_there_to_its_last():
    sequence = ReportSequence(1, 10)
    sequence.pass_over(13, 15)
    assert (sequence.seen, sequence.last) == (10, 15)
    sequence.pass_over(11, 12)
    assert (sequence.seen, sequence.has_hole) == (15, False)


def test_memory_is_bounded():
    sequence = ReportSequence()
    for seq in range(2, MAX_PENDING + 2_000):
        sequence.note(seq, 1)
    assert len(sequence._marks) <= MAX_MARKS
    assert len(sequence.pending) <= MAX_PENDING


@given(st.permutations(list(range(1, 30))))
def test_any_order_ends_without_a_hole(order):
    sequence = ReportSequence()
    for seq in order:
        assert sequence.note(seq, seq) is NEW
    assert (sequence.seen, sequence.has_hole) == (29, False)
