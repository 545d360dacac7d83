"""What serves beside the desk may die: nobody who trades is raised for it."""

import pytest

from tests.whole.conftest import PAIR


@pytest.mark.parametrize("name", ["node/logs", "node/alerts", "journal/snapshots"])
def test_a_service_that_dies_is_raised_and_touches_nobody(world, name):
    runtime = world.node.runtime
    desk = {each: box.epoch for each, box in runtime.boxes.items() if each != name}
    world.may_crash = True
    runtime.kill(name)
    world.until(lambda: runtime.alive(name), "it is raised")
    world.laps(30)
    assert runtime.mailbox(name).epoch == 2
    assert {each: runtime.mailbox(each).epoch for each in desk} == desk
    world.opens()
    assert world.ends().status == "DONE"
    assert runtime.alive(PAIR)
