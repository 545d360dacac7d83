"""The trees' numbers, against what they are for."""

from config.schema import Defaults, Shards
from supervisors.tree import SHARD_BACKOFF
from supervisors.vitals import STOPPED_PART


def test_a_shard_waits_for_a_third_of_a_naked_budget_at_most():
    longest = SHARD_BACKOFF.most_ms * (1 + SHARD_BACKOFF.jitter)
    assert 3 * longest <= Defaults().naked_budget_ms


def test_a_shard_that_is_stopped_is_found_within_a_third_of_a_naked_budget():
    assert Shards().hang_ms / STOPPED_PART <= Defaults().naked_budget_ms / 3
