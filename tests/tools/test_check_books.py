"""The checker that shares no code with the engine: what it must find."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.load import ROOT
from domain.hedges import HedgeRetried
from gateways.store import Store
from journal.segment import segment_paths
from journal.writer import Journal
from system.clock import SystemClock
from wire.codec import encode, pack
from wire.messages import ExecutionReport, NewOrder
from wire.records import encode_decision

SCRIPT = ROOT / "tools" / "check_books.py"
DAY = "20260102"
LOTS = ("--lots", "A/X=1", "--lots", "B/Y=-1")


def frame(ref):
    return encode(NewOrder(ref, "X", "1", 1, 100, "3", "N", 7, 1, 2))


def report(ref, trade_id, side, qty=1, px=100, exec_type="F", seq=1, symbol="X"):
    body = ExecutionReport(
        seq, ref, "o1", trade_id, exec_type, "2", symbol, side, qty, px, qty, 0, None, "", None, 1, poss_resend=False, exec_ref=None, trading_day=DAY, origin="L"
    )
    return encode(body)


def order(venue, number, ref, status="2"):
    return {"t": "order", "venue": venue, "order_id": number, "client_ref": ref, "status": status}


def trade(venue, trade_id, symbol, side, qty=1, px=100):
    return {"t": "trade", "venue": venue, "trade_id": trade_id, "trading_day": DAY, "symbol": symbol, "side": side, "qty": qty, "px": px, "exec_type": "F", "house": False}


class Run:
    """A run's folder: one hedge of one unit, whole; each test spoils it."""

    def __init__(self, folder):
        self.folder = folder
        self.lines = [
            order("A", "1", "a1"), order("B", "1", "b1"), trade("A", "t1", "X", "1"), trade("B", "t2", "Y", "2"),
            {"t": "position", "venue": "A", "symbol": "X", "long_qty": 1, "short_qty": 0},
            {"t": "position", "venue": "B", "symbol": "Y", "long_qty": 0, "short_qty": 1},
        ]  # fmt: skip
        self.names = [("A", "P.e.1.0h1", "a1"), ("B", "P.e.1.1h1", "b1")]
        self.records = [
            ("decision", encode_decision("P", "P", "P.e.1", (), [("A", frame("P.e.1.0h1")), ("B", frame("P.e.1.1h1"))])),
            ("report", pack({"venue": "A", "frame": report("P.e.1.0h1", "t1", "1")})),
            ("report", pack({"venue": "B", "frame": report("P.e.1.1h1", "t2", "2", symbol="Y")})),
        ]

    def write(self):
        (self.folder / "truth.jsonl").write_text("".join(json.dumps(line) + "\n" for line in self.lines))
        for venue in ("A", "B"):
            store = Store(self.folder / "node" / "gateways" / venue)
            store.open_day(DAY)
            for where, name, ref in self.names:
                if where == venue:
                    store.append("order", "node", 1, name, 1, {"venue_ref": ref})
            store.close()
        journal = Journal(self.folder / "node" / "journal", clock=SystemClock(), segment_bytes=16 * 1024)
        for kind, body in self.records:
            journal.append(kind, body)
        journal.close()
        return self

    def told(self, *words):
        done = subprocess.run([sys.executable, "-I", str(SCRIPT), str(self.folder), *LOTS, *words], capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path)


def test_equal_books_are_said_to_be(run):
    code, told = run.write().told()
    assert (code, told["problems"], told["orders"], told["trades"]) == (0, [], 2, 2)
    assert told["units"] == {"A/X": 1.0, "B/Y": 1.0}


def test_numbers_of_what_was_passed_over_are_counted_and_holes_told(run):
    for runs in ([[2, 4], [6, 6]], [[8, 9]]):
        count = sum(last - first + 1 for first, last in runs)
        run.records.append(("known", pack({"venue": "A", "epoch": 0, "count": count, "runs": runs})))
    code, told = run.write().told()
    assert (code, told["known"], told["numbers_missing"]) == (0, 6, 2)


def miscounted(run):
    run.records.append(("known", pack({"venue": "A", "epoch": 0, "count": 2, "runs": [[2, 4]]})))


def lost_fill(run):
    run.records.pop()


def phantom_fill(run):
    run.records.append(("report", pack({"venue": "A", "frame": report("P.e.1.0h1", "t9", "1", seq=2)})))


def other_lots(run):
    run.records[1] = ("report", pack({"venue": "A", "frame": report("P.e.1.0h1", "t1", "1", qty=2)}))


def without_intent(run):
    run.records[0] = ("decision", encode_decision("P", "P", "P.e.1", (), [("A", frame("P.e.1.0h1"))]))


def twice(run):
    run.lines.append(order("A", "2", "a2"))
    run.names.append(("A", "P.e.1.0h1", "a2"))


def works(run):
    run.lines.append(order("B", "1", "b1", "1"))


def naked(run):
    run.lines[-1] = {"t": "position", "venue": "B", "symbol": "Y", "long_qty": 0, "short_qty": 0}


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lost_fill, "the venue has it, no report on record tells it"),
        (phantom_fill, "on record, and the venue has none such"),
        (other_lots, "at the venue, .* on record"),
        (without_intent, "an order without an intent on record"),
        (twice, "P.e.1.0h1 was 2 orders: A 1, A 2"),
        (works, "B 1: it works"),
        (naked, "naked: the venues hold"),
        (miscounted, "2 reports were passed over, 3 numbers are noted"),
    ],
)
def test_what_is_spoilt_is_found(run, spoil, what):
    spoil(run)
    code, told = run.write().told()
    assert code == 1
    (problem,) = told["problems"]
    assert re.search(what, problem)


def test_more_orders_than_a_hedge_may_send_are_found(run):
    assert run.write().told("--most-orders", "1")[1]["problems"] == ["P.e.1: 2 orders of 1"]


def test_each_time_that_a_hedge_was_tried_again_gives_it_more_orders(run):
    run.records.append(("decision", encode_decision("P", "P", "P.e.1", (HedgeRetried("doubt ended", 1),), [])))
    assert run.write().told("--most-orders", "1", "--orders-a-retry", "1")[0] == 0
    assert run.told("--most-orders", "1")[1]["problems"] == ["P.e.1: 2 orders of 1"]


def test_broken_chain_is_found(run):
    path = segment_paths(run.write().folder / "node" / "journal")[1]
    data = bytearray(path.read_bytes())
    data[4096 + 60] ^= 1
    path.write_bytes(bytes(data))
    assert "no record at 4096" in run.told()[1]["problems"][0]


def test_nothing_to_compare_is_said(tmp_path):
    done = subprocess.run([sys.executable, "-I", str(SCRIPT), str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "give the folder of a run" in done.stderr


def test_it_imports_nothing_but_the_library():
    tree = ast.parse(Path(SCRIPT).read_text(encoding="utf-8"))
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {each.partition(".")[0] for each in named} <= sys.stdlib_module_names
