"""Who is logged on: one identity a node name, the newest accepted logon.

A node name is served at the highest epoch that was seen of it, on the
identity that logged on last; whatever comes from another identity is refused.
Silence for cancel_on_disconnect_ms is noticed here and acted on elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wire.messages import Logon

Send = Callable[[bytes, bytes], bool]


class Session:
    """A node by its name, whether it is connected or not."""

    __slots__ = ("cancel_ms", "fired", "heard_ns", "identity", "node", "node_epoch", "sending", "tried_ns")

    def __init__(self, node: str, node_epoch: int, cancel_ms: int, heard_ns: int) -> None:
        self.node = node
        self.node_epoch = node_epoch
        self.cancel_ms = cancel_ms
        self.heard_ns = heard_ns  # monotonic
        self.identity: bytes | None = None
        self.sending = False
        self.fired = False  # its silence was acted on: no orders until a new logon
        self.tried_ns = 0  # monotonic: when its orders were last cancelled for it


class Sessions:
    """All nodes ever heard; `send` puts a body on the socket, False: can't."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.by_node: dict[str, Session] = {}
        self._by_identity: dict[bytes, Session] = {}

    def restore(self, node: str, node_epoch: int, cancel_ms: int, now_ns: int) -> None:
        """A node that an earlier process served: its silence counts from now."""
        known = self.by_node.get(node)
        if known is None or node_epoch >= known.node_epoch:
            self.by_node[node] = Session(node, node_epoch, cancel_ms, now_ns)

    def logon(self, identity: bytes, logon: Logon, now_ns: int) -> Session | None:
        """The session, from now on on this identity; None: an old epoch."""
        session = self.by_node.get(logon.node)
        if session is not None and logon.node_epoch < session.node_epoch:
            return None
        self._release(self._by_identity.get(identity))
        if session is None:
            session = self.by_node[logon.node] = Session(logon.node, logon.node_epoch, 0, now_ns)
        self._release(session)
        session.node_epoch = logon.node_epoch
        session.cancel_ms = logon.cancel_on_disconnect_ms
        session.heard_ns = now_ns
        session.identity = identity
        session.sending = True
        session.fired = False
        session.tried_ns = 0
        self._by_identity[identity] = session
        return session

    def logout(self, session: Session) -> None:
        """It is gone by its own word; its silence counts from here."""
        self._release(session)

    def of(self, identity: bytes) -> Session | None:
        """Who is logged on with this identity now."""
        return self._by_identity.get(identity)

    def connected(self) -> Iterable[Session]:
        return [session for session in self.by_node.values() if session.sending]

    def send(self, session: Session, body: bytes) -> bool:
        """Send to a node; one that can't take it gets no more until `A`."""
        if session.sending and session.identity is not None:
            session.sending = self._send(session.identity, body)
        return session.sending

    def silent(self, now_ns: int) -> list[Session]:
        """Those that were silent for longer than they said they'd be."""
        return [
            one for one in self.by_node.values() if one.cancel_ms and now_ns - one.heard_ns > one.cancel_ms * 1_000_000
        ]

    def _release(self, session: Session | None) -> None:
        if session is not None and session.identity is not None:
            self._by_identity.pop(session.identity, None)
            session.identity = None
            session.sending = False
