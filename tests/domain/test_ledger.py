"""A pair's money, by hand: averages, profit, fees, a day roll, late truth."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import ledger
from domain.hedges import HedgeOpened, HedgeReleased
from domain.legs import LegPlan
from domain.market import DatedFees, FeeSchedule, Instrument
from domain.money import scaled, text_of
from domain.orders import OrderFilled, OrderSubmitted, TradeBusted, TradeCorrected
from domain.pairs import DayRolled
from domain.terms import terms_of

CU = Instrument(
    "SHFE", "cu", Decimal(10), Decimal(1), Decimal(5), "CNY", offset_mode="octy",
    fees=FeeSchedule(open_rate=Decimal("0.00005"), close_rate=Decimal("0.00005"), close_today_rate=Decimal("0.0001")),
)  # fmt: skip
HG = Instrument(
    "COMEX", "HG", Decimal("0.05"), Decimal(1), Decimal(250), "USD",
    fees=FeeSchedule(open_lot=Decimal("2.32"), close_lot=Decimal("2.32"), close_today_lot=Decimal("2.32")),
)  # fmt: skip
BTC = Instrument("BIN", "BTC", Decimal("0.01"), Decimal("0.001"), Decimal(1), "USDT", kind="spot", base="BTC")
INVERSE = Instrument("BIN", "BTCUSD", Decimal("0.1"), Decimal(1), Decimal(100), "USD", kind="inverse", base="BTC")


def book(*instruments, currency="CNY"):
    return ledger.new("p", currency, tuple(terms_of(one) for one in instruments))


def opens(number, *sent, rates=(1.0, 7.0), touches=None):
    """A hedge whose orders are (leg, side, qty, offset); touch 100 everywhere."""
    plans = tuple(LegPlan(leg, "v", "s", side, 1, qty, (touches or {}).get(leg, 100)) for leg, side, qty, _ in sent)
    made = tuple(
        OrderSubmitted(f"p.1.{number}.{leg}h{i}", leg, "h", side, qty, 100, "3", offset, 0) for i, (leg, side, qty, offset) in enumerate(sent)
    )
    return HedgeOpened(f"p.1.{number}", "open", 1, 1, plans, made, 0.0, 0, "t", rates)


def fill(number, leg, place, key, qty, px, fee=None, currency=None):
    return OrderFilled(f"p.1.{number}.{leg}h{place}", qty, (key, qty, px), fee, currency)


def money(amount):
    return scaled(Fraction(amount))


def test_fee_by_rate_is_rounded_to_a_minor_unit_trade_by_trade():
    # 3 lots at 75,370: 3 x 5 t x 75,370 = 1,130,550 CNY; x 0.00005 = 56.5275 -> 56.53
    assert terms_of(CU).fee((("open", 3),), 7537) == money("56.53")
    # today's lots cost double: 113.055 -> 113.06 (half away from zero)
    assert terms_of(CU).fee((("close_today", 3),), 7537) == money("113.06")


def test_fee_by_lot_is_the_lots_times_it():
    assert terms_of(HG).fee((("close", 4),), 9040) == money("9.28")


def test_fee_of_an_inverse_contract_is_of_its_value_in_coin():
    # 10 contracts of 100 USD at 60,000.0: 0.01666667 BTC; x 0.0005 = 0.00000833
    rated = terms_of(Instrument(*[getattr(INVERSE, name) for name in INVERSE.__struct_fields__[:6]], kind="inverse", base="BTC",
                                fees=FeeSchedule(open_rate=Decimal("0.0005"))))
    assert rated.fee((("open", 10),), 600_000) == money("0.00000833")


def test_average_is_of_the_lots_that_are_open_and_profit_of_those_closed():
    pair = book(CU)
    pair.take((opens(1, (0, 1, 5, "O")), fill(1, 0, 0, "20261123/1/F/a", 2, 100), fill(1, 0, 0, "20261123/1/F/b", 3, 110)))
    leg = pair.legs[0]
    assert (leg.net, leg.today, leg.tick_lots(), leg.cash) == (5, 5, 530, -530)
    pair.take((opens(2, (0, -1, 3, "T")), fill(2, 0, 0, "20261123/2/F/c", 3, 120)))
    # the two at 100 and one at 110 are closed: 360 - 310 = 50 tick-lots; two at 110 are left
    assert (leg.net, leg.tick_lots(), leg.realised) == (2, 220, 50)
    assert pair.terms[0].money(leg.realised) == money(50 * 50)


def test_a_day_roll_makes_todays_lots_older_and_moves_no_money():
    pair = book(CU)
    pair.take((DayRolled(0, "20261123"), opens(1, (0, 1, 4, "O")), fill(1, 0, 0, "20261123/1/F/a", 4, 100)))
    leg = pair.legs[0]
    before = (leg.cash, leg.realised, dict(leg.fees), leg.tick_lots())
    pair.take((DayRolled(0, "20261124"),))
    assert (leg.net, leg.today, leg.tick_lots(today=False)) == (4, 0, 400)
    assert (leg.cash, leg.realised, leg.fees, leg.tick_lots()) == before


def test_a_close_over_both_days_takes_each_days_own_lots():
    pair = book(CU)
    pair.take((opens(1, (0, 1, 2, "O")), fill(1, 0, 0, "20261123/1/F/a", 2, 7000), DayRolled(0, "20261124")))
    pair.take((opens(2, (0, 1, 2, "O")), fill(2, 0, 0, "20261124/1/F/b", 2, 7100)))
    pair.take((opens(3, (0, -1, 1, "Y"), (0, -1, 1, "T")), fill(3, 0, 0, "20261124/2/F/c", 1, 7200), fill(3, 0, 1, "20261124/2/F/d", 1, 7200)))
    leg = pair.legs[0]
    # yesterday's at 7000: +200; today's at 7100: +100; one of each is left
    assert (leg.realised, leg.tick_lots(today=False), leg.tick_lots(today=True)) == (300, 7000, 7100)
    # 1 lot at 72,000 x 5 t = 360,000: 18.00 to close, 36.00 to close today
    assert leg.by_part["close"] == money(18) and leg.by_part["close_today"] == money(36)


def test_the_venues_own_fee_wins_and_a_difference_is_told():
    pair = book(CU)
    found = pair.take((opens(1, (0, 1, 3, "O")), fill(1, 0, 0, "20261123/1/F/a", 3, 7537, "60.00", "CNY")))
    leg = pair.legs[0]
    assert (leg.fees, leg.scheduled) == ({"CNY": money(60)}, money("56.53"))
    assert [(one.told, one.scheduled) for one in found] == [(money(60), money("56.53"))]


def test_slippage_is_apart_from_fees_and_measured_from_the_touch():
    pair = book(CU)
    pair.take((opens(1, (0, -1, 2, "O"), touches={0: 7500}), fill(1, 0, 0, "20261123/2/F/a", 2, 7497)))
    assert pair.legs[0].slippage == 6  # sold 3 ticks lower, 2 lots
    pair.take((OrderSubmitted("p.1.1.0b1", 0, "b", 1, 2, 7510, "3", "T", 0),))
    pair.take((OrderFilled("p.1.1.0b1", 2, ("20261123/1/F/b", 2, 7505)),))
    assert pair.legs[0].slippage == 16  # and bought back 5 above it


def test_profit_of_a_copper_pair_in_both_currencies_with_the_fx_effect_apart():
    pair = book(CU, HG)
    # sold 9 Shanghai at 75,200, bought 4 New York at 452.00, USDCNH 7.12
    pair.take((opens(1, (0, -1, 9, "O"), (1, 1, 4, "N"), rates=(1.0, 7.12)),))
    pair.take((fill(1, 0, 0, "20261123/2/F/a", 9, 7520), fill(1, 1, 1, "20261123/1/F/a", 4, 9040)))
    # back at 75,000 and 453.00, USDCNH 7.10
    pair.take((opens(2, (0, 1, 9, "T"), (1, -1, 4, "N"), rates=(1.0, 7.10)),))
    pair.take((fill(2, 0, 0, "20261123/1/F/b", 9, 7500), fill(2, 1, 1, "20261123/2/F/b", 4, 9060)))
    cu, hg = pair.legs
    # 9 x 5 t x 200 CNY; fees 169.20 + 337.50; 4 x 25,000 lb x 1 cent; fees 4 x 2.32 twice
    assert pair.terms[0].money(cu.realised) == money(9000) and cu.fees == {"CNY": money("506.70")}
    assert pair.terms[1].money(hg.realised) == money(1000) and hg.fees == {"USD": money("18.56")}
    # in CNY: fees of the opening at 7.12, the rest at 7.10
    assert hg.booked == money("-9.28") * 7120 // 1000 + money("990.72") * 7100 // 1000
    # USDCNH is now 7.00: 981.44 USD are 6,870.08 CNY, of which -97.9584 is the exchange rate's
    now = money("981.44") * 7
    assert text_of(now) == "6870.08" and text_of(now - hg.booked) == "-97.9584"


def test_a_bust_takes_cash_fee_and_what_was_closed_back():
    pair = book(CU)
    pair.take((opens(1, (0, 1, 2, "O")), fill(1, 0, 0, "20261123/1/F/a", 2, 100)))
    leg = pair.legs[0]
    before = (leg.lots, leg.cash, leg.realised, dict(leg.fees), dict(leg.by_part))
    pair.take((opens(2, (0, -1, 2, "T")), fill(2, 0, 0, "20261123/2/F/b", 2, 110, "9.00")))
    assert leg.realised == 20
    pair.take((TradeBusted("p.1.2.0h0", 0, ("20261123/2/H/c", 2, 110), "20261123/2/F/b"),))
    assert (leg.lots, leg.cash, leg.realised) == before[:3]
    assert leg.fees == before[3] and leg.by_part == {**before[4], "close_today": 0}


def test_a_correction_changes_price_and_fee():
    pair = book(CU)
    pair.take((opens(1, (0, 1, 2, "O")), fill(1, 0, 0, "20261123/1/F/a", 2, 7500, "37.50")))
    pair.take((TradeCorrected("p.1.1.0h0", 2, ("20261123/1/G/b", 2, 7490), "20261123/1/F/a", "37.45", "CNY"),))
    leg = pair.legs[0]
    assert (leg.tick_lots(), leg.cash, leg.fees) == (14980, -14980, {"CNY": money("37.45")})


def test_a_spot_fee_in_the_base_is_kept_in_the_base():
    pair = book(BTC, currency="USDT")
    pair.take((opens(1, (0, 1, 5, "N")), fill(1, 0, 0, "20240808/1/F/a", 5, 5_500_000, "0.000005", "BTC")))
    assert pair.legs[0].fees == {"BTC": money("0.000005")}


def test_an_inverse_contract_gains_in_coin():
    pair = book(INVERSE)
    pair.take((opens(1, (0, 1, 10, "N")), fill(1, 0, 0, "20240808/1/F/a", 10, 500_000)))
    pair.take((opens(2, (0, -1, 10, "N")), fill(2, 0, 0, "20240808/2/F/b", 10, 625_000)))
    # 1000 USD / 50,000 = 0.02 BTC in, 1000 / 62,500 = 0.016 BTC out
    assert pair.terms[0].money(pair.legs[0].realised) == money("0.004")


def test_what_a_person_did_without_a_price_is_at_no_profit_and_said():
    pair = book(CU)
    pair.take((opens(1, (0, 1, 2, "O")), fill(1, 0, 0, "20261123/1/F/a", 2, 100)))
    pair.take((HedgeReleased("lin", "by hand", ((0, -2, None),)),))
    leg = pair.legs[0]
    assert (leg.net, leg.realised, leg.cash, leg.untold) == (0, 0, 0, 2)


TRADES = st.lists(st.tuples(st.sampled_from((1, -1)), st.integers(1, 5), st.integers(90, 110), st.sampled_from("OTYCN"), st.booleans()), max_size=20)


@given(TRADES)
def test_realised_and_floating_are_cash_and_the_marked_position(trades):
    pair = book(CU)
    net = cash = 0
    for number, (side, qty, px, offset, bust) in enumerate(trades):
        pair.take((opens(number, (0, side, qty, offset)), fill(number, 0, 0, f"20261123/1/F/{number}", qty, px)))
        if bust:
            pair.take((TradeBusted(f"p.1.{number}.0h0", 0, (f"20261123/1/H/{number}", qty, px), f"20261123/1/F/{number}"),))
        else:
            net, cash = net + side * qty, cash - side * qty * px
    leg, mark = pair.legs[0], 105
    floating = sum(one.lots * (mark - one.px) for one in leg.lots)
    assert (leg.net, leg.cash) == (net, cash)
    assert leg.realised + floating == cash + net * mark


def test_announced_fees_hold_from_their_trading_day_on():
    # 0.00005 to the end of November, 0.00006 from 1 December: 3 x 5 t x 75,370 = 1,130,550
    dearer = FeeSchedule(open_rate=Decimal("0.00006"), close_rate=Decimal("0.00006"), close_today_rate=Decimal("0.00012"))
    told = replace(CU, fees=replace(CU.fees, later=(DatedFees("20261201", dearer),)))
    terms = terms_of(told)
    assert [terms.fee((("open", 3),), 7537, day) for day in ("20261130", "20261201", "20270104")] == [money("56.53"), money("67.83"), money("67.83")]
    assert [told.fees.on(day).open_rate for day in ("", "20261130", "20261201")] == [Decimal("0.00005"), Decimal("0.00005"), Decimal("0.00006")]
    pair = book(told)
    pair.take([opens(1, (0, 1, 3, "O")), fill(1, 0, 0, "20261130/a", 3, 7537), opens(2, (0, 1, 3, "O")), fill(2, 0, 0, "20261201/b", 3, 7537)])
    assert pair.legs[0].fees == {"CNY": money("124.36")}


def test_schedule_that_is_only_announced_is_none_before_its_day():
    told = replace(CU, fees=FeeSchedule(later=(DatedFees("20261201", CU.fees),)))
    terms = terms_of(told)
    assert not terms.is_free
    assert (terms.fee((("open", 3),), 7537, "20261130"), terms.fee((("open", 3),), 7537, "20261201")) == (0, money("56.53"))
