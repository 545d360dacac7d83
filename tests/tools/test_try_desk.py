"""What `sim try` is asked: distances, what covers cover; and who tells a node of it."""

import json
from fractions import Fraction

import pytest

from config.load import ROOT
from config.pairspecs import pair_spec
from domain.errors import HedgerowError
from exchange.config import check
from simulation.desk_scenarios import BY_NAME, legs_of
from simulation.exchanged import NEAR, Distance
from tools.errors import UsageError
from tools.try_desk import MOST_RTT_MS, desk_of, distances_of, drawn, holdings_of, is_told, prepared, quantities_of
from tools.try_market import made, sized_lots
from tools.try_measure import fees_of

MS = 1_000_000
DESK = ROOT / "config" / "examples" / "desk.toml"


@pytest.fixture
def desk():
    return desk_of([DESK])


# ------------------------------------------------ how far


def test_distance_is_as_told_by_venue_or_for_all_and_else_near(desk):
    assert distances_of(desk, []) == {"SHFE": NEAR, "COMEX": NEAR, "FX": NEAR}
    told = ["COMEX=180+20", "2.5"]
    assert distances_of(desk, told) == {"SHFE": Distance(2_500_000, 0), "COMEX": Distance(180 * MS, 20 * MS), "FX": Distance(2_500_000, 0)}
    assert is_told("FX", told) and not is_told("FX", told[:1])


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (["LME=5"], "no venue 'LME'; there are: SHFE, COMEX, FX"),
        (["COMEX=fast"], "'fast' is no round trip in ms"),
        (["COMEX=-1"], "'-1' is no round trip"),
        (["COMEX=nan"], "'nan' is no round trip"),
        (["COMEX=5+"], None),
        ([f"COMEX={MOST_RTT_MS}+1"], "0 to 1000 with its jitter"),
        (["COMEX=5", "COMEX=6"], "that was told before, as 5 ms"),
    ],
)
def test_distance_that_is_none_is_said(desk, told, why):
    if why is None:
        assert distances_of(desk, told)["COMEX"] == Distance(5 * MS, 0)
        return
    with pytest.raises(UsageError, match=why):
        distances_of(desk, told)


# ------------------------------------------------ what covers cover


def test_quantities_are_of_covers_alone(desk):
    assert quantities_of(desk, ["CU-STOCK=103,-20.5"]) == {"CU-STOCK": ["103", "-20.5"]}
    for text, why in (("CU03xHGH=5", "no cover 'CU03xHGH'; there are: CU-STOCK"), ("CU-STOCK=", "is no list of quantities"), ("CU-STOCK=1,nan", "is no list")):
        with pytest.raises(UsageError, match=why):
            quantities_of(desk, [text])


@pytest.mark.parametrize(("ratio", "inventory", "kind", "way"), [(1, 0, "linear", 1), (-1, 0, "linear", -1), (1, 0, "spot", -1), (1, 100, "spot", 1)])
def test_drawn_stock_fits_the_position_and_moves_no_further_than_its_step(desk, ratio, inventory, kind, way):
    from msgspec.structs import replace

    pair = desk.pair[3]
    spec = pair_spec(desk, pair, sends_orders=False)
    cover = replace(spec.cover, ratio=Fraction(ratio), max_step=Fraction(60))
    leg = replace(spec.legs[0], inventory_lots=inventory, instrument=replace(spec.legs[0].instrument, kind=kind))
    held = [0.0, *map(float, drawn(pair, cover, leg, 7, 50))]
    assert held == [0.0, *map(float, drawn(pair, cover, leg, 7, 50))] != [0.0, *map(float, drawn(pair, cover, leg, 8, 50))]
    assert all(abs(now - before) <= 54.01 for before, now in zip(held, held[1:], strict=False))
    assert all(0 < each * way <= 320 for each in held[1:])


@pytest.mark.parametrize(("where", "how"), [({"file": "stock.json"}, "file"), ({"feed": "tcp://10.0.0.1:5"}, "feed"), ({}, "hand")])
def test_holding_is_told_as_the_configuration_has_it_but_from_the_run(desk, tmp_path, where, how):
    from msgspec.structs import replace

    *others, pair = desk.pair
    told = replace(desk, pair=(*others, replace(pair, exposure=replace(pair.exposure, **{"file": None, "feed": None, **where}))))
    config, (holding,) = holdings_of(told, tmp_path, ["CU-STOCK=103"], 1, 20)
    exposure = config.pair[3].exposure
    assert (holding.pair, holding.how, holding.qtys, holding.unit, holding.fresh_ms) == ("CU-STOCK", how, ["103"], "t", 1000 if how == "feed" else 1_800_000)
    assert (exposure.file, exposure.feed) == {"file": (str(tmp_path / "exposure-3.json"), None), "feed": (None, "ipc:///sim/exposure-3.feed"), "hand": (None, None)}[how]


# ------------------------------------------------ markets


def test_market_of_a_symbol_on_two_venues_moves_one_of_them():
    config = desk_of([ROOT / "config" / "examples" / "if-ctp.toml"])
    spec = made(config, ["CFFEX.IF2101=5200"])
    assert [venue.instrument[0].fair.plus for venue in spec.venue] == [["IF-LAST swing"], []]
    apart = made(config, ["CTP/CFFEX.IF2101=5200", "MADE-LAST/CFFEX.IF2101=5210"])
    assert [one.start for one in apart.process if one.kind == "walk"] == [5200.0, 5210.0]


def test_market_has_the_decimals_and_the_depth_that_small_lots_need():
    spec = made(desk_of([ROOT / "config" / "examples" / "btc.toml"]), ["SPOT.BTCUSDT=62000", "PERP.BTCUSDT=62000"])
    check(spec, "made")
    assert spec.currencies["USDT"] == 7
    spot = spec.venue[0].instrument[0]
    assert spot.crowd.qty_min >= 1000 and spot.max_lots >= 10_000


def test_lots_of_a_sized_leg_are_told_from_where_the_market_begins(tmp_path):
    text = (ROOT / "config" / "examples" / "btc.toml").read_text(encoding="utf-8")
    inverse = 'multiplier = "100"\ncurrency = "USDT"\nkind = "inverse"\nbase = "BTC"\n'
    before, _, after = text.partition('lot_size = "0.001"     # BTC\ncurrency = "USDT"\n')
    file = tmp_path / "inverse.toml"
    file.write_text(before + inverse + after.replace('side = "sell"\nlots = 1', 'side = "sell"').replace("lots = 100\n", "lots = 500\n"), encoding="utf-8")
    config = desk_of([file])
    spec = made(config, ["SPOT.BTCUSDT=62000", "PERP.BTCUSDT=62000"])
    sized = sized_lots(config, spec)
    assert sized == {("PERP", "PERP.BTCUSDT"): 3}, "0.005 BTC at 62,000 are 310 USD"
    part = BY_NAME["filled_in_part"].troubles(legs_of(config.pair, sized))
    assert [one.args["qty"] for one in part] == [2500, 15], "half of ten units"


def test_pairs_that_share_a_leg_each_have_one_that_moves(tmp_path):
    text = DESK.read_text(encoding="utf-8")
    before, _gold, copper, *_ = text.split("[[pair]]\n")
    other = copper.replace("CU03xHGH", "CU04xHGH").replace("SHFE.cu2703", "SHFE.cu2704")
    file = tmp_path / "two.toml"
    file.write_text(f"{before}[[pair]]\n{copper}[[pair]]\n{other}", encoding="utf-8")
    config = desk_of([file])
    prices = {"SHFE.au2704": 927, "SHFE.cu2703": 80000, "SHFE.cu2704": 80100, "INE.sc2703": 512, "COMEX.GCJ27": 4050, "COMEX.HGH27": 452, "NYMEX.BZJ27": 72, "FX.USDCNH": 7.12}
    spec = made(config, [f"{symbol}={px}" for symbol, px in prices.items()])
    moved = {one.symbol: one.fair.plus for venue in spec.venue for one in venue.instrument if one.fair.plus}
    assert moved == {"SHFE.cu2703": ["CU03xHGH swing"], "SHFE.cu2704": ["CU04xHGH swing"]}


def test_fees_are_those_of_the_market():
    from exchange.config import load

    found = fees_of(load(ROOT / "config" / "exchange" / "desk.toml"))
    assert found["SHFE", "SHFE.cu2703"].close_today_rate == Fraction("0.0001")
    assert found["COMEX", "COMEX.HGH27"].close_lot == Fraction("2.32")


def test_configuration_without_a_pair_and_a_market_that_differs_are_refused(tmp_path):
    from tools.try_desk import market_of

    text = DESK.read_text(encoding="utf-8")
    file = tmp_path / "none.toml"
    file.write_text(text.partition("[[pair]]")[0], encoding="utf-8")
    with pytest.raises(HedgerowError, match=r"pair"):
        desk_of([file])
    market = tmp_path / "exchange.toml"
    market.write_text((ROOT / "config" / "exchange" / "desk.toml").read_text(encoding="utf-8").replace('multiplier = "5"', 'multiplier = "10"'), encoding="utf-8")
    with pytest.raises(UsageError, match=r"SHFE.cu2703 has multiplier 10 there, 5 in the configuration"):
        market_of(desk_of([DESK]), {"exchange": str(market)})


def test_words_of_holdings_are_records_that_a_node_reads(desk, tmp_path):
    from simulation.agenda import Agenda, WatchedLane
    from simulation.desk_covers import Holder
    from wire.exposures import decode_exposure

    lane = WatchedLane(1)
    _, (holding,) = holdings_of(desk, tmp_path, ["CU-STOCK=103,62"], 1, 20)
    holder = Holder(Agenda(lane), holding, lambda: None, 1)
    holder.begin()
    first = decode_exposure((tmp_path / "exposure-3.json").read_bytes(), "file")
    lane.advance(5500 * MS)
    second = decode_exposure((tmp_path / "exposure-3.json").read_bytes(), "file")
    assert [(each.version, each.qty, each.unit) for each in (first, second)] == [(1, "103", "t"), (2, "62", "t")]
    assert 5000 * MS <= second.as_of_ns - first.as_of_ns < 5500 * MS
    holder.rest()
    lane.advance(20_000 * MS)
    assert [qty for _, qty in holder.told] == ["103", "62"]
    assert json.loads((tmp_path / "exposure-3.json").read_bytes())["version"] == 2


def test_shards_run_as_one_node_and_that_is_said(tmp_path):
    share = 'share = { COMEX = "0.5", SHFE = "0.5" }\n'
    shards = f'\n[[shard]]\nname = "metal"\npairs = ["AU04xGCJ", "CU03xHGH", "CU-STOCK"]\n{share}\n[[shard]]\nname = "rest"\npairs = ["SC03xBZJ"]\n{share}'
    file = tmp_path / "shards.toml"
    file.write_text(DESK.read_text(encoding="utf-8") + shards, encoding="utf-8")
    desk = prepared((file,), ROOT / "config" / "exchange" / "desk.toml", ())
    assert desk["notes"] == ["its 2 shards run as one node here: what each is limited to, and the loss of one, is not tried"]
    assert prepared((DESK,), ROOT / "config" / "exchange" / "desk.toml", ())["notes"] == []
