"""A flattening kill in a break: it waits for the session like every hedge."""

import pytest

from tests.whole.test_calendar_process import tabled
from tests.whole.test_operators import Desk

pytestmark = pytest.mark.slow


def test_flatten_sends_nothing_in_a_break_and_closes_after_it(make_world):
    world = make_world(start=False)
    tabled(world, 8)
    world.start()
    world.holds()
    world.until(world.view.why_closed, "the session is about to end", 9)
    sent = [len(venue.got("D")) for venue in world.venues]
    Desk(world)("kill", level="flatten", scope="pair AxB")
    world.laps(1500)
    assert [len(venue.got("D")) for venue in world.venues] == sent
    assert world.view.waits.startswith("SESSION_CLOSED A.X")
    assert [len(venue.got("D")) for venue in world.venues] == sent

    def flat():
        world.a.quote(1_029, 1_031)
        world.b.quote(999, 1_001)
        return not any(world.net)

    world.until(flat, "flat after the break", 8)
    assert not world.view.why_closed()
