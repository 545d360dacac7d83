"""A running node changed by the commands: said, asked, recorded; kept over a restart."""

import json
import signal
import subprocess
import sys

import pytest

from tests.test_style import ROOT
from tests.tools.test_node_commands import Site, answer, is_open, until
from tests.tools.test_operator_verbs import told
from tools.client import Client
from tools.node_again import file_of

pytestmark = pytest.mark.slow

LEG = """
[[pair.legs]]
venue = "{0}"
symbol = "{0}.X"
side = "{1}"
lots = 1
limits = {{ order_lots = 10, price_collar_ticks = 100, position_lots = 10 }}
"""
PAIR = '\n[[pair]]\nname = "{0}"\ncurrency = "USD"\nstrategy = "metals"\n' + LEG.format("A", "buy") .replace("{", "{{").replace("}", "}}") + LEG.format("B", "sell").replace("{", "{{").replace("}", "}}") + '[pair.trigger]\non = "spread"\nsell_open = "{1}"\nbuy_close = "-900"\n'


@pytest.fixture
def site():
    made = Site()
    with Client(made.node_dir) as client:
        until(client, is_open)
    yield made
    made.close()


class Desk:
    """The commands on one site, and the file beside its own that they read."""

    def __init__(self, site, capsys):
        self.site, self.capsys = site, capsys
        self.file = site.folder / "new.toml"

    def says(self, *pairs):
        self.file.write_text("".join(PAIR.format(name, level) for name, level in pairs))

    @property
    def files(self):
        return ("-c", str(self.site.config), "-c", str(self.file))

    def done(self, *argv, reason="a test"):
        return told(self.capsys, *argv, *self.files, "-y", "--reason", reason, "--operator", "ann")

    def refused(self, *argv):
        code, out, err = answer(self.capsys, *argv, *self.files, "-y", "--reason", "x")
        assert (out, err.count("Traceback")) == ("", 0)
        return code, err

    def pairs(self):
        return [row["pair"] for row in told(self.capsys, "pair", "ls", *self.files)]


@pytest.fixture
def desk(site, capsys):
    return Desk(site, capsys)


def test_pairs_strategies_and_limits_are_changed_while_the_node_runs(desk):
    desk.says(("N1", 900), ("N2", 900))
    assert desk.done("pair", "add", "N1")["added"] == ["N1"]
    assert desk.pairs() == ["AxB", "N1"]
    assert desk.refused("pair", "add", "N1") == (5, "hedgerow: N1 runs already: ./hedgerow pair change N1 makes it as the file says\n")
    assert desk.refused("pair", "add", "N9")[0] == 1
    assert desk.done("strategy", "add", "metals")["added"] == ["N2"]
    strategies(desk)
    desk.says(("N2", 901))
    assert desk.done("pair", "change", "N2")["changed"] == ["N2"]
    assert desk.done("strategy", "change", "metals")["removed"] == ["N1"]
    assert desk.done("pair", "remove", "N2")["removed"] == ["N2"]
    assert desk.pairs() == ["AxB"]
    assert desk.refused("pair", "remove", "N2")[0] == 5
    limits(desk)


def strategies(desk):
    desk.done("strategy", "disable", "metals")
    assert told(desk.capsys, "strategy", "ls", *desk.files) == [{"strategy": "metals", "mode": "PAUSED", "pairs": ["N1", "N2"]}]
    held = told(desk.capsys, "pair", "show", "N1", *desk.files)["held"]
    assert held == "SUSPENDED strategy metals: PAUSED"
    desk.done("strategy", "enable", "metals")
    assert desk.refused("strategy", "remove", "nothing")[0] == 1


def limits(desk):
    desk.done("risk", "limits", "set", "A", "A.X", "--position-lots", "5")
    rows = {row["instrument"]: row for row in told(desk.capsys, "risk", "limits", "show", *desk.files)}
    assert (rows["A/A.X"]["position_lots"], rows["A/A.X"]["room_buy"], rows["B/B.X"]["position_lots"]) == (5, 5, 10)
    assert desk.refused("risk", "limits", "set", "A", "A.Y", "--position-lots", "5")[0] == 1
    assert desk.refused("risk", "limits", "set", "A", "A.X")[0] == 2
    code, err = desk.refused("risk", "limits", "set", "A", "A.X", "--price-collar-ticks", "1")
    assert (code, "slippage cap" in err) == (2, True)


def test_config_apply_is_all_or_nothing_and_kept_over_a_restart(desk, capsys):
    desk.says(("N1", 900))
    code, _, err = answer(capsys, "config", "apply", *desk.files, "--dry-run")
    assert (code, "pair N1: added" in err) == (0, True)
    assert desk.done("config", "apply")["added"] == ["N1"]
    assert answer(capsys, "config", "diff", *desk.files)[0] == 0
    desk.file.write_text(PAIR.format("N1", 901) + '\n[[venue]]\nname = "A"\naccount = "7"\n')
    code, err = desk.refused("config", "apply")
    assert (code, "venue[A].account" in err, "needs a start" in err) == (5, True, True)
    site = desk.site
    site.node.send_signal(signal.SIGTERM)
    assert site.node.wait(20) == 0
    site.node.stdout.close()
    node = [sys.executable, "-m", "tools", "run", "-c", str(site.config), "--live", "--log-level", "ERROR"]
    site.node = subprocess.Popen(node, cwd=ROOT, stdout=subprocess.PIPE)
    json.loads(site.node.stdout.readline())
    desk.says(("N1", 900))
    assert desk.pairs() == ["AxB", "N1"]
    assert file_of((str(site.config), str(desk.file)), "pair[N1]") == str(desk.file)
    assert "CONFIG_KEPT" in [row["code"] for row in told(capsys, "alert", "ls", *desk.files)]


def test_hedges_and_orders_by_hand(desk, capsys):
    files = ("-c", str(desk.site.config))
    desk.file.write_text("")
    code, _, err = answer(capsys, "hedge", "open", "AxB", "buy", "--dry-run", *files)
    assert (code, "AxB: open 1 units" in err) == (0, True), err
    told_open = desk.done("hedge", "open", "AxB", "buy")
    assert told_open["hedge"].startswith("AxB.")
    with Client(desk.site.node_dir) as client:
        until(client, lambda status: not status["in_flight"])
    rows = told(capsys, "order", "ls", "--all", *files)
    assert [row["status"] for row in rows] == ["FILLED", "FILLED"]
    assert told(capsys, "order", "ls", *files) == []
    assert desk.refused("order", "cancel", rows[0]["order"])[0] == 5
    assert desk.refused("hedge", "rollback", told_open["hedge"])[0] == 5
    assert desk.done("hedge", "close", "AxB")["left"] == 0
