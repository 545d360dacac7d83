"""An exchange, a gateway and a foreign node in one thread, on one clock.

They are joined by their real sockets; the node speaks the protocol page.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import zmq

from exchange.config import load
from exchange.server import ExchangeClock, Server, bind
from exchange.truth import TruthLog, read, truth_of
from exchange.world import World
from gateways.simulated.adapter import SimulatedAdapter
from gateways.simulated.settings import Settings
from gateways.skeleton import Gateway, GatewaySettings

ROOT = Path(__file__).resolve().parents[3]
CU = "SHFE.cu2703"
STEP_MS = 10
LAPS = 300
PATIENCE_S = 20
SETTLE_LAPS = 10


@pytest.fixture(scope="module")
def spec():
    return load(ROOT / "config" / "exchange" / "copper.toml")


class Street:
    """An exchange, a gateway on it and a node at it."""

    def __init__(self, spec, kit):
        self.kit = kit
        self.clock = clock = kit.FakeClock()
        self.folder = tempfile.mkdtemp(prefix="hg")
        self.context = zmq.Context()
        at = f"ipc://{self.folder}"
        exchange_clock = ExchangeClock(clock)
        self.world = World(spec, 3, exchange_clock.now(), "20260105")
        self.socket = bind(self.context, f"{at}/x")
        self.log = TruthLog(Path(self.folder) / "truth")
        self.log.start(self.world, 3)
        self.server = Server(self.socket, self.world, exchange_clock, self.log)
        adapter = SimulatedAdapter(Settings(f"{at}/x", "SHFE", "shanghai-1", "g1", settle_ms=100), clock)
        settings = GatewaySettings("SHFE", f"{at}/f", f"{at}/t", Path(self.folder) / "store")
        self.inner = Gateway(settings, adapter, clock, self.context)
        self.inner.start()
        self.trade_endpoint, self.feed_endpoint, self.gateway = f"{at}/t", f"{at}/f", self
        self.venue = SimpleNamespace(submitted=[None])
        self.exchange = self.world.venues["SHFE"]
        self.node = kit.Node(self, "n1", 7)

    def begin(self):
        self.until(lambda: self.inner.account.session_up)
        self.node.logon()
        self.node.until("d", last=True)
        self.node.got.clear()

    def lap(self, _wait_ms=1):
        self.clock.pass_ms(STEP_MS)
        self.pump()

    def pump(self):
        self.server.lap()
        self.inner.lap(1)

    def until(self, done):
        """Laps until it is; after the most of them only what is on its way moves, for a machine that stood still."""
        limit = time.monotonic() + PATIENCE_S
        laps = 0
        while not done():
            if laps < LAPS:
                self.lap()
            elif time.monotonic() < limit:
                self.pump()
            else:
                raise TimeoutError("it never came to be")
            laps += 1

    def pass_ms(self, ms):
        for _ in range(ms // STEP_MS):
            self.lap()
        for _ in range(SETTLE_LAPS):  # what is on its way arrives, no time passes
            self.pump()
        self.node.take()

    def trouble(self, kind, **args):
        return self.world.trouble("SHFE", kind, self.server._clock.now(), **args)

    def far(self, side):
        low, high = self.exchange.listings[CU].limits
        return high if side == "1" else low

    def order(self, clord_id="a", *, rest=False, side="1", qty=2, **more):
        """At the day's limit: at once whatever the book is, or never."""
        px = self.far("2" if side == "1" else "1") if rest else self.far(side)
        fields = {"symbol": CU, "side": side, "qty": qty, "px": px, "tif": "0" if rest else "3", **more}
        self.node.order(clord_id, not_after_ns=2**62, **fields)
        if rest:
            self.node.until("8", clord_id=clord_id, exec_type="0")

    def told(self, clord_id="a", ms=100):
        """What more is told of an order within so long: type, status, cum."""
        self.pass_ms(ms)
        got = [self.kit.named(one) for one in self.node.got if one[0] == "8" and one[2] == clord_id]
        self.node.got.clear()
        return [(one["exec_type"], one["ord_status"], one["cum_qty"], one["poss_resend"]) for one in got]

    def steps(self, clord_id="a", ms=100):
        return ["".join(map(str, one[:3])) for one in self.told(clord_id, ms)]

    def asked(self, clord_id="a"):
        """The answer of `H`: steps, or the reject that there is no answer."""
        self.node.send("H", f"h{self.clock.mono}", clord_id)

        def answered():
            self.node.take()
            tags = [(one[0], one[5] if one[0] == "8" else "") for one in self.node.got]
            return ("8", "I") in tags or ("j", "") in tags

        self.until(answered)
        return self.steps(clord_id, 0)

    def met(self):
        return [(one["kind"], one["missed"]) for one in read(Path(self.folder) / "truth") if one["t"] == "trouble"]

    def truth(self):
        return truth_of(self.world, "SHFE")["SHFE"]["shanghai-1"]

    def net(self):
        return self.truth()["symbols"].get(CU, {"net_qty": 0})["net_qty"]

    def close(self):
        self.log.close()
        self.node.socket.close(0)
        self.inner.close()
        self.socket.close(0)
        self.context.destroy(linger=0)
        shutil.rmtree(self.folder)


@pytest.fixture
def street(spec, kit):
    made = Street(spec, kit)
    try:
        made.begin()
        yield made
    finally:
        made.close()
