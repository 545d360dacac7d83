"""What people, kills and outside trades do to a pair.

Each word is a record first. A mode or a kill says what is barred; the hedge in
flight follows it in the same turn. A person may retry a STRANDED hedge, take
it over, and give it back with what was done.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from actors.controls import KIND, HoldChanged
from actors.link import Purpose
from actors.notes import ACCOUNT, TREASURY, HedgeSettled, LookAgain, Operate, OutsideLoss, RepairRevoked, Tick
from actors.trader import Trader
from domain import advance, hedges, orders, outside, pairs
from domain.controls import FREE, Hold
from domain.hedges import Hedge, HedgeClaimed, HedgeReleased, HedgeRetried
from domain.legs import Leg
from domain.mandates import Mandate, MandateRevoked
from domain.pairs import Mode, ModeSet, Pair, PairFrozen, PairReleased
from domain.stranded import told_of
from wire.codec import pack

FLATTEN_AGAIN_NS = 250_000_000
"""How often a pair under a flattening kill tries to close what it holds."""


class PairWords(Trader):
    """The part of a pair that operators speak to. Thread: the lane."""

    memory: Any
    view: Any
    _flattening = False
    _owes = False

    @property
    def held(self) -> Hold:
        """What modes and kills bar for this pair now."""
        return self.desk.holds.get(self.name, FREE)

    def call_back(self, mandate: Mandate) -> None:
        """Nothing new leaves under it from now on; what works is cancelled.

        Told is not enough: its first order may be behind the very word that
        gave it, and would leave before this one is read.
        """
        self.desk.revoked.add(mandate.mandate_id)
        self.tell(f"{self.name}/{mandate.kind}", RepairRevoked(mandate.mandate_id))

    def want_back(self, hedge: Hedge, leg: Leg, word: Operate) -> int:
        """A person wants a leg's mandate back: on record first, so that a start wants it too."""
        mandate = leg.mandate
        seq = self._own(MandateRevoked(mandate.mandate_id, leg.plan.index, word.operator, word.reason), hedge.hedge_id)
        self.call_back(mandate)
        return seq

    def _own(self, fact: Any, hedge_id: str | None = None) -> int:
        """A fact of the pair itself, or of that hedge and no order: recorded and adopted; it holds from there on, over a start too."""
        after = pairs.evolve(self.memory.pair, fact, hedge_id)
        seq = self.record(hedge_id, (fact,), [], 0, None)
        self.memory.pair = after
        return seq

    # ------------------------------------------------ kills and modes

    def on_hold(self, word: HoldChanged) -> None:
        """Modes or kills have changed: cancels, retries, closes follow."""
        hold, hedge = self.held, self.memory.pair.hedge
        if self.desk.journal.lost:
            if hedge is not None or any(self.memory.pair.naked):
                naked = self.memory.pair.naked
                self.tell_stranded("JOURNAL", naked, "" if hedge is None else hedge.hedge_id, 0)
            return
        if hedge is not None:
            for leg in hedge.legs:
                mandate = leg.mandate
                if mandate is not None and hold.bars_repair(mandate.kind, opens=hedge.kind == "open"):
                    self.call_back(mandate)
            self._follow(hedge.hedge_id, (), word.cause)
            self._arm()
        self._flatten()

    def _flatten(self) -> None:
        """Under a flattening kill: close what is held, hedge after hedge."""
        pair, view = self.memory.pair, self.view
        if self._flattening and self.held.flatten:
            return
        view.waits = ""
        if not self.held.flatten or self.desk.stopping:
            return
        if pair.hedge is None and pair.status is pairs.P.HOLDING:
            opened = view.closing(pair, self.clock.mono_ns())
            if isinstance(opened, str):
                view.hold(opened)
                view.waits = opened
            else:
                self._begin(opened, ())
        if any(book.net for book in self.memory.pair.books) and self.memory.pair.status is not pairs.P.FROZEN:
            self._flattening = True
            self.after_ns(FLATTEN_AGAIN_NS, Tick("flatten"))

    def on_flatten_tick(self) -> None:
        self._flattening = False
        self._flatten()

    def _begin(self, opened: Any, facts: tuple, cause: int = 0, purpose: Purpose = Purpose.REPAIR) -> int:
        """A hedge that no quote has fired: recorded, adopted, sent."""
        before = self.memory.pair
        commands = self.commands_of(opened.orders, purpose)
        now_ns = self.clock.mono_ns()
        after = before
        for fact in (opened, *facts):
            after = pairs.evolve(after, fact, opened.hedge_id)
        seq = self.record(opened.hedge_id, (opened, *facts), commands, cause, self.view.saw(opened.trigger, now_ns, 0.0))
        self.memory.pair = after
        if opened.orders:
            self.desk.margin.reserve(opened.hedge_id, self.view.sums, opened.units)
        denied = self.send(commands)
        for order in opened.orders:
            self.rebook(None, orders.born(order))
            self.desk.claims.claim(self.view.quotes[order.leg], order.side, order.qty, opened.hedge_id)
        self._rebook_hand(before, after)
        if not facts:
            self._follow(opened.hedge_id, denied, seq)
            self._arm()
        return seq

    # ------------------------------------------------ outside trades

    def on_outside(self, loss: OutsideLoss) -> None:
        """The account lacks lots of a leg: take back, or freeze and tell.

        While a hedge is in flight nothing is booked: it is told again later.
        """
        pair = self.memory.pair
        if self.desk.journal.lost:
            return
        forced = loss.origin == outside.FORCED
        if not forced and pair.status is not pairs.P.FROZEN:
            self._own(PairFrozen(f"{outside.EXTERNAL}: lots of leg {loss.leg} were traded elsewhere"))
            pair = self.memory.pair
        self._owes = self._owes or pair.hedge is not None
        lots = sum(qty for qty, _ in loss.fills)
        if not lots or pair.hedge is not None or pair.status is pairs.P.IDLE or abs(pair.books[loss.leg].net) < lots:
            return
        now_ns = self.clock.mono_ns()
        touches = self._touches(loss)
        opened, fills = outside.closing(
            pair, self.spec, loss.leg, loss.fills, loss.origin, touches, self.desk.node_epoch, now_ns
        )
        seq = self._begin(opened, fills, loss.cause)
        facts = () if forced else outside.stranded(self.memory.pair, now_ns)
        self._follow(opened.hedge_id, facts, seq)
        if not forced:  # on record first: a node that dies between the two owes the alert
            self.tell_stranded(facts[-1].why, facts[-1].naked, opened.hedge_id, seq)
        self._arm()

    def settle_margin(self, hedge: Hedge) -> None:
        """It has ended: its margin is given back once the venues have said anew."""
        if self.desk.margin.ended(hedge.hedge_id, self.clock.mono_ns(), self.clock.wall_ns()):
            self.tell(TREASURY, HedgeSettled(hedge.hedge_id, tuple({leg.plan.venue: None for leg in hedge.legs})))

    def look_back(self, pair: Pair) -> None:
        """A residual's hedge has ended: late truth that it could not take over."""
        ended = pair.past[-1]
        if ended.trigger != hedges.RESIDUAL:
            return
        for past in pair.past[:-1]:
            if not advance.holds_true(past, advance.standing(past)):
                self._follow(past.hedge_id, (), 0)
                return

    def tell_handed_over(self, pair: Pair, cause: int) -> None:
        """A person has it now: maybe a while after the word, once its repairs have come back."""
        hedge = pair.past[-1]
        operator, reason = hedge.claimed
        told = {"pair": self.name, "hedge": hedge.hedge_id, "operator": operator, "reason": reason, "naked": list(pair.naked)}
        doubts = ", ".join(doubts_of(hedge))
        wait = f"; {doubts} may still fill: trade no such leg before that is known" if doubts else ": trade what is naked"
        self.desk.alert("warning", "HANDED_OVER", **told, text=f"yours now{wait}, then ./hedgerow hedge release {hedge.hedge_id}", cause=cause)

    def taken_in_doubt(self) -> Hedge | None:
        """A hedge that a person has, and whose orders are not all known: they are asked for on and on."""
        pair = self.memory.pair
        taken = pairs.unreleased(pair) if pair.status is pairs.P.FROZEN else None
        return taken if taken is not None and doubts_of(taken) else None

    def tell_late_of_taken(self, before: Hedge, cause: int) -> None:
        """Late truth about a hedge that a person has: another amount is naked than they were told."""
        after = pairs.find(self.memory.pair, before.hedge_id)
        if after is not None and after.naked != before.naked and not after.released:
            told = {"pair": self.name, "hedge": before.hedge_id, "naked": list(self.memory.pair.naked)}
            self.desk.alert("critical", "LATE_TRUTH", **told, text="an order of it has filled since you took it: look at what is naked before you trade", cause=cause)

    def owe_no_more(self) -> None:
        """A hedge has ended: what was said of it is over, a loss that waited can be booked."""
        if self.desk.controls is not None:
            self.desk.controls.let_go(self.name, self.memory.pair.mode)
        if self._owes:
            self._owes = False
            self.tell(ACCOUNT, LookAgain())

    def _touches(self, loss: OutsideLoss) -> list[int]:
        """Each leg's price now, as near as it is known."""
        found = []
        for leg in self.spec.legs:
            quote = self.desk.quote(leg.key)
            known = None if quote is None else quote.ask_px if quote.ask_px is not None else quote.bid_px
            found.append(known if known is not None else loss.fills[0][1] or 0)
        return found

    def tell_stranded(self, why: str, naked: tuple[int, ...], hedge_id: str, cause: int) -> None:
        """Tell a person what is naked, what it is worth, what becomes of it, and what to type."""
        hedge = pairs.find(self.memory.pair, hedge_id)
        text = {} if hedge is None or why == "JOURNAL" else {"text": told_of(hedge, self.spec.rules.max_retries)}
        self.desk.alert(
            "critical",
            "STRANDED",
            pair=self.name,
            hedge=hedge_id,
            why=why,
            naked=list(naked),
            value=self.worth(naked),
            currency=self.spec.currency,
            **text,
            cause=cause,
        )

    def tell_if_stranded(self) -> None:
        """Tell again at a start: a kill may have come before the alert."""
        hedge = self.pair.hedge
        if hedge is not None and hedge.status is hedges.H.STRANDED:
            self.tell_stranded(hedge.stranded_why, hedge.naked, hedge.hedge_id, 0)

    def worth(self, naked: tuple[int, ...]) -> float | None:
        """What so many lots of each leg are worth, in the pair's currency."""
        value = self.view.worth(naked)
        return round(value, 2) if isfinite(value) else None

    def _rebook_hand(self, before: Pair, after: Pair) -> None:
        """Tell the risk table of lots that no order of ours has moved."""
        if not self.spec.sends_orders:
            return
        for leg, old, new in zip(self.spec.legs, before.books, after.books, strict=True):
            moved = new.net - old.net
            if moved:
                self.desk.risk.book_fill(leg.key, "", 1 if moved > 0 else -1, abs(moved))

    # ------------------------------------------------ people

    def on_operate(self, word: Operate) -> dict[str, Any]:
        """An operator's word; answers with the record's number, or why not."""
        if self.desk.journal.lost:
            return self.unrecordable()
        act = _WORDS.get(word.verb)
        return {"error": f"unknown verb {word.verb!r}"} if act is None else act(self, word)

    def _mode(self, word: Operate) -> dict[str, Any]:
        mode = Mode(word.verb.upper())
        seq = self._own(ModeSet(mode, word.operator, word.reason))
        if self.desk.controls is not None:
            self.desk.controls.refresh(self.name, mode)
            self.on_hold(HoldChanged(seq))
        return {"seq": seq}

    def _release(self, word: Operate) -> dict[str, Any]:
        """A frozen pair goes on; not while a person has a hedge of it."""
        taken = pairs.unreleased(self.memory.pair)
        if taken is not None:
            return {"error": f"{taken.hedge_id} was taken over and not given back: ./hedgerow hedge release {taken.hedge_id}"}
        seq = self._own(PairReleased(word.operator, word.reason))
        self.after_ns(self.spec.cooldown_ns, Tick("ready"))
        return {"seq": seq}

    def _enable(self, word: Operate) -> dict[str, Any]:
        """Released where it was frozen, and ACTIVE."""
        pair = self.memory.pair
        if pair.status is pairs.P.FROZEN:
            told = self._release(word)
            if "error" in told or pair.mode is Mode.ACTIVE:
                return told
        return self._mode(Operate("active", word.operator, word.reason))

    def _retry(self, word: Operate) -> dict[str, Any]:
        hedge, why = self._stranded_one(word)
        if not why and self.held.frozen:
            why = f"{self.held.why}: no order may leave: end that first"
        if why:
            return {"error": why}
        why = f"operator {word.operator}: {word.reason}"
        seq = self._own(HedgeRetried(why, self.clock.mono_ns()), hedge.hedge_id)
        self._follow(hedge.hedge_id, (), seq)
        self._arm()
        return {"seq": seq, **self._stands(hedge.hedge_id)}

    def _take(self, word: Operate) -> dict[str, Any]:
        hedge, why = self._stranded_one(word)
        if why:
            return {"error": why}
        seq = self._own(HedgeClaimed(word.operator, word.reason), hedge.hedge_id)
        out = [leg.mandate for leg in hedge.legs if leg.mandate is not None]
        for mandate in out:
            self.call_back(mandate)
        self._follow(hedge.hedge_id, (), seq)
        self._arm()
        waits = {"waits_for": [mandate.mandate_id for mandate in out], "in_doubt": doubts_of(hedge)}
        return {"seq": seq, **self._stands(hedge.hedge_id), **{key: found for key, found in waits.items() if found}}

    def _give_back(self, word: Operate) -> dict[str, Any]:
        pair = self.memory.pair
        hedge = pairs.find(pair, word.hedge)
        why = _why_not_back(hedge, word, len(self.spec.legs))
        if why:
            return {"error": why}
        facts = (HedgeReleased(word.operator, word.reason, word.booked), PairReleased(word.operator, word.reason))
        after = pair
        for fact in facts:
            after = pairs.evolve(after, fact, word.hedge)
        if any(after.naked):
            naked = ", ".join(f"leg {i}: {lots:+d}" for i, lots in enumerate(after.naked) if lots)
            return {"error": f"the ledger would still be naked ({naked}): book what was done, --booked LEG:LOTS@PRICE"}
        seq = self.record(word.hedge, facts, [], 0, None)
        self.memory.pair = after
        self._rebook_hand(pair, after)
        self.after_ns(self.spec.cooldown_ns, Tick("ready"))
        return {"seq": seq, **self._stands(word.hedge)}

    def _stranded_one(self, word: Operate) -> tuple[Hedge | None, str]:
        hedge = self.memory.pair.hedge
        if hedge is None or hedge.hedge_id != word.hedge:
            return None, why_not_in_flight(self.memory.pair, word.hedge)
        if hedge.status is not hedges.H.STRANDED:
            then = f"; to take it back now: ./hedgerow hedge rollback {word.hedge}" if hedge.kind == "open" else ""
            return None, f"{word.hedge} is {hedge.status}: only a STRANDED hedge waits for a person{then}"
        return hedge, ""

    def _word(self, word: Operate) -> int:
        body = {
            "actor": self.name,
            "verb": f"hedge {word.verb}",
            "pair": self.name,
            "hedge": word.hedge,
            "operator": word.operator,
            "reason": word.reason,
        }
        return self.desk.journal.append(KIND, pack(body))

    def _stands(self, hedge_id: str) -> dict[str, Any]:
        """How it stands after the word."""
        pair = self.memory.pair
        hedge = pairs.find(pair, hedge_id)
        return {"hedge": hedge_id, "state": str(hedge.status), "pair_state": str(pair.status), "naked": list(pair.naked)}


def why_not_in_flight(pair: Pair, ref: str) -> str:
    """What has become of a hedge that a person takes for one in flight."""
    found = pairs.find(pair, ref)
    if found is None:
        return f"{ref} is not in flight: ./hedgerow hedge ls"
    if found.status is hedges.H.HANDED_OVER and not found.released:
        return f"{ref} is not in flight: a person has it: ./hedgerow hedge release {ref}"
    return f"{ref} is not in flight: it has ended, {found.status}"


def doubts_of(hedge: Hedge) -> list[str]:
    """Its orders that may still fill."""
    return [order.cl_ord_id for leg in hedge.legs for order in leg.orders if order.live]


def _why_not_back(hedge: Hedge | None, word: Operate, legs: int) -> str:
    if hedge is None or hedge.status is not hedges.H.HANDED_OVER or hedge.released:
        return f"{word.hedge} is not in a person's hands"
    live = [order.cl_ord_id for leg in hedge.legs for order in leg.orders if order.live]
    if live:
        return f"{', '.join(live)}: still live or in doubt: it can be given back once that is known"
    wrong = [leg for leg, _, _ in word.booked if not 0 <= leg < legs]
    return f"no leg {wrong[0]}: allowed: 0 to {legs - 1}" if wrong else ""


_WORDS = {
    **{mode.value.lower(): PairWords._mode for mode in Mode},
    "release": PairWords._release,
    "enable": PairWords._enable,
    "retry": PairWords._retry,
    "take": PairWords._take,
    "give_back": PairWords._give_back,
}
