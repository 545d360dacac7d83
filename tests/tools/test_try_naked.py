"""What of a pair was naked: fixed lots, sized legs, covers; by trades alone."""

from fractions import Fraction

import pytest

from domain.cover import CoverSpec
from tools.try_naked import CoverNakedness, Nakedness, SizedNakedness

MS = 1_000_000


def test_naked_is_what_no_other_leg_covers_for_as_long_as_it_lasts():
    naked = Nakedness({"A": 9, "B": -4}, {"A": 100.0, "B": 200.0})
    naked.take(1 * MS, "A", 9, "h1")
    naked.take(3 * MS, "B", -2, "h1")
    naked.take(6 * MS, "B", -2, "h1")
    assert naked.end(9 * MS) is None
    (episode,) = naked.episodes
    assert (episode.ms, episode.lots, episode.value) == (5.0, {"A": 9, "B": 2}, 1300.0)
    assert episode.value_s == pytest.approx(900 * 0.002 + 1300 * 0.003)
    assert episode.points == [(1 * MS, 900.0), (3 * MS, 1300.0), (6 * MS, 0.0)]


def test_what_is_naked_at_the_end_is_an_episode_up_to_then():
    naked = Nakedness({"A": 1, "B": -1}, {"A": 10.0, "B": 10.0})
    naked.take(0, "A", 1, "h1")
    left = naked.end(2000 * MS)
    assert left is not None and left.lots == {"A": 1, "B": 0}
    assert (left.ms, left.value_s) == (2000.0, 20.0)


# ------------------------------------------------ legs that each hedge sizes


def sized(**ratios):
    """Ten lots of spot a unit against an inverse leg: 6 or 7 contracts, as each hedge has them."""
    beside = {hedge: {"PERP": Fraction(-lots, 10)} for hedge, lots in ratios.items()}
    return SizedNakedness({"SPOT": 10, "PERP": 0}, {"SPOT": 600.0, "PERP": 1000.0}, beside)


def test_sized_leg_is_naked_until_it_holds_what_its_hedge_calls_for():
    naked = sized(h1=6)
    naked.take(1 * MS, "SPOT", 10, "h1")
    naked.take(2 * MS, "PERP", -4, "h1")
    naked.take(5 * MS, "PERP", -2, "h1")
    assert naked.end(9 * MS) is None
    (episode,) = naked.episodes
    assert episode.points == [(1 * MS, 6000.0), (2 * MS, 1800.0), (5 * MS, 0.0)]


def test_sized_leg_that_fills_first_is_the_one_that_stands_bare():
    naked = sized(h1=6)
    naked.take(1 * MS, "PERP", -6, "h1")
    naked.take(2 * MS, "SPOT", 10, "h1")
    assert [(each.lots, each.value) for each in naked.episodes] == [({"SPOT": 0, "PERP": 6}, 6000.0)]


def test_two_hedges_of_other_ratios_and_the_close_of_both_leave_nothing_naked():
    naked = sized(h1=6, h2=7, c1=6, c2=7)
    fills = [("SPOT", 10, "h1"), ("PERP", -6, "h1"), ("SPOT", 10, "h2"), ("PERP", -7, "h2"), ("PERP", 6, "c1"), ("SPOT", -10, "c1"), ("SPOT", -10, "c2"), ("PERP", 7, "c2")]
    for ns, (place, qty, hedge) in enumerate(fills, 1):
        naked.take(ns * MS, place, qty, hedge)
    assert naked.end(99 * MS) is None
    assert [(each.ms, each.lots) for each in naked.episodes] == [
        (1.0, {"SPOT": 10, "PERP": 0}), (1.0, {"SPOT": 10, "PERP": 0}), (1.0, {"SPOT": 10, "PERP": 0}), (1.0, {"SPOT": 0, "PERP": 7}),
    ]  # fmt: skip


def test_contracts_that_no_spot_stands_beside_are_naked_to_the_end():
    naked = sized(h1=6)
    for ns, (place, qty) in enumerate([("SPOT", 10), ("PERP", -8), ("SPOT", -10), ("PERP", 6)], 1):
        naked.take(ns * MS, place, qty, "h1")
    left = naked.end(10 * MS)
    assert left is not None and left.points[-1] == (10 * MS, 2000.0)


# ------------------------------------------------ covers


def cover(**more):
    return CoverNakedness("CU", CoverSpec(per_lot=Fraction(5), **more), {"CU": 400_000.0})


def test_cover_is_naked_from_the_word_of_its_exposure_until_its_lots_are_held():
    naked = cover()
    naked.told(0, "103")
    naked.take(200 * MS, "CU", -10, "h1")
    naked.take(1300 * MS, "CU", -10, "h2")
    assert naked.end(9000 * MS) is None
    (episode,) = naked.episodes
    assert (episode.ms, episode.lots, episode.hedge) == (1300.0, {"CU": 20}, "h1")
    assert episode.value_s == pytest.approx(400_000 * (20 * 0.2 + 10 * 1.1))


@pytest.mark.parametrize(("band", "qty", "lots"), [(None, "104.9", 0), (None, "105", 1), (Fraction(7), "107", 0), (Fraction(7), "107.1", 1)])
def test_what_its_band_allows_is_not_naked(band, qty, lots):
    naked = cover(band=band)
    naked.told(0, "100")
    naked.take(0, "CU", -20, "h1")
    naked.told(1, qty)
    left = naked.end(1000)
    assert (0 if left is None else left.lots["CU"]) == lots
