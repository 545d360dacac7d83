"""Plants in records, recovery, links, alerts and books."""

from simulation.plants import Plant

TRADER, PAIR, VENUE = "actors/trader.py", "actors/pair.py", "actors/venue.py"
NODE, RECOVERY, BOOKS = "tools/node_build.py", "actors/recovery.py", "domain/books.py"

PLANTS = (
    Plant(
        "sent_before_recorded",
        "a hedge's orders leave before their intent is on record",
        PAIR,
        (
            ("        seq = self.record(opened.hedge_id, (opened,), commands, 0, view.saw(event, view.thresholds[event], now_ns))\n        memory.owed = (opened.hedge_id, (opened,))\n        denied = self.send(commands)\n",
             "        denied = self.send(commands)\n        seq = self.record(opened.hedge_id, (opened,), commands, 0, view.saw(event, view.thresholds[event], now_ns))\n        memory.owed = (opened.hedge_id, (opened,))\n"),
        ),
    ),
    Plant(
        "repair_sent_before_recorded",
        "a repair's order leaves before its intent is on record",
        PAIR,
        (
            ("        cause = self.record(hedge_id, facts, commands, cause, saw)\n        self.memory.owed = (hedge_id, facts)\n        denied = self.send(commands, child)\n",
             "        denied = self.send(commands, child)\n        cause = self.record(hedge_id, facts, commands, cause, saw)\n        self.memory.owed = (hedge_id, facts)\n"),
        ),
    ),
    Plant(
        "commands_not_on_record",
        "a decision's record does not hold what was sent",
        TRADER,
        (("            sent.append((command.link.name, command.frame))\n", "            sent.append((command.link.name, b\"\"))\n"),),
    ),
    Plant(
        "cause_forgotten",
        "records do not name what caused them",
        TRADER,
        (("desk.journal.append(DECISION, body, cause)", "desk.journal.append(DECISION, body)"),),
    ),
    Plant(
        "facts_not_all_recorded",
        "what follows in a turn is adopted without being recorded",
        PAIR,
        (("            cause = self.record(hedge_id, every, commands, cause, self._saw(following, now_ns))", "            cause = self.record(hedge_id, facts or every, commands, cause, self._saw(following, now_ns))"),),
    ),
    Plant(
        "report_not_recorded",
        "a report is acted upon without being on record",
        "actors/reports.py",
        (('            self.record(frame),\n            now_ns,\n            "8",', '            0,\n            now_ns,\n            "8",'),),
    ),
    Plant(
        "journal_chain_broken",
        "a record's hash does not cover the one before it",
        "journal/writer.py",
        (("        digest = _sha256(self._hash + content).digest()", "        digest = _sha256(content).digest()"),),
    ),
    Plant(
        "restart_forgets",
        "a node that starts again knows nothing of its pairs",
        NODE,
        (("            pair = self.recovered.pairs.get(spec.name)\n            if pair is None:\n                continue\n            pair = rebuilt", "            pair = None\n            if pair is None:\n                continue\n            pair = rebuilt"),),
        "T18",
    ),
    Plant(
        "hedge_not_taken_up",
        "a pair that is raised again leaves its hedge alone until somebody reports",
        PAIR,
        (
            ("                if not hedge.final or not advance.holds_true(hedge, advance.standing(hedge)):\n                    self._follow(hedge.hedge_id, (), 0)\n", ""),
            ("if news.lost else ()\n        self._follow(hedge.hedge_id, facts, 0)", "if news.lost else ()\n        if facts:\n            self._follow(hedge.hedge_id, facts, 0)"),
        ),
        "T18",
        seeds=False,
        note="the gateways' first reports after the restart take it up in a seed",
    ),
    Plant(
        "recovered_orders_have_no_owner",
        "after a restart reports of older orders find nobody",
        NODE,
        (("seen=seen, resolve=self.recovered.owner)", "seen=seen)"),),
    ),
    Plant(
        "epoch_used_again",
        "a node that starts again has the epoch of the one before",
        "journal/recovery.py",
        (("    return max(last_epoch + 1, wall_ns)", "    return 5"),),
    ),
    Plant(
        "order_ids_not_counted",
        "a leg's repair orders all have the same id",
        "domain/ids.py",
        (('    return f"{hedge}.{leg}{letter}{count}"', '    return f"{hedge}.{leg}{letter}1"'),),
    ),
    Plant(
        "day_not_asked",
        "after a reconnect nobody asks what was filled meanwhile",
        VENUE,
        (("        answers = (DAY, *(POSITIONS,) * bool(m.capabilities.get(\"positions\")))", "        answers = (POSITIONS,) * bool(m.capabilities.get(\"positions\"))"),),
    ),
    Plant(
        "resend_from_the_end",
        "a logon claims to have seen all: what was missed is not sent again",
        VENUE,
        (("        return sequence.seen < m.last_seq\n", "        sequence.restart(m.epoch, m.last_seq)\n        return False\n"),),
    ),
    Plant(
        "gap_unnoticed",
        "a hole in a gateway's numbering is not looked at",
        VENUE,
        (("            if not state.gap and state.stage >= S.SYNCING:\n                self._open_gap(sequence.last)", "            pass"), ("            if is_late and link.sequence.seen < self._target_seq:", "            if False:")),
    ),
    Plant(
        "old_numbering_kept",
        "a gateway that begins anew is numbered on from before",
        VENUE,
        (("        if m.epoch != sequence.epoch:\n            # What", "        if False:\n            # What"),),
        "T40",
    ),
    Plant(
        "number_alone_is_the_report",
        "reports are told apart by number, whatever the epoch",
        "domain/sequences.py",
        (("        self.pending.clear()\n        self._marks.clear()\n\n    def note", "        self.pending.clear()\n\n    def note"), ("            return REPEAT if known == mark else CLASH", "            return REPEAT")),
    ),
    Plant(
        "hung_gateway_trusted",
        "a gateway that is silent is sent orders",
        VENUE,
        (("self._pulse.is_silent(now_ns) and link.stage is not S.CONNECTING:", "False:"),),
    ),
    Plant(
        "session_loss_unnoticed",
        "a venue whose session is down is thought to be up",
        VENUE,
        (("            self.asks.forget()\n            self._apply(SessionLost())\n            return\n", "            return\n"),),
    ),
    Plant(
        "outside_trade_booked",
        "a trade of somebody else is booked on a pair though nothing is lost",
        "domain/outside.py",
        (("        return side * max(0, abs(claimed) - max(0, side * held))", "        return claimed"),),
    ),
    Plant(
        "outside_trade_ignored",
        "lots that another session traded away are not missed",
        "domain/outside.py",
        (("        return side * max(0, abs(claimed) - max(0, side * held))", "        return 0"),),
        "T43",
        seeds=False,
        note="the outside trades of a seed only add to the account",
    ),
    Plant(
        "naked_not_shown",
        "the least of the legs is shown: a leg that stands alone is not",
        "domain/pairs.py",
        (("        return tuple(net - units * lots for net, lots in zip(sized.nets(self), self.lots, strict=True))", "        return tuple(0 * units for _ in self.lots)"),),
        "T19",
        seeds=False,
        note="what is shown, not what is done",
    ),
    Plant(
        "alert_dropped",
        "somebody must be told, and the alert is not recorded",
        NODE,
        (('        seq = self.journal.append("alert", pack({"severity": severity, "code": code, **details}), details.get("cause", 0))', "        seq = 0"),),
    ),
    Plant(
        "stranded_not_told",
        "a hedge is STRANDED and nobody hears of it",
        PAIR,
        (("            self.tell_stranded(fact.why, fact.naked, pair.hedge.hedge_id, seq)", "            pass"),),
    ),
    Plant(
        "alarm_for_nothing",
        "every hedge that opens is an alert",
        PAIR,
        (("        view.spend(event, now_ns)\n", "        view.spend(event, now_ns)\n        desk.alert(\"warning\", \"OPENED\", pair=self.name)\n"),),
    ),
    Plant(
        "cash_of_one_side",
        "what was sold brings no cash",
        BOOKS,
        (("    return -order.side * sum(qty * px for _, qty, px in order.trades)", "    return min(0, -order.side) * sum(qty * px for _, qty, px in order.trades)"),),
    ),
    Plant(
        "bust_keeps_cash",
        "a busted trade's lots go, its cash stays",
        "domain/orders.py",
        (("fact.cum_qty, (*kept, (fact.ref, 0, off[2]), mark)", "fact.cum_qty, (*kept, off, mark)"),),
    ),
    Plant(
        "book_skips_repairs",
        "what a repair trades is not booked",
        BOOKS,
        (("    if not qty and not cash:\n        return book\n", "    if (not qty and not cash) or after.letter == \"p\":\n        return book\n"),),
    ),
    Plant(
        "cooldown_never_ends",
        "a pair that has hedged once never fires again",
        PAIR,
        (("        self.after_ns(delay, Tick(\"ready\"))", "        pass"),),
    ),
    Plant(
        "repeated_turn",
        "facts of a repair child are adopted twice",
        PAIR,
        (("        self._follow(told.hedge_id, (), told.seq)", "        self._follow(told.hedge_id, told.facts, told.seq)"),),
    ),
)
