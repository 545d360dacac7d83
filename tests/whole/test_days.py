"""Close today and close yesterday, over a trading day's turn."""

NEXT_DAY = "20260106"


def offsets(venue):
    return [order.offset for order in venue.orders.values()]


def test_close_on_the_same_day_closes_today(make_world):
    world = make_world(offset_mode="octy")
    world.holds()
    world.closes()
    assert world.ends().status == "DONE"
    assert [offsets(venue) for venue in world.venues] == [["O", "T"], ["O", "T"]]


def test_close_after_the_day_has_turned_closes_yesterday(make_world):
    world = make_world(offset_mode="octy")
    world.holds()
    for venue in world.venues:
        venue.new_day(NEXT_DAY)
    world.until(lambda: all(book.day == NEXT_DAY for book in world.pair.books), "the day has turned")
    world.until(world.is_open, "both venues open on the new day")
    assert [(book.net, book.today) for book in world.pair.books] == [(-1, 0), (1, 0)]
    world.closes()
    assert world.ends().status == "DONE"
    assert [offsets(venue) for venue in world.venues] == [["O", "Y"], ["O", "Y"]]


def test_close_is_split_over_yesterday_and_today(make_world):
    world = make_world(offset_mode="octy", units=2, max_units=2)
    world.b.quote(999, 1_001, depth=1)
    world.told()
    world.holds()
    for venue in world.venues:
        venue.new_day(NEXT_DAY)
    world.until(lambda: all(book.day == NEXT_DAY for book in world.pair.books), "the day has turned")
    world.until(world.is_open, "both venues open on the new day")
    world.holds()
    assert [(book.net, book.today) for book in world.pair.books] == [(-2, -1), (2, 1)]
    world.b.quote(999, 1_001, depth=100)
    world.told()
    world.closes()
    assert world.ends().status == "DONE"
    assert [offsets(venue) for venue in world.venues] == [["O", "O", "Y", "T"], ["O", "O", "Y", "T"]]
