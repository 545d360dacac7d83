"""A real node on ipc, asked and stopped by the commands, against a foreign gateway."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import zmq

from benchmarks.core import CONFIG
from journal.verify import verify
from tests.test_style import ROOT
from tools.cli import run
from tools.client import Absent, Client
from tools.errors import NotConnected, Refused, UsageError

READY_MS = 20_000
ROUNDS = 20
HEDGES = 80
"""More than a pair keeps at hand."""

pytestmark = pytest.mark.slow


class Site:
    """A gateway process and a node process in a short directory."""

    def __init__(self, config=CONFIG, program=("-m", "tools")):
        self.folder = Path(tempfile.mkdtemp(prefix="hg"))
        self.node_dir = self.folder / "node"
        self.node_dir.mkdir(mode=0o700)
        self.config = self.folder / "c.toml"
        self.config.write_text(config)
        python, pipe = sys.executable, subprocess.PIPE
        gateway = [python, str(ROOT / "benchmarks" / "core_gateway.py"), str(self.node_dir)]
        self.gateway = subprocess.Popen(gateway, stdin=pipe, stdout=pipe)
        self.gateway.stdout.readline()
        node = [python, *program, "run", "-c", str(self.config), "--live", "--log-level", "ERROR"]
        self.node = subprocess.Popen(node, cwd=ROOT, stdout=pipe)
        self.ready = json.loads(self.node.stdout.readline())
        self.context = zmq.Context()
        self.control = self.context.socket(zmq.PAIR)
        self.control.linger = 0
        self.control.connect(f"ipc://{self.node_dir}/control")

    def quotes(self, count, reject):
        """Quotes that open and close the pair; True when all are out."""
        self.control.send(json.dumps({"quotes": count, "pace_us": 3_000, "reject": reject}).encode())
        return bool(self.control.poll(READY_MS)) and bool(self.control.recv())

    def close(self):
        for process in (self.node, self.gateway):
            if process.poll() is None:
                process.kill()
            process.wait(10)
        for stream in (self.gateway.stdin, self.gateway.stdout, self.node.stdout):
            stream.close()
        self.control.close()
        self.context.destroy(linger=0)
        shutil.rmtree(self.folder)


@pytest.fixture
def site():
    made = Site()
    yield made
    made.close()


def answer(capsys, *argv):
    code = run(argv)
    out, err = capsys.readouterr()
    return code, out, err


def until(client, holds):
    """Ask until it holds; each question is a pause by itself."""
    for _ in range(20_000):
        if holds(client.ask("status")):
            return
    pytest.fail("it did not come to hold")


def is_open(told):
    return all(venue["stage"] == "OPEN" for venue in told["venues"])


def compares_what_it_runs(capsys, site):
    where = ("-c", str(site.config))
    assert answer(capsys, "config", "diff", *where, "-o", "json")[:2] == (0, "[]\n")
    over = site.folder / "over.toml"
    over.write_text('[[pair]]\nname = "AxB"\npolicy = "rollback_first"\n')
    code, out, _ = answer(capsys, "config", "diff", *where, "-c", str(over), "-o", "json")
    assert (code, [(row["key"], row["after"], row["needs"]) for row in json.loads(out)]) == (1, [("pair[AxB].policy", "rollback_first", "hot")])


def test_commands_look_at_a_node_operate_it_and_stop_it(site, capsys):
    where = ("-c", str(site.config))
    with Client(site.node_dir) as client:
        until(client, is_open)
        for number in range(ROUNDS):
            assert site.quotes(HEDGES // 2, reject=number % 2 == 1)
            if number and client.ask("pair", pair="AxB")["hedges"] > HEDGES:
                break
        sets_a_mode(site.node_dir)
        until(client, lambda told: not told["in_flight"])
    looks_at_the_node(capsys, where)
    looks_at_hedges(capsys, where)
    compares_what_it_runs(capsys, site)
    asks_what_is_not_there(site.node_dir)
    code, out, _ = answer(capsys, "stop", *where, "--reason", "test", "-o", "json")
    assert (code, json.loads(out)["clean"], site.node.wait(10)) == (0, True, 0)
    assert verify(site.node_dir / "journal").ok
    assert answer(capsys, "status", *where)[0] == 4


def test_stops_at_once_all_get_the_same_answer(site):
    with Client(site.node_dir) as client:
        until(client, is_open)
    words = [sys.executable, "-m", "tools", "stop", "--dir", str(site.node_dir), "-o", "json"]
    stops = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    said = [stop.communicate(timeout=30) for stop in stops]
    assert [stop.returncode for stop in stops] == [0] * 4, said
    assert [json.loads(out)["clean"] for out, _ in said] == [True] * 4
    assert site.node.wait(10) == 0


def looks_at_the_node(capsys, where):
    code, out, _ = answer(capsys, "status", *where, "-o", "json")
    told = json.loads(out)
    assert (code, told["state"], told["mode"], told["naked_qty"]) == (0, "running", "live", 0)
    assert told["hedges"]["done"] > HEDGES // 2
    assert told["hedges"]["replenished"] > 0
    code, out, _ = answer(capsys, "pair", "show", *where, "-o", "json")
    pair = json.loads(out)
    assert (code, pair["pair"], len(pair["legs"]), pair["currency"]) == (0, "AxB", 2, "USD")
    assert pair["outcomes"] == told["hedges"]
    assert "node/inspector" in answer(capsys, "status", "--actors", *where)[1]
    assert "A.X" in answer(capsys, "pair", "show", "AxB", *where, "--lang", "zh")[1]
    shows_the_board(capsys, where)
    shows_the_lane(capsys, where)


def shows_the_board(capsys, where):
    """The board has of each pair what `pair ls` has, in fewer words."""
    code, out, _ = answer(capsys, "board", *where, "--looks", "2", "--every", "0.25", "-o", "jsonl")
    first, second = (json.loads(line) for line in out.splitlines())
    assert (code, first["pair"], second["uptime_s"] > first["uptime_s"]) == (0, "AxB", True)
    (whole,) = json.loads(answer(capsys, "pair", "ls", *where, "-o", "json")[1])
    (row,) = json.loads(answer(capsys, "board", *where, "-o", "json")[1])["pairs"]
    still = ("pair", "state", "mode", "units", "max_units", "naked_qty", "buy", "sell", "ratio", "rates", "hedges", "outcomes", "currency")
    assert {key: row[key] for key in still} == {key: whole[key] for key in still}
    assert row["money"]["profit"] == whole["money"]["profit"]
    for brief, leg in zip(row["legs"], whole["legs"], strict=True):
        assert {key: leg[key] for key in brief if key != "age_ms"} == {key: value for key, value in brief.items() if key != "age_ms"}
    plain = answer(capsys, "board", *where, "--looks", "1")[1]
    assert "AxB" in plain
    assert "\x1b" not in plain



def shows_the_lane(capsys, where):
    """A living node beats, turns, and hears both of its links."""
    code, out, _ = answer(capsys, "top", *where, "--every", "0.5", "-o", "json")
    told = json.loads(out)
    assert (code, told["lane"]["turn_p50_us"] > 0, told["lane"]["turns_per_s"] > 0) == (0, True, True)
    for venue in told["venues"]:
        assert (venue["stage"], venue["feed_age_ms"] < 1_000, venue["trade_age_ms"] < 1_000) == ("OPEN", True, True)
    assert any(row["path"] == "AxB" for row in told["actors"])
    assert "venue" in answer(capsys, "top", *where, "--every", "0.25")[1]


def looks_at_hedges(capsys, where):
    code, out, err = answer(capsys, "hedge", "ls", *where, "-o", "json")
    hedges = json.loads(out)
    numbers = [int(each["hedge"].rpartition(".")[2]) for each in hedges]
    assert (code, err, numbers) == (0, "", list(range(1, len(hedges) + 1)))
    assert len(hedges) > HEDGES
    assert ["replenish"] in [each["repairs"] for each in hedges]
    at_hand = json.loads(answer(capsys, "hedge", "ls", *where, "-n", "5", "-o", "json")[1])
    assert [each["hedge"] for each in at_hand] == [each["hedge"] for each in hedges[-5:]]
    wanted = hedges[-1]["hedge"]
    last = json.loads(answer(capsys, "hedge", "show", wanted, *where, "-o", "json")[1])
    assert {key: last[key] for key in ("cost", "legs", "took_ms")} == {key: hedges[-1][key] for key in ("cost", "legs", "took_ms")}
    first = json.loads(answer(capsys, "hedge", "show", hedges[0]["hedge"], *where, "-o", "json")[1])
    assert first == hedges[0]
    assert first["cost"]["total"] == 4.0


def asks_what_is_not_there(node_dir):
    with Client(node_dir) as client:
        with pytest.raises(Absent, match="there are: AxB"):
            client.ask("pair", pair="CxD")
        with pytest.raises(UsageError, match="there are: status"):
            client.ask("stop")
        with pytest.raises(UsageError, match="the id of a hedge"):
            client.ask("hedges", after="x")
        assert client.ask("status")["pid"] != os.getpid()


def sets_a_mode(node_dir):
    with Client(node_dir, "operate") as client:
        told = client.ask("pair_mode", pair="AxB", mode="paused", operator="tester", reason="a test")
        assert told["seq"] > 0
        with pytest.raises(Refused):
            client.ask("pair_release", pair="AxB", operator="tester")
        with pytest.raises(UsageError, match="active, reducing, paused, halted"):
            client.ask("pair_mode", pair="AxB", mode="fast", operator="tester")
    with Client(node_dir) as client:
        assert client.ask("pair", pair="AxB")["mode"] == "PAUSED"


def test_client_gives_up_in_time_where_a_node_does_not_answer(tmp_path):
    from system.locks import DirectoryLock

    tmp_path.chmod(0o700)
    (tmp_path / "journal").mkdir()
    lock = DirectoryLock(tmp_path / "journal", "n1")
    try:
        with Client(tmp_path) as client, pytest.raises(NotConnected, match="is the node running"):
            client.ask("status")
    finally:
        lock.release()
