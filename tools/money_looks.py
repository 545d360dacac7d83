"""What a node answers about money: accounts, positions, sums of profit.

Thread: the lane. Sums over all pairs are made a few pairs at a beat, so that
a thousand of them never hold a turn up.
"""

from __future__ import annotations

from typing import Any

from actors.answering import page
from domain.controls import symbol_scope
from domain.money import scaled, text_of
from domain.positions import position_rows
from domain.profit import profit_of

PAIRS_A_BEAT = 8


class MoneyLooks:
    """Reads ledgers, accounts and what the venues said of positions."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self._next = 0
        self._profits: dict[str, tuple[str, str | None]] = {}

    def look(self) -> None:
        """Reckon the profit of the next few pairs."""
        desk = self.node.desk
        names = self.node.specs
        for _ in range(min(PAIRS_A_BEAT, len(names))):
            name = names[self._next % len(names)].name
            self._next += 1
            actor, ledger = self.node.pair_actor(name), desk.ledgers.of.get(name)
            if actor is not None and ledger is not None:
                told = profit_of(ledger, actor.view.quotes, actor.view.rates)
                self._profits[name] = (told["currency"], told["profit"])

    def totals(self) -> dict[str, str | None]:
        """Profit by the pairs' currencies; null where one is not known."""
        there = self.node.by_name
        if len(self._profits) < len(there):
            self.node.desk.ledgers.settle()
            self.look()
        if len(self._profits) > len(there):
            self._profits = {name: told for name, told in self._profits.items() if name in there}
        sums: dict[str, int | None] = {}
        for currency, profit in self._profits.values():
            before = sums.get(currency, 0)
            sums[currency] = None if before is None or profit is None else before + scaled(profit)
        return {currency: None if amount is None else text_of(amount) for currency, amount in sums.items()}

    def accounts(self) -> list[dict[str, Any]]:
        """Every account's money that hedges are held against."""
        return [
            {
                "venue": funds.venue,
                "currency": funds.currency,
                "equity": _text(funds.equity),
                "available": _text(funds.available),
                "reserved": text_of(funds.held),
                "free": _text(funds.free),
                "budget": _text(funds.budget),
                "stale": funds.stale,
            }
            for funds in self.node.desk.margin.funds.values()
            if funds.equity is not None or funds.budget is not None or funds.margined
        ]

    def positions(self, args: dict[str, Any]) -> dict[str, Any]:
        """Ours by fills against the venue's, by account, symbol and pair."""
        rows = self.position_list()
        after = args.get("after")
        places = [row["place"] for row in rows]
        return page(iter(rows[places.index(after) + 1 if after in places else 0 :]), self.node.clock)

    def position_list(self) -> list[dict[str, Any]]:
        """Every row of `positions`."""
        desk = self.node.desk
        desk.ledgers.settle()
        words = desk.controls.state.accepted
        keys = {leg.key: leg.instrument for spec in self.node.specs for leg in spec.legs}
        accepted = {key: (words[scope].long, words[scope].short) for key in keys if (scope := symbol_scope(key)) in words}
        netting = frozenset(key for key, told in keys.items() if told.offset_mode == "net")
        return list(position_rows(desk.ledgers.of, self.node.pairs(), desk.positions, accepted, netting, self.node.clock.mono_ns()))


def _text(amount: int | None) -> str | None:
    return None if amount is None else text_of(amount)
