from decimal import Decimal
from pathlib import Path

import pytest

from domain.errors import ConfigError
from gateways.replay.mapping import (
    BookMap,
    FileMap,
    KindMap,
    LimitsMap,
    MadeMap,
    SessionMap,
    StatusMap,
    TimeMap,
    TradeMap,
    wrong_with,
)
from gateways.replay.reader import read_rows
from gateways.replay.rows import QuoteRow, StatusRow, TradeRow
from gateways.replay.times import TimeReader

S = 1_000_000_000
BOOK = BookMap((("b1", "bq1"), ("b2", "bq2")), (("a1", "aq1"), ("a2", "aq2")))
SHANGHAI = "Asia/Shanghai"


def rows(tmp_path: Path, text: str, told: FileMap, name: str = "r.csv") -> list:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return list(read_rows(tmp_path / name, Decimal("0.2"), Decimal(1), told))


@pytest.mark.parametrize(
    ("told", "text", "ns"),
    [
        (TimeMap(("t",), "ns"), "1723161254087891268", 1723161254087891268),
        (TimeMap(("t",), "us"), "1723161254087891", 1723161254087891000),
        (TimeMap(("t",), "ms"), "1723161254087", 1723161254087000000),
        (TimeMap(("t",), "s"), "1723161254.0878", 1723161254087800000),
        (TimeMap(("t",), "text", zone="Asia/Singapore"), "2014-01-29T04:24:59.489814800", 1390940699489814800),
        (TimeMap(("t",), "text"), "2014-01-28T20:24:59+00:00", 1390940699 * S),
        (TimeMap(("t",), "text", "%Y%m%d%H%M", SHANGHAI), "201401290920", 1390958400 * S),
        (TimeMap(("d", "t"), "text", "%Y%m%d %H:%M:%S", SHANGHAI), "20210104 09:29:00.400", 1609723740400000000),
    ],
)
def test_time_is_read_to_the_nanosecond_in_its_unit_and_zone(told, text, ns):
    assert TimeReader(told, "f").read(text) == ns


@pytest.mark.parametrize("text", ["", "12:00", "2014-01-29T04:24:59.1234567891", "2014-13-29T00:00:00", "2014-01-29T00:00:00.5x"])
def test_text_that_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        TimeReader(TimeMap(("t",), "text"), "f").read(text)


def test_zone_that_nobody_knows_is_refused_by_name():
    with pytest.raises(ConfigError, match="Asia/Shanghia"):
        TimeReader(TimeMap(("t",), "text", zone="Asia/Shanghia"), "f")


def test_levels_end_at_the_first_that_is_empty(tmp_path):
    told = FileMap("V", "V.X", "r.csv", TimeMap(("t",)), book=BOOK)
    found = rows(tmp_path, "t,b1,bq1,b2,bq2,a1,aq1,a2,aq2\n5,1.0,2,0.8,3,1.2,4,,\n6,,,0.8,3,1.2,4,1.4,0\n", told)
    assert found == [QuoteRow(5, None, (5, 2, 4, 3), (6, 4)), QuoteRow(6, None, (), (6, 4))]


def test_kinds_trades_statuses_and_rows_to_skip(tmp_path):
    told = FileMap(
        "V", "V.X", "r.csv", TimeMap(("t",)), kind=KindMap("k", ("Q",), ("T",), ("S",), ("x",)), book=BookMap((("b", "q"),), (("a", "q"),)),
        trade=TradeMap("b", "q"), status=StatusMap("q", "b", "a"),
    )  # fmt: skip
    found = rows(tmp_path, "t,k,b,a,q\n1,S,0.2,9.0,17\n2,Q,1.0,1.2,3\n3,x,?,?,?\n4,T,1.2,,7\n", told)
    assert found == [StatusRow(1, 17, (1, 45)), QuoteRow(2, None, (5, 3), (6, 3)), TradeRow(4, None, 6, 7)]


def test_limits_last_and_volume_come_with_the_book(tmp_path):
    (tmp_path / "r.csv").write_text("t,b,bq,a,aq,dn,up,p,v\n1,1.0,3,1.2,3,0.8,1.4,1.0,99\n2,1.0,3,1e308,0,1e308,1.4,1e308,99\n")
    told = FileMap(
        "V", "V.X", "r.csv", TimeMap(("t",)), book=BookMap((("b", "bq"),), (("a", "aq"),)),
        limits=LimitsMap("dn", "up"), last="p", volume="v", absent=("1e308", "0"),
    )  # fmt: skip
    found = list(read_rows(tmp_path / "r.csv", Decimal("0.2"), Decimal(1), told))
    assert found == [QuoteRow(1, None, (5, 3), (6, 3), 5, 99, (4, 7)), QuoteRow(2, None, (5, 3), (), None, 99, (None, 7))]


def test_made_book_stands_around_the_price_that_traded(tmp_path):
    told = FileMap("MADE-V", "V.X", "r.csv", TimeMap(("t",)), made=MadeMap("c", 2, 20))
    assert rows(tmp_path, "t,c\n1,10.0\n2,\n", told) == [QuoteRow(1, None, (48, 20), (52, 20))]


@pytest.mark.parametrize(
    ("told", "key"),
    [
        (FileMap("V", "X", "p"), "book"),
        (FileMap("V", "X", "p", book=BOOK, made=MadeMap("c")), "book"),
        (FileMap("CFFEX", "X", "p", made=MadeMap("c")), "venue"),
        (FileMap("V", "X", "p", book=BOOK, trade=TradeMap("a", "b")), "kind"),
        (FileMap("V", "X", "p", book=BOOK, status=StatusMap("s")), "kind"),
    ],
)
def test_map_that_contradicts_itself_names_the_key(told, key):
    assert wrong_with(told)[0] == key


def test_several_files_are_one_recording_in_order(tmp_path):
    told = FileMap("V", "V.X", "*.csv", TimeMap(("t",)), book=BookMap((("b", "q"),), (("a", "q"),)))
    for name, first in (("1.csv", 1), ("2.csv", 3), ("3.csv", 2)):
        (tmp_path / name).write_text(f"t,b,a,q\n{first},1.0,1.2,1\n{first + 1},1.0,1.2,2\n")
    read = list(read_rows((tmp_path / "1.csv", tmp_path / "2.csv"), Decimal("0.2"), Decimal(1), told))
    assert [row.recv_ns for row in read] == [1, 2, 3, 4]
    with pytest.raises(ConfigError, match=r"3.csv:2.*4 or later"):
        list(read_rows((tmp_path / "2.csv", tmp_path / "3.csv"), Decimal("0.2"), Decimal(1), told))


def test_column_that_is_absent_is_told_with_those_that_are_there(tmp_path):
    told = FileMap("V", "V.X", "r.csv", TimeMap(("time",)), book=BookMap((("b", "q"),), (("a", "q"),)))
    with pytest.raises(ConfigError, match=r"r.csv:1: header.*absent: time"):
        rows(tmp_path, "t,b,a,q\n1,1.0,1.2,1\n", told)


def at(hour: int, minute: int) -> int:
    """That time of 2021-01-04 in Shanghai."""
    return (1_609_689_600 + hour * 3600 + minute * 60) * S


def test_status_is_told_when_it_changes_between_the_rows(tmp_path):
    hours = SessionMap(SHANGHAI, ("09:30-11:30", "13:00-15:00"), ("09:25-09:30",))
    told = FileMap("V", "V.X", "r.csv", TimeMap(("t",)), book=BookMap((("b", "q"),), (("a", "q"),)), session=hours)
    moments = (at(9, 29), at(9, 31), at(13, 1), at(15, 30))
    text = "t,b,a,q\n" + "".join(f"{moment},1.0,1.2,1\n" for moment in moments)
    found = [(row.recv_ns, getattr(row, "status", "row")) for row in rows(tmp_path, text, told)]
    assert found == [
        (at(9, 29), 21), (at(9, 29), "row"), (at(9, 30), 17), (at(9, 31), "row"), (at(11, 30), 18),
        (at(13, 0), 17), (at(13, 1), "row"), (at(15, 0), 18), (at(15, 30), "row"),
    ]  # fmt: skip


def test_night_session_runs_over_midnight(tmp_path):
    hours = SessionMap(SHANGHAI, ("21:00-02:30",))
    told = FileMap("V", "V.X", "r.csv", TimeMap(("t",)), book=BookMap((("b", "q"),), (("a", "q"),)), session=hours)
    day = 24 * 3600 * S
    text = "t,b,a,q\n" + "".join(f"{moment},1.0,1.2,1\n" for moment in (at(1, 0), at(3, 0), at(22, 0), at(1, 0) + day))
    found = [(row.recv_ns, row.status) for row in rows(tmp_path, text, told) if isinstance(row, StatusRow)]
    assert found == [(at(1, 0), 17), (at(2, 30), 18), (at(21, 0), 17)]


def test_parquet_reads_as_the_csv_of_the_same_rows(tmp_path):
    pa = pytest.importorskip("pyarrow", reason="not run: no pyarrow (make parquet)")
    from pyarrow import parquet

    stamps = [1_723_161_254_087_891_268 + step * 1_000_003 for step in range(5)]
    bids, lots = [61837.6, 61837.8, 0.00006, None, 1e-05], [3, 4, 1, None, 7]
    book = BookMap((("b", "q"),), (("a", "q"),))
    whole = FileMap("V", "V.X", "r", TimeMap(("t",)), book=book)
    columns = {"t": pa.array(stamps, pa.timestamp("ns")), "b": bids, "a": bids, "q": lots, "unused": list("abcde")}
    parquet.write_table(pa.table(columns), tmp_path / "r.parquet")
    text = [f"{t},{'' if b is None else format(Decimal(repr(b)), 'f')},{'' if q is None else q}" for t, b, q in zip(stamps, bids, lots, strict=True)]
    (tmp_path / "r.csv").write_text("t,b,q,a\n" + "\n".join(f"{line},{line.split(',')[1]}" for line in text), encoding="utf-8")
    sizes = (Decimal("0.00001"), Decimal(1))
    found = list(read_rows(tmp_path / "r.parquet", *sizes, whole))
    assert found == list(read_rows(tmp_path / "r.csv", *sizes, whole))
    assert found[0] == QuoteRow(stamps[0], None, (6_183_760_000, 3), (6_183_760_000, 3))
    with pytest.raises(ConfigError, match=r"r.parquet:1: b = '61837.6'.*multiple of the tick 1"):
        list(read_rows(tmp_path / "r.parquet", Decimal(1), Decimal(1), whole))


def test_broken_parquet_is_told_by_its_file(tmp_path):
    pytest.importorskip("pyarrow", reason="not run: no pyarrow (make parquet)")
    (tmp_path / "r.parquet").write_bytes(b"PAR1 but no more")
    with pytest.raises(ConfigError, match=r"r.parquet: recording"):
        list(read_rows(tmp_path / "r.parquet", Decimal(1), Decimal(1), FileMap("V", "X", "r", book=BOOK)))


def test_parquet_without_its_extra_says_what_to_install(tmp_path, monkeypatch):
    import sys

    (tmp_path / "r.parquet").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"requirements-parquet.txt"):
        list(read_rows(tmp_path / "r.parquet", Decimal(1), Decimal(1), FileMap("V", "X", "r", book=BOOK)))
