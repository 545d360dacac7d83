"""The exchange's process loop: one ROUTER, one timeline, one truth log.

Each lap: read what peers sent, move the venues to now, write the truth log,
then send. What a client is told is in the truth log already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import zmq

from domain.errors import ConfigError, WireError
from exchange.sessions import Sessions
from exchange.truth import TruthLog
from exchange.world import MS, World
from system.sockets import check_endpoint
from wire.exchange import decode_from_client, encode

MAX_FRAMES_A_LAP = 256
MAX_WAIT_MS = 100
MAX_REQUEST_BYTES = 64 * 1024
SEND_HWM = 100_000


def bind(context: zmq.Context, endpoint: str) -> zmq.Socket:
    """The exchange's ROUTER; a peer that is gone is an error, not a silence.

    Raises: ConfigError for an endpoint that strangers reach, or that is taken.
    """
    check_endpoint(endpoint)
    socket = context.socket(zmq.ROUTER)
    options = {
        zmq.LINGER: 0,
        zmq.MAXMSGSIZE: MAX_REQUEST_BYTES,
        zmq.ROUTER_MANDATORY: 1,
        zmq.SNDTIMEO: 0,
        zmq.SNDHWM: SEND_HWM,
        zmq.RCVHWM: SEND_HWM,
    }
    for option, value in options.items():
        socket.setsockopt(option, value)
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        socket.close(0)
        raise ConfigError("-", "endpoint", endpoint, f"an endpoint that can be bound ({error.strerror})") from error
    return socket


class Clock(Protocol):
    """What the loop asks the time of."""

    def mono_ns(self) -> int: ...
    def wall_ns(self) -> int: ...


class ExchangeClock:
    """The exchange's own time: the wall's at the start, then steady."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = clock.wall_ns() - clock.mono_ns()

    def now(self) -> int:
        return self._clock.mono_ns() + self._ahead


class Server:
    """Serves a world on a bound ROUTER socket until told to stop."""

    def __init__(self, socket: zmq.Socket, world: World, clock: ExchangeClock, truth: TruthLog | None) -> None:
        self._socket = socket
        self._world = world
        self._clock = clock
        self._truth = truth
        self.sessions = Sessions(world)

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Laps until `should_stop`, asked at least every 100 ms, or `Stop`."""
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        while not (should_stop() or self.sessions.control.stopping):
            poller.poll(self._wait_ms())
            self.lap()

    def lap(self) -> None:
        """Read, move, record, send: once."""
        self._read()
        now = self._clock.now()
        self._world.advance(now)
        self._publish()
        self.sessions.tick(now)
        self._send()

    def _wait_ms(self) -> int:
        due = min(self._world.next_ns, self.sessions.next_ns) - self._clock.now()
        return max(0, min(MAX_WAIT_MS, -(-due // MS)))

    def _read(self) -> None:
        for _ in range(MAX_FRAMES_A_LAP):
            try:
                identity, *bodies = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            try:
                message = decode_from_client(bodies[0] if len(bodies) == 1 else b"")
            except WireError as error:
                self.sessions.not_understood(identity, str(error))
                continue
            now = self._clock.now()
            self._world.advance(now)
            self._publish()
            self.sessions.receive(identity, message, now)
            self._publish()

    def _publish(self) -> None:
        events = self._world.drain()
        if events:
            if self._truth is not None:
                self._truth.record(self._world, events)
            self.sessions.publish(events)

    def _send(self) -> None:
        outbox, self.sessions.outbox = self.sessions.outbox, []
        for identities, message in outbox:
            body = encode(message)
            for identity in identities:
                self._send_one(identity, body)

    def _send_one(self, identity: bytes, body: bytes) -> None:
        try:
            self._socket.send_multipart([identity, body], zmq.NOBLOCK)
        except zmq.ZMQError:
            # Gone, or so slow that its queue is full: its session ends; it asks for all when it comes back.
            self.sessions.gone(identity)


