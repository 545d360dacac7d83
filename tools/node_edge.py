"""The node's edge: what tools talk to."""

from __future__ import annotations

from typing import Any

from supervisors.spec import ChildSpec


def edge_of(node: Any, stopper: Any) -> tuple[ChildSpec, ...]:
    """The children that answer tools."""
    return ()
