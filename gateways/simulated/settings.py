"""What a simulated gateway is told by its composition root."""

from __future__ import annotations

from msgspec import Struct


class Settings(Struct, frozen=True):
    """`account` "" is the feed alone. `session`: one living gateway a name."""

    exchange_endpoint: str
    venue: str
    account: str
    session: str
    settle_ms: int = 300
    max_orders_per_s: int = 0
    depth: int = 5
