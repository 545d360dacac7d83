"""What runs in a node of shards, changed from its own directory, as real processes."""

import os
import signal

import pytest

from system import processes
from tests.whole.shard_desk import WAIT_MS
from tools import shard_places

pytestmark = pytest.mark.slow

WHY = ("-y", "--reason", "test")
NEW = """
[[pair]]
name = "NEW"
currency = "CNY"
strategy = "copper"

[[pair.legs]]
venue = "SHFE"
symbol = "SHFE.cu2704"
side = "buy"
lots = 1
limits = { order_lots = 45, price_collar_ticks = 40, position_lots = 90 }

[[pair.legs]]
venue = "COMEX"
symbol = "COMEX.HGH27"
side = "sell"
lots = 1
unit_factor = "cents_per_pound_to_per_ton"
fx = "USDCNH"
limits = { order_lots = 20, price_collar_ticks = 60, position_lots = 40 }

[pair.trigger]
on = "spread"
sell_open = "9000000"
buy_close = "-9000000"
"""


class Hands:
    """Words to the desk, and the files that they take."""

    def __init__(self, desk):
        self.desk = desk
        self.file = desk.folder / "new.toml"
        self.file.write_text(NEW)

    @property
    def files(self):
        return [word for file in (*self.desk.config, self.file) for word in ("-c", str(file))]

    def done(self, *words):
        code, told, said = self.desk.say(*words, *self.files, *WHY)
        assert code == 0, said
        return told

    def refused(self, *words):
        code, _, said = self.desk.say(*words, *self.files, *WHY)
        return code, said

    def places(self):
        return {row["pair"]: row["shard"] for row in self.desk.said("pair", "ls")}

    def kill_root(self):
        os.kill(self.desk._running["node"].pid, signal.SIGKILL)
        processes.wait(self.desk._running.pop("node"), WAIT_MS)


def test_a_change_goes_to_the_shards_that_it_is_of_and_is_kept_by_all_starts(desk):
    text = desk.config[1].read_text().replace('pairs = ["CU03xHGH", "CU-STOCK"]', 'pairs = ["CU-STOCK"]\nstrategies = ["copper"]')
    desk.config[1].write_text(text.replace('name = "CU03xHGH"\n', 'name = "CU03xHGH"\nstrategy = "copper"\n'))
    desk.begin()
    hands = Hands(desk)
    before = desk.shards()
    told = hands.done("pair", "add", "NEW")
    assert (told["added"], set(told["seq"]), hands.places()["NEW"]) == (["NEW"], {"root", "metal"}, "metal")
    assert desk.said("status")["pairs"] == 5
    hands.done("risk", "limits", "set", "COMEX", "COMEX.HGH27", "--position-lots", "20")
    assert {row["instrument"]: row["position_lots"] for row in desk.said("risk", "limits", "show")}["COMEX/COMEX.HGH27"] == 20
    code, said = hands.refused("pair", "change", "NEW")  # the file's limits are others than the shard's by now
    assert (code, "nothing is changed: shard metal" in said) == (5, True)
    hands.done("risk", "limits", "set", "COMEX", "COMEX.HGH27", "--position-lots", "40")
    hands.file.write_text(NEW + "\n[defaults]\nmax_failures = 999\n")
    told = hands.done("config", "apply")
    assert (set(told["seq"]), set(told["changed"])) == ({"root", "metal", "rest"}, set(hands.places()))
    assert desk.say("config", "diff", *hands.files)[:2] == (0, [])
    code, said = hands.refused("config", "apply", "--dir", str(desk.dir_of("metal")))
    assert (code, f"give --dir {desk.node_dir}" in said) == (2, True)
    for path in desk.config:  # whoever writes them is not done yet: a shard is raised all the same
        path.rename(path.with_suffix(".away"))
    os.kill(before["metal"]["pid"], signal.SIGKILL)
    desk.until(lambda: desk.is_up("metal", before["metal"]["epoch"]), "metal is raised with what the root runs")
    for path in desk.config:
        path.with_suffix(".away").rename(path)
    assert hands.places()["NEW"] == "metal"
    assert desk.say("config", "diff", *hands.files)[:2] == (0, [])
    raised = desk.shards()
    hands.kill_root()
    assert hands.refused("pair", "remove", "NEW")[0] == 4  # it would be on nobody's record
    desk.start_node()
    assert {name: row["epoch"] for name, row in desk.shards().items()} == {name: row["epoch"] for name, row in raised.items()}
    assert shard_places.read(desk.node_dir)["NEW"] == "metal"
    told = hands.done("pair", "remove", "NEW")
    assert (told["removed"], "NEW" in shard_places.read(desk.node_dir)) == (["NEW"], False)
    assert "SHARD_OTHER_CONFIG" not in desk.codes("root")
    for shard in ("metal", "rest"):
        desk.trades_on(shard)
    desk.stop()
    desk.check()
