"""A leased link: openings stop early, repairs later, cancels never."""

from fractions import Fraction

import pytest

from actors.lease import LeasedBreaker, LeasedLink
from actors.link import Purpose, VenueSettings
from domain.venues import VenueStage

S = 1_000_000_000


class Clock:
    def __init__(self):
        self.now = S

    def mono_ns(self):
        return self.now

    wall_ns = mono_ns


class Socket:
    socket = None

    def __init__(self):
        self.sent = []

    def send(self, frame):
        self.sent.append(frame)
        return True


@pytest.fixture
def link():
    made = LeasedLink(Fraction(1, 2), VenueSettings("A", "n.s", 1, ()), Clock(), Socket(), Socket())
    made.stage = VenueStage.OPEN
    made.capabilities = {"max_orders_per_s": 8}
    return made


def sent(link, purpose, times):
    return [link.send(b"frame", purpose) for _ in range(times)]


def test_three_quarters_of_the_lease_open_and_the_rest_repairs(link):
    assert sent(link, Purpose.OPEN, 4)[:3] == [""] * 3
    assert link.spent(Purpose.OPEN).startswith("RATE: 4 orders a second")
    assert sent(link, Purpose.REPAIR, 2) == ["", "RATE: 4 orders a second are this shard's"]
    assert len(link.trade.sent) == 4


def test_cancels_are_never_held_up(link):
    sent(link, Purpose.REPAIR, 10)
    assert sent(link, Purpose.CANCEL, 3) == [""] * 3


def test_a_second_later_the_lease_is_whole(link):
    sent(link, Purpose.REPAIR, 4)
    link.clock.now += S
    assert sent(link, Purpose.OPEN, 3) == [""] * 3


def test_a_venue_without_a_rate_has_none_to_share(link):
    link.capabilities = {}
    assert sent(link, Purpose.OPEN, 100) == [""] * 100


def test_a_share_of_less_than_an_order_is_one_order(link):
    link.capabilities = {"max_orders_per_s": 1}
    assert sent(link, Purpose.OPEN, 1) == [""]
    assert link.spent(Purpose.REPAIR)


def test_an_order_that_could_not_leave_uses_nothing_up(link):
    link.trade.send = lambda _frame: False
    assert sent(link, Purpose.OPEN, 9) == ["WOULD_BLOCK"] * 9
    assert link.spent(Purpose.OPEN) == ""


def test_no_hedge_opens_where_a_lease_is_used_up(link):
    breaker = LeasedBreaker({"A": link, "B": object()})
    assert breaker.rows
    assert breaker.why(["A", "B"], link.clock.now) == ""
    sent(link, Purpose.OPEN, 3)
    assert breaker.why(iter(["B", "A"]), link.clock.now) == "RATE: 4 orders a second are this shard's at A"
    assert breaker.why(["B"], link.clock.now) == ""
    breaker.filled("A")
    assert breaker.rows
