"""Several pairs in one replay, with fees, over the end of a trading day: both ways of running it."""

import json
import shutil
import tempfile
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from gateways.replay.truth import OrderPlaced, OrderTraded, read_truth
from tools.cli import run

T0 = int(datetime(2024, 8, 6, 1, 0, tzinfo=UTC).timestamp() * 1000)  # 09:00 in Shanghai
DAY, NEXT = "20240806", "20240807"
SECONDS, STEP_MS = 100, 250
"""The first day's session is from 09:00:00 on, the next one's from 09:01 on."""

TABLE = """
[calendar]
name = "two"
zone = "Asia/Shanghai"
first_day = 2024-08-01
last_day = 2024-08-30
source = "this test"
domestic = true
[[group]]
name = "two.all"
products = { HOME = ["CU", "AL"], AWAY = ["HG", "AX"] }
night = ["09:01-09:05"]
day = ["09:00-09:01"]
"""

FILE = """
[[file]]
venue = "{venue}"
symbol = "{venue}.{symbol}"
path = "{symbol}.csv"
time = {{ columns = ["t"], unit = "ms" }}
book = {{ bids = [["b", "q"]], asks = [["a", "q"]] }}
"""

NODE = """
[node]
name = "two"
mode = "live"
dir = "var"
[[venue]]
name = "HOME"
feed = "ipc://{dir}/HOME.feed"
trade = "ipc://{dir}/HOME.trade"
[[venue]]
name = "AWAY"
feed = "ipc://{dir}/AWAY.feed"
trade = "ipc://{dir}/AWAY.trade"
"""

PAIR = """
[[instrument]]
venue = "HOME"
symbol = "HOME.{home}"
tick_size = "10"
multiplier = "5"
currency = "CNY"
offset_mode = "octy"
fees = {{ open_rate = "0.00005", close_rate = "0.00005", close_today_rate = "0.0001", open_lot = "0.01", close_lot = "0.01", close_today_lot = "3" }}
[[instrument]]
venue = "AWAY"
symbol = "AWAY.{away}"
tick_size = "10"
multiplier = "5"
currency = "CNY"
fees = {{ open_lot = "1.5", close_lot = "1.25", close_today_lot = "1.25" }}
fees_from = [{{ valid_from = "{next_day}", open_lot = "9", close_lot = "1.75", close_today_lot = "9" }}]
[[pair]]
name = "{home}"
currency = "CNY"
share = {{ HOME = "0.5", AWAY = "0.5" }}
[[pair.legs]]
venue = "HOME"
symbol = "HOME.{home}"
side = "buy"
lots = 1
limits = {{ order_lots = 9, price_collar_ticks = 500, position_lots = 99 }}
[[pair.legs]]
venue = "AWAY"
symbol = "AWAY.{away}"
side = "sell"
lots = 1
limits = {{ order_lots = 9, price_collar_ticks = 500, position_lots = 99 }}
[pair.trigger]
on = "spread"
sell_open = "500"
buy_close = "100"
[pair.size]
units = 2
max_position_units = 2
"""


@pytest.fixture
def folder():
    """A folder whose name is short enough for sockets in it."""
    path = Path(tempfile.mkdtemp(prefix="hg"))
    yield path
    shutil.rmtree(path)


def recorded(folder: Path, *names: tuple[str, str], seconds: int = SECONDS) -> Path:
    """A recording of pairs: wide in the first 20 s of the day, narrow in the last 20 s."""
    folder.mkdir()
    for home, away in names:
        for symbol in (home, away):
            rows = ["t,b,a,q"]
            for step in range(seconds * 1000 // STEP_MS):
                at_ms = step * STEP_MS
                above = 600 if at_ms < 20_000 else 50 if at_ms > (seconds - 20) * 1000 else 300
                bid = 70_000 + (above if symbol == home else 0)
                rows.append(f"{T0 + at_ms},{bid},{bid + 10},{5 + step % 3}")
            (folder / f"{symbol}.csv").write_text("\n".join(rows), encoding="utf-8")
    files = "".join(FILE.format(venue=venue, symbol=symbol) for pair in names for venue, symbol in zip(("HOME", "AWAY"), pair, strict=True))
    name = names[0][0].lower()
    (folder / f"{name}.toml").write_text(f'name = "{name}"\npair = ["pair.toml"]\ncalendars = ["two.toml"]\n{files}', encoding="utf-8")
    (folder / "two.toml").write_text(TABLE, encoding="utf-8")
    (folder / "pair.toml").write_text(NODE + "".join(PAIR.format(home=home, away=away, next_day=NEXT) for home, away in names), encoding="utf-8")
    return folder / f"{name}.toml"


def replayed(capsys, folder: Path, *words: str) -> dict:
    code = run(["-o", "json", "replay", *words, "--dir", str(folder)])
    out, err = capsys.readouterr()
    assert code == 0, (out[-2000:], err)
    return json.loads(out)


def orders_of(folder: Path, venue: str) -> list[OrderPlaced]:
    return [each for each in read_truth(folder / venue / "truth.log") if isinstance(each, OrderPlaced)]


def fees_of(folder: Path, venue: str) -> Decimal:
    return sum(Decimal(each.fee) for each in read_truth(folder / venue / "truth.log") if isinstance(each, OrderTraded))


@pytest.mark.parametrize("words", [["--virtual"], pytest.param(["--speed", "10", "--no-compare"], marks=pytest.mark.slow)])
def test_pairs_trade_over_the_end_of_a_day_and_books_and_money_are_equal(folder, capsys, words):
    recording = recorded(folder / "r", ("CU", "HG"), ("AL", "AX"))
    found = replayed(capsys, folder / "d", str(recording), *words)
    assert (found["books_equal"], found["money_equal"], found["naked_qty"], found["working"]) == (True, True, 0, 0)
    assert [(each["pair"], each["opened"], each["closed"], each["units"]) for each in found["pairs"]] == [("CU", 1, 1, 0), ("AL", 1, 1, 0)]
    home = orders_of(folder / "d", "HOME")
    assert Counter((order.trading_day, order.offset) for order in home) == {(DAY, "O"): 2, (NEXT, "Y"): 2}
    assert {order.trading_day for order in orders_of(folder / "d", "AWAY")} == {DAY, NEXT}
    by_hand = {  # four lots a day and venue: sold at 70,600 and bought at 70,060, five tons each
        "HOME": 4 * (Decimal("17.65") + Decimal("0.01")) + 4 * (Decimal("17.515") + Decimal("0.01")),
        "AWAY": 4 * (Decimal("1.5") + Decimal("1.75")),  # the next day's schedule had been announced
    }
    assert {venue: fees_of(folder / "d", venue) for venue in by_hand} == by_hand
    assert {each["account"]: Decimal(each["our_fees"]) for each in found["money"]} == {f"{venue}/CNY": fee for venue, fee in by_hand.items()}


def test_recordings_of_two_files_are_played_in_step_by_one_clock(folder, capsys):
    first = recorded(folder / "a", ("CU", "HG"), seconds=50)
    second = recorded(folder / "b", ("AL", "AX"), seconds=50)
    one = replayed(capsys, folder / "d1", str(first), "--virtual")
    words = ["-c", str(folder / "both.toml"), "--virtual"]
    (folder / "both.toml").write_text(NODE + "".join(PAIR.format(home=home, away=away, next_day=NEXT) for home, away in (("CU", "HG"), ("AL", "AX"))), encoding="utf-8")
    both = replayed(capsys, folder / "d2", str(first), str(second), *words)
    assert both["recording"] == "cu+al"
    assert [each["hedges"] for each in both["pairs"]] == [one["hedges"]] * 2
    alone, beside = (orders_of(folder / name, "HOME") for name in ("d1", "d2"))
    assert [order.at_ns for order in beside if order.symbol == "HOME.CU"] == pytest.approx([order.at_ns for order in alone], abs=1_000_000)
    told = [(e["met_times"], e["fired"], e["whole"]) for each in both["pairs"] for e in each["events"]]
    assert told == [(1, 1, 1)] * 4


def test_pairs_whose_limits_differ_on_one_instrument_are_refused_before_anything_is_read(folder, capsys):
    recording = recorded(folder / "r", ("CU", "HG"))
    (folder / "r" / "CU.csv").write_text("not,a\nrecording", encoding="utf-8")
    other = PAIR.format(home="CU", away="HG", next_day=NEXT).replace('name = "CU"', 'name = "CU-2"').replace("order_lots = 9", "order_lots = 8", 1)
    (folder / "pair.toml").write_text(NODE + PAIR.format(home="CU", away="HG", next_day=NEXT) + other[other.index("[[pair]]") :], encoding="utf-8")
    words = ["replay", str(recording), "-c", str(folder / "pair.toml"), "--virtual", "--dir", str(folder / "d")]
    assert run(words) == 2
    assert "the limits that pair CU has for HOME.CU: order_lots 9" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "told"), [(["r", "r"], "each recording once"), (["r", "--data", "nowhere"], "nowhere")])
def test_recordings_that_can_not_be_played_together_are_told(folder, capsys, words, told):
    recording = recorded(folder / "r", ("CU", "HG"))
    words = [str(recording) if word == "r" else word for word in words]
    assert run(["replay", *words, "--virtual", "--dir", str(folder / "d")]) in (1, 2)
    assert told in capsys.readouterr().err


def test_recordings_that_read_one_instrument_in_two_ways_are_refused(folder, capsys):
    first = recorded(folder / "r", ("CU", "HG"))
    second = folder / "r" / "other.toml"
    second.write_text(first.read_text(encoding="utf-8").replace('name = "cu"', 'name = "other"').replace('["b", "q"]', '["a", "q"]', 1), encoding="utf-8")
    assert run(["replay", str(first), str(second), "--virtual", "--dir", str(folder / "d")]) == 2
    assert "HOME/HOME.CU" in (said := capsys.readouterr().err)
    assert "read alike in each" in said


def test_assessment_of_several_pairs_asks_which(folder, capsys):
    recording = recorded(folder / "r", ("CU", "HG"), ("AL", "AX"), seconds=10)
    words = ["-o", "json", "assess", str(recording)]
    assert run([*words, "--dir", str(folder / "d")]) == 2
    assert "--pair, one of CU, AL" in capsys.readouterr().err
    assert run([*words, "--pair", "AL", "--dir", str(folder / "d2")]) == 0
    assert [leg["symbol"] for leg in json.loads(capsys.readouterr().out)["legs"]] == ["HOME.AL", "AWAY.AX"]
