"""The ledgers of all pairs of a node, folded a little after their records.

What is recorded is noted in the turn that records it, and folded when
somebody looks or a moment later: money is never worked out on the way from a
quote or a report to an order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from domain import ledger as one
from domain.ledger import FeeDiffers, Ledger
from domain.money import scaled
from domain.terms import LegTerms

MOST_PENDING = 4096


class Ledgers:
    """Every pair's ledger, and those of legs that it had before.

    `past` counts: an account's money is what all trades have made of it.
    Thread: the lane.
    """

    __slots__ = ("differences", "of", "past", "pending")

    def __init__(self) -> None:
        self.of: dict[str, Ledger] = {}
        self.past: list[Ledger] = []
        self.pending: list[tuple[str, tuple]] = []
        self.differences: list[tuple[str, FeeDiffers]] = []

    def configure(self, pair: str, currency: str, terms: tuple[LegTerms, ...]) -> None:
        """A pair's terms from here on; other legs begin another ledger."""
        self.settle()
        known = self.of.get(pair)
        if known is not None and known.currency == currency and _sizes(known.terms) == _sizes(terms):
            known.terms = terms
            return
        if known is not None:
            self.past.append(known)
        self.of[pair] = one.new(pair, currency, terms)

    def note(self, pair: str, facts: tuple) -> None:
        """Facts of a pair that are on record. On the path."""
        self.pending.append((pair, facts))
        if len(self.pending) > MOST_PENDING:
            self.settle()

    def settle(self) -> None:
        """Fold what was noted."""
        pending, self.pending = self.pending, []
        for pair, facts in pending:
            ledger = self.of.get(pair)
            if ledger is not None:
                self.differences += [(pair, each) for each in ledger.take(facts)]

    def every(self) -> list[Ledger]:
        """All of them, those of former legs too."""
        self.settle()
        return [*self.past, *self.of.values()]


class AccountMoney(Struct):
    """What our trades have made of one account in one currency; scaled.

    `cash`: of all trades, fees apart; `net`: signed lots by symbol. Equity is
    deposits + cash + positions at the mark - fees.
    """

    cash: int = 0
    fees: int = 0
    net: dict[str, int] = field(default_factory=dict)
    marked: int = 0
    unmarked: list[str] = field(default_factory=list)

    @property
    def change(self) -> int:
        """The change of equity, positions at the mark."""
        return self.cash + self.marked - self.fees


def account_of(
    ledgers: Iterable[Ledger], venue: str, currency: str, marks: Mapping[str, int | None] | None = None
) -> AccountMoney:
    """The sum over all pairs. `marks`: prices in ticks, by symbol."""
    found = AccountMoney()
    nets: dict[str, tuple[LegTerms, int]] = {}
    for ledger in ledgers:
        for terms, leg in zip(ledger.terms, ledger.legs, strict=True):
            if terms.venue != venue:
                continue
            found.fees += leg.fees.get(currency, 0)
            if terms.currency == currency:
                found.cash += terms.money(leg.cash)
                nets[terms.symbol] = (terms, nets.get(terms.symbol, (terms, 0))[1] + leg.net)
            elif terms.kind == "spot" and terms.base == currency:
                found.cash += scaled(leg.net * terms.lot)
    for symbol, (terms, net) in nets.items():
        found.net[symbol] = net
        px = (marks or {}).get(symbol)
        if net and terms.kind != "spot" and px is not None:
            found.marked += terms.money(terms.mark(net, px))
        elif net and terms.kind != "spot":
            found.unmarked.append(symbol)
    return found


def _sizes(terms: tuple[LegTerms, ...]) -> list[tuple]:
    return [(each.venue, each.symbol, each.currency, each.kind, each.tick, each.lot, each.digits) for each in terms]
