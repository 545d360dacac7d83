"""Plants in what lets a hedge open: quotes, sessions, sizes, limits."""

from simulation.plants import Plant

GUARDS, FIRING, RISK, VIEW = "domain/guards.py", "domain/firing.py", "domain/risk.py", "actors/pair_view.py"

PLANTS = (
    Plant(
        "stale_quotes_count",
        "a quote counts, however old it is",
        GUARDS,
        (
            (
                "        and 0 <= now_mono_ns - quote.recv_mono_ns + lag_ns <= limits.max_silence_ns\n"
                "        and 0 <= now_mono_ns - quote.changed_mono_ns + lag_ns <= limits.max_unchanged_ns\n    ):\n        return LEG_STALE",
                "    ):\n        return LEG_STALE",
            ),
            ("0 <= now_mono_ns - quote.status_mono_ns <= limits.status_max_age_ns\n    ):", "True\n    ):"),
        ),
        "T13",
    ),
    Plant(
        "unchanged_quotes_count",
        "a book that is only repeated is as good as a new one",
        GUARDS,
        (("        and 0 <= now_mono_ns - quote.changed_mono_ns + lag_ns <= limits.max_unchanged_ns\n    ):\n        return LEG_STALE", "    ):\n        return LEG_STALE"),),
        "T13",
    ),
    Plant(
        "repeat_is_news",
        "a repeated book makes the quote young again",
        "actors/feed.py",
        (("        changed_ns,\n        status,", "        recv_ns,\n        status,"),),
        "T13",
    ),
    Plant(
        "crossed_book_counts",
        "a crossed book is traded on",
        GUARDS,
        (("    if has_bid and has_ask and not bid < ask:\n        return LEG_CROSSED\n", ""),),
        "T14",
    ),
    Plant(
        "closed_market_counts",
        "a market that is not open is traded on",
        GUARDS,
        (("        quote.status == STATUS_OPEN and 0 <= now_mono_ns - quote.status_mono_ns <= limits.status_max_age_ns", "        0 <= now_mono_ns - quote.status_mono_ns <= limits.status_max_age_ns"),),
        "T16",
    ),
    Plant(
        "old_status_counts",
        "a market's status is believed for ever",
        GUARDS,
        (("        quote.status == STATUS_OPEN and 0 <= now_mono_ns - quote.status_mono_ns <= limits.status_max_age_ns", "        quote.status == STATUS_OPEN"),),
    ),
    Plant(
        "locked_is_retried",
        "a leg locked at its limit is traded as any other",
        GUARDS,
        (
            ("    return own is not None and limit is not None and (own - limit) * side >= 0", "    return False"),
            ("    return COUNTS if inside else LEG_LIMIT_LOCKED", "    return COUNTS"),
            ("domain/mandates.py", "    return touch is not None and (_limited(touch, market) - touch) * side < 0", "    return False"),
        ),
        "T51",
    ),
    Plant(
        "one_side_opens_alone",
        "a hedge opens while the other venue is down",
        VIEW,
        (('                if why:\n                    return f"VENUE_DOWN {link.name}: {why}"', "                if why:\n                    continue"),),
        "T27",
    ),
    Plant(
        "opens_before_reconciled",
        "a hedge opens before positions and money were told",
        "actors/link.py",
        (("    OPEN = VenueStage.OPEN\n", "    OPEN = VenueStage.SYNCING\n"), ("    REPAIR = VenueStage.RECONCILED\n", "    REPAIR = VenueStage.CONNECTING\n")),
        "T37",
    ),
    Plant(
        "repairs_before_reconciled",
        "a repair leaves before the venue's day was answered",
        "actors/link.py",
        (("    REPAIR = VenueStage.RECONCILED\n", "    REPAIR = VenueStage.CONNECTING\n"),),
    ),
    Plant(
        "minimum_ignored",
        "a venue's minimum size is found out by its refusal",
        "domain/definitions.py",
        (("    if announced.min_lots is not None and configured.min_lots < least:", "    if configured.min_lots < 0:"),),
        "T26",
        seeds=False,
        note="no venue of a seed changes its minimum",
    ),
    Plant(
        "position_limit_ignored",
        "an opening order may pass the position limit",
        RISK,
        (("        elif not qty <= room:", "        elif not qty <= 10**9:"),),
    ),
    Plant(
        "max_units_ignored",
        "a pair opens again though it holds all it may",
        FIRING,
        (("    room = spec.max_position_units - abs(held) if aim.opens else abs(held)", "    room = 10**6 if aim.opens else abs(held)"),),
    ),
    Plant(
        "closes_more_than_held",
        "a close is as large as configured, whatever is held",
        FIRING,
        (("    room = spec.max_position_units - abs(held) if aim.opens else abs(held)", "    room = spec.max_position_units - abs(held) if aim.opens else 10**6"),),
    ),
    Plant(
        "touch_size_ignored",
        "more is sent than the touch shows",
        FIRING,
        (("        if there < units:\n", "        if there < 0:\n"),),
    ),
    Plant(
        "live_orders_not_counted",
        "risk counts what is filled and forgets what is out",
        RISK,
        (("            return limit - self.position - self.buying", "            return limit - self.position"), ("        return limit + self.position - self.selling", "        return limit + self.position"),
         ("(row.position + row.buying if side == BUY else row.selling - row.position)", "(row.position if side == BUY else -row.position)")),
    ),
    Plant(
        "stop_goes_on_opening",
        "a node that stops still fires",
        VIEW,
        (("        if pair.status not in _QUIET or self.desk.stopping:", "        if pair.status not in _QUIET:"),),
        "T17",
        seeds=False,
        note="a seed's node is stopped at rest",
    ),
    Plant(
        "kill_ignored_by_triggers",
        "a pair fires though a kill or mode bars it",
        VIEW,
        (('        return "" if hold is None or not (hold.fires or (opens and hold.opens)) else hold.why', '        return ""'),),
    ),
    Plant(
        "kill_ignored_by_hedges",
        "a hedge in flight, and its repairs, go on as if no kill held",
        "actors/pair.py",
        (
            ("            if hold is None:\n                after, following, given = advance", "            if True:\n                after, following, given = advance"),
            ("domain/controls.py", '        return self.frozen or (self.goes_back and opens and kind == "replenish")', "        return False"),
        ),
    ),
    Plant(
        "price_not_the_touch",
        "an order is priced at its own side of the book",
        FIRING,
        (("        px = touch + side * leg.payup_ticks", "        px = touch - side * 3"),),
    ),
    Plant(
        "sides_swapped",
        "a leg's order leaves with the other side",
        "actors/trader.py",
        (('                    "1" if fact.side > 0 else "2",', '                    "2" if fact.side > 0 else "1",'),),
    ),
    Plant(
        "legs_one_after_the_other",
        "one leg's order is forgotten at the trigger",
        FIRING,
        (("            orders.append(OrderSubmitted(ident, index, \"h\", side, lots, px, leg.tif, offset, now_ns))", "            if index == 0:\n                orders.append(OrderSubmitted(ident, index, \"h\", side, lots, px, leg.tif, offset, now_ns))"),),
    ),
    Plant(
        "today_and_yesterday_swapped",
        "a close takes today's lots as yesterday's",
        FIRING,
        (('return _parts("Y", old, "T", qty) if', 'return _parts("T", old, "Y", qty) if'),),
    ),
    Plant(
        "day_never_rolls",
        "today's lots stay today's on a new trading day",
        "domain/books.py",
        (("    return LegBook(book.net, 0, book.cash, book.bought, book.sold, day, sides)", "    return LegBook(book.net, book.today, book.cash, book.bought, book.sold, day, sides)"),),
    ),
)
