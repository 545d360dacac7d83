"""Words to the service manager that started this process.

Without a NOTIFY_SOCKET every word goes nowhere. A word never waits and never
fails: a manager that does not listen is no reason to stop trading.

Source: sd_notify(3), systemd.service(5).
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

from system.clock import SystemClock

NS_A_US = 1_000
BEATS_A_WATCHDOG = 3
"""So many beats in the time that the manager allows between two."""


class Notifier:
    """`address`: where the manager listens, "" for nobody; `@name` is abstract.

    `watchdog_us`: it acts when it has not heard `beat` for so long; 0: never.

    Thread: any.
    """

    def __init__(self, address: str = "", watchdog_us: int = 0) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_us = watchdog_us if address else 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) if address else None
        self._status = ""
        self.lost = 0
        """Words that the manager did not take."""

    @property
    def beat_ns(self) -> int:
        """How often `beat` is due; 0: nobody waits for it."""
        return self.watchdog_us * NS_A_US // BEATS_A_WATCHDOG

    def ready(self, status: str = "") -> None:
        """It does its work; `status` is shown to people, once more after a reload."""
        self._status = status or self._status
        self._say("READY=1", f"STATUS={self._status}")

    def stopping(self, status: str) -> None:
        """It ends in order, which may take its time."""
        self._say("STOPPING=1", f"STATUS={status}")

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Its configuration changes in this block."""
        self._say("RELOADING=1", f"MONOTONIC_USEC={SystemClock().mono_ns() // NS_A_US}", "STATUS=changing the configuration")
        try:
            yield
        finally:
            self.ready()

    def beat(self) -> None:
        """It lives."""
        self._say("WATCHDOG=1")

    def close(self) -> None:
        """No more words."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _say(self, *lines: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto("\n".join(lines).encode(), socket.MSG_DONTWAIT, self._address)
        except OSError:
            self.lost += 1


def from_environment(environ: MutableMapping[str, str], pid: int) -> Notifier:
    """What the manager put there, taken out: our own children aren't its services."""
    address = environ.pop("NOTIFY_SOCKET", "")
    watchdog, meant = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
    is_ours = watchdog.isascii() and watchdog.isdigit() and meant in ("", str(pid))
    if not address.startswith(("/", "@")):
        return Notifier()
    return Notifier(address, int(watchdog) if is_ours else 0)
