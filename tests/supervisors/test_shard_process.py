"""A shard's process: one that ends in order is not taken for hung while it closes."""

import pytest

from supervisors import shards
from supervisors.shards import ShardProcess, ShardSpec
from supervisors.vitals import Limits, Vitals


@pytest.mark.parametrize(
    ("told", "up", "locked", "closes"),
    [
        ({"closing": True}, True, True, True),
        ({"closing": False}, True, True, False),
        ({}, True, False, False),  # it answers: whatever it holds, it lives
        (None, True, True, False),
        (None, True, False, True),
        (None, False, False, False),  # it has only just been started
    ],
)
def test_it_closes_where_it_says_so_or_has_given_its_journal_back(tmp_path, monkeypatch, told, up, locked, closes):
    monkeypatch.setattr(shards, "is_locked", lambda _journal: locked)
    made = object.__new__(ShardProcess)
    made.shard, made.vitals = ShardSpec("one", None, tmp_path, Limits(), "", "live"), Vitals(up=up)
    assert made._closes(told) is closes
