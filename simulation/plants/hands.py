"""Plants in what people do: words that do not hold."""

from simulation.plants import Plant

PLANTS = (
    Plant(
        "sent_back_in_memory",
        "a rollback by hand is kept in memory alone: the next node completes what a person sent back",
        "actors/pair_hand.py",
        (
            (
                "        seq = self.said(word.hedge, HedgeSentBack(word.operator, word.reason, self.clock.mono_ns()))\n",
                "        seq = self._word(word)\n        self.memory.pair = pairs.evolve(self.memory.pair, HedgeSentBack(word.operator, word.reason, self.clock.mono_ns()), word.hedge)\n",
            ),
        ),
        "T71",
    ),
    Plant(
        "called_back_in_memory",
        "a repair whose order a person cancelled is called back in memory alone: under the next node it goes on",
        "actors/pair_words.py",
        (("        seq = self.said(hedge.hedge_id, MandateRevoked(mandate.mandate_id, leg.plan.index, word.operator, word.reason))\n", "        seq = self._word(word)\n"),),
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
)
