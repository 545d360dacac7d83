"""A venue with a long day is logged on again: bytes and milliseconds.

A real node trades with the scripted venues until each has so many ended orders. Then venue A's link is lost again
and again, and the node is raised again on its journal, by turns with what is known passed over and with all of
it put on record as if it were new, which is what was done before: both in one run, on one day.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic_ns
from typing import Any

from benchmarks.core import Bench
from config.load import load_checked
from domain.reconnects import ReconnectBudget
from journal.format import HASH_BYTES, RECORD_HEAD
from journal.reader import read
from tools.node_build import ROOT, Node

GATES = {"reconnect": {"bytes_ratio": 0.01, "ms_ratio": 0.8}, "raise": {"bytes_ratio": 0.01, "ms_ratio": 0.8}}
"""What a logon takes, as parts of what it took when all was recorded."""
SYNCING, OPEN = 2, 4


def measure(orders: int, times: int) -> dict[str, Any]:
    """Run it. Shape: what `bench resync -o json` prints.

    Raises: RuntimeError when it stalls.
    """
    with tempfile.TemporaryDirectory(prefix="hgb") as folder:
        bench = Bench(Path(folder))
        try:
            bench.until(bench.ready, 20)
            while bench.node.pairs()["AxB"].hedge_count < orders:
                bench.trades(reject=False)
            found = {
                "reconnect": _row("reconnect", bench, times, lambda known: _reconnect(bench, known=known)),
                "raise": _row("raise", bench, times, lambda known: _raise(bench, known=known)),
            }
            hedges = bench.node.pairs()["AxB"].hedge_count
        finally:
            bench.close()
    ok = all(found[row][name] <= gate for row, gates in GATES.items() for name, gate in gates.items())
    return {"orders_a_venue": hedges, "times": times, **found, "ok": ok}


def _row(kind: str, bench: Bench, times: int, turn: Callable[[bool], float]) -> dict[str, Any]:
    """By turns; medians and their ratios. The first turn is not counted: it puts on record in which words the day is told."""
    turn(False)
    taken: dict[bool, list[tuple[int, float]]] = {True: [], False: []}
    for number in range(2 * times):
        known = number % 2 == 1
        before = bench.node.journal.last_seq
        took_ms = turn(known)
        taken[known].append((_bytes(bench, before + 1), took_ms))
    known, before = ([statistics.median(column) for column in zip(*taken[which], strict=True)] for which in (True, False))
    return {
        "bytes": int(known[0]),
        "bytes_before": int(before[0]),
        "bytes_ratio": round(known[0] / before[0], 4),
        "ms": round(known[1], 1),
        "ms_before": round(before[1], 1),
        "ms_ratio": round(known[1] / before[1], 3),
        "gates": " ".join(f"{name} {gate}" for name, gate in GATES[kind].items()),
    }


def _bytes(bench: Bench, first: int) -> int:
    records = read(bench.directory / "node" / "journal", from_seq=first)
    return sum(RECORD_HEAD.size + len(each.kind) + len(each.body) + HASH_BYTES for each in records if each.seq >= first)


def _passes(bench: Bench, *, known: bool) -> None:
    for link in bench.node.desk.links.values():
        if known:
            vars(link.known).pop("has", None)
        else:
            link.known.has = lambda _m: False


def _reconnect(bench: Bench, *, known: bool) -> float:
    """Milliseconds from venue A's answer to the logon until hedges may open there again."""
    _passes(bench, known=known)
    link = bench.node.desk.links["A"]
    link.reconnects = ReconnectBudget()  # that it is lost so often is the bench's doing
    link.send_failed = True
    bench.until(lambda: link.stage < SYNCING, 5)
    return _synced(bench, [link])


def _synced(bench: Bench, links: list[Any]) -> float:
    """The longest that one of them takes from its logon to OPEN."""
    began: dict[str, int] = {}
    took: dict[str, int] = {}

    def look() -> bool:
        for link in links:
            if link.stage >= SYNCING:
                began.setdefault(link.name, monotonic_ns())
            if link.stage == OPEN:
                took.setdefault(link.name, monotonic_ns() - began[link.name])
        return len(took) == len(links)

    bench.until(look, 60)
    return max(took.values()) / 1e6


def _raise(bench: Bench, *, known: bool) -> float:
    """The same at the start of a node on that journal, of both venues."""
    old = bench.node
    old.desk.stopping = True
    old.runtime.stop(ROOT)
    bench.until(lambda: not old.runtime.alive(ROOT), 10)
    old.close("raised again")
    bench.node = node = Node(load_checked([bench.directory / "bench.toml"]), live=True)
    node.build()
    bench.lane = node.lane
    _passes(bench, known=known)
    node.desk.stopping = True  # what is measured is the way to trading, not trades
    return _synced(bench, list(node.desk.links.values()))
