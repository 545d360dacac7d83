"""How often a venue may be connected to anew: one budget for all who do.

The link's logons and the starts of a managed gateway's process draw from it:
a venue counts logins, and shuts out who comes too often. A burst is free, for
a gateway that was killed must trade again at once; after it one each
`every_ns`. Source: the generic cell rate algorithm, ITU-T I.371.
"""

from __future__ import annotations

NS_A_S = 1_000_000_000
BURST = 30
EVERY_NS = 2 * NS_A_S


class ReconnectBudget:
    """One venue's. Units: monotonic ns.

    Thread: any; two that take at once may take one together.
    """

    __slots__ = ("_due_ns", "burst", "every_ns", "refused", "taken")

    def __init__(self, burst: int = BURST, every_ns: int = EVERY_NS) -> None:
        self.burst, self.every_ns = burst, every_ns
        self.taken = self.refused = 0
        self._due_ns: int | None = None

    def wait_ns(self, now_ns: int) -> int:
        """How long until one may be taken; 0: now."""
        if self._due_ns is None:
            return 0
        return max(0, self._due_ns - now_ns - (self.burst - 1) * self.every_ns)

    def take(self, now_ns: int) -> int:
        """Take one; 0, or how long until there is one."""
        wait_ns = self.wait_ns(now_ns)
        if wait_ns:
            self.refused += 1
            return wait_ns
        self._due_ns = max(now_ns, self._due_ns or now_ns) + self.every_ns
        self.taken += 1
        return 0
