"""A real node looked into: its actors, a lane that hangs, words for actors."""

import json
import os
import signal
import subprocess
import sys

import pytest

from benchmarks.core import CONFIG
from journal.reader import read
from journal.verify import verify
from tests.test_style import ROOT
from tests.tools.test_node_commands import Site, answer, is_open, until
from tools.client import OBSERVE, Client
from tools.errors import Refused
from wire.codec import unpack

pytestmark = pytest.mark.slow

HANGS = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from actors.pair import PairActor
from domain.market import Quote

plain, flag = PairActor.routes[Quote], Path({flag!r})

def hangs(actor, quote):
    while flag.exists():
        for _ in range(1_000_000):  # it keeps the interpreter for itself as far as it can
            pass
    plain(actor, quote)

PairActor.routes[Quote] = hangs
from tools.cli import run
sys.exit(run(sys.argv[1:]))
"""
"""A node whose pair hangs on a quote for as long as a file is there."""


@pytest.fixture
def site():
    made = Site()
    yield made
    made.close()


@pytest.fixture
def hanging(tmp_path):
    flag = tmp_path / "hang"
    config = CONFIG.replace("[node]\n", "[node]\nlane_hang_ms = 0\n", 1)
    made = Site(config, ("-c", HANGS.format(root=str(ROOT), flag=str(flag))))
    made.flag = flag
    yield made
    made.close()


def opened(site):
    with Client(site.node_dir) as client:
        until(client, is_open)
    return ("--dir", str(site.node_dir))


def told(capsys, *argv):
    code, out, err = answer(capsys, *argv, "-o", "json")
    assert code == 0, err
    return json.loads(out)


def asked_until(client, verb, holds, **args):
    for _ in range(20_000):
        found = client.ask(verb, **args)
        if holds(found):
            return found
    pytest.fail(f"{verb} did not come to hold: {found}")


def operators(site):
    words = [unpack(record.body) for record in read(site.node_dir / "journal") if record.kind == "operator"]
    return [(word["verb"], word.get("name"), word["operator"]) for word in words]


# ------------------------------------------------ looking


def test_commands_look_into_the_actors_of_a_node(site, capsys):
    where = opened(site)
    assert site.quotes(20, reject=False)
    with Client(site.node_dir) as client:
        until(client, lambda found: not found["in_flight"])
    rows = {row["path"]: row for row in told(capsys, "ps", *where)}
    pair = rows["AxB"]
    assert (pair["class"], pair["phase"], pair["epoch"], pair["restarts"]) == ("PairActor", "running", 1, 0)
    assert (pair["handled"] > 20, pair["p99_us"] >= pair["p50_us"] > 0, pair["most"] > 0) == (True, True, True)
    assert (pair["naked"], rows["venue/A"]["naked"], rows["AxB/rollback"]["live_orders"]) == ([0, 0], None, 0)
    shows_the_tree(capsys, where)
    shows_one(capsys, where)
    says_what_is_not_there(capsys, where)
    assert answer(capsys, "hedge", "show", "nope", *where)[0] == answer(capsys, "audit", "show", "nope", *where)[0] == 1
    assert told(capsys, "status", "--actors", *where)[0]["path"] == "node/root"


def shows_the_tree(capsys, where):
    rows = told(capsys, "tree", *where)
    parents = {row["path"]: row["parent"] for row in rows}
    assert (parents["node/root"], parents["AxB"], parents["node/pairs"]) == (None, "node/pairs", "node/desk")
    assert rows[0]["keeps"]["strategy"] == "rest_for_one"
    code, out, _ = answer(capsys, "tree", "-f", "rollback", *where)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["node/root", "└─node/desk", "└─node/pairs", "└─AxB/rollback"]
    _, out, _ = answer(capsys, "ps", "-s", "handled", "-n", "1", "--lang", "zh", *where)
    assert ("路径" in out, len(out.splitlines())) == (True, 2)


def shows_one(capsys, where):
    one = told(capsys, "actor", "show", "AxB", *where)
    assert (one["supervisor"]["name"], one["child"]["restart"], one["pair"], one["stack"]) == ("node/pairs", "permanent", "AxB", [])
    state = told(capsys, "actor", "state", "AxB", "memory.pair", *where)
    assert (state["state"][""], state["state"]["name"], state["at"]) == ("Pair", "AxB", "memory.pair")
    lanes = told(capsys, "actor", "mailbox", "AxB", *where)["lanes"]
    assert [row["lane"] for row in lanes] == ["control", "orders", "timers", "commands", "quotes"]
    stack = told(capsys, "actor", "stack", "AxB", "--samples", "3", *where)
    assert (stack["samples"], sum(row["count"] for row in stack["stacks"])) == (3, 3)
    assert any("LaneDispatcher" in line for line in stack["stacks"][0]["stack"])


def says_what_is_not_there(capsys, where):
    for argv in (("show", "nope"), ("state", "AxB", "memory.nope"), ("trace", "nope"), ("stack", "nope"), ("mailbox", "nope")):
        code, out, err = answer(capsys, "actor", *argv, *where)
        assert (code, out, "nope" in err) == (1, "", True), argv
    assert "there are: AxB/rollback" in answer(capsys, "actor", "show", "rollb", *where)[2]
    assert answer(capsys, "ps", "--sort", "nope", *where)[0] == 2
    assert answer(capsys, "actor", "trace", "AxB", "--lane", "nope", *where)[0] == 2
    assert answer(capsys, "actor", "trace", "AxB", "--type", "nope", *where)[0] == 2
    assert answer(capsys, "actor", "restart", "nope", "-y", "--reason", "x", *where)[0] == 1


def test_trace_ends_with_its_messages_its_time_and_its_reader(site, capsys):
    where = opened(site)
    words = [sys.executable, "-m", "tools", "actor", "trace", "AxB", *where, "-o", "json", "-n", "5", "--lane", "orders"]
    reader = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with Client(site.node_dir, OBSERVE) as client:
        for _ in range(50):
            assert site.quotes(20, reject=False)
            if reader.poll() is not None:
                break
        out, err = reader.communicate(timeout=20)
        rows = json.loads(out)
        assert [row["number"] for row in rows] == [1, 2, 3, 4, 5]
        assert {row["lane"] for row in rows} == {"orders"}
        assert b"it has its messages" in err
        rows = told(capsys, "actor", "trace", "AxB", "-t", "0.2", *where)
        number = client.ask("trace_start", name="AxB", for_ms=60_000)["trace"]
        asked_until(client, "trace", lambda found: found["ended"] == "", trace=number)
        code, _, err = answer(capsys, "actor", "trace", "AxB", *where)
        assert (code, "traced already" in err) == (5, True)
        # nobody reads it any more: it ends, and another may begin
        for _ in range(20_000):
            if client.ask("node") and answer(capsys, "actor", "trace", "AxB", "-t", "0.1", *where)[0] == 0:
                break
        else:
            pytest.fail("a trace without a reader did not end")


# ------------------------------------------------ what hangs


def test_lane_that_hangs_is_shown_with_its_stack_while_others_wait(hanging, capsys):
    where = opened(hanging)
    hanging.flag.touch()
    assert hanging.quotes(1, reject=False)
    with Client(hanging.node_dir, OBSERVE) as client:
        asked_until(client, "node", lambda found: found["lane"] == "STUCK")
    rows = {row["path"]: row for row in told(capsys, "ps", *where)}
    assert (rows["AxB"]["phase"], rows["AxB"]["in_hand"], rows["AxB"]["in_hand_ms"] > 500) == ("STUCK", "Quote", True)
    assert (rows["node/treasury"]["blocked_by"], rows["journal/sync"]["blocked_by"]) == ("AxB", None)
    one = told(capsys, "actor", "show", "AxB", *where)
    assert one["stack"][-1].endswith(" hangs")
    assert one["message"].startswith("Quote key=")
    assert told(capsys, "actor", "state", "AxB", "memory.pair.status", *where)["state"] == "IDLE"
    code, out, _ = answer(capsys, "tree", *where)
    assert (code, "STUCK: lane: AxB" in out, "./hedgerow actor stack AxB" in out) == (0, True, True)
    code, _, err = answer(capsys, "status", *where)
    assert (code, "./hedgerow ps" in err) == (4, True)
    hanging.flag.unlink()
    with Client(hanging.node_dir, OBSERVE) as client:
        asked_until(client, "node", lambda found: found["lane"] != "STUCK")
    assert told(capsys, "status", *where)["state"] == "running"


def test_pinned_actor_that_hangs_holds_nobody_up(site, capsys):
    where = opened(site)
    os.mkfifo(site.node_dir / "alerts.jsonl")  # it is opened for writing: until somebody reads
    told(capsys, "kill", "-y", "--level", "block", *where)
    told(capsys, "unkill", "-y", "--reason", "looked", *where)
    with Client(site.node_dir, OBSERVE) as client:
        asked_until(client, "actor", lambda found: found["phase"] == "STUCK", name="node/alerts")
    one = told(capsys, "actor", "show", "node/alerts", *where)
    assert (one["in_hand"], one["depth"] > 0, one["oldest_ms"] is not None) == ("Alert", True, True)  # a stalled lane may be one more
    assert any(line.endswith(" AlertSink.on_alert") for line in one["stack"])
    (row,) = [row for row in told(capsys, "actor", "mailbox", "node/alerts", *where)["lanes"] if row["depth"]]
    assert (row["lane"], list(row["kinds"])) == ("incoming", ["Alert"])
    assert told(capsys, "status", *where)["state"] == "running"
    with (site.node_dir / "alerts.jsonl").open() as file:
        assert json.loads(file.readline())["code"] == "KILLED"


def test_stopped_node_answers_nobody_and_the_tool_says_so(site, capsys):
    where = opened(site)
    site.node.send_signal(signal.SIGSTOP)
    code, _, err = answer(capsys, "ps", *where)
    assert (code, "is the node running?" in err) == (4, True)
    site.node.send_signal(signal.SIGCONT)


# ------------------------------------------------ words


def test_commands_suspend_resume_and_restart_actors_with_records(site, capsys):
    where = opened(site)
    signed = ("-y", "--reason", "look", "--operator", "ann")
    suspends(site, capsys, where, signed)
    restarts(site, capsys, where, signed)
    refuses(capsys, where, signed)
    assert operators(site) == [
        ("actor suspend", "AxB", "ann"),
        ("actor resume", "AxB", "ann"),
        ("actor suspend", "AxB", "ann"),
        ("actor restart", "AxB/rollback", "ann"),
        ("actor restart", "venue/A", "ann"),
    ]
    code, out, _ = answer(capsys, "stop", *where, "--reason", "test", "-o", "json")
    assert (code, json.loads(out)["clean"], site.node.wait(10)) == (0, True, 0)
    assert verify(site.node_dir / "journal").ok


def suspends(site, capsys, where, signed):
    code, out, err = answer(capsys, "actor", "suspend", "AxB", "--dry-run", *where)
    assert (code, out, "suspend AxB for 30 s" in err) == (0, "", True)
    assert answer(capsys, "actor", "suspend", "AxB", "-y", *where)[0] == 2  # no reason
    done = told(capsys, "actor", "suspend", "AxB", *signed, *where)
    assert (done["seq"] > 0, done["actor"], done["until"] > "2") == (True, "AxB", True)
    assert site.quotes(20, reject=False)
    one = told(capsys, "actor", "show", "AxB", *where)
    assert (one["phase"], one["suspended_until"] is not None, one["depth"] > 0) == ("suspended", True, True)
    assert "suspended: AxB" in answer(capsys, "ps", *where)[1]
    assert told(capsys, "actor", "resume", "AxB", *signed, *where)["waiting"] > 0
    assert told(capsys, "actor", "show", "AxB", *where)["phase"] == "running"
    assert answer(capsys, "actor", "resume", "AxB", *signed, *where)[0] == 5
    told(capsys, "actor", "suspend", "AxB", "--for", "0.2", *signed, *where)
    with Client(site.node_dir, OBSERVE) as client:
        asked_until(client, "actor", lambda found: found["phase"] == "running", name="AxB")
    with Client(site.node_dir) as client:
        until(client, lambda found: not found["in_flight"])


def restarts(site, capsys, where, signed):
    done = told(capsys, "actor", "restart", "AxB/rollback", *signed, *where)
    assert (done["epoch"], done["now"], done["up"]) == (1, 2, True)
    one = told(capsys, "actor", "show", "AxB/rollback", *where)
    assert (one["restarts"], one["last_reason"], one["ended"] is not None) == (1, "operator(ann: look)", True)
    assert told(capsys, "actor", "restart", "venue/A", *signed, *where)["up"]
    with Client(site.node_dir) as client:
        until(client, is_open)
    _, _, err = answer(capsys, "actor", "restart", "journal/sync", "--dry-run", *where)
    assert "with node/services, node/desk, node/edge (rest_for_one)" in err
    _, _, err = answer(capsys, "actor", "restart", "node/alerts", "--dry-run", *where)
    assert err == "restart node/alerts\n"


def refuses(capsys, where, signed):
    for verb, name, why in (
        ("suspend", "venue/A", "gateway's link"),
        ("suspend", "node/pairs", "supervisor"),
        ("suspend", "journal/sync", "safe on disk"),
        ("suspend", "node/inspector", "resume"),
        ("restart", "node/root", "the whole node"),
    ):
        code, _, err = answer(capsys, "actor", verb, name, *signed, *where)
        assert (code, why in err) == (5, True), (verb, name, err)


def test_open_orders_are_said_before_a_suspension_and_refuse_a_restart(site, capsys):
    where = opened(site)
    site.control.send(json.dumps({"quotes": 2_000, "pace_us": 3_000, "reject": False}).encode())
    with Client(site.node_dir, "operate") as client:
        words = {"operator": "ann", "reason": "x", "name": "AxB"}
        does = asked_until(client, "actor_suspend", lambda found: len(found["does"]) > 1, dry_run=True, **words)["does"]
        assert ("IT HAS " in does[1], "nobody looks after that" in does[1]) == (True, True)
        does = asked_until(client, "actor_restart", lambda found: len(found["does"]) > 1, dry_run=True, **words)["does"]
        assert "it would be refused without --force" in does[0]
        with pytest.raises(Refused, match="--force"):
            for _ in range(20_000):  # where nothing is open at that moment it is restarted
                client.ask("actor_restart", **words)
    assert site.control.poll(20_000)
    site.control.recv()
    with Client(site.node_dir) as client:
        until(client, lambda found: not found["in_flight"])
    told(capsys, "actor", "restart", "AxB", "--force", "-y", "--reason", "look", *where)
    assert told(capsys, "status", *where)["naked_qty"] == 0
