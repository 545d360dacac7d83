"""What a cover pair says of records that it can't use."""

from types import SimpleNamespace

import pytest

from actors.cover import CoverActor
from actors.notes import ExposureNews
from domain import pairs
from domain.exposures import Exposure, ExposureTold
from domain.units import NS_PER_S
from tests.domain.test_cover import COPPER


@pytest.fixture
def alerts():
    return []


@pytest.fixture
def actor(alerts):
    """A cover that a person told 90 t, by a version that no file reaches."""
    made = object.__new__(CoverActor)
    made.name = "cu"
    made.spec = SimpleNamespace(cover=COPPER)
    made.clock = SimpleNamespace(wall_ns=lambda: 10 * NS_PER_S)
    made.desk = SimpleNamespace(journal=SimpleNamespace(lost=False), alert=lambda *words, **told: alerts.append((words[1], told["problem"])))
    made._told = ""
    known = ExposureTold(Exposure(1_795_994_592_096, "90", NS_PER_S), "ann")
    made.memory = SimpleNamespace(pair=pairs.evolve(pairs.new("cu", (1,)), known))
    return made


def test_a_later_record_that_is_dropped_for_its_version_is_told_once(actor, alerts):
    for _ in range(2):
        actor.on_exposure(ExposureNews(Exposure(8, "150", 2 * NS_PER_S), ""))
    assert alerts == [("EXPOSURE_BAD", "version 8 is not newer than 1795994592096")]
    assert actor.pair.exposure.qty == "90"


@pytest.mark.parametrize(("qty", "as_of_ns"), [("150", NS_PER_S), ("90", 2 * NS_PER_S)])
def test_an_old_record_and_one_that_says_the_same_are_dropped_in_silence(actor, alerts, qty, as_of_ns):
    actor.on_exposure(ExposureNews(Exposure(8, qty, as_of_ns), ""))
    assert alerts == []
