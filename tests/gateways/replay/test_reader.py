import gzip
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigError
from gateways.replay.reader import QuoteRow, TradeRow, multiples_of, read_rows

HEADER = "recv_ns,exch_ms,type,bid,bid_qty,ask,ask_qty,last,last_qty"
GOOD = "100,,quote,61837.63,3.78826,61837.64,1.54698,,"
TICK, LOT = Decimal("0.01"), Decimal("0.00001")


def recording(folder: Path, *rows: str, header: str = HEADER, name: str = "r.csv") -> Path:
    path = folder / name
    text = "\n".join([header, *rows]) + "\n"
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["r.csv", "r.csv.gz"])
def test_reader_gives_ticks_and_lots_from_plain_and_gz(tmp_path, name):
    path = recording(tmp_path, GOOD, "101,7,trade,,,,,61837.63,0.02", name=name)
    assert list(read_rows(path, TICK, LOT)) == [
        QuoteRow(100, None, (6183763, 378826), (6183764, 154698)),
        TradeRow(101, 7_000_000, 6183763, 2000),
    ]


def test_reader_tells_an_empty_side_from_a_missing_number(tmp_path):
    path = recording(tmp_path, "1,,quote,,,10,0.5,,", "2,,quote,9,0,10,0.5,,")
    assert [row.bids for row in read_rows(path, TICK, LOT)] == [(), ()]


def test_reader_reads_as_it_is_asked(tmp_path):
    rows = read_rows(recording(tmp_path, GOOD, "nonsense"), TICK, LOT)
    assert next(rows).recv_ns == 100
    with pytest.raises(ConfigError):
        next(rows)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("x,,quote,1,1,2,1,,", "recv_ns"),
        ("99,,quote,1,1,2,1,,", "recv_ns"),
        ("200,1.5,quote,1,1,2,1,,", "exch_ms"),
        ("200,,book,1,1,2,1,,", "type"),
        ("200,,quote,1.001,1,2,1,,", "bid"),
        ("200,,quote,nan,1,2,1,,", "bid"),
        ("200,,quote,1e3,1,2,1,,", "bid"),
        ("200,,quote,1,,2,1,,", "bid_qty"),
        ("200,,quote,1,-1,2,1,,", "bid_qty"),
        ("200,,quote,1,1,2,0.000001,,", "ask_qty"),
        ("200,,trade,,,,,,1", "last"),
        ("200,,trade,,,,,1,", "last_qty"),
        ("200,,quote,1,1,2,1", "row"),
    ],
)
def test_reader_refuses_a_bad_row_by_file_and_line(tmp_path, row, column):
    path = recording(tmp_path, GOOD, row)
    with pytest.raises(ConfigError) as caught:
        list(read_rows(path, TICK, LOT))
    assert (caught.value.file, caught.value.key) == (f"{path}:3", column)


def test_reader_refuses_a_header_without_its_columns(tmp_path):
    with pytest.raises(ConfigError, match="columns recv_ns"):
        list(read_rows(recording(tmp_path, header="time,bid,ask"), TICK, LOT))


@pytest.mark.parametrize("content", [b"not gzip", gzip.compress(f"{HEADER}\n{GOOD}\n".encode(), mtime=0)[:-12]])
def test_reader_refuses_a_broken_file(tmp_path, content):
    path = tmp_path / "r.csv.gz"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"r\.csv\.gz"):
        list(read_rows(path, TICK, LOT))


def test_reader_names_an_absent_file(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.csv"):
        list(read_rows(tmp_path / "none.csv", TICK, LOT))


@given(
    number=st.integers(-(10**12), 10**12),
    size=st.sampled_from(["0.01", "0.1", "0.00001", "2.5", "5", "10", "0.25", "1"]),
)
def test_multiples_are_exact_at_every_size(number, size):
    assert multiples_of(Decimal(size))(f"{number * Decimal(size):f}") == number


@given(number=st.integers(-(10**9), 10**9), size=st.sampled_from(["0.01", "0.1", "2.5", "10"]))
def test_multiples_refuse_what_lies_between_two(number, size):
    text = f"{number * Decimal(size) + Decimal(size) / 4:f}"
    with pytest.raises(ValueError, match=text.replace(".", r"\.")):
        multiples_of(Decimal(size))(text)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("9223372036854775808,,quote,1,1,2,1,,", r"recv_ns = '9223372036854775808'.*from 1970 to 2262; in the unit of the map \(ns\)"),
        (f"100,,quote,{'9' * 25},1,2,1,,", r"bid = '9+'.*2\^53 of them at most"),
        (f"100,,quote,1,{'9' * 25},2,1,,", r"bid_qty = '9+'.*2\^53 of them at most"),
        ("100,,quote,1,1,2,1,,\n" + "9" * 100_000, r"row = '9{120}\.\.\.'"),
    ],
)
def test_reader_refuses_what_no_clock_no_wire_and_no_screen_can_hold(tmp_path, row, told):
    with pytest.raises(ConfigError, match=told):
        list(read_rows(recording(tmp_path, GOOD.replace("100,", "99,", 1), row), TICK, LOT))


def test_reader_refuses_a_column_that_stands_twice(tmp_path):
    path = recording(tmp_path, f"{GOOD},61837.63", header=f"{HEADER},bid")
    with pytest.raises(ConfigError, match="each column once; several times: bid"):
        list(read_rows(path, TICK, LOT))


@pytest.mark.parametrize("encoding", ["utf-16", "gbk"])
def test_reader_wants_utf_8_and_says_so(tmp_path, encoding):
    path = tmp_path / "r.csv"
    path.write_bytes(f"{HEADER},备注\n{GOOD},好\n".encode(encoding))
    with pytest.raises(ConfigError, match="CSV in UTF-8"):
        list(read_rows(path, TICK, LOT))


def test_reader_of_a_file_that_was_cut_says_how_to_go_on(tmp_path):
    path = tmp_path / "r.csv.gz"
    path.write_bytes(gzip.compress(f"{HEADER}\n{GOOD}\n".encode()) + gzip.compress(f"{GOOD}\n".encode())[:-5])
    rows = read_rows(path, TICK, LOT)
    assert next(rows).recv_ns == 100
    with pytest.raises(ConfigError, match="`record` with its folder cuts a torn end off"):
        list(rows)
