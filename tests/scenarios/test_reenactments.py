"""Knight (2012) and 光大 (2013), re-enacted: orders, alert and breaker within R6.

HEDGEROW_VARIANTS says how many of each are run; `./hedgerow sim reenact` runs thousands.
"""

import os

import pytest

from simulation.reenactments import ACCIDENTS, CAP, reenact
from tools.node_build import Node

pytestmark = pytest.mark.slow
VARIANTS = range(1, 1 + int(os.environ.get("HEDGEROW_VARIANTS", "12")))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("accident", ACCIDENTS)
def test_accident_sends_no_flood_is_told_at_once_and_ends_whole(accident, variant):
    outcome = reenact(accident, variant, Node)
    assert outcome.wrong == []
    assert outcome.ok, outcome
    assert outcome.over == 0 < outcome.orders
    if accident == "knight":
        assert outcome.orders <= CAP and outcome.silent
