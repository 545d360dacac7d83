"""The table of planted bugs is written from what was found."""

from simulation.plants import every
from tools.plants_page import row_of, with_rows

PAGE = "# Bugs\n\n| planted bug | file | seeds | by | scenario |\n| --- | --- | --- | --- | --- |\n| `one` | `a.py` | 9 | I1 | - |\n| `gone` | `b.py` | 1 | I1 | - |\nEnd\n"


class Bug:
    def __init__(self, name, *, seeds=True, scenario=""):
        self.name, self.file, self.seeds, self.scenario = name, f"{name}.py", seeds, scenario


def test_rows_are_those_of_the_plants_that_there_are():
    found = {"two": {"seeds": 4, "by": "I7"}}
    page = with_rows(PAGE, [Bug("one"), Bug("two", scenario="T01"), Bug("slow", seeds=False)], found)
    assert "| `one` | `a.py` | 9 | I1 | - |\n| `two` | `two.py` | 4 | I7 | T01 |\n| `slow` | `slow.py` | - | - | - |\nEnd\n" in page
    assert "gone" not in page


def test_a_bug_that_was_planted_and_not_caught_says_so():
    assert row_of(Bug("one"), {"seeds": 500, "by": ""}) == "| `one` | `one.py` | - | ? | - |"


def test_every_plant_has_a_row():
    assert all(row_of(plant, None).count("|") == 6 for plant in every().values())
