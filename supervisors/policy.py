"""Restart policy, pure: may it be started again, and when.

Source: OTP supervisor, "Maximum Restart Intensity"; Akka BackoffSupervisor.
"""

from __future__ import annotations

from typing import Protocol

from actors.deaths import Reason
from supervisors.spec import Backoff, ChildSpec, Restart, Strategy

NS_A_MS = 1_000_000


class Chance(Protocol):
    """What the jitter is drawn from (`random.Random`)."""

    def uniform(self, low: float, high: float, /) -> float: ...


def wants_restart(restart: Restart, reason: Reason) -> bool:
    """True when a child of that kind is started again after that end."""
    if restart is Restart.TRANSIENT:
        return reason.abnormal
    return restart is Restart.PERMANENT


def admit(history: tuple[int, ...], now_ns: int, intensity: int | None, period_ms: int) -> tuple[int, ...] | None:
    """The restart times with this one added, or None: one too many.

    Units: monotonic ns. A restart counts for `period_ms` and no longer.
    """
    if intensity is None:
        return ()
    recent = (*(then_ns for then_ns in history if now_ns - then_ns < period_ms * NS_A_MS), now_ns)
    return recent if len(recent) <= intensity else None


def next_attempt(attempt: int, lived_ns: int, backoff: Backoff) -> int:
    """How many restarts in a row: from the beginning after a long life."""
    return 0 if lived_ns >= backoff.reset_ms * NS_A_MS else attempt + 1


def delay_ns(backoff: Backoff, attempt: int, chance: Chance) -> int:
    """How long to wait before restart number `attempt` (0 is the first)."""
    plain_ms = backoff.most_ms
    if attempt < 64:  # beyond, the power would overflow and the cap holds anyway
        plain_ms = min(backoff.most_ms, backoff.first_ms * backoff.factor**attempt)
    share = chance.uniform(1 - backoff.jitter, 1 + backoff.jitter)
    return int(plain_ms * share * NS_A_MS)


def restarted_with(strategy: Strategy, children: tuple[ChildSpec, ...], index: int) -> range:
    """Indices of the children that are started again with child `index`."""
    if strategy is Strategy.ONE_FOR_ALL:
        return range(len(children))
    if strategy is Strategy.REST_FOR_ONE:
        return range(index, len(children))
    return range(index, index + 1)
