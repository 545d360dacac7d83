"""A statement by settlement: by hand, and equal to the ledger whatever trades."""

from hypothesis import given
from hypothesis import strategies as st

from domain import ledger
from domain.money import scaled, text_of
from domain.orders import OrderFilled, TradeBusted
from domain.pairs import DayRolled
from domain.profit import floating_of
from domain.statement import statement
from domain.terms import terms_of
from tests.domain.test_ledger import BTC, CU, HG, opens

KEY = ("SHFE", "cu")
FIRST, SECOND, THIRD = "20261123", "20261124", "20261125"


def pair(*instruments):
    made = ledger.new("p", "CNY", tuple(terms_of(one) for one in instruments))
    for leg in range(len(instruments)):
        made.take([DayRolled(leg, FIRST)])
    return made


def trades(book, number, side, offset, qty, px, day, leg=0):
    book.take([opens(number, (leg, side, qty, offset)), OrderFilled(f"p.1.{number}.{leg}h0", qty, (f"{day}/{number}", qty, px), None)])


def held_over(book):
    """The page's example: two days of copper, a position held over the night."""
    trades(book, 1, 1, "O", 3, 7537, FIRST)
    trades(book, 2, 1, "O", 2, 7541, FIRST)
    trades(book, 3, -1, "T", 1, 7550, FIRST)
    book.take([DayRolled(0, SECOND, 7545)])
    trades(book, 4, -1, "Y", 3, 7533, SECOND)
    trades(book, 5, 1, "O", 1, 7520, SECOND)


def test_page_copper_over_two_days():
    book = pair(CU)
    held_over(book)
    first, second = statement([book], {KEY: 7512}, {}, {("SHFE", "CNY"): scaled(1_000_000)})
    # settled at 75,450: (80 x 3 + 40 x 2 + 50 x 1) x 5 t = 1,850: 3 bought at 75,370, 2 at 75,410, of which 1 sold at 75,500
    assert (first["day"], first["opening"], first["variation"], first["fees"], first["closing"]) == (FIRST, "1000000.00", "1850.00", "131.99", "1001718.01")
    assert first["settled"] and first["symbols"][0]["net"] == 4 and first["symbols"][0]["settle_px"] == "75450"
    # 3 sold at 75,330: -120 x 3; 1 left, -330; 1 bought at 75,200: -80; at 75,120: x 5 t
    assert (second["opening"], second["variation"], second["fees"]) == ("1001718.01", "-3850.00", "75.30")
    # as the day roll by trade says: -2,207.29 in all
    assert text_of(scaled(second["closing"]) - scaled(1_000_000)) == "-2207.29"
    assert not second["settled"]


def test_settlement_price_that_a_person_gives_moves_money_between_days_and_no_more():
    book = pair(CU)
    held_over(book)
    rows = statement([book], {KEY: 7512}, {("cu", FIRST): 7500}, {})
    assert rows[0]["symbols"][0]["settle_px"] == "75000"
    assert rows[-1]["closing"] == "-2207.29"


def test_day_without_a_settlement_price_says_so():
    book = pair(CU)
    trades(book, 1, 1, "O", 3, 7537, FIRST)
    book.take([DayRolled(0, SECOND)])
    first, second = statement([book], {KEY: 7512}, {}, {})
    assert (first["variation"], first["closing"], second["closing"]) == (None, None, None)
    assert statement([book], {KEY: 7512}, {("cu", FIRST): 7537}, {})[0]["variation"] == "0.00"


def test_busted_trade_leaves_its_own_day():
    book = pair(CU)
    held_over(book)
    book.take([TradeBusted("p.1.2.0h0", 0, ("b", 2, 7541), f"{FIRST}/2")])
    rows = statement([book], {KEY: 7512}, {}, {})
    assert rows[0]["symbols"][0]["bought"] == 3


def test_accounts_and_currencies_are_apart():
    book = pair(CU, HG)
    trades(book, 1, 1, "O", 9, 7537, FIRST)
    trades(book, 2, -1, "N", 4, 9040, FIRST, leg=1)
    rows = statement([book], {KEY: 7540, ("COMEX", "HG"): 9042}, {}, {})
    assert [(row["venue"], row["currency"], row["variation"]) for row in rows] == [("COMEX", "USD", "-100.00"), ("SHFE", "CNY", "1350.00")]


def test_spot_is_cash_in_one_currency_and_coins_in_the_other():
    book = pair(BTC)
    book.take([opens(1, (0, 1, 5, "N")), OrderFilled("p.1.1.0h0", 5, (f"{FIRST}/1", 5, 6_000_000), "0.000005", "BTC")])
    book.take([opens(2, (0, -1, 2, "N")), OrderFilled("p.1.2.0h0", 2, (f"{FIRST}/2", 2, 6_100_000), "0.05", "USDT")])
    coins, money = statement([book], {("BIN", "BTC"): 6_200_000}, {}, {("BIN", "USDT"): scaled(1000), ("BIN", "BTC"): scaled("0.01")})
    # 0.005 BTC for 300, 0.002 back for 122; what is held is no money yet
    assert (money["currency"], money["variation"], money["fees"], money["closing"]) == ("USDT", "-178.00", "0.05", "821.95")
    assert (coins["currency"], coins["variation"], coins["fees"], coins["closing"]) == ("BTC", "0.003", "0.000005", "0.012995")


STEPS = st.lists(st.tuples(st.sampled_from((1, -1)), st.integers(1, 5), st.integers(7400, 7600), st.booleans(), st.integers(7400, 7600)), max_size=20)


@given(STEPS, st.integers(7400, 7600))
def test_all_days_together_are_what_the_ledger_says(steps, mark):
    book, day = ledger.new("p", "CNY", (terms_of(HG),)), 1
    book.take([DayRolled(0, "20261101")])
    terms = book.terms[0]
    for number, (side, qty, px, rolls, settle) in enumerate(steps):
        trades(book, number, side, "N", qty, px, f"202611{day:02}")
        if rolls:
            day += 1
            book.take([DayRolled(0, f"202611{day:02}", settle)])
    rows = statement([book], {("COMEX", "HG"): mark}, {}, {})
    leg = book.legs[0]
    whole = terms.money(leg.realised) + floating_of(terms, leg, mark) - leg.fees.get("USD", 0)
    assert (scaled(rows[-1]["closing"]) if rows else 0) == whole


def test_day_on_which_somebody_else_alone_has_traded_there_marks_what_is_held():
    book = pair(CU)
    trades(book, 1, 1, "O", 4, 7537, FIRST)
    book.take([DayRolled(0, THIRD, 7550)])
    told = {("cu", SECOND): 7545}
    assert [row["day"] for row in statement([book], {KEY: 7550}, told, {})] == [FIRST, THIRD]
    rows = statement([book], {KEY: 7550}, told, {}, [("SHFE", SECOND), ("COMEX", SECOND)])
    assert [(row["day"], row["trades"], row["symbols"][0]["net"]) for row in rows] == [(FIRST, 1, 4), (SECOND, 0, 4), (THIRD, 0, 4)]
