"""A one-shard node as literal tuples: this is the architecture.

    node (rest_for_one)
    ├ gateways (one_for_one, backoff)   managed processes; nobody's death but theirs ends one
    ├ journal/sync    pinned: syncs, makes the next segment ready
    ├ logs, alerts    pinned: their death touches nobody's trading
    ├ desk (one_for_one)
    │ ├ venues (one_for_one, backoff)   node/account beside them; an end never restarts a pair
    │ └ pairs (one_for_one)             NAME/rollback, NAME/replenish, NAME
    └ inspector
"""

from __future__ import annotations

from typing import Any

from supervisors.engine import Supervisor
from supervisors.spec import INFINITE, Backoff, ChildSpec, GivingUp, Restart, Strategy, SupervisorSpec

VENUE_BACKOFF = Backoff(first_ms=50, most_ms=5_000)
PAIR_BACKOFF = Backoff(first_ms=20, most_ms=2_000)
STOP_MS = 8_000
"""For the whole tree to stop; less than the process waits for it."""
GATEWAY_BACKOFF = Backoff(first_ms=200, most_ms=30_000)


def node_tree(
    gateways: tuple[ChildSpec, ...],
    services: tuple[ChildSpec, ...],
    venues: tuple[ChildSpec, ...],
    pairs: tuple[ChildSpec, ...],
    edge: tuple[ChildSpec, ...],
) -> SupervisorSpec:
    """The whole tree.

    `gateways` first, so that nothing that is raised again takes them with it
    and they are the last to be stopped; `edge` (inspection) last.
    """
    managed = SupervisorSpec(children=gateways, intensity=None, backoff=GATEWAY_BACKOFF)
    desk = SupervisorSpec(
        children=(
            supervisor("node/venues", SupervisorSpec(children=venues, intensity=None, backoff=VENUE_BACKOFF)),
            supervisor("node/pairs", SupervisorSpec(children=pairs, intensity=None, backoff=PAIR_BACKOFF)),
        ),
        strategy=Strategy.ONE_FOR_ONE,
        intensity=3,
        period_ms=10_000,
    )
    return SupervisorSpec(
        children=(supervisor("node/gateways", managed), *services, supervisor("node/desk", desk), *edge),
        strategy=Strategy.REST_FOR_ONE,
        intensity=5,
        period_ms=10_000,
        giving_up=GivingUp.ESCALATE,
        stop_ms=STOP_MS,
    )


def supervisor(name: str, spec: SupervisorSpec) -> ChildSpec:
    """A supervisor as a child; it takes the time that its children need."""
    return ChildSpec(name, (Supervisor, (spec,)), shutdown_ms=INFINITE)


def pair_group(name: str, pair: tuple[type, tuple[Any, ...]], repairer: tuple[type, tuple[Any, ...]]):
    """A pair's group, repairs first: they outlive the pair's crash."""
    cls, args = repairer
    return (
        ChildSpec(f"{name}/rollback", (cls, (*args, name)), restart=Restart.PERMANENT),
        ChildSpec(f"{name}/replenish", (cls, (*args, name)), restart=Restart.PERMANENT),
        ChildSpec(name, pair, restart=Restart.PERMANENT),
    )
