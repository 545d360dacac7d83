"""Late truth that waited for another hedge's end is not lost with the node."""


def test_late_truth_that_waited_is_taken_up_after_a_restart(make_world, foreign):
    world = make_world(units=1, max_units=3, hedge_deadline_ms=5_000, naked_budget_ms=9_000, ack_timeout_ms=3_000)
    world.holds()
    world.opens(foreign.hold_new, foreign.hold_new)
    first = next(iter(world.b.orders.values()))
    world.b.trade_of(first, 1)
    world.until(lambda: world.pair.books[1].net == 2, "the overfill is booked")
    assert world.pair.hedge.hedge_id.endswith(".2")
    world.stop()
    world.start()
    actor = world.node.pair_actor("AxB")
    assert len(actor._late) == 1
    for venue in world.venues:
        for order in venue.working:
            venue.trade_of(order, 1)
    world.until(lambda: world.facts("HedgeReopened") and world.pair.hedge is None, "taken up", 8)
    assert world.pair.naked == (0, 0)
    assert world.net == (-2, 2)


def test_hedges_that_stand_as_they_ended_are_not_looked_at_again_after_a_restart(make_world, foreign):
    world = make_world(max_units=3)
    world.holds()
    world.opens(b=foreign.hold_new)
    world.until(lambda: world.pair.books[0].net == -2, "A has filled")
    world.stop()
    world.start()
    assert world.node.pair_actor("AxB")._late == set()
    world.until(lambda: world.pair.hedge is None, "settled", 5)
    assert world.pair.naked == (0, 0)
