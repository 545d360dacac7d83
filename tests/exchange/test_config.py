from __future__ import annotations

import pytest

from exchange.config import definition_of, load, parse
from exchange.errors import SpecError
from wire.instrument import instrument_of


@pytest.fixture(scope="session")
def text(copper_file):
    return copper_file.read_text(encoding="utf-8")


def test_example_file_loads_and_its_definitions_are_the_protocols(copper):
    told = {one.symbol: instrument_of(definition_of(one)) for venue in copper.venue for one in venue.instrument}
    assert told["SHFE.cu2703"].offset_mode == "octy"
    assert told["COMEX.HGH27"].fee_lot_close_today == "2.32"
    assert not told["FX.USDCNH"].tradable


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("depth = 5", "depth = 11", "depth"),
        ("depth = 5", "deep = 5", "deep"),
        ('kind = "walk"', 'kind = "run"', "walk, revert"),
        ('product = ["hg"]', 'product = ["silver"]', "hg, usdcnh, deviation"),
        ('deposit = { CNY = "50000000.00" }', 'deposit = { CNY = "0.001" }', "more than 2 decimals"),
        ('deposit = { CNY = "50000000.00" }', 'deposit = { EUR = "1" }', "CNY, USD, CNH"),
        ('name = "COMEX"', 'name = "SHFE"', "each name once"),
        ('tick_size = "0.05" ', 'tick_size = "0.00001" ', "minor units"),
        ('tick_size = "10"', 'tick_size = "0"', "above 0"),
        ("qty_min = 20", "qty_min = 200", "qty_max"),
        ("[currencies]", "[currencies", "TOML"),
        ("depth = 5", f"depth = {'9' * 5_000}", "TOML"),
        ("depth = 5", f"depth = {'[' * 5_000}{']' * 5_000}", "TOML"),
    ],
)
def test_wrong_setting_is_refused_with_its_key_and_what_is_allowed(text, old, new, said):
    assert old in text
    with pytest.raises(SpecError, match=said):
        parse(text.replace(old, new, 1), "x.toml")


@pytest.mark.parametrize(
    ("args", "said"), [('venue = "LME"\nkind = "reject"', "SHFE"), ('venue = "FX"\nkind = "partial"', "needs qty")]
)
def test_scheduled_trouble_is_checked_when_the_file_loads(text, args, said):
    with pytest.raises(SpecError, match=said):
        parse(f"{text}\n[[trouble]]\nat_ms = 1\n{args}\n", "x.toml")


def test_troubles_of_a_second_file_are_added_and_checked(copper_file, tmp_path):
    added = load(copper_file, copper_file.parent / "trouble.toml")
    assert {one.kind for one in added.trouble} == {"reject", "partial", "close"}
    (tmp_path / "t.toml").write_text('[[trouble]]\nat_ms = 1\nvenue = "LME"\nkind = "reject"\n')
    with pytest.raises(SpecError, match=r"t\.toml.*SHFE"):
        load(copper_file, tmp_path / "t.toml")


def test_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(SpecError, match=r"gone\.toml"):
        load(tmp_path / "gone.toml")
