"""A pair's share of its accounts: by margin and by position.

Several pairs on one account would each take all that is free. A share bounds
what one of them may use: of the account's money for its margin, of the
symbol's position limit for its lots.
"""

from __future__ import annotations

from collections.abc import Iterable

from actors.desk import Desk
from domain.firing import Aim
from domain.margin import Funds, Rates, Sums, room, used_by
from domain.money import text_of
from domain.pairs import Pair
from domain.pairspec import PairSpec

SHARE = "SHARE"


def within_share(desk: Desk, spec: PairSpec, pair: Pair, aim: Aim, sums: Sums, units: int) -> tuple[int, str]:
    """Units of an open that the accounts and the pair's shares of them have room for, and what bound them."""
    units, why = room(sums, units)
    for funds, amount in sums:
        share = spec.shares.get(funds.venue)
        if share is None or amount <= 0:
            continue
        used = desk.margin.used_of.get((spec.name, funds.venue, funds.currency), 0) + _held(desk, spec.name, funds)
        of = whole_of(funds)
        most = max(0, int(share * of) - used) // amount
        if most < units:
            units = most
            why = f"{SHARE}: venue={funds.venue} currency={funds.currency} share={float(share):g} of={text_of(of)} used={text_of(used)} unit={text_of(amount)}"
    for index, leg in enumerate(spec.legs):
        share = spec.shares.get(leg.venue)
        if share is None or not spec.sends_orders:
            continue
        lots, held = int(share * desk.risk.row(leg.key).limits.position_lots), aim.sides[index] * pair.books[index].net
        most = max(0, lots - held) // aim.per_unit[index]
        if most < units:
            units, why = most, f"{SHARE}: symbol={leg.symbol} share={float(share):g} lots={lots} held={held}"
    return units, why


def whole_of(funds: Funds) -> int:
    """The account's money that shares are of: its equity, or the budget where that is less."""
    known = [sum_ for sum_ in (funds.equity, funds.budget) if sum_ is not None]
    return min(known) if known else 0


def reckon(desk: Desk, specs: Iterable[PairSpec]) -> None:
    """What each pair with shares uses of its accounts, by its ledger."""
    for spec in specs:
        ledger = desk.ledgers.of.get(spec.name)
        sums: dict[tuple[str, str, str], int] = {}
        for terms, leg in zip(ledger.terms, ledger.legs, strict=True) if ledger is not None else ():
            if leg.lots:
                rates = PAID_WHOLE if terms.kind == "spot" else desk.links[terms.venue].margins[terms.symbol]
                key = (spec.name, terms.venue, terms.currency)
                sums[key] = sums.get(key, 0) + used_by(terms, leg, rates)
        for venue in spec.shares:
            for key in [key for key in desk.margin.used_of if key[:2] == (spec.name, venue)]:
                del desk.margin.used_of[key]
        desk.margin.used_of.update(sums)


PAID_WHOLE = Rates(long_rate=1)
"""Spot is paid for, not margined."""


def _held(desk: Desk, name: str, funds: Funds) -> int:
    """What hedges of the pair hold of it, until the venue has said anew."""
    return sum(
        amount for hedge_id, held in desk.margin.held.items() if hedge_id.startswith(f"{name}.") for each, amount in held.sums if each is funds
    )
