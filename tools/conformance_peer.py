"""A node for checking gateways: it sends by the page, and trusts nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.errors import WireError
from tools.conformance import Sheet
from wire import messages as wire
from wire.codec import decode_from_gateway, encode

MS = 1_000_000
ANSWER_MS = 2_000
QUIET_MS = 250
BEAT_MS = 250
STEP_MS = 20
CONNECT_MS = 3_000

Wanted = Callable[[Any], bool]


def _answers_logon(message: Any) -> bool:
    return isinstance(message, wire.GatewayLogon) or (
        isinstance(message, wire.BusinessReject) and message.ref_type == "A"
    )


class Peer:
    """One trade connection. `log`: all messages that came, in order.

    What does not decode, and each number out of step, goes to the sheet. Once
    logged on it heartbeats while it waits, unless `beats` is put off.
    """

    def __init__(self, make: Callable[[], Any], clock: Any, sheet: Sheet, name: str, epoch: int) -> None:
        self.socket = make()
        self.clock, self.sheet, self.name, self.epoch = clock, sheet, name, epoch
        self.log: list[Any] = []
        self.last_seq, self.gateway_epoch, self.trading_day = 0, 0, ""
        self.beats = False
        """From the first logon on: before it a node sends nothing else."""
        self._beat_ns = 0

    def close(self) -> None:
        self.socket.close()

    # ------------------------------------------------ sending

    def connected(self) -> bool:
        """Whether the gateway takes frames within the time for it."""
        import zmq

        return bool(self.socket.socket.poll(CONNECT_MS, zmq.POLLOUT))

    def send(self, message: Any) -> bool:
        return self.socket.send(encode(message))

    def send_raw(self, body: bytes) -> bool:
        return self.socket.send(body)

    def logon(self, epoch_seen: int = 0, seq_seen: int = 0, cancel_ms: int = 0, epoch: int | None = None) -> Any:
        """The answer to an A: a logon, a reject, or None in silence."""
        at = len(self.log)
        self.last_seq = seq_seen if epoch_seen else 0
        told = self.epoch if epoch is None else epoch
        self.send(wire.Logon(wire.PROTOCOL_VERSION, self.name, told, epoch_seen, seq_seen, cancel_ms))
        answer = self.first(_answers_logon, at)
        if isinstance(answer, wire.GatewayLogon):
            self.gateway_epoch, self.trading_day = answer.epoch, answer.trading_day
            self.beats = True
            if epoch_seen != answer.epoch:
                self.last_seq = answer.last_seq
        return answer

    # ------------------------------------------------ waiting

    def first(self, wanted: Wanted, at: int, ms: int | None = None) -> Any:
        """The first message from place `at` on that is wanted, or None."""
        until_ns = self.clock.mono_ns() + (ANSWER_MS if ms is None else ms) * MS
        while True:
            for message in self.log[at:]:
                if wanted(message):
                    return message
            if self.clock.mono_ns() >= until_ns:
                return None
            self._step()

    def listen(self, ms: int) -> list[Any]:
        """All that comes within so long, heartbeats left out."""
        at = len(self.log)
        self.first(lambda _message: False, at, ms)
        return [m for m in self.log[at:] if not isinstance(m, wire.GatewayHeartbeat)]

    def ask(self, message: Any, wanted: Wanted, ms: int | None = None) -> tuple[Any, list[Any]]:
        """Send it; the answer that is wanted, and all that came up to it."""
        at = len(self.log)
        self.send(message)
        answer = self.first(wanted, at, ms)
        came = self.log[at:]
        if answer is not None:
            came = came[: next(i for i, each in enumerate(came) if each is answer) + 1]
        return answer, [m for m in came if not isinstance(m, wire.GatewayHeartbeat)]

    def _step(self) -> None:
        now_ns = self.clock.mono_ns()
        if self.beats and now_ns >= self._beat_ns:
            self._beat_ns = now_ns + BEAT_MS * MS
            self.send(wire.NodeHeartbeat(self.clock.wall_ns()))
        if self.socket.socket.poll(STEP_MS):
            while (body := self.socket.recv()) is not None:
                self._take(body)

    def _take(self, body: bytes) -> None:
        try:
            message = decode_from_gateway(body)
        except WireError as error:
            self.sheet.holds("trade.frames", False, f"{body[:40].hex()}: {error}")
            return
        self.sheet.holds("trade.frames", True)
        self.log.append(message)
        if isinstance(message, wire.ExecutionReport | wire.CancelReject):
            self._count(message)
        elif isinstance(message, wire.GatewayHeartbeat) and self.gateway_epoch:
            self._heartbeat(message)

    def _count(self, message: Any) -> None:
        if getattr(message, "poss_resend", False) and message.seq <= self.last_seq:
            return  # an older one, again
        ok = message.seq == self.last_seq + 1
        self.sheet.holds("trade.seq", ok, "" if ok else f"seq {message.seq} after {self.last_seq}")
        self.last_seq = message.seq

    def _heartbeat(self, beat: Any) -> None:
        wrong = [
            f"{name} {getattr(beat, name)}, logged on with {value}"
            for name, value in (("epoch", self.gateway_epoch), ("trading_day", self.trading_day))
            if getattr(beat, name) != value
        ]
        if beat.last_seq < self.last_seq:
            wrong.append(f"last_seq {beat.last_seq} after seq {self.last_seq} was sent")
        self.sheet.holds("trade.heartbeat", not wrong, "; ".join(wrong))
