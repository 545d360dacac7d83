"""Our money against the exchange's own account, to the unit, over a day roll."""

from decimal import Decimal
from fractions import Fraction

import pytest

from domain.hedges import HedgeOpened
from domain.ledgers import Ledgers
from domain.legs import LegPlan
from domain.market import FeeSchedule, Instrument
from domain.money import scaled
from domain.orders import OrderFilled, OrderSubmitted
from domain.pairs import DayRolled
from domain.statement import statement
from domain.terms import terms_of
from exchange.account import Account
from exchange.instruments import Instrument as Listed
from exchange.instruments import Tariff, from_minor, tick_value_of
from tools.money_books import accounts_of, compared

OURS = Instrument(
    "SHFE", "cu", Decimal(10), Decimal(1), Decimal(5), "CNY", offset_mode="octy",
    fees=FeeSchedule(open_rate=Decimal("0.00005"), close_rate=Decimal("0.00005"), close_today_rate=Decimal("0.0001")),
)  # fmt: skip
THEIRS = Listed(
    "cu", "linear", "CNY", 2, Fraction(10), Fraction(1), Fraction(5), offset_mode="octy",
    fees={"open": Tariff(Fraction("0.00005")), "close": Tariff(Fraction("0.00005")), "close_today": Tariff(Fraction("0.0001"))},
    tick_value=tick_value_of("cu", Fraction(10), Fraction(1), Fraction(5), 2),
)  # fmt: skip
TRADES = (("1", "O", 7537, 3, True), ("1", "O", 7541, 2, False), ("2", "T", 7550, 1, False), "roll", ("2", "Y", 7533, 3, False), ("1", "O", 7520, 1, True))
"""Side, offset, price, lots, whether the venue tells the fee; and a new day between."""


@pytest.fixture
def books():
    """The exchange's account and our ledgers after the same trades."""
    account = Account("me", {"cu": THEIRS}, {"CNY": 100_000_000}, house=False)
    ledgers = Ledgers()
    ledgers.configure("p", "CNY", (terms_of(OURS),))
    day = "20261123"
    for number, trade in enumerate(TRADES):
        if trade == "roll":
            day = "20261124"
            account.position("cu").roll()
            ledgers.note("p", (DayRolled(0, day),))
            continue
        side, offset, px, qty, tells = trade
        fee = account.book_trade(THEIRS, side, offset, px, qty)
        sign, ref = 1 if side == "1" else -1, f"p.1.{number}.0h1"
        order = OrderSubmitted(ref, 0, "h", sign, qty, px, "3", offset, 0)
        plan = LegPlan(0, "SHFE", "cu", sign, qty, qty, px)
        opened = HedgeOpened(f"p.1.{number}", "open", 1, 1, (plan,), (order,), 0.0, 0, "t", (1.0,))
        told = from_minor(fee, 2) if tells else None
        ledgers.note("p", (opened, OrderFilled(ref, qty, (f"{day}/{side}/F/{number}", qty, px), told)))
    return account, ledgers


def line(account, mark):
    balance = account.balance("CNY", lambda _: mark, lambda _: mark)
    return {
        "t": "money", "venue": "SHFE", "currency": "CNY", "deposit": "1000000.00", "marks": {"cu": mark},
        "equity": balance.text(balance.equity), "fees": balance.text(balance.fees),
    }  # fmt: skip


def test_both_say_the_same_money_over_a_day_roll_with_a_position_held(books):
    account, ledgers = books
    rows, problems = compared(ledgers, accounts_of([line(account, 7512)]))
    # -3 x 75,370 - 2 x 75,410 + 75,500 + 3 x 75,330 - 75,200 = -150,640, and 2 lots at 75,120 = +150,240: -400 x 5 t
    # fees 56.53 + 37.71 + 37.75 + 56.50 + 18.80
    assert problems == [] and rows[0]["equal"]
    assert (rows[0]["ours"], rows[0]["our_fees"]) == ("-2207.29", "207.29")


@pytest.mark.parametrize("settlement", [7500, 7540, 7600])
def test_statement_by_settlement_ends_at_the_exchanges_equity_whatever_the_settlement(books, settlement):
    account, ledgers = books
    told, opening = {("cu", "20261123"): settlement}, {("SHFE", "CNY"): scaled("1000000.00")}
    rows = statement(ledgers.every(), {("SHFE", "cu"): 7512}, told, opening)
    assert [row["day"] for row in rows] == ["20261123", "20261124"]
    balance = account.balance("CNY", lambda _: 7512, lambda _: 7512)
    assert rows[-1]["closing"] == balance.text(balance.equity)
    assert sum(scaled(row["fees"]) for row in rows) == scaled(balance.text(balance.fees))


def test_a_cent_of_difference_is_told(books):
    account, ledgers = books
    account.cash["CNY"] += 1
    rows, problems = compared(ledgers, accounts_of([line(account, 7512)]))
    assert not rows[0]["equal"] and "SHFE/CNY" in problems[0]


def test_our_position_and_average_are_the_accounts(books):
    account, ledgers = books
    leg = ledgers.every()[0].legs[0]
    held = account.position("cu").long
    assert (leg.net, leg.today, leg.net - leg.today) == (held.qty, held.today, held.old)


def test_only_the_last_runs_money_counts():
    lines = [{"t": "money", "venue": "V", "currency": "C", "n": 1}, {"t": "start"}, {"t": "money", "venue": "V", "currency": "C", "n": 2}]
    assert [one["n"] for one in accounts_of(lines).values()] == [2]
