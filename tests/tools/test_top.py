"""`top`: rates between two looks, what began anew, widths, the lane's count."""

import pytest

from actors.lane import LONGEST_COUNTED_NS, TURN_STEPS, LaneDispatcher
from actors.runtime import Runtime
from system.clock import SystemClock
from system.threads import present_thread, thread_times
from tools.output import Output, width
from tools.top_text import lines_of, rates

S = 1_000_000_000
BOXES = {"control": 0, "orders": 0, "timers": 0, "commands": 0, "quotes": 0}


def venue(**more):
    told = {
        "venue": "SHFE", "stage": "OPEN", "why": "", "session_up": True, "feed_age_ms": 50.0, "trade_age_ms": 1_500.0, "quote_age_ms": 3.0,
        "transit_ms": 0.2, "feed_messages": 100, "reports": 10, "report_epoch": 1, "feed_epoch": 1, "gaps": 0, "dropped": 0, "reconnects": 0,
    }  # fmt: skip
    return {**told, **more}


def look(at_s, turns, *, ran_ns=0, seq=0, venues=(), lag=2):
    lane = {"laps": seq, "ran_ns": ran_ns, "waited_ns": 0, "turn_step_ns": 16_384, "turn_steps": 256, "turns": turns}
    journal = {"last_seq": seq, "lag": lag, "failed": ""}
    return {
        "node": "n1", "mono_ns": at_s * S, "uptime_s": float(at_s), "lane": lane, "journal": journal, "dead_letters": 0,
        "venues": list(venues),
    }  # fmt: skip


def actor(path, handled, depth=0):
    return {
        "path": path, "alive": True, "handled": handled, "restarts": 0, "last_reason": "", "mailbox": {**BOXES, "quotes": depth},
    }  # fmt: skip


FIRST = look(10, {"0": 5}, ran_ns=S, seq=100, venues=[venue()])
THEN = look(12, {"0": 95, "3": 9, "256": 1}, ran_ns=S + S // 2, seq=300, venues=[venue(feed_messages=180, reports=4, report_epoch=2)])


def test_rates_are_of_the_time_between_the_looks():
    told = rates(FIRST, THEN, [actor("a", 10), actor("b", 0)], [actor("a", 30), actor("b", 2, 7)])
    lane = told["lane"]
    assert (told["over_s"], lane["busy_percent"], lane["turns_per_s"]) == (2.0, 25.0, 50.0)
    assert (lane["turn_p50_us"], lane["turn_p99_us"]) == (16.4, 65.5)
    assert (told["journal"]["records_per_s"], told["journal"]["lag"]) == (100.0, 2)
    (line,) = told["venues"]
    assert (line["feed_per_s"], line["reports_per_s"]) == (40.0, None)  # its gateway began a new numbering
    assert [(row["path"], row["handled_per_s"]) for row in told["actors"]] == [("b", 1.0), ("a", 10.0)]  # who has mail comes first


def test_nothing_is_told_of_a_lane_that_took_no_turn():
    told = rates(FIRST, {**FIRST, "mono_ns": 11 * S}, [], [])
    assert (told["lane"]["turn_p50_us"], told["lane"]["turns_per_s"]) == (None, 0.0)


def test_the_longest_turns_have_no_upper_end():
    told = rates(FIRST, look(11, {"0": 5, "256": 3}, seq=100), [], [])
    assert "p50 <= 4,194+" in "\n".join(lines_of(told, 160, Output(lang="en").word))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("columns", [80, 160])
def test_screen_fits_and_marks_the_silent_link(lang, columns):
    told = rates(FIRST, THEN, [], [actor("node/account", 1)])
    lines = lines_of(told, columns, Output(lang=lang).word)
    assert max(map(width, lines)) <= columns
    assert not [line for line in lines if line.endswith("…")]
    assert "1,500.0~" in "\n".join(lines)
    assert "50.0~" not in "\n".join(lines)


class Script:
    """A clock that gives these moments, one after the other."""

    def __init__(self, moments):
        self.moments = list(moments)

    def mono_ns(self):
        return self.moments.pop(0) if len(self.moments) > 1 else self.moments[0]

    wall_ns = mono_ns


class Socket:
    def on_frames(self):
        """Nothing to read."""


def test_lane_counts_each_read_by_its_length():
    lane = LaneDispatcher(Script([0]))
    lane.runtime = Runtime(lane, SystemClock())
    try:
        for took_ns in (10, 20_000, 20_001, LONGEST_COUNTED_NS):
            lane.clock = Script([0, took_ns])
            lane.add_source(7, Socket().on_frames, 2)
            lane._read(7)
    finally:
        lane.close()
    assert {step: count for step, count in enumerate(lane.turns) if count} == {0: 1, 1: 2, TURN_STEPS: 1}


def test_thread_knows_how_long_it_ran():
    ran_ns, waited_ns = thread_times(present_thread())
    assert ran_ns > 0
    assert waited_ns >= 0
    assert thread_times(0) is None
