"""A fuse: a signal at an exact place of a node's work, for tests alone.

Whoever kills a node from outside, after a look at its journal, comes too late:
the turn that wrote the record is over. A node that is started with a fuse looks
for `fuse.json` in a folder at each record; at the next record of the named
kind, and after so many of its frames have left, it notes what it does in
`burnt.jsonl` and sends the signal: to itself, or to the gateway of the venue
that the record is about. Each fuse burns once, also over restarts.

Only a node of `hedgerow run --fuse FOLDER` has one; the engine knows nothing
of it: the journal's `append` and the sockets' `send` are watched from here.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from domain.errors import WireError
from domain.hedges import HedgeClaimed, HedgeOpened, HedgeSentBack
from domain.ids import hedge_of, hedge_pair
from domain.mandates import MandateGiven, MandateRevoked
from domain.orders import CancelSubmitted
from system import processes
from system.clock import SteppedClock, WallOffset
from system.curve import CurveKeys
from system.processes import Process
from system.sockets import TradeSocket
from tools.machine import RealMachine
from wire.codec import decode_from_gateway, unpack
from wire.messages import ExecutionReport
from wire.records import Decision, decode_decision

ORDERS_FILE = "fuse.json"
BURNT_FILE = "burnt.jsonl"
NODE, GATEWAY = "node", "gateway"
SIGNALS = {"KILL": signal.SIGKILL, "STOP": signal.SIGSTOP}
ANSWERED_MS = 20
LEAK_BYTES, LEAK_EVERY_S = 4 << 20, 0.05
HEDGE, REPAIRS = "h", "pb"
"""Letters of order ids: the hedge's first orders, its repairs'."""


def spin() -> None:
    """A handler that never comes back, with the interpreter busy."""
    while True:
        pass


def leak() -> None:
    """Memory that is taken beside the lane and never given back."""
    kept: list[bytes] = []
    pause = threading.Event()

    def take() -> None:
        while not pause.wait(LEAK_EVERY_S):
            kept.append(b"\1" * LEAK_BYTES)

    threading.Thread(target=take, name="leak", daemon=True).start()


AILS = {"SPIN": spin, "LEAK": leak}
"""What a node of ours may do to itself instead of a signal."""


class FuseOrder(Struct, frozen=True):
    """`point`: which record; `sends`: how many of its frames leave first.

    `answered`: the last of them has been answered, too; `number` grows.
    """

    number: int
    point: str
    target: str
    signal: str
    sends: int = 0
    answered: bool = False


class Struck(Struct, frozen=True):
    """A record of the wanted kind: its hedge, venues, and its frames."""

    hedge: str
    venues: tuple[str, ...]
    frames: tuple[bytes, ...] = ()


Legs = dict[str, tuple[str, ...]]
"""The venues of each pair's legs, by pair."""


# ------------------------------------------------ which record


def _opened(told: Decision, _legs: Legs) -> Struck | None:
    if not any(isinstance(fact, HedgeOpened) for fact in told.facts):
        return None
    return Struck(told.hedge or "", tuple(venue for venue, _ in told.commands), tuple(frame for _, frame in told.commands))


def _canceled(told: Decision, _legs: Legs) -> Struck | None:
    if not any(isinstance(fact, CancelSubmitted) for fact in told.facts):
        return None
    sent = [(venue, frame) for venue, frame in told.commands if unpack(frame)[0] == "F"]
    return Struck(told.hedge or "", tuple(venue for venue, _ in sent), tuple(frame for _, frame in sent)) if sent else None


def _mandated(told: Decision, legs: Legs) -> Struck | None:
    given = [fact.mandate for fact in told.facts if isinstance(fact, MandateGiven)]
    if not given:
        return None
    venues = legs[hedge_pair(given[0].hedge_id)]
    return Struck(given[0].hedge_id, tuple(venues[mandate.leg] for mandate in given))


def _by_hand(told: Decision, legs: Legs) -> Struck | None:
    if not any(isinstance(fact, (HedgeSentBack, HedgeClaimed, MandateRevoked)) for fact in told.facts):
        return None
    return Struck(told.hedge or "", legs[told.pair])


def _filled(letters: str) -> Callable[[dict[str, Any]], Struck | None]:
    def look(told: dict[str, Any]) -> Struck | None:
        try:
            report = decode_from_gateway(told["frame"])
        except WireError:
            return None
        if not isinstance(report, ExecutionReport) or report.exec_type != "F" or report.poss_resend:
            return None
        hedge, letter = hedge_of(report.clord_id or "")
        return Struck(hedge, (told["venue"],)) if letter and letter in letters else None

    return look


DECISIONS: dict[str, Callable[[Decision, Legs], Struck | None]] = {
    "intent": _opened,
    "first_send": _opened,
    "cancel_sent": _canceled,
    "mandate_given": _mandated,
    "by_hand": _by_hand,
}
REPORTS: dict[str, Callable[[dict[str, Any]], Struck | None]] = {
    "first_fill": _filled(HEDGE),
    "repair_fill": _filled(REPAIRS),
}
POINTS = ("intent", "first_send", "first_fill", "cancel_sent", "mandate_given", "repair_fill")


def struck_by(point: str, kind: str, body: bytes, legs: Legs) -> Struck | None:
    """What the record says, where it is one of that point; else None."""
    if kind == "decision" and point in DECISIONS:
        return DECISIONS[point](decode_decision(body), legs)
    if kind == "report" and point in REPORTS:
        return REPORTS[point](unpack(body))
    return None


# ------------------------------------------------ the fuse itself


class Fuse:
    """Watches one node's records and sends. Thread: the lane."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._burnt = folder / BURNT_FILE
        self._decode = Decoder(FuseOrder).decode
        self._order: FuseOrder | None = None
        self._waits: tuple[Struck, set[bytes], int] | None = None
        self._node: Any = None
        self._legs: Legs = {}
        self._last = max((line["number"] for line in burnt(folder)), default=0)

    def watch(self, node: Any) -> None:
        """From now on each record of this node is looked at."""
        self._node = node
        self._legs = {spec.name: tuple(leg.venue for leg in spec.legs) for spec in node.specs}
        append = node.journal.append

        def fused(kind: str, body: bytes, cause: int = 0) -> int:
            seq = append(kind, body, cause)
            if kind in ("decision", "report"):
                self._look(kind, body, seq)
            return seq

        node.journal.append = fused

    def sent(self, socket: TradeSocket, frame: bytes) -> None:
        """A frame has left by that socket."""
        if self._waits is None:
            return
        struck, frames, seq = self._waits
        if frame not in frames:
            return
        frames.discard(frame)
        if len(struck.frames) - len(frames) < self._order.sends and frames:
            return
        if self._order.answered:
            socket.socket.poll(ANSWERED_MS)  # it has arrived: somebody answers, and nobody will read that
        self._burn(struck, seq)

    def _look(self, kind: str, body: bytes, seq: int) -> None:
        if self._order is None:
            self._take_order()
        if self._order is None:
            return
        struck = struck_by(self._order.point, kind, body, self._legs)
        if struck is None or not struck.venues:
            return
        self._waits = None
        if self._order.sends and struck.frames:
            self._waits = (struck, set(struck.frames), seq)
        else:
            self._burn(struck, seq)

    def _take_order(self) -> None:
        try:
            order = self._decode((self._folder / ORDERS_FILE).read_bytes())
        except (OSError, DecodeError):  # what is watched must not fail for it, with no descriptor left either
            return
        if order.number > self._last:
            self._order = order

    def _burn(self, struck: Struck, seq: int) -> None:
        """Note it, then strike; where a gateway is away, the next one does."""
        order, self._waits = self._order, None
        venue = struck.venues[order.number % len(struck.venues)]
        place = self._node.directory / "gateways" / f"{venue}.pid"
        gateway = None if order.target == NODE else processes.adopt(place)
        if gateway is None and order.target != NODE:
            return
        self._order, self._last = None, order.number
        self._note(order, struck, seq, venue, gateway)
        if gateway is not None:
            processes.send_signal(gateway, SIGNALS[order.signal])
        elif order.signal in AILS:
            AILS[order.signal]()
        else:
            signal.pthread_kill(threading.get_ident(), SIGNALS[order.signal])  # this very thread: not an instruction more

    def _note(self, order: FuseOrder, struck: Struck, seq: int, venue: str, gateway: Process | None) -> None:
        line = {
            "number": order.number,
            "point": order.point,
            "target": order.target,
            "venue": venue,
            "signal": order.signal,
            "pid": os.getpid() if gateway is None else gateway.pid,
            "hedge": struck.hedge,
            "seq": seq,
            "wall_ns": self._node.clock.wall_ns(),
        }
        with self._burnt.open("ab") as file:
            file.write(json.dumps(line).encode() + b"\n")


def burnt(folder: Path) -> list[dict[str, Any]]:
    """What has burnt so far, oldest first."""
    path = folder / BURNT_FILE
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def light(folder: Path, order: FuseOrder) -> None:
    """The next fuse; the node finds it at its next record."""
    beside = folder / f"{ORDERS_FILE}.new"
    beside.write_text(json.dumps({name: getattr(order, name) for name in order.__struct_fields__}), encoding="utf-8")
    beside.replace(folder / ORDERS_FILE)


class FusedSocket(TradeSocket):
    """The node's trade socket, whose sends a fuse counts."""

    def __init__(self, fuse: Fuse, *words: Any) -> None:
        super().__init__(*words)
        self._fuse = fuse

    def send(self, body: bytes) -> bool:
        """As ever; then the fuse is told."""
        left = super().send(body)
        if left:
            self._fuse.sent(self, body)
        return left


class FusedMachine(RealMachine):
    """The present process, with a fuse in it, and a wall clock that is stepped there.

    Its journal's segments are small, so that they roll while it is watched.
    """

    journal: ClassVar[dict[str, Any]] = {"segment_bytes": 256 * 1024}

    def __init__(self, after_ns: int, folder: Path) -> None:
        self._offset = WallOffset(folder)
        super().__init__(after_ns)
        self.fuse = Fuse(folder)

    def clock_from(self, after_ns: int) -> SteppedClock:
        """As everybody's, with what whoever tests has set its wall off by."""
        return SteppedClock(after_ns, self._offset)

    def trade_socket(self, endpoint: str, curve: CurveKeys | None = None) -> Any:
        """A DEALER that counts."""
        return FusedSocket(self.fuse, self.context, endpoint, curve)
