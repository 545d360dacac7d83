from enum import Enum

import pytest

from tools.diagrams import MACHINES, TEXTS, mermaid, page, path_of


class Light(Enum):
    RED = 1
    GREEN = 2


class Pressed:
    pass


def test_arrow_for_several_events_is_drawn_once():
    to_green = {(Light.RED, "timer"): Light.GREEN, (Light.RED, Pressed): Light.GREEN}
    rows = {**to_green, (Light.GREEN, "timer"): "=", (Light.GREEN, "fault"): None}
    drawn = mermaid(rows, named={"fault": (Light.RED, Light.GREEN)})
    assert drawn.splitlines() == [
        "stateDiagram-v2",
        "    [*] --> RED",
        "    RED --> GREEN: timer<br/>Pressed",
        "    GREEN --> GREEN: timer<br/>fault",
        "    GREEN --> RED: fault",
    ]


def test_state_is_captioned_where_there_is_another_word_for_it():
    drawn = mermaid({(Light.RED, "timer"): Light.GREEN}, caption={"RED": "红", "GREEN": "GREEN"}.get)
    assert drawn.splitlines()[1:3] == ['    state "红 RED" as RED', "    [*] --> RED"]


@pytest.mark.parametrize("lang", TEXTS)
@pytest.mark.parametrize("name", MACHINES)
def test_page_in_the_docs_is_the_one_that_the_table_draws(name, lang):
    found = path_of(name, lang).read_text(encoding="utf-8")
    assert found == page(name, lang), "the table changed: python -m tools.diagrams writes the pages anew"
