"""Trades that nobody here sent, and all else that no pair owns.

Strays and trouble of the venues become alerts, the same one at most once in a
while. After an outside trade the venue is asked what the account holds; where
that is less than the pairs' ledgers, each pair is told its share of the loss,
and told again until its ledger agrees.
"""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import to_builtins

from actors.base import Actor
from actors.controls import HoldChanged
from actors.desk import Desk
from actors.notes import ACCOUNT, LookAgain, OutsideLoss, SpecsChanged, Tick
from actors.venue import AskAgain
from domain import orders, outside, pairs
from domain.controls import ScopeModeSet, symbol_scope
from domain.errors import JournalError
from domain.ids import hedge_of, hedge_pair
from domain.outside import FORCED, KIND, Outside, OutsideTrade
from domain.pairs import Mode
from domain.pairspec import PairSpec
from domain.reports import OrderReport
from domain.retold import OUTSIDE
from domain.venue_news import (
    CollateralTold,
    MassCancelTold,
    Position,
    PositionsTold,
    StrayReport,
    VenueChanged,
    VenueTrouble,
)
from domain.venues import POSITIONS
from wire.codec import pack

TRADES = frozenset("FGH")
ASKED = frozenset("DFHq")
"""What a node may have asked that is about orders."""
GRAVE = frozenset(("CURVE", "JOURNAL", "LOGON", "VERSION"))
"""Troubles that keep a venue from trading until a person acts."""
LOOK_AGAIN_NS = 1_000_000_000
MOST_LOOKS_NS = 30_000_000_000
SAME_ALERT_NS = 60_000_000_000
RESTATED = "a trade of somebody else on the account is told otherwise than before: what the account holds is asked for, and a loss shared by what is told now"
MAX_TOLD = 10_000
"""Alerts and trades that are remembered, to tell each once."""


class Account(Actor):
    """All venues' accounts of one shard. Thread: the lane."""

    HANDLERS: ClassVar[dict[type, str]] = {
        StrayReport: "on_stray",
        VenueTrouble: "on_trouble",
        PositionsTold: "on_positions",
        VenueChanged: "on_news",
        CollateralTold: "on_news",
        MassCancelTold: "on_news",
        Tick: "on_tick",
        LookAgain: "on_look_again",
        SpecsChanged: "on_specs",
    }

    def __init__(self, runtime: Any, name: str, desk: Desk, specs: tuple[PairSpec, ...], trades: Outside) -> None:
        super().__init__(runtime, name)
        self.desk = desk
        self.trades = trades
        self._told: dict[tuple, int] = {}
        self._look_ns = LOOK_AGAIN_NS
        self._looking = False
        self._specs = {spec.name: spec for spec in specs}

    def _legs(self, key: tuple[str, str]) -> list[tuple[PairSpec, int]]:
        """Whose legs trade an instrument."""
        return [(self._specs[name], leg) for name, leg in self.desk.holders.get(key, ()) if name in self._specs]

    def on_specs(self, told: SpecsChanged) -> None:
        """The pairs are others: what waits for one that is gone is nobody's."""
        self._specs = {spec.name: spec for spec in told.specs}
        for key in [key for key in self.trades.waiting if not self._legs(key)]:
            del self.trades.waiting[key]

    def on_start(self) -> None:
        """Hear what the venues say of positions; look at what was not judged."""
        for link in self.desk.links.values():
            link.watch(self.name)
        for key in [key for key in self.trades.waiting if not self._legs(key)]:
            del self.trades.waiting[key]
        if self.trades.waiting:
            self._look_later()

    def on_news(self, _news: Any) -> None:
        """Stages and money are the pairs' and the board's."""

    # ------------------------------------------------ alerts

    def on_trouble(self, trouble: VenueTrouble) -> None:
        """What a venue's link could not make sense of."""
        severity = "critical" if trouble.code in GRAVE else "warning"
        self._alert(severity, trouble.code, (trouble.text,), venue=trouble.venue, text=trouble.text)

    def _alert(self, severity: str, code: str, key: tuple, **details: Any) -> None:
        """An alert, unless the same one was told a moment ago."""
        now_ns, mark = self.clock.mono_ns(), (code, *key)
        last = self._told.get(mark)
        if last is not None and now_ns - last < SAME_ALERT_NS:
            return
        self._told[mark] = now_ns
        if len(self._told) > MAX_TOLD:
            del self._told[next(iter(self._told))]
        self.desk.alert(severity, code, **details)

    # ------------------------------------------------ strays

    def on_stray(self, stray: StrayReport) -> None:
        """A trade of another session, or a word on an order nobody has."""
        r = stray.report
        if r.kind == "8" and r.exec_type in TRADES and r.cl_ord_id is None:
            if r.origin in OUTSIDE:
                self._outside(r)
            return
        if r.kind == "j" and r.ref_type not in ASKED:
            return  # of the link itself: its own trouble tells
        is_known, pair = self._known(r)
        if is_known:
            return  # the day, told again
        told = {"venue": r.venue, "symbol": r.symbol, "about": r.cl_ord_id, "text": r.text, "cause": r.seq}
        if pair:
            told["pair"] = f"{pair}, which does not run any more"
        if r.kind == "8" and (r.cum_qty or r.leaves_qty):
            facts = {"side": r.side, "cum_qty": r.cum_qty, "leaves_qty": r.leaves_qty}
            self._alert("critical", "STRAY_ORDER", (r.venue, r.cl_ord_id, r.cum_qty), **told, **facts)
        else:
            self._alert("warning", "STRAY_REPORT", (r.venue, r.kind, r.cl_ord_id), **told, kind=r.kind, reason=r.reason)

    def _known(self, r: OrderReport) -> tuple[bool, str]:
        """Whether a pair that was removed has all of it on record; the pair whose order it is."""
        name = hedge_pair(hedge_of(r.cl_ord_id or "")[0])
        pair = self.desk.retired.get(name)
        order = None if pair is None else pairs.place_of(pair, r.cl_ord_id)[1]
        return (order is not None and not orders.decide(order, r).facts), name if order is not None else ""

    def _outside(self, r: OrderReport) -> None:
        symbol, side, exec_id = r.symbol or "", r.side or "", r.exec_id or ""
        trade = OutsideTrade(r.venue, r.trading_day, symbol, side, r.exec_type, exec_id, r.origin, r.last_qty, r.last_px)
        is_restated = self.trades.restates(trade)
        if not self.trades.add(trade):
            return
        try:
            cause = self.desk.journal.append(KIND, pack({"venue": r.venue, "trade": to_builtins(trade)}), r.seq)
        except JournalError as error:
            self.desk.journal_failed, cause = str(error), r.seq
        forced = r.origin == FORCED
        code = "FORCED_LIQUIDATION" if forced else "OUTSIDE_TRADE"
        told = {"venue": r.venue, "symbol": symbol, "side": side, "qty": r.last_qty, "px": r.last_px, "exec_type": r.exec_type}
        if is_restated:
            self.desk.alert("critical", "TRADE_RESTATED", **told, trade=exec_id, origin=r.origin, text=RESTATED, cause=cause)
        else:
            self.desk.alert("critical" if forced else "warning", code, **told, cause=cause)
        if self._legs((r.venue, symbol)):
            self._ask(r.venue)
            self._look_later()
        else:
            self.trades.waiting.pop((r.venue, symbol), None)

    # ------------------------------------------------ what the account holds

    def _ask(self, venue: str) -> None:
        link = self.desk.links[venue]
        if link.capabilities.get("positions"):
            self.tell(f"venue/{venue}", AskAgain(POSITIONS))
        else:
            self._alert("critical", "POSITIONS_UNTOLD", (venue,), venue=venue, text="an outside trade, and no positions: compare by hand")

    def _look_later(self) -> None:
        if not self._looking:
            self._looking = True
            self.after_ns(self._look_ns, Tick())

    def on_tick(self, _tick: Tick) -> None:
        """Ask again where a loss is not booked yet."""
        self._looking = False
        if not self.trades.waiting:
            self._look_ns = LOOK_AGAIN_NS
            return
        self._look_ns = min(2 * self._look_ns, MOST_LOOKS_NS)
        for venue in {venue for venue, _ in self.trades.waiting}:
            self._ask(venue)
        self._look_later()

    def on_look_again(self, _word: LookAgain) -> None:
        """A loss that could not be booked may be now: not a second later."""
        for venue in {venue for venue, _ in self.trades.waiting}:
            self._ask(venue)

    def on_positions(self, told: PositionsTold) -> None:
        """Compare with the ledgers of the pairs whose symbol was traded."""
        rows = {row.symbol: row for row in told.positions}
        for key in [key for key in self.trades.waiting if key[0] == told.venue]:
            if not self._compare(key, rows.get(key[1])):
                del self.trades.waiting[key]

    def _compare(self, key: tuple[str, str], row: Position | None) -> bool:
        """Tell each pair its share of a loss; False where there is none."""
        legs = self._legs(key)
        claims = {}
        for spec, index in legs:
            memory = self.desk.memories.get(spec.name)
            claims[spec.name, index] = 0 if memory is None else outside.claim(memory.pair, index)
        nets = legs[0][0].legs[legs[0][1]].instrument.offset_mode == "net"
        long_qty, short_qty = (0, 0) if row is None else (row.long_qty, row.short_qty)
        books = {at: self.desk.memories[at[0]].pair.books[at[1]] for at in claims if at[0] in self.desk.memories}
        if outside.lacking(list(books.values()), long_qty, short_qty):
            for (name, leg), book in books.items():
                if book.net or book.sides is not None:
                    self.tell(name, OutsideLoss(leg, (), "X", 0))
            return True
        lost = outside.lost(list(claims.values()), long_qty, short_qty, nets=nets)
        side = "2" if lost > 0 else "1"
        trades = [each for each in self.trades.waiting[key] if each.side == side]
        lots = min(abs(lost), sum(each.qty for each in trades))
        if not lots:
            return False
        origin = FORCED if any(each.origin == FORCED for each in trades) else "X"
        if origin == FORCED:
            self._reduce_only(key)
        elif any(self._busy(name) for (name, _), held in claims.items() if held * lost > 0):
            return self._freeze(claims, lost)
        self._share(claims, lost, lots, trades, origin)
        return True

    def _busy(self, pair: str) -> bool:
        return self.desk.memories[pair].pair.hedge is not None

    def _freeze(self, claims: dict[tuple[str, int], int], lost: int) -> bool:
        """Nothing can be booked yet: the pairs stop all the same."""
        for (name, leg), held in claims.items():
            if held * lost > 0:
                self.tell(name, OutsideLoss(leg, (), "X", 0))
        return True

    def _reduce_only(self, key: tuple[str, str]) -> None:
        scope = symbol_scope(key)
        controls = self.desk.controls
        word = controls.state.modes.get(scope)
        if word is None:
            _, names = controls.apply(ScopeModeSet(scope, Mode.REDUCING, ACCOUNT, "forced liquidation"), "mode")
            for name in names:
                self.tell(name, HoldChanged(0))

    def _share(
        self, claims: dict[tuple[str, int], int], lost: int, lots: int, trades: list[OutsideTrade], origin: str
    ) -> None:
        holdings = {f"{name}\n{leg}": abs(held) for (name, leg), held in claims.items() if held * lost > 0}
        fills = [[each.qty, each.px] for each in trades]
        for place, share in outside.shares(lots, holdings).items():
            name, _, leg = place.partition("\n")
            taken = []
            while share and fills:
                qty = min(share, fills[0][0])
                taken.append((qty, fills[0][1]))
                share, fills[0][0] = share - qty, fills[0][0] - qty
                if not fills[0][0]:
                    fills.pop(0)
            self.tell(name, OutsideLoss(int(leg), tuple(taken), origin, 0))
