"""A crash between an order's send and the adoption of its facts: the record is the truth."""

import pytest

from actors import pair as pair_actor
from actors.link import Purpose, VenueLink
from domain import advance
from domain.hedges import HedgeOpened
from domain.mandates import MandateGiven
from simulation import fates
from simulation.agenda import MS


class Fails:
    """A fold that raises once, at the first fact of a kind."""

    def __init__(self, fold, kind):
        self.fold, self.kind, self.failed = fold, kind, False

    def __call__(self, state, fact, *rest):
        if type(fact) is self.kind and not self.failed:
            self.failed = True
            raise RuntimeError("a bug in the fold")
        return self.fold(state, fact, *rest)


def failing(monkeypatch, module, kind):
    fails = Fails(module.evolve, kind)

    class Module:
        evolve = fails

        def __getattr__(self, name):
            return getattr(module, name)

    monkeypatch.setattr(pair_actor, module.__name__.rpartition(".")[2], Module())
    return fails


def whole_after_one_crash(s):
    assert "ACTOR_CRASHED" in s.judge.alerts
    assert s.position[0] == -s.position[1]
    assert [row["restarts"] for row in s.node.runtime.snapshot() if row["path"] == s.pair.name] == [1]
    s.raised.add(s.pair.name)  # the judge takes every other crash for a bug


@pytest.mark.parametrize("b", [fates.meet, fates.reject(), fates.part(1)])
def test_hedge_that_left_is_taken_up_though_its_pair_crashed_then(scene, monkeypatch, b):
    s = scene(units=2, max_units=2)
    fails = failing(monkeypatch, pair_actor.pairs, HedgeOpened)
    s.opens(b=b)
    assert fails.failed
    assert s.until(lambda: s.pair.hedge_count == 1, 5000 * MS)
    s.ends()
    whole_after_one_crash(s)
    assert s.frames("D") >= 2


@pytest.mark.parametrize("fate", [fates.reject(), fates.part(1), fates.silent(0)])
def test_repair_that_left_is_taken_up_though_its_pair_crashed_then(scene, monkeypatch, fate):
    s = scene(units=2, max_units=2)
    fails = failing(monkeypatch, pair_actor.hedges, MandateGiven)
    s.opens(b=fate)
    s.ends()
    assert fails.failed
    whole_after_one_crash(s)


@pytest.mark.parametrize("cancel", [fates.swallow, fates.obey])
def test_mandate_is_called_back_though_its_pair_crashed_as_late_truth_made_it_too_large(scene, monkeypatch, cancel):
    s = scene(units=2, max_units=2, policy="replenish_first")
    s.b.script.extend([fates.refused_yet_filled(100), fates.rest])
    s.b.cancel_script.append(cancel)
    failed = []

    def overrun(hedge):
        found = advance.overrun(hedge)
        if found and not failed:
            failed.extend(found)
            raise RuntimeError("a bug after the adoption")
        return found

    class Module:
        def __getattr__(self, name):
            return overrun if name == "overrun" else getattr(advance, name)

    monkeypatch.setattr(pair_actor, "advance", Module())
    s.opens()
    assert s.ends() == "DONE"
    assert failed
    assert len(s.orders(s.b, "p")) == 1
    whole_after_one_crash(s)


def test_repair_denied_in_the_turn_in_which_it_is_handed_over_counts_towards_no_limit(scene, monkeypatch):
    s = scene()
    denied = []

    def send(link, frame, purpose, real=VenueLink.send):
        if purpose is Purpose.REPAIR and not denied:
            denied.append(frame)
            return "WOULD_BLOCK"
        return real(link, frame, purpose)

    monkeypatch.setattr(VenueLink, "send", send)
    monkeypatch.setattr(s.lane, "hand_over", lambda box, message: box.actor.on_told(message))  # as on a real lane
    s.opens(b=fates.reject())
    s.ends()
    assert denied
    rows = [s.node.desk.risk.row((venue.name, venue.symbol)) for venue in s.venues.values()]
    assert [(row.buying, row.selling, row.live) for row in rows] == [(0, 0, {})] * 2
