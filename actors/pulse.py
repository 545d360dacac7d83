"""The two heartbeats of a trade link: is the gateway silent, is ours due.

A gateway need not heartbeat at the pace of its feed: its own pace is learned
from the first few after each logon, and two and a half of those are silence. Until it is,
that of the session before holds, unless it proves too fast. What this node slept through
itself is not held against the gateway.

Units: monotonic ns.
"""

from __future__ import annotations

from statistics import median

MS = 1_000_000
SAMPLES = 5
UNLEARNED_NS = 1500 * MS
LONGEST_NS = 3500 * MS
LONGEST_OWN_NS = 1000 * MS


class Pulse:
    """`timeout_ns`: the least silence that counts; `disconnect_ns`: 0 never."""

    def __init__(self, timeout_ns: int, disconnect_ns: int) -> None:
        self.timeout_ns = max(timeout_ns, UNLEARNED_NS)
        self._least_ns = timeout_ns
        self._own_ns = min(LONGEST_OWN_NS, disconnect_ns // 4) if disconnect_ns else LONGEST_OWN_NS
        self._heard_ns = self._beat_ns = self._sent_ns = self._ticked_ns = 0
        self._samples: list[int] = []

    def start(self, now_ns: int) -> None:
        """A logon was answered: learn the gateway's pace anew."""
        self._heard_ns = self._ticked_ns = now_ns
        self._beat_ns = 0
        self._samples.clear()

    def doubt(self) -> None:
        """It fell silent: a pace that was not its own may have been why."""
        if len(self._samples) < SAMPLES:
            self.timeout_ns = max(self._least_ns, UNLEARNED_NS)

    def tick(self, now_ns: int, tick_ns: int) -> None:
        """Time passed; what exceeds two ticks was our own sleep."""
        late_ns = now_ns - self._ticked_ns - tick_ns
        self._ticked_ns = now_ns
        if late_ns > tick_ns:
            self._heard_ns = min(now_ns, self._heard_ns + late_ns)

    def heard(self, now_ns: int) -> None:
        """Something came from the loop that sends reports."""
        self._heard_ns = now_ns

    def heartbeat(self, now_ns: int) -> None:
        """A heartbeat came."""
        if self._beat_ns and len(self._samples) < SAMPLES:
            self._samples.append(now_ns - self._beat_ns)
            if len(self._samples) == SAMPLES:
                pace_ns = int(median(self._samples))
                self.timeout_ns = max(self._least_ns, min(pace_ns * 5 // 2, LONGEST_NS))
        self._beat_ns = now_ns

    @property
    def heard_ns(self) -> int:
        """When the gateway was last heard."""
        return self._heard_ns

    def age_ns(self, now_ns: int) -> int:
        """How long ago the gateway was last heard."""
        return now_ns - self._heard_ns

    def is_silent(self, now_ns: int) -> bool:
        """Whether the gateway has been silent for too long."""
        return now_ns - self._heard_ns >= self.timeout_ns

    def is_due(self, now_ns: int) -> bool:
        """Whether our own heartbeat must leave now."""
        return now_ns - self._sent_ns >= self._own_ns

    def sent(self, now_ns: int) -> None:
        """Our heartbeat left."""
        self._sent_ns = now_ns
