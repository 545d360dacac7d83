"""Who holds what a desk's cover covers, and tells its node of it.

As in production it is told by the pair's file, by its feed, or by a person's
`exposure set`, which waits while there is no node. `told` is what is held, and
since when: what a cover should have covered is judged by it alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from actors.exposures import TOPIC
from actors.notes import Operate
from simulation.agenda import MS, Agenda
from simulation.network import FeedLink
from simulation.replayed import Unwatched
from system.clock import chance
from system.files import replace_file
from wire.exposures import decode_exposure

FILE, FEED, HAND = "file", "feed", "hand"
AGAIN_NS = 1000 * MS
"""A person whose word nobody takes says it again so much later."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Holding(NamedTuple):
    """What is held elsewhere: `qtys` in turn, each for `every_ms` or up to a tenth more.

    `how`: file, feed or hand; `place`: its file's path or its feed's name;
    `fresh_ms`: how often an unchanged quantity is told again, 0 never.
    """

    pair: str
    how: str
    place: str
    qtys: Sequence[str]
    every_ms: int
    fresh_ms: int
    unit: str = ""
    book: str = ""
    asset: str = ""


class Holder:
    """Thread: the lane. `node()`: the one that runs, None while there is none."""

    def __init__(self, agenda: Agenda, holding: Holding, node: Callable[[], Any], seed: int) -> None:
        self.holding = holding
        self.told: list[tuple[int, str]] = []
        self.feed = FeedLink(holding.place, agenda, chance(seed), Unwatched()) if holding.how == FEED else None
        self._agenda, self._node, self._rng = agenda, node, chance(seed)
        self._version = self._turn = 0
        self._moves = True

    def begin(self) -> None:
        """The first word, before a node is there to read it."""
        self._move()
        if self.holding.fresh_ms:
            self._agenda.after(self.holding.fresh_ms * MS, self._again)

    def rest(self) -> None:
        """What is held stays as it is."""
        self._moves = False

    def _move(self) -> None:
        if not self._moves:
            return
        held = self.holding
        self.told.append((self._agenda.wall_ns, held.qtys[self._turn % len(held.qtys)]))
        self._turn += 1
        self._say()
        late_ns = self._rng.randrange(held.every_ms * MS // 10)  # else it would move as its file is looked at
        self._agenda.after(held.every_ms * MS + late_ns, self._move)

    def _again(self) -> None:
        self._say()
        self._agenda.after(self.holding.fresh_ms * MS, self._again)

    def _say(self) -> None:
        held = self.holding
        self._version += 1
        as_of = EPOCH + timedelta(microseconds=self._agenda.wall_ns // 1000)
        words = {"unit": held.unit, "book": held.book, "asset": held.asset}
        told = {"version": self._version, "qty": self.told[-1][1], "as_of": as_of.isoformat(), **{key: word for key, word in words.items() if word}}
        body = json.dumps(told).encode()
        if held.how == FILE:
            replace_file(Path(held.place), body)
        elif self.feed is not None:
            self.feed.publish(TOPIC, body)
        else:
            self._by_hand(body, self._version)

    def _by_hand(self, body: bytes, version: int) -> None:
        if version != self._version:
            return  # there is a newer word
        node = self._node()
        actor = None if node is None else node.pair_actor(self.holding.pair)
        if actor is None:
            self._agenda.after(AGAIN_NS, lambda: self._by_hand(body, version))
        else:
            actor.on_operate(Operate("exposure_set", "try", "sim try", exposure=decode_exposure(body, "hand")))
