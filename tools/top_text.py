"""What `top` shows: rates between two looks, in rows and on a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tools.board_table import cut
from tools.output import pad, width

Told = dict[str, Any]
Word = Callable[[str], str]

STALE_MS = 1_000
"""A link that is silent for so long has a `~`."""

WIDE = 100
QUANTILES = (0.5, 0.99)
VENUE_COLUMNS = (
    "venue", "stage", "feed_age_ms", "trade_age_ms", "quote_age_ms", "transit_ms", "feed_per_s", "reports_per_s", "gaps", "dropped",
    "reconnects",
)  # fmt: skip
ACTOR_COLUMNS = ("path", "handled_per_s", "mailbox", "restarts", "last_reason")
AGES = ("feed_age_ms", "trade_age_ms")
SHORT = {
    "feed_age_ms": "feed ms", "trade_age_ms": "trade ms", "quote_age_ms": "quote ms", "transit_ms": "transit", "feed_per_s": "feed/s",
    "reports_per_s": "rep/s", "reconnects": "again", "handled_per_s": "msg/s", "busy_percent": "busy %", "waiting_percent": "waits for a core %",
    "turns_per_s": "turns/s", "records_per_s": "records/s", "dead_letters": "dead letters", "uptime_s": "up s", "last_reason": "last reason",
}  # fmt: skip
"""Headings in English, which are longer than the columns."""

LEFT = ("shard", "venue", "stage", "path", "last_reason")

Looked = dict[str, tuple[Told, list[Told]]]
"""By shard ("": a node without): what `top` told, and the rows of `ps`."""


def looked(told: Told, actors: list[Told]) -> Looked:
    """One look, shard by shard."""
    if "shards" not in told:
        return {"": (told, actors)}
    return {name: (each, [row for row in actors if row["shard"] == name]) for name, each in told["shards"].items()}


def between(before: Looked, now: Looked) -> Told:
    """What went on between two looks; of a node of shards each by itself, and the rows of all.

    A shard that answered but once is not among them.
    """
    told = {name: rates(before[name][0], now[name][0], before[name][1], now[name][1]) for name in now if name in before}
    if "" in told:
        return told[""]
    return {
        "shards": [{"shard": name, **{key: value for key, value in each.items() if key not in ("venues", "actors")}} for name, each in told.items()],
        "venues": [{"shard": name, **row} for name, each in told.items() for row in each["venues"]],
        "actors": sorted((row for each in told.values() for row in each["actors"]), key=_busiest),
    }


def rates(before: Told, now: Told, actors_before: list[Told], actors: list[Told]) -> Told:
    """The node between two looks. Units: a second, per cent, us, ms."""
    took_ns = max(1, now["mono_ns"] - before["mono_ns"])
    lane, was = now["lane"], before["lane"]
    turns = _less(lane["turns"], was["turns"])
    step_us = lane["turn_step_ns"] / 1_000
    p50, p99 = (_quantile(turns, share, step_us, lane["turn_steps"]) for share in QUANTILES)
    handled = {row["path"]: row["handled"] for row in actors_before}
    rows = [_actor(row, handled.get(row["path"]), took_ns) for row in actors]
    return {
        "node": now["node"],
        "uptime_s": now["uptime_s"],
        "over_s": round(took_ns / 1e9, 3),
        "lane": {
            "busy_percent": _percent(lane["ran_ns"], was["ran_ns"], took_ns),
            "waiting_percent": _percent(lane["waited_ns"], was["waited_ns"], took_ns),
            "laps_per_s": _per_s(lane["laps"], was["laps"], took_ns),
            "turns_per_s": round(sum(turns.values()) * 1e9 / took_ns, 1),
            "turn_p50_us": p50,
            "turn_p99_us": p99,
            "turn_most_us": round(step_us * lane["turn_steps"], 1),
        },
        "journal": {
            "records_per_s": _per_s(now["journal"]["last_seq"], before["journal"]["last_seq"], took_ns),
            "lag": now["journal"]["lag"],
            "failed": now["journal"]["failed"],
        },
        "dead_letters": now["dead_letters"],
        "venues": list(_venues(before, now, took_ns)),
        "actors": sorted(rows, key=_busiest),
    }


def _busiest(row: Told) -> tuple[float, float, str]:
    return (-sum(row["mailbox"].values()), -(row["handled_per_s"] or 0), row["path"])


def _less(now: Mapping[str, int], was: Mapping[str, int]) -> dict[int, int]:
    return {int(step): count - was.get(step, 0) for step, count in now.items() if count > was.get(step, 0)}


def _quantile(turns: dict[int, int], share: float, step_us: float, steps: int) -> float | None:
    """The upper end of the step in which it lies; the last step has none."""
    left = sum(turns.values()) * share
    if not turns:
        return None
    for step in sorted(turns):
        left -= turns[step]
        if left <= 0:
            return round(min(step + 1, steps) * step_us, 1)
    return round(steps * step_us, 1)


def _per_s(now: int, was: int | None, took_ns: int) -> float | None:
    """None where the counter began anew."""
    return None if was is None or now < was else round((now - was) * 1e9 / took_ns, 1)


def _percent(now: int | None, was: int | None, took_ns: int) -> float | None:
    return None if now is None or was is None or now < was else round(100 * (now - was) / took_ns, 1)


def _venues(before: Told, now: Told, took_ns: int) -> Iterator[Told]:
    then = {row["venue"]: row for row in before["venues"]}
    for row in now["venues"]:
        was = then.get(row["venue"], {})
        same_feed = was.get("feed_epoch") == row["feed_epoch"]
        same_reports = was.get("report_epoch") == row["report_epoch"]
        kept = {key: value for key, value in row.items() if not key.endswith("_epoch")}
        yield kept | {
            "feed_per_s": _per_s(row["feed_messages"], was.get("feed_messages") if same_feed else None, took_ns),
            "reports_per_s": _per_s(row["reports"], was.get("reports") if same_reports else None, took_ns),
        }


def _actor(row: Told, was: int | None, took_ns: int) -> Told:
    return {
        "path": row["path"],
        "alive": row["alive"],
        "handled_per_s": _per_s(row["handled"], was, took_ns),
        "mailbox": dict(row["mailbox"]),
        "restarts": row["restarts"],
        "last_reason": row["last_reason"],
    }


# ------------------------------------------------ a screen


def lines_of(told: Told, columns: int, zh: Word) -> list[str]:
    """The whole screen: the lane, the venues, the actors."""

    def word(text: str) -> str:
        said = zh(text)
        return said if said != text else SHORT.get(text, text)

    heads = [line for each in told.get("shards", [told]) for line in _head(each, word)]
    venues = [{**row, "stage": _stage(row, word)} for row in told["venues"]]
    named = ("shard", *VENUE_COLUMNS) if "shards" in told else VENUE_COLUMNS
    return [
        *(cut(line, columns) for line in heads),
        "",
        *_table(venues, named, columns, word),
        "",
        *_table([{**row, "mailbox": "/".join(map(str, row["mailbox"].values()))} for row in told["actors"]], ACTOR_COLUMNS, columns, word),
    ]


def _head(told: Told, word: Word) -> list[str]:
    """A node and its lane in three lines."""
    lane, journal = told["lane"], told["journal"]
    return [
        (f"{told['node']}  {word('uptime_s')} {told['uptime_s']:.0f}  {word('records_per_s')} {_text(journal['records_per_s'])}"
        f"  {word('lag')} {journal['lag']}{'  ' + journal['failed'] if journal['failed'] else ''}"),
        (f"{word('lane')}  {word('busy_percent')} {_text(lane['busy_percent'])}  {word('waiting_percent')} {_text(lane['waiting_percent'])}"
        f"  {word('turns_per_s')} {_text(lane['turns_per_s'])}"),
        (f"{word('turn')}  p50 <= {_most(lane, 'turn_p50_us')}  p99 <= {_most(lane, 'turn_p99_us')} us"
        f"  {word('dead_letters')} {told['dead_letters']}"),
    ]


def _most(lane: Told, key: str) -> str:
    """The last step has no upper end: more than it is all that is known."""
    value = lane[key]
    return "-" if value is None else f"{value:,.0f}" + ("+" if value >= lane["turn_most_us"] else "")


def _stage(row: Told, word: Word) -> str:
    why = f"({row['why']})" if row["why"] and row["stage"] != "OPEN" else ""
    return word(row["stage"]) + why


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,.1f}" if isinstance(value, float) else str(value)


def _cell(row: Told, name: str) -> str:
    value = row.get(name)
    return _text(value) + ("~" if name in AGES and value is not None and value > STALE_MS else "")


def _table(rows: list[Told], names: tuple[str, ...], columns: int, word: Word) -> Iterator[str]:
    """Columns as wide as what is in them, closer together where it is narrow."""
    between = "  " if columns >= WIDE else " "
    cells = [[word(name) for name in names], *([_cell(row, name) for name in names] for row in rows)]
    widths = [max(width(line[place]) for line in cells) for place in range(len(names))]
    for line in cells:
        parts = [pad(text, widths[place], right=names[place] not in LEFT) for place, text in enumerate(line)]
        yield cut(between.join(parts).rstrip(), columns)
