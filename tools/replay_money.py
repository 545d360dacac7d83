"""The replay venues' accounts, as their own truth logs make them.

The log is applied to an account that knows nothing of the node; what it comes
to is held against our ledgers, to the unit: equity but for spot, which is no
position of the ledgers', at the last prices that were traded, and fees.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateways.replay.account import Account
from gateways.replay.truth import OrderTraded, read_truth
from tools.money_books import AccountKey
from tools.replay_config import VenuePlay


def accounts_of(plays: Iterable[VenuePlay]) -> dict[AccountKey, dict[str, Any]]:
    """Each account that may trade: its equity, deposit, fees and marks. Raises: VenueError."""
    return {key: told for play in plays for key, told in _account(play).items()}


def _account(play: VenuePlay) -> dict[AccountKey, dict[str, Any]]:
    terms = [each.terms for each in play.played]
    currency = next((each.currency for each in terms if each.definition.tradable), None)
    if currency is None:
        return {}
    account = Account(terms, play.cash)
    marks: dict[str, int] = {}
    for record in read_truth(play.truth_path):
        account.apply(record)
        if isinstance(record, OrderTraded) and not account.terms[record.symbol].is_spot:
            marks[record.symbol] = record.px
    money = account.money(marks)
    told = {"equity": f"{money.equity:f}", "deposit": f"{play.cash:f}", "fees": f"{money.fees:f}", "marks": marks}
    return {(play.venue, currency): told}
