"""No hedge leaves from a quote that does not count."""

import pytest


def nothing_left(world, why):
    world.until(lambda: world.view.reason.startswith(why), f"held for {why}")
    world.laps(40)
    assert not world.a.got("D") and not world.b.got("D")


def test_stale_quote_fires_nothing(make_world):
    world = make_world(max_silence_ms=150, max_unchanged_ms=400)
    world.b.repeats = False
    world.laps(200)
    world.told()
    world.fire()
    nothing_left(world, "LEG_STALE")


def test_frozen_quote_fires_nothing(make_world):
    """Repeats show that the link lives; they make no quote younger."""
    world = make_world(max_unchanged_ms=120)
    world.laps(160)
    world.b._again(0)
    world.told()
    world.fire()
    nothing_left(world, "LEG_STALE")


def test_fresh_quote_of_the_stale_leg_fires(make_world):
    world = make_world(max_unchanged_ms=120)
    world.laps(160)
    world.b.quote(999, 1_001)
    world.opens()
    assert world.ends().status == "DONE"


@pytest.mark.parametrize("book", [(1_001, 1_000), (1_000, 1_000)])
def test_crossed_quote_fires_nothing(world, book):
    world.b.quote(*book)
    world.told()
    world.fire()
    nothing_left(world, "LEG_CROSSED")


@pytest.mark.parametrize("status", [2, 18, 21, 99])
def test_closed_market_fires_nothing(world, status):
    world.b.set_status(status)
    world.told()
    world.fire()
    nothing_left(world, "SESSION_CLOSED")


def test_empty_side_fires_nothing(world):
    world.b.quote(999, None)
    world.told()
    world.fire()
    world.laps(60)
    assert not world.a.got("D") and not world.b.got("D")


def test_quote_outside_the_days_limits_fires_nothing(world):
    world.b.limits = (900, 1_000)
    world.b.set_status(17)
    world.told()
    world.fire()
    nothing_left(world, "LEG_LIMIT_LOCKED")


def test_thin_book_bounds_the_size(make_world):
    world = make_world(units=5, max_units=5)
    world.b.quote(999, 1_001, 2)
    world.told()
    world.opens()
    assert world.ends().status == "DONE"
    assert world.net == (-2, 2)


def test_limit_locked_repair_waits_and_is_told(world, foreign):
    """B goes limit-up before the repair: nothing is sent, then it opens."""
    world.holds()
    world.b.script.append(foreign.hold)
    world.closes()
    world.b.limits = (999, 1_200)
    world.b.set_status(17)
    world.b.quote(None, 999)
    world.until(lambda: world.node.desk.quote(("B", "B.X")).bid_px is None, "locked")
    world.b.cancel(world.b.working[0])
    world.until(lambda: world.hedge.status == "STRANDED", "stranded")
    assert world.hedge.stranded_why == "MARKET"
    assert len(world.b.got("D")) == 2
    world.b.quote(999, 1_001)
    assert world.ends().status == "DONE"
