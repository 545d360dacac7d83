"""Late truth that joined another hedge is not lost with the node."""


def overfilled_behind(make_world, foreign):
    """A late fill of the first hedge while the second has both legs out."""
    world = make_world(units=1, max_units=3, hedge_deadline_ms=5_000, naked_budget_ms=9_000, ack_timeout_ms=3_000)
    world.holds()
    world.opens(foreign.hold_new, foreign.hold_new)
    world.b.trade_of(next(iter(world.b.orders.values())), 1)
    world.until(lambda: world.pair.books[1].net == 2, "the overfill is booked")
    assert world.pair.hedge.hedge_id.endswith(".2")
    return world


def test_late_truth_that_joined_is_still_there_after_a_restart(make_world, foreign):
    world = overfilled_behind(make_world, foreign)
    before = world.pair
    world.stop()
    world.start()
    assert world.pair.hedge.joined == before.hedge.joined
    assert [leg.net for leg in world.pair.hedge.legs] == [0, 1]
    for venue in world.venues:
        for order in venue.working:
            venue.trade_of(order, 1)
    world.until(lambda: world.pair.hedge is None, "settled", 8)
    assert world.pair.naked == (0, 0)
    assert world.net == (-2, 2)
    assert world.facts("HedgeReopened") == []


def test_late_truth_that_came_while_the_node_was_down_joins_too(make_world, foreign):
    world = make_world(units=1, max_units=3, hedge_deadline_ms=5_000, naked_budget_ms=9_000, ack_timeout_ms=3_000)
    world.holds()
    world.opens(foreign.hold_new, foreign.hold_new)
    world.stop()
    world.b.trade_of(next(iter(world.b.orders.values())), 1)
    world.start()
    world.until(lambda: world.pair.books[1].net == 2, "the overfill is booked")
    assert len(world.pair.hedge.joined) == 1
    for venue in world.venues:
        for order in venue.working:
            venue.trade_of(order, 1)
    world.until(lambda: world.pair.hedge is None, "settled", 8)
    assert world.net == (-2, 2)


def test_hedges_that_stand_as_they_ended_join_nothing_after_a_restart(make_world, foreign):
    world = make_world(max_units=3)
    world.holds()
    world.opens(b=foreign.hold_new)
    world.until(lambda: world.pair.books[0].net == -2, "A has filled")
    world.stop()
    world.start()
    assert world.pair.hedge.joined == ()
    world.until(lambda: world.pair.hedge is None, "settled", 5)
    assert world.pair.naked == (0, 0)
    assert world.facts("LateTruthJoined") == []
