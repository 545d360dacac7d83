"""The feed socket by the protocol page: repeats, subscriptions, heartbeats."""

from __future__ import annotations

from gateways.skeleton import Gateway, GatewaySettings

GOLD = "SHFE.au2612"


def beats_only(reader):
    reader.take()
    return {fields[0] for fields in reader.got} <= {"0"}


def test_book_and_status_reach_a_reader_with_their_times(stage):
    reader = stage.reader(b"SHFE.au2612\0")
    stage.run()
    stage.venue.say("on_book", GOLD, 7, [100, 2, 99, 1], [101, 3], 100, 50)
    book = reader.until("W")
    assert (book["seq"], book["symbol"], book["exch_ns"], book["gw_ns"]) == (1, GOLD, 7, stage.clock.wall)
    assert (book["bids"], book["asks"], book["last"], book["volume"]) == ([100, 2, 99, 1], [101, 3], 100, 50)
    stage.venue.say("on_status", GOLD, 17, 90, 110)
    status = reader.until("f")
    assert (status["seq"], status["status"], status["limit_down"], status["limit_up"]) == (2, 17, 90, 110)


def test_new_subscription_gets_both_at_once_with_their_old_times(stage):
    stage.venue.say("on_book", GOLD, 7, [100, 2], [], None, None)
    stage.venue.say("on_status", GOLD, 2)
    stage.run()
    had = stage.clock.wall
    stage.clock.pass_ms(300)
    reader = stage.reader(b"SHFE.au2612\0")
    book, status = reader.until("W"), reader.until("f")
    assert (book["gw_ns"], book["asks"], status["gw_ns"], status["status"]) == (had, [], had, 2)
    second = stage.reader(b"SHFE.au2612\0")
    assert second.until("W")["seq"] > book["seq"]


def test_both_are_repeated_each_second_while_the_session_is_up(stage):
    reader = stage.reader()
    stage.run()
    stage.clock.pass_ms(100)
    reader.until("0")
    stage.venue.say("on_book", GOLD, 7, [100, 2], [101, 1])
    stage.venue.say("on_status", GOLD, 17)
    reader.until("W")
    reader.until("f")
    had = stage.clock.wall
    stage.clock.pass_ms(500)
    stage.run(8)
    assert beats_only(reader)
    stage.clock.pass_ms(400)
    assert (reader.until("f")["gw_ns"], reader.until("W")["gw_ns"]) == (had, had)
    stage.venue.say("on_session", False)
    stage.run()
    stage.clock.pass_ms(900)
    reader.got.clear()
    stage.run(8)
    assert beats_only(reader)
    assert reader.until("0", session_up=False)["venue"] == "SHFE"


def test_feed_heartbeat_comes_every_100_ms_under_its_own_topic(stage):
    reader = stage.reader(b"\0")
    stage.run()
    stage.clock.pass_ms(100)
    first = reader.until("0")
    stage.clock.pass_ms(99)
    stage.run()
    assert beats_only(reader)
    stage.clock.pass_ms(1)
    second = reader.until("0")
    assert (second["seq"], second["epoch"]) == (first["seq"] + 1, stage.gateway.account.epoch)


def test_topics_count_from_1_again_in_a_new_epoch(stage):
    reader = stage.reader()
    stage.venue.say("on_book", GOLD, 7, [100, 2], [101, 1])
    reader.until("W", seq=1)
    stage.venue.say("on_book", GOLD, 8, [100, 2], [101, 1])
    reader.until("W", seq=2)
    stage.venue.say("on_new_day", "20260107")
    stage.venue.say("on_book", GOLD, 9, [100, 2], [101, 1])
    assert reader.until("W", exch_ns=9)["seq"] == 1


def test_feed_alone_binds_no_trade_socket_and_lives_while_read(stage):
    settings = GatewaySettings("FX", f"ipc://{stage.directory}/fx", "", stage.gateway.settings.directory / "fx")
    gateway = Gateway(settings, stage.venue, stage.clock, stage.context)
    gateway.start()
    gateway.lap(1)
    stage.clock.pass_ms(600_001)
    assert gateway.alone() is True
    gateway.feed.subscription(b"\x01")
    assert gateway.alone() is False
    gateway.feed.subscription(b"\x00")
    assert gateway.alone() is True
    gateway.close()
