"""`ps`, `tree`: the actors of a running node, also while its lane hangs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tools.client import OBSERVE, pass_dir, reach, tell_away
from tools.errors import UsageError
from tools.output import Output, pass_out
from tools.watch import watch_option, watched

COLUMNS = (
    "path", "class", "phase", "depth", "most", "oldest_ms", "handled_per_s", "busy_percent", "p50_us", "p99_us", "in_hand", "in_hand_ms",
    "live_orders", "naked", "restarts", "last_reason",
)  # fmt: skip
WIDE = (
    "path", "class", "dispatcher", "phase", "epoch", "mailbox", "depth", "most", "oldest_ms", "handled", "handled_per_s", "busy_percent",
    "p50_us", "p99_us", "in_hand", "in_hand_ms", "blocked_by", "suspended_until", "live_orders", "naked", "restarts", "last_reason", "ended",
    "last_error",
)  # fmt: skip
TREE = ("actor", "class", "phase", "restart", "keeps", "epoch", "restarts", "last_reason", "ended")
SEARCHED = ("path", "class", "phase", "dispatcher", "in_hand", "blocked_by", "last_reason")


@click.command()
@click.option("-s", "--sort", default="", metavar="COLUMN", help="Numbers: the largest first. Default: the order of the tree.")
@click.option("-f", "--filter", "text", default="", metavar="TEXT", help="Those with it in path, class, phase, or last reason.")
@click.option("-n", "--first", type=click.IntRange(min=1), default=None, help="So many alone.")
@click.option("--wide", is_flag=True, help="Every column.")
@watch_option
@pass_dir
@pass_out
def ps(out: Output, directory: Path, watch: bool, sort: str, text: str, first: int | None, wide: bool) -> int:
    """List the actors: mailboxes, how busy, what is in their hands, restarts.

    Rates and quantiles are of the last second and the last minutes; p50 and p99
    are upper ends of powers of two; oldest_ms is at least so much.
    """
    with reach(directory, OBSERVE) as client:

        def look() -> int:
            rows = picked(list(client.rows("ps", "path")), sort, text)[:first]
            if out.format == "table":
                warn(out, client.ask("node"))
                out.many([cells(row) for row in rows], WIDE if wide else COLUMNS)
            else:
                out.many(rows)
            return tell_away(client, out.say)

        return watched(look, again=watch)


@click.command()
@click.option("-f", "--filter", "text", default="", metavar="TEXT", help="Those with it in path, class or phase, and who keeps them.")
@watch_option
@pass_dir
@pass_out
def tree(out: Output, directory: Path, watch: bool, text: str) -> int:
    """Draw the supervision tree: who keeps whom, by which rules, how each is."""
    with reach(directory, OBSERVE) as client:

        def look() -> int:
            rows = kept(list(client.rows("tree", "path")), text)
            if out.format == "table":
                warn(out, client.ask("node"))
                out.many(drawn(rows), TREE)
            else:
                out.many(rows)
            return tell_away(client, out.say)

        return watched(look, again=watch)


def warn(out: Output, node: dict[str, Any]) -> None:
    """A lane that is STUCK, and who is suspended, before anything else."""
    if node["lane"] == "STUCK":
        out.line(f"{out.word('STUCK')}: {out.word('lane')}: {node['lane_in_hand']} {node['lane_in_hand_ms']:,.0f} ms: ./hedgerow actor stack {node['lane_in_hand']}")
    if node["suspended"]:
        out.line(f"{out.word('suspended')}: {', '.join(node['suspended'])}")


def picked(rows: list[dict[str, Any]], sort: str, text: str) -> list[dict[str, Any]]:
    """Those that hold the text, sorted. Raises: UsageError for no such column."""
    if text:
        rows = [row for row in rows if holds(row, text)]
    if not sort or not rows:
        return rows
    if sort not in rows[0]:
        raise UsageError(f"--sort {sort}: allowed: {', '.join(rows[0])}")
    numbers = [row for row in rows if isinstance(row[sort], int | float)]
    if numbers:
        rest = [row for row in rows if not isinstance(row[sort], int | float)]
        return [*sorted(numbers, key=lambda row: -row[sort]), *rest]
    return sorted(rows, key=lambda row: (row[sort] in (None, ""), str(row[sort])))


def holds(row: dict[str, Any], text: str) -> bool:
    """Whether a row holds the text where people look for it."""
    return any(text.lower() in str(row.get(key) or "").lower() for key in SEARCHED)


def kept(rows: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """Those that hold the text, and all above them."""
    if not text:
        return rows
    parents = {row["path"]: row["parent"] for row in rows}
    wanted: set[str] = set()
    for row in rows:
        name = row["path"] if holds(row, text) else None
        while name is not None and name not in wanted:
            wanted.add(name)
            name = parents.get(name)
    return [row for row in rows if row["path"] in wanted]


def cells(row: dict[str, Any]) -> dict[str, Any]:
    """A row for people: zeros that say nothing are left out."""
    busy = row["busy_percent"]
    return {
        **row,
        "mailbox": "/".join(map(str, row["mailbox"].values())),
        "naked": " ".join(f"{lots:+d}" for lots in row["naked"]) if row["naked"] and any(row["naked"]) else "",
        "phase": row["phase"] if row["blocked_by"] is None else f"{row['phase']} < {row['blocked_by']}",
        "busy_percent": None if busy is None else round(busy, 1),
        **{key: None if row[key] is None else round(row[key], 1) for key in ("p50_us", "p99_us", "in_hand_ms")},
        "in_hand": row["in_hand"] or "",
        "last_reason": row["last_reason"][:48],
    }


def drawn(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the lines of the tree before their names."""
    last: dict[str | None, str] = {row["parent"]: row["path"] for row in rows}
    lines, open_at = [], {}
    for row in rows:
        depth = row["depth"]
        if depth is None:
            lines.append({**row, "actor": row["path"], "keeps": ""})
            continue
        ends = last[row["parent"]] == row["path"]
        open_at[depth] = not ends
        before = "".join("│ " if open_at[level] else "  " for level in range(1, depth))
        mark = "" if depth == 0 else "└─" if ends else "├─"
        lines.append({**row, "actor": f"{before}{mark}{row['path']}", "keeps": rules(row["keeps"]), "last_reason": row.get("last_reason", "")[:60]})
    return lines


def rules(told: dict[str, Any] | None) -> str:
    """A supervisor's rules in a word or two."""
    if told is None:
        return ""
    often = "no limit" if told["intensity"] is None else f"{told['recent_restarts']}/{told['intensity']} in {told['period_ms'] // 1000} s"
    return f"{told['strategy']} {often}"
