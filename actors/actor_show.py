"""An actor as plain values, for tools: row, mailbox, last error.

Thread: any. Nothing is copied out of a mailbox; what waits is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Any

from actors.hedge_show import iso
from actors.held import Held
from actors.in_hand import InHand, in_hand
from actors.mailbox import COMMANDS_MOST, CONTROL_MOST, ORDERS_MOST, QUOTE_KEYS_MOST, TIMERS_MOST, Lane, Mailbox
from actors.pinned import INCOMING_MOST
from actors.sampling import Samples, quantiles_us
from actors.state_show import summary
from system.stacks import error_stack

NS_A_MS = 1_000_000
STUCK_NS = 500_000_000
"""A turn that lasts so long is STUCK."""
QUANTILES = (0.5, 0.99)
MAX_COUNTED = 512
"""So many of a lane's messages are told apart by class."""
MAX_ERROR_LINES = 24
BOUNDS = (CONTROL_MOST, ORDERS_MOST, TIMERS_MOST, COMMANDS_MOST, QUOTE_KEYS_MOST)
STUCK, SUSPENDED, RUNNING, DOWN = "STUCK", "suspended", "running", "down"


class Hands:
    """What each executor has in its hands, looked at once."""

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns
        self._seen: dict[int, InHand | None] = {}

    def of(self, box: Mailbox) -> InHand | None:
        """What the thread that runs this mailbox is at, whoever's turn it is."""
        executor = box.executor.executor if box.executor.__class__ is Held else box.executor
        if not getattr(executor, "thread_id", 0) or executor.kind == "simulated":
            return None
        key = id(executor)
        if key not in self._seen:
            asleep = getattr(executor, "asleep", False)
            self._seen[key] = None if asleep else in_hand(executor)
        return self._seen[key]


def show_actor(box: Mailbox, samples: Samples, hands: Hands, wall_ahead_ns: int) -> dict[str, Any]:
    """One row of `ps`.

    Units: ms, us, per cent, a second; `p50_us`, `p99_us`: upper ends of powers
    of two; `oldest_ms`: at least; `in_hand_ms`: since its turn began.
    """
    now_ns, rate = hands.now_ns, samples.rate(box.name)
    p50_us, p99_us = quantiles_us(box.times, QUANTILES) if box.busy_ns else (None, None)
    hand = hands.of(box)
    mine = hand if hand is not None and hand.name == box.name else None
    held_ns = now_ns - hand.since_ns if hand is not None else 0
    held_up = hand is not None and held_ns >= STUCK_NS
    suspended_ns = box.executor.until_ns if box.executor.__class__ is Held and box.actor is not None else 0
    return {
        "path": box.name,
        "class": box.actor_class.__name__ if box.actor_class else "",
        "dispatcher": box.executor.kind,
        "phase": phase_of(box, stuck=held_up and mine is not None),
        "alive": box.actor is not None,
        "epoch": box.epoch,
        "restarts": box.epoch - 1 if box.epoch else 0,
        "last_reason": repr(box.last_reason) if box.last_reason else "",
        "ended": iso(box.ended_ns) if box.ended_ns else None,
        "handled": box.handled,
        "handled_per_s": None if rate is None else rate.handled_per_s,
        "busy_percent": None if rate is None else rate.busy_percent,
        "p50_us": p50_us,
        "p99_us": p99_us,
        "mailbox": box.depths(),
        "depth": box.depth(),
        "most": box.most,
        "oldest_ms": samples.oldest_ms(box, now_ns),
        "in_hand": None if mine is None else "(a socket)" if mine.message is None else type(mine.message).__name__,
        "in_hand_ms": None if mine is None else round(held_ns / NS_A_MS, 3),
        "blocked_by": hand.name if held_up and mine is None and box.actor is not None else None,
        "last_error": repr(box.last_error)[:240] if box.last_error is not None else None,
        "suspended_until": iso(suspended_ns + wall_ahead_ns) if suspended_ns else None,
    }


def phase_of(box: Mailbox, *, stuck: bool = False) -> str:
    """How it is: STUCK in a turn, suspended, running, or down."""
    if box.actor is None:
        return DOWN
    if stuck:
        return STUCK
    return SUSPENDED if box.executor.__class__ is Held else RUNNING


def show_in_hand(box: Mailbox, hands: Hands) -> str | None:
    """The message in its hands, in one line."""
    hand = hands.of(box)
    if hand is None or hand.name != box.name or hand.message is None:
        return None
    return summary(hand.message)


def show_mailbox(box: Mailbox, samples: Samples, now_ns: int) -> list[dict[str, Any]]:
    """A row a lane: how many wait, of how many at most, of which classes."""
    lanes = (box.control, box.orders, box.timers, box.commands, box.quotes)
    oldest_ms = samples.oldest_ms(box, now_ns)
    rows = []
    for lane, queue, most in zip(Lane, lanes, BOUNDS, strict=True):
        depth = len(queue)
        rows.append({
            "lane": lane.name.lower(),
            "depth": depth,
            "bound": most,
            "oldest_ms": oldest_ms if depth else None,
            "kinds": _kinds(queue, lane),
        })
        if depth:
            oldest_ms = None  # the first lane with mail has what is taken first
    incoming = box.executor.incoming
    if incoming:  # it is busy: what other threads told it meanwhile
        kinds = _counted(message for _, message in list(islice(incoming, MAX_COUNTED)))
        rows.append({"lane": "incoming", "depth": len(incoming), "bound": INCOMING_MOST, "oldest_ms": oldest_ms, "kinds": kinds})
    return rows


def _kinds(queue: Any, lane: Lane) -> dict[str, int]:
    first = list(islice(queue.values() if lane is Lane.QUOTES else queue, MAX_COUNTED))  # in C: nobody changes it meanwhile
    return _counted(each.message if lane is Lane.TIMERS else each for each in first)


def _counted(messages: Iterable[Any]) -> dict[str, int]:
    return dict(Counter(type(message).__name__ for message in messages).most_common())


def show_error(error: BaseException | None) -> list[str]:
    """Where it came from and what it says, the end of it."""
    return [] if error is None else [line[:240] for line in error_stack(error)[-MAX_ERROR_LINES:]]
