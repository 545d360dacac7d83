"""The money of all accounts: ledgers folded, margin asked for, given back.

What venues say is free is re-read by a timer and whenever a hedge has settled;
a fee that is not the schedule's is told. Nothing here is on the way from a
quote to an order: pairs read and take room by direct calls (domain/margin.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar

from msgspec import Struct

from actors import shares
from actors.base import Actor
from actors.controls import HoldChanged
from actors.desk import Desk
from actors.notes import HedgeSettled, SpecsChanged
from actors.venue import AskAgain
from domain.controls import RECONCILER, ScopeModeSet, symbol_scope
from domain.ledger import FeeDiffers
from domain.margin import used_by
from domain.market import Instrument
from domain.money import SCALE, scaled, text_of
from domain.pairs import Mode, unreleased
from domain.pairspec import PairSpec
from domain.positions import Held, Told, difference, held_by, is_less
from domain.venue_news import CollateralTold, MassCancelTold, PositionsTold, StrayReport, VenueChanged, VenueTrouble
from domain.venues import COLLATERAL, POSITIONS

MS = 1_000_000
TICK_NS = 500 * MS
LEAST_ASK_NS = 1000 * MS
"""Least time between two collateral inquiries: venues limit queries."""
STALE_ASKS = 6
"""So many timers without an answer, and its last one is not opened by."""
MAX_TOLD = 1000


class Look(Struct, frozen=True):
    """A timer of its own."""

    lane: ClassVar[int] = 2


class MoneyTerms(Struct, frozen=True):
    """What the configuration says of money, by venue. `fx`: quoted rates.

    `shares`: the part of what is free there that is ours to use, where it is split.
    """

    every_ms: dict[str, int]
    haircuts: dict[str, Fraction]
    fx: tuple[Instrument, ...] = ()
    shares: Mapping[str, Fraction] = {}


class Treasury(Actor):
    """One shard's money. Thread: the lane."""

    HANDLERS: ClassVar[dict[type, str]] = {
        Look: "on_look",
        HedgeSettled: "on_settled",
        CollateralTold: "on_collateral",
        VenueChanged: "on_venue",
        PositionsTold: "on_positions",
        MassCancelTold: "on_news",
        StrayReport: "on_news",
        VenueTrouble: "on_news",
        SpecsChanged: "on_specs",
    }

    def __init__(self, runtime: Any, name: str, desk: Desk, terms: MoneyTerms, specs: tuple[PairSpec, ...]) -> None:
        super().__init__(runtime, name)
        self.desk = desk
        self._haircuts, self._shares = terms.haircuts, terms.shares
        self.on_specs(SpecsChanged(specs, terms.fx))
        self._apart: dict[tuple[str, str], tuple[tuple[int, int], int]] = {}
        self.every_ns = {venue: ms * MS for venue, ms in terms.every_ms.items()}
        self._asked_ns: dict[str, int] = {}
        self._told_ns: dict[str, int] = {}
        self._wanted: set[str] = set()
        self._differ: set[tuple[str, int]] = set()
        self._more: set[tuple] = set()

    def on_specs(self, told: SpecsChanged) -> None:
        """Whose positions are compared, and by which rates money is converted."""
        self._fx = told.fx
        self._shared = tuple(spec for spec in told.specs if spec.shares)
        self._keys = {spec.name: tuple(leg.key for leg in spec.legs) for spec in told.specs if spec.sends_orders}
        self._nets = {
            leg.key: leg.instrument.offset_mode == "net" for spec in told.specs for leg in spec.legs if leg.instrument.kind != "spot"
        }

    def on_start(self) -> None:
        """Hear what the venues say; look at the money now and then."""
        for name in self.every_ns:
            self.desk.links[name].watch(self.name)
        self._wanted.update(self.every_ns)
        self.after_ns(TICK_NS, Look())

    def on_news(self, _news: Any) -> None:
        """Orders are others'."""

    def on_venue(self, _news: VenueChanged) -> None:
        """A venue that opened again: what it said before may be old."""

    def on_look(self, _look: Look) -> None:
        """Fold what was recorded; ask what is due."""
        self.after_ns(TICK_NS, Look())
        self._fold()
        now_ns = self.clock.mono_ns()
        for venue, every_ns in self.every_ns.items():
            if venue in self._wanted or now_ns - self._asked_ns.get(venue, 0) >= every_ns:
                self._ask(venue, now_ns)
            told_ns = self._told_ns.get(venue)
            if told_ns is not None and now_ns - told_ns > STALE_ASKS * every_ns:
                self.desk.margin.stale(venue)

    def on_settled(self, settled: HedgeSettled) -> None:
        """A hedge has ended: what it held is given back once the venue has said anew."""
        now_ns = self.clock.mono_ns()
        self._wanted.update(venue for venue in settled.venues if venue in self.every_ns)
        for venue in settled.venues:
            if venue in self._wanted and now_ns - self._asked_ns.get(venue, -LEAST_ASK_NS) >= LEAST_ASK_NS:
                self._ask(venue, now_ns)

    def on_collateral(self, told: CollateralTold) -> None:
        """What is free on an account, by its venue."""
        rows = [(row.currency, row.equity, row.available) for row in told.accounts]
        rows += self._converted(told)
        share = self._shares.get(told.venue)
        if share is not None:
            rows = [(currency, equity, text_of(int(scaled(available) * share))) for currency, equity, available in rows]
        self._told_ns[told.venue] = self.clock.mono_ns()
        if self._shared:
            self._fold()  # before what its hedges held is given back
        self.desk.margin.told(told.venue, rows, self._asked_ns.get(told.venue, 0), told.asof_ns)

    def on_positions(self, told: PositionsTold) -> None:
        """The independent view: ours by fills, theirs by query; at rest they agree."""
        desk = self.desk
        rows = {(told.venue, row.symbol): row for row in told.positions}
        pairs = [(desk.memories[name].pair, keys) for name, keys in self._keys.items() if name in desk.memories]
        busy = {key for pair, keys in pairs if pair.hedge is not None or unreleased(pair) is not None for key in keys}
        ours = held_by(pairs)
        now_ns = self.clock.mono_ns()
        for key in [key for key in desk.positions if key[0] == told.venue]:
            del desk.positions[key]
        flat = Told(None, Held(), now_ns)  # one for all of which nobody holds anything
        for key in {*rows, *(key for key in ours if key[0] == told.venue and key in self._nets)}:
            row, held = rows.get(key), ours.get(key, flat.ours)
            desk.positions[key] = flat if row is None and held == flat.ours else Told(row, held, now_ns)
        for key, held in ours.items():
            if key[0] != told.venue or key not in self._nets:
                continue
            found = difference(held, rows.get(key), nets=self._nets[key])
            if found == (0, 0) or key in busy:
                self._apart.pop(key, None)
            else:
                self._judge(key, found, sum(pair.hedge_count for pair, keys in pairs if key in keys))

    def _judge(self, key: tuple[str, str], found: tuple[int, int], hedges: int) -> None:
        """A difference counts once two answers say it with no hedge between."""
        seen, self._apart[key] = self._apart.get(key), (found, hedges)
        controls = self.desk.controls
        scope = symbol_scope(key)
        word = controls.state.accepted.get(scope)
        accepted = (0, 0) if word is None else (word.long, word.short)
        if seen != (found, hedges) or found == accepted:
            return
        told = {"venue": key[0], "symbol": key[1], "long": found[0], "short": found[1]}
        if not is_less(found, accepted):
            if (key, found) not in self._more:
                self._more.add((key, found))
                self.desk.alert("warning", "POSITION_MORE", **told, text="the account holds lots that are no pair's")
            return
        if scope in controls.state.modes:
            return
        reason = f"the account holds {found[0]:+d} long, {found[1]:+d} short against our fills"
        seq, names = controls.apply(ScopeModeSet(scope, Mode.REDUCING, RECONCILER, reason), "mode")
        for name in names:
            self.tell(name, HoldChanged(seq))
        self.desk.alert("critical", "POSITION_DIFFERS", **told, text=f"{reason}: ./hedgerow position reconcile", cause=seq)

    def _converted(self, told: CollateralTold) -> list[tuple[str, str, str]]:
        """Currencies that the account lacks, made of those that it has.

        At the touch that the exchange would be made at, less the haircut; what
        several need is shared among them, so that nothing counts twice.
        """
        haircut = self._haircuts.get(told.venue)
        there = {row.currency for row in told.accounts}
        lacking = [key[1] for key, funds in self.desk.margin.funds.items() if key[0] == told.venue and funds.margined and key[1] not in there]
        if haircut is None or not lacking:
            return []
        found = []
        for currency in lacking:
            sums = [Fraction(0), Fraction(0)]
            for row in told.accounts:
                rate = self._rate(row.currency, currency) * (1 - haircut) / len(lacking)
                sums[0] += Fraction(row.equity) * rate
                sums[1] += Fraction(row.available) * rate
            found.append((currency, *(text_of(int(amount * SCALE)) for amount in sums)))
        return found

    def _rate(self, one: str, other: str) -> Fraction:
        """What 1 of a currency fetches in another by a configured quote; 0 where none is there."""
        for instrument in self._fx:
            quote = self.desk.quote(instrument.key)
            if quote is None or quote.bid_px is None or quote.ask_px is None:
                continue
            if (instrument.base, instrument.currency) == (one, other):
                return quote.bid_px * Fraction(instrument.tick_size)
            if (instrument.currency, instrument.base) == (one, other):
                return 1 / (quote.ask_px * Fraction(instrument.tick_size))
        return Fraction(0)

    # ------------------------------------------------ inside

    def _ask(self, venue: str, now_ns: int) -> None:
        link = self.desk.links[venue]
        if not link.capabilities:
            return
        self._wanted.discard(venue)
        self._asked_ns[venue] = now_ns
        if link.capabilities.get("positions"):
            self.tell(f"venue/{venue}", AskAgain(POSITIONS))
        if link.capabilities.get("collateral"):
            self.tell(f"venue/{venue}", AskAgain(COLLATERAL))
        else:
            self._reckon(venue)
            self.desk.margin.untold(venue, now_ns)

    def _fold(self) -> None:
        ledgers = self.desk.ledgers
        ledgers.settle()
        found, ledgers.differences = ledgers.differences, []
        for pair, one in found:
            self._tell_fee(pair, one)
        for venue in self.every_ns:
            self._reckon(venue)
        shares.reckon(desk=self.desk, specs=self._shared)

    def _reckon(self, venue: str) -> None:
        """What our positions use of a budget, by the margin of their last price."""
        budgets = [funds for funds in self.desk.margin.funds.values() if funds.venue == venue and funds.budget is not None]
        for funds in budgets:
            funds.used = 0
        if not budgets:
            return
        link = self.desk.links[venue]
        for ledger in self.desk.ledgers.of.values():
            for terms, leg in zip(ledger.terms, ledger.legs, strict=True):
                funds = self.desk.margin.funds.get((venue, terms.currency))
                if terms.venue == venue and funds is not None and leg.lots:
                    funds.used += used_by(terms, leg, link.margins[terms.symbol])
        for funds in budgets:
            funds.reckon()

    def _tell_fee(self, pair: str, one: FeeDiffers) -> None:
        """Once for each leg: a schedule that is wrong is wrong each time."""
        if (pair, one.leg) in self._differ or len(self._differ) > MAX_TOLD:
            return
        self._differ.add((pair, one.leg))
        told, scheduled = text_of(one.told), text_of(one.scheduled)
        self.desk.alert(
            "warning", "FEE_DIFFERS", pair=pair, leg=one.leg, trade=one.trade, told=told, scheduled=scheduled, currency=one.currency
        )
