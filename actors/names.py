"""Addresses: an actor is reached by its name, under one epoch or any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.deaths import SHUTDOWN, Cause, Down, LinkBroken, dependency
from actors.mailbox import Mailbox

ANY_EPOCH = 0


class Address:
    """Where to tell: the name's mailbox, kept to skip the look-up.

    With `epoch` 0 it reaches whoever bears the name, also after a restart. With
    an epoch (what `spawn` gives) it reaches that incarnation only; after its
    death the mail is a dead letter.
    """

    __slots__ = ("_box", "epoch", "name")

    def __init__(self, box: Mailbox, epoch: int = ANY_EPOCH) -> None:
        self._box = box
        self.name = box.name
        self.epoch = epoch

    def tell(self, message: Any) -> None:
        """Enqueue; never raises, never blocks.

        Thread: any.
        """
        if self.epoch and self.epoch != self._box.epoch:
            self._box.refuse(message)
        else:
            self._box.put(message)

    def quote_port(self) -> Callable[[Any], None]:
        """What takes a quote without a look at its class or the thread.

        Thread: the mailbox's own, the lane's.
        """
        return self._box.accept_quote

    def alive(self) -> bool:
        """True while that incarnation (or any, with epoch 0) runs."""
        return self._box.actor is not None and self.epoch in (ANY_EPOCH, self._box.epoch)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and (self.name, self.epoch) == (other.name, other.epoch)

    def __hash__(self) -> int:
        return hash((self.name, self.epoch))

    def __repr__(self) -> str:
        return f"{self.name}#{self.epoch}" if self.epoch else self.name


class Link(Address):
    """One end of a link: the other's end ends this one, a normal end apart."""

    __slots__ = ()

    def tell(self, down: Down) -> None:
        """Pass the other's end on: a shutdown as one, the rest as a dependency's."""
        cause = down.reason.cause
        if cause is not Cause.NORMAL:
            super().tell(LinkBroken(SHUTDOWN if cause is Cause.SHUTDOWN else dependency(down.name, down.reason)))
