"""A trace: what one actor is given, and how long it took over it.

It stands in the place of the actor's routes (`Actor.routes`) while it lasts, so
that an actor which is not traced pays nothing. It ends after so many messages,
by its time, when nobody has asked for a while, and with the actor.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from actors.base import Actor
from actors.mailbox import LANE_OF, Lane

MAX_MESSAGES = 1_000
MAX_TRACES = 8
LEASE_NS = 3_000_000_000
"""A trace that nobody has asked for so long has lost its reader."""


class Noted(NamedTuple):
    """One message. Units: monotonic ns, ns; `error`: what left its handler."""

    at_ns: int
    took_ns: int
    lane: str
    message: Any
    error: BaseException | None


class Trace:
    """`lanes`, `kinds`: of these alone, by name; empty: of all.

    Thread: `get` the actor's own; the rest any.
    """

    def __init__(
        self, actor: Actor, most: int, until_ns: int, lanes: frozenset[str] = frozenset(), kinds: frozenset[str] = frozenset()
    ) -> None:
        self.actor = actor
        self.left = most
        self.until_ns = until_ns
        self.noted: deque[Noted] = deque(maxlen=MAX_MESSAGES)
        self.count = 0
        self.ended = ""
        self.asked_ns = actor.clock.mono_ns()
        self._lanes, self._kinds = lanes, kinds
        self._routes = type(actor).routes
        self._found: dict[type, Callable[..., Any] | None] = {}
        actor.routes = self

    def get(self, kind: type, default: Any = None) -> Any:
        """The handler of a class of messages, noted where it is wanted."""
        if kind not in self._found:
            handler = self._routes.get(kind, default)
            self._found[kind] = self._noting(handler, kind) if handler is not None and self._wants(kind) else handler
        return self._found[kind]

    def _wants(self, kind: type) -> bool:
        lane = Lane(LANE_OF[kind]).name.lower()
        return (not self._lanes or lane in self._lanes) and (not self._kinds or kind.__name__ in self._kinds)

    def _noting(self, handler: Callable[..., Any], kind: type) -> Callable[..., Any]:
        lane, clock = Lane(LANE_OF[kind]).name.lower(), self.actor.clock

        def noted(actor: Actor, message: Any) -> Any:
            error, began_ns = None, clock.mono_ns()
            try:
                return handler(actor, message)
            except BaseException as raised:
                error = raised
                raise
            finally:
                self._note(Noted(began_ns, clock.mono_ns() - began_ns, lane, message, error))

        return noted

    def _note(self, noted: Noted) -> None:
        if self.ended:
            return
        if noted.at_ns >= self.until_ns:
            self.end("its time is over")
            return
        self.noted.append(noted)
        self.count += 1
        self.left -= 1
        if self.left <= 0:
            self.end("it has its messages")

    def end(self, why: str) -> None:
        """Give the actor its own routes again; the first reason stays."""
        if not self.ended:
            self.ended = why
        if self.actor.__dict__.get("routes") is self:
            del self.actor.routes

    def look(self, now_ns: int) -> None:
        """End what nobody wants any more."""
        if not self.actor.live:
            self.end("the actor has ended")
        elif now_ns >= self.until_ns:
            self.end("its time is over")
        elif now_ns >= self.asked_ns + LEASE_NS:
            self.end("nobody reads it")

    def since(self, count: int) -> list[tuple[int, Noted]]:
        """What came after the first `count`, each with its number."""
        kept = list(self.noted)
        first = self.count - len(kept)
        return [(first + place + 1, noted) for place, noted in enumerate(kept) if first + place >= count]
