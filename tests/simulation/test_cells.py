"""The table of faults: all of F1 to F36, every cell asked for or its reason named."""

import pytest

from simulation import cells
from simulation.fates import CANCEL_FATES, ORDER_FATES
from simulation.faults import HELPS, MOMENTS, RATES


def test_every_number_of_the_list_is_drawn():
    numbers = {number for kind in cells.FAULTS.values() for number in kind.number.split()}
    assert numbers == {f"F{number}" for number in range(1, 37)}


def test_every_fault_that_is_drawn_is_in_the_table_and_the_other_way_round():
    drawn = {*RATES, *MOMENTS, *ORDER_FATES, *CANCEL_FATES}
    assert drawn | {"torn_tail", "journal_damaged", "by_hand"} == set(cells.FAULTS)


@pytest.mark.parametrize("fault", cells.FAULTS)
def test_each_cell_is_asked_for_or_says_why_not(fault):
    asked = {state for name, state in cells.cells() if name == fault}
    assert asked | {state for state in cells.STATES if cells.why_not(fault, state)} == set(cells.STATES)


def test_seeds_are_aimed_at_every_cell_that_orders_do_not_pass_through():
    assert set(cells.aims()) | {(fault, "SUBMITTED") for fault, kind in cells.FAULTS.items() if kind.kind == "fate"} == set(cells.cells())
    assert set(HELPS) == set(cells.STATES)


def test_a_cell_met_less_than_twenty_times_is_missed():
    matrix = {fault: dict.fromkeys(cells.STATES, cells.LEAST) for fault in cells.FAULTS}
    assert cells.missed(matrix) == {}
    matrix["gap"]["NEW"] = cells.LEAST - 1
    assert cells.missed(matrix) == {"gap": {"NEW": cells.LEAST - 1}}


def test_rows_tell_a_cell_that_can_not_be_met_from_one_that_was_not():
    row = next(row for row in cells.rows({"lost": {"SUBMITTED": 2, "ENDED": 1, "NONE": 4}}) if row["fault"] == "lost")
    assert (row["SUBMITTED"], row["NEW"], row["ENDED"], row["NO_ORDER"]) == (2, "-", 1, 4)
    row = next(row for row in cells.rows({}) if row["fault"] == "gap")
    assert row["NEW"] == 0
