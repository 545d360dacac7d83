"""The store: what was flushed is read again, damage is said."""

from __future__ import annotations

import os

import pytest

from domain.errors import JournalError
from gateways.store import KEPT_DAYS, Places, Store


def filled(tmp_path, count=3):
    store = Store(tmp_path / "store")
    store.open_day("20260106")
    for number in range(count):
        store.append("order", number, b"x" * 20)
    store.close()
    return store.directory / "20260106.orders"


def test_records_come_back_in_order_over_days(tmp_path):
    store = Store(tmp_path / "store")
    for day in ("20260106", "20260107"):
        store.open_day(day)
        store.append("order", day)
    store.close()
    assert Store(tmp_path / "store").read() == [["order", "20260106"], ["order", "20260107"]]
    assert store.days() == ["20260106", "20260107"]


def test_old_days_go_when_newer_ones_are_opened(tmp_path):
    store = Store(tmp_path / "store")
    for day in range(1, 10):
        store.open_day(f"2026010{day}")
    store.close()
    assert len(store.days()) == KEPT_DAYS
    assert store.days()[-1] == "20260109"


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_torn_tail_is_cut_and_the_rest_kept(tmp_path, cut):
    path = filled(tmp_path)
    os.truncate(path, path.stat().st_size - cut)
    records = Store(path.parent).read()
    assert [record[1] for record in records] == ([0, 1] if cut < 38 else [0])
    assert Store(path.parent).read() == records


def test_zeros_at_the_end_are_a_torn_tail(tmp_path):
    path = filled(tmp_path)
    with path.open("ab") as file:
        file.write(bytes(4096))
    assert len(Store(path.parent).read()) == 3


def test_damage_before_whole_records_is_an_error(tmp_path):
    path = filled(tmp_path)
    data = bytearray(path.read_bytes())
    data[12] ^= 1
    path.write_bytes(data)
    with pytest.raises(JournalError, match="damaged at 0"):
        Store(path.parent).read()


def test_record_is_read_at_its_place_before_and_after_the_flush(tmp_path):
    store = Store(tmp_path / "store")
    store.open_day("20260106")
    places = Places()
    for number in (1, 2, 3):
        places.add(store.append("report", number))
        assert store.read_at(*places[number]) == ["report", number]
    store.flush()
    assert store.read_at(*places[2]) == ["report", 2]
    assert len(places) == 3
    store.close()


def test_records_wait_and_leave_when_the_disk_failed_for_a_while(tmp_path, monkeypatch):
    store = Store(tmp_path / "store")
    store.open_day("20260106")
    real = os.write
    monkeypatch.setattr("gateways.store.os.write", lambda fd, data: real(fd, data[:5]) if len(data) > 25 else 1 / 0)
    store.append("order", "a" * 20)
    with pytest.raises(ZeroDivisionError):
        store.flush()
    monkeypatch.setattr("gateways.store.os.write", fail)
    with pytest.raises(OSError, match="full"):
        store.flush()
    monkeypatch.undo()
    store.append("order", "b")
    store.close()
    assert Store(store.directory).read() == [["order", "a" * 20], ["order", "b"]]


def fail(fd, data):
    raise OSError(28, "disk full")
