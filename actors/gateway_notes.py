"""Messages between a venue's actor and who keeps its gateway's process."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from actors.mailbox import Lane


class GatewayEnded(Struct, frozen=True):
    """To the venue: the process is gone; what it had sent is in the socket."""

    lane: ClassVar[Lane] = Lane.ORDERS


class GatewaySilent(Struct, frozen=True):
    """To the keeper: nothing has come from the gateway for so long."""

    silent_ms: int
