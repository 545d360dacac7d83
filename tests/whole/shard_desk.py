"""A desk of two shards under a root, as real processes, for tests."""

import json
import os
import subprocess
import sys
from contextlib import suppress

import pytest

from config.load import ROOT
from system import processes
from tools.alert import read_all
from tools.client import Client, reach
from tools.demo_books import summary_of
from tools.errors import NotConnected
from tools.torture_shards import ShardsRun

ENV = {**os.environ, "HEDGEROW_PYTHON": sys.executable}
WAIT_MS = 40_000


class Desk(ShardsRun):
    """The torture's two shards, nobody tortured."""

    def begin(self, more=""):
        self.config[1].write_text(self.config[1].read_text().replace("[shards]\n", "[shards]\n" + more))
        self.stock.open()
        self.start_exchange(3)
        self.start_node()

    def until(self, holds, what):
        for _ in self._until(WAIT_MS):
            with suppress(NotConnected):
                if holds():
                    return
            processes.wait(self._running["exchange"], 50)
        pytest.fail(f"not within {WAIT_MS} ms: {what}: {self.said('status')}")

    def say(self, *words):
        """Exit code, what it prints as data, what it says."""
        where = () if words[:2] == ("config", "diff") or "--dir" in words else ("--dir", str(self.node_dir))
        done = subprocess.run([str(ROOT / "hedgerow"), "-o", "json", *words, *where], env=ENV, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else None, done.stderr

    def said(self, *words):
        return self.say(*words)[1]

    def shards(self):
        with reach(self.node_dir) as client:
            return {row["shard"]: row for row in client.ask("status")["shards"]}

    def hedges(self, shard):
        with Client(self.dir_of(shard)) as client:
            return {row["pair"]: row["hedges"] for row in client.rows("pairs", "pair")}

    def trades_on(self, shard):
        before = self.hedges(shard)
        self.until(lambda: sum(self.hedges(shard).values()) > sum(before.values()), f"{shard} trades on")

    def is_up(self, shard, epoch):
        with Client(self.dir_of(shard)) as client:
            told = client.ask("status")
            return told["epoch"] > epoch and all(venue["stage"] == "OPEN" for venue in told["venues"])

    def codes(self, node):
        return [row["code"] for row in read_all(self.node_dir) if row["node"] == node]

    def stop(self):
        code, told, said = self.say("stop")
        assert (code, told["clean"]) == (0, True), said
        assert self._end("node") == 0

    def check(self):
        """By the venues' own account nothing is naked, working or unknown to our books."""
        found = summary_of(self)
        assert (found["naked_qty"], found["working"], found["books_equal"], found["money_equal"], found["journal_verified"]) == (0, 0, True, True, True), found["problems"]
        assert self.say("journal", "verify")[0] == 0
