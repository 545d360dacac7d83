"""A pair tries a STRANDED close, or what was denied, again by itself.

What it sees is noted at each look (`domain.again`); a try is a fact on record,
and a person is told of it, and of how many are left.
"""

from __future__ import annotations

from typing import Any

from actors.amends import Amending
from actors.pair_lots import PairLots
from domain import again, guards, mandates, pairs, repair
from domain.hedges import Hedge, HedgeRetried
from domain.orders import OrderSubmitted


class PairAgain(Amending, PairLots):
    """The part of a pair that tries closes again. Thread: the lane."""

    memory: Any

    def waits_again(self, hedge: Hedge) -> bool:
        """Whether a STRANDED one is looked after, so that its timer must run."""
        return again.waits(hedge, self.spec.rules.max_retries)

    def try_again(self, now_ns: int) -> None:
        """One look at a STRANDED one; a try, where one is due."""
        hedge = self.memory.pair.hedge
        if hedge is None or not self.waits_again(hedge) or not hedge.settled or self._is_a_persons():
            self.memory.waiting = None
            return
        most = self.spec.rules.max_retries
        waiting = self.memory.waiting = again.looked(self.memory.waiting, hedge, self._sight(hedge, now_ns), now_ns)
        sign = again.due(waiting, hedge, most, now_ns)
        if not sign:
            return
        self.memory.waiting = None
        why = "DENIED" if again.was_denied(hedge) else hedge.stranded_why
        left, most = again.left_of(hedge, most)
        seq = self._own(HedgeRetried(again.word_of(hedge, sign), now_ns), hedge.hedge_id)
        told = {"pair": self.name, "hedge": hedge.hedge_id, "why": why, "sign": sign, "tries": most - left + 1, "most": most}
        self.desk.alert("warning", "TRIED_AGAIN", **told, naked=list(hedge.naked), cause=seq)
        self._follow(hedge.hedge_id, (), seq)

    def _is_a_persons(self) -> bool:
        """Whether a word of a person, or a difference that one must look at, stands in the way."""
        if self.desk.stopping or self.view.lots_wanted or self.memory.pair.status is pairs.P.FROZEN:
            return True
        return self.name in self.desk.holds and self.desk.controls.needs_person(self.name)

    def _sight(self, hedge: Hedge, now_ns: int) -> again.Sight:
        """What it needs, as it is now."""
        view, spec = self.view, self.spec
        outlook = view.outlook(self.memory.pair, hedge, now_ns)
        if again.was_denied(hedge):
            return self._sight_of_denied(repair.ways(hedge, spec.rules.policy, outlook), outlook, now_ns)
        reached, trades, counts, venues = hedge.reached, True, True, set()
        for leg in hedge.legs:
            plan = leg.plan
            if leg.net >= reached * plan.per_unit:
                continue
            venues.add(plan.venue)
            trades = trades and outlook.leg(plan.index, plan.side).can_trade
            quote, limits = view.quotes[plan.index], spec.legs[plan.index].quote_limits
            counts = counts and guards.why_not(quote, plan.side < 0, plan.side > 0, now_ns, limits) == guards.COUNTS
        well = counts and repair.is_possible(hedge, spec.rules.policy, outlook)
        tells = [(leg.venue, leg.instrument) for leg in spec.legs]
        free = tuple(self.desk.margin.of(venue, told.base if told.is_inverse else told.currency).free for venue, told in tells)
        return again.Sight(well, trades, free, frozenset(venues & self.desk.breaker.rows.keys()), spec)

    def _sight_of_denied(self, ways: tuple[list[repair.Need], ...], outlook: Any, now_ns: int) -> again.Sight:
        """Whether one of its ways could be gone now, and what of ours is against it."""
        barred = ""
        for needs in ways:
            counts = all(self._counts(need, now_ns) for need in needs)
            why = next(filter(None, (self._denial_of(need, outlook) for need in needs)), "")
            if counts and not why:
                return again.Sight(well=True, trades=True)
            barred = barred or why
        return again.Sight(well=False, trades=bool(ways), barred=barred)

    def _counts(self, need: repair.Need, now_ns: int) -> bool:
        index = need.leg.plan.index
        quote, limits = self.view.quotes[index], self.spec.legs[index].quote_limits
        return guards.why_not(quote, need.side < 0, need.side > 0, now_ns, limits) == guards.COUNTS

    def _denial_of(self, need: repair.Need, outlook: Any) -> str:
        """What our own limits would say to its first order."""
        plan = need.leg.plan
        px = mandates.reach(need.worst_px, need.side, 0, outlook.leg(plan.index, need.side))
        order = OrderSubmitted("", plan.index, "", need.side, need.qty, px, "", "", 0)
        return self.refusal_of(order, need.qty)
