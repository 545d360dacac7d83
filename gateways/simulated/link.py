"""The connection to the exchange: made, kept alive, made again.

    down ──socket, Login──▶ joining ──LoginAck, instruments──▶ up
      ▲                                                        │
      └────────── silence, or the exchange says so ────────────┘

IMMEDIATE: nothing is queued for an exchange that isn't there. A connection
that was silent is dropped with all that waits in it, never used again.
"""

from __future__ import annotations

import zmq

from domain.errors import WireError
from domain.ports import Clock
from wire import exchange as wire

SILENT_NS = 1_500_000_000
LOGIN_AGAIN_NS = 500_000_000
NOT_THERE_NS = 5_000_000
"""A login that could not leave, since nobody is connected yet, is tried again so soon."""
HEARTBEAT_NS = 400_000_000
SEND_HWM = 1000
RECV_HWM = 100_000
RECONNECT_MS = 20
RECONNECT_MAX_MS = 200


class Link:
    """A DEALER to the exchange, in a session of its own."""

    def __init__(self, endpoint: str, login: wire.Login, clock: Clock) -> None:
        self._endpoint = endpoint
        self._login = login
        self._clock = clock
        self._context = zmq.Context()
        self.up = False
        self.broken = 0  # frames that were no message
        self.socket = self._connect()

    def send(self, message: wire.SessionMessage) -> bool:
        """True where the message left; False, at once, where it can't."""
        try:
            self.socket.send(wire.encode(message), zmq.NOBLOCK)
        except zmq.ZMQError:
            return False
        return True

    def receive(self) -> wire.SessionMessage | None:
        """The next message, None where none is; what is none is counted."""
        while self.socket.getsockopt(zmq.EVENTS) & zmq.POLLIN:
            frames = self.socket.recv_multipart(zmq.NOBLOCK)
            self._heard_ns = self._clock.mono_ns()
            try:
                return wire.decode_from_exchange(frames[-1])
            except WireError:
                self.broken += 1
        return None

    def beat(self) -> bool:
        """Heartbeat, or log in again; False: the exchange fell silent."""
        now_ns = self._clock.mono_ns()
        if self.up and now_ns - self._heard_ns > SILENT_NS:
            return False
        if now_ns >= self.due_ns:
            if self.up:
                self.send(wire.ClientHeartbeat(self._clock.wall_ns()))
                self.due_ns = now_ns + HEARTBEAT_NS
            else:
                self.due_ns = now_ns + (LOGIN_AGAIN_NS if self.send(self._login) else NOT_THERE_NS)
        return True

    def drop(self) -> None:
        """Forget the connection and begin anew."""
        self.socket.close(linger=0)
        self.up = False
        self.socket = self._connect()

    def close(self) -> None:
        """Log off; what was sent last may still leave."""
        self.send(wire.Logoff())
        self.socket.close(linger=RECONNECT_MAX_MS)
        self._context.term()

    def _connect(self) -> zmq.Socket:
        socket = self._context.socket(zmq.DEALER)
        options = {
            zmq.IMMEDIATE: 1,
            zmq.LINGER: 0,
            zmq.SNDTIMEO: 0,
            zmq.SNDHWM: SEND_HWM,
            zmq.RCVHWM: RECV_HWM,
            zmq.MAXMSGSIZE: wire.MAX_BODY_BYTES,
            zmq.RECONNECT_IVL: RECONNECT_MS,
            zmq.RECONNECT_IVL_MAX: RECONNECT_MAX_MS,
        }
        for option, value in options.items():
            socket.setsockopt(option, value)
        socket.connect(self._endpoint)
        self._heard_ns = self._clock.mono_ns()
        self.due_ns = self._heard_ns
        return socket
