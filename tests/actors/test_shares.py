"""A pair's share of its accounts: by margin and by position, by hand."""

from fractions import Fraction
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from actors.shares import reckon, whole_of, within_share
from domain import ledger, pairs
from domain.books import LegBook
from domain.firing import aim_of
from domain.hedges import HedgeOpened
from domain.legs import LegPlan
from domain.margin import MarginTable, Rates
from domain.money import scaled
from domain.orders import OrderFilled, OrderSubmitted
from domain.pairspec import LegSpec, PairSpec
from domain.prices import LegPrice, PriceFormula
from domain.risk import Limits, RiskTable
from domain.terms import terms_of
from domain.triggers import Trigger
from tests.domain.test_ledger import CU, HG

LEGS = (
    LegSpec("SHFE", "cu", 9, CU, LegPrice(PriceFormula(CU.tick_size), 9)),
    LegSpec("COMEX", "HG", -4, HG, LegPrice(PriceFormula(HG.tick_size), -4)),
)
SPEC = PairSpec("cu", "CNY", LEGS, Trigger(buy_open=1), units=5, max_position_units=20, sends_orders=True, shares={"SHFE": Fraction(2, 5)})
AIM = aim_of(SPEC, "buy_open")
FLAT = pairs.new("cu", SPEC.lots)


@pytest.fixture
def desk():
    """10,000,000 CNY in Shanghai, of which the pair may use 4,000,000; a limit of 100 lots, of which 40 are its own."""
    margin, risk = MarginTable(), RiskTable()
    margin.of("SHFE", "CNY").equity = scaled(10_000_000)
    margin.of("COMEX", "USD").equity = scaled(1_000_000)
    for leg in LEGS:
        risk.add(leg.key, Limits(50, 40, 100))
    rates = {"SHFE": {"cu": Rates(Fraction(1, 10), Fraction(1, 10))}, "COMEX": {"HG": Rates()}}
    for funds in margin.funds.values():
        funds.available = funds.equity
        funds.reckon()
    links = {name: SimpleNamespace(margins=told) for name, told in rates.items()}
    return SimpleNamespace(margin=margin, risk=risk, links=links, ledgers=SimpleNamespace(of={}))


def asked(desk, a_unit, units=5, pair=FLAT):
    sums = [(desk.margin.of("SHFE", "CNY"), scaled(a_unit)), (desk.margin.of("COMEX", "USD"), scaled(32_000))]
    return within_share(desk, SPEC, pair, AIM, sums, units)


def test_margin_of_a_share_bounds_the_units(desk):
    assert asked(desk, 340_000, units=4) == (4, "")
    units, why = asked(desk, 1_500_000, units=4)
    assert units == 2  # 4,000,000 / 1,500,000
    assert why == "SHARE: venue=SHFE currency=CNY share=0.4 of=10000000.00 used=0.00 unit=1500000.00"


def test_what_the_pair_holds_and_has_in_flight_counts(desk):
    desk.margin.used_of["cu", "SHFE", "CNY"] = scaled(2_000_000)
    desk.margin.reserve("cu.1.1", [(desk.margin.of("SHFE", "CNY"), scaled(1_000_000))], 1)
    desk.margin.reserve("other.1.1", [(desk.margin.of("SHFE", "CNY"), scaled(3_000_000))], 1)
    units, why = asked(desk, 400_000)
    assert units == 2 and "used=3000000.00" in why


def test_a_budget_below_the_equity_is_what_shares_are_of(desk):
    funds = desk.margin.of("SHFE", "CNY")
    funds.budget = scaled(5_000_000)
    assert whole_of(funds) == scaled(5_000_000)
    assert asked(desk, 500_000)[0] == 4  # 40 % of 5,000,000


def test_lots_of_a_share_bound_the_units(desk):
    assert asked(desk, 1)[0] == 4  # 40 lots of 9
    held = replace(FLAT, books=(LegBook(27), LegBook(-12)))
    assert asked(desk, 1, pair=held) == (1, "SHARE: symbol=cu share=0.4 lots=40 held=27")
    short = replace(FLAT, books=(LegBook(-27), LegBook(12)))  # buying reduces it first
    assert asked(desk, 1, units=5, pair=short)[0] == 5


def test_what_it_holds_is_reckoned_by_its_own_prices(desk):
    own = desk.ledgers.of["cu"] = ledger.new("cu", "CNY", tuple(terms_of(leg.instrument) for leg in LEGS))
    plan, sent = LegPlan(0, "SHFE", "cu", 1, 9, 9, 7537), OrderSubmitted("cu.1.1.0h1", 0, "h", 1, 9, 7537, "3", "O", 0)
    own.take([HedgeOpened("cu.1.1", "open", 1, 1, (plan,), (sent,), 0.0, 0, "t", (1.0, 7.0)), OrderFilled("cu.1.1.0h1", 9, ("20261130/a", 9, 7537), None)])
    reckon(desk, [SPEC])
    assert desk.margin.used_of == {("cu", "SHFE", "CNY"): scaled(339_165)}
    own.legs[0].lots = ()
    reckon(desk, [SPEC])
    assert desk.margin.used_of == {}
