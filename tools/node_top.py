"""What `top` is told by a node: counters, and how old what it heard is.

Counters only grow; who asks twice has the rates between. Thread: the lane.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from msgspec import to_builtins

from actors.lane import TURN_SHIFT
from config.pairspecs import limits_of
from system.threads import present_thread, thread_times


def top_of(node: Any) -> dict[str, Any]:
    """The lane, the journal, and each venue's links."""
    now_ns = node.clock.mono_ns()
    last_seq, durable_seq = node.journal.last_seq, node.journal.durable_seq
    times = thread_times(present_thread())
    return {
        "node": node.config.node.name,
        "mono_ns": now_ns,
        "uptime_s": round((now_ns - node.started_ns) / 1e9, 3),
        "lane": {
            "laps": node.lane.laps,
            "ran_ns": None if times is None else times[0],
            "waited_ns": None if times is None else times[1],
            "turn_step_ns": 1 << TURN_SHIFT,
            "turn_steps": len(node.lane.turns) - 1,
            "turns": {str(step): count for step, count in enumerate(node.lane.turns) if count},
        },
        "journal": {"last_seq": last_seq, "lag": last_seq - durable_seq, "failed": node.desk.journal_failed},
        "dead_letters": node.runtime.dead_letter_count,
        "venues": [_venue(node, name, link, now_ns) for name, link in node.desk.links.items()],
    }


def _venue(node: Any, name: str, link: Any, now_ns: int) -> dict[str, Any]:
    feed, actor = link.feed, node.actor(f"venue/{name}")
    heard_ns = [quote.changed_mono_ns for quote in feed.latest.values()]
    trade_ns = None if actor is None or link.trade is None else actor.heard_age_ns(now_ns)
    return {
        "venue": name,
        "stage": link.state.stage.name,
        "why": link.state.why,
        "session_up": feed.session_up,
        "feed_age_ms": _ms(now_ns - feed.heard_mono_ns) if feed.heard_mono_ns else None,
        "trade_age_ms": None if trade_ns is None else _ms(trade_ns),
        "quote_age_ms": _ms(now_ns - max(heard_ns)) if heard_ns else None,
        "transit_ms": _ms(feed.transit_ns),
        "feed_messages": feed.messages,
        "reports": link.sequence.seen,
        "report_epoch": link.sequence.epoch,
        "feed_epoch": feed.epoch,
        "gaps": feed.gaps,
        "dropped": feed.dropped,
        "reconnects": feed.reconnects,
    }


def _ms(ns: int) -> float:
    return round(ns / 1e6, 1)


def limit_rows(node: Any, after: Any) -> Iterator[dict[str, Any]]:
    """Each limited instrument; `after`: the `instrument` of the last one seen.

    Units: lots, ticks. `room_buy`, `room_sell`: what may still open.
    """
    pairs = {pair.name: pair for pair in node.config.pair}

    def teller(key: tuple[str, str]) -> str:
        """The first pair that limits it; others that do have the same limits."""
        return next(name for name, leg in node.desk.holders[key] if pairs[name].legs[leg].limits is not None)

    last = tuple(after.split("/", 1)) if isinstance(after, str) else ()
    begun = last not in node.desk.holders
    begin = 0 if begun else list(pairs).index(teller(last))
    for pair in islice(pairs.values(), begin, None):
        for key, limits in limits_of(pair).items():
            if begun and teller(key) == pair.name:
                yield {"instrument": "/".join(key), **to_builtins(limits), **_used(node, key)}
            begun = begun or key == last


def _used(node: Any, key: tuple[str, str]) -> dict[str, Any]:
    row = node.desk.risk.row(key)
    return {
        "position": row.position,
        "buying": row.buying,
        "selling": row.selling,
        "room_buy": max(0, row.room(1)),
        "room_sell": max(0, row.room(-1)),
        "pairs": [name for name, _ in node.desk.holders.get(key, ())],
    }
