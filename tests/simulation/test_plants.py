"""Planted bugs: each applies to the code as it is; a sample is caught."""

import re

import pytest

from simulation.plants import ROOT, every
from tools.sim_plants import row_of

PLANTS = every()
BY_SEEDS = ("silence_is_reject", "bust_keeps_its_fee", "sent_before_recorded", "alert_dropped", "old_numbering_kept")
BY_SCENARIO = ("overfill_capped", "restart_forgets", "closed_market_counts")


@pytest.mark.parametrize("name", PLANTS)
def test_plant_applies_to_the_code_as_it_is(name):
    plant = PLANTS[name]
    for file in plant.files().values():
        patched = plant.patched(file)
        assert patched != (ROOT / file).read_text(encoding="utf-8")
        compile(patched, file, "exec")


def test_there_are_plants_enough():
    assert len(PLANTS) >= 60


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_lists_every_plant(lang):
    page = (ROOT / "docs" / lang / "plants.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)` \| `([\w/.]+)` \|.*\| (T\d\d|untold|-) \|$", page, flags=re.MULTILINE)
    assert told == [(plant.name, plant.file, plant.scenario or "-") for plant in PLANTS.values()]


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_SEEDS)
def test_sample_is_caught_by_seeds(name):
    row = row_of(PLANTS[name], 40, 0, scenarios=False)
    assert row["by"], row


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_SCENARIO)
def test_sample_is_caught_by_its_scenario(name):
    row = row_of(PLANTS[name], 0, 0, scenarios=True)
    assert row["test"].startswith(f"test_{row['scenario'].lower()}_"), row
