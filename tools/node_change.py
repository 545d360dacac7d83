"""The configuration of a node that runs, changed: whole, or not at all.

A change is judged before anything is touched, recorded, then done in one turn
of the lane; where a part of it fails, what was done is undone and that is
recorded too. Pairs keep their state: one that is changed is raised anew from
it, as after a crash. What no running node takes is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from actors.hedge_show import terms_map
from actors.notes import ACCOUNT, TREASURY, SpecsChanged
from actors.pair import PairMemory
from actors.recovery import CHANGE, rebuilt
from actors.runtime import StartFailed
from config import changes
from config.changes import Proposal
from config.flat import FLAT, Change
from config.pairspecs import pair_spec
from config.schema import Config, Pair
from config.values import defaults_of, instrument_of
from domain.errors import ConfigError, JournalError
from domain.market import Instrument
from domain.pairspec import PairSpec
from domain.risk import Limits
from domain.terms import terms_of
from tools.node_again import holders_of, why_needed
from tools.node_covers import children_of
from tools.node_giving_up import PAIRS
from wire.codec import pack
from wire.inspection import BAD_REQUEST, REFUSED, Unanswerable

CALENDARS = "node/calendars"
MOST_TOLD = 12
MOST_PAIRS = 100
"""Raised, ended or started in one turn: about 2 ms each, and a lane that hangs for a second is ended."""

Undo = list[Callable[[], Any]]


class Plan(Struct):
    """A change that may be done. `fresh`, `other`, `gone`: pairs by what becomes of them."""

    after: Config
    digest: str
    changes: list[Change]
    specs: tuple[PairSpec, ...]
    fresh: tuple[PairSpec, ...]
    other: tuple[PairSpec, ...]
    gone: tuple[PairSpec, ...]
    limits: dict[tuple[str, str], Limits]
    instruments: tuple[Instrument, ...]

    @property
    def said(self) -> dict[str, list[str]]:
        """Names of pairs, by what becomes of them."""
        groups = {"added": self.fresh, "changed": self.other, "removed": self.gone}
        return {word: [spec.name for spec in specs] for word, specs in groups.items()}


class NodeChange:
    """Judges and does changes. Thread: the lane."""

    def __init__(self, node: Any) -> None:
        self.node = node

    # ------------------------------------------------ judging

    def plan(self, told: Proposal) -> Plan:
        """What it comes to. Raises: Unanswerable, with every reason that there is."""
        node = self.node
        self._why_not_now(told)
        try:
            after = changes.merged(node.config, told)
            found = changes.differences(node.config, after)
            if not found:
                raise Unanswerable(REFUSED, "nothing of it differs from what runs")
            self._why_not(told, after, found)
            plan = self._planned(after, found)
        except ConfigError as error:
            raise Unanswerable(BAD_REQUEST, str(error)) from None
        count = len(plan.fresh) + len(plan.other) + len(plan.gone)
        if count > MOST_PAIRS:
            raise Unanswerable(REFUSED, f"{count} pairs in one change, at most {MOST_PAIRS}: add, change or remove some at a time (./hedgerow pair change NAME ...); defaults of more than that need a start")
        return plan

    def _why_not_now(self, told: Proposal) -> None:
        node = self.node
        if told.base != node.digest:
            raise Unanswerable(REFUSED, "the configuration has been changed meanwhile: look again (./hedgerow config diff) and ask once more")
        if node.desk.stopping:
            raise Unanswerable(REFUSED, "the node is stopping: change its files")
        if node.desk.journal_failed:
            raise Unanswerable(REFUSED, f"nothing can be recorded, so nothing is changed: {node.desk.journal_failed}")
        supervisor = node.actor(PAIRS)
        if supervisor is None or supervisor.is_stopping:
            raise Unanswerable(REFUSED, "the pairs are being raised again: ask once more")

    def _why_not(self, told: Proposal, after: Config, found: list[Change]) -> None:
        """Raises: Unanswerable where it needs more than a word."""
        late = [change.key for change in changes.start_needed(found)]
        if late:
            raise Unanswerable(REFUSED, f"{_some(late)}: needs a start of the node: ./hedgerow stop, change the files, ./hedgerow run")
        wrong = [str(each) for each in changes.problems_of(after, self._touched(after), after.node.mode)]
        if wrong:
            raise Unanswerable(BAD_REQUEST, "; ".join(wrong[:4]))
        flat = dict.fromkeys(changes.pair_of(change.key) for change in found if change.needs == FLAT)
        held = [f"{name}: {why}" for name in flat if (why := self._why_needed(name))]
        if held:
            todo = f"./hedgerow pair disable {next(iter(flat))} begins nothing new and lets what is in flight finish; then ./hedgerow hedge close"
            raise Unanswerable(REFUSED, f"{_some(held)}: its legs, lots and currency stay while that is so. {todo}")
        for each in told.instrument:
            there = self.node.desk.links[each.venue].instruments.get(each.symbol)
            if there is not None and there != instrument_of(each):
                raise Unanswerable(REFUSED, f"instrument[{each.venue}/{each.symbol}] was another here before: needs a start of the node")

    def _why_needed(self, name: str) -> str:
        memory = self.node.desk.memories.get(name)
        if memory is None:
            return ""
        memory.settle()  # what a pair that is down has on record and has not taken in
        return why_needed(memory.pair)

    def _touched(self, after: Config) -> list[str]:
        """Pairs whose table, or whose defaults, are others."""
        before = {pair.name: pair for pair in self.node.config.pair}
        all_of_them = after.defaults != self.node.config.defaults
        return [pair.name for pair in after.pair if all_of_them or before.get(pair.name) != pair]

    def _planned(self, after: Config, found: list[Change]) -> Plan:
        node = self.node
        old = {pair.name: pair for pair in node.config.pair}
        specs, fresh, other = [], [], []
        for pair in after.pair:
            known = old.get(pair.name)
            if known is not None and _same_for_actors(node.config, known, after, pair):
                specs.append(node.by_name[pair.name])
                continue
            spec = pair_spec(after, pair, node.book, sends_orders=node.live)
            specs.append(spec)
            (fresh if known is None else other).append(spec)
        names = {pair.name for pair in after.pair}
        touched = replace(after, pair=tuple(pair for pair in after.pair if old.get(pair.name) is not pair))
        return Plan(
            after,
            changes.digest(after),
            found,
            tuple(specs),
            tuple(fresh),
            tuple(other),
            tuple(spec for spec in node.specs if spec.name not in names),
            {key: limits for key, limits in changes.limits_by_key(touched).items() if node.desk.risk.limits(key) != limits},
            tuple(instrument_of(each) for each in after.instrument if each not in node.config.instrument),
        )

    def lines(self, plan: Plan) -> list[str]:
        """What it would do, a line each."""
        shown = [_line(change) for change in plan.changes[:40]]
        for word, names in plan.said.items():
            shown += [f"pair {name}: {word}{_DOES[word]}" for name in names]
        return [*shown[:60], *self._notes(plan)]

    def _notes(self, plan: Plan) -> list[str]:
        """What a person should know of it."""
        found = []
        for key, limits in plan.limits.items():
            held = self._position(key)
            if abs(held) > limits.position_lots:
                found.append(f"{key[0]}/{key[1]}: {held:+d} lots are held, over the limit of {limits.position_lots}: no new opens; closes and repairs still leave")
        for told in plan.instruments:
            link = self.node.desk.links[told.venue]
            if told.symbol not in link.announced and link.trade is not None and link.blocked.get(told.symbol, "new"):
                found.append(f"{told.venue}/{told.symbol}: its gateway has not announced it: nothing of it is traded until it does")
        return found

    def _position(self, key: tuple[str, str]) -> int:
        """Lots that the pairs hold of an instrument, signed."""
        pairs = self.node.pairs()
        return sum(pairs[name].books[index].net for name, index in self.node.desk.holders.get(key, ()) if name in pairs)

    # ------------------------------------------------ doing

    def apply(self, plan: Plan, told: Proposal, verb: str, operator: str, reason: str) -> dict[str, Any]:
        """Record it, do it; undone as a whole where a part fails. Raises: Unanswerable."""
        node, before, old_specs, old_digest = self.node, self.node.config, self.node.specs, self.node.digest
        kept, notes = node.again.kept, self._notes(plan)
        signed = {"actor": "node/changes", "verb": verb, "operator": operator, "reason": reason, "files": told.files}
        seq = self._record({**signed, "was": old_digest}, before, plan, (*plan.fresh, *plan.other))
        undo: Undo = []
        problem = ""
        is_done = False
        try:
            self._do(plan, undo)
            is_done = True
        except StartFailed as error:
            problem = str(error)
        finally:
            if not is_done:
                for step in reversed(undo):
                    step()
                node.again = replace(node.again, kept=kept)
                back = Plan(before, old_digest, plan.changes, old_specs, (), (), (), {}, ())
                again = tuple(spec for spec in old_specs if spec.name in plan.said["changed"])
                self._record({**signed, "was": plan.digest, "verb": f"{verb} undone", "problem": problem}, plan.after, back, again, seq)
        if problem:
            node.desk.alert("warning", "CHANGE_UNDONE", verb=verb, operator=operator, problem=problem[:400], cause=seq)
            raise Unanswerable(REFUSED, f"undone as a whole: {problem}")
        self._after(plan)
        for note in notes:
            node.desk.alert("warning", "CHANGE_NOTE", verb=verb, text=note, cause=seq)
        return {"seq": seq, "sha256": node.digest, **plan.said, "notes": notes}

    def _record(self, signed: dict[str, Any], before: Config, plan: Plan, specs: tuple[PairSpec, ...], cause: int = 0) -> int:
        """What differs from the files now, digests, and the legs of pairs that are others."""
        node = self.node
        if not cause:
            node.again = replace(node.again, kept=changes.noted(node.again.kept, before, plan.after))
        told = {
            **signed,
            "sha256": plan.digest,
            "keys": [[each.key, str(each.before), str(each.after)] for each in plan.changes[:200]],
            "changed": to_builtins(node.again.kept),
            **terms_map(specs),
        }
        try:
            return node.journal.append(CHANGE, pack(told), cause)
        except JournalError as error:
            node.desk.journal_failed = str(error)
            raise Unanswerable(REFUSED, f"it can't be recorded, so it is not done: {error}") from None

    def _do(self, plan: Plan, undo: Undo) -> None:
        node, desk = self.node, self.node.desk
        old_config, old_specs, old_digest = node.config, node.specs, node.digest
        for told in plan.instruments:
            desk.links[told.venue].take_in(told)
        undo.append(lambda: self._stand(old_config, old_digest, old_specs))
        self._stand(plan.after, plan.digest, plan.specs)
        node.budgets()
        for key, limits in plan.limits.items():
            was = desk.risk.limit(key, limits)
            undo.append(lambda key=key, was=was: desk.risk.drop(key) if was is None else desk.risk.limit(key, was))
        pairs = node.runtime.mailbox(PAIRS).actor
        before = {spec.name: spec for spec in old_specs}
        for spec in plan.fresh:
            undo.append(lambda spec=spec: self._remove(pairs, spec))
            self._prepare(spec)
            pairs.swap(children_of(spec, desk, node.machine))
        for spec in plan.other:
            old = before[spec.name]
            undo.append(lambda old=old, spec=spec: self._raise(pairs, spec, old))
            self._raise(pairs, old, spec)
        for spec in plan.gone:
            self._remove(pairs, spec)

    def _stand(self, config: Config, digest: str, specs: tuple[PairSpec, ...]) -> None:
        """These are the configuration and the pairs."""
        self.node.adopt(config, digest, specs)
        self.node.desk.holders = holders_of(specs)
        self.node.desk.controls.enlist(specs)

    def _prepare(self, spec: PairSpec) -> None:
        """Ledger and memory as its legs are now; before it is started."""
        node = self.node
        node.desk.ledgers.configure(spec.name, spec.currency, tuple(terms_of(leg.instrument) for leg in spec.legs))
        memory = node.desk.memories.get(spec.name)
        node.desk.retired.pop(spec.name, None)
        if memory is not None:
            memory.settle()
        known = memory.pair if memory is not None else node.recovered.pairs.get(spec.name)
        if known is not None and known.lots != spec.lots:
            known = rebuilt(known, spec.lots)
        if memory is not None:
            memory.pair = known
        elif known is not None:
            node.desk.memories[spec.name] = PairMemory(known)

    def _raise(self, pairs: Any, old: PairSpec, spec: PairSpec) -> None:
        """A pair is another: raised anew from its state, with what it no longer watches let go."""
        node = self.node
        if node.giving_up.given.pop(spec.name, None) is not None:
            pairs.forgive(spec.name)
        self._prepare(spec)
        children = children_of(spec, node.desk, node.machine)
        names = {child.name for child in children}
        without = tuple(child.name for child in children_of(old, node.desk, node.machine) if child.name not in names)
        pairs.cut(without)
        for name in without:
            node.runtime.forget(name)
        for venue in {key[0] for key in _keys(old)}:
            symbols = [symbol for place, symbol in _keys(old) - _keys(spec) if place == venue]
            node.desk.links[venue].unwatch(old.name, symbols)  # its start watches again
        pairs.swap(children)

    def _remove(self, pairs: Any, spec: PairSpec) -> None:
        node = self.node
        node.giving_up.given.pop(spec.name, None)
        memory = node.desk.memories.get(spec.name)
        if memory is not None:
            node.desk.retired[spec.name] = memory.pair
        names = tuple(child.name for child in children_of(spec, node.desk, node.machine))
        pairs.cut(names)
        for key in _keys(spec):
            node.desk.links[key[0]].unwatch(spec.name, (key[1],))
        owners = frozenset(names)
        for link in node.desk.links.values():
            link.routes.disown(owners)
        node.recovered.owners = {ref: name for ref, name in node.recovered.owners.items() if name not in owners}
        for name in names:
            node.runtime.forget(name)

    def _after(self, plan: Plan) -> None:
        """Those who look at all pairs, and the tree's own idea of its children."""
        node = self.node
        node.journal.config_hash = bytes.fromhex(node.digest)
        gone = {key for spec in plan.gone for key in _keys(spec)} - node.desk.holders.keys()
        for key in gone:
            node.desk.risk.drop(key)
        told = SpecsChanged(node.specs, tuple(each for each in node.instruments() if each.kind == "fx" and each.base))
        for name in (ACCOUNT, TREASURY, CALENDARS):
            node.runtime.tell(name, told)
        node.respec()


_DOES = {"added": ", with its legs watched from now on", "changed": ", raised anew from its state", "removed": ""}


def _same_for_actors(before: Config, old: Pair, after: Config, new: Pair) -> bool:
    """Whether its actors would be no others: limits are the risk table's."""
    if old is not new and _without_limits(old) != _without_limits(new):
        return False
    return before.defaults == after.defaults or defaults_of(before, old) == defaults_of(after, new)


def _without_limits(pair: Pair) -> Pair:
    return replace(pair, legs=tuple(replace(leg, limits=None) for leg in pair.legs))


def _keys(spec: PairSpec) -> set[tuple[str, str]]:
    """What a pair watches: its legs, and the rates that they are converted by."""
    return {leg.key for leg in spec.legs} | {leg.fx.key for leg in spec.legs if leg.fx is not None}


def _line(change: Change) -> str:
    if "there" in (change.before, change.after) and None in (change.before, change.after):
        return f"{change.key}: {'new' if change.before is None else 'goes'}"
    return f"{change.key}: {change.before} -> {change.after}"


def _some(texts: list[str]) -> str:
    more = len(texts) - MOST_TOLD
    return "; ".join(texts[:MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")
