"""A desk in virtual time: node, gateways and exchange, all ours.

All three are what they are as processes: the exchange's world and sessions,
one gateway a venue with the simulated adapter, the node of the desk's own
configuration. Only time, sockets and the machine are others. One seed gives
one run, in any process.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from loguru import logger
from pykka import ActorRegistry

from actors.simulated import VirtualClock
from config.schema import Config
from exchange.config import Spec
from exchange.sessions import Sessions
from exchange.truth import lines_of
from exchange.world import World
from gateways.adapter import Sink
from gateways.simulated.adapter import SimulatedAdapter
from gateways.simulated.link import Link
from gateways.simulated.settings import Settings
from gateways.skeleton import GatewaySettings
from simulation.agenda import MS, Agenda, Entry, WatchedLane
from simulation.desk_covers import Holder, Holding
from simulation.machine import VirtualMachine
from simulation.replayed import ReplayedVenue
from system.clock import chance
from wire import exchange as wire

ROOT = "node/root"
STOP_NS = 12_000 * MS
PATIENCE_MS = 15_000
GATEWAY_NS = 100_000
"""Of a message between the node and a gateway, one way: one machine."""
SEEDS = 1009
"""A run's seed makes so many others, one for each venue."""


class Distance(NamedTuple):
    """How far a venue is from the desk. Units: ns of a round trip.

    `jitter_ns`: how much longer a round trip takes at most, drawn evenly.
    """

    rtt_ns: int = 1 * MS
    jitter_ns: int = MS // 5


NEAR = Distance()


class Way:
    """One direction between a gateway and its exchange: half the round trip, in order."""

    def __init__(self, agenda: Agenda, distance: Distance, rng: Random) -> None:
        self._agenda, self._distance, self._rng = agenda, distance, rng
        self._last_ns = 0

    def take(self, arrive: Callable[[], None]) -> None:
        """A message leaves; `arrive` is called where it has come, after those before it."""
        rtt_ns, jitter_ns = self._distance
        delay_ns = rtt_ns // 2 + self._rng.randrange(jitter_ns // 2 + 1)
        self._last_ns = max(self._agenda.now_ns + delay_ns, self._last_ns)
        self._agenda.at(self._last_ns, arrive)


class MemoryLink(Link):
    """A gateway's session with the exchange, in memory."""

    def __init__(self, exchange: VirtualExchange, login: wire.Login, wake: Callable[[], None], there: Way, back: Way) -> None:
        self._exchange, self._login, self._clock, self._wake = exchange, login, exchange.clock, wake
        self._there, self.back = there, back
        self.up, self.broken = False, 0
        self._inbox: deque[wire.SessionMessage] = deque()
        self.socket: Any = None
        self._connect()

    def _connect(self) -> None:
        self.identity = self._exchange.joined(self)
        self._inbox.clear()
        self._heard_ns = self.due_ns = self._clock.mono_ns()

    def send(self, message: wire.SessionMessage) -> bool:
        identity = self.identity
        self._there.take(lambda: self._exchange.take(identity, message))
        return True

    def arrived(self, identity: bytes, message: wire.SessionMessage) -> None:
        """From the exchange, to the connection that it knew."""
        if identity == self.identity:
            self._inbox.append(message)
            self._wake()

    def receive(self) -> wire.SessionMessage | None:
        if not self._inbox:
            return None
        self._heard_ns = self._clock.mono_ns()
        return self._inbox.popleft()

    def drop(self) -> None:
        self.up = False
        self._connect()

    def close(self) -> None:
        self.send(wire.Logoff())


class MemoryAdapter(SimulatedAdapter):
    """The simulated adapter on a link in memory."""

    def __init__(self, exchange: VirtualExchange, settings: Settings, distance: Distance, rng: Random) -> None:
        super().__init__(settings, exchange.clock)
        self.exchange = exchange
        self._ways = (Way(exchange.agenda, distance, rng), Way(exchange.agenda, distance, rng))
        self.wake: Callable[[], None] = lambda: None

    def start(self, sink: Sink) -> None:
        self._sink = sink
        one = self._settings
        login = wire.Login(wire.SESSION_VERSION, one.venue, one.account, one.session)
        self._link = MemoryLink(self.exchange, login, self.wake, *self._ways)


    @property
    def session(self) -> bytes:
        """The connection that it has, by the exchange's name for it."""
        return self._link.identity

    def log_on_anew(self) -> None:
        """The connection is dropped and made again, as each venue's is between days: what no report has told is asked for."""
        self._lost()


class VirtualExchange:
    """The exchange's server without its socket; `truth`: its log, in order."""

    def __init__(self, agenda: Agenda, spec: Spec, seed: int, trading_day: str) -> None:
        self.agenda, self.clock = agenda, agenda.clock
        self.world = World(spec, seed, agenda.wall_ns, trading_day)
        self.sessions = Sessions(self.world)
        self.truth: list[dict[str, Any]] = []
        self._links: dict[bytes, MemoryLink] = {}
        self._joined = 0
        self._next: Entry | None = None
        self._lap()

    def joined(self, link: MemoryLink) -> bytes:
        """A new connection's identity."""
        self._joined += 1
        identity = self._joined.to_bytes(4, "big")
        self._links[identity] = link
        return identity

    def take(self, identity: bytes, message: wire.SessionMessage) -> None:
        """A client's message has come: as the server's lap with one frame."""
        now = self.agenda.wall_ns
        self.world.advance(now)
        self._publish()
        self.sessions.receive(identity, message, now)
        self._lap()

    def _lap(self) -> None:
        now = self.agenda.wall_ns
        self.world.advance(now)
        self._publish()
        self.sessions.tick(now)
        self._send()
        if self._next is not None:
            self._next.cancel()
        due_ns = min(self.world.next_ns, self.sessions.next_ns)
        self._next = self.agenda.after(max(1, due_ns - now), self._lap)

    def _publish(self) -> None:
        events = self.world.drain()
        for event in events:
            self.truth.extend(lines_of(self.world, event))
        if events:
            self.sessions.publish(events)

    def _send(self) -> None:
        outbox, self.sessions.outbox = self.sessions.outbox, []
        for identities, message in outbox:
            for identity in identities:
                link = self._links[identity]
                link.back.take(lambda link=link, identity=identity, message=message: link.arrived(identity, message))


class DeskRun:
    """One run of a desk. Thread: the one that makes it.

    `config`: its venues trade for `accounts` (by venue; "" where it is a feed
    alone), placed and without commands. `distances`: of venues that are not
    near.
    """

    def __init__(
        self,
        make_node: Callable[..., Any],
        config: Config,
        accounts: dict[str, str],
        spec: Spec,
        seed: int,
        folder: Path,
        wall_ns: int,
        day: str,
        distances: Mapping[str, Distance] | None = None,
    ) -> None:
        logger.disable("actors")
        logger.disable("gateways")
        self.make_node, self.config, self.folder = make_node, config, folder
        self.lane = WatchedLane(seed, VirtualClock(wall_ns=wall_ns))
        self.agenda = Agenda(self.lane)
        self.exchange = VirtualExchange(self.agenda, spec, seed, day)
        self.adapters: list[MemoryAdapter] = []
        far = distances or {}
        self.venues = [
            self._venue(venue.name, accounts[venue.name], far.get(venue.name, NEAR), seed * SEEDS + place) for place, venue in enumerate(config.venue)
        ]
        self.holders: list[Holder] = []
        self._seed = seed
        self.node: Any = None
        self.kills = 0
        self._fuse: int | None = None
        (folder / "node").mkdir(mode=0o700)

    def _venue(self, name: str, account: str, distance: Distance, seed: int) -> ReplayedVenue:
        adapter = MemoryAdapter(self.exchange, Settings("memory", name, account, f"gw-{name}"), distance, chance(seed))
        trade = f"ipc:///sim/{name}.trade" if account else ""
        place = self.folder / "gateways" / name
        place.mkdir(mode=0o700, parents=True)
        made = ReplayedVenue(self.agenda, GatewaySettings(name, f"ipc:///sim/{name}.feed", trade, place), adapter, GATEWAY_NS, seed)
        adapter.wake = made.turn
        self.adapters.append(adapter)
        made.trade.is_dead = lambda: self._fuse == 0
        return made

    def hold(self, holding: Holding) -> Holder:
        """Somebody holds what a cover covers; before `start`."""
        holder = Holder(self.agenda, holding, lambda: None if self._fuse == 0 else self.node, self._seed * SEEDS + len(self.venues) + len(self.holders))
        self.holders.append(holder)
        return holder

    def start(self) -> None:
        """The holders, the gateways, then the node. Raises: HedgerowError where it refuses."""
        for holder in self.holders:
            holder.begin()
        for venue in self.venues:
            venue.begin()
        self.start_node()

    def start_node(self) -> None:
        """A node on the run's journal, as after power-on."""
        feeds = {venue.feed.venue: venue.feed for venue in self.venues} | {holder.feed.venue: holder.feed for holder in self.holders if holder.feed is not None}
        trades = {venue.trade.venue: venue.trade for venue in self.venues}
        machine = VirtualMachine(self.lane, self.folder / "node", feeds, trades)
        self.node = self.make_node(self.config, live=True, machine=machine)
        self.node.build()

    def kill(self, down_ns: int) -> None:
        """SIGKILL; a new node after so long."""
        node, self.node, self._fuse = self.node, None, None
        if node is None:
            return
        self.kills += 1
        for box in node.runtime.boxes.values():
            if box.actor is not None:
                box.actor.live = False
                ActorRegistry.unregister(box.actor.actor_ref)
        self.lane.abandon()
        for venue in self.venues:
            venue.trade.socket = venue.feed.socket = None
            venue.trade.fresh()
        node.journal._drop()
        self.agenda.after(down_ns, self.start_node)

    def light(self, records: int, down_ns: int) -> None:
        """SIGKILL right after so many records with a hedge in flight.

        What still runs of that turn writes nothing and sends nothing.
        """
        node = self.node
        if node is None or self._fuse is not None:
            return
        self._fuse, append = records, node.journal.append

        def watched(kind: str, body: bytes, cause: int = 0) -> int:
            if self._fuse == 0:
                return node.journal.last_seq + 1
            seq = append(kind, body, cause)
            if self._fuse and (node.in_flight() or kind == "decision"):
                self._fuse -= 1
                if self._fuse == 0:
                    self.agenda.after(0, lambda: self.kill(down_ns))
            return seq

        node.journal.append = watched

    def run(self, ms: int) -> None:
        """Let so much virtual time pass."""
        self.lane.advance(ms * MS)

    def until(self, holds: Callable[[], bool], limit_ms: int) -> bool:
        """Until it holds, at most that long; whether it does."""
        self.lane.pump(holds, limit_ms * MS)
        return holds()

    def heal(self, ms: int) -> None:
        """Every trouble ends; the venues are well for so long, and what is held stays as it is.

        Halfway the gateways log on anew: a fill whose only report was lost is
        told by nothing else.
        """
        for holder in self.holders:
            holder.rest()
        world = self.exchange.world
        world.is_well = True
        for venue in world.venues.values():
            venue.troubles.clear(self.agenda.wall_ns)
        self.run(ms // 2)
        for adapter in self.adapters:
            adapter.log_on_anew()
        self.run(ms - ms // 2)

    def struck(self) -> dict[str, int]:
        """How often each kind of trouble met something."""
        found: dict[str, int] = {}
        for venue in self.exchange.world.venues.values():
            for kind, count in venue.troubles.struck.items():
                found[kind] = found.get(kind, 0) + count
        return dict(sorted(found.items()))

    def stop(self) -> None:
        """The node stops in order, as a signal has it do; then the gateways."""
        self.until(lambda: self.node is not None, STOP_NS // MS)
        if self.node is not None:
            node = self.node
            node.desk.stopping = True
            self.until(lambda: not node.in_flight(), PATIENCE_MS)
            node.runtime.stop(ROOT)
            self.until(lambda: not node.runtime.alive(ROOT), STOP_NS // MS)
            node.close("simulated")
        for venue in self.venues:
            venue.gateway.close()
