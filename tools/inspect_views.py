"""What the terminal inspector shows: views of rows, and texts of one.

Plain values in, lines and cells out; it knows no terminal.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tools.actor import mailbox_rows, show_actor, state_lines
from tools.client import OBSERVE, Client, reach
from tools.output import Output
from tools.ps import cells, drawn, holds, kept
from tools.shards_where import MARK

Row = dict[str, Any]
MAX_SHOWN = 500
"""So many of the rows that a filter leaves are drawn."""


class View(NamedTuple):
    """One kind of rows: its name in `:NAME`, key and columns; where enter leads."""

    name: str
    key: str
    columns: tuple[str, ...]
    actor: Callable[[Row], str]
    """The actor that a row is about, for d, s, t, m and the words."""


PS = View(
    "ps",
    "path",
    ("path", "phase", "depth", "most", "oldest_ms", "handled_per_s", "busy_percent", "p50_us", "p99_us", "in_hand", "live_orders", "naked", "restarts", "last_reason"),
    lambda row: row["path"],
)
TREE = View(
    "tree", "path", ("actor", "class", "phase", "restart", "keeps", "restarts", "last_reason", "ended"), lambda row: row["path"]
)
VENUES = View(
    "venues", "venue", ("venue", "stage", "why", "trading_day", "feed_age_ms", "trade_age_ms", "transit_ms", "gaps", "dropped", "reconnects"),
    lambda row: f"{row['place']}venue/{row['name']}",
)  # fmt: skip
PAIRS = View("pairs", "pair", ("pair", "state", "mode", "units", "hedges", "naked", "hedge", "reason"), lambda row: row["pair"])
HEDGES = View("hedges", "hedge", ("hedge", "pair", "kind", "state", "qty", "naked", "orders_sent", "took_ms", "stranded_why"), lambda row: row["pair"])
VIEWS = {view.name: view for view in (PS, TREE, VENUES, PAIRS, HEDGES)}
NAMED = {**VIEWS, "actors": PS, "venue": VENUES, "pair": PAIRS, "hedge": HEDGES, "v": VENUES, "p": PAIRS, "h": HEDGES}


class Source:
    """Asks the node; one thread at a time. `close` gives the sockets back."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._clients: dict[str, Client] = {}

    def client(self, socket: str) -> Client:
        """A client of that socket, made when it is first wanted."""
        if socket not in self._clients:
            self._clients[socket] = reach(self._directory, socket)
        return self._clients[socket]

    def close(self) -> None:
        """Also after an error: the next question connects anew."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def node(self) -> Row:
        """The node in one map, also while its lane hangs."""
        return self.client(OBSERVE).ask("node")

    def rows(self, view: View) -> list[Row]:
        """The view's rows. Raises: NotConnected."""
        return list(_ROWS[view.name](self))


def _venues(source: Source) -> Iterator[Row]:
    """A venue of a node of shards is each shard's own: `SHARD:VENUE`."""
    view = source.client("view")
    told = view.ask("top")
    each = told.get("shards", {"": told})
    links = {(shard, row["venue"]): row for shard, one in each.items() for row in one["venues"]}
    for row in view.rows("venues", "venue"):
        shard = row.get("shard", "")
        place = f"{shard}{MARK}" if shard else ""
        yield {**row, **links.get((shard, row["venue"]), {}), "name": row["venue"], "place": place, "venue": f"{place}{row['venue']}"}


def _pairs(source: Source) -> Iterator[Row]:
    for row in source.client("view").rows("pairs", "pair"):
        hedge = row.get("hedge")
        yield {**row, "hedge": None if hedge is None else hedge["state"], "naked": row.get("naked_qty")}


def _hedges(source: Source) -> Iterator[Row]:
    """The newest first."""
    rows = list(source.client("view").rows("hedges", "hedge"))
    rows.sort(key=lambda row: row["times"]["opened"] or "", reverse=True)
    for row in rows:
        yield {**row, "naked": row.get("naked_qty")}


_ROWS: dict[str, Callable[[Source], Iterator[Row]]] = {
    "ps": lambda source: (cells(row) for row in source.client(OBSERVE).rows("ps", "path")),
    "tree": lambda source: source.client(OBSERVE).rows("tree", "path"),
    "venues": _venues,
    "pairs": _pairs,
    "hedges": _hedges,
}


def filtered(rows: list[Row], view: View, text: str) -> list[Row]:
    """Those that hold the text in a column, or where `ps -f` looks.

    Of the tree also all above them, drawn with its lines.
    """
    if view is TREE:
        return drawn(kept(rows, text))
    if not text:
        return rows
    return [row for row in rows if holds(row, text) or any(text.lower() in str(row.get(name) or "").lower() for name in view.columns)]


# ------------------------------------------------ texts of one


def describe(source: Source, view: View, row: Row, lang: str) -> list[str]:
    """A row whole: an actor, a pair, a hedge, a venue."""
    text = io.StringIO()
    out = Output(lang=lang, stream=text)
    _DESCRIBED.get(view.name, _actor)(source, out, row)
    return text.getvalue().splitlines()


def _actor(source: Source, out: Output, row: Row) -> None:
    show_actor(out, source.client(OBSERVE).ask("actor", name=row["path"]))


def _pair(source: Source, out: Output, row: Row) -> None:
    from tools.status import show_pair

    show_pair(out, source.client("view").ask("pair", pair=row["pair"]))


def _hedge(source: Source, out: Output, row: Row) -> None:
    from tools.status_rows import hedge_facts, hedge_leg_rows, order_rows

    told = source.client("view").ask("hedge", hedge=row["hedge"])
    out.one(hedge_facts(out, told))
    out.many(hedge_leg_rows(told))
    out.many(order_rows(told))


def _venue(source: Source, out: Output, row: Row) -> None:
    there = {each["venue"]: each for each in _venues(source)}
    out.one(there.get(row["venue"], row))


_DESCRIBED: dict[str, Callable[[Source, Output, Row], None]] = {"pairs": _pair, "hedges": _hedge, "venues": _venue}


def state(source: Source, name: str, lang: str) -> list[str]:
    """An actor's public state."""
    told = source.client(OBSERVE).ask("state", name=name, depth=4)
    cut = ["", f"(./hedgerow actor state {name} PATH)"] if told["cut"] else []
    return [*state_lines(told["state"]), *cut]


def mailbox(source: Source, name: str, lang: str) -> list[str]:
    """What waits for an actor."""
    text = io.StringIO()
    out = Output(lang=lang, stream=text)
    told = source.client(OBSERVE).ask("mailbox", name=name)
    out.many(mailbox_rows(told))
    out.line(f"{out.word('most')} {told['most']}  {out.word('handled')} {told['handled']}")
    return text.getvalue().splitlines()


class Tracing:
    """A trace that is read line by line; it ends by itself, and with `stop`."""

    FOR_MS = 60_000
    MESSAGES = 500

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: list[str] = []
        self.ended = ""
        self._number: int | None = None
        self._count = 0

    def read(self, source: Source) -> list[str]:
        """All lines so far. Raises: Refused, Absent, NotConnected."""
        client = source.client(OBSERVE)
        if self._number is None:
            self._number = client.ask("trace_start", name=self.name, for_ms=self.FOR_MS, messages=self.MESSAGES)["trace"]
        while not self.ended:
            told = client.ask("trace", trace=self._number, after=self._count)
            for row in told["rows"]:
                self._count = row["number"]
                self.lines.append(f"{row['at'][11:23]}  {row['lane']:8} {row['took_us']:9,.1f} us  {row['message']}")
            self.ended = told["ended"]
            if not told["more"]:
                break
        return [*self.lines, *([f"-- {self.ended}"] if self.ended else [])]

    def stop(self, source: Source) -> None:
        """End it in the node, too."""
        if self._number is not None and not self.ended:
            source.client(OBSERVE).ask("trace_stop", trace=self._number)
