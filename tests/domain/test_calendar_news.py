"""What is told of calendars: ends, rolls, venues that contradict them."""

from datetime import date

import pytest

from config.sessions import book_of
from domain.calendar_news import (
    CALENDAR_AGREES,
    CALENDAR_DISAGREES,
    PATIENCE_NS,
    Roll,
    Witness,
    ends_in,
    heard,
    roll_due,
)
from domain.calendars import Phase
from domain.days import LastDays

COPPER = book_of().of("SHFE.cu")


@pytest.mark.parametrize(("phase", "status"), [(Phase.OPEN, 2), (Phase.OPEN, 18), (Phase.OPEN, 21), (Phase.CLOSED, 17), (Phase.AUCTION, 17)])
def test_a_disagreement_is_told_once_when_it_has_lasted_and_its_end_too(phase, status):
    witness = Witness()
    agrees = 17 if phase is Phase.OPEN else 18
    assert heard(witness, phase, status, 1) == ""
    assert heard(witness, phase, status, PATIENCE_NS) == ""
    assert heard(witness, phase, status, PATIENCE_NS + 1) == CALENDAR_DISAGREES
    assert heard(witness, phase, status, PATIENCE_NS * 9) == ""
    assert heard(witness, phase, agrees, PATIENCE_NS * 10) == CALENDAR_AGREES
    assert heard(witness, phase, agrees, PATIENCE_NS * 11) == ""


def test_what_passes_at_an_edge_is_never_told():
    witness = Witness()
    for round_ns in range(0, 10 * PATIENCE_NS, PATIENCE_NS):
        assert heard(witness, Phase.OPEN, 18, round_ns + 1) == ""
        assert heard(witness, Phase.OPEN, 17, round_ns + PATIENCE_NS // 2) == ""


@pytest.mark.parametrize(("phase", "status"), [(Phase.CLOSED, 21), (Phase.AUCTION, 18), (Phase.AUCTION, 2), (Phase.UNKNOWN, 17), (Phase.OPEN, None)])
def test_kinds_of_closed_and_silence_contradict_nothing(phase, status):
    witness = Witness()
    assert [heard(witness, phase, status, now) for now in (1, PATIENCE_NS * 5)] == ["", ""]


@pytest.mark.parametrize(("today", "left"), [("2026-11-30", None), ("2026-12-01", 30), ("2026-12-31", 0), ("2027-02-01", -32)])
def test_a_calendars_end_is_told_so_many_days_before(today, left):
    assert ends_in(COPPER, date.fromisoformat(today), 30) == left


@pytest.mark.parametrize(
    ("today", "roll"),
    [
        ("20260930", None),
        ("20261008", Roll("last_open_day", "20261012", 2)),
        ("20261012", Roll("last_open_day", "20261012", 0)),
        ("20261013", Roll("expiry", "20261015", 2)),
        ("20261015", Roll("expiry", "20261015", 0)),
        ("20261016", None),
        ("", None),
    ],
)
def test_rolls_are_counted_in_trading_days(today, roll):
    """The week of National Day has none: ten days before are two trading days."""
    assert roll_due(LastDays("20261012", "20261015"), today, COPPER, 2) == roll


def test_a_holiday_does_not_count_towards_a_roll():
    assert roll_due(LastDays("20261008"), "20260930", COPPER, 5) == Roll("last_open_day", "20261008", 1)
    assert roll_due(LastDays("20261008"), "20260930", None, 5) is None
