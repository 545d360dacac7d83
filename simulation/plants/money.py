"""Planted bugs of money: ledgers, fees, margin, lots by day."""

from __future__ import annotations

from simulation.plants import Plant

LEDGER = "domain/ledger.py"
MARGIN = "domain/margin.py"

PLANTS = (
    Plant(
        "fee_not_told_is_nought",
        "a trade whose fee the venue does not tell costs nothing",
        LEDGER,
        (("    return ((terms.currency, main, scheduled),) if scheduled else ()", "    return ()"),),
    ),
    Plant(
        "bust_keeps_its_fee",
        "a trade that is taken back leaves its fee in the ledger",
        LEDGER,
        (("        leg.fees[currency] = leg.fees.get(currency, 0) + sign * amount", "        leg.fees[currency] = leg.fees.get(currency, 0) + max(0, sign) * amount"),),
    ),
    Plant(
        "fees_of_closes_are_the_openings",
        "a trade is charged as an opening whatever it did",
        LEDGER,
        (("    if amount is not None:\n        return ((currency or terms.currency, main, scaled(amount)),)", "    if amount is not None:\n        opening = terms.fee(((\"open\", sum(qty for _, qty in parts)),), 1000)\n        return ((terms.currency, main, opening),)"),),
    ),
    Plant(
        "margin_not_looked_at",
        "a hedge leaves whatever its accounts have free",
        MARGIN,
        (("        if units < most:\n            most, why = units, funds.why(amount)", "        if units < 0:\n            most, why = units, funds.why(amount)"),),
        "T23",
        seeds=False,
        note="one seed in sixty has a poor account and no faults; in others the venue's refusal may be a fault's",
    ),
    Plant(
        "refused_close_is_not_asked_about",
        "a refused close is planned anew from the book that was wrong",
        "actors/pair_lots.py",
        (("                if order is not None and order.offset in CLOSING:", "                if order is not None and order.offset in ():"),),
        "T48",
        seeds=False,
        note="no fault of a seed makes the venue's days another than the book's",
    ),
)
