"""A disk that fails under the whole node: what it does then, and after it is mended."""

import errno
import json

import pytest

from actors.alerts import Alert
from actors.notes import Operate
from actors.record_keeper import RECORD
from actors.trader import Trader
from domain.errors import JournalError
from domain.record_state import RecordState
from journal.reader import read
from journal.recovery import look
from journal.scan import Scan, later_record
from journal.segment import pointed
from simulation.agenda import MS
from simulation.disk import EVERYWHERE, JOURNAL
from simulation.fates import rest
from simulation.run import audit, fire, heal
from simulation.settings import CHEAP, PAIR, RICH, Shape
from simulation.world import World
from tools.node_build import Node
from wire.codec import unpack


@pytest.fixture
def world():
    made = World(5, Node, Shape(tifs="0", units=2, max_units=4))
    made.start()
    assert made.until(made.is_open, 3000 * MS)
    made.run(300)
    yield made
    made.close()


def opens(world):
    world.mid = RICH
    assert world.until(lambda: world.pair.hedge is not None, 2000 * MS)
    return world.pair.hedge.hedge_id


def ends(world):
    world.mid = CHEAP
    world.mend_disk()
    heal(world, 1500)
    audit(world, free=False)
    assert world.judge.violations == []


def test_disk_that_fails_in_mid_hedge_lets_only_what_reduces_leave(world):
    opens(world)
    world.disk.failing[JOURNAL, "sync"] = errno.EIO
    world.run(2000)
    assert "JOURNAL_EMERGENCY" in world.judge.alerts
    sent = len(world.judge.outcomes)
    world.run(3000)
    assert len(world.judge.outcomes) == sent
    ends(world)


@pytest.mark.parametrize("torn", [False, True])
def test_node_killed_over_the_emergency_s_first_record_writes_nothing_behind_it_and_starts_again(world, torn):
    opens(world)
    world.disk.failing[JOURNAL, "sync"] = errno.EIO
    assert world.until(lambda: world.node.journal.broken, 2000 * MS)
    last_seq = world.node.journal.last_seq
    world.light(1, 50, torn=torn)
    assert world.until(lambda: world.node is None, 2000 * MS)
    place = pointed(world.folder / "journal")
    found = Scan(place.read_bytes(), look(place).header).finish()
    assert found.last_seq == last_seq + (not torn)
    assert later_record(found.data, found.offset, found.last_seq + 1) == -1
    assert world.a.struck.get("torn_tail", 0) == torn
    ends(world)
    assert world.starts == 2


def test_node_starts_when_the_failed_disk_has_forgotten_what_it_had_not_synced(world):
    opens(world)
    world.disk.failing[JOURNAL, "sync"] = errno.EIO
    assert world.until(lambda: world.node.journal.failed, 2000 * MS)
    place, main = pointed(world.folder / "journal"), world.folder / "journal" / "segment-00000001.journal"
    world.restart(50 * MS)
    body = unpack(next(iter(Scan(place.read_bytes(), look(place).header))).body)
    data = main.read_bytes()
    main.write_bytes(data[: body["offset"]] + bytes(len(data) - body["offset"]))
    assert body["tail"]
    ends(world)
    assert world.starts == 2


def test_node_that_has_lost_both_disks_with_a_repair_out_decides_nothing_and_spins_not(world):
    world.b.script.append(rest)
    world.b.script.append(rest)
    opens(world)
    assert world.until(lambda: world.pair.hedge.status in ("REPLENISHING", "ROLLING_BACK"), 5000 * MS)
    world.disk.failing.update({(place, "sync"): errno.ENOSPC for place in EVERYWHERE})
    world.run(5000)
    assert "JOURNAL_LOST" not in world.judge.alerts  # nothing can be recorded any more
    assert world.node.desk.journal.lost
    for verb in ("paused", "disable", "exposure_set"):
        world.node.runtime.tell(PAIR, Operate(verb, "test", "nothing can be recorded"))
    world.run(100)
    ends(world)  # no word has crashed the pair


def crashed(world):
    return [row["path"] for row in world.node.runtime.snapshot() if row["restarts"]]


@pytest.fixture
def given_up(monkeypatch):
    """Who has given a turn up that no disk could record."""
    bears, names = Trader.bears, []

    def watched(actor, error):
        borne = bears(actor, error)
        if borne:
            names.append(actor.name)
        return borne

    monkeypatch.setattr(Trader, "bears", watched)
    return names


def told(world):
    lines = (world.folder / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    return [(row["code"], row.get("why")) for row in map(json.loads, lines)]


def frames(world):
    return {ref for venue in world.venues.values() for ref in venue.orders}


def repairing(world):
    world.b.script.extend((rest, rest))
    opens(world)
    assert world.until(lambda: world.pair.hedge.status in ("REPLENISHING", "ROLLING_BACK"), 5000 * MS)


def test_start_in_which_both_disks_fail_tells_it_and_sends_nothing_and_the_next_one_goes_on(world, given_up):
    repairing(world)
    make = world.make_node

    def fails(*words, **more):
        node = make(*words, **more)
        world.disk.failing.update({(place, "sync"): errno.EIO for place in EVERYWHERE})
        return node

    world.make_node = fails
    world.restart(50 * MS)
    world.run(100)
    world.make_node = make
    before = frames(world)
    assert world.until(lambda: world.node.desk.record_state is RecordState.LOST, 1000 * MS)
    world.run(3000)  # links are lost and back, a day begins: nothing of that can be recorded
    world.a.roll()
    world.a.gateway.kill(50 * MS)
    world.run(3000)
    assert world.node.journal.lost
    assert crashed(world) == []
    assert given_up == []
    assert frames(world) == before
    assert {("JOURNAL_LOST", None), ("STRANDED", "JOURNAL")} <= {(code, why if code == "STRANDED" else None) for code, why in told(world)}
    assert "both disks" in world.node.runtime.ask(PAIR, Operate("retry", "test", "now", world.pair.hedge.hedge_id))["error"]
    ends(world)
    assert world.starts == 3


def test_loss_is_known_to_all_before_the_record_s_keeper_has_had_its_turn(world):
    repairing(world)
    world.hold(RECORD, 4000 * MS)
    world.disk.failing.update({(place, "sync"): errno.ENOSPC for place in EVERYWHERE})
    assert world.until(lambda: world.node.journal.lost, 3000 * MS)
    world.a.gateway.kill(50 * MS)
    world.run(3000)
    assert world.node.desk.record_state is RecordState.WELL
    assert crashed(world) == []
    ends(world)


def no_room(journal):
    """The segment takes no decision any more, and no other can be made."""
    while journal._limit - journal._offset > 200:
        journal.append("note", bytes(20))


@pytest.mark.parametrize("finder", ["pair", "repair"])
def test_turn_that_finds_no_disk_to_record_it_has_sent_nothing_and_crashes_nobody(world, given_up, finder):
    if finder == "repair":
        repairing(world)
    journal = world.node.journal
    world.disk.failing.update({(place, call): errno.EMFILE for place in EVERYWHERE for call in ("allocate", "open")})
    for _ in range(3):  # this segment, the next one, the emergency's
        no_room(journal)
        if not journal.failed:
            journal.append("note", bytes(200))
    assert journal.failed
    assert not journal.lost
    before = frames(world)
    if finder == "pair":
        world.node.runtime.tell(PAIR, Operate("paused", "test", "a word that is the first to find no room"))
    assert world.until(lambda: journal.lost, 3000 * MS)
    assert given_up[0].startswith(PAIR)
    world.run(2000)
    assert crashed(world) == []
    assert frames(world) == before
    ends(world)


def test_cover_that_is_told_of_its_exposure_with_both_disks_lost_goes_on():
    world = World(5, Node, Shape(units=4, max_units=20, kind="cover"))
    try:
        world.start()
        assert world.until(world.is_open, 3000 * MS)
        world.disk.failing.update({(place, "sync"): errno.EIO for place in EVERYWHERE})
        world.expose(4)  # the last that is recorded
        assert world.until(lambda: world.node.desk.journal.lost, 5000 * MS)
        world.expose(-3)
        world.run(2000)
        assert world.pair.exposure.qty == "4"
        world.mend_disk()  # its node ends here: no actor of it has been raised again
        world.run(500)
        heal(world, 1500)
        fire(world)
        audit(world, free=False)
        assert world.judge.violations == []
    finally:
        world.close()


def test_node_that_dies_over_a_record_and_is_killed_within_the_instant_dies_once(world):
    world.light(1, 50)
    world.node.pair_actor(PAIR).on_operate(Operate("reducing", "test", "the record over which it dies"))
    assert world.fuse == 0
    world.restart(10 * MS)
    world.run(1000)
    assert (world.kills, world.starts) == (1, 2)
    ends(world)


def test_crash_in_a_life_that_ended_is_judged(world):
    world.node.runtime.tell("node/alerts", Alert("info", "JOURNAL_WELL", 1, 0, {"text": object()}))
    world.run(1000)
    world.restart(10 * MS)
    assert [(rule, "node/alerts" in what) for _, rule, what in world.judge.violations] == [("CRASH", True)]


def test_next_segment_that_can_not_be_synced_is_no_room_and_no_failed_journal(world):
    journal, failed = world.node.journal, []
    world.disk.on_failed = failed.append
    world.disk.failing[JOURNAL, "sync"] = errno.EIO
    journal._next = None  # as after a roll
    with pytest.raises(JournalError, match="can't be made ready"):
        journal.prepare_next()
    assert failed == ["make ready"]
    world.mend_disk()
    assert world.kills == 0
    ends(world)


def test_second_node_on_the_directory_is_refused(world):
    assert world.try_second()
    assert world.judge.violations == []


def test_journal_damaged_in_the_middle_starts_no_node(world):
    opens(world)
    world.damages = 1.0
    for _ in range(4):
        world.restart(10 * MS)
        world.run(500)
    assert world.a.struck["journal_damaged"] >= 1
    ends(world)


@pytest.mark.parametrize("torn", [False, True])
def test_what_a_start_cuts_off_is_told_in_its_record_and_by_an_alert(world, torn):
    world.light(1, 50, torn=torn)
    world.mid = RICH
    assert world.until(lambda: world.starts == 2, 3000 * MS)
    assert world.a.struck.get("torn_tail", 0) == torn
    first, *_, last = (unpack(record.body) for record in read(world.folder / "journal") if record.kind == "start")
    assert "mended" not in first
    assert [each.partition(":")[0] for each in last.get("mended", ())] == ["segment-00000001.journal"] * torn
    assert world.judge.alerts.count("JOURNAL_MENDED") == torn
    ends(world)
