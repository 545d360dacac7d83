"""The pages of inspection name every verb, option and key, in both languages."""

import re

import pytest

from config.load import ROOT
from tools.actor import actor
from tools.inspect import inspect
from tools.ps import ps, tree


def page(lang):
    return (ROOT / "docs" / lang / "inspection.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_pages_name_every_verb_and_its_own_options(lang):
    text = page(lang)
    common = {"--watch", "--dir", "--config", "--output", "--lang", "--help", "--view"}
    for name, command in {**actor.commands, "ps": ps, "tree": tree, "inspect": inspect}.items():
        assert re.search(rf"\b{name}\b", text), name
        for option in command.params:
            wanted = {opt for opt in option.opts if opt.startswith("-")}
            assert not wanted or wanted & common or any(opt in text for opt in wanted), (name, wanted)


def test_pages_have_the_same_parts():
    shapes = [[line.split()[0][:2] for line in page(lang).splitlines() if line.startswith(("#", "```", "|", "!"))] for lang in ("en", "zh")]
    assert shapes[0] == shapes[1]


def test_captures_stand_in_both_languages():
    names = {path.name for path in (ROOT / "docs" / "captures").glob("*.txt")}
    assert {name.replace(".en.", ".zh.") for name in names if ".en." in name} == {name for name in names if ".zh." in name}
