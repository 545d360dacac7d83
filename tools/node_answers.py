"""What a node answers to tools: plain reads of what stands still.

Every function here runs in the lane, in the inspector's turn, and is short:
rows are made one at a time, a page of them is bounded in time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import to_builtins

from actors.answering import Answer, count_arg, page, text_arg
from actors.hedge_show import Terms, hedge_map, iso
from actors.notes import Operate
from actors.pair_board import board_row
from actors.pair_show import show_down, show_hedge
from actors.session_show import show_calendars
from config.flat import named_tables
from domain.errors import IllegalTransition, JournalError
from domain.hedges import Hedge
from domain.ids import base36, hedge_pair
from domain.market import Instrument
from domain.pairs import Mode, Pair
from domain.pairspec import PairSpec
from tools.cli import VERSION
from tools.money_looks import MoneyLooks
from tools.node_orders import order_rows
from tools.node_top import limit_rows, top_of
from tools.tally import Tally
from wire.codec import pack
from wire.inspection import BAD_REQUEST, NO_SUCH, REFUSED, Unanswerable

RECENT_HEDGES = 8
STOP_DEADLINE_MS = 15_000
STOP_DEADLINE_MOST_MS = 600_000
MODES = tuple(mode.value.lower() for mode in Mode)


class Looks:
    """The view socket's verbs. Thread: the lane."""

    def __init__(self, node: Any, stopper: Any) -> None:
        self.node = node
        self.stopper = stopper
        self.tally = Tally(node.journal.node_epoch)
        self.money = MoneyLooks(node)
        self._epoch = base36(node.journal.node_epoch)
        self._wall_ahead_ns = node.clock.wall_ns() - node.clock.mono_ns()
        self._known: tuple[str, dict[tuple[str, str], Instrument]] = ("", {})

    @property
    def _specs(self) -> dict[str, PairSpec]:
        return self.node.by_name

    @property
    def _instruments(self) -> dict[tuple[str, str], Instrument]:
        """Made once for each configuration that runs."""
        if self._known[0] != self.node.digest:
            self._known = (self.node.digest, {each.key: each for each in self.node.instruments()})
        return self._known[1]

    def table(self) -> dict[str, Answer]:
        """Verb to function."""
        return {
            "status": self.status,
            "pulse": self.pulse,
            "pairs": self.pairs,
            "pair": self.pair,
            "board": self.board,
            "hedges": self.hedges,
            "hedge": self.hedge,
            "venues": self.venues,
            "top": self.top,
            "positions": self.money.positions,
            "statement": self.money.statement,
            "config": self.config,
            "limits": self.limits,
            "orders": self.orders,
        }

    def beat(self) -> None:
        """Count what has ended, asked or not."""
        self.tally.look_at(self.node.pairs().values())
        self.money.look()
        self.node.runtime.resume_due()

    # ------------------------------------------------ the node

    def status(self, _args: dict[str, Any]) -> dict[str, Any]:
        """The node in one map."""
        node, clock = self.node, self.node.clock
        up_ns = clock.mono_ns() - node.started_ns
        pairs = node.pairs()
        return {
            "node": node.config.node.name,
            "state": "stopping" if self.stopper.flag.is_set() else "running",
            "mode": node.mode,
            "version": VERSION,
            "pid": os.getpid(),
            "epoch": node.journal.node_epoch,
            "started": iso(clock.wall_ns() - up_ns),
            "uptime_s": round(up_ns / 1e9, 3),
            "pairs": len(self._specs),
            "in_flight": node.in_flight()[:64],
            "naked_qty": sum(abs(lots) for pair in pairs.values() if any(book.net for book in pair.books) for lots in pair.naked),
            "kills": [f"{word.level} {scope}" for scope, word in node.desk.controls.state.kills.items()][:64],
            "hedges": self.tally.sums(pairs.values()),
            "venues": [venue_line(link) for link in node.desk.links.values()],
            "calendars": show_calendars(node.specs, clock.wall_ns()),
            "accounts": self.money.accounts(),
            "profit": self.money.totals(),
            "journal": {"last_seq": node.journal.last_seq, "failed": node.desk.journal_failed, "state": node.desk.record_state.name},
            "lane": {"laps": node.lane.laps, "dead_letters": node.runtime.dead_letter_count},
        }

    def pulse(self, _args: dict[str, Any]) -> dict[str, Any]:
        """What a root asks a shard often: that it lives, what it runs, which gateways it hears."""
        node = self.node
        now_ns = node.clock.mono_ns()
        there = {name: node.actor(f"venue/{name}") for name in node.desk.links}
        silent = {name: actor.silent_ns(now_ns) // 1_000_000 for name, actor in there.items() if actor is not None}
        return {"epoch": node.journal.node_epoch, "config": node.given, "runs": node.digest, "mode": node.mode, "silent_ms": silent, "closing": self.stopper.flag.is_set() and not node.in_flight()}

    def venues(self, args: dict[str, Any]) -> dict[str, Any]:
        """Every venue, whole."""
        links = self.node.desk.links
        return page((links[name].inspect() for name in _after(list(links), args)), self.node.clock)

    def top(self, _args: dict[str, Any]) -> dict[str, Any]:
        """Counters of the lane, the journal and the links."""
        return top_of(self.node)

    # ------------------------------------------------ pairs

    def config(self, args: dict[str, Any]) -> dict[str, Any]:
        """What the node runs, table by table."""
        found = named_tables(self.node.config)
        after = _after(list(found), args)
        rows = page(({"table": name, "settings": to_builtins(found[name])} for name in after), self.node.clock)
        return {**rows, "sha256": self.node.digest}

    def orders(self, args: dict[str, Any]) -> dict[str, Any]:
        """Orders that live, or with `every` all at hand."""
        name = self._named(args) if args.get("pair") is not None else None
        return page(order_rows(self.node, name, args.get("every") is True, args.get("after")), self.node.clock)

    def limits(self, args: dict[str, Any]) -> dict[str, Any]:
        """Every limited instrument: its limits, and what is held and live."""
        return page(limit_rows(self.node, args.get("after")), self.node.clock)

    def pairs(self, args: dict[str, Any]) -> dict[str, Any]:
        """Every pair, in the order of the configuration."""
        return page((self._pair(name) for name in _after(list(self._specs), args)), self.node.clock)

    def pair(self, args: dict[str, Any]) -> dict[str, Any]:
        """One pair, with its last hedges in short."""
        name = self._named(args)
        now_ns = self.node.clock.mono_ns()
        past = [show_hedge(hedge, now_ns) for hedge in self._hedges_of(name)[-RECENT_HEDGES:]]
        keys = ("hedge", "kind", "state", "qty", "repairs", "took_ms")
        return {**self._pair(name), "recent": [{key: row[key] for key in keys} for row in past]}

    def board(self, args: dict[str, Any]) -> dict[str, Any]:
        """Every pair as the board shows it: less of each, for who asks often."""
        return page((self._board_row(name) for name in _after(list(self._specs), args)), self.node.clock)

    def _board_row(self, name: str) -> dict[str, Any]:
        actor = self.node.pair_actor(name)
        pair = self.node.pair(name)
        if actor is None or pair is None:
            return self._down(name)
        row = board_row(actor.view, pair, self.node.clock.mono_ns())
        return {**row, "hedges": pair.hedge_count, "outcomes": self.tally.counts(pair)}

    def _down(self, name: str) -> dict[str, Any]:
        """A pair that has no actor of its own: being raised, or given up."""
        row, why = {**show_down(name), "outcomes": None}, self.node.giving_up.given.get(name)
        pair = self.node.pair(name)
        if why is None or pair is None:
            return row
        naked, spec = list(pair.naked), self._specs[name]
        told = {"state": str(pair.status), "mode": str(pair.mode), "units": pair.units, "max_units": spec.max_position_units}
        told |= {"naked": naked, "naked_qty": sum(abs(lots) for lots in naked), "hedges": pair.hedge_count, "currency": spec.currency}
        return {**row, **told, "reason": f"GIVEN_UP {why}"[:400]}

    def _named(self, args: dict[str, Any]) -> str:
        name = text_arg(args, "pair")
        if name not in self._specs:
            raise Unanswerable(NO_SUCH, f"no pair {name!r}; there are: {', '.join(list(self._specs)[:20])}")
        return name

    def _pair(self, name: str) -> dict[str, Any]:
        actor = self.node.pair_actor(name)
        pair = self.node.pair(name)
        if actor is None or pair is None:
            return self._down(name)
        row = actor.view.show(pair, self.node.clock.mono_ns())
        return {**row, "outcomes": self.tally.counts(pair)}

    # ------------------------------------------------ hedges

    def hedges(self, args: dict[str, Any]) -> dict[str, Any]:
        """Hedges at hand, oldest first; `hedges` says how many there were.

        `after`: the id of the last one seen.
        """
        names = [self._named(args)] if args.get("pair") is not None else list(self._specs)
        after = args.get("after")
        pairs = self.node.pairs()
        total = sum(pairs[name].hedge_count for name in names if name in pairs)
        return {**page(self._hedge_rows(names, after), self.node.clock), "hedges": total}

    def hedge(self, args: dict[str, Any]) -> dict[str, Any]:
        """One hedge by its id, or the last one that opened."""
        wanted = args.get("hedge")
        if wanted is None:
            return self._last_hedge()
        name = hedge_pair(text_arg(args, "hedge"))
        for hedge in self._hedges_of(name):
            if hedge.hedge_id == wanted:
                return self._hedge(name, hedge)
        raise Unanswerable(NO_SUCH, f"no hedge {wanted!r} at hand: older ones are in the journal")

    def _last_hedge(self) -> dict[str, Any]:
        newest: Hedge | None = None
        for pair in self.node.pairs().values():
            hedge = pair.hedge or (pair.past[-1] if pair.past else None)
            if hedge is not None and (newest is None or hedge.opened_ns > newest.opened_ns):
                newest, name = hedge, pair.name
        if newest is None:
            raise Unanswerable(NO_SUCH, "no hedge is at hand: older ones are in the journal")
        return self._hedge(name, newest)

    def _hedge_rows(self, names: list[str], after: str | None) -> Iterator[dict[str, Any]]:
        from_pair, number = _place(after) if after else ("", -1)
        begun = not from_pair
        for name in names:
            begun = begun or name == from_pair
            if not begun:
                continue
            for hedge in self._hedges_of(name):
                if name != from_pair or _place(hedge.hedge_id)[1] > number:
                    yield self._hedge(name, hedge)

    def _hedges_of(self, name: str) -> list[Hedge]:
        pair: Pair | None = self.node.pair(name)
        if pair is None:
            return []
        every = [hedge for hedge in (*pair.past, pair.hedge) if hedge is not None]
        return sorted(every, key=lambda hedge: _place(hedge.hedge_id)[1])

    def _hedge(self, name: str, hedge: Hedge) -> dict[str, Any]:
        actor = self.node.pair_actor(name)
        now_ns = self.node.clock.mono_ns()
        ours = hedge.hedge_id.rsplit(".", 2)[1] == self._epoch
        opened = hedge.opened_ns + self._wall_ahead_ns if ours else None
        terms = Terms(self._specs[name].currency, () if actor is None else tuple(actor.view.rates))
        return hedge_map(hedge, name, now_ns, opened, terms, self._instruments)


class Acts:
    """The operate socket's verbs: each is a record. Thread: the lane."""

    def __init__(self, node: Any, stopper: Any) -> None:
        self.node = node
        self.stopper = stopper

    def table(self) -> dict[str, Answer]:
        """Verb to function."""
        return {"stop": self.stop, "pair_mode": self.pair_mode, "pair_release": self.pair_release}

    def stop(self, args: dict[str, Any]) -> dict[str, Any]:
        """End triggers, settle, repair; the node ends by itself."""
        deadline_ms = count_arg(args, "deadline_ms", STOP_DEADLINE_MS, 0, STOP_DEADLINE_MOST_MS)
        operator, reason = text_arg(args, "operator", ""), text_arg(args, "reason", "")
        word = {"verb": "stop", "operator": operator, "reason": reason, "deadline_ms": deadline_ms}
        self.stopper.ask(deadline_ms)
        try:
            seq = self.node.journal.append("operator", pack(word))
        except JournalError:
            seq = 0  # a broken record must not keep the node running
        return {"seq": seq, "in_flight": self.node.in_flight()[:64], "deadline_ms": deadline_ms}

    def pair_mode(self, args: dict[str, Any]) -> dict[str, Any]:
        """Set a pair's mode: active, reducing, paused or halted."""
        mode = text_arg(args, "mode").lower()
        if mode not in MODES:
            raise Unanswerable(BAD_REQUEST, f"mode={mode!r}: allowed: {', '.join(MODES)}")
        return self._operate(args, mode)

    def pair_release(self, args: dict[str, Any]) -> dict[str, Any]:
        """Let a frozen pair go on."""
        return self._operate(args, "release")

    def _operate(self, args: dict[str, Any], verb: str) -> dict[str, Any]:
        name = text_arg(args, "pair")
        word = Operate(verb, text_arg(args, "operator"), text_arg(args, "reason", ""))
        if name not in {spec.name for spec in self.node.specs}:
            raise Unanswerable(NO_SUCH, f"no pair {name!r}")
        actor = self.node.actor(name)
        if actor is None:
            raise Unanswerable(REFUSED, f"{name} is being raised again: ask once more")
        return tried(lambda: actor.on_operate(word))


def tried(act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer, or why it was refused. Raises: Unanswerable."""
    try:
        done = act()
    except (IllegalTransition, JournalError) as error:
        raise Unanswerable(REFUSED, str(error)) from None
    if "error" in done:
        raise Unanswerable(REFUSED, str(done["error"]))
    return done


def venue_line(link: Any) -> dict[str, Any]:
    """A venue for `status`; where it is open, what it may not trade and why."""
    told = link.inspect()
    if told["stage"] == "OPEN" and told["blocked"]:
        told["why"] = "; ".join(f"{symbol}: {reason}" for symbol, reason in told["blocked"].items())
    return {key: told[key] for key in ("venue", "stage", "why", "trading_day", "seq_seen")}


def _after(names: list[str], args: dict[str, Any]) -> list[str]:
    """The names that follow `after`; all of them without one."""
    after = args.get("after")
    return names[names.index(after) + 1 :] if after in names else names


def _place(hedge_id: str, key: str = "after") -> tuple[str, int]:
    """A hedge id's pair and number. Raises: Unanswerable."""
    pair, _, rest = hedge_id.rpartition(".")
    name = pair.rpartition(".")[0]
    if not name or not rest.isascii() or not rest.isdigit():
        raise Unanswerable(BAD_REQUEST, f"{key}={hedge_id!r}: allowed: the id of a hedge")
    return name, int(rest)
