"""The pages of recorded data name every key of a recording's map."""

import msgspec
import pytest

from config.load import ROOT
from gateways.replay import mapping
from tools.replay_map import RecordingFile

TABLES = (
    RecordingFile, mapping.FileMap, mapping.TimeMap, mapping.KindMap, mapping.BookMap, mapping.TradeMap,
    mapping.MadeMap, mapping.StatusMap, mapping.LimitsMap, mapping.SessionMap,
)  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_names_every_key_of_a_map(lang):
    page = (ROOT / "docs" / lang / "replay.md").read_text(encoding="utf-8")
    keys = {field.name for table in TABLES for field in msgspec.structs.fields(table)}
    assert [key for key in sorted(keys) if f"`{key}`" not in page and f"[[{key}]]" not in page] == []


def test_pages_have_the_same_parts():
    pages = [(ROOT / "docs" / lang / "replay.md").read_text(encoding="utf-8") for lang in ("en", "zh")]
    shapes = [[line.split()[0] for line in page.splitlines() if line.startswith(("#", "```", "|"))] for page in pages]
    assert shapes[0].count("##") == shapes[1].count("##")
    assert shapes[0].count("|") == shapes[1].count("|")
