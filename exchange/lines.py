"""Lines to the clients that a trouble took down, or made silent.

A line that is down takes no login. A silent one keeps what it should say, and
says it in its order when it speaks again, to whom is still there.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from wire import exchange as wire

QUOTES = (wire.Book, wire.Status)
BEATS = (wire.ExchangeHeartbeat,)


class Silence(msgspec.Struct):
    """A line that says nothing. `how`: all, orders, quotes."""

    venue: str
    account: str
    how: str
    kept: list[tuple[bytes, wire.SessionMessage]] = []

    def keeps(self, venue: str, account: str, message: wire.SessionMessage) -> bool:
        if venue != self.venue or self.account not in ("", account):
            return False
        if self.how == "all":
            return True
        return isinstance(message, QUOTES) if self.how == "quotes" else not isinstance(message, (*QUOTES, *BEATS))


class Lines:
    """Which lines are down or silent, by venue and account ("" all of it)."""

    def __init__(self, send: Callable[[bytes, wire.SessionMessage], None]) -> None:
        self._send = send
        self._down: list[tuple[str, str]] = []
        self._silent: list[Silence] = []

    def drop(self, venue: str, account: str) -> None:
        self._down.append((venue, account))

    def back(self, venue: str, account: str) -> None:
        self._down.remove((venue, account))

    def is_down(self, venue: str, account: str) -> bool:
        return any(name == venue and who in ("", account) for name, who in self._down)

    def hush(self, venue: str, account: str, how: str) -> None:
        self._silent.append(Silence(venue, account, how))

    def speak(self, venue: str, account: str, how: str) -> None:
        """The oldest such silence ends: all that it kept is said."""
        found = next(one for one in self._silent if (one.venue, one.account, one.how) == (venue, account, how))
        self._silent.remove(found)
        for identity, message in found.kept:
            self._send(identity, message)

    def keep(self, venue: str, account: str, identity: bytes, message: wire.SessionMessage) -> bool:
        """Whether the message is kept for later, since its line is silent."""
        for silence in self._silent:
            if silence.keeps(venue, account, message):
                if not isinstance(message, BEATS):  # a beat is of its moment
                    silence.kept.append((identity, message))
                return True
        return False
