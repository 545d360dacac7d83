"""Close today and close yesterday, over a trading day's turn."""

import pytest

from actors.pair_show import PAIR_KEYS

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


def turns(world, venue):
    """The venue begins its next trading day; both are open on it."""
    venue.new_day(NEXT_DAY)
    world.until(lambda: world.node.desk.links[venue.name].state.trading_day == NEXT_DAY, "the day has turned")
    world.until(world.is_open, "both venues open on the new day")


def test_nothing_opens_after_the_last_day_to_open_but_what_is_held_closes(make_world):
    world = make_world(start=False)
    world.b.definition = {"last_open_day": "20260105"}
    world.start()
    world.holds()
    turns(world, world.b)
    world.closes()
    assert world.ends().status == "DONE"
    sent = [len(venue.got("D")) for venue in world.venues]
    world.fire()
    world.until(lambda: world.view.reason.startswith("LAST_OPEN_DAY"), "the last day bars it")
    world.laps(60)
    assert [len(venue.got("D")) for venue in world.venues] == sent
    assert world.view.reason == "LAST_OPEN_DAY B.X: 20260106 is past 20260105"
    assert world.view.holds["LAST_OPEN_DAY"] == 1


def test_nothing_at_all_leaves_after_expiry(make_world):
    world = make_world(start=False)
    world.b.definition = {"expiry": "20260105"}
    world.start()
    world.holds()
    turns(world, world.b)
    sent = [len(venue.got("D")) for venue in world.venues]
    world.fire(1_008)
    world.laps(60)
    assert [len(venue.got("D")) for venue in world.venues] == sent
    assert world.view.reason.startswith("EXPIRED B.X")
    assert not world.view.can_repair(1)
    shown = world.node.pair_actor("AxB").on_show(None)
    assert shown["reason"].startswith("EXPIRED B.X")
    assert tuple(shown) == PAIR_KEYS


@pytest.mark.slow
def test_roll_is_told_once_some_trading_days_before_the_last_one_to_open(make_world):
    world = make_world(start=False)
    world.b.definition = {"last_open_day": "20260109", "expiry": "20260115"}
    world.start()
    world.until(lambda: any(line["code"] == "ROLL_DUE" for line in world.alert_lines()), "told when the gateway's day is known")
    line = next(line for line in world.alert_lines() if line["code"] == "ROLL_DUE")
    assert (line["symbol"], line["what"], line["day"], line["days"], line["pairs"]) == ("B.X", "last_open_day", "20260109", 4, ["AxB"])
    world.node.runtime.mailbox("node/calendars").actor.on_start()
    world.laps(40)
    assert world.alerts().count("ROLL_DUE") == 1
