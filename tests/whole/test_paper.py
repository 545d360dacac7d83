"""Paper mode on real processes: live quotes, and no order leaves our side."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
import zmq

from config.load import ROOT, load
from domain.errors import ConfigError
from tests.whole.foreign_gateway import ForeignVenue
from tools.client import Client
from tools.errors import NotConnected
from tools.paper import on_paper

ENV = {**os.environ, "HEDGEROW_PYTHON": sys.executable}
PUMP_S = 0.005
LOOK_S = 0.1
PATIENCE_S = 60.0

CONFIG = """
[node]
name = "p"
mode = "paper"
dir = "var"

[defaults]
cooldown_ms = 100
failure_cooldown_ms = 100      # a busy machine may miss a quote
failure_cooldown_max_ms = 100
max_failures = 1000

[[pair]]
name = "AxB"
currency = "CNY"
[pair.trigger]
on = "spread"
sell_open = "50"
buy_close = "10"
[pair.size]
units = 2
max_position_units = 2
"""
VENUE = """
[[venue]]
name = "{name}"
feed = "ipc://{{dir}}/{name}.feed"
trade = "ipc://{{dir}}/{name}.trade"
[[instrument]]
venue = "{name}"
symbol = "{name}.X"
tick_size = "1"
currency = "CNY"
"""
LEG = """
[[pair.legs]]
venue = "{name}"
symbol = "{name}.X"
side = "{side}"
lots = 1
limits = {{ order_lots = 10, price_collar_ticks = 40, position_lots = 20 }}
"""


class Market(threading.Thread):
    """Two foreign venues, pumped until told to stop; A is rich and cheap in turn."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.folder, self.over, self.rich = folder, threading.Event(), True
        self.venues = []

    def run(self):
        with zmq.Context() as context:
            self.venues = [ForeignVenue(name, self.folder, context) for name in "AB"]
            laps = 0
            while not self.over.wait(PUMP_S):
                if laps % 100 == 0:
                    mid = 1060 if laps % 200 else 1000
                    self.venues[0].quote(mid - 1, mid, 10)
                    self.venues[1].quote(999, 1000, 10)
                laps += 1
                for venue in self.venues:
                    venue.pump()
            for venue in self.venues:
                venue.close()


@pytest.fixture
def folder():
    """A short path, as sockets want."""
    with tempfile.TemporaryDirectory(prefix="hg") as made:
        text = CONFIG.split("[pair.trigger]")
        body = text[0] + LEG.format(name="A", side="buy") + LEG.format(name="B", side="sell") + "[pair.trigger]" + text[1]
        (Path(made) / "c.toml").write_text(body + "".join(VENUE.format(name=name) for name in "AB"))
        (Path(made) / "var").mkdir(mode=0o700)
        yield Path(made)


def asked(folder, verb):
    """An answer of the node; None while there is none."""
    try:
        with Client(folder / "var" / "paper") as client:
            return client.ask(verb)
    except NotConnected:
        return None


def traded(folder):
    """Lots that the paper account at A has traded: opened, and closed again."""
    truth = folder / "var" / "paper" / "gateways" / "A" / "truth.log"
    lines = truth.read_text().splitlines() if truth.exists() else []
    return sum(json.loads(line)["qty"] for line in lines if '"t":"trade"' in line)


@pytest.mark.slow
def test_paper_hedges_on_live_quotes_and_the_venues_get_nothing(folder):
    market = Market(folder / "var")
    market.start()
    words = [str(ROOT / "hedgerow"), "run", "-c", str(folder / "c.toml"), "--with-parent"]
    node = subprocess.Popen(words, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    pause = threading.Event()
    try:
        assert "ready" in node.stdout.readline()
        assert any(traded(folder) >= 4 or pause.wait(LOOK_S) for _ in range(int(PATIENCE_S / LOOK_S)))
        assert asked(folder, "status")["mode"] == "paper"
        node.send_signal(signal.SIGTERM)
        assert node.wait(PATIENCE_S) == 0
    finally:
        node.kill()
        node.wait(10)
        node.stdout.close()
        market.over.set()
        market.join(10)
    assert [venue.frames for venue in market.venues] == [[], []]  # not even a logon


def test_paper_connects_to_paper_venues_alone_and_has_a_folder_of_its_own(folder):
    files = (str(folder / "c.toml"),)
    loaded = load(files)
    config = on_paper(loaded, files)
    live = {venue.trade for venue in loaded.config.venue}
    assert config.node.dir == str(folder / "var" / "paper")
    assert [venue.name for venue in config.venue] == ["A", "B"]
    assert not live & {venue.trade for venue in config.venue}
    assert all(f"ipc://{folder}/var/{venue.name}.feed" in venue.command for venue in config.venue)
    assert not live & {word for venue in config.venue for word in venue.command}


def test_a_gateway_that_we_start_is_given_no_trade_endpoint_on_paper(folder):
    over = folder / "over.toml"
    over.write_text('[[venue]]\nname = "A"\ncommand = ["gw", "--feed", "{feed}", "--trade", "{trade}"]\n')
    files = (str(folder / "c.toml"), str(over))
    venues = {venue.name: venue for venue in on_paper(load(files), files).venue}
    assert list(venues) == ["A", "A.source", "B"]
    source = venues["A.source"]
    assert source.command == ("gw", "--feed", f"ipc://{folder}/var/A.feed", "--trade", "")
    assert (source.feed, source.trade) == (f"ipc://{folder}/var/A.feed", None)


def test_a_venue_that_trades_in_two_currencies_is_refused_before_anything_starts(folder):
    over = folder / "over.toml"
    over.write_text('[[instrument]]\nvenue = "A"\nsymbol = "A.Y"\ntick_size = "1"\ncurrency = "USD"\n')
    files = (str(folder / "c.toml"), str(over))
    with pytest.raises(ConfigError, match=r"venue\[A\] = 'A': allowed: one currency .* CNY, USD"):
        on_paper(load(files), files)
    over.write_text('[[instrument]]\nvenue = "A"\nsymbol = "A.Y"\ntick_size = "1"\ncurrency = "CNH"\nkind = "fx"\n')
    assert len(on_paper(load(files), files).venue) == 2
