"""Requests about the exchange itself: troubles, truth, days, statuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from exchange.errors import ExchangeError
from exchange.truth import truth_of
from exchange.venue import Venue
from exchange.world import World
from wire import exchange as wire


class Control:
    """Answers control requests on a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.stopping = False
        self._answers: dict[type, Callable[[Any, int], dict[str, Any]]] = {
            wire.Fault: self._fault,
            wire.Truth: lambda message, _now: truth_of(world, message.venue),
            wire.RollDay: self._roll,
            wire.SetStatus: self._set_status,
            wire.Stop: self._stop,
        }

    def takes(self, message: wire.SessionMessage) -> bool:
        return type(message) in self._answers

    def answer(self, message: Any, now: int) -> wire.ControlReply:
        """Do it; the reply says what is wrong where it can't be done."""
        try:
            body = self._answers[type(message)](message, now)
        except ExchangeError as error:
            return wire.ControlReply(message.req_id, False, str(error), {})
        return wire.ControlReply(message.req_id, True, "", body)

    def _fault(self, message: wire.Fault, now: int) -> dict[str, Any]:
        if message.kind in ("list", "clear"):
            venues = [self._venue(message.venue)] if message.venue else list(self._world.venues.values())
            for venue in venues:
                venue.troubles.expire(now)
                if message.kind == "clear":
                    venue.troubles.clear(now)
            return {venue.name: venue.troubles.listed() for venue in venues}
        armed = self._venue(message.venue).trouble(now, message.kind, **message.args)
        return {message.venue: [msgspec.structs.asdict(armed)]}

    def _roll(self, message: wire.RollDay, now: int) -> dict[str, Any]:
        self._venue(message.venue).roll(now, message.trading_day)
        return {}

    def _set_status(self, message: wire.SetStatus, now: int) -> dict[str, Any]:
        self._venue(message.venue).set_status(now, message.symbol, message.status)
        return {}

    def _stop(self, _message: wire.Stop, _now: int) -> dict[str, Any]:
        self.stopping = True
        return {}

    def _venue(self, name: str) -> Venue:
        if name not in self._world.venues:
            raise ExchangeError(f"no venue {name!r}; there are: {', '.join(self._world.venues)}")
        return self._world.venues[name]
