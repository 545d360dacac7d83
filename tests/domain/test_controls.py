"""Modes and kills: the strictest word of all scopes holds."""

import pytest

from domain.controls import (
    FREE,
    Controls,
    Hold,
    Killed,
    Level,
    ScopeModeSet,
    Unkilled,
    evolve,
    hold_of,
    scopes_of,
)
from domain.errors import IllegalTransition
from domain.pairs import Mode

SCOPES = scopes_of("cu", [("A", "X"), ("B", "Y")])


def words(*facts):
    state = Controls()
    for fact in facts:
        state = evolve(state, fact)
    return state


def kill(level, scope="all"):
    return Killed(scope, level, "ann", "a test")


def set_mode(mode, scope="all"):
    return ScopeModeSet(scope, mode, "ann", "a test")


def hold(*facts, mode=Mode.ACTIVE):
    return hold_of(words(*facts), mode, SCOPES)


def test_pair_lies_in_all_its_scopes():
    assert SCOPES == ("all", "market A", "market B", "symbol A X", "symbol B Y", "pair cu")


def test_nothing_is_barred_without_a_word():
    assert hold() == FREE
    assert not FREE.bars_repair("replenish", opens=True)


@pytest.mark.parametrize(
    ("level", "opens", "fires", "frozen", "goes_back", "flatten"),
    [("block", True, False, False, True, False), ("freeze", True, True, True, False, False), ("flatten", True, True, False, True, True)],
)
def test_level_bars_what_the_page_says(level, opens, fires, frozen, goes_back, flatten):
    told = hold(kill(Level(level)))
    assert told == Hold(f"KILLED {level} all", opens, fires, frozen, goes_back, flatten)


@pytest.mark.parametrize(
    ("mode", "opens", "fires", "frozen"),
    [("ACTIVE", False, False, False), ("REDUCING", True, False, False), ("PAUSED", True, True, False), ("HALTED", True, True, True)],
)
@pytest.mark.parametrize("scope", ["all", "market A", "pair"])
def test_mode_bars_the_same_in_each_scope(mode, scope, opens, fires, frozen):
    told = hold(mode=Mode(mode)) if scope == "pair" else hold(set_mode(Mode(mode), scope))
    assert (told.opens, told.fires, told.frozen, told.goes_back) == (opens, fires, frozen, False)


def test_instrument_that_only_reduces_is_not_completed_either():
    told = hold(set_mode(Mode.REDUCING, "symbol B Y"))
    assert told.bars_repair("replenish", opens=True)
    assert not told.bars_repair("replenish", opens=False)
    assert not told.bars_repair("rollback", opens=True)


def test_strictest_word_names_the_hold():
    told = hold(kill(Level.BLOCK), kill(Level.FREEZE, "market B"), set_mode(Mode.PAUSED, "market A"))
    assert (told.why, told.frozen, told.goes_back) == ("KILLED freeze market B", True, True)


def test_frozen_pair_is_not_flattened():
    told = hold(kill(Level.FLATTEN), kill(Level.FREEZE, "pair cu"))
    assert (told.frozen, told.flatten) == (True, False)


def test_words_of_other_scopes_do_not_hold():
    assert hold(kill(Level.FREEZE, "market C"), kill(Level.FREEZE, "pair au"), set_mode(Mode.HALTED, "symbol A Z")) == FREE


def test_a_word_ends_by_its_own_scope_alone():
    state = words(kill(Level.FREEZE), kill(Level.BLOCK, "pair cu"), Unkilled("all", "ann", "over"))
    assert list(state.kills) == ["pair cu"]
    assert words(set_mode(Mode.PAUSED), set_mode(Mode.ACTIVE)) == Controls()


def test_unkill_of_what_is_not_killed_raises_and_changes_nothing():
    state = words(kill(Level.BLOCK, "pair cu"))
    with pytest.raises(IllegalTransition, match="there are: pair cu"):
        evolve(state, Unkilled("all", "ann", "over"))
