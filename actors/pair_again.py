"""A pair looks after its close that is STRANDED, and tries it again.

What it sees is noted at each look (`domain.again`); a try is a fact on record,
and a person is told of it, and of how many are left.
"""

from __future__ import annotations

from typing import Any

from actors.pair_amends import PairAmends
from domain import again, guards, pairs, repair
from domain.hedges import Hedge, HedgeRetried


class PairAgain(PairAmends):
    """The part of a pair that tries closes again. Thread: the lane."""

    memory: Any

    def waits_again(self, hedge: Hedge) -> bool:
        """Whether a STRANDED close is looked after, so that its timer must run."""
        return again.waits(hedge, self.spec.rules.max_retries)

    def try_again(self, now_ns: int) -> None:
        """One look at a STRANDED close; a try, where one is due."""
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
        why = hedge.stranded_why
        seq = self._own(HedgeRetried(again.AGAIN + sign, now_ns), hedge.hedge_id)
        told = {"pair": self.name, "hedge": hedge.hedge_id, "why": why, "sign": sign, "tries": hedge.retries + 1, "most": most}
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
