"""What the venues say of a run of kills: whole when, sent how often.

From the truth log and the gateways' own files, as the demo's summary; nothing
asks the node. Its journal is read for two things alone: when it saw that a
gateway was gone, and how often a hedge was tried again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from domain.hedges import HedgeRetried
from domain.ids import hedge_pair
from domain.repair import Policy
from exchange.codes import BUY, WORKING
from journal.readable import DECISION
from journal.reader import read
from tools.demo_truth import ORDER_NAME, Named, naked_of
from tools.shard_places import node_dirs
from wire.codec import unpack
from wire.records import decode_decision

NS_PER_MS = 1_000_000
LOSSES = frozenset(("LinkLost", "SessionLost", "EpochChanged"))
Lines = Iterable[Mapping[str, Any]]


class Course:
    """The run as the venues saw it, line by line."""

    def __init__(self, names: Mapping[Named, str], lots: Mapping[str, int]) -> None:
        self._names, self._lots = names, lots
        self._net: dict[str, Counter[str]] = defaultdict(Counter)
        self._works: dict[str, set[str]] = defaultdict(set)
        self._first: dict[str, int] = {}
        self._last = ""
        self.moves: dict[str, list[tuple[int, bool]]] = defaultdict(list)
        self.orders: Counter[str] = Counter()
        self.early: list[str] = []

    def take(self, line: Mapping[str, Any]) -> None:
        """One line of the truth log."""
        if line["t"] not in ("order", "trade") or line.get("house"):
            return
        told = ORDER_NAME.match(self._names.get((line["venue"], line["client_ref"]), ""))
        if told is None:
            return
        hedge = told["hedge"]
        if line["t"] == "order":
            self._order(hedge, line)
        else:
            qty = (0 if line["exec_type"] == "H" else line["qty"]) - line.get("was_qty", 0)
            self._net[hedge][f"{line['venue']}/{line['symbol']}"] += qty if line["side"] == BUY else -qty
        self.moves[hedge].append((line["ns"], self.is_whole(hedge)))

    def _order(self, hedge: str, line: Mapping[str, Any]) -> None:
        if hedge not in self._first:
            self._first[hedge] = line["ns"]
            self.early += [f"{hedge} opened while {other} was not whole" for other in self._first if not self.is_whole(other)]
        name = f"{line['venue']} {line['order_id']}"
        (self._works[hedge].add if line["status"] in WORKING else self._works[hedge].discard)(name)

    def is_whole(self, hedge: str) -> bool:
        """Nothing of it is naked, nothing works."""
        return not self._works[hedge] and not naked_of(self._net[hedge], self._lots)

    def whole_ms(self, hedge: str, from_ns: int) -> float | None:
        """How long after that moment it was whole for good; None: it is not."""
        if not self.is_whole(hedge):
            return None
        since = from_ns
        for ns, whole in self.moves[hedge]:
            since = max(since, ns) if not whole or ns > from_ns else since
        return round((since - from_ns) / NS_PER_MS, 1)


def course_of(lines: Lines, names: Mapping[Named, str], lots: Mapping[str, int]) -> Course:
    """The whole run."""
    course = Course(names, lots)
    for line in lines:
        course.take(line)
    return course


def twice(lines: Lines, names: Mapping[Named, str]) -> list[str]:
    """Client order ids under which a venue had more than one order."""
    orders = {(line["venue"], line["order_id"], line["client_ref"]) for line in lines if line["t"] == "order"}
    had = Counter((venue, names[venue, ref]) for venue, _, ref in orders if (venue, ref) in names)
    return sorted(f"{venue}: {clord_id} was {times} orders" for (venue, clord_id), times in had.items() if times > 1)


def losses_seen(journal: Path) -> dict[str, list[int]]:
    """When the node's journal says that a venue was lost, by venue. Units: wall ns."""
    seen: dict[str, list[int]] = defaultdict(list)
    for record in read(journal):
        if record.kind != "venue":
            continue
        told = unpack(record.body)
        if any(fact[0] in LOSSES for fact in told["facts"]):
            seen[told["actor"].removeprefix("venue/")].append(record.wall_ns)
    return seen


def seen_ms(losses: Mapping[str, list[int]], venue: str, from_ns: int, within_ms: int) -> float | None:
    """How soon after that moment the loss of a venue was on record.

    None where it was not within so long: what came later has another cause.
    """
    after = [ns for ns in losses.get(venue, ()) if from_ns <= ns <= from_ns + within_ms * NS_PER_MS]
    return round((after[0] - from_ns) / NS_PER_MS, 1) if after else None


def most_orders(run: Any, config: Any) -> Callable[[str], int]:
    """A hedge's cap: its pair's limit, and what each time that it was tried again has added."""
    limits = {pair.name: pair.limits.orders_per_hedge for pair in config.pair}
    tried = Counter(
        decision.hedge
        for place in node_dirs(run.node_dir)
        for record in read(place / "journal")
        if record.kind == DECISION
        for decision in (decode_decision(record.body),)
        for fact in decision.facts
        if isinstance(fact, HedgeRetried)
    )
    return lambda hedge: limits[hedge_pair(hedge)] + tried[hedge] * Policy().orders_a_retry
