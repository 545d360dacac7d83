"""Kills planned, struck, judged; a few of them for real."""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from config.load import ROOT
from domain import orders
from journal.reader import read
from journal.verify import verify
from journal.writer import Journal
from system.clock import SystemClock
from tools.demo import checked
from tools.fuse import POINTS, Fuse, FuseOrder, burnt, light, struck_by
from tools.torture import checks_of
from tools.torture_plan import HUNG_KILLED, HUNG_RESUMED, KILLED, Kill, plan
from tools.torture_run import Missed, TortureRun, tear
from tools.torture_shards import ATTEND_NS, ShardsRun
from tools.torture_truth import course_of, seen_ms, twice
from wire.records import encode_decision

ENV = {**os.environ, "HEDGEROW_PYTHON": sys.executable}
LOTS = {"A/X": 1, "B/Y": -1}
NAMES = {("A", "r1"): "P.e.1.0h1", ("B", "r2"): "P.e.1.1h1", ("A", "r3"): "P.e.2.0h1", ("A", "r4"): "P.e.1.0b1"}


# ------------------------------------------------ the plan


def test_fifty_kills_meet_every_point_five_times_and_both_targets_and_ways():
    kills = plan(50, 7)
    assert [kill.number for kill in kills] == list(range(1, 51))
    assert min(Counter(kill.point for kill in kills).values()) >= 8
    assert min(Counter((kill.point, kill.target) for kill in kills).values()) >= 4
    assert {kill.way for kill in kills} == {KILLED, HUNG_KILLED, HUNG_RESUMED}
    assert all(bool(kill.hold_ms) == (kill.way != KILLED) for kill in kills)
    assert any(kill.torn for kill in kills)
    assert plan(50, 7) == kills != plan(50, 8)


def test_sixty_kills_make_each_kind_of_each_target_five_times():
    assert set(Counter((kill.point, kill.target) for kill in plan(60, 1)).values()) == {5}


# ------------------------------------------------ waiting


class Waits(ShardsRun):
    """A run of which nothing runs; each look at it takes 400 ms."""

    def __init__(self, folder):
        super().__init__(folder, self, None)
        self.now_ns, self.seen = ATTEND_NS, []

    def mono_ns(self):
        return self.now_ns

    def _alive(self, _name, _wait_ms):
        self.now_ns += 400_000_000

    def _attend(self, timeout_ms):
        self.seen.append((self.now_ns, timeout_ms))
        return 0


def test_who_waits_for_a_point_sees_to_hedges_that_wait_for_a_person(tmp_path):
    run = Waits(tmp_path)
    with pytest.raises(Missed, match="kill 1: no intent came"):
        run._burnt(Kill(1, "intent", "node", KILLED, 0, 0, answered=False))
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(run.seen)]
    assert len(run.seen) > 60
    assert set(gaps) == {1_200_000_000}
    assert {timeout_ms for _, timeout_ms in run.seen} == {300}
    assert TortureRun.attend(run) is None  # alone nobody waits for a person


# ------------------------------------------------ the fuse


def decision(*facts, sent=()):
    return encode_decision("P", "P", "P.e.1", facts, sent)


def test_only_the_named_record_strikes():
    canceled = decision(orders.CancelSubmitted("P.e.1.1h1", "P.e.1.1h1.c1", 5), sent=[("B", b"\x91\xa1F")])
    legs = {"P": ("A", "B")}
    for point in POINTS:
        struck = struck_by(point, "decision", canceled, legs)
        assert (struck is not None) == (point == "cancel_sent")
    assert struck_by("cancel_sent", "decision", decision(orders.OrderPending("P.e.1.1h1")), legs) is None
    assert struck_by("cancel_sent", "report", canceled, legs) is None


def test_a_fuse_burns_once_also_over_restarts(tmp_path):
    light(tmp_path, FuseOrder(3, "intent", "node", "KILL"))
    fuse = Fuse(tmp_path)
    fuse._take_order()
    assert fuse._order == FuseOrder(3, "intent", "node", "KILL")
    (tmp_path / "burnt.jsonl").write_text('{"number": 3}\n')
    again = Fuse(tmp_path)
    again._take_order()
    assert again._order is None
    assert [line["number"] for line in burnt(tmp_path)] == [3]


def test_a_torn_record_is_cut_off_and_all_before_it_stands(tmp_path):
    journal = Journal(tmp_path, clock=SystemClock(), segment_bytes=64 * 1024)
    for number in range(5):
        journal.append("report", bytes([number]) * 50)
    journal._lock.release()  # killed: nothing is closed or synced
    tear(tmp_path, 13)
    assert [record.body[0] for record in read(tmp_path)] == [0, 1, 2, 3]
    journal = Journal(tmp_path, clock=SystemClock(), segment_bytes=64 * 1024)
    journal.close()
    assert verify(tmp_path).ok


def test_what_a_sync_has_promised_is_never_torn(tmp_path):
    journal = Journal(tmp_path, clock=SystemClock(), segment_bytes=64 * 1024)
    journal.append("report", b"x" * 50)
    journal.sync()
    tear(tmp_path, 13)
    assert len(list(read(tmp_path))) == 1


# ------------------------------------------------ the judge


def order(ns, venue, ref, status, order_id=None):
    return {"t": "order", "venue": venue, "client_ref": ref, "order_id": order_id or f"o{ref}", "status": status, "ns": ns}


def trade(ns, venue, ref, side, qty, symbol):
    return {"t": "trade", "venue": venue, "client_ref": ref, "order_id": f"o{ref}", "symbol": symbol, "side": side, "qty": qty,
            "exec_type": "F", "house": False, "ns": ns}  # fmt: skip


OPENED = (order(10, "A", "r1", "0"), order(11, "B", "r2", "0"))
WHOLE = (trade(20, "A", "r1", "1", 1, "X"), order(21, "A", "r1", "2"), trade(30, "B", "r2", "2", 1, "Y"), order(31, "B", "r2", "2"))


def test_whole_is_when_nothing_is_naked_and_nothing_works():
    course = course_of((*OPENED, *WHOLE), NAMES, LOTS)
    assert course.whole_ms("P.e.1", 15) == round(16 / 1e6, 1)
    assert course.whole_ms("P.e.1", 40) == 0
    assert course_of((*OPENED, *WHOLE[:3]), NAMES, LOTS).whole_ms("P.e.1", 15) is None
    assert course_of((*OPENED, *WHOLE[:2]), NAMES, LOTS).whole_ms("P.e.1", 15) is None


def test_a_hedge_that_opens_before_the_last_is_whole_is_told():
    next_one = order(25, "A", "r3", "0")
    assert course_of((*OPENED, *WHOLE, next_one), NAMES, LOTS).early == []
    early = course_of((*OPENED, *WHOLE[:2], next_one, *WHOLE[2:]), NAMES, LOTS).early
    assert early == ["P.e.2 opened while P.e.1 was not whole"]


def test_two_orders_under_one_id_are_told():
    lines = (order(1, "A", "r1", "0"), order(2, "A", "r1", "2"))
    assert twice(lines, NAMES) == []
    again = order(3, "A", "r9", "0", "o9")
    assert twice((*lines, again), {**NAMES, ("A", "r9"): "P.e.1.0h1"}) == ["A: P.e.1.0h1 was 2 orders"]


def test_a_loss_is_seen_when_the_journal_first_says_so():
    losses = {"A": [5_000_000, 30_000_000]}
    assert seen_ms(losses, "A", 10_000_000, 500) == 20.0
    assert seen_ms(losses, "B", 0, 500) is seen_ms(losses, "A", 40_000_000, 500) is seen_ms(losses, "A", 10_000_000, 10) is None


def test_a_torture_holds_only_if_each_check_does():
    found = {each.name: each.wanted for each in checks_of(5)}
    assert all(row["met"] for row in checked(found, checks_of(5)))
    for each in checks_of(5):
        worse = {**found, each.name: not each.wanted if isinstance(each.wanted, bool) else each.wanted + 1}
        assert [row["check"] for row in checked(worse, checks_of(5)) if not row["met"]] == [each.name]


# ------------------------------------------------ for real


@pytest.mark.slow
def test_ten_kills_leave_nothing_naked_and_nothing_twice():
    with tempfile.TemporaryDirectory(prefix="hg") as made:
        folder = Path(made) / "t"
        command = [str(ROOT / "hedgerow"), "sim", "torture", "--kills", "10", "--seed", "3", "--dir", str(folder), "-o", "json"]
        done = subprocess.run(command, env=ENV, capture_output=True, text=True, timeout=280, check=False)
        assert done.stdout, done.stderr
        found = json.loads(done.stdout)
        wrong = {row["check"]: row["found"] for row in found["checks"] if not row["met"]}
        assert (done.returncode, wrong, found["problems"]) == (0, {}, []), done.stderr
        assert len(found["table"]) == 10 and {row["target"] for row in found["table"]} == {"node", "gateway"}
        for proc in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                assert str(folder).encode() not in proc.read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
