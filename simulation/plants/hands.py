"""Plants in what people do, and in what is not left to them."""

from simulation.plants import Plant

PLANTS = (
    Plant(
        "sent_back_in_memory",
        "a rollback by hand is kept in memory alone: the next node completes what a person sent back",
        "actors/pair_hand.py",
        (
            (
                "        seq = self._own(HedgeSentBack(word.operator, word.reason, self.clock.mono_ns()), word.hedge)\n",
                "        seq = self._word(word)\n        self.memory.pair = pairs.evolve(self.memory.pair, HedgeSentBack(word.operator, word.reason, self.clock.mono_ns()), word.hedge)\n",
            ),
        ),
        "T71",
    ),
    Plant(
        "called_back_in_memory",
        "a repair whose order a person cancelled is called back in memory alone: under the next node it goes on",
        "actors/pair_words.py",
        (("        seq = self._own(MandateRevoked(mandate.mandate_id, leg.plan.index, word.operator, word.reason), hedge.hedge_id)\n", "        seq = self._word(word)\n"),),
        "T71",
        seeds=False,
        note="the node must die with the cancelled order in doubt, and its repair have more to send",
    ),
    Plant(
        "late_truth_of_sent_back_completes",
        "what a person sent back is completed after all when a fill comes late",
        "domain/repair.py",
        (("(hedge.sent_back or policy.choice == GO_BACK)", "policy.choice == GO_BACK"),),
        "T71",
        seeds=False,
        note="the late fill must find the hedge ended and its pair idle",
    ),
    Plant(
        "taken_is_not_asked_for",
        "an order in doubt of a hedge that a person has taken is never asked for again",
        "actors/pair.py",
        (("        hedge = pair.hedge or self.taken_in_doubt()\n", "        hedge = pair.hedge\n"),),
        "T71",
        seeds=False,
        note="the venue tells its day again in a seed's end, which shows it too",
    ),
    Plant(
        "closes_tried_without_end",
        "a STRANDED close is tried again and again",
        "domain/again.py",
        (
            (" and hedge.retries < most\n", "\n"),
            ('    return "time" if count < most - 1 and now_ns', '    return "time" if now_ns'),
            ("waiting.begun_ns + pause_ns(count) else", "waiting.begun_ns + FIRST_PAUSE_NS else"),
        ),
        "T72",
        seeds=False,
        note="no seed refuses a close for minutes",
    ),
    Plant(
        "closes_tried_at_once",
        "a STRANDED close is tried again before its quotes have stayed sane for a while",
        "domain/again.py",
        (("    if not waiting.well_ns or now_ns < waiting.well_ns + SETTLE_NS:\n", "    if not waiting.well_ns:\n"),),
        "T72",
    ),
    Plant(
        "closes_tried_under_a_kill",
        "a STRANDED close is tried again though a kill stands",
        "actors/controls.py",
        (("        return killed or any(", "        return any("),),
        "T72",
        seeds=False,
        note="a kill must fall on a pair whose close was stranded before",
    ),
    Plant(
        "closes_never_tried_again",
        "a close that was refused waits for a person, though it could go on",
        "actors/pair_again.py",
        (("        if not sign:\n", "        if sign or not sign:\n"),),
        "T72",
    ),
    Plant(
        "denied_burns_its_retries",
        "a repair that was denied is tried again at once, until its retries are used up",
        "domain/advance.py",
        (("    if is_timed_out and hedge.denied:\n        return ()", "    if False:\n        return ()"),),
        "T74",
        seeds=False,
        note="no seed denies for minutes",
    ),
    Plant(
        "denied_never_tried_again",
        "a repair that was denied waits for a person",
        "domain/again.py",
        (("        return hedge.denials < MOST_DENIED and not hedge.claimed", "        return False"),),
        "T74",
        seeds=False,
        note="no seed denies for minutes",
    ),
)
