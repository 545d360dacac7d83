"""Partitions: who is where, and that one's end is not all's."""

from __future__ import annotations

import pytest

from actors.runtime import Runtime
from actors.simulated import SimulatedDispatcher
from supervisors.engine import Supervisor
from supervisors.partitions import partition_of, partitions
from supervisors.spec import ChildSpec, SupervisorSpec, check

from .zoo import Fail, Good

GROUPS = tuple(f"pair/{number}" for number in range(40))


def spread(diary, count, **spec):
    groups = {name: (ChildSpec(f"{name}/repair", (Good, (diary,))), ChildSpec(name, (Good, (diary,)))) for name in GROUPS}
    return partitions("pairs", groups, count, SupervisorSpec(**spec))


def test_each_group_is_in_one_partition_whole_and_in_order():
    parts = spread([], 7)
    check(SupervisorSpec(children=parts))
    assert [part.name for part in parts] == [f"pairs/{number}" for number in range(7)]
    where = {child.name: number for number, part in enumerate(parts) for child in part.start[1][0].children}
    assert {name: where[name] for name in GROUPS} == {name: partition_of(name, 7) for name in GROUPS}
    assert all(where[name] == where[f"{name}/repair"] for name in GROUPS)
    assert sorted(where) == sorted([*GROUPS, *(f"{name}/repair" for name in GROUPS)])
    assert all(child.name.endswith("/repair") for part in parts for child in part.start[1][0].children[::2])


def test_a_name_is_in_the_same_partition_in_every_process():
    assert [partition_of(name, 8) for name in GROUPS[:8]] == [1, 7, 5, 3, 0, 6, 4, 2]


@pytest.mark.parametrize("seed", range(3))
def test_a_partition_that_gives_up_is_started_again_without_the_others(seed):
    simulated, diary = SimulatedDispatcher(seed), []
    runtime = Runtime(simulated, simulated.clock)
    runtime.spawn(Supervisor, "pairs", SupervisorSpec(children=spread(diary, 4, intensity=1), intensity=1))
    bad = GROUPS[0]
    mine = [name for name in GROUPS if partition_of(name, 4) == partition_of(bad, 4)]
    diary.clear()
    for _ in range(2):
        runtime.tell(bad, Fail())
        simulated.run_idle()
    assert all(runtime.alive(name) for name in GROUPS)
    assert {each.lstrip("+-").removesuffix("/repair") for each in diary} == set(mine)
    assert {name: runtime.mailbox(name).epoch for name in GROUPS if name not in mine} == {name: 1 for name in GROUPS if name not in mine}
