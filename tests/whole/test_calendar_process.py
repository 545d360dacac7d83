"""A real node process whose calendar has a break a few seconds from now.

The venues say open throughout: it is the calendar alone that keeps the node
from sending, in the break and so close before it that a hedge would meet it.
"""

import json
import os
import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.whole.outside import ROOT

pytestmark = pytest.mark.slow

TABLE = """
[calendar]
name = "test"
zone = "{zone}"
first_day = {first}
last_day = {last}
weekdays = [1, 2, 3, 4, 5, 6, 7]
source = "a test"
[[group]]
name = "test.break"
products = {{ A = ["X"] }}
day = ["00:00-{closes:%H:%M:%S}", "{opens:%H:%M:%S}-23:59"]
"""
BREAK_S = 3


def near_noon(now):
    """A zone of fixed offset on whose wall it is now near noon."""
    hours = 12 - now.hour
    return f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT", now + timedelta(hours=hours)


def tabled(world, closes_in_s):
    now = datetime.fromtimestamp(time.time(), UTC)
    zone, wall = near_noon(now)
    closes = wall.replace(microsecond=0) + timedelta(seconds=closes_in_s)
    days = {"first": wall.date() - timedelta(days=9), "last": wall.date() + timedelta(days=9)}
    opens = closes + timedelta(seconds=BREAK_S)
    (world.folder / "mine.toml").write_text(TABLE.format(zone=zone, closes=closes, opens=opens, **days))
    world.file.write_text(world.file.read_text().replace('mode = "live"', 'mode = "live"\ncalendars = ["mine.toml"]', 1))
    shift = now - wall
    return (closes + shift).timestamp(), (opens + shift).timestamp()


def sent(world):
    return sum(len(venue.got("D")) for venue in world.venues)


def asked(world):
    command = [ROOT / "hedgerow", "pair", "show", "-o", "json", "--dir", str(world.node_dir)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LANG": "C"})
    return json.loads(done.stdout)


def test_node_holds_through_the_break_of_its_calendar_and_goes_on_after_it(outside):  # noqa: F811
    world = outside.world
    closes, opens = tabled(world, 12)
    outside.start()
    outside.fire()
    outside.until(outside.whole, "hedged before the break")
    before = sent(world)
    assert before >= 2

    def cheap():
        """What closes the position, again and again."""
        world.a.quote(1_007, 1_009)
        world.b.quote(999, 1_001)
        return False

    horizon_s = 0.25 + 2.0 + 1.0
    while time.time() < closes - horizon_s + 0.1:
        outside.laps(20)
    while time.time() < opens - 1.5:
        cheap()
        outside.laps(20)
    assert sent(world) == before, "nothing begins that the break would meet, and nothing in it"
    told = asked(world)
    assert told["reason"].startswith("SESSION_CLOSED A.X: closed, opens "), told["reason"]
    assert told["session"]["side"] == "overseas"
    assert told["session"]["legs"][0]["phase"] == "closed"
    outside.until(lambda: cheap() or sent(world) > before, "it goes on after the break", 8)
    assert time.time() >= opens
    outside.until(lambda: outside.whole() and world.a.net == 0, "closed again")
    outside.stop()
    outside.check()
    codes = [json.loads(line)["code"] for line in (world.node_dir / "alerts.jsonl").read_text().splitlines()]
    assert "CALENDAR_ENDS" in codes
