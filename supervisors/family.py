"""The tree as it stands: who keeps whom, and in which phase each is.

Thread: any; a supervisor's list of children is read as it is at that moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from supervisors.children import Child
from supervisors.engine import Supervisor

MAX_DEPTH = 16


class Kin(NamedTuple):
    """One name of the tree; `child` and `keeper` are None for the root."""

    name: str
    depth: int
    child: Child | None
    keeper: Supervisor | None


def family(runtime: Any, root: str) -> Iterator[Kin]:
    """The root and all below it, parents before their children, in their order."""
    yield Kin(root, 0, None, None)
    yield from _below(runtime, root, 1)


def _below(runtime: Any, name: str, depth: int) -> Iterator[Kin]:
    box = runtime.boxes.get(name)
    keeper = None if box is None else box.actor
    if not isinstance(keeper, Supervisor) or depth > MAX_DEPTH:
        return
    for child in list(keeper.children):
        yield Kin(child.name, depth, child, keeper)
        yield from _below(runtime, child.name, depth + 1)


def show_keeper(keeper: Supervisor) -> dict[str, Any]:
    """A supervisor's rules, and how often it has restarted lately."""
    spec = keeper.spec
    return {
        "strategy": spec.strategy.value,
        "intensity": spec.intensity,
        "period_ms": spec.period_ms,
        "recent_restarts": sum(len(each) for each in keeper.histories.values()),
        "giving_up": spec.giving_up.value,
        "backoff": None if spec.backoff is None else f"{spec.backoff.first_ms} to {spec.backoff.most_ms} ms",
    }


def show_child(child: Child) -> dict[str, Any]:
    """What its supervisor knows of a child."""
    spec = child.spec
    return {
        "restart": spec.restart.value,
        "phase": "given_up" if child.given_up else child.phase.value,
        "shutdown_ms": spec.shutdown_ms,
        "attempt": child.attempt,
        "significant": spec.significant,
        "dynamic": child.dynamic,
    }
