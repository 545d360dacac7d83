"""Plants in what is known of an order: reports, fills, silence."""

from simulation.plants import Plant

ORDERS, WATCH, PAIR, AMENDS = "domain/orders.py", "domain/watch.py", "actors/pair.py", "actors/amends.py"

PLANTS = (
    Plant(
        "silence_is_reject",
        "no answer in time is read as a rejection",
        WATCH,
        (
            ("    OrderQueried,\n    OrderUnknown,\n", "    OrderQueried,\n    OrderRejected,\n    OrderUnknown,\n"),
            (
                "    facts: list[OrderFact] = []\n    if silent:\n",
                "    facts: list[OrderFact] = []\n    if silent and not order.cancels:\n"
                '        return (OrderRejected(order.cl_ord_id, order.cum_qty, 99, "time-out"),)\n    if silent:\n',
            ),
        ),
        "T29",
    ),
    Plant(
        "inflight_timeout_is_reject",
        "an order that is accepted and silent is counted as gone",
        ORDERS,
        (
            (
                "        return max(0, self.qty - self.cum_qty) if self.status in LIVE_SET else 0",
                "        return max(0, self.qty - self.cum_qty) if self.status in LIVE_SET and self.status is not S.UNKNOWN else 0",
            ),
            (
                "        return self.status in LIVE_SET\n",
                "        return self.status in LIVE_SET and self.status is not S.UNKNOWN\n",
            ),
        ),
        "T32",
    ),
    Plant(
        "repeated_fill_counted",
        "a trade that is told again is counted again",
        ORDERS,
        (("            if known[0] == key:\n                return Heard(", "            if known[0] == key:\n                break\n            if False:\n                return Heard("),),
        "T36",
    ),
    Plant(
        "cum_from_trades_only",
        "only trades count, the order report's cum_qty does not",
        ORDERS,
        (("    cum = max(order.cum_qty, stated, traded)", "    cum = max(order.cum_qty, traded)"),),
    ),
    Plant(
        "fills_are_added_up",
        "each fill's last_qty is added to what was known",
        ORDERS,
        (
            (
                "    cum = max(order.cum_qty, stated, traded)",
                '    cum = order.cum_qty + (report.last_qty if report.exec_type == "F" else 0)',
            ),
            ("            if known[0] == key:\n                return", "            if known[0] == key and False:\n                return"),
        ),
    ),
    Plant(
        "late_fill_dropped",
        "a fill after the order's end is not believed",
        ORDERS,
        (("    if cum > order.cum_qty or trade is not None:\n", "    if order.live and (cum > order.cum_qty or trade is not None):\n"),),
        "T06",
    ),
    Plant(
        "overfill_capped",
        "an order never counts more than its quantity",
        ORDERS,
        (("    cum = max(order.cum_qty, stated, traded)", "    cum = min(order.qty, max(order.cum_qty, stated, traded))"),),
        "T12",
    ),
    Plant(
        "bust_ignored",
        "a busted or corrected trade stays as it was",
        ORDERS,
        (("    if report.exec_type in _UNDOES:\n        return _undone(order, report)", "    if report.exec_type in _UNDOES:\n        return NOTHING"),),
    ),
    Plant(
        "bust_counted_as_fill",
        "a bust's quantity is added, not taken off",
        ORDERS,
        (("Heard((TradeBusted(order.cl_ord_id, cum, ", "Heard((TradeBusted(order.cl_ord_id, order.cum_qty + report.last_qty, "),),
    ),
    Plant(
        "refused_query_is_denial",
        "a question that the gateway can't answer yet is read as 'never sent'",
        ORDERS,
        (('    if report.ref_type == "D" and (order.status', '    if report.ref_type in ("D", "H") and (order.status'),),
    ),
    Plant(
        "refused_cancel_not_looked_at",
        "a refused cancel is logged and nothing is asked",
        ORDERS,
        (("        return _cancel_refused(order, report, ask=order.live)", "        return _cancel_refused(order, report, ask=False)"),),
        "T08",
        seeds=False,
        note="slower, never wrong: the next time-out asks",
    ),
    Plant(
        "trade_before_ack_crashes",
        "a fill of an order that was not acknowledged has no place in the table",
        ORDERS,
        (
            (
                "    **{(s, OrderFilled): S.FILLED for s in LIVE},",
                "    **{(s, OrderFilled): S.FILLED for s in LIVE if s not in (S.SUBMITTED, S.PENDING_NEW)},",
            ),
        ),
        "T11",
    ),
    Plant(
        "fill_while_cancelling_dropped",
        "an order that is being cancelled is forgotten: whatever comes of it is its end",
        ORDERS,
        (('    if report.kind == "9":\n', '    if order.status is S.PENDING_CANCEL and report.kind == "8":\n        return Heard((OrderCanceled(order.cl_ord_id, order.cum_qty),))\n    if report.kind == "9":\n'),),
        "T21",
    ),
    Plant(
        "cancel_refused_ends_order",
        "a refused cancel is taken for the order's end",
        ORDERS,
        (
            (
                "    return Heard((CancelRejected(order.cl_ord_id, report.reason or 0, report.text, report.cxl_id),), ask)",
                "    ended = (OrderCanceled(order.cl_ord_id, order.cum_qty),) if order.live else ()\n"
                "    return Heard((CancelRejected(order.cl_ord_id, report.reason or 0, report.text, report.cxl_id), *ended), ask)",
            ),
        ),
    ),
    Plant(
        "reject_is_final",
        "an order that was rejected can't have filled",
        ORDERS,
        (
            (
                "    trade = None\n    traded = 0\n    if report.exec_type",
                "    if order.status is S.REJECTED:\n        return NOTHING\n    trade = None\n    traded = 0\n    if report.exec_type",
            ),
        ),
        "T30",
    ),
    Plant(
        "missing_is_cancelled",
        "an order that is in no open list is cancelled, whatever it filled",
        ORDERS,
        (
            (
                "    stated = 0 if report.poss_resend and order.undone else report.cum_qty",
                '    if report.poss_resend and report.ord_status in ("2", "C", "4"):\n'
                "        return Heard((OrderCanceled(order.cl_ord_id, order.cum_qty),) if order.live else ())\n"
                "    stated = 0 if report.poss_resend and order.undone else report.cum_qty",
            ),
        ),
        "T34",
    ),
    Plant(
        "rejected_without_fills",
        "what an order had filled before its end is dropped at its end",
        ORDERS,
        (("    OrderExpired: lambda o, f, s: replace(o, status=s, cum_qty=max(o.cum_qty, f.cum_qty)),", "    OrderExpired: lambda o, f, s: replace(o, status=s, cum_qty=0),"),),
    ),
    Plant(
        "unknown_never_asked",
        "silence makes an order UNKNOWN, and nobody asks",
        WATCH,
        (
            ("    return (*facts, *_cancels(order, now_ns, rules), OrderQueried(order.cl_ord_id, now_ns))", "    return (*facts, *_cancels(order, now_ns, rules))"),
        ),
    ),
    Plant(
        "query_ladder_ends",
        "after the ladder's last step nobody asks again",
        WATCH,
        (("else rules.query_every_ns\n    return order.queried_ns + gap", "else 10**15\n    return order.queried_ns + gap"),),
        "T44",
    ),
    Plant(
        "cancels_without_end",
        "a cancel without an answer is sent again and again",
        WATCH,
        (("    if order.cancels < rules.max_cancels:\n        return (cancel", "    if order.cancels < 1000:\n        return (cancel"),),
        "T07",
    ),
    Plant(
        "no_mass_cancel",
        "after too many cancels nothing else is tried",
        WATCH,
        (("if order.cancels == rules.max_cancels else ()", "if order.cancels < 0 else ()"),),
        "T07",
        seeds=False,
        note="the venues of a seed answer a cancel in the end",
    ),
    Plant(
        "silent_order_waits",
        "an order without any answer is never UNKNOWN",
        WATCH,
        (("        return order.sent_ns + rules.ack_timeout_ns\n    if order.cancels >= rules.max_cancels", "        return None\n    if order.cancels >= rules.max_cancels"),),
    ),
    Plant(
        "cancel_wait_forever",
        "a cancel that is not answered is waited for",
        WATCH,
        (("    if order.cancels:\n        return order.cancel_ns + rules.ack_timeout_ns", "    if order.cancels:\n        return None"),),
    ),
    Plant(
        "lost_trade_not_asked",
        "a count that ran ahead of its trades keeps no price",
        AMENDS,
        (("            if order is None or not watch.lacks_trades(order):\n                continue", "            if True:\n                continue"),),
        "untold",
        seeds=False,
        note="a seed's gateways begin anew at its end, and tell every trade",
    ),
    Plant(
        "restated_ignored",
        "a known trade that is told with another quantity or price is passed over",
        ORDERS,
        (("    return Heard(facts, ask=True)\n\n\ndef _is_said", "    return Heard((), asks)\n\n\ndef _is_said"),),
        "T73",
        seeds=False,
        note="no venue of a seed restates",
    ),
    Plant(
        "restated_taken_at_once",
        "a restatement is booked as it comes, whatever its order's count is",
        ORDERS,
        (("    facts = (fact, _fill(order, report.cum_qty, None, report)) if is_counted else (fact,)\n", "    facts = (fact, _taken(order, fact, lots, report))\n"),),
        "T73",
        seeds=False,
        note="no venue of a seed restates",
    ),
    Plant(
        "bust_with_fewer_not_asked",
        "a bust that counts fewer lots than the trades that remain is taken as it is",
        ORDERS,
        (
            ("    is_less = not report.poss_resend and cum < left", "    is_less = False"),
            ("last=last, less=fact.cum_qty < left, doubt=False)", "last=last, doubt=False)"),
        ),
        "T75",
        seeds=False,
        note="a seed's gateways begin anew at its end, and tell every bust",
    ),
    Plant(
        "end_in_doubt_is_an_end",
        "an end sent again ends an order of which it counts more than is known",
        ORDERS,
        (("    if not stated and report.cum_qty > order.cum_qty:  # nor", "    if order is None:  # nor"),),
        "T75",
        seeds=False,
        note="a bust and two lost reports of one order are rare",
    ),
    Plant(
        "past_hedges_forgotten",
        "a report for an order of an ended hedge finds nobody",
        "domain/pairs.py",
        (("    for past in reversed(pair.past):\n        if past.hedge_id == named:", "    for past in ():\n        if past.hedge_id == named:"),),
    ),
    Plant(
        "link_loss_unnoticed",
        "orders that were out when the link broke are thought to be well",
        PAIR,
        (("        facts = watch.lost(hedge.legs, news.venue, news.why, self.clock.mono_ns()) if news.lost else ()", "        facts = ()"),),
    ),
)
