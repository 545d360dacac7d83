"""ZeroMQ sockets with exactly the options of the protocol page.

libzmq's defaults queue orders for a dead peer and send them later; here a
socket refuses instead. Every endpoint is checked before it is used: `ipc://` in
a private directory, `tcp://` on loopback, or with CURVE elsewhere.

Source: docs/en/gateway-protocol.md, "Sockets"; zmq_setsockopt(3).
"""

from __future__ import annotations

import ipaddress
import stat
from collections.abc import Iterable
from pathlib import Path

import zmq
import zmq.backend
from zmq.utils.monitor import parse_monitor_message

from domain.errors import ConfigError
from system.curve import CurveKeys

MAX_MESSAGE_BYTES = 64 * 1024
MAX_IPC_PATH_BYTES = 107
NODE_SEND_HWM = 64
NODE_RECV_HWM = 100_000
FEED_HWM = 10_000
INSPECTION_HWM = 100
RECONNECT_MS = 10
RECONNECT_MAX_MS = 50
"""A gateway that was raised again is found as soon as it binds."""
HANDSHAKE_MS = 2000
HEARTBEAT_TOPIC = b"\0"

# Plain numbers and the backend's own methods: pyzmq's enums and wrappers cost
# 2 to 4 us a call, on a path that has about 80. A frame knows by itself whether
# more follow; asking the socket makes an enum of the answer.
EVENTS, RCVMORE, POLLIN, NOBLOCK = int(zmq.EVENTS), int(zmq.RCVMORE), int(zmq.POLLIN), int(zmq.NOBLOCK)
_get = zmq.backend.Socket.get
_recv = zmq.backend.Socket.recv
_send = zmq.backend.Socket.send


SCHED_BATCH = 3


def new_context() -> zmq.Context:
    """A context whose I/O thread never takes the core from the lane.

    Waking that thread is what a send costs; under SCHED_BATCH it waits for a
    free core instead of preempting the sender between its two orders (p90 of a
    first send: 11 us against 42). Source: sched(7).
    """
    context = zmq.Context()
    context.set(zmq.THREAD_SCHED_POLICY, SCHED_BATCH)
    context.set(zmq.THREAD_PRIORITY, 0)
    return context


# ---------------------------------------------------------------- endpoints


def private_directory(path: Path) -> Path:
    """Make `path` (mode 0700) for ipc sockets, or raise where it is not."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(str(path), "directory", error.strerror, "a directory that is there or can be made") from None
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise ConfigError(str(path), "mode", oct(mode), "0700: chmod it, or use a directory of its own")
    return path


def check_endpoint(endpoint: str, *, curve: CurveKeys | None = None, file: str = "-", key: str = "endpoint") -> None:
    """Accept an endpoint that orders may travel over.

    Raises: ConfigError that names `file` and `key`.
    """
    scheme, _, rest = endpoint.partition("://")
    if scheme == "ipc":
        _check_ipc(endpoint, rest, file, key)
    elif scheme == "tcp":
        _check_tcp(endpoint, rest, curve, file, key)
    else:
        raise ConfigError(file, key, endpoint, "ipc:///directory/name or tcp://host:port")


def _check_ipc(endpoint: str, rest: str, file: str, key: str) -> None:
    path = Path(rest)
    if rest.startswith("@") or not path.is_absolute():
        raise ConfigError(file, key, endpoint, "an absolute path, never the abstract namespace")
    if len(rest.encode()) > MAX_IPC_PATH_BYTES:
        raise ConfigError(file, key, endpoint, f"a path of at most {MAX_IPC_PATH_BYTES} bytes")
    try:
        mode = stat.S_IMODE(path.parent.stat().st_mode)
    except OSError as error:
        raise ConfigError(file, key, endpoint, f"a directory that exists ({error.strerror})") from error
    if mode & 0o077:
        raise ConfigError(file, key, endpoint, f"a directory of mode 0700; {path.parent} is {mode:04o}")


def _check_tcp(endpoint: str, rest: str, curve: CurveKeys | None, file: str, key: str) -> None:
    host, _, port = rest.rpartition(":")
    if not host or not (port == "*" or (port.isascii() and port.isdigit())):
        raise ConfigError(file, key, endpoint, "tcp://host:port")
    if curve is None and not _is_loopback(host.strip("[]")):
        raise ConfigError(file, key, endpoint, "off loopback only with CURVE keys: node.curve_keys and the venue's curve_server")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# ---------------------------------------------------------------- options


def _connected(
    context: zmq.Context, kind: int, endpoint: str, curve: CurveKeys | None, options: dict[int, int]
) -> zmq.Socket:
    socket = _new(context, kind, endpoint, curve, options)
    if curve is not None:
        socket.setsockopt_string(zmq.CURVE_SERVERKEY, curve.server_public)
    socket.connect(endpoint)
    return socket


def _new(
    context: zmq.Context, kind: int, endpoint: str, curve: CurveKeys | None, options: dict[int, int]
) -> zmq.Socket:
    check_endpoint(endpoint, curve=curve)
    socket = context.socket(kind)
    common = {
        zmq.LINGER: 0,
        zmq.MAXMSGSIZE: MAX_MESSAGE_BYTES,
        zmq.RECONNECT_IVL: RECONNECT_MS,
        zmq.RECONNECT_IVL_MAX: RECONNECT_MAX_MS,
        zmq.HANDSHAKE_IVL: HANDSHAKE_MS,
    }
    for option, value in (common | options).items():
        socket.setsockopt(option, value)
    if curve is not None:
        socket.setsockopt_string(zmq.CURVE_PUBLICKEY, curve.public)
        socket.setsockopt_string(zmq.CURVE_SECRETKEY, curve.secret)
    return socket


def inspection_router(context: zmq.Context, endpoint: str, most_bytes: int = MAX_MESSAGE_BYTES) -> zmq.Socket:
    """The node's inspection socket; a slow tool loses answers, not time."""
    options = {zmq.SNDTIMEO: 0, zmq.SNDHWM: INSPECTION_HWM, zmq.RCVHWM: INSPECTION_HWM, zmq.MAXMSGSIZE: most_bytes}
    socket = _new(context, zmq.ROUTER, endpoint, None, options)
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        socket.close(0)
        raise ConfigError("-", "endpoint", endpoint, f"an endpoint that can be bound ({error.strerror})") from error
    return socket


def inspection_dealer(context: zmq.Context, endpoint: str) -> zmq.Socket:
    """A tool's side of the inspection socket."""
    return _connected(context, zmq.DEALER, endpoint, None, {zmq.IMMEDIATE: 1, zmq.MAXMSGSIZE: -1})


# ---------------------------------------------------------------- node's side


_REFUSALS = {
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "the gateway does not let this node's key in: put its public key into the gateway's allow-list",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "the gateway's key is not the venue's curve_server, or it uses no CURVE",
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "the gateway ends the CURVE handshake: its key is not the venue's curve_server, or it uses no CURVE",
}
_HANDSHAKES = zmq.EVENT_HANDSHAKE_SUCCEEDED | sum(int(event) for event in _REFUSALS)

_ANY = -1
"""The first connection may be made before its monitor listens."""


class TradeSocket:
    """The node's DEALER: an order leaves at once, or is refused.

    Shape: `recv` gives one body, None where there is none; a message of more
    than one frame comes as b"", which no decoder accepts.
    """

    def __init__(self, context: zmq.Context, endpoint: str, curve: CurveKeys | None = None) -> None:
        options = {zmq.IMMEDIATE: 1, zmq.SNDTIMEO: 0, zmq.SNDHWM: NODE_SEND_HWM, zmq.RCVHWM: NODE_RECV_HWM}
        self.endpoint = endpoint
        self._has_curve = curve is not None
        self.socket = _connected(context, zmq.DEALER, endpoint, curve, options)
        self.monitor = self.socket.get_monitor_socket(zmq.EVENT_CONNECTED | zmq.EVENT_DISCONNECTED | _HANDSHAKES)
        self._fd: int | None = _ANY  # of the connection that counts; none between two
        self.refused = ""
        """Why no CURVE handshake comes about; "" once one has, or none is made."""

    def send(self, body: bytes) -> bool:
        """True when libzmq took it; False, at once, when it did not."""
        try:
            _send(self.socket, body, NOBLOCK)
        except zmq.ZMQError:
            return False
        return True

    def has_more(self) -> bool:
        """Whether `recv` would give something."""
        return _get(self.socket, EVENTS) & POLLIN != 0

    def recv(self) -> bytes | None:
        socket = self.socket
        try:
            frame = _recv(socket, NOBLOCK, False)
        except zmq.Again:
            return None
        if not frame.more:
            return frame.bytes
        _skip(socket)
        return b""

    def was_cut(self) -> bool:
        """Whether the connection broke since this was asked last.

        Not one that was given up: its end may be heard of after `reconnect`.
        """
        cut = False
        while _get(self.monitor, EVENTS) & POLLIN:
            told = parse_monitor_message(self.monitor.recv_multipart(zmq.NOBLOCK))
            event, fd = told["event"], told["value"]
            if event == zmq.EVENT_CONNECTED:
                self._fd = fd
            elif event == zmq.EVENT_DISCONNECTED:
                if self._fd in (_ANY, fd):
                    cut, self._fd = True, None
            else:
                self.refused = _REFUSALS.get(event, "") if self._has_curve else ""
        return cut

    @property
    def connected(self) -> bool:
        """Whether the connection stands, as `was_cut` has last read.

        What is sent right after `reconnect` may still go with the one that was
        given up: libzmq takes it, and nobody gets it.
        """
        return self._fd is not None

    def reconnect(self) -> None:
        """Drop the connection with all that waits in it, and make a new one."""
        self.was_cut()
        self._fd = None
        _reconnect(self.socket, self.endpoint)

    def close(self) -> None:
        self.socket.disable_monitor()
        self.monitor.close(0)
        self.socket.close(0)


class FeedSocket:
    """The node's SUB; `recv` gives (topic, body), as TradeSocket's does."""

    def __init__(
        self, context: zmq.Context, endpoint: str, topics: Iterable[bytes], curve: CurveKeys | None = None
    ) -> None:
        self.endpoint = endpoint
        self.socket = _connected(context, zmq.SUB, endpoint, curve, {zmq.RCVHWM: FEED_HWM})
        for topic in (HEARTBEAT_TOPIC, *topics):
            self.socket.setsockopt(zmq.SUBSCRIBE, topic)

    def subscribe(self, topic: bytes) -> None:
        """One more topic; it stays over `reconnect`."""
        self.socket.setsockopt(zmq.SUBSCRIBE, topic)

    def has_more(self) -> bool:
        """Whether `recv` would give something."""
        return _get(self.socket, EVENTS) & POLLIN != 0

    def recv(self) -> tuple[bytes, bytes] | None:
        """One check for both frames: what is out of step shows in the second."""
        socket = self.socket
        try:
            topic = _recv(socket, NOBLOCK)
            frame = _recv(socket, NOBLOCK, False)
        except zmq.Again:
            return None
        if frame.more:
            _skip(socket)
            return topic, b""
        return topic, frame.bytes

    def reconnect(self) -> None:
        """Make the connection anew; what is subscribed stays.

        One message is read first, and lost: whoever asked whether there is one
        has had libzmq take its first frame already, and without the second,
        which goes with the connection, libzmq aborts the process
        (`!_more`, src/fq.cpp).
        """
        self.recv()
        _reconnect(self.socket, self.endpoint)

    def close(self) -> None:
        self.socket.close(0)


def _reconnect(socket: zmq.Socket, endpoint: str) -> None:
    """Also where libzmq gave up by itself, as it does after a wrong frame."""
    try:
        socket.disconnect(endpoint)
    except zmq.ZMQError:
        pass  # it has no such connection any more
    socket.connect(endpoint)


def _skip(socket: zmq.Socket) -> None:
    while _get(socket, RCVMORE):
        _recv(socket, NOBLOCK)
