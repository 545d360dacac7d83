"""The list of scenarios is whole: each id has its tests and its planted bug."""

import re
from pathlib import Path

import pytest

from simulation.plants import every

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
IDS = {
    f"T{number:02}"
    for number in (*range(1, 9), *range(11, 24), 25, 26, 27, 28, 29, 30, 32, 34, 36, 37, 40, 43, 44, 46, 48, 50, 51, 53, 54, *range(70, 76))
}
ROW = re.compile(r"^\| (T\d\d) \|(.*)\|$", flags=re.MULTILINE)
UNRULED: set[str] = set()
"""Their rule isn't there yet: nothing can be taken out."""


def rows_of(lang):
    page = (ROOT / "docs" / lang / "scenarios.md").read_text(encoding="utf-8")
    return {ident: [cell.strip() for cell in rest.split("|")] for ident, rest in ROW.findall(page)}


def found_tests():
    found = {}
    for path in HERE.glob("test_*.py"):
        for ident in re.findall(r"^def test_(t\d\d)_", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            counts = found.setdefault(ident.upper(), {})
            counts[path.name] = counts.get(path.name, 0) + 1
    return found


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_lists_every_scenario(lang):
    assert set(rows_of(lang)) == IDS


def test_every_scenario_has_tests_and_no_test_is_of_an_unknown_one():
    assert set(found_tests()) == IDS


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_names_the_tests_that_there_are(lang):
    told = {
        ident: {name: int(count or 1) for name, count in re.findall(r"`(test_\w+\.py)`(?: x (\d+))?", cells[2])}
        for ident, cells in rows_of(lang).items()
    }
    assert told == found_tests()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_names_each_scenarios_planted_bugs(lang):
    planted = {}
    for plant in every().values():
        if plant.scenario in IDS:
            planted.setdefault(plant.scenario, set()).add(plant.name)
    assert {ident: set(re.findall(r"`(\w+)`", cells[3])) for ident, cells in rows_of(lang).items() if ident not in UNRULED} == planted
