"""The board's words: one row a pair, one line for the node. Pure.

Where there is colour it is never alone: what has risen has an arrow, what is
stale a `~`, what is naked its number.
"""

from __future__ import annotations

from typing import Any, NamedTuple

UP, DOWN, LEVEL = "▲", "▼", ""
OPEN = "OPEN"
OUTCOMES = {"done": "DONE", "part": "PART", "none": "NONE", "handed_over": "HANDED_OVER"}
"""A hedge's ends as the glossary names them."""


class Row(NamedTuple):
    """One pair on the board; texts, ready but for the language."""

    pair: str
    state: str
    buy: str
    buy_move: str
    sell: str
    sell_move: str
    units: str
    hedges: str
    done: int
    replenished: int
    rolled_back: int
    naked: str
    ages: str
    reason: str
    value: str = "spread"


def row_of(told: dict[str, Any], before: dict[str, Any] | None = None) -> Row:
    """The pair's row; `before` is the same pair at the last look."""
    told = {key: value for key, value in told.items() if value is not None}  # null where a pair is being raised again
    hedge, outcomes = told.get("hedge"), told.get("outcomes", {})
    state = told["state"] if hedge is None else hedge["state"]
    mode = told.get("mode")
    return Row(
        told["pair"],
        state if mode in (None, "ACTIVE") else f"{state} {mode}",
        value_text(told.get("buy")),
        move(told, before, "buy"),
        value_text(told.get("sell")),
        move(told, before, "sell"),
        f"{told.get('units', 0):+d}/{told.get('max_units', 0)}",
        str(told.get("hedges", 0)),
        outcomes.get("done", 0),
        outcomes.get("replenished", 0),
        outcomes.get("rolled_back", 0),
        naked_text(told),
        "/".join(age_text(leg) for leg in told.get("legs", [])),
        stranded_text(told, str) or told.get("held") or closed_text(told) or told.get("reason") or next((leg["why_not"] for leg in told.get("legs", []) if leg["why_not"]), ""),
        told.get("value", "spread"),
    )


SESSION_CLOSED = "SESSION_CLOSED"
FAR_S = 20 * 3600
"""An opening further away is told with its day."""


def closed_text(told: dict[str, Any]) -> str:
    """`SESSION_CLOSED domestic 09:00`: which side opens last, and when; else ""."""
    session = told.get("session") or {}
    if not session.get("opens") or not str(session.get("why")).startswith(SESSION_CLOSED):
        return ""
    day, time = session["opens"].split(" ")[:2]
    return f"{SESSION_CLOSED} {session['side']} {day[5:] + ' ' if session['opens_in_s'] > FAR_S else ''}{time}"


def reason_text(why: str, word: Any) -> str:
    """A reason's name in the language, with what it says of itself."""
    name, space, more = why.partition(" ")
    side, _, at = more.partition(" ")
    if name == SESSION_CLOSED and side in ("domestic", "overseas"):
        zh = word(name) != name
        return f"{word(name)} ({word(side)} {at} 开)" if zh else f"{name} ({side} opens {at})"
    return word(name) + space + more


def stranded_text(told: dict[str, Any], word: Any) -> str:
    """Of a pair with a STRANDED hedge: why, what becomes of it, and what to type; else ""."""
    hedge = told.get("hedge") or {}
    if not hedge.get("next"):
        return ""
    return f"{word(hedge['stranded_why'])}: {word(hedge['next'])}; {hedge['to_type'][0]}"


def value_text(value: float | None) -> str:
    """A spread or ratio in as many places as can mean something."""
    if value is None:
        return "-"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:,.2f}" if abs(value) >= 10 else f"{value:.4f}"


def move(told: dict[str, Any], before: dict[str, Any] | None, side: str) -> str:
    """Which way a spread has gone since the last look."""
    now, was = told.get(side), before.get(side) if before else None
    if now is None or was is None or now == was:
        return LEVEL
    return UP if now > was else DOWN


def naked_text(told: dict[str, Any]) -> str:
    """Naked lots, and for how long; "0" where all is covered."""
    hedge = told.get("hedge")
    lots = hedge["naked_qty"] if hedge is not None else told.get("naked_qty", 0)
    if not lots:
        return "0"
    return f"{lots} {hedge['naked_ms'] / 1000:.1f}s" if hedge is not None else str(lots)


def age_text(leg: dict[str, Any]) -> str:
    """A leg's age in ms; `~` where its quote does not count."""
    age = "-" if leg["age_ms"] is None else str(leg["age_ms"])
    return f"{age}~" if leg["why_not"] else age


def venues_text(status: dict[str, Any], word: Any) -> str:
    """The venues' stages, and why one is not open; once where all shards say the same."""
    said: dict[str, dict[str, list[str]]] = {}
    for venue in status["venues"]:
        why = f"({venue['why']})" if venue["why"] and venue["stage"] != OPEN else ""
        said.setdefault(venue["venue"], {}).setdefault(f"{word(venue['stage'])}{why}", []).append(venue.get("shard", ""))
    parts = []
    for name, stages in said.items():
        parts += [f"{name} {text}" if len(stages) == 1 else f"{name} {text} {'+'.join(shards)}" for text, shards in stages.items()]
    return "  ".join(parts)


def head_text(status: dict[str, Any], word: Any) -> str:
    """The node in one line."""
    minutes, seconds = divmod(int(status["uptime_s"]), 60)
    hours, minutes = divmod(minutes, 60)
    return (
        f"{status['node']} {word(status['mode'])} {word(status['state'])} {hours}:{minutes:02d}:{seconds:02d}  "
        f"{venues_text(status, word)}  {word('records')} {status['journal']['last_seq']}"
    )


def outcomes_text(status: dict[str, Any], word: Any) -> str:
    """What became of this run's hedges, in one line."""
    hedges = status.get("hedges") or {}
    counts = [(OUTCOMES.get(key, key), count) for key, count in hedges.items() if count]
    said = "  ".join(f"{word(key)} {count}" for key, count in counts) or "0"
    profit = "  ".join(f"{amount} {currency}" for currency, amount in (status.get("profit") or {}).items())
    kills = "  ".join(status.get("kills") or [])
    parts = [f"{word('hedges')}  {said}", f"{word('profit')} {profit}" if profit else "", f"{word('kills')} {kills}" if kills else ""]
    return "  ".join(part for part in parts if part)


def plain_line(status: dict[str, Any], rows: list[Row], word: Any) -> str:
    """The board as one line, for where there is no terminal."""
    parts = [f"{int(status['uptime_s'])} s", venues_text(status, word)]
    parts.extend(
        f"{row.pair} {word(row.state)} {row.units} {word(row.value)} {row.buy}/{row.sell} "
        f"{word('hedges')} {row.hedges} {word('replenished')} {row.replenished} "
        f"{word('rolled_back')} {row.rolled_back} {word('naked')} {row.naked} {word('age_ms')} {row.ages}"
        + (f" {reason_text(row.reason, word)}" if row.reason else "")
        for row in rows
    )
    return " | ".join(parts)
