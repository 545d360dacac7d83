"""Our money against the venues' accounts, to the unit.

Ours is folded from the journal's facts; theirs is the truth log's last word on
each account, written by the exchange before it told anybody. Deposits are the
exchange's own; what trades have made of them must be the same on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from domain.ledgers import Ledgers, account_of
from domain.money import scaled, text_of

AccountKey = tuple[str, str]
"""(venue, currency)"""


def accounts_of(lines: Iterable[Mapping[str, Any]]) -> dict[AccountKey, Mapping[str, Any]]:
    """The last money line of each account; only the last run's."""
    found: dict[AccountKey, Mapping[str, Any]] = {}
    for line in lines:
        if line["t"] == "start":
            found = {}
        elif line["t"] == "money":
            found[line["venue"], line["currency"]] = line
    return found


def compared(ledgers: Ledgers, accounts: Mapping[AccountKey, Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """A row for each account, and where it is not what our ledgers say."""
    rows, problems = [], []
    every = ledgers.every()
    for (venue, currency), told in sorted(accounts.items()):
        ours = account_of(every, venue, currency, told["marks"])
        change = scaled(told["equity"]) - scaled(told["deposit"])
        row = {
            "account": f"{venue}/{currency}",
            "equity_change": text_of(change),
            "ours": text_of(ours.change),
            "fees": told["fees"],
            "our_fees": text_of(ours.fees),
            "equal": (change, scaled(told["fees"])) == (ours.change, ours.fees) and not ours.unmarked,
        }
        rows.append(row)
        if not row["equal"]:
            problems.append(
                f"{row['account']}: the account's equity has changed by {row['equity_change']} (fees {row['fees']}),"
                f" by our ledgers {row['ours']} (fees {row['our_fees']})"
            )
    return rows, problems
