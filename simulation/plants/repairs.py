"""Plants in repair: what is sent again, taken back, given up."""

from simulation.plants import Plant

ADVANCE, REPAIR, MANDATES, LEGS = "domain/advance.py", "domain/repair.py", "domain/mandates.py", "domain/legs.py"
PAIR, REPAIRER = "actors/pair.py", "actors/repairer.py"

PLANTS = (
    Plant(
        "in_flight_forgotten",
        "replenish sends the missing again while an order of its works",
        MANDATES,
        (
            ('        if status in orders.LIVE_SET:\n            return ""\n', ""),
            (REPAIRER, "                return (watch.cancel(live, now_ns),)\n            return ()\n", "                return (watch.cancel(live, now_ns),)\n"),
        ),
    ),
    Plant(
        "sized_as_configured",
        "a repair is sized by what was meant, not by what was filled",
        MANDATES,
        (("        missing -= order.cum_qty\n", ""),),
    ),
    Plant(
        "repair_sized_as_target",
        "a mandate is for the whole target, whatever was filled",
        REPAIR,
        (("        lots,\n        need.worst_px,", "        plan.target,\n        need.worst_px,"),),
        "T54",
    ),
    Plant(
        "no_ladder_end",
        "refused orders are sent again without end",
        MANDATES,
        (
            ('    if spent >= m.max_orders:\n        return "orders"\n', ""),
            ('        if m.kind == "replenish" and not m.patient and _refused_twice(state.orders):\n            return "refused"\n', ""),
        ),
        "T01",
    ),
    Plant(
        "cap_of_hedge_ignored",
        "each decision may send as many orders as if it were the first",
        REPAIR,
        (("    spent = max(sent, len(hedge.repairs)) + out\n", "    spent = used = 0\n"),),
        "T01",
    ),
    Plant(
        "driven_by_ticks",
        "a hedge goes on when a quote comes, not when its report does",
        PAIR,
        (
            ("        if event:\n            self._fire(event, quote.recv_mono_ns)", "        if event:\n            self._fire(event, quote.recv_mono_ns)\n        elif self.memory.pair.hedge is not None:\n            self._follow(self.memory.pair.hedge.hedge_id, (), 0)"),
            ("        if pair.hedge is None or pair.hedge is hedge:\n            outlook", "        if (pair.hedge is None or pair.hedge is hedge) and not facts:\n            outlook"),
        ),
        "T03",
        seeds=False,
        note="slower, never wrong, while quotes come",
    ),
    Plant(
        "rollback_takes_all",
        "a rollback takes back what matches too",
        REPAIR,
        (('else min(stands.covered, hedge.units)', 'else 0'),),
    ),
    Plant(
        "rollback_wrong_side",
        "a reversal trades in the hedge's own direction",
        REPAIR,
        (("        need.side,\n        lots,", "        plan.side,\n        lots,"),),
    ),
    Plant(
        "close_taken_back",
        "a close that fails is opened again",
        REPAIR,
        (('    elif hedge.kind == "close" and not _only_overfilled(hedge, diffs):\n        return "CLOSE"\n', ""),),
        "T20",
    ),
    Plant(
        "refused_close_opens",
        "a close that was refused is sent again as an open",
        "domain/firing.py",
        (('    if mode == "oc":\n        return "C"\n    today', '    if mode == "oc":\n        return "O"\n    today'),),
        "T48",
    ),
    Plant(
        "crumbs_are_whole",
        "lots below a pair unit are thought to be covered",
        ADVANCE,
        (("        over = leg.net - covered * leg.plan.per_unit", "        over = (leg.net // leg.plan.per_unit - covered) * leg.plan.per_unit"),),
        "T22",
    ),
    Plant(
        "part_of_a_unit_is_balanced",
        "what is less than a unit of the ratio is thought to be balanced",
        ADVANCE,
        (("        if over:\n            balanced = False", "        if abs(over) >= leg.plan.per_unit:\n            balanced = False"),),
        "T05",
    ),
    Plant(
        "rest_keeps_working",
        "while a rest works the other leg stays as it is, and nothing is cancelled",
        ADVANCE,
        (('        if order.live and order.tif == "0" and order.cancels == 0', '        if order.live and order.tif == "never" and order.cancels == 0'),),
        "T04",
    ),
    Plant(
        "no_deadline",
        "an order that rests away from the market is waited for",
        ADVANCE,
        (("    if now_ns >= hedge.opened_ns + rules.hedge_deadline_ns:", "    if now_ns < 0:"),),
        "T25",
    ),
    Plant(
        "no_naked_budget",
        "being naked has no limit in time",
        ADVANCE,
        (("    return now_ns >= hedge.naked_ns + rules.policy.naked_budget_ns", "    return False"),),
    ),
    Plant(
        "unknown_is_settled",
        "a leg whose order is in doubt is thought to be settled",
        ADVANCE,
        (("_SETTLED = frozenset((LegStatus.SETTLED, LegStatus.IDLE))", "_SETTLED = frozenset((LegStatus.SETTLED, LegStatus.IDLE, LegStatus.UNKNOWN))"),),
    ),
    Plant(
        "settling_does_not_wait",
        "a repair is decided while orders of the hedge are out",
        ADVANCE,
        (("    if not stands.settled:\n        cancels = _cancels(hedge, now_ns)\n        if cancels:", "    if not stands.settled and not any(stands.naked):\n        cancels = _cancels(hedge, now_ns)\n        if cancels:"),),
        "T46",
    ),
    Plant(
        "late_truth_ignored",
        "what is final stays final",
        ADVANCE,
        (('    return () if holds_true(hedge, stands) else (HedgeReopened("late truth", now_ns),)', "    return ()"),),
        "T06",
    ),
    Plant(
        "stranded_for_ever",
        "evidence does not end a STRANDED hedge",
        ADVANCE,
        (('    if hedge.stranded_why in ("UNKNOWN", "BUDGET"):\n        return (HedgeRetried("settled", now_ns),)\n', ""), ('    if stands.balanced:\n        return (HedgeRetried("settled", now_ns),)\n', "")),
        "T07",
    ),
    Plant(
        "hammers_a_closed_market",
        "a hedge stranded for its market is tried again though that can't trade",
        ADVANCE,
        (
            ('    if hedge.retries >= rules.max_retries:\n        return ()\n', ""),
            ('    if hedge.stranded_why == "MARKET" and repair.is_possible(hedge, rules.policy, market):', '    if hedge.stranded_why == "MARKET":'),
        ),
        "T15",
    ),
    Plant(
        "market_never_looked_at",
        "a hedge stranded for its market is not tried when it trades again",
        ADVANCE,
        (('    if hedge.stranded_why == "MARKET" and repair.is_possible(hedge, rules.policy, market):', "    if now_ns < 0:"),),
        "T51",
    ),
    Plant(
        "slippage_cap_ignored",
        "a repair pays whatever the market asks",
        REPAIR,
        (("    return reference + side * policy.slippage_cap_ticks[plan.index]", "    return reference + side * 10_000"),),
    ),
    Plant(
        "denied_repair_hammers",
        "a repair that was refused locally is sent again at once",
        MANDATES,
        (("        return last.sent_ns + (LEAST_PAUSE_NS << min(row - 1, MOST_DOUBLINGS))", "        return last.sent_ns"),),
        "T02",
    ),
    Plant(
        "repairs_are_limited_too",
        "count and size limits stand in the way of a repair",
        "actors/trader.py",
        (("quote, reduces_lots=left)", "quote)"),),
        "T53",
    ),
    Plant(
        "mandate_not_taken_up",
        "a repair child that starts forgets its mandates",
        REPAIRER,
        (("        for mandate_id in list(self.memory.states):\n            self._go(mandate_id, (), 0)", "        self.memory.states.clear()"),),
    ),
    Plant(
        "revocation_ignored",
        "a mandate that late truth made too large is not called back",
        REPAIRER,
        (("mandate.mandate_id in self.desk.revoked or", "False or"),),
    ),
    Plant(
        "revocation_is_only_told",
        "a mandate is called back by a message, which its first order may overtake",
        "actors/pair_words.py",
        (("        self.desk.revoked.add(mandate.mandate_id)\n", ""), (REPAIRER, "            self._go(revoked.mandate_id, (), 0)\n\n    def on_report", "            self.desk.revoked.add(revoked.mandate_id)\n            self._go(revoked.mandate_id, (), 0)\n\n    def on_report")),
    ),
    Plant(
        "unspent_mandate_forgotten",
        "what a mandate still allows does not count as in flight",
        LEGS,
        (("        return live if m is None or m.side != side else live + self.unspent", "        return live"),),
    ),
    Plant(
        "no_repair_at_all",
        "a leg that was refused ends the hedge as it is",
        ADVANCE,
        (
            ("    if stands.settled:\n        if stands.balanced:\n            return (HedgeEnded", "    if stands.settled:\n        if True:\n            return (HedgeEnded"),
            ("    return stands.settled and stands.balanced and outcome(hedge) is hedge.status", "    return True"),
        ),
        "T01",
    ),
    Plant(
        "overfill_is_completed",
        "what was filled beyond the target makes a larger target",
        "domain/hedges.py",
        (("        return m if m < self.units else self.units", "        return m"),),
        "T12",
    ),
    Plant(
        "retries_exhausted_is_the_end",
        "a hedge whose orders are used up is dropped with its leg",
        PAIR,
        (("        elif kind is HedgeStranded:\n            self.tell_stranded(fact.why, fact.naked, pair.hedge.hedge_id, seq)\n", ""),),
        "T28",
    ),
    Plant(
        "account_is_the_ledger",
        "a pair takes what the account holds for its own",
        "actors/pair_view.py",
        (
            (
                "            self._units = pair.units\n",
                '            held = [self.desk.risk.row(leg.key).position for leg in self.spec.legs]\n'
                '            self._units = __import__("domain.books").books.units_of(held, self.spec.lots)\n',
            ),
        ),
        "T50",
    ),
    Plant(
        "reversal_always_closes",
        "a trade that is taken back after its position was closed is reversed by a close of nothing",
        "domain/firing.py",
        (("    if reverses and side * book.net >= 0:\n", "    if side == 0:\n"),),
    ),
    Plant(
        "one_offset_for_all",
        "a repair's lots are sent under one offset, whatever is held under it",
        "domain/firing.py",
        (("    if opens != reverses or not held:\n        return qty", "    if True:\n        return qty"),),
    ),
    Plant(
        "limits_lift_the_worst_price",
        "the day's limits may lift a repair's price past the slippage cap",
        MANDATES,
        (
            ("        return px if (px - worst_px) * side <= 0 else None\n", "        return px\n"),
            ("        if (px - worst_px) * side > 0:\n            return None\n    return px", "    return px"),
        ),
    ),
    Plant(
        "stranded_order_rests",
        "an order that is found to work after its hedge was STRANDED stays in the market",
        ADVANCE,
        (("    if not stands.settled:\n        return _cancels(hedge, now_ns)\n", "    if not stands.settled:\n        return ()\n"),),
        "T07",
    ),
)
