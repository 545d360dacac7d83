"""The children of a pair, by its kind."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from actors.cover import CoverActor
from actors.exposures import TOPIC, ExposureFeed, ExposureFile
from actors.pair import PairActor
from actors.repairer import Repairer
from domain.pairspec import PairSpec
from supervisors.spec import ChildSpec
from supervisors.tree import pair_group


def children_of(spec: PairSpec, desk: Any, machine: Any) -> tuple[ChildSpec, ...]:
    """The pair's group, and who watches where its exposure is told."""
    args = (desk, spec)
    kind = PairActor if spec.cover is None else CoverActor
    return (*_watchers(spec, machine), *pair_group(spec.name, (kind, args), (Repairer, args)))


def _watchers(spec: PairSpec, machine: Any) -> tuple[ChildSpec, ...]:
    told, name = spec.cover, f"{spec.name}/exposure"
    if told is not None and told.file:
        return (ChildSpec(name, (ExposureFile, (spec.name, Path(told.file)))),)
    if told is not None and told.feed:
        return (ChildSpec(name, (ExposureFeed, (spec.name, partial(machine.feed_socket, told.feed, [TOPIC])))),)
    return ()
