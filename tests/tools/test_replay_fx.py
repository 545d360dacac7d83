"""A pair whose rate is recorded too: three files, two venues, one clock."""

import json

from journal.reader import read
from tools.cli import run

T0, MS = 1_723_161_255_000_000_000, 1_000_000

MAP = """
name = "three"
pair = ["pair.toml"]
[[file]]
venue = "HOME"
symbol = "HOME.CU"
path = "cu.csv"
time = { columns = ["t"], unit = "ms" }
book = { bids = [["b", "q"]], asks = [["a", "q"]] }
[[file]]
venue = "AWAY"
symbol = "AWAY.HG"
path = "hg.csv"
time = { columns = ["t"], unit = "ms" }
book = { bids = [["b", "q"]], asks = [["a", "q"]] }
[[file]]
venue = "AWAY"
symbol = "AWAY.USDCNY"
path = "fx.csv"
time = { columns = ["t"], unit = "ms" }
book = { bids = [["b", "q"]], asks = [["a", "q"]] }
"""

PAIR = """
[node]
name = "three"
mode = "live"
dir = "var"
[[venue]]
name = "HOME"
feed = "ipc://{dir}/HOME.feed"
trade = "ipc://{dir}/HOME.trade"
[[venue]]
name = "AWAY"
feed = "ipc://{dir}/AWAY.feed"
trade = "ipc://{dir}/AWAY.trade"
[[instrument]]
venue = "HOME"
symbol = "HOME.CU"
tick_size = "1"
currency = "CNY"
[[instrument]]
venue = "AWAY"
symbol = "AWAY.HG"
tick_size = "1"
currency = "USD"
[[instrument]]
venue = "AWAY"
symbol = "AWAY.USDCNY"
tick_size = "0.01"
currency = "CNY"
kind = "fx"
[[fx]]
name = "USDCNY"
venue = "AWAY"
symbol = "AWAY.USDCNY"
[[pair]]
name = "CU"
currency = "CNY"
[[pair.legs]]
venue = "HOME"
symbol = "HOME.CU"
side = "buy"
lots = 1
limits = { order_lots = 9, price_collar_ticks = 500, position_lots = 99 }
[[pair.legs]]
venue = "AWAY"
symbol = "AWAY.HG"
side = "sell"
lots = 1
fx = "USDCNY"
limits = { order_lots = 9, price_collar_ticks = 500, position_lots = 99 }
[pair.trigger]
on = "spread"
sell_open = "50"
"""


def recorded(folder, rates):
    """Home at 7,100, away at 1,000, and the rate going through `rates`."""
    folder.mkdir()
    moments = [T0 // MS + step * 100 for step in range(100)]
    (folder / "cu.csv").write_text("t,b,a,q\n" + "".join(f"{at},7100,7101,9\n" for at in moments))
    (folder / "hg.csv").write_text("t,b,a,q\n" + "".join(f"{at},999,1000,9\n" for at in moments))
    rows = [f"{at},{rates[step * len(rates) // 100]},{rates[step * len(rates) // 100]},1\n" for step, at in enumerate(moments)]
    (folder / "fx.csv").write_text("t,b,a,q\n" + "".join(rows))
    (folder / "recording.toml").write_text(MAP)
    (folder / "pair.toml").write_text(PAIR)
    return folder


def test_rate_that_is_recorded_fires_the_pair(tmp_path, capsys):
    folder = recorded(tmp_path / "r", ["7.08", "7.08", "7.04", "7.04"])
    assert run(["-o", "json", "replay", str(folder), "--virtual", "--dir", str(tmp_path / "d")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["hedges"] == 1
    assert found["positions"] == {"HOME/HOME.CU": {"journal": -1, "venue": -1}, "AWAY/AWAY.HG": {"journal": 1, "venue": 1}}
    assert (found["spread"]["sell"]["min"], found["spread"]["sell"]["max"]) == (20.0, 60.0)
    begun, fired = T0 + 50 * 100 * MS, [r.wall_ns for r in read(tmp_path / "d" / "node" / "journal") if r.kind == "decision"]
    assert [at for at in fired if T0 <= at < begun] == []
    assert min(at for at in fired if at >= begun) < begun + 100 * MS


def test_assessment_follows_the_rate(tmp_path, capsys):
    folder = recorded(tmp_path / "r", ["7.08", "7.04"])
    assert run(["-o", "json", "assess", str(folder), "--dir", str(tmp_path / "d")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["value"]["sell"]["min"], found["value"]["sell"]["max"]) == (20.0, 60.0)
    assert found["triggers"][0]["met_times"] == 1
    assert [leg["symbol"] for leg in found["legs"]] == ["HOME.CU", "AWAY.HG", "AWAY.USDCNY"]


def test_pair_that_covers_nothing_is_refused(tmp_path, capsys):
    folder = recorded(tmp_path / "r", ["7.08"])
    (folder / "pair.toml").write_text(PAIR.replace('currency = "CNY"\n[[pair.legs]]', 'currency = "CNY"\nkind = "cover"\n[[pair.legs]]', 1))
    assert run(["replay", str(folder), "--virtual", "--dir", str(tmp_path / "d")]) == 2
    assert "exposure" in capsys.readouterr().err
