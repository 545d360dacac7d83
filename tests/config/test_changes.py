"""Hot changes: proposed, merged, judged, kept over a start."""

from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from config.changes import (
    again,
    decoded,
    differences,
    encoded,
    limits_by_key,
    merged,
    noted,
    pair_of,
    problems_of,
    proposed,
    start_needed,
)
from config.load import ROOT, fingerprint, load
from domain.errors import ConfigError

DESK = load([ROOT / "config" / "examples" / "desk.toml"]).config
FIRST = DESK.pair[0]


def with_pairs(*pairs):
    return replace(DESK, pair=pairs)


def renamed(name, **more):
    return replace(FIRST, name=name, **more)


def test_what_is_proposed_makes_the_one_the_other():
    after = replace(with_pairs(*DESK.pair[1:], renamed("N1")), defaults=replace(DESK.defaults, cooldown_ms=7))
    told = proposed(DESK, after, fingerprint(DESK))
    assert (told.gone, [pair.name for pair in told.pair]) == ((FIRST.name,), ["N1"])
    assert merged(DESK, decoded(encoded(told))) == after
    assert proposed(DESK, DESK, "").is_empty


@pytest.mark.parametrize("body", [b"", b"[]", b'{"base": 1}', b'{"base": "x", "venue": []}', b'{"base": "x", "pair": [{}]}', b"[" * 10_000])
def test_what_is_no_proposal_is_one_clear_error(body):
    with pytest.raises(ConfigError, match="config apply"):
        decoded(body)


def test_number_that_no_setting_may_be_is_refused():
    told = proposed(DESK, with_pairs(replace(FIRST, fair=Decimal("1e999999"))), "")
    with pytest.raises(ConfigError, match="fair"):
        decoded(encoded(told))


def test_pair_that_is_not_there_cannot_go():
    with pytest.raises(ConfigError, match="a pair that runs"):
        merged(DESK, decoded(b'{"base": "x", "gone": ["nobody"]}'))


def test_differences_name_what_needs_a_start():
    instrument = replace(DESK.instrument[0], tick_size=Decimal(9))
    found = differences(DESK, replace(DESK, instrument=(instrument, *DESK.instrument[1:])))
    assert [change.key.endswith("tick_size") for change in start_needed(found)] == [True]
    assert pair_of("pair[A.1].legs[X].lots") == "A.1"
    assert pair_of("defaults.cooldown_ms") == ""


def test_a_changed_pair_is_judged_as_in_a_file_and_alone():
    wrong = replace(FIRST, size=replace(FIRST.size, units=10_000))
    keys = [problem.key for problem in problems_of(with_pairs(wrong, *DESK.pair[1:]), [FIRST.name], "live")]
    assert any("size.units" in key for key in keys)
    assert list(problems_of(with_pairs(wrong, *DESK.pair[1:]), [DESK.pair[1].name], "live")) == []


def test_pairs_of_one_instrument_have_the_same_limits():
    leg = FIRST.legs[0]
    other = renamed("N1", legs=(replace(leg, limits=replace(leg.limits, position_lots=leg.limits.position_lots + 1)), *FIRST.legs[1:]))
    (problem,) = problems_of(with_pairs(FIRST, other), ["N1"], "live")
    assert "risk limits set" in problem.allowed
    assert limits_by_key(with_pairs(FIRST))[leg.venue, leg.symbol].position_lots == leg.limits.position_lots


def builtins(kept):
    """As a record gives it back: lists, not tuples."""
    return msgspec.json.decode(msgspec.json.encode(kept))


def test_a_start_keeps_what_was_changed_where_the_files_are_as_before():
    after = with_pairs(replace(FIRST, fair=Decimal(3)), *DESK.pair[1:], renamed("N1"))
    kept = noted({}, DESK, after)
    assert set(kept) == {f"pair[{FIRST.name}]", "pair[N1]"}
    found = again(DESK, builtins(kept))
    assert (found.config, found.kept, found.lost) == (after, kept, ())
    assert again(after, builtins(kept)).kept == {}
    edited = again(with_pairs(replace(FIRST, fair=Decimal(4)), *DESK.pair[1:]), builtins(kept))
    assert (edited.lost, edited.config.pair[0].fair, edited.config.pair[-1].name) == ((f"pair[{FIRST.name}]",), Decimal(4), "N1")


def test_what_is_changed_back_is_kept_no_more():
    after = with_pairs(*DESK.pair[1:])
    kept = noted({}, DESK, after)
    assert kept == {f"pair[{FIRST.name}]": (FIRST, None)}
    assert again(DESK, builtins(kept)).config == after
    assert noted(kept, after, DESK) == {}


def test_what_another_version_changed_and_this_one_cannot_read_is_told_by_table():
    with pytest.raises(ConfigError, match=r"pair\[N1\], changed while running"):
        again(DESK, {"pair[N1]": (None, {"name": "N1", "of_tomorrow": 1})})


def test_pair_that_the_files_place_in_another_shard_does_not_come_back_here():
    added = renamed("N1")
    kept = {"pair[N1]": (None, msgspec.to_builtins(added))}
    assert [pair.name for pair in again(DESK, kept).config.pair][-1] == "N1"
    told = again(DESK, kept, ("N1",))
    assert (told.lost, [pair.name for pair in told.config.pair]) == (("pair[N1]",), [pair.name for pair in DESK.pair])
