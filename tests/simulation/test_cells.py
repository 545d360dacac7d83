"""The table of faults: all of F1 to F36, every cell asked for or its reason named."""

import pytest

from domain.orders import SAME, TRANSITIONS, CancelSubmitted, OrdStatus
from simulation import cells
from simulation.fates import CANCEL_FATES, ORDER_FATES
from simulation.faults import AIMS, COMMON, HELPS, MOMENTS, RATES


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
    passed = {(fault, "SUBMITTED") for fault, kind in cells.FAULTS.items() if kind.kind == "fate"}
    follow = {(fault, state) for fault in cells.NOT_AIMED for state in cells.STATES}
    assert set(cells.aims()) | passed | follow == set(cells.cells())
    common = {(fault, state) for fault in COMMON for state in cells.STATES}
    assert set(AIMS) == set(cells.aims()) - common
    assert (AIMS.count(("lost", "PENDING_CANCEL")), AIMS.count(("gap", "NEW"))) == (3, 1)


def test_what_can_not_be_met_follows_from_the_order_s_own_table():
    """Nothing leads from an order whose cancel was sent back to SUBMITTED or PENDING_NEW, and to PENDING_NEW only from SUBMITTED."""
    ways = {(before, after) for (before, _), after in TRANSITIONS.items() if after is not SAME}
    found = {after for (_, fact), after in TRANSITIONS.items() if fact is CancelSubmitted} - {SAME} | {OrdStatus.UNKNOWN}
    while (more := found | {after for before, after in ways if before in found}) != found:
        found = more
    assert found & {OrdStatus.SUBMITTED, OrdStatus.PENDING_NEW} == set()
    assert {before for before, after in ways if after is OrdStatus.PENDING_NEW} == {OrdStatus.SUBMITTED}


def test_cell_that_is_met_though_it_can_not_be_is_told():
    assert cells.met_though_unreachable({"lost": {"NEW": 1, "SUBMITTED": 4, "ENDED": 2}}) == {"lost": {"NEW": 1}}
    assert cells.met_though_unreachable({"gap": {"NEW": 1}}) == {}


def test_each_cell_is_told_with_its_hits_or_why_it_can_not_be_met():
    told = cells.told({"lost": {"SUBMITTED": 4}})
    assert told["lost"]["SUBMITTED"] == {"hits": 4, "unreachable": ""}
    assert told["lost"]["NEW"]["hits"] == 0 and "gateway" in told["lost"]["NEW"]["unreachable"]
    assert set(told) == set(cells.FAULTS) and all(set(states) == set(cells.STATES) for states in told.values())


def test_cells_that_a_gate_run_would_not_fill_are_told_from_a_sample():
    matrix = {fault: dict.fromkeys(cells.STATES, 2) for fault in cells.FAULTS}
    assert cells.short_in_a_gate_run(matrix, 1000) == {}
    matrix["gap"]["NEW"] = 1
    assert cells.short_in_a_gate_run(matrix, 1000) == {"gap": {"NEW": 1}}
    assert cells.short_in_a_gate_run(matrix, 20_000) == cells.missed(matrix)


def test_each_state_has_its_helps():
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
