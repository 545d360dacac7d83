"""Planted bugs: slips of the hand.

As a tired engineer or a mutation tool makes them: off by one, a sign, a side, a field left out of a copy, a list that is never
taken off. Most were unseen by every seed when they were first planted.
"""

from __future__ import annotations

from simulation.plants import Plant

PLANTS = (
    Plant(
        "unspent_forgets_leaves",
        "lots that work under a mandate count as unspent too",
        "domain/legs.py",
        (("sum(o.cum_qty + o.leaves_qty for o in self.orders if under(m, o))", "sum(o.cum_qty for o in self.orders if under(m, o))"),),
    ),
    Plant(
        "reached_rounds_down",
        "a unit that one leg has begun is not completed",
        "domain/hedges.py",
        (("units = -(-leg.net // leg.plan.per_unit)", "units = leg.net // leg.plan.per_unit"),),
    ),
    Plant(
        "in_turn_no_own_timer",
        "a sequential hedge is not woken at half of its naked budget",
        "domain/advance.py",
        (
            (
                "times.append(in_turn.until_ns(hedge, rules) if hedge.first >= 0 else hedge.opened_ns + rules.hedge_deadline_ns)",
                "times.append(hedge.opened_ns + rules.hedge_deadline_ns)",
            ),
        ),
        seeds=False,
        note="tests/domain/test_in_turn.py: no shape's deadline is later than half of its naked budget",
    ),
    Plant(
        "open_completed_all_budget",
        "completing an open may use the whole naked budget",
        "domain/repair.py",
        (("deadline = naked_ns + (whole // 2 if pick.choice == \"replenish\" and hedge.kind == \"open\" else whole)", "deadline = naked_ns + whole"),),
    ),
    Plant(
        "dearer_taken",
        "the dearer of the two ways out is taken",
        "domain/repair.py",
        (
            (
                "return (complete, \"cheaper\") if first <= second else (back, \"cheaper\")",
                "return (complete, \"cheaper\") if first >= second else (back, \"cheaper\")",
            ),
        ),
    ),
    Plant(
        "replenish_takes_reserve",
        "completing may use up the orders that are kept for reversals",
        "domain/repair.py",
        (("min(allowed, total - policy.reserved)", "min(allowed, total)"),),
    ),
    Plant(
        "average_with_reversals",
        "reversals count in the price that a leg was filled at",
        "domain/repair.py",
        (
            (
                "        if order.side == leg.plan.side:\n            for _, qty, px in order.trades:",
                "        if order.side:\n            for _, qty, px in order.trades:",
            ),
        ),
    ),
    Plant(
        "ladder_restarts",
        "each mandate climbs the ladder from its foot",
        "domain/mandates.py",
        (("(m.first_order - 1 + spent) * m.payup_ticks", "spent * m.payup_ticks"),),
        seeds=False,
        note="tests/domain/test_mandates.py: a seed can't tell a price that is too shy",
    ),
    Plant(
        "mass_cancel_again",
        "the mass cancel of a silent symbol is sent at every query",
        "domain/watch.py",
        (("if order.cancels == rules.max_cancels else ()", "if order.cancels >= rules.max_cancels else ()"),),
    ),
    Plant(
        "today_closed_first",
        "a close takes today's lots before yesterday's",
        "domain/firing.py",
        (("return _parts(\"Y\", old, \"T\", qty) if mode == \"octy\"", "return _parts(\"T\", today, \"Y\", qty) if mode == \"octy\""),),
    ),
    Plant(
        "sold_what_is_not_there",
        "a spot sale counts the inventory as much as it sells",
        "domain/firing.py",
        (
            (
                "short = leg.instrument.kind == \"spot\" and side < 0 and book.net + leg.inventory_lots < qty",
                "short = leg.instrument.kind == \"spot\" and side < 0 and abs(book.net) + leg.inventory_lots < qty",
            ),
        ),
        seeds=False,
        note="tests/domain/test_firing.py: no simulated venue trades spot",
    ),
    Plant(
        "sells_not_released",
        "a sell that has ended still counts as selling",
        "domain/risk.py",
        (("        else:\n            row.selling -= order.left\n\n    def set_position", "\n    def set_position"),),
    ),
    Plant(
        "late_fill_no_position",
        "fills that meet no live lots, and busts, do not move the risk table",
        "domain/risk.py",
        (
            (
                "        row.position += side * qty\n        order = row.live.get(cl_ord_id)\n        if order is None or qty <= 0:\n            return\n",
                "        order = row.live.get(cl_ord_id)\n        if order is None or qty <= 0:\n            return\n        row.position += side * qty\n",
            ),
        ),
    ),
    Plant(
        "day_roll_keeps_today",
        "a new trading day leaves today's lots today's",
        "domain/books.py",
        (
            (
                "return LegBook(book.net, 0, book.cash, book.bought, book.sold, day, sides)",
                "return LegBook(book.net, book.today, book.cash, book.bought, book.sold, day, sides)",
            ),
        ),
    ),
    Plant(
        "settled_under_new_day",
        "a day's last price is remembered as the new day's",
        "domain/ledger.py",
        (("leg.settled[leg.day] = fact.px", "leg.settled[fact.day] = fact.px"),),
    ),
    Plant(
        "outside_cash_sign",
        "the cash of lots traded elsewhere has the wrong sign",
        "domain/books.py",
        (("cash = book.cash - (lots * px if px is not None else 0)", "cash = book.cash + (lots * px if px is not None else 0)"),),
        seeds=False,
        note="tests/domain/test_books.py: outside trades of seeds only add to the account",
    ),
    Plant(
        "margin_given_back_twice",
        "one venue's word gives back what a hedge holds of all",
        "domain/margin.py",
        (
            (
                "        for funds, amount in held.sums:\n            if funds.venue == venue:\n                funds.held -= amount",
                "        for funds, amount in held.sums:\n            funds.held -= amount",
            ),
        ),
    ),
    Plant(
        "one_unit_reserved",
        "a hedge reserves the margin of one unit",
        "domain/margin.py",
        (("held = [(funds, amount * units) for funds, amount in sums]", "held = [(funds, amount) for funds, amount in sums]"),),
    ),
    Plant(
        "old_collateral_frees",
        "an answer from before a hedge ended gives its margin back",
        "domain/margin.py",
        (("if 0 < held.ended_ns <= asked_ns and held.ended_wall_ns <= asof_ns]", "if 0 < held.ended_ns]"),),
    ),
    Plant(
        "stale_money_trusted",
        "a venue that has told no money for long is opened by",
        "actors/treasury.py",
        (("                self.desk.margin.stale(venue)\n", "                pass\n"),),
        seeds=False,
        note="tests/scenarios/test_money.py: a safety phase is shorter than six inquiries",
    ),
    Plant(
        "marked_at_wrong_side",
        "a position without a last price is marked at the touch of its own side",
        "domain/profit.py",
        (
            (
                "close, other = (quote.bid_px, quote.ask_px) if net > 0 else (quote.ask_px, quote.bid_px)",
                "close, other = (quote.ask_px, quote.bid_px) if net > 0 else (quote.bid_px, quote.ask_px)",
            ),
        ),
    ),
    Plant(
        "snapshot_forgets_pending",
        "a start forgets which numbers came behind a gap",
        "actors/reports.py",
        (("        sequence.pending.update(snapshot.get(\"pending\", ()))\n", ""),),
        seeds=False,
        note="tests/actors/test_snapshots.py: what is forgotten is sent again",
    ),
    Plant(
        "run_one_short",
        "of a run of numbers passed over the last is taken for missing",
        "domain/sequences.py",
        (
            (
                "self.pending.update(range(first, min(last, first + MAX_PENDING - len(self.pending) - 1) + 1))",
                "self.pending.update(range(first, min(last, first + MAX_PENDING - len(self.pending) - 1)))",
            ),
        ),
        seeds=False,
        note="tests/domain/test_sequences.py: what is missing is sent again",
    ),
    Plant(
        "one_failure_more",
        "a pair is turned off one failure too late",
        "actors/pair.py",
        (("if pair.failures >= spec.max_failures and", "if pair.failures > spec.max_failures and"),),
        seeds=False,
        note="tests/scenarios/test_refusals.py: seeds let a pair fail on",
    ),
    Plant(
        "snapshot_forgets_words",
        "a start from a snapshot forgets kills and modes",
        "actors/snapshots.py",
        (("    found.controls = snapshot.controls\n", ""),),
    ),
    Plant(
        "closing_lots_never_free",
        "lots of a close that has ended stay claimed",
        "actors/trader.py",
        (("            left = after.leaves_qty\n", "            left = after.qty\n"),),
    ),
    Plant(
        "alert_told_once_for_all",
        "the same alert of another venue or order is not told",
        "actors/account.py",
        (("now_ns, mark = self.clock.mono_ns(), (code, *key)", "now_ns, mark = self.clock.mono_ns(), (code,)"),),
        seeds=False,
        note="tests/actors/test_account.py: no seed has two such alerts",
    ),
    Plant(
        "joined_outcome_old",
        "an ended hedge keeps its outcome when late truth leaves it",
        "domain/late.py",
        (("return replace(after, status=fact.outcome, passed_to=went)", "return replace(after, passed_to=went)"),),
        seeds=False,
        note="tests/domain/test_late.py; seeds see it at rest, seldom",
    ),
    Plant(
        "synced_more_than_was",
        "a sync says that all is on the disk that was appended meanwhile",
        "journal/writer.py",
        (("        self.durable_seq = seq\n", "        self.durable_seq = self.last_seq\n"),),
        seeds=False,
        note="tests/journal/test_writer.py: in one thread nothing is appended during a sync",
    ),
    Plant(
        "fx_age_ignored",
        "an FX quote that has not changed for a day counts",
        "domain/guards.py",
        (
            (
                "        and 0 <= now_mono_ns - quote.changed_mono_ns + lag_ns <= limits.max_unchanged_ns\n        and quote.bid_px <= quote.ask_px",
                "        and quote.bid_px <= quote.ask_px",
            ),
        ),
        seeds=False,
        note="tests/domain/test_guards.py: no simulated pair has an FX leg",
    ),
    Plant(
        "returned_mandates_pile_up",
        "what a start reads keeps the books of every mandate that ever was out",
        "actors/recovery.py",
        (("            memory.books.pop(mandate_id, None)\n            memory.opens.pop(mandate_id, None)\n", ""),),
    ),
    Plant(
        "given_back_by_nobody",
        "a mandate that was returned for a pair that is given up is out again after a start",
        "actors/recovery.py",
        (
            (
                "            _returned(found, decision.pair, fact.mandate_id)\n",
                "            if child:\n                _returned(found, decision.pair, fact.mandate_id)\n",
            ),
        ),
        seeds=False,
        note="tests/scenarios/test_giving_up.py: no seed gives a pair up",
    ),
    Plant(
        "crashed_turn_counts_nowhere",
        "what a turn that crashed has filled or sent does not count towards the limits",
        "actors/pair.py",
        (("        if settled is not None:\n            self._book(*settled)\n", ""),),
        seeds=False,
        note="tests/scenarios/test_adoption.py: no actor of a seed crashes",
    ),
    Plant(
        "repair_claimed_after_its_child",
        "a repair's first order counts towards the limits after its child has booked what became of it",
        "actors/pair.py",
        (
            (
                "            self.rebook(None, orders.born(first))  # before its child knows of it, and books what it fills\n",
                "            pass\n",
            ),
            (
                "        self._book(before, unbooked, hedge_id)\n",
                "        self._book(before, pair, hedge_id)\n",
            ),
        ),
        seeds=False,
        note="tests/scenarios/test_adoption.py: where turns do not nest the child is later all the same",
    ),
    Plant(
        "repeat_frees_claims",
        "a book that is told again counts as a new one, of which nobody has taken anything",
        "domain/claims.py",
        (
            (
                "return (quote.gw_ns, quote.ask_px, quote.ask_qty) if side > 0 else (quote.gw_ns, quote.bid_px, quote.bid_qty)",
                "return (quote.changed_mono_ns, quote.ask_px, quote.ask_qty) if side > 0 else (quote.changed_mono_ns, quote.bid_px, quote.bid_qty)",
            ),
        ),
    ),
    Plant(
        "books_not_claimed",
        "two hedges count the same lots of a book",
        "actors/pair.py",
        (("            desk.claims.claim(quote, order.side, order.qty, opened.hedge_id)\n", ""),),
    ),
    Plant(
        "given_up_sends_when_frozen",
        "what stands in for a given-up pair sends under a freeze",
        "actors/flattener.py",
        (("frozen = self.desk.holds.get(self.name, FREE).frozen", "frozen = False"),),
        seeds=False,
        note="tests/scenarios/test_giving_up.py: no seed gives a pair up",
    ),
)
