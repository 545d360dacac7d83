"""A start from a snapshot ends where a start from the first record does."""

import pytest

from actors.link import Seen
from actors.recovery import Recovered, fold
from actors.reports import SeenFold
from actors.snapshot_maker import EVERY_RECORDS, LOOK_NS, SnapshotMaker
from actors.snapshots import NAME, make, recover
from domain.errors import WireError
from domain.mandates import MandateReturned
from journal.reader import read
from simulation.faults import Plan
from simulation.run import _swing
from simulation.settings import NAMES
from simulation.world import World
from system.clock import chance
from tools.node_build import Node
from wire.records import decode_decision
from wire.snapshots import SHAPE, decode_snapshot, encode_snapshot

LOTS = {"AxB": (1, -1)}


def parts(found):
    """All that a start takes from it."""
    children = {name: (each.states, each.books, each.opens) for name, each in found.children.items()}
    outside = (found.outside.known, found.outside.waiting)
    found.ledgers.settle()
    ledgers = (found.ledgers.of, found.ledgers.past, found.ledgers.differences)
    venues = {name: (seen, _days(found.venues.known(name))) for name, seen in found.venues.every()}
    return found.pairs, found.legs, children, found.owners, venues, found.controls, outside, ledgers, found.changed


def _days(known):
    return known.day, known.day_before


def test_all_that_a_start_takes_is_in_a_snapshot():
    known = {"pairs", "legs", "children", "owners", "venues", "controls", "outside", "ledgers", "changed"}
    assert set(vars(Recovered())) == known, "a new part goes into wire.snapshots.Snapshot, and into `parts` here"


@pytest.fixture
def troubled():
    """A world in which all that can go wrong does, for a while."""
    made = []

    def make_one(seed):
        rng = chance(seed)
        plan = Plan(rng, NAMES)
        world = World(rng.randrange(2**60), Node)
        made.append(world)
        world.start()
        world.run(1500)
        plan.begin(world)
        _swing(world, rng, 3000, calm=False)
        return world, plan, rng

    yield make_one
    for world in made:
        world.close()


@pytest.mark.parametrize("seed", range(12))
def test_fold_from_a_snapshot_in_mid_trade_is_the_fold_of_all(troubled, seed):
    world, _, rng = troubled(seed)
    place = world.folder / "journal"
    first, last = make(place)
    assert (first, last) == (1, max(r.seq for r in read(place)))
    _swing(world, rng, 3000, calm=False)
    found, read_from, _ = recover(place, LOTS)
    assert read_from == last + 1
    assert parts(found) == parts(fold(read(place), LOTS))
    assert make(place)[0] == last + 1  # the next one goes on from it
    assert parts(recover(place, LOTS)[0]) == parts(fold(read(place), LOTS))


def test_numbers_behind_a_gap_are_known_after_a_snapshot():
    fold_of = SeenFold()
    fold_of.start("A", {"epoch": 1, "seq": 5, "trading_day": "20260101", "pending": (7, 9)})
    assert fold_of.seen("A") == Seen(1, 5, "20260101", (7, 9))


def test_mandates_that_came_back_leave_nothing_in_the_fold(troubled):
    world, _, _ = troubled(4)
    facts = [fact for record in read(world.folder / "journal") if record.kind == "decision" for fact in decode_decision(record.body).facts]
    assert any(isinstance(fact, MandateReturned) for fact in facts)
    for child in fold(read(world.folder / "journal"), LOTS).children.values():
        assert child.books.keys() == child.opens.keys() == child.states.keys()


def test_node_trades_on_from_a_snapshot(troubled):
    world, plan, _ = troubled(3)
    plan.end(world)
    world.run(8000)
    make(world.folder / "journal")
    before = world.node.pairs()["AxB"]
    world.kill()
    world.start()
    assert world.node.read_from > 1
    assert world.node.pairs()["AxB"] == before
    world.run(3000)
    assert world.judge.violations == []


@pytest.mark.parametrize("how", ["absent", "damaged", "cut", "other code", "other journal", "ahead"])
def test_snapshot_that_is_not_of_this_record_and_code_is_not_used(troubled, how):
    world, _, _ = troubled(1)
    place = world.folder / "journal"
    make(place)
    path = place / NAME
    data = path.read_bytes()
    snapshot = decode_snapshot(data)
    if how == "absent":
        path.unlink()
    elif how == "damaged":
        path.write_bytes(data[:200] + bytes([data[200] ^ 1]) + data[201:])
    elif how == "cut":
        path.write_bytes(data[:-1])
    else:
        snapshot.shape = "another" if how == "other code" else SHAPE
        snapshot.hash = bytes(32) if how == "other journal" else snapshot.hash
        snapshot.seq += 1000 if how == "ahead" else 0
        path.write_bytes(encode_snapshot(snapshot))
    found, read_from, _ = recover(place, LOTS)
    assert read_from == 1
    assert parts(found) == parts(fold(read(place), LOTS))


def test_snapshot_of_other_code_says_so(troubled):
    world, _, _ = troubled(1)
    place = world.folder / "journal"
    make(place)
    snapshot = decode_snapshot((place / NAME).read_bytes())
    snapshot.shape = "another"
    with pytest.raises(WireError, match="other code"):
        decode_snapshot(encode_snapshot(snapshot))


def test_one_is_made_whenever_the_journal_has_grown_enough():
    from actors.runtime import Runtime
    from actors.simulated import SimulatedDispatcher

    class Grows:
        last_seq, failed, broken = 10, "", ""

    class Counts(SnapshotMaker):
        made = 0

        def make(self):
            self.made += 1

    simulated, journal = SimulatedDispatcher(1), Grows()
    runtime = Runtime(simulated, simulated.clock)
    runtime.spawn(Counts, "journal/snapshots", journal, 5)
    maker = runtime.mailbox("journal/snapshots").actor
    for grown, made in ((EVERY_RECORDS - 1, 0), (EVERY_RECORDS + 5, 1), (EVERY_RECORDS + 6, 1), (2 * EVERY_RECORDS + 5, 2)):
        journal.last_seq = grown
        simulated.advance(2 * LOOK_NS)
        assert maker.made == made
    journal.failed, journal.last_seq = "no disk", 9 * EVERY_RECORDS
    simulated.advance(2 * LOOK_NS)
    assert maker.made == 2
