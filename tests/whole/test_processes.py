"""A real node process, killed or stopped in the middle of a hedge."""

import signal

import pytest

pytestmark = pytest.mark.slow


KILLS = {
    "intent": lambda o, f: o.killing(f.fill),
    "filled unseen": lambda o, f: o.killing(f.fill, before=True),
    "silent": lambda o, f: o.killing(f.silent()),
    "lost": lambda o, f: o.killing(f.lost),
    "works": lambda o, f: o.killing(f.hold_new),
    "rejected": lambda o, f: o.killing(f.reject()),
    "part": lambda o, f: o.killing(f.part(0)),
    "denied": lambda o, f: o.killing(f.deny(8)),
}


def is_taken_up(outside):
    """A hedge fires, its node is killed in it, and the next one ends it whole."""
    outside.fire()
    outside.until(lambda: outside.killed, "killed")
    outside.start()
    outside.laps(100)
    outside.until(outside.whole, "whole")
    outside.stop()
    outside.check()


@pytest.mark.parametrize(
    ("leg", "how"), [(0, "intent"), (1, "filled unseen"), (1, "lost"), (1, "works"), (1, "rejected")]
)
def test_killed_node_takes_up_its_hedge(outside, foreign, how, leg):
    outside.start()
    outside.world.venues[leg].script.append(KILLS[how](outside, foreign))
    is_taken_up(outside)


@pytest.mark.parametrize("how", ["filled unseen", "silent", "part"])
def test_node_killed_in_a_repair_takes_it_up(outside, foreign, how):
    outside.start()
    outside.world.b.script.extend([foreign.reject(), KILLS[how](outside, foreign)])
    is_taken_up(outside)


@pytest.mark.parametrize("how", ["lost", "works", "denied"])
def test_node_killed_in_a_rollback_takes_it_up(outside, foreign, how):
    outside.start()
    outside.world.b.always = foreign.reject()
    outside.world.a.script.extend([foreign.fill, KILLS[how](outside, foreign)])
    outside.fire()
    outside.until(lambda: outside.killed, "killed")
    outside.start()
    outside.laps(100)
    outside.until(outside.whole, "whole")
    outside.stop()
    assert outside.world.a.net == 0
    outside.check()


def test_node_killed_in_every_order_still_ends_whole(outside, foreign):
    """B's first order, then whatever repair is tried: each is its node's last."""
    deaths = iter([outside.killing(foreign.reject(f"C{n}")) for n in range(3)])

    def dies(venue, order):
        next(deaths, foreign.fill)(venue, order)

    outside.start()
    outside.world.b.always = dies
    outside.fire()
    outside.world.a.always = dies
    for count in (1, 2, 3):
        outside.until(lambda: outside.killed == count, "killed")  # noqa: B023
        outside.start()
    outside.laps(100)
    outside.until(outside.whole, "whole")
    outside.stop()
    outside.check()


def test_node_killed_at_rest_opens_nothing_twice_and_closes(outside):
    outside.start()
    outside.fire()
    outside.until(lambda: outside.world.b.net == 1 and outside.world.a.net == -1, "open")
    outside.laps(50)
    outside.kill()
    outside.start()
    outside.world.a.quote(1_051, 1_053)
    outside.laps(100)
    assert outside.world.a.net == -1
    outside.fire(1_008)
    outside.until(lambda: outside.world.a.net == outside.world.b.net == 0, "closed")
    outside.stop()
    outside.check()


def test_gateway_restarted_while_the_node_was_dead(outside, foreign):
    outside.start()
    outside.world.b.script.append(outside.killing(foreign.hold_new))
    outside.fire()
    outside.until(lambda: outside.killed, "killed")
    outside.world.b.restart()
    outside.start()
    outside.laps(100)
    outside.until(outside.whole, "whole")
    outside.stop()
    outside.check()


@pytest.mark.parametrize("script", ["reject", "hold_new", "silent"])
def test_stop_in_the_middle_of_a_hedge_ends_it_first(outside, foreign, script):
    outside.start()
    chosen = getattr(foreign, script)
    chosen = chosen() if script in ("reject", "silent") else chosen

    def stops(venue, order):
        outside.process.send_signal(signal.SIGTERM)
        chosen(venue, order)

    outside.world.b.script.append(stops)
    outside.fire()
    outside.until(lambda: outside.process.poll() is not None, "stopped", 10)
    assert outside.process.returncode == 0
    assert outside.whole()
    outside.check()


def test_stop_opens_nothing_more(outside):
    outside.start()
    outside.fire()
    outside.until(lambda: outside.world.b.net == 1 and outside.world.a.net == -1, "open")
    outside.stop()
    assert [len(v.got("5")) for v in outside.world.venues] == [1, 1]
    outside.check()
