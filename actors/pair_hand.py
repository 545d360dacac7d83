"""Hedges and orders in a person's hand: opened, closed, taken back.

A hedge by hand is a hedge like any other: it passes every gate but the
trigger's threshold, and is repaired by the pair's rules. What a person may do
where the pair's own mode begins nothing is to close.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from actors.closable import closable_of
from actors.controls import HoldChanged
from actors.link import Purpose
from actors.notes import Operate
from actors.pair_view import PairView
from actors.pair_words import PairWords, why_not_in_flight
from domain import firing, guards, pairs, unit_lots, watch
from domain.controls import FREE, Hold
from domain.hedges import COVER, HedgeOpened, HedgeSentBack
from domain.legs import under
from domain.margin import room, sums_of
from domain.orders import Order
from domain.pairs import Pair
from domain.prices import fx_rate
from domain.triggers import IS_OPEN
from domain.unlocking import unlockable

BY_HAND = "by hand"
"""The trigger of a hedge that a person has begun."""


class PairHand(PairWords):
    """The part of a pair that trades at a person's word. Thread: the lane."""

    def on_operate(self, word: Operate) -> dict[str, Any]:
        """A person's word on trading, or any other that a pair knows."""
        act = _WORDS.get(word.verb)
        return super().on_operate(word) if act is None else act(self, word)

    def would(self, word: Operate) -> list[str] | str:
        """What a hedge by hand would send, a line each; or why it would be refused."""
        opened = self._opened(word)
        if isinstance(opened, str):
            return opened
        shown = [f"{self.name}: {opened.kind} {opened.units} units, whatever the spread; repaired by the pair's rules"]
        for order in opened.orders:
            leg = self.spec.legs[order.leg]
            side = "buy" if order.side > 0 else "sell"
            shown.append(f"{leg.venue} {leg.symbol}: {side} {order.qty} at {order.px * leg.instrument.tick_size} or better, {order.offset}")
        if word.verb == "unlock":
            shown.append(f"one side of each lock; then ./hedgerow hedge close {self.name} takes the other")
        return shown

    def _hedge(self, word: Operate) -> dict[str, Any]:
        """Open or close now."""
        opened = self._opened(word)
        if isinstance(opened, str):
            return {"error": opened}
        seq = self._word(replace(word, hedge=opened.hedge_id))
        self._begin(opened, (), seq, Purpose.OPEN if opened.kind == "open" else Purpose.REPAIR)
        pair = self.memory.pair
        left = abs(pair.units) - opened.units if opened.kind == "close" else None
        then = {"then": f"./hedgerow hedge close {self.name}"} if word.verb == "unlock" else {}
        return {"seq": seq, "units": opened.units, "left": left, **self._stands(opened.hedge_id), **then}

    def _opened(self, word: Operate) -> HedgeOpened | str:
        """The hedge; or why there is none, and what ends that."""
        opened = self._meant(word)
        return with_hint(opened, self.name) if isinstance(opened, str) else opened

    def _meant(self, word: Operate) -> HedgeOpened | str:
        pair = self.memory.pair
        if self.spec.cover is not None:
            return f"a cover pair follows its exposure: ./hedgerow exposure set {self.name}"
        if pair.hedge is not None:
            return f"{pair.hedge.hedge_id} is in flight: one hedge at a time"
        if self.desk.stopping:
            return "the node is stopping"
        taken = pairs.unreleased(pair)
        if taken is not None:
            return f"{taken.hedge_id} was taken over and not given back"
        asked, event = word.units, f"{word.side}_open"
        if word.verb == "unlock":
            most = unlockable(self.spec, pair)
            if isinstance(most, str):
                return most
            asked, event = min(asked or most, most), "sell_open"
        if word.verb == "close":
            if not pair.units:
                return f"it holds no unit to close: {[book.net for book in pair.books]} lots"
            event = "sell_close" if pair.units > 0 else "buy_close"
        kind = pairs.CLOSE if word.verb == "close" else pairs.OPEN
        if (pair.status, kind) not in pairs.TRANSITIONS:
            return f"it is {pair.status}"  # `with_hint` says what ends it
        asked = asked or (abs(pair.units) if word.verb == "close" else self.spec.units)
        return by_hand(self.view, self.held, event, pair, self.clock.mono_ns(), asked)

    def _cancel(self, word: Operate) -> dict[str, Any]:
        """One order; what follows is the hedge's to decide."""
        hedge, order = pairs.place_of(self.memory.pair, word.order)
        why = self._why_no_cancel(order, word.order)
        if why:
            return {"error": why}
        leg = next(leg for leg in hedge.legs if leg.plan.index == order.leg)
        if leg.mandate is not None and under(leg.mandate, order):
            seq = self.want_back(hedge, leg, word)  # its child cancels it, and gives the leg back
        else:
            seq = self._word(replace(word, hedge=hedge.hedge_id))
            self._follow(hedge.hedge_id, (watch.cancel(order, self.clock.mono_ns()),), seq)
            self._arm()
        return {"seq": seq, "order": word.order, **self._stands(hedge.hedge_id)}

    def _why_no_cancel(self, order: Order | None, ref: str) -> str:
        if order is None:
            return f"no order {ref!r} is at hand: ./hedgerow order ls"
        if not order.live:
            return f"{ref} is {order.status}: nothing to cancel"
        if order.cancels >= self.spec.rules.watch.max_cancels:
            return f"{ref}: {order.cancels} cancels are out already, and it is asked for again and again: call its venue"
        return "" if self._can_tell(ref) else f"its venue {self.link_of(ref).name} is away: it cancels what rests there by itself"

    def _rollback(self, word: Operate) -> dict[str, Any]:
        """The hedge in flight goes back, whatever completing it would cost."""
        why = why_no_rollback(self.memory.pair, word.hedge, self.held)
        if why:
            return {"error": why}
        seq = self._own(HedgeSentBack(word.operator, word.reason, self.clock.mono_ns()), word.hedge)
        self.desk.controls.refresh(self.name, self.memory.pair.mode)
        self.on_hold(HoldChanged(seq))
        return {"seq": seq, **self._stands(word.hedge)}


def with_hint(why: str, name: str) -> str:
    """A refusal, and what ends its cause where that is known."""
    if why == "it is COOLDOWN":
        return f"{why}: ask once more in a moment"
    if why.startswith("SUSPENDED pair") or why == "it is FROZEN":
        return f"{why}: ./hedgerow pair enable {name} ends that"
    return f"{why}: ./hedgerow mode show says whose word that is" if why.startswith(("SUSPENDED", "KILLED")) else why


def why_no_rollback(pair: Pair, ref: str, held: Hold) -> str:
    """Why a hedge can't be told to go back, or ""."""
    hedge = pair.hedge
    if hedge is None or hedge.hedge_id != ref:
        return why_not_in_flight(pair, ref)
    if hedge.trigger == COVER:
        return "a cover follows its exposure: ./hedgerow exposure set"
    if hedge.kind == "close":
        return f"{ref} is a close: it is completed, never taken back"
    return f"{held.why}: no order may leave: end that first" if held.frozen else ""


def by_hand(view: PairView, held: Hold, event: str, pair: Pair, now_ns: int, units: int) -> HedgeOpened | str:
    """The hedge that leaves at a person's word; or the name of what stops it.

    Every gate but the threshold. A close leaves too where modes begin none.
    """
    spec, quotes, opens = replace(view.spec, units=units), view.quotes, IS_OPEN[event]
    aim = replace(firing.aim_of(spec, event), edge=0.0)
    why = (
        _why_held(held, opens)
        or (view.over.opens if opens else view.over.every)
        or view.why_closed()
        or firing.why_not_quoted(aim, spec.legs, quotes, now_ns)
        or _why_fx(view, now_ns)
        or view.why_venue(opens)
    )
    if why or not spec.sends_orders:
        return why or "OBSERVE: this node sends no orders"
    is_sized = any(leg.sized for leg in spec.legs)
    if is_sized and opens:
        aim = unit_lots.opening(aim, spec, quotes)
        if isinstance(aim, str):
            return aim
    size, bound = firing.size(view.units_of(pair), spec, aim, quotes, view.desk.claims.on_books(quotes, aim.sides))
    if not size:
        return bound
    if is_sized and not opens:
        sized = unit_lots.closing(aim, spec, [book.net for book in pair.books], size, abs(view.units_of(pair)))
        if isinstance(sized, str):
            return sized
        aim, size = sized
    view.sums = sums_of(tuple(view.needs_of(aim)), quotes)
    if view.sums and opens:
        size, why = room(view.sums, size)
        if not size:
            return f"RISK {why}"
    return _planned(view, pair, spec, aim, size, now_ns, opens=opens)


def _planned(view: PairView, pair: Pair, spec: Any, aim: firing.Aim, size: int, now_ns: int, *, opens: bool) -> HedgeOpened | str:
    splits = [] if opens else [i for i, leg in enumerate(spec.legs) if leg.instrument.offset_mode == "octy"]
    lots = closable_of(view.desk, spec, splits, pair, aim) if splits else ()
    opened = firing.plan(pair, spec, aim, size, view.quotes, view.desk.node_epoch, now_ns, view.rates, lots)
    if isinstance(opened, str):
        return opened
    why = view.undelivered(opened, pair) or view.refusal(opened)
    if why:
        return f"RISK {why}"
    opened = replace(opened, trigger=BY_HAND)
    return firing.in_turn(opened, spec, view.quotes) if spec.first_leg != -1 else opened


def _why_held(held: Hold, opens: bool) -> str:
    if held is FREE:
        return ""
    return held.why if held.frozen or (opens and (held.opens or held.fires)) else ""


def _why_fx(view: PairView, now_ns: int) -> str:
    for i, leg in enumerate(view.spec.legs):
        if leg.fx is not None:
            quote = view.fx_quotes.get(leg.fx.key)
            why = guards.fx_why_not(quote, view.rates[i], fx_rate(quote, leg.fx.tick_size), now_ns, leg.fx.limits)
            if why:
                return why
    return ""


_WORDS = {"open": PairHand._hedge, "unlock": PairHand._hedge, "close": PairHand._hedge, "cancel": PairHand._cancel, "rollback": PairHand._rollback}
