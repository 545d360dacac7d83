"""Files become a Config, or one error that says what to do."""

import os
import re
from decimal import Decimal
from pathlib import Path

import pytest

from config import schema
from config.explain import PATTERNS
from config.load import MAX_FILE_BYTES, ROOT, fingerprint, load, load_checked
from config.schema import Config, Defaults, Overrides
from domain.errors import ConfigError

COPPER = ROOT / "config" / "examples" / "copper.toml"

BASE = """
[[venue]]
name = "A"
feed = "ipc://run/a.feed"
trade = "ipc://run/a.trade"
command = ["{root}/hedgerow", "gateway", "{name}", "{feed}", "{trade}", "{dir}"]

[[instrument]]
venue = "A"
symbol = "X"
tick_size = "0.5"
currency = "CNY"

[[instrument]]
venue = "A"
symbol = "Y"
tick_size = "0.5"
currency = "CNY"

[[pair]]
name = "p"
currency = "CNY"
[[pair.legs]]
venue = "A"
symbol = "X"
side = "buy"
lots = 1
[[pair.legs]]
venue = "A"
symbol = "Y"
side = "sell"
lots = 2
"""


@pytest.fixture
def written(tmp_path):
    (tmp_path / "base.toml").write_text(BASE)

    def write(text, name="over.toml"):
        (tmp_path / name).write_text(text)
        return [tmp_path / "base.toml", tmp_path / name]

    return write


def test_load_gives_the_defaults_where_nothing_is_said():
    config = load([]).config
    assert config == Config(node=config.node)
    assert config.node.mode == "observe"
    assert config.defaults == Defaults()


def test_load_lays_later_files_over_earlier_by_name(written):
    config = load(written('[[pair]]\nname = "p"\npolicy = "rollback_first"\n[pair.size]\nunits = 1\nmax_position_units = 7')).config
    assert len(config.pair) == 1
    assert config.pair[0].policy == "rollback_first"
    assert config.pair[0].size.max_position_units == 7
    assert [leg.symbol for leg in config.pair[0].legs] == ["X", "Y"]


def test_load_replaces_unnamed_lists_whole(written):
    files = written("[defaults]\nquery_ladder_ms = [100, 200]")
    assert load(files).config.defaults.query_ladder_ms == (100, 200)


def test_load_resolves_paths_against_the_file_that_says_them(written, tmp_path):
    (tmp_path / "sub").mkdir()
    said = '[node]\ndir = "data"\nemergency_dir = "../other"\ncurve_keys = "node.key"\n[[venue]]\nname = "A"\nfeed = "ipc://other.feed"'
    config = load(written(said, "sub/over.toml")).config
    assert config.node.dir == str(tmp_path / "sub" / "data")
    assert config.node.emergency_dir == str(tmp_path / "other")
    assert config.node.curve_keys == str(tmp_path / "sub" / "node.key")
    assert config.venue[0].feed == f"ipc://{tmp_path}/sub/other.feed"
    assert config.venue[0].trade == f"ipc://{tmp_path}/run/a.trade"


def test_load_fills_in_a_gateways_command(written, tmp_path):
    venue = load(written("")).config.venue[0]
    assert venue.command[0] == str(ROOT / "hedgerow")
    assert venue.command[2:] == ("A", venue.feed, venue.trade, str(tmp_path / "var"))


@pytest.mark.parametrize(
    ("text", "key", "value", "allowed"),
    [
        ('[node]\nmode = "fast"', "node.mode", "fast", "one of observe, paper, live"),
        ('[node]\nmod = "live"', "node.mod", "live", "did you mean mode? one of name, mode, dir, emergency_dir, lane_hang_ms, curve_keys, lang, calendars, calendar_warn_days, roll_warn_days"),
        ("[defaults]\npayup_ticks = -1", "defaults.payup_ticks", -1, "whole number >= 0"),
        ('[defaults]\npayup_ticks = "2"', "defaults.payup_ticks", "2", "whole number"),
        ('[[pair]]\nname = "p"\nfair = 1.5', "pair[p].fair", 1.5, 'text, so that it is exact: "1.5"'),
        ('[[pair]]\nname = "p"\nfair = "1,5"', "pair[p].fair", "1,5", 'a decimal number as text, such as "0.01"'),
        ('[[pair]]\nname = "p"\nfair = "NaN"', "pair[p].fair", "NaN", 'a finite decimal, such as "0.01"'),
        ('[[pair]]\nname = "p"\nfair = "Infinity"', "pair[p].fair", "Infinity", 'a finite decimal, such as "0.01"'),
        ('[[pair]]\nname = "p"\n[pair.share]\nA = "NaN"', "pair[p].share.A", "NaN", 'a finite decimal, such as "0.01"'),
        ('[[shard]]\nname = "s"\nshare = { A = "sNaN" }', "shard[s].share.A", "sNaN", 'a finite decimal, such as "0.01"'),
        ('[[venue]]\nname = "v"\nfeed = "x"\nmargin_budget = { USD = "Infinity" }', "venue[v].margin_budget.USD", "Infinity", 'a finite decimal, such as "0.01"'),
        ('[[instrument]]\nvenue = "A"\nsymbol = "X"\ntick_size = "1e999999"', "instrument[X].tick_size", "1E+999999", "at most 18 digits before the point and 18 after it"),
        ('[[pair]]\nname = "p"\nfair = "1e-19"', "pair[p].fair", "1E-19", "at most 18 digits before the point and 18 after it"),
        ('[[pair]]\nname = "q"', "pair[q].currency", None, "required: it must be given"),
        ('[[pair]]\nname = "p"\n[pair.size]\nunits = true', "pair[p].size.units", True, "whole number"),
        ('[[venue]]\nname = "b c"\nfeed = "x"', "venue[b c].name", "b c", "letters without accents, digits, and . _ -"),
        ('[node]\ndir = "a\\u0000b"', "node.dir", "a\0b", "text without a zero byte"),
        ('[[instrument]]\nvenue = "A"\nsymbol = "X"\nexpiry = "tomorrow"', "instrument[X].expiry", "tomorrow", "a day as YYYYMMDD"),
        ("[defaults]\nack_timeout_ms = 99999999999999999999", "defaults.ack_timeout_ms", 99999999999999999999, "whole number <= 86400000"),
        ("[node]\ndir = 5", "node.dir", 5, "text"),
        ('[[pair]]\nname = "p"\nlegs = 5', "pair[p].legs", 5, "a list"),
        ("[nodes]", "nodes", {}, "did you mean node? one of node, defaults, venue, instrument, fx, shards, shard, pair"),
        ("node = 3", "node", 3, "a table"),
        ('[[pair]]\nname = "p"\n[pair.trigger]\non = "spraed"', "pair[p].trigger.on", "spraed", "one of spread, touch, ratio, formula"),
    ],
)
def test_load_says_file_key_value_and_what_is_allowed(written, text, key, value, allowed):
    files = written(text)
    with pytest.raises(ConfigError) as caught:
        load(files)
    error = caught.value
    assert (error.file, error.key, error.value, error.allowed) == (str(files[1]), key, value, allowed)


def test_load_refuses_a_file_that_is_not_toml(written):
    with pytest.raises(ConfigError, match="TOML in UTF-8"):
        load(written("[node"))


def test_load_refuses_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="hedgerow init"):
        load([tmp_path / "none.toml"])


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("folder", "a directory"),
        ("pipe", "a pipe"),
        ("device", "a device"),
        ("loop", "Too many levels of symbolic links"),
        ("huge", f"{MAX_FILE_BYTES + 1} bytes"),
        ("deep", "hundreds deep"),
        ("wide", "hundreds deep"),
        ("latin", "can't decode byte 0xe9"),
        ("digits", "4300"),
        ("twice", "Cannot overwrite a value"),
    ],
)
def test_load_refuses_at_once_what_is_no_configuration(tmp_path, what, value):
    file = tmp_path / "bad.toml"
    makers = {
        "folder": file.mkdir,
        "pipe": lambda: os.mkfifo(file),
        "device": lambda: file.symlink_to("/dev/zero"),
        "loop": lambda: file.symlink_to(file),
        "huge": lambda: file.write_bytes(b"#" * (MAX_FILE_BYTES + 1)),
        "deep": lambda: file.write_text("a = " + "[" * 3000 + "]" * 3000),
        "wide": lambda: file.write_text("a." + "b." * 3000 + "c = 1"),
        "latin": lambda: file.write_bytes('[node]\nname = "é"'.encode("latin-1")),
        "digits": lambda: file.write_text("[defaults]\npayup_ticks = " + "9" * 5000),
        "twice": lambda: file.write_text('[node]\nname = "a"\nname = "b"'),
    }
    makers[what]()
    with pytest.raises(ConfigError) as caught:
        load([file])
    assert (caught.value.file, caught.value.key) == (str(file), "(file)")
    assert value in str(caught.value.value)


def test_load_refuses_a_path_that_no_file_can_have():
    with pytest.raises(ConfigError, match="null byte"):
        load(["a\0b"])


def test_a_key_that_would_move_a_terminal_is_spelled_out(tmp_path):
    (tmp_path / "c.toml").write_text('"\\u001b[31m铜" = 1\n')
    with pytest.raises(ConfigError) as caught:
        load([tmp_path / "c.toml"])
    assert "\x1b" not in str(caught.value) and "\\x1b[31m铜" in str(caught.value)


def test_load_passes_over_a_byte_order_mark(tmp_path):
    (tmp_path / "bom.toml").write_bytes(b'\xef\xbb\xbf[node]\nname = "x"\n')
    assert load([tmp_path / "bom.toml"]).config.node.name == "x"


def test_every_pattern_of_the_schema_has_its_words():
    source = Path(schema.__file__).read_text()
    assert set(re.findall(r'pattern=r?"([^"]*)"', source)) == set(PATTERNS)


def test_load_checked_raises_the_first_problem(written):
    files = written('[[pair]]\nname = "p"\n[pair.trigger]\nleg = 3')
    with pytest.raises(ConfigError, match=r"pair\[p\]\.trigger\.leg"):
        load_checked(files)


def test_fingerprint_is_of_what_is_said_not_of_how(written):
    plain = load(written("")).config
    spelled = load(written('[defaults]\npayup_ticks = 2\n[[pair]]\nname = "p"\npolicy = "cheaper"')).config
    other = load(written("[defaults]\npayup_ticks = 3")).config
    assert fingerprint(plain) == fingerprint(spelled) != fingerprint(other)


def test_overrides_know_every_default_and_no_more():
    assert Overrides.__struct_fields__ == Defaults.__struct_fields__


def test_money_of_an_example_is_exact():
    config = load([COPPER]).config
    assert config.pair[0].legs[1].vat == Decimal("0.13")
    assert config.instrument[1].tick_size == Decimal("0.05")
