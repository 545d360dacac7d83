"""Sockets of a gateway: the options of the protocol page, and refusals.

libzmq's defaults are dangerous for orders: a ROUTER drops what it can't route
in silence (ROUTER_MANDATORY says so instead), and queues are short. A socket
that strangers could reach is refused at start, not noticed later.
"""

from __future__ import annotations

import ipaddress
import stat
from pathlib import Path
from typing import Any

import zmq

from domain.errors import ConfigError
from system.curve import CurveServer
from wire.messages import MAX_BODY_BYTES

TRADE_SNDHWM = 100_000
FEED_SNDHWM = 100_000
MAX_IPC_PATH_BYTES = 107  # sockaddr_un


def bind_trade(context: zmq.Context, endpoint: str, curve: CurveServer | None = None) -> zmq.Socket:
    """The ROUTER that nodes send orders to. Raises: ConfigError."""
    check_endpoint(endpoint, "trade", curve)
    socket = context.socket(zmq.ROUTER)
    socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
    socket.setsockopt(zmq.ROUTER_HANDOVER, 0)
    socket.setsockopt(zmq.SNDHWM, TRADE_SNDHWM)
    return _bind(socket, endpoint, "trade", curve)


def bind_feed(context: zmq.Context, endpoint: str, curve: CurveServer | None = None) -> zmq.Socket:
    """The XPUB that tells each new subscription. Raises: ConfigError."""
    check_endpoint(endpoint, "feed", curve)
    socket = context.socket(zmq.XPUB)
    socket.setsockopt(zmq.XPUB_VERBOSER, 1)
    socket.setsockopt(zmq.SNDHWM, FEED_SNDHWM)
    return _bind(socket, endpoint, "feed", curve)


def authenticator(context: zmq.Context, curve: CurveServer) -> Any:
    """Lets the allow-list in, and nobody else; stop it before the context ends.

    Thread: it has one of its own; handshakes are rare and not orders.
    """
    from zmq.auth.thread import ThreadAuthenticator

    asked = ThreadAuthenticator(context)
    asked.start()
    asked.configure_curve_callback(domain="*", credentials_provider=curve)
    return asked


def check_endpoint(endpoint: str, key: str, curve: CurveServer | None = None) -> None:
    """Refuse an endpoint that others could reach. Raises: ConfigError."""
    scheme, _, rest = endpoint.partition("://")
    if scheme == "ipc":
        _check_ipc(endpoint, rest, key)
    elif scheme == "tcp":
        _check_tcp(endpoint, rest, key, curve)
    else:
        raise _wrong(endpoint, key, "ipc://PATH, or tcp://127.0.0.1:PORT")


def _check_ipc(endpoint: str, path: str, key: str) -> None:
    if not path.startswith("/"):
        raise _wrong(endpoint, key, "ipc:// with an absolute path, not the abstract namespace")
    if len(path.encode()) > MAX_IPC_PATH_BYTES:
        raise _wrong(endpoint, key, f"a path of at most {MAX_IPC_PATH_BYTES} bytes: choose a shorter directory")
    folder = Path(path).parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        raise _wrong(
            endpoint, key, f"a directory of mode 0700: {folder} has {mode:04o}; chmod 700 it or choose another"
        )


def _check_tcp(endpoint: str, rest: str, key: str, curve: CurveServer | None) -> None:
    host = rest.rpartition(":")[0].strip("[]")
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback and curve is None:
        raise _wrong(endpoint, key, "tcp:// on loopback; off this machine with --curve-keys and --curve-allow")


def _bind(socket: zmq.Socket, endpoint: str, key: str, curve: CurveServer | None) -> zmq.Socket:
    socket.setsockopt(zmq.LINGER, 0)
    if curve is not None:
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt_string(zmq.CURVE_SECRETKEY, curve.keys.secret)
    socket.setsockopt(zmq.MAXMSGSIZE, MAX_BODY_BYTES)
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        socket.close()
        raise _wrong(endpoint, key, f"an endpoint that is free: {error}") from error
    return socket


def _wrong(endpoint: str, key: str, allowed: str) -> ConfigError:
    return ConfigError("gateway", key, endpoint, allowed)
