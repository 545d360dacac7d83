"""Gateways that a root keeps, as real processes: one that hangs is ended, the others stay."""

import os
import signal

import pytest

from system import processes
from tests.whole.shard_desk import WAIT_MS

pytestmark = pytest.mark.slow


def gateways(desk):
    return {path.stem: processes.adopt(path) for path in (desk.node_dir / "gateways").glob("*.pid")}


def test_a_gateway_that_hangs_is_ended_by_the_root_and_started_again(desk):
    with desk.config[1].open("a") as overlay:
        overlay.write("".join(f'\n[[venue]]\nname = "{name}"\nhang_ms = 1000\n' for name in ("SHFE", "FX")))
    desk.begin()
    os.kill(desk._running["node"].pid, signal.SIGKILL)
    processes.wait(desk._running.pop("node"), WAIT_MS)
    desk.start_node()  # it adopts them: they have had their time to start
    before, shards = gateways(desk), desk.shards()
    for venue in ("SHFE", "FX"):  # one that takes orders, and a feed alone
        desk.trades_on("rest")
        processes.send_signal(before[venue], signal.SIGSTOP)
        desk.until(lambda venue=venue: gateways(desk).get(venue) not in (None, before[venue]), f"{venue} is started anew")
        assert not processes.alive(before[venue])
    assert desk.codes("root").count("GATEWAY_HUNG") == 2
    assert gateways(desk)["COMEX"] == before["COMEX"]
    assert {name: row["epoch"] for name, row in desk.shards().items()} == {name: row["epoch"] for name, row in shards.items()}
    for shard in ("metal", "rest"):
        desk.trades_on(shard)
    desk.stop()
    desk.check()
