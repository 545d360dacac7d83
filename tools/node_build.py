"""The composition root: a configuration becomes a running node.

All wiring is here: clock, lane, journal, venue links, risk limits, pairs and
the tree. Nothing is decided; everything is passed as values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from actors.account import Account
from actors.alerts import Alert, AlertSink
from actors.calendars import CalendarWatch
from actors.controls import ControlDesk
from actors.desk import Desk
from actors.hang_watch import HangWatch
from actors.hedge_show import terms_map
from actors.journal_sync import JournalSync
from actors.known import Adopted
from actors.lease import LeasedBreaker, link_of
from actors.link import VenueLink, VenueSettings
from actors.logs import LogActor
from actors.notes import ACCOUNT, TREASURY
from actors.pair import PairActor, PairMemory
from actors.record_keeper import RECORD, RecordKeeper
from actors.recovery import Recovered, rebuilt
from actors.runtime import Runtime
from actors.snapshot_maker import SnapshotMaker
from actors.snapshots import recover
from actors.treasury import MoneyTerms, Treasury
from actors.venue import VenueActor
from config.load import PAPER, fingerprint
from config.pairspecs import limits_of, pair_specs
from config.schema import Config, Pair, Venue
from config.sessions import book_for
from config.values import instrument_of
from domain.closable import CLOSING
from domain.errors import ConfigError, HedgerowError, InvariantViolation, JournalError
from domain.market import Instrument
from domain.money import scaled
from domain.orders import LIVE
from domain.pairspec import PairSpec
from domain.risk import RiskTable
from domain.terms import terms_of
from journal.emergency import make_whole
from journal.reader import last_mono_ns
from journal.recovery import DamagedError, last_node_epoch, next_node_epoch
from journal.segment import is_begun
from journal.writer import Journal
from supervisors.changing import respec_below
from supervisors.engine import Supervisor
from supervisors.processes import ProcessSpec, process_child
from supervisors.spec import ChildSpec, SupervisorSpec, check
from supervisors.tree import node_tree
from system.curve import read_keys
from system.locks import LockHeldError, is_locked, read_holder
from system.notify import Notifier
from system.sockets import private_directory
from tools.cli import VERSION
from tools.machine import RealMachine
from tools.node_again import FILE, as_changed, holders_of, report, same_pairs
from tools.node_gateways import ManagedGateways
from tools.node_giving_up import GivingUp
from wire.codec import feed_topic, pack, pack_large

ROOT = "node/root"
STALL_TOLD_NS = 10_000_000_000
"""A lane that is held up again and again is told so often."""


def left_of(pair: Any) -> dict[str, Any]:
    """What is left of a pair: its hedge, live orders, naked lots."""
    hedge = pair.hedge
    live = [] if hedge is None else [order.cl_ord_id for leg in hedge.legs for order in leg.orders if order.live]
    name, state, why = (None, "", "") if hedge is None else (hedge.hedge_id, str(hedge.status), hedge.stranded_why)
    return {"pair": pair.name, "hedge": name, "state": state, "why": why, "naked": list(pair.naked), "live": live}


def on_record_ns(config: Config) -> int:
    """Where the journal's monotonic time stands."""
    return last_mono_ns(Path(config.node.dir) / "journal")


def add_limits(risk: RiskTable, pairs: Iterable[Pair]) -> None:
    """Every leg's limits into the table. Raises: ConfigError where two pairs say others of one instrument."""
    for index, pair in enumerate(pairs):
        for key, limits in limits_of(pair).items():
            try:
                risk.add(key, limits)
            except InvariantViolation as error:
                allowed = f"the same limits in each pair that trades {key[1]} ({error})"
                raise ConfigError("configuration", f"pair[{index}].legs.limits", pair.name, allowed) from None


class Node:
    """One shard, all in this process. Thread: the one that builds it.

    Raises: ConfigError, JournalError, LockHeldError before anything trades.
    """

    def __init__(self, config: Config, *, live: bool, machine: Any = None, elsewhere: Collection[str] = ()) -> None:
        self.live = live
        self.machine = machine = machine or RealMachine(on_record_ns(config))
        self.directory = machine.directory(config.node.dir)
        self.clock, self.lane, self.context = machine.clock, machine.lane, machine.context
        self.runtime = Runtime(self.lane, self.clock)
        self.book = book_for(config)
        self.shares = {venue: Fraction(part) for shard in config.shard for venue, part in shard.share.items()}
        self.given = fingerprint(config)
        self.adopt(config)
        self.started_ns = self.clock.mono_ns()
        self.read_from = 1
        self.mended: list[str] = []
        """What was cut off or brought back of the journal before it was read."""
        try:
            self.recovered, epoch = self._recover()
            self.again = as_changed(config, self.recovered, elsewhere)
            if self.again.config is not config:
                self.adopt(self.again.config)
            same_pairs(self.specs, self.recovered)
            self.journal = self._journal(epoch)
        except HedgerowError:
            machine.close()
            raise
        self.desk = Desk(self.clock, self.journal, self.journal.node_epoch, self._alert)
        self.says: Callable[[str], str] = lambda _table: FILE
        """Which file says a table of the configuration."""
        self.giving_up = GivingUp(self)
        self.gateways = ManagedGateways(self)
        self.sockets: list[Any] = []
        self.service = Notifier()
        self.closing: list[Callable[[], None]] = []
        """Called before the sockets are closed."""
        self._stall_told_ns = -STALL_TOLD_NS

    # ------------------------------------------------ building

    def adopt(self, config: Config, digest: str = "", specs: tuple[PairSpec, ...] | None = None) -> None:
        """What it runs from now on, and its pairs."""
        self.config = config
        self.digest = digest or fingerprint(config)
        self.specs = pair_specs(config, sends_orders=self.live, book=self.book) if specs is None else specs
        self.by_name = {spec.name: spec for spec in self.specs}

    def _recover(self) -> tuple[Recovered, int]:
        directory = self.directory / "journal"
        lots = {spec.name: spec.lots for spec in self.specs}
        if not is_begun(directory):
            return Recovered(), next_node_epoch(0, self.clock.wall_ns())
        if is_locked(directory):  # before what somebody else is writing is read: no second node gets further than here
            raise LockHeldError(directory, read_holder(directory))
        try:
            found, self.read_from, _ = recover(directory, lots)
        except DamagedError:  # or only torn
            self.mended = make_whole(directory, self.config.node.name, self.machine.journal.get("files"))
            found, self.read_from, _ = recover(directory, lots)
        return found, next_node_epoch(last_node_epoch(directory), self.clock.wall_ns())

    def _journal(self, epoch: int) -> Journal:
        start = {
            "node": self.config.node.name,
            "node_epoch": epoch,
            "mode": self.mode,
            "version": VERSION,
            "pid": self.machine.pid,
            "pairs": [spec.name for spec in self.specs],
            "changed": to_builtins(self.again.kept),
            **terms_map(self.specs),
        }

        def told(notes: list[str]) -> bytes:
            self.mended = self.mended or notes  # what made it whole has told all that opening still finds
            return pack_large({**start, "mended": self.mended} if self.mended else start)

        return Journal(
            self.directory / "journal",
            clock=self.clock,
            node_epoch=epoch,
            code_version=VERSION,
            config_hash=self.digest,
            start=told,
            node=self.config.node.name,
            emergency_dir=self.machine.emergency(self.config.node.emergency_dir or str(self.directory / "emergency")),
            **self.machine.journal,
        )

    def build(self, edge: tuple[ChildSpec, ...] = ()) -> None:
        """Links, limits, memories and the tree; then the tree starts."""
        for venue in self.config.venue:
            self.desk.links[venue.name] = self._link(venue)
        if self.shares:
            self.desk.breaker = LeasedBreaker(self.desk.links)
        add_limits(self.desk.risk, self.config.pair)
        self.budgets()
        self._remember()
        self.desk.controls = ControlDesk(self.desk, self.specs, self.recovered.controls)
        self.edge = edge
        tree = self.tree()
        check(tree, ROOT)
        self.lane.on_stall = self._stalled
        self.runtime.on_quarantine = self._quarantined
        self.runtime.spawn(Supervisor, ROOT, tree)
        report(self)

    def tree(self) -> SupervisorSpec:
        """All children as the present configuration has them."""
        hooks = (self.giving_up.may, self.giving_up.gave_up)
        return node_tree(self._gateways(), self._syncing(), self._services(), self._venues(), self._pairs(), self.edge, hooks)

    def respec(self) -> None:
        """Whoever is raised from now on is raised as the present configuration has it."""
        respec_below(self.runtime, ROOT, self.tree())

    def _link(self, venue: Venue) -> VenueLink:
        config = self.config
        instruments = tuple(instrument_of(told) for told in config.instrument if told.venue == venue.name)
        topics = [feed_topic(each.symbol) for each in instruments]
        curve = None
        if venue.curve_server is not None:
            curve = read_keys(Path(config.node.curve_keys), venue.curve_server)
        feed = self.machine.feed_socket(venue.feed, topics, curve)
        trade = self.machine.trade_socket(venue.trade, curve) if venue.trade is not None else None
        self.sockets.extend(each for each in (feed, trade) if each is not None)
        keeper, epoch = f"gateway/{venue.name}" * bool(venue.command), self.journal.node_epoch
        settings = VenueSettings(
            venue.name, config.node.name, epoch, instruments,
            cancel_on_disconnect_ms=venue.cancel_on_disconnect_ms, keeper=keeper, hang_ms=venue.hang_ms,
        )  # fmt: skip
        told = self.recovered.venues
        seen, known = told.seen(venue.name), told.known(venue.name)
        share = self.shares.get(venue.name)
        link = link_of(share, settings, self.clock, feed, trade, seen=seen, known=known, resolve=self.recovered.owner)
        link.adopted = adopted = Adopted(self.desk.pair, self.recovered.outside.known)
        link.told = adopted.forget
        return link

    def budgets(self) -> None:
        """What a person allows where a venue tells no money; again and again the same."""
        for venue in self.config.venue:
            for told in self.config.instrument:
                if told.venue == venue.name:
                    currency = (told.base or "") if told.kind == "inverse" else told.currency
                    budget = (venue.margin_budget or {}).get(currency)
                    funds = self.desk.margin.of(venue.name, currency)
                    funds.budget = None if budget is None else scaled(budget)
                    funds.unchecked = venue.margin_unchecked
                    funds.reckon()

    def _remember(self) -> None:
        """What the journal knows becomes the actors' memories."""
        self.desk.ledgers = ledgers = self.recovered.ledgers
        owners = self.recovered.owners  # those of pairs that are gone: what comes late for them is told to a person
        self.recovered.owners = {ref: name for ref, name in owners.items() if name.partition("/")[0] in self.by_name}
        self.desk.retired = {name: pair for name, pair in self.recovered.pairs.items() if name not in self.by_name}
        self.desk.holders = holders_of(self.specs)
        for spec in self.specs:
            ledgers.configure(spec.name, spec.currency, tuple(terms_of(leg.instrument) for leg in spec.legs))
            pair = self.recovered.pairs.get(spec.name)
            if pair is None:
                continue
            pair = rebuilt(pair, spec.lots)
            self.desk.memories[spec.name] = PairMemory(pair)
            if self.live:
                self._restore_risk(spec, pair)
        for name, memory in self.recovered.children.items():
            self.desk.memories[name] = memory

    def _restore_risk(self, spec: PairSpec, pair: Any) -> None:
        risk = self.desk.risk
        for leg, book in zip(spec.legs, pair.books, strict=True):
            risk.set_position(leg.key, risk.row(leg.key).position + book.net)
        for hedge in (pair.hedge, *pair.past):
            for leg in hedge.legs if hedge is not None else ():
                for order in leg.orders:
                    if order.status in LIVE:
                        key = spec.legs[order.leg].key
                        if order.offset in CLOSING:
                            left = order.leaves_qty
                            self.desk.closable.claim(key, order.side, order.cl_ord_id, spec.name, order.offset, left)
                        risk.claim(key, order.cl_ord_id, order.side, order.leaves_qty, order.px, rests=order.tif == "0")

    # ------------------------------------------------ the tree's children

    def _gateways(self) -> tuple[ChildSpec, ...]:
        """Gateways with a command; they end with an orderly stop alone."""
        managed = [venue for venue in self.config.venue if venue.command]
        if not managed:
            return ()
        place = private_directory(self.directory / "gateways")
        return tuple(
            process_child(
                f"gateway/{venue.name}",
                ProcessSpec(venue.command, place / f"{venue.name}.log", place / f"{venue.name}.pid"),
                partial(self.gateways.ends, venue.name),
                partial(self.gateways.wait_ns, venue.name),
                f"venue/{venue.name}",
            )
            for venue in managed
        )

    def _syncing(self) -> ChildSpec:
        return ChildSpec("journal/sync", (JournalSync, (self.journal, RECORD)))

    def _services(self) -> tuple[ChildSpec, ...]:
        return (
            ChildSpec("node/logs", (LogActor, ())),
            *self._snapshots(),
            ChildSpec("node/alerts", (AlertSink, (self.directory / "alerts.jsonl",))),
            ChildSpec("node/hangs", (HangWatch, (self._alert,))),
        )

    def _snapshots(self) -> tuple[ChildSpec, ...]:
        if not self.machine.makes_snapshots:
            return ()
        return (ChildSpec("journal/snapshots", (SnapshotMaker, (self.journal, self.read_from - 1))),)

    def _venues(self) -> tuple[ChildSpec, ...]:
        record = ChildSpec(RECORD, (RecordKeeper, (self.desk,)))
        account = ChildSpec(ACCOUNT, (Account, (self.desk, self.specs, self.recovered.outside)))
        every_ms = {venue.name: venue.collateral_every_ms for venue in self.config.venue if venue.trade is not None}
        haircuts = {venue.name: Fraction(venue.fx_haircut) for venue in self.config.venue if venue.fx_haircut is not None}
        rates = tuple(told for told in self.instruments() if told.kind == "fx" and told.base)
        treasury = ChildSpec(TREASURY, (Treasury, (self.desk, MoneyTerms(every_ms, haircuts, rates, self.shares), self.specs)))
        venues = (
            ChildSpec(f"venue/{name}", (VenueActor, (link, self.journal, ACCOUNT, ACCOUNT)))
            for name, link in self.desk.links.items()
        )
        node = self.config.node
        watch = (self.desk, self.specs, node.calendar_warn_days, node.roll_warn_days)
        return (record, account, treasury, *venues, ChildSpec("node/calendars", (CalendarWatch, watch)))

    def _pairs(self) -> tuple[ChildSpec, ...]:
        return tuple(child for spec in self.specs for child in self.giving_up.children(spec.name))

    def _alert(self, severity: str, code: str, **details: Any) -> None:
        """Record, then the sinks. Thread: the lane."""
        try:
            seq = self.journal.append("alert", pack({"severity": severity, "code": code, **details}), details.get("cause", 0))
        except JournalError:
            seq = 0  # it is told all the same
        self.runtime.tell("node/alerts", Alert(severity, code, seq, self.clock.wall_ns(), details))

    def _stalled(self, name: str, took_ns: int) -> None:
        """A turn that held everybody up. Told at most every so often; each is a line of the log."""
        now_ns = self.clock.mono_ns()
        if now_ns >= self._stall_told_ns + STALL_TOLD_NS:
            self._stall_told_ns = now_ns
            self._alert("warning", "LANE_STALLED", actor=name, took_ms=took_ns // 1_000_000)

    def _quarantined(self, name: str, message: Any, error: BaseException) -> None:
        """A message that nobody survives: put aside, with what it was, and told."""
        cause = getattr(message, "seq", 0) or getattr(message, "cause", 0)
        self._alert("critical", "QUARANTINED", actor=name, message=repr(message)[:1000], error=repr(error), cause=cause)

    # ------------------------------------------------ life

    @property
    def mode(self) -> str:
        """What it does: observe, paper, or live."""
        return "live" if self.live and self.config.node.mode != PAPER else self.config.node.mode

    def actor(self, name: str) -> Any:
        """The living actor of that name, for looking in; None while it is down."""
        box = self.runtime.boxes.get(name)
        return None if box is None else box.actor

    def pair_actor(self, name: str) -> PairActor | None:
        """The pair's, likewise; None too where a flattener stands in for it."""
        actor = self.actor(name)
        return actor if isinstance(actor, PairActor) else None

    def instruments(self) -> tuple[Instrument, ...]:
        """Every configured instrument."""
        return tuple(instrument_of(told) for told in self.config.instrument)

    def in_flight(self) -> list[str]:
        """Pairs with a hedge that is not final."""
        return [name for name, pair in self.pairs().items() if pair.hedge is not None]

    def pairs(self) -> dict[str, Any]:
        """The present state of every pair, by name."""
        memories = self.desk.memories
        return {name: memories[name].pair for name in self.by_name if name in memories}

    def pair(self, name: str) -> Any:
        """One pair's; None where there is none."""
        return self.desk.memories[name].pair if name in self.by_name and name in self.desk.memories else None

    def left(self) -> list[dict[str, Any]]:
        """What a stop would leave: each pair with a hedge, or naked."""
        return [left_of(pair) for pair in self.pairs().values() if pair.hedge is not None or any(pair.naked)]

    def close(self, why: str) -> None:
        """After the tree has stopped: the last record, files and sockets."""
        left = self.left()
        naked = {row["pair"]: row["naked"] for row in left if any(row["naked"])}
        try:
            self.journal.append("stop", pack({"why": why, "in_flight": self.in_flight(), "naked": naked, "left": left}))
            self.journal.close()
        except JournalError as error:
            self.runtime.log("stop_not_recorded", error=str(error))
        for end in self.closing:
            end()
        for socket in self.sockets:
            socket.close()
        self.machine.close()
