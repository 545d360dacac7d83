"""The trees' numbers, against what they are for."""

from config.schema import Defaults
from supervisors.tree import SHARD_BACKOFF


def test_a_shard_waits_for_a_third_of_a_naked_budget_at_most():
    longest = SHARD_BACKOFF.most_ms * (1 + SHARD_BACKOFF.jitter)
    assert 3 * longest <= Defaults().naked_budget_ms
