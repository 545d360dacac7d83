"""A recording's file that is wrong: file, key, value, what is allowed."""

import pytest

from config.load import ROOT
from domain.errors import ConfigError
from tools.errors import ToolError
from tools.replay_map import find_recording, load_recording, names

A50 = (ROOT / "config" / "recordings" / "a50-if.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", names())
def test_recordings_that_come_with_the_program_are_sound_and_name_their_pair(name):
    path = ROOT / "config" / "recordings" / f"{name}.toml"
    told = load_recording(path)
    assert told.pair
    assert all((path.parent / each).is_file() for each in (*told.pair, *told.calendars))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('unit = "text", zone', 'unit = "minutes", zone', r"file\[0\].time.unit = 'minutes'.*one of ms, ns, s, text, us"),
        ("half_width_ticks", "half_width_tick", r"file\[1\].made.half_width_tick = 1.*did you mean half_width_ticks"),
        ('"09:00-15:25"', '"9:00-15:25"', r"file\[0\].session.open\[0\] = '9:00-15:25'.*hours such as"),
        ('"MADE-CFFEX"', '"CFFEX"', r"file\[1\].venue = 'CFFEX'.*begins with MADE"),
        ('path = "sgx.CN.csv.gz"', "", r"file\[0\].path = None.*required"),
        ('[["bid1", "bq1"]', '[["bid1"]', r"file\[0\].book.bids\[0\]"),
        ('venue = "MADE-CFFEX"\nsymbol = "CFFEX.IF"', 'venue = "SGX"\nsymbol = "SGX.CN"', r"file\[1\].venue"),
    ],
)
def test_file_that_is_wrong_is_told_by_its_key(tmp_path, before, after, words):
    assert before in A50
    path = tmp_path / "r.toml"
    path.write_text(A50.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        load_recording(path)


def test_instrument_twice_is_refused(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text(A50 + A50[A50.index("[[file]]") :], encoding="utf-8")
    with pytest.raises(ConfigError, match="each instrument of a venue once"):
        load_recording(path)


def test_only_what_is_missing_is_named(tmp_path):
    (tmp_path / "a50-if-2014-01-29").mkdir()
    (tmp_path / "a50-if-2014-01-29" / "sgx.CN.csv.gz").touch()
    with pytest.raises(ToolError, match=r"no recorded data: cffex.IF.5min.csv not in .*a50-if-2014-01-29"):
        find_recording("a50-if", str(tmp_path))
