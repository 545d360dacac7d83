"""A root and two shards as real processes: killed, hung, leaking, held back."""

import os
import signal
import subprocess

import pytest

from config.load import ROOT
from journal.reader import read
from system import processes
from tests.whole.shard_desk import ENV, WAIT_MS
from tools.alert import read_all
from tools.demo_run import DemoRun
from tools.fuse import FuseOrder, light
from tools.inspect_views import VIEWS, Source, describe
from wire.codec import unpack

pytestmark = pytest.mark.slow


def test_shards_are_one_node_to_its_user(desk):
    desk.begin()
    for shard in ("metal", "rest"):
        desk.trades_on(shard)
    status = desk.said("status")
    assert (status["node"], status["state"], status["pairs"], [row["phase"] for row in status["shards"]]) == ("torture", "running", 4, ["running"] * 2)
    assert {(row["pair"], row["shard"]) for row in desk.said("pair", "ls")} == {("CU03xHGH", "metal"), ("CU-STOCK", "metal"), ("AU04xGCJ", "rest"), ("SC03xBZJ", "rest")}
    places = [row["place"] for row in desk.said("position", "ls")]
    assert len(places) == len(set(places))
    hedges = desk.said("hedge", "ls")
    assert {row["pair"] for row in hedges} >= {"CU03xHGH", "AU04xGCJ"}
    assert [row["times"]["opened"] for row in hedges] == sorted(row["times"]["opened"] for row in hedges)
    for hedge in (hedges[0]["hedge"], hedges[-1]["hedge"]):
        assert desk.said("hedge", "show", hedge)["hedge"] == hedge
        assert desk.said("audit", "show", hedge)["hedge"] == hedge
    assert {row["path"].partition(":")[0] for row in desk.said("ps")} == {"metal", "rest"}
    assert {row["path"].partition(":")[0] for row in desk.said("top")["actors"]} == {row["shard"] for row in desk.said("top")["shards"]} == {"metal", "rest"}
    assert (desk.said("actor", "show", "AU04xGCJ")["shard"], desk.said("actor", "show", "metal:node/root")["shard"]) == ("rest", "metal")
    code, _, said = desk.say("actor", "show", "node/root")
    assert (code, "metal:node/root" in said, "rest:node/root" in said) == (2, True, True)
    assert len(desk.said("actor", "trace", "CU03xHGH", "-n", "2")) == 2
    code, told, _ = desk.say("actor", "suspend", "rest:AU04xGCJ", "--for", "60", "-y", "--reason", "test")
    assert (code, told["shard"]) == (0, "rest")
    assert desk.say("actor", "resume", "AU04xGCJ", "-y", "--reason", "test")[0] == 0
    trades = {row["pair"]: row["shard"] for row in desk.said("pair", "ls")}
    assert {row["pairs"][0]: row["shard"] for row in desk.said("risk", "limits", "show")} == trades
    source = Source(desk.node_dir)
    for view in VIEWS.values():
        rows = source.rows(view)
        assert len({row[view.key] for row in rows}) == len(rows) > 0
        assert describe(source, view, rows[0], "en")
        assert source.client("observe").ask("actor", name=view.actor(rows[0]))["shard"] in ("metal", "rest")
    source.close()
    days = desk.said("position", "statement")
    assert {(row["venue"], row["currency"]) for row in days} == {("SHFE", "CNY"), ("COMEX", "USD")}
    assert {each["symbol"] for row in days for each in row["symbols"]} >= {"SHFE.au2704", "SHFE.cu2703"}
    assert desk.say("position", "reconcile", "SHFE", "NO.NE", "-y", "--reason", "test")[0] == 1
    assert desk.say("pair", "show", "NOPE")[2].startswith("hedgerow: no pair 'NOPE'; there are: AU04xGCJ")
    code, told, _ = desk.say("pair", "disable", "AU04xGCJ", "-y", "--reason", "test")
    assert (code, told["shard"]) == (0, "rest")
    code, told, _ = desk.say("kill", "--scope", "market SHFE", "--level", "block", "-y")
    assert (code, told["away"], sorted(told["seq"])) == (0, [], ["metal", "rest"])
    assert desk.said("status")["kills"] == ["block market SHFE"]
    assert desk.say("unkill", "--scope", "market SHFE", "-y", "--reason", "test")[0] == 0
    before = {path.name: path.read_text() for path in (desk.node_dir / "gateways").glob("*.pid")}
    processes.send_signal(processes.adopt(desk.node_dir / "gateways" / "FX.pid"), signal.SIGSTOP)  # it does not hear a SIGTERM
    assert desk.say("gateway", "restart", "FX", "-y", "--reason", "test")[0] == 0
    desk.until(lambda: (desk.node_dir / "gateways" / "FX.pid").exists() and (desk.node_dir / "gateways" / "FX.pid").read_text() != before["FX.pid"], "FX is started anew")
    assert desk.said("config", "diff", "-c", str(desk.config[0]), "-c", str(desk.config[1])) == []
    for words in (DemoRun.node_words(desk), [*DemoRun.node_words(desk), "--shard", "metal"]):
        second = subprocess.run([str(ROOT / "hedgerow"), *words], env=ENV, capture_output=True, text=True, check=False)
        assert (second.returncode, "held by node torture" in second.stderr) == (5, True)
    alone = desk.folder / "alone.toml"
    alone.write_text(desk.config[1].read_text().partition("[shards]")[0])
    second = subprocess.run([str(ROOT / "hedgerow"), "run", "-c", str(desk.config[0]), "-c", str(alone), "--live"], env=ENV, capture_output=True, text=True, check=False)
    assert (second.returncode, "held by node torture." in second.stderr) == (5, True)
    desk.stop()
    assert desk.say("status")[0] == 4
    assert {row["pair"] for row in desk.said("pair", "ls")} == {"AU04xGCJ", "SC03xBZJ", "CU03xHGH", "CU-STOCK"}
    desk.check()


def test_a_shard_dies_alone_and_a_kill_reaches_one_that_is_away(desk):
    desk.begin("hang_ms = 9000\n")
    for shard in ("metal", "rest"):
        desk.trades_on(shard)
    before, hedges = desk.shards(), desk.hedges("rest")
    os.kill(before["rest"]["pid"], signal.SIGKILL)
    desk.until(lambda: desk.is_up("rest", before["rest"]["epoch"]), "rest is raised")
    assert desk.shards()["metal"]["epoch"] == before["metal"]["epoch"]
    assert desk.shards()["rest"]["restarts"] == 1
    assert all(count >= hedges[pair] for pair, count in desk.hedges("rest").items())
    desk.trades_on("rest")
    raised = desk.shards()["rest"]
    os.kill(raised["pid"], signal.SIGSTOP)
    code, told, said = desk.say("kill", "--level", "block", "-y")
    assert (code, told["away"], told["left"]) == (4, ["rest"], ["rest"])
    assert "the word is left for it" in said
    desk.until(lambda: desk.is_up("rest", raised["epoch"]), "rest is raised again")
    assert "SHARD_HUNG" in desk.codes("root")
    assert desk.said("status")["kills"] == ["block all"]
    assert desk.shards()["metal"]["epoch"] == before["metal"]["epoch"]
    assert desk.say("unkill", "-y", "--reason", "test")[0] == 0
    desk.trades_on("rest")
    desk.stop()
    desk.check()


def test_a_shard_that_dies_again_and_again_waits_for_no_long_time(desk):
    desk.begin()
    for _ in range(7):
        before = desk.shards()["rest"]
        os.kill(before["pid"], signal.SIGKILL)
        desk.until(lambda before=before: desk.is_up("rest", before["epoch"]), "rest is raised")
    news = [(record.mono_ns, told["event"]) for record in read(desk.node_dir / "journal") if record.kind == "shard" and (told := unpack(record.body))["shard"] == "rest"]
    ended = [at_ns for at_ns, event in news if event == "ended"]
    waits_ms = [(next(at_ns for at_ns, event in news if event == "started" and at_ns > end_ns) - end_ns) / 1e6 for end_ns in ended]
    assert len(waits_ms) == 7
    assert max(waits_ms) < 2_000  # what its pairs have open has three seconds
    desk.stop()
    desk.check()


def test_shards_outlive_their_root_and_the_next_one_adopts_them(desk):
    desk.begin()
    before = desk.shards()
    os.kill(desk._running["node"].pid, signal.SIGKILL)
    processes.wait(desk._running.pop("node"), WAIT_MS)
    assert desk.said("status")["state"] == "root away"
    assert desk.say("kill", "--level", "block", "-y", "--reason", "no root")[:1] == (0,)
    assert desk.say("unkill", "-y", "--reason", "test")[0] == 0
    for shard in ("metal", "rest"):
        desk.trades_on(shard)
    desk.start_node()
    after = desk.shards()
    assert {name: (row["pid"], row["epoch"]) for name, row in after.items()} == {name: (row["pid"], row["epoch"]) for name, row in before.items()}
    os.kill(after["metal"]["pid"], signal.SIGKILL)
    desk.until(lambda: desk.is_up("metal", after["metal"]["epoch"]), "an adopted shard is raised again")
    os.kill(desk._running["node"].pid, signal.SIGKILL)
    processes.wait(desk._running.pop("node"), WAIT_MS)
    code, rows, said = desk.say("stop")
    assert (code, [row["clean"] for row in rows], "its root is gone" in said) == (0, [True, True], True)
    assert not [path for path in (desk.node_dir / "gateways").glob("*.pid") if processes.adopt(path)]
    desk.check()


def test_a_lane_that_spins_and_memory_that_leaks_end_their_own_shard(desk):
    desk.config[1].write_text(desk.config[1].read_text().replace('name = "rest"\n', 'name = "rest"\nmax_memory_mb = 256\n'))
    desk.begin()
    before = desk.shards()
    light(desk.fuses / "rest", FuseOrder(1, "first_fill", "node", "SPIN"))
    desk.until(lambda: desk.is_up("rest", before["rest"]["epoch"]), "a hung lane is ended and raised")
    assert "LANE_HUNG" in desk.codes("rest")
    spun = desk.shards()["rest"]
    light(desk.fuses / "rest", FuseOrder(2, "first_fill", "node", "LEAK"))
    desk.until(lambda: desk.is_up("rest", spun["epoch"]), "a leak is ended and raised")
    assert {"SHARD_MEMORY", "SHARD_MEMORY_OVER"} <= set(desk.codes("root"))
    assert desk.shards()["rest"]["memory_mb"] < 256
    assert desk.shards()["metal"]["epoch"] == before["metal"]["epoch"]
    desk.trades_on("rest")
    desk.stop()
    desk.check()


def test_a_shard_that_cannot_start_is_held_back_and_what_it_has_open_is_told(desk):
    desk.begin()
    desk.trades_on("rest")
    desk.until(lambda: any(row["units"] for row in desk.said("pair", "ls") if row["shard"] == "rest"), "rest holds something")
    desk.stop()
    text = desk.config[1].read_text()
    moved = desk.folder / "moved.toml"
    here, there = 'pairs = ["AU04xGCJ", "SC03xBZJ"]', 'pairs = ["CU03xHGH", "CU-STOCK"]'
    moved.write_text(text.replace(here, "HERE").replace(there, here).replace("HERE", there))
    words = ["run", "-c", str(desk.config[0]), "-c", str(moved), "--live"]
    refused = subprocess.run([str(ROOT / "hedgerow"), *words], env=ENV, capture_output=True, text=True, check=False)
    assert (refused.returncode, "flatten it there first" in refused.stderr) == (2, True), refused.stderr
    desk.config[1].write_text(text.replace("restarts = 100000", "restarts = 1\nhold_ms = 1000"))
    in_the_way = desk.dir_of("rest") / "operate"
    in_the_way.unlink()
    in_the_way.mkdir()
    desk.start_node()
    desk.until(lambda: "SHARD_LEFT_OPEN" in desk.codes("root"), "it is held back, and what it has open is told")
    (told, *_) = [row for row in read_all(desk.node_dir) if row["code"] == "SHARD_LEFT_OPEN"]
    assert any(any(row["held"]) for row in told["pairs"])
    desk.trades_on("metal")
    assert {row["state"] for row in desk.said("pair", "ls") if row["shard"] == "rest"} == {"DOWN"}
    code, rows, said = desk.say("risk", "limits", "show")
    assert (code, {row["shard"] for row in rows}, "shard rest is away" in said) == (4, {"metal"}, True)
    in_the_way.rmdir()
    desk.until(lambda: desk.is_up("rest", 0), "it is tried again, never dropped")
    desk.trades_on("rest")
    desk.stop()
    desk.check()
