"""Groups spread over several supervisors, so that one's end is not all's.

A restart counts within its partition alone, and a partition that gives up is
started again by its parent without the others. Which partition a group is in
follows from its name, in every process alike.

Source: Elixir, PartitionSupervisor.
"""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

from msgspec.structs import replace

from supervisors.engine import Supervisor
from supervisors.spec import INFINITE, ChildSpec, SupervisorSpec


def partition_of(group: str, count: int) -> int:
    """Where a group is: 0 to below `count`."""
    return crc32(group.encode()) % count


def partitions(
    name: str, groups: Mapping[str, tuple[ChildSpec, ...]], count: int, spec: SupervisorSpec
) -> tuple[ChildSpec, ...]:
    """`count` supervisors `name/0` and so on, each as `spec` with its groups.

    A group's children stay together and in order; an empty partition is there
    too, for children that are added later.
    """
    found: list[list[ChildSpec]] = [[] for _ in range(count)]
    for group, children in groups.items():
        found[partition_of(group, count)].extend(children)
    return tuple(
        ChildSpec(f"{name}/{number}", (Supervisor, (replace(spec, children=tuple(children)),)), shutdown_ms=INFINITE)
        for number, children in enumerate(found)
    )
