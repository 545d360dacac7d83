"""`journal verify` and `audit show`: answers, exits, clear errors."""

from __future__ import annotations

import json

import pytest

from domain.orders import OrderDenied
from journal.segment import segment_paths
from journal.writer import Journal
from tools.cli import run
from wire.codec import encode, pack
from wire.messages import NewOrder
from wire.records import encode_decision

H = "CU.a1.1"


class Clock:
    now = 1_700_000_000_000_000_000

    def wall_ns(self):
        self.now += 1_000
        return self.now

    mono_ns = wall_ns


@pytest.fixture
def directory(tmp_path):
    """A node's directory with a journal of one small hedge."""
    journal = Journal(tmp_path / "journal", clock=Clock(), segment_bytes=64 * 1024, start=pack({"node": "n1"}))
    order = encode(NewOrder(f"{H}.0h1", "CU", "1", 2, 70_010, "3", "O", 7, 1, 2))
    first = journal.append(
        "decision", encode_decision("pair/CU", "CU", H, (), (("SHFE", order),), {"spread": float("nan")})
    )
    journal.append(
        "decision", encode_decision("pair/CU", "CU", H, (OrderDenied(f"{H}.0h1", "NOT_SENT", "full"),)), first
    )
    journal.close()
    return tmp_path


def answer(capsys, *argv):
    code = run(argv)
    out, err = capsys.readouterr()
    return code, out, err


def test_verify_says_that_the_journal_is_whole(directory, capsys):
    code, out, _ = answer(capsys, "journal", "verify", str(directory), "-o", "json")
    found = json.loads(out)
    assert (code, found["ok"], found["records"], found["problems"]) == (0, True, 3, [])
    head = f"{found['last_seq']}:{found['last_hash']}"
    assert answer(capsys, "journal", "verify", str(directory / "journal"), "--head", head)[0] == 0
    assert answer(capsys, "journal", "verify", "--dir", str(directory))[0] == 0
    assert answer(capsys, "journal", "verify", str(directory), "--head", "3:" + "0" * 64)[0] == 6


def test_verify_exits_6_and_says_where_it_is_broken(directory, capsys):
    path = segment_paths(directory / "journal")[1]
    data = bytearray(path.read_bytes())
    data[-50] ^= 1
    path.write_bytes(bytes(data))
    code, out, err = answer(capsys, "journal", "verify", str(directory), "-o", "json")
    assert (code, json.loads(out)["problems"][0]["seq"]) == (6, 3)
    assert "broken in 1 place" in err
    assert answer(capsys, "journal", "verify", str(directory))[0] == 6


@pytest.mark.parametrize("argv", [("nowhere",), ("--head", "x", "."), ()])
def test_verify_says_what_to_give(argv, capsys, tmp_path, monkeypatch, directory):
    monkeypatch.chdir(tmp_path)
    code, _, err = answer(capsys, "journal", "verify", *argv)
    assert code == 2
    assert "give" in err


def test_show_tells_the_hedge_in_every_form(directory, capsys):
    where = ("-d", str(directory))
    code, out, _ = answer(capsys, "audit", "show", H, *where, "-o", "json")
    story = json.loads(out)
    assert (code, story["hedge"], story["records"], story["orphans"]) == (0, H, 2, [])
    assert story["orders"][0]["symbol"] == "CU"
    assert [each["parent"] for each in story["entries"]] == [0, 2]
    _, out, _ = answer(capsys, "audit", "show", H, *where, "-o", "jsonl")
    assert [json.loads(line)["seq"] for line in out.splitlines()] == [2, 3]
    _, out, _ = answer(capsys, "audit", "show", H, *where, "-o", "csv")
    assert len(out.splitlines()) == 3
    _, out, _ = answer(capsys, "audit", "show", H, *where)
    assert "* OrderDenied CU.a1.1.0h1 code=NOT_SENT text=full" in out
    assert "> NewOrder SHFE CU.a1.1.0h1 symbol=CU" in out


def test_show_of_an_unknown_hedge_says_so(directory, capsys):
    code, _, err = answer(capsys, "audit", "show", "CU.zz.9", "-d", str(directory))
    assert code == 1
    assert "no hedge 'CU.zz.9' is on record" in err


def test_show_without_a_hedge_on_record_says_so(directory, capsys):
    code, _, err = answer(capsys, "audit", "show", "-d", str(directory))
    assert code == 1
    assert "no hedge is on record yet" in err
