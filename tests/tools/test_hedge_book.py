"""All hedges of a journal: those of a node's memory, and older ones."""

import json

import pytest

from actors.hedge_show import terms_map
from benchmarks.core import CONFIG
from config.load import load_checked
from config.pairspecs import pair_specs
from domain.hedges import HedgeEnded, HedgeOpened, HedgeStatus
from domain.legs import LegPlan
from domain.orders import OrderFilled, OrderSubmitted
from domain.pairs import PairReady
from journal.writer import Journal
from tools.cli import run
from tools.hedge_book import book_in
from tools.status_record import status_on_record
from wire.codec import pack
from wire.records import encode_decision

MANY = 70
WALL_NS = 1_700_000_000_000_000_000


class Clock:
    now = 1_000_000

    def wall_ns(self):
        self.now += 1_000_000
        return WALL_NS + self.now

    def mono_ns(self):
        return self.now


def opened(hedge_id, at_ns):
    plans = (LegPlan(0, "A", "A.X", -1, 1, 1, 1_099), LegPlan(1, "B", "B.X", 1, 1, 1, 1_001))
    orders = tuple(
        OrderSubmitted(f"{hedge_id}.{p.index}h1", p.index, "h", p.side, 1, p.touch_px, "3", "N", at_ns) for p in plans
    )
    return HedgeOpened(hedge_id, "open", -1, 1, plans, orders, 50.0, at_ns, "sell_open")


def filled(hedge_id):
    return (
        OrderFilled(f"{hedge_id}.0h1", 1, ("d/1", 1, 1_098)),
        OrderFilled(f"{hedge_id}.1h1", 1, ("d/2", 1, 1_001)),
    )


@pytest.fixture
def directory(tmp_path):
    """A node's directory with a journal of many hedges, one in flight."""
    tmp_path.chmod(0o700)
    file = tmp_path / "c.toml"
    file.write_text(CONFIG)
    specs = pair_specs(load_checked([file]), sends_orders=True)
    start = pack({"node": "n1", **terms_map(specs)})
    clock = Clock()
    journal = Journal(tmp_path / "journal", clock=clock, segment_bytes=1024 * 1024, start=start)
    saw = ("sell_open", 102.0, 98.0, 50.0, [1.0, 2.0], [])
    for n in range(1, MANY + 1):
        hedge_id = f"AxB.a1.{n}"
        fact = opened(hedge_id, clock.now)
        seq = journal.append("decision", encode_decision("AxB", "AxB", hedge_id, (fact,), (), saw))
        if n < MANY:
            ended = HedgeEnded(HedgeStatus.DONE, 1, clock.now)
            journal.append("decision", encode_decision("AxB", "AxB", hedge_id, (*filled(hedge_id), ended)), seq)
            journal.append("decision", encode_decision("AxB", "AxB", None, (PairReady(clock.now),)))
    journal.close()
    return tmp_path


def test_book_holds_every_hedge_in_the_order_of_opening(directory):
    rows = book_in(directory / "journal").rows("AxB")
    assert [row["hedge"] for row in rows] == [f"AxB.a1.{n}" for n in range(1, MANY + 1)]
    assert [row["state"] for row in rows[-2:]] == ["DONE", "WORKING"]
    assert book_in(directory / "journal").rows("other") == []


def test_book_tells_a_hedge_with_its_times_and_cost_by_the_rates_that_it_saw(directory):
    row = book_in(directory / "journal").row("AxB.a1.1")
    assert row["times"]["opened"].startswith("2023-11-14T22:13:20.")
    assert row["times"]["ended_ms"] == row["took_ms"] > 0
    assert (row["qty"], row["covered"], row["naked_qty"], row["orders_sent"]) == (1, 1, 0, 2)
    assert [leg["filled"] for leg in row["legs"]] == [1, 1]
    assert [(leg["slippage_ticks"], leg["fx"]) for leg in row["cost"]["legs"]] == [(1.0, 1.0), (0.0, 2.0)]
    assert (row["cost"]["total"], row["cost"]["currency"]) == (1.0, "USD")


def answer(capsys, *argv):
    code = run(argv)
    out, err = capsys.readouterr()
    return code, out, err


def test_commands_tell_from_the_journal_where_no_node_runs_and_say_so(directory, capsys):
    where = ("--dir", str(directory))
    code, out, err = answer(capsys, "hedge", "ls", *where, "-o", "json")
    assert (code, len(json.loads(out))) == (0, MANY)
    assert "told from its journal" in err
    _, out, _ = answer(capsys, "hedge", "ls", *where, "-n", "3", "-o", "jsonl")
    assert len(out.splitlines()) == 3
    _, out, _ = answer(capsys, "hedge", "show", *where, "-o", "json")
    assert json.loads(out)["hedge"] == f"AxB.a1.{MANY}"
    _, out, _ = answer(capsys, "hedge", "show", "AxB.a1.2", *where)
    assert "AxB.a1.2.1h1" in out
    _, out, _ = answer(capsys, "pair", "show", *where, "-o", "json")
    told = json.loads(out)
    assert (told["pair"], told["state"], told["hedges"], told["units"]) == ("AxB", "OPENING", MANY, -(MANY - 1))
    assert told["legs"][0]["symbol"] == "A.X"
    _, out, _ = answer(capsys, "pair", "ls", *where, "--lang", "zh")
    assert "组合" in out and "开仓中" in out


def test_commands_say_what_is_not_there(directory, capsys):
    where = ("--dir", str(directory))
    assert answer(capsys, "hedge", "show", "AxB.a1.999", *where)[0] == 1
    assert answer(capsys, "pair", "show", "CxD", *where)[0] == 1
    code, _, err = answer(capsys, "status", *where)
    assert (code, "is the node running? ./hedgerow run -c" in err) == (4, True)
    assert answer(capsys, "stop", *where)[0] == 4
    assert answer(capsys, "hedge", "ls", "--dir", str(directory / "nowhere"))[0] == 4


def test_commands_say_how_to_name_a_node(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = answer(capsys, "status")
    assert (code, "give -c FILE or --dir DIR" in err) == (2, True)


def test_status_tells_what_a_crashed_node_left_and_that_nobody_answers(directory, capsys):
    code, out, err = answer(capsys, "status", "--dir", str(directory), "-o", "json")
    told = json.loads(out)
    assert (code, told["state"], told["in_flight"], told["naked_qty"]) == (4, "crashed", ["AxB"], 0)
    assert [(row["hedge"], row["state"], len(row["live"])) for row in told["left"]] == [(f"AxB.a1.{MANY}", "WORKING", 2)]
    assert "is the node running" in err
    code, out, _ = answer(capsys, "status", "--dir", str(directory), "--lang", "zh")
    assert code == 4
    assert "已崩溃" in out
    assert f"AxB.a1.{MANY}.0h1" in out


def test_status_of_a_journal_that_was_stopped_says_so(directory, capsys):
    class Late:
        wall_ns = mono_ns = staticmethod(lambda: 1_800_000_000_000_000_000)

    journal = Journal(directory / "journal", clock=Late(), segment_bytes=64 * 1024, start=pack({"node": "n2"}))
    journal.append("stop", pack({"why": "stopped"}))
    journal.close()
    told = status_on_record(directory)
    assert (told["node"], told["state"], told["last_record"]) == ("n2", "stopped", "2027-01-15T08:00:00.000000Z")


def test_snapshot_covers_all_on_record_and_is_made_on_from_the_last(directory, capsys):
    assert run(["journal", "snapshot", str(directory), "-o", "json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["read_from"] == 1
    assert first["seq"] == first["read"] > 0
    assert run(["journal", "snapshot", str(directory), "-o", "json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["read"], again["seq"]) == (0, first["seq"])
    assert run(["journal", "verify", str(directory)]) == 0
