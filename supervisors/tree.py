"""A node, and the root of several, as literal tuples: the architecture.

    node (rest_for_one)
    ├ gateways (one_for_one, backoff)   managed processes; nobody's death but theirs ends one
    ├ journal/sync    pinned: syncs, makes the next segment ready
    ├ services (one_for_one, backoff)   logs, snapshots, alerts: pinned, their death touches nobody
    ├ desk (one_for_one)
    │ ├ venues (one_for_one, backoff)   node/account beside them; an end never restarts a pair
    │ └ pairs (one_for_one, by group)   NAME/rollback, NAME/replenish, NAME; given up: a flattener as NAME
    └ inspector
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from actors.deaths import Reason
from supervisors.engine import Supervisor
from supervisors.spec import INFINITE, Backoff, ChildSpec, GivingUp, Restart, Strategy, SupervisorSpec, always, nothing

VENUE_BACKOFF = Backoff(first_ms=50, most_ms=5_000)
PAIR_BACKOFF = Backoff(first_ms=20, most_ms=2_000)
PAIR_INTENSITY = 7
PAIR_PERIOD_MS = 30_000
"""Of a pair and its repairs together: one that crashes on every message is given up after about 2.5 s."""
PAIR_HOLD_MS = 250
"""What stands in for a pair is raised again and again, after so long: nobody else would."""
STOP_MS = 8_000
"""For the whole tree to stop; less than the process waits for it."""
SERVICE_BACKOFF = Backoff(first_ms=50, most_ms=5_000)
GATEWAY_BACKOFF = Backoff(first_ms=50, most_ms=30_000)
SHARD_BACKOFF = Backoff(first_ms=50, most_ms=500, reset_ms=10_000)
"""While it waits nobody repairs what its pairs have open; one that fails on and on is held back by its count."""


class ShardTerms(Struct, frozen=True):
    """How often a shard may fail, and what becomes of one that does more often."""

    restarts: int
    period_ms: int
    hold_ms: int
    may_give_up: Callable[[str, Reason], bool]


def node_tree(
    gateways: tuple[ChildSpec, ...],
    journal: ChildSpec,
    services: tuple[ChildSpec, ...],
    venues: tuple[ChildSpec, ...],
    pairs: tuple[ChildSpec, ...],
    edge: tuple[ChildSpec, ...],
    giving_up: tuple[Callable[[str, Reason], bool], Callable[[str, Reason], None]] = (always, nothing),
) -> SupervisorSpec:
    """The whole tree. `giving_up`: whether a pair may be, and who is told.

    `gateways` first, so that nothing that is raised again takes them with it
    and they are the last to be stopped; `edge` (inspection) last.
    """
    managed = SupervisorSpec(children=gateways, intensity=None, backoff=GATEWAY_BACKOFF)
    beside = SupervisorSpec(children=services, intensity=None, backoff=SERVICE_BACKOFF)
    desk = SupervisorSpec(
        children=(
            supervisor("node/venues", SupervisorSpec(children=venues, intensity=None, backoff=VENUE_BACKOFF)),
            supervisor("node/pairs", pairs_spec(pairs, *giving_up)),
        ),
        strategy=Strategy.ONE_FOR_ONE,
        intensity=3,
        period_ms=10_000,
    )
    return SupervisorSpec(
        children=(supervisor("node/gateways", managed), journal, supervisor("node/services", beside), supervisor("node/desk", desk), *edge),
        strategy=Strategy.REST_FOR_ONE,
        intensity=5,
        period_ms=10_000,
        giving_up=GivingUp.ESCALATE,
        stop_ms=STOP_MS,
    )


def pairs_spec(
    pairs: tuple[ChildSpec, ...], may_give_up: Callable[[str, Reason], bool] = always, on_gave_up: Callable[[str, Reason], None] = nothing
) -> SupervisorSpec:
    """The pairs: each group's restarts are counted apart, and one that is given up is replaced."""
    return SupervisorSpec(
        children=pairs,
        intensity=PAIR_INTENSITY,
        period_ms=PAIR_PERIOD_MS,
        backoff=PAIR_BACKOFF,
        giving_up=GivingUp.DROP,
        may_give_up=may_give_up,
        counted_by=group_of,
        on_gave_up=on_gave_up,
        hold_ms=PAIR_HOLD_MS,
    )


def group_of(name: str) -> str:
    """The pair whose group a child is of."""
    return name.partition("/")[0]


def root_tree(
    gateways: tuple[ChildSpec, ...],
    services: tuple[ChildSpec, ...],
    shards: tuple[ChildSpec, ...],
    edge: tuple[ChildSpec, ...],
    terms: ShardTerms,
) -> SupervisorSpec:
    """The tree of a root process: no trading code, and nobody's end but its own.

    root (one_for_one)
    ├ gateways (one_for_one, backoff)   adopted again after a root's death, as the shards
    ├ journal/sync, root/logs, root/alerts, root/keeper
    ├ shards (one_for_one, backoff)     counted apart; one that fails too often is held back, never dropped
    └ inspector
    """
    managed = SupervisorSpec(children=gateways, intensity=None, backoff=GATEWAY_BACKOFF)
    kept = SupervisorSpec(
        children=shards,
        intensity=terms.restarts,
        period_ms=terms.period_ms,
        backoff=SHARD_BACKOFF,
        may_give_up=terms.may_give_up,
        counted_by=str,
        hold_ms=terms.hold_ms,
    )
    return SupervisorSpec(
        children=(supervisor("root/gateways", managed), *services, supervisor("root/shards", kept), *edge),
        intensity=5,
        period_ms=10_000,
    )


def supervisor(name: str, spec: SupervisorSpec) -> ChildSpec:
    """A supervisor as a child; it takes the time that its children need."""
    return ChildSpec(name, (Supervisor, (spec,)), shutdown_ms=INFINITE)


def pair_group(name: str, pair: tuple[type, tuple[Any, ...]], repairer: tuple[type, tuple[Any, ...]]):
    """A pair's group, repairs first: they outlive the pair's crash."""
    cls, args = repairer
    start = (cls, (*args, name))
    return (
        ChildSpec(f"{name}/rollback", start, restart=Restart.PERMANENT),
        ChildSpec(f"{name}/replenish", start, restart=Restart.PERMANENT),
        ChildSpec(name, pair, restart=Restart.PERMANENT),
    )
