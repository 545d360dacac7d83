"""Traces of actors, for tools that read them bit by bit.

Thread: the observer's. A trace ends after its messages or its time, with its
actor, and soon after its reader.
"""

from __future__ import annotations

from typing import Any

from actors.actor_show import NS_A_MS
from actors.answering import Answer, count_arg, page, text_arg
from actors.hedge_show import iso
from actors.mailbox import Lane
from actors.state_show import summary
from actors.trace import MAX_MESSAGES, MAX_TRACES, Trace
from wire.inspection import BAD_REQUEST, NO_SUCH, REFUSED, Unanswerable

TRACE_MS = 10_000
TRACE_MOST_MS = 600_000
TRACE_MESSAGES = 100
PAGE_NS = 200_000
LANES = tuple(lane.name.lower() for lane in Lane)


class Traces:
    """The traces of a node, by number."""

    def __init__(self, node: Any) -> None:
        self.runtime, self.clock = node.runtime, node.clock
        self._wall_ahead_ns = node.clock.wall_ns() - node.clock.mono_ns()
        self._traces: dict[int, Trace] = {}
        self._number = 0

    def table(self) -> dict[str, Answer]:
        """Verb to function."""
        return {"trace_start": self.start, "trace": self.read, "trace_stop": self.stop}

    def beat(self) -> None:
        """End what is over; forget what nobody reads."""
        now_ns = self.clock.mono_ns()
        for number, trace in list(self._traces.items()):
            was_over = bool(trace.ended)
            trace.look(now_ns)
            if was_over and now_ns >= trace.asked_ns + 2 * NS_A_MS * 1_000:
                del self._traces[number]

    def start(self, args: dict[str, Any]) -> dict[str, Any]:
        """Begin; its number is what `trace` and `trace_stop` want."""
        name = text_arg(args, "name")
        most = count_arg(args, "messages", TRACE_MESSAGES, 1, MAX_MESSAGES)
        for_ms = count_arg(args, "for_ms", TRACE_MS, 1, TRACE_MOST_MS)
        lanes, kinds = _names(args, "lanes"), _names(args, "types")
        if lanes - set(LANES):
            raise Unanswerable(BAD_REQUEST, f"lanes={','.join(sorted(lanes - set(LANES)))!r}: allowed: {', '.join(LANES)}")
        box = self.runtime.boxes.get(name)
        if box is None:
            raise Unanswerable(NO_SUCH, f"no actor {name!r}: ./hedgerow ps lists them")
        actor = box.actor
        if actor is None:
            raise Unanswerable(REFUSED, f"{name} is down: nothing is given to it")
        there = sorted(kind.__name__ for kind in type(actor).routes)
        if kinds - set(there):
            raise Unanswerable(BAD_REQUEST, f"types={','.join(sorted(kinds - set(there)))!r}: {name} takes: {', '.join(there)}")
        open_ones = [trace for trace in self._traces.values() if not trace.ended]
        if any(trace.actor is actor for trace in open_ones):
            raise Unanswerable(REFUSED, f"{name} is traced already: one at a time")
        if len(open_ones) >= MAX_TRACES:
            raise Unanswerable(REFUSED, f"{MAX_TRACES} traces are open: they end by their time")
        self._number += 1
        self._traces[self._number] = Trace(actor, most, self.clock.mono_ns() + for_ms * NS_A_MS, lanes, kinds)
        return {"trace": self._number, "name": name, "messages": most, "for_ms": for_ms}

    def read(self, args: dict[str, Any]) -> dict[str, Any]:
        """What came after the first `after` messages, and whether it is over."""
        trace = self._trace(args)
        now_ns = self.clock.mono_ns()
        trace.look(now_ns)
        trace.asked_ns = now_ns
        ended = trace.ended  # first: what was noted before it ended is there
        since = trace.since(count_arg(args, "after", 0, 0, 1 << 53))
        told = page((self._row(number, noted) for number, noted in since), self.clock, PAGE_NS)
        return {**told, "ended": "" if told["more"] else ended, "count": trace.count}

    def stop(self, args: dict[str, Any]) -> dict[str, Any]:
        """End it now."""
        trace = self._trace(args)
        trace.end("it was stopped")
        return {"count": trace.count}

    def _trace(self, args: dict[str, Any]) -> Trace:
        trace = self._traces.get(count_arg(args, "trace", 0, 0, 1 << 53))
        if trace is None:
            raise Unanswerable(NO_SUCH, "no such trace: it is over")
        return trace

    def _row(self, number: int, noted: Any) -> dict[str, Any]:
        return {
            "number": number,
            "at": iso(noted.at_ns + self._wall_ahead_ns),
            "lane": noted.lane,
            "type": type(noted.message).__name__,
            "took_us": round(noted.took_ns / 1_000, 1),
            "message": summary(noted.message),
            "error": None if noted.error is None else repr(noted.error)[:240],
        }


def _names(args: dict[str, Any], key: str) -> frozenset[str]:
    """Names with commas between them; empty for all."""
    return frozenset(filter(None, (each.strip() for each in text_arg(args, key, "").split(","))))
