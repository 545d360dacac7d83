"""A replay in virtual time: production node, production replay gateways.

Both are what they are as processes; only time, sockets and files are others.
Virtual time is the recording's own, so that every wait of the node is as long
as it says, however fast the replay is shown: the same decisions, byte for
byte, at every speed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from loguru import logger

from actors.simulated import VirtualClock
from domain.ports import Clock
from gateways.adapter import Adapter
from gateways.skeleton import HEARTBEAT_NS, Gateway, GatewaySettings
from simulation.agenda import Agenda, Entry, WatchedLane
from simulation.machine import VirtualMachine
from simulation.network import FeedLink, TradeLink, Watcher
from system.clock import chance

ROOT = "node/root"
EVERY_TOPIC = b"\x01"
STOP_NS = 12_000_000_000
SLICE_NS = 20_000_000
"""How often a paced replay looks at the clock of the room, in its time."""

SEED = 1
LATENCY_NS = 100_000


class FeedPlug:
    """What a gateway takes for its feed's socket."""

    def __init__(self, link: FeedLink) -> None:
        self._link = link

    def send_multipart(self, frames: list[bytes]) -> None:
        self._link.publish(frames[0], frames[1])

    def close(self, linger: int = 0) -> None:
        """Memory needs none."""


class TradePlug:
    """What a gateway takes for its trade socket."""

    def __init__(self, link: TradeLink) -> None:
        self._link = link

    def send_multipart(self, frames: list[bytes], _flags: int = 0) -> None:
        self._link.reply(int.from_bytes(frames[0], "big"), frames[1])

    def close(self, linger: int = 0) -> None:
        """Memory needs none."""


class Unwatched(Watcher):
    """Nobody judges a replay's frames: every method does nothing."""


class ReplayedVenue:
    """One gateway with its links: the far side of `simulation.network`."""

    alive = True

    def __init__(self, agenda: Agenda, settings: GatewaySettings, adapter: Adapter, latency_ns: int, seed: int = SEED) -> None:
        venue = settings.venue
        self._agenda = agenda
        self.feed = FeedLink(venue, agenda, chance(seed), Unwatched(), latency_ns)
        self.trade = TradeLink(venue, agenda, chance(seed), Unwatched(), latency_ns)
        plugs = (FeedPlug(self.feed), TradePlug(self.trade))
        self.gateway = Gateway(settings, adapter, agenda.clock, None, lambda _context, _settings: plugs)
        self.trade.gateway = self
        self.feed.on_subscribed = lambda: self.gateway.feed.subscription(EVERY_TOPIC)
        self._next: Entry | None = None
        self._next_ns = 0

    def begin(self) -> None:
        """Its process starts."""
        self.gateway.begin()
        self.turn()
        self._timers()

    def arrived(self, identity: int, body: bytes) -> None:
        """A frame of the node: it and the venue's turn, as one lap."""
        self.gateway.trade_frames([identity.to_bytes(4, "big"), body])
        self.turn()

    def turn(self) -> None:
        """The venue's turn now, and the next when it wants it."""
        due_ns = self.gateway.venue_turn()
        if self._next is not None and self._next.live:
            if due_ns == self._next_ns:
                return
            self._next.cancel()
        self._next = None
        if due_ns is not None:
            self._next_ns = due_ns
            self._next = self._agenda.at(due_ns, self.turn)

    def _timers(self) -> None:
        self.gateway.timers()
        self._agenda.after(HEARTBEAT_NS, self._timers)


class Replayed:
    """One replay in virtual time. Thread: the one that makes it.

    `start_ns`: the wall time at which it begins, of the recording.
    """

    def __init__(self, start_ns: int) -> None:
        logger.disable("actors")
        logger.disable("gateways")
        self.lane = WatchedLane(SEED, VirtualClock(wall_ns=start_ns))
        self.agenda = Agenda(self.lane)
        self.clock: Clock = self.lane.clock
        self.venues: list[ReplayedVenue] = []
        self.node: Any = None

    def add(self, settings: GatewaySettings, adapter: Adapter, latency_ns: int = LATENCY_NS) -> None:
        """One venue; before `start`."""
        self.venues.append(ReplayedVenue(self.agenda, settings, adapter, latency_ns))

    def start(self, make_node: Callable[..., Any], config: Any, folder: Path, *, live: bool) -> None:
        """The venues, then the node, as processes would start."""
        for venue in self.venues:
            venue.begin()
        feeds = {venue.feed.venue: venue.feed for venue in self.venues}
        trades = {venue.trade.venue: venue.trade for venue in self.venues}
        self.node = make_node(config, live=live, machine=VirtualMachine(self.lane, folder, feeds, trades))
        self.node.build()

    def play(self, until_ns: int, pace: Callable[[int], bool] | None = None) -> None:
        """Up to that wall time. `pace(wall_ns)` waits; False ends the replay.

        A slice ends where nothing is due, so that slices change nothing.
        """
        if pace is None:
            self.lane.advance(max(0, until_ns - self.clock.wall_ns()))
            return
        while (left_ns := until_ns - self.clock.wall_ns()) > 0:
            if not pace(self.clock.wall_ns()):
                return
            self.lane.advance(min(SLICE_NS, left_ns))

    def stop(self, patience_ns: int) -> list[dict[str, Any]]:
        """Stop in order, as a signal does; what the node leaves."""
        node = self.node
        node.desk.stopping = True
        self.lane.pump(lambda: not node.in_flight(), patience_ns)
        node.runtime.stop(ROOT)
        self.lane.pump(lambda: not node.runtime.alive(ROOT), STOP_NS)
        left = node.left()
        node.close("stopped")
        for venue in self.venues:
            venue.gateway.close()
        return left
