"""A venue that refuses everything is left alone, ever longer; a fill ends it."""

from domain.breaker import FIRST_PAUSE_NS, LONGEST_PAUSE_NS, REFUSALS, Breaker


def refused(breaker, times, now_ns=0, venue="A"):
    return [breaker.refused(venue, now_ns) for _ in range(times)]


def test_so_many_in_a_row_begin_a_pause_and_not_one_sooner():
    breaker = Breaker()
    assert refused(breaker, REFUSALS - 1) == [0] * (REFUSALS - 1)
    assert breaker.why(("A", "B"), 0) == ""
    assert refused(breaker, 1) == [FIRST_PAUSE_NS]
    assert breaker.why(("B", "A"), 0).startswith("VENUE_REFUSES A")
    assert breaker.why(("B",), 0) == ""
    assert breaker.why(("A",), FIRST_PAUSE_NS) == ""


def test_what_goes_on_after_the_pause_doubles_it_up_to_a_bound():
    breaker, now, pauses = Breaker(), 0, []
    refused(breaker, REFUSALS - 1)
    for _ in range(9):
        pauses += refused(breaker, 3, now)
        now += LONGEST_PAUSE_NS
    told = [pause for pause in pauses if pause]
    assert told == [min(FIRST_PAUSE_NS << n, LONGEST_PAUSE_NS) for n in range(9)]


def test_one_fill_ends_it():
    breaker = Breaker()
    refused(breaker, REFUSALS)
    breaker.filled("A")
    assert breaker.rows == {}
    assert refused(breaker, REFUSALS - 1) == [0] * (REFUSALS - 1)
