"""Differences of two runs: what is alike is not listed, each other has a cause."""

from types import SimpleNamespace

import pytest

from tools.replay_compare import differences
from tools.replay_hedges import Fired, Told
from tools.replay_spread import Tally

T0, MS = 1_723_161_255_000_000_000, 1_000_000
SPEED = 10.0


def fired(at_ms, trigger="sell_open", touches=(100, 90), units=5, free_ms=1_000, **other):
    values = {"state": "DONE", "covered": units, "filled": (units, units), "paid": (units * 100, units * 90), "repairs": 0, **other}
    return Fired(
        f"h{at_ms}", trigger, units, values["covered"], values["state"], touches, values["filled"], values["paid"],
        T0 + at_ms * MS, T0 + (at_ms + free_ms) * MS, values["repairs"],
    )  # fmt: skip


def kinds(virtual, real, *, episodes=(), ready_ms=0, ended_ms=1_000_000):
    tally = Tally(30.0, above=True)
    tally.episodes = [(T0 + at * MS, held * MS) for at, held in episodes]
    survey = SimpleNamespace(events={"sell_open": tally, "buy_close": tally})
    ours = Told(tuple(virtual), T0, T0 + ended_ms * MS)
    theirs = Told(tuple(real), T0 + ready_ms * MS, T0 + ended_ms * MS)
    return [row["kind"] for row in differences(ours, theirs, survey, SPEED)]


def test_runs_that_are_alike_have_no_differences():
    assert kinds([fired(0), fired(5_000, "buy_close")], [fired(3), fired(5_002, "buy_close")]) == []


@pytest.mark.parametrize(
    ("virtual", "real", "more", "kind"),
    [
        ([fired(0)], [fired(20, touches=(101, 90))], {}, "other_rows"),
        ([fired(0)], [fired(20, units=2)], {}, "other_rows"),
        ([fired(0)], [fired(1, paid=(505, 450))], {}, "moved_on"),
        ([fired(0)], [fired(1, covered=0, state="NONE")], {}, "moved_on"),
        ([fired(100)], [], {"ready_ms": 200}, "not_up"),
        ([fired(9_000)], [], {"ended_ms": 10_000}, "not_up"),
        ([fired(5_000)], [fired(1_000, "buy_close", free_ms=5_000)], {}, "busy"),
        ([fired(5_000)], [], {"episodes": [(5_000, 40)]}, "too_short"),
        ([fired(5_000)], [], {}, "too_short"),  # fired between two rows of one moment: no episode of any length
        ([], [fired(5_000)], {}, "other_rows"),
        ([fired(500_000)], [], {"episodes": [(500_000, 60_000)]}, "unexplained"),
    ],
)
def test_difference_has_the_cause_that_the_records_show(virtual, real, more, kind):
    assert kind in kinds(virtual, real, **more)


def test_hedge_that_found_another_position_follows_from_an_earlier_difference():
    virtual = [fired(1_000), fired(60_000, "buy_close")]
    assert kinds(virtual, [], episodes=[(1_000, 20), (60_000, 90_000)]) == ["too_short", "follows"]


def test_hedges_are_matched_to_the_one_with_the_same_books_first():
    assert kinds([fired(1_000)], [fired(1_050, touches=(7, 7)), fired(1_100)]) == ["busy"]
