"""A venue's message rate, leased to a shard: its part of the whole.

A gateway that takes so many orders a second takes them from all shards
together. Each keeps to its share by itself, so that one that floods is denied
here, and the others' orders still leave. New hedges stop while a part of the
lease is left for repairs; cancels and queries are never held up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from actors.link import Purpose, VenueLink
from domain.breaker import Breaker, Row

WINDOW_NS = 1_000_000_000
OPENING = Fraction(3, 4)
"""Of the lease; the rest is for repairs."""
RATE = "RATE"
CAPABILITY = "max_orders_per_s"


class LeasedLink(VenueLink):
    """A link that denies orders beyond its share of the gateway's rate.

    A venue that names no rate has none to share. Thread: the lane.
    """

    def __init__(self, share: Fraction, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.share = share
        self._sent: deque[int] = deque()

    def send(self, frame: bytes, purpose: Purpose) -> str:
        """As ever; an order beyond the lease is denied, RATE."""
        if purpose is Purpose.CANCEL:
            return super().send(frame, purpose)
        denied = self.spent(purpose) or super().send(frame, purpose)
        if not denied:
            self._sent.append(self.clock.mono_ns())
        return denied

    def spent(self, purpose: Purpose) -> str:
        """Why no order for that purpose leaves now, or ""."""
        rate = int(self.capabilities.get(CAPABILITY, 0))
        if purpose is Purpose.CANCEL or not rate:
            return ""
        sent, since_ns = self._sent, self.clock.mono_ns() - WINDOW_NS
        while sent and sent[0] <= since_ns:
            sent.popleft()
        lease = max(1, int(rate * self.share))
        most = max(1, int(lease * OPENING)) if purpose is Purpose.OPEN else lease
        return f"{RATE}: {lease} orders a second are this shard's" if len(sent) >= most else ""


def link_of(share: Fraction | None, *args: Any, **kwargs: Any) -> VenueLink:
    """A link; leased where the venue is shared."""
    return VenueLink(*args, **kwargs) if share is None else LeasedLink(share, *args, **kwargs)


class LeasedBreaker(Breaker):
    """What else keeps hedges from opening: a lease that is used up for now."""

    def __init__(self, links: Mapping[str, Any]) -> None:
        super().__init__()
        self._leased = {name: link for name, link in links.items() if isinstance(link, LeasedLink)}
        self.rows[""] = Row()  # so that `why` is asked at each opening

    def why(self, venues: Iterable[str], now_ns: int) -> str:
        """As ever; and RATE of the first venue whose lease is used up."""
        venues = tuple(venues)
        refused = super().why(venues, now_ns)
        if refused:
            return refused
        spent = ((name, self._leased[name].spent(Purpose.OPEN)) for name in venues if name in self._leased)
        return next((f"{why} at {name}" for name, why in spent if why), "")
