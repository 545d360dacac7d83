"""Pairs of 2 to 8 legs on real processes: hedged, refused, repaired, flat and equal at the end."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Event

import pytest

from config.load import ROOT

pytestmark = pytest.mark.slow
ENV = {**os.environ, "HEDGEROW_PYTHON": sys.executable}
LOTS = (1, 2, 1, 3)
LOOK_S, PATIENCE_S = 0.25, 40.0
PROCESSES = """
seed = {legs}
[currencies]
USD = 2
[[process]]
name = "w"
kind = "walk"
start = 1000.0
sigma = 0.00002
pull = 0.02
[[process]]
name = "dev"
kind = "revert"
start = 0.0
sigma = 0.5
half_life_ms = 1500
swing = {swing}
swing_ms = 3000
"""
VENUE = """
[[venue]]
name = "{v}"
feed = "continuous"
feed_ms = 20
depth = 10
step_ms = 50
[[venue.account]]
name = "a"
deposit = {{ USD = "5000000.00" }}
"""
LISTED = """
[[venue.instrument]]
symbol = "{v}.{i}"
kind = "linear"
currency = "USD"
tick_size = "0.5"
lot_size = "1"
multiplier = "10"
tifs = "034"
fair = {{ product = ["w"]{plus} }}
crowd = {{ levels = 8, spread_ticks = 2, qty_min = 20, qty_max = 80, takers_per_s = 0.5, take_max = 3 }}
"""
GATEWAY = """
[[venue]]
name = "{v}"
calendar = "venue"
feed = "ipc://{{dir}}/{v}.feed"
trade = "ipc://{{dir}}/{v}.trade"
command = ["{{root}}/hedgerow", "gateway", "simulated", "--exchange", "ipc://{{dir}}/exchange", "--venue", "{{name}}",
  "--account", "a", "--feed", "{{feed}}", "--trade", "{{trade}}", "--dir", "{{dir}}/gateways/{{name}}"]
"""
KNOWN = '[[instrument]]\nvenue = "{v}"\nsymbol = "{v}.{i}"\ntick_size = "0.5"\nmultiplier = "10"\ncurrency = "USD"\n'
LEG = """
[[pair.legs]]
venue = "{v}"
symbol = "{v}.{i}"
side = "{side}"
lots = {lots}
weight = "{lots}"
slippage_cap_ticks = 60
limits = {{ order_lots = 100, price_collar_ticks = 100, position_lots = 1000 }}
"""
TAIL = """
[pair.trigger]
sell_open = "5"
buy_close = "-5"
[pair.size]
units = 2
max_position_units = 4
[pair.defaults]
max_orders_per_hedge = 30
cooldown_ms = 200
[pair.limits]
orders_per_hedge = 30
"""


def written(folder, legs):
    """An exchange of two venues, and a pair with legs at both, X bought and Y sold."""
    exchange = PROCESSES.format(legs=legs, swing=30.0)
    node, sides = f'[node]\nname = "n"\nmode = "live"\ndir = "{folder}/node"\n', ""
    for v, count in (("X", legs - legs // 2), ("Y", legs // 2)):
        exchange += VENUE.format(v=v)
        node += GATEWAY.format(v=v)
        for i in range(count):
            plus = ', plus = ["dev"]' if (v, i) == ("X", 0) else ""
            exchange += LISTED.format(v=v, i=i, plus=plus)
            node += KNOWN.format(v=v, i=i)
            lots = LOTS[i] if legs % 2 == 0 else (1, 1, 2)[i] if v == "X" else (2, 2)[i]
            sides += LEG.format(v=v, i=i, side="buy" if v == "X" else "sell", lots=lots)
    (folder / "exchange.toml").write_text(exchange)
    (folder / "node.toml").write_text(node + '[[pair]]\nname = "P"\ncurrency = "USD"\n' + sides + TAIL)


def asked(*words):
    done = subprocess.run([str(ROOT / "hedgerow"), *words], env=ENV, capture_output=True, text=True, check=False, timeout=60)
    return json.loads(done.stdout) if done.returncode == 0 and done.stdout else None


@pytest.mark.parametrize("legs", [2, 5, 8])
def test_hedges_of_many_legs_are_whole_through_refusals(legs):
    with tempfile.TemporaryDirectory(prefix="hg") as made:
        folder = Path(made)
        (folder / "node").mkdir(mode=0o700)
        written(folder, legs)
        at = f"ipc://{folder}/node/exchange"
        serve = [str(ROOT / "hedgerow"), "sim", "serve", "-c", str(folder / "exchange.toml"), "--endpoint", at]
        run = [str(ROOT / "hedgerow"), "run", "--live", "-c", str(folder / "node.toml"), "--with-parent"]
        started = []
        try:
            for words in (serve, run):
                started.append(subprocess.Popen(words, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))
                assert "ready" in started[-1].stdout.readline()
            subprocess.run([serve[0], "sim", "fault", "--endpoint", at, "Y", "reject", "--count", "3"], env=ENV, check=True, capture_output=True)
            directory, pause = ["-d", str(folder / "node"), "-o", "json"], Event()

            def ended():
                hedges = asked("hedge", "ls", *directory) or []
                done = [each for each in hedges if each["state"] in ("DONE", "PART", "NONE")]
                return len(done) >= 4 and any(each["repairs"] for each in done)

            assert any(ended() or pause.wait(LOOK_S) for _ in range(int(PATIENCE_S / LOOK_S)))
            stopped = asked("stop", *directory)
            assert stopped["clean"] and not stopped["left"]
            pair = asked("pair", "show", *directory)
            assert pair["naked_qty"] == 0 and len(pair["legs"]) == legs
            truth = asked("sim", "truth", "--endpoint", at, "-o", "json")
            assert sorted(_nets(truth)) == sorted(leg["net_lots"] for leg in pair["legs"] if leg["net_lots"])
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait(20)
                process.stdout.close()


def _nets(told):
    """Every net quantity that is not 0 in what the venues' books say."""
    if isinstance(told, dict):
        own = [told["net_qty"]] if told.get("net_qty") else []
        return own + [net for value in told.values() for net in _nets(value)]
    return [net for value in told for net in _nets(value)] if isinstance(told, list) else []
