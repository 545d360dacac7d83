"""What a pair's reason says while something stands in its way, whatever the quotes do."""

from actors.controls import HoldChanged
from actors.pair_board import brief
from domain.controls import ALL, Killed, Level
from simulation.settings import PAIR

OPEN, HALTED = 17, 2


def reasons(s, ms=1_000, each_ms=10):
    """Every reason that the board would have shown meanwhile; quotes go on."""
    found = set()
    for _ in range(ms // each_ms):
        s.run(each_ms)
        found.add(brief(s.view, s.pair)["reason"])
    return found


def kill(s, level):
    seq, names = s.node.desk.controls.apply(Killed(ALL, level, "ann", "news"), "kill")
    for name in names:
        s.node.runtime.tell(name, HoldChanged(seq))


def test_flattening_kill_says_all_the_time_what_it_waits_for(scene):
    s = scene()
    s.holds()
    s.set_status(s.b, HALTED)
    s.run(100)
    kill(s, Level.FLATTEN)
    s.run(300)
    assert reasons(s) == {"SESSION_CLOSED"}
    s.set_status(s.b, OPEN)
    assert s.until(lambda: s.position == (0, 0), 5_000_000_000)
    assert reasons(s, 300) == {""}


def test_suspended_pair_says_so_while_nothing_fires(scene):
    s = scene()
    s.word_to_pair(PAIR, "paused")
    s.run(100)
    assert s.pair.mode == "PAUSED"
    assert reasons(s) == {"SUSPENDED"}
