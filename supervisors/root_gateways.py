"""Gateways that a root keeps: hung where every shard says that it is.

The root trades nothing and hears no gateway. Each shard tells it, with its
pulse, for how long it has heard nothing of each of its venues; a gateway of
which all that answer have heard nothing for `hang_ms` is ended, and started
again by its supervisor. One shard that is deaf by itself accuses nobody.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from actors.gateway_notes import GatewaySilent
from actors.mailbox import Lane
from supervisors.processes import KillNow, ManagedProcess, ProcessSpec, process_child
from supervisors.shards import KEEPER
from supervisors.spec import ChildSpec
from supervisors.vitals import LOOK_MS
from system import processes

GATEWAY = "gateway/"
NS_A_MS = 1_000_000
FRESH_NS = 4 * LOOK_MS * NS_A_MS
"""What a shard has said counts for so long; one that answers no more says nothing of gateways."""


class GatewayHung(Struct, frozen=True):
    """To the keeper: a gateway's process has been ended, as nobody hears it."""

    lane: ClassVar[int] = int(Lane.ORDERS)

    venue: str
    pid: int
    silent_ms: int


class GatewayEars:
    """What the shards last heard of each gateway. `hang_ms`: by venue; 0: it is left alone."""

    def __init__(self, hang_ms: Mapping[str, int]) -> None:
        self._hang_ms = {venue: limit for venue, limit in hang_ms.items() if limit}
        self._heard: dict[str, tuple[int, Mapping[str, int]]] = {}
        self._told_ns: dict[str, int] = {}

    def heard(self, shard: str, silent_ms: Mapping[str, int], now_ns: int) -> Iterator[tuple[str, int]]:
        """After one more answer: venues whose gateway hangs, each once in its `hang_ms`."""
        self._heard[shard] = (now_ns, silent_ms)
        fresh = [told for at_ns, told in self._heard.values() if now_ns - at_ns < FRESH_NS]
        for venue, limit_ms in self._hang_ms.items():
            told = [each[venue] for each in fresh if venue in each]
            last_ns = self._told_ns.get(venue)
            is_due = last_ns is None or now_ns - last_ns >= limit_ms * NS_A_MS
            if told and min(told) >= limit_ms and is_due:
                self._told_ns[venue] = now_ns
                yield venue, min(told)


class EndGateway(Struct, frozen=True):
    """To a gateway: end in order, so that you are started again."""

    lane: ClassVar[int] = int(Lane.ORDERS)


class RootGateway(ManagedProcess):
    """One venue's gateway; its end for silence is on record. Thread: its own."""

    HANDLERS: ClassVar[dict[type, str]] = {EndGateway: "on_end"}

    def on_end(self, _word: EndGateway) -> None:
        """SIGTERM, and SIGKILL for one that does not listen; its supervisor starts the next."""
        if self.process is not None:
            processes.send_signal(self.process, signal.SIGTERM)
            self.after_ns(self.spec.stop_ms * NS_A_MS, KillNow())

    def on_silent(self, message: GatewaySilent) -> bool:
        """As any managed process; the keeper hears of it."""
        pid = 0 if self.process is None else self.process.pid
        is_ended = super().on_silent(message)
        if is_ended:
            self.tell(KEEPER, GatewayHung(self.name.removeprefix(GATEWAY), pid, message.silent_ms))
        return is_ended


def root_gateway(venue: str, spec: ProcessSpec, ends: Callable[[], bool]) -> ChildSpec:
    """The child spec of a gateway below a root."""
    return replace(process_child(f"{GATEWAY}{venue}", spec, ends), start=(RootGateway, (spec, ends)))
