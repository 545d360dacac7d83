"""Money in another currency: converted at the touch, less the haircut."""

from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import pytest

from actors.treasury import Treasury
from domain.margin import MarginTable
from domain.market import Instrument, quote_of
from domain.venue_news import Collateral, CollateralTold

RATE = Instrument("FX", "USDCNH", Decimal("0.0001"), Decimal(1), Decimal(1), "CNH", kind="fx", base="USD")
QUOTE = quote_of(RATE.key, (71_000, 1), (71_200, 1))


def converted(needs, has, amount, haircut="0.05", quote=QUOTE):
    """What an account with money in `has` has in the currencies `needs`."""
    table = MarginTable()
    for currency in needs:
        table.of("V", currency).margined = True
    treasury = object.__new__(Treasury)
    treasury.desk = SimpleNamespace(margin=table, quote=lambda _key: quote)
    treasury._haircuts = {} if haircut is None else {"V": Fraction(haircut)}
    treasury._fx = (RATE,)
    told = CollateralTold("V", (Collateral(has, amount, amount, "0", "0"),), 0)
    return {currency: available for currency, _, available in treasury._converted(told)}


@pytest.mark.parametrize(
    ("needs", "has", "amount", "found"),
    [
        (["CNH"], "USD", "1000", {"CNH": "6745.00"}),  # 1,000 x 7.10 x 0.95: sold at the bid
        (["USD"], "CNH", "7120", {"USD": "950.00"}),  # 7,120 / 7.12 x 0.95: bought at the ask
        (["CNH", "USD"], "USD", "1000", {"CNH": "6745.00"}),  # what is there is not made of anything
        (["EUR"], "USD", "1000", {"EUR": "0.00"}),  # no quoted rate: worth nothing
        (["CNH", "EUR"], "USD", "1000", {"CNH": "3372.50", "EUR": "0.00"}),  # shared, so that nothing counts twice
    ],
)
def test_money_of_another_currency_counts_less_the_haircut(needs, has, amount, found):
    assert converted(needs, has, amount) == found


def test_without_a_haircut_or_a_rate_it_does_not_count():
    assert converted(["CNH"], "USD", "1000", haircut=None) == {}
    assert converted(["CNH"], "USD", "1000", quote=None) == {"CNH": "0.00"}
