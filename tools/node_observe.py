"""What a node answers about its actors, also while its lane hangs.

Everything here runs in the observer's thread beside the lane. It reads what
stands in memory and waits for nobody; each answer is bounded in rows, bytes,
depth and time, so that the lane soon has the interpreter again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from typing import Any

from actors.actor_show import STUCK, STUCK_NS, Hands, show_actor, show_error, show_in_hand, show_mailbox
from actors.answering import Answer, count_arg, page, text_arg
from actors.hedge_show import iso
from actors.in_hand import in_hand
from actors.mailbox import Mailbox
from actors.sampling import Samples
from actors.state_show import MAX_DEPTH, Look, NoSuchField, find
from supervisors.engine import Supervisor
from supervisors.family import Kin, family, show_child, show_keeper
from system.stacks import stack
from system.threads import give_way
from tools.node_build import ROOT
from tools.node_traces import Traces
from tools.stakes import pair_of, stake_of
from wire.inspection import NO_SUCH, REFUSED, Unanswerable

CHUNK_NS = 50_000
"""How long rows are made at a stretch: then the lane, which may want the interpreter, is let in."""
PAGE_ROWS = 64
"""A page is packed at a stretch: 80 us of them."""
PAGE_NS = 50_000_000
"""How long an answer of rows may take with all that."""
DEPTH = 3
WALKED_A_CHUNK = 24


class Observes:
    """The observe socket's verbs. Thread: the observer's."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self.runtime, self.clock = node.runtime, node.clock
        self.samples = Samples(node.runtime)
        self._wall_ahead_ns = node.clock.wall_ns() - node.clock.mono_ns()
        self._kin: dict[str, Kin] = {}
        self._order: list[str] = []
        self._place: dict[str, int] = {}
        self.traces = Traces(node)

    def table(self) -> dict[str, Answer]:
        """Verb to function."""
        return {
            "node": self.show_node,
            "ps": self.ps,
            "tree": self.tree,
            "actor": self.actor,
            "state": self.state,
            "mailbox": self.mailbox,
            "stack": self.stack,
            **self.traces.table(),
        }

    def beat(self) -> None:
        """Each second, asked or not."""
        self.samples.look()
        self.traces.beat()

    # ------------------------------------------------ all

    def show_node(self, _args: dict[str, Any]) -> dict[str, Any]:
        """The node and its lane in one map; never more than a few us."""
        node, now_ns = self.node, self.clock.mono_ns()
        hand = None if node.lane.asleep else in_hand(node.lane)
        age_ns = 0 if hand is None else now_ns - hand.since_ns
        journal = node.journal
        return {
            "node": node.config.node.name,
            "pid": os.getpid(),
            "uptime_s": round((now_ns - node.started_ns) / 1e9, 3),
            "actors": sum(box.actor is not None for box in list(self.runtime.boxes.values())),
            "lane": "asleep" if node.lane.asleep else STUCK if age_ns >= STUCK_NS else "running",
            "lane_in_hand": None if hand is None else hand.name,
            "lane_in_hand_ms": None if hand is None else round(age_ns / 1e6, 3),
            "laps": node.lane.laps,
            "journal_seq": journal.last_seq,
            "journal_lag": journal.last_seq - journal.durable_seq,
            "dead_letters": self.runtime.dead_letter_count,
            "suspended": list(self.runtime.suspended())[:64],
        }

    def ps(self, args: dict[str, Any]) -> dict[str, Any]:
        """Every actor, in the order of the tree."""
        hands, boxes = Hands(self.clock.mono_ns()), self.runtime.boxes
        there = (boxes.get(name) for name in self._names(args))
        return page(self._giving_way(self._row(box, hands) for box in there if box is not None), self.clock, PAGE_NS, PAGE_ROWS)

    def tree(self, args: dict[str, Any]) -> dict[str, Any]:
        """Who keeps whom, under which rules, and how each is."""
        hands = Hands(self.clock.mono_ns())
        return page(self._giving_way(self._branch(name, hands) for name in self._names(args)), self.clock, PAGE_NS, PAGE_ROWS)

    def _giving_way(self, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The rows, in pieces between which others have the interpreter."""
        until_ns = self.clock.mono_ns() + CHUNK_NS
        for row in rows:
            yield row
            if self.clock.mono_ns() >= until_ns:
                give_way()
                until_ns = self.clock.mono_ns() + CHUNK_NS

    def _names(self, args: dict[str, Any]) -> Iterator[str]:
        """The names after `after`, in the order of the tree, the others last.

        The tree is walked for the first page alone, in small pieces.
        """
        after = args.get("after")
        if after is None or after not in self._place:
            self._walk()
        return islice(self._order, self._place.get(after, 0), None)

    def _walk(self) -> None:
        kin = {}
        for each in family(self.runtime, ROOT):
            kin[each.name] = each
            if len(kin) % WALKED_A_CHUNK == 0:
                give_way()
        self._kin = kin
        self._order = [*kin, *(name for name in list(self.runtime.boxes) if name not in kin)]
        self._place = {name: place + 1 for place, name in enumerate(self._order)}

    def _row(self, box: Mailbox, hands: Hands) -> dict[str, Any]:
        row = show_actor(box, self.samples, hands, self._wall_ahead_ns)
        kin = self._kin.get(box.name)
        if kin is not None and kin.child is not None and not row["alive"]:
            row["phase"] = show_child(kin.child)["phase"]
        return {**row, **self._exposure(box)}

    def _branch(self, name: str, hands: Hands) -> dict[str, Any]:
        kin, box = self._kin.get(name), self.runtime.boxes.get(name)
        row: dict[str, Any] = {
            "path": name,
            "depth": None if kin is None else kin.depth,
            "parent": None if kin is None or kin.keeper is None else kin.keeper.name,
        }
        if box is not None:
            told = self._row(box, hands)
            keys = ("class", "phase", "epoch", "restarts", "last_reason", "ended", "blocked_by", "suspended_until", "live_orders", "naked")
            row |= {key: told[key] for key in keys}
        elif kin is not None and kin.child is not None:
            row |= {"class": kin.child.spec.start[0].__name__, "phase": show_child(kin.child)["phase"], "epoch": 0, "restarts": 0}
        row["restart"] = None if kin is None or kin.child is None else kin.child.spec.restart.value
        actor = None if box is None else box.actor
        row["keeps"] = show_keeper(actor) if isinstance(actor, Supervisor) else None
        return row

    def _exposure(self, box: Mailbox) -> dict[str, Any]:
        """Of pairs and who works for them; null for the rest."""
        pair = self.node.desk.memories.get(box.name) or getattr(box.actor, "memory", None)
        hedge = getattr(getattr(pair, "pair", None), "hedge", None)
        if not hasattr(pair, "pair"):
            states = getattr(pair, "states", None)
            if states is None:
                return {"live_orders": None, "naked": None}
            return {"live_orders": sum(order.live for state in list(states.values()) for order in state.orders), "naked": None}
        live = 0 if hedge is None else sum(order.live for leg in hedge.legs for order in leg.orders)
        return {"live_orders": live, "naked": list(pair.pair.naked)}

    # ------------------------------------------------ one

    def actor(self, args: dict[str, Any]) -> dict[str, Any]:
        """One actor, whole; its stack where it is STUCK or blocked."""
        box = self._box(args)
        if box.name not in self._kin:
            self._walk()
        hands, kin = Hands(self.clock.mono_ns()), self._kin.get(box.name)
        row = self._row(box, hands)
        stuck = row["phase"] == STUCK or row["blocked_by"] is not None
        keeper = None if kin is None else kin.keeper
        stake = stake_of(self.node, [box.name])
        return {
            **row,
            "started": iso(box.started_ns) if box.started_ns else None,
            "message": show_in_hand(box, hands),
            "stack": stack(box.executor.thread_id) if stuck else [],
            "error": show_error(box.last_error),
            "supervisor": None if keeper is None else {"name": keeper.name, **show_keeper(keeper)},
            "child": None if kin is None or kin.child is None else show_child(kin.child),
            "keeps": show_keeper(box.actor) if isinstance(box.actor, Supervisor) else None,
            "children": [child.name for child in list(box.actor.children)[:64]] if isinstance(box.actor, Supervisor) else [],
            "watchers": [address.name for address in list(box.watchers)[:64]],
            "stake": {"orders": list(stake.orders[:64]), "hedges": list(stake.hedges[:64]), "naked": {name: list(lots) for name, lots in list(stake.naked.items())[:64]}},
            "pair": pair_of(box.name, self.node.pairs()) or None,
        }

    def state(self, args: dict[str, Any]) -> dict[str, Any]:
        """What an actor holds: public fields, to some depth, from a path on."""
        box, path = self._box(args), text_arg(args, "path", "")
        depth = count_arg(args, "depth", DEPTH, 1, MAX_DEPTH)
        if box.actor is None:
            raise Unanswerable(REFUSED, f"{box.name} is down: it has no state; what is on record of a pair: ./hedgerow pair show")
        try:
            value = find(box.actor, path)
        except NoSuchField as error:
            raise Unanswerable(NO_SUCH, f"{box.name} {path}: {error}") from None
        look = Look(depth, self.clock)
        shown = look.fields(value) if value is box.actor else look.value(value, 0)
        return {"path": box.name, "at": path, "epoch": box.epoch, "handled": box.handled, "state": shown, "cut": look.cut}

    def mailbox(self, args: dict[str, Any]) -> dict[str, Any]:
        """What waits, by lane and class; counted, never copied."""
        box = self._box(args)
        rows = show_mailbox(box, self.samples, self.clock.mono_ns())
        return {"path": box.name, "most": box.most, "handled": box.handled, "lanes": rows}

    def stack(self, args: dict[str, Any]) -> dict[str, Any]:
        """What the thread that runs an actor is doing at this moment."""
        box = self._box(args)
        hands = Hands(self.clock.mono_ns())
        hand, executor = hands.of(box), box.executor
        return {
            "path": box.name,
            "dispatcher": executor.kind,
            "in_hand": None if hand is None else hand.name,
            "in_hand_ms": None if hand is None else round((hands.now_ns - hand.since_ns) / 1e6, 3),
            "stack": stack(executor.thread_id),
        }

    def _box(self, args: dict[str, Any]) -> Mailbox:
        name = text_arg(args, "name")
        box = self.runtime.boxes.get(name)
        if box is None:
            raise Unanswerable(NO_SUCH, f"no actor {name!r}{_near(name, self.runtime.boxes)}: ./hedgerow ps lists them")
        return box


def _near(name: str, names: Iterator[str]) -> str:
    """Those whose name holds what was given."""
    close = [each for each in list(names) if name.lower() in each.lower()][:8]
    return f"; there are: {', '.join(close)}" if close else ""
